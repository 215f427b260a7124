/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/task.h"

typedef struct sleeper {
    gale__waiter waiter;
    gale__timer timer;
} sleeper;

static void wake_up(gale__timer *timer)
{
    gale__wake(&GALE__CONTAINER_OF(timer, sleeper, timer)->waiter, 0);
}

static void abandon_sleep(gale__waiter *waiter)
{
    sleeper *self = GALE__CONTAINER_OF(waiter, sleeper, waiter);
    gale__loop_remove_timer(waiter->task->scheduler->loop, &self->timer);
}

int gale_sleep(double seconds)
{
    sleeper self = { .timer.fire = wake_up };
    GALE_TRY(gale__wait_begin(&self.waiter, abandon_sleep));
    gale__loop_add_timer(self.waiter.task->scheduler->loop, &self.timer, seconds);
    return gale__wait_end(&self.waiter);
}
