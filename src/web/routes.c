/* SPDX-License-Identifier: Apache-2.0 */
#include "web/routes.h"

#include <errno.h>
#include <string.h>

#include <gale/log.h>

#include "core/error.h"
#include "web/application.h"

enum { DEEPEST_NESTING = 16 };

/* ---- Making and freeing ---------------------------------------------------------------- */

void gale__route_group_free(gale__route_group *group)
{
    if (!group)
        return;
    for (size_t i = 0; i < group->count; i++) {
        gale__route_pattern_free(&group->routes[i].pattern);
        gale__route_group_free(group->routes[i].routes);
        gale__filters_free(group->routes[i].own_filters);
        gale__free(group->routes[i].name);
    }
    gale__route_pattern_free(&group->host);
    gale__free(group);
}

static int copy_name(gale_application *application, gale__route_group *group, gale__route *route,
                     const char *name)
{
    if (gale__route_groups_name(application->groups, name) || gale__route_groups_name(group, name))
        gale_log(GALE_LOG_APPLICATION, GALE_LOG_WARNING,
                 "Multiple handlers named %s; replacing previous value", name);
    route->name = gale__strdup(name, strlen(name));
    return route->name ? 0 : -ENOMEM;
}

/* What is around a list of routes. */
typedef struct surroundings {
    const gale__filters *filters;
    int depth; /* of nesting */
} surroundings;

static int group_new(gale_application *application, const char *host_pattern,
                     const gale_route *routes, surroundings around, gale__route_group **ret_group);

static int set_filters(gale__route *route, const gale_route *from, const gale__filters *outer)
{
    route->filters = outer;
    if (!from->filters)
        return 0;
    if (from->delegate)
        return gale__fail(GALE_EINVALID, "route %s: a delegate cannot have filters", from->pattern);
    GALE_TRY(gale__filters_new(outer, from->filters, &route->own_filters));
    route->filters = route->own_filters;
    return 0;
}

static int set_target(gale_application *application, gale__route *route, const gale_route *from,
                      surroundings around)
{
    if (!from->handler + !from->delegate + !from->routes != 2)
        return gale__fail(GALE_EINVALID,
                          "route %s needs one of a handler class, a delegate and further routes",
                          from->pattern);
    route->delegate = from->delegate;
    if (from->routes)
        return group_new(application, NULL, from->routes,
                         (surroundings){ route->filters, around.depth + 1 }, &route->routes);
    if (from->handler)
        route->type = gale__application_type(application, from->handler);
    return from->handler && !route->type ? -ENOMEM : 0;
}

static int add_route(gale_application *application, gale__route_group *group,
                     const gale_route *from, surroundings around)
{
    gale__route *route = &group->routes[group->count++];
    route->arg = (void *)(uintptr_t)from->arg;
    route->matches = from->matches;
    route->plain = from->handler && !from->matches;
    GALE_TRY(set_filters(route, from, around.filters));
    GALE_TRY(set_target(application, route, from, around));
    GALE_TRY(gale__route_pattern_compile(&route->pattern, from->pattern));
    return from->name ? copy_name(application, group, route, from->name) : 0;
}

static int group_new(gale_application *application, const char *host_pattern,
                     const gale_route *routes, surroundings around, gale__route_group **ret_group)
{
    if (around.depth > DEEPEST_NESTING)
        return gale__fail(GALE_EINVALID, "routes are nested more than %d deep", DEEPEST_NESTING);
    size_t count = 0;
    while (routes && routes[count].pattern)
        count++;
    gale__route_group *group = gale__calloc(1, sizeof *group + count * sizeof(gale__route));
    if (!group)
        return -ENOMEM;
    group->any_host = !host_pattern;
    int result = host_pattern ? gale__route_pattern_compile(&group->host, host_pattern) : 0;
    for (size_t i = 0; i < count && result >= 0; i++)
        result = add_route(application, group, &routes[i], around);
    if (result < 0)
        gale__route_group_free(group);
    else
        *ret_group = group;
    return result;
}

int gale__route_group_new(gale_application *application, const char *host_pattern,
                          const gale_route *routes, gale__route_group **ret_group)
{
    return group_new(application, host_pattern, routes, (surroundings){ application->filters, 1 },
                     ret_group);
}

/* ---- Searching ------------------------------------------------------------------------- */

gale__route *gale__route_groups_name(gale__route_group *groups, const char *name)
{
    gale__route *found = NULL;
    for (gale__route_group *group = groups; group; group = group->next) {
        for (size_t i = 0; i < group->count; i++) {
            gale__route *route = &group->routes[i];
            gale__route *nested = gale__route_groups_name(route->routes, name);
            if (nested)
                found = nested;
            if (route->name && strcmp(route->name, name) == 0)
                found = route;
        }
    }
    return found;
}

/* A route whose pattern matches, but which is not plain. */
static int follow(gale__route *route, gale_http_connection *connection, gale__found *found)
{
    if (route->matches && !route->matches(&connection->request, route->arg))
        return 0;
    if (route->routes)
        return gale__route_group_find(route->routes, connection, found);
    if (!route->delegate)
        return 1;
    found->foreign = route->delegate->operations->start_request(route->delegate, connection);
    return found->foreign != NULL;
}

int gale__route_group_find(gale__route_group *group, gale_http_connection *connection,
                           gale__found *ret_found)
{
    gale_http_server_request *request = &connection->request;
    for (size_t i = 0; i < group->count; i++) {
        gale__route *route = &group->routes[i];
        ret_found->route = route;
        int result = gale__route_pattern_match(&route->pattern, request->head.path, request->arena,
                                               &ret_found->arguments);
        if (result > 0 && GALE__UNLIKELY(!route->plain))
            result = follow(route, connection, ret_found);
        if (result != 0)
            return result;
        ret_found->arguments = &gale__no_path_arguments; /* not of a pattern that did match */
    }
    return 0;
}
