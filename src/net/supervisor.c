/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor of worker processes. It takes its signals from a descriptor, with all of them
 * blocked, so that it has no signal handlers and no races with them; and polls that, a channel to
 * each worker, and the pipe of a successor.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gale/log.h>
#include <gale/process.h>

#include "core/error.h"
#include "core/memory.h"
#include "net/inherited.h"
#include "net/notify.h"
#include "net/readiness.h"
#include "net/upgrade.h"
#include "net/worker.h"
#include "net/worker_mail.h"
#include "platform/clock.h"

static const int64_t SECOND = 1000000000;
static const int64_t LEAST_PAUSE = SECOND / 10, MOST_PAUSE = 5 * SECOND;
static const int64_t KILLED_AFTER = 10 * SECOND; /* a successor that does not end by itself */

/* Which descriptor is polled where. */
enum { POLL_SIGNALS, POLL_SUCCESSOR, POLL_CHILDREN };

typedef struct child {
    pid_t pid;       /* 0 when it does not run */
    int channel;     /* to it, or -1 */
    bool ready;      /* it has said so, */
    bool serves;     /* or this; then it hears what it is told */
    int64_t started; /* monotonic */
    int64_t pause;   /* before the next restart, when it dies young again */
    int64_t due;     /* when it is started again; 0: not */
} child;

typedef struct supervisor {
    child *children;
    struct pollfd *polled;
    int count, alive;
    int restarts, max_restarts;
    bool ending, gave_up;
    bool announced; /* all of them were ready at once */
    bool succeeded; /* a successor serves */
    gale__successor successor;
    int64_t successor_deadline; /* INT64_MAX: it was killed */
    bool successor_given_up;    /* it was asked to end */
    int64_t watchdog_period, watchdog_due;
    int signal_fd;
    sigset_t former;
    struct sigaction former_child_action;
} supervisor;

/* ---- Starting children ------------------------------------------------------------------ */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* What is the supervisor's, in a child. */
static void leave_supervisor(supervisor *self)
{
    int ready_fd = gale__inherited_ready_fd();
    close_fd(&ready_fd);
    close_fd(&self->signal_fd);
    close_fd(&self->successor.ready_fd);
    for (int i = 0; i < self->count; i++)
        close_fd(&self->children[i].channel);
    sigaction(SIGCHLD, &self->former_child_action, NULL);
    sigprocmask(SIG_SETMASK, &self->former, NULL);
}

/* Returns 0 in the child, its pid in the supervisor, or -errno. */
static pid_t fork_child(supervisor *self, int number)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return -errno;
    gale_log_flush(); /* and stdio: what is buffered is written once, by the supervisor */
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        leave_supervisor(self);
        gale__worker_become(number, ends[1]);
        gale__worker_mail_become(number);
        return 0;
    }
    int error = -errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return error;
    }
    self->children[number].channel = ends[0];
    return pid;
}

/* Returns 1 in the child. */
static int start_child(supervisor *self, int number)
{
    child *started = &self->children[number];
    pid_t pid = fork_child(self, number);
    if (pid == 0)
        return 1;
    started->due = 0;
    started->ready = started->serves = false;
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

/* Starts what is due. Returns 1 in a child. */
static int restart_due(supervisor *self)
{
    int64_t now = gale__clock_monotonic();
    for (int i = 0; i < self->count; i++)
        if (self->children[i].due && self->children[i].due <= now && start_child(self, i))
            return 1;
    return 0;
}

/* ---- Their end -------------------------------------------------------------------------- */

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

static void give_up(supervisor *self, const char *why)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%s, giving up", why);
    self->gave_up = true;
    stop_restarting(self);
    signal_children(self, SIGTERM);
}

static void schedule_restart(supervisor *self, child *dead)
{
    if (self->ending)
        return;
    if (!self->announced && gale__inherited_is_awaited()) {
        give_up(self, "A child of this upgrade has ended before all were ready");
        return;
    }
    if (++self->restarts > self->max_restarts) {
        give_up(self, "Too many child restarts");
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
    dead->ready = dead->serves = false;
    close_fd(&dead->channel);
    gale__worker_mail_ended(number);
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

/* ---- The successor ---------------------------------------------------------------------- */

static void forget_successor(supervisor *self)
{
    close_fd(&self->successor.ready_fd);
    self->successor.pid = 0;
}

static void begin_upgrade(supervisor *self)
{
    const char *why = self->successor.pid ? "another one is under way"
                      : self->ending      ? "this process is ending"
                      : !self->announced  ? "not all children are ready yet"
                                          : NULL;
    if (why) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "no upgrade: %s", why);
        return;
    }
    self->successor_given_up = false;
    if (gale__successor_start(&self->successor) == 0)
        self->successor_deadline =
            gale__clock_monotonic() +
            (int64_t)(gale__upgrade_options()->start_timeout * (double)SECOND);
}

