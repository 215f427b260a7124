/* SPDX-License-Identifier: Apache-2.0 */
/* gale_add_accept_handler: a listener over a borrowed socket. */
#include <fcntl.h>

#include "net/address.h"
#include "net/listener.h"

struct gale_accept_handler {
    gale__listener *listener;
    gale_accept_callback callback;
    void *arg;
};

static void accepted(gale__listener *listener, int fd, const gale__address *address, void *arg)
{
    gale_accept_handler *self = arg;
    gale_address peer = gale__address_public(address);
    (void)listener;
    self->callback(fd, &peer, self->arg);
}

gale_accept_handler *gale_add_accept_handler(int socket, gale_accept_callback callback, void *arg)
{
    gale_ioloop *loop = gale_ioloop_current();
    int flags = fcntl(socket, F_GETFL);
    if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0)
        return NULL;
    gale_accept_handler *self = loop ? GALE__NEW(gale_accept_handler) : NULL;
    if (!self)
        return NULL;
    self->callback = callback;
    self->arg = arg;
    self->listener = gale__listener_borrow(loop, socket, accepted, self);
    if (!self->listener) {
        gale__free(self);
        return NULL;
    }
    return self;
}

void gale_remove_accept_handler(gale_accept_handler *self)
{
    if (!self)
        return;
    gale__listener_release(self->listener);
    gale__free(self);
}
