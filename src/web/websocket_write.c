/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending. What the connection can take soon goes to the queue of the stream; more than that waits
 * as whole frames, so that some can be dropped.
 */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "web/websocket.h"

static gale__net *net_of(const gale_websocket *self)
{
    return gale__net_of(self->stream.loop);
}

static int closed(const gale_websocket *self)
{
    return gale__fail(GALE_ECLOSED, self->state == GALE__WEBSOCKET_DEAD
                                        ? "the WebSocket is closed"
                                        : "the WebSocket is closing");
}

/* As a client does. */
GALE__APART static ssize_t write_masked(const gale_websocket *self, char *out, uint8_t opcode,
                                        bool compressed, gale_str payload)
{
    uint32_t mask;
    GALE_TRY(gale__websocket_next_mask(self->type->client, &mask));
    size_t head = gale__websocket_write_head(out, opcode, compressed, payload.len, &mask);
    gale__websocket_unmask(out + head, payload.data, payload.len, mask);
    return (ssize_t)(head + payload.len);
}

/* Writes head and payload. Returns the size, or a negative error. */
static inline ssize_t write_frame(const gale_websocket *self, char *out, uint8_t opcode,
                                  bool compressed, gale_str payload)
{
    if (GALE__UNLIKELY(self->type->client != NULL))
        return write_masked(self, out, opcode, compressed, payload);
    size_t head = gale__websocket_write_head(out, opcode, compressed, payload.len, NULL);
    if (payload.len > 0)
        memcpy(out + head, payload.data, payload.len);
    return (ssize_t)(head + payload.len);
}

/* Appends head and payload to the stream's queue. */
static int queue_frame(gale_websocket *self, uint8_t opcode, bool compressed, gale_str payload)
{
    gale__segments *output = gale__stream_output(&self->stream);
    char *out = output ? gale__segments_reserve(output, net_of(self),
                                                GALE__WEBSOCKET_HEAD_MAX + payload.len)
                       : NULL;
    if (!out)
        return gale__stream_closed(&self->stream) ? GALE_ECLOSED : -ENOMEM;
    ssize_t size = write_frame(self, out, opcode, compressed, payload);
    if (size < 0)
        return (int)size;
    gale__segments_commit(output, (size_t)size);
    return 0;
}

/* What is queued in its own processing is sent at the end of that. */
static int queued(gale_websocket *self)
{
    if (!self->processing)
        gale__websocket_settle_later(self);
    return 0;
}

/* ---- What waits ------------------------------------------------------------------------- */

int gale__websocket_answer_ping(gale_websocket *self, gale_str payload)
{
    gale__websocket_active *active = self->active;
    if (self->state != GALE__WEBSOCKET_OPEN)
        return 0;
    if (gale__stream_queued(&self->stream) < GALE__BACKLOG_FROM)
        return gale__websocket_send_control(self, GALE__WEBSOCKET_PONG, payload);
    gale_bytes_unref(active->pong);
    active->pong = gale_bytes_new(payload.data, payload.len);
    return active->pong ? 0 : -ENOMEM;
}

/* True when it was queued. */
static bool move_pong(gale_websocket *self)
{
    gale_bytes *pong = self->active->pong;
    if (gale__stream_queued(&self->stream) >= GALE__BACKLOG_FROM)
        return false;
    bool moved = self->state == GALE__WEBSOCKET_OPEN &&
                 queue_frame(self, GALE__WEBSOCKET_PONG, false, gale_bytes_str(pong)) >= 0;
    self->active->pong = NULL;
    gale_bytes_unref(pong);
    return moved;
}

bool gale__websocket_move_waiting(gale_websocket *self)
{
    bool moved = GALE__UNLIKELY(self->active->pong != NULL) && move_pong(self);
    return gale__backlog_move(&self->active->backlog, &self->stream) || moved;
}

void gale__websocket_drop_waiting(gale_websocket *self)
{
    if (self->active)
        gale__backlog_clear(&self->active->backlog);
}

