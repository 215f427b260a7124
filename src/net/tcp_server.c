/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TCP server: a task for each connection. The server's memory stays until the last of its
 * connections has ended.
 */
#include <gale/tcpserver.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <gale/gen.h>
#include <gale/log.h>
#include <gale/process.h>

#include "core/error.h"
#include "net/address.h"
#include "net/iostream_impl.h"
#include "net/listener.h"

static const double HANDSHAKE_TIMEOUT = 60; /* seconds */

struct gale_tcp_server {
    gale__service service;
    gale_ioloop *loop;
    gale_stream_handler handle_stream;
    void *arg;
    gale_iostream_options stream_options;
    gale_ssl_context *ssl_context; /* NULL: plain */
    double handshake_timeout;
    gale__handshakes handshakes;
    gale__list listeners;
    gale__list connections;
    int *bound; /* sockets that wait for start */
    int bound_count;
    bool started, stopped, draining, freed;
    char name[];
};

typedef struct connection {
    gale__list link;
    gale_tcp_server *server;
    gale_scope *scope;
    gale_iostream *stream;
    gale_address address;
} connection;

/* ---- Connections ----------------------------------------------------------------------- */

static void server_destroy(gale_tcp_server *self)
{
    gale_ssl_context_unref(self->ssl_context);
    gale__free(self);
}

static void connection_ended(void *arg)
{
    connection *self = arg;
    gale_tcp_server *server = self->server;
    gale_iostream_free(self->stream);
    gale__list_remove(&self->link);
    gale__free(self);
    if (!gale__list_empty(&server->connections))
        return;
    if (server->freed)
        server_destroy(server);
    else if (server->draining)
        gale__loop_service_drained(server->loop);
}

static void log_failure(const connection *self, int result)
{
    char address[GALE_ADDRESS_TEXT_MAX];
    const char *detail = gale_error_detail();
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_ERROR, "Error in connection callback (%s): %s%s%s",
             gale_address_text(&self->address, address), gale_strerror(result), *detail ? ": " : "",
             detail);
}

static int shake_hands(void *arg)
{
    connection *self = arg;
    return gale__iostream_serve_tls(self->stream, self->server->ssl_context,
                                    &self->server->handshakes);
}

/* A peer that leaves before the end of the handshake is nobody's concern, and one of too many was
 * logged. */
static int secure(connection *self)
{
    char address[GALE_ADDRESS_TEXT_MAX];
    int result = gale_with_timeout(self->server->handshake_timeout, shake_hands, self);
    if (result == GALE_ETIMEDOUT)
        gale__fail(result, "no TLS handshake within %g s", self->server->handshake_timeout);
    if (result < 0 && result != -ECONNRESET && result != GALE_ECANCELED && result != GALE_ECLOSED &&
        result != GALE_ETIMEDOUT_HANDSHAKE)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "SSL error with %s: %s",
                 gale_address_text(&self->address, address), gale_error_detail());
    return result;
}

static int serve(void *arg)
{
    connection *self = arg;
    gale_tcp_server *server = self->server;
    /* After the tasks that the handler leaves behind. */
    if (gale_defer(connection_ended, self) < 0)
        return 0;
    if (server->ssl_context && secure(self) < 0)
        return 0;
    int result = server->handle_stream(self->stream, &self->address, server->arg);
    if (result < 0 && result != GALE_ECLOSED && result != GALE_ECANCELED)
        log_failure(self, result);
    return 0;
}

static connection *connection_new(gale_tcp_server *server, int fd, const gale__address *address)
{
    connection *self = GALE__NEW(connection);
    if (!self)
        return NULL;
    self->server = server;
    self->address = gale__address_public(address);
    self->scope = gale__scope_new(server->loop, NULL);
    self->stream = self->scope ? gale__iostream_from(server->loop, fd, address, (gale_str){ 0 },
                                                     &server->stream_options)
                               : NULL;
    if (self->stream)
        return self;
    if (self->scope)
        gale__scope_destroy(self->scope);
    gale__free(self);
    return NULL;
}

static void on_accepted(gale__listener *listener, int fd, const gale__address *address, void *arg)
{
    gale_tcp_server *server = arg;
    connection *self = connection_new(server, fd, address);
    (void)listener;
    if (!self) {
        close(fd);
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "a connection was closed: out of memory");
        return;
    }
    gale__list_append(&server->connections, &self->link);
    if (gale__task_start(self->scope, NULL, server->name, serve, self, true) < 0) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "a connection was closed: out of memory");
        connection_ended(self);
    }
}

static bool is_full(const void *arg)
{
    const gale_tcp_server *server = arg;
    return gale__handshakes_full(&server->handshakes);
}

/* Cancelling only makes tasks ready, so the list stays as it is meanwhile. */
static void cancel_connections(gale_tcp_server *self)
{
    for (gale__list *link = self->connections.next; link != &self->connections; link = link->next)
        gale_scope_cancel(GALE__CONTAINER_OF(link, connection, link)->scope);
}

/* ---- As a service of the loop ---------------------------------------------------------- */

static gale_tcp_server *server_of(gale__service *service)
{
    return GALE__CONTAINER_OF(service, gale_tcp_server, service);
}

