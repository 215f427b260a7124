/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a WebSocket connection: opening, timeouts, closing. */
#include "web/websocket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include <gale/log.h>

#include "core/error.h"
#include "core/utf8.h"
#include "net/address.h"
#include "web/application.h"

static const int64_t CLOSE_TIMEOUT =
    5000000000; /* ns, for the peer's close frame, or its leaving */

/* ---- The active part ------------------------------------------------------------------- */

static void on_resume(gale__callback *callback)
{
    gale__websocket_process_input(
        GALE__CONTAINER_OF(callback, gale__websocket_active, resume)->websocket);
}

static void on_flush(gale__callback *callback)
{
    gale__websocket_settle(GALE__CONTAINER_OF(callback, gale__websocket_active, flush)->websocket);
}

static gale__websocket_active *active_new(const gale__websocket_type *type)
{
    gale__websocket_active *active = GALE__NEW(gale__websocket_active);
    if (!active)
        return NULL;
    int64_t most = type->max_message_size;
    active->resume.run = on_resume;
    active->flush.run = on_flush;
    active->reader =
        (gale__websocket_reader){ .max_message_size = most, .from_client = !type->client };
    gale__buffer_init(&active->input, SIZE_MAX);
    gale__buffer_init(&active->message, most < 0 ? SIZE_MAX : (size_t)most);
    gale__backlog_init(&active->backlog);
    return active;
}

gale__websocket_active *gale__websocket_attach(gale_websocket *self)
{
    if (self->active)
        return self->active;
    gale__websocket_type *type = self->type;
    gale__websocket_active *active = type->spare ? type->spare : active_new(type);
    if (!active)
        return NULL;
    type->spare = NULL;
    active->websocket = self;
    active->reader.deflate = self->compressed;
    self->active = active;
    return active;
}

static gale__websocket_active *take_active(gale_websocket *self)
{
    gale__websocket_active *active = self->active;
    gale__loop_uncall(&active->resume);
    gale__loop_uncall(&active->flush);
    gale__buffer_clear(&active->input);
    gale__buffer_clear(&active->message);
    gale_bytes_unref(active->pong);
    active->pong = NULL;
    self->active = NULL;
    return active;
}

static void free_active(gale_websocket *self)
{
    if (!self->active)
        return;
    gale__free(take_active(self));
    if (self->type->client)
        gale__websocket_type_clear(self->type);
}

/* Nothing is begun and nothing waits. */
static bool idle(const gale_websocket *self)
{
    const gale__websocket_active *active = self->active;
    return !self->busy && !self->processing && active->input.size == 0 &&
           !active->reader.in_message && !active->reader.in_payload &&
           active->reader.gathered == 0 && !active->pong && gale__backlog_is_idle(&active->backlog);
}

/* What an idle connection has is as new; the next one that becomes active takes it. */
static void rest(gale_websocket *self)
{
    gale__websocket_type *type = self->type;
    if (type->client || type->spare)
        free_active(self);
    else
        type->spare = take_active(self);
}

/* ---- Opening --------------------------------------------------------------------------- */

static void on_ended(gale__stream *stream, int error)
{
    (void)error;
    gale__websocket_lost(GALE__CONTAINER_OF(stream, gale_websocket, stream));
}

static void on_drained(gale__stream *stream)
{
    gale__websocket_settle(GALE__CONTAINER_OF(stream, gale_websocket, stream));
}

static const gale__stream_handlers stream_handlers = { .received = gale__websocket_received,
                                                       .ended = on_ended,
                                                       .drained = on_drained,
                                                       .progressed = on_drained };

static void on_timer(gale__timer *timer);

gale_websocket *gale__websocket_new(gale_ioloop *loop, gale_application *application,
                                    gale__websocket_type *type, gale_scope *running)
{
    gale_websocket *self = gale__calloc(1, sizeof *self + type->slots->state_size);
    if (!self)
        return NULL;
    gale__stream_init(&self->stream, loop, -1, &stream_handlers);
    self->timer.fire = on_timer;
    self->application = application;
    self->type = type;
    if (!gale__websocket_attach(self)) {
        gale__free(self);
        return NULL;
    }
    if (application) {
        application->handlers++;
        gale__list_append(&application->websockets, &self->link);
    }
    self->busy = true;
    self->active->running = running;
    return self;
}

static void set_timer(gale_websocket *self, int64_t duration)
{
    gale__wheel_add(&self->stream.loop->wheel, &self->timer, self->stream.loop->now + duration);
}

void gale__websocket_start(gale_websocket *self)
{
    if (self->type->ping_interval)
        set_timer(self, self->type->ping_interval);
    gale__websocket_settle(self);
}

