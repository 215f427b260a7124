/* SPDX-License-Identifier: Apache-2.0 */
/* The server: listening, its connections, stopping. */
#include "http/http_server.h"

#include <errno.h>
#include <unistd.h>

#include <gale/log.h>
#include <gale/netutil.h>

#include "core/error.h"
#include "net/listener.h"
#include "net/ssl_context.h"

/* ---- As a service of the loop ---------------------------------------------------------- */

static gale_http_server *server_of(gale__service *service)
{
    return GALE__CONTAINER_OF(service, gale_http_server, service);
}

/* Calls `visit` for each connection, which it may free. */
static void each_connection(gale_http_server *server,
                            void (*visit)(gale__http1_server_connection *connection))
{
    for (gale__list *link = server->connections.next, *next; link != &server->connections;
         link = next) {
        next = link->next;
        visit(GALE__CONTAINER_OF(link, gale__http1_server_connection, link));
    }
}

static void drain(gale__service *service)
{
    gale_http_server *server = server_of(service);
    server->draining = true;
    gale_http_server_stop(server);
    each_connection(server, server->loop->retiring ? gale__http1_connection_retire
                                                   : gale__http1_connection_drain);
}

static bool drained(gale__service *service)
{
    return server_of(service)->connection_count == 0;
}

static void cancel(gale__service *service)
{
    each_connection(server_of(service), gale__http1_connection_lost);
}

static void close_service(gale__service *service)
{
    gale_http_server_free(server_of(service));
}

static void give_back(gale_http_server *server)
{
    if (server->free_delegate)
        server->free_delegate(server->delegate);
    gale__proxies_clear(&server->proxies);
    gale_ssl_context_unref(server->options.ssl_context);
    gale__free(server);
}

void gale__http_server_connection_closed(gale_http_server *server)
{
    if (--server->connection_count > 0)
        return;
    while (gale__wake_first(&server->closers, 0))
        continue;
    if (server->freed)
        give_back(server);
    else if (server->draining)
        gale__loop_service_drained(server->loop);
}

/* ---- Making and freeing ---------------------------------------------------------------- */

static void default_int64(int64_t *option, int64_t value)
{
    if (*option == 0)
        *option = value;
}

/* An option in seconds as nanoseconds. */
static int64_t duration(double seconds, double default_seconds)
{
    if (seconds < 0)
        return INT64_MAX;
    return gale__seconds(seconds > 0 ? seconds : default_seconds);
}

static void fill_in_defaults(gale_http_server_options *options)
{
    default_int64(&options->chunk_size, 65536);
    default_int64(&options->max_header_size, 65536);
    default_int64(&options->max_body_size, 104857600);
    if (options->max_body_size == GALE_HTTP_NO_BODY)
        options->max_body_size = 0;
    else if (options->max_body_size < 0)
        options->max_body_size = INT64_MAX;
    if (options->chunk_size < 0)
        options->chunk_size = INT64_MAX;
    if (options->max_header_size < 0 || options->max_header_size > INT32_MAX)
        options->max_header_size = INT32_MAX;
    if (!options->protocol)
        options->protocol = options->ssl_context ? "https" : "http";
}

static int set_proxies(gale_http_server *server)
{
    const gale_http_server_options *options = &server->options;
    if (options->xheaders && options->trusted_proxies)
        return gale__fail(GALE_EINVALID, "xheaders and trusted_proxies exclude each other");
    GALE_TRY(gale__proxies_parse(&server->proxies, options->trusted_proxies));
    if (options->proxy_protocol && !server->proxies.count)
        return gale__fail(GALE_EINVALID, "proxy_protocol needs trusted_proxies");
    server->behind_proxies = options->xheaders || server->proxies.count;
    return 0;
}

static int check_ssl(const gale_http_server_options *options)
{
    return !options->ssl_context || options->ssl_context->options.server_side
               ? 0
               : gale__fail(GALE_EINVALID, "the ssl_context of a server is one of a client");
}

