/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/gen_test.h"

#include <errno.h>
#include <stdio.h>

#include <gale/locks.h>

/* One task that waits for something, and what its wait returned. */
typedef struct waiting {
    gale_task_function function;
    void *object;
    double timeout; /* 0: none */
    int number;
    int result; /* 1 while it waits */
} waiting;

static int wait_and_note(void *arg)
{
    waiting *self = arg;
    self->result = 1;
    self->result = self->timeout > 0
                       ? gale_with_timeout(self->timeout, self->function, self->object)
                       : self->function(self->object);
    char text[16];
    snprintf(text, sizeof text, self->result == 0 ? "%d " : "(%d) ", self->number);
    note(text);
    return 0;
}

static void start(waiting *self)
{
    self->result = 1;
    assert_ok(gale_spawn(wait_and_note, self));
}

static int event_wait(void *event)
{
    return gale_event_wait(event);
}

static int condition_wait(void *condition)
{
    return gale_condition_wait(condition);
}

static int semaphore_acquire(void *semaphore)
{
    return gale_semaphore_acquire(semaphore);
}

static int lock_acquire(void *lock)
{
    return gale_lock_acquire(lock);
}

/* ---- Event ---- */

TASK_TEST(event_is_set_and_cleared)
{
    gale_event *event = gale_event_new();
    assert_false(gale_event_is_set(event));
    gale_event_set(event);
    gale_event_set(event);
    assert_true(gale_event_is_set(event));
    assert_ok(gale_event_wait(event));
    gale_event_clear(event);
    assert_false(gale_event_is_set(event));
    gale_event_free(event);
    gale_event_free(NULL);
}

TASK_TEST(event_wakes_all_also_when_it_is_cleared_at_once)
{
    gale_event *event = gale_event_new();
    waiting tasks[3];
    for (int i = 0; i < 3; i++)
        tasks[i] = (waiting){ event_wait, event, 0, i, 0 };
    start(&tasks[0]);
    start(&tasks[1]);
    assert_ok(gale_moment());
    gale_event_set(event);
    gale_event_clear(event);
    start(&tasks[2]);
    loop_briefly();
    assert_string_equal(history, "0 1 ");
    gale_event_set(event);
    loop_briefly();
    assert_string_equal(history, "0 1 2 ");
    gale_event_free(event);
}

TASK_TEST(event_works_after_a_timeout)
{
    gale_event *event = gale_event_new();
    assert_error(gale_with_timeout(0.001, event_wait, event), GALE_ETIMEDOUT);
    waiting task = { event_wait, event, 3600, 0, 0 };
    start(&task);
    assert_ok(gale_moment());
    gale_event_set(event);
    loop_briefly();
    assert_ok(task.result);
    gale_event_free(event);
}

/* ---- Condition ---- */

static void notify_one(void *condition)
{
    gale_condition_notify(condition, 1);
}

TASK_TEST(condition_is_notified_from_a_callback)
{
    gale_condition *condition = gale_condition_new();
    assert_ok(gale_ioloop_call_later(gale_ioloop_current(), 0.001, notify_one, condition, NULL));
    assert_ok(gale_condition_wait(condition));
    gale_condition_free(condition);
    gale_condition_free(NULL);
}

TASK_TEST(condition_notifies_in_order)
{
    gale_condition *condition = gale_condition_new();
    waiting tasks[6];
    for (int i = 0; i < 6; i++) {
        tasks[i] = (waiting){ condition_wait, condition, 0, i, 0 };
        start(&tasks[i]);
    }
    assert_ok(gale_moment());
    gale_condition_notify(condition, 0);
    gale_condition_notify(condition, 3);
    assert_string_equal(history, ""); /* not from within the call */
    loop_briefly();
    assert_string_equal(history, "0 1 2 ");
    gale_condition_notify(condition, 1);
    loop_briefly();
    assert_string_equal(history, "0 1 2 3 ");
    gale_condition_notify(condition, 100);
    loop_briefly();
    assert_string_equal(history, "0 1 2 3 4 5 ");
    gale_condition_free(condition);
}