/* Those that do not serve would not hear of it. */
static void retire_children(supervisor *self)
{
    for (int i = 0; i < self->count; i++) {
        child *one = &self->children[i];
        if (one->pid && !(one->serves && send(one->channel, GALE__RETIRE, 1, MSG_NOSIGNAL) == 1))
            kill(one->pid, SIGTERM);
    }
}

static void on_successor(supervisor *self)
{
    char word;
    ssize_t size = read(self->successor.ready_fd, &word, 1);
    if (size == 1 && word == *GALE__SERVES) {
        gale__successor_serves(&self->successor);
        self->succeeded = true;
        stop_restarting(self);
        retire_children(self);
        forget_successor(self);
    } else if (size >= 0 || (errno != EAGAIN && errno != EINTR)) {
        close_fd(&self->successor.ready_fd); /* its end is told by waitpid */
    }
}

static void check_successor_deadline(supervisor *self)
{
    int64_t now = gale__clock_monotonic();
    if (!self->successor.pid || now < self->successor_deadline)
        return;
    if (!self->successor_given_up) {
        self->successor_given_up = true;
        gale__successor_give_up(&self->successor);
        close_fd(&self->successor.ready_fd);
        self->successor_deadline = now + KILLED_AFTER;
    } else {
        kill(self->successor.pid, SIGKILL);
        self->successor_deadline = INT64_MAX;
    }
}

