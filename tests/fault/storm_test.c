/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything at once: connections that send requests in pieces of any size, take answers as they
 * like, stall, leave and break, while memory fails now and then. Whatever happens, answers come in
 * the order of the requests, every handler that began ends, and nothing is left behind.
 */
#include <errno.h>

#include "fault_test.h"

enum { SEEDS = 100, STEPS = 400, CLIENTS = 6, SCRIPT = 12, BIG = 100000 };

/* ---- Chance ---- */

static uint64_t chance;

static size_t below(size_t limit)
{
    chance = chance * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(chance >> 33) % limit;
}

/* ---- The server ---- */

static struct {
    int began, ended;
} handlers;

static const gale_handler_class base_handler;

static int begin(gale_handler *self)
{
    *(bool *)gale_handler_state(self, &base_handler) = true;
    handlers.began++;
    return 0;
}

/* on_finish also runs for a handler that failed before its prepare. */
static void end(gale_handler *self)
{
    handlers.ended += *(bool *)gale_handler_state(self, &base_handler);
}

static void on_close(gale_handler *self)
{
    (void)self;
    gale_sleep(0.1);
}

static int sleep_and_echo(gale_handler *self)
{
    GALE_TRY(gale_sleep(0.5));
    return echo(self);
}

static int flush_big(gale_handler *self)
{
    char piece[BIG / 10];
    memset(piece, 'x', sizeof piece);
    GALE_TRY(gale_set_header(self, "Content-Length", "100000"));
    for (int i = 0; i < 10; i++) {
        GALE_TRY(gale_write_bytes(self, piece, sizeof piece));
        GALE_TRY(gale_flush(self));
    }
    return 0;
}

static int keep(gale_handler *self, const char *data, size_t size);
static int answer_kept(gale_handler *self);

static const gale_handler_class base_handler = {
    .state_size = sizeof(bool), .prepare = begin, .on_connection_close = on_close, .on_finish = end
};
static const gale_handler_class any_echo_handler = { .base = &base_handler, .put = echo };
static const gale_handler_class sleep_handler = { .base = &base_handler, .put = sleep_and_echo };
static const gale_handler_class ignore_handler = { .base = &base_handler,
                                                   .ignore_disconnect = true,
                                                   .put = sleep_and_echo };
static const gale_handler_class big_handler = { .base = &base_handler, .put = flush_big };
static const gale_handler_class keep_handler = { .base = &base_handler,
                                                 .stream_request_body = true,
                                                 .state_size = 64,
                                                 .data_received = keep,
                                                 .put = answer_kept };
static const gale_route routes[] = { { .pattern = "/echo", .handler = &any_echo_handler },
                                     { .pattern = "/sleep", .handler = &sleep_handler },
                                     { .pattern = "/ignore", .handler = &ignore_handler },
                                     { .pattern = "/big", .handler = &big_handler },
                                     { .pattern = "/keep", .handler = &keep_handler },
                                     { 0 } };
static const char *const paths[] = { "echo", "sleep", "ignore", "big", "keep" };
enum { PATHS = sizeof paths / sizeof paths[0], PATH_BIG = 3 };

static int keep(gale_handler *self, const char *data, size_t size)
{
    char *kept = gale_handler_state(self, &keep_handler);
    memcpy(kept + strlen(kept), data, size);
    return below(2) ? gale_sleep(0.2) : 0;
}

static int answer_kept(gale_handler *self)
{
    return gale_write(self, gale_handler_state(self, &keep_handler));
}

/* ---- The clients ---- */

typedef struct client {
    memory_peer *peer;
    char script[SCRIPT * 200];
    size_t sent;
    char expected[SCRIPT][20]; /* bodies; empty: BIG bytes */
    int expected_count;
} client;

static void add_request(client *self, int number)
{
    size_t path = below(PATHS);
    char *body = self->expected[self->expected_count++], text[20];
    size_t size = (size_t)snprintf(text, sizeof text, "body %d %zu", number, below(100));
    char *at = self->script + strlen(self->script);
    if (below(2))
        sprintf(at, "PUT /%s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n%s", paths[path],
                size, text);
    else
        sprintf(at,
                "PUT /%s HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                "4\r\nbody\r\n%zx;x\r\n%s\r\n0\r\n\r\n",
                paths[path], size - 4, text + 4);
    strcpy(body, path == PATH_BIG ? "" : text);
}

static void start(client *self, int listening)
{
    *self = (client){ .peer = memory_connect(listening) };
    size_t requests = below(SCRIPT) + 1;
    for (size_t i = 0; i < requests; i++)
        add_request(self, (int)i);
}

