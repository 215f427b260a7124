/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers that are handed the body piece by piece. */
#include <gale/locks.h>

#include <errno.h>

#include "web/web_test.h"

#define POST(target, headers) "POST " target " HTTP/1.1\r\n" CLOSE headers "\r\n"

/* ---- Pieces in order ------------------------------------------------------------------- */

static int note_prepare(gale_handler *self)
{
    (void)self;
    note("prepare");
    return 0;
}

static void note_piece(const char *data, size_t size)
{
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)size, data);
    note(word);
}

static int take_piece(gale_handler *self, const char *data, size_t size)
{
    (void)self;
    note_piece(data, size);
    return 0;
}

/* The next piece must not come before this one has been dealt with. */
static int take_piece_slowly(gale_handler *self, const char *data, size_t size)
{
    char copy[64];
    assert_true(size < sizeof copy);
    memcpy(copy, data, size);
    (void)self;
    note("<");
    GALE_TRY(gale_sleep(0.002));
    assert_memory_equal(copy, data, size);
    note_piece(data, size);
    GALE_TRY(gale_sleep(0.002));
    note(">");
    return 0;
}

static int prepare_slowly(gale_handler *self)
{
    GALE_TRY(gale_sleep(0.005));
    return note_prepare(self);
}

static int note_method(gale_handler *self)
{
    note("method");
    assert_int_equal(gale_http_server_request_body(gale_handler_request(self)).len, 0);
    return gale_write(self, "taken");
}

static const gale_handler_class stream_handler = { .stream_request_body = true,
                                                   .prepare = note_prepare,
                                                   .data_received = take_piece,
                                                   .get = note_method,
                                                   .post = note_method };
static const gale_handler_class slow_handler = { .base = &stream_handler,
                                                 .prepare = prepare_slowly,
                                                 .data_received = take_piece_slowly };
static const gale_handler_class careless_handler = { .stream_request_body = true,
                                                     .post = note_method };

static const gale_route routes[] = { ROUTE("/", stream_handler),
                                     ROUTE("/slow", slow_handler),
                                     ROUTE("/careless", careless_handler),
                                     { 0 } };

static int serve_pieces(int64_t chunk_size)
{
    int port;
    serve(routes, &(gale_application_settings){ .server.chunk_size = chunk_size }, &port);
    return port;
}

#define FIFTY "11111111111111112222222222222222333333333333333344"
#define FIFTY_CRC32 "\xA3\x1F\x86\x26"

TEST(pieces_are_at_most_chunk_size_long)
{
    int port = serve_pieces(16);
    assert_answer(port, POST("/", "Content-Length: 50\r\n") FIFTY, "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\ntaken");
    assert_trace("prepare 1111111111111111 2222222222222222 3333333333333333 44 method");
    assert_answer(
        port,
        POST("/",
             "Transfer-Encoding: chunked\r\n") "14\r\n11111111111111112222\r\n"
                                               "1e\r\n333333333333333344444444444444\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n", "\r\n\r\ntaken");
    assert_trace("prepare 1111111111111111 2222 3333333333333333 44444444444444 method");
    stop();
}

TEST(no_body_no_pieces)
{
    int port = serve_pieces(0);
    assert_body(port, "/", "taken");
    assert_trace("prepare method");
    assert_answer(port, POST("/", "Content-Length: 0\r\n"), "HTTP/1.1 200 OK\r\n", "taken");
    assert_trace("prepare method");
    assert_answer(port, POST("/", "Transfer-Encoding: chunked\r\n") "0\r\n\r\n",
                  "HTTP/1.1 200 OK\r\n", "taken");
    assert_trace("prepare method");
    stop();
}

TEST(one_piece_at_a_time)
{
    static const char in_order[] = "prepare < 1111111111111111 > < 2222222222222222 > "
                                   "< 3333333333333333 > < 44 > method";
    int port = serve_pieces(16);
    assert_answer(port, POST("/slow", "Content-Length: 50\r\n") FIFTY, "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\ntaken");
    assert_trace(in_order);
    assert_answer(port,
                  POST("/slow", "Transfer-Encoding: chunked\r\n") "32\r\n" FIFTY "\r\n0\r\n\r\n",
                  "HTTP/1.1 200 OK\r\n", "\r\n\r\ntaken");
    assert_trace(in_order);
    stop();
}

