/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/executor.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static gale_ioloop *loop;
static int done_count, done_wanted;
static gale__job *done_order[128];

static void begin(int wanted)
{
    done_count = 0;
    done_wanted = wanted;
    loop = gale_ioloop_new(NULL);
    assert_non_null(loop);
}

static void job_done(gale__callback *callback)
{
    done_order[done_count++] = GALE__CONTAINER_OF(callback, gale__job, done);
    if (done_count == done_wanted)
        gale_ioloop_stop(loop);
}

static void submit(gale_executor *executor, gale__job *job, gale_task_function function, void *arg)
{
    *job = (gale__job){ .done.run = job_done, .function = function, .arg = arg };
    assert_ok(gale__executor_submit(loop, executor, job));
}

static void run(void)
{
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_int_equal(done_count, done_wanted);
}

static int number(void *arg)
{
    return *(int *)arg;
}

TEST(results_come_back_to_the_loop)
{
    int numbers[] = { 42, -EIO, 0 };
    gale__job jobs[3];
    begin(3);
    for (int i = 0; i < 3; i++)
        submit(NULL, &jobs[i], number, &numbers[i]);
    run();
    for (int i = 0; i < 3; i++)
        assert_int_equal(jobs[i].result, numbers[i]);
    assert_true(gale__executor_threads_exist() > 0);
    gale_ioloop_free(loop);
    assert_int_equal(gale__executor_threads_exist(), 0);
}

typedef struct meeting {
    sem_t *mine, *other;
} meeting;

static int meet(void *arg)
{
    meeting *self = arg;
    sem_post(self->mine);
    sem_wait(self->other);
    return 1;
}

TEST(jobs_run_at_the_same_time)
{
    sem_t first, second;
    sem_init(&first, 0, 0);
    sem_init(&second, 0, 0);
    meeting meetings[] = { { &first, &second }, { &second, &first } };
    gale__job jobs[2];
    begin(2);
    submit(NULL, &jobs[0], meet, &meetings[0]);
    submit(NULL, &jobs[1], meet, &meetings[1]);
    run(); /* would hang if they ran one after the other */
    gale_ioloop_free(loop);
    sem_destroy(&first);
    sem_destroy(&second);
}

static atomic_int running, most_running;

static int count_running(void *arg)
{
    (void)arg;
    int now = atomic_fetch_add(&running, 1) + 1, most = atomic_load(&most_running);
    while (now > most && !atomic_compare_exchange_weak(&most_running, &most, now))
        continue;
    usleep(200);
    return atomic_fetch_sub(&running, 1) > 0;
}

TEST(more_jobs_than_threads)
{
    static gale__job jobs[100];
    gale_executor *executor = gale_executor_new(3);
    atomic_store(&most_running, 0);
    begin(100);
    for (int i = 0; i < 100; i++)
        submit(executor, &jobs[i], count_running, NULL);
    assert_int_equal(gale__executor_threads_exist(), 3);
    run();
    assert_true(atomic_load(&most_running) <= 3);
    for (int i = 0; i < 100; i++)
        assert_int_equal(jobs[i].result, 1);
    gale_executor_free(executor);
    gale_ioloop_free(loop);
}

TEST(idle_thread_is_used_again)
{
    int numbers[] = { 1, 2 };
    gale__job jobs[2];
    gale_executor *executor = gale_executor_new(8);
    begin(1);
    submit(executor, &jobs[0], number, &numbers[0]);
    run();
    usleep(20000); /* until the thread waits */
    done_count = 0;
    submit(executor, &jobs[1], number, &numbers[1]);
    run();
    assert_int_equal(gale__executor_threads_exist(), 1);
    gale_executor_free(executor);
    gale_ioloop_free(loop);
}

TEST(waiting_job_can_be_withdrawn)
{
    sem_t started, go;
    sem_init(&started, 0, 0);
    sem_init(&go, 0, 0);
    meeting first = { &started, &go };
    int numbers[] = { 2, 3 };
    gale__job jobs[3];
    gale_executor *executor = gale_executor_new(1);
    begin(2);
    submit(executor, &jobs[0], meet, &first);
    submit(executor, &jobs[1], number, &numbers[0]);
    submit(executor, &jobs[2], number, &numbers[1]);
    sem_wait(&started);
    assert_false(gale__executor_withdraw(&jobs[0]));
    assert_true(gale__executor_withdraw(&jobs[1]));
    assert_false(gale__executor_withdraw(&jobs[1]));
    sem_post(&go);
    run();
    assert_ptr_equal(done_order[0], &jobs[0]);
    assert_ptr_equal(done_order[1], &jobs[2]);
    assert_int_equal(jobs[2].result, 3);
    assert_int_equal(jobs[1].result, 0);
    assert_false(gale__executor_withdraw(&jobs[2]));
    gale_executor_free(executor);
    gale_ioloop_free(loop);
    sem_destroy(&started);
    sem_destroy(&go);
}

