/* SPDX-License-Identifier: Apache-2.0 */
/* The graceful stop: what is in flight is finished, nothing new is begun, and it ends. */
#include "fault_test.h"
#include "loop/loop.h"

static int finished;

static int waiting(gale_handler *self)
{
    GALE_TRY(gale_sleep(3));
    return gale_write(self, "awake");
}

static int waiting_long(gale_handler *self)
{
    GALE_TRY(gale_sleep(1000));
    return gale_write(self, "awake");
}

static int flushing(gale_handler *self)
{
    GALE_TRY(gale_write(self, "begun"));
    GALE_TRY(gale_flush(self));
    GALE_TRY(gale_sleep(3));
    return gale_write(self, "ended");
}

static void on_finish(gale_handler *self)
{
    (void)self;
    finished++;
}

static const gale_handler_class base_handler = { .on_finish = on_finish };
static const gale_handler_class wait_handler = { .base = &base_handler, .get = waiting };
static const gale_handler_class long_handler = { .base = &base_handler, .get = waiting_long };
static const gale_handler_class flush_handler = { .base = &base_handler, .get = flushing };
static const gale_route routes[] = { { .pattern = "/", .handler = &hello_handler },
                                     { .pattern = "/echo", .handler = &echo_handler },
                                     { .pattern = "/wait", .handler = &wait_handler },
                                     { .pattern = "/long", .handler = &long_handler },
                                     { .pattern = "/flush", .handler = &flush_handler },
                                     { 0 } };

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static int serve_here(void)
{
    finished = 0;
    return serve(routes, NULL);
}

static void shut_down(void)
{
    gale_ioloop_shutdown(gale_ioloop_current());
    memory_turns();
}

/* Runs the loop until it ends by itself; returns the seconds that this took. */
static double run_to_the_end(void)
{
    int64_t begin = memory_now();
    assert_ok(gale__loop_run(gale_ioloop_current(), NULL));
    return (double)(memory_now() - begin) / 1e9;
}

static void assert_seconds(double actual, double expected)
{
    if (actual < expected - 0.01 || actual > expected + 0.01)
        fail_msg("%g s, not %g", actual, expected);
}

TEST(nothing_in_flight)
{
    int listening = serve_here();
    memory_peer *fresh = connected(listening), *idle = connected(listening);
    send_text(idle, HELLO_REQUEST);
    memory_turns();
    gale_ioloop_shutdown(gale_ioloop_current());
    assert_seconds(run_to_the_end(), 0);
    assert_response(idle, 200, "Hello, world");
    assert_true(fresh->closed && idle->closed);
    assert_null(memory_connect(listening));
    stop();
}

TEST(what_is_in_flight_is_finished)
{
    int listening = serve_here();
    memory_peer *peer = connected(listening), *flusher = connected(listening);
    send_text(peer, GET("/wait") HELLO_REQUEST);
    send_text(flusher, GET("/flush") HELLO_REQUEST);
    memory_advance(1);
    gale_ioloop_shutdown(gale_ioloop_current());
    assert_null(memory_connect(listening));
    assert_seconds(run_to_the_end(), 2 + 5); /* then they linger, for the request that is not
                                                answered */
    assert_last_response(peer, 200);
    assert_non_null(strstr(memory_received(flusher).data, "5\r\nended\r\n0\r\n\r\n"));
    assert_null(strstr(memory_received(flusher).data, "Hello"));
    assert_int_equal(finished, 2);
    stop();
}

TEST(an_answer_on_its_way_is_sent)
{
    memory_peer *peer = connected(serve_here());
    memory_take(peer, 10);
    send_text(peer, HELLO_REQUEST);
    memory_turns();
    shut_down();
    assert_false(peer->closed);
    memory_take(peer, SIZE_MAX);
    assert_seconds(run_to_the_end(), 0);
    assert_response(peer, 200, "Hello, world");
    assert_true(peer->closed);
    stop();
}