/* A gzip member with FIFTY in a stored block. */
TEST(one_piece_at_a_time_inflated)
{
    static const char head[] = POST("/slow", "Content-Encoding: gzip\r\nContent-Length: 73\r\n");
    static const char start[] = "\x1F\x8B\x08\0\0\0\0\0\0\xFF\x01\x32\0\xCD\xFF";
    static char request[sizeof head + 73];
    int port;
    memcpy(request, head, sizeof head - 1);
    memcpy(request + sizeof head - 1, start, 15);
    memcpy(request + sizeof head - 1 + 15, FIFTY, 50);
    memcpy(request + sizeof head - 1 + 65, FIFTY_CRC32 "\x32\0\0\0", 8);
    gale_str part = { request, sizeof request - 1 };
    serve(
        routes,
        &(gale_application_settings){ .server = { .chunk_size = 16, .decompress_request = true } },
        &port);
    char *answer = ask_parts(port, &part, 1);
    assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
    free(answer);
    assert_non_null(strstr(trace, "prepare < "));
    assert_null(strstr(trace, "< <"));
    assert_non_null(strstr(trace, "> method"));
    trace[0] = '\0';
    stop();
}

TEST(a_class_without_data_received_drops_the_body)
{
    int port = serve_pieces(16);
    assert_answer(port, POST("/careless", "Content-Length: 50\r\n") FIFTY, "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\ntaken");
    assert_trace("method");
    stop();
}

TEST(pieces_as_they_come)
{
    const gale_str parts[] = { GALE_STR(POST("/", "Content-Length: 6\r\n")), GALE_STR("abc"),
                               GALE_STR("def") };
    int port = serve_pieces(0);
    char *answer = ask_parts(port, parts, 3);
    assert_string_equal(answer + strlen(answer) - 5, "taken");
    free(answer);
    assert_trace("prepare abc def method");
    stop();
}

static int expect_task(void *arg)
{
    static const char head[] = POST("/slow", "Expect: 100-continue\r\nContent-Length: 3\r\n");
    gale_iostream *stream;
    gale_str answer;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", *(int *)arg, NULL, &stream));
    GALE_TRY(gale_iostream_write(stream, head, sizeof head - 1));
    GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &answer));
    assert_str(answer, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_trace("prepare");
    GALE_TRY(gale_iostream_write(stream, "abc", 3));
    GALE_TRY(gale_iostream_read_until_close(stream, &answer));
    assert_memory_equal(answer.data, "HTTP/1.1 200 OK\r\n", 17);
    gale_iostream_free(stream);
    return 0;
}

TEST(continue_comes_after_prepare)
{
    int port = serve_pieces(0);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), expect_task, &port, 10));
    assert_trace("< abc > method");
    stop();
}

/* ---- Limits of one request ------------------------------------------------------------- */

static int more_is_allowed(gale_handler *self)
{
    if (*gale_get_query_argument(self, "wait", ""))
        GALE_TRY(gale_sleep(0.005));
    gale_http_connection *connection =
        gale_http_server_request_connection(gale_handler_request(self));
    if (*gale_get_query_argument(self, "more", ""))
        gale_http_connection_set_max_body_size(connection, 1000);
    if (*gale_get_query_argument(self, "timeout", ""))
        gale_http_connection_set_body_timeout(connection, 0.02);
    return 0;
}

static const gale_handler_class limit_handler = { .base = &stream_handler,
                                                  .prepare = more_is_allowed };

TEST(a_handler_may_allow_a_larger_body)
{
    static const gale_route limit_routes[] = { ROUTE("/", limit_handler), { 0 } };
    int port;
    serve(limit_routes, &(gale_application_settings){ .server.max_body_size = 10 }, &port);
    static const char *const targets[] = { "/?more=1", "/?more=1&wait=1" };
    for (int i = 0; i < 2; i++) {
        char request[300];
        snprintf(request, sizeof request,
                 "POST %s HTTP/1.1\r\n" CLOSE "Content-Length: 20\r\n\r\n%020d", targets[i], 0);
        assert_answer(port, request, "HTTP/1.1 200 OK\r\n", "taken");
        snprintf(request, sizeof request,
                 "POST %s HTTP/1.1\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n"
                 "14\r\n%020d\r\n0\r\n\r\n",
                 targets[i], 0);
        assert_answer(port, request, "HTTP/1.1 200 OK\r\n", "taken");
    }
    /* The next request on the connection has the server's limit again. */
    char *answer =
        ask(port, "POST /?more=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n12345678901"
                  "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n12345678901");
    const char *second = strstr(answer, "taken");
    assert_non_null(second);
    assert_memory_equal(second, "takenHTTP/1.1 413 ", 18);
    free(answer);
    trace[0] = '\0';
    stop();
}

