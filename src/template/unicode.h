/* SPDX-License-Identifier: Apache-2.0 */
/* Code points and what Python thinks of them. Text is valid UTF-8 throughout. */
#ifndef GALE_TEMPLATE_UNICODE_H
#define GALE_TEMPLATE_UNICODE_H

#include "core/buffer.h"

/* The code point that begins at `text`, and its size. Its bytes must be there. */
uint32_t gale__code_point(const char *text, size_t *ret_size);
static inline bool gale__is_tail(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}
/* How many code points. */
size_t gale__code_points(gale_str text);
/* The byte offset of code point `index`; the length when there are fewer. */
size_t gale__code_point_offset(gale_str text, size_t index);
/* Python's str.isspace, which is the \s of its regular expressions, too. */
bool gale__is_space(uint32_t code_point);
/* The size of the white space that begins at `text`, or that ends at its end; 0: none. */
size_t gale__space_at_start(gale_str text);
size_t gale__space_at_end(gale_str text);
/* Python's str.isprintable. */
bool gale__is_printable(uint32_t code_point);
bool gale__is_alpha(uint32_t code_point);
bool gale__is_digit(uint32_t code_point);
bool gale__is_upper(uint32_t code_point);
bool gale__is_lower(uint32_t code_point);
/* Appends it in upper or lower case. */
void gale__append_upper(gale__buffer *out, uint32_t code_point);
void gale__append_lower(gale__buffer *out, uint32_t code_point);
void gale__append_code_point(gale__buffer *out, uint32_t code_point);

/* "all", "single" and "oneline". */
typedef enum gale__whitespace {
    WHITESPACE_ALL,
    WHITESPACE_SINGLE,
    WHITESPACE_ONELINE
} gale__whitespace;
/* -1 for an unknown name. */
int gale__whitespace_mode(gale_str name);
void gale__filter_whitespace(gale__whitespace mode, gale_str text, gale__buffer *out);

#endif
