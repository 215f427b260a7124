/* SPDX-License-Identifier: Apache-2.0 */
/* Each scanner against its definition: every byte at every place. */
#include "proto/scan.h"

#include <stdbool.h>
#include <stdlib.h>

#include "test.h"

typedef bool (*wanted)(uint8_t byte);

static bool is_control(uint8_t byte)
{
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

static bool ends_path(uint8_t byte)
{
    return byte <= 0x20 || byte == 0x7f || byte == '?';
}

static bool ends_query(uint8_t byte)
{
    return byte <= 0x20 || byte == 0x7f;
}

static bool ends_name(uint8_t byte)
{
    return byte <= 0x20 || byte == ':';
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_not_word(uint8_t byte)
{
    return !is_letter(byte) && !is_digit(byte) && byte != '-';
}

static const struct scanner {
    const char *name;
    size_t (*scan16)(const char *at);
    wanted wanted;
    char filler; /* a byte that it passes over */
} scanners[] = {
    { "control", gale__scan16_control, is_control, 'a' },
    { "control among tabs", gale__scan16_control, is_control, '\t' },
    { "control among high bytes", gale__scan16_control, is_control, (char)0xff },
    { "path_end", gale__scan16_path_end, ends_path, '/' },
    { "space", gale__scan16_space, ends_query, '?' },
    { "colon", gale__scan16_colon, ends_name, '-' },
    { "not_word", gale__scan16_not_word, is_not_word, 'Z' },
    { "not_word among digits", gale__scan16_not_word, is_not_word, '0' },
};

TEST(every_byte_at_every_place)
{
    for (size_t s = 0; s < sizeof scanners / sizeof *scanners; s++)
        for (int byte = 0; byte < 256; byte++)
            for (size_t place = 0; place < 16; place++) {
                char text[16];
                memset(text, scanners[s].filler, sizeof text);
                text[place] = (char)byte;
                size_t expected = scanners[s].wanted((uint8_t)byte) ? place : 16;
                if (scanners[s].scan16(text) != expected)
                    fail_msg("%s: byte %d at %zu", scanners[s].name, byte, place);
            }
}

TEST(random_text_gives_the_first_match)
{
    srand(1);
    for (int round = 0; round < 20000; round++) {
        char text[16];
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)(rand() % 8 ? 'a' + rand() % 26 : rand());
        for (size_t s = 0; s < sizeof scanners / sizeof *scanners; s++) {
            size_t expected = 0;
            while (expected < 16 && !scanners[s].wanted((uint8_t)text[expected]))
                expected++;
            assert_int_equal(scanners[s].scan16(text), expected);
        }
    }
}

TEST(all_pairs_of_a_block)
{
    const char text[] = "\r\n\r\nabc\r\r\rdefgh\rx\r";
    static const size_t places[] = { 0, 7, 15 };
    size_t count = 0;
    for (uint64_t marks = gale__scan16_cr_pairs(text); marks; marks &= marks - 1)
        assert_int_equal(gale__scan_mark_index(marks), places[count++]);
    assert_int_equal(count, 3);
}

TEST(four_digits)
{
    for (int place = 0; place < 4; place++)
        for (int byte = 0; byte < 256; byte++) {
            char text[] = "0189";
            text[place] = (char)byte;
            assert_int_equal(gale__scan_four_digits(text), is_digit((uint8_t)byte));
        }
}

/* The text ends with its memory, so that the sanitizer sees a read too far. */
TEST(control_in_a_bounded_text)
{
    for (size_t size = 0; size < 70; size++)
        for (size_t place = 0; place <= size; place++) {
            char *text = malloc(size ? size : 1);
            assert_non_null(text);
            memset(text, 'a', size);
            if (place < size)
                text[place] = 0x7f;
            assert_ptr_equal(gale__scan_control(text, text + size), text + place);
            free(text);
        }
}

TEST(long_searches)
{
    char text[200];
    for (size_t place = 0; place < 150; place++) {
        memset(text, 'a', sizeof text);
        text[place] = '\r';
        assert_ptr_equal(gale__scan_line_end(text), text + place);
        assert_ptr_equal(gale__scan_path_end(text), text + place);
        assert_ptr_equal(gale__scan_space(text), text + place);
        assert_ptr_equal(gale__scan_colon(text), text + place);
        assert_ptr_equal(gale__scan_not_word(text), text + place);
    }
}

TEST(equality_but_for_case)
{
    const char lower[16] = "content-length";
    char text[16] = "CONTENT-length";
    assert_true(gale__scan_equals_lower(text, lower, 14));
    text[14] = 'x'; /* beyond the size */
    assert_true(gale__scan_equals_lower(text, lower, 14));
    for (size_t i = 0; i < 14; i++) {
        text[i] ^= 1;
        assert_false(gale__scan_equals_lower(text, lower, 14));
        text[i] ^= 1;
    }
    const char full[16] = { 'A', 'c', 'c', 'e', 'p', 't', '-', 'L',
                            'a', 'n', 'g', 'u', 'a', 'g', 'e', 's' };
    const char full_lower[16] = { 'a', 'c', 'c', 'e', 'p', 't', '-', 'l',
                                  'a', 'n', 'g', 'u', 'a', 'g', 'e', 's' };
    assert_true(gale__scan_equals_lower(full, full_lower, 16));
}

/* A plain name may be missed (the portable scanner always does), but never seen wrongly. */
TEST(plain_names)
{
    for (size_t size = 0; size <= 20; size++)
        for (int byte = 0; byte < 256; byte++)
            for (size_t place = 0; place < size; place++) {
                char *text = malloc(size);
                assert_non_null(text);
                memset(text, 'a', size);
                text[place] = (char)byte;
                bool plain = is_letter((uint8_t)byte) || is_digit((uint8_t)byte) || byte == '-' ||
                             byte == '.';
                if (gale__scan_is_plain_name(text, size) && !plain)
                    fail_msg("byte %d at %zu of %zu", byte, place, size);
                free(text);
            }
#ifndef GALE__SCAN_PORTABLE
    assert_true(gale__scan_is_plain_name("127.0.0.1", 9));
    assert_true(gale__scan_is_plain_name("A-z.example.test", 16));
#endif
}

GALE_TEST_MAIN
