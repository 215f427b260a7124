/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/gen_test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gale/locks.h>
#include <gale/queues.h>

#include "core/sanitize.h"
#include "gen/task.h"
#include "platform/clock.h"

/* Sanitizers make a task dear, above all the fibers of the thread sanitizer. */
static int scaled(int count)
{
    return count / (GALE__TSAN ? 500 : GALE__ASAN ? 10 : 1);
}

/* ---- Starting and ending ---- */

static int note_arg(void *arg)
{
    note(arg);
    return 0;
}

static int fail_with_io_error(void *arg)
{
    (void)arg;
    return gale__fail(-EIO, "the disk is on fire");
}

TASK_TEST(a_spawned_task_runs_when_its_parent_waits)
{
    assert_ok(gale_spawn(note_arg, "a"));
    assert_ok(gale_spawn(note_arg, "b"));
    note("parent ");
    assert_ok(gale_moment());
    assert_string_equal(history, "parent ab");
}

static int spawn_and_return(void *arg)
{
    (void)arg;
    assert_ok(gale_spawn(note_arg, "child"));
    note("parent ");
    return 7;
}

TEST(a_task_ends_after_its_children_and_keeps_its_result)
{
    history[0] = '\0';
    assert_int_equal(run_in_loop(spawn_and_return, NULL), 7);
    assert_string_equal(history, "parent child");
}

TEST(a_failed_task_of_the_loop_is_logged_with_its_name_and_detail)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    test_expect_log(GALE_LOG_ERROR, "task mailer failed: Input/output error: the disk is on fire");
    assert_ok(gale_ioloop_spawn_callback(loop, "mailer", fail_with_io_error, NULL));
    assert_ok(gale__loop_turn(loop, false));
    gale_ioloop_free(loop);
}

TEST(outside_a_task_nothing_waits)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    gale_call call = { note_arg, "x", 0 };
    assert_error(gale_sleep(0), GALE_ENOTASK);
    assert_error(gale_moment(), GALE_ENOTASK);
    assert_error(gale_spawn(note_arg, "x"), GALE_ENOTASK);
    assert_error(gale_scope_spawn(NULL, NULL, note_arg, "x"), GALE_ENOTASK);
    assert_error(gale_with_timeout(1, note_arg, "x"), GALE_ENOTASK);
    assert_error(gale_shield(note_arg, "x", 0), GALE_ENOTASK);
    assert_error(gale_multi(&call, 1), GALE_ENOTASK);
    assert_int_equal(call.result, GALE_ENOTASK);
    assert_error(gale_defer(NULL, NULL), GALE_ENOTASK);
    assert_null(gale_scope_open(NULL));
    assert_null(gale_alloc(1));
    assert_null(gale_strdup("x"));
    assert_null(gale_sprintf("%d", 1));
    assert_string_equal(gale_task_name(), "");
    assert_false(gale_task_canceled());
    gale_ioloop_free(loop);
}

static int note_name(void *arg)
{
    (void)arg;
    note(gale_task_name());
    note(" ");
    return 0;
}

static int note_name_and_spawn(void *arg)
{
    note_name(arg);
    return gale_spawn(note_name, NULL);
}

TASK_TEST(a_task_has_the_name_of_its_parent_or_its_own)
{
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(note_name, NULL));
    assert_ok(gale_scope_spawn(scope, "reader", note_name_and_spawn, NULL));
    assert_ok(gale_scope_close(scope, 0));
    assert_string_equal(history, "run_sync reader reader ");
}

static int wait_once(void *arg)
{
    note(arg);
    assert_ok(gale_moment());
    note(arg);
    return 0;
}

TEST(a_task_started_now_runs_at_once_until_it_waits)
{
    history[0] = '\0';
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_ok(gale__task_start(gale__scope_new(loop, NULL), NULL, NULL, wait_once, "a", true));
    assert_string_equal(history, "a");
    assert_null(gale__task_current);
    assert_ok(gale__loop_turn(loop, false));
    assert_string_equal(history, "aa");
    gale_ioloop_free(loop);
}

