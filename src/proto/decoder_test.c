/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/decoder.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/encoder.h"
#include "proto/proto_test.h"

enum { SIZE = 50000, CODINGS = 1 + GALE_BROTLI };

static const gale__coding codings[] = { GALE__CODING_GZIP, GALE__CODING_BROTLI };
static char text[SIZE];

static gale_bytes *encode(gale__coding coding)
{
    gale__encoder encoder;
    gale__buffer out;
    for (size_t i = 0; i < SIZE; i++)
        text[i] = (char)(i * i >> 7);
    gale__buffer_init(&out, SIZE_MAX / 2);
    assert_ok(gale__encoder_begin(&encoder, coding, SIZE));
    assert_ok(gale__encoder_encode(&encoder, (gale_str){ text, SIZE }, true, &out));
    gale__encoder_end(&encoder);
    return gale__buffer_take(&out);
}

/* Decodes into pieces of `room` bytes from pieces of `step`. Returns 0 or an error. */
static int decode(gale__coding coding, gale_str input, size_t step, size_t room, size_t *ret_size)
{
    gale__decoder decoder;
    char *out = malloc(room);
    size_t total = 0;
    int result = gale__decoder_begin(&decoder, coding);
    while (result == 0 && (input.len > 0 || decoder.more)) {
        size_t given = input.len < step ? input.len : step, size = 0;
        gale_str piece = { input.data, given };
        result = gale__decoder_decode(&decoder, &piece, out, room, &size);
        if (result == 0 && memcmp(out, text + total, size) != 0)
            fail_msg("other bytes");
        total += result == 0 ? size : 0;
        input.data += given - piece.len;
        input.len -= given - piece.len;
    }
    if (result == 0 && !decoder.complete)
        result = GALE_ECLOSED;
    gale__decoder_end(&decoder);
    gale__decoder_end(&decoder);
    free(out);
    *ret_size = total;
    return result;
}

TEST(pieces_of_any_size)
{
    static const size_t sizes[] = { 1, 7, 1000, 100000 };
    for (int i = 0; i < CODINGS; i++) {
        gale_bytes *coded = encode(codings[i]);
        for (int j = 0; j < 16; j++) {
            size_t size;
            assert_ok(decode(codings[i], gale_bytes_str(coded), sizes[j / 4], sizes[j % 4], &size));
            assert_int_equal(size, SIZE);
        }
        gale_bytes_unref(coded);
    }
}

TEST(what_is_cut_short_or_too_long)
{
    for (int i = 0; i < CODINGS; i++) {
        size_t size;
        gale_bytes *coded = encode(codings[i]);
        gale_str all = gale_bytes_str(coded);
        assert_error(decode(codings[i], (gale_str){ all.data, all.len - 1 }, 1000, 1000, &size),
                     GALE_ECLOSED);
        char *more = malloc(all.len + 30);
        memcpy(more, all.data, all.len);
        memset(more + all.len, 'x', 30);
        assert_error(decode(codings[i], (gale_str){ more, all.len + 30 }, 1000, 1000, &size),
                     GALE_EINPUT);
        free(more);
        gale_bytes_unref(coded);
    }
}

/* RFC 1952 §2.2 */
TEST(several_members)
{
    size_t size = 0;
    gale_bytes *coded = encode(GALE__CODING_GZIP);
    gale_str all = gale_bytes_str(coded);
    gale__decoder decoder;
    static char out[3 * SIZE];
    char *twice = malloc(2 * all.len);
    memcpy(twice, all.data, all.len);
    memcpy(twice + all.len, all.data, all.len);
    gale_str input = { twice, 2 * all.len };
    assert_ok(gale__decoder_begin(&decoder, GALE__CODING_GZIP));
    assert_ok(gale__decoder_decode(&decoder, &input, out, sizeof out, &size));
    assert_int_equal(size, SIZE);
    assert_true(decoder.complete);
    assert_ok(gale__decoder_decode(&decoder, &input, out, sizeof out, &size));
    assert_int_equal(size, SIZE);
    assert_int_equal(input.len, 0);
    gale__decoder_end(&decoder);
    free(twice);
    gale_bytes_unref(coded);
}

TEST(without_memory)
{
    for (int i = 0; i < CODINGS; i++) {
        gale_bytes *coded = encode(codings[i]);
        size_t n = 0, size;
        bool failed;
        do {
            test_fail_allocation(++n);
            int result = decode(codings[i], gale_bytes_str(coded), 1000, 1000, &size);
            failed = test_allocation_failed();
            test_fail_allocation(0);
            assert_error(result, failed ? -ENOMEM : 0);
        } while (failed);
        gale_bytes_unref(coded);
    }
}

TEST(names_of_codings)
{
    assert_int_equal(gale__decoder_coding(GALE_STR("GZIP")), GALE__CODING_GZIP);
    assert_int_equal(gale__decoder_coding(GALE_STR("x-gzip")), GALE__CODING_GZIP);
    assert_int_equal(gale__decoder_coding(GALE_STR("br")),
                     GALE_BROTLI ? GALE__CODING_BROTLI : GALE__CODING_IDENTITY);
    assert_int_equal(gale__decoder_coding(GALE_STR("gzip, br")), GALE__CODING_IDENTITY);
    assert_int_equal(gale__decoder_coding(GALE_STR("")), GALE__CODING_IDENTITY);
}

GALE_TEST_MAIN
