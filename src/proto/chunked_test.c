/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/chunked.h"

#include <stdlib.h>

#include "proto/characters.h"
#include "proto/proto_test.h"

enum { OUT_SIZE = 16384 };

/* What came of a body: the last event or error, the data, and how many bytes were used. */
typedef struct outcome {
    int result;
    size_t used, size;
    char data[OUT_SIZE];
} outcome;

/* Decodes pieces of which the first has `first` bytes and the others `step`. */
static void decode(outcome *out, gale_str text, size_t first, size_t step)
{
    gale__chunked chunked = { 0 };
    *out = (outcome){ .result = GALE__CHUNKED_MORE };
    size_t available = first;
    for (;;) {
        gale_str data = { NULL, 0 };
        size_t consumed, size = available - out->used;
        char *piece = malloc(size ? size : 1);
        assert_non_null(piece);
        memcpy(piece, text.data + out->used, size);
        out->result = gale__chunked_next(&chunked, piece, size, &consumed, &data);
        assert_true(consumed <= size);
        out->used += consumed;
        if (out->result == GALE__CHUNKED_DATA) {
            assert_true(data.len > 0 && data.len <= size);
            memcpy(out->data + out->size, data.data, data.len);
            out->size += data.len;
        }
        free(piece);
        if (out->result < 0) {
            assert_non_null(chunked.reason);
            return;
        }
        if (out->result == GALE__CHUNKED_END)
            return;
        if (out->result == GALE__CHUNKED_MORE) {
            assert_int_equal(out->used, available);
            if (available == text.len)
                return;
            available = text.len - available < step ? text.len : available + step;
        }
    }
}

