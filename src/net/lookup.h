/* SPDX-License-Identifier: Apache-2.0 */
/* getaddrinfo for stream sockets, with gale's codes. It blocks for host names. */
#ifndef GALE_NET_LOOKUP_H
#define GALE_NET_LOOKUP_H

#include <netdb.h>

#include <gale/netutil.h>

typedef struct gale__lookup {
    struct addrinfo *list; /* free it with freeaddrinfo */
    const char *reason;    /* why it failed: static or the thread's, as of gale_strerror */
} gale__lookup;

/* `host` may be NULL. Returns 0 or GALE_ENOTFOUND, -EAGAIN, -ENOMEM, -errno. */
int gale__lookup_run(gale__lookup *lookup, const char *host, int family, int flags);
/* Copies the first `capacity` addresses of a list; returns how many there are. */
int gale__lookup_addresses(const struct addrinfo *list, int port, gale_address *addresses,
                           int capacity);

#endif