TASK_TEST(condition_notifies_all)
{
    gale_condition *condition = gale_condition_new();
    waiting tasks[4];
    for (int i = 0; i < 4; i++) {
        tasks[i] = (waiting){ condition_wait, condition, 0, i, 0 };
        start(&tasks[i]);
    }
    assert_ok(gale_moment());
    gale_condition_notify_all(condition);
    loop_briefly();
    assert_string_equal(history, "0 1 2 3 ");
    gale_condition_free(condition);
}

TASK_TEST(condition_remembers_nothing)
{
    gale_condition *condition = gale_condition_new();
    gale_condition_notify_all(condition);
    assert_error(gale_with_timeout(0.001, condition_wait, condition), GALE_ETIMEDOUT);
    gale_condition_free(condition);
}

TASK_TEST(condition_notified_before_the_timeout)
{
    gale_condition *condition = gale_condition_new();
    assert_ok(gale_ioloop_call_later(gale_ioloop_current(), 0.001, notify_one, condition, NULL));
    assert_ok(gale_with_timeout(3600, condition_wait, condition));
    gale_condition_free(condition);
}

TASK_TEST(condition_does_not_count_who_has_timed_out)
{
    gale_condition *condition = gale_condition_new();
    waiting tasks[4];
    for (int i = 0; i < 4; i++) {
        tasks[i] = (waiting){ condition_wait, condition, i == 1 ? 0.001 : 0, i, 0 };
        start(&tasks[i]);
    }
    while (tasks[1].result == 1)
        assert_ok(gale_sleep(0.001));
    assert_error(tasks[1].result, GALE_ETIMEDOUT);
    assert_string_equal(history, "(1) ");
    gale_condition_notify(condition, 2);
    loop_briefly();
    assert_string_equal(history, "(1) 0 2 ");
    gale_condition_notify_all(condition);
    loop_briefly();
    assert_string_equal(history, "(1) 0 2 3 ");
    gale_condition_free(condition);
}

static int wait_and_notify(void *condition)
{
    GALE_TRY(gale_condition_wait(condition));
    gale_condition_notify(condition, 1);
    return 0;
}

TASK_TEST(condition_may_be_notified_by_a_waiter)
{
    gale_condition *condition = gale_condition_new();
    waiting tasks[3];
    for (int i = 0; i < 3; i++) {
        tasks[i] = (waiting){ i == 1 ? wait_and_notify : condition_wait, condition, 0, i, 0 };
        start(&tasks[i]);
    }
    assert_ok(gale_moment());
    gale_condition_notify(condition, 2);
    loop_briefly();
    assert_string_equal(history, "0 1 2 ");
    gale_condition_free(condition);
}

TASK_TEST(waiting_takes_no_memory)
{
    gale_condition *condition = gale_condition_new();
    assert_error(gale_with_timeout(0.001, condition_wait, condition), GALE_ETIMEDOUT);
    size_t before = test_allocations();
    for (int i = 0; i < 200; i++)
        assert_error(gale_with_timeout(-1, condition_wait, condition), GALE_ETIMEDOUT);
    for (int i = 0; i < 20; i++)
        assert_error(gale_with_timeout(0.001, condition_wait, condition), GALE_ETIMEDOUT);
    assert_int_equal(test_allocations(), before);
    gale_condition_free(condition);
}

/* ---- Semaphore ---- */

TASK_TEST(semaphore_refuses_a_negative_value)
{
    assert_null(gale_semaphore_new(-1));
    assert_string_equal(gale_error_detail(), "semaphore initial value must be >= 0");
    assert_null(gale_bounded_semaphore_new(-1));
    gale_semaphore_free(NULL);
}

