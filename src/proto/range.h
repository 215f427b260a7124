/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Range header (RFC 9110 §14.2): which parts of what is there are asked for.
 *
 * One range is read as leniently as Tornado does ("bytes = 5" is from 5 to the end), several only
 * as the RFC writes them. Ranges that overlap or nearly touch are joined, and so a response never
 * has more bytes than what is there; more than GALE__RANGES_MAX are not looked at.
 */
#ifndef GALE_PROTO_RANGE_H
#define GALE_PROTO_RANGE_H

#include <gale/core.h>

enum {
    GALE__RANGES_MAX = 32,
    GALE__RANGES_GAP = 80 /* bytes that a part of its own costs: smaller gaps are sent */
};

/* From `start` up to and without `end`; not empty. */
typedef struct gale__range {
    int64_t start, end;
} gale__range;

typedef struct gale__ranges {
    size_t count;
    gale__range at[GALE__RANGES_MAX]; /* in the order in which they were asked for */
} gale__ranges;

typedef enum gale__range_kind {
    GALE__RANGE_WHOLE,        /* 200: the header is to be ignored, or asks for everything */
    GALE__RANGE_PARTS,        /* 206 */
    GALE__RANGE_UNSATISFIABLE /* 416 */
} gale__range_kind;

/* Of a representation of `size` bytes. `ret_ranges` are set for GALE__RANGE_PARTS only. */
gale__range_kind gale__ranges_parse(gale_str header, int64_t size, gale__ranges *ret_ranges);

#endif
