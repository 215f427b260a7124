/* SPDX-License-Identifier: Apache-2.0 */
/* Answering: heads, bodies, the end of an exchange. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gale/log.h>

#include "http/http1_read.h"
#include "http/http_server.h"
#include "proto/status.h"

enum { COPY_BELOW = 8192 }; /* a smaller body is copied behind its head, to be one piece */
_Static_assert(COPY_BELOW <= (int)GALE__SEGMENT_FILE_LEAST, "bytes of a file cannot be copied");

static gale__net *net_of(const gale__http1_server_connection *self)
{
    return gale__net_of(self->stream.loop);
}

/* ---- The end of an exchange ------------------------------------------------------------ */

void gale__http1_exchange_detach(gale_http_connection *exchange)
{
    gale__http1_server_connection *self = exchange->http1;
    self->active->exchange = NULL;
    exchange->http1 = NULL;
    exchange->request.connection = NULL;
    exchange->request.ended = self->stream.loop->now;
    if (exchange->scope_taken)
        return;
    gale__list_append(&self->server->http->ending, &exchange->ending);
    gale__loop_call(self->stream.loop, &exchange->destroy);
}

static void let_go(gale_http_connection *exchange)
{
    gale__waiter *flusher = exchange->flusher;
    exchange->flusher = NULL;
    gale__http1_exchange_detach(exchange);
    if (flusher)
        gale__wake(flusher, GALE_ECLOSED);
}

void gale__http_exchange_abandon(gale_http_connection *exchange)
{
    gale_http_connection_close(exchange);
    let_go(exchange);
}

void gale__http1_exchange_abort(gale_http_connection *exchange)
{
    gale_http_message_delegate *delegate = exchange->delegate;
    let_go(exchange);
    if (delegate && delegate->operations->on_connection_close)
        delegate->operations->on_connection_close(delegate);
}

void gale__http1_exchange_finished(gale_http_connection *exchange)
{
    gale__http1_server_connection *self = exchange->http1;
    bool keep = exchange->keep_alive && !gale__http1_is_last(self) && exchange->body_complete;
    bool has_input = !self->processing && self->active->input.size > 0;
    self->linger = !exchange->body_complete || has_input;
    self->state = keep ? GALE__HTTP1_HEAD : GALE__HTTP1_CLOSING;
    gale__http1_exchange_detach(exchange);
    if (self->processing)
        return;
    if (keep && has_input)
        gale__http1_continue_later(self);
    gale__http1_settle(self);
}

/* ---- Heads ----------------------------------------------------------------------------- */

static void decide_connection(gale_http_connection *exchange, gale__http1_framing_out *framing)
{
    const gale__http1_server_connection *self = exchange->http1;
    bool http_1_0 = exchange->request.head.minor == 0;
    if (self->close_after)
        exchange->keep_alive = false;
    framing->connection = GALE__HTTP1_CONNECTION_UNSAID;
    if (!exchange->keep_alive && !http_1_0)
        framing->connection = GALE__HTTP1_CONNECTION_CLOSE;
    else if (exchange->keep_alive && http_1_0)
        framing->connection = GALE__HTTP1_CONNECTION_KEEP_ALIVE;
}

/* How the response's body is framed (RFC 9112 §6.1, §6.3). */
static void decide_framing(gale_http_connection *exchange, int status, int64_t content_length,
                           gale__http1_framing_out *framing)
{
    bool bodiless = gale__http_status_bodiless(status);
    exchange->bodiless = exchange->bodiless || bodiless;
    framing->content_length = status < 200 || status == 204 ? -1 : content_length;
    framing->chunked =
        content_length < 0 && !exchange->bodiless && exchange->request.head.minor >= 1;
    exchange->chunked = framing->chunked;
    exchange->content_left = exchange->bodiless ? -1 : content_length;
    if (content_length < 0 && !framing->chunked && !exchange->bodiless)
        exchange->keep_alive = false; /* the body ends with the connection */
}

/* A handler that says "Connection: close" is taken at its word. */
static void obey_connection_header(gale_http_connection *exchange, gale_http_headers *headers)
{
    const gale__http_header_field *field = gale__http_headers_first(headers, GALE__HTTP_CONNECTION);
    if (field &&
        gale__http_list_has((gale_str){ field->value, field->value_size }, GALE_STR("close")))
        exchange->keep_alive = false;
}

