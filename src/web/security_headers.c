/* SPDX-License-Identifier: Apache-2.0 */
#include <gale/middleware.h>

#include <string.h>

static void set(gale_handler *self, const char *name, const char *value, const char *usual)
{
    if (!value)
        value = usual;
    if (value && *value)
        gale_set_header(self, name, value);
}

static void set_default_headers(gale_handler *self, void *instance)
{
    static const gale_security_headers_options defaults = { 0 };
    const gale_security_headers_options *options = instance ? instance : &defaults;
    set(self, "X-Content-Type-Options", options->content_type_options, "nosniff");
    set(self, "X-Frame-Options", options->frame_options, "SAMEORIGIN");
    set(self, "Referrer-Policy", options->referrer_policy, "strict-origin-when-cross-origin");
    set(self, "Cross-Origin-Opener-Policy", options->cross_origin_opener_policy, "same-origin");
    set(self, "Cross-Origin-Resource-Policy", options->cross_origin_resource_policy, NULL);
    set(self, "Content-Security-Policy", options->content_security_policy, NULL);
    set(self, "Permissions-Policy", options->permissions_policy, NULL);
    const char *protocol = gale_http_server_request_protocol(gale_handler_request(self));
    if (strcmp(protocol, "https") == 0)
        set(self, "Strict-Transport-Security", options->strict_transport_security, NULL);
}

const gale_filter_class gale_security_headers_filter = { .name = "security headers",
                                                         .set_default_headers =
                                                             set_default_headers };