/* ---- Freeing --------------------------------------------------------------------------- */

static void websocket_free(gale_websocket *self)
{
    gale_application *application = self->application;
    free_active(self);
    gale__websocket_windows_free(self->windows);
    gale__free(self->subprotocol);
    gale__free(self->close_reason);
    if (!application) {
        gale__websocket_client_free(self->type->client);
        gale__free(self);
        return;
    }
    gale__list_remove(&self->link);
    gale__free(self);
    gale__application_release(application);
}

void gale__websocket_discard(gale_websocket *self)
{
    self->busy = false;
    gale__loop_remove_timer(self->stream.loop, &self->timer);
    websocket_free(self);
}

static int run_on_close(void *arg)
{
    gale_websocket *self = arg;
    self->type->slots->on_close(self);
    self->busy = false;
    if (!self->type->client) {
        websocket_free(self);
        return 0;
    }
    if (self->state != GALE__WEBSOCKET_DEAD && self->active) /* it was released before */
        gale__loop_call(self->stream.loop, &self->active->resume);
    gale__websocket_client_rests(self->type->client);
    return 0;
}

/* Without memory for a task it is called all the same, so that nobody keeps what is freed. */
bool gale__websocket_start_on_close(gale_websocket *self)
{
    const gale_websocket_class *slots = self->type->slots;
    bool told = self->told_close || !slots->on_close;
    gale_scope *scope = told ? NULL : gale__scope_new(self->stream.loop, NULL);
    self->told_close = true;
    if (scope) {
        scope->shielded = true;
        if (self->type->client)
            gale__websocket_client_closes(self->type->client, scope);
        self->busy = gale__task_start(scope, NULL, slots->name ? slots->name : "on_close",
                                      run_on_close, self, false) >= 0;
    }
    if (!told && !self->busy)
        slots->on_close(self);
    return self->busy;
}

static void on_finish(gale__timer *timer)
{
    websocket_free(GALE__CONTAINER_OF(timer, gale_websocket, timer));
}

void gale__websocket_finish(gale_websocket *self)
{
    if (gale__websocket_start_on_close(self) ||
        (self->type->client && !gale__websocket_client_may_go(self->type->client)))
        return;
    self->timer.fire = on_finish;
    set_timer(self, 0);
}

/* ---- Closing --------------------------------------------------------------------------- */

static void die(gale_websocket *self, bool cut)
{
    self->state = GALE__WEBSOCKET_DEAD;
    gale__loop_remove_timer(self->stream.loop, &self->timer);
    if (cut)
        gale__stream_cut(&self->stream);
    else
        gale__stream_close(&self->stream);
    gale__websocket_leave_topics(self);
    gale__websocket_drop_waiting(self);
    if (self->type->client)
        gale__websocket_client_ends(self->type->client);
    if (self->busy)
        gale_scope_cancel(self->active ? self->active->running : NULL);
    else if (!self->processing)
        gale__websocket_finish(self);
}

void gale__websocket_processed(gale_websocket *self)
{
    self->processing = false;
    if (self->busy)
        return;
    if (self->type->client)
        gale__websocket_client_rests(self->type->client);
    else if (self->state == GALE__WEBSOCKET_DEAD)
        gale__websocket_finish(self);
}

/* What a server has said before it left is still read. */
static bool hears_on(gale_websocket *self)
{
    const gale__websocket_active *active = self->active;
    if (!self->type->client || self->state >= GALE__WEBSOCKET_ENDING || self->processing ||
        !active || (!self->busy && active->input.size == 0) ||
        !gale__websocket_client_hears_on(self->type->client))
        return false;
    self->state = GALE__WEBSOCKET_CLOSING;
    gale__websocket_leave_topics(self);
    gale__loop_remove_timer(self->stream.loop, &self->timer);
    gale__stream_cut(&self->stream);
    gale__websocket_drop_waiting(self);
    return true;
}

void gale__websocket_lost(gale_websocket *self)
{
    if (self->state != GALE__WEBSOCKET_DEAD && !hears_on(self))
        die(self, true);
}

/* Everything that will be sent is queued. */
static void begin_ending(gale_websocket *self)
{
    self->state = GALE__WEBSOCKET_ENDING;
    gale__websocket_leave_topics(self);
    if (self->type->client)
        gale__websocket_client_ends(self->type->client);
    set_timer(self, CLOSE_TIMEOUT);
    gale__websocket_settle_later(self);
}

