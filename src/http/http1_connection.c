/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a connection: opening, timeouts, sending, going idle, closing. */
#include "http/http1_connection.h"

#include <string.h>

#include <gale/log.h>

#include "http/http1_read.h"
#include "http/http_server.h"
#include "net/iostream_impl.h"

enum {
    INPUT_HIGH = 65536, /* bytes of pipelined input after which reading pauses */
    OUTPUT_HIGH = 65536 /* bytes of queued output after which requests are left waiting */
};

static const int64_t LINGER = 5000000000; /* ns */

static const int64_t NO_DEADLINE = INT64_MAX;

/* ---- Deadlines ------------------------------------------------------------------------- */

/* A later deadline costs one store: the timer fires at the earlier one and is then set again. */
static void set_deadline(gale__http1_server_connection *self, int64_t deadline)
{
    self->deadline = deadline;
    if (deadline == NO_DEADLINE)
        return;
    if (!gale__timer_pending(&self->timer) || self->timer.deadline > deadline)
        gale__wheel_add(&self->stream.loop->wheel, &self->timer, deadline);
}

/* `duration` is in ns; NO_DEADLINE stays what it is. */
static int64_t from_now(const gale__http1_server_connection *self, int64_t duration)
{
    return duration == NO_DEADLINE ? NO_DEADLINE : self->stream.loop->now + duration;
}

void gale__http1_await_body(gale__http1_server_connection *self)
{
    int64_t deadline = from_now(self, self->server->body_idle_timeout);
    if (self->active->body_deadline < deadline)
        deadline = self->active->body_deadline;
    set_deadline(self, self->active->exchange->paused ? NO_DEADLINE : deadline);
}

void gale__http1_await_output(gale__http1_server_connection *self)
{
    self->active->queued_before = gale__stream_queued(&self->stream);
    set_deadline(self, from_now(self, self->server->write_timeout));
}

static bool idle(const gale__http1_server_connection *self)
{
    return self->state == GALE__HTTP1_HEAD && (!self->active || self->active->input.size == 0);
}

static void await_next(gale__http1_server_connection *self)
{
    if (gale__stream_queued(&self->stream) > 0) {
        gale__http1_await_output(self);
    } else if (self->state == GALE__HTTP1_BODY) {
        gale__http1_await_body(self);
    } else if (self->state == GALE__HTTP1_LINGER) {
        set_deadline(self, from_now(self, LINGER));
    } else if (self->state != GALE__HTTP1_HEAD) {
        self->deadline = NO_DEADLINE;
    } else if (idle(self)) {
        set_deadline(self, from_now(self, self->server->idle_timeout));
    }
}

static void time_out(gale__http1_server_connection *self)
{
    size_t queued = gale__stream_queued(&self->stream);
    if (queued > 0 && queued < self->active->queued_before)
        await_next(self); /* slow, but it takes something */
    else if (queued > 0 || self->state == GALE__HTTP1_LINGER || idle(self) ||
             gale__http1_connection_awaits_proxy(self))
        gale__http1_connection_lost(self);
    else if (self->state == GALE__HTTP1_BODY)
        gale__http1_reject(self, 408, "Timeout reading body");
    else
        gale__http1_reject(self, 408, "Timeout reading headers");
}

static void on_timer(gale__timer *timer)
{
    gale__http1_server_connection *self =
        GALE__CONTAINER_OF(timer, gale__http1_server_connection, timer);
    if (self->deadline == NO_DEADLINE)
        return;
    if (self->deadline > self->stream.loop->now)
        set_deadline(self, self->deadline);
    else
        time_out(self);
}

/* ---- Opening and closing --------------------------------------------------------------- */

static void on_received(gale__stream *stream, const char *data, size_t size);
static void on_ended(gale__stream *stream, int error);
static void on_drained(gale__stream *stream);

static const gale__stream_handlers stream_handlers = { .received = on_received,
                                                       .ended = on_ended,
                                                       .drained = on_drained };

static void receive(gale__http1_server_connection *self, gale__receive_mode mode)
{
    if (self->receiving == mode)
        return;
    self->receiving = (uint8_t)mode;
    gale__stream_receive(&self->stream, mode);
}

