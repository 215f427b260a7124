/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GALE_CORE_UTF8_H
#define GALE_CORE_UTF8_H

#include <gale/core.h>

/* True when the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates). */
bool gale__utf8_valid(const char *data, size_t size);

/* The end of a text so far, when that is the beginning of a sequence. Zeroed before the first
 * piece; the text is whole when `size` is 0 after the last. */
typedef struct gale__utf8_part {
    unsigned char bytes[4];
    uint8_t size;
} gale__utf8_part;

/* The same for a text that comes in pieces: false as soon as nothing that could follow would make
 * it well-formed. */
bool gale__utf8_go_on(gale__utf8_part *part, const char *data, size_t size);
/* Writes 1 to 4 bytes for a code point and returns how many. What is no code point of UTF-8 (a
 * surrogate, above 0x10FFFF) becomes U+FFFD. */
size_t gale__utf8_encode(uint32_t code_point, char out[4]);
/* The code point at the front of the text, which is not empty; returns the bytes it takes. What is
 * ill-formed is U+FFFD, one for each longest part that could have been the start of something
 * (Unicode §3.9 "U+FFFD substitution of maximal subparts"). */
size_t gale__utf8_decode(const char *text, size_t size, uint32_t *ret_code_point);

#endif
