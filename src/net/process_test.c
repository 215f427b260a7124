/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: how they live and end, what is refused, and their sockets. */
#include "net/process_test.h"

#include <pthread.h>

#include "core/sanitize.h"

/* ---- Lives of children ----------------------------------------------------------------- */

static int say_id(int id, int start_count)
{
    (void)start_count;
    say("worker %d of %d\n", id, gale_task_id());
    return 0;
}

/* Tornado: tcpserver_test.TestMultiprocess, their common part */
TEST(children_that_exit_in_order_end_the_supervisor)
{
    assert_int_equal(gale_task_id(), -1);
    assert_int_equal(run(&(supervised){ 3, -1, say_id }), 0);
    assert_int_equal(occurrences("[20] Starting 3 processes"), 1);
    assert_int_equal(occurrences("worker 0 of 0"), 1);
    assert_int_equal(occurrences("worker 1 of 1"), 1);
    assert_int_equal(occurrences("worker 2 of 2"), 1);
    assert_int_equal(occurrences("[20] child"), 3);
    assert_int_equal(occurrences("exited normally"), 3);
}

TEST(one_for_each_cpu)
{
    char expected[64];
    assert_true(gale_cpu_count() >= 1);
    if (gale_cpu_count() > 4)
        return; /* more than `common` has room for */
    assert_int_equal(run(&(supervised){ 0, -1, say_id }), 0);
    snprintf(expected, sizeof expected, "Starting %d processes", gale_cpu_count());
    assert_int_equal(occurrences(expected), 1);
}

static int crash_twice(int id, int start_count)
{
    if (id == 0 && start_count == 0)
        return 3;
    if (id == 0 && start_count == 1)
        raise(SIGKILL);
    say("worker %d done\n", id);
    return 0;
}

/* Tornado: test_multi_process */
TEST(children_that_crash_are_started_again)
{
    double began = now();
    assert_int_equal(run(&(supervised){ 2, 2, crash_twice }), 0);
    assert_int_equal(occurrences("[30] child 0 (pid "), 2);
    assert_int_equal(occurrences(") exited with status 3, restarting"), 1);
    assert_int_equal(occurrences(") killed by signal 9, restarting"), 1);
    assert_int_equal(occurrences("worker 0 done"), 1);
    assert_int_equal(occurrences("worker 1 done"), 1);
    assert_true(now() - began >= 0.3); /* they died young: 0.1 and 0.2 s */
}

static int crash_or_wait(int id, int start_count)
{
    (void)start_count;
    if (id == 0)
        return 1;
    pause();
    return 0;
}

TEST(too_many_restarts_end_everything)
{
    assert_int_equal(run(&(supervised){ 2, 2, crash_or_wait }), 1);
    assert_int_equal(occurrences("[40] Too many child restarts, giving up"), 1);
    assert_int_equal(occurrences("exited with status 1"), 3);
    assert_int_equal(occurrences("child 1 (pid "), 1);
    assert_int_equal(occurrences("killed by signal 15\n"), 1);
}

/* ---- Signals --------------------------------------------------------------------------- */

TEST(a_stop_signal_reaches_the_children)
{
    static const int signals[] = { SIGTERM, SIGINT };
    for (int i = 0; i < 2; i++) {
        pid_t supervisor = start(&(supervised){ 2, -1, run_loop });
        wait_for(&common->loops[0]);
        wait_for(&common->loops[1]);
        kill(supervisor, signals[i]);
        assert_int_equal(finish(supervisor), 0);
        assert_int_equal(occurrences("worker 0 stopped: 0"), 1);
        assert_int_equal(occurrences("worker 1 stopped: 0"), 1);
        assert_int_equal(occurrences("exited normally"), 2);
        assert_int_equal(occurrences("restarting"), 0);
    }
}

static int wait_for_ever(int id, int start_count)
{
    (void)id;
    (void)start_count;
    pause();
    return 0;
}

