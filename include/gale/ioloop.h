/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/ioloop.h: the event loop. Tornado's counterpart: tornado.ioloop.
 *
 * One loop a thread. What belongs to a loop is touched by its thread only, but for
 * gale_ioloop_add_callback (any thread) and gale_ioloop_add_callback_from_signal (signal
 * handlers). One turn of the loop, in this order:
 *
 *   1. the callbacks and tasks that were ready when the turn began,
 *   2. the timeouts that are due, by deadline, then in the order they were added,
 *   3. the descriptors that are ready: their callbacks, streams and connections,
 *   4. what was logged is written.
 *
 * Callbacks run on the loop's own stack and must not wait; gale_ioloop_spawn_callback starts a
 * task, which may.
 */
#ifndef GALE_IOLOOP_H
#define GALE_IOLOOP_H

#include <gale/core.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gale_ioloop gale_ioloop;

/** A callback of the loop; `arg` is what was given with it. */
typedef void (*gale_callback)(void *arg);
/** The function of a task: it may call what suspends. Returns 0, a count or a negative code. */
typedef int (*gale_task_function)(void *arg);

/** Events of a descriptor. Tornado: ioloop.IOLoop.READ, WRITE, ERROR, NONE. */
enum {
    GALE_IOLOOP_NONE = 0,
    GALE_IOLOOP_READ = 0x001,
    GALE_IOLOOP_WRITE = 0x004,
    GALE_IOLOOP_ERROR = 0x018
};

/** Options of a loop. Zero is the default of each. */
typedef struct gale_ioloop_options {
    /** Do not install handlers for SIGINT and SIGTERM, which stop the loop gracefully. */
    bool no_stop_signals;
    /** Do not ignore SIGPIPE. */
    bool keep_sigpipe;
    /** Do not report a fatal signal (stack overflow of a task by name) on standard error. */
    bool no_fault_report;
    /** Seconds that handlers may go on after a stop was asked for; 0 means 10, GALE_NONE no
     * limit. */
    double shutdown_timeout;
    /** Bytes of stack of each task; 0 means 256 KiB. */
    size_t stack_size;
    /** Seconds after which a callback or task that held the loop is logged by name; 0 means
     * off. asyncio: slow_callback_duration. */
    double slow_callback_duration;
    /** Threads of the default executor; 0 means five for each CPU. */
    int executor_threads;
    void *reserved_[4];
} gale_ioloop_options;

/* ---- The loop -------------------------------------------------------------------------- */

/**
 * The loop of this thread, made with default options when there is none yet. NULL only when
 * out of memory. Tornado: ioloop.IOLoop.current.
 */
GALE_API gale_ioloop *gale_ioloop_current(void);
/** The loop of this thread, or NULL. Tornado: IOLoop.current(instance=False). */
GALE_API gale_ioloop *gale_ioloop_current_or_null(void);
/**
 * Makes a loop, which becomes this thread's current one. `options` are copied. Returns NULL
 * when out of memory or when this thread has a loop already (gale_error_detail says which).
 */
GALE_API gale_ioloop *gale_ioloop_new(const gale_ioloop_options *options);
/**
 * Closes a loop that is not running and frees it, with all that it owns: applications that
 * listen on it, servers, timeouts, tasks (which are cancelled first). Its thread has no current
 * loop then. NULL is allowed. Tornado: ioloop.IOLoop.close.
 */
GALE_API void gale_ioloop_free(gale_ioloop *loop);
/**
 * Runs the loop until gale_ioloop_stop, or until a signal has stopped it and what was in flight
 * has ended. Returns an exit status: 0, or 1 when something that was asked for before (as
 * gale_application_listen) has failed; then it returns at once. Tornado: IOLoop.start.
 */
GALE_API int gale_ioloop_start(gale_ioloop *loop);
/** Ends gale_ioloop_start after the current turn; before it, after one turn.
 * Tornado: IOLoop.stop. */
GALE_API void gale_ioloop_stop(gale_ioloop *loop);
/**
 * Stops gracefully, as SIGTERM does: servers stop accepting, responses in flight are finished,
 * idle connections are closed; after shutdown_timeout the handlers that still wait are
 * cancelled; then the loop stops.
 */
