/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an event stream: sending what is queued, heartbeats, the end. */
#include "web/event_stream.h"

#include <gale/log.h>

#include "http/http_server.h"
#include "platform/clock.h"

static const int64_t LINGER = 5000000000; /* ns, for the client's leaving */
enum { FLUSH_FROM = 64 };                 /* streams with something to send: queues take memory */

static void settle(gale_event_stream *self);

/* ---- Timeouts -------------------------------------------------------------------------- */

/* How long things may stay as they are, in ns; 0: for ever. */
static int64_t patience(const gale_event_stream *self)
{
    enum { MILLISECOND = 1000000 };
    if (self->shut)
        return LINGER;
    if (gale__stream_queued(&self->stream) > 0)
        return (int64_t)self->write_timeout * MILLISECOND;
    return self->state == GALE__EVENT_STREAM_OPEN ? (int64_t)self->heartbeat * MILLISECOND : 0;
}

/* A timer that is due earlier finds the time that counts when it fires. */
static void set_timer(gale_event_stream *self)
{
    int64_t duration = patience(self);
    if (duration == 0)
        return;
    int64_t deadline = self->active + duration;
    if (!gale__timer_pending(&self->timer) || self->timer.deadline > deadline)
        gale__wheel_add(&self->stream.loop->wheel, &self->timer, deadline);
}

static int queue_heartbeat(gale_event_stream *self)
{
    static const char comment[] = ":\n\n";
    gale__segments *output = gale__stream_output(&self->stream);
    return output ? gale__segments_append(output, gale__net_of(self->stream.loop), comment,
                                          sizeof comment - 1)
                  : GALE_ECLOSED;
}

static void on_timer(gale__timer *timer)
{
    gale_event_stream *self = GALE__CONTAINER_OF(timer, gale_event_stream, timer);
    int64_t duration = patience(self), now = self->stream.loop->now;
    if (duration == 0 || now < self->active + duration) {
        set_timer(self);
    } else if (self->shut || gale__stream_queued(&self->stream) > 0) {
        gale__event_stream_lost(self);
    } else {
        queue_heartbeat(self); /* without memory there is another time */
        settle(self);
    }
}

/* ---- Freeing --------------------------------------------------------------------------- */

static void take_from_flushing(gale_event_stream *self)
{
    if (!gale__list_linked(&self->flushing))
        return;
    gale__list_remove(&self->flushing);
    self->application->flushing_event_streams--;
}

static void stream_free(gale_event_stream *self)
{
    gale_application *application = self->application;
    gale__list_remove(&self->link);
    take_from_flushing(self);
    gale__loop_remove_timer(application->loop, &self->timer);
    gale__free(self->log);
    gale__free(self);
    gale__application_release(application);
}

void gale__event_stream_release(gale_event_stream *self)
{
    if (self->state == GALE__EVENT_STREAM_DEAD && self->closed && !self->handler && !self->waiting)
        stream_free(self);
}

void gale__event_stream_discard(gale_event_stream *self)
{
    stream_free(self);
}

static int run_on_close(void *arg)
{
    gale_event_stream *self = arg;
    self->on_close(self);
    self->closed = true;
    gale__event_stream_release(self);
    return 0;
}

static bool start_on_close(gale_event_stream *self)
{
    gale_scope *scope = gale__scope_new(self->stream.loop, NULL);
    if (!scope)
        return false;
    scope->shielded = true;
    return gale__task_start(scope, NULL, "on_close", run_on_close, self, false) >= 0;
}

static void on_finish(gale__timer *timer)
{
    gale_event_stream *self = GALE__CONTAINER_OF(timer, gale_event_stream, timer);
    self->closed = true;
    gale__event_stream_release(self);
}

/* Freed from the loop, since whoever is below on the stack may still look at it. Without memory for
 * a task on_close is called all the same, so that nobody keeps what is freed. */
static void finish_later(gale_event_stream *self)
{
    if (self->on_close && start_on_close(self))
        return;
    if (self->on_close)
        self->on_close(self);
    self->on_close = NULL;
    self->timer.fire = on_finish;
    gale__wheel_add(&self->stream.loop->wheel, &self->timer, self->stream.loop->now);
}

