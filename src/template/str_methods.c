/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of text that look for other text, or take it apart. Positions are bytes here, code points
 * to the template. */
#include <string.h>

#include "template/builtins.h"

static bool starts(gale_str text, gale_str with)
{
    return text.len >= with.len && (!with.len || memcmp(text.data, with.data, with.len) == 0);
}

static bool ends(gale_str text, gale_str with)
{
    return text.len >= with.len &&
           (!with.len || memcmp(text.data + text.len - with.len, with.data, with.len) == 0);
}

static gale_str skip(gale_str text, size_t size)
{
    return (gale_str){ text.data + size, text.len - size };
}

static gale__value text_of(gale_str text)
{
    return gale__text(text.data, text.len);
}

static int want_separator(gale__run *run, gale__value value)
{
    GALE_TRY(gale__want_str(run, value, "separator"));
    return value.length ? 0 : gale__raise(run, ERROR_VALUE, "empty separator");
}

static int mirror(gale__run *run, gale_str text, gale_str *out)
{
    int error;
    char *copy = gale__run_alloc(run, text.len + 1, &error);
    if (!copy)
        return error;
    for (size_t i = 0; i < text.len; i++)
        copy[text.len - 1 - i] = text.data[i];
    *out = (gale_str){ copy, text.len };
    return 0;
}

/* Where in `text` the other stands: the first place, or SIZE_MAX. */
static size_t place_of(gale_str text, gale_str other)
{
    if (!other.len)
        return 0;
    const char *found = text.len ? memmem(text.data, text.len, other.data, other.len) : NULL;
    return found ? (size_t)(found - text.data) : SIZE_MAX;
}

/* The last place; in linear time, hence from a mirror. */
static int last_place_of(gale__run *run, gale_str text, gale_str other, size_t *out)
{
    gale_str text_mirror = { NULL, 0 }, other_mirror = { NULL, 0 };
    GALE_TRY(mirror(run, text, &text_mirror));
    GALE_TRY(mirror(run, other, &other_mirror));
    size_t at = place_of(text_mirror, other_mirror);
    *out = at == SIZE_MAX ? at : text.len - at - other.len;
    return 0;
}

/* ---- Searching ------------------------------------------------------------------------- */

/* text[start:end], and the index of its start; 0 when start is past the end. */
static int part_of(gale__run *run, gale__value self, const gale__value *bounds, gale_str *out,
                   size_t *ret_start)
{
    gale_str text = gale__text_str(self);
    size_t start, end, size = gale__code_points(text);
    GALE_TRY(gale__bounds(run, bounds[0], bounds[1], size, &start, &end));
    if (start > end)
        return 0;
    size_t from = gale__code_point_offset(text, start);
    size_t to = end == size ? text.len : gale__code_point_offset(text, end);
    *out = (gale_str){ text.data + from, to - from };
    *ret_start = start;
    return 1;
}

static int find(gale__run *run, gale__value self, const gale__value *values, bool last,
                gale__value *out)
{
    gale_str part = { NULL, 0 };
    size_t start, at = SIZE_MAX;
    GALE_TRY(gale__want_str(run, values[0], "argument"));
    int inside = part_of(run, self, values + 1, &part, &start);
    if (inside < 0)
        return inside;
    if (inside && last)
        GALE_TRY(last_place_of(run, part, gale__text_str(values[0]), &at));
    else if (inside)
        at = place_of(part, gale__text_str(values[0]));
    int64_t found = -1;
    if (at != SIZE_MAX)
        found = (int64_t)(start + gale__code_points((gale_str){ part.data, at }));
    *out = gale__int(found);
    return 0;
}

static int str_find(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    (void)count;
    return find(run, self, values, false, out);
}

static int str_rfind(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    (void)count;
    return find(run, self, values, true, out);
}

static int found_or_error(gale__run *run, const gale__value *found)
{
    return found->integer < 0 ? gale__raise(run, ERROR_VALUE, "substring not found") : 0;
}

static int str_index(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    GALE_TRY(str_find(run, self, values, count, out));
    return found_or_error(run, out);
}

