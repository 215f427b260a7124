/* SPDX-License-Identifier: Apache-2.0 */
/* The timeouts of a server, to the hundredth of a second, on a clock of our own. */
#include "fault_test.h"

enum { HEADER = 5, IDLE = 60, BODY_IDLE = 4, BODY = 10, WRITE = 3, LINGER = 5 };

static int waiting(gale_handler *self)
{
    GALE_TRY(gale_sleep(1000));
    return gale_write(self, "awake");
}

static int flush_result;

static int flushing(gale_handler *self)
{
    for (flush_result = 0; flush_result == 0; flush_result = gale_flush(self))
        GALE_TRY(gale_writef(self, "%0100d", 1));
    return flush_result;
}

static int streaming(gale_handler *self, const char *data, size_t size)
{
    (void)data;
    (void)size;
    return gale_handler_disconnected(self) ? GALE_ECLOSED : gale_sleep(BODY_IDLE + 1);
}

static const gale_handler_class wait_handler = { .get = waiting };
static const gale_handler_class flush_handler = { .get = flushing };
static const gale_handler_class stream_handler = { .stream_request_body = true,
                                                   .data_received = streaming,
                                                   .put = hello };
static const gale_route routes[] = { { .pattern = "/", .handler = &hello_handler },
                                     { .pattern = "/echo", .handler = &echo_handler },
                                     { .pattern = "/wait", .handler = &wait_handler },
                                     { .pattern = "/flush", .handler = &flush_handler },
                                     { .pattern = "/stream", .handler = &stream_handler },
                                     { 0 } };

static memory_peer *client(void)
{
    int listening =
        serve(routes, &(gale_application_settings){ .server = { .header_timeout = HEADER,
                                                                .idle_connection_timeout = IDLE,
                                                                .body_idle_timeout = BODY_IDLE,
                                                                .body_timeout = BODY,
                                                                .write_timeout = WRITE } });
    return connected(listening);
}

/* So many seconds from now gale ends the connection: nothing earlier, all of it then. */
static void assert_ends_after(memory_peer *peer, double seconds)
{
    memory_advance(seconds - 0.01);
    if (peer->closed || peer->shut)
        fail_msg("ended early");
    memory_advance(0.02);
    if (!peer->closed && !peer->shut)
        fail_msg("did not end");
}

static void assert_408_after(memory_peer *peer, double seconds)
{
    assert_ends_after(peer, seconds);
    assert_last_response(peer, 408);
}

TEST(idle_from_the_beginning)
{
    memory_peer *peer = client();
    assert_ends_after(peer, IDLE);
    assert_true(peer->closed);
    assert_int_equal(peer->sent, 0);
    stop();
}

TEST(idle_after_a_request)
{
    memory_peer *peer = client();
    memory_advance(IDLE - 1);
    send_text(peer, HELLO_REQUEST);
    memory_advance(IDLE - 1);
    send_text(peer, CHUNKED_REQUEST);
    memory_turns();
    assert_ends_after(peer, IDLE);
    assert_response(peer, 200, "Hello, world");
    assert_response(peer, 200, "hello world");
    assert_int_equal(memory_received(peer).len, 0);
    assert_true(peer->closed);
    stop();
}

/* A byte now and then does not prolong it. */
TEST(a_slow_head)
{
    memory_peer *peer = client();
    memory_advance(IDLE - 1);
    for (int i = 0; i < HEADER; i++) {
        memory_send(peer, &HELLO_REQUEST[i], 1);
        memory_turns();
        if (i + 1 < HEADER)
            memory_advance(1);
    }
    assert_408_after(peer, 1);
    stop();
}

TEST(a_slow_head_behind_a_request)
{
    memory_peer *peer = client();
    send_text(peer, HELLO_REQUEST SIZED_REQUEST "G");
    memory_turns();
    assert_response(peer, 200, "Hello, world");
    assert_response(peer, 200, "hello");
    assert_408_after(peer, HEADER);
    stop();
}

