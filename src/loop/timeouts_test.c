/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "loop/loop.h"
#include "platform/clock.h"
#include "test.h"

static gale_ioloop *loop;
static char trace[64];
static size_t trace_size;

static void begin(void)
{
    trace_size = 0;
    memset(trace, 0, sizeof trace);
    loop = gale_ioloop_new(NULL);
    assert_non_null(loop);
}

/* `arg` points to the letter to leave behind. */
static void note(void *arg)
{
    assert_true(trace_size < sizeof trace - 1);
    trace[trace_size++] = *(const char *)arg;
}

static void stop(void *arg)
{
    (void)arg;
    gale_ioloop_stop(loop);
}

#define LETTER(text) ((void *)(uintptr_t)text)

/* Runs until everything that is due within `seconds` has run. */
static void run_for(double seconds)
{
    assert_ok(gale_ioloop_call_later(loop, seconds, stop, NULL, NULL));
    assert_int_equal(gale_ioloop_start(loop), 0);
}

TEST(call_later_runs_by_deadline)
{
    begin();
    gale_ioloop_call_later(loop, 0.006, note, LETTER("c"), NULL);
    gale_ioloop_call_later(loop, 0.002, note, LETTER("a"), NULL);
    gale_ioloop_call_later(loop, 0.004, note, LETTER("b"), NULL);
    run_for(0.010);
    assert_string_equal(trace, "abc");
    gale_ioloop_free(loop);
}

TEST(timeouts_in_the_past_run_in_order_of_insertion)
{
    begin();
    double now = gale_ioloop_time(loop);
    gale_ioloop_call_at(loop, now - 3600, note, LETTER("a"), NULL);
    gale_ioloop_call_later(loop, 0, note, LETTER("b"), NULL);
    gale_ioloop_call_later(loop, -1, note, LETTER("c"), NULL);
    gale_ioloop_call_later(loop, (double)NAN, note, LETTER("d"), NULL);
    gale_ioloop_call_at(loop, now, note, LETTER("e"), NULL);
    assert_true(gale__loop_turn(loop, false) >= 0);
    assert_string_equal(trace, "abcde");
    gale_ioloop_free(loop);
}

typedef struct expectation {
    int64_t not_before; /* monotonic */
    double when;        /* Unix time; 0 for none */
    bool ran;
} expectation;

static void check_not_early(void *arg)
{
    expectation *self = arg;
    assert_true(gale__clock_monotonic() >= self->not_before);
    assert_true(gale_ioloop_time(loop) >= self->when);
    self->ran = true;
}

TEST(timeouts_are_never_early)
{
    enum { COUNT = 40 };
    expectation later[COUNT] = { { 0 } }, at[COUNT] = { { 0 } };
    begin();
    for (int i = 0; i < COUNT; i++) {
        double seconds = 0.00037 * i;
        later[i].not_before = gale__clock_monotonic() + (int64_t)(seconds * 1e9);
        gale_ioloop_call_later(loop, seconds, check_not_early, &later[i], NULL);
        at[i].when = gale_ioloop_time(loop) + seconds;
        gale_ioloop_call_at(loop, at[i].when, check_not_early, &at[i], NULL);
    }
    run_for(0.03);
    for (int i = 0; i < COUNT; i++)
        assert_true(later[i].ran && at[i].ran);
    gale_ioloop_free(loop);
}

TEST(infinite_timeout_never_runs)
{
    begin();
    gale_ioloop_call_later(loop, (double)INFINITY, note, LETTER("x"), NULL);
    gale_ioloop_call_later(loop, 1e300, note, LETTER("y"), NULL);
    run_for(0.005);
    assert_string_equal(trace, "");
    gale_ioloop_free(loop);
}

TEST(removed_timeout_does_not_run)
{
    gale_timeout timeout;
    begin();
    gale_ioloop_call_later(loop, 0.001, note, LETTER("x"), &timeout);
    gale_ioloop_remove_timeout(loop, timeout);
    gale_ioloop_remove_timeout(loop, timeout);
    gale_ioloop_remove_timeout(loop, (gale_timeout){ 0 });
    run_for(0.005);
    assert_string_equal(trace, "");
    gale_ioloop_free(loop);
}

TEST(timeout_handles_of_both_calls_can_be_removed)
{
    gale_timeout later, at;
    begin();
    gale_ioloop_call_later(loop, 0, note, LETTER("x"), &later);
    gale_ioloop_call_at(loop, gale_ioloop_time(loop), note, LETTER("y"), &at);
    assert_true(later.entry_ && at.entry_ && later.entry_ != at.entry_);
    gale_ioloop_remove_timeout(loop, later);
    gale_ioloop_remove_timeout(loop, at);
    run_for(0.002);
    assert_string_equal(trace, "");
    gale_ioloop_free(loop);
}