static const struct body {
    const char *text;
    int result;
    const char *data;
    int unused; /* bytes after the end */
} bodies[] = {
    { "0\r\n\r\n", GALE__CHUNKED_END, "", 0 },
    { "000\r\n\r\nGET", GALE__CHUNKED_END, "", 3 },
    { "5\r\nhello\r\n0\r\n\r\n", GALE__CHUNKED_END, "hello", 0 },
    { "5\r\nhello\r\n00007\r\n, world\r\n0\r\n\r\nX", GALE__CHUNKED_END, "hello, world", 1 },
    { "a\r\n0123456789\r\nA\r\nabcdefghij\r\n0\r\n\r\n", GALE__CHUNKED_END, "0123456789abcdefghij",
      0 },
    { "2\r\n\r\n\r\n0\r\n\r\n", GALE__CHUNKED_END, "\r\n", 0 },
    { "1;a\r\nx\r\n0;b=\"c;d\"\r\n\r\n", GALE__CHUNKED_END, "x", 0 },
    { "1;\r\nx\r\n0 ; b\r\n\r\n", GALE__CHUNKED_END, "x", 0 },
    { "1\t ;a=\xff\r\nx\r\n0\r\n\r\n", GALE__CHUNKED_END, "x", 0 },
    { "0\r\nA: b\r\n\r\n", GALE__CHUNKED_END, "", 0 },
    { "0\r\nA:\r\nB-c:\td e\xff \r\n\r\nmore", GALE__CHUNKED_END, "", 4 },
    { "", GALE__CHUNKED_MORE, "", 0 },
    { "5", GALE__CHUNKED_MORE, "", 0 },
    { "5\r\nhel", GALE__CHUNKED_MORE, "hel", 0 },
    { "5\r\nhello\r\n0\r\n\r", GALE__CHUNKED_MORE, "hello", 0 },
    { "7fffffffffffffff\r\nx", GALE__CHUNKED_MORE, "x", 0 },
    { "00000000000000000000000000000001\r\nx", GALE__CHUNKED_MORE, "x", 0 },
    { "\r\n", GALE_EINPUT, "", 0 },
    { "\n", GALE_EINPUT, "", 0 },
    { " 5\r\n", GALE_EINPUT, "", 0 },
    { "+5\r\n", GALE_EINPUT, "", 0 },
    { "-5\r\n", GALE_EINPUT, "", 0 },
    { "0x5\r\n", GALE_EINPUT, "", 0 },
    { "1_0\r\n", GALE_EINPUT, "", 0 },
    { "g\r\n", GALE_EINPUT, "", 0 },
    { ";a\r\n", GALE_EINPUT, "", 0 },
    { "5 \r\n", GALE_EINPUT, "", 0 },
    { "5 5\r\n", GALE_EINPUT, "", 0 },
    { "5\nhello", GALE_EINPUT, "", 0 },
    { "5\rhello", GALE_EINPUT, "", 0 },
    { "5;a\nhello", GALE_EINPUT, "", 0 },
    { "5;a\001\r\nhello", GALE_EINPUT, "", 0 },
    { "5;a\r\r\nhello", GALE_EINPUT, "", 0 },
    { "8000000000000000\r\n", GALE_EINPUT, "", 0 },
    { "10000000000000000\r\n", GALE_EINPUT, "", 0 },
    { "ffffffffffffffffffff\r\n", GALE_EINPUT, "", 0 },
    { "5\r\nhelloX", GALE_EINPUT, "hello", 0 },
    { "5\r\nhello\n0\r\n\r\n", GALE_EINPUT, "hello", 0 },
    { "5\r\nhello\rX", GALE_EINPUT, "hello", 0 },
    { "5\r\nhello0\r\n\r\n", GALE_EINPUT, "hello", 0 },
    { "0\r\n\n", GALE_EINPUT, "", 0 },
    { "0\r\n\rX", GALE_EINPUT, "", 0 },
    { "0\n\r\n", GALE_EINPUT, "", 0 },
    { "0\r\nno colon\r\n", GALE_EINPUT, "", 0 },
    { "0\r\nnocolon\r\n", GALE_EINPUT, "", 0 },
    { "0\r\nA : b\r\n", GALE_EINPUT, "", 0 },
    { "0\r\n: b\r\n", GALE_EINPUT, "", 0 },
    { "0\r\nA: b\r\n folded\r\n", GALE_EINPUT, "", 0 },
    { "0\r\nA: b\n\r\n", GALE_EINPUT, "", 0 },
    { "0\r\nA: b\001\r\n", GALE_EINPUT, "", 0 },
    { "0\r\nA: b\177\r\n", GALE_EINPUT, "", 0 },
};

static void check(size_t i, const outcome *out)
{
    if (out->result != bodies[i].result || out->size != strlen(bodies[i].data) ||
        memcmp(out->data, bodies[i].data, out->size))
        fail_msg("body %zu: %d with %zu bytes", i, out->result, out->size);
    if (out->result >= 0)
        assert_int_equal(strlen(bodies[i].text) - out->used, bodies[i].unused);
}

TEST(in_one_piece)
{
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        outcome out;
        gale_str text = str(bodies[i].text);
        decode(&out, text, text.len, 1);
        check(i, &out);
    }
}

TEST(every_split_gives_the_same)
{
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        gale_str text = str(bodies[i].text);
        for (size_t first = 0; first <= text.len; first++)
            for (size_t step = 1; step < 4; step++) {
                outcome out;
                decode(&out, text, first, step == 3 ? text.len : step);
                check(i, &out);
            }
    }
}

TEST(every_byte_as_a_size)
{
    for (int byte = 0; byte < 256; byte++) {
        char text[] = "_\r\n";
        outcome out;
        text[0] = (char)byte;
        decode(&out, (gale_str){ text, 3 }, 3, 1);
        assert_int_equal(out.result >= 0, gale__http_is((char)byte, GALE__CHARACTER_HEX));
    }
}

