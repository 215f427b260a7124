/* SPDX-License-Identifier: Apache-2.0 */
/* An upgrade of a process without workers: its loop waits for the successor, then retires. */
#include "net/upgrade.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <gale/log.h>

#include "core/error.h"
#include "net/readiness.h"
#include "net/subprocess.h"
#include "net/worker.h"

static const double KILLED_AFTER = 10; /* seconds, when it does not end by itself */

/* The upgrade that is under way; of the loop that stands for the process. */
static struct upgrade {
    gale_ioloop *loop; /* NULL: none */
    gale__successor successor;
    gale_subprocess *child;
    gale__io ready;
    gale__timer timer;
    bool succeeded;
} current;

bool gale__upgrade_is_under_way(void)
{
    return current.loop != NULL;
}

bool gale__upgrade_succeeded(void)
{
    return current.succeeded;
}

static void stop_waiting(void)
{
    if (current.ready.fd >= 0)
        current.loop->operations->end(current.loop->backend, &current.ready, true);
    gale__loop_remove_timer(current.loop, &current.timer);
}

/* The child is still watched, and waited for when it ends. */
static void end(void)
{
    stop_waiting();
    gale_subprocess_free(current.child);
    current.child = NULL;
    current.loop = NULL;
}

static void serves(void)
{
    gale_ioloop *loop = current.loop;
    current.succeeded = true;
    gale__successor_serves(&current.successor);
    end();
    gale__loop_retire(loop, gale__upgrade_idle_timeout());
}

static void on_ready(gale__io *io, unsigned events)
{
    char word;
    (void)events;
    ssize_t size = read(io->fd, &word, 1);
    if (size == 1 && word == *GALE__SERVES)
        serves();
    else if (size >= 0 || (errno != EAGAIN && errno != EINTR)) /* its end is told by the child's */
        current.loop->operations->end(current.loop->backend, io, true);
}

static const gale__io_handlers ready_handlers = { .ready = on_ready };

static void on_exit_of_child(int returncode, void *arg)
{
    (void)arg;
    gale__successor_log_end(&current.successor, returncode);
    end();
}

static void on_killed_child(int returncode, void *arg)
{
    (void)returncode;
    (void)arg;
    end();
}

static void kill_it(gale__timer *timer)
{
    (void)timer;
    gale_subprocess_send_signal(current.child, SIGKILL);
}

static void give_up(gale__timer *timer)
{
    gale__successor_give_up(&current.successor);
    gale_subprocess_set_exit_callback(current.child, on_killed_child, NULL);
    if (current.ready.fd >= 0)
        current.loop->operations->end(current.loop->backend, &current.ready, true);
    timer->fire = kill_it;
    gale__loop_add_timer(current.loop, timer, KILLED_AFTER);
}

static int wait_for_it(gale_ioloop *loop)
{
    current.loop = loop;
    current.ready = (gale__io){ .handlers = &ready_handlers, .fd = current.successor.ready_fd };
    current.timer.fire = give_up;
    gale__loop_add_timer(loop, &current.timer, gale__upgrade_options()->start_timeout);
    int result = gale__subprocess_adopt(current.successor.pid, "upgrade", &current.child);
    if (result >= 0) {
        gale_subprocess_set_exit_callback(current.child, on_exit_of_child, NULL);
        result = loop->operations->watch(loop->backend, &current.ready, GALE__WATCH_READ);
    }
    if (result >= 0)
        return 0;
    if (current.child)
        gale_subprocess_send_signal(current.child, SIGKILL);
    end();
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "upgrade: the new program cannot be watched: %s",
             gale_strerror(result));
    return result;
}

static int refuse(const char *why)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "no upgrade: %s", why);
    return gale__fail(GALE_ESTATE, "no upgrade: %s", why);
}

int gale_upgrade(void)
{
    gale_ioloop *loop = gale__readiness_loop();
    if (gale__worker_channel() >= 0)
        return gale__worker_say(*GALE__UPGRADE);
    if (!loop || loop != gale_ioloop_current_or_null())
        return refuse("this thread's loop does not serve");
    if (current.loop)
        return refuse("another one is under way");
    if (loop->shutting_down)
        return refuse("this process is ending");
    GALE_TRY(gale__successor_start(&current.successor));
    return wait_for_it(loop);
}

void gale__upgrade_abandon(const gale_ioloop *loop)
{
    if (!current.loop || current.loop != loop)
        return;
    gale_subprocess_send_signal(current.child, SIGTERM);
    end();
}