TEST(a_streamed_body_over_the_limit)
{
    int port;
    serve(routes, &(gale_application_settings){ .server.max_body_size = 10 }, &port);
    assert_answer(port, POST("/", "Content-Length: 11\r\n") "12345678901", "HTTP/1.1 413 ",
                  "</html>");
    assert_trace("prepare");
    assert_answer(port, POST("/", "Transfer-Encoding: chunked\r\n") "5\r\n12345\r\n6\r\n678901\r\n",
                  "HTTP/1.1 413 ", "</html>");
    assert_trace("prepare 12345");
    stop();
}

TEST(a_handler_may_set_the_time_for_a_body)
{
    static const gale_route limit_routes[] = { ROUTE("/", limit_handler), { 0 } };
    int port = serve_routes(limit_routes);
    assert_answer(port, POST("/?timeout=1", "Content-Length: 42\r\n") "abc", "HTTP/1.1 408 ",
                  "</html>");
    trace[0] = '\0';
    stop();
}

/* ---- Answering early ------------------------------------------------------------------- */

static int refuse_in_prepare(gale_handler *self)
{
    return gale_http_error(self, 401, NULL);
}

static int finish_in_prepare(gale_handler *self)
{
    GALE_TRY(gale_set_status(self, 401, NULL));
    GALE_TRY(gale_write(self, "not you"));
    return gale_finish(self);
}

static int finish_at_first_piece(gale_handler *self, const char *data, size_t size)
{
    note_piece(data, size);
    GALE_TRY(gale_write(self, "enough"));
    return gale_finish(self);
}

static int fail_at_first_piece(gale_handler *self, const char *data, size_t size)
{
    (void)self;
    note_piece(data, size);
    return -EIO;
}

static const gale_handler_class refusing_handler = { .base = &stream_handler,
                                                     .prepare = refuse_in_prepare },
                                finishing_handler = { .base = &stream_handler,
                                                      .prepare = finish_in_prepare },
                                enough_handler = { .base = &stream_handler,
                                                   .data_received = finish_at_first_piece },
                                failing_handler = { .base = &stream_handler,
                                                    .data_received = fail_at_first_piece };

static const gale_route early_routes[] = { ROUTE("/refuse", refusing_handler),
                                           ROUTE("/finish", finishing_handler),
                                           ROUTE("/enough", enough_handler),
                                           ROUTE("/fail", failing_handler),
                                           { 0 } };

/* The connection says that it closes, since the rest of the body will not be read. */
static void assert_early(int port, const char *target, const char *body, const char *status,
                         const char *end)
{
    char request[300];
    snprintf(request, sizeof request,
             "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n%s", target, body);
    char *answer = ask(port, request);
    if (strncmp(answer + 9, status, 3) != 0 || !strstr(answer, "\r\nConnection: close\r\n") ||
        strcmp(answer + strlen(answer) - strlen(end), end) != 0)
        fail_msg("%s: %s", target, answer);
    free(answer);
}

TEST(an_answer_before_the_body)
{
    int port = serve_routes(early_routes);
    static const char *const bodies[] = { "", "some data" };
    for (int i = 0; i < 2; i++) {
        test_expect_log(GALE_LOG_WARNING, "401 POST /refuse ");
        assert_early(port, "/refuse", bodies[i], "401", "</html>");
        test_expect_log(GALE_LOG_WARNING, "401 POST /finish ");
        assert_early(port, "/finish", bodies[i], "401", "not you");
    }
    assert_trace("");
    stop();
}

TEST(an_answer_in_the_middle_of_the_body)
{
    int port = serve_routes(early_routes);
    assert_early(port, "/enough", "some data", "200", "enough");
    assert_trace("prepare some data");
    test_expect_log(GALE_LOG_ERROR, "Uncaught error POST /fail (127.0.0.1) in handler: ");
    test_expect_log(GALE_LOG_ERROR, "500 POST /fail ");
    assert_early(port, "/fail", "some data", "500", "</html>");
    assert_trace("prepare some data");
    stop();
}

