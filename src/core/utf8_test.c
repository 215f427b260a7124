/* SPDX-License-Identifier: Apache-2.0 */
#include "core/utf8.h"

#include <stdlib.h>

#include "test.h"

static bool valid(gale_str text)
{
    return gale__utf8_valid(text.data, text.len);
}

/* The sequence alone, and in every position of ASCII text that is read by words. */
static void assert_validity(gale_str sequence, bool expected)
{
    char text[96];
    assert_int_equal(valid(sequence), expected);
    for (size_t before = 0; before < 48; before++) {
        for (size_t after = 0; after < 40; after += 13) {
            memset(text, 'a', sizeof text);
            memcpy(text + before, sequence.data, sequence.len);
            if (gale__utf8_valid(text, before + sequence.len + after) != expected)
                fail_msg("%zu bytes before, %zu after", before, after);
        }
    }
}

TEST(well_formed_sequences)
{
    static const gale_str sequences[] = {
        { "", 0 },
        { "\0", 1 },
        { "\x7f", 1 },
        { "\xc2\x80", 2 },         /* U+0080 */
        { "\xdf\xbf", 2 },         /* U+07FF */
        { "\xe0\xa0\x80", 3 },     /* U+0800 */
        { "\xed\x9f\xbf", 3 },     /* U+D7FF */
        { "\xee\x80\x80", 3 },     /* U+E000 */
        { "\xef\xbf\xbf", 3 },     /* U+FFFF */
        { "\xf0\x90\x80\x80", 4 }, /* U+10000 */
        { "\xf4\x8f\xbf\xbf", 4 }, /* U+10FFFF */
        { "\xef\xbb\xbf", 3 },     /* byte order mark */
        { "k\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80", 10 },
    };
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
        assert_validity(sequences[i], true);
}

TEST(ill_formed_sequences)
{
    static const gale_str sequences[] = {
        { "\x80", 1 }, /* a tail alone */
        { "\xbf", 1 },
        { "\xc3", 1 }, /* cut off */
        { "\xe2\x82", 2 },
        { "\xf0\x9f\x98", 3 },
        { "\xe2", 1 },
        { "\xf0\x9f", 2 },
        { "\xc3(", 2 }, /* no tail */
        { "\xe2(\xa1", 3 },
        { "\xe2\x82(", 3 },
        { "\xf0(\x8c\xbc", 4 },
        { "\xf0\x90(\xbc", 4 },
        { "\xf0\x90\x8c(", 4 },
        { "\xc3\xb6\xb6", 3 }, /* one tail too many */
        { "\xc0\x80", 2 },     /* overlong */
        { "\xc1\xbf", 2 },
        { "\xe0\x80\x80", 3 },
        { "\xe0\x9f\xbf", 3 },
        { "\xf0\x80\x80\x80", 4 },
        { "\xf0\x8f\xbf\xbf", 4 },
        { "\xed\xa0\x80", 3 }, /* surrogates */
        { "\xed\xbf\xbf", 3 },
        { "\xed\xa0\xbd\xed\xb8\x80", 6 },
        { "\xf4\x90\x80\x80", 4 }, /* above U+10FFFF */
        { "\xf5\x80\x80\x80", 4 },
        { "\xf8\x88\x80\x80\x80", 5 },
        { "\xfc\x84\x80\x80\x80\x80", 6 },
        { "\xfe", 1 },
        { "\xff", 1 },
    };
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
        assert_validity(sequences[i], false);
}

/* In memory of exactly that size, so that a sanitizer sees a read past the end. */
TEST(a_sequence_cut_off_is_not_read_past_its_end)
{
    static const char text[] = "aaaaaaaa\xf0\x9f\x98\x80";
    for (size_t size = 0; size < sizeof text; size++) {
        char *exact = malloc(size ? size : 1);
        memcpy(exact, text, size);
        assert_int_equal(gale__utf8_valid(exact, size), size <= 8 || size == 12);
        free(exact);
    }
    assert_true(gale__utf8_valid(NULL, 0));
}

TEST(every_code_point_is_encoded_well_formed)
{
    char text[4];
    for (uint32_t code_point = 0; code_point <= 0x10ffff; code_point++) {
        size_t size = gale__utf8_encode(code_point, text);
        size_t expected = code_point < 0x80      ? 1
                          : code_point < 0x800   ? 2
                          : code_point < 0x10000 ? 3
                                                 : 4;
        if (size != expected || !gale__utf8_valid(text, size))
            fail_msg("U+%04X: %zu bytes", code_point, size);
    }
}

TEST(encoded_bytes)
{
    char text[4];
    assert_bytes(((gale_str){ text, gale__utf8_encode('A', text) }), GALE_STR("A"));
    assert_bytes(((gale_str){ text, gale__utf8_encode(0xf6, text) }), GALE_STR("\xc3\xb6"));
    assert_bytes(((gale_str){ text, gale__utf8_encode(0x20ac, text) }), GALE_STR("\xe2\x82\xac"));
    assert_bytes(((gale_str){ text, gale__utf8_encode(0x1f600, text) }),
                 GALE_STR("\xf0\x9f\x98\x80"));
}

