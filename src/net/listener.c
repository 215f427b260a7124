/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <gale/log.h>

#include "net/readiness.h"

static const double PAUSE = 0.1;             /* seconds without accepting, out of descriptors */
static const double LOOK_AGAIN = 0.01;       /* the same until the owner is asked again for room */
static const int64_t LOG_EVERY = 1000000000; /* ns between two log lines about it */

static int open_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int accepting(gale__listener *self, bool on)
{
    return self->loop->operations->accept(self->loop->backend, &self->io, on);
}

static void log_exhausted(gale__listener *self, int error)
{
    static _Thread_local int64_t next_line;
    if (self->loop->now < next_line)
        return;
    next_line = self->loop->now + LOG_EVERY;
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "accept: %s; pausing for %g s", gale_strerror(error),
             PAUSE);
}

static void pause_accepting(gale__listener *self, double seconds)
{
    accepting(self, false);
    gale__loop_add_timer(self->loop, &self->pause, seconds);
}

static bool is_full(const gale__listener *self)
{
    return self->full && self->full(self->arg);
}

static void resume_accepting(gale__timer *timer)
{
    gale__listener *self = GALE__CONTAINER_OF(timer, gale__listener, pause);
    if (self->reserve_fd < 0)
        self->reserve_fd = open_reserve();
    if (is_full(self))
        pause_accepting(self, LOOK_AGAIN);
    else
        accepting(self, true);
}

static void out_of_descriptors(gale__listener *self, int error)
{
    if ((error == -EMFILE || error == -ENFILE) && self->reserve_fd >= 0) {
        close(self->reserve_fd);
        int fd = accept4(self->io.fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            close(fd);
        self->reserve_fd = open_reserve();
    }
    log_exhausted(self, error);
    pause_accepting(self, PAUSE);
}

static void on_accepted(gale__io *io, int fd, const struct sockaddr *from, socklen_t size)
{
    gale__listener *self = GALE__CONTAINER_OF(io, gale__listener, io);
    if (GALE__UNLIKELY(fd < 0)) {
        out_of_descriptors(self, fd);
        return;
    }
    gale__address address;
    gale__address_from(&address, from, size);
    if (is_full(self)) /* but for this one, which is there already */
        pause_accepting(self, LOOK_AGAIN);
    self->accepted(self, fd, &address, self->arg);
}

static void start_accepting(gale__callback *callback)
{
    gale__listener *self = GALE__CONTAINER_OF(callback, gale__listener, start);
    self->reserve_fd = open_reserve();
    int result = accepting(self, true);
    if (result < 0)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "cannot accept connections: %s",
                 gale_strerror(result));
    else
        gale__readiness_serving(self->loop);
}

static const gale__io_handlers io_handlers = { .accepted = on_accepted };

gale__listener *gale__listener_borrow(gale_ioloop *loop, int fd, gale__accept_callback accepted,
                                      void *arg)
{
    gale__listener *self = GALE__NEW(gale__listener);
    if (!self)
        return NULL;
    self->io = (gale__io){ .handlers = &io_handlers, .fd = fd };
    self->loop = loop;
    self->accepted = accepted;
    self->arg = arg;
    self->reserve_fd = -1;
    self->start.run = start_accepting;
    self->pause.fire = resume_accepting;
    gale__loop_call(loop, &self->start);
    return self;
}

gale__listener *gale__listener_new(gale_ioloop *loop, int fd, gale__accept_callback accepted,
                                   void *arg)
{
    gale__listener *self = gale__listener_borrow(loop, fd, accepted, arg);
    if (!self)
        close(fd);
    return self;
}

int gale__listener_release(gale__listener *self)
{
    int fd = self->io.fd;
    gale__loop_uncall(&self->start);
    gale__loop_remove_timer(self->loop, &self->pause);
    if (self->loop->backend)
        self->loop->operations->end(self->loop->backend, &self->io, false);
    if (self->reserve_fd >= 0)
        close(self->reserve_fd);
    gale__free(self);
    return fd;
}

void gale__listener_free(gale__listener *self)
{
    if (self)
        close(gale__listener_release(self));
}
