/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GALE_HTTP_HTTP_SERVER_H
#define GALE_HTTP_HTTP_SERVER_H

#include "http/http.h"
#include "http/http1_connection.h"
#include "http/proxies.h"
#include "net/handshakes.h"

struct gale_http_server {
    gale__service service;
    gale_ioloop *loop;
    gale__http *http;
    gale_http_server_connection_delegate *delegate;
    void (*free_delegate)(gale_http_server_connection_delegate *delegate); /* NULL: borrowed */
    gale_http_server_options options; /* with the defaults filled in */
    int64_t idle_timeout, header_timeout, body_idle_timeout, write_timeout,
        handshake_timeout; /* ns; INT64_MAX: none */
    gale__proxies proxies;
    bool behind_proxies; /* what they say has to be applied to each request */
    gale__list listeners;
    gale__list connections;
    size_t connection_count;
    gale__handshakes handshakes;
    gale__list closers; /* waiters of close_all_connections */
    bool draining;
    bool freed;               /* but a connection is still in use further down on the stack */
    gale_http_server **owner; /* set to NULL when the server is freed; may be NULL */
};

/* What the proxies say, for a request whose head is there. Returns 0 or -ENOMEM. */
int gale__http_apply_proxies(gale_http_server_request *request, const gale_http_server *server);
/* The option xheaders, for a request whose head is there. Returns 0 or -ENOMEM. */
int gale__http_apply_xheaders(gale_http_server_request *request,
                              const gale_http_server_options *options);

/* A connection has been freed. */
void gale__http_server_connection_closed(gale_http_server *server);

#endif
