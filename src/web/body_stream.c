/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a streaming handler: one piece at a time goes from the connection, which is paused
 * meanwhile, to the handler's task.
 */
#include <errno.h>
#include <string.h>

#include "web/uploads.h"

typedef struct gale__body_stream {
    gale__waiter *reader; /* the handler's task, while it waits for a piece */
    gale__buffer piece;
    bool ended;
    int result;
} gale__body_stream;

static void free_piece(void *stream)
{
    gale__buffer_clear(&((gale__body_stream *)stream)->piece);
}

int gale__body_stream_init(gale_handler *self)
{
    self->stream = gale__arena_calloc(gale__handler_arena(self), sizeof *self->stream);
    if (!self->stream)
        return -ENOMEM;
    gale__buffer_init(&self->stream->piece, SIZE_MAX);
    self->request->streamed = true;
    return 0;
}

static void wake_reader(gale__body_stream *stream)
{
    gale__waiter *reader = stream->reader;
    stream->reader = NULL;
    if (reader)
        gale__wake(reader, 0);
}

ssize_t gale__body_stream_data(gale_handler *self, const char *data, size_t size)
{
    gale__body_stream *stream = self->stream;
    if (stream->piece.size > 0 || !stream->reader)
        return 0;
    int result = gale__buffer_append(&stream->piece, data, size);
    if (result < 0)
        return result;
    wake_reader(stream);
    return (ssize_t)size;
}

void gale__body_stream_end(gale_handler *self, int result)
{
    self->stream->ended = true;
    self->stream->result = result;
    wake_reader(self->stream);
}

typedef struct piece_wait {
    gale__waiter waiter;
    gale__body_stream *stream;
} piece_wait;

static void abandon(gale__waiter *waiter)
{
    GALE__CONTAINER_OF(waiter, piece_wait, waiter)->stream->reader = NULL;
}

static int next_piece(gale_handler *self)
{
    gale__body_stream *stream = self->stream;
    if (stream->piece.size > 0 || stream->ended)
        return 0;
    piece_wait wait = { .stream = stream };
    GALE_TRY(gale__wait_begin(&wait.waiter, abandon));
    stream->reader = &wait.waiter;
    if (self->connection)
        gale_http_connection_resume(self->connection);
    return gale__wait_end(&wait.waiter);
}

static int hand_over(gale_handler *self, gale_str piece)
{
    const gale_handler_class *slots = &self->type->slots;
    if (self->upload)
        return gale__upload_data(self, piece);
    return slots->data_received ? slots->data_received(self, piece.data, piece.len) : 0;
}

int gale__handler_stream_body(gale_handler *self)
{
    gale__body_stream *stream = self->stream;
    GALE_TRY(gale_defer(free_piece, stream));
    if (self->type->slots.uploads)
        GALE_TRY(gale__upload_begin(self));
    for (;;) {
        GALE_TRY(next_piece(self));
        if (stream->piece.size == 0)
            break;
        int result = hand_over(self, gale__buffer_str(&stream->piece));
        gale__buffer_clear(&stream->piece);
        if (result < 0 || self->finished)
            return result;
    }
    if (stream->result < 0 || !self->upload)
        return stream->result;
    return gale__upload_end(self);
}
