/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/gen_test.h"

#include <errno.h>

static int value, other_value;

/* ---- Outcomes ---- */

TEST(a_future_is_resolved_once)
{
    void *result = NULL;
    gale_future *future = gale_future_new();
    assert_false(gale_future_done(future));
    assert_error(gale_future_result(future, &result), GALE_ESTATE);
    assert_ok(gale_future_set_result(future, &value));
    assert_true(gale_future_done(future));
    assert_ok(gale_future_result(future, &result));
    assert_ptr_equal(result, &value);
    assert_error(gale_future_set_result(future, &other_value), GALE_ESTATE);
    assert_error(gale_future_set_error(future, -EIO), GALE_ESTATE);
    assert_error(gale_future_cancel(future), GALE_ESTATE);
    assert_ok(gale_future_result(future, NULL));
    gale_future_unref(future);
}

TEST(a_failed_future_leaves_the_value_alone)
{
    void *result = &value;
    gale_future *future = gale_future_new();
    assert_error(gale_future_set_error(future, 0), GALE_EINVALID);
    assert_false(gale_future_done(future));
    assert_ok(gale_future_set_error(future, -EIO));
    assert_error(gale_future_result(future, &result), -EIO);
    assert_ptr_equal(result, &value);
    gale_future_unref(future);
}

TEST(a_cancelled_future_stays_cancelled)
{
    gale_future *future = gale_future_new();
    assert_ok(gale_future_cancel(future));
    assert_error(gale_future_set_result(future, &value), GALE_ESTATE);
    assert_error(gale_future_result(future, NULL), GALE_ECANCELED);
    gale_future_unref(future);
    gale_future_unref(NULL);
}

/* ---- Waiting ---- */

static int resolve_later(void *future)
{
    GALE_TRY(gale_sleep(0.001));
    return gale_future_set_result(future, &value);
}

static int fail_later(void *future)
{
    GALE_TRY(gale_sleep(0.001));
    return gale_future_set_error(future, -EIO);
}

static int wait_for(void *future)
{
    int result = gale_future_wait(future, NULL);
    note(result == 0 ? "done " : "failed ");
    return result;
}

TASK_TEST(wait_returns_the_outcome)
{
    void *result = NULL;
    gale_future *future = gale_future_new();
    assert_ok(gale_spawn(resolve_later, future));
    assert_ok(gale_future_wait(future, &result));
    assert_ptr_equal(result, &value);
    assert_ok(gale_future_wait(future, NULL)); /* at once */
    gale_future_unref(future);
    future = gale_future_new();
    assert_ok(gale_spawn(fail_later, future));
    assert_error(gale_future_wait(future, &result), -EIO);
    gale_future_unref(future);
}

TASK_TEST(all_waiters_wake)
{
    gale_future *future = gale_future_new();
    for (int i = 0; i < 3; i++)
        assert_ok(gale_spawn(wait_for, future));
    assert_ok(gale_moment());
    assert_string_equal(history, "");
    assert_ok(gale_future_set_result(future, NULL));
    gale_future_unref(future); /* the waiters keep it */
    assert_ok(gale_moment());
    assert_string_equal(history, "done done done ");
}

TASK_TEST(a_timeout_leaves_the_future_alone)
{
    gale_future *future = gale_future_new();
    assert_error(gale_with_timeout(0.001, wait_for, future), GALE_ETIMEDOUT);
    assert_false(gale_future_done(future));
    assert_ok(gale_spawn(resolve_later, future));
    assert_ok(gale_with_timeout(3600, wait_for, future));
    assert_ok(gale_with_timeout(0, wait_for, future)); /* resolved already */
    gale_future_unref(future);
    future = gale_future_new();
    assert_ok(gale_spawn(fail_later, future));
    assert_error(gale_with_timeout(3600, wait_for, future), -EIO);
    gale_future_unref(future);
}

TEST(outside_a_task_only_what_is_done_can_be_waited_for)
{
    gale_future *future = gale_future_new();
    assert_error(gale_future_wait(future, NULL), GALE_ENOTASK);
    assert_ok(gale_future_set_result(future, NULL));
    assert_ok(gale_future_wait(future, NULL));
    gale_future_unref(future);
}

TASK_TEST(wait_all_waits_also_after_a_failure)
{
    gale_future *a = gale_future_new(), *b = gale_future_new(), *c = gale_future_new();
    assert_ok(gale_future_set_error(c, -EPIPE));
    assert_ok(gale_future_set_error(b, -EIO));
    assert_ok(gale_spawn(resolve_later, a));
    gale_future *futures[] = { c, b, a, b };
    assert_error(gale_future_wait_all(futures, 4), -EPIPE);
    assert_true(gale_future_done(a));
    assert_error(gale_future_wait_all(futures + 1, 3), -EIO);
    assert_ok(gale_future_wait_all(&a, 1));
    assert_ok(gale_future_wait_all(NULL, 0));
    gale_future_unref(a);
    gale_future_unref(b);
    gale_future_unref(c);
}

