/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connector.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "gen/task.h"

static const double SECOND_LIST_AFTER = 0.3; /* seconds */
static const double NEXT_AFTER = 2;          /* without an answer from an address */

typedef struct connector connector;

/* One family's addresses. They are tried one after the other: the next one is begun when one has
 * failed, or has been silent for long. */
typedef struct attempts {
    connector *connector;
    const gale_address *addresses;
    int count, begun, next;
    int running;
    bool wants_next;
    gale__timer patience;
} attempts;

struct connector {
    gale__attempt attempt;
    void *arg;
    gale_scope *scope;    /* of the tasks */
    gale__waiter *waiter; /* the caller, while it waits */
    gale__timer timer;
    gale_iostream *winner;
    int last_error;
    bool start_second; /* it is time for the second list */
    attempts lists[2];
};

int gale__connector_split(gale_address *addresses, int count)
{
    int first = 0;
    for (int i = 0; i < count; i++) {
        if (addresses[i].family != addresses[0].family)
            continue;
        gale_address moved = addresses[i];
        memmove(&addresses[first + 1], &addresses[first], (size_t)(i - first) * sizeof *addresses);
        addresses[first++] = moved;
    }
    return first;
}

static void notify(connector *self)
{
    if (self->waiter)
        gale__wake(self->waiter, 0);
    self->waiter = NULL;
}

static void on_timer(gale__timer *timer)
{
    connector *self = GALE__CONTAINER_OF(timer, connector, timer);
    self->start_second = true;
    notify(self);
}

static void on_silence(gale__timer *timer)
{
    attempts *list = GALE__CONTAINER_OF(timer, attempts, patience);
    list->wants_next = true;
    notify(list->connector);
}

static void attempt_ended(attempts *list, int result, gale_iostream *stream)
{
    connector *self = list->connector;
    if (result < 0) {
        self->last_error = result;
        self->start_second = true;
    } else if (self->winner) {
        gale_iostream_free(stream); /* a late arrival */
    } else {
        self->winner = stream;
    }
    if (--list->running == 0)
        list->wants_next = true;
    notify(self);
}

static int try_one(void *arg)
{
    attempts *list = arg;
    gale_iostream *stream = NULL;
    const gale_address *address = &list->addresses[list->next++];
    int result = list->connector->attempt(address, list->connector->arg, &stream);
    attempt_ended(list, result, stream);
    return 0;
}

static int start_next(attempts *list)
{
    list->wants_next = false;
    if (list->begun == list->count)
        return 0;
    GALE_TRY(gale_scope_spawn(list->connector->scope, "connect", try_one, list));
    list->begun++;
    list->running++;
    gale__loop_add_timer(gale_ioloop_current(), &list->patience, NEXT_AFTER);
    return 0;
}

static void leave(gale__waiter *waiter)
{
    (void)waiter; /* wait_for_news forgets it */
}

static int wait_for_news(connector *self)
{
    gale__waiter waiter;
    GALE_TRY(gale__wait_begin(&waiter, leave));
    self->waiter = &waiter;
    int result = gale__wait_end(&waiter);
    self->waiter = NULL;
    return result;
}

static bool all_failed(const connector *self)
{
    for (int i = 0; i < 2; i++)
        if (self->lists[i].running > 0 || self->lists[i].begun < self->lists[i].count)
            return false;
    return true;
}

static int connect_first(connector *self)
{
    GALE_TRY(start_next(&self->lists[0]));
    for (;;) {
        if (self->winner)
            return 0;
        if (self->lists[0].wants_next)
            GALE_TRY(start_next(&self->lists[0]));
        if (self->lists[1].begun ? self->lists[1].wants_next : self->start_second)
            GALE_TRY(start_next(&self->lists[1]));
        if (all_failed(self))
            return self->last_error;
        GALE_TRY(wait_for_news(self));
    }
}

static void stop_timers(connector *self)
{
    gale_ioloop *loop = gale_ioloop_current();
    gale__loop_remove_timer(loop, &self->timer);
    for (int i = 0; i < 2; i++)
        gale__loop_remove_timer(loop, &self->lists[i].patience);
}

static void init_list(connector *self, attempts *list, const gale_address *addresses, int count)
{
    list->connector = self;
    list->addresses = addresses;
    list->count = count;
    list->patience.fire = on_silence;
}

int gale__connector_run(gale_address *addresses, int count, gale__attempt attempt, void *arg,
                        gale_iostream **ret_stream)
{
    connector self = {
        .attempt = attempt, .arg = arg, .timer.fire = on_timer, .last_error = GALE_ENOTFOUND
    };
    int first = gale__connector_split(addresses, count);
    init_list(&self, &self.lists[0], addresses, first);
    init_list(&self, &self.lists[1], addresses + first, count - first);
    self.scope = gale_scope_open(NULL);
    if (!self.scope)
        return -ENOMEM;
    gale__loop_add_timer(gale_ioloop_current(), &self.timer, SECOND_LIST_AFTER);
    int result = connect_first(&self);
    stop_timers(&self);
    gale_scope_cancel(self.scope);
    result = gale_scope_close(self.scope, result);
    if (result < 0)
        gale_iostream_free(self.winner);
    else
        *ret_stream = self.winner;
    return result;
}
