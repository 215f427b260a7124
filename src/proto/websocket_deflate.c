/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/websocket_deflate.h"

#include <errno.h>

enum {
    PIECE = 4096, /* bytes of output to make room for */
    TAIL = 4      /* of a sync flush: 00 00 FF FF, which is not sent */
};

/* Offers the next part of the input; zlib counts in 32 bits. */
static void feed(z_stream *zlib, gale_str *rest)
{
    uInt size = rest->len > INT32_MAX ? INT32_MAX : (uInt)rest->len;
    zlib->next_in = (Bytef *)(uintptr_t)rest->data;
    zlib->avail_in = size;
    rest->data += size;
    rest->len -= size;
}

/* ---- Compressing ----------------------------------------------------------------------- */

int gale__websocket_deflater_begin(gale__websocket_deflater *deflater, int window_bits, int level,
                                   int memory, bool keep)
{
    /* zlib has no raw window of 8 bits; but of one of 9 it uses no distance over 250. */
    int bits = window_bits < 9 ? 9 : window_bits;
    *deflater = (gale__websocket_deflater){ .zlib = gale__zlib_stream(), .keep = keep };
    return deflateInit2(&deflater->zlib, level, Z_DEFLATED, -bits, memory, Z_DEFAULT_STRATEGY) ==
                   Z_OK
               ? 0
               : -ENOMEM;
}

static int deflate_all(z_stream *zlib, gale_str message, gale__buffer *out)
{
    do {
        feed(zlib, &message);
        int flush = message.len > 0 ? Z_NO_FLUSH : Z_SYNC_FLUSH;
        do {
            GALE_TRY(gale__buffer_reserve(out, PIECE));
            zlib->next_out = (Bytef *)gale__buffer_end(out);
            zlib->avail_out = PIECE;
            deflate(zlib, flush);
            gale__buffer_commit(out, PIECE - zlib->avail_out);
        } while (zlib->avail_out == 0);
    } while (message.len > 0);
    return 0;
}

int gale__websocket_deflater_run(gale__websocket_deflater *deflater, gale_str message,
                                 gale__buffer *out)
{
    if (message.len == 0)
        return gale__buffer_append_char(out, '\0'); /* §7.2.3.6; zlib would not flush twice */
    GALE_TRY(deflate_all(&deflater->zlib, message, out));
    out->size -= TAIL;
    if (!deflater->keep)
        deflateReset(&deflater->zlib);
    return 0;
}

void gale__websocket_deflater_end(gale__websocket_deflater *deflater)
{
    deflateEnd(&deflater->zlib);
}

/* ---- Inflating ------------------------------------------------------------------------- */

int gale__websocket_inflater_begin(gale__websocket_inflater *inflater, int window_bits, bool keep)
{
    *inflater = (gale__websocket_inflater){ .zlib = gale__zlib_stream(), .keep = keep };
    return inflateInit2(&inflater->zlib, -window_bits) == Z_OK ? 0 : -ENOMEM;
}

/* How much room the next piece of output gets: never more than the limit allows, and one byte, so
 * that going over it is noticed. */
static size_t next_room(const gale__buffer *out)
{
    size_t left = out->limit - out->size;
    return left < PIECE ? left : PIECE;
}

static int inflate_piece(z_stream *zlib, gale__buffer *out)
{
    unsigned char beyond;
    size_t room = next_room(out);
    if (room > 0)
        GALE_TRY(gale__buffer_reserve(out, room));
    zlib->next_out = room > 0 ? (Bytef *)gale__buffer_end(out) : &beyond;
    zlib->avail_out = room > 0 ? (uInt)room : 1;
    uInt offered = zlib->avail_out;
    int code = inflate(zlib, Z_SYNC_FLUSH);
    size_t made = offered - zlib->avail_out;
    if (room == 0 && made > 0)
        return GALE_ETOOBIG;
    if (room > 0)
        gale__buffer_commit(out, made);
    if (code == Z_STREAM_END) { /* a block that says it is the last one need not be (§7.2.3.4) */
        inflateResetKeep(zlib);
        return 0;
    }
    if (code == Z_BUF_ERROR && zlib->avail_in > 0 && made == 0)
        return GALE_EINPUT;
    return code == Z_OK || code == Z_BUF_ERROR ? 0 : code == Z_MEM_ERROR ? -ENOMEM : GALE_EINPUT;
}

static int inflate_all(z_stream *zlib, gale_str rest, gale__buffer *out)
{
    while (rest.len > 0) {
        feed(zlib, &rest);
        do {
            GALE_TRY(inflate_piece(zlib, out));
        } while (zlib->avail_in > 0 || zlib->avail_out == 0);
    }
    return 0;
}

/* Where the tail of a message ends, unless it was cut. */
static bool between_blocks(const z_stream *zlib)
{
    enum { UNUSED_BITS = 31, AFTER_A_BLOCK = 128 };
    return (zlib->data_type & (UNUSED_BITS | AFTER_A_BLOCK)) == AFTER_A_BLOCK;
}

int gale__websocket_inflater_run(gale__websocket_inflater *inflater, gale_str message,
                                 gale__buffer *out)
{
    z_stream *zlib = &inflater->zlib;
    if (message.len == 0)
        return 0; /* not even the block that §7.2.3.6 asks for: others take it, too */
    int result = inflate_all(zlib, message, out);
    if (result >= 0)
        result = inflate_all(zlib, (gale_str){ "\0\0\xff\xff", TAIL }, out);
    if (result >= 0 && !between_blocks(zlib))
        result = GALE_EINPUT;
    if (!inflater->keep)
        inflateReset(zlib);
    return result;
}

void gale__websocket_inflater_end(gale__websocket_inflater *inflater)
{
    inflateEnd(&inflater->zlib);
}