/* Appends a body to a response whose framing is decided: as it is, or as one chunk. */
static int append_body(gale_http_connection *exchange, gale__segments *output, gale__segments *body)
{
    gale__net *net = net_of(exchange->http1);
    if (exchange->bodiless || body->size == 0) {
        gale__segments_clear(body, net);
        return 0;
    }
    if (exchange->content_left >= 0) {
        if (body->size > (uint64_t)exchange->content_left)
            return gale__fail(GALE_EOUTPUT, "Tried to write more data than Content-Length");
        exchange->content_left -= (int64_t)body->size;
    }
    if (exchange->chunked) {
        char head[GALE__HTTP1_CHUNK_HEAD_SIZE];
        size_t size = (size_t)(gale__http1_chunk_head(head, body->size) - head);
        GALE_TRY(gale__segments_append(output, net, head, size));
        GALE_TRY(gale__segments_append(body, net, "\r\n", 2));
    }
    return gale__segments_splice(output, body, net);
}

/* The head, and behind it, in the same piece, all of the body, which is small and not chunked. */
static inline int write_in_one_piece(gale_http_connection *exchange,
                                     const gale__http1_response_head *head, gale__segments *body)
{
    gale__http1_server_connection *self = exchange->http1;
    gale__net *net = net_of(self);
    gale__segments *output = gale__stream_output(&self->stream);
    size_t room = gale__http1_response_head_size(head) + body->size;
    char *out = output ? gale__segments_reserve(output, net, room) : NULL;
    if (GALE__UNLIKELY(!out))
        return -ENOMEM;
    char *end = gale__http1_response_head_write(out, head);
    for (gale__segment *segment = body->first; segment; segment = segment->next) {
        memcpy(end, segment->data, segment->size);
        end += segment->size;
    }
    gale__segments_commit(output, (size_t)(end - out));
    gale__segments_clear(body, net);
    exchange->content_left = 0;
    exchange->headers_written = true;
    return 0;
}

static int write_head_and_body(gale_http_connection *exchange,
                               const gale__http1_response_head *head, gale__segments *body)
{
    gale__http1_server_connection *self = exchange->http1;
    if (exchange->content_left >= 0 && body->size < COPY_BELOW &&
        body->size == (uint64_t)exchange->content_left)
        return write_in_one_piece(exchange, head, body);
    gale__segments *output = gale__stream_output(&self->stream);
    size_t room = gale__http1_response_head_size(head);
    char *out = output ? gale__segments_reserve(output, net_of(self), room) : NULL;
    if (!out)
        return -ENOMEM;
    gale__segments_commit(output, (size_t)(gale__http1_response_head_write(out, head) - out));
    exchange->headers_written = true;
    return append_body(exchange, output, body);
}

int gale__http_exchange_write_head(gale_http_connection *exchange, int status, const char *reason,
                                   gale_http_headers *headers, int64_t content_length,
                                   gale__segments *body)
{
    if (!exchange->http1)
        return GALE_ECLOSED;
    if (exchange->headers_written)
        return gale__fail(GALE_ESTATE, "the headers have been written already");
    gale__http1_response_head head = { .status = status, .reason = reason, .headers = headers };
    decide_framing(exchange, status, content_length, &head.framing);
    if (headers)
        obey_connection_header(exchange, headers);
    decide_connection(exchange, &head.framing);
    exchange->continue_wanted = false;
    return write_head_and_body(exchange, &head, body);
}

int gale__http_exchange_write_body(gale_http_connection *exchange, gale__segments *body)
{
    gale__http1_server_connection *self = exchange->http1;
    if (!self)
        return GALE_ECLOSED;
    if (!exchange->headers_written)
        return gale__fail(GALE_ESTATE, "the headers have not been written");
    gale__segments *output = gale__stream_output(&self->stream);
    return output ? append_body(exchange, output, body) : -ENOMEM;
}

/* What our own output has broken cannot be mended: the peer sees a cut. */
static int cut(gale_http_connection *exchange, int error)
{
    if (error < 0 && exchange->http1)
        gale_http_connection_close(exchange);
    return error;
}

static int declared_length(gale_http_headers *headers, int64_t *ret_length)
{
    const gale__http_header_field *field =
        headers ? gale__http_headers_first(headers, GALE__HTTP_CONTENT_LENGTH) : NULL;
    *ret_length = -1;
    if (!field)
        return 0;
    uint64_t length;
    if (gale__http_parse_int((gale_str){ field->value, field->value_size }, &length) < 0)
        return gale__fail(GALE_EOUTPUT, "invalid Content-Length: %s", field->value);
    *ret_length = (int64_t)length;
    return 0;
}

int gale__http_exchange_begin(gale_http_connection *exchange, int status, const char *reason,
                              gale_http_headers *headers, gale__segments *body)
{
    int64_t length;
    GALE_TRY(declared_length(headers, &length));
    int result = gale__http_exchange_write_head(exchange, status, reason, headers, length, body);
    return result == GALE_ESTATE ? result : cut(exchange, result);
}

/* Most responses are ordinary: nothing about their framing, or about the connection, is left to
 * decide. */
