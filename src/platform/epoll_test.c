/* SPDX-License-Identifier: Apache-2.0 */
/* The epoll backend through its table: receiving, sending, ending, watching. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/memory.h"
#include "platform/backend.h"
#include "test.h"

static gale__backend *backend;
static const gale__backend_operations *table;

/* One end of a socket pair under the backend, and what it was told. */
typedef struct peer {
    gale__io io;
    int other;
    char bytes[64];
    size_t size;
    int ends, calls; /* of `received`: with 0, all */
    int error;
    ssize_t sent; /* the last, and how often */
    int sends;
    unsigned events;
    int watches;
    struct peer *kills; /* ended in the next callback; may be itself */
} peer;

static void kill_now(peer *self)
{
    peer *victim = self->kills;
    self->kills = NULL;
    if (victim)
        table->end(backend, &victim->io, true);
}

static void received(gale__io *io, const char *data, ssize_t size)
{
    peer *self = GALE__CONTAINER_OF(io, peer, io);
    self->calls++;
    if (size > 0) {
        size_t room = sizeof self->bytes - self->size;
        size_t taken = (size_t)size < room ? (size_t)size : room;
        memcpy(self->bytes + self->size, data, taken);
        self->size += taken;
    } else if (size == 0) {
        self->ends++;
    } else {
        self->error = (int)size;
    }
    kill_now(self);
}

static void sent(gale__io *io, ssize_t size)
{
    peer *self = GALE__CONTAINER_OF(io, peer, io);
    self->sent = size;
    self->sends++;
    kill_now(self);
}

static void ready(gale__io *io, unsigned events)
{
    peer *self = GALE__CONTAINER_OF(io, peer, io);
    self->events = events;
    self->watches++;
    kill_now(self);
}

static const gale__io_handlers peer_handlers = { .received = received,
                                                 .sent = sent,
                                                 .ready = ready };

static void begin(void)
{
    table = &gale__epoll_backend;
    assert_ok(table->open(&backend));
    assert_ptr_equal(backend->operations, table);
}

static void peer_open(peer *self)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    *self = (peer){ .io = { .handlers = &peer_handlers, .fd = ends[0] }, .other = ends[1] };
}

static void peer_close(peer *self)
{
    if (self->io.fd >= 0)
        table->end(backend, &self->io, true);
    if (self->other >= 0)
        close(self->other);
}

/* Has everything happen that can happen now; returns how many events. */
static int turn(void)
{
    int64_t now = 0;
    int count = table->wait(backend, 0, &now);
    assert_true(count >= 0);
    assert_true(now > 0);
    return count;
}

static void put(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void assert_got(const peer *self, const char *expected)
{
    gale_str got = { self->bytes, self->size };
    assert_str(got, expected);
}

/* ---- Receiving ------------------------------------------------------------------------- */

TEST(bytes_then_the_end_once)
{
    peer one;
    begin();
    peer_open(&one);
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_ON));
    assert_int_equal(turn(), 0);
    put(one.other, "hello");
    turn();
    put(one.other, " world");
    close(one.other);
    one.other = -1;
    turn();
    assert_int_equal(one.ends, 0);
    turn();
    assert_int_equal(one.ends, 1);
    assert_int_equal(turn(), 0); /* reported once, and no busy loop */
    assert_got(&one, "hello world");
    peer_close(&one);
    table->close(backend);
}

TEST(no_bytes_while_receiving_is_off)
{
    peer one;
    begin();
    peer_open(&one);
    put(one.other, "x");
    turn();
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_ON));
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_OFF));
    turn();
    assert_int_equal(one.calls, 0);
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_ON));
    assert_int_equal(one.calls, 0); /* never from within the call */
    turn();
    assert_got(&one, "x");
    peer_close(&one);
    table->close(backend);
}

