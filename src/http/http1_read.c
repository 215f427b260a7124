/* SPDX-License-Identifier: Apache-2.0 */
/* Reading requests: from received bytes to the delegate's calls. */
#include "http/http1_read.h"

#include <assert.h>
#include <errno.h>

#include <gale/log.h>

#include "http/gzip_request.h"
#include "http/http_server.h"

/* ---- The head -------------------------------------------------------------------------- */

void gale__http1_exchange_destroy(gale_http_connection *exchange)
{
    gale__loop_uncall(&exchange->destroy);
    gale__list_remove(&exchange->ending);
    gale__buffer_clear(&exchange->request.body);
    gale__scope_destroy(exchange->scope);
}

static void destroy_later(gale__callback *callback)
{
    gale__http1_exchange_destroy(GALE__CONTAINER_OF(callback, gale_http_connection, destroy));
}

static gale_http_connection *exchange_of(gale_scope *scope)
{
    return (gale_http_connection *)(void *)((char *)scope + gale__arena_need(sizeof *scope));
}

/* An exchange that has ended well is kept for the next request, which most often follows at once.
 */
static bool keep_exchange(gale_scope *scope)
{
    gale_http_connection *exchange = exchange_of(scope);
    gale__http *http = exchange->http;
    if (http->spare || !gale__scope_renew(scope, exchange->rest))
        return false;
    http->spare = exchange;
    GALE__POISON(exchange, sizeof *exchange);
    return true;
}

void gale__http1_exchange_discard(gale_http_connection *spare)
{
    GALE__UNPOISON(spare, sizeof *spare);
    spare->scope->keep = NULL;
    gale__scope_destroy(spare->scope);
}

/* What is the same for every request. */
static gale_http_connection *exchange_make(gale__http *http)
{
    gale_scope *scope = gale__scope_new(http->loop, NULL);
    gale_http_connection *exchange =
        scope ? gale__arena_calloc(&scope->arena, sizeof *exchange) : NULL;
    if (!exchange) {
        if (scope)
            gale__scope_destroy(scope);
        return NULL;
    }
    assert(exchange == exchange_of(scope));
    exchange->http = http;
    exchange->scope = scope;
    exchange->destroy.run = destroy_later;
    gale_http_server_request *request = &exchange->request;
    request->arena = &scope->arena;
    request->loop = http->loop;
    gale__http_headers_init(&request->headers, request->arena);
    exchange->rest = scope->arena.at;
    scope->keep = keep_exchange;
    return exchange;
}

static void init_request(gale_http_server_request *request, gale_http_connection *exchange)
{
    gale__http1_server_connection *self = exchange->http1;
    request->connection = exchange;
    gale__http_headers_reset(&request->headers, request->first_fields, GALE__REQUEST_FIELDS);
    gale__buffer_init(&request->body, SIZE_MAX);
    request->peer = self->stream.peer;
    request->remote_ip = request->host_name = NULL;
    request->protocol = self->server->options.protocol;
    request->query_arguments = request->body_arguments = request->cookies = NULL;
    request->files = NULL;
    request->streamed = false;
    request->started = self->stream.loop->now;
    request->ended = 0;
}

static gale_http_connection *exchange_take(gale__http *http)
{
    gale_http_connection *exchange = http->spare;
    if (GALE__UNLIKELY(!exchange))
        return exchange_make(http);
    http->spare = NULL;
    GALE__UNPOISON(exchange, sizeof *exchange);
    return exchange;
}

static void exchange_begin(gale_http_connection *exchange, gale__http1_server_connection *self)
{
    exchange->http1 = self;
    exchange->scope_taken = false;
    exchange->delegate = NULL;
    exchange->max_body_size = self->server->options.max_body_size;
    exchange->content_left = -1;
    exchange->headers_written = exchange->finished = exchange->chunked = false;
    exchange->bodiless = exchange->keep_alive = exchange->body_complete = false;
    exchange->paused = exchange->continue_wanted = false;
    init_request(&exchange->request, exchange);
}

/* Parses the head into a new exchange. On failure answers, and returns NULL. The head is copied
 * first, so that the copy is in the cache when it is parsed: what is still being stored sixteen
 * bytes at a time cannot be loaded at other places. */
