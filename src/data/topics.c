/* SPDX-License-Identifier: Apache-2.0 */
/* Topics by name, and who has subscribed to them. */
#include "data/topics.h"

#include <errno.h>
#include <string.h>

#include "core/digest.h"
#include "core/error.h"
#include "core/siphash.h"
#include "net/worker_mail.h"

enum {
    FIRST_BUCKETS = 64,
    MAX_TOPICS = 1000000,
    MAX_TOPICS_PER_CONNECTION = 1000,
    MAX_MESSAGE_SIZE = 16777216,
    MAX_PENDING = 67108864
};

/* ---- The topics of a loop --------------------------------------------------------------- */

static void set_options(gale__topics *self, const gale_topics_options *options)
{
    self->options = options ? *options : (gale_topics_options){ 0 };
    if (self->options.max_topics <= 0)
        self->options.max_topics = MAX_TOPICS;
    if (self->options.max_topics_per_connection <= 0)
        self->options.max_topics_per_connection = MAX_TOPICS_PER_CONNECTION;
    if (self->options.max_message_size <= 0)
        self->options.max_message_size = MAX_MESSAGE_SIZE;
    if (self->options.max_pending <= 0)
        self->options.max_pending = MAX_PENDING;
}

static void topics_close(void *state)
{
    gale__topics *self = state;
    gale__topics_leave_elsewhere(self);
    gale__subscriptions_free(self);
    gale__topics_drop_pending(self);
    gale__loop_uncall(&self->turn);
    gale__pool_close(&self->subscribers);
    gale__free(self->buckets);
    gale__free(self);
}

static gale__topics *topics_new(gale_ioloop *loop)
{
    gale__topics *self = GALE__NEW(gale__topics);
    if (!self)
        return NULL;
    self->loop = loop;
    set_options(self, NULL);
    if (gale__random(self->key, sizeof self->key) < 0 ||
        gale__random(&self->family, sizeof self->family) < 0) {
        gale__free(self);
        return NULL;
    }
    gale__list_init(&self->subscriptions);
    gale__pool_init(&self->subscribers, sizeof(gale__subscriber), 0);
    gale__topics_init_turn(self);
    gale__loop_attach(loop, GALE__LOOP_DATA, self, topics_close);
    return self;
}

gale__topics *gale__topics_of(gale_ioloop *loop)
{
    gale__topics *self = gale__loop_part(loop, GALE__LOOP_DATA);
    return self ? self : topics_new(loop);
}

gale__topics *gale__topics_current(void)
{
    gale_ioloop *loop = gale_ioloop_current();
    return loop ? gale__topics_of(loop) : NULL;
}

int gale_topics_configure(const gale_topics_options *options)
{
    gale__topics *self = gale__topics_current();
    if (!self)
        return -ENOMEM;
    set_options(self, options);
    return 0;
}

/* ---- By name ---------------------------------------------------------------------------- */

int gale__topic_name(const char *text, gale_str *ret_name)
{
    size_t size = text ? strnlen(text, GALE__TOPIC_NAME_MAX + 1) : 0;
    *ret_name = (gale_str){ text, size };
    if (size >= 1 && size <= GALE__TOPIC_NAME_MAX)
        return 0;
    return gale__fail(GALE_EINVALID, "the name of a topic has 1 to %d bytes", GALE__TOPIC_NAME_MAX);
}

static gale__topic **bucket_of(const gale__topics *self, uint64_t hash)
{
    return &self->buckets[hash & (self->bucket_count - 1)];
}

gale__topic *gale__topics_find(gale__topics *self, gale_str name)
{
    if (self->stored == 0)
        return NULL;
    uint64_t hash = gale__siphash(self->key, name);
    for (gale__topic *topic = *bucket_of(self, hash); topic; topic = topic->next)
        if (topic->hash == hash && topic->name_size == name.len &&
            memcmp(topic->name, name.data, name.len) == 0)
            return topic;
    return NULL;
}

static void put(gale__topics *self, gale__topic *topic)
{
    gale__topic **bucket = bucket_of(self, topic->hash);
    topic->next = *bucket;
    *bucket = topic;
}

/* Without memory for it the old ones do. */
static void resize(gale__topics *self, size_t bucket_count)
{
    gale__topic **old = self->buckets;
    size_t old_count = self->bucket_count;
    gale__topic **buckets = self->visiting ? NULL : gale__calloc(bucket_count, sizeof *buckets);
    if (!buckets)
        return;
    self->buckets = buckets;
    self->bucket_count = bucket_count;
    for (size_t i = 0; i < old_count; i++)
        for (gale__topic *topic = old[i], *next; topic; topic = next) {
            next = topic->next;
            put(self, topic);
        }
    gale__free(old);
}

static gale__topic *topic_new(gale__topics *self, gale_str name)
{
    if (self->stored >= self->bucket_count)
        resize(self, self->bucket_count ? self->bucket_count * 2 : FIRST_BUCKETS);
    gale__topic *topic = self->buckets ? gale__calloc(1, sizeof *topic + name.len + 1) : NULL;
    if (!topic)
        return NULL;
    gale__list_init(&topic->subscribers);
    topic->name_size = (uint8_t)name.len;
    memcpy(topic->name, name.data, name.len);
    topic->hash = gale__siphash(self->key, name);
    put(self, topic);
    self->stored++;
    return topic;
}

static bool is_needed(const gale__topic *topic)
{
    return topic->count > 0 || topic->pending > 0;
}

static void take_out(gale__topics *self, gale__topic **place)
{
    gale__topic *topic = *place;
    *place = topic->next;
    gale__free(topic);
    self->stored--;
}