/* A client that sends on and on gets its early answer all the same, not a reset. */
TEST(an_early_answer_to_a_client_that_keeps_sending)
{
    static char head[100], block[1000000];
    memset(block, 'x', sizeof block);
    int head_size = snprintf(head, sizeof head,
                             "POST /finish HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    const gale_str parts[] = { { head, (size_t)head_size }, { block, sizeof block } };
    int port = serve_routes(early_routes);
    test_expect_log(GALE_LOG_WARNING, "401 POST /finish ");
    char *answer = ask_parts(port, parts, 2);
    assert_string_equal(answer + strlen(answer) - 7, "not you");
    free(answer);
    stop();
}

/* ---- Back-pressure --------------------------------------------------------------------- */

static gale_event *open_gate;

static int wait_at_gate(gale_handler *self, const char *data, size_t size)
{
    (void)self;
    (void)data;
    (void)size;
    return gale_event_wait(open_gate);
}

typedef struct upload {
    int port;
    size_t sent;
    bool complete;
    gale_iostream *stream;
} upload;

static int send_all(void *arg)
{
    upload *self = arg;
    static char block[100000];
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", self->port, NULL, &self->stream));
    static const char head[] = "POST / HTTP/1.1\r\n" CLOSE "Content-Length: 50000000\r\n\r\n";
    GALE_TRY(gale_iostream_write(self->stream, head, sizeof head - 1));
    for (; self->sent < 50000000; self->sent += sizeof block)
        GALE_TRY(gale_iostream_write(self->stream, block, sizeof block));
    self->complete = true;
    return 0;
}

static int upload_task(void *arg)
{
    upload *self = arg;
    GALE_TRY(gale_spawn(send_all, self));
    GALE_TRY(gale_sleep(0.2));
    size_t held = test_allocated_bytes(), sent = self->sent;
    assert_false(self->complete);
    GALE_TRY(gale_sleep(0.05));
    assert_int_equal(self->sent, sent); /* it stands still */
    assert_true(held < 2000000);
    gale_event_set(open_gate);
    while (!self->complete)
        GALE_TRY(gale_sleep(0.005));
    gale_str answer;
    GALE_TRY(gale_iostream_read_until_close(self->stream, &answer));
    assert_memory_equal(answer.data, "HTTP/1.1 200 OK\r\n", 17);
    gale_iostream_free(self->stream);
    return 0;
}

TEST(a_client_that_is_faster_than_the_handler_waits)
{
    static const gale_handler_class gate_handler = { .base = &stream_handler,
                                                     .data_received = wait_at_gate };
    static const gale_route gate_routes[] = { ROUTE("/", gate_handler), { 0 } };
    upload self = { .port = serve_routes(gate_routes) };
    open_gate = gale_event_new();
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), upload_task, &self, 20));
    gale_event_free(open_gate);
    trace[0] = '\0';
    stop();
}

/* ---- A client that leaves -------------------------------------------------------------- */

static gale_event *gone;

static void note_leaving(gale_handler *self)
{
    note(gale_handler_disconnected(self) ? "on_connection_close" : "connected");
}

static void note_end(gale_handler *self)
{
    (void)self;
    note("on_finish");
    gale_event_set(gone);
}

static const gale_handler_class left_handler = { .base = &stream_handler,
                                                 .on_connection_close = note_leaving,
                                                 .on_finish = note_end };
static int take_piece_for_ever(gale_handler *self, const char *data, size_t size)
{
    (void)self;
    note_piece(data, size);
    int result = gale_sleep(60);
    note(gale_strerror(result));
    return result;
}

static const gale_handler_class left_late_handler = { .base = &left_handler,
                                                      .data_received = take_piece_for_ever };

static int leave(void *arg)
{
    const asking *self = arg;
    gale_iostream *stream;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", self->port, NULL, &stream));
    GALE_TRY(gale_iostream_write(stream, self->parts->data, self->parts->len));
    GALE_TRY(gale_sleep(0.01));
    gale_iostream_free(stream);
    return gale_event_wait(gone);
}

static void leave_after(int port, const char *request)
{
    gone = gale_event_new();
    gale_str part = { request, strlen(request) };
    asking what = { .port = port, .parts = &part };
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), leave, &what, 10));
    gale_event_free(gone);
}

TEST(a_client_that_leaves_during_its_upload)
{
    static const gale_route left_routes[] = { ROUTE("/", left_handler),
                                              ROUTE("/late", left_late_handler),
                                              { 0 } };
    int port = serve_routes(left_routes);
    leave_after(port, POST("/", "Content-Length: 10\r\n") "abc");
    assert_trace("prepare abc on_connection_close on_finish");
    leave_after(port, POST("/", "Transfer-Encoding: chunked\r\n") "5\r\nabc");
    assert_trace("prepare abc on_connection_close on_finish");
    leave_after(port, POST("/late", "Content-Length: 10\r\n") "abc");
    assert_trace("prepare abc on_connection_close canceled on_finish");
    stop();
}

GALE_TEST_MAIN
