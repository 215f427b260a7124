/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop/loop.h"
#include "test.h"

static gale_ioloop *loop;
static int count;

static void begin(const gale_ioloop_options *options)
{
    count = 0;
    loop = gale_ioloop_new(options);
    assert_non_null(loop);
}

static void add_one(void *arg)
{
    count += arg ? *(int *)arg : 1;
}

static void stop(void *arg)
{
    (void)arg;
    gale_ioloop_stop(loop);
}

static void turn(void)
{
    assert_true(gale__loop_turn(loop, false) >= 0);
}

static void (*handling(int number))(int)
{
    struct sigaction action;
    assert_int_equal(sigaction(number, NULL, &action), 0);
    return action.sa_handler;
}

/* A handler that is not gale's. */
static volatile sig_atomic_t foreign_calls;

static void foreign(int number)
{
    (void)number;
    foreign_calls++;
}

/* ---- set_signal_handler ---------------------------------------------------------------- */

TEST(handler_runs_on_the_loop)
{
    begin(NULL);
    assert_ok(gale_ioloop_set_signal_handler(loop, SIGUSR1, add_one, NULL));
    raise(SIGUSR1);
    assert_int_equal(count, 0);
    turn();
    assert_int_equal(count, 1);
    turn();
    assert_int_equal(count, 1);
    raise(SIGUSR1);
    raise(SIGUSR1); /* before the loop has looked: once */
    turn();
    assert_int_equal(count, 2);
    gale_ioloop_free(loop);
}

TEST(handler_wakes_a_waiting_loop)
{
    begin(NULL);
    assert_ok(gale_ioloop_set_signal_handler(loop, SIGALRM, stop, NULL));
    ualarm(3000, 0);
    assert_int_equal(gale_ioloop_start(loop), 0); /* would hang otherwise */
    gale_ioloop_free(loop);
}

TEST(null_gives_the_former_handling_back)
{
    begin(NULL);
    signal(SIGUSR1, foreign);
    foreign_calls = 0;
    assert_ok(gale_ioloop_set_signal_handler(loop, SIGUSR1, add_one, NULL));
    assert_true(handling(SIGUSR1) != foreign);
    raise(SIGUSR1);
    assert_ok(gale_ioloop_set_signal_handler(loop, SIGUSR1, NULL, NULL));
    assert_true(handling(SIGUSR1) == foreign);
    raise(SIGUSR1);
    turn();
    assert_int_equal(foreign_calls, 1);
    assert_int_equal(count, 0); /* what was pending went with the handler */
    assert_ok(gale_ioloop_set_signal_handler(loop, SIGUSR1, NULL, NULL));
    signal(SIGUSR1, SIG_DFL);
    gale_ioloop_free(loop);
}

TEST(handler_can_be_replaced)
{
    int ten = 10;
    begin(NULL);
    assert_ok(gale_ioloop_set_signal_handler(loop, SIGUSR1, add_one, NULL));
    assert_ok(gale_ioloop_set_signal_handler(loop, SIGUSR1, add_one, &ten));
    raise(SIGUSR1);
    turn();
    assert_int_equal(count, 10);
    gale_ioloop_free(loop);
    assert_true(handling(SIGUSR1) == SIG_DFL);
}

TEST(handler_that_somebody_else_put_on_top_stays)
{
    begin(NULL);
    assert_ok(gale_ioloop_set_signal_handler(loop, SIGUSR1, add_one, NULL));
    signal(SIGUSR1, foreign);
    gale_ioloop_free(loop);
    assert_true(handling(SIGUSR1) == foreign);
    signal(SIGUSR1, SIG_DFL);
}

TEST(what_cannot_be_handled_is_refused)
{
    const int numbers[] = { 0, -1, NSIG, 9999, SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE };
    begin(NULL);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_error(gale_ioloop_set_signal_handler(loop, numbers[i], add_one, NULL), -EINVAL);
    gale_ioloop_free(loop);
}

static void *set_handler_elsewhere(void *arg)
{
    (void)arg;
    gale_ioloop *other = gale_ioloop_new(NULL);
    int result = gale_ioloop_set_signal_handler(other, SIGUSR1, add_one, NULL);
    gale_ioloop_free(other);
    return (void *)(intptr_t)result;
}

