/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "proto/http1_head.h"
#include "proto/proto_test.h"

static const char browser[] =
    "GET /some/path?a=1&b=2 HTTP/1.1\r\nHost: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "X-Tab: a\tb\r\nX-High: \xe4\xf6\xfc\r\nX-Empty:\r\n\r\n";

static const struct case_of_framing {
    const char *text;
    int result; /* 0: more is needed */
    uint32_t skip;
} cases[] = {
    { "GET / HTTP/1.1\r\n\r\n", 18, 0 },
    { "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest", 27, 0 },
    { "GET / HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n\r\n", 40, 0 },
    { "\r\nGET / HTTP/1.1\r\n\r\n", 18, 2 },
    { "\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\n", 18, 6 },
    { "G\r\n\r\n", 5, 0 },
    { browser, sizeof browser - 1, 0 },
    { "", 0, 0 },
    { "GET / HTTP/1.1\r\n", 0, 0 },
    { "GET / HTTP/1.1\r\n\r", 0, 0 },
    { "GET / HTTP/1.1\r", 0, 0 },
    { "\r\n\r\n\r\n", 0, 6 },
    { "\r\n\r", 0, 2 },
    { "\r", 0, 0 },
    { "GET / HTTP/1.1\n", GALE_EINPUT, 0 },
    { "GET / HTTP/1.1\rX", GALE_EINPUT, 0 },
    { "GET / HTTP/1.1\r\r\n", GALE_EINPUT, 0 },
    { "\n", GALE_EINPUT, 0 },
    { "\rX", GALE_EINPUT, 0 },
    { "\r\n\rX", GALE_EINPUT, 2 },
    { "\r\n\nGET", GALE_EINPUT, 2 },
    { "\x16\x03\x01\x02", GALE_EINPUT, 0 },
    { "GET / HTTP/1.1\r\nA: \x7f", GALE_EINPUT, 0 },
    { "GET / HTTP/1.1\r\nA: b\r\nC: \x01 long enough to be found in a block", GALE_EINPUT, 0 },
};

/* Like the shared receive buffer, but it ends where the bytes end. */
static int frame_copy(gale__http1_framing *state, const char *text, size_t size)
{
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    int result = gale__http1_frame(state, copy, size);
    free(copy);
    return result;
}

TEST(in_one_piece)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gale__http1_framing state = { 0 };
        int result = frame_copy(&state, cases[i].text, strlen(cases[i].text));
        if (result != cases[i].result || state.skip != cases[i].skip)
            fail_msg("case %zu: %d, skip %u", i, result, state.skip);
        assert_int_equal(state.reason != NULL, result < 0);
    }
}

/* Feeds up to `first` bytes, then `step` more at a time. */
static int frame_pieces(gale__http1_framing *state, gale_str text, size_t first, size_t step)
{
    int result = 0;
    for (size_t size = first; result == 0; size += step) {
        size = size < text.len ? size : text.len;
        result = frame_copy(state, text.data, size);
        if (size == text.len)
            break;
    }
    return result;
}

TEST(every_split_gives_the_same)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gale_str text = str(cases[i].text);
        for (size_t first = 0; first <= text.len; first++)
            for (size_t step = 1; step <= text.len + 1; step += step < 4 ? 1 : text.len / 3 + 1) {
                gale__http1_framing state = { 0 };
                int result = frame_pieces(&state, text, first, step);
                if (result != cases[i].result || state.skip != cases[i].skip)
                    fail_msg("case %zu from %zu by %zu: %d", i, first, step, result);
            }
    }
}

TEST(a_wrong_byte_is_refused_when_it_comes)
{
    for (int byte = 0; byte < 256; byte++) {
        char text[] = "GET / HTTP/1.1\r\nName: value";
        gale__http1_framing state = { 0 };
        text[18] = (char)byte;
        bool wrong = (byte < 0x20 && byte != '\t') || byte == 0x7f;
        assert_int_equal(frame_copy(&state, text, 18), 0);
        /* Whether a CR is wrong is known with the byte after it. */
        assert_int_equal(frame_copy(&state, text, 19), wrong && byte != '\r' ? GALE_EINPUT : 0);
        if (!wrong || byte == '\r')
            assert_int_equal(frame_copy(&state, text, 20), wrong ? GALE_EINPUT : 0);
    }
}

TEST(the_last_line_is_known)
{
    gale__http1_framing state = { 0 };
    assert_int_equal(frame_copy(&state, "\r\nGET / HTTP/1.1", 16), 0);
    assert_int_equal(state.line, state.skip);
    assert_int_equal(frame_copy(&state, "\r\nGET / HTTP/1.1\r\nA: b\r\nC", 25), 0);
    assert_int_equal(state.line, 24);
}

/* A byte at a time, so that a search from the start each time would take minutes. */
TEST(a_slow_drip_is_linear)
{
    enum { SIZE = 1000000 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, 'a', SIZE);
    memcpy(text + SIZE - 4, "\r\n\r\n", 4);
    gale__http1_framing state = { 0 };
    for (size_t size = 1; size < SIZE; size++)
        assert_int_equal(gale__http1_frame(&state, text, size), 0);
    assert_int_equal(gale__http1_frame(&state, text, SIZE), SIZE);
    free(text);
}

GALE_TEST_MAIN
