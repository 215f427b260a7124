/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks: starting, running, waiting, waking, ending. */
#include "gen/task.h"

#include <assert.h>
#include <errno.h>

#include <gale/log.h>

#include "gen/local.h"
#include "loop/watchdog.h"

enum { IGNORED_CANCELS_LOGGED = 100 };

_Thread_local gale__task *gale__task_current;

/* ---- Running --------------------------------------------------------------------------- */

GALE__APART static void log_failure(const gale__task *task)
{
    const char *detail = task->error.text;
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_ERROR, "task %s failed: %s%s%s", task->name,
             gale_strerror(task->result), detail ? ": " : "", detail ? detail : "");
}

static void task_ended(gale__task *task)
{
    gale__scheduler *scheduler = task->scheduler;
    if (task->home)
        gale__scope_task_ended(task->home, task->result, &task->error);
    else if (task->result < 0 && task->result != GALE_ECANCELED)
        log_failure(task);
    if (task->error.text)
        gale__error_slot_clear(&task->error);
    if (task->locals) {
        gale__locals_unref(task->locals);
        task->locals = NULL;
    }
    scheduler->task_count--;
    gale__stack_rest(&scheduler->stacks, task->stack);
    task->next_parked = scheduler->parked;
    scheduler->parked = task;
}

GALE__APART static void overflowed(const gale__task *task)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "stack overflow in task %s", task->name);
    gale_log_flush();
    __builtin_trap();
}

/* The task wants a call made on this stack. */
GALE__APART static void make_calls(gale__scheduler *scheduler, gale__task *task)
{
    while (scheduler->call) {
        gale_callback function = scheduler->call;
        scheduler->call = NULL;
        function(scheduler->call_arg);
        gale__context_switch(&scheduler->context, &task->context);
    }
}

/* Runs the task until it waits or ends. */
static inline void switch_to(gale__scheduler *scheduler, gale__task *task)
{
    gale__context_switch(&scheduler->context, &task->context);
    if (GALE__UNLIKELY(scheduler->call))
        make_calls(scheduler, task);
}

/* Returns 0, as the last thing that starting a task does. */
static int task_resume(gale__task *task)
{
    gale__scheduler *scheduler = task->scheduler;
    int64_t since = gale__watchdog_begin(scheduler->loop);
    gale__task_current = task;
    gale__error_slot_use(&task->error);
    switch_to(scheduler, task);
    gale__task_current = NULL;
    gale__error_slot_use(NULL);
    if (GALE__UNLIKELY(!gale__stack_check(task->stack)))
        overflowed(task);
    if (GALE__UNLIKELY(since))
        gale__watchdog_check_name(scheduler->loop, since, "task", task->name);
    if (task->done)
        task_ended(task);
    return 0;
}

void gale__run_ready(gale__scheduler *scheduler)
{
    gale__list batch;
    gale__list_init(&batch);
    gale__list_splice(&batch, &scheduler->ready);
    for (gale__list *link; (link = gale__list_pop(&batch));)
        task_resume(GALE__CONTAINER_OF(link, gale__task, ready));
}

static void make_ready(gale__task *task)
{
    gale__scheduler *scheduler = task->scheduler;
    gale__list_append(&scheduler->ready, &task->ready);
    gale__loop_call(scheduler->loop, &scheduler->run_ready);
}

static void suspend(gale__task *task)
{
    gale__context_switch(&task->context, &task->scheduler->context);
}

void gale__on_loop_stack(gale_callback function, void *arg)
{
    gale__task *task = gale__task_current;
    if (!task) {
        function(arg);
        return;
    }
    task->scheduler->call = function;
    task->scheduler->call_arg = arg;
    suspend(task);
}

/* ---- Starting -------------------------------------------------------------------------- */

/* When its function has ended, a task parks: it then waits for nothing and has no locals and no
 * error, as a new one, and goes on from there with the next function. */
static void task_main(void *arg)
{
    gale__task *task = arg;
    for (;;) {
        task->result = task->function(task->arg);
        if (!gale__scope_is_quiet(task->root))
            gale__scope_join(task->root);
        gale__scope_destroy(task->root);
        task->done = true;
        suspend(task);
    }
}

bool gale__task_renew(char *rest)
{
    gale__task *task = gale__task_current;
    gale_scope *root = task->root;
    if (task->locals || !gale__scope_is_quiet(root) || !gale__scope_renew(root, rest))
        return false;
    root->owner = task;
    task->ignored_cancels = 0;
    if (task->error.text)
        gale__error_slot_clear(&task->error);
    return true;
}

GALE__APART static gale__task *task_new(gale__scheduler *scheduler)
{
    gale__stack *stack = gale__stack_get(&scheduler->stacks);
    if (!stack)
        return NULL;
    gale__task *task = gale__stack_reserve(stack, sizeof *task);
    *task = (gale__task){ .stack = stack, .scheduler = scheduler };
    stack->owner = task;
    gale__context_make(&task->context, stack->low, stack->size, task_main, task);
    return task;
}

/* Hangs the task's root into the tree of scopes. */
static void adopt(gale__task *task)
{
    gale_scope *home = task->home;
    assert(!home || task->root->parent == home);
    task->root->owner = task;
    if (home)
        home->task_count++;
    gale__list_append(home ? &home->children : &task->scheduler->detached, &task->root->sibling);
}

