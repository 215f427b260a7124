/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of values: value[index], value[start:stop:step], value.name. */
#include <string.h>

#include "template/builtins.h"

/* ---- value[index] ---------------------------------------------------------------------- */

static int bad_index(gale__run *run, gale__value left, gale__value index)
{
    if (left.kind == VALUE_STR)
        return gale__raise(run, ERROR_TYPE, "string indices must be integers, not '%s'",
                           gale__type_name(index));
    return gale__raise(run, ERROR_TYPE, "%s indices must be integers or slices, not %s",
                       gale__type_name(left), gale__type_name(index));
}

/* A place from 0 on; one below 0 is counted from the end. */
static int place_of(gale__run *run, gale__value left, gale__value index, const char *assignment,
                    size_t *ret_place)
{
    if (!gale__is_integer(index))
        return bad_index(run, left, index);
    int64_t size = (int64_t)gale__size(left), place = gale__integer(index);
    if (place < 0)
        place += size;
    if (place < 0 || place >= size) {
        const char *type = left.kind == VALUE_STR     ? "string"
                           : left.kind == VALUE_RANGE ? "range object"
                                                      : gale__type_name(left);
        return gale__raise(run, ERROR_INDEX, "%s %sindex out of range", type, assignment);
    }
    *ret_place = (size_t)place;
    return 0;
}

static int character(gale__run *run, gale__value text, size_t index, gale__value *out)
{
    size_t offset, size;
    GALE_TRY(gale__run_steps(run, text.length / 64));
    offset = gale__code_point_offset(gale__text_str(text), index);
    gale__code_point(text.text + offset, &size);
    *out = gale__text(text.text + offset, size);
    return 0;
}

int gale__item(gale__run *run, gale__value left, gale__value index, gale__value *out)
{
    size_t place;
    switch ((gale__value_kind)left.kind) {
    case VALUE_DICT:
    case VALUE_JSON_DICT:
        GALE_TRY(gale__dict_value(run, left, index, out));
        return out->kind == VALUE_UNSET ? gale__raise_key(run, index) : 0;
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_JSON_LIST:
        GALE_TRY(place_of(run, left, index, "", &place));
        *out = gale__sequence_item(left, place);
        return 0;
    case VALUE_STR:
        GALE_TRY(place_of(run, left, index, "", &place));
        return character(run, left, place, out);
    case VALUE_RANGE:
        GALE_TRY(place_of(run, left, index, "", &place));
        *out = gale__int(left.range->start + (int64_t)place * left.range->step);
        return 0;
    default:
        return gale__raise(run, ERROR_TYPE, "'%s' object is not subscriptable",
                           gale__type_name(left));
    }
}

int gale__set_item(gale__run *run, gale__value left, gale__value index, gale__value value)
{
    size_t place;
    if (left.kind == VALUE_DICT)
        return gale__dict_set(run, left.dict, index, value);
    if (left.kind == VALUE_LIST) {
        GALE_TRY(place_of(run, left, index, "assignment ", &place));
        value.local = false;
        left.list->items[place] = value;
        return 0;
    }
    if (left.kind == VALUE_JSON_DICT || left.kind == VALUE_JSON_LIST)
        return gale__raise(run, ERROR_TYPE, "a %s that was given to the template cannot be changed",
                           gale__type_name(left));
    return gale__raise(run, ERROR_TYPE, "'%s' object does not support item assignment",
                       gale__type_name(left));
}

/* ---- value[start:stop:step] ------------------------------------------------------------ */

typedef struct slice {
    int64_t start, step;
    size_t count;
} slice;

/* One end of a slice, brought between the ends of what is cut. */
static int slice_end(gale__run *run, gale__value part, int64_t size, bool backwards,
                     int64_t default_value, int64_t *out)
{
    *out = default_value;
    if (part.kind == VALUE_UNSET || part.kind == VALUE_NONE)
        return 0;
    if (!gale__is_integer(part))
        return gale__raise(run, ERROR_TYPE,
                           "slice indices must be integers or None or have an __index__ method");
    int64_t least = backwards ? -1 : 0, most = backwards ? size - 1 : size;
    int64_t place = gale__integer(part);
    if (place < 0)
        place += size;
    *out = place < least ? least : place > most ? most : place;
    return 0;
}