TEST(a_slow_head_behind_a_handler_that_waits)
{
    memory_peer *peer = client();
    send_text(peer, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\nG");
    memory_turns();
    memory_advance(1000);
    assert_response(peer, 200, "awake");
    assert_408_after(peer, HEADER);
    stop();
}

TEST(a_slow_head_behind_a_slow_answer)
{
    memory_peer *peer = client();
    memory_take(peer, 0);
    send_text(peer, HELLO_REQUEST "G");
    memory_advance(WRITE - 1);
    memory_take(peer, SIZE_MAX);
    memory_turns();
    assert_response(peer, 200, "Hello, world");
    memory_advance(HEADER + 0.01);
    assert_last_response(peer, 408);
    stop();
}

/* What the answer took does not count; without a limit for it the head still has its own. */
TEST(a_slow_head_behind_a_very_slow_answer)
{
    memory_peer *peer = connected(
        serve(routes, &(gale_application_settings){
                          .server = { .header_timeout = HEADER, .write_timeout = GALE_NONE } }));
    memory_take(peer, 0);
    send_text(peer, HELLO_REQUEST "G");
    memory_advance(100);
    memory_take(peer, SIZE_MAX);
    memory_turns();
    assert_response(peer, 200, "Hello, world");
    assert_408_after(peer, HEADER);
    stop();
}

TEST(a_body_that_stops)
{
    memory_peer *peer = client();
    send_text(peer, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
    memory_turns();
    assert_408_after(peer, BODY_IDLE);
    stop();
}

TEST(a_body_that_does_not_begin)
{
    memory_peer *peer = client();
    send_text(peer, "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    memory_turns();
    assert_408_after(peer, BODY_IDLE);
    stop();
}

TEST(a_body_that_drips)
{
    memory_peer *peer = client();
    send_text(peer, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
    for (int i = 0; i < BODY / (BODY_IDLE - 1); i++) {
        memory_send(peer, "x", 1);
        memory_advance(BODY_IDLE - 1);
    }
    assert_408_after(peer, BODY % (BODY_IDLE - 1));
    stop();
}

/* The handler may be slower than a client may be; the client is not blamed. */
TEST(a_body_that_its_handler_takes_slowly)
{
    memory_peer *peer = client();
    send_text(peer, "PUT /stream HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    memory_advance(BODY_IDLE - 1);
    send_text(peer, "def");
    memory_advance(BODY_IDLE);
    send_text(peer, "ghi");
    memory_advance(3 * BODY_IDLE);
    assert_response(peer, 200, "Hello, world");
    stop();
}

TEST(an_answer_that_is_not_taken)
{
    memory_peer *peer = client();
    memory_take(peer, 0);
    send_text(peer, HELLO_REQUEST);
    memory_turns();
    assert_ends_after(peer, WRITE);
    assert_true(peer->closed);
    stop();
}

TEST(an_answer_that_is_taken_slowly)
{
    memory_peer *peer = client();
    memory_take(peer, 0);
    send_text(peer, HELLO_REQUEST);
    for (int i = 0; i < 100; i++) {
        memory_take(peer, 1);
        memory_advance(WRITE - 0.5);
        assert_false(peer->closed);
    }
    memory_take(peer, SIZE_MAX);
    memory_turns();
    assert_response(peer, 200, "Hello, world");
    assert_ends_after(peer, IDLE);
    stop();
}

TEST(a_flush_that_is_not_taken)
{
    memory_peer *peer = client();
    memory_take(peer, 1000);
    send_text(peer, "GET /flush HTTP/1.1\r\nHost: h\r\n\r\n");
    memory_turns();
    assert_ends_after(peer, WRITE);
    assert_true(peer->closed);
    assert_true(flush_result == GALE_ECLOSED || flush_result == GALE_ECANCELED);
    stop();
}

/* It is read on for a while, so that the client gets the answer and not a reset. */
TEST(lingering_after_a_refusal)
{
    memory_peer *peer = client();
    send_text(peer, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n");
    memory_turns();
    assert_last_response(peer, 400);
    assert_false(peer->closed);
    for (int i = 0; i < LINGER - 1; i++) {
        send_text(peer, "more and more");
        memory_advance(1);
        assert_false(peer->closed);
    }
    memory_advance(1.01);
    assert_true(peer->closed);
    stop();
}

TEST(a_waiting_handler_has_no_timeout)
{
    memory_peer *peer = client();
    send_text(peer, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    memory_advance(1001);
    assert_response(peer, 200, "awake");
    assert_ends_after(peer, IDLE - 1);
    stop();
}

TEST(no_limits)
{
    gale_http_server_options none = { .header_timeout = GALE_NONE,
                                      .idle_connection_timeout = GALE_NONE,
                                      .body_idle_timeout = GALE_NONE,
                                      .body_timeout = GALE_NONE,
                                      .write_timeout = GALE_NONE };
    memory_peer *peer = connected(serve(routes, &(gale_application_settings){ .server = none }));
    const double year = 365 * 86400.0;
    memory_advance(year);
    send_text(peer, "PUT /echo HTTP/1.1\r\nHo");
    memory_advance(year);
    send_text(peer, "st: h\r\nContent-Length: 3\r\n\r\nab");
    memory_advance(year);
    memory_take(peer, 0);
    send_text(peer, "c");
    memory_advance(year);
    memory_take(peer, SIZE_MAX);
    memory_turns();
    assert_response(peer, 200, "abc");
    stop();
}

GALE_TEST_MAIN
