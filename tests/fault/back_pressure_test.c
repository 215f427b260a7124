/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that ask for more than they take: memory stays bounded, and nothing is lost. */
#include <errno.h>
#include <unistd.h>

#include "fault_test.h"

enum { MANY = 100000, PIECE = 16384, BIG = 10 * 1024 * 1024, BOUND = 1024 * 1024 };

static size_t flushed;

static int big(gale_handler *self)
{
    char piece[PIECE];
    memset(piece, 'x', sizeof piece);
    for (flushed = 0; flushed < BIG; flushed += sizeof piece) {
        GALE_TRY(gale_write_bytes(self, piece, sizeof piece));
        GALE_TRY(gale_flush(self));
    }
    return 0;
}

static int too_much(gale_handler *self)
{
    char piece[PIECE];
    memset(piece, 'x', sizeof piece);
    for (flushed = 0;; flushed += sizeof piece)
        GALE_TRY(gale_write_bytes(self, piece, sizeof piece));
}

static size_t taken;

static int take_slowly(gale_handler *self, const char *data, size_t size)
{
    (void)self;
    (void)data;
    taken += size;
    return gale_sleep(1);
}

static int answer_taken(gale_handler *self)
{
    return gale_writef(self, "%zu", taken);
}

static int waiting(gale_handler *self)
{
    GALE_TRY(gale_sleep(1));
    return gale_write(self, "awake");
}

static const gale_handler_class big_handler = { .get = big };
static const gale_handler_class too_much_handler = { .name = "too much", .get = too_much };
static const gale_handler_class slow_handler = { .stream_request_body = true,
                                                 .data_received = take_slowly,
                                                 .put = answer_taken };
static const gale_handler_class wait_handler = { .get = waiting };
static const gale_route routes[] = { { .pattern = "/", .handler = &hello_handler },
                                     { .pattern = "/echo", .handler = &echo_handler },
                                     { .pattern = "/big", .handler = &big_handler },
                                     { .pattern = "/too-much", .handler = &too_much_handler },
                                     { .pattern = "/slow", .handler = &slow_handler },
                                     { .pattern = "/wait", .handler = &wait_handler },
                                     { 0 } };

/* Runs turns, of which none may hold more than so many bytes more than at its beginning. */
static void assert_bounded(size_t before, size_t most)
{
    memory_turns();
    size_t now = test_allocated_bytes();
    if (now > before + most)
        fail_msg("%zu bytes more than before", now - before);
}

TEST(many_requests_and_no_answer_taken)
{
    memory_peer *peer = connected(serve(routes, NULL));
    size_t before = test_allocated_bytes();
    memory_take(peer, 0);
    for (int i = 0; i < MANY; i++) {
        send_text(peer, HELLO_REQUEST);
        if (i % 1000 == 0)
            assert_bounded(before, BOUND);
    }
    for (int i = 0; i < MANY; i++) {
        if (!memory_received(peer).len) {
            memory_take(peer, 100000);
            assert_bounded(before, BOUND);
        }
        response got = { 0 };
        if (!response_read(memory_received(peer), &got)) {
            memory_take(peer, 1000);
            assert_bounded(before, BOUND);
        }
        assert_response(peer, 200, "Hello, world");
    }
    stop();
}

TEST(many_requests_behind_a_handler_that_waits)
{
    memory_peer *peer = connected(serve(routes, NULL));
    size_t before = test_allocated_bytes();
    send_text(peer, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < MANY; i++)
        send_text(peer, HELLO_REQUEST);
    assert_bounded(before, BOUND);
    memory_advance(1.1);
    assert_response(peer, 200, "awake");
    for (int i = 0; i < MANY; i++)
        assert_response(peer, 200, "Hello, world");
    assert_bounded(before, BOUND);
    stop();
}