TEST(after_a_stop_signal_nothing_is_restarted)
{
    pid_t supervisor = start(&(supervised){ 1, -1, wait_for_ever });
    wait_for(&common->starts[0]);
    kill(supervisor, SIGTERM);
    assert_int_equal(finish(supervisor), 0);
    assert_int_equal(occurrences("killed by signal 15\n"), 1);
}

static int wait_for_other_start(int id, int start_count)
{
    if (start_count == 0)
        pause();
    say("worker %d again\n", id);
    return 0;
}

TEST(a_hang_up_is_handed_on)
{
    pid_t supervisor = start(&(supervised){ 2, -1, wait_for_other_start });
    wait_for(&common->starts[0]);
    wait_for(&common->starts[1]);
    kill(supervisor, SIGHUP);
    assert_int_equal(finish(supervisor), 0);
    assert_int_equal(occurrences("killed by signal 1, restarting"), 2);
    assert_int_equal(occurrences(" again"), 2);
}

TEST(workers_stop_when_their_supervisor_has_gone)
{
    pid_t supervisor = start(&(supervised){ 2, -1, serve_until_stopped });
    wait_for(&common->loops[0]);
    wait_for(&common->loops[1]);
    usleep(50000);
    kill(supervisor, SIGKILL);
    collect();
    assert_int_equal(waitpid(supervisor, NULL, 0), supervisor);
    assert_int_equal(occurrences("[30] worker 0 stops: its supervisor has gone"), 1);
    assert_int_equal(occurrences("worker 0 stopped: 0"), 1);
    assert_int_equal(occurrences("worker 1 stopped: 0"), 1);
}

/* ---- Refusals -------------------------------------------------------------------------- */

static int fork_again(int id, int start_count)
{
    (void)id;
    (void)start_count;
    int result = gale_fork_processes(2, -1);
    say("again: %d %s\n", result, gale_error_detail());
    return 0;
}

TEST(a_child_forks_no_children)
{
    assert_int_equal(run(&(supervised){ 1, -1, fork_again }), 0);
    assert_int_equal(occurrences("again: -10008 gale_fork_processes: this is a child already"), 1);
}

TEST(no_fork_once_a_loop_has_run)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    gale_ioloop_stop(loop);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_error(gale_fork_processes(2, -1), GALE_ESTATE);
    assert_non_null(strstr(gale_error_detail(), "the loop has run already"));
    gale_ioloop_free(loop);
}

static int do_nothing(void *arg)
{
    (void)arg;
    return 0;
}

static void *wait_in_thread(void *arg)
{
    pthread_mutex_lock(arg);
    pthread_mutex_unlock(arg);
    return NULL;
}

