/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of Unicode characters, as Python's str has them. */
#ifndef GALE_CORE_LETTERS_H
#define GALE_CORE_LETTERS_H

#include <gale/core.h>

typedef struct gale__letter_range {
    uint32_t first, last;
} gale__letter_range;

/* The table, see letter_ranges.c. */
extern const gale__letter_range gale__letter_ranges[];
extern const size_t gale__letter_range_count;

/* A letter, a digit or another number. Python: str.isalnum. */
bool gale__is_letter_or_digit(uint32_t code_point);
/* The size of the white space character that the UTF-8 text, which is not empty, begins with; 0
 * when it begins with none. Python: str.isspace. */
size_t gale__space_size(const char *text, size_t size);
/* Without the white space at both ends: a view of the same bytes. Python: str.strip. */
gale_str gale__strip(gale_str text);

#endif
