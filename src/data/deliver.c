/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivering. What is published is delivered at once as far as this turn's portion allows, and the
 * rest in the turns that follow, so that a message to very many does not keep the loop from its
 * other work.
 */
#include "data/topics.h"

#include "platform/clock.h"

enum {
    PORTION = 256, /* subscribers in a turn */
    BATCH = 16,    /* messages that a subscriber gets at once */
    LOOK_EVERY = 8 /* subscribers after which to look at the clock */
};
static const int64_t LONGEST = 2000000; /* ns in a turn */

bool gale__topics_has_room(const gale__topics *self, size_t size)
{
    size_t most = (size_t)self->options.max_pending;
    return !self->first || (size <= most && self->pending_size <= most - size);
}

static void finish_first(gale__topics *self)
{
    gale__publication *first = self->first;
    gale__topic *topic = first->topic;
    self->first = first->next;
    if (!self->first)
        self->last = NULL;
    self->pending_size -= gale__publication_cost(first);
    gale__list_remove(&first->end.link);
    topic->pending--;
    if (--self->batch == 0)
        gale__list_remove(&self->cursor.link);
    gale__topic_release(self, topic);
    gale__publication_unref(first);
}

/* The next messages of one topic, in one go. */
static void begin_batch(gale__topics *self)
{
    gale__topic *topic = self->first->topic;
    for (const gale__publication *one = self->first;
         one && one->topic == topic && self->batch < BATCH; one = one->next)
        self->batch++;
    gale__list *all = &topic->subscribers;
    gale__list_append(all->next, &self->cursor.link); /* before the first */
}

static void deliver_to(gale__topics *self, gale__subscriber *subscriber)
{
    gale__publication *messages[BATCH], *one = self->first;
    size_t count = 0;
    for (size_t i = 0; i < self->batch; i++, one = one->next)
        if (one->except != subscriber->owner)
            messages[count++] = one;
    if (count > 0)
        subscriber->operations->deliver(subscriber, messages, count);
}

/* One subscriber, or the end of a publication. */
static void step(gale__topics *self)
{
    if (self->batch == 0)
        begin_batch(self);
    gale__list *next = self->cursor.link.next;
    gale__subscriber *subscriber = GALE__CONTAINER_OF(next, gale__subscriber, link);
    if (!subscriber->topic) {
        finish_first(self);
        return;
    }
    gale__list_remove(&self->cursor.link);
    gale__list_append(next->next, &self->cursor.link); /* behind it */
    self->left--;
    deliver_to(self, subscriber);
}

static void deliver_portion(gale__topics *self)
{
    int64_t end = 0;
    if (self->delivering)
        return;
    self->delivering = true;
    while (self->first && self->left > 0) {
        step(self);
        if (!self->first || self->left % LOOK_EVERY != 0)
            continue;
        int64_t now = gale__clock_monotonic();
        if (end == 0)
            end = now + LONGEST;
        else if (now > end)
            self->left = 0;
    }
    self->delivering = false;
    gale__topics_turn_later(self);
}

void gale__topics_turn_later(gale__topics *self)
{
    if (self->first || self->left < PORTION)
        gale__loop_call(self->loop, &self->turn);
    gale__topics_listen(self, self->pending_size <= (size_t)self->options.max_pending / 2);
}

static void on_turn(gale__callback *callback)
{
    gale__topics *self = GALE__CONTAINER_OF(callback, gale__topics, turn);
    self->left = PORTION;
    if (self->first)
        deliver_portion(self);
}

void gale__topics_init_turn(gale__topics *self)
{
    self->left = PORTION;
    self->turn.run = on_turn;
}

void gale__topics_deliver(gale__topics *self, gale__topic *topic, gale__publication *publication)
{
    publication->topic = topic;
    topic->pending++;
    gale__list_append(&topic->subscribers, &publication->end.link);
    if (self->last)
        self->last->next = publication;
    else
        self->first = publication;
    self->last = publication;
    self->pending_size += gale__publication_cost(publication);
    deliver_portion(self);
}

void gale__topics_drop_pending(gale__topics *self)
{
    while (self->first) {
        if (self->batch == 0)
            begin_batch(self);
        finish_first(self);
    }
}