void gale__http1_connection_start(gale_http_server *server, int fd, const gale__address *peer)
{
    gale__http1_server_connection *self = gale__pool_get(&server->http->connections);
    if (!self) {
        gale__stream stream;
        gale__stream_init(&stream, server->loop, fd, NULL);
        gale__stream_close(&stream);
        return;
    }
    memset(self, 0, sizeof *self);
    gale__stream_init(&self->stream, server->loop, fd, &stream_handlers);
    self->stream.peer = *peer;
    self->server = server;
    self->timer.fire = on_timer;
    gale__list_append(&server->connections, &self->link);
    server->connection_count++;
    if (server->options.proxy_protocol) {
        if (!gale__http1_connection_await_proxy(self))
            return;
    } else if (server->options.ssl_context) {
        if (!gale__http1_connection_secure(self))
            return;
    } else {
        await_next(self);
    }
    receive(self, GALE__RECEIVE_ON);
}

void gale__http1_connection_serve(gale__http1_server_connection *self)
{
    self->stream.handlers = &stream_handlers;
    gale__http1_process_input(self);
}

static void on_resume(gale__callback *callback)
{
    gale__http1_active *active = GALE__CONTAINER_OF(callback, gale__http1_active, resume);
    if (active->connection->state == GALE__HTTP1_CUT)
        gale__http1_connection_lost(active->connection);
    else
        gale__http1_process_input(active->connection);
}

bool gale__http1_attach(gale__http1_server_connection *self)
{
    if (self->active)
        return true;
    gale__http1_active *active = gale__pool_get(&self->server->http->actives);
    if (!active)
        return false;
    active->connection = self;
    active->exchange = NULL;
    active->framing = (gale__http1_framing){ 0 };
    active->queued_before = 0;
    active->resume = (gale__callback){ .run = on_resume };
    gale__buffer_init(&active->input, SIZE_MAX);
    self->active = active;
    return true;
}

static void release_active(gale__http1_server_connection *self)
{
    gale__http1_active *active = self->active;
    if (!active)
        return;
    gale__loop_uncall(&active->resume);
    if (active->input.data)
        gale__buffer_clear(&active->input);
    self->active = NULL;
    gale__pool_put(&self->server->http->actives, active);
}

static void connection_free(gale__http1_server_connection *self)
{
    gale_http_server *server = self->server;
    release_active(self);
    gale__list_remove(&self->link);
    gale__pool_put(&server->http->connections, self);
    gale__http_server_connection_closed(server);
}

static void close_now(gale__http1_server_connection *self)
{
    gale__loop_remove_timer(self->stream.loop, &self->timer);
    gale__stream_close(&self->stream);
    self->state = GALE__HTTP1_DEAD;
    if (!self->processing)
        connection_free(self);
}

void gale__http1_connection_lost(gale__http1_server_connection *self)
{
    if (self->state == GALE__HTTP1_DEAD) {
        if (!self->processing)
            connection_free(self);
        return;
    }
    gale_http_connection *exchange = self->active ? self->active->exchange : NULL;
    bool processing = self->processing;
    self->processing = true; /* the delegate may want to close, too */
    if (exchange)
        gale__http1_exchange_abort(exchange);
    self->processing = processing;
    if (exchange || self->state == GALE__HTTP1_CUT)
        gale__stream_cut(&self->stream);
    close_now(self);
}

void gale__http1_connection_move(gale__http1_server_connection *self, gale__stream *to)
{
    gale__http1_exchange_detach(self->active->exchange);
    gale__stream_move(to, &self->stream);
    close_now(self);
}

int gale__http1_connection_detach(gale__http1_server_connection *self, gale_iostream **ret_stream)
{
    gale_iostream *stream = gale__iostream_from(self->stream.loop, -1, &self->stream.peer,
                                                gale__buffer_str(&self->active->input), NULL);
    if (!stream)
        return -ENOMEM;
    gale__http1_connection_move(self, &stream->stream);
    *ret_stream = stream;
    return 0;
}

void gale__http1_connection_retire(gale__http1_server_connection *self)
{
    self->close_after = true;
}

void gale__http1_connection_drain(gale__http1_server_connection *self)
{
    self->close_after = true;
    if (idle(self) && gale__stream_queued(&self->stream) == 0)
        gale__http1_connection_lost(self);
}

/* ---- Sending --------------------------------------------------------------------------- */

static void wake_flusher(gale__http1_server_connection *self, int result)
{
    gale_http_connection *exchange = self->active ? self->active->exchange : NULL;
    if (!exchange || !exchange->flusher)
        return;
    gale__waiter *flusher = exchange->flusher;
    exchange->flusher = NULL;
    gale__wake(flusher, result);
}

/* Everything is sent that will be: shut our side, and wait for the peer's when it may still be
 * sending, since closing then would reset the connection under the answer. With TLS it always may.
 */
