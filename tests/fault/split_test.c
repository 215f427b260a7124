/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that arrive in any pieces, and responses that leave in any pieces. */
#include "fault_test.h"

static const gale_route routes[] = { { .pattern = "/", .handler = &hello_handler },
                                     { .pattern = "/echo", .handler = &echo_handler },
                                     { 0 } };

static const char all_requests[] = HELLO_REQUEST CHUNKED_REQUEST SIZED_REQUEST HELLO_REQUEST;

static void assert_all_responses(memory_peer *peer)
{
    assert_response(peer, 200, "Hello, world");
    assert_response(peer, 200, "hello world");
    assert_response(peer, 200, "hello");
    assert_response(peer, 200, "Hello, world");
    assert_int_equal(memory_received(peer).len, 0);
    assert_false(peer->closed);
}

TEST(requests_split_at_every_byte)
{
    memory_peer *peer = connected(serve(routes, NULL));
    for (size_t at = 0; at <= sizeof all_requests - 1; at++) {
        memory_send(peer, all_requests, at);
        memory_turns();
        memory_send(peer, all_requests + at, sizeof all_requests - 1 - at);
        memory_turns();
        assert_all_responses(peer);
    }
    stop();
}

TEST(requests_in_pieces_of_every_size)
{
    memory_peer *peer = connected(serve(routes, NULL));
    for (peer->piece = 1; peer->piece < sizeof all_requests; peer->piece++) {
        send_text(peer, all_requests);
        memory_turns();
        assert_all_responses(peer);
    }
    stop();
}

/* What came before is answered before the rest comes. */
TEST(an_unfinished_request_delays_no_answer)
{
    memory_peer *peer = connected(serve(routes, NULL));
    send_text(peer, HELLO_REQUEST SIZED_REQUEST "PUT /echo HTTP/1.1\r\nHos");
    memory_turns();
    assert_response(peer, 200, "Hello, world");
    assert_response(peer, 200, "hello");
    send_text(peer, "t: h\r\nContent-Length: 5\r\n\r\nwor");
    memory_turns();
    assert_int_equal(memory_received(peer).len, 0);
    send_text(peer, "ld" HELLO_REQUEST);
    memory_turns();
    assert_response(peer, 200, "world");
    assert_response(peer, 200, "Hello, world");
    stop();
}

TEST(responses_in_short_sends)
{
    memory_peer *peer = connected(serve(routes, NULL));
    for (int wait = 0; wait < 2; wait++) {
        peer->sends_wait = wait;
        for (peer->send_limit = 1; peer->send_limit < 400; peer->send_limit++) {
            send_text(peer, all_requests);
            memory_turns();
            assert_all_responses(peer);
        }
    }
    stop();
}

/* One byte at a time both ways: input comes while output waits. */
TEST(dripping_both_ways)
{
    memory_peer *peer = connected(serve(routes, NULL));
    peer->piece = peer->send_limit = 1;
    peer->sends_wait = true;
    for (int i = 0; i < 10; i++)
        send_text(peer, all_requests);
    memory_turns();
    for (int i = 0; i < 10; i++) {
        assert_response(peer, 200, "Hello, world");
        assert_response(peer, 200, "hello world");
        assert_response(peer, 200, "hello");
        assert_response(peer, 200, "Hello, world");
    }
    stop();
}

/* A send that took nothing yet, and then all, at every byte of the output. */
TEST(responses_that_stop_at_every_byte)
{
    memory_peer *peer = connected(serve(routes, NULL));
    send_text(peer, all_requests);
    memory_turns();
    size_t size = memory_received(peer).len;
    assert_all_responses(peer);
    for (size_t at = 0; at < size; at++) {
        memory_take(peer, at);
        send_text(peer, all_requests);
        memory_turns();
        assert_int_equal(memory_received(peer).len, at);
        memory_take(peer, SIZE_MAX);
        memory_turns();
        assert_all_responses(peer);
    }
    stop();
}

/* Bad requests are refused wherever they are split, with nothing but that answer. */
TEST(refusals_split_at_every_byte)
{
    static const char *const requests[] = {
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "PUT /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        ("GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n" HELLO_REQUEST),
    };
    int listening = serve(routes, NULL);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        for (size_t at = 0; at <= strlen(requests[i]); at++) {
            memory_peer *peer = connected(listening);
            memory_send(peer, requests[i], at);
            memory_turns();
            send_text(peer, requests[i] + at);
            memory_turns();
            assert_last_response(peer, 400);
            memory_end(peer);
            memory_turns();
            assert_true(peer->closed);
        }
    }
    stop();
}

GALE_TEST_MAIN