GALE_API void gale_ioloop_shutdown(gale_ioloop *loop);
/** True while gale_ioloop_start or gale_ioloop_run_sync runs this loop. */
GALE_API bool gale_ioloop_is_running(const gale_ioloop *loop);
/** True once a graceful stop has begun. */
GALE_API bool gale_ioloop_is_stopping(const gale_ioloop *loop);
/** Unix time in seconds, as the loop saw it at the start of its turn. Tornado: IOLoop.time. */
GALE_API double gale_ioloop_time(const gale_ioloop *loop);
/**
 * Runs `function(arg)` in a task, and the loop until the task has ended. Returns its result;
 * GALE_ETIMEDOUT after `timeout` seconds (0: no limit), when the task was cancelled; or
 * GALE_ESTATE when the loop was stopped before it ended. Tornado: IOLoop.run_sync.
 */
GALE_API int gale_ioloop_run_sync(gale_ioloop *loop, gale_task_function function, void *arg,
                                  double timeout);

/* ---- Callbacks ------------------------------------------------------------------------- */

/**
 * Has `callback(arg)` run in the next turn, after those added before. The one call that is
 * allowed from other threads. Returns 0 or -ENOMEM. Tornado: IOLoop.add_callback.
 */
GALE_API GALE_ANY_THREAD int gale_ioloop_add_callback(gale_ioloop *loop, gale_callback callback,
                                                      void *arg);
/**
 * Starts a task that belongs to the loop, not to the caller's scope, and runs
 * `function(arg)`. A negative result is logged. `name` is for logs, not copied, and may be
 * NULL. Returns 0 or -ENOMEM. Tornado: IOLoop.spawn_callback.
 */
GALE_API int gale_ioloop_spawn_callback(gale_ioloop *loop, const char *name,
                                        gale_task_function function, void *arg);
/** A callback registered for signal handlers. */
typedef struct gale_signal_callback gale_signal_callback;
/**
 * Registers a callback that a signal handler may ask for with
 * gale_ioloop_add_callback_from_signal. Owned by the loop. Returns NULL when out of memory.
 */
GALE_API gale_signal_callback *
gale_ioloop_register_signal_callback(gale_ioloop *loop, gale_callback callback, void *arg);
/**
 * Has a registered callback run soon, once for any number of calls before it runs. Safe in
 * signal handlers and from any thread. Tornado: IOLoop.add_callback_from_signal.
 */
GALE_API GALE_ANY_THREAD void gale_ioloop_add_callback_from_signal(gale_signal_callback *callback);
/**
 * Runs `callback(arg)` on the loop each time the process gets signal `signal_number`; NULL
 * gives the signal its former handling back. Returns 0, -EINVAL or -ENOMEM.
 * asyncio: loop.add_signal_handler.
 */
GALE_API int gale_ioloop_set_signal_handler(gale_ioloop *loop, int signal_number,
                                            gale_callback callback, void *arg);

/* ---- Timeouts -------------------------------------------------------------------------- */

/** Names a timeout. It may be kept after the timeout has run: removing it is then harmless. */
typedef struct gale_timeout {
    void *entry_;         /* private */
    uint64_t generation_; /* private */
} gale_timeout;

/**
 * Runs `callback(arg)` after `seconds` (never earlier; at once in the next turn when <= 0).
 * *ret_timeout, which may be NULL, names it for gale_ioloop_remove_timeout. Returns 0 or
 * -ENOMEM. Tornado: IOLoop.call_later.
 */
GALE_API int gale_ioloop_call_later(gale_ioloop *loop, double seconds, gale_callback callback,
                                    void *arg, gale_timeout *ret_timeout);
/** The same at a Unix time, as gale_ioloop_time tells it; a later step of the wall clock does
 * not move it. Tornado: IOLoop.call_at, IOLoop.add_timeout. */
GALE_API int gale_ioloop_call_at(gale_ioloop *loop, double when, gale_callback callback, void *arg,
                                 gale_timeout *ret_timeout);