static void finish_closing(gale__http1_server_connection *self)
{
    if ((!self->linger && !self->stream.tls) || self->peer_ended) {
        close_now(self);
        return;
    }
    gale__stream_shut(&self->stream);
    self->state = GALE__HTTP1_LINGER;
    gale__buffer_clear(&self->active->input);
    receive(self, GALE__RECEIVE_ON);
    await_next(self);
}

static gale__receive_mode wanted_mode(const gale__http1_server_connection *self)
{
    if (self->peer_ended)
        return GALE__RECEIVE_OFF;
    const gale__http1_active *active = self->active;
    if (!active)
        return GALE__RECEIVE_ON;
    if (self->state == GALE__HTTP1_BODY && active->exchange->paused)
        return GALE__RECEIVE_HANG_UP;
    bool full = active->input.size >= INPUT_HIGH;
    if (self->state == GALE__HTTP1_CLOSING ||
        (full && (self->state != GALE__HTTP1_HEAD || gale__stream_queued(&self->stream) > 0)))
        return GALE__RECEIVE_HANG_UP;
    return GALE__RECEIVE_ON;
}

void gale__http1_settle(gale__http1_server_connection *self)
{
    if (self->state == GALE__HTTP1_CUT)
        return;
    int result = gale__stream_flush(&self->stream);
    if (result < 0) {
        gale__http1_connection_lost(self);
        return;
    }
    if (result == 0 && self->state == GALE__HTTP1_CLOSING) {
        finish_closing(self);
        return;
    }
    if (result == 0)
        wake_flusher(self, 0);
    if (result == 0 && idle(self)) {
        if (self->peer_ended || gale__http1_is_last(self)) {
            close_now(self);
            return;
        }
        release_active(self);
    }
    receive(self, wanted_mode(self));
    await_next(self);
}

static void on_drained(gale__stream *stream)
{
    gale__http1_server_connection *self =
        GALE__CONTAINER_OF(stream, gale__http1_server_connection, stream);
    if (self->state == GALE__HTTP1_CLOSING) {
        finish_closing(self);
        return;
    }
    wake_flusher(self, 0);
    if (self->state == GALE__HTTP1_HEAD && !idle(self))
        gale__http1_await_head(self); /* while output waited, input may have */
    gale__http1_process_input(self);
}

bool gale__http1_output_blocked(gale__http1_server_connection *self)
{
    return gale__stream_queued(&self->stream) > OUTPUT_HIGH &&
           gale__stream_flush(&self->stream) != 0;
}

void gale__http1_continue_later(gale__http1_server_connection *self)
{
    gale__loop_call(self->stream.loop, &self->active->resume);
}

/* ---- Receiving ------------------------------------------------------------------------- */

static void on_received(gale__stream *stream, const char *data, size_t size)
{
    gale__http1_server_connection *self =
        GALE__CONTAINER_OF(stream, gale__http1_server_connection, stream);
    if (self->state == GALE__HTTP1_LINGER)
        return;
    if (!gale__http1_attach(self)) {
        gale__http1_connection_lost(self);
        return;
    }
    gale__http1_process(self, data, size);
}

static void on_ended(gale__stream *stream, int error)
{
    gale__http1_server_connection *self =
        GALE__CONTAINER_OF(stream, gale__http1_server_connection, stream);
    bool unread = self->receiving == GALE__RECEIVE_HANG_UP && self->state != GALE__HTTP1_CLOSING;
    bool body = self->state == GALE__HTTP1_BODY && unread; /* it may be complete */
    bool answering =
        self->state == GALE__HTTP1_CLOSING ||
        ((self->state == GALE__HTTP1_BUSY || body) && self->server->options.allow_half_close) ||
        (self->state == GALE__HTTP1_HEAD && gale__stream_queued(stream) > 0);
    self->receiving = GALE__RECEIVE_OFF;
    self->peer_ended = !unread; /* else what came before the end is still to be read */
    if (error || !answering)
        gale__http1_connection_lost(self);
}

void gale__http1_reject_in_the_open(gale__http1_server_connection *self)
{
    self->stream.handlers = &stream_handlers;
    self->receiving = GALE__RECEIVE_OFF;
    gale__http1_reject(self, 400, "a plain HTTP request on a TLS port");
}

void gale__http1_await_handshake(gale__http1_server_connection *self)
{
    set_deadline(self, from_now(self, self->server->handshake_timeout));
}

void gale__http1_await_head(gale__http1_server_connection *self)
{
    set_deadline(self, from_now(self, self->server->header_timeout));
}
