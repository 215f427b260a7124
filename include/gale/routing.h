/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/routing.h: which handler a request gets. Tornado's counterpart: tornado.routing. Included
 * by <gale/web.h>.
 *
 * A list of routes is tried in its order. What a route leads to is a handler class; further routes,
 * which may have a condition and filters of their own in front; or a delegate, which is another
 * application, or a router of one's own:
 *
 *     static bool is_beta(gale_http_server_request *request, void *arg)
 *     {
 *         return gale_http_headers_has(gale_http_server_request_headers(request), "X-Beta");
 *     }
 *
 *     gale_route routes[] = {
 *         { .pattern = "/story/(?P<id>[0-9]+)", .handler = &story_handler, .name = "story" },
 *         { .pattern = "/admin/.*", .routes = admin_routes, .filters = admin_filters },
 *         { .pattern = ".*", .matches = is_beta, .delegate = gale_application_delegate(beta) },
 *         { 0 },
 *     };
 */
#ifndef GALE_ROUTING_H
#define GALE_ROUTING_H

#include <gale/core.h>
#include <gale/httpserver.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gale_application gale_application;
struct gale_handler_class;
struct gale_filter;

/**
 * A route: a condition, and what answers when it holds: a handler, or a delegate, or further
 * routes. A list of routes ends with a zeroed one. Tornado: web.URLSpec, routing.Rule.
 *
 * `pattern` is a regular expression (PCRE2; Python's syntax works) that the whole path, still
 * percent-encoded, must match. Its groups, all named or all unnamed, are the path arguments. A
 * pattern without metacharacters is compared as it is. Routes are tried in their order.
 *
 * { "/", &handler } leaves the other members zero, and -Wextra complains of that; then write
 * { .pattern = "/", .handler = &handler }. C++ compilers complain of that, too: they want
 * -Wno-missing-field-initializers.
 */
typedef struct gale_route gale_route;
struct gale_route {
    const char *pattern;                      /**< copied */
    const struct gale_handler_class *handler; /**< must outlive the application */
    const void *arg;  /**< handed to initialize and to `matches`; borrowed */
    const char *name; /**< for gale_reverse_url, or NULL; copied */
    /** A condition beside the pattern, or NULL: whether the route is for this request, of which
     * the head is there. Must not suspend. Tornado: routing.Matcher.match. */
    bool (*matches)(gale_http_server_request *request, void *arg);
    /** Instead of a handler: another application, or a router of one's own. When its
     * start_request returns NULL the next route is tried. Borrowed. Tornado: routing.Router as a
     * rule's target. */
    gale_http_server_connection_delegate *delegate;
    /** Instead of a handler: routes to try then, over the whole path again; when none of them
     * matches the next route is tried. Copied. Tornado: a nested list of rules. */
    const gale_route *routes;
    /** Filters around this handler or these routes, inside of those that are around them already.
     * Copied. */
    const struct gale_filter *filters;
    void *reserved_[3];
};

/** Adds routes for hosts that match `host_pattern`, tried before those given to
 * gale_application_new. Returns 0, GALE_EINVALID or -ENOMEM; it is logged, too.
 * Tornado: Application.add_handlers. */
GALE_API int gale_application_add_handlers(gale_application *application, const char *host_pattern,
                                           const gale_route *routes);
/**
 * The path of the route with that name, its groups replaced by `count` arguments, percent-encoded
 * but for "/". The result has one reference. NULL, with gale_error_detail, when there is no such
 * name, the count does not fit, or the pattern cannot be reversed. Tornado:
 * Application.reverse_url.
 */
GALE_API gale_bytes *gale_application_reverse_url(gale_application *application, const char *name,
                                                  const char *const *arguments, size_t count);

#ifdef __cplusplus
}
#endif

#endif
