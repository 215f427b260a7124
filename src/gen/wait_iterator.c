/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wait iterators. Each future has an entry, which lies in the future's list of observers until
 * it is done, then in `done` until it is handed out. A waiting task gets the outcome with the
 * wake-up, so that neither another task nor freeing the iterator can take it away.
 */
#include "gen/future.h"

typedef struct entry {
    gale__observer observer;
    gale_wait_iterator *iterator;
    gale_future *future;
} entry;

typedef struct next_wait {
    gale__waiter waiter;
    size_t index;
    void *value;
    int result; /* of the future */
} next_wait;

struct gale_wait_iterator {
    gale__list done;    /* of entry.observer.link */
    gale__list waiters; /* of next_wait.waiter.link */
    size_t count, left; /* entries; those that were not handed out */
    entry entries[];
};

static void hand_out(gale_wait_iterator *self, const entry *ready, next_wait *to)
{
    to->index = (size_t)(ready - self->entries);
    to->result = gale_future_result(ready->future, &to->value);
    if (--self->left == 0)
        gale__wake_all(&self->waiters, GALE_EEMPTY);
}

static void note_done(gale__observer *observer, gale_future *future)
{
    (void)future; /* it is referenced here, and so never gone */
    entry *ready = GALE__CONTAINER_OF(observer, entry, observer);
    gale_wait_iterator *self = ready->iterator;
    gale__list *link = gale__list_pop(&self->waiters);
    if (!link) {
        gale__list_append(&self->done, &observer->link);
        return;
    }
    next_wait *wait = GALE__CONTAINER_OF(link, next_wait, waiter.link);
    gale__wake(&wait->waiter, 0);
    hand_out(self, ready, wait);
}

gale_wait_iterator *gale_wait_iterator_new(gale_future *const *futures, size_t count)
{
    size_t size;
    if (__builtin_mul_overflow(count, sizeof(entry), &size) ||
        __builtin_add_overflow(size, sizeof(gale_wait_iterator), &size))
        return NULL;
    gale_wait_iterator *self = gale__calloc(1, size);
    if (!self)
        return NULL;
    gale__list_init(&self->done);
    gale__list_init(&self->waiters);
    self->count = self->left = count;
    for (size_t i = 0; i < count; i++) {
        entry *added = &self->entries[i];
        *added = (entry){ { .notify = note_done }, self, gale_future_ref(futures[i]) };
        gale__future_observe(futures[i], &added->observer);
    }
    return self;
}

void gale_wait_iterator_free(gale_wait_iterator *iterator)
{
    if (!iterator)
        return;
    gale__wake_all(&iterator->waiters, GALE_ECANCELED);
    for (size_t i = 0; i < iterator->count; i++) {
        gale__list_remove(&iterator->entries[i].observer.link);
        gale_future_unref(iterator->entries[i].future);
    }
    gale__free(iterator);
}

bool gale_wait_iterator_done(const gale_wait_iterator *iterator)
{
    return iterator->left == 0;
}

static int wait_for_next(gale_wait_iterator *self, next_wait *wait)
{
    gale__list *link = gale__list_pop(&self->done);
    if (link) {
        hand_out(self, GALE__CONTAINER_OF(link, entry, observer.link), wait);
        return 0;
    }
    GALE_TRY(gale__wait_begin(&wait->waiter, gale__waiter_unlink));
    gale__list_append(&self->waiters, &wait->waiter.link);
    return gale__wait_end(&wait->waiter);
}

int gale_wait_iterator_next(gale_wait_iterator *iterator, size_t *ret_index, void **ret_value)
{
    if (iterator->left == 0)
        return GALE_EEMPTY;
    next_wait wait = { .value = NULL };
    GALE_TRY(wait_for_next(iterator, &wait));
    if (ret_index)
        *ret_index = wait.index;
    if (ret_value && !wait.result)
        *ret_value = wait.value;
    return wait.result;
}