/* What has come so far are the answers to the first requests, in their order; only the last one
 * may be a refusal, and be incomplete. */
static void check(client *self)
{
    gale_str text = memory_received(self->peer);
    response got = { 0 };
    for (int i = 0; text.len > 0; i++) {
        if (!response_read(text, &got))
            return;
        if (got.status >= 400) {
            assert_true(got.status == 408 || got.status == 500 || got.status == 503);
        } else {
            assert_true(i < self->expected_count);
            assert_int_equal(got.status, 200);
            if (self->expected[i][0])
                assert_str(got.body, self->expected[i]);
            else
                assert_int_equal(got.body.len, BIG);
        }
        text = (gale_str){ text.data + got.size, text.len - got.size };
        if (got.closes)
            assert_int_equal(text.len, 0);
    }
}

static void send_some(client *self)
{
    size_t left = strlen(self->script + self->sent);
    size_t size = below(3) ? below(left + 1) : left;
    memory_send(self->peer, self->script + self->sent, size);
    self->sent += size;
}

static void act(client *self)
{
    static const size_t windows[] = { 0, 1, 100, 50000, SIZE_MAX, SIZE_MAX };
    memory_peer *peer = self->peer;
    switch (below(12)) {
    case 0:
        memory_end(peer);
        break;
    case 1:
        if (below(2))
            memory_break(peer, -ECONNRESET);
        break;
    case 2:
        peer->piece = below(6) * below(6);
        break;
    case 3:
        peer->send_limit = below(4) * below(100);
        break;
    case 4:
        peer->sends_wait = below(2);
        break;
    case 5:
    case 6:
        memory_take(peer, windows[below(6)]);
        break;
    default:
        send_some(self);
    }
}

/* ---- One storm ---- */

static void ignore_line(const gale_log_record *record, void *arg)
{
    (void)record;
    (void)arg;
}

static void let_time_pass(void)
{
    static const double times[] = { 0.01, 0.1, 0.3, 1, 5, 70 };
    if (below(3))
        memory_turns();
    else
        memory_advance(times[below(6)]);
}

static void let_memory_fail(void)
{
    test_fail_allocation(below(4) ? 0 : below(8) + 1);
}

static void leave_all(client *clients)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (!clients[i].peer)
            continue;
        memory_take(clients[i].peer, SIZE_MAX);
        memory_end(clients[i].peer);
    }
    memory_advance(300);
    assert_int_equal(memory_open_count(), 0);
    assert_int_equal(handlers.began, handlers.ended);
}

static void storm(uint64_t seed, bool memory_fails)
{
    static client clients[CLIENTS];
    chance = seed;
    memset(clients, 0, sizeof clients);
    memset(&handlers, 0, sizeof handlers);
    gale_application_settings settings = { .server = { .idle_connection_timeout = 20,
                                                       .write_timeout = 3,
                                                       .chunk_size = seed % 2 ? 5 : 0,
                                                       .allow_half_close = seed % 5 == 0,
                                                       .no_keep_alive = seed % 11 == 0 } };
    int listening = serve(routes, &settings);
    gale_log_set_hook(ignore_line, NULL);
    for (int step = 0; step < STEPS; step++) {
        client *one = &clients[below(CLIENTS)];
        if (memory_fails)
            let_memory_fail();
        if (!one->peer)
            start(one, listening);
        else
            act(one);
        let_time_pass();
        check(one);
        if (one->peer->closed)
            one->peer = NULL;
    }
    test_fail_allocation(0);
    if (seed % 3)
        leave_all(clients);
    if (seed % 3 == 1) {
        gale_ioloop_shutdown(gale_ioloop_current());
        assert_ok(gale__loop_run(gale_ioloop_current(), NULL));
    }
    stop();
    assert_int_equal(handlers.began, handlers.ended);
    assert_int_equal(test_allocated_bytes(), 0);
}

/* STORM_SEED=n runs one of them, STORM_VERBOSE=1 tells which is at hand. */
static void storms(bool memory_fails)
{
    const char *one = getenv("STORM_SEED");
    uint64_t first = one ? strtoull(one, NULL, 10) : 1;
    uint64_t last = one ? first : SEEDS;
    for (uint64_t seed = first; seed <= last; seed++) {
        if (getenv("STORM_VERBOSE"))
            fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
        storm(seed, memory_fails);
    }
}

TEST(storms_of_the_network)
{
    storms(false);
}

TEST(storms_without_memory)
{
    storms(true);
}

GALE_TEST_MAIN
