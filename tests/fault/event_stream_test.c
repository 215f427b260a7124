/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event streams on a network that does what it may: silence, clients that take nothing or leave,
 * sends that take one byte, allocations that fail; and a server that stops.
 */
#include <errno.h>

#include "fault_test.h"

#define SEND(...) gale_event_stream_send(stream, &(gale_server_sent_event){ __VA_ARGS__ })

static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

static gale_event_stream *stream;
static gale_event_stream_options options;
static int opened, closed, left, ended, feed_result, fed;

static void on_close(gale_event_stream *of)
{
    assert_true(gale_event_stream_is_closing(of));
    closed++;
    stream = NULL;
}

static void on_connection_close(gale_handler *self)
{
    assert_true(gale_handler_disconnected(self));
    left++;
}

static void on_finish(gale_handler *self)
{
    (void)self;
    ended++;
}

static int open_it(gale_handler *self)
{
    options.on_close = on_close;
    GALE_TRY(gale_event_stream_open(self, &options, &stream));
    opened++;
    return 0;
}

static int tick(gale_handler *self)
{
    GALE_TRY(open_it(self));
    for (;;) {
        GALE_TRY(SEND(.data = "tick"));
        GALE_TRY(gale_sleep(10));
    }
}

static int keep(gale_handler *self)
{
    GALE_TRY(open_it(self));
    return gale_event_stream_keep(stream);
}

static int feed(gale_handler *self)
{
    static char text[10001];
    memset(text, 'x', sizeof text - 1);
    GALE_TRY(open_it(self));
    feed_result = fed = 0;
    for (int i = 0; i < 100 && feed_result >= 0; i++) {
        text[0] = (char)('A' + i % 26);
        feed_result = SEND(.data = text);
        fed += feed_result >= 0;
    }
    return feed_result;
}

static const gale_handler_class tick_handler = {
    .name = "tick", .get = tick, .on_connection_close = on_connection_close, .on_finish = on_finish
};
static const gale_handler_class keep_handler = { .name = "keep",
                                                 .get = keep,
                                                 .on_finish = on_finish };
static const gale_handler_class feed_handler = { .name = "feed",
                                                 .get = feed,
                                                 .on_finish = on_finish };
static const gale_route tick_routes[] = { { .pattern = "/", .handler = &tick_handler }, { 0 } };
static const gale_route keep_routes[] = { { .pattern = "/", .handler = &keep_handler }, { 0 } };
static const gale_route feed_routes[] = { { .pattern = "/", .handler = &feed_handler }, { 0 } };

static int begin(const gale_route *routes, const gale_application_settings *settings,
                 const gale_event_stream_options *with)
{
    opened = closed = left = ended = 0;
    stream = NULL;
    options = with ? *with : (gale_event_stream_options){ 0 };
    return serve(routes, settings);
}

static memory_peer *asking(const gale_route *routes, const gale_application_settings *settings,
                           const gale_event_stream_options *with)
{
    memory_peer *peer = connected(begin(routes, settings, with));
    send_text(peer, request);
    return peer;
}

/* What has come behind the head; forgets it all. */
static void assert_events(memory_peer *peer, const char *expected)
{
    gale_str received = memory_received(peer);
    const char *begin = received.data;
    if (strncmp(begin, "HTTP/1.1 ", 9) == 0)
        begin = strstr(begin, "\r\n\r\n") + 4;
    assert_string_equal(begin, expected);
    memory_forget(peer, received.len);
}

/* ---- Silence ------------------------------------------------------------------------------- */

TEST(a_comment_breaks_the_silence)
{
    memory_peer *peer = asking(keep_routes, NULL, NULL);
    memory_advance(14.9);
    assert_events(peer, "");
    assert_int_equal(ended, 1);
    memory_advance(0.2);
    assert_events(peer, ":\n\n");
    memory_advance(10);
    assert_ok(SEND(.data = "x"));
    memory_turns();
    assert_events(peer, "data: x\n\n");
    memory_advance(14.9);
    assert_events(peer, "");
    memory_advance(30.2);
    assert_events(peer, ":\n\n:\n\n:\n\n");
    stop();
    assert_int_equal(closed, 1);
}

TEST(how_often_is_an_option)
{
    memory_peer *peer = asking(keep_routes, NULL, &(gale_event_stream_options){ .heartbeat = 2 });
    memory_advance(6.1);
    assert_events(peer, ":\n\n:\n\n:\n\n");
    peer = asking(keep_routes, NULL, &(gale_event_stream_options){ .heartbeat = GALE_NONE });
    memory_advance(100000);
    assert_events(peer, "");
    assert_ok(SEND(.data = "still there"));
    memory_advance(100000);
    assert_events(peer, "data: still there\n\n");
    peer = asking(tick_routes, NULL, NULL); /* which speaks each 10 seconds */
    memory_advance(25);
    assert_events(peer, "data: tick\n\ndata: tick\n\ndata: tick\n\n");
    stop();
}

