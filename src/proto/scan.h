/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for a byte of some kind, sixteen bytes at a time: SSE2 on x86-64, NEON on AArch64, else
 * (or with GALE__SCAN_PORTABLE, for tests) byte by byte.
 *
 * Each gale__scan16_... looks at the 16 bytes at `at`, all of which must be readable, and returns
 * the index of the first byte it looks for, or 16.
 */
#ifndef GALE_PROTO_SCAN_H
#define GALE_PROTO_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if !defined(GALE__SCAN_PORTABLE) && defined(__SSE2__)
#define GALE__SCAN_SSE2 1
#include <emmintrin.h>
#elif !defined(GALE__SCAN_PORTABLE) && defined(__aarch64__) && defined(__AARCH64EL__)
#define GALE__SCAN_NEON 1
#include <arm_neon.h>
#endif

#if defined(GALE__SCAN_SSE2)

typedef __m128i gale__scan_block;

static inline gale__scan_block gale__scan_load(const char *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static inline gale__scan_block gale__scan_equal(gale__scan_block block, uint8_t byte)
{
    return _mm_cmpeq_epi8(block, _mm_set1_epi8((char)byte));
}

static inline gale__scan_block gale__scan_same(gale__scan_block a, gale__scan_block b)
{
    return _mm_cmpeq_epi8(a, b);
}

static inline gale__scan_block gale__scan_at_most(gale__scan_block block, uint8_t byte)
{
    return _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8((char)byte)), block);
}

/* Bytes from `low` to `low` + `span`. */
static inline gale__scan_block gale__scan_range(gale__scan_block block, uint8_t low, uint8_t span)
{
    return gale__scan_at_most(_mm_sub_epi8(block, _mm_set1_epi8((char)low)), span);
}

static inline gale__scan_block gale__scan_or(gale__scan_block a, gale__scan_block b)
{
    return _mm_or_si128(a, b);
}

static inline gale__scan_block gale__scan_and_not(gale__scan_block a, gale__scan_block b)
{
    return _mm_andnot_si128(b, a);
}

static inline gale__scan_block gale__scan_or_byte(gale__scan_block block, uint8_t bits)
{
    return _mm_or_si128(block, _mm_set1_epi8((char)bits));
}

/* The first and the last 8 of `size` bytes (8 to 16). */
static inline gale__scan_block gale__scan_load_ends(const char *at, size_t size)
{
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)(const void *)at),
                              _mm_loadl_epi64((const __m128i *)(const void *)(at + size - 8)));
}

/* The first marked byte, or 16. */
static inline size_t gale__scan_first(gale__scan_block marks)
{
    return (size_t)__builtin_ctz((uint32_t)_mm_movemask_epi8(marks) | 0x10000u);
}

/* One bit for each CR that has another one two bytes after it, in 18 readable bytes;
 * gale__scan_mark_index is the index of the lowest of some marks. */
static inline uint64_t gale__scan16_cr_pairs(const char *at)
{
    gale__scan_block pairs = _mm_and_si128(gale__scan_equal(gale__scan_load(at), '\r'),
                                           gale__scan_equal(gale__scan_load(at + 2), '\r'));
    return (uint32_t)_mm_movemask_epi8(pairs);
}

static inline size_t gale__scan_mark_index(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks);
}

static inline size_t gale__scan_first_unmarked(gale__scan_block marks)
{
    return (size_t)__builtin_ctz(~(uint32_t)_mm_movemask_epi8(marks));
}

#elif defined(GALE__SCAN_NEON)

typedef uint8x16_t gale__scan_block;

static inline gale__scan_block gale__scan_load(const char *at)
{
    return vld1q_u8((const uint8_t *)at);
}

static inline gale__scan_block gale__scan_equal(gale__scan_block block, uint8_t byte)
{
    return vceqq_u8(block, vdupq_n_u8(byte));
}

static inline gale__scan_block gale__scan_same(gale__scan_block a, gale__scan_block b)
{
    return vceqq_u8(a, b);
}

static inline gale__scan_block gale__scan_at_most(gale__scan_block block, uint8_t byte)
{
    return vcleq_u8(block, vdupq_n_u8(byte));
}

/* Bytes from `low` to `low` + `span`. */
static inline gale__scan_block gale__scan_range(gale__scan_block block, uint8_t low, uint8_t span)
{
    return gale__scan_at_most(vsubq_u8(block, vdupq_n_u8(low)), span);
}

