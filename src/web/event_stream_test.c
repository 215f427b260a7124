/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events: how events look, what goes with them, streams and their handlers. */
#include <gale/eventsource.h>
#include <gale/middleware.h>

#include <errno.h>
#include <math.h>

#include "web/web_test.h"

#define HEAD_END "\r\nConnection: close\r\n\r\n"

/* The answer to a GET, behind its head; free() *ret_all. */
static const char *events_of(int port, const char *request, char **ret_all)
{
    *ret_all = ask(port, request);
    char *end = strstr(*ret_all, "\r\n\r\n");
    if (strncmp(*ret_all, "HTTP/1.1 200 OK\r\n", 17) != 0 || !end)
        fail_msg("no stream: %s", *ret_all);
    return end + 4;
}

static void assert_events(int port, const char *target, const char *expected)
{
    char request[200], *all;
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
    assert_string_equal(events_of(port, request, &all), expected);
    free(all);
}

/* ---- The format ------------------------------------------------------------------------ */

#define SEND(...) gale_event_stream_send(stream, &(gale_server_sent_event){ __VA_ARGS__ })

static int send_all(gale_handler *self)
{
    gale_event_stream *stream;
    GALE_TRY(gale_event_stream_open(self, NULL, &stream));
    assert_false(gale_event_stream_is_closing(stream));
    assert_null(gale_event_stream_state(stream));
    assert_ok(SEND(.data = "plain"));
    assert_ok(SEND(.data = ""));
    assert_ok(SEND(.event = "tick", .id = "7", .retry = 0.0015, .data = "a\nb\rc\r\nd\n\re"));
    assert_ok(SEND(.data = "ends\n"));
    assert_ok(SEND(.data = "ends\r\n"));
    assert_ok(SEND(.data = "\n"));
    assert_ok(SEND(.data = "a\0b: gr\xc3\xbc\xc3\x9f", .size = 11));
    assert_ok(SEND(.data = "not all of it", .size = 3));
    assert_ok(SEND(.comment = "for\nnobody"));
    assert_ok(SEND(.id = ""));
    assert_ok(SEND(.retry = 3));
    assert_ok(SEND(.event = " x", .data = " y"));
    assert_ok(gale_event_stream_send_json(stream, NULL, json_pack("[i, s]", 1, "\n")));
    return gale_event_stream_send_json(stream, &(gale_server_sent_event){ .event = "j" },
                                       json_pack("{s:b}", "a", 1));
}

static int send_wrong(gale_handler *self)
{
    gale_event_stream *stream;
    GALE_TRY(gale_event_stream_open(self, NULL, &stream));
    assert_error(SEND(.event = "a\nb", .data = "x"), GALE_EINVALID);
    assert_error(SEND(.event = "a\rb", .data = "x"), GALE_EINVALID);
    assert_error(SEND(.id = "1\n", .data = "x"), GALE_EINVALID);
    assert_error(SEND(.id = "\xff", .data = "x"), GALE_EENCODING);
    assert_error(SEND(.event = "\xc3", .data = "x"), GALE_EENCODING);
    assert_error(SEND(.data = "\xe2\x82"), GALE_EENCODING);
    assert_error(SEND(.data = "ab\xe2\x82\xac", .size = 4), GALE_EENCODING);
    assert_error(SEND(.comment = "\x80"), GALE_EENCODING);
    assert_error(SEND(.event = "alone"), GALE_EINVALID);
    assert_error(SEND(.data = NULL), GALE_EINVALID);
    assert_error(SEND(.retry = -1), GALE_EINVALID);
    assert_error(SEND(.retry = NAN), GALE_EINVALID);
    assert_error(SEND(.retry = INFINITY), GALE_EINVALID);
    assert_error(gale_event_stream_send_json(stream, NULL, NULL), GALE_EINVALID);
    assert_error(
        gale_event_stream_send_json(stream, &(gale_server_sent_event){ .id = "\n" }, json_true()),
        GALE_EINVALID);
    return SEND(.data = "right");
}

