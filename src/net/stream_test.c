/* SPDX-License-Identifier: Apache-2.0 */
/* The lower half of streams, without tasks, against a raw peer. */
#include "net/net_test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/un.h>

#include "net/stream.h"

typedef struct owner {
    gale__stream stream;
    char received[200];
    int ends, error, drains, progresses, connections, connect_error;
    bool close_when_called;
} owner;

static owner *owner_of(gale__stream *stream)
{
    return GALE__CONTAINER_OF(stream, owner, stream);
}

static void on_received(gale__stream *stream, const char *data, size_t size)
{
    strncat(owner_of(stream)->received, data, size);
    if (owner_of(stream)->close_when_called)
        gale__stream_close(stream);
}

static void on_ended(gale__stream *stream, int error)
{
    owner_of(stream)->ends++;
    owner_of(stream)->error = error;
    if (owner_of(stream)->close_when_called)
        gale__stream_close(stream);
}

static void on_drained(gale__stream *stream)
{
    owner_of(stream)->drains++;
    if (owner_of(stream)->close_when_called)
        gale__stream_close(stream);
}

static void on_progressed(gale__stream *stream)
{
    owner_of(stream)->progresses++;
}

static void on_connected(gale__stream *stream, int error)
{
    owner_of(stream)->connections++;
    owner_of(stream)->connect_error = error;
}

static const gale__stream_handlers handlers = { .received = on_received,
                                                .ended = on_ended,
                                                .drained = on_drained,
                                                .progressed = on_progressed,
                                                .connected = on_connected };

static gale_ioloop *loop;
static owner own;
static int peer;

static void begin_with(int fd)
{
    loop = gale_ioloop_new(NULL);
    assert_ok(gale__loop_open_backend(loop));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    memset(&own, 0, sizeof own);
    gale__stream_init(&own.stream, loop, fd, &handlers);
}

static void begin(pair_kind kind)
{
    int ends[2];
    socket_pair(kind, ends);
    peer = ends[1];
    begin_with(ends[0]);
}

static void end(void)
{
    gale__stream_close(&own.stream);
    assert_true(gale__stream_closed(&own.stream));
    assert_null(own.stream.output);
    close(peer);
    gale_ioloop_free(loop);
}

static void turn(void)
{
    for (int i = 0; i < 3; i++) {
        assert_true(gale__loop_turn(loop, false) >= 0);
        usleep(1000);
    }
}

static void queue(const void *data, size_t size)
{
    gale__segments *segments = gale__stream_output(&own.stream);
    assert_non_null(segments);
    assert_ok(gale__segments_append(segments, gale__net_of(loop), data, size));
}

/* Reads until there is nothing more, letting the loop send. */
static size_t read_all(void)
{
    static char chunk[65536];
    size_t total = 0;
    ssize_t size;
    fcntl(peer, F_SETFL, O_NONBLOCK);
    for (int idle = 0; idle < 3;) {
        gale__loop_turn(loop, false);
        size = read(peer, chunk, sizeof chunk);
        total += size > 0 ? (size_t)size : 0;
        idle = size > 0 ? 0 : idle + 1;
    }
    return total;
}

/* ---- Receiving ------------------------------------------------------------------------- */

TEST(bytes_come_when_they_are_wanted)
{
    begin(PAIR_TCP);
    put(peer, "one ");
    turn();
    assert_string_equal(own.received, "");
    assert_ok(gale__stream_receive(&own.stream, GALE__RECEIVE_ON));
    turn();
    put(peer, "two");
    turn();
    assert_ok(gale__stream_receive(&own.stream, GALE__RECEIVE_OFF));
    put(peer, " three");
    turn();
    assert_string_equal(own.received, "one two");
    end();
}

TEST(the_end_is_reported_once)
{
    begin(PAIR_UNIX);
    assert_ok(gale__stream_receive(&own.stream, GALE__RECEIVE_ON));
    put(peer, "last");
    shutdown(peer, SHUT_WR);
    turn();
    turn();
    assert_string_equal(own.received, "last");
    assert_int_equal(own.ends, 1);
    assert_int_equal(own.error, 0);
    assert_false(gale__stream_closed(&own.stream)); /* that is for the owner to decide */
    end();
}

