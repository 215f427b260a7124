/* SPDX-License-Identifier: Apache-2.0 */
/* A server that calls a function for each request: the body is collected, then a task runs it. */
#include <errno.h>

#include <gale/log.h>

#include "http/http_server.h"

typedef struct callback_delegate {
    gale_http_server_connection_delegate base;
    gale_http_request_callback callback;
    void *arg;
} callback_delegate;

/* In the arena of the request's scope. */
typedef struct callback_message {
    gale_http_message_delegate base;
    const callback_delegate *owner;
    gale_http_connection *connection; /* NULL once the client has gone */
    gale_scope *scope;
    gale_http_server_request *request;
    bool started;
} callback_message;

static int headers_received(gale_http_message_delegate *self, gale_http_connection *connection)
{
    (void)self;
    (void)connection;
    return 0;
}

static ssize_t data_received(gale_http_message_delegate *delegate, const char *data, size_t size)
{
    callback_message *self = (callback_message *)delegate;
    int result = gale__buffer_append(&self->request->body, data, size);
    return result < 0 ? result : (ssize_t)size;
}

static int run(void *arg)
{
    callback_message *self = arg;
    int result = gale__http_request_keep_body(self->request);
    if (result >= 0)
        result = self->owner->callback(self->request, self->owner->arg);
    gale_http_connection *connection = self->request->connection;
    if (result >= 0 && !connection)
        return 0;
    if (result >= 0)
        gale_log(GALE_LOG_APPLICATION, GALE_LOG_ERROR,
                 "a request callback returned without an answer");
    else if (connection || (result != GALE_ECANCELED && result != GALE_ECLOSED))
        gale_log(GALE_LOG_APPLICATION, GALE_LOG_ERROR, "Uncaught error in a request callback: %s",
                 gale_strerror(result));
    if (connection && connection->headers_written)
        gale__http_exchange_abandon(connection);
    else if (connection)
        gale__http1_reject(connection->http1, 500, NULL);
    return 0;
}

static void finish(gale_http_message_delegate *delegate)
{
    callback_message *self = (callback_message *)delegate;
    self->started = true;
    gale__http_exchange_start_task(self->connection, "request callback", run, self);
}

static void on_connection_close(gale_http_message_delegate *delegate)
{
    callback_message *self = (callback_message *)delegate;
    self->connection = NULL;
    if (self->started)
        gale_scope_cancel(self->scope);
}

static const gale_http_message_delegate_operations message_operations = {
    .headers_received = headers_received,
    .data_received = data_received,
    .finish = finish,
    .on_connection_close = on_connection_close,
};

static gale_http_message_delegate *start_request(gale_http_server_connection_delegate *delegate,
                                                 gale_http_connection *connection)
{
    callback_message *self = gale__arena_alloc(&connection->scope->arena, sizeof *self);
    if (!self)
        return NULL;
    *self = (callback_message){ .base.operations = &message_operations,
                                .owner = (callback_delegate *)delegate,
                                .connection = connection,
                                .scope = connection->scope,
                                .request = &connection->request };
    return &self->base;
}

static const gale_http_server_connection_delegate_operations delegate_operations = {
    .start_request = start_request,
};

static void free_delegate(gale_http_server_connection_delegate *delegate)
{
    gale__free(delegate);
}

gale_http_server *gale_http_server_new_callback(gale_http_request_callback callback, void *arg,
                                                const gale_http_server_options *options)
{
    callback_delegate *delegate = GALE__NEW(callback_delegate);
    if (!delegate)
        return NULL;
    delegate->base.operations = &delegate_operations;
    delegate->callback = callback;
    delegate->arg = arg;
    gale_http_server *server = gale_http_server_new(&delegate->base, options);
    if (server)
        server->free_delegate = free_delegate;
    else
        gale__free(delegate);
    return server;
}
