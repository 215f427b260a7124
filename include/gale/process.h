/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/process.h: worker processes under a supervisor, their upgrade, subprocesses, and what is
 * said to a service manager. Tornado's counterpart: tornado.process.
 *
 * With sockets that all workers share:
 *
 *     int sockets[GALE_BIND_SOCKETS_MAX];
 *     int count = gale_bind_sockets(8888, NULL, sockets);
 *     if (count < 0 || gale_fork_processes(0, -1) < 0)
 *         return 1;
 *     gale_tcp_server_add_sockets(server, sockets, count);
 *
 * With sockets of its own for each worker, among which the kernel spreads connections, and which
 * the supervisor keeps, so that a connection waits while its worker is restarted:
 *
 *     int workers = gale_cpu_count();
 *     gale_worker_sockets *all;
 *     if (gale_worker_sockets_bind(workers, 8888, NULL, &all) < 0 ||
 *         gale_fork_processes(workers, -1) < 0)
 *         return 1;
 *     count = gale_worker_sockets_take(all, sockets);
 */
#ifndef GALE_PROCESS_H
#define GALE_PROCESS_H

#include <gale/core.h>
#include <gale/iostream.h>
#include <gale/netutil.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Workers --------------------------------------------------------------------------- */

/** The processors that are online; at least 1. Tornado: process.cpu_count. */
GALE_API GALE_ANY_THREAD int gale_cpu_count(void);

/**
 * Makes this process the supervisor of `processes` (< 1: one for each CPU) copies of itself, in
 * each of which it returns the copy's number, from 0 on. The supervisor stays inside:
 *
 *   - A child that is killed by a signal or exits with another status than 0 is started again
 *     with its number, at once, or after a growing pause (0.1 s to 5 s) when it has lived less than
 *     a second. One that exits with 0 is not.
 *   - After more than `max_restarts` restarts in total (< 0: 100) it ends the other children.
 *   - SIGTERM and SIGINT are handed on to the children, which are then no longer restarted.
 *   - SIGHUP is handed on to the children; from a terminal that has gone it ends them.
 *   - SIGUSR2 starts the program anew: see gale_upgrade.
 *   - When no child is left it exits: with 0, or with 1 after too many restarts.
 *
 * Nothing that the children start before they return from here is known to the supervisor, and
 * it must have no loop that has run and no second thread: a child would have half of either. A
 * child whose supervisor has gone stops gracefully. Returns in the children only; or, before any
 * child was made, GALE_ESTATE for these reasons or inside a child, or -ENOMEM. A child that cannot
 * be made is tried again each second. Tornado: process.fork_processes.
 */
GALE_API int gale_fork_processes(int processes, int max_restarts);

/** The number of this process among its supervisor's children, or -1. Tornado: process.task_id. */
GALE_API int gale_task_id(void);

/** A set of listening sockets for each worker. */
typedef struct gale_worker_sockets gale_worker_sockets;

/**
 * Opens `workers` sets of sockets as gale_bind_sockets does, all of them on the same port, with
 * SO_REUSEPORT; before gale_fork_processes. Returns 0, the error of gale_bind_sockets, -ENOMEM or
 * GALE_EINVALID for less than one worker.
 */
GALE_API int gale_worker_sockets_bind(int workers, int port, const gale_bind_options *options,
                                      gale_worker_sockets **ret_sockets);
/**
 * In a worker: stores the descriptors of its set (of set 0 outside a worker) in `sockets`, which
 * has room for GALE_BIND_SOCKETS_MAX, closes all others, and frees `all`. Returns how many they
 * are, or GALE_EINVALID when there is no such set.
 */
GALE_API int gale_worker_sockets_take(gale_worker_sockets *all, int *sockets);
/** Closes all of them and frees. NULL is allowed. */
GALE_API void gale_worker_sockets_free(gale_worker_sockets *all);

/* ---- Upgrades -------------------------------------------------------------------------- */

