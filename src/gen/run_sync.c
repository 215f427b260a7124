/* SPDX-License-Identifier: Apache-2.0 */
/* gale_ioloop_run_sync: the loop runs until one task has ended. */
#include <errno.h>

#include "gen/task.h"

typedef struct sync_run {
    gale_ioloop *loop;
    gale_task_function function;
    void *arg;
    double timeout;
    int result;
    bool done;
} sync_run;

static int run_timed(void *arg)
{
    sync_run *self = arg;
    self->result = self->timeout > 0 ? gale_with_timeout(self->timeout, self->function, self->arg)
                                     : self->function(self->arg);
    self->done = true;
    return 0;
}

int gale_ioloop_run_sync(gale_ioloop *loop, gale_task_function function, void *arg, double timeout)
{
    if (loop->running)
        return gale__fail(GALE_ESTATE, "the loop is running already");
    if (loop != gale_ioloop_current_or_null())
        return gale__fail(GALE_ETHREAD, "the loop belongs to another thread");
    GALE_TRY(gale__loop_open_backend(loop)); /* from now on every turn runs tasks */
    sync_run self = { loop, function, arg, timeout, 0, false };
    gale_scope *root = gale__scope_new(loop, NULL);
    if (!root)
        return -ENOMEM;
    GALE_TRY(gale__task_start(root, NULL, "run_sync", run_timed, &self, false));
    int result = gale__loop_run(loop, &self.done);
    if (self.done)
        return self.result;
    gale_scope_cancel(root);
    while (!self.done) /* it may use what the caller owns */
        gale__loop_run(loop, &self.done);
    return result < 0 ? result : gale__fail(GALE_ESTATE, "the loop was stopped before it ended");
}
