/* SPDX-License-Identifier: Apache-2.0 */
#include "data/redis_link.h"

#if GALE_REDIS

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <gale/log.h>

#include "core/digest.h"
#include "core/error.h"

/* A command that Redis has not acknowledged. */
typedef struct waiting {
    gale__list link;
    gale__buffer command;
    uint64_t tells; /* so many dropped messages; 0: it is a message */
} waiting;

enum { OVERHEAD = sizeof(waiting) + sizeof(gale__redis_head) + 64 };

static gale__redis_link *of_publisher(gale__redis *redis)
{
    return GALE__CONTAINER_OF(redis, gale__redis_link, publisher);
}

static size_t size_of(const waiting *message)
{
    return message->command.size + OVERHEAD;
}

static void release(gale__redis_link *self, waiting *message)
{
    gale__list_remove(&message->link);
    self->waiting_bytes -= size_of(message);
    gale__buffer_clear(&message->command);
    gale__free(message);
}

void gale__redis_link_forget_waiting(gale__redis_link *self)
{
    while (!gale__list_empty(&self->waiting))
        release(self, GALE__CONTAINER_OF(self->waiting.next, waiting, link));
}

/* Failing to send gives the connection up, and the next one begins with all that waits. */
static void send_message(gale__redis_link *self, const waiting *message)
{
    if (!self->publisher.connected)
        return;
    gale__buffer_append(&self->publisher.output, gale__buffer_begin(&message->command),
                        message->command.size);
    gale__redis_sent(&self->publisher);
}

/* Not before the first message: until then the process may fork. */
static int make_origin(gale__redis_link *self)
{
    return self->sequence > 0 ? 0 : gale__random(self->origin, sizeof self->origin);
}

static int encode(gale__redis_link *self, gale__buffer *buffer, gale_str topic, gale_str bytes)
{
    gale__redis_head head = { .mark = { 0 } };
    GALE_TRY(make_origin(self));
    memcpy(head.mark, GALE__REDIS_MARK, sizeof head.mark);
    memcpy(head.origin, self->origin, sizeof head.origin);
    uint64_t sequence = htobe64(self->sequence + 1);
    memcpy(head.sequence, &sequence, sizeof head.sequence);
    gale_str prefix = { self->prefix, strlen(self->prefix) };
    gale__redis_encode_count(buffer, 3);
    gale__redis_encode_word(buffer, &GALE_STR("PUBLISH"), 1);
    gale__redis_encode_word(buffer, (gale_str[]){ prefix, topic }, 2);
    gale__redis_encode_word(buffer, (gale_str[]){ { (char *)&head, sizeof head }, bytes }, 2);
    return buffer->error;
}

static int add(gale__redis_link *self, gale_str topic, gale_str bytes, waiting **ret_message)
{
    waiting *message = GALE__NEW(waiting);
    if (!message)
        return -ENOMEM;
    gale__buffer_init(&message->command, SIZE_MAX);
    int result = encode(self, &message->command, topic, bytes);
    if (result < 0) {
        gale__buffer_clear(&message->command);
        gale__free(message);
        return result;
    }
    self->sequence++;
    self->waiting_bytes += size_of(message);
    gale__list_append(&self->waiting, &message->link);
    *ret_message = message;
    return 0;
}

/* ---- What was dropped ------------------------------------------------------------------- */

static int drop(gale__redis_link *self, int code)
{
    if (self->dropped++ == 0)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING,
                 "Redis %s: too much waits to be published: messages stay on this machine",
                 self->publisher.url.name);
    return code;
}

/* Failing that, the next occasion is taken. */
static void tell_dropped(gale__redis_link *self)
{
    char text[32];
    waiting *message;
    if (self->dropped == 0 || self->waiting_bytes > self->max_bytes / 2)
        return;
    int size = snprintf(text, sizeof text, "missed %" PRIu64, self->dropped);
    if (add(self, GALE_STR(""), (gale_str){ text, (size_t)size }, &message) < 0)
        return;
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING,
             "Redis %s: %" PRIu64 " messages were not published", self->publisher.url.name,
             self->dropped);
    message->tells = self->dropped;
    self->dropped = 0;
    send_message(self, message);
}

int gale__redis_link_publish(gale__topic_link *link, gale_str topic, gale_str bytes)
{
    gale__redis_link *self = (gale__redis_link *)link;
    size_t size = topic.len + bytes.len + OVERHEAD;
    if (size > self->max_bytes || self->waiting_bytes > self->max_bytes - size)
        return drop(self, GALE_EFULL);
    waiting *message;
    int result = add(self, topic, bytes, &message);
    if (result < 0)
        return drop(self, result);
    send_message(self, message);
    return 0;
}

/* ---- The connection --------------------------------------------------------------------- */

static void on_connected(gale__redis *redis)
{
    gale__redis_link *self = of_publisher(redis);
    for (gale__list *link = self->waiting.next; link != &self->waiting; link = link->next)
        send_message(self, GALE__CONTAINER_OF(link, waiting, link));
    tell_dropped(self);
}

static void report_refused(const gale__redis_link *self, const gale__redis_reply *reply)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "Redis %s refuses a message: %s",
             self->publisher.url.name, reply->text.data);
}

static int on_received(gale__redis *redis, const gale__redis_reply *reply)
{
    gale__redis_link *self = of_publisher(redis);
    bool refused = gale__redis_is_error(reply);
    if (gale__list_empty(&self->waiting) || !(refused || reply->type == GALE__REDIS_INTEGER))
        return gale__fail(GALE_EINPUT, "an answer to nothing");
    waiting *message = GALE__CONTAINER_OF(self->waiting.next, waiting, link);
    bool told = message->tells > 0;
    release(self, message);
    if (refused) {
        report_refused(self, reply);
        self->dropped += !told;
    }
    if (!refused || !told)
        tell_dropped(self);
    return 0;
}

static void on_lost(gale__redis *redis)
{
    (void)redis; /* what waits is sent by the next connection */
}

static void on_stopped(gale__redis *redis)
{
    gale__redis_link_stopped(of_publisher(redis));
}

const gale__redis_handlers gale__redis_publisher = { on_connected, on_received, on_lost,
                                                     on_stopped };

#endif
