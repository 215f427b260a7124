/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions in Redis, each under a key of its own that ends with it. All requests share one
 * connection: their commands go out as they come, the replies have the same order. What was asked
 * and not answered when the connection was lost is asked again by the next one, since asking twice
 * does no harm; who waits for it gives up after a while.
 */
#include <gale/middleware.h>

#include "core/error.h"

#if GALE_REDIS

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gale/gen.h>

#include "data/redis_connection.h"

enum { ASKS_MOST = 10000 };

typedef struct store {
    gale__redis redis;
    gale__list asks; /* the oldest first */
    size_t ask_count;
    char *prefix;
    double timeout;
} store;

/* One who waits for a reply, on its stack. */
typedef struct caller {
    gale__waiter waiter;
    store *store;
    struct ask *ask;  /* NULL once it is answered */
    gale_bytes *text; /* of a reply that has one */
    char why[200];    /* an error of Redis, or "" */
} caller;

/* A command that was not answered yet. */
typedef struct ask {
    gale__list link;
    caller *caller; /* NULL once nobody waits */
    gale__buffer command;
} ask;

/* ---- Asking ---------------------------------------------------------------------------- */

static void release(store *self, ask *old)
{
    gale__list_remove(&old->link);
    self->ask_count--;
    gale__buffer_clear(&old->command);
    gale__free(old);
}

static void send_ask(store *self, const ask *what)
{
    if (!self->redis.connected)
        return;
    gale__buffer_append(&self->redis.output, gale__buffer_begin(&what->command),
                        what->command.size);
    gale__redis_sent(&self->redis);
}

static int add(store *self, const gale_str *words, size_t count, const char *id, ask **ret_ask)
{
    if (self->ask_count >= ASKS_MOST)
        return gale__fail(GALE_EFULL, "Redis %s: too many requests wait for it",
                          self->redis.url.name);
    ask *made = GALE__NEW(ask);
    if (!made)
        return -ENOMEM;
    gale__buffer_init(&made->command, SIZE_MAX);
    gale__redis_encode_count(&made->command, count + 1);
    gale__redis_encode_word(&made->command, &words[0], 1);
    gale__redis_encode_word(
        &made->command, (gale_str[]){ { self->prefix, strlen(self->prefix) }, { id, strlen(id) } },
        2);
    for (size_t i = 1; i < count; i++)
        gale__redis_encode_word(&made->command, &words[i], 1);
    gale__list_append(&self->asks, &made->link);
    self->ask_count++;
    *ret_ask = made;
    if (made->command.error == 0)
        return 0;
    release(self, made);
    return -ENOMEM;
}

/* Its place has to stay, for the reply. */
static void leave(gale__waiter *waiter)
{
    caller *self = GALE__CONTAINER_OF(waiter, caller, waiter);
    self->ask->caller = NULL;
    self->ask = NULL;
}

static int wait_for_reply(void *arg)
{
    caller *self = arg;
    GALE_TRY(gale__wait_begin(&self->waiter, leave));
    self->ask->caller = self;
    send_ask(self->store, self->ask);
    return gale__wait_end(&self->waiter);
}

static int failed(const caller *self, int result)
{
    const gale__redis *redis = &self->store->redis;
    if (result == GALE_ETIMEDOUT)
        return gale__fail(result, "Redis %s: no answer within %g s%s%s", redis->url.name,
                          self->store->timeout, redis->why[0] ? ": " : "", redis->why);
    if (self->why[0])
        return gale__fail(result, "Redis %s: %s", redis->url.name, self->why);
    return result;
}

/* The words without the id, which is the second. *ret_text, with one reference, may be NULL. */
static int call(store *self, const gale_str *words, size_t count, const char *id,
                gale_bytes **ret_text)
{
    caller who = { .store = self };
    GALE_TRY(add(self, words, count, id, &who.ask));
    int result = gale_with_timeout(self->timeout, wait_for_reply, &who);
    if (who.ask && !who.ask->caller) /* it was not even sent */
        release(self, who.ask);
    if (ret_text && result >= 0)
        *ret_text = who.text;
    else
        gale_bytes_unref(who.text);
    return result < 0 ? failed(&who, result) : 0;
}

/* ---- The connection -------------------------------------------------------------------- */

static store *of(gale__redis *redis)
{
    return GALE__CONTAINER_OF(redis, store, redis);
}

static void on_connected(gale__redis *redis)
{
    store *self = of(redis);
    for (gale__list *link = self->asks.next; link != &self->asks; link = link->next)
        send_ask(self, GALE__CONTAINER_OF(link, ask, link));
}

