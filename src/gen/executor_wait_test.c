/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/gen_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* Work that a thread is held in until the test lets it go. */
typedef struct gate {
    atomic_bool begun, open;
    gale_executor *executor;
    int result;
} gate;

static void nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static int pass_gate(void *arg)
{
    gate *self = arg;
    atomic_store(&self->begun, true);
    while (!atomic_load(&self->open))
        nap();
    return 42;
}

static int run_through_gate(void *arg)
{
    gate *self = arg;
    self->result = gale_run_in_executor(self->executor, pass_gate, self);
    return 0;
}

static int other_thread(void *arg)
{
    return !pthread_equal(*(pthread_t *)arg, pthread_self());
}

TASK_TEST(work_runs_in_another_thread_and_returns_its_result)
{
    pthread_t self = pthread_self();
    assert_int_equal(gale_run_in_executor(NULL, other_thread, &self), 1);
    gale_executor *executor = gale_executor_new(1);
    assert_int_equal(gale_run_in_executor(executor, other_thread, &self), 1);
    gale_executor_free(executor);
}

TASK_TEST(the_loop_goes_on_meanwhile)
{
    gate self = { .open = false };
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(run_through_gate, &self));
    while (!atomic_load(&self.begun))
        assert_ok(gale_sleep(0.001));
    assert_int_equal(self.result, 0);
    atomic_store(&self.open, true);
    assert_ok(gale_scope_close(scope, 0));
    assert_int_equal(self.result, 42);
}

TASK_TEST(work_that_has_begun_is_waited_for_in_spite_of_cancellation)
{
    gate self = { .open = false };
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(run_through_gate, &self));
    while (!atomic_load(&self.begun))
        assert_ok(gale_sleep(0.001));
    gale_scope_cancel(scope);
    gale_moment();
    gale_moment();
    assert_int_equal(self.result, 0);
    atomic_store(&self.open, true);
    gale_scope_close(scope, 0);
    assert_int_equal(self.result, 42);
}

TASK_TEST(work_that_no_thread_has_taken_is_withdrawn)
{
    gale_executor *executor = gale_executor_new(1);
    gate first = { .executor = executor }, second = { .executor = executor };
    gale_scope *all = gale_scope_open(NULL);
    assert_ok(gale_spawn(run_through_gate, &first));
    while (!atomic_load(&first.begun))
        assert_ok(gale_sleep(0.001));
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(run_through_gate, &second));
    assert_ok(gale_moment());
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
    assert_int_equal(second.result, GALE_ECANCELED);
    assert_false(atomic_load(&second.begun));
    atomic_store(&first.open, true);
    gale_scope_close(all, 0);
    assert_int_equal(first.result, 42);
    gale_executor_free(executor);
}

static int nap_in_executor(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
    nap();
    return 0;
}

static int run_naps(void *arg)
{
    for (int i = 0; i < 20; i++)
        assert_ok(gale_run_in_executor(NULL, nap_in_executor, arg));
    return 0;
}

TASK_TEST(many_tasks_share_the_threads)
{
    atomic_int naps = 0;
    gale_call calls[20];
    for (int i = 0; i < 20; i++)
        calls[i] = (gale_call){ run_naps, &naps, 0 };
    assert_ok(gale_multi(calls, 20));
    assert_int_equal(naps, 400);
}

static int take_short_time(void *arg)
{
    (void)arg;
    nap();
    return 7;
}

static int run_short(void *arg)
{
    return gale_run_in_executor(NULL, take_short_time, arg);
}

TASK_TEST(a_deadline_does_not_interrupt_a_thread)
{
    assert_int_equal(gale_with_timeout(3600, run_short, NULL), 7);
    assert_error(gale_with_timeout(0, run_short, NULL), GALE_ETIMEDOUT); /* never begun */
}

static int run_and_note(void *arg)
{
    int result = gale_run_in_executor(NULL, take_short_time, NULL);
    *(int *)arg = result;
    return 0;
}

TEST(freeing_the_loop_waits_for_the_thread)
{
    int result = 0;
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_ok(gale_ioloop_spawn_callback(loop, NULL, run_and_note, &result));
    gale_ioloop_free(loop);
    assert_true(result == 7 || result == GALE_ECANCELED);
}

TEST(outside_a_task_it_does_not_wait)
{
    assert_error(gale_run_in_executor(NULL, take_short_time, NULL), GALE_ENOTASK);
}

GALE_TEST_MAIN
