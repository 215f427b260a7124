/* SPDX-License-Identifier: Apache-2.0 */
/* The client's half of SOCKS 5 (RFC 1928, RFC 1929), on a stream that is connected to the proxy. */
#ifndef GALE_NET_SOCKS5_H
#define GALE_NET_SOCKS5_H

#include <gale/iostream.h>
#include <gale/netutil.h>

typedef struct gale__socks5 {
    gale_str username, password; /* username.data is NULL: without */
    const char *host;            /* a name that the proxy looks up, or a literal address */
    int port;
    const gale_address *address; /* instead of `host`; or NULL */
} gale__socks5;

/*
 * Asks the proxy to connect. Returns 0, and what follows on the stream is the server's;
 * GALE_EINVALID for a name, user or password of more than 255 bytes; -EACCES when the proxy does
 * not want these credentials, or forbids it; -ECONNREFUSED, -ENETUNREACH, -EHOSTUNREACH,
 * -ETIMEDOUT, -ECONNABORTED as it says; GALE_EINPUT when that is no SOCKS; and the errors of
 * reading and writing. Suspends.
 */
int gale__socks5_connect(gale_iostream *stream, const gale__socks5 *target);

#endif
