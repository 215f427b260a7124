/* SPDX-License-Identifier: Apache-2.0 */
/* Topics of WebSockets: a message is made a frame once, and compressed once for all alike. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "data/topics.h"
#include "web/topic_forms.h"
#include "web/websocket.h"

/* ---- Making frames ---------------------------------------------------------------------- */

static gale_bytes *make_frame(bool binary, bool compressed, gale_str payload)
{
    char head[GALE__WEBSOCKET_HEAD_MAX];
    uint8_t opcode = binary ? GALE__WEBSOCKET_BINARY : GALE__WEBSOCKET_TEXT;
    size_t size = gale__websocket_write_head(head, opcode, compressed, payload.len, NULL);
    gale__buffer frame;
    gale__buffer_init(&frame, SIZE_MAX);
    gale__buffer_reserve(&frame, size + payload.len);
    gale__buffer_append(&frame, head, size);
    gale__buffer_append(&frame, payload.data, payload.len);
    return gale__buffer_take(&frame);
}

typedef struct deflating {
    gale_websocket *self;
    gale_str message;
    gale__buffer out;
} deflating;

static void run_deflate(void *arg)
{
    deflating *what = arg;
    gale__websocket_deflate_message(what->self, what->message, &what->out);
}

/* A failure is found in the buffer. */
static gale_bytes *make_compressed_frame(gale_websocket *self, const gale__publication *message)
{
    deflating what = { .self = self, .message = gale_bytes_str(message->payload) };
    gale__buffer_init(&what.out, SIZE_MAX);
    gale__on_loop_stack(run_deflate, &what);
    gale_bytes *frame =
        what.out.error ? NULL : make_frame(message->binary, true, gale__buffer_str(&what.out));
    gale__buffer_clear(&what.out);
    return frame;
}

/* Borrowed from the message; NULL when out of memory. */
static gale_bytes *frame_for(gale_websocket *self, gale__publication *message, uint32_t kind)
{
    gale_bytes *frame = gale__publication_find_form(message, kind);
    if (frame)
        return frame;
    frame = kind == GALE__TOPIC_FORM_FRAME
                ? make_frame(message->binary, false, gale_bytes_str(message->payload))
                : make_compressed_frame(self, message);
    return gale__publication_add_form(message, kind, frame);
}

/* ---- Delivering ------------------------------------------------------------------------- */

/* What this connection shares with others; 0: nothing. */
static uint32_t form_kind(const gale_websocket *self)
{
    if (self->type->client)
        return 0;
    return self->compressed ? gale__websocket_compression_kind(self) : GALE__TOPIC_FORM_FRAME;
}

static int deliver_one(gale_websocket *self, gale__publication *message, uint32_t kind)
{
    if (kind == 0)
        return gale__websocket_send_now(self, message->binary, gale_bytes_str(message->payload));
    gale_bytes *frame = frame_for(self, message, kind);
    return frame ? gale__websocket_send_shared(self, frame) : -ENOMEM;
}

/* One that has missed a message does not go on as if it had not. */
static void deliver(gale__subscriber *subscriber, gale__publication *const *messages, size_t count)
{
    gale_websocket *self = subscriber->owner;
    uint32_t kind = form_kind(self);
    for (size_t i = 0; i < count && self->state == GALE__WEBSOCKET_OPEN; i++)
        if (deliver_one(self, messages[i], kind) == -ENOMEM)
            gale__websocket_lost(self);
}

static const gale__subscriber_operations operations = { .deliver = deliver };

/* ---- Subscribing ------------------------------------------------------------------------ */

int gale_subscribe_websocket(gale_websocket *self, const char *topic)
{
    if (self->state != GALE__WEBSOCKET_OPEN)
        return gale__fail(GALE_ECLOSED, "the WebSocket is closing");
    gale__topics *topics = gale__topics_of(self->stream.loop);
    if (!topics)
        return -ENOMEM;
    return gale__topics_subscribe(topics, topic, &self->topics,
                                  (size_t)topics->options.max_topics_per_connection, &operations,
                                  self);
}

int gale_unsubscribe_websocket(gale_websocket *self, const char *topic)
{
    return gale__topics_unsubscribe(gale__topics_of(self->stream.loop), topic, &self->topics);
}

void gale__websocket_leave_topics(gale_websocket *self)
{
    if (self->topics)
        gale__topics_unsubscribe_all(gale__topics_of(self->stream.loop), &self->topics);
}