TEST(signal_belongs_to_one_loop)
{
    pthread_t thread;
    void *result;
    begin(NULL);
    assert_ok(gale_ioloop_set_signal_handler(loop, SIGUSR1, add_one, NULL));
    assert_ok(pthread_create(&thread, NULL, set_handler_elsewhere, NULL));
    assert_ok(pthread_join(thread, &result));
    assert_int_equal((intptr_t)result, -EINVAL);
    raise(SIGUSR1);
    turn();
    assert_int_equal(count, 1);
    gale_ioloop_free(loop);
}

TEST(out_of_memory_is_returned)
{
    begin(NULL);
    test_fail_allocation(1);
    assert_error(gale_ioloop_set_signal_handler(loop, SIGUSR1, add_one, NULL), -ENOMEM);
    test_fail_allocation(2);
    assert_error(gale_ioloop_set_signal_handler(loop, SIGUSR1, add_one, NULL), -ENOMEM);
    assert_true(handling(SIGUSR1) == SIG_DFL);
    test_fail_allocation(1);
    assert_null(gale_ioloop_register_signal_callback(loop, add_one, NULL));
    test_fail_allocation(1);
    test_expect_log(GALE_LOG_ERROR, "the loop ended: Cannot allocate memory");
    assert_int_equal(gale_ioloop_start(loop), 1);
    gale_ioloop_free(loop);
}

/* ---- add_callback_from_signal ----------------------------------------------------------- */

TEST(registered_callback_runs_once_for_many_calls)
{
    int ten = 10;
    begin(NULL);
    gale_signal_callback *one = gale_ioloop_register_signal_callback(loop, add_one, NULL);
    gale_signal_callback *other = gale_ioloop_register_signal_callback(loop, add_one, &ten);
    for (int i = 0; i < 3; i++) /* before the first turn */
        gale_ioloop_add_callback_from_signal(one);
    turn();
    assert_int_equal(count, 1);
    gale_ioloop_add_callback_from_signal(one);
    gale_ioloop_add_callback_from_signal(other);
    turn();
    assert_int_equal(count, 12);
    turn();
    assert_int_equal(count, 12);
    gale_ioloop_free(loop);
}

static void *ask_a_thousand_times(void *arg)
{
    for (int i = 0; i < 1000; i++)
        gale_ioloop_add_callback_from_signal(arg);
    return NULL;
}

TEST(registered_callback_may_be_asked_for_in_other_threads)
{
    pthread_t threads[2];
    begin(NULL);
    gale_signal_callback *stopper = gale_ioloop_register_signal_callback(loop, stop, NULL);
    for (int i = 0; i < 2; i++)
        assert_ok(pthread_create(&threads[i], NULL, ask_a_thousand_times, stopper));
    assert_int_equal(gale_ioloop_start(loop), 0);
    for (int i = 0; i < 2; i++)
        assert_ok(pthread_join(threads[i], NULL));
    gale_ioloop_free(loop);
}

static struct {
    gale_signal_callback *stopper;
    gale_ioloop *loop;
    sem_t ready;
} elsewhere;

static void stop_elsewhere(void *arg)
{
    (void)arg;
    gale_ioloop_stop(elsewhere.loop);
}

static void *run_elsewhere(void *arg)
{
    (void)arg;
    elsewhere.loop = gale_ioloop_new(NULL);
    elsewhere.stopper = gale_ioloop_register_signal_callback(elsewhere.loop, stop_elsewhere, NULL);
    sem_post(&elsewhere.ready);
    int status = gale_ioloop_start(elsewhere.loop);
    gale_ioloop_free(elsewhere.loop);
    return (void *)(intptr_t)status;
}

TEST(loop_of_another_thread_may_be_asked)
{
    pthread_t thread;
    void *status;
    sem_init(&elsewhere.ready, 0, 0);
    assert_ok(pthread_create(&thread, NULL, run_elsewhere, NULL));
    sem_wait(&elsewhere.ready);
    gale_ioloop_add_callback_from_signal(elsewhere.stopper);
    assert_ok(pthread_join(thread, &status));
    assert_int_equal((intptr_t)status, 0);
    sem_destroy(&elsewhere.ready);
}

/* ---- gale_ioloop_start ----------------------------------------------------------------- */

static void raise_number(void *arg)
{
    raise(*(int *)arg);
}