TASK_TEST(semaphore_hands_over_in_order)
{
    gale_semaphore *semaphore = gale_semaphore_new(1);
    assert_ok(gale_semaphore_acquire(semaphore));
    waiting first = { semaphore_acquire, semaphore, 0, 1, 0 };
    waiting second = { semaphore_acquire, semaphore, 0, 2, 0 };
    start(&first);
    start(&second);
    assert_ok(gale_moment());
    assert_ok(gale_semaphore_release(semaphore));
    loop_briefly();
    assert_string_equal(history, "1 ");
    assert_ok(gale_semaphore_release(semaphore));
    loop_briefly();
    assert_string_equal(history, "1 2 ");
    assert_ok(gale_semaphore_release(semaphore));
    assert_ok(gale_with_timeout(0, semaphore_acquire, semaphore)); /* at once */
    gale_semaphore_free(semaphore);
}

TASK_TEST(semaphore_released_goes_to_the_waiter_and_not_to_a_newcomer)
{
    gale_semaphore *semaphore = gale_semaphore_new(0);
    waiting first = { semaphore_acquire, semaphore, 0, 1, 0 };
    start(&first);
    assert_ok(gale_moment());
    assert_ok(gale_semaphore_release(semaphore));
    assert_error(gale_with_timeout(0, semaphore_acquire, semaphore), GALE_ETIMEDOUT);
    assert_string_equal(history, "1 ");
    gale_semaphore_free(semaphore);
}

static void release_one(void *semaphore)
{
    gale_semaphore_release(semaphore);
}

/* Tornado: test_acquire_timeout_preempted */
TASK_TEST(semaphore_acquired_before_the_timeout)
{
    gale_semaphore *semaphore = gale_semaphore_new(1);
    assert_ok(gale_semaphore_acquire(semaphore));
    assert_ok(gale_ioloop_call_later(gale_ioloop_current(), 0.001, release_one, semaphore, NULL));
    assert_ok(gale_with_timeout(3600, semaphore_acquire, semaphore));
    gale_semaphore_free(semaphore);
}

TASK_TEST(semaphore_after_a_timeout)
{
    gale_semaphore *semaphore = gale_semaphore_new(2);
    assert_ok(gale_semaphore_acquire(semaphore));
    assert_ok(gale_semaphore_acquire(semaphore));
    assert_error(gale_with_timeout(0.001, semaphore_acquire, semaphore), GALE_ETIMEDOUT);
    assert_ok(gale_semaphore_release(semaphore)); /* not lost to who has timed out */
    assert_ok(gale_with_timeout(0, semaphore_acquire, semaphore));
    waiting task = { semaphore_acquire, semaphore, 0, 1, 0 };
    start(&task);
    assert_ok(gale_moment());
    assert_ok(gale_semaphore_release(semaphore));
    loop_briefly();
    assert_ok(task.result);
    gale_semaphore_free(semaphore);
}

TASK_TEST(semaphore_may_rise_above_its_first_value)
{
    gale_semaphore *semaphore = gale_semaphore_new(1);
    assert_ok(gale_semaphore_release(semaphore));
    assert_ok(gale_semaphore_release(semaphore));
    for (int i = 0; i < 3; i++)
        assert_ok(gale_with_timeout(0, semaphore_acquire, semaphore));
    assert_error(gale_with_timeout(0, semaphore_acquire, semaphore), GALE_ETIMEDOUT);
    gale_semaphore_free(semaphore);
}

TASK_TEST(bounded_semaphore_may_not)
{
    gale_semaphore *semaphore = gale_bounded_semaphore_new(1);
    assert_error(gale_semaphore_release(semaphore), GALE_ESTATE);
    assert_string_equal(gale_error_detail(), "semaphore released too many times");
    assert_ok(gale_semaphore_acquire(semaphore));
    waiting task = { semaphore_acquire, semaphore, 0, 1, 0 };
    start(&task);
    assert_ok(gale_moment());
    assert_ok(gale_semaphore_release(semaphore));
    loop_briefly();
    assert_ok(task.result);
    assert_ok(gale_semaphore_release(semaphore));
    assert_error(gale_semaphore_release(semaphore), GALE_ESTATE);
    gale_semaphore_free(semaphore);
}

