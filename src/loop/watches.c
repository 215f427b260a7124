/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of descriptors: a table indexed by descriptor, each entry a watch of the backend. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "loop/loop.h"
#include "loop/watchdog.h"

enum { FIRST_SIZE = 64 };

typedef struct watches watches;

typedef struct fd_watch {
    gale__io io;
    watches *watches;
    gale_fd_handler handler;
    void *arg;
    unsigned events;
    uint64_t serial; /* tells a watch from one that later has the same descriptor */
} fd_watch;

struct watches {
    gale_ioloop *loop;
    fd_watch **table;
    int size;
    uint64_t last_serial;
};

static fd_watch *find(const watches *self, int fd)
{
    return self && fd >= 0 && fd < self->size ? self->table[fd] : NULL;
}

static void call(watches *self, const fd_watch *watch, unsigned events)
{
    gale_ioloop *loop = self->loop;
    gale_fd_handler handler = watch->handler;
    int64_t since = gale__watchdog_begin(loop);
    handler(watch->io.fd, events, watch->arg);
    gale__watchdog_end(loop, since, (gale_callback)(void (*)(void))handler);
}

/* Reading and writing are told in two calls, as in Tornado; the first may end the second. */
static void ready(gale__io *io, unsigned events)
{
    fd_watch *self = GALE__CONTAINER_OF(io, fd_watch, io);
    watches *all = self->watches;
    int fd = io->fd;
    uint64_t serial = self->serial;
    if (events & GALE__WATCH_READ)
        call(all, self, GALE_IOLOOP_READ);
    self = find(all, fd);
    if (events & GALE__WATCH_WRITE && self && self->serial == serial &&
        self->events & GALE_IOLOOP_WRITE)
        call(all, self, GALE_IOLOOP_WRITE);
}

static const gale__io_handlers watch_handlers = { .ready = ready };

static void watch_free(watches *self, fd_watch *watch)
{
    self->table[watch->io.fd] = NULL;
    self->loop->operations->end(self->loop->backend, &watch->io, false);
    gale__free(watch);
}

static void close_watches(void *state)
{
    watches *self = (watches *)state;
    for (int fd = 0; fd < self->size; fd++)
        if (self->table[fd])
            watch_free(self, self->table[fd]);
    gale__free(self->table);
    gale__free(self);
}

static watches *watches_of(gale_ioloop *loop)
{
    watches *self = gale__loop_part(loop, GALE__LOOP_WATCHES);
    if (self)
        return self;
    self = GALE__NEW(watches);
    if (!self)
        return NULL;
    self->loop = loop;
    gale__loop_attach(loop, GALE__LOOP_WATCHES, self, close_watches);
    return self;
}

static int make_room(watches *self, int fd)
{
    if (fd < self->size)
        return 0;
    int size = fd < FIRST_SIZE ? FIRST_SIZE : fd + fd / 2 + 1;
    fd_watch **table = gale__realloc(self->table, (size_t)size * sizeof(fd_watch *));
    if (!table)
        return -ENOMEM;
    memset(table + self->size, 0, (size_t)(size - self->size) * sizeof(fd_watch *));
    self->table = table;
    self->size = size;
    return 0;
}

static int set_events(fd_watch *watch, unsigned events)
{
    gale_ioloop *loop = watch->watches->loop;
    events &= GALE_IOLOOP_READ | GALE_IOLOOP_WRITE;
    GALE_TRY(loop->operations->watch(loop->backend, &watch->io, events));
    watch->events = events;
    return 0;
}

static int add(watches *self, int fd, gale_fd_handler handler, unsigned events, void *arg)
{
    GALE_TRY(make_room(self, fd));
    fd_watch *added = GALE__NEW(fd_watch);
    if (!added)
        return -ENOMEM;
    added->io.handlers = &watch_handlers;
    added->io.fd = fd;
    added->watches = self;
    added->handler = handler;
    added->arg = arg;
    added->serial = ++self->last_serial;
    int result = set_events(added, events);
    if (result < 0) {
        gale__free(added);
        return gale__fail(result, "fd %d cannot be watched: %s", fd, gale_strerror(result));
    }
    self->table[fd] = added;
    return 0;
}

int gale_ioloop_add_handler(gale_ioloop *loop, int fd, gale_fd_handler handler, unsigned events,
                            void *arg)
{
    if (fd < 0)
        return gale__fail(-EBADF, "fd %d cannot be watched", fd);
    watches *self = watches_of(loop);
    if (!self)
        return -ENOMEM;
    if (find(self, fd))
        return gale__fail(-EEXIST, "fd %d added twice", fd);
    GALE_TRY(gale__loop_open_backend(loop));
    return add(self, fd, handler, events, arg);
}

int gale_ioloop_update_handler(gale_ioloop *loop, int fd, unsigned events)
{
    fd_watch *watch = find(gale__loop_part(loop, GALE__LOOP_WATCHES), fd);
    if (!watch)
        return gale__fail(GALE_ENOTFOUND, "fd %d is not watched", fd);
    return set_events(watch, events);
}

void gale_ioloop_remove_handler(gale_ioloop *loop, int fd)
{
    watches *self = gale__loop_part(loop, GALE__LOOP_WATCHES);
    fd_watch *watch = find(self, fd);
    if (watch)
        watch_free(self, watch);
}
