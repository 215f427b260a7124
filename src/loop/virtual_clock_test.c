/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/virtual_clock.h"

#include <unistd.h>

#include <gale/ioloop.h>

#include "loop/executor.h"
#include "platform/clock.h"
#include "test.h"

static gale_ioloop *loop;
static char order[32];
static size_t steps;

static void note(void *arg)
{
    order[steps++] = *(const char *)arg;
}

static void stop(void *arg)
{
    note(arg);
    gale_ioloop_stop(loop);
}

static void open_loop(void)
{
    loop = gale_ioloop_new(NULL);
    gale__loop_use_backend(loop, &gale__virtual_backend);
    memset(order, 0, sizeof order);
    steps = 0;
}

TEST(time_jumps_to_the_next_timeout)
{
    open_loop();
    int64_t start = gale__clock_monotonic();
    assert_ok(gale_ioloop_call_later(loop, 86400, stop, "c", NULL));
    assert_ok(gale_ioloop_call_later(loop, 0.001, note, "a", NULL));
    assert_ok(gale_ioloop_call_later(loop, 3600, note, "b", NULL));
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_string_equal(order, "abc");
    assert_true(gale__clock_monotonic() - start < 5000000000);
    gale_ioloop_free(loop);
}

static int work(void *arg)
{
    (void)arg;
    usleep(50000);
    return 0;
}

static void worked(gale__callback *callback)
{
    (void)callback;
    note("w");
}

/* A thread's work comes before a timeout, however long it takes in truth. */
TEST(time_stands_still_while_threads_work)
{
    open_loop();
    gale__job job = { .done.run = worked, .function = work };
    assert_ok(gale__executor_submit(loop, NULL, &job));
    assert_ok(gale_ioloop_call_later(loop, 0.001, stop, "t", NULL));
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_string_equal(order, "wt");
    assert_false(gale__executor_jobs_under_way());
    gale_ioloop_free(loop);
}

static void readable(int fd, unsigned events, void *arg)
{
    char byte;
    (void)events;
    (void)arg;
    assert_int_equal(read(fd, &byte, 1), 1);
    note("r");
}

TEST(what_has_come_comes_before_a_timeout)
{
    open_loop();
    int ends[2];
    assert_ok(pipe(ends));
    assert_ok(gale_ioloop_add_handler(loop, ends[0], readable, GALE_IOLOOP_READ, NULL));
    assert_int_equal(write(ends[1], "xx", 2), 2);
    assert_ok(gale_ioloop_call_later(loop, 1e-9, stop, "t", NULL));
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_string_equal(order, "rrt");
    gale_ioloop_remove_handler(loop, ends[0]);
    gale_ioloop_free(loop);
    close(ends[0]);
    close(ends[1]);
}

GALE_TEST_MAIN
