/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/gen_test.h"

#include <errno.h>

#include <gale/locks.h>

#include "gen/task.h"

static int sleep_long(void *arg)
{
    int result = gale_sleep(1e6);
    if (arg)
        *(int *)arg = result;
    return result;
}

static int return_int(void *arg)
{
    return *(int *)arg;
}

static int note_and_wait(void *arg)
{
    note(arg);
    return gale_moment();
}

static void note_deferred(void *arg)
{
    note(arg);
}

/* ---- Cancellation ---- */

TASK_TEST(cancellation_is_sticky_and_ends_with_its_scope)
{
    gale_scope *scope = gale_scope_open(NULL);
    assert_false(gale_task_canceled());
    gale_scope_cancel(scope);
    gale_scope_cancel(scope);
    assert_true(gale_task_canceled());
    for (int i = 0; i < 3; i++)
        assert_error(gale_sleep(0), GALE_ECANCELED);
    assert_error(gale_moment(), GALE_ECANCELED);
    assert_error(gale_scope_close(scope, GALE_ECANCELED), GALE_ECANCELED);
    assert_false(gale_task_canceled());
    assert_ok(gale_moment());
}

static int sleep_beside_a_child(void *arg)
{
    int *results = arg;
    assert_ok(gale_spawn(sleep_long, &results[1]));
    return sleep_long(&results[0]);
}

TASK_TEST(cancelling_wakes_children_and_grandchildren)
{
    int results[4] = { 0 };
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(sleep_beside_a_child, &results[0]));
    assert_ok(gale_spawn(sleep_beside_a_child, &results[2]));
    loop_briefly();
    gale_scope_cancel(scope);
    assert_int_equal(results[0], 0); /* nobody runs from within the call */
    assert_ok(gale_scope_close(scope, 0));
    for (int i = 0; i < 4; i++)
        assert_int_equal(results[i], GALE_ECANCELED);
}

static int cancel_it(void *scope)
{
    gale_scope_cancel(scope);
    return 0;
}

TASK_TEST(cancelling_wakes_the_owner_while_it_is_inside)
{
    gale_scope *outer = gale_scope_open(NULL);
    gale_scope *inner = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(outer, NULL, cancel_it, outer));
    assert_error(gale_sleep(1e6), GALE_ECANCELED);
    gale_scope_close(inner, 0);
    gale_scope_close(outer, 0);
}

TASK_TEST(cancelling_a_scope_leaves_its_parent_and_siblings_alone)
{
    int sibling = 0, inside = 0;
    gale_scope *outer = gale_scope_open(NULL);
    assert_ok(gale_spawn(sleep_long, &sibling));
    gale_scope *inner = gale_scope_open(NULL);
    assert_ok(gale_spawn(sleep_long, &inside));
    loop_briefly();
    gale_scope_cancel(inner);
    assert_ok(gale_scope_close(inner, 0));
    assert_int_equal(inside, GALE_ECANCELED);
    loop_briefly();
    assert_int_equal(sibling, 0);
    gale_scope_cancel(outer);
    gale_scope_close(outer, 0);
    assert_int_equal(sibling, GALE_ECANCELED);
}

static int wait_for_event(void *arg)
{
    return gale_event_wait(arg);
}

static int set_and_cancel(void *arg)
{
    void **both = arg;
    gale_event_set(both[0]);
    gale_scope_cancel(both[1]);
    return 0;
}

TASK_TEST(a_completed_wait_keeps_its_result)
{
    gale_event *event = gale_event_new();
    gale_scope *scope = gale_scope_open(NULL);
    void *both[] = { event, scope };
    assert_ok(gale_spawn(set_and_cancel, both));
    assert_ok(gale_event_wait(event));
    assert_error(gale_moment(), GALE_ECANCELED);
    assert_ok(gale_event_wait(event)); /* it need not wait */
    gale_scope_close(scope, 0);
    gale_event_free(event);
}