static int answer(caller *self, const gale__redis_reply *reply)
{
    self->ask = NULL;
    if (gale__redis_is_error(reply)) {
        snprintf(self->why, sizeof self->why, "%s", reply->text.data);
        return GALE_EINPUT;
    }
    if (reply->type == GALE__REDIS_STRING)
        self->text = gale_bytes_new(reply->text.data, reply->text.len);
    return reply->type == GALE__REDIS_STRING && !self->text ? -ENOMEM : 0;
}

static int on_received(gale__redis *redis, const gale__redis_reply *reply)
{
    store *self = of(redis);
    if (gale__list_empty(&self->asks))
        return gale__fail(GALE_EINPUT, "an answer to nothing");
    ask *first = GALE__CONTAINER_OF(self->asks.next, ask, link);
    caller *who = first->caller;
    if (who)
        gale__wake(&who->waiter, answer(who, reply));
    release(self, first);
    return 0;
}

/* What nobody waits for is not asked again. */
static void on_lost(gale__redis *redis)
{
    store *self = of(redis);
    for (gale__list *link = self->asks.next, *next; link != &self->asks; link = next) {
        next = link->next;
        ask *old = GALE__CONTAINER_OF(link, ask, link);
        if (!old->caller)
            release(self, old);
    }
}

static void on_stopped(gale__redis *redis)
{
    store *self = of(redis);
    while (!gale__list_empty(&self->asks))
        release(self, GALE__CONTAINER_OF(self->asks.next, ask, link));
    gale__free(self->prefix);
    gale__free(self);
}

static const gale__redis_handlers handlers = { on_connected, on_received, on_lost, on_stopped };

/* ---- The store ------------------------------------------------------------------------- */

static int start(store *self, const gale_redis_session_store_options *options)
{
    const gale__redis_settings settings = { .ssl_context = options->ssl_context };
    const char *prefix = options->prefix ? options->prefix : "gale:session:";
    const char *url = options->url ? options->url : "redis://localhost:6379";
    self->prefix = gale__strdup(prefix, strlen(prefix));
    if (!self->prefix)
        return -ENOMEM;
    return gale__redis_start(&self->redis, gale_ioloop_current(), "sessions", url, &settings,
                             &handlers);
}

static int open_store(const void *arg, void **ret_store)
{
    static const gale_redis_session_store_options defaults;
    const gale_redis_session_store_options *options = arg ? arg : &defaults;
    store *self = GALE__NEW(store);
    if (!self)
        return -ENOMEM;
    gale__list_init(&self->asks);
    self->timeout = options->timeout > 0 ? options->timeout : 2;
    int result = start(self, options);
    if (result == 0) {
        *ret_store = self;
        return 0;
    }
    gale__free(self->prefix);
    gale__free(self);
    return result;
}

static void close_store(void *arg)
{
    gale__redis_stop(&((store *)arg)->redis);
}

static int load(void *arg, const char *id, gale_bytes **ret_text)
{
    return call(arg, (gale_str[]){ GALE_STR("GET") }, 1, id, ret_text);
}

static int save(void *arg, const char *id, gale_str text, double seconds)
{
    const double longest = 1e9;
    char number[32];
    int size = snprintf(number, sizeof number, "%.0f",
                        seconds < 1 ? 1 : (seconds < longest ? seconds : longest));
    return call(arg, (gale_str[]){ GALE_STR("SETEX"), { number, (size_t)size }, text }, 3, id,
                NULL);
}

static int remove_session(void *arg, const char *id)
{
    return call(arg, (gale_str[]){ GALE_STR("DEL") }, 1, id, NULL);
}

#else

static int open_store(const void *arg, void **ret_store)
{
    (void)arg, (void)ret_store;
    return gale__fail(GALE_ENOTSUP, "this gale was built without Redis (hiredis)");
}

static void close_store(void *arg)
{
    (void)arg;
}

static int load(void *arg, const char *id, gale_bytes **ret_text)
{
    (void)arg, (void)id, (void)ret_text;
    return GALE_ENOTSUP;
}

static int save(void *arg, const char *id, gale_str text, double seconds)
{
    (void)arg, (void)id, (void)text, (void)seconds;
    return GALE_ENOTSUP;
}

static int remove_session(void *arg, const char *id)
{
    (void)arg, (void)id;
    return GALE_ENOTSUP;
}

#endif

const gale_session_store_class gale_redis_session_store = {
    .open = open_store, .close = close_store, .load = load, .save = save, .remove = remove_session
};