static int fail_and_wait(void *arg)
{
    gale__fail(-EIO, "%s", (const char *)arg);
    assert_ok(gale_moment());
    assert_string_equal(gale_error_detail(), arg);
    return 0;
}

TASK_TEST(each_task_has_its_own_error_detail)
{
    assert_ok(gale_spawn(fail_and_wait, "one"));
    assert_ok(gale_spawn(fail_and_wait, "two"));
    gale__fail(-EIO, "mine");
    assert_ok(gale_moment());
    assert_ok(gale_moment());
    assert_string_equal(gale_error_detail(), "mine");
}

TASK_TEST(ended_tasks_leave_no_memory_behind)
{
    size_t before = 0;
    for (int i = 0; i < scaled(10000); i++) {
        assert_ok(gale_spawn(note_arg, ""));
        assert_ok(gale_moment());
        if (i == 0)
            before = test_allocations();
    }
    assert_int_equal(test_allocations(), before);
}

/* ---- Waiting ---- */

static int take_turns(void *arg)
{
    for (int i = 0; i < 5; i++) {
        note(arg);
        assert_ok(gale_moment());
    }
    return 0;
}

static int take_no_turns(void *arg)
{
    gale_event *event = gale_event_new();
    gale_event_set(event);
    for (int i = 0; i < 5; i++) {
        note(arg);
        assert_ok(gale_event_wait(event));
    }
    gale_event_free(event);
    return 0;
}

TASK_TEST(moment_lets_others_run_and_what_is_there_already_does_not)
{
    gale_call calls[] = { { take_no_turns, "a", 0 }, { take_no_turns, "b", 0 } };
    assert_ok(gale_multi(calls, 2));
    assert_string_equal(history, "aaaaabbbbb");
    history[0] = '\0';
    calls[0].function = calls[1].function = take_turns;
    assert_ok(gale_multi(calls, 2));
    assert_string_equal(history, "ababababab");
    history[0] = '\0';
    calls[1].function = take_no_turns;
    assert_ok(gale_multi(calls, 2));
    assert_string_equal(history, "abbbbbaaaa");
}

TASK_TEST(sleep_is_never_early)
{
    int64_t before = gale__clock_monotonic();
    assert_ok(gale_sleep(0.01));
    assert_true(gale__clock_monotonic() - before >= 10 * 1000 * 1000);
    assert_ok(gale_sleep(0));
    assert_ok(gale_sleep(-1));
}

static int sleep_and_note(void *arg)
{
    const char *what = arg;
    assert_ok(gale_sleep((what[0] - '0') * 0.01));
    note(what);
    return 0;
}

TASK_TEST(sleepers_wake_by_deadline)
{
    gale_call calls[] = { { sleep_and_note, "3", 0 },
                          { sleep_and_note, "1", 0 },
                          { sleep_and_note, "2", 0 } };
    assert_ok(gale_multi(calls, 3));
    assert_string_equal(history, "123");
}

static int hold_the_loop(void *arg)
{
    (void)arg;
    nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
    return 0;
}

TEST(a_task_that_holds_the_loop_is_logged_by_name)
{
    gale_ioloop *loop = gale_ioloop_new(&(gale_ioloop_options){ .slow_callback_duration = 0.01 });
    test_expect_log(GALE_LOG_WARNING, "task glutton held the loop");
    assert_ok(gale_ioloop_spawn_callback(loop, "glutton", hold_the_loop, NULL));
    assert_ok(gale__loop_turn(loop, false));
    gale_ioloop_free(loop);
}

/* ---- Stacks ---- */

static char *loop_stack_of(gale__task *task)
{
    return (char *)task->scheduler->context.registers.stack_pointer;
}

static void note_stack(void *arg)
{
    gale__task *task = gale__task_current;
    *(ptrdiff_t *)arg = task ? (char *)__builtin_frame_address(0) - loop_stack_of(task) : 1;
}

TASK_TEST(a_call_on_the_loops_stack_returns_to_its_task)
{
    ptrdiff_t distance = 0;
    gale__on_loop_stack(note_stack, &distance);
    assert_true(distance > -4096 && distance < 4096);
    note_stack(&distance);
    assert_true(distance < -4096 || distance > 4096);
    assert_ok(gale_moment());
    gale__on_loop_stack(note_stack, &distance);
    assert_true(distance > -4096 && distance < 4096);
}

