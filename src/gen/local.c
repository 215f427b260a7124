/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/local.h"

#include <errno.h>

#include "gen/task.h"

struct gale__local {
    size_t references;
    gale__local *next; /* older; a newer value of the same key hides it */
    const void *key;
    void *value;
};

gale__local *gale__locals_ref(gale__local *locals)
{
    if (locals)
        locals->references++;
    return locals;
}

void gale__locals_unref(gale__local *locals)
{
    while (locals && --locals->references == 0) {
        gale__local *next = locals->next;
        gale__free(locals);
        locals = next;
    }
}

/* The value of `key`, if no other task sees it: setting it again and again takes no memory. */
static gale__local *find_own(const gale__task *task, const void *key)
{
    for (gale__local *local = task->locals; local && local->references == 1; local = local->next)
        if (local->key == key)
            return local;
    return NULL;
}

int gale_task_set_local(const void *key, void *value)
{
    gale__task *task = gale__task_current;
    if (!task)
        return GALE_ENOTASK;
    gale__local *local = find_own(task, key);
    if (local) {
        local->value = value;
        return 0;
    }
    local = gale__malloc(sizeof *local);
    if (!local)
        return -ENOMEM;
    *local = (gale__local){ 1, task->locals, key, value };
    task->locals = local;
    return 0;
}

void *gale_task_local(const void *key)
{
    if (!gale__task_current)
        return NULL;
    for (gale__local *local = gale__task_current->locals; local; local = local->next)
        if (local->key == key)
            return local->value;
    return NULL;
}

/* ---- The log context ------------------------------------------------------------------- */

static const char log_context_key;

void gale__describe_for_log(const char **ret_context, const char **ret_task)
{
    if (!gale__task_current)
        return;
    *ret_context = gale_task_local(&log_context_key);
    *ret_task = gale__task_current->name;
}

int gale_task_set_log_context(const char *text)
{
    return gale_task_set_local(&log_context_key, (void *)(uintptr_t)text);
}
