/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of permessage-deflate (RFC 7692 §7.2). Either way may keep its window from one message
 * to the next, for a better compression; it then belongs to one connection. One that does not may
 * serve many.
 */
#ifndef GALE_PROTO_WEBSOCKET_DEFLATE_H
#define GALE_PROTO_WEBSOCKET_DEFLATE_H

#include "core/buffer.h"
#include "core/zlib.h"

typedef struct gale__websocket_deflater {
    z_stream zlib;
    bool keep; /* the window */
} gale__websocket_deflater;

/* `level` is 1 to 9, `memory` 1 to 9, `window_bits` 8 to 15, as in zlib. It takes about
 * 2^(window_bits + 2) + 2^(memory + 9) bytes. 0 or -ENOMEM. */
int gale__websocket_deflater_begin(gale__websocket_deflater *deflater, int window_bits, int level,
                                   int memory, bool keep);
/* Appends the message compressed. 0 or the buffer's error; after one of a deflater that keeps its
 * window, it must not be used again. */
int gale__websocket_deflater_run(gale__websocket_deflater *deflater, gale_str message,
                                 gale__buffer *out);
void gale__websocket_deflater_end(gale__websocket_deflater *deflater);

typedef struct gale__websocket_inflater {
    z_stream zlib;
    bool keep; /* the window */
} gale__websocket_inflater;

/* It takes about 2^window_bits + 8 KiB. 0 or -ENOMEM. */
int gale__websocket_inflater_begin(gale__websocket_inflater *inflater, int window_bits, bool keep);
/*
 * Appends a whole message inflated. Returns 0; GALE_EINPUT when it is no compressed message;
 * GALE_ETOOBIG when it is over the buffer's limit, which is noticed before more memory is used;
 * -ENOMEM. After an error of an inflater that keeps its window, it must not be used again.
 */
int gale__websocket_inflater_run(gale__websocket_inflater *inflater, gale_str message,
                                 gale__buffer *out);
void gale__websocket_inflater_end(gale__websocket_inflater *inflater);

#endif
