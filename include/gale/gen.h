/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/gen.h: tasks, scopes, deadlines, futures. Tornado's counterparts: tornado.gen and
 * tornado.concurrent.
 *
 * A task is a coroutine with a stack of its own: its code calls what waits (GALE_SUSPENDS) and
 * goes on in the next line, while the loop does other work. Tasks belong to scopes:
 *
 *   - A scope does not end before the tasks that were spawned in it.
 *   - Cancelling a scope cancels every task in it: the wait that each is in, and every later
 *     one, returns GALE_ECANCELED. A task ends by returning; nothing is ever torn off a stack.
 *   - Memory from gale_alloc belongs to the innermost open scope and goes with it.
 *   - A deadline belongs to a scope (gale_with_timeout, gale_scope_open), so that no call has
 *     a twin with a timeout.
 *
 * The outermost scope of a handler is its request.
 */
#ifndef GALE_GEN_H
#define GALE_GEN_H

#include <gale/core.h>
#include <gale/ioloop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Tasks ----------------------------------------------------------------------------- */

/**
 * Starts a task in the innermost scope of the calling task; it first runs when the caller
 * waits. Its negative result, if any, is what gale_scope_wait returns. Returns 0, -ENOMEM, or
 * GALE_ENOTASK outside a task (gale_ioloop_spawn_callback works there).
 */
GALE_API int gale_spawn(gale_task_function function, void *arg);
/** The name of the calling task, for logs: that of its handler class, or what was given to
 * gale_scope_spawn; "" outside a task. */
GALE_API const char *gale_task_name(void);
/** True when the calling task has been cancelled: every wait now returns GALE_ECANCELED. */
GALE_API bool gale_task_canceled(void);
/**
 * Keeps `value` under `key` (the address of some static variable) for the calling task and for
 * every task that it spawns from now on. Returns 0, -ENOMEM or GALE_ENOTASK.
 * Python: contextvars.ContextVar.set.
 */
GALE_API int gale_task_set_local(const void *key, void *value);
/** The value kept under `key`, or NULL. Python: contextvars.ContextVar.get. */
GALE_API void *gale_task_local(const void *key);

/** Text that stands in brackets before each message that the calling task, and every task that it
 * spawns from now on, logs: the id of a request. Borrowed: it must live as long as these tasks, or
 * until it is set anew; NULL for none. At most 128 bytes of it are shown. Returns 0, -ENOMEM or
 * GALE_ENOTASK. Python: a logging.Filter over contextvars. */
GALE_API int gale_task_set_log_context(const char *text);

/* ---- Scopes ---------------------------------------------------------------------------- */

typedef struct gale_scope gale_scope;

/** Options of a scope. Zero is the default of each. */
typedef struct gale_scope_options {
    /** Seconds after which the scope is cancelled; 0 means no deadline, < 0 at once. */
    double timeout;
    /** Cancelling an outer scope does not reach into this one. */
    bool shielded;
    /** The first task that fails cancels the scope, and so does closing it with a failure. */
    bool cancel_on_error;
    void *reserved_[2];
} gale_scope_options;

/**
 * Opens a scope inside the calling task's innermost one. NULL outside a task or when out of
 * memory; the calls below take a NULL scope, and those that can fail return -ENOMEM then.
 */
GALE_API gale_scope *gale_scope_open(const gale_scope_options *options);
/** Starts a task in `scope`, which then belongs to it as if gale_spawn had been called with
 * `scope` as the innermost. `name` is borrowed for the task's life and may be NULL. Returns 0,
 * -ENOMEM, GALE_ENOTASK, or GALE_ECANCELED when the scope is cancelled (nothing was started). */
GALE_API int gale_scope_spawn(gale_scope *scope, const char *name, gale_task_function function,
                              void *arg);
/** Waits until all tasks of the scope have ended; returns 0 or the first failure among them, and
 * gale_error_detail is that of the task which failed. GALE_ECANCELED when the caller was
 * cancelled: tasks may then still run. Only for the task that opened it (else GALE_ESTATE). */
GALE_API GALE_SUSPENDS int gale_scope_wait(gale_scope *scope);
/** Cancels the scope: all tasks in it, and the task that opened it while it is inside. What is
 * cancelled may end its waits as it likes; cancelling twice is harmless, as is NULL. */
GALE_API void gale_scope_cancel(gale_scope *scope);
/**
 * Ends the scope: closes those opened inside it, waits for its tasks, runs what was deferred,
 * gives its memory back. Returns `result`; but when that is GALE_ECANCELED, and what cancelled
 * the scope was its own deadline or the first failure of its tasks (cancel_on_error), then
 * GALE_ETIMEDOUT or that failure. Only the task that opened it may close it, and not from what
 * the scope has deferred (else GALE_ESTATE); what a task has left open is closed when it returns.
 */
GALE_API GALE_SUSPENDS int gale_scope_close(gale_scope *scope, int result);

/**
 * Runs `function(arg)` in a scope with a deadline `seconds` from now; 0 or less: only what need
 * not wait succeeds. Returns its result; GALE_ETIMEDOUT when the deadline cancelled it (inside,
 * waits returned GALE_ECANCELED). Tornado: gen.with_timeout.
 */
GALE_API GALE_SUSPENDS int gale_with_timeout(double seconds, gale_task_function function,
                                             void *arg);
/** Runs `function(arg)` so that cancelling the caller does not reach it, at most `seconds`
 * long (0: no limit): clean-up that has to wait. */
GALE_API GALE_SUSPENDS int gale_shield(gale_task_function function, void *arg, double seconds);

