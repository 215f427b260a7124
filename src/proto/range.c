/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/range.h"

#include <string.h>

#include "proto/characters.h"

/* "5-9" has both numbers, "5-" only the first and "-5" only the last one. */
typedef struct range_spec {
    bool has_first, has_last;
    int64_t first, last;
} range_spec;

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static gale_str strip(gale_str text)
{
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    while (text.len > 0 && is_blank(*text.data))
        text = (gale_str){ text.data + 1, text.len - 1 };
    return text;
}

/* Cuts the text at the first `separator`; without one, all of it is in front. */
static gale_str take_until(gale_str *text, char separator)
{
    const char *at = text->len > 0 ? memchr(text->data, separator, text->len) : NULL;
    gale_str front = *text;
    if (at)
        front.len = (size_t)(at - text->data);
    size_t used = at ? front.len + 1 : front.len;
    *text = (gale_str){ text->data + used, text->len - used };
    return front;
}

/* A decimal number, or nothing. What is too large is taken for the largest. */
static bool parse_number(gale_str text, bool *ret_there, int64_t *ret_number)
{
    int64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!gale__http_is_digit(text.data[i]))
            return false;
        int digit = text.data[i] - '0';
        number = number > (INT64_MAX - digit) / 10 ? INT64_MAX : number * 10 + digit;
    }
    *ret_there = text.len > 0;
    *ret_number = number;
    return true;
}

static bool parse_spec(gale_str text, range_spec *ret_spec)
{
    gale_str last = text, first = take_until(&last, '-');
    return parse_number(strip(first), &ret_spec->has_first, &ret_spec->first) &&
           parse_number(strip(last), &ret_spec->has_last, &ret_spec->last);
}

/* The bytes of a spec; false when there are none. */
static bool resolve(const range_spec *spec, int64_t size, gale__range *ret_range)
{
    gale__range range = { 0, size };
    if (spec->has_first) {
        range.start = spec->first;
        if (spec->has_last && spec->last < size)
            range.end = spec->last + 1;
    } else if (spec->has_last && spec->last < size) {
        range.start = size - spec->last;
    }
    *ret_range = range;
    return range.start < range.end;
}

static gale__range_kind single_range(gale_str text, int64_t size, gale__ranges *ret_ranges)
{
    range_spec spec;
    if (!parse_spec(text, &spec) || !(spec.has_first || spec.has_last))
        return GALE__RANGE_WHOLE;
    if (!resolve(&spec, size, &ret_ranges->at[0]))
        return GALE__RANGE_UNSATISFIABLE;
    ret_ranges->count = 1;
    return ret_ranges->at[0].end - ret_ranges->at[0].start == size ? GALE__RANGE_WHOLE
                                                                   : GALE__RANGE_PARTS;
}

/* ---- Several --------------------------------------------------------------------------- */

/* RFC 9110 §14.1.1, to the letter. */
static bool is_valid(gale_str text, const range_spec *spec)
{
    if (!memchr(text.data, '-', text.len) || !(spec->has_first || spec->has_last))
        return false;
    return !(spec->has_first && spec->has_last && spec->last < spec->first);
}

static bool touch(const gale__range *a, const gale__range *b)
{
    return a->start - GALE__RANGES_GAP < b->end && b->start - GALE__RANGES_GAP < a->end;
}

/* Adds a range, joined with all that it touches; it takes the place of the first of them. */
static void add(gale__ranges *ranges, gale__range range)
{
    size_t kept = 0, place = SIZE_MAX;
    for (size_t i = 0; i < ranges->count; i++) {
        gale__range other = ranges->at[i];
        if (!touch(&other, &range)) {
            ranges->at[kept++] = other;
            continue;
        }
        if (place == SIZE_MAX)
            place = kept++;
        range.start = other.start < range.start ? other.start : range.start;
        range.end = other.end > range.end ? other.end : range.end;
    }
    ranges->at[place == SIZE_MAX ? kept++ : place] = range;
    ranges->count = kept;
}

/* Joining may make ranges touch that did not before. */
static void join(gale__ranges *ranges)
{
    size_t before;
    do {
        gale__ranges former = *ranges;
        before = former.count;
        ranges->count = 0;
        for (size_t i = 0; i < former.count; i++)
            add(ranges, former.at[i]);
    } while (ranges->count < before);
}

/* Several parts, with what each costs, are no smaller than the whole. */
static bool cover(const gale__ranges *ranges, int64_t size)
{
    int64_t left = size;
    for (size_t i = 0; i < ranges->count; i++)
        left -= ranges->at[i].end - ranges->at[i].start;
    return ranges->count == 1 ? left == 0 : left <= GALE__RANGES_GAP * (int64_t)ranges->count;
}

static gale__range_kind several_ranges(gale_str text, int64_t size, gale__ranges *ret_ranges)
{
    ret_ranges->count = 0;
    size_t looked_at = 0;
    while (text.len > 0) {
        gale_str item = strip(take_until(&text, ','));
        range_spec spec;
        gale__range range;
        if (item.len == 0)
            continue;
        if (++looked_at > GALE__RANGES_MAX || !parse_spec(item, &spec) || !is_valid(item, &spec))
            return GALE__RANGE_WHOLE;
        if (resolve(&spec, size, &range))
            ret_ranges->at[ret_ranges->count++] = range;
    }
    if (looked_at == 0)
        return GALE__RANGE_WHOLE;
    if (ret_ranges->count == 0)
        return GALE__RANGE_UNSATISFIABLE;
    join(ret_ranges);
    return cover(ret_ranges, size) ? GALE__RANGE_WHOLE : GALE__RANGE_PARTS;
}

gale__range_kind gale__ranges_parse(gale_str header, int64_t size, gale__ranges *ret_ranges)
{
    gale_str value = header, unit = strip(take_until(&value, '='));
    value = strip(value);
    if (unit.len != 5 || memcmp(unit.data, "bytes", 5) != 0)
        return GALE__RANGE_WHOLE;
    bool several = value.len > 0 && memchr(value.data, ',', value.len);
    return several ? several_ranges(value, size, ret_ranges)
                   : single_range(value, size, ret_ranges);
}
