/* SPDX-License-Identifier: Apache-2.0 */
/* Python's format specifications: [[fill]align][sign][#][0][width][grouping][.precision][type]. */
#ifndef GALE_TEMPLATE_FORMAT_H
#define GALE_TEMPLATE_FORMAT_H

#include "template/run.h"

enum { GALE__PRECISION_MAX = 1000 };

typedef struct gale__format {
    gale_str fill; /* one character */
    char align;    /* < > ^ = or 0: as the type has it */
    char sign;     /* + - or space; 0: - */
    bool alternate;
    char grouping; /* , or _ or 0 */
    char type;     /* 0: none */
    int64_t width;
    int64_t precision; /* -1: none */
    int64_t digits;    /* of an integer, at least; for % only */
} gale__format;

int gale__format_str(gale__run *run, gale__buffer *out, gale_str text, const gale__format *format);
int gale__format_int(gale__run *run, gale__buffer *out, int64_t integer,
                     const gale__format *format);
int gale__format_float(gale__run *run, gale__buffer *out, double real, const gale__format *format);

#endif