TEST(a_reset_is_reported_with_its_error)
{
    begin(PAIR_TCP);
    assert_ok(gale__stream_receive(&own.stream, GALE__RECEIVE_ON));
    reset(peer);
    peer = -1;
    turn();
    assert_int_equal(own.ends, 1);
    assert_int_equal(own.error, -ECONNRESET);
    assert_int_equal(own.stream.error, -ECONNRESET);
    end();
}

TEST(a_hang_up_is_seen_without_receiving)
{
    begin(PAIR_TCP);
    assert_ok(gale__stream_receive(&own.stream, GALE__RECEIVE_HANG_UP));
    put(peer, "unread");
    turn();
    assert_int_equal(own.ends, 0);
    shutdown(peer, SHUT_WR);
    turn();
    assert_int_equal(own.ends, 1);
    assert_string_equal(own.received, "");
    end();
}

TEST(an_owner_may_close_in_each_callback)
{
    static char big[3000000];
    for (int way = 0; way < 3; way++) {
        begin(PAIR_UNIX);
        own.close_when_called = true;
        assert_ok(gale__stream_receive(&own.stream, GALE__RECEIVE_ON));
        if (way == 0)
            put(peer, "text");
        else if (way == 1)
            shutdown(peer, SHUT_WR);
        else
            queue(big, sizeof big);
        if (way == 2) {
            assert_int_equal(gale__stream_flush(&own.stream), 1);
            assert_int_equal(read_all(), sizeof big);
            assert_int_equal(own.drains, 1);
        }
        turn();
        assert_true(gale__stream_closed(&own.stream));
        assert_null(gale__stream_output(&own.stream));
        gale__stream_close(&own.stream);
        gale__stream_shut(&own.stream);
        end();
    }
}

/* ---- Sending --------------------------------------------------------------------------- */

TEST(what_fits_goes_out_at_once)
{
    char text[16];
    begin(PAIR_TCP);
    assert_int_equal(gale__stream_flush(&own.stream), 0);
    queue("hello ", 6);
    queue("world", 5);
    assert_int_equal(gale__stream_queued(&own.stream), 11);
    assert_int_equal(gale__stream_flush(&own.stream), 0);
    assert_null(own.stream.output);
    assert_int_equal(read(peer, text, sizeof text), 11);
    assert_memory_equal(text, "hello world", 11);
    turn();
    assert_int_equal(own.drains, 0); /* nothing had to wait */
    end();
}

TEST(more_segments_than_one_send_takes)
{
    char text[128];
    begin(PAIR_UNIX);
    gale_bytes *bytes = gale_bytes_new("ab", 2);
    for (int i = 0; i < GALE__OUTPUT_VECTORS * 2 + 3; i++)
        assert_ok(
            gale__segments_share(gale__stream_output(&own.stream), gale__net_of(loop), bytes));
    assert_int_equal(gale__stream_flush(&own.stream), 0);
    assert_int_equal(read(peer, text, sizeof text), (GALE__OUTPUT_VECTORS * 2 + 3) * 2);
    gale_bytes_unref(bytes);
    end();
}

TEST(what_does_not_fit_waits_and_tells)
{
    static char big[3000000];
    begin(PAIR_UNIX);
    queue(big, sizeof big);
    assert_int_equal(gale__stream_flush(&own.stream), 1);
    queue("behind", 6);
    assert_int_equal(gale__stream_flush(&own.stream), 1);
    assert_int_equal(read_all(), sizeof big + 6);
    assert_int_equal(own.drains, 1);
    assert_true(own.progresses > 1);
    assert_int_equal(gale__stream_queued(&own.stream), 0);
    end();
}