/* A TCP connection over the loopback: `one` is under the backend. */
static void peer_connect(peer *self)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (void *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (void *)&address, &size), 0);
    assert_int_equal(connect(fd, (void *)&address, size), 0);
    *self = (peer){ .io = { .handlers = &peer_handlers, .fd = fd } };
    self->other = accept(listener, NULL, NULL);
    assert_true(self->other >= 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    close(listener);
}

static void reset(peer *self)
{
    setsockopt(self->other, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
    close(self->other);
    self->other = -1;
}

TEST(reset_is_an_error)
{
    const gale__receive_mode modes[] = { GALE__RECEIVE_ON, GALE__RECEIVE_HANG_UP };
    for (int i = 0; i < 2; i++) {
        peer one;
        begin();
        peer_connect(&one);
        assert_ok(table->receive(backend, &one.io, modes[i]));
        reset(&one);
        turn();
        assert_int_equal(one.error, -ECONNRESET);
        assert_int_equal(one.calls, 1);
        assert_int_equal(turn(), 0);
        peer_close(&one);
        table->close(backend);
    }
}

TEST(hang_up_mode_ignores_bytes_and_tells_of_leaving)
{
    peer one;
    begin();
    peer_connect(&one);
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_HANG_UP));
    put(one.other, "pipelined");
    assert_int_equal(turn(), 0);
    shutdown(one.other, SHUT_WR);
    turn();
    assert_int_equal(one.ends, 1);
    assert_int_equal(one.size, 0);
    assert_int_equal(turn(), 0);
    /* Who wants the bytes nevertheless gets them. */
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_ON));
    turn();
    assert_got(&one, "pipelined");
    peer_close(&one);
    table->close(backend);
}

TEST(pipes_are_read_too)
{
    int ends[2];
    begin();
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    peer one = { .io = { .handlers = &peer_handlers, .fd = ends[0] }, .other = ends[1] };
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_ON));
    put(one.other, "from a pipe");
    turn();
    close(one.other);
    one.other = -1;
    turn();
    assert_got(&one, "from a pipe");
    assert_int_equal(one.ends, 1);
    peer_close(&one);
    table->close(backend);
}

/* ---- Sending --------------------------------------------------------------------------- */

static char big[1 << 20];

static size_t fill(peer *self)
{
    size_t total = 0;
    static struct iovec vector = { big, sizeof big }; /* stays until `sent` or `end` */
    for (;;) {
        ssize_t size = table->send(backend, &self->io, &vector, 1);
        if (size == GALE__SEND_PENDING)
            return total;
        assert_true(size > 0);
        total += (size_t)size;
    }
}

static size_t drain(int fd)
{
    size_t total = 0;
    for (ssize_t size; (size = read(fd, big, sizeof big)) > 0;)
        total += (size_t)size;
    return total;
}

TEST(small_sends_are_taken_at_once)
{
    peer one;
    char got[16];
    struct iovec vectors[] = { { "ab", 2 }, { "cde", 3 } };
    begin();
    peer_open(&one);
    assert_int_equal(table->send(backend, &one.io, vectors, 2), 5);
    assert_int_equal(table->send(backend, &one.io, vectors, 1), 2);
    assert_int_equal(read(one.other, got, sizeof got), 7);
    assert_memory_equal(got, "abcdeab", 7);
    turn();
    assert_int_equal(one.sends, 0);
    peer_close(&one);
    table->close(backend);
}

TEST(send_that_has_to_wait_reports_progress)
{
    peer one;
    begin();
    peer_open(&one);
    assert_true(fill(&one) > 0);
    turn();
    assert_int_equal(one.sends, 0);
    assert_true(drain(one.other) > 0);
    turn();
    assert_int_equal(one.sends, 1);
    assert_true(one.sent > 0);
    turn();
    assert_int_equal(one.sends, 1);
    peer_close(&one);
    table->close(backend);
}

