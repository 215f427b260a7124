/* SPDX-License-Identifier: Apache-2.0 */
/* CORS. Whether an origin is allowed is said to the browser, which keeps pages from reading what
 * they must not; a request of an origin that is not allowed is answered as any other. */
#include <gale/middleware.h>

#include <stdio.h>
#include <string.h>

#include "core/error.h"

static int open_options(const void *options, void **ret_instance)
{
    if (!options)
        return gale__fail(GALE_EINVALID, "gale_cors_filter needs its options");
    *ret_instance = (void *)(uintptr_t)options;
    return 0;
}

static const char *header(gale_handler *self, const char *name)
{
    return gale_http_headers_get(gale_http_server_request_headers(gale_handler_request(self)),
                                 name);
}

static bool lists(const char *const *origins, const char *origin)
{
    for (; origins && *origins; origins++)
        if (strcmp(*origins, origin) == 0)
            return true;
    return false;
}

/* What Access-Control-Allow-Origin says; NULL when the origin is not allowed. */
static const char *allowed_origin(const gale_cors_options *options, const char *origin)
{
    bool any = lists(options->allow_origins, "*");
    if (any && !options->allow_credentials)
        return "*";
    return origin && (any || lists(options->allow_origins, origin)) ? origin : NULL;
}

static void set_default_headers(gale_handler *self, void *instance)
{
    const gale_cors_options *options = instance;
    const char *allowed = allowed_origin(options, header(self, "Origin"));
    if (!allowed || strcmp(allowed, "*") != 0)
        gale_add_header(self, "Vary", "Origin"); /* with another one the answer is another */
    if (!allowed || gale_set_header(self, "Access-Control-Allow-Origin", allowed) < 0)
        return;
    if (options->allow_credentials)
        gale_set_header(self, "Access-Control-Allow-Credentials", "true");
    if (options->expose_headers)
        gale_set_header(self, "Access-Control-Expose-Headers", options->expose_headers);
}

static int answer_preflight(gale_handler *self, const gale_cors_options *options)
{
    const char *methods = options->allow_methods;
    const char *headers = options->allow_headers;
    char seconds[16];
    if (!headers)
        headers = header(self, "Access-Control-Request-Headers");
    GALE_TRY(gale_set_header(self, "Access-Control-Allow-Methods",
                             methods ? methods : "GET, HEAD, POST, PUT, PATCH, DELETE"));
    if (headers)
        GALE_TRY(gale_set_header(self, "Access-Control-Allow-Headers", headers));
    if (!options->allow_headers)
        GALE_TRY(gale_add_header(self, "Vary", "Access-Control-Request-Headers"));
    if (options->max_age >= 0) {
        snprintf(seconds, sizeof seconds, "%d", options->max_age ? options->max_age : 600);
        GALE_TRY(gale_set_header(self, "Access-Control-Max-Age", seconds));
    }
    return 0;
}

static int prepare(gale_handler *self, void *instance)
{
    const char *origin = header(self, "Origin");
    bool preflight =
        strcmp(gale_http_server_request_method(gale_handler_request(self)), "OPTIONS") == 0 &&
        origin && header(self, "Access-Control-Request-Method");
    if (!preflight)
        return 0;
    if (allowed_origin(instance, origin))
        GALE_TRY(answer_preflight(self, instance));
    GALE_TRY(gale_set_status(self, 204, NULL));
    return gale_finish(self);
}

const gale_filter_class gale_cors_filter = { .name = "CORS",
                                             .open = open_options,
                                             .set_default_headers = set_default_headers,
                                             .prepare = prepare };