static bool is_ordinary(const gale_http_connection *exchange, int status, const char *reason,
                        const gale_http_headers *headers, const gale__segments *body)
{
    const uint64_t framing = gale__http_header_bit(GALE__HTTP_CONTENT_LENGTH) |
                             gale__http_header_bit(GALE__HTTP_TRANSFER_ENCODING) |
                             gale__http_header_bit(GALE__HTTP_CONNECTION);
    return exchange->http1 && exchange->keep_alive && exchange->body_complete &&
           !(exchange->bodiless | exchange->headers_written | exchange->http1->close_after) &&
           exchange->request.head.minor > 0 && !reason &&
           (status == 200 || !gale__http_status_bodiless(status)) &&
           !(headers->present & framing) && body->size < COPY_BELOW;
}

static int respond_ordinary(gale_http_connection *exchange, int status, gale_http_headers *headers,
                            gale__segments *body)
{
    gale__http1_response_head head; /* field by field is how it is read at once */
    head.status = status;
    head.reason = NULL;
    head.headers = headers;
    head.framing.content_length = (int64_t)body->size;
    head.framing.chunked = false;
    head.framing.connection = GALE__HTTP1_CONNECTION_UNSAID;
    GALE_TRY(cut(exchange, write_in_one_piece(exchange, &head, body)));
    exchange->finished = true;
    gale__http1_exchange_finished(exchange);
    return 0;
}

int gale__http_exchange_respond(gale_http_connection *exchange, int status, const char *reason,
                                gale_http_headers *headers, gale__segments *body)
{
    if (GALE__LIKELY(is_ordinary(exchange, status, reason, headers, body)))
        return respond_ordinary(exchange, status, headers, body);
    if (exchange->http1 && !exchange->body_complete)
        exchange->keep_alive = false; /* the rest of the body will not be read */
    int64_t length;
    GALE_TRY(declared_length(headers, &length));
    if (length < 0 && !gale__http_status_bodiless(status))
        length = (int64_t)body->size;
    GALE_TRY(cut(exchange,
                 gale__http_exchange_write_head(exchange, status, reason, headers, length, body)));
    return gale_http_connection_finish(exchange);
}

/* ---- The public calls ------------------------------------------------------------------ */

gale_http_server_request *gale_http_connection_request(gale_http_connection *connection)
{
    return &connection->request;
}

int gale_http_connection_write_headers(gale_http_connection *connection, int status,
                                       const char *reason, gale_http_headers *headers,
                                       const void *data, size_t size)
{
    if (!connection->http1)
        return GALE_ECLOSED;
    gale__net *net = net_of(connection->http1);
    gale__segments body = { 0 };
    GALE_TRY(gale__segments_append(&body, net, data, size));
    int result = gale__http_exchange_begin(connection, status, reason, headers, &body);
    gale__segments_clear(&body, net);
    return result;
}

int gale_http_connection_write(gale_http_connection *connection, const void *data, size_t size)
{
    if (!connection->http1)
        return GALE_ECLOSED;
    gale__net *net = net_of(connection->http1);
    gale__segments body = { 0 };
    GALE_TRY(gale__segments_append(&body, net, data, size));
    int result = gale__http_exchange_write_body(connection, &body);
    gale__segments_clear(&body, net);
    return result == GALE_ESTATE ? result : cut(connection, result);
}

static int end_body(gale_http_connection *exchange)
{
    gale__http1_server_connection *self = exchange->http1;
    if (exchange->content_left > 0)
        return gale__fail(GALE_EOUTPUT, "Tried to write %lld bytes less than Content-Length",
                          (long long)exchange->content_left);
    if (!exchange->chunked)
        return 0;
    gale__segments *output = gale__stream_output(&self->stream);
    return output ? gale__segments_append(output, net_of(self), "0\r\n\r\n", 5) : -ENOMEM;
}

int gale_http_connection_finish(gale_http_connection *connection)
{
    if (!connection->http1)
        return GALE_ECLOSED;
    if (!connection->headers_written)
        return gale__fail(GALE_ESTATE, "finish before the headers were written");
    GALE_TRY(cut(connection, end_body(connection)));
    gale_http_message_delegate *delegate = connection->delegate;
    bool body_complete = connection->body_complete;
    connection->finished = true;
    gale__http1_exchange_finished(connection);
    if (!body_complete && delegate && delegate->operations->on_connection_close)
        delegate->operations->on_connection_close(delegate);
    return 0;
}

typedef struct flush_wait {
    gale__waiter waiter;
    gale_http_connection *exchange;
} flush_wait;

static void abandon_flush(gale__waiter *waiter)
{
    GALE__CONTAINER_OF(waiter, flush_wait, waiter)->exchange->flusher = NULL;
}

