/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions of tasks: a queue of publications, with a limit. */
#include <errno.h>

#include <gale/gen.h>

#include "core/error.h"
#include "data/topics.h"
#include "gen/task.h"

enum { MAX_MESSAGES = 1000, MAX_SIZE = 16777216, FIRST_CAPACITY = 8 };

/* What is lost before a message. */
typedef struct loss {
    bool some;
    uint64_t count; /* at least */
} loss;

typedef struct waiting {
    gale__publication *publication;
    loss before;
} waiting;

struct gale_subscription {
    gale__list link; /* in topics->subscriptions */
    gale__topics *topics;
    gale__subscriber *chain;
    gale__list waiters;
    waiting *ring;
    size_t first, count, capacity; /* 0 or a power of two */
    size_t size;                   /* bytes that wait */
    size_t max_messages, max_size;
    gale_subscription_full when_full;
    loss at_end; /* behind the last that waits */
    bool closed;
    gale__publication *current; /* that the task has */
};

/* ---- The queue -------------------------------------------------------------------------- */

static void add_loss(loss *to, uint64_t count)
{
    to->some = true;
    to->count += count;
}

static void merge_loss(loss *to, loss from)
{
    if (from.some)
        add_loss(to, from.count);
}

static waiting *at(const gale_subscription *self, size_t i)
{
    return &self->ring[(self->first + i) & (self->capacity - 1)];
}

static waiting pop(gale_subscription *self)
{
    waiting first = *at(self, 0);
    self->first = (self->first + 1) & (self->capacity - 1);
    self->count--;
    self->size -= gale_bytes_str(first.publication->payload).len;
    return first;
}

static void drop_oldest(gale_subscription *self)
{
    waiting oldest = pop(self);
    loss *next = self->count > 0 ? &at(self, 0)->before : &self->at_end;
    merge_loss(next, oldest.before);
    add_loss(next, 1);
    gale__publication_unref(oldest.publication);
}

static bool over_limit(const gale_subscription *self, size_t size)
{
    return self->count > 0 && (self->count >= self->max_messages || size > self->max_size ||
                               self->size > self->max_size - size);
}

static int grow(gale_subscription *self)
{
    size_t capacity = self->capacity ? self->capacity * 2 : FIRST_CAPACITY;
    waiting *ring = gale__calloc(capacity, sizeof *ring);
    if (!ring)
        return -ENOMEM;
    for (size_t i = 0; i < self->count; i++)
        ring[i] = *at(self, i);
    gale__free(self->ring);
    self->ring = ring;
    self->first = 0;
    self->capacity = capacity;
    return 0;
}

static void push(gale_subscription *self, gale__publication *publication)
{
    size_t size = gale_bytes_str(publication->payload).len;
    bool drop_it = self->when_full == GALE_SUBSCRIPTION_DROP_NEWEST && over_limit(self, size);
    while (!drop_it && over_limit(self, size))
        drop_oldest(self);
    if (drop_it || (self->count == self->capacity && grow(self) < 0)) {
        add_loss(&self->at_end, 1);
        return;
    }
    self->count++;
    self->size += size;
    *at(self, self->count - 1) = (waiting){ publication, self->at_end };
    self->at_end = (loss){ 0 };
    publication->references++;
}

static void deliver(gale__subscriber *subscriber, gale__publication *const *messages, size_t count)
{
    gale_subscription *self = subscriber->owner;
    for (size_t i = 0; i < count; i++)
        push(self, messages[i]);
    gale__wake_all(&self->waiters, 0);
}

static void missed(gale__subscriber *subscriber, uint64_t count)
{
    gale_subscription *self = subscriber->owner;
    add_loss(&self->at_end, count);
}

static const gale__subscriber_operations operations = { deliver, missed };

/* ---- Taking ----------------------------------------------------------------------------- */

static void drop_current(gale_subscription *self)
{
    if (self->current)
        gale__publication_unref(self->current);
    self->current = NULL;
}

int gale_subscription_next_nowait(gale_subscription *self, gale_topic_message *ret_message)
{
    drop_current(self);
    if (self->count == 0)
        return self->closed ? GALE_ECLOSED : GALE_EEMPTY;
    waiting first = pop(self);
    self->current = first.publication;
    *ret_message = (gale_topic_message){ .topic = first.publication->name,
                                         .payload = gale_bytes_str(first.publication->payload),
                                         .binary = first.publication->binary,
                                         .lost = first.before.some,
                                         .lost_count = first.before.count };
    return 0;
}

int gale_subscription_next(gale_subscription *self, gale_topic_message *ret_message)
{
    int result;
    while ((result = gale_subscription_next_nowait(self, ret_message)) == GALE_EEMPTY)
        GALE_TRY(gale__wait_in(&self->waiters));
    return result;
}

/* ---- Life ------------------------------------------------------------------------------- */

void gale_unsubscribe(gale_subscription *self)
{
    if (!self)
        return;
    gale__topics_unsubscribe_all(self->topics, &self->chain);
    while (self->count > 0)
        gale__publication_unref(pop(self).publication);
    gale__free(self->ring);
    self->ring = NULL;
    self->first = self->capacity = 0;
    self->closed = true;
    gale__wake_all(&self->waiters, 0);
}

static void subscription_free(void *arg)
{
    gale_subscription *self = arg;
    gale_unsubscribe(self);
    drop_current(self);
    gale__list_remove(&self->link);
    gale__free(self);
}

void gale__subscriptions_free(gale__topics *self)
{
    while (!gale__list_empty(&self->subscriptions))
        subscription_free(GALE__CONTAINER_OF(self->subscriptions.next, gale_subscription, link));
}

static gale_subscription *subscription_new(gale__topics *topics,
                                           const gale_subscription_options *options)
{
    gale_subscription *self = GALE__NEW(gale_subscription);
    if (!self)
        return NULL;
    bool limited = options && options->max_messages > 0;
    self->max_messages = limited ? (size_t)options->max_messages : MAX_MESSAGES;
    self->max_size = options && options->max_size > 0 ? (size_t)options->max_size : MAX_SIZE;
    self->when_full = options ? options->when_full : GALE_SUBSCRIPTION_DROP_OLDEST;
    self->topics = topics;
    gale__list_init(&self->waiters);
    gale__list_append(&topics->subscriptions, &self->link);
    return self;
}

int gale_subscribe(const char *topic, const gale_subscription_options *options,
                   gale_subscription **ret_subscription)
{
    if (!gale__task_current)
        return GALE_ENOTASK;
    gale__topics *topics = gale__topics_current();
    gale_subscription *self = topics ? subscription_new(topics, options) : NULL;
    if (!self)
        return -ENOMEM;
    int result = gale_subscription_add(self, topic);
    if (result < 0) {
        subscription_free(self);
        return result;
    }
    GALE_TRY(gale_defer(subscription_free, self));
    *ret_subscription = self;
    return 0;
}

int gale_subscription_add(gale_subscription *self, const char *topic)
{
    if (self->closed)
        return gale__fail(GALE_ECLOSED, "this subscription has ended");
    return gale__topics_subscribe(self->topics, topic, &self->chain, SIZE_MAX, &operations, self);
}

int gale_subscription_remove(gale_subscription *self, const char *topic)
{
    return gale__topics_unsubscribe(self->topics, topic, &self->chain);
}