TEST(what_is_no_code_point_becomes_the_replacement_character)
{
    static const uint32_t values[] = { 0xd800, 0xdfff, 0x110000, UINT32_MAX };
    char text[4];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_bytes(((gale_str){ text, gale__utf8_encode(values[i], text) }),
                     GALE_STR("\xef\xbf\xbd"));
}

static void assert_decoded(gale_str text, size_t size, uint32_t code_point)
{
    uint32_t decoded;
    assert_int_equal(gale__utf8_decode(text.data, text.len, &decoded), size);
    assert_int_equal(decoded, code_point);
}

TEST(decoding_one_code_point)
{
    assert_decoded(GALE_STR("ab"), 1, 'a');
    assert_decoded(GALE_STR("\0"), 1, 0);
    assert_decoded(GALE_STR("\xc3\xa9x"), 2, 0xe9);
    assert_decoded(GALE_STR("\xe2\x82\xac"), 3, 0x20ac);
    assert_decoded(GALE_STR("\xf0\x9f\x98\x80"), 4, 0x1f600);
    assert_decoded(GALE_STR("\xf4\x8f\xbf\xbf"), 4, 0x10ffff);
}

TEST(the_longest_start_of_something_is_replaced)
{
    assert_decoded(GALE_STR("\x80\x80"), 1, 0xfffd);
    assert_decoded(GALE_STR("\xc3"), 1, 0xfffd);
    assert_decoded(GALE_STR("\xe2\x82"), 2, 0xfffd);
    assert_decoded(GALE_STR("\xe2\x82x"), 2, 0xfffd);
    assert_decoded(GALE_STR("\xf0\x9f\x98x"), 3, 0xfffd);
    assert_decoded(GALE_STR("\xe0\x80\x80"), 1, 0xfffd);
    assert_decoded(GALE_STR("\xed\xa0\x80"), 1, 0xfffd);
    assert_decoded(GALE_STR("\xf4\x90\x80\x80"), 1, 0xfffd);
    assert_decoded(GALE_STR("\xc0\xaf"), 1, 0xfffd);
    assert_decoded(GALE_STR("\xff"), 1, 0xfffd);
}

/* In pieces of one byte and in two pieces, cut at every place. Returns how many bytes were taken
 * before the first that was refused. */
static size_t taken(gale_str text)
{
    gale__utf8_part part = { 0 };
    size_t at = 0;
    while (at < text.len && gale__utf8_go_on(&part, text.data + at, 1))
        at++;
    bool whole = at == text.len && part.size == 0;
    assert_int_equal(whole, gale__utf8_valid(text.data, text.len));
    for (size_t cut = 0; cut <= text.len; cut++) {
        gale__utf8_part two = { 0 };
        bool good = gale__utf8_go_on(&two, text.data, cut) &&
                    gale__utf8_go_on(&two, text.data + cut, text.len - cut);
        assert_int_equal(good, at == text.len);
        assert_int_equal(good && two.size == 0, whole);
    }
    return at;
}

TEST(a_text_in_pieces_is_refused_at_its_first_wrong_byte)
{
    assert_int_equal(taken(GALE_STR("")), 0);
    assert_int_equal(
        taken(GALE_STR("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 and ASCII behind it")), 34);
    assert_int_equal(
        taken(GALE_STR("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80")), 12);
    assert_int_equal(taken(GALE_STR("a\xc0\xaf")), 1);
    assert_int_equal(taken(GALE_STR("a\xff")), 1);
    assert_int_equal(taken(GALE_STR("a\x80")), 1);
    assert_int_equal(taken(GALE_STR("\xed\xa0\x80")), 1);
    assert_int_equal(taken(GALE_STR("\xe0\x80\x80")), 1);
    assert_int_equal(taken(GALE_STR("\xf0\x8f\x80\x80")), 1);
    assert_int_equal(taken(GALE_STR("\xe2\x82z")), 2);
    assert_int_equal(taken(GALE_STR("\xf0\x9f\x98")), 3);
    assert_int_equal(taken(GALE_STR("\xe2\x82")), 2);
    assert_int_equal(taken(GALE_STR("\xc3\xa9\xc3")), 3);
}

TEST(each_code_point_is_decoded_as_it_was_encoded)
{
    for (uint32_t code_point = 0; code_point <= 0x10ffff; code_point++) {
        char encoded[4];
        size_t size = gale__utf8_encode(code_point, encoded);
        bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
        assert_decoded((gale_str){ encoded, size }, size, surrogate ? 0xfffd : code_point);
    }
}

GALE_TEST_MAIN
