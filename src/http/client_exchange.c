/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_exchange.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "net/iostream_impl.h"

enum { HEAD_ROOM = 1024 };

/* ---- Reading --------------------------------------------------------------------------- */

static int fail_reading(const gale__reading *reading)
{
    const char *reason = reading->reason ? reading->reason : gale_strerror(reading->failure);
    return gale__fail(reading->failure, "%s", reason);
}

static int fail_closed(const gale__exchange *self)
{
    int error = gale_iostream_error(self->connection->stream);
    const char *when =
        self->reading.begun ? "before the response was complete" : "without a response";
    if (error < 0)
        return gale__fail(error, "Connection closed %s: %s", when, gale_strerror(error));
    return gale__fail(GALE_ECLOSED, "Connection closed %s", when);
}

/* Reads up to the next pause. */
static int read_on(void *arg)
{
    gale__exchange *self = arg;
    gale__reading *reading = &self->reading;
    gale_iostream *stream = self->connection->stream;
    int result = gale__iostream_consume(stream, gale__reading_consume, reading);
    if (result == GALE_ECLOSED && !reading->failure) {
        bool done;
        result = gale__reading_closed(reading, gale_iostream_error(stream));
        if (result < 0)
            return fail_closed(self);
        gale__reading_consume(reading, "", 0, &done);
    }
    return reading->failure ? fail_reading(reading) : result;
}

static int call_for_line(const gale_fetch_options *options, gale__arena *arena, gale_str name,
                         const char *separator, const char *value)
{
    char *line =
        gale__arena_printf(arena, NULL, "%.*s%s%s\r\n", (int)name.len, name.data, separator, value);
    return line ? options->header_callback(line, options->arg) : -ENOMEM;
}

int gale__fetch_call_for_head(gale__fetch *fetch)
{
    const gale_fetch_options *options = fetch->options;
    gale_http_response *response = fetch->response;
    size_t position = 0;
    gale_http_field field;
    if (!options->header_callback || gale__fetch_goes_on(fetch))
        return 0;
    char *status = gale__arena_printf(fetch->arena, NULL, "HTTP/1.1 %d ", response->code);
    if (!status)
        return -ENOMEM;
    GALE_TRY(call_for_line(options, fetch->arena, (gale_str){ status, strlen(status) }, "",
                           response->phrase.data));
    while (gale_http_headers_next(&response->headers, &position, &field))
        GALE_TRY(call_for_line(options, fetch->arena, field.name, ": ", field.value.data));
    return options->header_callback("\r\n", options->arg);
}

static int call_for_piece(gale__exchange *self)
{
    const gale_fetch_options *options = self->fetch->options;
    gale__buffer *piece = &self->reading.piece;
    gale_str data = gale__buffer_str(piece);
    if (data.len == 0)
        return 0;
    int result = options->streaming_callback(data.data, data.len, options->arg);
    gale__buffer_consume(piece, data.len);
    return result < 0 ? result : 0;
}

/* Reads from the final head on. */
static int read_rest(gale__exchange *self)
{
    gale__reading *reading = &self->reading;
    if (reading->stage == GALE__READING_HEAD) {
        int result = gale__fetch_call_for_head(self->fetch);
        if (result < 0)
            return result;
        gale__reading_body_begin(reading);
        if (reading->failure)
            return fail_reading(reading);
    }
    for (;;) {
        GALE_TRY(call_for_piece(self));
        if (reading->stage == GALE__READING_END)
            return 0;
        GALE_TRY(gale__reading_take_turn(reading));
        GALE_TRY(read_on(self));
    }
}

static int read_first(gale__exchange *self)
{
    double timeout = gale__fetch_timeout(self->fetch->options->first_byte_timeout, 0);
    if (timeout <= 0 || self->reading.begun)
        return 0;
    self->reading.pauses_first = true;
    int result = gale_with_timeout(timeout, read_on, self);
    self->reading.pauses_first = false;
    return result == GALE_ETIMEDOUT
               ? gale__fail(GALE_ETIMEDOUT_FIRST_BYTE, "Timeout while waiting for the response")
               : result;
}

static bool has_head(const gale__exchange *self)
{
    return self->fetch->response->code >= 200 || self->reading.stage != GALE__READING_HEAD;
}

static int read_response(gale__exchange *self)
{
    GALE_TRY(read_first(self));
    while (!has_head(self))
        GALE_TRY(read_on(self));
    return read_rest(self);
}

/* ---- Writing --------------------------------------------------------------------------- */

/* True when the body is wanted: the server has said so, or nothing for a second. */
static int wait_for_continue(gale__exchange *self)
{
    const double seconds = 1;
    self->reading.heads_up = true;
    int result = gale_with_timeout(seconds, read_on, self);
    if (result < 0 && result != GALE_ETIMEDOUT)
        return result;
    return !has_head(self);
}

