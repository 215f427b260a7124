/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children: their streams, and their end. The kernel tells of the end by a pidfd; where there is
 * none, by SIGCHLD, which then belongs to the loop while it has children. Only children of this
 * file are waited for, each by its pid: others belong to others. A pid is ours until it
 * was waited for, so that no signal goes astray.
 */
#include "net/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gale/log.h>
#include <gale/process.h>

#include "core/error.h"
#include "gen/task.h"

enum { STATUS_LOST = 255 };

struct gale_subprocess {
    gale__io io; /* the pidfd, or none */
    gale__list link;
    gale_ioloop *loop;
    pid_t pid;
    int returncode;
    bool ended, freed;
    int waiting; /* tasks in wait_for_exit, which look at it once more */
    gale_iostream *streams[3];
    gale__list waiters;
    gale_exit_callback callback;
    void *arg;
    gale__callback run;
    char name[];
};

bool gale__subprocess_without_pidfd;

/* ---- The end of a child ----------------------------------------------------------------- */

static void stop_watching(gale_subprocess *self)
{
    if (self->io.fd >= 0)
        self->loop->operations->end(self->loop->backend, &self->io, true);
}

/* Once it is freed, has ended, and nobody looks at it any more. */
static void destroy_if_unused(gale_subprocess *self)
{
    if (!self->freed || !self->ended || self->waiting > 0)
        return;
    gale__loop_uncall(&self->run);
    gale__free(self);
}

static bool watches_signal(const gale__net *net)
{
    for (gale__list *link = net->subprocesses.next; link != &net->subprocesses; link = link->next)
        if (GALE__CONTAINER_OF(link, gale_subprocess, link)->io.fd < 0)
            return true;
    return false;
}

static int returncode_of(const gale_subprocess *self, pid_t waited, int status)
{
    if (waited < 0) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING,
                 "the exit status of '%s' (pid %d) is lost: somebody else has waited for it",
                 self->name, self->pid);
        return STATUS_LOST;
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void reap(gale_subprocess *self)
{
    int status = 0;
    pid_t waited = waitpid(self->pid, &status, WNOHANG);
    if (waited == 0 || (waited < 0 && errno == EINTR))
        return;
    bool by_signal = self->io.fd < 0;
    self->returncode = returncode_of(self, waited, status);
    self->ended = true;
    stop_watching(self);
    gale__list_remove(&self->link);
    if (by_signal && !watches_signal(gale__net_of(self->loop)))
        gale_ioloop_set_signal_handler(self->loop, SIGCHLD, NULL, NULL);
    gale__wake_all(&self->waiters, 0);
    if (self->callback)
        gale__loop_call(self->loop, &self->run);
    destroy_if_unused(self);
}

static void on_pidfd(gale__io *io, unsigned events)
{
    (void)events;
    reap(GALE__CONTAINER_OF(io, gale_subprocess, io));
}

static const gale__io_handlers pidfd_handlers = { .ready = on_pidfd };

static void on_child_signal(void *arg)
{
    gale__net *net = arg;
    for (gale__list *link = net->subprocesses.next, *next; link != &net->subprocesses;
         link = next) {
        next = link->next;
        gale_subprocess *child = GALE__CONTAINER_OF(link, gale_subprocess, link);
        if (child->io.fd < 0)
            reap(child);
    }
}

static int watch_signal(gale_subprocess *self)
{
    GALE_TRY(gale_ioloop_set_signal_handler(self->loop, SIGCHLD, on_child_signal,
                                            gale__net_of(self->loop)));
    kill(getpid(), SIGCHLD); /* it may have ended before */
    return 0;
}

static int watch(gale_subprocess *self)
{
    int fd = gale__subprocess_without_pidfd ? -1 : (int)syscall(SYS_pidfd_open, self->pid, 0);
    if (fd < 0)
        return watch_signal(self);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    self->io = (gale__io){ .handlers = &pidfd_handlers, .fd = fd };
    return self->loop->operations->watch(self->loop->backend, &self->io, GALE__WATCH_READ);
}

