/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From received bytes to the functions of the class, one at a time. Events are read either from the
 * loop or, after a message whose function has not waited, within its task: that then takes the next
 * one, without another task and scope.
 */
#include <errno.h>
#include <string.h>

#include "web/websocket.h"

/* ---- Events ----------------------------------------------------------------------------- */

/* True when there is one; what RFC 6455 does not allow ends the connection. */
static bool next_event(gale_websocket *self)
{
    gale__websocket_active *active = self->active;
    gale__websocket_reader *reader = &active->reader;
    if (active->has_event)
        return true;
    if (self->state >= GALE__WEBSOCKET_ENDING)
        return false;
    size_t used;
    int result =
        gale__websocket_next(reader, active->data.data, active->data.len, &used, &active->event);
    active->data.data += used;
    active->data.len -= used;
    if (result < 0)
        gale__websocket_fail(self, reader->code, reader->reason);
    active->has_event = result > GALE__WEBSOCKET_MORE;
    return active->has_event;
}

static bool is_data(const gale__websocket_event *event)
{
    return event->opcode <= GALE__WEBSOCKET_BINARY;
}

/* A message that is there as a whole, as most are. */
static bool is_whole(const gale__websocket_event *event)
{
    return is_data(event) && event->begins && event->ends && !event->compressed;
}

/* Of a client that reads in a straight line. */
static bool is_read(const gale_websocket *self)
{
    return self->type->client && !self->type->slots->on_message;
}

static void refuse_text(gale_websocket *self)
{
    gale__websocket_fail(self, GALE__WEBSOCKET_INVALID_DATA, "text that is not UTF-8");
}

/* ---- Calling the class ------------------------------------------------------------------ */

typedef struct call {
    gale_websocket *self;
    gale_scope *scope;
    uint8_t opcode;
    gale_str data;
    gale__buffer owned; /* where the data is, unless it is in the scope */
    char *rest;         /* the free part of the scope's memory before the data was there */
} call;

/* NULL when out of memory: then the connection is lost. */
static call *call_new(gale_websocket *self, uint8_t opcode)
{
    gale_scope *scope = gale__scope_new(self->stream.loop, NULL);
    call *what = scope ? gale__arena_alloc(&scope->arena, sizeof *what) : NULL;
    if (!what) {
        if (scope)
            gale__scope_destroy(scope);
        gale__websocket_lost(self);
        return NULL;
    }
    *what = (call){ .self = self, .scope = scope, .opcode = opcode, .rest = scope->arena.at };
    return what;
}

static void call_drop(call *what)
{
    gale__buffer_clear(&what->owned);
    gale__scope_destroy(what->scope);
}

/* Copies the bytes, unmasked, into the memory of the call. False when out of memory: then the
 * connection is lost. */
static bool copy_payload(call *what, const gale__websocket_event *event)
{
    size_t size = event->payload.len;
    char *copy = gale__arena_alloc(&what->scope->arena, size + 1);
    if (!copy) {
        gale__websocket_lost(what->self);
        return false;
    }
    gale__websocket_unmask(copy, event->payload.data, size, event->mask);
    copy[size] = '\0';
    what->data = (gale_str){ copy, size };
    return true;
}

/* Whether the class gets it. */
static bool wanted(const call *what)
{
    gale_websocket *self = what->self;
    if (what->opcode == GALE__WEBSOCKET_TEXT &&
        !gale__utf8_valid(what->data.data, what->data.len)) {
        refuse_text(self);
        return false;
    }
    return self->type->slots->on_message != NULL;
}

static int dispatch(const call *what)
{
    const gale_websocket_class *slots = what->self->type->slots;
    switch (what->opcode) {
    case GALE__WEBSOCKET_PING:
        return slots->on_ping(what->self, what->data);
    case GALE__WEBSOCKET_PONG:
        return slots->on_pong(what->self, what->data);
    default:
        return slots->on_message(what->self, what->data, what->opcode == GALE__WEBSOCKET_BINARY);
    }
}

/* The next message, in the same task. False leaves it to whoever processes the input. */
static bool take_next(call *what)
{
    gale_websocket *self = what->self;
    if (!self->processing || !gale__task_renew(what->rest) || !next_event(self))
        return false;
    gale__websocket_active *active = self->active;
    if (!is_whole(&active->event) || is_read(self))
        return false;
    active->has_event = false;
    what->opcode = active->event.opcode;
    return copy_payload(what, &active->event) && wanted(what);
}

static int run_call(void *arg)
{
    call *what = arg;
    int result;
    do {
        result = dispatch(what);
        if (what->owned.data)
            gale__buffer_clear(&what->owned);
    } while (result >= 0 && take_next(what));
    gale__websocket_function_ended(what->self, result);
    return 0;
}

static void call_start(call *what)
{
    gale_websocket *self = what->self;
    gale__buffer owned = what->owned;
    const char *name = self->type->slots->name;
    self->busy = true;
    self->active->running = what->scope;
    if (gale__task_start(what->scope, NULL, name ? name : "websocket", run_call, what,
                         !gale__task_current) >= 0)
        return;
    gale__buffer_clear(&owned);
    self->busy = false;
    gale__websocket_lost(self);
}

/* ---- Messages --------------------------------------------------------------------------- */

static void deliver(call *what)
{
    if (wanted(what))
        call_start(what);
    else
        call_drop(what);
}

static void take_whole(gale_websocket *self, const gale__websocket_event *event)
{
    call *what = call_new(self, event->opcode);
    if (what && copy_payload(what, event))
        deliver(what);
    else if (what)
        call_drop(what);
}

