/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a queue keeps its items in: a ring of which one end or the other is popped, or a heap.
 * Nothing here waits.
 */
#ifndef GALE_GEN_QUEUE_STORE_H
#define GALE_GEN_QUEUE_STORE_H

#include <gale/queues.h>

typedef enum gale__queue_order {
    GALE__QUEUE_FIFO,
    GALE__QUEUE_LIFO,
    GALE__QUEUE_PRIORITY
} gale__queue_order;

typedef struct gale__queue_entry {
    void *item;
    uint64_t number; /* counts pushes: equal items of a heap stay in order */
} gale__queue_entry;

typedef struct gale__queue_store {
    gale__queue_order order;
    gale_queue_compare compare; /* of a heap */
    gale__queue_entry *entries;
    size_t head; /* of the ring; 0 in a heap */
    size_t count;
    size_t capacity; /* 0 or a power of two */
    uint64_t pushed;
} gale__queue_store;

void gale__queue_store_init(gale__queue_store *store, gale__queue_order order,
                            gale_queue_compare compare);
void gale__queue_store_clear(gale__queue_store *store);
/* Makes room for `count` items. Returns 0 or -ENOMEM. */
int gale__queue_store_reserve(gale__queue_store *store, size_t count);
/* Room must have been reserved. */
void gale__queue_store_push(gale__queue_store *store, void *item);
/* The store must not be empty. */
void *gale__queue_store_pop(gale__queue_store *store);

#endif