static int str_rindex(gale__run *run, gale__value self, const gale__value *values, size_t count,
                      gale__value *out)
{
    GALE_TRY(str_rfind(run, self, values, count, out));
    return found_or_error(run, out);
}

static int str_count(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    gale_str part = { NULL, 0 };
    size_t start, at;
    int64_t found = 0;
    (void)count;
    GALE_TRY(gale__want_str(run, values[0], "argument"));
    int inside = part_of(run, self, values + 1, &part, &start);
    if (inside < 0)
        return inside;
    if (inside && !values[0].length)
        found = (int64_t)gale__code_points(part) + 1;
    else if (inside)
        for (; (at = place_of(part, gale__text_str(values[0]))) != SIZE_MAX; found++)
            part = skip(part, at + values[0].length);
    *out = gale__int(found);
    return 0;
}

static int affix(gale__run *run, gale__value self, const gale__value *values, const char *name,
                 bool (*test)(gale_str, gale_str), gale__value *out)
{
    gale_str part = { NULL, 0 };
    size_t start;
    bool tuple = values[0].kind == VALUE_TUPLE;
    int inside = part_of(run, self, values + 1, &part, &start);
    if (inside < 0)
        return inside;
    *out = gale__bool(false);
    for (size_t i = 0; i < (tuple ? values[0].list->size : 1); i++) {
        gale__value other = tuple ? values[0].list->items[i] : values[0];
        if (other.kind != VALUE_STR)
            return gale__raise(run, ERROR_TYPE,
                               "%s first arg must be str or a tuple of str, not %s", name,
                               gale__type_name(other));
        GALE_TRY(gale__run_steps(run, 1));
        if (inside && test(part, gale__text_str(other)))
            *out = gale__bool(true);
    }
    return 0;
}

static int str_startswith(gale__run *run, gale__value self, const gale__value *values, size_t count,
                          gale__value *out)
{
    (void)count;
    return affix(run, self, values, "startswith", starts, out);
}

static int str_endswith(gale__run *run, gale__value self, const gale__value *values, size_t count,
                        gale__value *out)
{
    (void)count;
    return affix(run, self, values, "endswith", ends, out);
}

static int str_removeprefix(gale__run *run, gale__value self, const gale__value *values,
                            size_t count, gale__value *out)
{
    gale_str text = gale__text_str(self);
    (void)count;
    GALE_TRY(gale__want_str(run, values[0], "removeprefix() argument"));
    *out = starts(text, gale__text_str(values[0])) ? text_of(skip(text, values[0].length)) : self;
    return 0;
}

static int str_removesuffix(gale__run *run, gale__value self, const gale__value *values,
                            size_t count, gale__value *out)
{
    gale_str text = gale__text_str(self);
    (void)count;
    GALE_TRY(gale__want_str(run, values[0], "removesuffix() argument"));
    if (ends(text, gale__text_str(values[0])))
        text.len -= values[0].length;
    *out = text_of(text);
    return 0;
}

/* ---- Stripping ------------------------------------------------------------------------- */

static int is_one_of(gale__run *run, gale__value set, const char *character, size_t size)
{
    if (set.kind != VALUE_STR)
        return gale__space_at_start((gale_str){ character, size }) != 0;
    GALE_TRY(gale__run_steps(run, 1 + set.length / 16));
    return set.length && memmem(set.text, set.length, character, size) != NULL;
}

static int strip(gale__run *run, gale__value self, gale__value set, bool left, bool right,
                 gale__value *out)
{
    gale_str text = gale__text_str(self);
    int is_in = 1;
    if (set.kind != VALUE_UNSET && set.kind != VALUE_NONE && set.kind != VALUE_STR)
        return gale__raise(run, ERROR_TYPE, "strip arg must be None or str");
    while (left && text.len) {
        size_t size;
        gale__code_point(text.data, &size);
        if ((is_in = is_one_of(run, set, text.data, size)) <= 0)
            break;
        text = skip(text, size);
    }
    while (is_in >= 0 && right && text.len) {
        size_t start = text.len - 1;
        while (start && gale__is_tail(text.data[start]))
            start--;
        if ((is_in = is_one_of(run, set, text.data + start, text.len - start)) <= 0)
            break;
        text.len = start;
    }
    *out = text_of(text);
    return is_in < 0 ? is_in : 0;
}

