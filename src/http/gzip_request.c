/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request bodies with Content-Encoding: gzip, inflated on their way to the delegate.
 *
 * When the delegate takes less than all, the rest of the output has to wait. The connection then
 * is told that of the input at least one byte was not taken, so that it pauses, and that byte,
 * which comes again, is skipped.
 */
#include <errno.h>
#include <string.h>

#include "http/gzip_request.h"
#include "http/http_server.h"
#include "proto/decoder.h"
#include "proto/header_names.h"

enum {
    LARGEST_PIECE = 65536,
    TURN_BYTES = 1 << 20 /* inflated in one turn of the loop: others want theirs, too */
};

typedef struct gzip_request {
    gale_http_message_delegate base;
    gale_http_message_delegate *inner;
    gale_http_connection *connection;
    gale__decoder decoder;
    char *output; /* NULL before the first byte, and after the end */
    size_t room;
    gale_str pending; /* of the output, not yet taken */
    uint64_t total;   /* bytes inflated */
    bool skip;        /* the first byte of the next input was used already */
    gale__callback go_on;
} gzip_request;

static int begin(gzip_request *self)
{
    int64_t chunk = self->connection->http1->server->options.chunk_size;
    self->room = chunk < LARGEST_PIECE ? (size_t)chunk : LARGEST_PIECE;
    self->output = gale__malloc(self->room);
    if (self->output && gale__decoder_begin(&self->decoder, GALE__CODING_GZIP) == 0)
        return 0;
    gale__free(self->output);
    self->output = NULL;
    return -ENOMEM;
}

static void end(gzip_request *self)
{
    gale__loop_uncall(&self->go_on);
    if (!self->output)
        return;
    gale__decoder_end(&self->decoder);
    gale__free(self->output);
    self->output = NULL;
}

/* Offers the pending output. */
static int hand_over(gzip_request *self)
{
    gale_http_message_delegate *inner = self->inner;
    if (!inner->operations->data_received)
        self->pending.len = 0;
    if (self->pending.len == 0)
        return 0;
    ssize_t taken = inner->operations->data_received(inner, self->pending.data, self->pending.len);
    if (taken < 0)
        return (int)taken;
    self->pending.data += taken;
    self->pending.len -= (size_t)taken;
    return 0;
}

/* Inflates until the input is used up or the output is full. Returns the bytes used. */
static ssize_t inflate_piece(gzip_request *self, const char *data, size_t size)
{
    gale_str input = { data, size };
    size_t inflated = 0;
    GALE_TRY(gale__decoder_decode(&self->decoder, &input, self->output, self->room, &inflated));
    self->pending = (gale_str){ self->output, inflated };
    self->total += inflated;
    return (ssize_t)(size - input.len);
}

/* The refusal ends the exchange, so that what the caller returns no longer matters. */
static ssize_t refuse(gzip_request *self, int status, const char *reason, size_t size)
{
    gale__http1_reject(self->connection->http1, status, reason);
    return (ssize_t)size;
}

static bool over_limit(const gzip_request *self)
{
    int64_t limit = self->connection->max_body_size;
    return limit >= 0 && self->total > (uint64_t)limit;
}

static ssize_t pause_after(gzip_request *self, size_t used, size_t size)
{
    self->skip = used == size;
    return (ssize_t)(self->skip ? size - 1 : used);
}

static void resume(gale__callback *callback)
{
    gale_http_connection_resume(GALE__CONTAINER_OF(callback, gzip_request, go_on)->connection);
}

static ssize_t data_received(gale_http_message_delegate *delegate, const char *data, size_t size)
{
    gzip_request *self = (gzip_request *)delegate;
    size_t used = self->skip ? 1 : 0;
    uint64_t turn_ends = self->total + TURN_BYTES;
    if (!self->output)
        GALE_TRY(begin(self));
    for (;;) {
        GALE_TRY(hand_over(self));
        if (!self->output)
            return (ssize_t)size; /* the delegate has ended the exchange */
        if (self->pending.len > 0)
            return pause_after(self, used, size);
        self->skip = false;
        if (used == size && !self->decoder.more)
            return (ssize_t)size;
        if (self->total >= turn_ends) {
            gale__loop_call(self->connection->scope->loop, &self->go_on);
            return pause_after(self, used, size);
        }
        ssize_t result = inflate_piece(self, data + used, size - used);
        if (result == GALE_EINPUT)
            return refuse(self, 400, "malformed gzip data", size);
        if (result < 0)
            return result;
        if (over_limit(self))
            return refuse(self, 413, "decompressed body too large", size);
        used += (size_t)result;
    }
}

static int headers_received(gale_http_message_delegate *delegate, gale_http_connection *connection)
{
    gzip_request *self = (gzip_request *)delegate;
    return self->inner->operations->headers_received(self->inner, connection);
}

static void finish(gale_http_message_delegate *delegate)
{
    gzip_request *self = (gzip_request *)delegate;
    bool complete = !self->output || self->decoder.complete;
    end(self);
    if (complete)
        self->inner->operations->finish(self->inner);
    else
        gale__http1_reject(self->connection->http1, 400, "truncated gzip data");
}

static void on_connection_close(gale_http_message_delegate *delegate)
{
    gzip_request *self = (gzip_request *)delegate;
    end(self);
    if (self->inner->operations->on_connection_close)
        self->inner->operations->on_connection_close(self->inner);
}

static const gale_http_message_delegate_operations operations = {
    .headers_received = headers_received,
    .data_received = data_received,
    .finish = finish,
    .on_connection_close = on_connection_close,
};

static bool is_gzip(gale_http_headers *headers)
{
    const char *coding = gale__http_headers_get(headers, GALE__HTTP_CONTENT_ENCODING);
    return coding && gale__http_equal(coding, strlen(coding), "gzip", 4);
}

gale_http_message_delegate *gale__gzip_request_start(gale_http_server_connection_delegate *server,
                                                     gale_http_connection *connection)
{
    gale_http_headers *headers = &connection->request.headers;
    if (!is_gzip(headers))
        return server->operations->start_request(server, connection);
    gzip_request *self = gale__arena_calloc(&connection->scope->arena, sizeof *self);
    if (!self || gale__http_headers_remove(headers, GALE__HTTP_CONTENT_ENCODING) < 0 ||
        gale_http_headers_add(headers, "X-Consumed-Content-Encoding", "gzip") < 0)
        return NULL;
    self->base.operations = &operations;
    self->connection = connection;
    self->go_on.run = resume;
    self->inner = server->operations->start_request(server, connection);
    return self->inner ? &self->base : NULL;
}