static inline gale__scan_block gale__scan_or(gale__scan_block a, gale__scan_block b)
{
    return vorrq_u8(a, b);
}

static inline gale__scan_block gale__scan_and_not(gale__scan_block a, gale__scan_block b)
{
    return vbicq_u8(a, b);
}

static inline gale__scan_block gale__scan_or_byte(gale__scan_block block, uint8_t bits)
{
    return vorrq_u8(block, vdupq_n_u8(bits));
}

/* The first and the last 8 of `size` bytes (8 to 16). */
static inline gale__scan_block gale__scan_load_ends(const char *at, size_t size)
{
    return vcombine_u8(vld1_u8((const uint8_t *)at), vld1_u8((const uint8_t *)(at + size - 8)));
}

/* Four bits for each byte of the marks. */
static inline uint64_t gale__scan_mask(gale__scan_block marks)
{
    uint8x8_t narrowed = vshrn_n_u16(vreinterpretq_u16_u8(marks), 4);
    return vget_lane_u64(vreinterpret_u64_u8(narrowed), 0);
}

/* The first marked byte, or 16. */
static inline size_t gale__scan_first(gale__scan_block marks)
{
    uint64_t mask = gale__scan_mask(marks);
    return mask ? (size_t)__builtin_ctzll(mask) / 4 : 16;
}

/* One bit for each CR that has another one two bytes after it, in 18 readable bytes;
 * gale__scan_mark_index is the index of the lowest of some marks. */
static inline uint64_t gale__scan16_cr_pairs(const char *at)
{
    gale__scan_block pairs = vandq_u8(gale__scan_equal(gale__scan_load(at), '\r'),
                                      gale__scan_equal(gale__scan_load(at + 2), '\r'));
    return gale__scan_mask(pairs) & 0x8888888888888888u;
}

static inline size_t gale__scan_mark_index(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks) / 4;
}

static inline size_t gale__scan_first_unmarked(gale__scan_block marks)
{
    uint64_t mask = ~gale__scan_mask(marks);
    return mask ? (size_t)__builtin_ctzll(mask) / 4 : 16;
}

#endif

static inline int gale__scan_is_control(uint8_t byte)
{
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

#if defined(GALE__SCAN_SSE2) || defined(GALE__SCAN_NEON)

/* Control characters but TAB, and DEL. */
static inline size_t gale__scan16_control(const char *at)
{
    gale__scan_block block = gale__scan_load(at);
    gale__scan_block control =
        gale__scan_and_not(gale__scan_at_most(block, 0x1f), gale__scan_equal(block, '\t'));
    return gale__scan_first(gale__scan_or(control, gale__scan_equal(block, 0x7f)));
}

/* What ends a path: "?", SP, DEL and all control characters. */
static inline size_t gale__scan16_path_end(const char *at)
{
    gale__scan_block block = gale__scan_load(at);
    gale__scan_block other =
        gale__scan_or(gale__scan_equal(block, '?'), gale__scan_equal(block, 0x7f));
    return gale__scan_first(gale__scan_or(gale__scan_at_most(block, 0x20), other));
}

/* What ends a query: SP, DEL and all control characters. */
static inline size_t gale__scan16_space(const char *at)
{
    gale__scan_block block = gale__scan_load(at);
    return gale__scan_first(
        gale__scan_or(gale__scan_at_most(block, 0x20), gale__scan_equal(block, 0x7f)));
}

/* What ends a header name, or shows that there is none: ":", SP and all control characters. */
static inline size_t gale__scan16_colon(const char *at)
{
    gale__scan_block block = gale__scan_load(at);
    return gale__scan_first(
        gale__scan_or(gale__scan_at_most(block, 0x20), gale__scan_equal(block, ':')));
}

/* All but letters, digits and "-". */
static inline size_t gale__scan16_not_word(const char *at)
{
    gale__scan_block block = gale__scan_load(at);
    gale__scan_block letter = gale__scan_range(gale__scan_or_byte(block, 0x20), 'a', 25);
    gale__scan_block digit = gale__scan_range(block, '0', 9);
    return gale__scan_first_unmarked(
        gale__scan_or(gale__scan_or(letter, digit), gale__scan_equal(block, '-')));
}

/* True when the first `size` (at most 16) bytes equal those of `lower` but for the bit of case,
 * which is set in `lower`. 16 bytes of both are readable. */
static inline int gale__scan_equals_lower(const char *at, const char *lower, size_t size)
{
    gale__scan_block block = gale__scan_or_byte(gale__scan_load(at), 0x20);
    return gale__scan_first_unmarked(gale__scan_same(block, gale__scan_load(lower))) >= size;
}

/* True when all bytes are letters, digits, "-" or ".", as in most host names. False also when
 * there are fewer than 8 or more than 16, which this does not look at. */
static inline int gale__scan_is_plain_name(const char *at, size_t size)
{
    if (size < 8 || size > 16)
        return 0;
    gale__scan_block block = gale__scan_load_ends(at, size);
    gale__scan_block letter = gale__scan_range(gale__scan_or_byte(block, 0x20), 'a', 25);
    gale__scan_block digit = gale__scan_range(block, '0', 9);
    gale__scan_block dot = gale__scan_range(block, '-', 1); /* "." follows "-" */
    return gale__scan_first_unmarked(gale__scan_or(gale__scan_or(letter, digit), dot)) == 16;
}

#else

static inline int gale__scan_equals_lower(const char *at, const char *lower, size_t size)
{
    size_t i = 0;
    while (i < size && (at[i] | 0x20) == lower[i])
        i++;
    return i == size;
}

static inline int gale__scan_is_plain_name(const char *at, size_t size)
{
    (void)at;
    (void)size;
    return 0;
}

static inline size_t gale__scan16_control(const char *at)
{
    size_t i = 0;
    while (i < 16 && !gale__scan_is_control((uint8_t)at[i]))
        i++;
    return i;
}

static inline uint64_t gale__scan16_cr_pairs(const char *at)
{
    uint64_t marks = 0;
    for (size_t i = 0; i < 16; i++)
        marks |= (uint64_t)(at[i] == '\r' && at[i + 2] == '\r') << i;
    return marks;
}

static inline size_t gale__scan_mark_index(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks);
}

