/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of an application: its routes by host, its handler types, its servers. */
#ifndef GALE_WEB_APPLICATION_H
#define GALE_WEB_APPLICATION_H

#include "core/list.h"
#include "loop/loop.h"
#include "web/handler.h"
#include "web/routes.h"

struct gale_application {
    gale_http_server_connection_delegate delegate;
    gale__service service; /* so that the loop frees it */
    gale_ioloop *loop;
    gale_application_settings settings;
    gale__route_group *groups; /* in the order in which they are tried */
    gale__handler_type *types;
    struct gale__transform_list *transforms; /* NULL: none */
    gale__filters *filters;                  /* NULL: none */
    struct gale__static_site *static_site;   /* NULL until needed */
    struct gale__renderer *renderer;         /* NULL until needed */
    gale_http_server *server;                /* made by the first listen */
    struct gale__ssl_server *ssl_servers;    /* one for each listen_ssl */
    gale__list websockets;                   /* gale_websocket */
    gale__list event_streams;                /* gale_event_stream */
    gale__list event_streams_to_flush;       /* those with something that was not sent yet */
    size_t flushing_event_streams;           /* how many */
    gale__callback flush_event_streams;
    size_t handlers; /* at work; they need its memory */
    bool freed;
};

/* The slow path of gale__application_release. */
GALE__APART void gale__application_rests(gale_application *application);

/* A handler has ended. */
static inline void gale__application_release(gale_application *application)
{
    if (--application->handlers == 0 &&
        GALE__UNLIKELY(application->freed || application->loop->shutting_down))
        gale__application_rests(application);
}

/* The delegate of <gale/httpserver.h>: a handler for each request. */
extern const gale_http_server_connection_delegate_operations gale__application_operations;

/* What answers a request. Returns 1, 0 when nothing does, or a negative error. */
int gale__application_find(gale_application *application, gale_http_connection *connection,
                           gale__found *ret_found);
/* The resolved class, made when it is new. */
const gale__handler_type *gale__application_type(gale_application *application,
                                                 const gale_handler_class *of_class);

#endif
