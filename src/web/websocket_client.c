/* SPDX-License-Identifier: Apache-2.0 */
/* A client's connection: whose it is, and reading in a straight line. */
#include "web/websocket_client.h"

#include <errno.h>
#include <string.h>

#include "core/digest.h"
#include "core/error.h"

/* ---- Making and freeing ----------------------------------------------------------------- */

/* The loop ends. Who has it may look at it once more, and then releases it. */
static void let_go(gale__dependent *dependent)
{
    gale__websocket_client *client =
        GALE__CONTAINER_OF(dependent, gale__websocket_client, dependent);
    gale_websocket *self = client->websocket;
    client->loop_ends = true;
    gale__list_init(&dependent->link);
    if (self->state != GALE__WEBSOCKET_DEAD)
        gale__websocket_lost(self);
    else if (!self->busy && client->released && !client->joiner)
        gale__websocket_discard(self);
}

static void set_limits(gale__websocket_client *client,
                       const gale_websocket_connect_options *options)
{
    const gale__websocket_limits none = { 0 },
                                 first = { options->ping_interval, options->ping_timeout,
                                           options->max_message_size };
    if (options->websocket_class)
        client->slots = *options->websocket_class;
    gale__websocket_type_set(&client->type, &client->slots, &first, &none);
    if (options->compression)
        client->type.compression = options->compression;
    if (!client->type.compression)
        return;
    client->compression = *client->type.compression;
    client->type.compression = &client->compression;
}

gale__websocket_client *gale__websocket_client_new(gale_ioloop *loop,
                                                   const gale_websocket_connect_options *options)
{
    gale__scheduler *scheduler = gale__scheduler_of(loop);
    gale__websocket_client *client = scheduler ? GALE__NEW(gale__websocket_client) : NULL;
    if (!client)
        return NULL;
    client->type.client = client;
    set_limits(client, options);
    client->websocket = gale__websocket_new(loop, NULL, &client->type, NULL);
    if (!client->websocket) {
        gale__free(client);
        return NULL;
    }
    client->websocket->arg = options->arg;
    client->dependent.release = let_go;
    gale__list_append(&scheduler->dependents, &client->dependent.link);
    return client;
}

void gale__websocket_client_free(gale__websocket_client *client)
{
    gale__list_remove(&client->dependent.link);
    gale__websocket_type_clear(&client->type);
    gale__buffer_clear(&client->message);
    gale__free(client);
}

static void wake_reader(gale__websocket_client *client, int result)
{
    gale__waiter *reader = client->reader;
    client->reader = NULL;
    if (reader)
        gale__wake(reader, result);
}

int gale__websocket_next_mask(gale__websocket_client *client, uint32_t *ret_mask)
{
    if (client->masks_left == 0) {
        GALE_TRY(gale__random(client->masks, sizeof client->masks));
        client->masks_left = GALE__WEBSOCKET_MASKS;
    }
    *ret_mask = client->masks[--client->masks_left];
    return 0;
}

/* ---- Releasing -------------------------------------------------------------------------- */

bool gale__websocket_client_may_go(gale__websocket_client *client)
{
    if (!client->released || client->joiner)
        return false;
    if (!client->loop_ends)
        return true;
    gale__list_remove(&client->dependent.link);
    gale__list_append(&gale__scheduler_of(client->websocket->stream.loop)->dependents,
                      &client->dependent.link);
    return false;
}

void gale__websocket_client_closes(gale__websocket_client *client, gale_scope *scope)
{
    client->closing = scope;
}

/* Nothing of its class runs: on_close, then its end. True when on_close has been started. */
static bool go_on(gale__websocket_client *client)
{
    gale_websocket *self = client->websocket;
    bool dead = self->state == GALE__WEBSOCKET_DEAD;
    if (self->processing)
        return false;
    if ((dead || client->released) && gale__websocket_start_on_close(self))
        return true;
    if (dead)
        gale__websocket_finish(self);
    return false;
}

void gale__websocket_client_rests(gale__websocket_client *client)
{
    if (client->joiner)
        gale__wake(client->joiner, 0);
    else
        go_on(client);
}

/* True when the calling task is part of what runs of the class. */
static bool is_inside(const gale__websocket_client *client)
{
    const gale_scope *running =
        client->closing ? client->closing : client->websocket->active->running;
    const gale_scope *scope = gale__task_current ? gale__task_current->scope : NULL;
    while (scope && scope != running)
        scope = scope->parent;
    return scope != NULL;
}

/* Waits until nothing of its class runs; not in what would wait for itself. */
static void join(gale__websocket_client *client)
{
    while (client->websocket->busy && gale__task_current && !is_inside(client)) {
        gale__waiter waiter;
        gale__wait_begin(&waiter, NULL);
        client->joiner = &waiter;
        gale__wait_end(&waiter);
        client->joiner = NULL;
    }
}

