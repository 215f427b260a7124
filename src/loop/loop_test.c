/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "platform/clock.h"
#include "test.h"

static gale_ioloop *loop;
static char trace[64];
static size_t trace_size;

static void begin(const gale_ioloop_options *options)
{
    trace_size = 0;
    memset(trace, 0, sizeof trace);
    loop = gale_ioloop_new(options);
    assert_non_null(loop);
}

#define LETTER(text) ((void *)(uintptr_t)text)

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

static void note_and_stop(void *arg)
{
    note(arg);
    gale_ioloop_stop(loop);
}

/* ---- The turn -------------------------------------------------------------------------- */

static void note_descriptor(int fd, unsigned events, void *arg)
{
    (void)fd, (void)events;
    note(arg);
}

TEST(turn_runs_callbacks_then_timeouts_then_descriptors)
{
    int ends[2];
    begin(NULL);
    assert_ok(pipe(ends));
    assert_int_equal(write(ends[1], "x", 1), 1);
    gale_ioloop_add_handler(loop, ends[0], note_descriptor, GALE_IOLOOP_READ, LETTER("d"));
    gale_ioloop_call_later(loop, 0, note, LETTER("t"), NULL);
    gale_ioloop_add_callback(loop, note, LETTER("c"));
    assert_int_equal(gale__loop_turn(loop, true), 1);
    assert_string_equal(trace, "ctd");
    gale_ioloop_free(loop);
    close(ends[0]);
    close(ends[1]);
}

static void note_and_add(void *arg)
{
    note(arg);
    gale_ioloop_add_callback(loop, note, LETTER("z"));
}

TEST(callback_added_by_a_callback_runs_in_the_next_turn)
{
    begin(NULL);
    gale_ioloop_add_callback(loop, note_and_add, LETTER("a"));
    gale_ioloop_add_callback(loop, note, LETTER("b"));
    gale__loop_turn(loop, false);
    assert_string_equal(trace, "ab");
    gale__loop_turn(loop, false);
    assert_string_equal(trace, "abz");
    gale_ioloop_free(loop);
}

static void run_node(gale__callback *callback)
{
    (void)callback;
    note(LETTER("n"));
}

TEST(queued_node_runs_once_and_may_be_taken_back)
{
    gale__callback node = { .run = run_node };
    begin(NULL);
    gale__loop_call(loop, &node);
    gale__loop_call(loop, &node);
    gale__loop_turn(loop, false);
    assert_string_equal(trace, "n");
    gale__loop_call(loop, &node);
    gale__loop_uncall(&node);
    gale__loop_turn(loop, false);
    gale__loop_uncall(&node);
    assert_string_equal(trace, "n");
    gale_ioloop_free(loop);
}

/* A backend without descriptors whose clock stands still but for the waiting. */
static struct {
    gale__backend base;
    int64_t now, waited;
    int waits;
} still;

static int64_t still_now(gale__backend *backend)
{
    (void)backend;
    return still.now;
}

static int still_wait(gale__backend *backend, int64_t timeout, int64_t *now)
{
    (void)backend;
    still.waits++;
    still.waited = timeout;
    if (timeout > 0)
        still.now += timeout;
    *now = still.now;
    return 0;
}

static void still_close(gale__backend *backend)
{
    (void)backend;
}

static int still_open(gale__backend **ret_backend);
static const gale__backend_operations still_operations = {
    .open = still_open, .close = still_close, .now = still_now, .wait = still_wait
};

static int still_open(gale__backend **ret_backend)
{
    memset(&still, 0, sizeof still);
    still.base.operations = &still_operations;
    *ret_backend = &still.base;
    return 0;
}

static void take_30_ms(void *arg)
{
    note(arg);
    still.now += 30000000;
}

TEST(wait_takes_account_of_the_time_that_timeouts_took)
{
    begin(NULL);
    gale__loop_use_backend(loop, &still_operations);
    assert_ok(gale__loop_open_backend(loop));
    gale_ioloop_call_later(loop, 0, take_30_ms, LETTER("a"), NULL);
    gale_ioloop_call_later(loop, 0.040, note_and_stop, LETTER("b"), NULL);
    gale__loop_turn(loop, true);
    assert_string_equal(trace, "a");
    assert_int_equal(still.waited, 10000000);
    gale__loop_turn(loop, true);
    assert_string_equal(trace, "ab");
    assert_int_equal(still.waited, 0); /* for it is stopped */
    gale_ioloop_free(loop);
}

TEST(loop_waits_for_ever_without_timeouts_and_not_at_all_with_callbacks)
{
    begin(NULL);
    gale__loop_use_backend(loop, &still_operations);
    gale__loop_turn(loop, true);
    assert_int_equal(still.waited, -1);
    gale_ioloop_add_callback(loop, note_and_add, LETTER("a"));
    gale__loop_turn(loop, true);
    assert_int_equal(still.waited, 0);
    gale__loop_turn(loop, false);
    assert_int_equal(still.waited, 0);
    gale_ioloop_call_later(loop, 5, note, LETTER("b"), NULL);
    for (int turns = 0; still.now < 5000000000; turns++) {
        assert_true(turns < 10); /* far timeouts may take a few looks */
        gale__loop_turn(loop, true);
    }
    assert_int_equal(still.now, 5000000000);
    gale__loop_turn(loop, false);
    assert_string_equal(trace, "azb");
    gale_ioloop_free(loop);
}