TASK_TEST(a_cancelled_wait_lets_others_run)
{
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(note_and_wait, "ran"));
    gale_scope_cancel(scope);
    assert_error(gale_sleep(1), GALE_ECANCELED);
    assert_string_equal(history, "ran");
    gale_scope_close(scope, 0);
}

TASK_TEST(nothing_is_started_in_a_cancelled_scope)
{
    gale_scope *scope = gale_scope_open(NULL);
    gale_scope *inner = gale_scope_open(NULL);
    gale_scope_cancel(scope);
    assert_error(gale_spawn(note_and_wait, "x"), GALE_ECANCELED);
    assert_error(gale_scope_spawn(scope, NULL, note_and_wait, "x"), GALE_ECANCELED);
    assert_error(gale_scope_spawn(inner, NULL, note_and_wait, "x"), GALE_ECANCELED);
    gale_scope *born_cancelled = gale_scope_open(NULL);
    assert_true(gale_task_canceled());
    gale_scope_close(born_cancelled, 0);
    gale_scope_close(scope, 0);
    assert_string_equal(history, "");
}

static int ignore_cancellation(void *arg)
{
    for (int i = 0; i < *(int *)arg; i++)
        assert_error(gale_sleep(1), GALE_ECANCELED);
    return 0;
}

TASK_TEST(ignoring_cancellation_a_hundred_times_is_logged_by_name)
{
    int patient = 99, stubborn = 250;
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, "patient", ignore_cancellation, &patient));
    assert_ok(gale_scope_spawn(scope, "stubborn", ignore_cancellation, &stubborn));
    test_expect_log(GALE_LOG_WARNING, "task stubborn was cancelled and has ignored it in 100");
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
}

static int wait_in_scopes(void *arg)
{
    for (int i = 0; i < 150; i++)
        assert_error(gale_with_timeout(arg ? -1 : 1, sleep_long, NULL),
                     arg ? GALE_ETIMEDOUT : GALE_ECANCELED);
    return 0;
}

TASK_TEST(a_timeout_that_was_dealt_with_is_not_ignored)
{
    wait_in_scopes("each times out by itself");
    gale_scope *scope = gale_scope_open(NULL);
    gale_scope_cancel(scope);
    test_expect_log(GALE_LOG_WARNING, "task run_sync was cancelled and has ignored it in 100");
    wait_in_scopes(NULL);
    gale_scope_close(scope, 0);
}

/* ---- Shields ---- */

static int clean_up(void *arg)
{
    assert_false(gale_task_canceled());
    assert_ok(gale_sleep(0.001));
    assert_ok(gale_spawn(note_and_wait, "child "));
    assert_ok(gale_moment());
    note(arg);
    return 5;
}

TASK_TEST(a_shield_keeps_cancellation_out)
{
    gale_scope *scope = gale_scope_open(NULL);
    gale_scope_cancel(scope);
    assert_int_equal(gale_shield(clean_up, "cleaned", 0), 5);
    assert_string_equal(history, "child cleaned");
    assert_true(gale_task_canceled());
    assert_error(gale_moment(), GALE_ECANCELED);
    gale_scope_close(scope, 0);
}

static int shielded_sleep(void *arg)
{
    gale_shield(clean_up, arg, 0);
    return gale_moment();
}

TASK_TEST(cancelling_does_not_reach_into_a_shield)
{
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(shielded_sleep, "cleaned"));
    assert_ok(gale_moment());
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
    assert_string_equal(history, "child cleaned");
}

TASK_TEST(a_shield_has_its_own_deadline)
{
    int inside = 0;
    assert_error(gale_shield(sleep_long, &inside, 0.001), GALE_ETIMEDOUT);
    assert_int_equal(inside, GALE_ECANCELED);
}

/* ---- Deadlines ---- */