static void drain(gale__service *service)
{
    server_of(service)->draining = true;
    gale_tcp_server_stop(server_of(service));
}

static bool drained(gale__service *service)
{
    return gale__list_empty(&server_of(service)->connections);
}

static void cancel(gale__service *service)
{
    cancel_connections(server_of(service));
}

static void close_service(gale__service *service)
{
    gale_tcp_server_free(server_of(service));
}

/* ---- Making and freeing ---------------------------------------------------------------- */

gale_tcp_server *gale_tcp_server_new(gale_stream_handler handle_stream, void *arg,
                                     const gale_tcp_server_options *options)
{
    const char *name = options && options->name ? options->name : "tcp_server";
    gale_ioloop *loop = gale_ioloop_current();
    size_t size = strlen(name) + 1;
    gale_tcp_server *self = loop ? gale__calloc(1, sizeof *self + size) : NULL;
    if (!self)
        return NULL;
    self->service = (gale__service){
        .drain = drain, .drained = drained, .cancel = cancel, .close = close_service
    };
    self->loop = loop;
    self->handle_stream = handle_stream;
    self->arg = arg;
    if (options)
        self->stream_options = options->stream;
    if (options && options->ssl_context)
        self->ssl_context = gale_ssl_context_ref(options->ssl_context);
    self->handshake_timeout = options && options->ssl_handshake_timeout > 0
                                  ? options->ssl_handshake_timeout
                                  : HANDSHAKE_TIMEOUT;
    gale__handshakes_init(&self->handshakes, options ? options->max_ssl_handshakes : 0);
    gale__list_init(&self->listeners);
    gale__list_init(&self->connections);
    memcpy(self->name, name, size);
    gale__loop_add_service(loop, &self->service);
    return self;
}

void gale_tcp_server_free(gale_tcp_server *self)
{
    if (!self)
        return;
    gale_tcp_server_stop(self);
    gale__loop_remove_service(&self->service);
    self->freed = true;
    if (gale__list_empty(&self->connections))
        server_destroy(self);
    else
        cancel_connections(self);
}

static void close_bound(gale_tcp_server *self)
{
    gale_close_sockets(self->bound, self->bound_count);
    gale__free(self->bound);
    self->bound = NULL;
    self->bound_count = 0;
}

void gale_tcp_server_stop(gale_tcp_server *self)
{
    for (gale__list *link; (link = gale__list_pop(&self->listeners));)
        gale__listener_free(GALE__CONTAINER_OF(link, gale__listener, link));
    close_bound(self);
}

/* ---- Listening ------------------------------------------------------------------------- */

static int failed(gale_tcp_server *self, int result)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%s", gale_error_detail());
    self->loop->failed = true;
    return result;
}

int gale_tcp_server_add_socket(gale_tcp_server *self, int socket)
{
    int flags = fcntl(socket, F_GETFL);
    if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0))
        return gale__fail(-errno, "cannot serve socket %d: %s", socket, gale_strerror(-errno));
    gale__listener *listener = gale__listener_new(self->loop, socket, on_accepted, self);
    if (!listener)
        return -ENOMEM;
    listener->full = is_full;
    gale__list_append(&self->listeners, &listener->link);
    return 0;
}

int gale_tcp_server_add_sockets(gale_tcp_server *self, const int *sockets, int count)
{
    for (int i = 0; i < count; i++) {
        int result = gale_tcp_server_add_socket(self, sockets[i]);
        if (result < 0) {
            gale_close_sockets(sockets + i + 1, count - i - 1);
            return result;
        }
    }
    return 0;
}

int gale_tcp_server_listen(gale_tcp_server *self, int port, const gale_bind_options *options)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    int count = gale_bind_sockets(port, options, sockets);
    int result = count < 0 ? count : gale_tcp_server_add_sockets(self, sockets, count);
    return result < 0 ? failed(self, result) : 0;
}

static int keep_bound(gale_tcp_server *self, const int *sockets, int count)
{
    size_t total = (size_t)(self->bound_count + count);
    int *bound = gale__realloc(self->bound, total * sizeof *bound);
    if (!bound)
        return gale__fail(-ENOMEM, "%s", gale_strerror(-ENOMEM));
    memcpy(bound + self->bound_count, sockets, (size_t)count * sizeof *bound);
    self->bound = bound;
    self->bound_count += count;
    return 0;
}

int gale_tcp_server_bind(gale_tcp_server *self, int port, const gale_bind_options *options)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    if (self->started)
        return gale_tcp_server_listen(self, port, options);
    int count = gale_bind_sockets(port, options, sockets);
    if (count < 0)
        return failed(self, count);
    int result = keep_bound(self, sockets, count);
    if (result == 0)
        return 0;
    gale_close_sockets(sockets, count);
    return failed(self, result);
}

int gale_tcp_server_start(gale_tcp_server *self, int processes, int max_restarts)
{
    if (self->started)
        return gale__fail(GALE_ESTATE, "the server was started already");
    if (processes != 1)
        GALE_TRY(gale_fork_processes(processes, max_restarts));
    self->started = true;
    int result = gale_tcp_server_add_sockets(self, self->bound, self->bound_count);
    gale__free(self->bound);
    self->bound = NULL;
    self->bound_count = 0;
    return result < 0 ? failed(self, result) : 0;
}