static inline size_t gale__scan16_path_end(const char *at)
{
    size_t i = 0;
    while (i < 16 && (uint8_t)at[i] > 0x20 && at[i] != 0x7f && at[i] != '?')
        i++;
    return i;
}

static inline size_t gale__scan16_space(const char *at)
{
    size_t i = 0;
    while (i < 16 && (uint8_t)at[i] > 0x20 && at[i] != 0x7f)
        i++;
    return i;
}

static inline size_t gale__scan16_colon(const char *at)
{
    size_t i = 0;
    while (i < 16 && (uint8_t)at[i] > 0x20 && at[i] != ':')
        i++;
    return i;
}

static inline size_t gale__scan16_not_word(const char *at)
{
    size_t i = 0;
    while (i < 16 &&
           ((uint8_t)((at[i] | 0x20) - 'a') <= 25 || (uint8_t)(at[i] - '0') <= 9 || at[i] == '-'))
        i++;
    return i;
}

#endif

/* True when the four bytes are digits. */
static inline int gale__scan_four_digits(const char *at)
{
    uint32_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    const uint32_t high = 0xf0f0f0f0u, threes = 0x30303030u;
    return (bytes & high) == threes && ((bytes + 0x06060606u) & high) == threes;
}

/* The first control character but TAB, or DEL, in [at, end), or `end`. */
static inline const char *gale__scan_control(const char *at, const char *end)
{
    for (; end - at >= 16; at += 16) {
        size_t index = gale__scan16_control(at);
        if (index < 16)
            return at + index;
    }
    while (at < end && !gale__scan_is_control((uint8_t)*at))
        at++;
    return at;
}

/* The first byte of its kind; there must be one, and 15 readable bytes after it. */
static inline char *gale__scan_line_end(char *at)
{
    size_t index;
    while ((index = gale__scan16_control(at)) == 16)
        at += 16;
    return at + index;
}

static inline char *gale__scan_path_end(char *at)
{
    size_t index;
    while ((index = gale__scan16_path_end(at)) == 16)
        at += 16;
    return at + index;
}

static inline char *gale__scan_space(char *at)
{
    size_t index;
    while ((index = gale__scan16_space(at)) == 16)
        at += 16;
    return at + index;
}

static inline char *gale__scan_colon(char *at)
{
    size_t index;
    while ((index = gale__scan16_colon(at)) == 16)
        at += 16;
    return at + index;
}

static inline const char *gale__scan_not_word(const char *at)
{
    size_t index;
    while ((index = gale__scan16_not_word(at)) == 16)
        at += 16;
    return at + index;
}

#endif