/* A request of which a part has come is still answered. */
TEST(a_request_that_is_arriving)
{
    int listening = serve_here();
    memory_peer *peer = connected(listening), *body = connected(listening);
    send_text(peer, "GET / HTT");
    send_text(body, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
    memory_turns();
    shut_down();
    memory_advance(1);
    send_text(peer, "P/1.1\r\nHost: h\r\n\r\n");
    send_text(body, "llo");
    assert_seconds(run_to_the_end(), 0);
    assert_last_response(peer, 200);
    assert_last_response(body, 200);
    stop();
}

TEST(waiting_handlers_are_cancelled_at_last)
{
    int listening = serve_here();
    memory_peer *peer = connected(listening), *other = connected(listening);
    send_text(peer, GET("/long"));
    send_text(other, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
    memory_turns();
    test_expect_log(GALE_LOG_WARNING, "cancelling what is still in flight after 10 s");
    gale_ioloop_shutdown(gale_ioloop_current());
    assert_seconds(run_to_the_end(), 10);
    assert_true(peer->closed && other->closed);
    assert_int_equal(finished, 1);
    stop();
}

TEST(the_time_for_it_is_an_option)
{
    gale_ioloop_free(gale_ioloop_current_or_null()); /* of a test that has failed */
    assert_non_null(memory_loop(&(gale_ioloop_options){ .shutdown_timeout = 2 }));
    int listening = memory_listen();
    finished = 0;
    assert_ok(gale_application_listen_sockets(gale_application_new(routes, NULL), &listening, 1));
    memory_peer *peer = connected(listening);
    send_text(peer, GET("/wait"));
    memory_turns();
    test_expect_log(GALE_LOG_WARNING, "cancelling what is still in flight after 2 s");
    gale_ioloop_shutdown(gale_ioloop_current());
    assert_seconds(run_to_the_end(), 2);
    assert_int_equal(memory_received(peer).len, 0);
    assert_int_equal(finished, 1);
    stop();
}

TEST(a_client_that_takes_nothing)
{
    memory_peer *peer = connected(serve_here());
    memory_take(peer, 10);
    send_text(peer, HELLO_REQUEST);
    memory_turns();
    test_expect_log(GALE_LOG_WARNING, "cancelling what is still in flight after 10 s");
    gale_ioloop_shutdown(gale_ioloop_current());
    assert_seconds(run_to_the_end(), 10);
    assert_true(peer->closed);
    stop();
}

/* ---- With a successor ------------------------------------------------------------------- */

static void retire(double idle_timeout)
{
    gale__loop_retire(gale_ioloop_current(), idle_timeout);
    memory_turns();
}

TEST(idle_connections_have_one_more_request)
{
    int listening = serve_here();
    memory_peer *fresh = connected(listening), *idle = connected(listening);
    send_text(idle, HELLO_REQUEST);
    memory_turns();
    assert_response(idle, 200, "Hello, world");
    retire(10);
    assert_false(fresh->closed || idle->closed);
    assert_null(memory_connect(listening));
    memory_advance(9);
    send_text(idle, HELLO_REQUEST);
    send_text(fresh, GET("/wait"));
    memory_turns();
    assert_last_response(idle, 200);
    assert_seconds(run_to_the_end(), 3);
    assert_last_response(fresh, 200);
    stop();
}

/* Its head has said that the connection stays. */
TEST(a_response_that_had_begun_leaves_its_connection_open)
{
    memory_peer *peer = connected(serve_here());
    send_text(peer, GET("/flush"));
    memory_advance(1);
    retire(10);
    memory_advance(3);
    assert_non_null(strstr(memory_received(peer).data, "5\r\nended\r\n0\r\n\r\n"));
    assert_false(peer->closed);
    memory_forget(peer, memory_received(peer).len);
    send_text(peer, HELLO_REQUEST);
    assert_seconds(run_to_the_end(), 0);
    assert_last_response(peer, 200);
    stop();
}

TEST(idle_connections_are_closed_at_last)
{
    memory_peer *idle = connected(serve_here());
    retire(10);
    assert_seconds(run_to_the_end(), 10);
    assert_true(idle->closed);
    stop();
}

static void ask_to_stop(void *arg)
{
    gale_ioloop_shutdown((gale_ioloop *)arg);
}

/* It has come, but was not read yet. */
TEST(a_request_that_came_before_the_stop_is_answered)
{
    memory_peer *peer = connected(serve_here());
    send_text(peer, HELLO_REQUEST);
    gale_ioloop_add_callback(gale_ioloop_current(), ask_to_stop, gale_ioloop_current());
    assert_seconds(run_to_the_end(), 0);
    assert_last_response(peer, 200);
    stop();
}

GALE_TEST_MAIN