/* ---- Running and stopping -------------------------------------------------------------- */

TEST(stop_before_start_runs_one_turn)
{
    begin(NULL);
    gale_ioloop_add_callback(loop, note_and_add, LETTER("a"));
    gale_ioloop_stop(loop);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_string_equal(trace, "a");
    gale_ioloop_add_callback(loop, stop, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_string_equal(trace, "az");
    gale_ioloop_free(loop);
}

TEST(stop_in_a_callback_finishes_the_turn)
{
    begin(NULL);
    gale_ioloop_add_callback(loop, note_and_stop, LETTER("a"));
    gale_ioloop_add_callback(loop, note_and_add, LETTER("b"));
    gale_ioloop_call_later(loop, 0, note, LETTER("t"), NULL);
    assert_false(gale_ioloop_is_running(loop));
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_string_equal(trace, "abt");
    assert_false(gale_ioloop_is_running(loop));
    gale_ioloop_add_callback(loop, stop, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_string_equal(trace, "abtz");
    gale_ioloop_free(loop);
}

static void start_again(void *arg)
{
    (void)arg;
    assert_true(gale_ioloop_is_running(loop));
    assert_int_equal(gale_ioloop_start(loop), 1);
    assert_string_equal(gale_error_detail(), "the loop is running already");
    assert_true(gale_ioloop_is_running(loop));
    note(LETTER("a"));
}

TEST(start_within_start_is_refused)
{
    begin(NULL);
    test_expect_log(GALE_LOG_ERROR, "the loop ended: not allowed in this state");
    gale_ioloop_add_callback(loop, start_again, NULL);
    gale_ioloop_call_later(loop, 0.002, note_and_stop, LETTER("b"), NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_string_equal(trace, "ab");
    gale_ioloop_free(loop);
}

static void *start_elsewhere(void *arg)
{
    (void)arg;
    return (void *)(intptr_t)gale_ioloop_start(loop);
}

TEST(start_in_another_thread_is_refused)
{
    pthread_t thread;
    void *status;
    begin(NULL);
    test_expect_log(GALE_LOG_ERROR, "called from the wrong thread");
    assert_ok(pthread_create(&thread, NULL, start_elsewhere, NULL));
    assert_ok(pthread_join(thread, &status));
    assert_int_equal((intptr_t)status, 1);
    gale_ioloop_free(loop);
}

TEST(loop_that_failed_before_returns_1_at_once)
{
    begin(NULL);
    loop->failed = true;
    gale_ioloop_add_callback(loop, note, LETTER("x"));
    assert_int_equal(gale_ioloop_start(loop), 1);
    assert_int_equal(gale_ioloop_start(NULL), 1);
    assert_string_equal(trace, "");
    gale_ioloop_free(loop);
}

static void set(void *arg)
{
    *(bool *)arg = true;
}

TEST(run_ends_without_waiting_when_done)
{
    bool done = false;
    begin(NULL);
    gale_ioloop_add_callback(loop, set, &done);
    assert_ok(gale__loop_run(loop, &done)); /* would hang if it waited */
    done = false;
    gale_ioloop_call_later(loop, 0.001, set, &done, NULL);
    assert_ok(gale__loop_run(loop, &done));
    gale_ioloop_free(loop);
}

/* ---- The current loop ------------------------------------------------------------------ */

TEST(thread_has_one_current_loop)
{
    assert_null(gale_ioloop_current_or_null());
    begin(NULL);
    assert_ptr_equal(gale_ioloop_current_or_null(), loop);
    assert_ptr_equal(gale_ioloop_current(), loop);
    assert_null(gale_ioloop_new(NULL));
    assert_string_equal(gale_error_detail(), "this thread has a loop already");
    assert_ptr_equal(gale_ioloop_current(), loop);
    gale_ioloop_free(loop);
    assert_null(gale_ioloop_current_or_null());
    gale_ioloop *made = gale_ioloop_current();
    assert_non_null(made);
    gale_ioloop_free(made);
    gale_ioloop_free(NULL);
}

static void *make_and_free_loops(void *arg)
{
    intptr_t made = 0;
    (void)arg;
    for (int i = 0; i < 10; i++) {
        gale_ioloop *own = gale_ioloop_new(NULL);
        made += own && gale__loop_turn(own, false) >= 0;
        gale_ioloop_free(own);
    }
    return (void *)made;
}

TEST(loops_come_and_go_in_several_threads)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_ok(pthread_create(&threads[i], NULL, make_and_free_loops, NULL));
    for (int i = 0; i < 2; i++) {
        void *made;
        assert_ok(pthread_join(threads[i], &made));
        assert_int_equal((intptr_t)made, 10);
    }
}

TEST(time_is_unix_time)
{
    begin(NULL);
    assert_true(gale_ioloop_time(loop) - (double)time(NULL) < 1.5);
    assert_true(gale_ioloop_time(loop) - (double)time(NULL) > -1.5);
    gale_ioloop_free(loop);
}

/* ---- Other threads --------------------------------------------------------------------- */

static void add_stop_soon(void *arg)
{
    *(int64_t *)arg = gale__clock_monotonic();
    gale_ioloop_add_callback(loop, stop, NULL);
}

TEST(callback_wakes_its_own_loop_at_once)
{
    int64_t added = 0;
    begin(NULL);
    gale_ioloop_call_later(loop, 0.001, add_stop_soon, &added, NULL);
    gale_ioloop_call_later(loop, 30, note, LETTER("x"), NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_true(gale__clock_monotonic() - added < 1000000000);
    gale_ioloop_free(loop);
}

static void *add_stop_from_thread(void *arg)
{
    usleep(10000); /* the loop waits meanwhile */
    add_stop_soon(arg);
    return NULL;
}

TEST(callback_from_another_thread_wakes_the_loop)
{
    pthread_t thread;
    int64_t added = 0;
    begin(NULL);
    assert_ok(pthread_create(&thread, NULL, add_stop_from_thread, &added));
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_ok(pthread_join(thread, NULL));
    assert_true(gale__clock_monotonic() - added < 1000000000);
    gale_ioloop_free(loop);
}

enum { THREADS = 4, CALLS = 10000 };
typedef struct caller {
    pthread_t thread;
    int next; /* touched by the loop's thread only */
    bool in_order, failed;
    struct call {
        struct caller *caller;
        int number;
    } calls[CALLS];
} caller;

static int callers_done;

static void count_call(void *arg)
{
    struct call *call = arg;
    caller *self = call->caller;
    self->in_order &= call->number == self->next++;
    if (self->next == CALLS && ++callers_done == THREADS)
        gale_ioloop_stop(loop);
}

static void *add_many(void *arg)
{
    caller *self = arg;
    for (int i = 0; i < CALLS; i++) {
        self->calls[i].caller = self;
        self->calls[i].number = i;
        self->failed |= gale_ioloop_add_callback(loop, count_call, &self->calls[i]) < 0;
    }
    return NULL;
}

TEST(four_threads_add_ten_thousand_callbacks_each)
{
    static caller callers[THREADS];
    callers_done = 0;
    begin(NULL);
    for (int i = 0; i < THREADS; i++) {
        callers[i].in_order = true;
        assert_ok(pthread_create(&callers[i].thread, NULL, add_many, &callers[i]));
    }
    assert_int_equal(gale_ioloop_start(loop), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_ok(pthread_join(callers[i].thread, NULL));
        assert_int_equal(callers[i].next, CALLS);
        assert_true(callers[i].in_order);
        assert_false(callers[i].failed);
    }
    gale_ioloop_free(loop);
}

/* ---- The rest -------------------------------------------------------------------------- */

TEST(freed_loop_drops_what_has_not_run)
{
    pthread_t thread;
    int64_t added;
    begin(NULL);
    gale_ioloop_add_callback(loop, note, LETTER("x"));
    assert_ok(pthread_create(&thread, NULL, add_stop_from_thread, &added));
    assert_ok(pthread_join(thread, NULL));
    gale_ioloop_free(loop);
    assert_string_equal(trace, "");
}

TEST(out_of_memory_is_returned)
{
    test_fail_allocation(1);
    assert_null(gale_ioloop_new(NULL));
    begin(NULL);
    test_fail_allocation(1);
    assert_error(gale_ioloop_add_callback(loop, note, LETTER("x")), -ENOMEM);
    test_fail_allocation(1); /* the backend */
    assert_error(gale__loop_turn(loop, false), -ENOMEM);
    test_fail_allocation(0);
    assert_true(gale__loop_turn(loop, false) >= 0);
    gale_ioloop_free(loop);
}

static void dawdle(void *arg)
{
    (void)arg;
    usleep(15000);
}

TEST(slow_callbacks_are_named)
{
    begin(&(gale_ioloop_options){ .slow_callback_duration = 0.010 });
    test_expect_log(GALE_LOG_WARNING, "loop_test+0x");
    gale_ioloop_add_callback(loop, dawdle, NULL);
    gale__loop_turn(loop, false);
    test_expect_log(GALE_LOG_WARNING, "held the loop for 0.0");
    gale_ioloop_call_later(loop, 0, dawdle, NULL, NULL);
    gale_ioloop_add_callback(loop, note, LETTER("a")); /* is fast enough */
    gale__loop_turn(loop, false);
    gale_ioloop_free(loop);
}

GALE_TEST_MAIN