TEST(outside_a_task_such_a_call_is_just_made)
{
    ptrdiff_t distance = 0;
    gale__on_loop_stack(note_stack, &distance);
    assert_int_equal(distance, 1);
}

static int dig(void *depth)
{
    volatile char hole[1024];
    hole[0] = 1;
    return depth ? dig(depth) + hole[0] : 0;
}

static _Noreturn void overflow_in_child(int output)
{
    int depth = 1;
    signal(SIGSEGV, SIG_DFL); /* the test runner has its own handler */
    dup2(output, STDERR_FILENO);
    alarm(10);
    gale_ioloop *loop = gale_ioloop_new(NULL);
    gale_ioloop_spawn_callback(loop, "digger", dig, &depth);
    gale_ioloop_start(loop);
    _exit(0);
}

TEST(a_stack_overflow_is_reported_with_the_name_of_the_task)
{
    if (GALE__ASAN || GALE__TSAN)
        skip(); /* they report it themselves */
    int ends[2], status = 0;
    char text[512] = "";
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        overflow_in_child(ends[1]);
    close(ends[1]);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_non_null(strstr(text, "stack overflow in task digger"));
}

/* ---- The end of the loop ---- */

static int sleep_for_ever(void *arg)
{
    int result = gale_sleep(1e9);
    ++*(int *)arg;
    return result;
}

static int spawn_sleepers(void *arg)
{
    for (int i = 0; i < 3; i++)
        if (!gale_task_canceled())
            assert_ok(gale_spawn(sleep_for_ever, arg));
    return sleep_for_ever(arg);
}

TEST(freeing_the_loop_ends_its_tasks)
{
    int ended = 0;
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_ok(gale_ioloop_spawn_callback(loop, NULL, spawn_sleepers, &ended));
    assert_ok(gale_ioloop_spawn_callback(loop, NULL, sleep_for_ever, &ended));
    assert_ok(gale__loop_turn(loop, false));
    gale_ioloop_free(loop);
    assert_int_equal(ended, 5);
}

TEST(freeing_a_loop_that_never_ran_ends_its_tasks)
{
    int ended = 0;
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_ok(gale_ioloop_spawn_callback(loop, NULL, spawn_sleepers, &ended));
    gale_ioloop_free(loop);
    assert_int_equal(ended, 1); /* it could not spawn any more */
}

static int never_end(void *arg)
{
    assert_non_null(gale_alloc(100000));
    gale_scope_open(NULL);
    while (arg)
        gale_sleep(0.001);
    return 0;
}

TEST(freeing_the_loop_does_not_wait_for_ever)
{
    gale_set_allocator(NULL); /* stacks stay behind */
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_ok(gale_ioloop_spawn_callback(loop, "zombie", never_end, loop));
    test_expect_log(GALE_LOG_WARNING, "task zombie was cancelled and has ignored it in 100 waits");
    test_expect_log(GALE_LOG_ERROR, "1 tasks (one is zombie) did not end");
    gale_ioloop_free(loop);
}

/* ---- Many ---- */

static long resident_bytes(void)
{
    long kilobytes = -1;
    char line[128];
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    if (!file)
        return -1;
    while (kilobytes < 0 && fgets(line, sizeof line, file))
        if (sscanf(line, "Rss: %ld", &kilobytes) != 1)
            kilobytes = -1;
    fclose(file);
    return kilobytes * 1024;
}

static int wait_for_event(void *arg)
{
    int result = gale_event_wait(arg);
    history[0] = '!';
    return result;
}

