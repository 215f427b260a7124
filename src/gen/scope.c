/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes: opening, cancelling, joining, closing; their memory and what was deferred. */
#include <errno.h>
#include <string.h>

#include "gen/task.h"

gale_scope *gale__scope_new(gale_ioloop *loop, gale_scope *parent)
{
    gale__arena arena;
    gale_scope *scope = gale__arena_begin(&arena, &loop->blocks, sizeof *scope);
    if (!scope)
        return NULL;
    *scope = (gale_scope){
        /* every member: the compiler clears what is incomplete first */
        .arena = arena,
        .loop = loop,
        .parent = parent,
        .children = { &scope->children, &scope->children },
        .canceled = parent && parent->canceled,
        .owner = NULL,
        .sibling = { NULL, NULL },
        .task_count = 0,
        .defers = NULL,
        .joiner = NULL,
        .timer = { { NULL, NULL }, 0, NULL },
        .error = { NULL },
        .first_error = 0,
        .cause = 0,
        .shielded = false,
        .cancel_on_error = false,
        .closing = false,
        .keep = NULL,
    };
    return scope;
}

static bool run_last_deferred(gale_scope *scope)
{
    gale__defer *defer = scope->defers;
    if (!defer)
        return false;
    scope->defers = defer->next;
    defer->function(defer->arg);
    return true;
}

void gale__scope_destroy(gale_scope *scope)
{
    while (run_last_deferred(scope)) {
    }
    if (gale__timer_pending(&scope->timer))
        gale__loop_remove_timer(scope->loop, &scope->timer);
    gale__list_remove(&scope->sibling);
    if (GALE__UNLIKELY(scope->error.text != NULL))
        gale__error_slot_clear(&scope->error);
    if (scope->keep && scope->keep(scope))
        return;
    gale__arena arena = scope->arena; /* the scope lies in it */
    gale__arena_end(&arena);
}

bool gale__scope_renew(gale_scope *scope, char *rest)
{
    if (scope->arena.blocks->next || scope->first_error || scope->cause ||
        (scope->canceled | scope->shielded | scope->cancel_on_error | scope->closing))
        return false;
    scope->owner = NULL;
    gale__arena_rewind(&scope->arena, rest);
    return true;
}

void gale__scope_abandon(gale_scope *top)
{
    gale_scope *scope;
    do {
        scope = top;
        while (!gale__list_empty(&scope->children))
            scope = GALE__CONTAINER_OF(scope->children.next, gale_scope, sibling);
        scope->defers = NULL;
        gale__scope_destroy(scope);
    } while (scope != top);
}

/* ---- Cancelling ------------------------------------------------------------------------ */

static void wake_canceled(gale__task *task)
{
    gale__waiter *waiter = task->waiting;
    if (!waiter || !waiter->abandon)
        return;
    waiter->abandon(waiter);
    gale__wake(waiter, GALE_ECANCELED);
}

/* A task waits on behalf of its innermost scope. */
static void cancel_one(gale_scope *scope)
{
    scope->canceled = true;
    if (scope->owner && scope->owner->scope == scope)
        wake_canceled(scope->owner);
}

/* The scope after this one in the branch of `top`, parents first. */
static gale_scope *next_scope(gale_scope *scope, const gale_scope *top, bool descend)
{
    if (descend && !gale__list_empty(&scope->children))
        return GALE__CONTAINER_OF(scope->children.next, gale_scope, sibling);
    for (; scope != top; scope = scope->parent)
        if (scope->sibling.next != &scope->parent->children)
            return GALE__CONTAINER_OF(scope->sibling.next, gale_scope, sibling);
    return NULL;
}

/* Without recursion: a branch may be deeper than a stack. */
void gale_scope_cancel(gale_scope *top)
{
    if (!top || top->canceled)
        return;
    for (gale_scope *scope = top; scope;) {
        bool reached = scope == top || (!scope->shielded && !scope->canceled);
        if (reached)
            cancel_one(scope);
        scope = next_scope(scope, top, reached);
    }
}

static void cancel_because(gale_scope *scope, int cause)
{
    if (!scope->canceled)
        scope->cause = cause;
    gale_scope_cancel(scope);
}

static void deadline(gale__timer *timer)
{
    cancel_because(GALE__CONTAINER_OF(timer, gale_scope, timer), GALE_ETIMEDOUT);
}

/* ---- Opening --------------------------------------------------------------------------- */

static void set_options(gale_scope *scope, const gale_scope_options *options)
{
    scope->shielded = options->shielded;
    scope->canceled = scope->canceled && !options->shielded;
    scope->cancel_on_error = options->cancel_on_error;
    scope->timer.fire = deadline;
    if (options->timeout > 0)
        gale__loop_add_timer(scope->loop, &scope->timer, options->timeout);
    else if (options->timeout < 0)
        cancel_because(scope, GALE_ETIMEDOUT);
}

gale_scope *gale_scope_open(const gale_scope_options *options)
{
    gale__task *task = gale__task_current;
    gale_scope *scope = task ? gale__scope_new(task->scheduler->loop, task->scope) : NULL;
    if (!scope)
        return NULL;
    scope->owner = task;
    gale__list_append(&task->scope->children, &scope->sibling);
    task->scope = scope;
    if (options)
        set_options(scope, options);
    return scope;
}

/* ---- Joining --------------------------------------------------------------------------- */

