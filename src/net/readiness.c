/* SPDX-License-Identifier: Apache-2.0 */
#include "net/readiness.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <gale/log.h>
#include <gale/process.h>

#include "net/inherited.h"
#include "net/notify.h"
#include "net/upgrade.h"
#include "net/worker.h"

/* Of the loop that stands for the process. */
typedef struct gale__readiness {
    gale_ioloop *loop;
    gale__service service; /* hears of the stop */
    gale__timer watchdog;
    int64_t watchdog_period;
    gale__timer rest;    /* after which inherited sockets that nobody wants are closed */
    gale__io supervisor; /* a worker's channel to it */
} gale__readiness;

static const double REST_AFTER = 10; /* seconds, for sockets that are asked for later */

static gale_ioloop *_Atomic standing;

gale_ioloop *gale__readiness_loop(void)
{
    return atomic_load(&standing);
}

void gale__readiness_announce(void)
{
    gale__notify_manager("READY=1");
    gale__readiness_tell_predecessor();
}

void gale__readiness_tell_predecessor(void)
{
    int fd = gale__inherited_ready_fd();
    if (fd < 0)
        return;
    if (write(fd, GALE__SERVES, 1) < 0)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "the process to be succeeded has gone: %s",
                 gale_strerror(-errno));
    close(fd);
}

/* ---- The service manager ---------------------------------------------------------------- */

static gale__readiness *of_service(gale__service *service)
{
    return GALE__CONTAINER_OF(service, gale__readiness, service);
}

static void drain(gale__service *service)
{
    const gale_ioloop *loop = of_service(service)->loop;
    if (!loop->retiring && !loop->then && gale_task_id() < 0 && !gale__upgrade_succeeded())
        gale__notify_manager("STOPPING=1");
}

static bool drained(gale__service *service)
{
    (void)service;
    return true;
}

static void nothing(gale__service *service)
{
    (void)service;
}

static void pet_watchdog(gale__timer *timer)
{
    gale__readiness *self = GALE__CONTAINER_OF(timer, gale__readiness, watchdog);
    gale__notify_manager("WATCHDOG=1");
    gale__loop_add_timer(self->loop, timer, (double)self->watchdog_period / 1e9);
}

/* ---- The supervisor --------------------------------------------------------------------- */

static void supervisor_gone(gale__readiness *self)
{
    self->loop->operations->end(self->loop->backend, &self->supervisor, false);
    if (self->loop->shutting_down)
        return;
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "worker %d stops: its supervisor has gone",
             gale_task_id());
    gale_ioloop_shutdown(self->loop);
}

static void on_supervisor(gale__io *io, unsigned events)
{
    gale__readiness *self = GALE__CONTAINER_OF(io, gale__readiness, supervisor);
    char word;
    (void)events;
    ssize_t size = read(io->fd, &word, 1);
    if (size > 0 && word == *GALE__RETIRE)
        gale__loop_retire(self->loop, gale__upgrade_idle_timeout());
    else if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
        supervisor_gone(self);
}

static const gale__io_handlers supervisor_handlers = { .ready = on_supervisor };

static void listen_to_supervisor(gale__readiness *self)
{
    self->supervisor = (gale__io){ .handlers = &supervisor_handlers, .fd = gale__worker_channel() };
    gale__worker_say(*GALE__SERVES);
    self->loop->operations->watch(self->loop->backend, &self->supervisor, GALE__WATCH_READ);
}

/* ---- SIGUSR2 ---------------------------------------------------------------------------- */

static void on_signal(void *arg)
{
    (void)arg;
    gale_upgrade(); /* which logs its failures */
}

bool gale__readiness_takes_signal(void)
{
    struct sigaction action;
    return !gale__upgrade_options()->no_signal && sigaction(SIGUSR2, NULL, &action) == 0 &&
           !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_DFL;
}

/* ---- Beginning and end ------------------------------------------------------------------ */

static void close_rest(gale__timer *timer)
{
    (void)timer;
    gale__inherited_close_rest();
}

static void begin(gale__readiness *self, gale_ioloop *loop)
{
    self->loop = loop;
    self->supervisor.fd = -1;
    self->service =
        (gale__service){ .drain = drain, .drained = drained, .cancel = nothing, .close = nothing };
    gale__loop_add_service(loop, &self->service);
    self->watchdog.fire = pet_watchdog;
    self->watchdog_period = gale_task_id() < 0 ? gale__notify_watchdog() : 0;
    if (self->watchdog_period)
        gale__loop_add_timer(loop, &self->watchdog, (double)self->watchdog_period / 1e9);
    self->rest.fire = close_rest;
    if (gale__inherited_is_left())
        gale__loop_add_timer(loop, &self->rest, REST_AFTER);
    if (gale__worker_channel() >= 0)
        listen_to_supervisor(self);
    if (gale__readiness_takes_signal())
        gale_ioloop_set_signal_handler(loop, SIGUSR2, on_signal, NULL);
}

void gale__readiness_serving(gale_ioloop *loop)
{
    static atomic_bool announced;
    gale_ioloop *none = NULL;
    if (atomic_load(&standing) || !atomic_compare_exchange_strong(&standing, &none, loop))
        return;
    gale__net *net = gale__net_of(loop);
    if (net)
        net->readiness = GALE__NEW(gale__readiness);
    else
        atomic_store(&standing, NULL);
    if (net && net->readiness)
        begin(net->readiness, loop);
    if (gale_task_id() < 0 && !atomic_exchange(&announced, true))
        gale__readiness_announce();
}

void gale__readiness_end(gale__net *net)
{
    gale__readiness *self = net->readiness;
    gale_ioloop *loop = net->loop;
    atomic_compare_exchange_strong(&standing, &loop, NULL);
    if (!self)
        return;
    gale__loop_remove_service(&self->service);
    gale__loop_remove_timer(self->loop, &self->watchdog);
    gale__loop_remove_timer(self->loop, &self->rest);
    if (self->supervisor.fd >= 0)
        self->loop->operations->end(self->loop->backend, &self->supervisor, false);
    gale__free(self);
}