static int dawdle(void *arg)
{
    sem_post(arg);
    usleep(10000);
    return 7;
}

TEST(free_waits_for_what_runs_and_cancels_what_does_not)
{
    sem_t started;
    sem_init(&started, 0, 0);
    int two = 2;
    gale__job jobs[2];
    gale_executor *executor = gale_executor_new(1);
    begin(2);
    submit(executor, &jobs[0], dawdle, &started);
    submit(executor, &jobs[1], number, &two);
    sem_wait(&started);
    gale_executor_free(executor);
    assert_int_equal(jobs[0].result, 7);
    assert_int_equal(jobs[1].result, GALE_ECANCELED);
    assert_false(gale__executor_withdraw(&jobs[1]));
    run();
    gale_executor_free(NULL);
    gale_ioloop_free(loop);
    sem_destroy(&started);
}

TEST(default_executor_can_be_set)
{
    int one = 1;
    gale__job job;
    gale_executor *executor = gale_executor_new(0);
    begin(1);
    gale_ioloop_set_default_executor(loop, executor);
    submit(NULL, &job, number, &one);
    run();
    gale_executor_free(executor);
    assert_int_equal(gale__executor_threads_exist(), 0); /* the loop has not made its own */
    gale_ioloop_free(loop);
}

TEST(threads_option_limits_the_default_executor)
{
    static gale__job jobs[20];
    loop = gale_ioloop_new(&(gale_ioloop_options){ .executor_threads = 2 });
    done_count = 0;
    done_wanted = 20;
    for (int i = 0; i < 20; i++)
        submit(NULL, &jobs[i], count_running, NULL);
    assert_int_equal(gale__executor_threads_exist(), 2);
    run();
    gale_ioloop_free(loop);
}

static int all_signals_blocked(void *arg)
{
    (void)arg;
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, SIGTERM) && sigismember(&mask, SIGINT) && sigismember(&mask, SIGUSR1);
}

TEST(threads_get_no_signals)
{
    gale__job job;
    sigset_t before, after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    begin(1);
    submit(NULL, &job, all_signals_blocked, NULL);
    run();
    assert_int_equal(job.result, 1);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (int signal = 1; signal < NSIG; signal++)
        assert_int_equal(sigismember(&before, signal), sigismember(&after, signal));
    gale_ioloop_free(loop);
}

TEST(out_of_memory_is_returned)
{
    int one = 1;
    gale__job job = { .done.run = job_done, .function = number, .arg = &one };
    begin(1);
    test_fail_allocation(1);
    assert_null(gale_executor_new(1));
    test_fail_allocation(1);
    assert_error(gale__executor_submit(loop, NULL, &job), -ENOMEM);
    test_fail_allocation(0);
    submit(NULL, &job, number, &one);
    run();
    gale_ioloop_free(loop);
}

/* In a process of its own that may not make threads: with one thread two jobs run, with none
 * submit fails. Returns an exit status. */
static int without_threads(bool one_before)
{
    int numbers[] = { 1, 2, 3 };
    gale__job jobs[3];
    begin(one_before ? 3 : 0);
    if (one_before)
        submit(NULL, &jobs[2], number, &numbers[2]);
    setrlimit(RLIMIT_NPROC, &(struct rlimit){ 0, 0 });
    if (geteuid() == 0 && setuid(65534) != 0)
        return 2;
    for (int i = 0; i < 2; i++) {
        jobs[i] = (gale__job){ .done.run = job_done, .function = number, .arg = &numbers[i] };
        int result = gale__executor_submit(loop, NULL, &jobs[i]);
        if (result != (one_before ? 0 : -EAGAIN))
            return 3;
    }
    if (one_before && (gale_ioloop_start(loop) != 0 || done_count != 3))
        return 4;
    return gale__executor_threads_exist() == one_before ? 0 : 5;
}

TEST(fewer_threads_will_do)
{
    for (int one_before = 0; one_before < 2; one_before++) {
        int status;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(without_threads(one_before));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

GALE_TEST_MAIN