static const gale_handler_class all_handler = { .get = send_all };
static const gale_handler_class wrong_handler = { .get = send_wrong };
static const gale_route format_routes[] = { ROUTE("/all", all_handler),
                                            ROUTE("/wrong", wrong_handler),
                                            { 0 } };

TEST(events_as_they_are_sent)
{
    int port = serve_routes(format_routes);
    char *all;
    const char *events = events_of(port, "GET /all HTTP/1.1\r\nHost: h\r\n\r\n", &all);
    static const char expected[] =
        "data: plain\n\n"
        "data: \n\n"
        "id: 7\nevent: tick\nretry: 2\ndata: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n"
        "data: ends\ndata: \n\n"
        "data: ends\ndata: \n\n"
        "data: \ndata: \n\n"
        "data: a\0b: gr\xc3\xbc\xc3\x9f\n\n"
        "data: not\n\n"
        ": for\n: nobody\n\n"
        "id: \n\n"
        "retry: 3000\n\n"
        "event:  x\ndata:  y\n\n"
        "data: [1, \"\\n\"]\n\n"
        "event: j\ndata: {\"a\": true}\n\n";
    assert_memory_equal(events, expected, sizeof expected);
    free(all);
    stop();
}

TEST(events_that_cannot_be_sent)
{
    int port = serve_routes(format_routes);
    assert_events(port, "/wrong", "data: right\n\n");
    stop();
}

/* ---- The request and its answer -------------------------------------------------------- */

static int say_last(gale_handler *self)
{
    gale_event_stream *stream;
    GALE_TRY(gale_event_stream_open(self, &(gale_event_stream_options){ .retry = 2 }, &stream));
    return SEND(.data = gale_last_event_id(self));
}

static int with_headers(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "Cache-Control", "private"));
    GALE_TRY(gale_set_header(self, "X-Accel-Buffering", "yes"));
    GALE_TRY(gale_set_header(self, "Content-Length", "5"));
    GALE_TRY(gale_set_header(self, "Connection", "keep-alive"));
    GALE_TRY(gale_set_cookie(self, "seen", "1", NULL));
    return say_last(self);
}

static const gale_handler_class last_handler = { .get = say_last,
                                                 .head = say_last,
                                                 .post = say_last };
static const gale_handler_class headers_handler = { .get = with_headers };
static const gale_route last_routes[] = { ROUTE("/", last_handler),
                                          ROUTE("/headers", headers_handler),
                                          { 0 } };

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
}

TEST(headers_of_a_stream)
{
    int port;
    const gale_cors_options cors = { .allow_origins = (const char *const[]){ "*", NULL } };
    const gale_filter filters[] = { { &gale_cors_filter, &cors }, { 0 } };
    gale_application_settings settings = { .compress_response = true,
                                           .etag = true,
                                           .filters = filters };
    serve(last_routes, &settings, &port);
    char *answer = ask(port, "GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip, br\r\n"
                             "Origin: http://o\r\n\r\n");
    assert_has(answer, "\r\nContent-Type: text/event-stream\r\n");
    assert_has(answer, "\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n");
    assert_has(answer, "\r\nAccess-Control-Allow-Origin: *\r\n");
    assert_has(answer, HEAD_END "retry: 2000\n\ndata: \n\n");
    assert_null(strstr(answer, "Encoding: "));
    assert_null(strstr(answer, "Content-Length"));
    assert_null(strstr(answer, "Etag"));
    free(answer);
    answer = ask(port, "GET /headers HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_has(answer, "\r\nCache-Control: private\r\nX-Accel-Buffering: yes\r\n"
                       "Set-Cookie: seen=1; Path=/" HEAD_END);
    assert_null(strstr(answer, "keep-alive"));
    assert_null(strstr(answer, "no-store"));
    free(answer);
    stop();
}

