/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a loop that holds its tasks: making it, and ending what is in it. */
#include <gale/log.h>

#include "core/log_context.h"
#include "gen/local.h"
#include "gen/task.h"
#include "loop/fault.h"

/* What tasks get to end in when their loop is freed. */
enum { CLOSE_TURNS = 1000, CLOSE_SECONDS = 10 };

static void run_ready_callback(gale__callback *callback)
{
    gale__run_ready(GALE__CONTAINER_OF(callback, gale__scheduler, run_ready));
}

static gale_scope *first_detached(gale__scheduler *scheduler)
{
    return GALE__CONTAINER_OF(scheduler->detached.next, gale_scope, sibling);
}

static void cancel_detached(gale__scheduler *scheduler)
{
    gale__list *roots = &scheduler->detached;
    for (gale__list *link = roots->next; link != roots; link = link->next)
        gale_scope_cancel(GALE__CONTAINER_OF(link, gale_scope, sibling));
}

static void out_of_patience(gale__timer *timer)
{
    (void)timer; /* it has ended the wait for events; that is all */
}

/* Ready tasks run also when the loop cannot make a turn, as without memory for its backend. */
static void end_tasks(gale__scheduler *scheduler)
{
    gale__timer patience = { .fire = out_of_patience };
    gale__loop_add_timer(scheduler->loop, &patience, CLOSE_SECONDS);
    for (int turn = 0; turn < CLOSE_TURNS && gale__timer_pending(&patience); turn++) {
        cancel_detached(scheduler);
        gale__run_ready(scheduler);
        if (scheduler->task_count == 0)
            break;
        bool idle = gale__list_empty(&scheduler->ready);
        if (idle) /* or the last task might end just before the loop waits */
            gale__loop_uncall(&scheduler->run_ready);
        if (gale__loop_turn(scheduler->loop, idle) < 0 && idle)
            break;
    }
    gale__loop_remove_timer(scheduler->loop, &patience);
}

/* A task that would not end: its memory is given back, but its stack stays, since threads
 * and waiters may still point into it. */
static void give_up(gale__scheduler *scheduler)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR,
             "%zu tasks (one is %s) did not end when their loop was freed", scheduler->task_count,
             first_detached(scheduler)->owner->name);
    while (!gale__list_empty(&scheduler->detached))
        gale__scope_abandon(first_detached(scheduler));
}

static void release_dependents(gale__scheduler *scheduler)
{
    for (gale__list *link; (link = gale__list_pop(&scheduler->dependents));) {
        gale__dependent *dependent = GALE__CONTAINER_OF(link, gale__dependent, link);
        dependent->release(dependent);
    }
}

/* Sanitizers keep something for each context. */
static void destroy_parked(gale__scheduler *scheduler)
{
    for (gale__task *task = scheduler->parked; task; task = task->next_parked)
        gale__context_destroy(&task->context);
    scheduler->parked = NULL;
}

static void scheduler_close(void *state)
{
    gale__scheduler *scheduler = state;
    release_dependents(scheduler); /* they would start more tasks */
    end_tasks(scheduler);
    release_dependents(scheduler);
    gale__loop_uncall(&scheduler->run_ready);
    gale__loop_attach(scheduler->loop, GALE__LOOP_TASKS, NULL, NULL);
    destroy_parked(scheduler);
    if (scheduler->task_count > 0)
        give_up(scheduler);
    else
        gale__stack_pool_close(&scheduler->stacks);
    gale__free(scheduler);
}

/* For the report of a fatal signal. */
static const char *describe_task(void *owner)
{
    const gale__task *task = owner ? owner : gale__task_current;
    return task ? task->name : NULL;
}

gale__scheduler *gale__scheduler_new(gale_ioloop *loop)
{
    gale__scheduler *scheduler = GALE__NEW(gale__scheduler);
    if (!scheduler)
        return NULL;
    scheduler->loop = loop;
    scheduler->run_ready.run = run_ready_callback;
    gale__list_init(&scheduler->ready);
    gale__list_init(&scheduler->detached);
    gale__list_init(&scheduler->dependents);
    gale__stack_pool_init(&scheduler->stacks, loop->options.stack_size);
    gale__loop_attach(loop, GALE__LOOP_TASKS, scheduler, scheduler_close);
    gale__fault_set_describe(describe_task);
    gale__log_set_context_function(gale__describe_for_log);
    return scheduler;
}
