/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/encoder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if GALE_BROTLI
#include <brotli/decode.h>
#endif

#include "test.h"

enum { PIECES = 50, PIECE_SIZE = 5000 };

/* Decodes what there is, whether or not it is the end; returns the decoded size. */
static size_t gunzip(gale_str in, char *out, size_t room)
{
    z_stream zlib = { .next_in = (Bytef *)(uintptr_t)in.data,
                      .avail_in = (uInt)in.len,
                      .next_out = (Bytef *)out,
                      .avail_out = (uInt)room };
    assert_int_equal(inflateInit2(&zlib, MAX_WBITS + 16), Z_OK);
    int code = inflate(&zlib, Z_SYNC_FLUSH);
    assert_true(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR);
    size_t size = zlib.total_out;
    inflateEnd(&zlib);
    return size;
}

static size_t decode(gale__coding coding, gale_str in, char *out, size_t room)
{
#if GALE_BROTLI
    if (coding == GALE__CODING_BROTLI) {
        BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
        const uint8_t *from = (const uint8_t *)in.data;
        uint8_t *to = (uint8_t *)out;
        size_t left = room, size = 0;
        assert_int_not_equal(
            BrotliDecoderDecompressStream(state, &in.len, &from, &left, &to, &size),
            BROTLI_DECODER_RESULT_ERROR);
        BrotliDecoderDestroyInstance(state);
        return size;
    }
#endif
    return coding == GALE__CODING_GZIP ? gunzip(in, out, room)
                                       : (memcpy(out, in.data, in.len), in.len);
}

/* After each piece all that was given can be decoded. */
static void check_streaming(gale__coding coding)
{
    size_t total = PIECES * PIECE_SIZE;
    char *text = malloc(total), *decoded = malloc(total);
    unsigned seed = 1;
    for (size_t i = 0; i < total; i++)
        text[i] = (char)('a' + (seed = seed * 1103515245 + 12345) / 65536 % 26);
    gale__encoder encoder;
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    assert_ok(gale__encoder_begin(&encoder, coding, 0));
    for (size_t i = 0; i < PIECES; i++) {
        gale_str piece = { text + i * PIECE_SIZE, PIECE_SIZE };
        assert_ok(gale__encoder_encode(&encoder, piece, i == PIECES - 1, &out));
        size_t size = decode(coding, gale__buffer_str(&out), decoded, total);
        assert_int_equal(size, (i + 1) * PIECE_SIZE);
        assert_memory_equal(decoded, text, size);
    }
    gale__encoder_end(&encoder);
    gale__encoder_end(&encoder);
    gale__buffer_clear(&out);
    free(text);
    free(decoded);
}

TEST(each_piece_can_be_decoded_at_once)
{
    check_streaming(GALE__CODING_IDENTITY);
    check_streaming(GALE__CODING_GZIP);
#if GALE_BROTLI
    check_streaming(GALE__CODING_BROTLI);
#endif
}

TEST(nothing_encoded)
{
    gale__encoder encoder;
    gale__buffer out;
    char decoded[10];
    gale__buffer_init(&out, SIZE_MAX);
    assert_ok(gale__encoder_begin(&encoder, GALE__CODING_GZIP, 0));
    assert_ok(gale__encoder_encode(&encoder, (gale_str){ "", 0 }, false, &out));
    assert_ok(gale__encoder_encode(&encoder, (gale_str){ "", 0 }, true, &out));
    assert_int_equal(decode(GALE__CODING_GZIP, gale__buffer_str(&out), decoded, 10), 0);
    gale__encoder_end(&encoder);
    gale__buffer_clear(&out);
}

/* Whichever allocation fails: -ENOMEM, and nothing leaks. */
static void check_without_memory(gale__coding coding)
{
    static const char text[100] = "text";
    size_t n = 0;
    int result;
    do {
        gale__encoder encoder;
        gale__buffer out;
        gale__buffer_init(&out, SIZE_MAX);
        test_fail_allocation(++n);
        result = gale__encoder_begin(&encoder, coding, 0);
        if (result == 0)
            result = gale__encoder_encode(&encoder, (gale_str){ text, sizeof text }, true, &out);
        gale__encoder_end(&encoder);
        gale__buffer_clear(&out);
        if (result < 0)
            assert_error(result, -ENOMEM);
    } while (test_allocation_failed());
    assert_ok(result);
    assert_true(n > 2);
}

TEST(without_memory)
{
    check_without_memory(GALE__CODING_GZIP);
#if GALE_BROTLI
    check_without_memory(GALE__CODING_BROTLI);
#endif
}

GALE_TEST_MAIN
