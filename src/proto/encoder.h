/* SPDX-License-Identifier: Apache-2.0 */
/* Compresses a body piece by piece. zlib and brotli use much stack: call it on the loop's. */
#ifndef GALE_PROTO_ENCODER_H
#define GALE_PROTO_ENCODER_H

#include <zlib.h>

#include "core/buffer.h"
#include "core/list.h"
#include "proto/accept.h"

typedef struct gale__encoder {
    gale__coding coding; /* identity: there is nothing to end */
    z_stream zlib;
    struct BrotliEncoderStateStruct *brotli;
    gale__list brotli_blocks; /* all its memory */
    void *brotli_escape;      /* where to go when there is no more */
} gale__encoder;

/* The encoder must stay where it is until it has ended. `size` is how much is expected, 0 for
 * unknown; it saves memory for what is small. -ENOMEM. */
int gale__encoder_begin(gale__encoder *encoder, gale__coding coding, size_t size);
/* Appends all that can be decoded so far of `data` and what was given before; with `last` the end,
 * too. Returns 0 or -ENOMEM. */
int gale__encoder_encode(gale__encoder *encoder, gale_str data, bool last, gale__buffer *out);
/* Harmless when it has not begun, or has ended. */
void gale__encoder_end(gale__encoder *encoder);

#endif
