/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/decoder.h"

#include <errno.h>

#if GALE_BROTLI
#include <brotli/decode.h>
#endif

#include "core/zlib.h"
#include "proto/header_names.h"

/* RFC 1952 §2.2: another member may follow a member. */
static int decode_gzip(gale__decoder *self, gale_str *input, char *out, size_t room,
                       size_t *ret_size)
{
    z_stream *zlib = &self->zlib;
    if (self->complete && input->len > 0) {
        self->complete = false;
        inflateReset(zlib);
    }
    uInt given = input->len > INT32_MAX ? INT32_MAX : (uInt)input->len;
    uInt wanted = room > INT32_MAX ? INT32_MAX : (uInt)room;
    zlib->next_in = (Bytef *)(uintptr_t)input->data;
    zlib->avail_in = given;
    zlib->next_out = (Bytef *)out;
    zlib->avail_out = wanted;
    int code = self->complete ? Z_BUF_ERROR : inflate(zlib, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return code == Z_MEM_ERROR ? -ENOMEM : GALE_EINPUT;
    self->complete = self->complete || code == Z_STREAM_END;
    self->more = zlib->avail_out == 0;
    size_t used = given - zlib->avail_in;
    *input = (gale_str){ input->data + used, input->len - used };
    *ret_size = wanted - zlib->avail_out;
    return 0;
}

#if GALE_BROTLI

static void *brotli_alloc(void *arg, size_t size)
{
    (void)arg;
    return gale__malloc(size);
}

static void brotli_free(void *arg, void *memory)
{
    (void)arg;
    gale__free(memory);
}

static bool is_allocation_error(BrotliDecoderErrorCode code)
{
    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
           code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
}

static int decode_brotli(gale__decoder *self, gale_str *input, char *out, size_t room,
                         size_t *ret_size)
{
    const uint8_t *in = (const uint8_t *)input->data;
    uint8_t *to = (uint8_t *)out;
    size_t left = room;
    if (self->complete && input->len > 0)
        return GALE_EINPUT;
    BrotliDecoderResult code =
        BrotliDecoderDecompressStream(self->brotli, &input->len, &in, &left, &to, NULL);
    if (code == BROTLI_DECODER_RESULT_ERROR)
        return is_allocation_error(BrotliDecoderGetErrorCode(self->brotli)) ? -ENOMEM : GALE_EINPUT;
    input->data = (const char *)in;
    self->complete = code == BROTLI_DECODER_RESULT_SUCCESS;
    self->more = code == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    *ret_size = room - left;
    return 0;
}

static int begin_brotli(gale__decoder *self)
{
    self->brotli = BrotliDecoderCreateInstance(brotli_alloc, brotli_free, NULL);
    return self->brotli ? 0 : -ENOMEM;
}

static void end_brotli(gale__decoder *self)
{
    BrotliDecoderDestroyInstance(self->brotli);
}

#else

static int decode_brotli(gale__decoder *self, gale_str *input, char *out, size_t room,
                         size_t *ret_size)
{
    (void)self, (void)input, (void)out, (void)room, (void)ret_size;
    return GALE_EINPUT;
}

static int begin_brotli(gale__decoder *self)
{
    (void)self;
    return GALE_ENOTSUP;
}

static void end_brotli(gale__decoder *self)
{
    (void)self;
}

#endif

gale__coding gale__decoder_coding(gale_str name)
{
    if (gale__http_equal(name.data, name.len, "gzip", 4) ||
        gale__http_equal(name.data, name.len, "x-gzip", 6))
        return GALE__CODING_GZIP;
    if (GALE_BROTLI && gale__http_equal(name.data, name.len, "br", 2))
        return GALE__CODING_BROTLI;
    return GALE__CODING_IDENTITY;
}

int gale__decoder_begin(gale__decoder *self, gale__coding coding)
{
    *self = (gale__decoder){ .zlib = gale__zlib_stream() };
    if (coding == GALE__CODING_BROTLI)
        GALE_TRY(begin_brotli(self));
    if (coding == GALE__CODING_GZIP && inflateInit2(&self->zlib, MAX_WBITS + 16) != Z_OK)
        return -ENOMEM;
    self->coding = coding;
    return 0;
}

int gale__decoder_decode(gale__decoder *self, gale_str *input, char *out, size_t room,
                         size_t *ret_size)
{
    return self->coding == GALE__CODING_BROTLI ? decode_brotli(self, input, out, room, ret_size)
                                               : decode_gzip(self, input, out, room, ret_size);
}

void gale__decoder_end(gale__decoder *self)
{
    if (self->coding == GALE__CODING_GZIP)
        inflateEnd(&self->zlib);
    if (self->coding == GALE__CODING_BROTLI)
        end_brotli(self);
    self->coding = GALE__CODING_IDENTITY;
}
