/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A listening socket on a loop. When the process has run out of descriptors it still answers:
 * a reserve descriptor is spent on accepting and closing the waiting connection, then accepting
 * pauses for a moment. It also pauses while its owner has no room.
 */
#ifndef GALE_NET_LISTENER_H
#define GALE_NET_LISTENER_H

#include "loop/loop.h"

typedef struct gale__listener gale__listener;

/* A new connection; the callback owns `fd`, which is non-blocking. */
typedef void (*gale__accept_callback)(gale__listener *listener, int fd,
                                      const gale__address *address, void *arg);

struct gale__listener {
    gale__io io;
    gale_ioloop *loop;
    gale__list link; /* for the owner */
    gale__accept_callback accepted;
    bool (*full)(const void *arg); /* there is no room for another connection; NULL: always is */
    void *arg;
    gale__callback start; /* accepting begins in the loop's next turn */
    gale__timer pause;
    int reserve_fd;
};

/* Takes a listening, non-blocking socket over, always. NULL when out of memory. */
gale__listener *gale__listener_new(gale_ioloop *loop, int fd, gale__accept_callback accepted,
                                   void *arg);
/* The same with a socket that stays the caller's, also on failure. */
gale__listener *gale__listener_borrow(gale_ioloop *loop, int fd, gale__accept_callback accepted,
                                      void *arg);
/* Stops accepting and frees, but leaves the socket open; returns it. */
int gale__listener_release(gale__listener *listener);
/* Stops accepting, closes the socket, and frees. NULL is allowed. Allowed within `accepted`. */
void gale__listener_free(gale__listener *listener);

#endif
