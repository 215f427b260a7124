/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of threads that take jobs from one queue. A thread is added when a job comes that no
 * idle thread is left for, up to the limit; threads stay until the executor is freed. No signal is
 * ever delivered to them.
 */
#include "loop/executor.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "core/error.h"

enum { THREADS_A_CPU = 5 };

struct gale_executor {
    pthread_mutex_t lock;
    pthread_cond_t more; /* jobs, or the end */
    gale__list queue;    /* of gale__job */
    int queued, idle, started, limit;
    bool ending;
    pthread_t threads[];
};

static atomic_int threads_alive;
static atomic_int jobs_under_way; /* handed over, and not yet handed back */

bool gale__executor_jobs_under_way(void)
{
    return atomic_load(&jobs_under_way) > 0;
}

int gale__executor_threads_exist(void)
{
    return atomic_load(&threads_alive);
}

/* ---- In the threads -------------------------------------------------------------------- */

/* The next job, or NULL at the end. With the lock held. */
static gale__job *take(gale_executor *self)
{
    while (!self->queued && !self->ending) {
        self->idle++;
        pthread_cond_wait(&self->more, &self->lock);
        self->idle--;
    }
    if (self->ending)
        return NULL;
    gale__job *job = GALE__CONTAINER_OF(self->queue.next, gale__job, link);
    gale__list_remove(&job->link);
    self->queued--;
    atomic_store(&job->executor, NULL);
    return job;
}

static void *work(void *arg)
{
    gale_executor *self = (gale_executor *)arg;
    pthread_mutex_lock(&self->lock);
    for (gale__job *job; (job = take(self));) {
        pthread_mutex_unlock(&self->lock);
        job->result = job->function(job->arg);
        gale__loop_call_remote(job->loop, &job->done); /* the job may be gone after this */
        atomic_fetch_sub(&jobs_under_way, 1);
        pthread_mutex_lock(&self->lock);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* ---- In the loop's thread --------------------------------------------------------------- */

/* With the lock held. */
static int start_thread(gale_executor *self)
{
    sigset_t all, former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    int error = pthread_create(&self->threads[self->started], NULL, work, self);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    if (error)
        return -error;
    self->started++;
    atomic_fetch_add(&threads_alive, 1);
    return 0;
}

static int default_threads(void)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    return THREADS_A_CPU * (cpus > 0 && cpus < 10000 ? (int)cpus : 1);
}

gale_executor *gale_executor_new(int threads)
{
    int limit = threads > 0 ? threads : default_threads();
    gale_executor *self = gale__calloc(1, sizeof *self + (size_t)limit * sizeof(pthread_t));
    if (!self)
        return NULL;
    self->limit = limit;
    gale__list_init(&self->queue);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->more, NULL);
    return self;
}

static void cancel_queued(gale_executor *self)
{
    for (gale__list *link; (link = gale__list_pop(&self->queue));) {
        gale__job *job = GALE__CONTAINER_OF(link, gale__job, link);
        atomic_store(&job->executor, NULL);
        job->result = GALE_ECANCELED;
        gale__loop_call_remote(job->loop, &job->done);
        atomic_fetch_sub(&jobs_under_way, 1);
    }
    self->queued = 0;
}

void gale_executor_free(gale_executor *self)
{
    if (!self)
        return;
    pthread_mutex_lock(&self->lock);
    self->ending = true;
    cancel_queued(self);
    pthread_cond_broadcast(&self->more);
    pthread_mutex_unlock(&self->lock);
    for (int i = 0; i < self->started; i++)
        pthread_join(self->threads[i], NULL);
    atomic_fetch_sub(&threads_alive, self->started);
    pthread_cond_destroy(&self->more);
    pthread_mutex_destroy(&self->lock);
    gale__free(self);
}

static void close_default(void *state)
{
    gale_executor_free((gale_executor *)state);
}

static gale_executor *default_executor(gale_ioloop *loop)
{
    if (loop->default_executor)
        return loop->default_executor;
    gale_executor *own = gale__loop_part(loop, GALE__LOOP_EXECUTOR);
    if (own)
        return own;
    own = gale_executor_new(loop->options.executor_threads);
    if (own)
        gale__loop_attach(loop, GALE__LOOP_EXECUTOR, own, close_default);
    return own;
}

void gale_ioloop_set_default_executor(gale_ioloop *loop, gale_executor *executor)
{
    loop->default_executor = executor;
}

int gale__executor_submit(gale_ioloop *loop, gale_executor *executor, gale__job *job)
{
    if (!executor)
        executor = default_executor(loop);
    if (!executor)
        return -ENOMEM;
    int result = 0;
    pthread_mutex_lock(&executor->lock);
    if (executor->queued >= executor->idle && executor->started < executor->limit)
        result = start_thread(executor);
    if (executor->started > 0) { /* fewer threads than wanted will do */
        job->loop = loop;
        atomic_store(&job->executor, executor);
        gale__list_append(&executor->queue, &job->link);
        executor->queued++;
        atomic_fetch_add(&jobs_under_way, 1);
        pthread_cond_signal(&executor->more);
        result = 0;
    }
    pthread_mutex_unlock(&executor->lock);
    return result < 0 ? gale__fail(result, "no worker thread can be started") : 0;
}

bool gale__executor_withdraw(gale__job *job)
{
    gale_executor *executor = atomic_load(&job->executor);
    if (!executor)
        return false;
    pthread_mutex_lock(&executor->lock);
    bool waiting = gale__list_linked(&job->link);
    if (waiting) {
        gale__list_remove(&job->link);
        atomic_store(&job->executor, NULL);
        executor->queued--;
        atomic_fetch_sub(&jobs_under_way, 1);
    }
    pthread_mutex_unlock(&executor->lock);
    return waiting;
}
