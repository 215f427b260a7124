/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the connection and the handler: the application as a delegate. The handler is made
 * when the head is there, so that its route is known before any body is accepted; its task starts
 * when the body is complete, or at once when the handler streams it.
 */
#include <errno.h>
#include <string.h>

#include <gale/log.h>
#include <gale/middleware.h>

#include "web/application.h"

static gale_handler *handler_of(gale_http_message_delegate *delegate)
{
    return GALE__CONTAINER_OF(delegate, gale_handler, delegate);
}

static int start_task(gale_handler *self)
{
    gale_application *application = self->application;
    self->started = true;
    application->handlers++;
    int result = gale__http_exchange_start_task(self->connection, self->type->slots.name,
                                                gale__handler_run, self);
    if (GALE__UNLIKELY(result < 0))
        gale__application_release(application);
    return result;
}

static int headers_received(gale_http_message_delegate *delegate, gale_http_connection *connection)
{
    gale_handler *self = handler_of(delegate);
    (void)connection;
    if (GALE__LIKELY(!self->type->slots.stream_request_body))
        return 0;
    GALE_TRY(gale__body_stream_init(self));
    int result = start_task(self);
    return result < 0 ? result : GALE_HTTP_PAUSE;
}

static ssize_t data_received(gale_http_message_delegate *delegate, const char *data, size_t size)
{
    gale_handler *self = handler_of(delegate);
    if (self->stream)
        return gale__body_stream_data(self, data, size);
    int result = gale__buffer_append(&self->request->body, data, size);
    return result < 0 ? result : (ssize_t)size;
}

static void finish(gale_http_message_delegate *delegate)
{
    gale_handler *self = handler_of(delegate);
    if (self->stream) {
        gale__body_stream_end(self, 0);
        return;
    }
    start_task(self);
}

static int run_connection_close(void *arg)
{
    gale_handler *self = arg;
    if (self->filters && gale_request_id(self))
        gale_task_set_log_context(gale_request_id(self)); /* a task that inherits nothing */
    self->type->slots.on_connection_close(self);
    return 0;
}

/* The callback runs beside the handler, and is not cancelled with it. */
static void start_connection_close(gale_handler *self)
{
    gale_scope *root = gale__scope_new(self->scope->loop, self->scope);
    if (!root)
        return;
    root->canceled = false;
    root->shielded = true;
    gale__task_start(root, self->scope, self->type->slots.name, run_connection_close, self, false);
}

void gale__handler_client_left(gale_handler *self)
{
    self->disconnected = true;
    if (self->type->slots.on_connection_close)
        start_connection_close(self); /* so that it runs before the handler goes on */
    if (self->stream)
        gale__body_stream_end(self, GALE_ECLOSED);
    if (!self->type->slots.ignore_disconnect)
        gale_scope_cancel(self->scope);
}

static void on_connection_close(gale_http_message_delegate *delegate)
{
    gale_handler *self = handler_of(delegate);
    self->connection = NULL;
    if (self->finished)
        return;
    if (self->started)
        gale__handler_client_left(self);
    else
        self->disconnected = true; /* the connection takes care of the scope */
}

static const gale_http_message_delegate_operations handler_operations = {
    .headers_received = headers_received,
    .data_received = data_received,
    .finish = finish,
    .on_connection_close = on_connection_close,
};

/* Answers requests that no route matches. */
static int not_found(gale_handler *self)
{
    return gale_http_error(self, 404, NULL);
}

/* Nothing can be done here that another site could abuse. */
static int no_check(gale_handler *self)
{
    (void)self;
    return 0;
}

static const gale_handler_class not_found_class = { .name = "not found",
                                                    .prepare = not_found,
                                                    .check_xsrf_cookie = no_check };

gale_handler *gale__handler_new(gale_application *application, const gale__handler_type *type,
                                const gale__filters *filters, gale_http_connection *connection)
{
    gale__arena *arena = &connection->scope->arena;
    size_t state_size = type->state_size + (filters ? filters->state_size : 0);
    gale_handler *self = gale__arena_alloc(arena, sizeof *self + state_size);
    if (!self)
        return NULL;
    self->delegate.operations = &handler_operations;
    self->application = application;
    self->type = type;
    self->connection = connection;
    self->request = &connection->request;
    self->scope = connection->scope;
    self->net = gale__net_of(application->loop);
    gale__segments_embed(&self->body, &self->first, self->room, sizeof self->room);
    self->filters = filters;
    self->started = false;
    memset(&self->error_reason, 0,
           offsetof(gale_handler, room) - offsetof(gale_handler, error_reason));
    if (state_size)
        memset(self->state, 0, state_size);
    gale__handler_reset(self);
    return self;
}

static gale_http_message_delegate *start_request(gale_http_server_connection_delegate *delegate,
                                                 gale_http_connection *connection)
{
    gale_application *application = GALE__CONTAINER_OF(delegate, gale_application, delegate);
    const gale_application_settings *settings = &application->settings;
    gale__found found = { .arguments = &gale__no_path_arguments };
    int result = gale__application_find(application, connection, &found);
    if (result < 0)
        return NULL;
    if (GALE__UNLIKELY(found.foreign != NULL))
        return found.foreign;
    const gale_handler_class *fallback =
        settings->default_handler_class ? settings->default_handler_class : &not_found_class;
    const gale__handler_type *type =
        result ? found.route->type : gale__application_type(application, fallback);
    const gale__filters *filters = result ? found.route->filters : application->filters;
    gale_handler *self = type ? gale__handler_new(application, type, filters, connection) : NULL;
    if (!self)
        return NULL;
    self->arg = result ? found.route->arg : (void *)(uintptr_t)settings->default_handler_arg;
    self->path_arguments = found.arguments;
    return &self->delegate;
}

const gale_http_server_connection_delegate_operations gale__application_operations = {
    .start_request = start_request,
};