static bool must_wait(const gale_websocket *self)
{
    return self->active->backlog.first || gale__stream_queued(&self->stream) >= GALE__BACKLOG_FROM;
}

static bool over_limit(const gale_websocket *self, size_t size)
{
    return gale__backlog_over_limit(gale_websocket_buffered(self), size,
                                    self->type->max_write_buffer);
}

/* Room for a frame of that size, by the policy of the class. */
static int make_room(gale_websocket *self, size_t size)
{
    gale__backlog *backlog = &self->active->backlog;
    switch (self->type->slots->when_full) {
    case GALE_WEBSOCKET_WAIT:
        while (self->state == GALE__WEBSOCKET_OPEN && over_limit(self, size)) {
            if (!gale__task_current)
                return gale__fail(GALE_EFULL, "%zu bytes wait to be sent",
                                  gale_websocket_buffered(self));
            GALE_TRY(gale__backlog_wait(backlog));
        }
        return self->state == GALE__WEBSOCKET_OPEN ? 0 : closed(self);
    case GALE_WEBSOCKET_DROP_OLDEST:
        while (backlog->first && over_limit(self, size))
            gale__backlog_drop_first(backlog);
        return 0;
    case GALE_WEBSOCKET_CLOSE:
        break;
    }
    gale_websocket_close(self, 1008, "too slow");
    return gale__fail(GALE_EFULL, "the peer was too slow, and is closed");
}

/* Takes the reference, also when it fails. */
static int let_frame_wait(gale_websocket *self, gale_bytes *frame)
{
    GALE_TRY(gale__backlog_add(&self->active->backlog, frame));
    return queued(self);
}

static int let_wait(gale_websocket *self, uint8_t opcode, bool compressed, gale_str payload)
{
    gale__buffer frame;
    gale__buffer_init(&frame, SIZE_MAX);
    GALE_TRY(gale__buffer_reserve(&frame, GALE__WEBSOCKET_HEAD_MAX + payload.len));
    ssize_t size = write_frame(self, gale__buffer_end(&frame), opcode, compressed, payload);
    if (size < 0) {
        gale__buffer_clear(&frame);
        return (int)size;
    }
    gale__buffer_commit(&frame, (size_t)size);
    return let_frame_wait(self, gale__buffer_take(&frame));
}

/* A close frame is the last one; others may overtake messages that wait. */
int gale__websocket_send_control(gale_websocket *self, uint8_t opcode, gale_str payload)
{
    if (opcode == GALE__WEBSOCKET_CLOSE && self->active && self->active->backlog.first)
        return let_wait(self, opcode, false, payload);
    GALE_TRY(queue_frame(self, opcode, false, payload));
    return queued(self);
}

/* ---- Messages --------------------------------------------------------------------------- */

static int send_frame(gale_websocket *self, uint8_t opcode, bool compressed, gale_str payload)
{
    if (!gale__websocket_attach(self))
        return -ENOMEM;
    size_t size = GALE__WEBSOCKET_HEAD_MAX + payload.len;
    if (GALE__UNLIKELY(over_limit(self, size)))
        GALE_TRY(make_room(self, size));
    if (GALE__UNLIKELY(must_wait(self)))
        return let_wait(self, opcode, compressed, payload);
    GALE_TRY(queue_frame(self, opcode, compressed, payload));
    return queued(self);
}

typedef struct deflating {
    gale_websocket *self;
    gale_str message;
    gale__buffer out;
    int result;
} deflating;

static void run_deflate(void *arg)
{
    deflating *what = arg;
    what->result = gale__websocket_deflate_message(what->self, what->message, &what->out);
}

