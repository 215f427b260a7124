/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor of worker processes. It takes its signals from sigtimedwait, with SIGCHLD,
 * SIGTERM and SIGINT blocked, so that it has no signal handlers and no races with them.
 */
#include <gale/process.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gale/ioloop.h>
#include <gale/log.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/sanitize.h"
#include "loop/executor.h"
#include "loop/loop.h"
#include "platform/clock.h"

enum { MAX_RESTARTS = 100 };
static const int64_t SECOND = 1000000000;
static const int64_t LEAST_PAUSE = SECOND / 10, MOST_PAUSE = 5 * SECOND;

typedef struct child {
    pid_t pid;       /* 0 when it does not run */
    int64_t started; /* monotonic */
    int64_t pause;   /* before the next restart, when it dies young again */
    int64_t due;     /* when it is started again; 0: not */
} child;

typedef struct supervisor {
    child *children;
    int count, alive;
    int restarts, max_restarts;
    bool ending, gave_up;
    sigset_t waited, former;
    struct sigaction former_child_action;
} supervisor;

static int task_id = -1;

int gale_task_id(void)
{
    return task_id;
}

int gale_cpu_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}

/* ---- The children ---------------------------------------------------------------------- */

/* Returns 0 in the child, its pid in the supervisor, or -errno. */
static pid_t fork_child(supervisor *self, int number)
{
    gale_log_flush(); /* and stdio: what is buffered is written once, by the supervisor */
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid > 0)
        return pid;
    task_id = number;
    sigaction(SIGCHLD, &self->former_child_action, NULL);
    sigprocmask(SIG_SETMASK, &self->former, NULL);
    return 0;
}

/* Returns 1 in the child. */
static int start_child(supervisor *self, int number)
{
    child *started = &self->children[number];
    pid_t pid = fork_child(self, number);
    if (pid == 0)
        return 1;
    started->due = 0;
    if (pid < 0) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "cannot start child %d: %s", number,
                 gale_strerror(pid));
        started->due = gale__clock_monotonic() + SECOND;
        return 0;
    }
    started->pid = pid;
    started->started = gale__clock_monotonic();
    self->alive++;
    return 0;
}

static void signal_children(const supervisor *self, int signal_number)
{
    for (int i = 0; i < self->count; i++)
        if (self->children[i].pid)
            kill(self->children[i].pid, signal_number);
}

static void stop_restarting(supervisor *self)
{
    self->ending = true;
    for (int i = 0; i < self->count; i++)
        self->children[i].due = 0;
}

static void schedule_restart(supervisor *self, child *dead)
{
    if (self->ending)
        return;
    if (++self->restarts > self->max_restarts) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "Too many child restarts, giving up");
        self->gave_up = true;
        stop_restarting(self);
        signal_children(self, SIGTERM);
        return;
    }
    int64_t now = gale__clock_monotonic();
    bool died_young = now - dead->started < SECOND;
    int64_t pause = died_young ? dead->pause : 0;
    dead->due = now + pause;
    dead->pause = died_young && pause * 2 < MOST_PAUSE ? pause * 2 : MOST_PAUSE;
    if (!died_young)
        dead->pause = LEAST_PAUSE;
}

static void child_ended(supervisor *self, int number, int status)
{
    child *dead = &self->children[number];
    int pid = dead->pid;
    const char *next = self->ending ? "" : ", restarting";
    dead->pid = 0;
    self->alive--;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "child %d (pid %d) exited normally", number, pid);
        return;
    }
    if (WIFSIGNALED(status))
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "child %d (pid %d) killed by signal %d%s",
                 number, pid, WTERMSIG(status), next);
    else
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "child %d (pid %d) exited with status %d%s",
                 number, pid, WEXITSTATUS(status), next);
    schedule_restart(self, dead);
}