static int read_slice(gale__run *run, const gale__value parts[3], int64_t size, slice *out)
{
    int64_t start, stop, step = 1;
    if (parts[2].kind != VALUE_UNSET && parts[2].kind != VALUE_NONE) {
        if (!gale__is_integer(parts[2]))
            return slice_end(run, parts[2], 0, false, 0, &step);
        step = gale__integer(parts[2]);
    }
    if (step == 0)
        return gale__raise(run, ERROR_VALUE, "slice step cannot be zero");
    if (step == INT64_MIN)
        step++;
    GALE_TRY(slice_end(run, parts[0], size, step < 0, step < 0 ? size - 1 : 0, &start));
    GALE_TRY(slice_end(run, parts[1], size, step < 0, step < 0 ? -1 : size, &stop));
    int64_t distance = step < 0 ? start - stop : stop - start, stride = step < 0 ? -step : step;
    *out = (slice){ start, step, distance > 0 ? (size_t)((distance - 1) / stride) + 1 : 0 };
    return 0;
}

static int slice_text(gale__run *run, gale__value text, slice part, gale__value *out)
{
    gale__buffer joined;
    GALE_TRY(gale__run_steps(run, (int64_t)(text.length / 16 + part.count)));
    if (part.step == 1) {
        gale_str whole = gale__text_str(text);
        size_t from = gale__code_point_offset(whole, (size_t)part.start);
        gale_str rest = { whole.data + from, whole.len - from };
        *out = gale__text(rest.data, gale__code_point_offset(rest, part.count));
        return 0;
    }
    gale__value characters;
    GALE_TRY(gale__to_list(run, text, VALUE_LIST, &characters));
    gale__run_buffer(run, &joined);
    for (size_t i = 0; i < part.count; i++) {
        gale__value item = characters.list->items[part.start + (int64_t)i * part.step];
        gale__buffer_append(&joined, item.text, item.length);
    }
    return gale__run_take_text(run, &joined, out);
}

static int slice_range(gale__run *run, const gale__range *range, slice part, gale__value *out)
{
    int error;
    gale__range *result = gale__run_alloc(run, sizeof *result, &error);
    if (!result)
        return error;
    int64_t start = range->start, step = range->step;
    if (part.count)
        start += part.start * step;
    if (part.count < 2)
        step = 1;
    else
        step *= part.step;
    *result = (gale__range){ start, step, part.count };
    *out = (gale__value){ .kind = VALUE_RANGE, .range = result };
    return 0;
}

int gale__slice(gale__run *run, gale__value left, const gale__value parts[3], gale__value *out)
{
    slice part = { 0 };
    bool sequence = gale__is_sequence(left);
    if (!sequence && left.kind != VALUE_STR && left.kind != VALUE_RANGE) {
        if (gale__is_dict(left))
            return gale__raise(run, ERROR_TYPE, "unhashable type: 'slice'");
        return gale__raise(run, ERROR_TYPE, "'%s' object is not subscriptable",
                           gale__type_name(left));
    }
    GALE_TRY(read_slice(run, parts, (int64_t)gale__size(left), &part));
    if (left.kind == VALUE_STR)
        return slice_text(run, left, part, out);
    if (left.kind == VALUE_RANGE)
        return slice_range(run, left.range, part, out);
    GALE_TRY(gale__run_steps(run, (int64_t)part.count));
    GALE_TRY(
        gale__list_new(run, left.kind == VALUE_TUPLE ? VALUE_TUPLE : VALUE_LIST, part.count, out));
    for (size_t i = 0; i < part.count; i++)
        GALE_TRY(gale__list_append(
            run, out->list,
            gale__sequence_item(left, (size_t)(part.start + (int64_t)i * part.step))));
    return 0;
}

/* ---- value.name ------------------------------------------------------------------------ */

int gale__attribute(gale__run *run, const gale__node *node, gale__value left, gale__value *out)
{
    gale_str name = gale__run_symbol(run, node->symbol);
    if (node->methods && gale__method_of(node->methods, left))
        return gale__raise(run, ERROR_TYPE, "the method %.*s can only be called", (int)name.len,
                           name.data);
    *out = (gale__value){ 0 };
    if (gale__is_dict(left))
        GALE_TRY(gale__dict_value(run, left, gale__text(name.data, name.len), out));
    if (out->kind != VALUE_UNSET)
        return 0;
    return gale__raise(run, ERROR_ATTRIBUTE, "'%s' object has no attribute '%.*s'",
                       gale__type_name(left), (int)name.len, name.data);
}
