/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client's connection has besides: its own limits, who it belongs to, and the message at
 * hand when it is read in a straight line.
 *
 * Its memory is its owner's: it stays when the connection is dead, until it has been released. A
 * released one closes behind the scenes, and is freed once it is dead.
 */
#ifndef GALE_WEB_WEBSOCKET_CLIENT_H
#define GALE_WEB_WEBSOCKET_CLIENT_H

#include "web/websocket.h"

enum { GALE__WEBSOCKET_MASKS = 16 };

struct gale__websocket_client {
    gale__websocket_type type;
    gale_websocket_class slots; /* a copy */
    gale_websocket_compression compression;
    gale_websocket *websocket;
    gale__dependent dependent;
    gale_scope *scope;    /* that releases it, by `defer`; NULL: the caller does */
    gale__defer defer;    /* in scope->defers */
    gale__waiter *reader; /* of gale_read_message */
    gale__waiter *joiner; /* waits until nothing of its class runs */
    gale_scope *closing;  /* of on_close, once that was started */
    gale__buffer message; /* of gale_read_message */
    bool holds;           /* there is one; the connection is busy meanwhile */
    bool unread;          /* it has not been given out yet */
    bool binary;          /* it is */
    bool ended;           /* the server is gone, and what it has said is still read */
    bool released;        /* nobody has it any more */
    bool loop_ends;
    uint8_t masks_left; /* of `masks` */
    int failure;        /* why it was closed for what the server has sent, or 0 */
    const char *reason; /* of the failure: a static text */
    uint32_t masks[GALE__WEBSOCKET_MASKS]; /* nobody can guess */
};

/* With a connection that has no stream yet. NULL when out of memory. */
gale__websocket_client *gale__websocket_client_new(gale_ioloop *loop,
                                                   const gale_websocket_connect_options *options);
/* Belongs to the scope from now on; NULL: to the caller. */
void gale__websocket_client_adopt(gale__websocket_client *client, gale_scope *scope);

#endif
