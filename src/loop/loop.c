/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: making it, one turn of it, running it, and its callbacks. */
#include "loop/loop.h"

#include <errno.h>
#include <string.h>

#include <gale/log.h>

#include "core/arena.h"
#include "core/error.h"
#include "loop/watchdog.h"
#include "platform/clock.h"

static _Thread_local gale_ioloop *current;

gale_ioloop *gale_ioloop_current_or_null(void)
{
    return current;
}

gale_ioloop *gale_ioloop_current(void)
{
    return current ? current : gale_ioloop_new(NULL);
}

gale_ioloop *gale_ioloop_new(const gale_ioloop_options *options)
{
    if (current) {
        gale__fail(GALE_ESTATE, "this thread has a loop already");
        return NULL;
    }
    gale_ioloop *loop = GALE__NEW(gale_ioloop);
    if (!loop)
        return NULL;
    if (options)
        loop->options = *options;
    loop->operations = &gale__epoll_backend;
    loop->thread = pthread_self();
    loop->now = gale__clock_monotonic();
    gale__wheel_init(&loop->wheel, loop->now);
    gale__list_init(&loop->callbacks);
    gale__list_init(&loop->services);
    gale__list_init(&loop->remote);
    gale__pool_init(&loop->blocks, GALE__ARENA_BLOCK, 0);
    pthread_mutex_init(&loop->remote_lock, NULL);
    current = loop;
    return loop;
}

void gale__loop_use_backend(gale_ioloop *loop, const gale__backend_operations *operations)
{
    loop->operations = operations;
}

int gale__loop_open_backend(gale_ioloop *loop)
{
    if (loop->backend)
        return 0;
    gale__backend *backend;
    GALE_TRY(loop->operations->open(&backend));
    pthread_mutex_lock(&loop->remote_lock);
    __atomic_store_n(&loop->backend, backend, __ATOMIC_SEQ_CST); /* signal handlers look at it */
    pthread_mutex_unlock(&loop->remote_lock);
    loop->now = loop->operations->now(backend);
    if (gale__wheel_next(&loop->wheel) == INT64_MAX)
        gale__wheel_init(&loop->wheel, loop->now); /* the backend's clock may be another */
    return 0;
}

void gale__loop_attach(gale_ioloop *loop, int part, void *state, void (*close)(void *state))
{
    loop->parts[part].state = state;
    loop->parts[part].close = close;
}

void *gale__loop_part(gale_ioloop *loop, int part)
{
    return loop->parts[part].state;
}

/* ---- Time ------------------------------------------------------------------------------ */

int64_t gale__seconds(double seconds)
{
    const double most = (double)(INT64_MAX / 4);
    if (!(seconds > 0))
        return 0;
    return seconds * 1e9 >= most ? INT64_MAX / 4 : (int64_t)(seconds * 1e9);
}

int64_t gale__loop_update_time(gale_ioloop *loop)
{
    if (loop->backend)
        loop->now = loop->operations->now(loop->backend);
    else
        loop->now = gale__clock_monotonic();
    return loop->now;
}

double gale_ioloop_time(const gale_ioloop *loop)
{
    (void)loop;
    return (double)gale__clock_wall() / 1e9;
}

void gale__loop_add_timer(gale_ioloop *loop, gale__timer *timer, double seconds)
{
    int64_t now = gale__loop_update_time(loop);
    gale__wheel_add(&loop->wheel, timer, now + gale__seconds(seconds));
}

void gale__loop_remove_timer(gale_ioloop *loop, gale__timer *timer)
{
    gale__wheel_remove(&loop->wheel, timer);
}

/* ---- One turn -------------------------------------------------------------------------- */

static void take_remote(gale_ioloop *loop)
{
    if (!atomic_load_explicit(&loop->remote_waiting, memory_order_acquire))
        return;
    pthread_mutex_lock(&loop->remote_lock);
    atomic_store_explicit(&loop->remote_waiting, false, memory_order_relaxed);
    gale__list_splice(&loop->callbacks, &loop->remote);
    pthread_mutex_unlock(&loop->remote_lock);
}

static void run_callbacks(gale_ioloop *loop)
{
    gale__list batch;
    gale__list_init(&batch);
    gale__list_splice(&batch, &loop->callbacks);
    for (gale__list *link; (link = gale__list_pop(&batch));) {
        gale__callback *callback = GALE__CONTAINER_OF(link, gale__callback, link);
        callback->run(callback);
    }
}

/* A busy loop need not read the clock for a timer that is far away: it has done so when it last
 * waited. The wait then ends half-way, since what has run meanwhile took time. */
static const int64_t far_away = 1000000000;

static void run_timeouts(gale_ioloop *loop)
{
    int64_t next = gale__wheel_next(&loop->wheel);
    if (next == INT64_MAX || next - loop->now > far_away)
        return;
    if (gale__wheel_advance(&loop->wheel, gale__loop_update_time(loop)) > 0)
        gale__loop_update_time(loop); /* they took time, which the wait must not add */
}

static int64_t time_to_wait(gale_ioloop *loop, bool block)
{
    if (!block || loop->stop_asked || (loop->done && *loop->done) ||
        !gale__list_empty(&loop->callbacks) ||
        atomic_load_explicit(&loop->remote_waiting, memory_order_relaxed))
        return 0;
    int64_t next = gale__wheel_next(&loop->wheel);
    if (next == INT64_MAX)
        return -1;
    int64_t left = next - loop->now;
    return left > far_away ? left / 2 : left > 0 ? left : 0;
}

