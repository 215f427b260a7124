/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futures. Tasks wait in a list of waiters; everything else (done callbacks, chained futures,
 * wait iterators) observes. A future that is done has neither.
 */
#include "gen/future.h"

#include <errno.h>

struct gale_future {
    size_t references;
    void *value;
    int error;
    bool done;
    gale__list waiters;
    gale__list observers;
};

gale_future *gale_future_new(void)
{
    gale_future *future = GALE__NEW(gale_future);
    if (!future)
        return NULL;
    future->references = 1;
    gale__list_init(&future->waiters);
    gale__list_init(&future->observers);
    return future;
}

gale_future *gale_future_ref(gale_future *future)
{
    future->references++;
    return future;
}

static void notify_all(gale__list *observers, gale_future *future)
{
    for (gale__list *link; (link = gale__list_pop(observers));) {
        gale__observer *observer = GALE__CONTAINER_OF(link, gale__observer, link);
        observer->notify(observer, future);
    }
}

void gale_future_unref(gale_future *future)
{
    if (!future || --future->references > 0)
        return;
    notify_all(&future->observers, NULL);
    gale__free(future);
}

static int resolve(gale_future *future, void *value, int error)
{
    if (future->done)
        return gale__fail(GALE_ESTATE, "the future is done already");
    future->done = true;
    future->value = value;
    future->error = error;
    gale_future_ref(future); /* an observer may drop what kept it alive */
    gale__wake_all(&future->waiters, 0);
    notify_all(&future->observers, future);
    gale_future_unref(future);
    return 0;
}

int gale_future_set_result(gale_future *future, void *value)
{
    return resolve(future, value, 0);
}

int gale_future_set_error(gale_future *future, int error)
{
    if (error >= 0)
        return gale__fail(GALE_EINVALID, "an error is a negative code");
    return resolve(future, NULL, error);
}

int gale_future_cancel(gale_future *future)
{
    return resolve(future, NULL, GALE_ECANCELED);
}

bool gale_future_done(const gale_future *future)
{
    return future->done;
}

int gale_future_result(const gale_future *future, void **ret_value)
{
    if (!future->done)
        return gale__fail(GALE_ESTATE, "the future is not done");
    if (!future->error && ret_value)
        *ret_value = future->value;
    return future->error;
}

/* ---- Waiting --------------------------------------------------------------------------- */

/* 0 when the future is done, else why the wait has failed. */
static int wait_until_done(gale_future *future)
{
    return future->done ? 0 : gale__wait_in(&future->waiters);
}

int gale_future_wait(gale_future *future, void **ret_value)
{
    gale_future_ref(future);
    int result = wait_until_done(future);
    if (result == 0)
        result = gale_future_result(future, ret_value);
    gale_future_unref(future);
    return result;
}

static int wait_for_each(gale_future *const *futures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        GALE_TRY(wait_until_done(futures[i]));
    for (size_t i = 0; i < count; i++)
        GALE_TRY(futures[i]->error);
    return 0;
}

int gale_future_wait_all(gale_future *const *futures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gale_future_ref(futures[i]);
    int result = wait_for_each(futures, count);
    for (size_t i = 0; i < count; i++)
        gale_future_unref(futures[i]);
    return result;
}

/* ---- Observing ------------------------------------------------------------------------- */

void gale__future_observe(gale_future *future, gale__observer *observer)
{
    if (future->done)
        observer->notify(observer, future);
    else
        gale__list_append(&future->observers, &observer->link);
}

typedef struct done_callback {
    gale__observer observer;
    gale__callback turn;
    gale__dependent dependent;
    gale_future *future; /* referenced from when it is done until the callback has run */
    gale_future_callback function;
    void *arg;
} done_callback;

static void run_done_callback(gale__callback *callback)
{
    done_callback *self = GALE__CONTAINER_OF(callback, done_callback, turn);
    gale__list_remove(&self->dependent.link);
    gale_future *future = self->future;
    self->function(future, self->arg);
    gale_future_unref(future);
    gale__free(self);
}

static void drop_done_callback(gale__dependent *dependent)
{
    done_callback *self = GALE__CONTAINER_OF(dependent, done_callback, dependent);
    gale__loop_uncall(&self->turn);
    gale_future_unref(self->future);
    gale__free(self);
}

/* The loop may have been freed since the callback was added: then it never runs. */
static void queue_done_callback(gale__observer *observer, gale_future *future)
{
    done_callback *self = GALE__CONTAINER_OF(observer, done_callback, observer);
    gale_ioloop *loop = gale_ioloop_current_or_null();
    gale__scheduler *scheduler = loop ? gale__loop_part(loop, GALE__LOOP_TASKS) : NULL;
    if (!future || !scheduler) {
        gale__free(self);
        return;
    }
    self->future = gale_future_ref(future);
    gale__list_append(&scheduler->dependents, &self->dependent.link);
    gale__loop_call(loop, &self->turn);
}

int gale_future_add_done_callback(gale_future *future, gale_future_callback callback, void *arg)
{
    gale_ioloop *loop = gale_ioloop_current();
    if (!loop || !gale__scheduler_of(loop))
        return -ENOMEM;
    done_callback *self = GALE__NEW(done_callback);
    if (!self)
        return -ENOMEM;
    self->observer.notify = queue_done_callback;
    self->turn.run = run_done_callback;
    self->dependent.release = drop_done_callback;
    self->function = callback;
    self->arg = arg;
    gale__future_observe(future, &self->observer);
    return 0;
}

typedef struct chain {
    gale__observer observer;
    gale_future *to;
} chain;

static void copy_outcome(gale__observer *observer, gale_future *from)
{
    chain *self = GALE__CONTAINER_OF(observer, chain, observer);
    if (from && !self->to->done)
        resolve(self->to, from->value, from->error);
    gale_future_unref(self->to);
    gale__free(self);
}

int gale_future_chain(gale_future *from, gale_future *to)
{
    chain *self = GALE__NEW(chain);
    if (!self)
        return -ENOMEM;
    self->observer.notify = copy_outcome;
    self->to = gale_future_ref(to);
    gale__future_observe(from, &self->observer);
    return 0;
}