TEST(a_client_that_takes_nothing_is_let_go)
{
    const gale_application_settings settings = { .server.write_timeout = 20 };
    memory_peer *peer = asking(keep_routes, &settings, NULL);
    memory_advance(10);
    memory_take(peer, 5);
    assert_ok(SEND(.data = "too long"));
    memory_advance(15);
    memory_take(peer, 1); /* slow, but it takes something */
    memory_advance(19.9);
    assert_false(peer->closed);
    assert_int_equal(gale_event_stream_buffered(stream), 10);
    memory_advance(0.2);
    assert_true(peer->closed);
    assert_int_equal(closed, 1);
    stop();
}

TEST(without_heartbeat_too)
{
    memory_peer *peer =
        asking(keep_routes, NULL, &(gale_event_stream_options){ .heartbeat = GALE_NONE });
    memory_advance(1000);
    memory_take(peer, 0);
    assert_ok(SEND(.data = "x"));
    memory_advance(59.9);
    assert_false(peer->closed);
    memory_advance(0.2);
    assert_true(peer->closed);
    stop();
}

/* ---- Leaving ------------------------------------------------------------------------------- */

TEST(a_client_that_leaves_ends_the_handler)
{
    for (int broken = 0; broken < 2; broken++) {
        memory_peer *peer = asking(tick_routes, NULL, NULL);
        memory_advance(15);
        assert_events(peer, "data: tick\n\ndata: tick\n\n");
        if (broken)
            memory_break(peer, -ECONNRESET);
        else
            memory_end(peer);
        memory_turns();
        assert_true(peer->closed);
        assert_int_equal(left, 1);
        assert_int_equal(closed, 1);
        assert_int_equal(ended, 1);
    }
    stop();
}

TEST(a_client_that_leaves_ends_what_was_kept)
{
    memory_peer *peer = asking(keep_routes, NULL, NULL);
    memory_turns();
    assert_int_equal(ended, 1);
    memory_end(peer);
    memory_turns();
    assert_true(peer->closed);
    assert_int_equal(closed, 1);
    stop();
}

static void just_count(gale_event_stream *of)
{
    (void)of;
    closed++;
}

static int open_and_persist(gale_handler *self)
{
    options.on_close = just_count;
    GALE_TRY(gale_event_stream_open(self, &options, &stream));
    GALE_TRY(gale_sleep(10));
    assert_true(gale_handler_disconnected(self));
    assert_true(gale_event_stream_is_closing(stream));
    assert_error(SEND(.data = "late"), GALE_ECLOSED);
    return 0;
}

static const gale_handler_class persistent_handler = { .get = open_and_persist,
                                                       .on_connection_close = on_connection_close,
                                                       .ignore_disconnect = true,
                                                       .on_finish = on_finish };
static const gale_route persistent_routes[] = { { .pattern = "/", .handler = &persistent_handler },
                                                { 0 } };

TEST(a_handler_that_does_not_mind)
{
    memory_peer *peer = asking(persistent_routes, NULL, NULL);
    memory_turns();
    memory_end(peer);
    memory_advance(5);
    assert_int_equal(left, 1);
    assert_int_equal(closed, 1);
    assert_int_equal(ended, 0);
    memory_advance(6);
    assert_int_equal(ended, 1);
    stop();
}

TEST(a_client_may_end_its_side_alone)
{
    const gale_application_settings settings = { .server.allow_half_close = true };
    memory_peer *peer = asking(tick_routes, &settings, NULL);
    memory_end(peer);
    memory_advance(15);
    assert_events(peer, "data: tick\n\ndata: tick\n\n");
    assert_false(peer->closed);
    memory_break(peer, -ECONNRESET);
    memory_advance(10);
    assert_true(peer->closed);
    assert_int_equal(closed, 1);
    peer = asking(keep_routes, &settings, NULL);
    memory_end(peer);
    memory_advance(1);
    gale_event_stream_close(stream);
    memory_turns();
    assert_true(peer->closed); /* there is nothing to wait for */
    stop();
}