void gale__subprocesses_abandon(gale__net *net)
{
    for (gale__list *link; (link = gale__list_pop(&net->subprocesses));) {
        gale_subprocess *child = GALE__CONTAINER_OF(link, gale_subprocess, link);
        stop_watching(child);
        waitpid(child->pid, NULL, WNOHANG);
        child->ended = true;
        destroy_if_unused(child);
    }
}

/* ---- Streams ---------------------------------------------------------------------------- */

/* A close-on-exec descriptor above the standard three; takes `fd` over. */
static int lift(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int lifted = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    close(fd);
    errno = error;
    return lifted;
}

static int or_error(int fd)
{
    return fd < 0 ? -errno : fd;
}

/* Makes a pipe, of which the child gets the end that is returned. */
static int open_pipe(gale_subprocess *self, int which, const gale_iostream_options *options)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    bool is_input = which == STDIN_FILENO;
    int ours = ends[is_input], theirs = or_error(lift(ends[!is_input]));
    self->streams[which] = theirs < 0 ? NULL : gale_pipe_iostream_new(ours, options);
    if (self->streams[which])
        return theirs;
    close(ours);
    if (theirs < 0)
        return theirs;
    close(theirs);
    return -ENOMEM;
}

static int open_file(gale_subprocess *self, int which, int wanted,
                     const gale_iostream_options *options)
{
    if (wanted == 0)
        return -1;
    if (wanted == GALE_SUBPROCESS_STREAM)
        return open_pipe(self, which, options);
    if (wanted == GALE_SUBPROCESS_DEVNULL)
        return or_error(lift(open("/dev/null", O_RDWR | O_CLOEXEC)));
    return or_error(fcntl(wanted, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

static void close_files(const gale__spawn_files *files)
{
    for (int i = 0; i < 3; i++)
        if (files->fds[i] >= 0)
            close(files->fds[i]);
}

/* On failure what was opened stays in `files`. */
static int open_files(gale_subprocess *self, const gale_subprocess_options *options,
                      gale__spawn_files *files)
{
    const int wanted[3] = { options->stdin_fd, options->stdout_fd, options->stderr_fd };
    *files = (gale__spawn_files){ .fds = { -1, -1, -1 },
                                  .stderr_is_stdout = wanted[2] == GALE_SUBPROCESS_STDOUT };
    for (int i = 0; i < 3; i++) {
        if (wanted[i] == 0 || (i == STDERR_FILENO && files->stderr_is_stdout))
            continue;
        if (wanted[i] < GALE_SUBPROCESS_DEVNULL || wanted[i] == GALE_SUBPROCESS_STDOUT)
            return GALE_EINVALID;
        int fd = open_file(self, i, wanted[i], &options->stream);
        if (fd < 0)
            return fd;
        files->fds[i] = fd;
    }
    return 0;
}

static void free_streams(gale_subprocess *self)
{
    for (int i = 0; i < 3; i++) {
        gale_iostream_free(self->streams[i]);
        self->streams[i] = NULL;
    }
}

/* ---- Making and freeing ----------------------------------------------------------------- */

static void run_exit_callback(gale__callback *callback)
{
    gale_subprocess *self = GALE__CONTAINER_OF(callback, gale_subprocess, run);
    gale_exit_callback function = self->callback;
    self->callback = NULL;
    if (function)
        function(self->returncode, self->arg);
}

static gale_subprocess *make(const char *name)
{
    gale_ioloop *loop = gale_ioloop_current();
    size_t size = strlen(name) + 1;
    if (!loop || !gale__net_of(loop) || gale__loop_open_backend(loop) < 0)
        return NULL;
    gale_subprocess *self = gale__calloc(1, sizeof *self + size);
    if (!self)
        return NULL;
    self->loop = loop;
    self->io.fd = -1;
    self->run.run = run_exit_callback;
    gale__list_init(&self->waiters);
    memcpy(self->name, name, size);
    return self;
}

/* A child that cannot be watched must not be. */
static int begin_watching(gale_subprocess *self)
{
    gale__list_append(&gale__net_of(self->loop)->subprocesses, &self->link);
    int result = watch(self);
    if (result >= 0)
        return 0;
    gale__list_remove(&self->link);
    stop_watching(self);
    kill(self->pid, SIGKILL);
    waitpid(self->pid, NULL, 0);
    return result;
}

static int start(gale_subprocess *self, const char *const *arguments,
                 const gale_subprocess_options *options)
{
    gale__spawn_files files;
    int result = open_files(self, options, &files);
    if (result == 0)
        result = self->pid = gale__spawn(arguments[0], arguments, options, &files);
    close_files(&files);
    return result < 0 ? result : begin_watching(self);
}

int gale_subprocess_new(const char *const *arguments, const gale_subprocess_options *options,
                        gale_subprocess **ret_subprocess)
{
    static const gale_subprocess_options defaults;
    if (!arguments[0])
        return gale__fail(GALE_EINVALID, "there is no program to run");
    gale_subprocess *self = make(arguments[0]);
    if (!self)
        return -ENOMEM;
    int result = start(self, arguments, options ? options : &defaults);
    if (result < 0) {
        free_streams(self);
        gale__free(self);
        return gale__fail(result, "cannot run '%s': %s", arguments[0], gale_strerror(result));
    }
    *ret_subprocess = self;
    return 0;
}

int gale__subprocess_adopt(pid_t pid, const char *name, gale_subprocess **ret_subprocess)
{
    gale_subprocess *self = make(name);
    if (!self) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return -ENOMEM;
    }
    self->pid = pid;
    int result = begin_watching(self);
    if (result < 0)
        gale__free(self);
    else
        *ret_subprocess = self;
    return result;
}

void gale_subprocess_free(gale_subprocess *self)
{
    if (!self)
        return;
    self->freed = true;
    self->callback = NULL;
    free_streams(self);
    gale__wake_all(&self->waiters, GALE_ECLOSED);
    destroy_if_unused(self);
}

/* ---- State and waiting ------------------------------------------------------------------ */

gale_iostream *gale_subprocess_stdin(gale_subprocess *self)
{
    return self->streams[STDIN_FILENO];
}

gale_iostream *gale_subprocess_stdout(gale_subprocess *self)
{
    return self->streams[STDOUT_FILENO];
}

gale_iostream *gale_subprocess_stderr(gale_subprocess *self)
{
    return self->streams[STDERR_FILENO];
}

pid_t gale_subprocess_pid(const gale_subprocess *self)
{
    return self->pid;
}

bool gale_subprocess_returncode(const gale_subprocess *self, int *ret_returncode)
{
    if (self->ended && ret_returncode)
        *ret_returncode = self->returncode;
    return self->ended;
}

int gale_subprocess_send_signal(gale_subprocess *self, int signal_number)
{
    if (self->ended)
        return -ESRCH;
    return kill(self->pid, signal_number) == 0 ? 0 : -errno;
}

void gale_subprocess_set_exit_callback(gale_subprocess *self, gale_exit_callback callback,
                                       void *arg)
{
    self->callback = callback;
    self->arg = arg;
    if (callback && self->ended)
        gale__loop_call(self->loop, &self->run);
}

static int check_returncode(const gale_subprocess *self)
{
    if (self->returncode == 0)
        return 0;
    if (self->returncode < 0)
        return gale__fail(GALE_EPROCESS, "'%s' was killed by signal %d", self->name,
                          -self->returncode);
    return gale__fail(GALE_EPROCESS, "'%s' exited with status %d", self->name, self->returncode);
}

static int wait_until_ended(gale_subprocess *self)
{
    self->waiting++;
    int result = gale__wait_in(&self->waiters);
    self->waiting--;
    if (!self->freed)
        return result;
    destroy_if_unused(self);
    return result < 0 ? result : GALE_ECLOSED;
}

int gale_subprocess_wait_for_exit(gale_subprocess *self, int *ret_returncode)
{
    if (!self->ended)
        GALE_TRY(wait_until_ended(self));
    if (!ret_returncode)
        return check_returncode(self);
    *ret_returncode = self->returncode;
    return 0;
}
