/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Periodic callbacks: a timer that starts a task, which sets the timer again when it has
 * ended. The object lives until its user has freed it and its last run has ended.
 */
#include "loop/periodic.h"

#include <errno.h>
#include <stdlib.h>

#include <gale/log.h>

#include "gen/task.h"

struct gale_periodic_callback {
    gale_task_function function;
    void *arg;
    double callback_time; /* ms */
    double jitter;
    double next_timeout; /* seconds of the loop's clock */
    gale__timer timer;
    gale__dependent dependent;
    gale_ioloop *loop; /* where it is started; NULL while it is not */
    size_t starts;     /* a run that an earlier start began does not set the timer */
    size_t references; /* of the user, and of each run */
    unsigned short random[3];
};

static void unref(gale_periodic_callback *self)
{
    if (--self->references == 0)
        gale__free(self);
}

static void schedule(gale_periodic_callback *self)
{
    double now = (double)gale__loop_update_time(self->loop) / 1e9;
    self->next_timeout = gale__periodic_next(self->next_timeout, now, self->callback_time,
                                             self->jitter, erand48(self->random));
    gale__loop_add_timer(self->loop, &self->timer, self->next_timeout - now);
}

static int run(void *arg)
{
    gale_periodic_callback *self = arg;
    size_t start = self->starts;
    int result = self->function(self->arg);
    if (result < 0 && result != GALE_ECANCELED)
        gale_log(GALE_LOG_APPLICATION, GALE_LOG_ERROR, "periodic callback failed: %s",
                 gale_strerror(result));
    if (self->loop && self->starts == start)
        schedule(self);
    unref(self);
    return 0;
}

static int start_run(gale_periodic_callback *self)
{
    gale_scope *root = gale__scope_new(self->loop, NULL);
    if (!root)
        return -ENOMEM;
    self->references++;
    int result = gale__task_start(root, NULL, "periodic callback", run, self, true);
    if (result < 0)
        self->references--;
    return result;
}

static void fire(gale__timer *timer)
{
    gale_periodic_callback *self = GALE__CONTAINER_OF(timer, gale_periodic_callback, timer);
    int result = start_run(self);
    if (result == 0)
        return; /* it may have gone by now */
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "periodic callback could not run: %s",
             gale_strerror(result));
    schedule(self);
}

static void release(gale__dependent *dependent)
{
    gale_periodic_callback_stop(GALE__CONTAINER_OF(dependent, gale_periodic_callback, dependent));
}

gale_periodic_callback *gale_periodic_callback_new(gale_task_function function, void *arg,
                                                   double callback_time, double jitter)
{
    if (!(callback_time > 0)) {
        gale__fail(GALE_EINVALID, "a periodic callback must have a positive callback_time");
        return NULL;
    }
    gale_periodic_callback *self = GALE__NEW(gale_periodic_callback);
    if (!self)
        return NULL;
    self->function = function;
    self->arg = arg;
    self->callback_time = callback_time;
    self->jitter = jitter;
    self->timer.fire = fire;
    self->dependent.release = release;
    self->references = 1;
    return self;
}

void gale_periodic_callback_free(gale_periodic_callback *periodic)
{
    if (!periodic)
        return;
    gale_periodic_callback_stop(periodic);
    unref(periodic);
}

static void seed(gale_periodic_callback *self)
{
    uint64_t bits = (uint64_t)self->loop->now ^ (uintptr_t)self;
    for (int i = 0; i < 3; i++)
        self->random[i] = (unsigned short)(bits >> (16 * i));
}

int gale_periodic_callback_start(gale_periodic_callback *periodic)
{
    if (periodic->loop)
        return 0;
    gale_ioloop *loop = gale_ioloop_current();
    gale__scheduler *scheduler = loop ? gale__scheduler_of(loop) : NULL;
    if (!scheduler)
        return -ENOMEM;
    periodic->loop = loop;
    periodic->starts++;
    periodic->next_timeout = (double)gale__loop_update_time(loop) / 1e9;
    seed(periodic);
    gale__list_append(&scheduler->dependents, &periodic->dependent.link);
    schedule(periodic);
    return 0;
}

void gale_periodic_callback_stop(gale_periodic_callback *periodic)
{
    if (!periodic->loop)
        return;
    gale__loop_remove_timer(periodic->loop, &periodic->timer);
    gale__list_remove(&periodic->dependent.link);
    periodic->loop = NULL;
}

bool gale_periodic_callback_is_running(const gale_periodic_callback *periodic)
{
    return periodic->loop != NULL;
}