/* A file of zeros, queued. */
static int queue_file(size_t size)
{
    int fd = memfd_create("zeros", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_ok(
        gale__segments_file(gale__stream_output(&own.stream), gale__net_of(loop), fd, 0, size));
    return fd;
}

TEST(files_go_out_in_their_place)
{
    begin(PAIR_UNIX);
    queue("before", 6);
    queue_file(3000000);
    queue("between", 7);
    queue_file(10000);
    queue("behind", 6);
    assert_int_equal(gale__stream_flush(&own.stream), 1);
    assert_int_equal(read_all(), 3010019);
    assert_int_equal(own.drains, 1);
    assert_null(own.stream.output);
    end();
}

TEST(a_file_that_is_cut_short_meanwhile_ends_the_stream)
{
    begin(PAIR_UNIX);
    int fd = queue_file(3000000);
    assert_int_equal(gale__stream_flush(&own.stream), 1);
    assert_int_equal(ftruncate(fd, 100), 0);
    read_all();
    assert_int_equal(own.ends, 1);
    assert_int_equal(own.error, GALE_EOUTPUT);
    end();
}

TEST(a_send_that_waits_ends_with_the_peer)
{
    static char big[3000000];
    begin(PAIR_UNIX);
    queue(big, sizeof big);
    assert_int_equal(gale__stream_flush(&own.stream), 1);
    close(peer);
    peer = -1;
    turn();
    assert_int_equal(own.ends, 1);
    assert_int_equal(own.error, -EPIPE);
    end();
}

TEST(a_send_to_nobody_fails)
{
    begin(PAIR_UNIX);
    close(peer);
    peer = -1;
    queue("x", 1);
    assert_int_equal(gale__stream_flush(&own.stream), -EPIPE);
    turn();
    assert_int_equal(own.ends, 0);
    end();
}

TEST(shut_ends_our_side_only)
{
    char text[4];
    begin(PAIR_TCP);
    gale__stream_shut(&own.stream);
    assert_int_equal(read(peer, text, sizeof text), 0);
    assert_ok(gale__stream_receive(&own.stream, GALE__RECEIVE_ON));
    put(peer, "still");
    turn();
    assert_string_equal(own.received, "still");
    end();
}

TEST(a_connection_moves_to_another_stream)
{
    owner other = { 0 };
    begin(PAIR_UNIX);
    assert_ok(gale__stream_receive(&own.stream, GALE__RECEIVE_ON));
    gale__stream_init(&other.stream, loop, -1, &handlers);
    gale__stream_move(&other.stream, &own.stream);
    assert_true(gale__stream_closed(&own.stream));
    put(peer, "abcd");
    turn();
    assert_string_equal(other.received, ""); /* it was not asked for */
    assert_ok(gale__stream_receive(&other.stream, GALE__RECEIVE_ON));
    turn();
    assert_string_equal(other.received, "abcd");
    assert_string_equal(own.received, "");
    gale__stream_close(&other.stream);
    end();
}

TEST(no_memory_no_queue)
{
    begin(PAIR_UNIX);
    test_fail_allocation(1);
    assert_null(gale__stream_output(&own.stream));
    test_fail_allocation(2);
    assert_null(gale__stream_output(&own.stream));
    test_fail_allocation(0);
    queue("x", 1);
    assert_int_equal(gale__stream_flush(&own.stream), 0);
    end();
}

/* ---- Connecting ------------------------------------------------------------------------ */

TEST(connect_that_waits_is_told)
{
    int listening[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "127.0.0.1" };
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    assert_int_equal(gale_bind_sockets(0, &options, listening), 1);
    assert_int_equal(getsockname(listening[0], (struct sockaddr *)&address, &size), 0);
    for (int refused = 0; refused < 2; refused++) {
        peer = -1;
        begin_with(socket(AF_INET, SOCK_STREAM, 0));
        if (refused)
            close(listening[0]);
        assert_int_equal(gale__stream_connect(&own.stream, (struct sockaddr *)&address, size), 1);
        turn();
        assert_int_equal(own.connections, 1);
        assert_int_equal(own.connect_error, refused ? -ECONNREFUSED : 0);
        assert_int_equal(own.stream.peer.family, AF_INET);
        end();
    }
}

TEST(connect_may_succeed_or_fail_at_once)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *name = own_name();
    socklen_t size = (socklen_t)(sizeof address.sun_family + strlen(name));
    memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
    peer = -1;
    begin_with(socket(AF_UNIX, SOCK_STREAM, 0));
    assert_int_equal(gale__stream_connect(&own.stream, (struct sockaddr *)&address, size),
                     -ECONNREFUSED);
    int listening = gale_bind_unix_socket(own_name(), 0, 0);
    assert_int_equal(gale__stream_connect(&own.stream, (struct sockaddr *)&address, size), 0);
    turn();
    assert_int_equal(own.connections, 0);
    close(listening);
    end();
}

GALE_TEST_MAIN