TEST(an_old_client)
{
    int port = serve_routes(last_routes);
    char *answer = ask(port, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_has(answer, "HTTP/1.1 200 OK\r\n");
    assert_has(answer, "\r\nX-Accel-Buffering: no\r\n\r\nretry: 2000\n\ndata: \n\n");
    free(answer);
    stop();
}

TEST(what_the_client_received_last)
{
    int port = serve_routes(last_routes);
    char *all;
    assert_string_equal(
        events_of(port, "GET / HTTP/1.1\r\nHost: h\r\nLast-Event-ID: n\xc3\xa9\r\n\r\n", &all),
        "retry: 2000\n\ndata: n\xc3\xa9\n\n");
    free(all);
    assert_string_equal(
        events_of(port, "GET / HTTP/1.1\r\nHost: h\r\nLast-Event-ID: n\xe9\r\n\r\n", &all),
        "retry: 2000\n\ndata: \n\n");
    free(all);
    assert_string_equal(events_of(port,
                                  "POST / HTTP/1.1\r\nHost: h\r\nLast-Event-ID: 8\r\n"
                                  "Content-Length: 2\r\n\r\nhi",
                                  &all),
                        "retry: 2000\n\ndata: 8\n\n");
    free(all);
    stop();
}

TEST(a_head_request_gets_the_head)
{
    int port = serve_routes(last_routes);
    char *answer = ask(port, "HEAD / HTTP/1.1\r\n" CLOSE "\r\n");
    assert_has(answer, "HTTP/1.1 200 OK\r\n");
    assert_has(answer, "\r\nContent-Type: text/event-stream\r\n");
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
    stop();
}

TEST(what_was_pipelined_is_not_answered)
{
    int port = serve_routes(last_routes);
    char *answer = ask(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const char *first = strstr(answer, "retry: 2000\n\ndata: \n\n");
    assert_string_equal(first, "retry: 2000\n\ndata: \n\n");
    free(answer);
    answer = ask(port, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_has(answer, "\r\n\r\nHTTP/1.1 200 OK\r\n"); /* the one before it is */
    assert_has(answer, HEAD_END "retry: 2000\n\ndata: \n\n");
    free(answer);
    stop();
}

/* ---- Where it cannot be opened --------------------------------------------------------- */

static int open_wrongly(gale_handler *self)
{
    gale_event_stream *stream;
    const char *how = gale_get_argument(self, "how", "");
    gale_event_stream_options options = { 0 };
    switch (*how) {
    case 'w':
        GALE_TRY(gale_write(self, "written"));
        break;
    case 's':
        GALE_TRY(gale_set_status(self, 204, NULL));
        break;
    case 'f':
        GALE_TRY(gale_write(self, "flushed"));
        GALE_TRY(gale_flush(self));
        break;
    case 'e':
        GALE_TRY(gale_finish(self));
        break;
    case 'h':
        options.heartbeat = NAN;
        break;
    case 'p':
        options.when_full = (gale_event_stream_full)7;
        break;
    case 'r':
        options.retry = -3;
        break;
    default:
        break;
    }
    bool invalid = *how == 'h' || *how == 'p' || *how == 'r';
    assert_error(gale_event_stream_open(self, &options, &stream),
                 invalid ? GALE_EINVALID : GALE_ESTATE);
    return 0;
}

static int in_prepare(gale_handler *self)
{
    gale_event_stream *stream;
    assert_error(gale_event_stream_open(self, NULL, &stream), GALE_ESTATE);
    return 0;
}

static int nothing(gale_handler *self, const char *data, size_t size)
{
    (void)self;
    (void)data;
    (void)size;
    return 0;
}

static int twice(gale_handler *self)
{
    gale_event_stream *stream, *other;
    GALE_TRY(gale_event_stream_open(self, NULL, &stream));
    assert_error(gale_event_stream_open(self, NULL, &other), GALE_ESTATE);
    assert_error(gale_write(self, "x"), GALE_ESTATE);
    assert_error(gale_finish(self), GALE_ESTATE);
    return SEND(.data = "once");
}

static const gale_handler_class wrongly_handler = { .get = open_wrongly };
static const gale_handler_class twice_handler = { .get = twice };
static const gale_handler_class body_handler = {
    .stream_request_body = true, .prepare = in_prepare, .data_received = nothing, .put = say_last
};
static const gale_route wrong_routes[] = { ROUTE("/wrong", wrongly_handler),
                                           ROUTE("/twice", twice_handler),
                                           ROUTE("/body", body_handler),
                                           { 0 } };

TEST(where_a_stream_cannot_be_opened)
{
    int port = serve_routes(wrong_routes);
    assert_body(port, "/wrong?how=w", "written");
    assert_status(port, "/wrong?how=s", "204 No Content");
    assert_answer(port, GET("/wrong?how=f"), "HTTP/1.1 200 OK\r\n", "flushed\r\n0\r\n\r\n");
    assert_body(port, "/wrong?how=e", "");
    assert_body(port, "/wrong?how=h", "");
    assert_body(port, "/wrong?how=p", "");
    assert_body(port, "/wrong?how=r", "");
    assert_events(port, "/twice", "data: once\n\n");
    assert_answer(port, "PUT /body HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi",
                  "HTTP/1.1 200 OK\r\n", "retry: 2000\n\ndata: \n\n");
    stop();
}

/* ---- Streams and their handlers -------------------------------------------------------- */

static gale_event_stream *kept;

static void note_close(gale_event_stream *stream)
{
    assert_true(gale_event_stream_is_closing(stream));
    assert_error(SEND(.data = "late"), GALE_ECLOSED);
    assert_error(gale_event_stream_keep(stream), GALE_ECLOSED);
    gale_event_stream_close(stream);
    assert_ok(gale_sleep(0.001));
    note("closed");
    note(gale_event_stream_state(stream));
    kept = NULL;
}

static int keep_it(gale_handler *self)
{
    gale_event_stream_options options = { .state_size = 10, .on_close = note_close };
    GALE_TRY(gale_event_stream_open(self, &options, &kept));
    const char *state = gale_event_stream_state(kept);
    for (int i = 0; i < 10; i++)
        assert_int_equal(state[i], 0);
    strcpy(gale_event_stream_state(kept), "mine");
    note("kept");
    GALE_TRY(gale_event_stream_keep(kept));
    return gale_event_stream_keep(kept);
}

static int feed(gale_handler *self)
{
    gale_event_stream *stream = kept;
    assert_non_null(kept);
    GALE_TRY(SEND(.data = gale_get_argument(self, "text", "")));
    if (gale_get_argument(self, "last", "")[0])
        gale_event_stream_close(kept);
    return 0;
}

static void finished(gale_handler *self)
{
    (void)self;
    note("finished");
}

static const gale_handler_class keep_handler = { .get = keep_it, .on_finish = finished };
static const gale_handler_class feed_handler = { .post = feed };
static const gale_route keep_routes[] = { ROUTE("/", keep_handler),
                                          ROUTE("/feed", feed_handler),
                                          { 0 } };

static int feed_from_outside(void *arg)
{
    char *answer;
    int port = *(int *)arg;
    static const char *const targets[] = { "/feed?text=one", "/feed?text=two&last=1" };
    while (!kept)
        GALE_TRY(gale_moment());
    for (size_t i = 0; i < 2; i++) {
        char request[200];
        snprintf(request, sizeof request, "POST %s HTTP/1.1\r\n" CLOSE "Content-Length: 0\r\n\r\n",
                 targets[i]);
        gale_str part = { request, strlen(request) };
        asking self = { .port = port, .parts = &part, .part_count = 1 };
        GALE_TRY(ask_task(&self));
        answer = self.answer;
        assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
        free(answer);
    }
    return 0;
}

static int ask_and_feed(void *arg)
{
    int *port = arg;
    gale_str part = GALE_STR("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    asking asks = { .port = *port, .parts = &part, .part_count = 1 };
    gale_call calls[] = { { .function = ask_task, .arg = &asks },
                          { .function = feed_from_outside, .arg = port } };
    GALE_TRY(gale_multi(calls, 2));
    assert_ok(asks.result);
    assert_string_equal(strstr(asks.answer, "\r\n\r\n") + 4, "data: one\n\ndata: two\n\n");
    free(asks.answer);
    return gale_sleep(0.01);
}

TEST(a_stream_that_others_feed)
{
    int port = serve_routes(keep_routes);
    test_expect_log(GALE_LOG_INFO, "200 GET / (127.0.0.1) ");
    gale_log_set_level(GALE_LOG_INFO);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_and_feed, &port, 10));
    assert_trace("kept finished closed mine");
    stop();
}

static int close_itself(gale_handler *self)
{
    gale_event_stream *stream;
    GALE_TRY(gale_event_stream_open(self, NULL, &stream));
    GALE_TRY(SEND(.data = "bye"));
    gale_event_stream_close(stream);
    assert_error(SEND(.data = "late"), GALE_ECLOSED);
    assert_ok(gale_sleep(0.001)); /* it is not cancelled */
    note("cleaned");
    return 0;
}

static int fail_after(gale_handler *self)
{
    gale_event_stream *stream;
    GALE_TRY(gale_event_stream_open(self, NULL, &stream));
    GALE_TRY(SEND(.data = "before"));
    return -EIO;
}

static const gale_handler_class close_handler = { .get = close_itself };
static const gale_handler_class fail_handler = { .get = fail_after };
static const gale_route end_routes[] = { ROUTE("/close", close_handler),
                                         ROUTE("/fail", fail_handler),
                                         { 0 } };

static int pause(void *arg)
{
    (void)arg;
    return gale_sleep(0.02);
}

TEST(a_handler_that_ends_its_stream)
{
    int port = serve_routes(end_routes);
    assert_events(port, "/close", "data: bye\n\n");
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), pause, NULL, 5));
    assert_trace("cleaned");
    test_expect_log(GALE_LOG_ERROR,
                    "Uncaught error GET /fail (127.0.0.1) in handler: Input/output");
    assert_events(port, "/fail", "data: before\n\n");
    stop();
}