/* Looks at its own children only: others may belong to a library. */
static void reap(supervisor *self)
{
    int status;
    for (int i = 0; i < self->count; i++)
        if (self->children[i].pid && waitpid(self->children[i].pid, &status, WNOHANG) > 0)
            child_ended(self, i, status);
}

/* Starts what is due. Returns 1 in a child; in the supervisor 0, and *ret_next is when the next
 * one is due, or INT64_MAX. */
static int restart_due(supervisor *self, int64_t *ret_next)
{
    int64_t now = gale__clock_monotonic();
    *ret_next = INT64_MAX;
    for (int i = 0; i < self->count; i++) {
        child *dead = &self->children[i];
        if (dead->due && dead->due <= now && start_child(self, i))
            return 1;
        if (dead->due && dead->due < *ret_next)
            *ret_next = dead->due;
    }
    return 0;
}

/* ---- The supervisor -------------------------------------------------------------------- */

/* A signal from the terminal goes to the children without our help. */
static void on_signal(supervisor *self, const siginfo_t *info)
{
    if (info->si_signo == SIGCHLD)
        return;
    stop_restarting(self);
    if (info->si_code != SI_KERNEL)
        signal_children(self, info->si_signo);
}

static void wait_for_signal(supervisor *self, int64_t next)
{
    siginfo_t info;
    int64_t left = next == INT64_MAX ? 3600 * SECOND : next - gale__clock_monotonic();
    left = left > 0 ? left : 0;
    struct timespec timeout = { (time_t)(left / SECOND), (long)(left % SECOND) };
    if (sigtimedwait(&self->waited, &info, &timeout) > 0)
        on_signal(self, &info);
}

static bool is_over(const supervisor *self, int64_t next)
{
    return self->alive == 0 && next == INT64_MAX;
}

/* Returns in a child. */
static void supervise(supervisor *self)
{
    int64_t next;
    for (;;) {
        gale_log_flush();
        if (restart_due(self, &next))
            return;
        if (is_over(self, next))
            break;
        wait_for_signal(self, next);
        reap(self);
    }
    gale_log_flush();
    exit(self->gave_up);
}

static void take_signals(supervisor *self)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    sigemptyset(&self->waited);
    sigaddset(&self->waited, SIGCHLD);
    sigaddset(&self->waited, SIGTERM);
    sigaddset(&self->waited, SIGINT);
    sigprocmask(SIG_BLOCK, &self->waited, &self->former);
    sigaction(SIGCHLD, &action, &self->former_child_action);
}

/* Each thread is a folder, which links to its parent. */
static bool has_threads(void)
{
    struct stat status;
    if (GALE__TSAN) /* which has a thread of its own */
        return gale__executor_threads_exist() > 0;
    return stat("/proc/self/task", &status) == 0 && status.st_nlink > 3;
}

static int check_state(void)
{
    gale_ioloop *loop = gale_ioloop_current_or_null();
    if (task_id >= 0)
        return gale__fail(GALE_ESTATE, "gale_fork_processes: this is a child already");
    if (loop && (loop->has_run || loop->backend))
        return gale__fail(GALE_ESTATE, "gale_fork_processes: the loop has run already; fork first");
    if (has_threads())
        return gale__fail(GALE_ESTATE, "gale_fork_processes: a thread runs already; fork first");
    return 0;
}

int gale_fork_processes(int processes, int max_restarts)
{
    GALE_TRY(check_state());
    int count = processes > 0 ? processes : gale_cpu_count();
    supervisor self = { .count = count,
                        .max_restarts = max_restarts < 0 ? MAX_RESTARTS : max_restarts };
    self.children = gale__calloc((size_t)count, sizeof(child));
    if (!self.children)
        return -ENOMEM;
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "Starting %d processes", count);
    take_signals(&self);
    for (int i = 0; i < count; i++)
        self.children[i] = (child){ .due = 1, .pause = LEAST_PAUSE };
    supervise(&self);
    gale__free(self.children);
    return task_id;
}
