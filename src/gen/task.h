/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks, scopes and waiting, for this floor and those above.
 *
 * Invariants: a task runs only from the loop (never nested in another task); a waiter lives on
 * the stack of the task that waits and is linked nowhere once the wait is over; a scope lives
 * in its own arena; task->scope is the innermost scope that the task has opened. Scopes form a
 * tree, in which the root scope of a task hangs below the scope that it was spawned in: what
 * is cancelled is a branch of it, up to shielded scopes.
 */
#ifndef GALE_GEN_TASK_H
#define GALE_GEN_TASK_H

#include <gale/gen.h>

#include "core/arena.h"
#include "core/error.h"
#include "loop/loop.h"
#include "platform/context.h"
#include "platform/stack.h"

typedef struct gale__task gale__task;

/* One wait of one task. */
typedef struct gale__waiter {
    gale__list link; /* in the list of what is waited for, if any */
    gale__task *task;
    int result;
    bool woken;
    /* Takes the waiter out of what it waits for, when it is cancelled; NULL: the wait cannot
     * be cancelled. */
    void (*abandon)(struct gale__waiter *waiter);
} gale__waiter;

/* Something deferred. */
typedef struct gale__defer {
    struct gale__defer *next;
    gale_callback function;
    void *arg;
} gale__defer;

struct gale_scope {
    gale__arena arena;
    gale_ioloop *loop;
    gale_scope *parent;
    gale__task *owner;   /* the task inside; NULL before its task has started */
    gale__list sibling;  /* in parent->children, or in scheduler->detached */
    gale__list children; /* what the owner opened inside, and the roots of the tasks spawned here */
    size_t task_count;   /* tasks spawned here that have not ended */
    gale__defer *defers; /* newest first */
    gale__waiter *joiner;
    gale__timer timer;
    gale__error_slot error; /* the detail of first_error */
    int first_error;        /* of the tasks spawned here */
    int cause; /* what cancelled it, if it was its deadline or its first error; else 0 */
    bool canceled, shielded, cancel_on_error, closing;
    /* Asked once nothing is left of it but its memory: true when it is kept, to be used again. */
    bool (*keep)(gale_scope *scope);
};

struct gale__task {
    gale__context context;
    gale__stack *stack;
    struct gale__scheduler *scheduler;
    gale__list ready;      /* in scheduler->ready */
    gale_scope *home;      /* the scope that it was spawned in; NULL: the loop */
    gale_scope *root;      /* the outermost scope that it owns */
    gale_scope *scope;     /* the innermost */
    gale__waiter *waiting; /* NULL while it runs or is ready */
    gale_task_function function;
    void *arg;
    const char *name;
    gale__task *next_parked;
    struct gale__local *locals;
    gale__error_slot error;
    int result;
    int ignored_cancels;
    bool done;
};

/* Something outside tasks that has to let go of the loop before the loop is freed. */
typedef struct gale__dependent {
    gale__list link;
    void (*release)(struct gale__dependent *dependent);
} gale__dependent;

typedef struct gale__scheduler {
    gale_ioloop *loop;
    gale__context context; /* of the loop, while a task runs */
    gale__list ready;
    gale__list detached;   /* root scopes of the tasks of the loop itself */
    gale__list dependents; /* of gale__dependent */
    gale__callback run_ready;
    gale__stack_pool stacks;
    gale__task *parked; /* ended tasks, to be started again on their stacks */
    size_t task_count;
    gale_callback call; /* asked for by a task, to run on the loop's stack */
    void *call_arg;
} gale__scheduler;

/* The task that runs on this thread, or NULL. */
extern _Thread_local gale__task *gale__task_current;

GALE__APART gale__scheduler *gale__scheduler_new(gale_ioloop *loop);
/* The loop's scheduler, made on first use; NULL when out of memory. */
static inline gale__scheduler *gale__scheduler_of(gale_ioloop *loop)
{
    gale__scheduler *scheduler = loop->parts[GALE__LOOP_TASKS].state;
    return GALE__LIKELY(scheduler != NULL) ? scheduler : gale__scheduler_new(loop);
}

/* Lets each task that is ready now run until it waits. From the loop's own stack. */
void gale__run_ready(gale__scheduler *scheduler);

/* A scope that has no owner yet, for gale__task_start; NULL when out of memory. */
gale_scope *gale__scope_new(gale_ioloop *loop, gale_scope *parent);
/* Runs what is still deferred and gives the memory back. No task may be left in it. */
void gale__scope_destroy(gale_scope *scope);
/* Makes a scope as it was when `rest` was the free part of its arena. False, and nothing is
 * changed, for one with a history (cancelled, options set, tasks that failed) or with more memory.
 */
bool gale__scope_renew(gale_scope *scope, char *rest);
/* True when nothing is open inside, no task is left in it and nothing is deferred. */
static inline bool gale__scope_is_quiet(const gale_scope *scope)
{
    return scope->owner->scope == scope && scope->task_count == 0 && !scope->defers;
}
/* Closes what is open inside, joins its tasks and runs what was deferred. Suspends. */
void gale__scope_join(gale_scope *scope);
/* Runs after everything else that is deferred in the scope now or later. */
void gale__scope_defer_last(gale_scope *scope, gale__defer *defer);
/* Gives back the memory of a branch whose tasks will never run again. */
void gale__scope_abandon(gale_scope *top);
/* A task of `scope` has ended with `result`; `error` is its detail. */
void gale__scope_task_ended(gale_scope *scope, int result, gale__error_slot *error);

/*
 * Makes a task that owns `root` from now on (also on failure, which destroys it). `home` NULL:
 * a task of the loop. It is ready, unless `now`: then it runs at once until it first waits;
 * only from the loop's own stack. Returns 0 or -ENOMEM.
 */
int gale__task_start(gale_scope *root, gale_scope *home, const char *name,
                     gale_task_function function, void *arg, bool now);

/*
 * The current task, whose function has nothing left to do, goes on as a new one with the memory of
 * its root scope as it was when `rest` was the free part of its arena. False: something is left of
 * what it has done, and it has to end.
 */
bool gale__task_renew(char *rest);

/*
 * A wait, in three steps: begin; put the waiter where the waker finds it; end.
 * Begin fails with GALE_ENOTASK outside a task and with GALE_ECANCELED (after yielding once)
 * in a cancelled one.
 */
int gale__wait_begin(gale__waiter *waiter, void (*abandon)(gale__waiter *waiter));
/* Suspends until the waiter is woken; returns the result that the waker gave. */
int gale__wait_end(gale__waiter *waiter);
/* Ends a wait. The waker has taken the waiter out of its list. */
void gale__wake(gale__waiter *waiter, int result);
/* Takes the first waiter out of a list and wakes it; false when there is none. */
bool gale__wake_first(gale__list *waiters, int result);
/* The same with all of them. */
void gale__wake_all(gale__list *waiters, int result);
/* Calls function(arg) on the loop's own stack, which is large: for libraries that use much. */
void gale__on_loop_stack(gale_callback function, void *arg);
/* The usual abandon: takes waiter->link out of its list. */
void gale__waiter_unlink(gale__waiter *waiter);
/* The whole of a plain wait: at the end of `waiters`, until one of the calls above wakes it. */
int gale__wait_in(gale__list *waiters);

#endif