gale_http_server *gale_http_server_new(gale_http_server_connection_delegate *delegate,
                                       const gale_http_server_options *options)
{
    gale_ioloop *loop = gale_ioloop_current();
    gale__http *http = loop ? gale__http_of(loop) : NULL;
    gale_http_server *server = http && gale__net_of(loop) ? GALE__NEW(gale_http_server) : NULL;
    if (!server)
        return NULL;
    server->loop = loop;
    server->http = http;
    server->delegate = delegate;
    if (options)
        server->options = *options;
    fill_in_defaults(&server->options);
    if (server->options.ssl_context)
        gale_ssl_context_ref(server->options.ssl_context);
    if (set_proxies(server) < 0 || check_ssl(&server->options) < 0) {
        give_back(server);
        return NULL;
    }
    server->idle_timeout = duration(server->options.idle_connection_timeout, 3600);
    server->header_timeout = duration(server->options.header_timeout, 60);
    server->body_idle_timeout = duration(server->options.body_idle_timeout, 60);
    server->handshake_timeout = duration(server->options.ssl_handshake_timeout, 60);
    server->write_timeout = duration(server->options.write_timeout, 60);
    gale__list_init(&server->listeners);
    gale__list_init(&server->connections);
    gale__handshakes_init(&server->handshakes, server->options.max_ssl_handshakes);
    gale__list_init(&server->closers);
    server->service = (gale__service){
        .drain = drain, .drained = drained, .cancel = cancel, .close = close_service
    };
    gale__loop_add_service(loop, &server->service);
    return server;
}

void gale_http_server_free(gale_http_server *server)
{
    if (!server)
        return;
    server->draining = false;
    gale_http_server_stop(server);
    each_connection(server, gale__http1_connection_lost);
    gale__loop_remove_service(&server->service);
    if (server->owner)
        *server->owner = NULL;
    server->freed = true;
    if (server->connection_count == 0)
        give_back(server);
}

/* ---- Listening ------------------------------------------------------------------------- */

static void on_accepted(gale__listener *listener, int fd, const gale__address *address, void *arg)
{
    (void)listener;
    gale__http1_connection_start(arg, fd, address);
}

static bool is_full(const void *arg)
{
    const gale_http_server *server = arg;
    return gale__handshakes_full(&server->handshakes);
}

int gale_http_server_add_socket(gale_http_server *server, int fd)
{
    gale__listener *listener = gale__listener_new(server->loop, fd, on_accepted, server);
    if (!listener)
        return -ENOMEM;
    listener->full = is_full;
    gale__list_append(&server->listeners, &listener->link);
    return 0;
}

int gale_http_server_listen(gale_http_server *server, int port, const char *address)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    int count = gale_bind_sockets(port, &(gale_bind_options){ .address = address }, sockets);
    GALE_TRY(count);
    int bound = gale_socket_port(sockets[0]);
    int result = 0;
    for (int i = 0; i < count; i++) {
        if (result < 0)
            close(sockets[i]);
        else
            result = gale_http_server_add_socket(server, sockets[i]);
    }
    return result < 0 ? result : bound;
}

void gale_http_server_stop(gale_http_server *server)
{
    for (gale__list *link; (link = gale__list_pop(&server->listeners));)
        gale__listener_free(GALE__CONTAINER_OF(link, gale__listener, link));
}

int gale_http_server_close_all_connections(gale_http_server *server)
{
    each_connection(server, gale__http1_connection_drain);
    if (server->connection_count == 0)
        return 0;
    gale__waiter waiter;
    GALE_TRY(gale__wait_begin(&waiter, gale__waiter_unlink));
    gale__list_append(&server->closers, &waiter.link);
    return gale__wait_end(&waiter);
}

size_t gale_http_server_connection_count(const gale_http_server *server)
{
    return server->connection_count;
}
