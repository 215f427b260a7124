/* SPDX-License-Identifier: Apache-2.0 */
/* What a proxy says of the client behind it: its address, and the scheme it used. */
#include <errno.h>
#include <string.h>

#include <gale/netutil.h>

#include "http/http_server.h"

static bool trusted(const char *const *list, gale_str ip)
{
    for (; list && *list; list++)
        if (strlen(*list) == ip.len && memcmp(*list, ip.data, ip.len) == 0)
            return true;
    return false;
}

/* The one nearest to us that is not trusted; the farthest when all are. */
static gale_str forwarded_for(const char *const *list, const char *value)
{
    gale_str rest = { value, strlen(value) }, ip;
    do
        ip = gale__cut_last(&rest);
    while (rest.data && trusted(list, ip));
    return ip;
}

static int apply_ip(gale_http_server_request *request, const char *const *list)
{
    const char *real = gale__http_headers_get(&request->headers, GALE__HTTP_X_REAL_IP);
    const char *forwarded = gale__http_headers_get(&request->headers, GALE__HTTP_X_FORWARDED_FOR);
    if (!real && !forwarded)
        return 0;
    gale_str ip = real ? (gale_str){ real, strlen(real) } : forwarded_for(list, forwarded);
    const char *copy = gale__arena_strdup(request->arena, ip.data, ip.len);
    if (!copy)
        return -ENOMEM;
    if (gale_is_valid_ip(copy))
        request->remote_ip = copy;
    return 0;
}

static void apply_scheme(gale_http_server_request *request)
{
    const char *value = gale__http_headers_get(&request->headers, GALE__HTTP_X_SCHEME);
    if (!value)
        value = gale__http_headers_get(&request->headers, GALE__HTTP_X_FORWARDED_PROTO);
    if (!value)
        return;
    gale_str list = { value, strlen(value) }, scheme = gale__cut_last(&list);
    if (scheme.len == 4 && memcmp(scheme.data, "http", 4) == 0)
        request->protocol = "http";
    else if (scheme.len == 5 && memcmp(scheme.data, "https", 5) == 0)
        request->protocol = "https";
}

int gale__http_apply_xheaders(gale_http_server_request *request,
                              const gale_http_server_options *options)
{
    apply_scheme(request);
    return apply_ip(request, options->trusted_downstream);
}