TEST(what_a_client_still_says_is_thrown_away)
{
    static char noise[100000];
    memory_peer *peer = asking(keep_routes, NULL, NULL);
    memory_turns();
    size_t before = test_allocated_bytes();
    for (int i = 0; i < 100; i++) {
        memory_send(peer, noise, sizeof noise);
        memory_turns();
    }
    assert_int_equal(test_allocated_bytes(), before);
    assert_false(peer->closed);
    stop();
}

TEST(an_end_that_the_client_does_not_take)
{
    memory_peer *peer = asking(keep_routes, NULL, NULL);
    memory_turns();
    assert_ok(SEND(.data = "x"));
    gale_event_stream_close(stream);
    memory_turns();
    assert_events(peer, "data: x\n\n");
    assert_true(peer->shut);
    memory_advance(4.9);
    assert_false(peer->closed);
    memory_advance(0.2);
    assert_true(peer->closed);
    assert_int_equal(closed, 1);
    stop();
}

/* ---- Slow clients -------------------------------------------------------------------------- */

TEST(bytes_that_go_one_by_one)
{
    memory_peer *peer = asking(tick_routes, NULL, NULL);
    peer->send_limit = 1;
    peer->sends_wait = true;
    peer->piece = 1;
    memory_advance(25);
    assert_events(peer, "data: tick\n\ndata: tick\n\ndata: tick\n\n");
    stop();
}

static int count_events(memory_peer *peer, char *ret_last)
{
    int count = 0;
    const char *at = memory_received(peer).data;
    while ((at = strstr(at, "\ndata: "))) {
        *ret_last = at[7];
        assert_int_equal(strcspn(at + 7, "\n"), 10000);
        at += 7;
        count++;
    }
    return count;
}

static memory_peer *feed_slowly(gale_event_stream_full policy)
{
    memory_peer *peer =
        asking(feed_routes, NULL,
               &(gale_event_stream_options){ .max_write_buffer = 200000, .when_full = policy });
    memory_take(peer, 300);
    memory_turns();
    return peer;
}

TEST(a_slow_client_is_waited_for)
{
    char last;
    memory_peer *peer = feed_slowly(GALE_EVENT_STREAM_WAIT);
    assert_int_equal(fed, 19);
    assert_true(gale_event_stream_buffered(stream) <= 200000);
    memory_take(peer, 100000);
    memory_turns();
    assert_true(fed == 29 || fed == 30);
    memory_take(peer, SIZE_MAX);
    memory_turns();
    assert_int_equal(fed, 100);
    assert_int_equal(count_events(peer, &last), 100);
    assert_true(peer->shut);
    stop();
}

TEST(a_slow_client_that_leaves_is_not_waited_for)
{
    memory_peer *peer = feed_slowly(GALE_EVENT_STREAM_WAIT);
    assert_int_equal(fed, 19);
    memory_break(peer, -ECONNRESET);
    memory_turns();
    assert_true(feed_result == GALE_ECLOSED || feed_result == GALE_ECANCELED);
    assert_int_equal(closed, 1);
    assert_int_equal(ended, 1);
    stop();
}

TEST(a_slow_client_misses_the_oldest)
{
    char last;
    memory_peer *peer = feed_slowly(GALE_EVENT_STREAM_DROP_OLDEST);
    assert_int_equal(fed, 100);
    assert_int_equal(ended, 1);
    memory_take(peer, SIZE_MAX);
    memory_turns();
    assert_int_equal(count_events(peer, &last), 19);
    assert_int_equal(last, 'A' + 99 % 26);
    assert_true(peer->shut);
    stop();
}

TEST(a_slow_client_is_sent_away)
{
    char last;
    memory_peer *peer = feed_slowly(GALE_EVENT_STREAM_CLOSE);
    assert_int_equal(fed, 19);
    assert_int_equal(feed_result, GALE_ECLOSED);
    assert_int_equal(ended, 1);
    memory_take(peer, SIZE_MAX);
    memory_turns();
    assert_int_equal(count_events(peer, &last), 19);
    assert_true(peer->shut);
    stop();
}

TEST(outside_a_task_nobody_waits)
{
    static char text[100001];
    memset(text, 'x', sizeof text - 1);
    memory_peer *peer =
        asking(keep_routes, NULL, &(gale_event_stream_options){ .max_write_buffer = 150000 });
    memory_turns();
    memory_take(peer, 0);
    assert_ok(SEND(.data = text));
    assert_error(SEND(.data = text), GALE_EFULL);
    memory_take(peer, SIZE_MAX);
    memory_turns();
    assert_ok(SEND(.data = text));
    stop();
}

/* ---- A server that stops ------------------------------------------------------------------- */

