/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/websocket_deflate.h"

#include <errno.h>
#include <stdlib.h>

#include "test.h"

static gale__buffer inflated;

/* Inflates by a fresh inflater with a limit. */
static int inflate_limited(gale_str message, size_t limit)
{
    gale__websocket_inflater inflater;
    gale__buffer_clear(&inflated);
    gale__buffer_init(&inflated, limit);
    assert_ok(gale__websocket_inflater_begin(&inflater, 15, false));
    int result = gale__websocket_inflater_run(&inflater, message, &inflated);
    gale__websocket_inflater_end(&inflater);
    return result;
}

static void assert_inflates(gale_str message, const char *text)
{
    assert_ok(inflate_limited(message, SIZE_MAX));
    assert_int_equal(inflated.size, strlen(text));
    if (*text)
        assert_memory_equal(gale__buffer_begin(&inflated), text, inflated.size);
    gale__buffer_clear(&inflated);
}

TEST(the_examples_of_rfc_7692)
{
    assert_inflates(GALE_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), "Hello");
    assert_inflates(GALE_STR("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), "Hello");
    assert_inflates(GALE_STR("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "Hello");
    assert_inflates(GALE_STR("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), "Hello");
    assert_inflates(GALE_STR("\x00"), "");
    assert_inflates(GALE_STR(""), ""); /* by peers that leave even that byte out */
}

TEST(a_window_that_is_kept)
{
    gale__websocket_inflater inflater;
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    assert_ok(gale__websocket_inflater_begin(&inflater, 15, true));
    gale_str hello = GALE_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"),
             again = GALE_STR("\xf2\x00\x11\x00\x00");
    assert_ok(gale__websocket_inflater_run(&inflater, hello, &out));
    assert_ok(gale__websocket_inflater_run(&inflater, again, &out));
    assert_int_equal(out.size, 10);
    assert_memory_equal(gale__buffer_begin(&out), "HelloHello", 10);
    gale__websocket_inflater_end(&inflater);
    gale__buffer_clear(&out);
    assert_int_equal(inflate_limited(again, SIZE_MAX), GALE_EINPUT); /* it points back at nothing */
    gale__buffer_clear(&inflated);
}

TEST(a_block_that_says_it_is_the_last_keeps_the_window)
{
    /* "Hello" in a last block, then a reference to it. */
    assert_inflates(GALE_STR("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00"), "HelloHello");
}

TEST(what_is_no_compressed_message)
{
    static const gale_str messages[] = {
        { "\xff", 1 },
        { "\xf2\x48\xcd\xc9\xc9", 5 },
        { "\xf2\x48\xcd\xc9\xc9\x07", 6 },
        { "\x00\x05\x00\xfa\xff\x48\x65", 7 },
        { "\x06\x00\x00", 3 },
        { "\xf3\x48\xcd\xc9\xc9\x07\x00", 7 },
        { "Hello", 5 },
    };
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        assert_int_equal(inflate_limited(messages[i], SIZE_MAX), GALE_EINPUT);
    gale__buffer_clear(&inflated);
}

TEST(a_bomb_stops_at_the_limit)
{
    enum { SIZE = 10000000 };
    gale__websocket_deflater deflater;
    gale__buffer bomb;
    gale__buffer_init(&bomb, SIZE_MAX);
    char *zeroes = calloc(1, SIZE);
    assert_non_null(zeroes);
    assert_ok(gale__websocket_deflater_begin(&deflater, 15, 9, 8, false));
    assert_ok(gale__websocket_deflater_run(&deflater, (gale_str){ zeroes, SIZE }, &bomb));
    gale__websocket_deflater_end(&deflater);
    free(zeroes);
    assert_true(bomb.size < 12000);
    static const size_t limits[] = { 0, 1, 4095, 4096, 4097, 100000, SIZE - 1 };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        assert_int_equal(inflate_limited(gale__buffer_str(&bomb), limits[i]), GALE_ETOOBIG);
        assert_int_equal(inflated.size, limits[i]);
    }
    assert_ok(inflate_limited(gale__buffer_str(&bomb), SIZE));
    assert_int_equal(inflated.size, SIZE);
    gale__buffer_clear(&inflated);
    gale__buffer_clear(&bomb);
}

static char *random_text(size_t size, unsigned *seed)
{
    char *text = malloc(size + 1);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) {
        *seed = *seed * 1103515245u + 12345;
        text[i] = (char)(*seed >> 24 & (i % 64 < 32 ? 0x07 : 0xff));
    }
    return text;
}

/* Ten messages of all sizes through a pair with these windows. */
static void assert_round_trip(int deflate_bits, int inflate_bits, bool keep, int memory)
{
    static const size_t sizes[] = { 5, 0, 1, 300, 0, 0, 5000, 70000, 4096, 2 };
    gale__websocket_deflater deflater;
    gale__websocket_inflater inflater;
    assert_ok(gale__websocket_deflater_begin(&deflater, deflate_bits, 6, memory, keep));
    assert_ok(gale__websocket_inflater_begin(&inflater, inflate_bits, keep));
    gale__buffer small, large;
    gale__buffer_init(&small, SIZE_MAX);
    gale__buffer_init(&large, SIZE_MAX);
    unsigned seed = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *text = random_text(sizes[i], &seed);
        assert_ok(gale__websocket_deflater_run(&deflater, (gale_str){ text, sizes[i] }, &small));
        assert_ok(gale__websocket_inflater_run(&inflater, gale__buffer_str(&small), &large));
        assert_int_equal(large.size, sizes[i]);
        if (sizes[i])
            assert_memory_equal(gale__buffer_begin(&large), text, sizes[i]);
        gale__buffer_clear(&small);
        gale__buffer_clear(&large);
        free(text);
    }
    gale__websocket_deflater_end(&deflater);
    gale__websocket_inflater_end(&inflater);
}

TEST(each_window_on_both_sides)
{
    for (int bits = 8; bits <= 15; bits++) {
        assert_round_trip(bits, bits, true, 8);
        assert_round_trip(bits, bits, false, 8);
        assert_round_trip(bits, 15, true, 1);
        assert_round_trip(bits, 15, false, 9);
    }
}

TEST(each_allocation_may_fail)
{
    size_t n = 0;
    do {
        test_fail_allocation(++n);
        gale__websocket_deflater deflater;
        gale__websocket_inflater inflater;
        gale__buffer small, large;
        gale__buffer_init(&small, SIZE_MAX);
        gale__buffer_init(&large, SIZE_MAX);
        int result = gale__websocket_deflater_begin(&deflater, 15, 6, 8, true);
        if (result >= 0) {
            result = gale__websocket_inflater_begin(&inflater, 15, true);
            if (result >= 0) {
                result = gale__websocket_deflater_run(&deflater, GALE_STR("Hello, world"), &small);
                if (result >= 0)
                    result =
                        gale__websocket_inflater_run(&inflater, gale__buffer_str(&small), &large);
                gale__websocket_inflater_end(&inflater);
            }
            gale__websocket_deflater_end(&deflater);
        }
        gale__buffer_clear(&small);
        gale__buffer_clear(&large);
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
    } while (test_allocation_failed());
    assert_true(n > 5);
}

GALE_TEST_MAIN
