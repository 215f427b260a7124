/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues: a store of items, and those who wait to get, to put and to join. Getters wait only
 * while the store is empty and putters only while it is full; room for the item of the first
 * putter is reserved, so that a get cannot fail for want of memory.
 */
#include <gale/queues.h>

#include <errno.h>

#include "gen/queue_store.h"
#include "gen/task.h"

struct gale_queue {
    gale__queue_store store;
    int maxsize;                 /* 0: no limit */
    size_t unfinished;           /* items put and not told to be done */
    gale__list getters, putters; /* of item_wait.waiter.link */
    gale__list joiners;
};

typedef struct item_wait {
    gale__waiter waiter;
    void *item; /* to put, or what was got */
} item_wait;

static gale_queue *queue_new(int maxsize, gale__queue_order order, gale_queue_compare compare)
{
    if (maxsize < 0) {
        gale__fail(GALE_EINVALID, "maxsize can't be negative");
        return NULL;
    }
    gale_queue *queue = GALE__NEW(gale_queue);
    if (!queue)
        return NULL;
    gale__queue_store_init(&queue->store, order, compare);
    queue->maxsize = maxsize;
    gale__list_init(&queue->getters);
    gale__list_init(&queue->putters);
    gale__list_init(&queue->joiners);
    return queue;
}

gale_queue *gale_queue_new(int maxsize)
{
    return queue_new(maxsize, GALE__QUEUE_FIFO, NULL);
}

gale_queue *gale_priority_queue_new(int maxsize, gale_queue_compare compare)
{
    return queue_new(maxsize, GALE__QUEUE_PRIORITY, compare);
}

gale_queue *gale_lifo_queue_new(int maxsize)
{
    return queue_new(maxsize, GALE__QUEUE_LIFO, NULL);
}

void gale_queue_free(gale_queue *queue)
{
    if (!queue)
        return;
    gale__wake_all(&queue->getters, GALE_ECANCELED);
    gale__wake_all(&queue->putters, GALE_ECANCELED);
    gale__wake_all(&queue->joiners, GALE_ECANCELED);
    gale__queue_store_clear(&queue->store);
    gale__free(queue);
}

int gale_queue_maxsize(const gale_queue *queue)
{
    return queue->maxsize;
}

size_t gale_queue_qsize(const gale_queue *queue)
{
    return queue->store.count;
}

bool gale_queue_empty(const gale_queue *queue)
{
    return queue->store.count == 0;
}

bool gale_queue_full(const gale_queue *queue)
{
    return queue->maxsize > 0 && queue->store.count >= (size_t)queue->maxsize;
}

/* ---- Putting and getting ---------------------------------------------------------------- */

static item_wait *pop_wait(gale__list *waits)
{
    gale__list *link = gale__list_pop(waits);
    return link ? GALE__CONTAINER_OF(link, item_wait, waiter.link) : NULL;
}

static int wait_in(gale__list *waits, item_wait *wait)
{
    GALE_TRY(gale__wait_begin(&wait->waiter, gale__waiter_unlink));
    gale__list_append(waits, &wait->waiter.link);
    return gale__wait_end(&wait->waiter);
}

int gale_queue_put_nowait(gale_queue *queue, void *item)
{
    if (gale_queue_full(queue))
        return GALE_EFULL;
    item_wait *getter = pop_wait(&queue->getters);
    if (getter) {
        getter->item = item;
        gale__wake(&getter->waiter, 0);
    } else {
        GALE_TRY(gale__queue_store_reserve(&queue->store, queue->store.count + 1));
        gale__queue_store_push(&queue->store, item);
    }
    queue->unfinished++;
    return 0;
}

int gale_queue_put(gale_queue *queue, void *item)
{
    int result = gale_queue_put_nowait(queue, item);
    if (result != GALE_EFULL)
        return result;
    GALE_TRY(gale__queue_store_reserve(&queue->store, queue->store.count + 1));
    item_wait wait = { .item = item };
    return wait_in(&queue->putters, &wait);
}

static void let_putter_in(gale_queue *queue)
{
    item_wait *putter = pop_wait(&queue->putters);
    if (!putter)
        return;
    gale__queue_store_push(&queue->store, putter->item);
    queue->unfinished++;
    gale__wake(&putter->waiter, 0);
}

int gale_queue_get_nowait(gale_queue *queue, void **ret_item)
{
    if (gale_queue_empty(queue))
        return GALE_EEMPTY;
    let_putter_in(queue); /* before an item is taken: its own may be the one that comes first */
    *ret_item = gale__queue_store_pop(&queue->store);
    return 0;
}

int gale_queue_get(gale_queue *queue, void **ret_item)
{
    if (gale_queue_get_nowait(queue, ret_item) == 0)
        return 0;
    item_wait wait = { .item = NULL };
    GALE_TRY(wait_in(&queue->getters, &wait));
    *ret_item = wait.item;
    return 0;
}

/* ---- Joining --------------------------------------------------------------------------- */

int gale_queue_task_done(gale_queue *queue)
{
    if (queue->unfinished == 0)
        return gale__fail(GALE_ESTATE, "task_done() called too many times");
    if (--queue->unfinished == 0)
        gale__wake_all(&queue->joiners, 0);
    return 0;
}

int gale_queue_join(gale_queue *queue)
{
    return queue->unfinished == 0 ? 0 : gale__wait_in(&queue->joiners);
}
