/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers of the tests of supervisors, each of which runs in a process of its own: log lines and
 * workers' words come through a pipe.
 */
#ifndef GALE_NET_PROCESS_TEST_H
#define GALE_NET_PROCESS_TEST_H

#include "net/net_test.h"

#include <gale/process.h>
#include <gale/tcpserver.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

static int ready_fd = -1; /* where a supervisor tells its predecessor; or -1 */

/* What all processes of a test see. */
typedef struct shared {
    atomic_int starts[4]; /* of each worker */
    atomic_int loops[4];  /* its loops that have begun to run */
    atomic_int pids[4];
} shared;

static shared *common;
static int words[2]; /* the pipe */
static char output[65536];

static inline void say(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (write(words[1], text, (size_t)size) < 0)
        _exit(99);
}

static inline void say_line(const gale_log_record *record, void *arg)
{
    (void)arg;
    say("[%d] %.*s\n", (int)record->level, (int)record->size, record->message);
}

typedef struct supervised {
    int workers, max_restarts;
    int (*work)(int id, int start); /* returns the exit status of a worker */
} supervised;

static inline void supervise(const supervised *self)
{
    gale_log_set_level(GALE_LOG_INFO);
    gale_log_set_hook(say_line, NULL);
    int id = gale_fork_processes(self->workers, self->max_restarts);
    if (id < 0) {
        say("failed: %s\n", gale_error_detail());
        _exit(98);
    }
    atomic_store(&common->pids[id], getpid());
    _exit(self->work(id, atomic_fetch_add(&common->starts[id], 1)));
}

/* Returns the pid of the supervisor. */
static inline pid_t start(const supervised *self)
{
    common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(common, MAP_FAILED);
    assert_int_equal(pipe(words), 0);
    output[0] = '\0';
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(words[0]);
        alarm(30);
        if (ready_fd >= 0) {
            words[1] = dup2(words[1], 60);
            dup2(ready_fd, 3);
            close(ready_fd);
        }
        supervise(self);
    }
    close(words[1]);
    return pid;
}

/* Waits for more output; false at its end, which comes with the last process. */
static inline bool read_more(void)
{
    size_t size = strlen(output);
    ssize_t more = read(words[0], output + size, sizeof output - 1 - size);
    output[size + (size_t)(more > 0 ? more : 0)] = '\0';
    return more > 0;
}

/* Collects the output to its end. */
static inline void collect(void)
{
    while (read_more())
        continue;
    close(words[0]);
    munmap(common, sizeof *common);
}

/* The same; returns the exit status. */
static inline int finish(pid_t supervisor)
{
    int status;
    collect();
    assert_int_equal(waitpid(supervisor, &status, 0), supervisor);
    if (!WIFEXITED(status))
        fail_msg("it was killed by signal %d; it said:\n%s", WTERMSIG(status), output);
    return WEXITSTATUS(status);
}

static inline int run(const supervised *self)
{
    return finish(start(self));
}

static inline void wait_for(atomic_int *counter)
{
    for (int i = 0; i < 1500 && atomic_load(counter) < 1; i++)
        usleep(10000);
    assert_true(atomic_load(counter) >= 1);
}

static inline int occurrences(const char *text)
{
    int count = 0;
    for (const char *at = output; (at = strstr(at, text)); at++)
        count++;
    return count;
}

static inline double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- Workers that serve ----------------------------------------------------------------- */

static inline int say_worker(gale_iostream *stream, const gale_address *address, void *arg)
{
    char id = (char)('0' + gale_task_id());
    (void)address;
    (void)arg;
    return gale_iostream_write(stream, &id, 1);
}

static inline void loop_runs(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static inline int run_loop(int id, int start_count)
{
    (void)start_count;
    gale_ioloop_add_callback(gale_ioloop_current(), loop_runs, &common->loops[id]);
    int result = gale_ioloop_start(gale_ioloop_current());
    say("worker %d stopped: %d\n", id, result);
    gale_ioloop_free(gale_ioloop_current());
    return 0;
}

/* Serves on a socket of its own until it is stopped. */
static inline int serve_until_stopped(int id, int start_count)
{
    gale_tcp_server *server = gale_tcp_server_new(say_worker, NULL, NULL);
    gale_bind_options options = { .address = "127.0.0.1" };
    (void)start_count;
    if (gale_tcp_server_listen(server, 0, &options) < 0)
        return 5;
    int result = run_loop(id, 0);
    return result;
}

#endif