TEST(large_bodies_and_no_answer_taken)
{
    enum { BODY = 100000, COUNT = 100 };
    memory_peer *peer = connected(serve(routes, NULL));
    size_t before = test_allocated_bytes();
    char *body = malloc(BODY + 1);
    memset(body, 'b', BODY);
    body[BODY] = '\0';
    memory_take(peer, 0);
    for (int i = 0; i < COUNT; i++) {
        send_text(peer, "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
        send_text(peer, body);
        assert_bounded(before, BOUND);
    }
    memory_take(peer, SIZE_MAX);
    memory_turns();
    for (int i = 0; i < COUNT; i++)
        assert_response(peer, 200, body);
    free(body);
    stop();
}

TEST(a_large_response_to_a_slow_reader)
{
    memory_peer *peer = connected(serve(routes, NULL));
    size_t before = test_allocated_bytes();
    peer->discard = true;
    memory_take(peer, 0);
    send_text(peer, "GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_bounded(before, BOUND);
    assert_int_equal(flushed, 0);
    for (uint64_t asked = 5000; flushed < BIG; asked += 5000) {
        memory_take(peer, 5000);
        assert_bounded(before, BOUND);
        assert_true(peer->sent <= asked);
        assert_true(flushed <= asked);
    }
    memory_take(peer, SIZE_MAX);
    memory_turns();
    assert_true(peer->sent > BIG);
    peer->discard = false;
    send_text(peer, HELLO_REQUEST);
    memory_turns();
    assert_response(peer, 200, "Hello, world");
    stop();
}

/* ---- Files ---- */

enum { LARGE = 10000000 };

static const char *no_hash(gale_handler *self, const char *absolute_path)
{
    (void)self;
    (void)absolute_path;
    return NULL; /* threads are not waited for here */
}

static const gale_static_slots file_slots = { .get_content_version = no_hash };
static const gale_handler_class file_handler = { .base = &gale_static_file_handler,
                                                 .static_slots = &file_slots };

/* A directory with one file, which the kernel still has in memory. */
static gale_static_options make_large_file(char folder[40])
{
    char path[60];
    strcpy(folder, "/tmp/gale-static-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/large", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < LARGE / 10; i++)
        assert_int_equal(fputs("0123456789", file) >= 0, 1);
    fclose(file);
    return (gale_static_options){ .path = folder };
}

static void remove_large_file(const char *folder)
{
    char path[60];
    snprintf(path, sizeof path, "%s/large", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* The file is not read into memory, and its descriptors are closed when the reader has gone. */
TEST(a_large_file_to_a_slow_reader)
{
    char folder[40];
    gale_static_options options = make_large_file(folder);
    const gale_route file_routes[] = {
        { .pattern = "/(.*)", .handler = &file_handler, .arg = &options }, { 0 }
    };
    for (int leaves = 0; leaves < 2; leaves++) {
        memory_peer *peer = connected(serve(file_routes, NULL));
        size_t before = test_allocated_bytes();
        peer->discard = true;
        memory_take(peer, 0);
        send_text(peer, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
        for (uint64_t asked = 0; asked <= LARGE && !(leaves && asked > LARGE / 2);
             asked += 100000) {
            assert_bounded(before, BOUND);
            assert_true(peer->sent <= asked);
            memory_take(peer, 100000);
        }
        if (leaves) {
            memory_break(peer, -ECONNRESET);
            memory_turns();
            assert_true(peer->closed);
        } else {
            memory_take(peer, SIZE_MAX);
            memory_turns();
            assert_true(peer->sent > LARGE);
        }
        stop();
    }
    remove_large_file(folder);
}

/* gale_write only buffers, up to a limit. */
TEST(a_handler_that_writes_without_end)
{
    memory_peer *peer =
        connected(serve(routes, &(gale_application_settings){ .max_response_buffer = 100 * 1024 }));
    test_expect_log(GALE_LOG_ERROR, "max_response_buffer");
    test_expect_log(GALE_LOG_ERROR, "500 GET /too-much");
    send_text(peer, "GET /too-much HTTP/1.1\r\nHost: h\r\n\r\n" HELLO_REQUEST);
    memory_turns();
    assert_true(flushed <= 100 * 1024);
    assert_response(peer, 500, NULL);
    assert_response(peer, 200, "Hello, world");
    stop();
}

TEST(a_large_body_to_a_slow_handler)
{
    memory_peer *peer =
        connected(serve(routes, &(gale_application_settings){ .server.chunk_size = PIECE }));
    size_t before = test_allocated_bytes();
    char *body = calloc(1, BIG);
    char head[100];
    snprintf(head, sizeof head, "PUT /slow HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", BIG);
    taken = 0;
    send_text(peer, head);
    memory_send(peer, body, BIG);
    free(body);
    memory_turns();
    assert_true(taken > 0);
    while (taken < BIG) {
        size_t had = taken;
        memory_advance(1);
        assert_bounded(before, BOUND);
        assert_true(taken > had && taken - had <= 2 * PIECE);
    }
    memory_advance(2);
    assert_response(peer, 200, "10485760");
    stop();
}

GALE_TEST_MAIN