static void first_failure(gale_scope *scope, int result, gale__error_slot *error)
{
    scope->first_error = result;
    scope->error = *error;
    error->text = NULL;
    if (scope->cancel_on_error)
        cancel_because(scope, result);
}

void gale__scope_task_ended(gale_scope *scope, int result, gale__error_slot *error)
{
    scope->task_count--;
    if (result < 0 && !scope->first_error)
        first_failure(scope, result, error);
    gale__waiter *joiner = scope->joiner;
    if (!joiner || scope->task_count > 0)
        return;
    scope->joiner = NULL;
    gale__wake(joiner, 0);
}

static void leave_join(gale__waiter *waiter)
{
    for (gale_scope *scope = waiter->task->scope; scope; scope = scope->parent)
        if (scope->joiner == waiter)
            scope->joiner = NULL;
}

/* `abandon` NULL: not even cancellation ends it. */
static int join(gale_scope *scope, void (*abandon)(gale__waiter *waiter))
{
    while (scope->task_count > 0) {
        gale__waiter waiter;
        GALE_TRY(gale__wait_begin(&waiter, abandon));
        scope->joiner = &waiter;
        GALE_TRY(gale__wait_end(&waiter));
    }
    return 0;
}

int gale_scope_wait(gale_scope *scope)
{
    if (!scope)
        return -ENOMEM;
    gale__task *task = gale__task_current;
    if (!task || scope->owner != task)
        return gale__fail(GALE_ESTATE, "only the task that opened a scope may wait for it");
    int result = join(scope, leave_join);
    if (result == GALE_ECANCELED && scope->cause && scope->cause == scope->first_error)
        result = join(scope, NULL); /* that error has cancelled the other tasks as well */
    if (result < 0)
        return result;
    if (scope->error.text) {
        gale__error_slot_clear(&task->error);
        task->error = scope->error;
        scope->error.text = NULL;
    }
    return scope->first_error;
}

/* What is deferred may open scopes, start tasks and defer more. */
void gale__scope_join(gale_scope *scope)
{
    gale__task *task = scope->owner;
    while (!gale__scope_is_quiet(scope)) {
        while (task->scope != scope)
            gale_scope_close(task->scope, 0);
        join(scope, NULL);
        run_last_deferred(scope);
    }
}

/* ---- Closing --------------------------------------------------------------------------- */

/* Not from within something deferred that a scope inside, or itself, runs as it closes. */
static bool may_close(const gale_scope *scope)
{
    const gale__task *task = gale__task_current;
    if (!task || scope->owner != task || scope == task->root)
        return false;
    for (const gale_scope *open = task->scope; open && !open->closing; open = open->parent)
        if (open == scope)
            return true;
    return false;
}

int gale_scope_close(gale_scope *scope, int result)
{
    if (!scope)
        return result < 0 ? result : -ENOMEM;
    if (!may_close(scope))
        return gale__fail(GALE_ESTATE, "a scope is closed by the task that opened it, once");
    scope->closing = true;
    if (result < 0 && scope->cancel_on_error)
        gale_scope_cancel(scope);
    gale__scope_join(scope);
    scope->owner->scope = scope->parent;
    if (!scope->parent->canceled)
        scope->owner->ignored_cancels = 0;
    if (result == GALE_ECANCELED && scope->cause)
        result = scope->cause;
    gale__scope_destroy(scope);
    return result;
}

static int run_in_scope(const gale_scope_options *options, gale_task_function function, void *arg)
{
    if (!gale__task_current)
        return GALE_ENOTASK;
    gale_scope *scope = gale_scope_open(options);
    return scope ? gale_scope_close(scope, function(arg)) : -ENOMEM;
}

int gale_with_timeout(double seconds, gale_task_function function, void *arg)
{
    double timeout = seconds > 0 ? seconds : -1;
    return run_in_scope(&(gale_scope_options){ .timeout = timeout }, function, arg);
}

int gale_shield(gale_task_function function, void *arg, double seconds)
{
    return run_in_scope(&(gale_scope_options){ .timeout = seconds, .shielded = true }, function,
                        arg);
}

/* ---- Memory ---------------------------------------------------------------------------- */

int gale_defer(gale_callback function, void *arg)
{
    if (!gale__task_current)
        return GALE_ENOTASK;
    gale_scope *scope = gale__task_current->scope;
    gale__defer *defer = gale__arena_alloc(&scope->arena, sizeof *defer);
    if (!defer) {
        function(arg);
        return -ENOMEM;
    }
    *defer = (gale__defer){ scope->defers, function, arg };
    scope->defers = defer;
    return 0;
}

void gale__scope_defer_last(gale_scope *scope, gale__defer *defer)
{
    gale__defer **place = &scope->defers;
    while (*place)
        place = &(*place)->next;
    *place = defer;
    defer->next = NULL;
}

void *gale_alloc(size_t size)
{
    gale__task *task = gale__task_current;
    return task ? gale__arena_calloc(&task->scope->arena, size) : NULL;
}

char *gale_strdup(const char *text)
{
    gale__task *task = gale__task_current;
    return task ? gale__arena_strdup(&task->scope->arena, text, strlen(text)) : NULL;
}

char *gale_sprintf(const char *format, ...)
{
    gale__task *task = gale__task_current;
    if (!task)
        return NULL;
    va_list arguments;
    va_start(arguments, format);
    char *text = gale__arena_vprintf(&task->scope->arena, NULL, format, arguments);
    va_end(arguments);
    return text;
}
