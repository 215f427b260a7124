/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work for other threads. A job is intrusive: its memory is the asker's until `done` has run
 * on the loop, or until it was withdrawn.
 */
#ifndef GALE_LOOP_EXECUTOR_H
#define GALE_LOOP_EXECUTOR_H

#include "loop/loop.h"

/* Zeroed by the asker, who sets done.run, function and arg. */
typedef struct gale__job {
    gale__callback done; /* runs on the loop when `result` is there */
    gale_task_function function;
    void *arg;
    int result; /* GALE_ECANCELED when the executor was freed before a thread took the job */
    /* private */
    gale__list link;
    gale_ioloop *loop;
    gale_executor *_Atomic executor; /* NULL once a thread has taken it */
} gale__job;

/* Hands a job over; NULL is the loop's default executor. Returns 0, -ENOMEM, or -EAGAIN when
 * the executor has no thread and none can be made. */
int gale__executor_submit(gale_ioloop *loop, gale_executor *executor, gale__job *job);

/* True when no thread had taken the job: `done` will not run. From the loop's thread. */
bool gale__executor_withdraw(gale__job *job);

/* True while a thread has a job, or will have one. Once a job's `done` is queued it no longer
 * counts. */
bool gale__executor_jobs_under_way(void);

/* How many worker threads this process has: after a fork they would be missing. */
int gale__executor_threads_exist(void);

#endif