/* Appends a piece to the message at hand. */
static int gather(gale__websocket_active *active, const gale__websocket_event *event)
{
    gale__buffer *message = &active->message;
    size_t size = event->payload.len;
    if (size == 0)
        return 0;
    GALE_TRY(gale__buffer_reserve(message, size));
    char *end = gale__buffer_end(message);
    gale__websocket_unmask(end, event->payload.data, size, event->mask);
    gale__buffer_commit(message, size);
    bool checked = event->opcode == GALE__WEBSOCKET_TEXT && !event->compressed;
    return !checked || gale__utf8_go_on(&active->utf8, end, size) ? 0 : GALE_EENCODING;
}

/* Replaces the message by what it was before compression. */
static int inflate_message(gale_websocket *self)
{
    gale__buffer *message = &self->active->message, inflated;
    gale__buffer_init(&inflated, message->limit);
    int result = gale__websocket_inflate_message(self, gale__buffer_str(message), &inflated);
    gale__buffer_clear(message);
    *message = inflated;
    return result;
}

static void fail_message(gale_websocket *self, int error)
{
    if (error == GALE_ETOOBIG)
        gale__websocket_fail(self, GALE__WEBSOCKET_TOO_BIG, "message too big after decompression");
    else if (error == GALE_EINPUT)
        gale__websocket_fail(self, GALE__WEBSOCKET_INVALID_DATA, "corrupt compressed message");
    else if (error == GALE_EENCODING)
        refuse_text(self);
    else
        gale__websocket_lost(self);
}

static void take_for_reader(gale_websocket *self, const gale__websocket_event *event)
{
    gale_str message = gale__buffer_str(&self->active->message);
    bool text = event->opcode == GALE__WEBSOCKET_TEXT;
    if (text && event->compressed && !gale__utf8_valid(message.data, message.len))
        refuse_text(self);
    else
        gale__websocket_client_take(self, !text);
}

/* The message at hand is complete. */
static void take_gathered(gale_websocket *self, const gale__websocket_event *event)
{
    gale__websocket_active *active = self->active;
    int result = event->compressed ? inflate_message(self) : 0;
    if (result >= 0 && active->message.size == 0)
        result = gale__buffer_append(&active->message, "", 0); /* so that there is a NUL */
    if (result < 0) {
        fail_message(self, result);
        return;
    }
    if (is_read(self)) {
        take_for_reader(self, event);
        return;
    }
    call *what = call_new(self, event->opcode);
    if (!what)
        return;
    what->owned = active->message;
    what->data = gale__buffer_str(&what->owned);
    gale__buffer_init(&active->message, what->owned.limit);
    deliver(what);
}

static void on_data(gale_websocket *self, const gale__websocket_event *event)
{
    gale__websocket_active *active = self->active;
    if (is_whole(event) && !is_read(self)) {
        take_whole(self, event);
        return;
    }
    if (event->begins)
        active->utf8.size = 0;
    int result = gather(active, event);
    if (result >= 0 && event->ends && active->utf8.size > 0)
        result = GALE_EENCODING;
    if (result < 0)
        fail_message(self, result);
    else if (event->ends)
        take_gathered(self, event);
}

/* ---- Control frames --------------------------------------------------------------------- */

static void call_with_payload(gale_websocket *self, const gale__websocket_event *event)
{
    call *what = call_new(self, event->opcode);
    if (what && copy_payload(what, event))
        call_start(what);
    else if (what)
        call_drop(what);
}

static void on_ping(gale_websocket *self, gale__websocket_event *event)
{
    if (gale__websocket_answer_ping(self, event->payload) < 0)
        gale__websocket_lost(self);
    else if (self->type->slots->on_ping)
        call_with_payload(self, event);
}

static void on_control(gale_websocket *self, gale__websocket_event *event)
{
    event->mask = 0; /* it was undone */
    if (event->opcode == GALE__WEBSOCKET_CLOSE) {
        gale__websocket_close_received(self, event->payload);
    } else if (event->opcode == GALE__WEBSOCKET_PING) {
        on_ping(self, event);
    } else {
        self->awaits_pong = false;
        if (self->type->slots->on_pong)
            call_with_payload(self, event);
    }
}

/* ---- All of it -------------------------------------------------------------------------- */

/* Returns how many bytes are left: those behind the first message whose function waits. */
static size_t use(gale_websocket *self, gale_str data)
{
    gale__websocket_active *active = self->active;
    active->data = data;
    self->processing = true;
    while (!self->busy && next_event(self)) {
        active->has_event = false;
        if (is_data(&active->event))
            on_data(self, &active->event);
        else
            on_control(self, &active->event);
    }
    return self->state < GALE__WEBSOCKET_ENDING ? active->data.len : 0;
}

void gale__websocket_process_input(gale_websocket *self)
{
    gale__buffer *input = &self->active->input;
    if (self->busy || self->state == GALE__WEBSOCKET_DEAD)
        return;
    size_t size = input->size;
    gale__buffer_consume(input, size - use(self, gale__buffer_str(input)));
    if (input->size == 0)
        gale__buffer_clear(input);
    gale__websocket_processed(self);
    gale__websocket_settle(self);
}

void gale__websocket_received(gale__stream *stream, const char *data, size_t size)
{
    gale_websocket *self = GALE__CONTAINER_OF(stream, gale_websocket, stream);
    if (self->state >= GALE__WEBSOCKET_ENDING)
        return;
    gale__websocket_active *active = gale__websocket_attach(self);
    size_t left = size;
    if (!active) {
        gale__websocket_lost(self);
        return;
    }
    if (!self->busy && active->input.size == 0) {
        left = use(self, (gale_str){ data, size });
        gale__websocket_processed(self);
    }
    if (self->state != GALE__WEBSOCKET_DEAD && left > 0 &&
        gale__buffer_append(&active->input, data + size - left, left) < 0)
        gale__websocket_lost(self);
    gale__websocket_settle(self);
}
