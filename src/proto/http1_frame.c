/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A head that is there as a whole is only measured: parsing judges all of its bytes. What is there
 * of an incomplete one is judged here, so that a peer that sends anything else than HTTP
 * is refused at its first wrong byte.
 */
#include <assert.h>
#include <limits.h>
#include <string.h>

#include "proto/http1_head.h"
#include "proto/scan.h"

static int refuse(gale__http1_framing *state, const char *reason)
{
    state->reason = reason;
    return GALE_EINPUT;
}

/* Moves `skip` over empty lines. Returns 1 when the start line has begun, 0 when more is needed. */
static int skip_empty_lines(gale__http1_framing *state, const char *data, size_t size)
{
    while (size - state->skip >= 2 && data[state->skip] == '\r') {
        if (data[state->skip + 1] != '\n')
            return refuse(state, "CR without LF in the message head");
        state->skip += 2;
    }
    state->checked = state->line = state->skip;
    return size > state->skip && data[state->skip] != '\r';
}

/* The end of the first CR LF CR LF in fewer than 19 bytes, or NULL. */
GALE__APART static const char *find_in_few(const char *at, const char *end)
{
    for (; end - at >= 4; at++)
        if (!memcmp(at, "\r\n\r\n", 4))
            return at + 4;
    return NULL;
}

/* The end of the first CR LF CR LF in [at, end), or NULL. The last step overlaps the one before. */
static inline const char *find_empty_line(const char *at, const char *end)
{
    if (GALE__UNLIKELY(end - at < 16 + 3))
        return find_in_few(at, end);
    const char *last = end - (16 + 3);
    for (;;) {
        uint64_t marks = gale__scan16_cr_pairs(at);
        for (; marks; marks &= marks - 1) {
            const char *cr = at + gale__scan_mark_index(marks);
            if (!memcmp(cr, "\r\n\r\n", 4))
                return cr + 4;
        }
        if (at == last)
            return NULL;
        at = last - at > 16 ? at + 16 : last;
    }
}

/* Judges the bytes of an incomplete head that have not been looked at. */
GALE__APART static int check(gale__http1_framing *state, const char *data, size_t size)
{
    const char *at = data + state->checked, *end = data + size;
    while ((at = gale__scan_control(at, end)) < end) {
        if (*at == '\n')
            return refuse(state, "LF without CR in the message head");
        if (*at != '\r')
            return refuse(state, "Control character in the message head");
        if (end - at == 1)
            break;
        if (at[1] != '\n')
            return refuse(state, "CR without LF in the message head");
        at += 2;
        state->line = (uint32_t)(at - data);
    }
    state->checked = (uint32_t)(at - data);
    return 0;
}

/* What is there of the head has been looked at already, or begins with empty lines. */
GALE__APART static int go_on(gale__http1_framing *state, const char *data, size_t size)
{
    if (state->checked == state->skip && (!size || *data == '\r')) {
        int begun = skip_empty_lines(state, data, size);
        if (begun <= 0)
            return begun;
    }
    /* The empty line may begin in what has been looked at already. */
    size_t before = state->checked - state->skip < 3 ? state->checked - state->skip : 3;
    const char *end = find_empty_line(data + state->checked - before, data + size);
    return end ? (int)(end - data - state->skip) : check(state, data, size);
}

int gale__http1_frame(gale__http1_framing *state, const char *data, size_t size)
{
    assert(size <= INT_MAX);
    if (GALE__UNLIKELY(state->checked || !size || *data == '\r'))
        return go_on(state, data, size);
    const char *end = find_empty_line(data, data + size);
    return GALE__LIKELY(end != NULL) ? (int)(end - data) : check(state, data, size);
}
