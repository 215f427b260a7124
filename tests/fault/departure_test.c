/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that leave: by a reset or by ending their side, at any byte and during any wait. */
#include <errno.h>

#include "fault_test.h"

/* What the handlers have seen. */
static struct {
    int entered, cancelled, answered, closed, finished;
    size_t received;
} seen;

static int count(int result)
{
    seen.cancelled += result == GALE_ECANCELED || result == GALE_ECLOSED;
    return result;
}

static int waiting(gale_handler *self)
{
    seen.entered++;
    GALE_TRY(count(gale_sleep(10)));
    GALE_TRY(gale_write(self, "awake"));
    seen.answered++;
    return 0;
}

static int flushing(gale_handler *self)
{
    seen.entered++;
    for (int i = 0; i < 100; i++) {
        GALE_TRY(gale_writef(self, "%01000d", i));
        GALE_TRY(count(gale_flush(self)));
    }
    seen.answered++;
    return 0;
}

static int streaming(gale_handler *self, const char *data, size_t size)
{
    (void)self;
    (void)data;
    seen.received += size;
    return count(gale_sleep(0.1));
}

static int stubborn(gale_handler *self)
{
    seen.entered++;
    GALE_TRY(gale_sleep(10));
    assert_true(gale_handler_disconnected(self));
    assert_error(gale_write(self, "awake"), GALE_ECLOSED);
    assert_error(gale_flush(self), GALE_ECLOSED);
    assert_error(gale_finish(self), GALE_ECLOSED);
    seen.answered++;
    return 0;
}

/* It takes away what it stands on. */
static int ruthless(gale_handler *self)
{
    seen.entered++;
    gale_application_free(gale_handler_application(self));
    assert_true(gale_handler_disconnected(self));
    assert_error(gale_write(self, "last words"), GALE_ECLOSED);
    assert_error(gale_sleep(1), GALE_ECANCELED);
    return 0;
}

static int begin(gale_handler *self)
{
    (void)self;
    seen.entered++;
    return 0;
}

static void on_close(gale_handler *self)
{
    assert_true(gale_handler_disconnected(self));
    gale_sleep(0.01);
    seen.closed++;
}

static void on_finish(gale_handler *self)
{
    (void)self;
    assert_false(gale_task_canceled());
    seen.finished++;
}

static const gale_handler_class base_handler = { .on_connection_close = on_close,
                                                 .on_finish = on_finish };
static const gale_handler_class wait_handler = {
    .name = "wait", .base = &base_handler, .get = waiting, .post = waiting
};
static const gale_handler_class flush_handler = { .name = "flush",
                                                  .base = &base_handler,
                                                  .get = flushing };
static const gale_handler_class stream_handler = { .name = "stream",
                                                   .base = &base_handler,
                                                   .stream_request_body = true,
                                                   .prepare = begin,
                                                   .data_received = streaming,
                                                   .put = echo };
static const gale_handler_class stubborn_handler = {
    .name = "stubborn", .base = &base_handler, .ignore_disconnect = true, .get = stubborn
};

static const gale_handler_class ruthless_handler = { .base = &base_handler,
                                                     .get = ruthless,
                                                     .put = ruthless };

static const gale_route routes[] = { { .pattern = "/", .handler = &hello_handler },
                                     { .pattern = "/echo", .handler = &echo_handler },
                                     { .pattern = "/wait", .handler = &wait_handler },
                                     { .pattern = "/flush", .handler = &flush_handler },
                                     { .pattern = "/stream", .handler = &stream_handler },
                                     { .pattern = "/stubborn", .handler = &stubborn_handler },
                                     { .pattern = "/ruthless", .handler = &ruthless_handler },
                                     { 0 } };

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define STREAM_REQUEST                                                                             \
    "PUT /stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"                        \
    "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"

static int serve_here(const gale_application_settings *settings)
{
    memset(&seen, 0, sizeof seen);
    return serve(routes, settings);
}

typedef void (*departure)(memory_peer *peer);

static void reset(memory_peer *peer)
{
    memory_break(peer, -ECONNRESET);
}

/* ---- At every byte ---- */

/* The client leaves after so many bytes of the request: in a turn of its own, or along with
 * the last of them. */
static void leave_at(int listening, const char *request, size_t at, departure leave, bool together)
{
    memory_peer *peer = connected(listening);
    memory_send(peer, request, at);
    if (!together)
        memory_turns();
    leave(peer);
    memory_turns();
    assert_true(peer->closed);
    assert_int_equal(memory_open_count(), 0);
}

