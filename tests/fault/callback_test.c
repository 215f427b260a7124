/* SPDX-License-Identifier: Apache-2.0 */
/* The faults of the other tests, for a server without an application: a callback a request. */
#include <errno.h>

#include "fault_test.h"

static int cancelled, answered;

static int answer(gale_http_server_request *request, const char *text)
{
    gale_http_connection *connection = gale_http_server_request_connection(request);
    if (!connection)
        return GALE_ECLOSED;
    gale_http_headers *headers = gale_http_headers_new();
    char length[20];
    snprintf(length, sizeof length, "%zu", strlen(text));
    int result = headers ? gale_http_headers_set(headers, "Content-Length", length) : -ENOMEM;
    if (result >= 0)
        result =
            gale_http_connection_write_headers(connection, 200, NULL, headers, text, strlen(text));
    gale_http_headers_free(headers);
    if (result < 0)
        return result;
    answered++;
    return gale_http_connection_finish(connection);
}

static int repeat(gale_http_server_request *request, void *arg)
{
    (void)arg;
    return answer(request, gale_http_server_request_body(request).len ? "a body" : "no body");
}

static int wait_and_answer(gale_http_server_request *request, void *arg)
{
    (void)arg;
    int result = gale_sleep(3);
    cancelled += result == GALE_ECANCELED;
    return result < 0 ? result : answer(request, "awake");
}

static int listen_with(gale_http_request_callback callback)
{
    int listening = memory_listen();
    gale_http_server *server = gale_http_server_new_callback(callback, NULL, NULL);
    return server && gale_http_server_add_socket(server, listening) == 0 ? listening : -1;
}

static int serve_callback(gale_http_request_callback callback)
{
    gale_ioloop_free(gale_ioloop_current_or_null());
    cancelled = answered = 0;
    assert_non_null(memory_loop(NULL));
    int listening = listen_with(callback);
    assert_true(listening >= 0);
    memory_turns();
    return listening;
}

/* ---- Memory ---- */

static void ignore_line(const gale_log_record *record, void *arg)
{
    (void)record;
    (void)arg;
}

static void assert_answer_or_refusal(memory_peer *peer)
{
    response got = { 0 };
    gale_str received = memory_received(peer);
    if (received.len == 0) {
        assert_true(peer->closed);
    } else {
        assert_true(response_read(received, &got));
        assert_true(got.status == 200 || got.status == 500 || got.status == 503);
        if (got.status == 200)
            assert_str(got.body, "a body");
    }
}

static bool nth_allocation_fails(size_t n)
{
    gale_ioloop_free(gale_ioloop_current_or_null());
    test_fail_allocation(n);
    int listening = memory_loop(NULL) ? listen_with(repeat) : -1;
    if (listening >= 0) {
        memory_peer *peer = memory_connect(listening);
        send_text(peer, CHUNKED_REQUEST);
        memory_turns();
        assert_answer_or_refusal(peer);
    }
    bool failed = test_allocation_failed();
    test_fail_allocation(0);
    listening = serve_callback(repeat);
    memory_peer *peer = memory_connect(listening);
    send_text(peer, CHUNKED_REQUEST HELLO_REQUEST);
    memory_turns();
    assert_response(peer, 200, "a body");
    assert_response(peer, 200, "no body");
    stop();
    assert_int_equal(test_allocated_bytes(), 0);
    return failed;
}

TEST(each_allocation_fails)
{
    size_t n = 0;
    gale_log_set_hook(ignore_line, NULL);
    while (nth_allocation_fails(++n)) {
    }
    assert_true(n > 5);
}

/* ---- Leaving ---- */

static void reset(memory_peer *peer)
{
    memory_break(peer, -ECONNRESET);
}

TEST(leaving_at_every_byte)
{
    static const char request[] = CHUNKED_REQUEST SIZED_REQUEST;
    void (*departures[])(memory_peer *) = { reset, memory_end };
    for (int i = 0; i < 2; i++) {
        int listening = serve_callback(wait_and_answer);
        for (size_t at = 0; at < sizeof request; at++) {
            memory_peer *peer = connected(listening);
            memory_send(peer, request, at);
            memory_advance(1);
            departures[i](peer);
            memory_turns();
            assert_true(peer->closed);
        }
        memory_advance(10);
        assert_true(cancelled > 0);
        assert_int_equal(answered, 0);
        stop();
    }
}

TEST(the_loop_is_freed)
{
    int listening = serve_callback(wait_and_answer);
    send_text(memory_connect(listening), HELLO_REQUEST);
    send_text(memory_connect(listening), CHUNKED_REQUEST HELLO_REQUEST);
    memory_advance(1);
    stop();
    assert_int_equal(cancelled, 2);
}

/* ---- Stopping ---- */

TEST(a_graceful_stop)
{
    int listening = serve_callback(wait_and_answer);
    memory_peer *peer = connected(listening), *idle = connected(listening);
    send_text(peer, HELLO_REQUEST);
    memory_advance(1);
    gale_ioloop_shutdown(gale_ioloop_current());
    assert_ok(gale__loop_run(gale_ioloop_current(), NULL));
    assert_true(idle->closed);
    assert_last_response(peer, 200);
    stop();
}

TEST(a_graceful_stop_that_takes_too_long)
{
    assert_non_null(memory_loop(&(gale_ioloop_options){ .shutdown_timeout = 1 }));
    cancelled = 0;
    memory_peer *peer = connected(listen_with(wait_and_answer));
    send_text(peer, CHUNKED_REQUEST);
    memory_turns();
    test_expect_log(GALE_LOG_WARNING, "cancelling what is still in flight after 1 s");
    gale_ioloop_shutdown(gale_ioloop_current());
    assert_ok(gale__loop_run(gale_ioloop_current(), NULL));
    assert_int_equal(cancelled, 1);
    assert_true(peer->closed);
    stop();
}

GALE_TEST_MAIN
