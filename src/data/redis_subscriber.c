/* SPDX-License-Identifier: Apache-2.0 */
#include "data/redis_link.h"

#if GALE_REDIS

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <gale/gen.h>
#include <gale/log.h>

#include "core/error.h"

static gale__redis_link *of_subscriber(gale__redis *redis)
{
    return GALE__CONTAINER_OF(redis, gale__redis_link, subscriber);
}

/* ---- Subscribing ------------------------------------------------------------------------ */

/* Without memory the connection is given up, and the next one subscribes to everything. */
static void tell(gale__redis_link *self, const char *command, gale_str topic)
{
    gale__buffer *output = &self->subscriber.output;
    gale_str prefix = { self->prefix, strlen(self->prefix) };
    if (!self->subscriber.connected)
        return;
    gale__redis_encode_count(output, 2);
    gale__redis_encode_word(output, &(gale_str){ command, strlen(command) }, 1);
    gale__redis_encode_word(output, (gale_str[]){ prefix, topic }, 2);
    gale__redis_sent(&self->subscriber);
    self->unconfirmed++;
}

void gale__redis_link_subscribe(gale__topic_link *link, gale_str topic)
{
    tell((gale__redis_link *)link, "SUBSCRIBE", topic);
}

void gale__redis_link_unsubscribe(gale__topic_link *link, gale_str topic)
{
    tell((gale__redis_link *)link, "UNSUBSCRIBE", topic);
}

/* The empty topic is where others tell what they could not publish. */
static void on_connected(gale__redis *redis)
{
    gale__redis_link *self = of_subscriber(redis);
    self->unconfirmed = 0;
    gale__redis_link_subscribe(&self->base, GALE_STR(""));
    gale__topics_visit(&self->base, gale__redis_link_subscribe);
}

static void on_lost(gale__redis *redis)
{
    of_subscriber(redis)->missed = true;
}

/* An answer to SUBSCRIBE or UNSUBSCRIBE. Only now whoever reads elsewhere what was missed can be
 * sure that the rest comes from here. */
static int confirm(gale__redis_link *self)
{
    if (self->unconfirmed == 0)
        return gale__fail(GALE_EINPUT, "an answer to nothing");
    if (--self->unconfirmed > 0 || !self->missed)
        return 0;
    self->missed = false;
    gale__topics_missed(&self->base, 0);
    return 0;
}

static int refused(gale__redis_link *self, gale_str text)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "Redis %s refuses a subscription: %s",
             self->subscriber.url.name, text.data);
    return confirm(self);
}

/* ---- Messages --------------------------------------------------------------------------- */

/* The last number of somebody who publishes. */
typedef struct origin {
    gale__recent_entry entry;
    uint64_t sequence;
} origin;

enum { ORIGINS_MOST = 4096 };

static void forget_origin(gale__recent_entry *entry)
{
    gale__free(GALE__CONTAINER_OF(entry, origin, entry));
}

int gale__redis_link_init_origins(gale__redis_link *self)
{
    return gale__recent_init(&self->origins, ORIGINS_MOST, forget_origin);
}

/* True for a message that came before: its publisher had to send it again, not knowing. */
static bool is_repeated(gale__redis_link *self, const gale__redis_head *head)
{
    gale_str name = { (const char *)head->origin, sizeof head->origin };
    uint64_t sequence, hash = gale__recent_hash(&self->origins, name);
    memcpy(&sequence, head->sequence, sizeof sequence);
    sequence = be64toh(sequence);
    gale__recent_entry *entry = gale__recent_find(&self->origins, hash);
    origin *known = entry ? GALE__CONTAINER_OF(entry, origin, entry) : GALE__NEW(origin);
    if (!known)
        return false;
    if (!entry)
        gale__recent_add(&self->origins, &known->entry, hash);
    if (sequence <= known->sequence)
        return true;
    known->sequence = sequence;
    return false;
}

static void others_dropped(gale__redis_link *self, const gale__redis_head *head, gale_str bytes)
{
    uint64_t count;
    if (memcmp(head->origin, self->origin, sizeof head->origin) != 0 &&
        sscanf(bytes.data, "missed %" SCNu64, &count) == 1)
        gale__topics_missed(&self->base, count);
}

static void deliver(gale__redis_link *self, gale_str topic, gale_str bytes)
{
    gale__redis_head head;
    bool ours = bytes.len >= sizeof head && memcmp(bytes.data, GALE__REDIS_MARK, 4) == 0;
    if (ours) {
        memcpy(&head, bytes.data, sizeof head);
        bytes = (gale_str){ bytes.data + sizeof head, bytes.len - sizeof head };
    }
    if (ours && is_repeated(self, &head))
        return;
    if (topic.len > 0)
        gale__topics_received(&self->base, topic, bytes);
    else if (ours)
        others_dropped(self, &head, bytes);
}

static int message(gale__redis_link *self, gale_str channel, gale_str bytes)
{
    size_t prefix = strlen(self->prefix);
    if (channel.len < prefix || memcmp(channel.data, self->prefix, prefix) != 0)
        return 0; /* not asked for */
    while (!gale__topics_have_room(&self->base))
        GALE_TRY(gale_moment());
    deliver(self, (gale_str){ channel.data + prefix, channel.len - prefix }, bytes);
    return 0;
}

static bool is(const gale__redis_reply *reply, const char *text)
{
    return reply->text.data && strcmp(reply->text.data, text) == 0;
}

static int on_received(gale__redis *redis, const gale__redis_reply *reply)
{
    gale__redis_link *self = of_subscriber(redis);
    if (gale__redis_is_error(reply))
        return refused(self, reply->text);
    bool whole = reply->type == GALE__REDIS_ARRAY && reply->count == 3;
    if (whole && is(reply->items[0], "message") && reply->items[1]->text.data &&
        reply->items[2]->text.data)
        return message(self, reply->items[1]->text, reply->items[2]->text);
    if (whole && (is(reply->items[0], "subscribe") || is(reply->items[0], "unsubscribe")))
        return confirm(self);
    return gale__fail(GALE_EINPUT, "this is no message of a channel");
}

static void on_stopped(gale__redis *redis)
{
    gale__redis_link_stopped(of_subscriber(redis));
}

const gale__redis_handlers gale__redis_subscriber = { on_connected, on_received, on_lost,
                                                      on_stopped };

#endif