static void leave_everywhere(const char *request, departure leave)
{
    int listening = serve_here(NULL);
    for (size_t at = 0; at <= strlen(request); at++) {
        leave_at(listening, request, at, leave, false);
        leave_at(listening, request, at, leave, true);
    }
    memory_advance(20);
    assert_int_equal(seen.finished, seen.entered);
    assert_int_equal(seen.closed, seen.entered);
    stop();
}

TEST(reset_at_every_byte)
{
    leave_everywhere(HELLO_REQUEST, reset);
    leave_everywhere(CHUNKED_REQUEST SIZED_REQUEST, reset);
    leave_everywhere("POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab" HELLO_REQUEST,
                     reset);
    leave_everywhere(STREAM_REQUEST HELLO_REQUEST, reset);
}

TEST(half_close_at_every_byte)
{
    leave_everywhere(HELLO_REQUEST, memory_end);
    leave_everywhere(CHUNKED_REQUEST SIZED_REQUEST, memory_end);
    leave_everywhere("POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab" HELLO_REQUEST,
                     memory_end);
    leave_everywhere(STREAM_REQUEST HELLO_REQUEST, memory_end);
}

/* A request that is complete is answered, though its client has ended its side. */
TEST(half_close_behind_a_request)
{
    int listening = serve_here(NULL);
    memory_peer *peer = memory_connect(listening);
    send_text(peer, HELLO_REQUEST SIZED_REQUEST "GET / HT");
    memory_end(peer);
    memory_turns();
    assert_response(peer, 200, "Hello, world");
    assert_response(peer, 200, "hello");
    assert_int_equal(memory_received(peer).len, 0);
    assert_true(peer->closed);
    stop();
}

/* ---- While a handler waits ---- */

static void leave_during(const char *request, departure leave, size_t window)
{
    memory_peer *peer = connected(serve_here(NULL));
    memory_take(peer, window);
    send_text(peer, request);
    memory_advance(1);
    assert_int_equal(seen.entered, 1);
    assert_int_equal(seen.cancelled, 0);
    leave(peer);
    memory_turns();
    assert_true(peer->closed);
    assert_int_equal(seen.cancelled, 1);
    assert_int_equal(seen.finished, 1);
    memory_advance(0.1);
    assert_int_equal(seen.closed, 1);
    memory_advance(20);
    assert_int_equal(seen.answered, 0);
    assert_int_equal(seen.closed + seen.finished, 2);
    stop();
}

TEST(a_waiting_handler_is_cancelled)
{
    leave_during(GET("/wait"), reset, SIZE_MAX);
    leave_during(GET("/wait"), memory_end, SIZE_MAX);
    leave_during(GET("/wait") GET("/wait"), reset, SIZE_MAX);
    leave_during(GET("/wait") GET("/wait"), memory_end, SIZE_MAX);
    leave_during("POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab", reset, SIZE_MAX);
}

/* Behind 64 KiB of pipelined requests reading has paused, and the end is noticed all the same. */
TEST(a_waiting_handler_is_cancelled_behind_much_input)
{
    char *request = calloc(1, 300000);
    strcpy(request, GET("/wait"));
    memset(request + strlen(request), '\n', 200000);
    leave_during(request, reset, SIZE_MAX);
    leave_during(request, memory_end, SIZE_MAX);
    free(request);
}

TEST(a_handler_that_flushes_is_cancelled)
{
    leave_during(GET("/flush"), reset, 0);
    leave_during(GET("/flush"), reset, 1);
    leave_during(GET("/flush"), reset, 5000);
    leave_during(GET("/flush"), memory_end, 0);
    leave_during(GET("/flush"), memory_end, 5000);
}

TEST(a_handler_that_streams_a_body_is_cancelled)
{
    departure departures[] = { reset, memory_end };
    for (int i = 0; i < 2; i++) {
        memory_peer *peer = connected(serve_here(NULL));
        memory_send(peer, STREAM_REQUEST, sizeof STREAM_REQUEST - 20);
        memory_turns();
        assert_true(seen.received > 0);
        departures[i](peer);
        memory_advance(1);
        assert_true(peer->closed);
        assert_int_equal(seen.closed, 1);
        assert_int_equal(seen.finished, 1);
        assert_int_equal(seen.cancelled, 1);
        stop();
    }
}

TEST(a_handler_that_ignores_it_goes_on)
{
    memory_peer *peer = connected(serve_here(NULL));
    send_text(peer, GET("/stubborn"));
    memory_turns();
    reset(peer);
    memory_advance(5);
    assert_true(peer->closed);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(seen.finished, 0);
    memory_advance(6);
    assert_int_equal(seen.answered, 1);
    assert_int_equal(seen.finished, 1);
    stop();
}

