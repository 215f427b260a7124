/* SPDX-License-Identifier: Apache-2.0 */
/* gale_run_in_executor: a task waits for a job of a worker thread. */
#include "gen/task.h"
#include "loop/executor.h"

/* Lies on the stack of the task, which therefore stays until the thread has let go of it. */
typedef struct execution {
    gale__job job;
    gale__waiter waiter;
    bool ended, withdrawn;
} execution;

static void job_done(gale__callback *callback)
{
    execution *self = GALE__CONTAINER_OF(callback, execution, job.done);
    self->ended = true;
    gale__wake(&self->waiter, 0);
}

static void withdraw(gale__waiter *waiter)
{
    execution *self = GALE__CONTAINER_OF(waiter, execution, waiter);
    self->withdrawn = gale__executor_withdraw(&self->job);
}

int gale_run_in_executor(gale_executor *executor, gale_task_function function, void *arg)
{
    execution self = { .job = { .done.run = job_done, .function = function, .arg = arg } };
    GALE_TRY(gale__wait_begin(&self.waiter, withdraw));
    GALE_TRY(gale__executor_submit(self.waiter.task->scheduler->loop, executor, &self.job));
    gale__wait_end(&self.waiter);
    if (self.withdrawn)
        return GALE_ECANCELED;
    if (!self.ended) { /* cancelled, but a thread works on it */
        gale__wait_begin(&self.waiter, NULL);
        gale__wait_end(&self.waiter);
    }
    return self.job.result;
}
