/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/loop.h"
#include "test.h"

static gale_ioloop *loop;
static int left[2], right[2]; /* socket pairs */

/* What the handlers were told. */
static struct {
    int fd;
    unsigned events;
} calls[16];
static int call_count;

static void begin(void)
{
    call_count = 0;
    loop = gale_ioloop_new(NULL);
    assert_non_null(loop);
    assert_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, left));
    assert_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, right));
}

static void end(void)
{
    gale_ioloop_free(loop);
    for (int i = 0; i < 2; i++) {
        close(left[i]);
        close(right[i]);
    }
}

static void note(int fd, unsigned events, void *arg)
{
    (void)arg;
    assert_true(call_count < 16);
    calls[call_count].fd = fd;
    calls[call_count++].events = events;
}

static void assert_call(int index, int fd, unsigned events)
{
    assert_true(index < call_count);
    assert_int_equal(calls[index].fd, fd);
    assert_int_equal(calls[index].events, events);
}

static void turn(void)
{
    assert_true(gale__loop_turn(loop, false) >= 0);
}

static void put(int fd)
{
    assert_int_equal(write(fd, "abc", 3), 3);
}

enum { READ = GALE_IOLOOP_READ, WRITE = GALE_IOLOOP_WRITE };

TEST(undrained_descriptor_is_told_again)
{
    begin();
    assert_ok(gale_ioloop_add_handler(loop, left[0], note, READ, NULL));
    turn();
    assert_int_equal(call_count, 0);
    put(left[1]);
    turn();
    turn();
    assert_int_equal(call_count, 2);
    assert_call(1, left[0], READ);
    gale_ioloop_remove_handler(loop, left[0]);
    turn();
    assert_int_equal(call_count, 2);
    end();
}

TEST(only_what_was_asked_for_is_told)
{
    begin();
    put(left[1]);
    assert_ok(gale_ioloop_add_handler(loop, left[0], note, READ, NULL));
    put(right[1]);
    assert_ok(gale_ioloop_add_handler(loop, right[0], note, WRITE, NULL));
    turn();
    assert_int_equal(call_count, 2);
    for (int i = 0; i < 2; i++)
        assert_call(i, calls[i].fd, calls[i].fd == left[0] ? READ : WRITE);
    end();
}

TEST(reading_and_writing_are_told_in_two_calls)
{
    begin();
    put(left[1]);
    assert_ok(gale_ioloop_add_handler(loop, left[0], note, READ | WRITE, NULL));
    turn();
    assert_int_equal(call_count, 2);
    assert_call(0, left[0], READ);
    assert_call(1, left[0], WRITE);
    end();
}

static void note_and_remove(int fd, unsigned events, void *arg)
{
    note(fd, events, arg);
    gale_ioloop_remove_handler(loop, fd);
}

static void note_and_only_read(int fd, unsigned events, void *arg)
{
    note(fd, events, arg);
    assert_ok(gale_ioloop_update_handler(loop, fd, READ));
}

static void note_and_replace(int fd, unsigned events, void *arg)
{
    note(fd, events, arg);
    gale_ioloop_remove_handler(loop, fd);
    assert_ok(gale_ioloop_add_handler(loop, fd, note, WRITE, NULL));
}

TEST(reading_may_end_writing)
{
    const gale_fd_handler handlers[] = { note_and_remove, note_and_only_read, note_and_replace };
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
        begin();
        put(left[1]);
        assert_ok(gale_ioloop_add_handler(loop, left[0], handlers[i], READ | WRITE, NULL));
        turn();
        assert_int_equal(call_count, 1);
        assert_call(0, left[0], READ);
        end();
    }
}

TEST(update_replaces_the_events)
{
    begin();
    put(left[1]);
    assert_ok(gale_ioloop_add_handler(loop, left[0], note, READ, NULL));
    assert_ok(gale_ioloop_update_handler(loop, left[0], WRITE));
    turn();
    assert_int_equal(call_count, 1);
    assert_call(0, left[0], WRITE);
    assert_ok(gale_ioloop_update_handler(loop, left[0], GALE_IOLOOP_NONE));
    turn();
    assert_int_equal(call_count, 1);
    assert_error(gale_ioloop_add_handler(loop, left[0], note, READ, NULL), -EEXIST);
    assert_ok(gale_ioloop_update_handler(loop, left[0], READ | GALE_IOLOOP_ERROR));
    turn();
    assert_int_equal(call_count, 2);
    assert_call(1, left[0], READ);
    end();
}

TEST(hang_up_shows_as_what_was_asked_for)
{
    int ends[2];
    begin();
    close(left[1]);
    assert_ok(gale_ioloop_add_handler(loop, left[0], note, READ, NULL));
    assert_ok(pipe(ends));
    close(ends[0]);
    assert_ok(gale_ioloop_add_handler(loop, ends[1], note, WRITE, NULL));
    turn();
    assert_int_equal(call_count, 2);
    for (int i = 0; i < 2; i++)
        assert_call(i, calls[i].fd, calls[i].fd == left[0] ? READ : WRITE);
    gale_ioloop_remove_handler(loop, ends[1]);
    close(ends[1]);
    left[1] = -1;
    end();
}