TASK_TEST(a_hundred_thousand_suspended_tasks)
{
    const int count = scaled(100000);
    gale_event *event = gale_event_new();
    gale_scope *scope = gale_scope_open(NULL);
    long before = resident_bytes();
    for (int i = 0; i < count; i++)
        assert_ok(gale_scope_spawn(scope, NULL, wait_for_event, event));
    assert_ok(gale_moment());
    long each = (resident_bytes() - before) / count;
    if (before > 0 && !GALE__ASAN && !GALE__TSAN)
        assert_true(each > 0 && each <= 10 * 1024);
    gale_event_set(event);
    assert_ok(gale_scope_wait(scope));
    assert_int_equal(history[0], '!');
    assert_ok(gale_scope_close(scope, 0));
    gale_event_free(event);
}

static int nest(void *arg)
{
    int *left = arg;
    if (--*left > 0)
        GALE_TRY(gale_spawn(nest, left));
    return gale_sleep(1e9);
}

TASK_TEST(cancelling_reaches_tasks_ten_thousand_deep)
{
    int left = scaled(10000);
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, NULL, nest, &left));
    while (left > 0)
        assert_ok(gale_moment());
    gale_scope_cancel(scope);
    assert_error(gale_scope_close(scope, GALE_ECANCELED), GALE_ECANCELED);
}

/* ---- Out of memory ---- */

typedef struct scenario {
    gale_lock *lock;
    gale_queue *queue;
    gale_future *future;
} scenario;

static int produce(void *arg)
{
    scenario *self = arg;
    GALE_TRY(gale_lock_hold(self->lock));
    GALE_TRY(gale_task_set_local(&history, self));
    if (!gale_alloc(3000))
        return -ENOMEM;
    for (int i = 0; i < 20; i++)
        GALE_TRY(gale_queue_put(self->queue, self));
    return gale_future_set_result(self->future, NULL);
}

static int consume(void *arg)
{
    scenario *self = arg;
    void *item;
    for (int i = 0; i < 20; i++)
        GALE_TRY(gale_queue_get(self->queue, &item));
    return gale_future_wait(self->future, NULL);
}

static int produce_and_consume(void *arg)
{
    gale_scope *scope = gale_scope_open(&(gale_scope_options){ .cancel_on_error = true });
    int result = gale_scope_spawn(scope, "producer", produce, arg);
    if (result == 0)
        result = gale_scope_spawn(scope, "consumer", consume, arg);
    if (result == 0)
        result = gale_scope_wait(scope);
    return gale_scope_close(scope, result);
}

static void on_done(gale_future *future, void *arg)
{
    assert_true(gale_future_done(future));
    ++*(int *)arg;
}

static int run_scenario(void *arg)
{
    (void)arg;
    int done = 0;
    scenario self = { gale_lock_new(), gale_queue_new(3), gale_future_new() };
    int result = self.lock && self.queue && self.future ? 0 : -ENOMEM;
    if (result == 0)
        result = gale_future_add_done_callback(self.future, on_done, &done);
    if (result == 0)
        result = gale_with_timeout(10, produce_and_consume, &self);
    if (result == 0)
        result = gale_moment();
    if (result == 0)
        assert_int_equal(done, 1);
    gale_lock_free(self.lock);
    gale_queue_free(self.queue);
    gale_future_unref(self.future);
    return result;
}

TEST(every_allocation_may_fail)
{
    size_t n = 0;
    int result;
    do {
        test_fail_allocation(++n);
        gale_ioloop *loop = gale_ioloop_new(NULL);
        result = loop ? gale_ioloop_run_sync(loop, run_scenario, NULL, 10) : -ENOMEM;
        bool failed = test_allocation_failed();
        assert_int_equal(result, failed ? -ENOMEM : 0);
        gale_ioloop_free(loop);
    } while (test_allocation_failed());
    test_fail_allocation(0);
    assert_true(n > 10);
}

TEST(every_allocation_of_a_loop_that_only_ends_may_fail)
{
    size_t n = 0;
    do {
        int ended = 0;
        test_fail_allocation(++n);
        gale_ioloop *loop = gale_ioloop_new(NULL);
        if (loop && gale_ioloop_spawn_callback(loop, NULL, sleep_for_ever, &ended) == 0)
            ended = -1;
        gale_ioloop_free(loop);
        assert_int_equal(ended, 0);
    } while (test_allocation_failed());
    test_fail_allocation(0);
}

GALE_TEST_MAIN