static double seconds_to_stop(memory_peer *peer)
{
    int64_t since = memory_now();
    memory_turns();
    gale_ioloop_shutdown(gale_ioloop_current());
    memory_turns();
    assert_true(peer->shut);
    memory_end(peer);
    assert_ok(gale__loop_run(gale_ioloop_current(), NULL));
    assert_true(peer->closed);
    assert_int_equal(closed, 1);
    assert_int_equal(ended, 1);
    stop();
    return (double)(memory_now() - since) / 1e9;
}

TEST(a_server_that_stops_ends_its_streams)
{
    assert_true(seconds_to_stop(asking(tick_routes, NULL, NULL)) < 0.01);
    assert_int_equal(left, 1);
    assert_true(seconds_to_stop(asking(keep_routes, NULL, NULL)) < 0.01);
}

static int open_late(gale_handler *self)
{
    GALE_TRY(gale_sleep(1));
    return keep(self);
}

static const gale_handler_class late_handler = { .get = open_late, .on_finish = on_finish };
static const gale_route late_routes[] = { { .pattern = "/", .handler = &late_handler }, { 0 } };

TEST(a_server_that_is_stopping_opens_none_that_stay)
{
    memory_peer *peer = asking(late_routes, NULL, NULL);
    memory_turns();
    gale_ioloop_shutdown(gale_ioloop_current());
    memory_advance(1.1);
    assert_int_equal(opened, 1);
    assert_true(peer->shut);
    assert_events(peer, "");
    memory_end(peer);
    assert_ok(gale__loop_run(gale_ioloop_current(), NULL));
    assert_int_equal(closed, 1);
    assert_int_equal(ended, 1);
    stop();
}

TEST(a_loop_that_is_freed_ends_them)
{
    asking(tick_routes, NULL, NULL);
    memory_turns();
    stop();
    assert_int_equal(closed, 1);
    assert_int_equal(ended, 1);
    asking(keep_routes, NULL, NULL);
    memory_turns();
    stop();
    assert_int_equal(closed, 1);
    asking(keep_routes, NULL, NULL);
    memory_turns();
    gale_event_stream_close(stream);
    stop();
    assert_int_equal(closed, 1);
}

/* ---- Memory -------------------------------------------------------------------------------- */

static int log_lines;

static void count_line(const gale_log_record *record, void *arg)
{
    (void)arg;
    log_lines += record->level >= GALE_LOG_ERROR && record->logger != GALE_LOG_ACCESS;
}

/* Events come, or an error page, or nothing; on_close comes for each stream that was opened. */
static bool nth_allocation_fails(const gale_route *routes, size_t n)
{
    memory_peer *peer = connected(begin(
        routes, NULL, &(gale_event_stream_options){ .heartbeat = 7, .max_write_buffer = 25000 }));
    log_lines = 0;
    memory_take(peer, 500);
    test_fail_allocation(n);
    send_text(peer, request);
    memory_turns();
    if (stream)
        SEND(.data = "from outside");
    memory_advance(10);
    memory_take(peer, SIZE_MAX);
    memory_advance(20);
    memory_end(peer);
    memory_advance(10);
    bool failed = test_allocation_failed();
    test_fail_allocation(0);
    assert_true(log_lines <= 2);
    assert_true(peer->closed);
    assert_int_equal(closed, opened);
    stop();
    assert_int_equal(test_allocated_bytes(), 0);
    return failed;
}

TEST(each_allocation_fails_once)
{
    const gale_route *all[] = { tick_routes, keep_routes, feed_routes };
    gale_log_set_hook(count_line, NULL);
    gale_log_set_level(GALE_LOG_INFO);
    for (size_t i = 0; i < 3; i++) {
        size_t n = 0;
        while (nth_allocation_fails(all[i], ++n)) {
        }
        assert_true(n > 5);
    }
}

TEST(an_idle_stream_owns_nothing_but_itself)
{
    enum { COUNT = 1000, SIZE = 248 };
    int listening = begin(keep_routes, NULL, NULL);
    memory_peer *first = connected(listening);
    send_text(first, request);
    memory_turns();
    size_t before = test_allocated_bytes();
    for (int i = 0; i < COUNT; i++) {
        memory_peer *peer = connected(listening);
        send_text(peer, request);
        memory_turns();
    }
    size_t each = (test_allocated_bytes() - before) / COUNT;
    if (each > SIZE)
        fail_msg("%zu bytes", each);
    memory_advance(16); /* heartbeats leave nothing behind */
    assert_true((test_allocated_bytes() - before) / COUNT <= SIZE);
    stop();
}

GALE_TEST_MAIN