static void reap_successor(supervisor *self)
{
    int status;
    if (!self->successor.pid || waitpid(self->successor.pid, &status, WNOHANG) <= 0)
        return;
    if (!self->successor_given_up)
        gale__successor_log_end(&self->successor,
                                WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
    forget_successor(self);
}

/* Looks at its own children only: others may belong to a library. */
static void reap(supervisor *self)
{
    int status;
    for (int i = 0; i < self->count; i++)
        if (self->children[i].pid && waitpid(self->children[i].pid, &status, WNOHANG) > 0)
            child_ended(self, i, status);
    reap_successor(self);
}

/* ---- What comes in ---------------------------------------------------------------------- */

static void on_stop_signal(supervisor *self, const struct signalfd_siginfo *info)
{
    if (!self->succeeded)
        gale__notify_manager("STOPPING=1");
    stop_restarting(self);
    if (self->successor.pid) {
        kill(self->successor.pid, SIGTERM);
        self->successor_given_up = true;
    }
    /* A signal from the terminal goes to the children without our help. */
    if (info->ssi_code != SI_KERNEL)
        signal_children(self, info->ssi_signo == SIGHUP ? SIGTERM : (int)info->ssi_signo);
}

static void on_signal(supervisor *self, const struct signalfd_siginfo *info)
{
    if (info->ssi_signo == SIGUSR2)
        begin_upgrade(self);
    else if (info->ssi_signo == SIGHUP && info->ssi_code != SI_KERNEL)
        signal_children(self, SIGHUP);
    else if (info->ssi_signo != SIGCHLD)
        on_stop_signal(self, info);
}

static void take_signals(supervisor *self)
{
    struct signalfd_siginfo info;
    while (read(self->signal_fd, &info, sizeof info) == sizeof info)
        on_signal(self, &info);
}

static void child_is_ready(supervisor *self, child *one)
{
    one->ready = true;
    for (int i = 0; i < self->count; i++)
        if (!self->children[i].ready)
            return;
    if (self->announced)
        return;
    self->announced = true;
    gale__readiness_announce();
}

static void on_child(supervisor *self, child *one)
{
    char word;
    ssize_t size = read(one->channel, &word, 1);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
        close_fd(&one->channel);
    if (size != 1)
        return;
    one->serves = one->serves || word == *GALE__SERVES;
    if (word == *GALE__UPGRADE)
        begin_upgrade(self);
    else
        child_is_ready(self, one);
}

static void pet_watchdog(supervisor *self)
{
    if (!self->watchdog_period || gale__clock_monotonic() < self->watchdog_due)
        return;
    gale__notify_manager("WATCHDOG=1");
    self->watchdog_due = gale__clock_monotonic() + self->watchdog_period;
}

/* When there is something to do whatever comes; INT64_MAX: never. */
static int64_t next_deadline(const supervisor *self)
{
    int64_t next = INT64_MAX;
    for (int i = 0; i < self->count; i++)
        if (self->children[i].due && self->children[i].due < next)
            next = self->children[i].due;
    if (self->successor.pid && self->successor_deadline < next)
        next = self->successor_deadline;
    if (self->watchdog_period && self->watchdog_due < next)
        next = self->watchdog_due;
    return next;
}

static void wait_for_news(supervisor *self)
{
    int64_t left = next_deadline(self) - gale__clock_monotonic();
    int timeout = left <= 0 ? 0 : left > 3600 * SECOND ? -1 : (int)((left + 999999) / 1000000);
    self->polled[POLL_SIGNALS].fd = self->signal_fd;
    self->polled[POLL_SUCCESSOR].fd = self->successor.ready_fd;
    for (int i = 0; i < self->count; i++)
        self->polled[POLL_CHILDREN + i].fd = self->children[i].channel;
    if (poll(self->polled, (nfds_t)(POLL_CHILDREN + self->count), timeout) <= 0)
        return;
    if (self->polled[POLL_SIGNALS].revents)
        take_signals(self);
    if (self->polled[POLL_SUCCESSOR].revents && self->successor.ready_fd >= 0)
        on_successor(self);
    for (int i = 0; i < self->count; i++)
        if (self->polled[POLL_CHILDREN + i].revents && self->children[i].channel >= 0)
            on_child(self, &self->children[i]);
}

/* ---- The supervisor --------------------------------------------------------------------- */

static bool is_over(const supervisor *self)
{
    for (int i = 0; i < self->count; i++)
        if (self->children[i].due)
            return false;
    return self->alive == 0;
}

/* Returns in a child. */
static void supervise(supervisor *self)
{
    for (;;) {
        gale_log_flush();
        if (restart_due(self))
            return;
        if (is_over(self))
            break;
        wait_for_news(self);
        reap(self);
        check_successor_deadline(self);
        pet_watchdog(self);
    }
    gale_log_flush();
    exit(self->gave_up);
}

static int block_signals(supervisor *self)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    sigset_t taken;
    sigemptyset(&taken);
    sigaddset(&taken, SIGCHLD);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGHUP);
    if (gale__readiness_takes_signal())
        sigaddset(&taken, SIGUSR2);
    self->signal_fd = signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
    if (self->signal_fd < 0)
        return -errno;
    sigprocmask(SIG_BLOCK, &taken, &self->former);
    sigaction(SIGCHLD, &action, &self->former_child_action);
    return 0;
}

static int init(supervisor *self)
{
    self->children = gale__calloc((size_t)self->count, sizeof(child));
    self->polled = gale__calloc((size_t)self->count + POLL_CHILDREN, sizeof(struct pollfd));
    if (!self->children || !self->polled)
        return -ENOMEM;
    GALE_TRY(block_signals(self));
    for (int i = 0; i < self->count; i++)
        self->children[i] = (child){ .due = 1, .pause = LEAST_PAUSE, .channel = -1 };
    for (int i = 0; i < POLL_CHILDREN + self->count; i++)
        self->polled[i].events = POLLIN;
    self->watchdog_period = gale__notify_watchdog();
    return 0;
}

/* They can do without. */
static void open_mail(int workers)
{
    int result = workers > 1 ? gale__worker_mail_open(workers) : 0;
    if (result < 0)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING,
                 "what one process publishes will not reach the others: %s", gale_strerror(result));
}

int gale__supervise(int count, int max_restarts)
{
    supervisor self = {
        .count = count, .max_restarts = max_restarts, .signal_fd = -1, .successor.ready_fd = -1
    };
    int result = init(&self);
    if (result == 0) {
        gale__inherited_close_rest();
        open_mail(count);
        supervise(&self);
        result = gale_task_id();
    }
    gale__free(self.children);
    gale__free(self.polled);
    return result;
}
