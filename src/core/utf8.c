/* SPDX-License-Identifier: Apache-2.0 */
#include "core/utf8.h"

#include <string.h>

/* The high bits of 8 bytes. */
static uint64_t high_8(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word & UINT64_C(0x8080808080808080);
}

static uint32_t high_4(const unsigned char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word & UINT32_C(0x80808080);
}

/* How many bytes at the front are ASCII. */
static size_t ascii_prefix(const unsigned char *at, size_t size)
{
    size_t done = 0;
    for (; size - done >= 32; done += 32)
        if ((high_8(at + done) | high_8(at + done + 8)) |
            (high_8(at + done + 16) | high_8(at + done + 24)))
            break;
    while (size - done >= 8 && !high_8(at + done))
        done += 8;
    if (size - done >= 4 && !high_4(at + done))
        done += 4;
    while (done < size && at[done] < 0x80)
        done++;
    return done;
}

static bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The sequence that `lead`, which is not ASCII, begins: its length, 0 when it cannot begin one, and
 * the range of the second byte. The table of RFC 3629 §4, where no other byte depends on another.
 */
static size_t sequence_of(unsigned char lead, unsigned char *ret_low, unsigned char *ret_high)
{
    *ret_low = 0x80;
    *ret_high = 0xbf;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    if (lead == 0xe0)
        *ret_low = 0xa0; /* overlong */
    else if (lead == 0xed)
        *ret_high = 0x9f; /* surrogates */
    else if (lead == 0xf0)
        *ret_low = 0x90; /* overlong */
    else if (lead == 0xf4)
        *ret_high = 0x8f; /* above U+10FFFF */
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* How many bytes at the front, where one is that is not ASCII, are or could have become one
 * sequence: at least 1. *ret_whole tells whether they are. */
static size_t sequence_length(const unsigned char *at, size_t size, bool *ret_whole)
{
    unsigned char low, high;
    size_t length = sequence_of(at[0], &low, &high), i = 2;
    *ret_whole = false;
    if (length == 0 || size < 2 || at[1] < low || at[1] > high)
        return 1;
    while (i < length && i < size && is_tail(at[i]))
        i++;
    *ret_whole = i == length;
    return i;
}

/* How many bytes at the front are whole, well-formed sequences. */
static size_t valid_prefix(const unsigned char *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        if (bytes[at] < 0x80) {
            at += ascii_prefix(bytes + at, size - at);
            continue;
        }
        bool whole;
        size_t length = sequence_length(bytes + at, size - at, &whole);
        if (!whole)
            break;
        at += length;
    }
    return at;
}

bool gale__utf8_valid(const char *data, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)data;
    return ascii_prefix(bytes, size) == size || valid_prefix(bytes, size) == size;
}

/* The bytes, which are no whole sequence, may be the beginning of one. */
static bool may_begin(const unsigned char *at, size_t size)
{
    unsigned char low, high;
    bool whole;
    return sequence_of(at[0], &low, &high) > size && sequence_length(at, size, &whole) == size;
}

bool gale__utf8_go_on(gale__utf8_part *part, const char *data, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)data;
    for (; part->size > 0 && size > 0; bytes++, size--) {
        part->bytes[part->size++] = *bytes;
        if (valid_prefix(part->bytes, part->size) > 0)
            part->size = 0;
        else if (!may_begin(part->bytes, part->size))
            return false;
    }
    size_t done = valid_prefix(bytes, size), rest = size - done;
    if (rest == 0)
        return true;
    if (rest >= sizeof part->bytes || !may_begin(bytes + done, rest))
        return false;
    memcpy(part->bytes, bytes + done, rest);
    part->size = (uint8_t)rest;
    return true;
}

size_t gale__utf8_encode(uint32_t code_point, char out[4])
{
    if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff))
        code_point = 0xfffd;
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    out[0] = (char)(leads[length] | code_point);
    return length;
}

size_t gale__utf8_decode(const char *text, size_t size, uint32_t *ret_code_point)
{
    const unsigned char *at = (const unsigned char *)text;
    *ret_code_point = at[0];
    if (at[0] < 0x80)
        return 1;
    bool whole;
    size_t length = sequence_length(at, size, &whole);
    *ret_code_point = 0xfffd;
    if (!whole)
        return length;
    uint32_t code_point = at[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++)
        code_point = code_point << 6 | (at[i] & 0x3f);
    *ret_code_point = code_point;
    return length;
}
