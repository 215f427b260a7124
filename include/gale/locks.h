/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/locks.h: how tasks of one loop wait for each other. Tornado's counterpart:
 * tornado.locks.
 *
 * Not for threads: all of this belongs to the loop's thread. Waiters are served in the order in
 * which they came, in a later turn. What a waiter is woken with is its own from that moment: a
 * cancellation that comes afterwards loses no permit and no notification; and what need not
 * wait succeeds even in a cancelled task. Waiting takes no memory.
 *
 * No call has a timeout: a deadline belongs to a scope. Tornado's `acquire(timeout=...)`, which
 * raises TimeoutError, is gale_with_timeout around the call, which returns GALE_ETIMEDOUT.
 *
 * Freeing an object that tasks wait for ends their waits with GALE_ECANCELED.
 */
#ifndef GALE_LOCKS_H
#define GALE_LOCKS_H

#include <gale/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Event ----------------------------------------------------------------------------- */

/** A flag that tasks wait for. */
typedef struct gale_event gale_event;

/** An event that is not set. NULL when out of memory. Tornado: locks.Event. */
GALE_API gale_event *gale_event_new(void);
/** NULL is allowed. */
GALE_API void gale_event_free(gale_event *event);
/** Tornado: Event.is_set. */
GALE_API bool gale_event_is_set(const gale_event *event);
/** Sets the flag and wakes all waiters; they wake also when it is cleared at once.
 * Tornado: Event.set. */
GALE_API void gale_event_set(gale_event *event);
/** Clears the flag: from now on tasks wait again. Tornado: Event.clear. */
GALE_API void gale_event_clear(gale_event *event);
/** Waits until the flag is set; at once when it is. Returns 0, GALE_ECANCELED or GALE_ENOTASK.
 * Tornado: Event.wait. */
GALE_API GALE_SUSPENDS int gale_event_wait(gale_event *event);

/* ---- Condition ------------------------------------------------------------------------- */

/** Where tasks wait until they are notified. It remembers nothing: what is notified while
 * nobody waits is lost. */
typedef struct gale_condition gale_condition;

/** NULL when out of memory. Tornado: locks.Condition. */
GALE_API gale_condition *gale_condition_new(void);
/** NULL is allowed. */
GALE_API void gale_condition_free(gale_condition *condition);
/**
 * Waits until it is notified. Returns 0, GALE_ECANCELED or GALE_ENOTASK. Where Tornado's wait
 * with a timeout gives False, gale_with_timeout around this call returns GALE_ETIMEDOUT.
 * Tornado: Condition.wait.
 */
GALE_API GALE_SUSPENDS int gale_condition_wait(gale_condition *condition);
/** Wakes the first `n` waiters, or as many as there are; who was cancelled does not count.
 * Tornado: Condition.notify. */
GALE_API void gale_condition_notify(gale_condition *condition, size_t n);
/** Wakes all waiters. Tornado: Condition.notify_all. */
GALE_API void gale_condition_notify_all(gale_condition *condition);

/* ---- Semaphore ------------------------------------------------------------------------- */

/** A number of permits. */
typedef struct gale_semaphore gale_semaphore;

/** A semaphore with `value` permits. NULL when out of memory or when `value` is negative.
 * Tornado: locks.Semaphore. */
GALE_API gale_semaphore *gale_semaphore_new(int value);
/** One that refuses to be released above `value`. Tornado: locks.BoundedSemaphore. */
GALE_API gale_semaphore *gale_bounded_semaphore_new(int value);
/** NULL is allowed. */
GALE_API void gale_semaphore_free(gale_semaphore *semaphore);
/** Takes a permit; waits while there is none. Returns 0, GALE_ECANCELED or GALE_ENOTASK (then
 * no permit was taken). Tornado: Semaphore.acquire. */
GALE_API GALE_SUSPENDS int gale_semaphore_acquire(gale_semaphore *semaphore);
/** Hands a permit to the first waiter, or keeps it. Returns 0, or GALE_ESTATE when that would
 * lift a bounded semaphore above its first value. Tornado: Semaphore.release,
 * BoundedSemaphore.release. */
GALE_API int gale_semaphore_release(gale_semaphore *semaphore);
/**
 * Acquires, and releases when the innermost open scope closes, however it closes. Returns as
 * gale_semaphore_acquire does, or -ENOMEM. Tornado: async with semaphore.
 */
GALE_API GALE_SUSPENDS int gale_semaphore_hold(gale_semaphore *semaphore);

/* ---- Lock ------------------------------------------------------------------------------ */

/** A lock of one task at a time. Any task may release it; the one that holds it and acquires it
 * again waits for ever. */
typedef struct gale_lock gale_lock;

/** An unlocked lock. NULL when out of memory. Tornado: locks.Lock. */
GALE_API gale_lock *gale_lock_new(void);
/** NULL is allowed. */
GALE_API void gale_lock_free(gale_lock *lock);
/** Locks it; waits while it is locked. Returns 0, GALE_ECANCELED or GALE_ENOTASK.
 * Tornado: Lock.acquire. */
GALE_API GALE_SUSPENDS int gale_lock_acquire(gale_lock *lock);
/** Hands it to the first waiter, or unlocks it. Returns 0, or GALE_ESTATE when it is not
 * locked. Tornado: Lock.release. */
GALE_API int gale_lock_release(gale_lock *lock);
/** Acquires, and releases when the innermost open scope closes, however it closes. Returns as
 * gale_lock_acquire does, or -ENOMEM. Tornado: async with lock. */
GALE_API GALE_SUSPENDS int gale_lock_hold(gale_lock *lock);

#ifdef __cplusplus
}
#endif

#endif