static void log_request(gale_handler *self)
{
    (void)self;
    note("log");
}

TEST(a_log_function_gets_the_handler_also_of_a_stream)
{
    int port;
    serve(keep_routes, &(gale_application_settings){ .log_function = log_request }, &port);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_and_feed, &port, 10));
    assert_trace("kept log finished log log closed mine");
    stop();
}

/* ---- Over TLS -------------------------------------------------------------------------- */

typedef struct secure_listening {
    int port;
    gale_ssl_context *context;
    bool leaves;
} secure_listening;

static int listen_securely(void *arg)
{
    secure_listening *self = arg;
    gale_iostream *stream;
    gale_str data;
    gale_tcp_client_options options = { .ssl_context = self->context };
    GALE_TRY(gale_tcp_client_connect("localhost", self->port, &options, &stream));
    const char *request = self->leaves ? "GET / HTTP/1.0\r\n\r\n" : "GET /close HTTP/1.0\r\n\r\n";
    GALE_TRY(gale_iostream_write(stream, request, strlen(request)));
    if (self->leaves) {
        GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &data));
    } else {
        GALE_TRY(gale_iostream_read_until_close(stream, &data));
        assert_int_equal(gale_iostream_error(stream), 0);
        assert_memory_equal(data.data + data.len - 11, "data: bye\n\n", 11);
    }
    gale_iostream_free(stream);
    return gale_sleep(0.02);
}

static const gale_route secure_routes[] = { ROUTE("/", keep_handler),
                                            ROUTE("/close", close_handler),
                                            { 0 } };

TEST(streams_over_tls)
{
    gale_bytes *pem;
    secure_listening listening = { 0 };
    gale_application *application = gale_application_new(secure_routes, NULL);
    assert_ok(gale_ssl_self_signed(NULL, &pem));
    listening.port = gale_application_listen_ssl(
        application, 0, &(gale_ssl_options){ .certificate = gale_bytes_str(pem).data });
    assert_true(listening.port > 0);
    assert_ok(gale_ssl_context_new(&(gale_ssl_options){ .ca_data = gale_bytes_str(pem).data },
                                   &listening.context));
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), listen_securely, &listening, 10));
    assert_trace("cleaned");
    listening.leaves = true;
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), listen_securely, &listening, 10));
    assert_trace("kept finished closed mine");
    gale_ssl_context_unref(listening.context);
    gale_bytes_unref(pem);
    stop();
}

GALE_TEST_MAIN