static int send_expecting(gale__exchange *self, gale_str head)
{
    GALE_TRY(gale__iostream_write_parts(self->connection->stream, &head, 1));
    int wanted = wait_for_continue(self);
    if (wanted <= 0) {
        self->sending = true; /* the request is not complete */
        return wanted;
    }
    return gale__request_send_body(self);
}

static int send_request(gale__exchange *self)
{
    char room[HEAD_ROOM];
    gale_str parts[2];
    const gale_fetch_options *options = self->fetch->options;
    gale_iostream *stream = self->connection->stream;
    bool has_body = gale__fetch_has_body(self->fetch);
    GALE_TRY(gale__request_head(self, room, sizeof room, &parts[0]));
    if (has_body && options->expect_100_continue)
        return send_expecting(self, parts[0]);
    parts[1] = (gale_str){ options->body, (size_t)self->length };
    bool whole = !has_body || gale__request_is_short(self);
    GALE_TRY(gale__iostream_write_parts(stream, parts, has_body && whole ? 2 : 1));
    return whole ? 0 : gale__request_send_body(self);
}

/* ---- Both ------------------------------------------------------------------------------ */

/* The response is read also when the request could not be sent: it may tell why. */
static int talk(gale__exchange *self)
{
    self->fetch->response->times.pretransfer = gale__fetch_seconds(self->fetch);
    int result = send_request(self);
    if (result == 0 || result == GALE_ECLOSED)
        result = read_response(self);
    int sent = gale__request_end(self);
    return sent < 0 ? sent : result;
}

static void read_keep_alive(gale__exchange *self)
{
    gale_http_headers *headers = &self->fetch->response->headers;
    const gale__http_header_field *field = gale__http_headers_first(headers, GALE__HTTP_KEEP_ALIVE);
    const char *timeout = field ? strstr(field->value, "timeout=") : NULL;
    uint64_t seconds = 0;
    if (!timeout)
        return;
    timeout += strlen("timeout=");
    gale__http_parse_int((gale_str){ timeout, strspn(timeout, "0123456789") }, &seconds);
    /* A second less, so that the server is not just closing. */
    self->connection->keep_alive = seconds > 1 && seconds < 86400 ? (double)(seconds - 1) : 0;
}

static void give_back(gale__exchange *self, int result)
{
    if (result == 0 && self->fetch->response->code == 101) {
        self->fetch->upgrade->stream = self->connection->stream;
        self->connection->stream = NULL;
    }
    if (result < 0 || self->sending || !self->reading.body.keep_alive || self->fetch->upgrade ||
        self->fetch->options->no_keep_alive) {
        gale__client_connection_free(self->connection);
        return;
    }
    read_keep_alive(self);
    gale__client_pool_put(self->connection);
}

static int run(gale__fetch *fetch, gale__client_connection *connection, bool *ret_begun)
{
    gale__exchange self;
    self.fetch = fetch;
    self.connection = connection;
    self.scope = NULL;
    self.sending = self.failed = false;
    gale__reading_begin(&self.reading, fetch);
    fetch->phase = "Timeout during request";
    int result = gale__request_measure(&self);
    if (result == 0)
        result = talk(&self);
    *ret_begun = self.reading.begun;
    give_back(&self, result);
    gale__reading_end(&self.reading);
    return result;
}

/* RFC 9110 §9.2.2. */
static bool may_repeat(const gale__fetch *fetch)
{
    static const char *const idempotent[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" };
    for (size_t i = 0; i < sizeof idempotent / sizeof *idempotent; i++)
        if (strlen(idempotent[i]) == fetch->method.len &&
            memcmp(idempotent[i], fetch->method.data, fetch->method.len) == 0)
            return !fetch->body_started;
    return false;
}

static bool was_closed(int result)
{
    return result == GALE_ECLOSED || result == -ECONNRESET || result == -EPIPE;
}

static int on_fresh(gale__fetch *fetch, gale_str key)
{
    gale__client_connection *connection = NULL;
    bool begun;
    GALE_TRY(gale__client_connect(fetch, key, &connection));
    return run(fetch, connection, &begun);
}

static int exchange(gale__fetch *fetch)
{
    gale_str key;
    bool begun;
    GALE_TRY(gale__client_key(fetch, &key));
    gale__client_connection *connection =
        fetch->options->no_keep_alive || fetch->upgrade
            ? NULL
            : gale__client_pool_take(fetch->client, key, !may_repeat(fetch));
    if (!connection)
        return on_fresh(fetch, key);
    fetch->response->times.reused = true;
    int result = run(fetch, connection, &begun);
    if (begun || !was_closed(result) || !may_repeat(fetch))
        return result;
    fetch->response->times.reused = false;
    return on_fresh(fetch, key);
}

const gale__client_implementation gale__client_simple = { .name = "simple", .exchange = exchange };
