/* SPDX-License-Identifier: Apache-2.0 */
/* gale_multi: several calls at once. */
#include <errno.h>

#include "gen/task.h"

static int run_call(void *arg)
{
    gale_call *call = arg;
    call->result = call->function(call->arg);
    return 0;
}

static int first_failure(const gale_call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        GALE_TRY(calls[i].result);
    return 0;
}

static int fail_all(gale_call *calls, size_t count, int result)
{
    for (size_t i = 0; i < count; i++)
        calls[i].result = result;
    return result;
}

int gale_multi(gale_call *calls, size_t count)
{
    if (!gale__task_current)
        return fail_all(calls, count, GALE_ENOTASK);
    if (count == 0)
        return 0;
    if (gale_task_canceled())
        return fail_all(calls, count, gale_moment());
    gale_scope *scope = gale_scope_open(NULL);
    if (!scope)
        return fail_all(calls, count, -ENOMEM);
    for (size_t i = 0; i < count; i++) {
        int result = gale_scope_spawn(scope, gale_task_name(), run_call, &calls[i]);
        if (result < 0)
            calls[i].result = result;
    }
    gale_scope_close(scope, 0);
    return first_failure(calls, count);
}