static int str_strip(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    (void)count;
    return strip(run, self, values[0], true, true, out);
}

static int str_lstrip(gale__run *run, gale__value self, const gale__value *values, size_t count,
                      gale__value *out)
{
    (void)count;
    return strip(run, self, values[0], true, false, out);
}

static int str_rstrip(gale__run *run, gale__value self, const gale__value *values, size_t count,
                      gale__value *out)
{
    (void)count;
    return strip(run, self, values[0], false, true, out);
}

/* ---- Taking apart ---------------------------------------------------------------------- */

static int partition(gale__run *run, gale__value self, gale__value separator, bool last,
                     gale__value *out)
{
    gale_str text = gale__text_str(self), none = GALE_STR("");
    size_t at;
    GALE_TRY(want_separator(run, separator));
    if (last)
        GALE_TRY(last_place_of(run, text, gale__text_str(separator), &at));
    else
        at = place_of(text, gale__text_str(separator));
    bool found = at != SIZE_MAX;
    gale_str before = found ? (gale_str){ text.data, at } : last ? none : text;
    gale_str after = found ? skip(text, at + separator.length) : last ? text : none;
    GALE_TRY(gale__list_new(run, VALUE_TUPLE, 3, out));
    GALE_TRY(gale__list_append(run, out->list, text_of(before)));
    GALE_TRY(gale__list_append(run, out->list, found ? separator : text_of(none)));
    return gale__list_append(run, out->list, text_of(after));
}

static int str_partition(gale__run *run, gale__value self, const gale__value *values, size_t count,
                         gale__value *out)
{
    (void)count;
    return partition(run, self, values[0], false, out);
}

static int str_rpartition(gale__run *run, gale__value self, const gale__value *values, size_t count,
                          gale__value *out)
{
    (void)count;
    return partition(run, self, values[0], true, out);
}

static int append_part(gale__run *run, gale__value list, gale_str part)
{
    GALE_TRY(gale__run_steps(run, 1));
    return gale__list_append(run, list.list, text_of(part));
}

static void reverse(gale__list_value *list)
{
    for (size_t i = 0; i < list->size / 2; i++) {
        gale__value item = list->items[i];
        list->items[i] = list->items[list->size - 1 - i];
        list->items[list->size - 1 - i] = item;
    }
}

static int split_left(gale__run *run, gale_str text, gale_str by, int64_t most, gale__value list)
{
    for (size_t at; most-- != 0 && (at = place_of(text, by)) != SIZE_MAX;
         text = skip(text, at + by.len))
        GALE_TRY(append_part(run, list, (gale_str){ text.data, at }));
    return append_part(run, list, text);
}

static int split_right(gale__run *run, gale_str text, gale_str by, int64_t most, gale__value list)
{
    gale_str text_mirror = { NULL, 0 }, by_mirror = { NULL, 0 };
    GALE_TRY(mirror(run, text, &text_mirror));
    GALE_TRY(mirror(run, by, &by_mirror));
    for (size_t at; most-- != 0 && (at = place_of(text_mirror, by_mirror)) != SIZE_MAX;) {
        GALE_TRY(append_part(run, list, (gale_str){ text.data + text.len - at, at }));
        text.len -= at + by.len;
        text_mirror = skip(text_mirror, at + by.len);
    }
    GALE_TRY(append_part(run, list, text));
    reverse(list.list);
    return 0;
}

static size_t word_size(gale_str text)
{
    size_t size = 0;
    for (size_t one; size < text.len && !gale__space_at_start(skip(text, size)); size += one)
        gale__code_point(text.data + size, &one);
    return size;
}

static size_t last_word_size(gale_str text)
{
    size_t all = text.len;
    while (text.len && !gale__space_at_end(text)) {
        text.len--;
        while (text.len && gale__is_tail(text.data[text.len]))
            text.len--;
    }
    return all - text.len;
}

