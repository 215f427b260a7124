/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/encoder.h"

#include <errno.h>

#include "core/zlib.h"

#if GALE_BROTLI
#include <brotli/encode.h>
#include <setjmp.h>
#include <stddef.h>
#endif

enum {
    GZIP_LEVEL = 6, /* Tornado: GZipContentEncoding.GZIP_LEVEL */
    GZIP_MEMORY = 8,
    BROTLI_QUALITY = 4, /* smaller than gzip's level 6, and not slower */
    BROTLI_WINDOW = 18, /* 256 KiB, so that a stream that waits holds less than a megabyte */
    PIECE = 16384
};

/* ---- gzip ------------------------------------------------------------------------------ */

static int gzip_encode(z_stream *zlib, gale_str data, bool last, gale__buffer *out)
{
    int code;
    do { /* zlib counts in 32 bits */
        uInt given = data.len > INT32_MAX ? INT32_MAX : (uInt)data.len;
        bool rest = given < data.len;
        zlib->next_in = (Bytef *)(uintptr_t)data.data;
        zlib->avail_in = given;
        do {
            GALE_TRY(gale__buffer_reserve(out, PIECE));
            zlib->next_out = (Bytef *)gale__buffer_end(out);
            zlib->avail_out = PIECE;
            code = deflate(zlib, rest ? Z_NO_FLUSH : last ? Z_FINISH : Z_SYNC_FLUSH);
            gale__buffer_commit(out, PIECE - zlib->avail_out);
        } while (zlib->avail_out == 0);
        data.data += given;
        data.len -= given;
    } while (data.len > 0);
    return code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR ? 0 : -EINVAL;
}

/* ---- brotli ---------------------------------------------------------------------------- */

#if GALE_BROTLI

/* libbrotlienc ends the process when its allocator returns NULL. So ours leaves by longjmp, and all
 * that was allocated is given back behind its back. */

typedef union brotli_block {
    gale__list link;
    max_align_t alignment;
} brotli_block;

static void *brotli_alloc(void *arg, size_t size)
{
    gale__encoder *encoder = arg;
    brotli_block *block =
        size < SIZE_MAX - sizeof *block ? gale__malloc(sizeof *block + size) : NULL;
    if (!block)
        longjmp(*(jmp_buf *)encoder->brotli_escape, 1);
    gale__list_append(&encoder->brotli_blocks, &block->link);
    return block + 1;
}

static void brotli_free(void *arg, void *memory)
{
    (void)arg;
    if (!memory)
        return;
    brotli_block *block = (brotli_block *)memory - 1;
    gale__list_remove(&block->link);
    gale__free(block);
}

static void brotli_end(gale__encoder *encoder)
{
    for (gale__list *link; (link = gale__list_pop(&encoder->brotli_blocks));)
        gale__free(link);
    encoder->brotli = NULL;
}

static BrotliEncoderState *brotli_create(gale__encoder *encoder, size_t size)
{
    uint32_t hint = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
    BrotliEncoderState *state = BrotliEncoderCreateInstance(brotli_alloc, brotli_free, encoder);
    BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, BROTLI_QUALITY);
    BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, BROTLI_WINDOW);
    BrotliEncoderSetParameter(state, BROTLI_PARAM_SIZE_HINT, hint);
    return state;
}

static int brotli_begin(gale__encoder *encoder, size_t size)
{
    jmp_buf escape;
    gale__list_init(&encoder->brotli_blocks);
    encoder->brotli_escape = &escape;
    if (setjmp(escape) != 0) {
        brotli_end(encoder);
        return -ENOMEM;
    }
    encoder->brotli = brotli_create(encoder, size);
    return 0;
}

static int brotli_compress(BrotliEncoderState *state, gale_str data, bool last, gale__buffer *out)
{
    const uint8_t *in = (const uint8_t *)data.data;
    BrotliEncoderOperation operation = last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH;
    do {
        GALE_TRY(gale__buffer_reserve(out, PIECE));
        uint8_t *to = (uint8_t *)gale__buffer_end(out);
        size_t room = PIECE;
        if (!BrotliEncoderCompressStream(state, operation, &data.len, &in, &room, &to, NULL))
            return -EINVAL;
        gale__buffer_commit(out, PIECE - room);
    } while (data.len > 0 || BrotliEncoderHasMoreOutput(state));
    return 0;
}

static int brotli_encode(gale__encoder *encoder, gale_str data, bool last, gale__buffer *out)
{
    jmp_buf escape;
    encoder->brotli_escape = &escape;
    if (!encoder->brotli || setjmp(escape) != 0) {
        brotli_end(encoder);
        return -ENOMEM;
    }
    return brotli_compress(encoder->brotli, data, last, out);
}

#endif

/* ---- Either ---------------------------------------------------------------------------- */

int gale__encoder_begin(gale__encoder *encoder, gale__coding coding, size_t size)
{
    *encoder = (gale__encoder){ .zlib = gale__zlib_stream() };
#if GALE_BROTLI
    if (coding == GALE__CODING_BROTLI)
        GALE_TRY(brotli_begin(encoder, size));
#else
    (void)size;
#endif
    if (coding == GALE__CODING_GZIP &&
        deflateInit2(&encoder->zlib, GZIP_LEVEL, Z_DEFLATED, MAX_WBITS + 16, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return -ENOMEM;
    encoder->coding = coding;
    return 0;
}

int gale__encoder_encode(gale__encoder *encoder, gale_str data, bool last, gale__buffer *out)
{
#if GALE_BROTLI
    if (encoder->coding == GALE__CODING_BROTLI)
        return brotli_encode(encoder, data, last, out);
#endif
    if (encoder->coding == GALE__CODING_GZIP)
        return gzip_encode(&encoder->zlib, data, last, out);
    return gale__buffer_append(out, data.data, data.len);
}

void gale__encoder_end(gale__encoder *encoder)
{
    if (encoder->coding == GALE__CODING_GZIP)
        deflateEnd(&encoder->zlib);
#if GALE_BROTLI
    if (encoder->coding == GALE__CODING_BROTLI)
        brotli_end(encoder);
#endif
    encoder->coding = GALE__CODING_IDENTITY;
}