static gale__local *inherited_locals(void)
{
    gale__local *locals = gale__task_current ? gale__task_current->locals : NULL;
    return locals ? gale__locals_ref(locals) : NULL;
}

/* No task is parked: makes one, and starts it. */
GALE__APART static int start_on_new(gale_scope *root, gale_scope *home, const char *name,
                                    gale_task_function function, void *arg, bool now)
{
    gale__scheduler *scheduler = gale__scheduler_of(root->loop);
    gale__task *task = scheduler ? task_new(scheduler) : NULL;
    if (!task) {
        gale__scope_destroy(root);
        return -ENOMEM;
    }
    scheduler->parked = task;
    return gale__task_start(root, home, name, function, arg, now);
}

int gale__task_start(gale_scope *root, gale_scope *home, const char *name,
                     gale_task_function function, void *arg, bool now)
{
    gale__scheduler *scheduler = root->loop->parts[GALE__LOOP_TASKS].state;
    gale__task *task = scheduler ? scheduler->parked : NULL;
    if (GALE__UNLIKELY(!task))
        return start_on_new(root, home, name, function, arg, now);
    scheduler->parked = task->next_parked;
    task->home = home;
    task->root = task->scope = root;
    task->function = function;
    task->arg = arg;
    task->name = name ? name : "task";
    task->locals = inherited_locals();
    task->ignored_cancels = 0;
    task->done = false;
    scheduler->task_count++;
    adopt(task);
    assert(!now || !gale__task_current);
    if (GALE__LIKELY(now))
        return task_resume(task);
    make_ready(task);
    return 0;
}

int gale_ioloop_spawn_callback(gale_ioloop *loop, const char *name, gale_task_function function,
                               void *arg)
{
    gale_scope *root = gale__scope_new(loop, NULL);
    return root ? gale__task_start(root, NULL, name, function, arg, false) : -ENOMEM;
}

int gale_scope_spawn(gale_scope *scope, const char *name, gale_task_function function, void *arg)
{
    if (!gale__task_current)
        return GALE_ENOTASK;
    if (!scope)
        return -ENOMEM;
    if (scope->canceled)
        return GALE_ECANCELED;
    gale_scope *root = gale__scope_new(scope->loop, scope);
    return root ? gale__task_start(root, scope, name, function, arg, false) : -ENOMEM;
}

int gale_spawn(gale_task_function function, void *arg)
{
    gale__task *task = gale__task_current;
    return task ? gale_scope_spawn(task->scope, task->name, function, arg) : GALE_ENOTASK;
}

const char *gale_task_name(void)
{
    return gale__task_current ? gale__task_current->name : "";
}

bool gale_task_canceled(void)
{
    return gale__task_current && gale__task_current->scope->canceled;
}

/* ---- Waiting --------------------------------------------------------------------------- */

/* A cancelled task that waits gets its turn later all the same, so that it cannot starve the
 * loop by trying again and again. */
static int canceled_wait(gale__task *task)
{
    if (++task->ignored_cancels == IGNORED_CANCELS_LOGGED)
        gale_log(GALE_LOG_APPLICATION, GALE_LOG_WARNING,
                 "task %s was cancelled and has ignored it in %d waits", task->name,
                 IGNORED_CANCELS_LOGGED);
    make_ready(task);
    suspend(task);
    return GALE_ECANCELED;
}

int gale__wait_begin(gale__waiter *waiter, void (*abandon)(gale__waiter *waiter))
{
    gale__task *task = gale__task_current;
    if (GALE__UNLIKELY(!task))
        return gale__fail(GALE_ENOTASK, "a wait is possible in a task only");
    if (GALE__UNLIKELY(task->scope->canceled && abandon))
        return canceled_wait(task);
    *waiter = (gale__waiter){ .task = task, .abandon = abandon };
    return 0;
}

/* Not inlined, because compilers do not know that who wakes has unlinked the waiter. */
__attribute__((noinline)) int gale__wait_end(gale__waiter *waiter)
{
    if (!waiter->woken)
        waiter->task->waiting = waiter;
    suspend(waiter->task);
    return waiter->result;
}

void gale__wake(gale__waiter *waiter, int result)
{
    if (waiter->woken)
        return;
    waiter->woken = true;
    waiter->result = result;
    waiter->task->waiting = NULL;
    make_ready(waiter->task);
}

bool gale__wake_first(gale__list *waiters, int result)
{
    gale__list *link = gale__list_pop(waiters);
    if (!link)
        return false;
    gale__wake(GALE__CONTAINER_OF(link, gale__waiter, link), result);
    return true;
}

void gale__wake_all(gale__list *waiters, int result)
{
    while (gale__wake_first(waiters, result)) {
    }
}

void gale__waiter_unlink(gale__waiter *waiter)
{
    gale__list_remove(&waiter->link);
}

int gale__wait_in(gale__list *waiters)
{
    gale__waiter waiter;
    GALE_TRY(gale__wait_begin(&waiter, gale__waiter_unlink));
    gale__list_append(waiters, &waiter.link);
    return gale__wait_end(&waiter);
}

int gale_moment(void)
{
    gale__waiter waiter;
    GALE_TRY(gale__wait_begin(&waiter, gale__waiter_unlink));
    gale__wake(&waiter, 0);
    return gale__wait_end(&waiter);
}