static int wait_for_all_three(void *futures)
{
    return gale_future_wait_all(futures, 3);
}

TASK_TEST(a_cancelled_wait_all_ends_at_once)
{
    gale_future *futures[] = { gale_future_new(), gale_future_new(), gale_future_new() };
    assert_ok(gale_future_set_error(futures[0], -EIO));
    assert_error(gale_with_timeout(0.001, wait_for_all_three, futures), GALE_ETIMEDOUT);
    for (int i = 0; i < 3; i++)
        gale_future_unref(futures[i]);
}

/* ---- Done callbacks ---- */

static void note_done(gale_future *future, void *arg)
{
    assert_true(gale_future_done(future));
    note(arg);
}

TASK_TEST(done_callbacks_run_in_the_next_turn)
{
    gale_future *future = gale_future_new();
    assert_ok(gale_future_add_done_callback(future, note_done, "a"));
    assert_ok(gale_future_add_done_callback(future, note_done, "b"));
    assert_ok(gale_moment());
    assert_ok(gale_future_set_result(future, NULL));
    assert_ok(gale_future_add_done_callback(future, note_done, "c"));
    assert_string_equal(history, "");
    gale_future_unref(future); /* the callbacks keep it */
    loop_briefly();
    assert_string_equal(history, "abc");
}

static void add_another(gale_future *future, void *arg)
{
    note("first ");
    assert_ok(gale_future_add_done_callback(future, note_done, arg));
}

TASK_TEST(a_done_callback_may_add_another)
{
    gale_future *future = gale_future_new();
    assert_ok(gale_future_add_done_callback(future, add_another, "second"));
    assert_ok(gale_future_set_result(future, NULL));
    gale_future_unref(future);
    loop_briefly();
    assert_string_equal(history, "first second");
}

TASK_TEST(a_future_that_goes_undone_takes_its_callbacks_along)
{
    gale_future *future = gale_future_new();
    assert_ok(gale_future_add_done_callback(future, note_done, "x"));
    gale_future_unref(future);
    loop_briefly();
    assert_string_equal(history, "");
}

TEST(a_loop_that_goes_takes_its_callbacks_along)
{
    history[0] = '\0';
    gale_ioloop *loop = gale_ioloop_new(NULL);
    gale_future *queued = gale_future_new(), *pending = gale_future_new();
    assert_ok(gale_future_add_done_callback(queued, note_done, "x"));
    assert_ok(gale_future_add_done_callback(pending, note_done, "x"));
    assert_ok(gale_future_set_result(queued, NULL));
    gale_ioloop_free(loop);
    assert_ok(gale_future_set_result(pending, NULL));
    assert_string_equal(history, "");
    gale_future_unref(queued);
    gale_future_unref(pending);
}

/* ---- Chains ---- */

TASK_TEST(a_chained_future_gets_the_outcome)
{
    void *result = NULL;
    gale_future *a = gale_future_new(), *b = gale_future_new(), *c = gale_future_new();
    assert_ok(gale_future_chain(a, b));
    assert_ok(gale_future_chain(b, c));
    assert_ok(gale_future_set_result(a, &value));
    assert_ok(gale_future_result(c, &result));
    assert_ptr_equal(result, &value);
    gale_future_unref(c);
    c = gale_future_new();
    assert_ok(gale_future_chain(a, c)); /* done already */
    assert_ok(gale_future_result(c, NULL));
    gale_future_unref(a);
    gale_future_unref(b);
    gale_future_unref(c);
}

TASK_TEST(a_chained_future_gets_the_error_unless_it_is_done)
{
    gale_future *from = gale_future_new(), *to = gale_future_new(), *done = gale_future_new();
    assert_ok(gale_future_chain(from, to));
    assert_ok(gale_future_chain(from, done));
    assert_ok(gale_future_set_result(done, &value));
    assert_ok(gale_future_set_error(from, -EIO));
    assert_error(gale_future_result(to, NULL), -EIO);
    assert_ok(gale_future_result(done, NULL));
    gale_future_unref(from);
    gale_future_unref(to);
    gale_future_unref(done);
}

TASK_TEST(a_chain_whose_source_goes_resolves_nothing)
{
    gale_future *from = gale_future_new(), *to = gale_future_new();
    assert_ok(gale_future_chain(from, to));
    gale_future_unref(from);
    assert_false(gale_future_done(to));
    gale_future_unref(to);
}

TASK_TEST(every_allocation_may_fail)
{
    gale_future *future = gale_future_new();
    test_fail_allocation(1);
    assert_null(gale_future_new());
    test_fail_allocation(1);
    assert_error(gale_future_add_done_callback(future, note_done, "x"), -ENOMEM);
    test_fail_allocation(1);
    assert_error(gale_future_chain(future, future), -ENOMEM);
    test_fail_allocation(0);
    gale_future_unref(future);
}

GALE_TEST_MAIN