TEST(receiving_goes_on_while_a_send_waits)
{
    peer one;
    begin();
    peer_open(&one);
    fill(&one);
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_ON));
    put(one.other, "x");
    turn();
    assert_int_equal(one.size, 1);
    assert_int_equal(one.sends, 0);
    drain(one.other);
    put(one.other, "y");
    turn(); /* both in one event */
    assert_int_equal(one.size, 2);
    assert_int_equal(one.sends, 1);
    peer_close(&one);
    table->close(backend);
}

TEST(sends_to_one_that_has_left_fail_without_a_signal)
{
    peer one;
    struct iovec vector = { "x", 1 };
    begin();
    peer_open(&one);
    fill(&one);
    close(one.other);
    one.other = -1;
    turn();
    assert_int_equal(one.sends, 1);
    assert_int_equal(one.sent, -EPIPE);
    assert_int_equal(table->send(backend, &one.io, &vector, 1), -EPIPE);
    assert_int_equal(turn(), 0);
    peer_close(&one);
    table->close(backend);
}

TEST(more_vectors_than_the_kernel_takes)
{
    static struct iovec vectors[IOV_MAX + 100];
    peer one;
    begin();
    peer_open(&one);
    for (int i = 0; i < IOV_MAX + 100; i++)
        vectors[i] = (struct iovec){ "z", 1 };
    assert_int_equal(table->send(backend, &one.io, vectors, IOV_MAX + 100), IOV_MAX);
    peer_close(&one);
    table->close(backend);
}

/* A file of zeros. */
static int zeros(off_t size)
{
    int fd = memfd_create("zeros", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, size), 0);
    return fd;
}

TEST(a_file_is_sent_as_far_as_there_is_room)
{
    peer one;
    char got[16];
    begin();
    peer_open(&one);
    int fd = zeros(4000000);
    assert_int_equal(pwrite(fd, "abcdef", 6, 100), 6);
    gale__file_range range = { fd, 101, 4 };
    assert_int_equal(table->send_file(backend, &one.io, &range), 4);
    assert_int_equal(read(one.other, got, sizeof got), 4);
    assert_memory_equal(got, "bcde", 4);
    range = (gale__file_range){ fd, 0, 4000000 };
    ssize_t sent;
    while ((sent = table->send_file(backend, &one.io, &range)) > 0)
        range.offset += sent;
    assert_int_equal(sent, GALE__SEND_PENDING);
    turn();
    assert_int_equal(one.sends, 0);
    drain(one.other);
    turn();
    assert_int_equal(one.sends, 1);
    assert_true(one.sent > 0);
    close(fd);
    peer_close(&one);
    table->close(backend);
}

TEST(a_file_that_has_become_too_short_is_an_error)
{
    peer one;
    begin();
    peer_open(&one);
    int fd = zeros(1000);
    gale__file_range range = { fd, 1000, 10 };
    assert_int_equal(table->send_file(backend, &one.io, &range), GALE_EOUTPUT);
    range.offset = 0;
    fill(&one);
    one.io.sending_file = &range; /* instead of what fill has left */
    one.io.sending_count = 0;
    assert_int_equal(ftruncate(fd, 0), 0);
    drain(one.other);
    turn();
    assert_int_equal(one.sent, GALE_EOUTPUT);
    close(fd);
    peer_close(&one);
    table->close(backend);
}

TEST(shut_ends_our_side_only)
{
    peer one;
    char byte;
    begin();
    peer_open(&one);
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_ON));
    table->shut(backend, &one.io);
    assert_int_equal(read(one.other, &byte, 1), 0);
    put(one.other, "still");
    turn();
    assert_got(&one, "still");
    peer_close(&one);
    table->close(backend);
}

/* ---- Ending ---------------------------------------------------------------------------- */

TEST(end_in_a_callback_for_itself)
{
    peer *one = malloc(sizeof *one); /* freed at once: the sanitizer sees a late use */
    begin();
    peer_open(one);
    int other = one->other;
    assert_ok(table->receive(backend, &one->io, GALE__RECEIVE_ON));
    put(other, "x");
    one->kills = one;
    turn();
    assert_int_equal(one->calls, 1);
    assert_int_equal(one->io.fd, -1);
    assert_int_equal(one->io.armed, 0);
    free(one);
    assert_int_equal(turn(), 0);
    close(other);
    table->close(backend);
}