/* From now on its class gets nothing but on_close, and what comes is thrown away. */
static void turn_away(gale__websocket_client *client)
{
    gale_websocket *self = client->websocket;
    client->slots.on_message = NULL;
    client->slots.on_ping = client->slots.on_pong = NULL;
    wake_reader(client, GALE_ECLOSED);
    if (self->active)
        gale__backlog_turn_away(&self->active->backlog);
    if (client->holds) {
        client->holds = self->busy = false;
        gale__loop_call(self->stream.loop, &self->active->resume);
    } else if (self->busy && !client->closing && !is_inside(client)) {
        gale_scope_cancel(self->active->running);
    }
}

static void release(void *arg)
{
    gale__websocket_client *client = arg;
    gale_websocket *self = client->websocket;
    if (client->released)
        return;
    client->released = true;
    turn_away(client);
    if (gale__stream_closed(&self->stream))
        gale__websocket_lost(self);
    else
        gale_websocket_close(self, GALE__WEBSOCKET_GOING_AWAY, NULL);
    join(client);
    if (self->busy || !go_on(client))
        return;
    join(client);
    if (!self->busy)
        go_on(client);
}

void gale__websocket_client_adopt(gale__websocket_client *client, gale_scope *scope)
{
    client->scope = scope;
    client->defer = (gale__defer){ scope->defers, release, client };
    scope->defers = &client->defer;
}

void gale_websocket_free(gale_websocket *self)
{
    gale__websocket_client *client = self ? self->type->client : NULL;
    if (!client)
        return;
    if (client->scope && !client->released) {
        gale__defer **place = &client->scope->defers;
        while (*place != &client->defer)
            place = &(*place)->next;
        *place = client->defer.next;
    }
    release(client);
}

/* ---- Reading ---------------------------------------------------------------------------- */

void gale__websocket_client_take(gale_websocket *self, bool binary)
{
    gale__websocket_client *client = self->type->client;
    gale__buffer *message = &self->active->message;
    if (client->released) {
        gale__buffer_clear(message);
        return;
    }
    client->message = *message;
    gale__buffer_init(message, client->message.limit);
    client->binary = binary;
    client->unread = client->holds = self->busy = true;
    wake_reader(client, 0);
}

void gale__websocket_client_ends(gale__websocket_client *client)
{
    wake_reader(client, 0);
}

void gale__websocket_client_failed(gale__websocket_client *client, int code, const char *reason)
{
    if (code == GALE__WEBSOCKET_INTERNAL_ERROR)
        return;
    client->failure = code == GALE__WEBSOCKET_TOO_BIG ? GALE_ETOOBIG : GALE_EINPUT;
    client->reason = *reason ? reason : "malformed close frame";
}

bool gale__websocket_client_hears_on(gale__websocket_client *client)
{
    if (client->ended || client->released || client->loop_ends)
        return false;
    client->ended = true;
    return true;
}

/* The message that was given out is no longer needed. */
static void drop_message(gale__websocket_client *client)
{
    gale_websocket *self = client->websocket;
    gale__websocket_active *active = self->active;
    gale__buffer_clear(&client->message);
    client->holds = self->busy = false;
    if (self->state == GALE__WEBSOCKET_DEAD)
        gale__websocket_finish(self);
    else if (active->input.size > 0)
        gale__websocket_process_input(self);
    else
        gale__websocket_settle(self);
}

typedef struct reading {
    gale__waiter waiter;
    gale__websocket_client *client;
} reading;

static void leave(gale__waiter *waiter)
{
    GALE__CONTAINER_OF(waiter, reading, waiter)->client->reader = NULL;
}

static int wait_for_message(gale__websocket_client *client)
{
    reading self = { .client = client };
    GALE_TRY(gale__wait_begin(&self.waiter, leave));
    client->reader = &self.waiter;
    int result = gale__wait_end(&self.waiter);
    return result == GALE_ECLOSED ? gale__fail(result, "the WebSocket was freed") : result;
}

static int how_it_ended(const gale_websocket *self)
{
    const gale__websocket_client *client = self->type->client;
    if (client->failure)
        return gale__fail(client->failure, "%s", client->reason);
    if (self->close_code)
        return 0;
    return gale__fail(GALE_ECLOSED, "the connection ended without a close frame");
}

static int check_reader(const gale__websocket_client *client)
{
    if (!client)
        return gale__fail(GALE_ESTATE, "what comes to a server goes to on_message");
    if (client->slots.on_message)
        return gale__fail(GALE_ESTATE, "the messages go to on_message");
    if (client->reader)
        return gale__fail(GALE_ESTATE, "another read is pending");
    return gale__task_current ? 0 : gale__fail(GALE_ENOTASK, "a read is possible in a task only");
}

int gale_read_message(gale_websocket *self, gale_websocket_message *ret_message)
{
    gale__websocket_client *client = self->type->client;
    *ret_message = (gale_websocket_message){ .data = "" };
    GALE_TRY(check_reader(client));
    if (client->holds && !client->unread)
        drop_message(client);
    while (!client->unread) {
        if (self->state >= GALE__WEBSOCKET_ENDING)
            return how_it_ended(self);
        GALE_TRY(wait_for_message(client));
    }
    client->unread = false;
    gale_str text = gale__buffer_str(&client->message);
    *ret_message =
        (gale_websocket_message){ .data = text.data, .size = text.len, .binary = client->binary };
    return 1;
}