/* A window that is kept has seen the message, which then must be sent: so there is room first. */
GALE__APART static int send_compressed(gale_websocket *self, uint8_t opcode, gale_str message)
{
    if (!gale__websocket_attach(self))
        return -ENOMEM;
    if (over_limit(self, message.len))
        GALE_TRY(make_room(self, message.len));
    deflating what = { .self = self, .message = message };
    gale__buffer_init(&what.out, SIZE_MAX);
    gale__on_loop_stack(run_deflate, &what);
    int result = what.result;
    if (result >= 0) {
        gale_str payload = gale__buffer_str(&what.out);
        result = must_wait(self) ? let_wait(self, opcode, true, payload)
                                 : queue_frame(self, opcode, true, payload);
        if (result >= 0)
            queued(self);
    }
    gale__buffer_clear(&what.out);
    if (result < 0 && self->windows)
        gale__websocket_lost(self); /* the windows are no longer the same */
    return result;
}

static int send_message(gale_websocket *self, uint8_t opcode, gale_str message)
{
    if (self->state != GALE__WEBSOCKET_OPEN)
        return closed(self);
    return self->compressed ? send_compressed(self, opcode, message)
                            : send_frame(self, opcode, false, message);
}

/* Nobody waits for a peer who is slow. */
static int check_room(gale_websocket *self, size_t size)
{
    if (self->state != GALE__WEBSOCKET_OPEN)
        return closed(self);
    if (self->type->slots->when_full != GALE_WEBSOCKET_WAIT || !over_limit(self, size))
        return 0;
    gale_websocket_close(self, 1008, "too slow");
    return gale__fail(GALE_EFULL, "the peer was too slow, and is closed");
}

int gale__websocket_send_now(gale_websocket *self, bool binary, gale_str message)
{
    GALE_TRY(check_room(self, GALE__WEBSOCKET_HEAD_MAX + message.len));
    return send_message(self, binary ? GALE__WEBSOCKET_BINARY : GALE__WEBSOCKET_TEXT, message);
}

int gale__websocket_send_shared(gale_websocket *self, gale_bytes *frame)
{
    gale_str bytes = gale_bytes_str(frame);
    GALE_TRY(check_room(self, bytes.len));
    if (!gale__websocket_attach(self))
        return -ENOMEM;
    if (over_limit(self, bytes.len))
        GALE_TRY(make_room(self, bytes.len));
    if (must_wait(self))
        return let_frame_wait(self, gale_bytes_ref(frame));
    GALE_TRY(gale__stream_queue_bytes(&self->stream, frame));
    return queued(self);
}

int gale_write_message_str(gale_websocket *self, gale_str text)
{
    if (!gale__utf8_valid(text.data, text.len))
        return gale__fail(GALE_EENCODING, "the message is not UTF-8; gale_write_message_binary "
                                          "sends any bytes");
    return send_message(self, GALE__WEBSOCKET_TEXT, text);
}

int gale_write_message(gale_websocket *self, const char *text)
{
    if (!text)
        return gale__fail(GALE_EINVALID, "gale_write_message got NULL");
    return gale_write_message_str(self, (gale_str){ text, strlen(text) });
}

int gale_write_message_binary(gale_websocket *self, const void *data, size_t size)
{
    return send_message(self, GALE__WEBSOCKET_BINARY, (gale_str){ data, size });
}

int gale_write_message_json(gale_websocket *self, json_t *value)
{
    gale_bytes *text = gale_json_encode(value);
    json_decref(value);
    if (!text)
        return -ENOMEM;
    int result = send_message(self, GALE__WEBSOCKET_TEXT, gale_bytes_str(text));
    gale_bytes_unref(text);
    return result;
}

int gale_websocket_ping(gale_websocket *self, const void *data, size_t size)
{
    if (size > GALE__WEBSOCKET_CONTROL_MAX)
        return gale__fail(GALE_EINVALID, "a ping of %zu bytes; 125 is the most", size);
    if (self->state != GALE__WEBSOCKET_OPEN)
        return closed(self);
    return gale__websocket_send_control(self, GALE__WEBSOCKET_PING, (gale_str){ data, size });
}