TEST(descriptor_cannot_be_added_twice)
{
    char expected[32];
    begin();
    assert_ok(gale_ioloop_add_handler(loop, left[0], note, READ, NULL));
    assert_error(gale_ioloop_add_handler(loop, left[0], note, READ, NULL), -EEXIST);
    snprintf(expected, sizeof expected, "fd %d added twice", left[0]);
    assert_string_equal(gale_error_detail(), expected);
    gale_ioloop_remove_handler(loop, left[0]);
    assert_ok(gale_ioloop_add_handler(loop, left[0], note, READ, NULL));
    end();
}

TEST(unknown_descriptors_are_harmless_to_remove)
{
    begin();
    gale_ioloop_remove_handler(loop, left[0]);
    gale_ioloop_remove_handler(loop, -1);
    gale_ioloop_remove_handler(loop, 100000);
    assert_error(gale_ioloop_update_handler(loop, left[0], READ), GALE_ENOTFOUND);
    assert_ok(gale_ioloop_add_handler(loop, left[0], note, READ, NULL));
    gale_ioloop_remove_handler(loop, left[1]);
    gale_ioloop_remove_handler(loop, 100000);
    assert_error(gale_ioloop_update_handler(loop, left[1], READ), GALE_ENOTFOUND);
    end();
}

TEST(what_cannot_be_watched_is_refused)
{
    int file = memfd_create("file", MFD_CLOEXEC);
    begin();
    assert_true(file >= 0);
    assert_error(gale_ioloop_add_handler(loop, -1, note, READ, NULL), -EBADF);
    assert_error(gale_ioloop_add_handler(loop, 1000, note, READ, NULL), -EBADF);
    assert_error(gale_ioloop_add_handler(loop, file, note, READ, NULL), -EPERM);
    /* A failed attempt leaves nothing behind. */
    assert_error(gale_ioloop_add_handler(loop, file, note, READ, NULL), -EPERM);
    close(file);
    end();
}

static void drain_and_remove_the_other(int fd, unsigned events, void *arg)
{
    char bytes[8];
    note(fd, events, arg);
    assert_int_equal(read(fd, bytes, sizeof bytes), 3);
    gale_ioloop_remove_handler(loop, fd == left[0] ? right[0] : left[0]);
}

TEST(handler_removes_another_that_is_ready)
{
    begin();
    put(left[1]);
    put(right[1]);
    assert_ok(gale_ioloop_add_handler(loop, left[0], drain_and_remove_the_other, READ, NULL));
    assert_ok(gale_ioloop_add_handler(loop, right[0], drain_and_remove_the_other, READ, NULL));
    turn();
    turn();
    assert_int_equal(call_count, 1);
    end();
}

/* Both are ready: the first one called gives the number of the other to a new descriptor. */
static void reuse_the_other(int fd, unsigned events, void *arg)
{
    char bytes[8];
    int other = fd == left[0] ? right[0] : left[0], fresh[2];
    note(fd, events, arg);
    assert_int_equal(read(fd, bytes, sizeof bytes), 3);
    gale_ioloop_remove_handler(loop, other);
    close(other);
    assert_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fresh));
    assert_int_equal(fresh[0], other); /* the lowest free number */
    assert_ok(gale_ioloop_add_handler(loop, other, note, READ, NULL));
    *(int *)arg = fresh[1];
}

TEST(reused_number_does_not_get_the_events_of_the_old)
{
    int peer = -1;
    begin();
    put(left[1]);
    put(right[1]);
    assert_ok(gale_ioloop_add_handler(loop, left[0], reuse_the_other, READ, &peer));
    assert_ok(gale_ioloop_add_handler(loop, right[0], reuse_the_other, READ, &peer));
    turn();
    turn();
    assert_int_equal(call_count, 1);
    put(peer);
    turn();
    assert_int_equal(call_count, 2);
    assert_int_not_equal(calls[1].fd, calls[0].fd);
    close(peer);
    end();
}

TEST(high_descriptors_are_watched)
{
    begin();
    int high = fcntl(left[0], F_DUPFD_CLOEXEC, 900);
    assert_true(high >= 900);
    assert_ok(gale_ioloop_add_handler(loop, left[0], note, READ, NULL));
    assert_ok(gale_ioloop_add_handler(loop, high, note, WRITE, NULL));
    turn();
    assert_int_equal(call_count, 1);
    assert_call(0, high, WRITE);
    gale_ioloop_remove_handler(loop, high);
    close(high);
    put(left[1]);
    turn();
    assert_call(1, left[0], READ);
    end();
}

TEST(out_of_memory_is_returned)
{
    size_t n = 0;
    bool failed;
    do {
        begin();
        test_fail_allocation(++n);
        int result = gale_ioloop_add_handler(loop, left[0], note, WRITE, NULL);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        assert_int_equal(result, failed ? -ENOMEM : 0);
        assert_ok(failed ? gale_ioloop_add_handler(loop, left[0], note, WRITE, NULL) : 0);
        turn();
        assert_int_equal(call_count, 1);
        end();
    } while (failed);
    assert_int_equal(n, 5); /* part, backend, table, watch, none */
}

GALE_TEST_MAIN
