/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes a body piece by piece: gzip (RFC 1952) or br (RFC 7932). */
#ifndef GALE_PROTO_DECODER_H
#define GALE_PROTO_DECODER_H

#include <zlib.h>

#include "core/memory.h"
#include "proto/accept.h"

typedef struct gale__decoder {
    gale__coding coding; /* identity: there is nothing to end */
    z_stream zlib;
    struct BrotliDecoderStateStruct *brotli;
    bool complete; /* what was decoded ends where the coding ends */
    bool more;     /* there may be more output without more input */
} gale__decoder;

/* The coding that the value of a Content-Encoding names; identity when it is unknown here. */
gale__coding gale__decoder_coding(gale_str content_encoding);
/* The decoder must stay where it is until it has ended. -ENOMEM. */
int gale__decoder_begin(gale__decoder *decoder, gale__coding coding);
/* Moves *input behind what was used, and writes at most `room` bytes: *ret_size of them. Returns 0;
 * GALE_EINPUT when it is malformed, or goes on after its end; -ENOMEM. */
int gale__decoder_decode(gale__decoder *decoder, gale_str *input, char *out, size_t room,
                         size_t *ret_size);
/* Harmless when it has not begun, or has ended. */
void gale__decoder_end(gale__decoder *decoder);

#endif
