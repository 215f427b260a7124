/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of an application: made from the user's lists, searched, freed. */
#ifndef GALE_WEB_ROUTES_H
#define GALE_WEB_ROUTES_H

#include "web/handler_type.h"
#include "web/route.h"

typedef struct gale__route_group gale__route_group;

typedef struct gale__route {
    gale__route_pattern pattern;
    const gale__handler_type
        *type; /* of a plain route: a handler, and no condition but the pattern */
    void *arg;
    char *name; /* or NULL */
    bool plain;
    bool (*matches)(gale_http_server_request *request, void *arg);
    gale_http_server_connection_delegate *delegate;
    gale__route_group *routes;
    const struct gale__filters *filters; /* NULL: none */
    struct gale__filters *own_filters;   /* the same, when they are this route's */
} gale__route;

/* The routes of the hosts that match a pattern. */
struct gale__route_group {
    gale__route_group *next;
    gale__route_pattern host;
    bool any_host;
    size_t count;
    gale__route routes[];
};

/* What answers a request: a handler of this route's type; or, when it is not NULL, `foreign`. */
typedef struct gale__found {
    const gale__route *route;
    const gale__path_arguments *arguments;
    gale_http_message_delegate *foreign;
} gale__found;

/* Copies `routes`, for hosts that match `host_pattern` (NULL: any). GALE_EINVALID with a detail,
 * or -ENOMEM. */
int gale__route_group_new(gale_application *application, const char *host_pattern,
                          const gale_route *routes, gale__route_group **ret_group);
void gale__route_group_free(gale__route_group *group);

/* The last route of that name in a list of groups, or NULL. */
gale__route *gale__route_groups_name(gale__route_group *groups, const char *name);

/* Searches the routes of one group. Returns 1, 0, or a negative error. */
int gale__route_group_find(gale__route_group *group, gale_http_connection *connection,
                           gale__found *ret_found);

#endif
