/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/gen_test.h"

#include <errno.h>

#include <gale/locks.h>

#include "gen/task.h"
#include "platform/clock.h"

typedef struct counter {
    gale_periodic_callback *periodic;
    gale_event *enough; /* set after the last run */
    int last, runs, inside;
    int result;
    double nap; /* seconds that each run takes */
    bool free_it;
} counter;

static int count(void *arg)
{
    counter *self = arg;
    assert_int_equal(self->inside++, 0); /* runs do not overlap */
    if (self->nap > 0 && gale_sleep(self->nap) < 0)
        return GALE_ECANCELED;
    self->inside--;
    if (++self->runs == self->last) {
        gale_event_set(self->enough);
        if (self->free_it)
            gale_periodic_callback_free(self->periodic);
        else
            gale_periodic_callback_stop(self->periodic);
    }
    return self->result;
}

static void begin(counter *self, double callback_time)
{
    self->periodic = gale_periodic_callback_new(count, self, callback_time, 0);
    self->enough = gale_event_new();
    assert_ok(gale_periodic_callback_start(self->periodic));
    assert_true(gale_periodic_callback_is_running(self->periodic));
}

static void end(counter *self)
{
    if (!self->free_it)
        gale_periodic_callback_free(self->periodic);
    gale_event_free(self->enough);
}

static int64_t milliseconds_since(int64_t before)
{
    return (gale__clock_monotonic() - before) / 1000000;
}

TASK_TEST(it_runs_once_a_period_until_it_is_stopped)
{
    counter self = { .last = 3 };
    int64_t before = gale__clock_monotonic();
    begin(&self, 2);
    assert_ok(gale_event_wait(self.enough));
    assert_true(milliseconds_since(before) >= 3 * 2);
    assert_false(gale_periodic_callback_is_running(self.periodic));
    assert_ok(gale_sleep(0.006));
    assert_int_equal(self.runs, 3);
    end(&self);
}

TASK_TEST(a_period_must_be_positive)
{
    assert_null(gale_periodic_callback_new(count, NULL, 0, 0));
    assert_null(gale_periodic_callback_new(count, NULL, -1, 0));
    assert_non_null(strstr(gale_error_detail(), "positive"));
    gale_periodic_callback_free(NULL);
}

TASK_TEST(the_next_run_waits_for_the_last_and_missed_ones_are_skipped)
{
    counter self = { .last = 3, .nap = 0.003 };
    int64_t before = gale__clock_monotonic();
    begin(&self, 2); /* runs begin at 2, 6 and 10 or later */
    assert_ok(gale_event_wait(self.enough));
    assert_true(milliseconds_since(before) >= 12);
    end(&self);
}

TASK_TEST(a_failure_is_logged_and_the_timer_goes_on)
{
    counter self = { .last = 2, .result = -EIO };
    test_expect_log(GALE_LOG_ERROR, "periodic callback failed: Input/output error");
    test_expect_log(GALE_LOG_ERROR, "periodic callback failed: Input/output error");
    begin(&self, 1);
    assert_ok(gale_event_wait(self.enough));
    end(&self);
}

TASK_TEST(it_may_be_freed_by_its_own_run)
{
    counter self = { .last = 2, .free_it = true };
    begin(&self, 1);
    assert_ok(gale_event_wait(self.enough));
    loop_briefly();
    end(&self);
}

TASK_TEST(it_may_be_freed_while_a_run_waits)
{
    counter self = { .last = 9, .nap = 0.005 };
    begin(&self, 1);
    while (!self.inside)
        assert_ok(gale_sleep(0.001));
    gale_periodic_callback_free(self.periodic);
    assert_ok(gale_sleep(0.01));
    assert_int_equal(self.runs, 1); /* the run went on, and was the last */
    gale_event_free(self.enough);
}

TASK_TEST(it_may_be_started_again)
{
    counter self = { .last = 1 };
    begin(&self, 1);
    assert_ok(gale_event_wait(self.enough));
    assert_ok(gale_moment());
    gale_event_clear(self.enough);
    self.last = 2;
    assert_ok(gale_periodic_callback_start(self.periodic));
    assert_ok(gale_periodic_callback_start(self.periodic)); /* harmless */
    assert_ok(gale_event_wait(self.enough));
    end(&self);
}

TASK_TEST(a_restart_does_not_wait_for_a_run_that_goes_on)
{
    counter self = { .last = 3, .nap = 3600 };
    begin(&self, 1);
    while (!self.inside)
        assert_ok(gale_sleep(0.001));
    gale_periodic_callback_stop(self.periodic);
    self.inside = 0;
    self.nap = 0;
    assert_ok(gale_periodic_callback_start(self.periodic));
    assert_ok(gale_event_wait(self.enough));
    assert_int_equal(self.runs, 3);
    gale_periodic_callback_free(self.periodic);
    gale_event_free(self.enough);
}

TASK_TEST(jitter_spreads_the_periods)
{
    counter self = { .last = 5, .enough = gale_event_new() };
    int64_t before = gale__clock_monotonic();
    self.periodic = gale_periodic_callback_new(count, &self, 2, 0.5);
    assert_ok(gale_periodic_callback_start(self.periodic));
    assert_ok(gale_event_wait(self.enough));
    assert_true(milliseconds_since(before) >= 7);
    end(&self);
}

TEST(the_loop_stops_it)
{
    counter self = { .last = 2 };
    gale_ioloop *loop = gale_ioloop_new(NULL);
    begin(&self, 1);
    gale_ioloop_free(loop);
    assert_false(gale_periodic_callback_is_running(self.periodic));
    gale_periodic_callback_stop(self.periodic);
    assert_int_equal(self.runs, 0);
    end(&self);
}

TASK_TEST(without_memory_a_run_is_skipped)
{
    counter self = { .last = 1 };
    gale_scope *hoard[64] = { NULL };
    begin(&self, 1);
    test_expect_log(GALE_LOG_ERROR, "periodic callback could not run");
    /* Use up what the loop's pool has left, so that a new scope needs memory. */
    size_t allocations = test_allocations();
    for (int i = 0; i < 64 && test_allocations() < allocations + 2; i++)
        hoard[i] = gale_scope_open(NULL);
    gale__pool *blocks = &gale__task_current->scheduler->loop->blocks;
    while ((size_t)(blocks->fresh_end - blocks->fresh) >= blocks->block_size)
        assert_non_null(gale_scope_open(NULL));
    test_fail_allocation(1);
    while (!test_allocation_failed())
        assert_ok(gale_moment());
    test_fail_allocation(0);
    gale_scope_close(hoard[0], 0);
    assert_ok(gale_event_wait(self.enough));
    end(&self);
}

GALE_TEST_MAIN