/** Runs `function(arg)` when the innermost scope closes, last deferred first, however it
 * closes. It may wait; after a cancellation only inside gale_shield. Returns 0, -ENOMEM (then it
 * ran at once) or GALE_ENOTASK (then it did not run). */
GALE_API int gale_defer(gale_callback function, void *arg);

/** Memory of the innermost scope: given back when it closes, aligned to 16 bytes, zeroed.
 * NULL when out of memory or outside a task. */
GALE_API void *gale_alloc(size_t size);
/** A copy of `text` in the memory of the innermost scope. */
GALE_API char *gale_strdup(const char *text);
/** Formatted text in the memory of the innermost scope. */
GALE_API char *gale_sprintf(const char *format, ...) GALE_PRINTF(1, 2);

/* ---- Waiting --------------------------------------------------------------------------- */

/** Suspends for `seconds`. Returns 0, GALE_ECANCELED or GALE_ENOTASK. Tornado: gen.sleep. */
GALE_API GALE_SUSPENDS int gale_sleep(double seconds);
/** Lets the other ready tasks, and the loop, run once. Returns 0, GALE_ECANCELED or GALE_ENOTASK.
 * Tornado: gen.moment. */
GALE_API GALE_SUSPENDS int gale_moment(void);

/** One call of gale_multi. */
typedef struct gale_call {
    gale_task_function function;
    void *arg;
    int result; /**< what it returned */
} gale_call;

/**
 * Runs all calls at once, each in a task, and waits for every one, also after a failure.
 * Returns 0 or the first failure in the order of `calls`; each result is in its call. Calls that
 * could not be started have -ENOMEM as result. When the caller is cancelled, so are the calls.
 * Tornado: gen.multi.
 */
GALE_API GALE_SUSPENDS int gale_multi(gale_call *calls, size_t count);

/* ---- Futures --------------------------------------------------------------------------- */

/** A result that will come. Reference-counted; belongs to one loop. */
typedef struct gale_future gale_future;

/** A future with one reference. NULL when out of memory. Tornado: concurrent.Future. */
GALE_API gale_future *gale_future_new(void);
/** Adds a reference and returns `future`. */
GALE_API gale_future *gale_future_ref(gale_future *future);
/** Drops a reference; NULL is allowed. */
GALE_API void gale_future_unref(gale_future *future);
/** Resolves it. `value` is borrowed by the future. Returns 0, or GALE_ESTATE when it is done
 * (also when it was cancelled). Tornado: Future.set_result,
 * concurrent.future_set_result_unless_cancelled. */
GALE_API int gale_future_set_result(gale_future *future, void *value);
/** Fails it with a negative code. Returns 0, GALE_ESTATE as above, or GALE_EINVALID when `error`
 * is not negative. Tornado: Future.set_exception,
 * concurrent.future_set_exception_unless_cancelled. */
GALE_API int gale_future_set_error(gale_future *future, int error);
/** Fails it with GALE_ECANCELED. Returns 0, or GALE_ESTATE when it is done.
 * Tornado: Future.cancel. */
GALE_API int gale_future_cancel(gale_future *future);
/** Tornado: Future.done. */
GALE_API bool gale_future_done(const gale_future *future);
/** The result of a future that is done: 0 and *ret_value (may be NULL), or its error;
 * GALE_ESTATE while it is not done. Tornado: Future.result. */
GALE_API int gale_future_result(const gale_future *future, void **ret_value);
/** Waits until it is done; returns as gale_future_result does. A caller's cancellation ends the
 * wait and leaves the future alone. */
GALE_API GALE_SUSPENDS int gale_future_wait(gale_future *future, void **ret_value);
/** Called with the future and `arg`, on the loop. */
typedef void (*gale_future_callback)(gale_future *future, void *arg);
/** Runs `callback` in the next turn once the future is done (also when it is done already). It
 * does not run when the future or the loop goes before that. Returns 0 or -ENOMEM. Tornado:
 * IOLoop.add_future, concurrent.future_add_done_callback. */
GALE_API int gale_future_add_done_callback(gale_future *future, gale_future_callback callback,
                                           void *arg);
/** Copies the outcome of `from` to `to` as soon as it is there, unless `to` is done by then.
 * Returns 0 or -ENOMEM. Tornado: concurrent.chain_future. */
GALE_API int gale_future_chain(gale_future *from, gale_future *to);
/** Waits for all of them, also after a failure; returns 0 or the first failure in their order.
 * Tornado: gen.multi of futures. */
GALE_API GALE_SUSPENDS int gale_future_wait_all(gale_future *const *futures, size_t count);

/** Hands out futures in the order in which they are done. */
typedef struct gale_wait_iterator gale_wait_iterator;

/** An iterator over `futures`, each of which it references. NULL when out of memory.
 * Tornado: gen.WaitIterator. */
GALE_API gale_wait_iterator *gale_wait_iterator_new(gale_future *const *futures, size_t count);
/** Leaves the futures alone; ends waits with GALE_ECANCELED. NULL is allowed. */
GALE_API void gale_wait_iterator_free(gale_wait_iterator *iterator);
/** True when every future was handed out. Tornado: WaitIterator.done. */
GALE_API bool gale_wait_iterator_done(const gale_wait_iterator *iterator);
/**
 * Waits for the next future; *ret_index is its place in the list. Returns as
 * gale_future_result does; a failed future does not end the iteration; GALE_EEMPTY when all
 * were handed out. Tornado: WaitIterator.next, current_index.
 */
GALE_API GALE_SUSPENDS int gale_wait_iterator_next(gale_wait_iterator *iterator, size_t *ret_index,
                                                   void **ret_value);

#ifdef __cplusplus
}
#endif

#endif