static gale_http_connection *read_exchange(gale__http1_server_connection *self, const char *data,
                                           size_t size)
{
    gale_http_connection *exchange = exchange_take(self->server->http);
    gale_http_server_request *request = exchange ? &exchange->request : NULL;
    char *head = exchange ? gale__http1_head_copy(request->arena, data, size) : NULL;
    if (GALE__LIKELY(exchange != NULL))
        exchange_begin(exchange, self);
    int status = 503, result = -ENOMEM;
    const char *reason = "out of memory";
    if (head)
        result = gale__http1_parse_request(&request->head, &request->headers, head, size);
    if (result == GALE_EINPUT) {
        status = request->head.status;
        reason = request->head.reason;
    } else if (GALE__LIKELY(result >= 0)) {
        result = gale__http1_request_framing(&request->framing, &request->head, &request->headers);
        if (GALE__UNLIKELY(result < 0)) {
            status = request->framing.status;
            reason = request->framing.reason;
        } else if (GALE__LIKELY(!self->server->behind_proxies) ||
                   gale__http_apply_proxies(request, self->server) >= 0) {
            return exchange;
        }
    }
    gale__http1_reject(self, status, reason);
    if (exchange)
        gale__scope_destroy(exchange->scope);
    return NULL;
}

int gale__http_exchange_start_task(gale_http_connection *exchange, const char *name,
                                   gale_task_function function, void *arg)
{
    gale__http1_server_connection *self = exchange->http1;
    char *body = exchange->request.body.data;
    exchange->scope_taken = true;
    if (GALE__LIKELY(gale__task_start(exchange->scope, NULL, name, function, arg, true) == 0))
        return 0;
    gale__free(body);
    self->active->exchange = NULL; /* it went with its scope */
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "out of memory: a request is answered with 503");
    gale__http1_reject(self, 503, NULL);
    return -ENOMEM;
}

/* ---- Telling the delegate -------------------------------------------------------------- */

/* The delegate has failed: what can still be said is 500. */
static void delegate_failed(gale__http1_server_connection *self, int error)
{
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_ERROR, "Uncaught error in a delegate: %s",
             gale_strerror(error));
    gale__http1_reject(self, 500, NULL);
}

static void message_complete(gale__http1_server_connection *self)
{
    gale_http_connection *exchange = self->active->exchange;
    exchange->body_complete = true;
    exchange->continue_wanted = false;
    self->state = GALE__HTTP1_BUSY;
    self->deadline = INT64_MAX;
    exchange->delegate->operations->finish(exchange->delegate);
}

static bool over_limit(const gale_http_connection *exchange, uint64_t size)
{
    return exchange->max_body_size >= 0 && size > (uint64_t)exchange->max_body_size;
}

static void send_continue(gale__http1_server_connection *self, gale_http_connection *exchange)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    exchange->continue_wanted = false;
    gale__segments *output = gale__stream_output(&self->stream);
    if (output && !exchange->headers_written)
        gale__segments_append(output, gale__net_of(self->stream.loop), line, sizeof line - 1);
}

/* The delegate has seen the head and wants the body. */
static void begin_body(gale__http1_server_connection *self)
{
    gale__http1_active *active = self->active;
    gale_http_connection *exchange = active->exchange;
    const gale__http1_body *framing = &exchange->request.framing;
    self->state = GALE__HTTP1_BODY;
    active->body_total = 0;
    active->body_left = framing->length;
    active->chunked = (gale__chunked){ 0 };
    gale__http1_await_body(self);
}

static void tell_headers(gale__http1_server_connection *self, gale_http_connection *exchange)
{
    gale_http_server_connection_delegate *server = self->server->delegate;
    const gale__http1_body *framing = &exchange->request.framing;
    exchange->delegate = GALE__LIKELY(!self->server->options.decompress_request)
                             ? server->operations->start_request(server, exchange)
                             : gale__gzip_request_start(server, exchange);
    exchange->paused = true; /* so that resume may come before headers_received returns */
    int result =
        exchange->delegate
            ? exchange->delegate->operations->headers_received(exchange->delegate, exchange)
            : -ENOMEM;
    if (self->state == GALE__HTTP1_DEAD || self->active->exchange != exchange)
        return; /* answered or closed already */
    if (GALE__UNLIKELY(result < 0)) {
        delegate_failed(self, result);
        return;
    }
    if (result != GALE_HTTP_PAUSE)
        exchange->paused = false;
    bool bodyless = framing->kind == GALE__HTTP1_BODY_NONE ||
                    (framing->kind == GALE__HTTP1_BODY_LENGTH && framing->length == 0);
    if (bodyless && !exchange->paused)
        message_complete(self);
    else
        begin_body(self);
}