/* ---- Ending ---------------------------------------------------------------------------- */

static void write_log(const gale_event_stream *self)
{
    if (self->log)
        gale_log(GALE_LOG_ACCESS, GALE_LOG_INFO, "%s %.2fms", self->log->text,
                 (double)(gale__clock_monotonic() - self->log->started) / 1e6);
}

/* Nothing can be sent from now on. */
static void begin_ending(gale_event_stream *self, gale__event_stream_state state)
{
    bool first = self->state == GALE__EVENT_STREAM_OPEN;
    self->state = (uint8_t)state;
    if (!first)
        return;
    gale__event_stream_leave_topics(self);
    if (self->handler && gale__task_current && gale__task_current->root == self->handler->scope)
        self->handler->disconnected = true; /* it knows, and may still have things to do */
    else if (self->handler)
        gale__handler_client_left(self->handler);
}

static void die(gale_event_stream *self, bool cut)
{
    begin_ending(self, GALE__EVENT_STREAM_DEAD);
    gale__loop_remove_timer(self->stream.loop, &self->timer);
    if (cut)
        gale__stream_cut(&self->stream);
    else
        gale__stream_close(&self->stream);
    gale__event_stream_drop_backlog(self);
    write_log(self);
    finish_later(self);
}

void gale__event_stream_lost(gale_event_stream *self)
{
    if (self->state != GALE__EVENT_STREAM_DEAD)
        die(self, true);
}

void gale_event_stream_close(gale_event_stream *self)
{
    if (self->state != GALE__EVENT_STREAM_OPEN)
        return;
    begin_ending(self, GALE__EVENT_STREAM_ENDING);
    gale__event_stream_flush_later(self);
}

void gale__event_stream_handler_ended(void *arg)
{
    gale_event_stream *self = arg;
    self->handler = NULL;
    if (self->state == GALE__EVENT_STREAM_DEAD)
        gale__event_stream_release(self);
    else if (!self->kept)
        gale_event_stream_close(self);
}

/* ---- Sending --------------------------------------------------------------------------- */

/* Everything was sent that will be: our side ends, so that the client gets it all, and is given
 * time to leave. */
static void shut(gale_event_stream *self)
{
    if (self->shut)
        return;
    self->shut = true;
    self->active = self->stream.loop->now;
    gale__stream_shut(&self->stream);
    if (self->peer_ended)
        die(self, false);
}

static void settle(gale_event_stream *self)
{
    if (self->state == GALE__EVENT_STREAM_DEAD)
        return;
    int result;
    do {
        result = gale__stream_flush(&self->stream);
        if (result < 0) {
            gale__event_stream_lost(self);
            return;
        }
    } while (gale__event_stream_move_backlog(self));
    if (result == 0 || !self->blocked)
        self->active = self->stream.loop->now;
    self->blocked = result > 0;
    if (gale__stream_queued(&self->stream) == 0 && self->state == GALE__EVENT_STREAM_ENDING)
        shut(self);
    if (self->state != GALE__EVENT_STREAM_DEAD)
        set_timer(self);
}

static void flush_first(gale_application *application)
{
    gale_event_stream *self =
        GALE__CONTAINER_OF(application->event_streams_to_flush.next, gale_event_stream, flushing);
    take_from_flushing(self);
    settle(self);
}

static void flush_all(gale__callback *callback)
{
    gale_application *application =
        GALE__CONTAINER_OF(callback, gale_application, flush_event_streams);
    while (application->flushing_event_streams > 0)
        flush_first(application);
}

void gale__event_stream_flush_later(gale_event_stream *self)
{
    gale_application *application = self->application;
    if (gale__list_linked(&self->flushing))
        return;
    if (application->flushing_event_streams >= FLUSH_FROM)
        flush_first(application);
    gale__list_append(&application->event_streams_to_flush, &self->flushing);
    application->flushing_event_streams++;
    application->flush_event_streams.run = flush_all;
    gale__loop_call(application->loop, &application->flush_event_streams);
}

