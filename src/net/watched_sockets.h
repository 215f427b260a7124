/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets of a library that has its own (c-ares, libcurl), watched as it asks. */
#ifndef GALE_NET_WATCHED_SOCKETS_H
#define GALE_NET_WATCHED_SOCKETS_H

#include "core/list.h"
#include "loop/loop.h"

typedef struct gale__watched_sockets {
    gale_ioloop *loop;
    gale__list sockets;
    /* The socket is ready for these (GALE__WATCH_READ, GALE__WATCH_WRITE). */
    void (*ready)(struct gale__watched_sockets *all, int fd, unsigned events);
} gale__watched_sockets;

void gale__watched_sockets_init(gale__watched_sockets *all, gale_ioloop *loop,
                                void (*ready)(gale__watched_sockets *all, int fd, unsigned events));
/* Watches a socket for `events`, or no longer (0), as it must before it is closed. Out of memory it
 * is not watched, and what waits for it times out. */
void gale__watched_sockets_set(gale__watched_sockets *all, int fd, unsigned events);

#endif