int gale__loop_turn(gale_ioloop *loop, bool block)
{
    GALE_TRY(gale__loop_open_backend(loop));
    take_remote(loop);
    if (GALE__UNLIKELY(atomic_load(&loop->signals_waiting)))
        gale__signals_take(loop);
    run_callbacks(loop);
    run_timeouts(loop);
    gale_log_flush();
    return loop->operations->wait(loop->backend, time_to_wait(loop, block), &loop->now);
}

/* A stopped loop may be started again, and be stopped gracefully again. */
static void run_ended(gale_ioloop *loop)
{
    if (loop->stop_asked) {
        loop->shutting_down = loop->retiring = false;
        loop->then = NULL;
        gale__wheel_remove(&loop->wheel, &loop->shutdown_timer);
        gale__loop_uncall(&loop->shutdown_stop);
        gale__loop_uncall(&loop->shutdown_idle);
    }
    loop->stop_asked = loop->running = false;
    loop->done = NULL;
    gale_log_flush();
}

int gale__loop_run(gale_ioloop *loop, const bool *done)
{
    if (loop->running)
        return gale__fail(GALE_ESTATE, "the loop is running already");
    if (loop != current)
        return gale__fail(GALE_ETHREAD, "the loop belongs to another thread");
    loop->running = loop->has_run = true;
    loop->done = done;
    int result = 0;
    do {
        result = gale__loop_turn(loop, true);
    } while (result >= 0 && !loop->stop_asked && !(done && *done));
    run_ended(loop);
    return result < 0 ? result : 0;
}

static int run_with_signals(gale_ioloop *loop)
{
    int result = gale__signals_start(loop);
    if (result >= 0)
        result = gale__loop_run(loop, NULL);
    gale__signals_stop(loop);
    return result;
}

int gale_ioloop_start(gale_ioloop *loop)
{
    if (!loop || loop->failed)
        return 1;
    /* A second start must leave the signal handlers of the first alone. */
    int result =
        loop->running || loop != current ? gale__loop_run(loop, NULL) : run_with_signals(loop);
    if (result < 0)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "the loop ended: %s", gale_strerror(result));
    return result < 0 || loop->failed;
}

void gale_ioloop_stop(gale_ioloop *loop)
{
    loop->stop_asked = true;
}

bool gale_ioloop_is_running(const gale_ioloop *loop)
{
    return loop->running;
}

/* ---- Callbacks ------------------------------------------------------------------------- */

void gale__loop_call(gale_ioloop *loop, gale__callback *callback)
{
    if (!gale__list_linked(&callback->link))
        gale__list_append(&loop->callbacks, &callback->link);
}

void gale__loop_uncall(gale__callback *callback)
{
    gale__list_remove(&callback->link);
}

void gale__loop_call_remote(gale_ioloop *loop, gale__callback *callback)
{
    pthread_mutex_lock(&loop->remote_lock);
    bool first = gale__list_empty(&loop->remote); /* later ones find the loop woken */
    gale__list_append(&loop->remote, &callback->link);
    atomic_store_explicit(&loop->remote_waiting, true, memory_order_release);
    if (first && loop->backend)
        loop->operations->wake(loop->backend);
    pthread_mutex_unlock(&loop->remote_lock);
}

typedef struct user_callback {
    gale__callback base;
    gale_callback function;
    void *arg;
} user_callback;

static void run_user_callback(gale__callback *callback)
{
    user_callback *self = (user_callback *)callback;
    gale_callback function = self->function;
    void *arg = self->arg;
    gale__free(self);
    int64_t since = gale__watchdog_begin(current);
    function(arg);
    gale__watchdog_end(current, since, function);
}

int gale_ioloop_add_callback(gale_ioloop *loop, gale_callback callback, void *arg)
{
    user_callback *self = GALE__NEW(user_callback);
    if (!self)
        return -ENOMEM;
    self->base.run = run_user_callback;
    self->function = callback;
    self->arg = arg;
    if (loop == current)
        gale__loop_call(loop, &self->base);
    else
        gale__loop_call_remote(loop, &self->base);
    return 0;
}

/* ---- The end --------------------------------------------------------------------------- */

static void close_part(gale_ioloop *loop, int part)
{
    void *state = loop->parts[part].state;
    void (*close)(void *state) = loop->parts[part].close;
    if (close)
        close(state);
    gale__loop_attach(loop, part, NULL, NULL);
}

void gale_ioloop_free(gale_ioloop *loop)
{
    if (!loop)
        return;
    for (gale__list *link; (link = gale__list_pop(&loop->services));) {
        gale__service *service = GALE__CONTAINER_OF(link, gale__service, link);
        service->close(service);
    }
    close_part(loop, GALE__LOOP_TASKS); /* tasks may use all the others */
    for (int i = GALE__LOOP_PARTS; i-- > 0;)
        close_part(loop, i);
    gale__timeouts_free(loop);
    take_remote(loop);
    for (gale__list *link; (link = gale__list_pop(&loop->callbacks));) {
        gale__callback *callback = GALE__CONTAINER_OF(link, gale__callback, link);
        if (callback->run == run_user_callback)
            gale__free(callback);
    }
    if (loop->backend)
        loop->operations->close(loop->backend);
    pthread_mutex_destroy(&loop->remote_lock);
    gale__pool_close(&loop->blocks);
    if (current == loop)
        current = NULL;
    gale__free(loop);
}
