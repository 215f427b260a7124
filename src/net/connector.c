/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connector.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "gen/task.h"

static const double SECOND_LIST_AFTER = 0.3; /* seconds */

typedef struct connector {
    gale__attempt attempt;
    void *arg;
    gale_scope *scope;    /* of the tasks */
    gale__waiter *waiter; /* the caller, while it waits */
    gale__timer timer;
    gale_iostream *winner;
    int last_error;
    int running;       /* lists that are being tried */
    bool start_second; /* it is time for the second list */
} connector;

typedef struct attempts {
    connector *connector;
    const gale_address *addresses;
    int count;
} attempts;

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

static int try_one(connector *self, const gale_address *address)
{
    gale_iostream *stream;
    int result = self->attempt(address, self->arg, &stream);
    if (result < 0) {
        self->last_error = result;
        self->start_second = true;
    } else if (self->winner) {
        gale_iostream_free(stream); /* a late arrival */
    } else {
        self->winner = stream;
    }
    return result;
}

static int try_list(void *arg)
{
    const attempts *self = arg;
    connector *owner = self->connector;
    for (int i = 0; i < self->count && !owner->winner; i++) {
        int result = try_one(owner, &self->addresses[i]);
        notify(owner);
        if (result == 0 || result == GALE_ECANCELED)
            break;
    }
    owner->running--;
    notify(owner);
    return 0;
}

static int start_list(attempts *list)
{
    if (list->count == 0)
        return 0;
    list->connector->running++;
    int result = gale_scope_spawn(list->connector->scope, "connect", try_list, list);
    if (result < 0)
        list->connector->running--;
    return result;
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

static int connect_first(connector *self, attempts *lists)
{
    bool second_started = false;
    GALE_TRY(start_list(&lists[0]));
    for (;;) {
        if (self->winner)
            return 0;
        if (self->start_second && !second_started) {
            second_started = true;
            GALE_TRY(start_list(&lists[1]));
        }
        if (self->running == 0 && second_started)
            return self->last_error;
        GALE_TRY(wait_for_news(self));
    }
}

int gale__connector_run(gale_address *addresses, int count, gale__attempt attempt, void *arg,
                        gale_iostream **ret_stream)
{
    connector self = {
        .attempt = attempt, .arg = arg, .timer.fire = on_timer, .last_error = GALE_ENOTFOUND
    };
    int first = gale__connector_split(addresses, count);
    attempts lists[] = { { &self, addresses, first }, { &self, addresses + first, count - first } };
    self.scope = gale_scope_open(NULL);
    if (!self.scope)
        return -ENOMEM;
    gale__loop_add_timer(gale_ioloop_current(), &self.timer, SECOND_LIST_AFTER);
    int result = connect_first(&self, lists);
    gale__loop_remove_timer(gale_ioloop_current(), &self.timer);
    gale_scope_cancel(self.scope);
    result = gale_scope_close(self.scope, result);
    if (result < 0)
        gale_iostream_free(self.winner);
    else
        *ret_stream = self.winner;
    return result;
}
