/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a response, as its bytes come. */
#include <errno.h>
#include <string.h>

#include "http/client_exchange.h"

enum {
    MORE,  /* bytes must come */
    AGAIN, /* the next step */
    PAUSE  /* the task has to do something */
};

enum {
    PIECE = 65536,
    INFORMATIONAL_MAX = 20,
    RESERVED_MAX = 1 << 20,
    TURN = 1 << 20,       /* bytes that are decoded before the loop does other work */
    DISCARDED_MAX = 65536 /* of a redirect's body; a new connection is cheaper than more */
};

static int fail(gale__reading *self, int code, const char *reason)
{
    self->failure = code;
    self->reason = reason;
    return PAUSE;
}

void gale__reading_begin(gale__reading *self, gale__fetch *fetch)
{
    enum { MAX_HEAD = 65536, MAX_BODY = 104857600 };
    const gale_fetch_options *options = fetch->options;
    memset(self, 0, sizeof *self);
    self->fetch = fetch;
    self->max_head = options->max_header_size ? options->max_header_size : MAX_HEAD;
    self->max_body = options->max_body_size == 0  ? MAX_BODY
                     : options->max_body_size < 0 ? UINT64_MAX
                                                  : (uint64_t)options->max_body_size;
    self->heads_up = options->header_callback || options->streaming_callback;
    gale__buffer_init(&self->encoded, SIZE_MAX / 2);
    gale__buffer_init(&self->piece, SIZE_MAX / 2);
}

void gale__reading_end(gale__reading *self)
{
    gale__decoder_end(&self->decoder);
    gale__buffer_clear(&self->encoded);
    gale__buffer_clear(&self->piece);
}

/* ---- The body -------------------------------------------------------------------------- */

static gale__buffer *sink(gale__reading *self)
{
    return self->streams ? &self->piece : &self->fetch->response->body;
}

/* True when the task has to take what there is, or to wait for a turn, before more is put there. */
static bool is_full(const gale__reading *self)
{
    return self->turn >= TURN || (self->streams && self->piece.size >= PIECE);
}

static int decode(gale__reading *self, gale_str *input)
{
    enum { STEP = 16384 };
    gale__buffer *out = sink(self);
    while ((input->len > 0 || self->decoder.more) && !is_full(self)) {
        size_t size = 0;
        GALE_TRY(gale__buffer_reserve(out, STEP));
        int result =
            gale__decoder_decode(&self->decoder, input, gale__buffer_end(out), STEP, &size);
        if (result < 0)
            return result;
        gale__buffer_commit(out, size);
        self->decoded += size;
        self->turn += size;
        if (self->decoded > self->max_body)
            return GALE_ETOOBIG;
        if (input->len == 0 && size < STEP)
            self->decoder.more = false;
    }
    return 0;
}

static int decode_failed(gale__reading *self, int code)
{
    return fail(self, code,
                code == GALE_ETOOBIG  ? "decompressed body too large"
                : code == GALE_EINPUT ? "malformed compressed body"
                                      : NULL);
}

/* Ends without the rest, and so without the connection. */
static int cut(gale__reading *self)
{
    self->body.keep_alive = false;
    self->stage = GALE__READING_END;
    return PAUSE;
}

/* Takes all of it. */
static int deliver(gale__reading *self, gale_str data)
{
    int result = 0;
    self->received += data.len;
    if (self->received > self->max_body)
        return fail(self, GALE_ETOOBIG, "body too large");
    if (self->discards)
        return self->received > DISCARDED_MAX ? cut(self) : AGAIN;
    if (self->decoder.coding == GALE__CODING_IDENTITY) {
        result = gale__buffer_append(sink(self), data.data, data.len);
        return result < 0 ? fail(self, result, NULL) : AGAIN;
    }
    if (self->encoded.size == 0)
        result = decode(self, &data);
    if (result == 0 && data.len > 0)
        result = gale__buffer_append(&self->encoded, data.data, data.len);
    return result < 0 ? decode_failed(self, result) : AGAIN;
}

