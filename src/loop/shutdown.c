/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graceful stop: every service is asked to finish what is in flight; the loop stops when all
 * have, or when their time is over. Retiring is a stop with one more phase before it, in which
 * connections that wait for a request are left alone: a successor serves already, so nothing
 * hurries, and no request meets a connection that has just been closed.
 */
#include <math.h>

#include <gale/log.h>

#include "loop/loop.h"

enum { SHUTDOWN_TIMEOUT = 10, CANCELLED_TIMEOUT = 1 }; /* seconds */

bool gale_ioloop_is_stopping(const gale_ioloop *loop)
{
    return loop->shutting_down;
}

void gale__loop_add_service(gale_ioloop *loop, gale__service *service)
{
    gale__list_append(&loop->services, &service->link);
}

void gale__loop_remove_service(gale__service *service)
{
    gale__list_remove(&service->link);
}

/* `visit` may remove any service, and free it. */
static void visit_services(gale_ioloop *loop, void (*visit)(gale__service *service))
{
    gale__list pending;
    gale__list_init(&pending);
    gale__list_splice(&pending, &loop->services);
    loop->visiting_services = true;
    for (gale__list *link; (link = gale__list_pop(&pending));) {
        gale__list_append(&loop->services, link);
        visit(GALE__CONTAINER_OF(link, gale__service, link));
    }
    loop->visiting_services = false;
}

static void drain_service(gale__service *service)
{
    service->drain(service);
}

static void cancel_service(gale__service *service)
{
    service->cancel(service);
}

static void end(gale_ioloop *loop)
{
    void (*then)(gale_ioloop *) = loop->then;
    loop->then = NULL;
    if (then)
        then(loop);
    else
        gale_ioloop_stop(loop);
}

/* What is ready has its turn before: tasks that were cancelled, too. */
static void stop_now(gale__callback *callback)
{
    end(GALE__CONTAINER_OF(callback, gale_ioloop, shutdown_stop));
}

void gale__loop_service_drained(gale_ioloop *loop)
{
    if (!loop->shutting_down || loop->visiting_services)
        return;
    for (gale__list *link = loop->services.next; link != &loop->services; link = link->next) {
        gale__service *service = GALE__CONTAINER_OF(link, gale__service, link);
        if (!service->drained(service))
            return;
    }
    gale__wheel_remove(&loop->wheel, &loop->shutdown_timer);
    loop->shutdown_stop.run = stop_now;
    gale__loop_call(loop, &loop->shutdown_stop);
}

static void shutdown_end(gale__timer *timer)
{
    end(GALE__CONTAINER_OF(timer, gale_ioloop, shutdown_timer));
}

static double shutdown_timeout(const gale_ioloop *loop)
{
    double seconds = loop->options.shutdown_timeout;
    if (seconds < 0)
        return HUGE_VAL;
    return seconds > 0 ? seconds : SHUTDOWN_TIMEOUT;
}

static void shutdown_deadline(gale__timer *timer)
{
    gale_ioloop *loop = GALE__CONTAINER_OF(timer, gale_ioloop, shutdown_timer);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING,
             "graceful stop: cancelling what is still in flight after %g s",
             shutdown_timeout(loop));
    /* What was cancelled may still clean up, but not for long. */
    timer->fire = shutdown_end;
    gale__loop_add_timer(loop, timer, CANCELLED_TIMEOUT);
    visit_services(loop, cancel_service);
    gale__loop_service_drained(loop);
}

static void drain_all(gale_ioloop *loop, void (*then)(gale__timer *timer), double seconds)
{
    loop->shutting_down = true;
    loop->shutdown_timer.fire = then;
    gale__loop_add_timer(loop, &loop->shutdown_timer, seconds);
    visit_services(loop, drain_service);
    gale__loop_service_drained(loop);
}

static void stop_waiting_for_idle(gale_ioloop *loop)
{
    loop->retiring = false;
    drain_all(loop, shutdown_deadline, shutdown_timeout(loop));
}

static void retirement_over(gale__timer *timer)
{
    stop_waiting_for_idle(GALE__CONTAINER_OF(timer, gale_ioloop, shutdown_timer));
}

static void close_idle(gale__callback *callback)
{
    gale_ioloop *loop = GALE__CONTAINER_OF(callback, gale_ioloop, shutdown_idle);
    if (loop->retiring)
        stop_waiting_for_idle(loop);
}

void gale__loop_retire(gale_ioloop *loop, double idle_timeout)
{
    if (loop->shutting_down)
        return;
    loop->retiring = true;
    drain_all(loop, retirement_over, idle_timeout);
}

/* A turn lies between: requests that have come already are read, and so are no longer idle. */
void gale_ioloop_shutdown(gale_ioloop *loop)
{
    loop->then = NULL;
    gale__loop_retire(loop, shutdown_timeout(loop));
    if (!loop->retiring)
        return;
    loop->shutdown_idle.run = close_idle;
    gale__loop_call(loop, &loop->shutdown_idle);
}