static int split_words(gale__run *run, gale_str text, int64_t most, gale__value list)
{
    for (size_t size;; text = skip(text, size)) {
        while ((size = gale__space_at_start(text)))
            text = skip(text, size);
        if (!text.len)
            return 0;
        size = most-- == 0 ? text.len : word_size(text);
        GALE_TRY(append_part(run, list, (gale_str){ text.data, size }));
    }
}

static int split_words_right(gale__run *run, gale_str text, int64_t most, gale__value list)
{
    for (size_t size;; text.len -= size) {
        while ((size = gale__space_at_end(text)))
            text.len -= size;
        if (!text.len)
            break;
        size = most-- == 0 ? text.len : last_word_size(text);
        GALE_TRY(append_part(run, list, (gale_str){ text.data + text.len - size, size }));
    }
    reverse(list.list);
    return 0;
}

static int split(gale__run *run, gale__value self, const gale__value *values, bool right,
                 gale__value *out)
{
    gale_str text = gale__text_str(self);
    int64_t most = -1;
    if (values[1].kind != VALUE_UNSET)
        GALE_TRY(gale__want_int(run, values[1], &most));
    GALE_TRY(gale__list_new(run, VALUE_LIST, 0, out));
    if (values[0].kind == VALUE_UNSET || values[0].kind == VALUE_NONE) {
        /* what is left of the last part keeps its white space on the far side */
        return (right ? split_words_right : split_words)(run, text, most, *out);
    }
    GALE_TRY(want_separator(run, values[0]));
    return (right ? split_right : split_left)(run, text, gale__text_str(values[0]), most, *out);
}

static int str_split(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    (void)count;
    return split(run, self, values, false, out);
}

static int str_rsplit(gale__run *run, gale__value self, const gale__value *values, size_t count,
                      gale__value *out)
{
    (void)count;
    return split(run, self, values, true, out);
}

static bool ends_line(uint32_t c)
{
    return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
           c == 0x2029;
}

static int str_splitlines(gale__run *run, gale__value self, const gale__value *values, size_t count,
                          gale__value *out)
{
    gale_str text = gale__text_str(self);
    bool keep = gale__truth(values[0]);
    size_t start = 0;
    (void)count;
    GALE_TRY(gale__list_new(run, VALUE_LIST, 0, out));
    for (size_t i = 0, size; i < text.len; i += size) {
        if (!ends_line(gale__code_point(text.data + i, &size)))
            continue;
        if (text.data[i] == '\r' && i + 1 < text.len && text.data[i + 1] == '\n')
            size = 2;
        GALE_TRY(
            append_part(run, *out, (gale_str){ text.data + start, i - start + (keep ? size : 0) }));
        start = i + size;
    }
    return start < text.len ? append_part(run, *out, skip(text, start)) : 0;
}

const gale__builtin gale__str_methods[] = {
    { "find", "sub start end /", 1, 3, str_find },
    { "rfind", "sub start end /", 1, 3, str_rfind },
    { "index", "sub start end /", 1, 3, str_index },
    { "rindex", "sub start end /", 1, 3, str_rindex },
    { "count", "sub start end /", 1, 3, str_count },
    { "startswith", "prefix start end /", 1, 3, str_startswith },
    { "endswith", "suffix start end /", 1, 3, str_endswith },
    { "removeprefix", "prefix /", 1, 1, str_removeprefix },
    { "removesuffix", "suffix /", 1, 1, str_removesuffix },
    { "strip", "chars /", 0, 1, str_strip },
    { "lstrip", "chars /", 0, 1, str_lstrip },
    { "rstrip", "chars /", 0, 1, str_rstrip },
    { "partition", "sep /", 1, 1, str_partition },
    { "rpartition", "sep /", 1, 1, str_rpartition },
    { "split", "sep maxsplit", 0, 2, str_split },
    { "rsplit", "sep maxsplit", 0, 2, str_rsplit },
    { "splitlines", "keepends", 0, 1, str_splitlines },
    { 0 },
};