/* Goes on with what a full piece has held up. */
static int deliver_rest(gale__reading *self)
{
    gale_str rest = gale__buffer_str(&self->encoded);
    size_t size = rest.len;
    int result = decode(self, &rest);
    if (result < 0)
        return decode_failed(self, result);
    gale__buffer_consume(&self->encoded, size - rest.len);
    return AGAIN;
}

static int body_end(gale__reading *self)
{
    self->stage = GALE__READING_TAIL;
    return AGAIN;
}

static int tail(gale__reading *self)
{
    if (self->decoder.coding != GALE__CODING_IDENTITY && self->received > 0 &&
        !self->decoder.complete)
        return fail(self, GALE_EINPUT, "truncated compressed body");
    self->stage = GALE__READING_END;
    return PAUSE;
}

static int sized_body(gale__reading *self, const char *data, size_t size, size_t *ret_used)
{
    size_t taken = size < self->left ? size : (size_t)self->left;
    if (taken == 0)
        return self->left == 0 ? body_end(self) : MORE;
    *ret_used = taken;
    self->left -= taken;
    return deliver(self, (gale_str){ data, taken });
}

static int chunked_body(gale__reading *self, const char *data, size_t size, size_t *ret_used)
{
    gale_str chunk;
    int event = gale__chunked_next(&self->chunked, data, size, ret_used, &chunk);
    if (event < 0)
        return fail(self, event, self->chunked.reason);
    if (event == GALE__CHUNKED_DATA)
        return deliver(self, chunk);
    return event == GALE__CHUNKED_END ? body_end(self) : MORE;
}

static int endless_body(gale__reading *self, const char *data, size_t size, size_t *ret_used)
{
    *ret_used = size;
    return size > 0 ? deliver(self, (gale_str){ data, size }) : MORE;
}

static int body(gale__reading *self, const char *data, size_t size, size_t *ret_used)
{
    if (self->streams && size > PIECE)
        size = PIECE;
    switch (self->body.kind) {
    case GALE__HTTP1_BODY_CHUNKED:
        return chunked_body(self, data, size, ret_used);
    case GALE__HTTP1_BODY_UNTIL_CLOSE:
        return endless_body(self, data, size, ret_used);
    default:
        return sized_body(self, data, size, ret_used);
    }
}

/* ---- The head -------------------------------------------------------------------------- */

static int begin_decoder(gale__reading *self)
{
    gale_http_response *response = self->fetch->response;
    const gale__http_header_field *field =
        gale__http_headers_first(&response->headers, GALE__HTTP_CONTENT_ENCODING);
    if (!field || self->fetch->options->no_decompress || (self->body.kind == GALE__HTTP1_BODY_NONE))
        return 0;
    gale_str coding = { field->value, field->value_size };
    gale__coding known = gale__decoder_coding(coding);
    if (known == GALE__CODING_IDENTITY)
        return 0;
    GALE_TRY(gale__decoder_begin(&self->decoder, known));
    GALE_TRY(gale_http_headers_set(&response->headers, "X-Consumed-Content-Encoding", coding.data));
    return gale__http_headers_remove(&response->headers, GALE__HTTP_CONTENT_ENCODING) < 0 ? -ENOMEM
                                                                                          : 0;
}

int gale__reading_body_begin(gale__reading *self)
{
    const gale_fetch_options *options = self->fetch->options;
    self->discards = gale__fetch_goes_on(self->fetch);
    self->streams = options->streaming_callback && !self->discards;
    if (self->body.length > self->max_body)
        return fail(self, GALE_ETOOBIG, "Content-Length too long");
    self->left = self->body.length;
    self->stage = GALE__READING_BODY;
    if (self->discards)
        return self->left > DISCARDED_MAX ? cut(self) : AGAIN;
    int result = begin_decoder(self);
    if (result == 0 && !self->streams && self->left > 0)
        result = gale__buffer_reserve(sink(self), self->left < RESERVED_MAX ? (size_t)self->left
                                                                            : RESERVED_MAX);
    return result < 0 ? fail(self, result, NULL) : AGAIN;
}

