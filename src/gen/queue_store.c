/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/queue_store.h"

#include <errno.h>
#include <string.h>

#include "core/memory.h"

enum { LEAST_CAPACITY = 8 };

void gale__queue_store_init(gale__queue_store *store, gale__queue_order order,
                            gale_queue_compare compare)
{
    *store = (gale__queue_store){ .order = order, .compare = compare };
}

void gale__queue_store_clear(gale__queue_store *store)
{
    gale__free(store->entries);
    gale__queue_store_init(store, store->order, store->compare);
}

/* ---- Room ------------------------------------------------------------------------------ */

static gale__queue_entry *at(const gale__queue_store *store, size_t index)
{
    return &store->entries[(store->head + index) & (store->capacity - 1)];
}

/* Moves the entries, unrolled, to a larger array. */
static int grow(gale__queue_store *store, size_t capacity)
{
    size_t size;
    if (__builtin_mul_overflow(capacity, sizeof *store->entries, &size))
        return -ENOMEM;
    gale__queue_entry *entries = gale__malloc(size);
    if (!entries)
        return -ENOMEM;
    for (size_t i = 0; i < store->count; i++)
        entries[i] = *at(store, i);
    gale__free(store->entries);
    store->entries = entries;
    store->head = 0;
    store->capacity = capacity;
    return 0;
}

int gale__queue_store_reserve(gale__queue_store *store, size_t count)
{
    if (count <= store->capacity)
        return 0;
    size_t capacity = store->capacity ? store->capacity : LEAST_CAPACITY;
    while (capacity < count)
        capacity *= 2;
    return grow(store, capacity);
}

/* ---- The heap: no entry comes before its parent, that of i is (i - 1) / 2 ---------------- */

static bool before(const gale__queue_store *store, size_t a, size_t b)
{
    const gale__queue_entry *first = &store->entries[a], *second = &store->entries[b];
    int order = store->compare(first->item, second->item);
    return order ? order < 0 : first->number < second->number;
}

static void swap(gale__queue_store *store, size_t a, size_t b)
{
    gale__queue_entry entry = store->entries[a];
    store->entries[a] = store->entries[b];
    store->entries[b] = entry;
}

static void sift_up(gale__queue_store *store, size_t i)
{
    for (; i > 0 && before(store, i, (i - 1) / 2); i = (i - 1) / 2)
        swap(store, i, (i - 1) / 2);
}

static size_t least_of_family(const gale__queue_store *store, size_t parent)
{
    size_t least = parent;
    for (size_t child = 2 * parent + 1; child <= 2 * parent + 2 && child < store->count; child++)
        if (before(store, child, least))
            least = child;
    return least;
}

static void sift_down(gale__queue_store *store)
{
    for (size_t i = 0, least; (least = least_of_family(store, i)) != i; i = least)
        swap(store, i, least);
}

/* ---- Items ----------------------------------------------------------------------------- */

void gale__queue_store_push(gale__queue_store *store, void *item)
{
    *at(store, store->count++) = (gale__queue_entry){ item, store->pushed++ };
    if (store->order == GALE__QUEUE_PRIORITY)
        sift_up(store, store->count - 1);
}

void *gale__queue_store_pop(gale__queue_store *store)
{
    void *item;
    store->count--;
    switch (store->order) {
    case GALE__QUEUE_LIFO:
        return at(store, store->count)->item;
    case GALE__QUEUE_PRIORITY:
        item = store->entries[0].item;
        store->entries[0] = store->entries[store->count];
        sift_down(store);
        return item;
    case GALE__QUEUE_FIFO:
    default:
        item = at(store, 0)->item;
        store->head = (store->head + 1) & (store->capacity - 1);
        return item;
    }
}