void gale__websocket_fail(gale_websocket *self, int code, const char *reason)
{
    char payload[GALE__WEBSOCKET_CONTROL_MAX];
    if (self->state > GALE__WEBSOCKET_CLOSING)
        return;
    if (self->type->client)
        gale__websocket_client_failed(self->type->client, code, reason);
    size_t size = gale__websocket_write_close(payload, code, (gale_str){ reason, strlen(reason) });
    if (self->state == GALE__WEBSOCKET_OPEN)
        gale__websocket_send_control(self, GALE__WEBSOCKET_CLOSE, (gale_str){ payload, size });
    begin_ending(self);
}

void gale__websocket_close_received(gale_websocket *self, gale_str payload)
{
    int code;
    gale_str reason;
    if (!gale__websocket_parse_close(payload, &code, &reason)) {
        gale__websocket_fail(self, code, "");
        return;
    }
    self->close_code = (uint16_t)code;
    if (reason.len > 0 && (self->close_reason = gale__malloc(reason.len + 1))) {
        memcpy(self->close_reason, reason.data, reason.len);
        self->close_reason[reason.len] = '\0';
    }
    if (self->state == GALE__WEBSOCKET_OPEN) {
        payload.len = payload.len < 2 ? 0 : 2; /* the code alone */
        gale__websocket_send_control(self, GALE__WEBSOCKET_CLOSE, payload);
    }
    begin_ending(self);
}

int gale_websocket_close(gale_websocket *self, int code, const char *reason)
{
    char payload[GALE__WEBSOCKET_CONTROL_MAX];
    gale_str text = { reason ? reason : "", reason ? strlen(reason) : 0 };
    if (code == 0)
        code = text.len > 0 ? GALE__WEBSOCKET_NORMAL : GALE__WEBSOCKET_NO_STATUS;
    else if (!gale__websocket_code_valid(code))
        return gale__fail(GALE_EINVALID, "%d is no code of a close frame", code);
    if (text.len > sizeof payload - 2)
        return gale__fail(GALE_EINVALID, "the reason has %zu bytes; 123 is the most", text.len);
    if (!gale__utf8_valid(text.data, text.len))
        return gale__fail(GALE_EENCODING, "the reason is not UTF-8");
    if (self->state != GALE__WEBSOCKET_OPEN)
        return 0;
    size_t size = gale__websocket_write_close(payload, code, text);
    int result =
        gale__websocket_send_control(self, GALE__WEBSOCKET_CLOSE, (gale_str){ payload, size });
    if (result < 0) {
        gale__websocket_lost(self);
        return 0;
    }
    self->state = GALE__WEBSOCKET_CLOSING;
    gale__websocket_leave_topics(self);
    set_timer(self, CLOSE_TIMEOUT);
    return 0;
}

/* ---- Timeouts -------------------------------------------------------------------------- */

/* As Tornado: a ping, then a look whether it was answered, then the rest of the interval. */
static void keep_alive(gale_websocket *self)
{
    const gale__websocket_type *type = self->type;
    int64_t rest = type->ping_interval - type->ping_timeout;
    if (self->awaits_pong) {
        gale_websocket_close(self, GALE__WEBSOCKET_NORMAL, "ping timed out");
        return;
    }
    if (self->pinged && rest > 0) {
        self->pinged = false;
        set_timer(self, rest);
        return;
    }
    if (gale__websocket_send_control(self, GALE__WEBSOCKET_PING, GALE_STR("")) < 0) {
        gale__websocket_lost(self);
        return;
    }
    self->pinged = self->awaits_pong = type->ping_timeout != 0;
    set_timer(self, type->ping_timeout ? type->ping_timeout : type->ping_interval);
}

static void on_timer(gale__timer *timer)
{
    gale_websocket *self = GALE__CONTAINER_OF(timer, gale_websocket, timer);
    if (self->state == GALE__WEBSOCKET_OPEN)
        keep_alive(self);
    else
        gale__websocket_lost(self);
}

/* ---- After a function of the class ------------------------------------------------------ */

static void fail_loudly(gale_websocket *self, int error)
{
    const char *name = self->type->slots->name, *detail = gale_error_detail();
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_ERROR, "Uncaught error in %s: %s%s%s",
             name ? name : "a WebSocket", gale_strerror(error), *detail ? ": " : "", detail);
    gale__websocket_fail(self, GALE__WEBSOCKET_INTERNAL_ERROR, "");
}

void gale__websocket_function_ended(gale_websocket *self, int result)
{
    self->busy = false;
    self->active->running = NULL;
    bool too_late = result == GALE_ECLOSED && self->state != GALE__WEBSOCKET_OPEN; /* to write */
    if (result < 0 && !too_late && self->state != GALE__WEBSOCKET_DEAD)
        fail_loudly(self, result);
    if (self->processing)
        return;
    if (self->state != GALE__WEBSOCKET_DEAD)
        gale__loop_call(self->stream.loop, &self->active->resume);
    if (self->type->client)
        gale__websocket_client_rests(self->type->client);
    else if (self->state == GALE__WEBSOCKET_DEAD)
        gale__websocket_finish(self);
}