/** Options of upgrades. Zero is the default of each; text is borrowed for ever. */
typedef struct gale_upgrade_options {
    /** The program that is started, with PATH searched for a name without a slash; NULL: what
     * this one was started as. */
    const char *path;
    /** Its arguments, the first of which is its name, ended by NULL; NULL: those of this one. */
    const char *const *arguments;
    /** Seconds that it may take to begin serving; 0 means 60. */
    double start_timeout;
    /** Seconds that connections without a request may wait for one in the old program, so that
     * no request meets a closed connection; 0 means 10. */
    double idle_timeout;
    /** SIGUSR2 starts no upgrade. */
    bool no_signal;
    void *reserved_[4];
} gale_upgrade_options;

/** Sets the options of later upgrades; before the loop, or gale_fork_processes, runs. Copied; NULL
 * brings the defaults back. */
GALE_API void gale_upgrade_configure(const gale_upgrade_options *options);
/**
 * Starts the program anew, from the file that is there now, and lets it take over the listening
 * sockets, which the kernel never closes meanwhile. The new process finds them when it asks
 * gale_bind_sockets, gale_bind_unix_socket or gale_worker_sockets_bind for the same addresses (not
 * for port 0); what nobody has asked for after ten seconds is closed, and logged. Once it serves,
 * this one stops accepting, answers what is in flight and what still comes on its connections, and
 * ends as from SIGTERM. If the new one fails, or does not serve within start_timeout, it is ended,
 * that is logged, and this one goes on as if nothing had been.
 *
 * In a worker it asks the supervisor, which upgrades as a whole: new workers first. SIGUSR2 does
 * the same, in every process whose loop serves a socket, and in supervisors, unless the signal was
 * handled otherwise before. Returns 0 once it has begun, GALE_ESTATE while another upgrade is
 * under way, GALE_ENOTFOUND or -errno when the program cannot be started, which is logged, too.
 */
GALE_API int gale_upgrade(void);

/* ---- The service manager --------------------------------------------------------------- */

/*
 * Under systemd (or whatever speaks its protocol) everything is done without being asked for:
 * sockets that were opened for the program are found by gale_bind_sockets and its like, as after
 * an upgrade; READY=1 is sent when the first loop (of a supervisor: of every worker) accepts,
 * STOPPING=1 when a stop begins, MAINPID= after an upgrade, and WATCHDOG=1 while the loop turns.
 */

/**
 * Stores the listening sockets that the service manager has opened under `name` (its unit's
 * FileDescriptorName=; NULL: all of them) and that were not taken yet in `sockets`, which has
 * room for `capacity`. They are the caller's from now on. Returns how many; 0 also when
 * there is no such manager. systemd: sd_listen_fds_with_names.
 */
GALE_API int gale_inherited_sockets(const char *name, int *sockets, int capacity);
/**
 * Tells the service manager `state`: lines as "STATUS=loading" or "READY=1". READY=1 also counts
 * for an upgrade, and in a worker it is told to the supervisor instead, which waits for all: so say
 * it in processes that have no sockets, and in workers of a supervisor of which others have.
 * Returns 1 when it was told, 0 when there is none, or -errno: -EAGAIN when it has not read what it
 * was told before for a second, during which this blocks. systemd: sd_notify.
 */
GALE_API GALE_ANY_THREAD int gale_notify(const char *state);

/* ---- Subprocesses ---------------------------------------------------------------------- */

/** What a child's standard streams are, instead of a descriptor of ours (which is borrowed during
 * the call); 0 means that it inherits ours. */
enum {
    GALE_SUBPROCESS_STREAM = -1, /**< a pipe, whose other end is a stream. Tornado:
                                    process.Subprocess.STREAM */
    GALE_SUBPROCESS_STDOUT = -2, /**< for stderr_fd: where the standard output goes */
    GALE_SUBPROCESS_DEVNULL = -3 /**< /dev/null */
};

/** Options of gale_subprocess_new. Zero is the default of each; all are borrowed during the call.
 */