TEST(every_byte_in_extensions_and_trailers)
{
    for (int byte = 0; byte < 256; byte++) {
        char extension[] = "0;a_b\r\n\r\n", name[] = "0\r\na_b: c\r\n\r\n";
        char value[] = "0\r\na: b_c\r\n\r\n";
        bool field = gale__http_is((char)byte, GALE__CHARACTER_FIELD);
        outcome out;
        extension[3] = name[4] = value[7] = (char)byte;
        decode(&out, (gale_str){ extension, sizeof extension - 1 }, sizeof extension - 1, 1);
        assert_int_equal(out.result == GALE__CHUNKED_END, field);
        decode(&out, (gale_str){ name, sizeof name - 1 }, sizeof name - 1, 1);
        assert_int_equal(out.result == GALE__CHUNKED_END,
                         byte == ':' || gale__http_is((char)byte, GALE__CHARACTER_TOKEN));
        decode(&out, (gale_str){ value, sizeof value - 1 }, sizeof value - 1, 1);
        assert_int_equal(out.result == GALE__CHUNKED_END, field);
    }
}

/* "1;eee...", exactly `size` bytes with its line end. */
static void size_line(char *text, size_t size)
{
    memset(text, 'e', size);
    memcpy(text, "1;", 2);
    memcpy(text + size - 2, "\r\n", 2);
}

TEST(size_lines_have_a_limit)
{
    char text[GALE__CHUNKED_LINE_MAX + 2];
    outcome out;
    size_line(text, GALE__CHUNKED_LINE_MAX);
    decode(&out, (gale_str){ text, GALE__CHUNKED_LINE_MAX }, GALE__CHUNKED_LINE_MAX, 1);
    assert_int_equal(out.result, GALE__CHUNKED_MORE);
    size_line(text, GALE__CHUNKED_LINE_MAX + 1);
    for (size_t first = 0; first <= GALE__CHUNKED_LINE_MAX + 1; first++) {
        decode(&out, (gale_str){ text, GALE__CHUNKED_LINE_MAX + 1 }, first, 1);
        assert_int_equal(out.result, GALE_ETOOBIG);
    }
}

TEST(the_limit_is_for_each_size_line)
{
    enum { CHUNKS = 20, LINE = 200 };
    char text[CHUNKS * (LINE + 3) + 5];
    char *at = text;
    for (int i = 0; i < CHUNKS; i++) {
        size_line(at, LINE);
        memcpy(at + LINE, "x\r\n", 3);
        at += LINE + 3;
    }
    memcpy(at, "0\r\n\r\n", 5);
    outcome out;
    decode(&out, (gale_str){ text, sizeof text }, sizeof text, 1);
    assert_int_equal(out.result, GALE__CHUNKED_END);
    assert_int_equal(out.size, CHUNKS);
}

TEST(trailers_have_a_limit)
{
    static char text[3 + GALE__CHUNKED_TRAILER_MAX + 2];
    memcpy(text, "0\r\n", 3);
    for (size_t size = GALE__CHUNKED_TRAILER_MAX; size <= GALE__CHUNKED_TRAILER_MAX + 1; size++) {
        outcome out;
        memset(text + 3, 'a', size);
        memcpy(text + 3, "n:", 2);
        memcpy(text + 1003, "\r\nm:", 4);
        memcpy(text + 3 + size - 4, "\r\n\r\n", 4);
        decode(&out, (gale_str){ text, 3 + size }, 3 + size, 1);
        assert_int_equal(out.result,
                         size > GALE__CHUNKED_TRAILER_MAX ? GALE_ETOOBIG : GALE__CHUNKED_END);
    }
}

TEST(what_is_left_of_a_chunk_is_told)
{
    gale__chunked chunked = { 0 };
    gale_str data;
    size_t consumed;
    assert_int_equal(gale__chunked_next(&chunked, "ff\r\nabc", 7, &consumed, &data),
                     GALE__CHUNKED_DATA);
    assert_int_equal(consumed, 7);
    assert_str(data, "abc");
    assert_int_equal(chunked.left, 0xff - 3);
}

GALE_TEST_MAIN
