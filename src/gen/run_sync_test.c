/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/gen_test.h"

#include <errno.h>
#include <pthread.h>

static int return_int(void *arg)
{
    return *(int *)arg;
}

static int wait_and_return_int(void *arg)
{
    GALE_TRY(gale_moment());
    return *(int *)arg;
}

TEST(it_returns_the_result_of_its_task)
{
    int results[] = { 0, 42, -EIO };
    gale_ioloop *loop = gale_ioloop_new(NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gale_ioloop_run_sync(loop, return_int, &results[i], 0), results[i]);
        assert_int_equal(gale_ioloop_run_sync(loop, wait_and_return_int, &results[i], 1),
                         results[i]);
    }
    gale_ioloop_free(loop);
}

static int sleep_long(void *arg)
{
    *(int *)arg = gale_sleep(1e6);
    return *(int *)arg;
}

TEST(it_cancels_its_task_after_the_timeout)
{
    int inside = 0;
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_error(gale_ioloop_run_sync(loop, sleep_long, &inside, 0.001), GALE_ETIMEDOUT);
    assert_int_equal(inside, GALE_ECANCELED);
    gale_ioloop_free(loop);
}

static int run_again(void *arg)
{
    int result = 1;
    assert_error(gale_ioloop_run_sync(arg, return_int, &result, 0), GALE_ESTATE);
    return 0;
}

TEST(it_does_not_nest)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_ok(gale_ioloop_run_sync(loop, run_again, loop, 0));
    gale_ioloop_free(loop);
}

static void *run_from_elsewhere(void *loop)
{
    int result = 1;
    assert_int_equal(gale_ioloop_run_sync(loop, return_int, &result, 0), GALE_ETHREAD);
    return NULL;
}

TEST(it_refuses_the_loop_of_another_thread)
{
    pthread_t thread;
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_int_equal(pthread_create(&thread, NULL, run_from_elsewhere, loop), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    gale_ioloop_free(loop);
}

static int stop_and_sleep(void *arg)
{
    gale_ioloop_stop(gale_ioloop_current());
    return sleep_long(arg);
}

TEST(stopping_the_loop_ends_its_task)
{
    int inside = 0;
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_error(gale_ioloop_run_sync(loop, stop_and_sleep, &inside, 0), GALE_ESTATE);
    assert_int_equal(inside, GALE_ECANCELED);
    int result = 7;
    assert_int_equal(gale_ioloop_run_sync(loop, wait_and_return_int, &result, 0), 7);
    gale_ioloop_free(loop);
}

static int finish_slowly(void *arg)
{
    (void)arg;
    return gale_sleep(0.005);
}

static int stop_and_shield(void *arg)
{
    gale_ioloop_stop(gale_ioloop_current());
    assert_ok(gale_shield(finish_slowly, NULL, 0));
    *(int *)arg = 1;
    return 0;
}

TEST(it_waits_for_a_task_that_still_cleans_up)
{
    int ended = 0;
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_error(gale_ioloop_run_sync(loop, stop_and_shield, &ended, 0), GALE_ESTATE);
    assert_int_equal(ended, 1);
    gale_ioloop_free(loop);
}

static int leave_others_behind(void *arg)
{
    gale_ioloop *loop = gale_ioloop_current();
    assert_ok(gale_ioloop_spawn_callback(loop, NULL, sleep_long, arg));
    return gale_moment();
}

TEST(tasks_of_the_loop_outlive_it)
{
    int other = 0;
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_ok(gale_ioloop_run_sync(loop, leave_others_behind, &other, 0));
    assert_int_equal(other, 0);
    gale_ioloop_free(loop);
    assert_int_equal(other, GALE_ECANCELED);
}

GALE_TEST_MAIN