/* ---- What the connection tells --------------------------------------------------------- */

/* A client that says anything more is not listened to. */
static void on_received(gale__stream *stream, const char *data, size_t size)
{
    (void)stream;
    (void)data;
    (void)size;
}

static void on_ended(gale__stream *stream, int error)
{
    gale_event_stream *self = GALE__CONTAINER_OF(stream, gale_event_stream, stream);
    self->peer_ended = true;
    if (error == 0 && self->shut)
        die(self, false);
    else if (error != 0 || !self->allow_half_close)
        gale__event_stream_lost(self);
}

static void on_progress(gale__stream *stream)
{
    gale_event_stream *self = GALE__CONTAINER_OF(stream, gale_event_stream, stream);
    self->active = stream->loop->now;
    settle(self);
}

static const gale__stream_handlers stream_handlers = {
    .received = on_received, .ended = on_ended, .drained = on_progress, .progressed = on_progress
};

/* ---- Making ---------------------------------------------------------------------------- */

/* More than seven weeks is for ever. */
static uint32_t milliseconds(int64_t nanoseconds)
{
    int64_t rounded = nanoseconds / 1000000 + (nanoseconds % 1000000 != 0);
    return rounded > UINT32_MAX ? 0 : (uint32_t)rounded;
}

static uint32_t heartbeat_of(const gale_event_stream_options *options)
{
    if (options->heartbeat < 0)
        return 0;
    return milliseconds(options->heartbeat > 0 ? gale__seconds(options->heartbeat) : 15000000000);
}

static uint64_t limit_of(const gale_event_stream_options *options)
{
    int64_t most = options->max_write_buffer;
    return most < 0 ? UINT64_MAX : most > 0 ? (uint64_t)most : 16777216;
}

gale_event_stream *gale__event_stream_new(gale_handler *handler,
                                          const gale_event_stream_options *options)
{
    gale_application *application = handler->application;
    gale_event_stream *self = options->state_size < SIZE_MAX / 2
                                  ? gale__calloc(1, sizeof *self + options->state_size)
                                  : NULL;
    if (!self)
        return NULL;
    gale__stream_init(&self->stream, application->loop, -1, &stream_handlers);
    self->timer.fire = on_timer;
    self->application = application;
    self->on_close = options->on_close;
    self->heartbeat = heartbeat_of(options);
    self->write_timeout = milliseconds(handler->connection->http1->server->write_timeout);
    self->max_write_buffer = limit_of(options);
    self->when_full = (uint8_t)options->when_full;
    self->allow_half_close = handler->connection->http1->server->options.allow_half_close;
    self->has_state = options->state_size > 0;
    application->handlers++;
    gale__list_append(&application->event_streams, &self->link);
    return self;
}

void gale__event_stream_start(gale_event_stream *self)
{
    gale__stream_receive(&self->stream, GALE__RECEIVE_ON);
    gale__event_stream_flush_later(self);
}

/* ---- All streams of an application ------------------------------------------------------ */

static void for_all(gale_application *application, void (*function)(gale_event_stream *self))
{
    for (gale__list *link = application->event_streams.next, *next;
         link != &application->event_streams; link = next) {
        next = link->next;
        function(GALE__CONTAINER_OF(link, gale_event_stream, link));
    }
}

void gale__event_streams_drain(gale_application *application)
{
    for_all(application, gale_event_stream_close);
}

void gale__event_streams_cut(gale_application *application)
{
    for_all(application, gale__event_stream_lost);
}

/* What has no on_close to wait for is freed at once. */
static void finish(gale_event_stream *self)
{
    self->closed = self->closed || !self->on_close;
    gale__event_stream_release(self);
}

void gale__event_streams_free(gale_application *application)
{
    gale__event_streams_cut(application);
    for_all(application, finish);
}

/* ---- The public getters ----------------------------------------------------------------- */

bool gale_event_stream_is_closing(const gale_event_stream *self)
{
    return self->state != GALE__EVENT_STREAM_OPEN;
}

void *gale_event_stream_state(gale_event_stream *self)
{
    return self->has_state ? self->user_state : NULL;
}