int gale_http_connection_flush(gale_http_connection *connection)
{
    gale__http1_server_connection *self = connection->http1;
    if (!self)
        return GALE_ECLOSED;
    int result = gale__stream_flush(&self->stream);
    if (result < 0) {
        gale_http_connection_close(connection);
        gale__http1_exchange_abort(connection); /* so that nobody is told later than the caller */
        return GALE_ECLOSED;
    }
    if (result == 0)
        return 0;
    flush_wait wait = { .exchange = connection };
    GALE_TRY(gale__wait_begin(&wait.waiter, abandon_flush));
    if (!connection->http1)
        return GALE_ECLOSED;
    connection->flusher = &wait.waiter;
    gale__http1_await_output(self);
    return gale__wait_end(&wait.waiter);
}

/* Only once processing has come to its end is what it has not used in the input buffer. */
static int await_detach(gale_http_connection *connection)
{
    if (connection->headers_written)
        return gale__fail(GALE_ESTATE, "Cannot detach after headers have been written");
    GALE_TRY(gale_http_connection_flush(connection));
    if (connection->http1 && connection->http1->processing)
        GALE_TRY(gale_moment());
    return connection->http1 ? 0 : GALE_ECLOSED;
}

int gale_http_connection_detach(gale_http_connection *connection, gale_iostream **ret_stream)
{
    *ret_stream = NULL;
    GALE_TRY(await_detach(connection));
    return gale__http1_connection_detach(connection->http1, ret_stream);
}

int gale__http_exchange_take_stream(gale_http_connection *exchange, gale__stream *to,
                                    gale__buffer *ret_input)
{
    GALE_TRY(await_detach(exchange));
    gale__buffer *input = &exchange->http1->active->input;
    *ret_input = *input;
    gale__buffer_init(input, SIZE_MAX);
    gale__http1_connection_move(exchange->http1, to);
    return 0;
}

void gale_http_connection_resume(gale_http_connection *connection)
{
    if (!connection->http1 || !connection->paused)
        return;
    connection->paused = false;
    gale__http1_continue_later(connection->http1);
}

void gale_http_connection_set_max_body_size(gale_http_connection *connection, int64_t size)
{
    connection->max_body_size = size;
}

void gale_http_connection_set_body_timeout(gale_http_connection *connection, double seconds)
{
    gale__http1_server_connection *self = connection->http1;
    if (self && seconds > 0)
        self->active->body_deadline = self->stream.loop->now + gale__seconds(seconds);
    else if (self)
        self->active->body_deadline = INT64_MAX;
}

void gale_http_connection_close(gale_http_connection *connection)
{
    gale__http1_server_connection *self = connection->http1;
    if (!self)
        return;
    connection->keep_alive = false;
    self->state = GALE__HTTP1_CUT;
    gale__http1_continue_later(self);
}

/* ---- Refusing -------------------------------------------------------------------------- */

static void log_rejection(gale__http1_server_connection *self, gale_http_connection *exchange,
                          const char *reason)
{
    if (!reason || !gale_log_enabled(GALE_LOG_GENERAL, GALE_LOG_INFO))
        return;
    char address[46];
    gale__address_text(&self->stream.peer, address);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "Malformed HTTP message from %s: %s",
             exchange ? gale_http_server_request_remote_ip(&exchange->request) : address, reason);
}

static int write_rejection(gale__http1_server_connection *self, int status)
{
    char page[160];
    const char *phrase = gale_http_reason(status);
    int page_size =
        snprintf(page, sizeof page, "<html><title>%d: %s</title><body>%d: %s</body></html>", status,
                 phrase, status, phrase);
    gale_http_headers headers;
    gale__http_headers_init(&headers, NULL);
    headers.block = gale__http_default_block(self->server->http);
    gale__http1_response_head head = { .status = status,
                                       .headers = &headers,
                                       .framing = { .content_length = page_size,
                                                    .connection = GALE__HTTP1_CONNECTION_CLOSE } };
    gale__segments *output = gale__stream_output(&self->stream);
    char *out =
        output ? gale__segments_reserve(output, net_of(self), gale__http1_response_head_size(&head))
               : NULL;
    if (!out)
        return -ENOMEM;
    gale__segments_commit(output, (size_t)(gale__http1_response_head_write(out, &head) - out));
    return gale__segments_append(output, net_of(self), page, (size_t)page_size);
}

void gale__http1_reject(gale__http1_server_connection *self, int status, const char *reason)
{
    gale_http_connection *exchange = self->active ? self->active->exchange : NULL;
    bool answered = exchange && exchange->headers_written;
    bool processing = self->processing;
    log_rejection(self, exchange, reason);
    self->processing = true; /* the delegate may want to close, too */
    if (exchange)
        gale__http1_exchange_abort(exchange);
    self->processing = processing;
    self->linger = true;
    self->state = GALE__HTTP1_CLOSING;
    if (answered || write_rejection(self, status) < 0)
        gale__http1_connection_lost(self);
    else if (!processing)
        gale__http1_settle(self);
}
