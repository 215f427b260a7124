/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS handshakes in progress at a server. Each holds up to 75 KB, most of it OpenSSL's buffers,
 * and who began it need not ever go on: so their number is limited. When one more begins, the
 * oldest is closed, if its peer keeps it waiting; so a flood of them is over in the time that an
 * honest handshake takes, and not in that of the timeout. If it waits for us instead, no more
 * connections are accepted for a moment.
 */
#ifndef GALE_NET_HANDSHAKES_H
#define GALE_NET_HANDSHAKES_H

#include "net/stream.h"

typedef struct gale__handshakes {
    gale__list list; /* the oldest first */
    size_t count, most;
    int64_t next_line; /* when it may be logged again */
} gale__handshakes;

typedef struct gale__handshake {
    gale__list link;
    gale__handshakes *owner;
    gale__stream *stream; /* cannot move meanwhile */
    int64_t begun;
} gale__handshake;

/* `most` is that of the options: 0 stands for the default, GALE_NONE for no limit. */
void gale__handshakes_init(gale__handshakes *self, int most);
/* One begins: makes room for it. */
void gale__handshakes_add(gale__handshakes *self, gale__handshake *handshake, gale__stream *stream);
/* It is over, however. */
void gale__handshakes_remove(gale__handshake *handshake);
/* There is no room for another one now: accepting should pause. */
bool gale__handshakes_full(const gale__handshakes *self);

#endif
