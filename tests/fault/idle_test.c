/* SPDX-License-Identifier: Apache-2.0 */
/* Idle connections: what they take, and that they go when their time is over. */
#include "fault_test.h"

enum { COUNT = 20000, BYTES = 224 };

static const gale_route routes[] = { { .pattern = "/", .handler = &hello_handler }, { 0 } };

static void hello_all(memory_peer **peers)
{
    for (int i = 0; i < COUNT; i++) {
        send_text(peers[i], HELLO_REQUEST);
        memory_turns();
        assert_response(peers[i], 200, "Hello, world");
    }
}

TEST(idle_connections_are_small)
{
    static memory_peer *peers[COUNT];
    int listening = serve(routes, NULL);
    memory_peer *first = connected(listening);
    send_text(first, HELLO_REQUEST);
    memory_turns();
    size_t before = test_allocated_bytes();
    for (int i = 0; i < COUNT; i++)
        peers[i] = memory_connect(listening);
    hello_all(peers);
    size_t idle = test_allocated_bytes();
    assert_true(idle - before <= (size_t)COUNT * BYTES);
    memory_advance(3000);
    hello_all(peers);
    assert_int_equal(test_allocated_bytes(), idle);
    memory_advance(601);
    assert_true(first->closed);
    assert_int_equal(memory_open_count(), COUNT);
    memory_advance(3000);
    assert_int_equal(memory_open_count(), 0);
    stop();
}

GALE_TEST_MAIN
