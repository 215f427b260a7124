/* SPDX-License-Identifier: Apache-2.0 */
/* The request line (RFC 9112 §3). */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "proto/characters.h"
#include "proto/host.h"
#include "proto/http1_fields.h"
#include "proto/scan.h"

static int refuse(gale__http1_request *out, int status, const char *reason)
{
    out->status = status;
    out->reason = reason;
    return GALE_EINPUT;
}

gale__http_method gale__http_method_find(const char *name, size_t size)
{
    switch (size) {
    case 3:
        return !memcmp(name, "GET", 3)   ? GALE__HTTP_METHOD_GET
               : !memcmp(name, "PUT", 3) ? GALE__HTTP_METHOD_PUT
                                         : GALE__HTTP_METHOD_OTHER;
    case 4:
        return !memcmp(name, "POST", 4)   ? GALE__HTTP_METHOD_POST
               : !memcmp(name, "HEAD", 4) ? GALE__HTTP_METHOD_HEAD
                                          : GALE__HTTP_METHOD_OTHER;
    case 5:
        return !memcmp(name, "PATCH", 5)   ? GALE__HTTP_METHOD_PATCH
               : !memcmp(name, "TRACE", 5) ? GALE__HTTP_METHOD_TRACE
                                           : GALE__HTTP_METHOD_OTHER;
    case 6:
        return !memcmp(name, "DELETE", 6) ? GALE__HTTP_METHOD_DELETE : GALE__HTTP_METHOD_OTHER;
    case 7:
        return !memcmp(name, "OPTIONS", 7)   ? GALE__HTTP_METHOD_OPTIONS
               : !memcmp(name, "CONNECT", 7) ? GALE__HTTP_METHOD_CONNECT
                                             : GALE__HTTP_METHOD_OTHER;
    default:
        return GALE__HTTP_METHOD_OTHER;
    }
}

static int parse_rare_method(gale__http1_request *out, char **at)
{
    char *end = *at;
    while (gale__http_is(*end, GALE__CHARACTER_TOKEN))
        end++;
    size_t size = (size_t)(end - *at);
    if (*end != ' ' || !size)
        return refuse(out, 400, "Malformed HTTP method");
    *end = '\0';
    out->method = (gale_str){ *at, size };
    out->method_id = gale__http_method_find(*at, size);
    *at = end + 1;
    return 0;
}

/* Cuts the method off; *at moves behind its space. */
static inline int parse_method(gale__http1_request *out, char **at)
{
    if (GALE__UNLIKELY(memcmp(*at, "GET ", 4)))
        return parse_rare_method(out, at);
    (*at)[3] = '\0';
    out->method = (gale_str){ *at, 3 };
    out->method_id = GALE__HTTP_METHOD_GET;
    *at += 4;
    return 0;
}

/* Cuts off the part of the target behind "http://host". */
static int split_absolute(gale__http1_request *out, gale__arena *arena, size_t scheme_size)
{
    const char *authority = out->target.data + scheme_size, *end = authority;
    while (*end && *end != '/' && *end != '?')
        end++;
    size_t size = (size_t)(end - authority);
    if (!size || !gale__http_host_valid((gale_str){ authority, size }))
        return refuse(out, 400, "Malformed host in the request target");
    char *copy = gale__arena_strdup(arena, authority, size);
    if (!copy)
        return -ENOMEM;
    out->authority = (gale_str){ copy, size };
    size_t before = (size_t)(end - out->target.data);
    out->path = *end == '/' ? (gale_str){ end, out->path.len - before } : GALE_STR("/");
    return 0;
}

static size_t absolute_scheme(gale_str target)
{
    if (target.len >= 7 && gale__http_equal(target.data, 7, "http://", 7))
        return 7;
    if (target.len >= 8 && gale__http_equal(target.data, 8, "https://", 8))
        return 8;
    return 0;
}

/* Sets path, query and authority of a target that is not just a path. `path_end` is its "?", or
 * its end. The path must be a string of its own although a "?" follows it in the target. */
static int split_target(gale__http1_request *out, gale__arena *arena, const char *path_end)
{
    const char *end = out->target.data + out->target.len;
    out->path.len = (size_t)(path_end - out->path.data);
    if (path_end < end)
        out->query = (gale_str){ path_end + 1, (size_t)(end - path_end - 1) };
    size_t scheme = absolute_scheme(out->target);
    if (scheme)
        GALE_TRY(split_absolute(out, arena, scheme));
    if (path_end == end)
        return 0;
    out->path.data = gale__arena_strdup(arena, out->path.data, out->path.len);
    return out->path.data ? 0 : -ENOMEM;
}

/* Cuts the target off; *at moves behind its space. */
static inline int parse_target(gale__http1_request *out, gale__arena *arena, char **at)
{
    char *target = *at, *path_end = gale__scan_path_end(target), *end = path_end;
    if (*end == '?')
        end = gale__scan_space(end);
    if (GALE__UNLIKELY(*end != ' ' || end == target))
        return refuse(out, 400, "Malformed request target");
    *end = '\0';
    *at = end + 1;
    out->target = (gale_str){ target, (size_t)(end - target) };
    out->path = (gale_str){ target, out->target.len };
    out->query = (gale_str){ end, 0 };
    out->authority = (gale_str){ NULL, 0 };
    if (GALE__LIKELY(path_end == end && *target == '/'))
        return 0;
    return split_target(out, arena, path_end);
}

static int parse_rare_version(gale__http1_request *out, const char *at)
{
    gale__http1_version version = gale__http1_parse_version(at, &out->minor);
    if (version == GALE__HTTP1_VERSION_MALFORMED || memcmp(at + 8, "\r\n", 2))
        return refuse(out, 400, "Malformed HTTP version");
    if (version == GALE__HTTP1_VERSION_OTHER)
        return refuse(out, 505, "HTTP version not supported");
    return 0;
}

int gale__http1_parse_request(gale__http1_request *out, gale_http_headers *headers, char *head,
                              size_t size)
{
    assert(gale__http1_ends_well(head, size));
    (void)size;
    char *at = head;
    out->status = 0;
    GALE_TRY(parse_method(out, &at));
    GALE_TRY(parse_target(out, headers->arena, &at));
    out->minor = 1;
    if (GALE__UNLIKELY(memcmp(at, "HTTP/1.1", 8) || memcmp(at + 8, "\r\n", 2)))
        GALE_TRY(parse_rare_version(out, at));
    int result = gale__http1_parse_fields(headers, at + 10, &out->reason);
    if (GALE__UNLIKELY(result == GALE_EINPUT))
        out->status = 400;
    return result;
}