typedef struct gale_subprocess_options {
    int stdin_fd, stdout_fd, stderr_fd;
    /** "NAME=value", ended by NULL; NULL: ours. */
    const char *const *environment;
    /** The directory that it starts in; NULL: ours. */
    const char *directory;
    /** It is no part of our session: Ctrl-C at the terminal does not reach it. */
    bool start_new_session;
    /** It keeps every descriptor that is not close-on-exec, and not only the standard three. */
    bool inherit_fds;
    /** Of the streams: see gale_iostream_options. */
    gale_iostream_options stream;
    void *reserved_[4];
} gale_subprocess_options;

/** A program that this process has started. Tornado: process.Subprocess. */
typedef struct gale_subprocess gale_subprocess;
/** Called with the exit status of a child, or minus the number of the signal that ended it. */
typedef void (*gale_exit_callback)(int returncode, void *arg);

/**
 * Starts the program `arguments[0]`, with PATH searched when it has no slash, on the current loop.
 * Signals that gale ignores or blocks are as by default in it. Where the kernel has no pidfd
 * (before 5.3), SIGCHLD is the loop's while it has children. Returns 0; or -ENOENT, -EACCES and
 * other -errno, with gale_error_detail as "cannot run 'convert': No such file or directory", when
 * there is no child. Tornado: process.Subprocess.
 */
GALE_API int gale_subprocess_new(const char *const *arguments,
                                 const gale_subprocess_options *options,
                                 gale_subprocess **ret_subprocess);
/** Frees it, with the streams that were not taken, before its loop is freed. A child that still
 * runs goes on, and leaves no zombie behind. What waits for it ends with GALE_ECLOSED. NULL is
 * allowed. */
GALE_API void gale_subprocess_free(gale_subprocess *subprocess);
/** The stream that writes to the child's standard input, or NULL. Borrowed; closing it
 * is the end of its input. A child that writes before it has read everything needs a reader
 * meanwhile: another task. Tornado: Subprocess.stdin. */
GALE_API gale_iostream *gale_subprocess_stdin(gale_subprocess *subprocess);
/** The stream that reads its standard output, or NULL. Borrowed. Tornado: Subprocess.stdout. */
GALE_API gale_iostream *gale_subprocess_stdout(gale_subprocess *subprocess);
/** The stream that reads its standard error, or NULL. Borrowed. Tornado: Subprocess.stderr. */
GALE_API gale_iostream *gale_subprocess_stderr(gale_subprocess *subprocess);
/** Its process id. Tornado: Subprocess.pid. */
GALE_API pid_t gale_subprocess_pid(const gale_subprocess *subprocess);
/** True once it has ended; then *ret_returncode (may be NULL) is its exit status, or minus the
 * number of the signal that ended it. Tornado: Subprocess.returncode. */
GALE_API bool gale_subprocess_returncode(const gale_subprocess *subprocess, int *ret_returncode);
/** Sends it a signal. Returns 0, -ESRCH when it has ended, or another -errno. Python:
 * Popen.send_signal. */
GALE_API int gale_subprocess_send_signal(gale_subprocess *subprocess, int signal_number);
/** Runs `callback` in a turn of the loop once the child has ended, also when it has already;
 * instead of one that was set before. NULL clears it. Tornado: Subprocess.set_exit_callback. */
GALE_API void gale_subprocess_set_exit_callback(gale_subprocess *subprocess,
                                                gale_exit_callback callback, void *arg);
/**
 * Waits until the child has ended. Returns 0, with its returncode in *ret_returncode; when that is
 * NULL, GALE_EPROCESS for any other returncode than 0, and gale_error_detail reads as "'false'
 * exited with status 1". GALE_ECANCELED leaves the child alone; GALE_ECLOSED when it was freed
 * meanwhile. Tornado: Subprocess.wait_for_exit, raise_error.
 */
GALE_API GALE_SUSPENDS int gale_subprocess_wait_for_exit(gale_subprocess *subprocess,
                                                         int *ret_returncode);

#ifdef __cplusplus
}
#endif

#endif