/** Cancels a timeout; harmless when it has run or was removed. Tornado: IOLoop.remove_timeout. */
GALE_API void gale_ioloop_remove_timeout(gale_ioloop *loop, gale_timeout timeout);

/* ---- Descriptors ----------------------------------------------------------------------- */

/** Called when a descriptor is ready; `events` are GALE_IOLOOP_READ and/or WRITE. A hang-up or
 * an error shows as what was asked for. */
typedef void (*gale_fd_handler)(int fd, unsigned events, void *arg);

/**
 * Watches `fd` (borrowed), level-triggered: a handler that does not drain it is called again.
 * Returns 0, -EEXIST when it is watched already ("fd N added twice"), or another -errno
 * (-EPERM for regular files). Tornado: IOLoop.add_handler.
 */
GALE_API int gale_ioloop_add_handler(gale_ioloop *loop, int fd, gale_fd_handler handler,
                                     unsigned events, void *arg);
/** Replaces the events. GALE_ENOTFOUND when it is not watched. Tornado: IOLoop.update_handler. */
GALE_API int gale_ioloop_update_handler(gale_ioloop *loop, int fd, unsigned events);
/** Stops watching; harmless when it is not watched. Does not close. Call it before the
 * descriptor is closed. Tornado: IOLoop.remove_handler. */
GALE_API void gale_ioloop_remove_handler(gale_ioloop *loop, int fd);

/* ---- Executors ------------------------------------------------------------------------- */

/** A pool of threads for work that blocks. */
typedef struct gale_executor gale_executor;

/** An executor of at most `threads` threads (0: five for each CPU), which start when they are
 * needed. NULL when out of memory. Tornado: concurrent.futures.ThreadPoolExecutor. */
GALE_API gale_executor *gale_executor_new(int threads);
/** Waits for the running work, and frees. NULL is allowed. */
GALE_API void gale_executor_free(gale_executor *executor);
/** The executor for a NULL argument of gale_run_in_executor; borrowed until the loop is freed.
 * Tornado: IOLoop.set_default_executor. */
GALE_API void gale_ioloop_set_default_executor(gale_ioloop *loop, gale_executor *executor);
/**
 * Runs `function(arg)` in a thread and suspends until it has ended; returns its result. Work
 * that a thread has begun cannot be cancelled: the call then still waits for it. GALE_ECANCELED
 * when it was cancelled before a thread took it. Tornado: IOLoop.run_in_executor.
 */
GALE_API GALE_SUSPENDS int gale_run_in_executor(gale_executor *executor,
                                                gale_task_function function, void *arg);

/* ---- Periodic callbacks ---------------------------------------------------------------- */

typedef struct gale_periodic_callback gale_periodic_callback;

/**
 * A callback that runs every `callback_time` milliseconds once started. It runs in a task and
 * may wait; the next run is scheduled when it has ended, on the first multiple of the period
 * that lies ahead (missed ones are skipped). `jitter` spreads each period by a random factor of
 * 1 ± jitter/2. A negative result is logged and the timer goes on. Returns NULL when out of
 * memory or when callback_time <= 0. Tornado: ioloop.PeriodicCallback.
 */
GALE_API gale_periodic_callback *gale_periodic_callback_new(gale_task_function function, void *arg,
                                                            double callback_time, double jitter);
/** Stops and frees, also from within its own callback. NULL is allowed. */
GALE_API void gale_periodic_callback_free(gale_periodic_callback *periodic);
/** Starts; the first run comes after one period. On the current loop.
 * Tornado: PeriodicCallback.start. */
GALE_API int gale_periodic_callback_start(gale_periodic_callback *periodic);
/** Stops; a run that has begun goes on. Tornado: PeriodicCallback.stop. */
GALE_API void gale_periodic_callback_stop(gale_periodic_callback *periodic);
/** Tornado: PeriodicCallback.is_running. */
GALE_API bool gale_periodic_callback_is_running(const gale_periodic_callback *periodic);

#ifdef __cplusplus
}
#endif

#endif
