/* SPDX-License-Identifier: Apache-2.0 */
/* What the targets of HTTP/1 heads share: framing in pieces, and judging what was parsed. */
#ifndef GALE_FUZZ_HTTP1_FUZZ_H
#define GALE_FUZZ_HTTP1_FUZZ_H

#include "fuzz.h"
#include "proto/characters.h"
#include "proto/http1_head.h"

static inline int frame_pieces(gale__http1_framing *state, const char *data, size_t size,
                               fuzz_random *random)
{
    size_t available = 0;
    for (;;) {
        char *copy = fuzz_copy(data, available);
        int result = gale__http1_frame(state, copy, available);
        free(copy);
        if (result != 0 || available == size)
            return result;
        available += 1 + fuzz_below(random, fuzz_below(random, 4) ? 8 : 64);
        available = available < size ? available : size;
    }
}

/* Frames the input whole and in pieces. Returns the whole's result. */
static inline int frame_both(gale__http1_framing *whole, const char *data, size_t size,
                             int *ret_pieces)
{
    fuzz_random random = fuzz_seed((const uint8_t *)data, size);
    gale__http1_framing pieces = { 0 };
    *whole = (gale__http1_framing){ 0 };
    int result = gale__http1_frame(whole, data, size);
    *ret_pieces = frame_pieces(&pieces, data, size, &random);
    /* Piece by piece a wrong byte in the head is seen by framing, else by parsing. */
    CHECK(*ret_pieces == result || (result > 0 && *ret_pieces == GALE_EINPUT));
    CHECK(pieces.skip == whole->skip);
    CHECK((result < 0) == (whole->reason != NULL));
    CHECK(result != 0 || (whole->checked == pieces.checked && whole->line == pieces.line));
    return result;
}

/* A head that was accepted consists of lines of legal bytes, the last of which is empty. */
static inline void check_head(const char *head, size_t size)
{
    size_t line = 0;
    for (size_t i = 0; i < size; i++) {
        if (gale__http_is(head[i], GALE__CHARACTER_FIELD)) {
            CHECK(i != line || head[i] > ' ' || head[i] < 0);
            continue;
        }
        CHECK(head[i] == '\r' && i + 1 < size && head[i + 1] == '\n');
        CHECK(i != line || i + 2 == size);
        line = ++i + 1;
    }
    CHECK(line == size);
}

static inline void check_fields(gale_http_headers *headers)
{
    size_t position = 0;
    gale_http_field field;
    while (gale_http_headers_next(headers, &position, &field)) {
        CHECK_TEXT(field.name);
        CHECK_TEXT(field.value);
        CHECK(gale__http_is_token(field.name.data, field.name.len));
        CHECK(gale__http_all(field.value.data, field.value.len, GALE__CHARACTER_FIELD));
        CHECK(gale__http_trim(field.value).len == field.value.len);
        CHECK(gale_http_headers_has(headers, field.name.data));
        CHECK(gale_http_headers_get(headers, field.name.data) != NULL);
        if (position > 200)
            break; /* looking each of them up is quadratic */
    }
}

/* Both have the same fields in the same order. */
static inline void check_same_fields(gale_http_headers *a, gale_http_headers *b)
{
    const char *a_text = gale_http_headers_str(a), *b_text = gale_http_headers_str(b);
    CHECK(a_text && b_text && !strcmp(a_text, b_text));
}

#endif