static void start_exchange(gale__http1_server_connection *self, const char *data, size_t size)
{
    gale_http_connection *exchange = read_exchange(self, data, size);
    if (GALE__UNLIKELY(!exchange))
        return;
    gale_http_server *server = self->server;
    self->active->exchange = exchange;
    self->active->body_deadline = INT64_MAX;
    if (server->options.body_timeout > 0)
        gale_http_connection_set_body_timeout(exchange, server->options.body_timeout);
    exchange->keep_alive = exchange->request.framing.keep_alive && !server->options.no_keep_alive;
    exchange->bodiless = exchange->request.head.method_id == GALE__HTTP_METHOD_HEAD;
    exchange->continue_wanted = exchange->request.framing.expect_continue;
    tell_headers(self, exchange);
}

static size_t head_too_large(gale__http1_server_connection *self)
{
    bool first_line = self->active->framing.line <= self->active->framing.skip;
    gale__http1_reject(self, first_line ? 414 : 431,
                       first_line ? "request line too long" : "headers too large");
    return 0;
}

/* The beginning of a client's hello (RFC 8446 §5.1). */
static bool is_tls(const char *data)
{
    return data[0] == 0x16;
}

/* Each of these returns how many bytes it has used. */
static size_t read_head(gale__http1_server_connection *self, const char *data, size_t size)
{
    gale__http1_framing *framing = &self->active->framing;
    size_t limit = (size_t)self->server->options.max_header_size;
    if (size == 0)
        return 0;
    bool fresh = framing->checked == 0;
    int head = gale__http1_frame(framing, data, size < limit ? size : limit);
    if (GALE__UNLIKELY(head < 0)) {
        gale__http1_reject(self, 400, is_tls(data) ? "TLS on a plain HTTP port" : framing->reason);
        return 0;
    }
    if (GALE__UNLIKELY(head == 0)) {
        if (size >= limit)
            return head_too_large(self);
        if (fresh)
            gale__http1_await_head(self);
        return 0;
    }
    size_t skip = framing->skip;
    if (GALE__UNLIKELY(!fresh || skip))
        *framing = (gale__http1_framing){ 0 };
    start_exchange(self, data + skip, (size_t)head);
    return skip + (size_t)head;
}

/* ---- The body -------------------------------------------------------------------------- */

/* Hands a piece over; returns how much the delegate has taken. The exchange may be gone then. */
static size_t deliver(gale__http1_server_connection *self, const char *data, size_t size)
{
    gale_http_connection *exchange = self->active->exchange;
    gale_http_message_delegate *delegate = exchange->delegate;
    if (!delegate->operations->data_received)
        return size;
    ssize_t taken = delegate->operations->data_received(delegate, data, size);
    if (self->state != GALE__HTTP1_BODY || self->active->exchange != exchange)
        return size;
    if (taken < 0) {
        delegate_failed(self, (int)taken);
        return size;
    }
    if ((size_t)taken < size)
        exchange->paused = true;
    return (size_t)taken;
}

static size_t chunk_limit(const gale__http1_server_connection *self, size_t size)
{
    size_t limit = (size_t)self->server->options.chunk_size;
    return size > limit ? limit : size;
}

static bool same_body(const gale__http1_server_connection *self,
                      const gale_http_connection *exchange)
{
    return self->state == GALE__HTTP1_BODY && self->active->exchange == exchange;
}

static size_t read_sized_body(gale__http1_server_connection *self, const char *data, size_t size)
{
    gale__http1_active *active = self->active;
    gale_http_connection *exchange = active->exchange;
    if (size > active->body_left)
        size = (size_t)active->body_left;
    size_t used = size > 0 ? deliver(self, data, chunk_limit(self, size)) : 0;
    if (!same_body(self, exchange))
        return used;
    active->body_left -= used;
    if (active->body_left == 0)
        message_complete(self);
    return used;
}

static size_t chunked_failed(gale__http1_server_connection *self, int error)
{
    gale__http1_reject(self, error == GALE_ETOOBIG ? 431 : 400, self->active->chunked.reason);
    return 0;
}

