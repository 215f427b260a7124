/* SPDX-License-Identifier: Apache-2.0 */
/* The link as a whole: made of two connections, gone when both have stopped. */
#include <gale/pubsub.h>

#include "core/error.h"

#if GALE_REDIS

#include <errno.h>
#include <string.h>

#include "data/redis_link.h"

/* A message is twice in memory while it is sent. */
static const size_t max_bytes = (size_t)8 << 20, max_message = (size_t)16 << 20;

static void release(gale__redis_link *self)
{
    gale__redis_link_forget_waiting(self);
    gale__recent_clear(&self->origins);
    gale__free(self->prefix);
    gale__free(self);
}

void gale__redis_link_stopped(gale__redis_link *self)
{
    if (--self->connections == 0)
        release(self);
}

static void close_link(gale__topic_link *link)
{
    gale__redis_link *self = (gale__redis_link *)link;
    bool both = self->connections == 2;
    gale__redis_stop(&self->publisher);
    if (both)
        gale__redis_stop(&self->subscriber);
}

static const gale__topic_link_operations operations = { .name = "Redis",
                                                        .publish = gale__redis_link_publish,
                                                        .subscribe = gale__redis_link_subscribe,
                                                        .unsubscribe = gale__redis_link_unsubscribe,
                                                        .close = close_link };

static int start(gale__redis_link *self, gale_ioloop *loop, const char *url,
                 const gale_topics_redis_options *options)
{
    const gale__redis_settings settings = {
        .ssl_context = options->ssl_context,
        .connect_timeout = options->connect_timeout,
        .ping_interval = options->ping_interval,
        .max_reply = options->max_message_size > 0 ? (size_t)options->max_message_size + 256
                                                   : max_message + 256,
    };
    GALE_TRY(gale__redis_start(&self->publisher, loop, "publish", url, &settings,
                               &gale__redis_publisher));
    self->connections++;
    GALE_TRY(gale__redis_start(&self->subscriber, loop, "subscribe", url, &settings,
                               &gale__redis_subscriber));
    self->connections++;
    return 0;
}

static gale__redis_link *make(const gale_topics_redis_options *options)
{
    const char *prefix = options->prefix ? options->prefix : "gale:";
    gale__redis_link *self = GALE__NEW(gale__redis_link);
    if (!self)
        return NULL;
    self->base.operations = &operations;
    self->max_bytes = options->max_waiting > 0 ? (size_t)options->max_waiting : max_bytes;
    gale__list_init(&self->waiting);
    self->prefix = gale__strdup(prefix, strlen(prefix));
    if (gale__redis_link_init_origins(self) == 0 && self->prefix)
        return self;
    release(self);
    return NULL;
}

int gale_topics_use_redis(const char *url, const gale_topics_redis_options *options)
{
    static const gale_topics_redis_options defaults;
    gale_ioloop *loop = gale_ioloop_current();
    if (!url)
        return gale__topics_set_link(loop, NULL);
    gale__redis_link *self = loop ? make(options ? options : &defaults) : NULL;
    if (!self)
        return -ENOMEM;
    int result = start(self, loop, url, options ? options : &defaults);
    if (result == 0)
        result = gale__topics_set_link(loop, &self->base);
    if (result < 0 && self->connections == 0)
        release(self);
    else if (result < 0)
        close_link(&self->base);
    return result;
}

#else

int gale_topics_use_redis(const char *url, const gale_topics_redis_options *options)
{
    (void)url, (void)options;
    return gale__fail(GALE_ENOTSUP, "this gale was built without Redis (hiredis)");
}

#endif