TEST(int_and_term_stop_gracefully_and_the_loop_can_start_again)
{
    int numbers[] = { SIGTERM, SIGINT, SIGTERM };
    begin(NULL);
    for (int i = 0; i < 3; i++) {
        gale_ioloop_call_later(loop, 0.001, raise_number, &numbers[i], NULL);
        assert_int_equal(gale_ioloop_start(loop), 0);
        assert_true(handling(SIGTERM) == SIG_DFL);
        assert_true(handling(SIGINT) == SIG_DFL);
        assert_false(gale_ioloop_is_stopping(loop));
    }
    gale_ioloop_free(loop);
}

static bool installed[3];

static void look(void *arg)
{
    (void)arg;
    installed[0] = handling(SIGINT) != SIG_DFL;
    installed[1] = handling(SIGTERM) != SIG_DFL;
    installed[2] = handling(SIGPIPE) == SIG_IGN;
    gale_ioloop_stop(loop);
}

static void start_and_look(const gale_ioloop_options *options)
{
    begin(options);
    gale_ioloop_add_callback(loop, look, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    gale_ioloop_free(loop);
}

TEST(handlers_are_there_only_while_the_loop_runs)
{
    start_and_look(NULL);
    assert_true(installed[0] && installed[1] && installed[2]);
    assert_true(handling(SIGINT) == SIG_DFL);
    assert_true(handling(SIGTERM) == SIG_DFL);
    assert_true(handling(SIGPIPE) == SIG_DFL);
}

TEST(options_turn_handlers_off)
{
    start_and_look(&(gale_ioloop_options){ .no_stop_signals = true });
    assert_true(!installed[0] && !installed[1] && installed[2]);
    start_and_look(&(gale_ioloop_options){ .keep_sigpipe = true });
    assert_true(installed[0] && installed[1] && !installed[2]);
}

static void raise_foreign(void *arg)
{
    raise(SIGTERM);
    stop(arg);
}

TEST(handlers_of_others_are_left_alone)
{
    begin(NULL);
    signal(SIGTERM, foreign);
    signal(SIGPIPE, foreign);
    foreign_calls = 0;
    gale_ioloop_add_callback(loop, raise_foreign, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_int_equal(foreign_calls, 1);
    assert_true(handling(SIGTERM) == foreign);
    assert_true(handling(SIGPIPE) == foreign);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    gale_ioloop_free(loop);
}

static void raise_term_and_stop_later(void *arg)
{
    (void)arg;
    raise(SIGTERM);
    gale_ioloop_call_later(loop, 0.002, stop, NULL, NULL);
}

TEST(handler_of_the_user_comes_before_the_graceful_stop)
{
    int term = SIGTERM;
    begin(NULL);
    assert_ok(gale_ioloop_set_signal_handler(loop, SIGTERM, add_one, NULL));
    gale_ioloop_add_callback(loop, raise_term_and_stop_later, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_int_equal(count, 1);
    /* Without it the graceful stop is back. */
    assert_ok(gale_ioloop_set_signal_handler(loop, SIGTERM, NULL, NULL));
    gale_ioloop_add_callback(loop, raise_number, &term);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_int_equal(count, 1);
    gale_ioloop_free(loop);
}

/* A loop that a graceful stop cannot end: something is in flight for ever. */
static void nothing(gale__service *service)
{
    (void)service;
}

static bool never(gale__service *service)
{
    (void)service;
    return false;
}

static int run_until_second_signal(int second)
{
    static gale__service busy = {
        .drain = nothing, .drained = never, .cancel = nothing, .close = nothing
    };
    int term = SIGTERM;
    begin(NULL);
    gale__loop_add_service(loop, &busy);
    gale_ioloop_add_callback(loop, raise_number, &term);
    gale_ioloop_call_later(loop, 0.005, raise_number, &second, NULL);
    gale_ioloop_call_later(loop, 5, stop, NULL, NULL);
    gale_ioloop_start(loop);
    return 42;
}

TEST(second_signal_exits_with_status_1_at_once)
{
    const int seconds[] = { SIGTERM, SIGINT };
    for (int i = 0; i < 2; i++) {
        int status;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(run_until_second_signal(seconds[i]));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 1);
    }
}

GALE_TEST_MAIN