/* `body_left` holds what of a chunk was decoded and not taken yet. */
static size_t deliver_decoded(gale__http1_server_connection *self, const char *data, size_t size)
{
    gale__http1_active *active = self->active;
    gale_http_connection *exchange = active->exchange;
    if (size > active->body_left)
        size = (size_t)active->body_left;
    size_t used = size > 0 ? deliver(self, data, chunk_limit(self, size)) : 0;
    if (same_body(self, exchange))
        active->body_left -= used;
    return used;
}

static size_t read_chunked_body(gale__http1_server_connection *self, const char *data, size_t size)
{
    gale__http1_active *active = self->active;
    gale_http_connection *exchange = active->exchange;
    if (active->body_left > 0)
        return deliver_decoded(self, data, size);
    size_t used;
    gale_str piece = { NULL, 0 };
    int event = gale__chunked_next(&active->chunked, data, size, &used, &piece);
    if (GALE__UNLIKELY(event < 0))
        return chunked_failed(self, event);
    if (event == GALE__CHUNKED_END) {
        message_complete(self);
        return used;
    }
    /* What a chunk announces counts at once, before its data has come. */
    active->body_total += piece.len;
    if (over_limit(exchange, active->body_total + active->chunked.left)) {
        gale__http1_reject(self, 413, "chunked body too large");
        return used;
    }
    active->body_left = piece.len;
    used -= piece.len;
    return used + deliver_decoded(self, data + used, piece.len);
}

static size_t read_body(gale__http1_server_connection *self, const char *data, size_t size)
{
    gale_http_connection *exchange = self->active->exchange;
    if (exchange->paused)
        return 0;
    if (GALE__UNLIKELY(over_limit(exchange, exchange->request.framing.length))) {
        gale__http1_reject(self, 413, "Content-Length too long");
        return 0;
    }
    if (GALE__UNLIKELY(exchange->continue_wanted)) {
        if (size == 0)
            send_continue(self, exchange);
        exchange->continue_wanted = false;
    }
    bool chunked = exchange->request.framing.kind == GALE__HTTP1_BODY_CHUNKED;
    if (size == 0 && (chunked || self->active->body_left > 0))
        return 0;
    size_t used = chunked ? read_chunked_body(self, data, size) : read_sized_body(self, data, size);
    if (used > 0 && same_body(self, exchange))
        gale__http1_await_body(self);
    return used;
}

/* ---- All of it ------------------------------------------------------------------------- */

static size_t use(gale__http1_server_connection *self, const char *data, size_t size)
{
    size_t used = 0;
    for (;;) {
        uint8_t state = self->state;
        size_t left = size - used, now;
        if (state == GALE__HTTP1_HEAD)
            now = read_head(self, data + used, left);
        else if (state == GALE__HTTP1_BODY)
            now = read_body(self, data + used, left);
        else
            return used;
        used += now;
        if ((now == 0 && state == self->state) || gale__http1_output_blocked(self))
            return used;
    }
}

/* Cleans up after processing, which may have closed the connection. */
static void after_processing(gale__http1_server_connection *self)
{
    self->processing = false;
    if (self->state == GALE__HTTP1_DEAD)
        gale__http1_connection_lost(self);
    else
        gale__http1_settle(self);
}

void gale__http1_process_input(gale__http1_server_connection *self)
{
    if (!gale__http1_attach(self)) {
        gale__http1_connection_lost(self);
        return;
    }
    gale__buffer *input = &self->active->input;
    self->processing = true;
    size_t used = use(self, input->size ? gale__buffer_begin(input) : "", input->size);
    self->linger = self->linger || used < input->size;
    gale__buffer_consume(input, used);
    if (input->size == 0)
        gale__buffer_clear(input);
    after_processing(self);
}

void gale__http1_process(gale__http1_server_connection *self, const char *data, size_t size)
{
    gale__buffer *input = &self->active->input;
    size_t used = 0;
    if (input->size == 0) {
        self->processing = true;
        used = use(self, data, size);
        if (GALE__LIKELY(used == size || self->state >= GALE__HTTP1_CLOSING)) {
            self->linger = self->linger || used < size;
            after_processing(self);
            return;
        }
        self->processing = false;
    }
    bool unused = input->size == 0;
    if (gale__buffer_append(input, data + used, size - used) < 0) {
        gale__http1_connection_lost(self);
        return;
    }
    if (unused) {
        gale__http1_settle(self);
        return;
    }
    gale__http1_process_input(self);
}