TEST(no_fork_with_a_second_thread)
{
    if (GALE__TSAN) /* it has a thread of its own and cannot tell */
        return;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    pthread_mutex_lock(&mutex);
    assert_int_equal(pthread_create(&thread, NULL, wait_in_thread, &mutex), 0);
    assert_error(gale_fork_processes(2, -1), GALE_ESTATE);
    assert_non_null(strstr(gale_error_detail(), "a thread runs already"));
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

/* ---- Servers --------------------------------------------------------------------------- */

static int serve(const int *sockets, int count)
{
    gale_tcp_server *server = gale_tcp_server_new(say_worker, NULL, NULL);
    if (!server || gale_tcp_server_add_sockets(server, sockets, count) < 0)
        return 5;
    int result = gale_ioloop_start(gale_ioloop_current());
    gale_ioloop_free(gale_ioloop_current());
    return result;
}

static int sockets[GALE_BIND_SOCKETS_MAX], socket_count;
static gale_worker_sockets *worker_sockets;

static int serve_shared(int id, int start_count)
{
    (void)id;
    (void)start_count;
    return serve(sockets, socket_count);
}

static int serve_own(int id, int start_count)
{
    int own[GALE_BIND_SOCKETS_MAX];
    (void)id;
    (void)start_count;
    int count = gale_worker_sockets_take(worker_sockets, own);
    return count < 0 ? 6 : serve(own, count);
}

static int connect_to(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static char answer_of(int fd)
{
    char id = '-';
    assert_int_equal(read(fd, &id, 1), 1);
    close(fd);
    return id;
}

/* Tornado: test_add_sockets */
TEST(workers_share_sockets)
{
    gale_bind_options options = { .address = "127.0.0.1" };
    socket_count = gale_bind_sockets(0, &options, sockets);
    assert_int_equal(socket_count, 1);
    pid_t supervisor = start(&(supervised){ 2, -1, serve_shared });
    for (int i = 0; i < 10; i++) {
        char id = answer_of(connect_to(gale_socket_port(sockets[0])));
        assert_true(id == '0' || id == '1');
    }
    gale_close_sockets(sockets, socket_count);
    kill(supervisor, SIGTERM);
    assert_int_equal(finish(supervisor), 0);
}

/* Tornado: test_listen_multi_reuse_port. Connections to a worker that has just died wait. */
TEST(workers_with_sockets_of_their_own)
{
    enum { CLIENTS = 40 };
    int clients[CLIENTS], answers[2] = { 0, 0 };
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_ok(gale_worker_sockets_bind(2, 0, &options, &worker_sockets));
    int first[GALE_BIND_SOCKETS_MAX];
    supervised both = { 2, -1, serve_own };
    pid_t supervisor = start(&both);
    assert_int_equal(gale_worker_sockets_take(worker_sockets, first), 1);
    int port = gale_socket_port(first[0]);
    close(first[0]);
    wait_for(&common->starts[0]);
    wait_for(&common->starts[1]);
    kill(atomic_load(&common->pids[0]), SIGKILL);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = connect_to(port);
    for (int i = 0; i < CLIENTS; i++)
        answers[answer_of(clients[i]) - '0']++;
    assert_true(answers[0] > 0 && answers[1] > 0);
    assert_int_equal(atomic_load(&common->starts[0]), 2);
    kill(supervisor, SIGTERM);
    assert_int_equal(finish(supervisor), 0);
    assert_int_equal(occurrences("child 0 (pid "), 2);
}

TEST(sets_of_worker_sockets)
{
    gale_worker_sockets *all;
    assert_error(gale_worker_sockets_bind(0, 0, NULL, &all), GALE_EINVALID);
    assert_error(gale_worker_sockets_bind(2, 65536, NULL, &all), GALE_EINVALID);
    assert_ok(gale_worker_sockets_bind(3, 0, NULL, &all));
    gale_worker_sockets_free(all);
    gale_worker_sockets_free(NULL);
    test_fail_allocation(1);
    assert_error(gale_worker_sockets_bind(3, 0, NULL, &all), -ENOMEM);
    test_fail_allocation(0);
}

static int serve_bound(int id, int start_count)
{
    (void)start_count;
    say("worker %d\n", id);
    gale_ioloop_free(gale_ioloop_current());
    return 0;
}

/* Tornado: test_bind_start */
TEST(bind_and_start_of_a_server_forks)
{
    assert_int_equal(pipe(words), 0);
    output[0] = '\0';
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(words[0]);
        alarm(30);
        gale_tcp_server *server = gale_tcp_server_new(say_worker, NULL, NULL);
        if (gale_tcp_server_bind(server, 0, &(gale_bind_options){ .address = "127.0.0.1" }) < 0 ||
            gale_tcp_server_start(server, 3, -1) < 0 ||
            gale_ioloop_run_sync(gale_ioloop_current(), do_nothing, NULL, 0) < 0)
            _exit(7);
        _exit(serve_bound(gale_task_id(), 0));
    }
    close(words[1]);
    common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(finish(pid), 0);
    assert_int_equal(occurrences("worker"), 3);
    assert_int_equal(occurrences("worker 0"), 1);
    assert_int_equal(occurrences("worker 2"), 1);
}

GALE_TEST_MAIN
