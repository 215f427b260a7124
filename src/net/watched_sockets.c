/* SPDX-License-Identifier: Apache-2.0 */
#include "net/watched_sockets.h"

typedef struct watched_socket {
    gale__io io;
    gale__list link;
    gale__watched_sockets *all;
} watched_socket;

static void on_ready(gale__io *io, unsigned events)
{
    gale__watched_sockets *all = GALE__CONTAINER_OF(io, watched_socket, io)->all;
    all->ready(all, io->fd, events);
}

static const gale__io_handlers io_handlers = { .ready = on_ready };

static watched_socket *find(const gale__watched_sockets *self, int fd)
{
    for (gale__list *link = self->sockets.next; link != &self->sockets; link = link->next) {
        watched_socket *found = GALE__CONTAINER_OF(link, watched_socket, link);
        if (found->io.fd == fd)
            return found;
    }
    return NULL;
}

static watched_socket *add(gale__watched_sockets *self, int fd)
{
    watched_socket *added = GALE__NEW(watched_socket);
    if (!added)
        return NULL;
    added->io = (gale__io){ .handlers = &io_handlers, .fd = fd };
    added->all = self;
    gale__list_append(&self->sockets, &added->link);
    return added;
}

void gale__watched_sockets_init(gale__watched_sockets *self, gale_ioloop *loop,
                                void (*ready)(gale__watched_sockets *all, int fd, unsigned events))
{
    self->loop = loop;
    self->ready = ready;
    gale__list_init(&self->sockets);
}

void gale__watched_sockets_set(gale__watched_sockets *self, int fd, unsigned events)
{
    const gale__backend_operations *operations = self->loop->operations;
    watched_socket *watched = find(self, fd);
    if (events) {
        watched = watched ? watched : add(self, fd);
        if (watched)
            operations->watch(self->loop->backend, &watched->io, events);
    } else if (watched) {
        operations->end(self->loop->backend, &watched->io, false);
        gale__list_remove(&watched->link);
        gale__free(watched);
    }
}