/* A response before the final one (RFC 9110 §15.2). */
static int informational(gale__reading *self)
{
    gale_http_response *response = self->fetch->response;
    bool goes_on = response->code == 100 && !self->continued;
    if (response->code == 101 && self->fetch->upgrade) {
        self->stage = GALE__READING_END;
        return PAUSE;
    }
    if (response->code == 101)
        return fail(self, GALE_EINPUT, "switched to another protocol without being asked");
    if (++self->informational > INFORMATIONAL_MAX)
        return fail(self, GALE_EINPUT, "too many informational responses");
    self->continued = self->continued || goes_on;
    self->framing = (gale__http1_framing){ 0 };
    gale__http_response_clear(response);
    return goes_on ? PAUSE : AGAIN;
}

static int parse(gale__reading *self, const char *data, size_t size)
{
    gale_http_response *response = self->fetch->response;
    gale__http1_response parsed;
    char *head = gale__http1_head_copy(&response->arena, data, size);
    if (!head)
        return fail(self, -ENOMEM, NULL);
    int result = gale__http1_parse_response(&parsed, &response->headers, head, size);
    if (result < 0)
        return fail(self, result, result == GALE_EINPUT ? parsed.reason : NULL);
    response->code = parsed.code;
    response->phrase = parsed.phrase;
    if (parsed.code < 100)
        return fail(self, GALE_EINPUT, "Malformed status code");
    result =
        gale__http1_response_framing(&self->body, &parsed, &response->headers, self->fetch->head);
    if (result < 0)
        return fail(self, result, self->body.reason);
    return parsed.code < 200 ? informational(self)
           : self->heads_up  ? PAUSE
                             : gale__reading_body_begin(self);
}

static int begin(gale__reading *self)
{
    self->begun = true;
    self->fetch->response->times.starttransfer = gale__fetch_seconds(self->fetch);
    return self->pauses_first ? PAUSE : AGAIN;
}

static int head(gale__reading *self, const char *data, size_t size, size_t *ret_used)
{
    if (size == 0)
        return MORE;
    if (!self->begun)
        return begin(self);
    int framed = gale__http1_frame(&self->framing, data, size);
    size_t whole = framed > 0 ? (size_t)framed + self->framing.skip : size;
    if (framed < 0)
        return fail(self, framed, self->framing.reason);
    if (whole > self->max_head)
        return fail(self, GALE_ETOOBIG, "response head too large");
    if (framed == 0)
        return MORE;
    *ret_used = whole;
    return parse(self, data + self->framing.skip, (size_t)framed);
}

/* ---- The consumer ---------------------------------------------------------------------- */

static int step(gale__reading *self, const char *data, size_t size, size_t *ret_used)
{
    *ret_used = 0;
    if (is_full(self))
        return PAUSE;
    if (self->encoded.size > 0 || self->decoder.more)
        return deliver_rest(self);
    switch (self->stage) {
    case GALE__READING_HEAD:
        return head(self, data, size, ret_used);
    case GALE__READING_BODY:
        return body(self, data, size, ret_used);
    case GALE__READING_TAIL:
        return tail(self);
    default:
        return PAUSE;
    }
}

size_t gale__reading_consume(void *arg, const char *data, size_t size, bool *ret_done)
{
    gale__reading *self = arg;
    size_t at = 0, used;
    int next;
    do {
        next = step(self, data + at, size - at, &used);
        at += used;
    } while (next == AGAIN);
    *ret_done = next == PAUSE || self->piece.size > 0;
    return at;
}

int gale__reading_take_turn(gale__reading *self)
{
    if (self->turn < TURN)
        return 0;
    self->turn = 0;
    return gale_moment();
}

int gale__reading_closed(gale__reading *self, int error)
{
    bool endless = self->stage == GALE__READING_BODY &&
                   self->body.kind == GALE__HTTP1_BODY_UNTIL_CLOSE && error == 0;
    if (!endless)
        return GALE_ECLOSED;
    body_end(self);
    return 0;
}