static int release_and_cancel(void *arg)
{
    void **both = arg;
    assert_ok(gale_semaphore_release(both[0]));
    gale_scope_cancel(both[1]);
    return 0;
}

TASK_TEST(a_cancellation_after_the_hand_over_loses_no_permit)
{
    gale_semaphore *semaphore = gale_semaphore_new(0);
    gale_scope *scope = gale_scope_open(NULL);
    void *both[] = { semaphore, scope };
    assert_ok(gale_spawn(release_and_cancel, both));
    assert_ok(gale_semaphore_acquire(semaphore)); /* it is ours */
    assert_true(gale_task_canceled());
    gale_scope_close(scope, 0);
    assert_ok(gale_semaphore_release(semaphore));
    assert_ok(gale_semaphore_acquire(semaphore));
    gale_semaphore_free(semaphore);
}

static int cancel_and_release(void *arg)
{
    void **both = arg;
    gale_scope_cancel(both[1]);
    assert_ok(gale_semaphore_release(both[0]));
    return 0;
}

TASK_TEST(a_cancellation_before_the_hand_over_takes_no_permit)
{
    gale_semaphore *semaphore = gale_semaphore_new(0);
    gale_scope *scope = gale_scope_open(NULL);
    void *both[] = { semaphore, scope };
    assert_ok(gale_spawn(cancel_and_release, both));
    assert_error(gale_semaphore_acquire(semaphore), GALE_ECANCELED);
    gale_scope_close(scope, 0);
    assert_ok(gale_with_timeout(0, semaphore_acquire, semaphore));
    gale_semaphore_free(semaphore);
}

/* ---- Holding ---- */

static int hold_and_fail(void *semaphore)
{
    GALE_TRY(gale_semaphore_hold(semaphore));
    return -EIO;
}

TASK_TEST(hold_releases_on_every_path)
{
    gale_semaphore *semaphore = gale_bounded_semaphore_new(1);
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_semaphore_hold(semaphore));
    assert_error(gale_with_timeout(0, semaphore_acquire, semaphore), GALE_ETIMEDOUT);
    assert_ok(gale_scope_close(scope, 0));
    assert_error(gale_with_timeout(3600, hold_and_fail, semaphore), -EIO);
    assert_ok(gale_semaphore_acquire(semaphore));
    assert_error(gale_with_timeout(0.001, hold_and_fail, semaphore), GALE_ETIMEDOUT);
    assert_error(gale_with_timeout(0, semaphore_acquire, semaphore), GALE_ETIMEDOUT);
    assert_ok(gale_semaphore_release(semaphore));
    gale_semaphore_free(semaphore);
}

static int hold_and_wait(void *semaphore)
{
    GALE_TRY(gale_semaphore_hold(semaphore));
    note("acquired ");
    GALE_TRY(gale_sleep(0.001));
    note("release ");
    return 0;
}

TASK_TEST(hold_contended)
{
    gale_semaphore *semaphore = gale_semaphore_new(1);
    gale_call calls[] = { { hold_and_wait, semaphore, 0 }, { hold_and_wait, semaphore, 0 } };
    assert_ok(gale_multi(calls, 2));
    assert_string_equal(history, "acquired release acquired release ");
    gale_semaphore_free(semaphore);
}

TEST(nothing_is_held_outside_a_task)
{
    gale_semaphore *semaphore = gale_bounded_semaphore_new(1);
    gale_lock *lock = gale_lock_new();
    assert_error(gale_semaphore_hold(semaphore), GALE_ENOTASK);
    assert_error(gale_lock_hold(lock), GALE_ENOTASK);
    assert_ok(gale_semaphore_acquire(semaphore)); /* what need not wait may be done anywhere */
    assert_error(gale_semaphore_acquire(semaphore), GALE_ENOTASK);
    assert_ok(gale_lock_acquire(lock));
    assert_error(gale_lock_acquire(lock), GALE_ENOTASK);
    gale_semaphore_free(semaphore);
    gale_lock_free(lock);
}

