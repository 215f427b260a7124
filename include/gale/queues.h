/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/queues.h: queues between the tasks of one loop. Tornado's counterpart: tornado.queues.
 *
 * Not for threads. Items are pointers that the queue only carries: what they point to stays
 * yours, also of those that are left when the queue is freed. NULL is an item like any other.
 *
 * Waiting getters and putters are served in the order in which they came. A get that was
 * served returns its item, and a put that was served 0, also when a cancellation comes at that
 * moment; a put that was cancelled has not added its item. As in gale/locks.h, deadlines are
 * scopes, what need not wait succeeds in a cancelled task, and freeing ends all waits with
 * GALE_ECANCELED.
 */
#ifndef GALE_QUEUES_H
#define GALE_QUEUES_H

#include <gale/core.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gale_queue gale_queue;

/** Negative when `a` comes out before `b`, 0 when they are equal, positive otherwise. */
typedef int (*gale_queue_compare)(const void *a, const void *b);

/** A queue, first in first out, of at most `maxsize` items; 0: no limit. NULL when out of
 * memory or when `maxsize` is negative. Tornado: queues.Queue. */
GALE_API gale_queue *gale_queue_new(int maxsize);
/** A queue from which the lowest item comes first; equal ones as they were put.
 * Tornado: queues.PriorityQueue. */
GALE_API gale_queue *gale_priority_queue_new(int maxsize, gale_queue_compare compare);
/** A queue from which the newest item comes first. Tornado: queues.LifoQueue. */
GALE_API gale_queue *gale_lifo_queue_new(int maxsize);
/** NULL is allowed. */
GALE_API void gale_queue_free(gale_queue *queue);

/** The limit it was made with; 0: none. Tornado: Queue.maxsize. */
GALE_API int gale_queue_maxsize(const gale_queue *queue);
/** How many items are in it. Tornado: Queue.qsize. */
GALE_API size_t gale_queue_qsize(const gale_queue *queue);
/** Tornado: Queue.empty. */
GALE_API bool gale_queue_empty(const gale_queue *queue);
/** True when it has a limit, which is reached. Tornado: Queue.full. */
GALE_API bool gale_queue_full(const gale_queue *queue);

/** Adds an item; waits while the queue is full. Returns 0; or GALE_ECANCELED, GALE_ENOTASK or
 * -ENOMEM, when it was not added. Tornado: Queue.put. */
GALE_API GALE_SUSPENDS int gale_queue_put(gale_queue *queue, void *item);
/** Adds an item. Returns 0, GALE_EFULL or -ENOMEM. Tornado: Queue.put_nowait, QueueFull. */
GALE_API int gale_queue_put_nowait(gale_queue *queue, void *item);
/** Takes an item; waits while the queue is empty. Returns 0 and *ret_item, or GALE_ECANCELED or
 * GALE_ENOTASK. Tornado: Queue.get; its iteration is a loop around this. */
GALE_API GALE_SUSPENDS int gale_queue_get(gale_queue *queue, void **ret_item);
/** Takes an item. Returns 0 and *ret_item, or GALE_EEMPTY.
 * Tornado: Queue.get_nowait, QueueEmpty. */
GALE_API int gale_queue_get_nowait(gale_queue *queue, void **ret_item);

/** Tells that an item that was taken has been dealt with. Returns 0, or GALE_ESTATE when called
 * more often than items were put. Tornado: Queue.task_done. */
GALE_API int gale_queue_task_done(gale_queue *queue);
/** Waits until gale_queue_task_done was called for every item. Returns 0, GALE_ECANCELED or
 * GALE_ENOTASK. Tornado: Queue.join. */
GALE_API GALE_SUSPENDS int gale_queue_join(gale_queue *queue);

#ifdef __cplusplus
}
#endif

#endif