TEST(half_close_may_be_allowed)
{
    memory_peer *peer =
        connected(serve_here(&(gale_application_settings){ .server.allow_half_close = true }));
    send_text(peer, GET("/wait") HELLO_REQUEST);
    memory_turns();
    memory_end(peer);
    memory_advance(11);
    assert_response(peer, 200, "awake");
    assert_response(peer, 200, "Hello, world");
    assert_int_equal(seen.closed, 0);
    assert_true(peer->closed);
    stop();
}

/* ---- While an answer is on its way ---- */

TEST(leaving_with_an_answer_at_every_byte)
{
    departure departures[] = { reset, memory_end };
    int listening = serve_here(NULL);
    for (int i = 0; i < 2; i++) {
        for (size_t at = 0; at < 300; at++) {
            memory_peer *peer = connected(listening);
            memory_take(peer, at);
            send_text(peer, HELLO_REQUEST CHUNKED_REQUEST);
            memory_turns();
            departures[i](peer);
            memory_turns();
            memory_take(peer, SIZE_MAX);
            memory_turns();
            assert_true(peer->closed);
        }
    }
    stop();
}

TEST(leaving_after_a_refusal)
{
    departure departures[] = { reset, memory_end };
    int listening = serve_here(NULL);
    for (int i = 0; i < 2; i++) {
        for (size_t window = 0; window < 2; window++) {
            memory_peer *peer = connected(listening);
            memory_take(peer, window ? SIZE_MAX : 0);
            send_text(peer, "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\nabc");
            memory_turns();
            assert_false(peer->closed);
            departures[i](peer);
            memory_turns();
            memory_take(peer, SIZE_MAX);
            memory_turns();
            assert_true(peer->closed);
        }
    }
    stop();
}

/* A send that finds the connection broken before the end of the input does. */
TEST(a_send_that_fails)
{
    memory_peer *peer = connected(serve_here(NULL));
    send_text(peer, GET("/wait"));
    memory_turns();
    peer->mode = GALE__RECEIVE_OFF; /* the kernel has not noticed yet */
    reset(peer);
    memory_advance(11);
    assert_int_equal(seen.answered, 1);
    assert_true(peer->closed);
    stop();
}

/* ---- The server leaves ---- */

TEST(the_loop_is_freed_while_handlers_wait)
{
    int listening = serve_here(NULL);
    send_text(memory_connect(listening), GET("/wait"));
    send_text(memory_connect(listening), GET("/stubborn"));
    memory_take(memory_connect(listening), 0);
    send_text(memory_connect(listening), GET("/flush"));
    send_text(memory_connect(listening), STREAM_REQUEST);
    memory_advance(0.05);
    assert_int_equal(seen.entered, 4);
    stop();
    assert_int_equal(seen.finished, 4);
}

TEST(the_application_is_freed_while_handlers_wait)
{
    assert_non_null(memory_loop(NULL));
    memset(&seen, 0, sizeof seen);
    int listening = memory_listen();
    gale_application *application = gale_application_new(routes, NULL);
    assert_ok(gale_application_listen_sockets(application, &listening, 1));
    memory_peer *peer = memory_connect(listening);
    send_text(peer, GET("/stubborn"));
    send_text(memory_connect(listening), GET("/wait"));
    memory_turns();
    gale_application_free(application);
    assert_true(peer->closed);
    assert_null(memory_connect(listening));
    memory_advance(20);
    assert_int_equal(seen.cancelled, 1);
    assert_int_equal(seen.answered, 1);
    assert_int_equal(seen.finished, 2);
    stop();
}

TEST(a_handler_frees_its_application)
{
    static const char *const requests[] = {
        GET("/ruthless"),
        GET("/ruthless") HELLO_REQUEST,
        HELLO_REQUEST GET("/ruthless"),
        "PUT /ruthless HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1\r\na\r\n0\r\n\r\n" HELLO_REQUEST,
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        for (size_t piece = 0; piece < 40; piece++) {
            int listening = serve_here(NULL);
            memory_peer *peer = connected(listening), *other = connected(listening);
            send_text(other, GET("/wait"));
            memory_turns();
            peer->piece = piece;
            send_text(peer, requests[i]);
            memory_advance(1);
            assert_true(peer->closed && other->closed);
            assert_null(memory_connect(listening));
            assert_int_equal(seen.entered, 2);
            assert_int_equal(seen.finished, 2);
            stop();
        }
    }
}

GALE_TEST_MAIN