/* ---- Lock ---- */

TASK_TEST(lock_is_released_once)
{
    gale_lock *lock = gale_lock_new();
    assert_error(gale_lock_release(lock), GALE_ESTATE);
    assert_string_equal(gale_error_detail(), "release unlocked lock");
    assert_ok(gale_lock_acquire(lock));
    assert_ok(gale_lock_release(lock));
    assert_error(gale_lock_release(lock), GALE_ESTATE);
    gale_lock_free(lock);
    gale_lock_free(NULL);
}

TASK_TEST(lock_hands_over)
{
    gale_lock *lock = gale_lock_new();
    assert_ok(gale_lock_acquire(lock));
    waiting task = { lock_acquire, lock, 0, 1, 0 };
    start(&task);
    loop_briefly();
    assert_int_equal(task.result, 1);
    assert_ok(gale_lock_release(lock));
    loop_briefly();
    assert_ok(task.result);
    assert_error(gale_with_timeout(0, lock_acquire, lock), GALE_ETIMEDOUT);
    gale_lock_free(lock);
}

static int hold_lock(void *lock)
{
    return gale_lock_hold(lock);
}

TASK_TEST(lock_is_fair)
{
    gale_lock *lock = gale_lock_new();
    assert_ok(gale_lock_acquire(lock));
    waiting tasks[5];
    for (int i = 0; i < 5; i++) {
        tasks[i] = (waiting){ hold_lock, lock, 3600, i, 0 };
        start(&tasks[i]);
    }
    loop_briefly();
    assert_string_equal(history, "");
    assert_ok(gale_lock_release(lock));
    for (int i = 0; i < 5; i++)
        loop_briefly();
    assert_string_equal(history, "0 1 2 3 4 ");
    assert_ok(gale_lock_acquire(lock));
    gale_lock_free(lock);
}

TASK_TEST(lock_stays_locked_after_a_timeout)
{
    gale_lock *lock = gale_lock_new();
    assert_ok(gale_lock_acquire(lock));
    assert_error(gale_with_timeout(0.001, lock_acquire, lock), GALE_ETIMEDOUT);
    assert_error(gale_with_timeout(0, lock_acquire, lock), GALE_ETIMEDOUT);
    gale_lock_free(lock);
}

/* ---- Freeing ---- */

TASK_TEST(freeing_ends_the_waits)
{
    gale_event *event = gale_event_new();
    gale_condition *condition = gale_condition_new();
    gale_semaphore *semaphore = gale_semaphore_new(0);
    gale_lock *lock = gale_lock_new();
    assert_ok(gale_lock_acquire(lock));
    waiting tasks[] = { { event_wait, event, 0, 0, 0 },
                        { condition_wait, condition, 0, 1, 0 },
                        { semaphore_acquire, semaphore, 0, 2, 0 },
                        { lock_acquire, lock, 0, 3, 0 } };
    for (int i = 0; i < 4; i++)
        start(&tasks[i]);
    assert_ok(gale_moment());
    gale_event_free(event);
    gale_condition_free(condition);
    gale_semaphore_free(semaphore);
    gale_lock_free(lock);
    loop_briefly();
    for (int i = 0; i < 4; i++)
        assert_error(tasks[i].result, GALE_ECANCELED);
}

TEST(without_memory_there_are_none)
{
    test_fail_allocation(1);
    assert_null(gale_event_new());
    test_fail_allocation(1);
    assert_null(gale_condition_new());
    test_fail_allocation(1);
    assert_null(gale_semaphore_new(1));
    test_fail_allocation(1);
    assert_null(gale_lock_new());
    test_fail_allocation(0);
}

GALE_TEST_MAIN