/* ---- What follows from sending ---------------------------------------------------------- */

static gale__receive_mode wanted_mode(const gale_websocket *self)
{
    bool full = self->active && self->active->input.size >= GALE__WEBSOCKET_INPUT_HIGH;
    if (!full)
        return GALE__RECEIVE_ON;
    /* What a server has said before it leaves is read. */
    return self->type->client ? GALE__RECEIVE_OFF : GALE__RECEIVE_HANG_UP;
}

/* Nothing more is sent: shuts our side, so that the peer gets it all, and waits for it to leave. */
static void shut(gale_websocket *self)
{
    if (self->close_code && (self->type->client || !self->busy)) {
        if (!self->type->client)
            die(self, false); /* both close frames were sent: the server ends it */
        return;
    }
    if (!self->shut)
        gale__stream_shut(&self->stream);
    self->shut = true;
}

void gale__websocket_settle_later(gale_websocket *self)
{
    gale__websocket_active *active = gale__websocket_attach(self);
    if (active)
        gale__loop_call(self->stream.loop, &active->flush);
    else
        gale__websocket_lost(self);
}

void gale__websocket_settle(gale_websocket *self)
{
    if (self->state == GALE__WEBSOCKET_DEAD)
        return;
    if (GALE__UNLIKELY(gale__stream_closed(&self->stream))) { /* what came before is read */
        if (!self->busy && self->active->input.size == 0)
            die(self, true);
        return;
    }
    do {
        if (gale__stream_flush(&self->stream) < 0) {
            gale__websocket_lost(self);
            return;
        }
    } while (self->active && gale__websocket_move_waiting(self));
    if (gale_websocket_buffered(self) == 0 && self->state == GALE__WEBSOCKET_ENDING) {
        shut(self);
        if (self->state == GALE__WEBSOCKET_DEAD)
            return;
    }
    if (self->active && idle(self))
        rest(self);
    gale__receive_mode mode = wanted_mode(self);
    if (self->receiving == mode)
        return;
    self->receiving = (uint8_t)mode;
    gale__stream_receive(&self->stream, mode);
}

/* ---- All connections of an application -------------------------------------------------- */

void gale__websockets_drain(gale_application *application)
{
    for (gale__list *link = application->websockets.next, *next; link != &application->websockets;
         link = next) {
        next = link->next;
        gale_websocket_close(GALE__CONTAINER_OF(link, gale_websocket, link),
                             GALE__WEBSOCKET_GOING_AWAY, "server shutdown");
    }
}

void gale__websockets_cut(gale_application *application)
{
    for (gale__list *link = application->websockets.next, *next; link != &application->websockets;
         link = next) {
        next = link->next;
        gale__websocket_lost(GALE__CONTAINER_OF(link, gale_websocket, link));
    }
}

void gale__websockets_free(gale_application *application)
{
    gale__websockets_cut(application);
    for (gale__list *link = application->websockets.next, *next; link != &application->websockets;
         link = next) {
        gale_websocket *self = GALE__CONTAINER_OF(link, gale_websocket, link);
        next = link->next;
        if (self->busy || self->processing)
            continue;
        gale__loop_remove_timer(application->loop, &self->timer);
        websocket_free(self);
    }
}

/* ---- The public getters ----------------------------------------------------------------- */

void *gale_websocket_state(gale_websocket *self)
{
    return self->type->slots->state_size > 0 ? self->user_state : NULL;
}

void *gale_websocket_arg(const gale_websocket *self)
{
    return self->arg;
}

const char *gale_websocket_selected_subprotocol(const gale_websocket *self)
{
    return self->subprotocol;
}

int gale_websocket_close_code(const gale_websocket *self)
{
    return self->close_code;
}

const char *gale_websocket_close_reason(const gale_websocket *self)
{
    return self->close_reason ? self->close_reason : "";
}

bool gale_websocket_is_closing(const gale_websocket *self)
{
    return self->state != GALE__WEBSOCKET_OPEN;
}

size_t gale_websocket_buffered(const gale_websocket *self)
{
    return gale__stream_queued(&self->stream) + (self->active ? self->active->backlog.size : 0);
}

gale_address gale_websocket_peer_address(const gale_websocket *self)
{
    return gale__address_public(&self->stream.peer);
}

int gale_websocket_set_nodelay(gale_websocket *self, bool on)
{
    int value = on;
    if (gale__stream_closed(&self->stream))
        return GALE_ECLOSED;
    return setsockopt(self->stream.io.fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value) == 0
               ? 0
               : -errno;
}
