/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/gen_test.h"

#include <errno.h>

#include "core/sanitize.h"
#include "gen/task.h"
#include "platform/clock.h"

typedef struct delay {
    int turns;
    int result;
} delay;

static int return_after(void *arg)
{
    delay *self = arg;
    for (int i = 0; i < self->turns; i++)
        GALE_TRY(gale_moment());
    return self->result;
}

TASK_TEST(results_come_in_the_order_of_the_calls)
{
    delay delays[] = { { 3, 1 }, { 1, 2 }, { 0, 3 } };
    gale_call calls[3];
    for (int i = 0; i < 3; i++)
        calls[i] = (gale_call){ return_after, &delays[i], -1 };
    assert_ok(gale_multi(calls, 3));
    for (int i = 0; i < 3; i++)
        assert_int_equal(calls[i].result, i + 1);
}

TASK_TEST(it_waits_for_all_and_returns_the_first_failure)
{
    delay slow = { 3, 7 }, late = { 2, -EIO }, soon = { 0, -EPIPE };
    gale_call calls[] = { { return_after, &slow, 0 },
                          { return_after, &late, 0 },
                          { return_after, &soon, 0 } };
    assert_error(gale_multi(calls, 3), -EIO);
    assert_int_equal(calls[0].result, 7);
    assert_int_equal(calls[1].result, -EIO);
    assert_int_equal(calls[2].result, -EPIPE);
}

TASK_TEST(nothing_is_done_at_once)
{
    delay soon = { 0, 0 };
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(return_after, &soon));
    assert_ok(gale_multi(NULL, 0));
    assert_int_equal(scope->task_count, 1); /* it has not even begun */
    gale_scope_close(scope, 0);
}

TASK_TEST(two_thousand_calls_are_quick)
{
    enum { COUNT = GALE__TSAN ? 50 : 2000 };
    static gale_call calls[COUNT];
    delay once = { 1, 5 };
    for (int i = 0; i < COUNT; i++)
        calls[i] = (gale_call){ return_after, &once, 0 };
    int64_t before = gale__clock_monotonic();
    assert_ok(gale_multi(calls, COUNT));
    assert_true(gale__clock_monotonic() - before < INT64_C(5000000000));
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(calls[i].result, 5);
}

static int sleep_long(void *arg)
{
    return arg ? gale_sleep(1e6) : 0;
}

static int sleep_twice(void *calls)
{
    return gale_multi(calls, 2);
}

TASK_TEST(cancelling_the_caller_cancels_the_calls)
{
    gale_call calls[] = { { sleep_long, calls, 0 }, { sleep_long, NULL, 1 } };
    assert_error(gale_with_timeout(0.001, sleep_twice, calls), GALE_ETIMEDOUT);
    assert_int_equal(calls[0].result, GALE_ECANCELED);
    assert_int_equal(calls[1].result, 0);
}

TASK_TEST(a_cancelled_caller_starts_nothing_and_lets_others_run)
{
    gale_call calls[] = { { sleep_long, NULL, 0 }, { sleep_long, NULL, 0 } };
    gale_scope *scope = gale_scope_open(NULL);
    gale_scope_cancel(scope);
    assert_error(gale_multi(calls, 2), GALE_ECANCELED);
    assert_int_equal(calls[1].result, GALE_ECANCELED);
    gale_scope_close(scope, 0);
}

TASK_TEST(what_cannot_be_started_has_failed)
{
    enum { COUNT = 100 };
    gale_call calls[COUNT];
    delay never = { 1, 0 };
    size_t failed = 0, n = 0;
    while (!failed) {
        for (int i = 0; i < COUNT; i++)
            calls[i] = (gale_call){ return_after, &never, 1 };
        test_fail_allocation(++n);
        int result = gale_multi(calls, COUNT);
        if (!test_allocation_failed())
            break;
        assert_int_equal(result, -ENOMEM);
        for (int i = 0; i < COUNT; i++)
            failed += calls[i].result == -ENOMEM;
    }
    test_fail_allocation(0);
    assert_int_equal(failed, 1);
}

GALE_TEST_MAIN