TASK_TEST(a_deadline_is_a_timeout_to_its_owner_and_a_cancellation_inside)
{
    int inside = 0;
    assert_error(gale_with_timeout(0.001, sleep_long, &inside), GALE_ETIMEDOUT);
    assert_int_equal(inside, GALE_ECANCELED);
    assert_false(gale_task_canceled());
    assert_ok(gale_moment());
}

TASK_TEST(what_ends_before_its_deadline_keeps_its_result)
{
    int result = 42;
    assert_int_equal(gale_with_timeout(3600, return_int, &result), 42);
    result = -EIO;
    assert_error(gale_with_timeout(3600, return_int, &result), -EIO);
    result = GALE_ECANCELED; /* of its own accord */
    assert_error(gale_with_timeout(3600, return_int, &result), GALE_ECANCELED);
}

static int finish_late(void *arg)
{
    (void)arg;
    assert_error(gale_sleep(1e6), GALE_ECANCELED);
    return 9;
}

TASK_TEST(what_ends_well_in_spite_of_its_deadline_keeps_its_result)
{
    assert_int_equal(gale_with_timeout(0.001, finish_late, NULL), 9);
}

TASK_TEST(no_time_at_all_lets_only_pass_what_need_not_wait)
{
    gale_event *event = gale_event_new();
    assert_error(gale_with_timeout(0, wait_for_event, event), GALE_ETIMEDOUT);
    assert_error(gale_with_timeout(-1, wait_for_event, event), GALE_ETIMEDOUT);
    gale_event_set(event);
    assert_ok(gale_with_timeout(0, wait_for_event, event));
    gale_event_free(event);
}

static int sleep_within(void *arg)
{
    int result = gale_with_timeout(*(double *)arg, sleep_long, NULL);
    note(result == GALE_ETIMEDOUT ? "timed out, " : "canceled, ");
    return result;
}

TASK_TEST(the_owner_of_the_nearest_deadline_is_told)
{
    double soon = 0.001, late = 3600;
    assert_error(gale_with_timeout(late, sleep_within, &soon), GALE_ETIMEDOUT);
    assert_string_equal(history, "timed out, ");
    history[0] = '\0';
    assert_error(gale_with_timeout(soon, sleep_within, &late), GALE_ETIMEDOUT);
    assert_string_equal(history, "canceled, ");
}

static int spawn_sleeper(void *arg)
{
    assert_ok(gale_spawn(sleep_long, arg));
    return 0;
}

TASK_TEST(a_deadline_ends_the_tasks_that_were_spawned_inside)
{
    int inside = 0;
    assert_ok(gale_with_timeout(0.001, spawn_sleeper, &inside));
    assert_int_equal(inside, GALE_ECANCELED);
}

/* ---- Joining ---- */

static int sleep_then_note(void *arg)
{
    int result = gale_sleep(0.002);
    note(arg);
    return result;
}

TASK_TEST(close_joins)
{
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(sleep_then_note, "task "));
    assert_int_equal(gale_scope_close(scope, 3), 3);
    note("closed");
    assert_string_equal(history, "task closed");
}

static int fail_later(void *arg)
{
    GALE_TRY(gale_sleep(0.001));
    return gale__fail(*(int *)arg, "failure %d", *(int *)arg);
}

TASK_TEST(wait_returns_the_first_failure_after_all_have_ended)
{
    int first = -EIO, second = -EPIPE;
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_wait(scope));
    assert_ok(gale_spawn(fail_later, &first));
    assert_ok(gale_spawn(fail_later, &second));
    assert_ok(gale_spawn(sleep_then_note, "ended"));
    assert_error(gale_scope_wait(scope), -EIO);
    assert_string_equal(gale_error_detail(), "failure -5");
    assert_string_equal(history, "ended");
    assert_error(gale_scope_wait(scope), -EIO);
    assert_int_equal(gale_scope_close(scope, 0), 0);
}

