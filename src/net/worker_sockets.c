/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of listening sockets that are opened before the workers are forked. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <gale/process.h>

#include "core/error.h"
#include "core/memory.h"
#include "net/inherited.h"

typedef struct socket_set {
    int sockets[GALE_BIND_SOCKETS_MAX];
    int count;
} socket_set;

struct gale_worker_sockets {
    int workers;
    socket_set sets[];
};

static int bind_set(socket_set *set, int port, const gale_bind_options *options)
{
    int count = gale_bind_sockets(port, options, set->sockets);
    if (count < 0)
        return count;
    set->count = count;
    return port ? port : gale_socket_port(set->sockets[0]);
}

/* More were inherited than there are workers now: these get them, too, with what waits in them. */
static void share_out_rest(gale_worker_sockets *self)
{
    struct sockaddr_storage address;
    for (int i = 0; i < self->sets[0].count; i++) {
        socklen_t size = sizeof address;
        int fd = self->sets[0].sockets[i];
        if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
            continue;
        for (int to = 0; to < self->workers && self->sets[to].count < GALE_BIND_SOCKETS_MAX;
             to = (to + 1) % self->workers) {
            fd = gale__inherited_take((struct sockaddr *)&address, size);
            if (fd < 0)
                break;
            self->sets[to].sockets[self->sets[to].count++] = fd;
        }
    }
}

int gale_worker_sockets_bind(int workers, int port, const gale_bind_options *options,
                             gale_worker_sockets **ret_sockets)
{
    gale_bind_options shared = options ? *options : (gale_bind_options){ 0 };
    shared.reuse_port = true;
    if (workers < 1)
        return gale__fail(GALE_EINVALID, "at least one worker is needed");
    gale_worker_sockets *self =
        gale__calloc(1, sizeof *self + (size_t)workers * sizeof(socket_set));
    if (!self)
        return -ENOMEM;
    self->workers = workers;
    for (int i = 0; i < workers; i++) {
        port = bind_set(&self->sets[i], port, &shared);
        if (port < 0) {
            gale_worker_sockets_free(self);
            return port;
        }
    }
    share_out_rest(self);
    *ret_sockets = self;
    return 0;
}

int gale_worker_sockets_take(gale_worker_sockets *self, int *sockets)
{
    int id = gale_task_id() < 0 ? 0 : gale_task_id();
    if (id >= self->workers)
        return gale__fail(GALE_EINVALID, "there are no sockets for worker %d", id);
    int count = self->sets[id].count;
    memcpy(sockets, self->sets[id].sockets, (size_t)count * sizeof *sockets);
    self->sets[id].count = 0;
    gale_worker_sockets_free(self);
    return count;
}

void gale_worker_sockets_free(gale_worker_sockets *self)
{
    if (!self)
        return;
    for (int i = 0; i < self->workers; i++)
        gale_close_sockets(self->sets[i].sockets, self->sets[i].count);
    gale__free(self);
}
