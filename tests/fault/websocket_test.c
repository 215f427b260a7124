/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSockets on a network that does what it may: bytes that come one by one, sends that take one by
 * one, a peer that leaves at any byte, allocations that fail; and a server that stops.
 */
#include <errno.h>

#include "fault_test.h"

#define MASK "\0\0\0\0"

static const char handshake[] = "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
/* A text, a text in fragments with a ping between, a compressed text, a close frame. */
static const char frames[] = "\x81\x85" MASK "Hello"
                             "\x01\x82" MASK "\xc3\xa9\x89\x81" MASK "p\x80\x82" MASK "yz"
                             "\xc1\x87" MASK "\xf2\x48\xcd\xc9\xc9\x07\x00"
                             "\x88\x82" MASK "\x03\xe8";
static const char deflated[] = "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x8a\x01p"
                               "\xc1\x06\x3a\xbc\xb2\xb2\x0a\x00"
                               "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x88\x02\x03\xe8";

static int opened, closed;

static int on_open(gale_websocket *self, gale_handler *handler)
{
    (void)self;
    (void)handler;
    opened++;
    return 0;
}

static int on_message(gale_websocket *self, gale_str message, bool binary)
{
    (void)binary;
    return gale_write_message_str(self, message);
}

static void on_close(gale_websocket *self)
{
    (void)self;
    closed++;
}

static const gale_websocket_compression compression = { 0 };
static const gale_websocket_class ws = { .name = "ws",
                                         .open = on_open,
                                         .on_message = on_message,
                                         .on_close = on_close,
                                         .compression = &compression };
static const gale_handler_class ws_handler = { .websocket = &ws };
static const gale_route routes[] = { { .pattern = "/ws", .handler = &ws_handler }, { 0 } };

static const char *after_head(memory_peer *peer, size_t *ret_size)
{
    gale_str received = memory_received(peer);
    const char *end = strstr(received.data, "\r\n\r\n");
    assert_non_null(end);
    assert_int_equal(strncmp(received.data, "HTTP/1.1 101 ", 13), 0);
    *ret_size = received.len - (size_t)(end + 4 - received.data);
    return end + 4;
}

static void assert_conversation(memory_peer *peer)
{
    size_t size;
    const char *said = after_head(peer, &size);
    assert_bytes(((gale_str){ said, size }), ((gale_str){ deflated, sizeof deflated - 1 }));
    assert_true(peer->closed);
}

TEST(bytes_that_come_and_go_one_by_one)
{
    for (size_t piece = 0; piece < 4; piece++) {
        for (size_t limit = 0; limit < 4; limit++) {
            opened = closed = 0;
            memory_peer *peer = connected(serve(routes, NULL));
            peer->piece = piece;
            peer->send_limit = limit;
            peer->sends_wait = limit == 3;
            send_text(peer, handshake);
            memory_send(peer, frames, sizeof frames - 1);
            memory_advance(0.1);
            assert_conversation(peer);
            assert_int_equal(opened, 1);
            assert_int_equal(closed, 1);
            stop();
        }
    }
}

TEST(a_peer_that_leaves_at_any_byte)
{
    int listening = serve(routes, NULL);
    for (size_t size = 0; size < sizeof frames - 1; size++) {
        for (int broken = 0; broken < 2; broken++) {
            opened = closed = 0;
            memory_peer *peer = connected(listening);
            send_text(peer, handshake);
            memory_send(peer, frames, size);
            if (broken)
                memory_break(peer, -ECONNRESET);
            else
                memory_end(peer);
            memory_advance(0.1);
            assert_true(peer->closed);
            assert_int_equal(opened, closed);
        }
    }
    stop();
}

TEST(a_peer_that_does_not_answer_a_close_is_let_go)
{
    memory_peer *peer = connected(serve(routes, NULL));
    size_t size;
    send_text(peer, handshake);
    memory_turns();
    gale_ioloop_shutdown(gale_ioloop_current());
    int64_t begin = memory_now();
    assert_ok(gale__loop_run(gale_ioloop_current(), NULL));
    double seconds = (double)(memory_now() - begin) / 1e9;
    assert_true(seconds > 4.99 && seconds < 5.01);
    assert_true(peer->closed);
    const char *said = after_head(peer, &size);
    assert_bytes(((gale_str){ said, size }), GALE_STR("\x88\x11\x03\xe9"
                                                      "server shutdown"));
    stop();
}

TEST(a_server_that_stops_says_so)
{
    memory_peer *peer = connected(serve(routes, NULL));
    send_text(peer, handshake);
    memory_turns();
    gale_ioloop_shutdown(gale_ioloop_current());
    memory_turns();
    memory_send(peer, "\x88\x82" MASK "\x03\xe9", 8);
    assert_ok(gale__loop_run(gale_ioloop_current(), NULL));
    assert_true(peer->closed);
    stop();
}

static int log_lines;

static void count_line(const gale_log_record *record, void *arg)
{
    (void)arg;
    log_lines += record->level >= GALE_LOG_ERROR && record->logger != GALE_LOG_ACCESS;
}

/* A whole conversation, or a connection that is closed; on_close for each open. */
static bool nth_allocation_fails(size_t n)
{
    gale_ioloop_free(gale_ioloop_current_or_null());
    memory_peer *peer = connected(serve(routes, NULL));
    opened = closed = log_lines = 0;
    test_fail_allocation(n);
    send_text(peer, handshake);
    memory_send(peer, frames, sizeof frames - 1);
    memory_advance(1);
    bool failed = test_allocation_failed();
    test_fail_allocation(0);
    assert_true(log_lines <= 2);
    if (!peer->closed) {
        memory_end(peer);
        memory_turns();
    }
    assert_true(peer->closed);
    assert_int_equal(closed, opened);
    memory_peer *next = connected(serve(routes, NULL));
    send_text(next, handshake);
    memory_send(next, frames, sizeof frames - 1);
    memory_advance(1);
    assert_conversation(next);
    stop();
    assert_int_equal(test_allocated_bytes(), 0);
    return failed;
}

TEST(each_allocation_fails_once)
{
    size_t n = 0;
    gale_log_set_hook(count_line, NULL);
    while (nth_allocation_fails(++n)) {
    }
    assert_true(n > 5);
}

TEST(an_idle_connection_owns_nothing_but_itself)
{
    enum { COUNT = 1000 };
    int listening = serve(routes, NULL);
    memory_peer *first = connected(listening);
    send_text(first, handshake);
    memory_send(first, frames, 11);
    memory_turns();
    size_t before = test_allocated_bytes();
    for (int i = 0; i < COUNT; i++) {
        memory_peer *peer = connected(listening);
        send_text(peer, handshake);
        memory_send(peer, frames, 11);
        memory_turns();
    }
    size_t each = (test_allocated_bytes() - before) / COUNT;
    if (each > 240)
        fail_msg("%zu bytes", each);
    stop();
}

GALE_TEST_MAIN