TEST(stale_handle_leaves_its_successor_alone)
{
    gale_timeout first, second;
    begin();
    gale_ioloop_call_later(loop, 0, note, LETTER("a"), &first);
    gale__loop_turn(loop, false);
    gale_ioloop_call_later(loop, 0, note, LETTER("b"), &second);
    assert_ptr_equal(first.entry_, second.entry_); /* else the test would show nothing */
    gale_ioloop_remove_timeout(loop, first);
    gale__loop_turn(loop, false);
    assert_string_equal(trace, "ab");
    gale_ioloop_free(loop);
}

static gale_timeout victim;

static void note_and_remove_victim(void *arg)
{
    note(arg);
    gale_ioloop_remove_timeout(loop, victim);
}

TEST(timeout_removes_another_that_is_due)
{
    begin();
    gale_ioloop_call_later(loop, 0.001, note_and_remove_victim, LETTER("a"), NULL);
    gale_ioloop_call_later(loop, 0.002, note, LETTER("b"), &victim);
    gale_ioloop_call_later(loop, 0.003, note, LETTER("c"), NULL);
    usleep(4000);
    gale__loop_turn(loop, false);
    assert_string_equal(trace, "ac");
    gale_ioloop_free(loop);
}

TEST(timeout_may_remove_itself)
{
    begin();
    gale_ioloop_call_later(loop, 0, note_and_remove_victim, LETTER("a"), &victim);
    gale_ioloop_call_later(loop, 0, note, LETTER("b"), NULL);
    gale__loop_turn(loop, false);
    assert_string_equal(trace, "ab");
    gale_ioloop_free(loop);
}

static void note_and_call_again(void *arg)
{
    note(arg);
    gale_ioloop_call_later(loop, 0, note, LETTER("z"), NULL);
}

TEST(timeout_added_by_a_timeout_runs_in_a_later_turn)
{
    begin();
    gale_ioloop_call_later(loop, 0, note_and_call_again, LETTER("a"), NULL);
    gale__loop_turn(loop, false);
    assert_string_equal(trace, "a");
    gale__loop_turn(loop, false);
    assert_string_equal(trace, "az");
    gale_ioloop_free(loop);
}

TEST(every_second_of_many_is_removed)
{
    enum { COUNT = 1000 };
    static gale_timeout timeouts[COUNT];
    int ran = 0;
    begin();
    for (int i = 0; i < COUNT; i++)
        gale_ioloop_call_later(loop, 0.0001 * (i % 50), note, LETTER("x"), &timeouts[i]);
    for (int i = 0; i < COUNT; i++)
        if (i % 20)
            gale_ioloop_remove_timeout(loop, timeouts[i]);
    run_for(0.010);
    for (; trace[ran]; ran++)
        assert_int_equal(trace[ran], 'x');
    assert_int_equal(ran, COUNT / 20);
    gale_ioloop_free(loop);
}

TEST(a_million_pending_timeouts)
{
    enum { COUNT = 1000000 };
    gale_timeout *timeouts = malloc(COUNT * sizeof *timeouts);
    assert_non_null(timeouts);
    begin();
    for (size_t i = 0; i < COUNT; i++)
        assert_ok(gale_ioloop_call_later(loop, 60 + (double)(i * 7919 % COUNT) / 1000, note,
                                         LETTER("x"), &timeouts[i]));
    assert_true(gale__loop_turn(loop, false) >= 0);
    for (size_t i = 0; i < COUNT; i++)
        gale_ioloop_remove_timeout(loop, timeouts[i * 104729 % COUNT]);
    assert_true(gale__wheel_next(&loop->wheel) == INT64_MAX);
    run_for(0.001);
    assert_string_equal(trace, "");
    gale_ioloop_free(loop);
    free(timeouts);
}

TEST(loop_may_be_freed_with_pending_timeouts)
{
    begin();
    gale_ioloop_call_later(loop, 1, note, LETTER("x"), NULL);
    gale_ioloop_call_later(loop, 3600, note, LETTER("y"), NULL);
    gale_ioloop_free(loop);
}

TEST(out_of_memory_is_returned)
{
    begin();
    size_t n = 0;
    int result;
    do {
        test_fail_allocation(++n);
        result = gale_ioloop_call_later(loop, 0, note, LETTER("a"), NULL);
        assert_true(result == (test_allocation_failed() ? -ENOMEM : 0));
    } while (test_allocation_failed());
    assert_int_equal(n, 3); /* the table, a chunk, none */
    gale__loop_turn(loop, false);
    assert_string_equal(trace, "a");
    gale_ioloop_free(loop);
}

GALE_TEST_MAIN
