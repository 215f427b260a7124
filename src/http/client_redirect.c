/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: which are followed, with which method, and what no longer goes along. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "http/client.h"

static bool redirects(int code)
{
    return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

static int max_redirects(const gale_fetch_options *options)
{
    enum { MAX_REDIRECTS = 5 };
    return options->max_redirects == 0  ? MAX_REDIRECTS
           : options->max_redirects < 0 ? 0
                                        : options->max_redirects;
}

bool gale__fetch_is_redirect(const gale__fetch *self)
{
    gale_http_response *response = self->response;
    return redirects(response->code) && !self->options->no_follow_redirects &&
           response->times.redirect_count < max_redirects(self->options) &&
           gale__http_headers_present(&response->headers, GALE__HTTP_LOCATION);
}

/* RFC 9110 §15.4. */
static void change_method(gale__fetch *self)
{
    int code = self->response->code;
    bool post = self->method.len == 4 && memcmp(self->method.data, "POST", 4) == 0;
    if ((code == 303 && !self->head) || ((code == 301 || code == 302) && post)) {
        self->method = GALE_STR("GET");
        self->bodiless = true;
    }
}

static int default_port(const gale__uri *uri)
{
    return uri->port >= 0 ? uri->port : uri->scheme.len == 5 ? 443 : 80;
}

static bool same_server(const gale__uri *a, const gale__uri *b)
{
    return a->scheme.len == b->scheme.len && default_port(a) == default_port(b) &&
           memcmp(a->scheme.data, b->scheme.data, a->scheme.len) == 0 &&
           strcmp(a->host.data, b->host.data) == 0;
}

static bool is_unix(const gale__uri *uri)
{
    return uri->scheme.len > 5;
}

/* A server elsewhere must not reach the sockets of this machine. */
static int check_target(const gale__fetch *self, const gale__uri *target)
{
    if (!is_unix(target) || (is_unix(&self->uri) && same_server(&self->uri, target)))
        return 0;
    return gale__fail(GALE_EINVALID, "redirected to a Unix socket");
}

int gale__fetch_redirect(gale__fetch *self)
{
    gale_http_response *response = self->response;
    const char *location = gale__http_headers_get(&response->headers, GALE__HTTP_LOCATION);
    gale__uri target = { 0 };
    if (!location)
        return -ENOMEM;
    int result = gale__uri_resolve(&target, self->arena, &self->uri,
                                   (gale_str){ location, strlen(location) });
    if (result == GALE_EINVALID)
        return gale__fail(result, "malformed Location: %s", target.reason);
    GALE_TRY(result);
    GALE_TRY(check_target(self, &target));
    change_method(self);
    self->uri = target;
    if (!same_server(&self->first, &target)) {
        self->elsewhere = true;
        self->username = self->password = (gale_str){ NULL, 0 };
    }
    if (gale__fetch_has_body(self) && self->body_started)
        return gale__fail(GALE_ENOTSUP, "redirected with a body that cannot be made again");
    response->times.redirect_count++;
    response->times.redirect = gale__fetch_seconds(self);
    gale__http_response_clear(response);
    return gale__fetch_check_url(self);
}
