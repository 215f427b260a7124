/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that come when there are no descriptors left: they wait, and those that are there do
 * not. */
#include <errno.h>

#include "fault_test.h"

enum { CLIENTS = 1000, SECONDS = 5 };

static const gale_route routes[] = { { .pattern = "/", .handler = &hello_handler }, { 0 } };

static void assert_hello(memory_peer *peer)
{
    send_text(peer, HELLO_REQUEST);
    memory_turns();
    assert_response(peer, 200, "Hello, world");
}

TEST(the_limit_is_reached_and_recovered_from)
{
    int listening = serve(routes, NULL);
    memory_peer *first = connected(listening), *peers[CLIENTS];
    assert_hello(first);
    memory_fail_accepting(listening, -EMFILE);
    for (int second = 0; second < SECONDS; second++)
        test_expect_log(GALE_LOG_ERROR, "accept: Too many open files; pausing for 0.1 s");
    for (int i = 0; i < CLIENTS; i++) {
        peers[i] = memory_connect(listening);
        send_text(peers[i], HELLO_REQUEST);
        memory_advance((double)SECONDS / CLIENTS - 1e-5);
        assert_hello(first);
        assert_int_equal(peers[i]->sent, 0);
    }
    memory_fail_accepting(listening, 0);
    memory_advance(0.1);
    for (int i = 0; i < CLIENTS; i++)
        assert_response(peers[i], 200, "Hello, world");
    stop();
}

GALE_TEST_MAIN