TASK_TEST(cancel_on_error_ends_the_other_tasks)
{
    int error = -EIO, sleeper = 0;
    gale_scope *scope = gale_scope_open(&(gale_scope_options){ .cancel_on_error = true });
    assert_ok(gale_spawn(sleep_long, &sleeper));
    assert_ok(gale_spawn(fail_later, &error));
    assert_error(gale_scope_wait(scope), -EIO);
    assert_int_equal(sleeper, GALE_ECANCELED);
    assert_int_equal(gale_scope_close(scope, -EIO), -EIO);
}

TASK_TEST(cancel_on_error_tells_an_owner_that_waits_for_something_else)
{
    int error = -EIO;
    gale_scope *scope = gale_scope_open(&(gale_scope_options){ .cancel_on_error = true });
    assert_ok(gale_spawn(fail_later, &error));
    int result = gale_sleep(1e6);
    assert_int_equal(result, GALE_ECANCELED);
    assert_error(gale_scope_close(scope, result), -EIO);
}

TASK_TEST(cancel_on_error_includes_closing_with_a_failure)
{
    int sleeper = 0;
    gale_scope *scope = gale_scope_open(&(gale_scope_options){ .cancel_on_error = true });
    assert_ok(gale_spawn(sleep_long, &sleeper));
    assert_ok(gale_moment());
    assert_error(gale_scope_close(scope, -EIO), -EIO);
    assert_int_equal(sleeper, GALE_ECANCELED);
}

TASK_TEST(a_cancelled_owner_stops_waiting_for_its_tasks)
{
    gale_scope *outer = gale_scope_open(NULL);
    gale_scope *inner = gale_scope_open(&(gale_scope_options){ .shielded = true });
    int ended = 0;
    assert_ok(gale_spawn(sleep_long, &ended));
    gale_scope *innermost = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(outer, NULL, cancel_it, innermost));
    assert_error(gale_scope_wait(inner), GALE_ECANCELED);
    assert_int_equal(ended, 0);
    gale_scope_cancel(inner);
    gale_scope_close(outer, 0);
    assert_int_equal(ended, GALE_ECANCELED);
}

/* ---- Closing ---- */

TASK_TEST(closing_closes_what_was_opened_inside)
{
    gale_scope *before = gale__task_current->scope;
    gale_scope *outer = gale_scope_open(NULL);
    gale_scope_open(NULL);
    gale_scope_open(NULL);
    assert_ok(gale_spawn(sleep_then_note, "joined"));
    assert_ok(gale_scope_close(outer, 0));
    assert_string_equal(history, "joined");
    assert_ptr_equal(gale__task_current->scope, before);
}

static int try_to_close(void *scope)
{
    assert_error(gale_scope_close(scope, 0), GALE_ESTATE);
    assert_error(gale_scope_wait(scope), GALE_ESTATE);
    return 0;
}

TASK_TEST(only_the_opener_closes)
{
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(try_to_close, scope));
    assert_ok(gale_scope_close(scope, 0));
    assert_error(gale_scope_close(gale__task_current->root, 0), GALE_ESTATE);
}

TASK_TEST(a_scope_that_could_not_be_opened_fails_everything)
{
    assert_error(gale_scope_spawn(NULL, NULL, note_and_wait, "x"), -ENOMEM);
    assert_error(gale_scope_wait(NULL), -ENOMEM);
    assert_error(gale_scope_close(NULL, 0), -ENOMEM);
    assert_error(gale_scope_close(NULL, -EIO), -EIO);
    gale_scope_cancel(NULL);
}

static int leave_open(void *arg)
{
    (void)arg;
    assert_ok(gale_defer(note_deferred, "1"));
    gale_scope_open(NULL);
    assert_ok(gale_defer(note_deferred, "2"));
    gale_scope_open(&(gale_scope_options){ .timeout = 3600 });
    assert_ok(gale_defer(note_deferred, "3"));
    assert_ok(gale_spawn(sleep_then_note, "task "));
    return 0;
}