static void shrink(gale__topics *self)
{
    if (self->bucket_count > FIRST_BUCKETS && self->stored < self->bucket_count / 8)
        resize(self, self->bucket_count / 2);
}

void gale__topic_release(gale__topics *self, gale__topic *topic)
{
    if (is_needed(topic))
        return;
    if (self->visiting) {
        self->unswept = true;
        return;
    }
    gale__topic **place = bucket_of(self, topic->hash);
    while (*place != topic)
        place = &(*place)->next;
    take_out(self, place);
    shrink(self);
}

/* Releases what nobody has needed any more since a visit began. */
static void sweep(gale__topics *self)
{
    self->unswept = false;
    for (size_t i = 0; i < self->bucket_count; i++)
        for (gale__topic **place = &self->buckets[i]; *place;)
            if (is_needed(*place))
                place = &(*place)->next;
            else
                take_out(self, place);
    shrink(self);
}

void gale__topics_each(gale__topics *self,
                       void (*visit)(gale__topics *self, gale__topic *topic, void *arg), void *arg)
{
    bool outermost = !self->visiting;
    self->visiting = true;
    for (size_t i = 0; i < self->bucket_count; i++)
        for (gale__topic *topic = self->buckets[i]; topic; topic = topic->next)
            if (topic->count > 0)
                visit(self, topic, arg);
    if (!outermost)
        return;
    self->visiting = false;
    if (self->unswept)
        sweep(self);
}

/* ---- Subscribing ------------------------------------------------------------------------ */

/* The place in the chain of an owner's subscription to that topic, or the end of the chain. */
static gale__subscriber **find_in(gale__subscriber **chain, const gale__topic *topic,
                                  size_t *ret_count)
{
    *ret_count = 0;
    for (; *chain && (*chain)->topic != topic; chain = &(*chain)->next)
        ++*ret_count;
    return chain;
}

static int check_limits(const gale__topics *self, const gale__topic *topic, size_t of_owner,
                        size_t most)
{
    if (of_owner >= most)
        return gale__fail(GALE_EFULL, "it has subscribed to %zu topics", of_owner);
    if ((!topic || topic->count == 0) && self->topic_count >= (size_t)self->options.max_topics)
        return gale__fail(GALE_EFULL, "there are %zu topics", self->topic_count);
    return 0;
}

static int add(gale__topics *self, gale__topic *topic, gale__subscriber subscriber,
               gale__subscriber **chain)
{
    gale__subscriber *added = gale__pool_get(&self->subscribers);
    if (!added) {
        gale__topic_release(self, topic);
        return -ENOMEM;
    }
    *added = subscriber;
    added->topic = topic;
    added->next = *chain;
    *chain = added;
    gale__list_append(&topic->subscribers, &added->link);
    if (topic->count++ == 0) {
        self->topic_count++;
        gale__topics_tell_elsewhere(self, topic, true);
    }
    return 0;
}

int gale__topics_subscribe(gale__topics *self, const char *name, gale__subscriber **chain,
                           size_t most, const gale__subscriber_operations *operations, void *owner)
{
    gale_str text;
    size_t count;
    if (!self)
        return -ENOMEM;
    GALE_TRY(gale__topic_name(name, &text));
    GALE_TRY(gale__topics_join_workers(self));
    gale__topic *topic = gale__topics_find(self, text);
    if (*find_in(chain, topic, &count))
        return 0;
    GALE_TRY(check_limits(self, topic, count, most));
    if (!topic)
        topic = topic_new(self, text);
    gale__subscriber subscriber = { .operations = operations, .owner = owner };
    return topic ? add(self, topic, subscriber, chain) : -ENOMEM;
}

/* Takes the first of a chain out. */
static void leave(gale__topics *self, gale__subscriber **chain)
{
    gale__subscriber *subscriber = *chain;
    gale__topic *topic = subscriber->topic;
    *chain = subscriber->next;
    gale__list_remove(&subscriber->link);
    gale__pool_put(&self->subscribers, subscriber);
    if (--topic->count == 0) {
        self->topic_count--;
        gale__topics_tell_elsewhere(self, topic, false);
    }
    gale__topic_release(self, topic);
}

int gale__topics_unsubscribe(gale__topics *self, const char *name, gale__subscriber **chain)
{
    gale_str text;
    size_t count;
    GALE_TRY(gale__topic_name(name, &text));
    gale__topic *topic = self ? gale__topics_find(self, text) : NULL;
    gale__subscriber **place = topic ? find_in(chain, topic, &count) : NULL;
    if (!place || !*place)
        return gale__fail(GALE_ENOTFOUND, "no subscription to %s", name);
    leave(self, place);
    return 0;
}

void gale__topics_unsubscribe_all(gale__topics *self, gale__subscriber **chain)
{
    while (*chain)
        leave(self, chain);
}

/* ---- Counting --------------------------------------------------------------------------- */

static gale__topics *existing(void)
{
    gale_ioloop *loop = gale_ioloop_current_or_null();
    return loop ? gale__loop_part(loop, GALE__LOOP_DATA) : NULL;
}

size_t gale_topic_subscribers(const char *name)
{
    gale_str text;
    gale__topics *self = existing();
    gale__topic *topic =
        self && gale__topic_name(name, &text) == 0 ? gale__topics_find(self, text) : NULL;
    return topic ? topic->count : 0;
}

size_t gale_topic_count(void)
{
    const gale__topics *self = existing();
    return self ? self->topic_count : 0;
}
