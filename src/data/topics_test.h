/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the tests of topics: subscribers who write down what they get. */
#ifndef GALE_DATA_TOPICS_TEST_H
#define GALE_DATA_TOPICS_TEST_H

#include <stdio.h>

#include <gale/gen.h>
#include <gale/ioloop.h>

#include "data/topics.h"
#include "test.h"

typedef struct listener {
    gale__subscriber *chain;
    char heard[256];
    size_t count;
    uint64_t missed;
    bool told_missed;
    void (*then)(struct listener *self); /* after each delivery; or NULL */
} listener;

static inline void listener_deliver(gale__subscriber *subscriber,
                                    gale__publication *const *messages, size_t count)
{
    listener *self = subscriber->owner;
    for (size_t i = 0; i < count; i++) {
        gale_str text = gale_bytes_str(messages[i]->payload);
        size_t at = strlen(self->heard);
        snprintf(self->heard + at, sizeof self->heard - at, "%.*s;", (int)text.len, text.data);
        self->count++;
    }
    if (self->then)
        self->then(self);
}

static inline void listener_missed(gale__subscriber *subscriber, uint64_t count)
{
    listener *self = subscriber->owner;
    self->told_missed = true;
    self->missed += count;
}

static const gale__subscriber_operations listener_operations = { listener_deliver,
                                                                 listener_missed };

static inline int listen_to(listener *self, const char *topic)
{
    return gale__topics_subscribe(gale__topics_current(), topic, &self->chain, SIZE_MAX,
                                  &listener_operations, self);
}

static inline void leave_all(listener *self)
{
    gale__topics_unsubscribe_all(gale__topics_current(), &self->chain);
}

static inline void run_turns(int count)
{
    for (int i = 0; i < count; i++)
        gale__loop_turn(gale_ioloop_current(), false);
}

static inline void end_loop(void)
{
    gale_ioloop_free(gale_ioloop_current());
}

#endif
