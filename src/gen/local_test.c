/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/gen_test.h"

#include <errno.h>
#include <stdio.h>

static int user, color;

static int set_and_wait(void *arg)
{
    assert_string_equal(gale_task_local(&user), "parent");
    assert_ok(gale_task_set_local(&user, arg));
    assert_ok(gale_moment());
    assert_string_equal(gale_task_local(&user), arg);
    return 0;
}

TASK_TEST(each_task_sees_its_own_values)
{
    assert_null(gale_task_local(&user));
    assert_ok(gale_task_set_local(&user, "parent"));
    gale_call calls[] = { { set_and_wait, "one", 0 }, { set_and_wait, "two", 0 } };
    assert_ok(gale_multi(calls, 2));
    assert_string_equal(gale_task_local(&user), "parent");
    assert_null(gale_task_local(&color));
}

static int expect(void *arg)
{
    assert_string_equal(gale_task_local(&user), arg);
    assert_string_equal(gale_task_local(&color), "blue");
    return 0;
}

static int expect_below(void *arg)
{
    expect(arg);
    return gale_spawn(expect, arg);
}

TASK_TEST(children_inherit_what_was_set_when_they_were_spawned)
{
    assert_ok(gale_task_set_local(&color, "blue"));
    assert_ok(gale_task_set_local(&user, "first"));
    assert_ok(gale_spawn(expect_below, "first"));
    assert_ok(gale_task_set_local(&user, "second"));
    assert_ok(gale_spawn(expect_below, "second"));
    loop_briefly();
    assert_string_equal(gale_task_local(&user), "second");
}

static int spawn_on_the_loop(void *arg)
{
    assert_ok(gale_task_set_local(&color, "blue"));
    assert_ok(gale_task_set_local(&user, arg));
    return gale_ioloop_spawn_callback(gale_ioloop_current(), NULL, expect, arg);
}

TEST(tasks_of_the_loop_inherit_too)
{
    assert_ok(run_in_loop(spawn_on_the_loop, "caller"));
}

TASK_TEST(a_value_that_is_set_again_takes_no_memory)
{
    assert_ok(gale_task_set_local(&user, "a"));
    assert_ok(gale_task_set_local(&color, "b"));
    size_t before = test_allocations();
    for (int i = 0; i < 100; i++)
        assert_ok(gale_task_set_local(&user, "c"));
    assert_int_equal(test_allocations(), before);
    assert_string_equal(gale_task_local(&user), "c");
    assert_string_equal(gale_task_local(&color), "b");
}

static int inherit(void *arg)
{
    (void)arg;
    return gale_moment();
}

TASK_TEST(without_memory_the_old_value_stays)
{
    assert_ok(gale_task_set_local(&user, "old"));
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(inherit, NULL));
    test_fail_allocation(1);
    assert_error(gale_task_set_local(&user, "new"), -ENOMEM);
    test_fail_allocation(0);
    assert_string_equal(gale_task_local(&user), "old");
    assert_ok(gale_scope_close(scope, 0));
}

TEST(outside_a_task_there_are_none)
{
    assert_error(gale_task_set_local(&user, "x"), GALE_ENOTASK);
    assert_null(gale_task_local(&user));
}

/* ---- The log context ------------------------------------------------------------------- */

static int log_inside(void *arg)
{
    (void)arg;
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "inside %d", 1);
    return 0;
}

static int log_with_context(void *arg)
{
    (void)arg;
    char text[201];
    memset(text, 'x', 200);
    text[200] = '\0';
    GALE_TRY(gale_task_set_log_context("id"));
    GALE_TRY(gale_spawn(log_inside, NULL));
    GALE_TRY(gale_sleep(0));
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "%s end", text);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "%s%s%s end", text, text, text);
    GALE_TRY(gale_task_set_log_context(text));
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "long");
    GALE_TRY(gale_task_set_log_context(NULL));
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "none");
    return 0;
}

TEST(a_log_context_stands_before_each_line)
{
    gale_log_set_level(GALE_LOG_INFO);
    assert_int_equal(gale_task_set_log_context("x"), GALE_ENOTASK);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), log_with_context, NULL, 10));
    assert_true(test_logged("[id] inside 1"));
    assert_true(test_logged("[id] xxx"));
    assert_true(test_logged("xxx end"));
    assert_true(test_logged("x] long"));
    assert_false(test_logged("] none"));
    gale_log_set_level(GALE_LOG_WARNING);
    gale_ioloop_free(gale_ioloop_current());
}

static char task_seen[32];

static void see_task(const gale_log_record *record, void *arg)
{
    (void)arg;
    snprintf(task_seen, sizeof task_seen, "%s", record->task ? record->task : "(none)");
}

TEST(lines_know_the_task_that_logs)
{
    gale_log_set_hook(see_task, NULL);
    gale_log_set_level(GALE_LOG_INFO);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "outside");
    assert_string_equal(task_seen, "(none)");
    gale_ioloop *loop = gale_ioloop_current();
    assert_ok(gale_ioloop_run_sync(loop, log_inside, NULL, 10));
    assert_string_equal(task_seen, "run_sync");
    gale_ioloop_free(loop);
}

GALE_TEST_MAIN