TEST(end_in_a_callback_for_another_of_the_batch)
{
    peer peers[2];
    begin();
    for (int i = 0; i < 2; i++) {
        peer_open(&peers[i]);
        assert_ok(table->receive(backend, &peers[i].io, GALE__RECEIVE_ON));
        put(peers[i].other, "x");
        peers[i].kills = &peers[1 - i];
    }
    turn();
    turn();
    assert_int_equal(peers[0].calls + peers[1].calls, 1);
    peer_close(&peers[0]);
    peer_close(&peers[1]);
    table->close(backend);
}

TEST(end_in_sent_leaves_the_received_bytes_alone)
{
    peer one;
    begin();
    peer_open(&one);
    fill(&one);
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_ON));
    drain(one.other);
    put(one.other, "x");
    one.kills = &one;
    turn();
    assert_int_equal(one.sends, 1);
    assert_int_equal(one.calls, 0);
    peer_close(&one);
    table->close(backend);
}

TEST(end_without_closing_gives_the_descriptor_back)
{
    peer one;
    begin();
    peer_open(&one);
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_ON));
    int fd = one.io.fd;
    table->end(backend, &one.io, false);
    put(one.other, "x");
    assert_int_equal(turn(), 0);
    one.io.fd = fd;
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_ON));
    turn();
    assert_int_equal(one.size, 1);
    peer_close(&one);
    table->close(backend);
}

/* A forked process, or dup, keeps the socket alive: its events must not come any more. */
TEST(ended_descriptor_that_somebody_else_holds_is_silent)
{
    peer one;
    begin();
    peer_open(&one);
    assert_ok(table->receive(backend, &one.io, GALE__RECEIVE_ON));
    int held = dup(one.io.fd);
    table->end(backend, &one.io, true);
    put(one.other, "x");
    assert_int_equal(turn(), 0);
    assert_int_equal(one.calls, 0);
    close(held);
    peer_close(&one);
    table->close(backend);
}

/* ---- Watching -------------------------------------------------------------------------- */

TEST(watch_is_level_triggered)
{
    peer one;
    begin();
    peer_open(&one);
    assert_ok(table->watch(backend, &one.io, GALE__WATCH_READ));
    assert_int_equal(turn(), 0);
    put(one.other, "x");
    turn();
    turn();
    assert_int_equal(one.watches, 2);
    assert_int_equal(one.events, GALE__WATCH_READ);
    assert_ok(table->watch(backend, &one.io, GALE__WATCH_READ | GALE__WATCH_WRITE));
    turn();
    assert_int_equal(one.events, GALE__WATCH_READ | GALE__WATCH_WRITE);
    assert_ok(table->watch(backend, &one.io, 0));
    assert_int_equal(turn(), 0);
    peer_close(&one);
    table->close(backend);
}

TEST(watch_of_a_broken_descriptor_tells_what_was_asked_for)
{
    peer one;
    begin();
    peer_connect(&one);
    assert_ok(table->watch(backend, &one.io, GALE__WATCH_READ));
    reset(&one);
    turn();
    assert_int_equal(one.events, GALE__WATCH_READ);
    assert_ok(table->watch(backend, &one.io, GALE__WATCH_WRITE));
    turn();
    assert_int_equal(one.events, GALE__WATCH_WRITE);
    peer_close(&one);
    table->close(backend);
}

TEST(failed_watch_leaves_nothing_behind)
{
    begin();
    peer one = { .io = { .handlers = &peer_handlers, .fd = 987 }, .other = -1 };
    assert_error(table->watch(backend, &one.io, GALE__WATCH_READ), -EBADF);
    assert_int_equal(one.io.armed | one.io.wanted, 0);
    table->close(backend);
}

GALE_TEST_MAIN