TASK_TEST(what_a_task_left_open_is_closed_when_it_returns)
{
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(leave_open, NULL));
    assert_ok(gale_scope_close(scope, 0));
    assert_string_equal(history, "task 321");
}

/* ---- Deferring ---- */

static int defer_twice(void *arg)
{
    assert_ok(gale_defer(note_deferred, "first "));
    assert_ok(gale_defer(note_deferred, "second "));
    int result = arg ? gale_sleep(1e6) : -EIO;
    note("body ");
    return result;
}

TASK_TEST(deferred_calls_run_last_first_on_every_path)
{
    gale_scope *scope = gale_scope_open(NULL);
    assert_error(gale_scope_close(scope, defer_twice(NULL)), -EIO);
    assert_string_equal(history, "body second first ");
    history[0] = '\0';
    assert_error(gale_with_timeout(0.001, defer_twice, history), GALE_ETIMEDOUT);
    assert_string_equal(history, "body second first ");
    history[0] = '\0';
    scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(defer_twice, history));
    assert_ok(gale_moment());
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
    assert_string_equal(history, "body second first ");
}

static void defer_more(void *arg)
{
    assert_ok(gale_defer(note_deferred, arg));
    assert_ok(gale_spawn(sleep_then_note, "spawned "));
    gale_scope_open(NULL);
    assert_non_null(gale_alloc(5000));
    note("deferred ");
}

TASK_TEST(what_is_deferred_may_defer_spawn_and_open)
{
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_defer(defer_more, "more"));
    assert_ok(gale_scope_close(scope, 0));
    assert_string_equal(history, "deferred spawned more");
}

static int defer_and_end(void *arg)
{
    return gale_defer(defer_more, arg);
}

TASK_TEST(so_it_may_in_the_root_scope_of_a_task)
{
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(defer_and_end, "more"));
    assert_ok(gale_scope_close(scope, 0));
    assert_string_equal(history, "deferred spawned more");
}

static void close_again(void *scope)
{
    assert_error(gale_scope_close(scope, 0), GALE_ESTATE);
    note("refused ");
}

TASK_TEST(a_scope_that_closes_is_not_closed_again)
{
    gale_scope *outer = gale_scope_open(NULL);
    assert_ok(gale_defer(close_again, outer));
    gale_scope *inner = gale_scope_open(NULL);
    assert_ok(gale_defer(close_again, outer));
    assert_ok(gale_defer(close_again, inner));
    assert_ok(gale_scope_close(outer, 0));
    assert_string_equal(history, "refused refused refused ");
}

static void wait_shielded(void *arg)
{
    assert_int_equal(gale_shield(clean_up, arg, 0), 5);
}

TASK_TEST(what_is_deferred_may_wait_in_a_shield)
{
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_defer(wait_shielded, "cleaned"));
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
    assert_string_equal(history, "child cleaned");
}

/* ---- Memory ---- */

TASK_TEST(memory_belongs_to_the_innermost_scope)
{
    gale_scope *scope = gale_scope_open(NULL);
    size_t before = test_allocated_bytes();
    char *zeroed = gale_alloc(100000);
    assert_int_equal((uintptr_t)zeroed % 16, 0);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(zeroed[i], 0);
    assert_string_equal(gale_strdup("copied"), "copied");
    assert_string_equal(gale_sprintf("%s %d", "number", 7), "number 7");
    assert_true(test_allocated_bytes() >= before + 100000);
    gale_scope_close(scope, 0);
    assert_int_equal(test_allocated_bytes(), before);
}

TASK_TEST(without_memory_what_is_deferred_runs_at_once)
{
    while (gale__task_current->scope->arena.end - gale__task_current->scope->arena.at >= 24)
        assert_non_null(gale_alloc(1));
    test_fail_allocation(1);
    assert_error(gale_defer(note_deferred, "at once"), -ENOMEM);
    test_fail_allocation(0);
    assert_string_equal(history, "at once");
}

GALE_TEST_MAIN
