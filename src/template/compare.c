/* SPDX-License-Identifier: Apache-2.0 */
/* Equality, order, `in`, and sorting by them. */
#include <string.h>

#include "template/run.h"

enum { NO_ORDER = 2 };

/* ---- Numbers and texts ----------------------------------------------------------------- */

static int order_of(bool less, bool greater)
{
    return less ? -1 : greater;
}

/* Exact, also where a double cannot hold the integer. */
static int compare_mixed(int64_t integer, double real)
{
    if (real != real)
        return NO_ORDER;
    if (real >= 9223372036854775808.0)
        return -1;
    if (real < -9223372036854775808.0)
        return 1;
    int64_t whole = (int64_t)real;
    if (integer != whole)
        return integer < whole ? -1 : 1;
    double rest = real - (double)whole;
    return order_of(rest > 0, rest < 0);
}

static int compare_numbers(gale__value left, gale__value right)
{
    if (gale__is_integer(left) && gale__is_integer(right)) {
        int64_t a = gale__integer(left), b = gale__integer(right);
        return order_of(a<b, a> b);
    }
    if (gale__is_integer(left))
        return compare_mixed(gale__integer(left), right.real);
    if (gale__is_integer(right)) {
        int order = compare_mixed(gale__integer(right), left.real);
        return order == NO_ORDER ? NO_ORDER : -order;
    }
    if (left.real != left.real || right.real != right.real)
        return NO_ORDER;
    return order_of(left.real<right.real, left.real> right.real);
}

/* The order of UTF-8's bytes is that of code points. */
static int compare_texts(gale__value left, gale__value right)
{
    size_t least = left.length < right.length ? left.length : right.length;
    int order = least ? memcmp(left.text, right.text, least) : 0;
    return order ? order_of(order < 0, true)
                 : order_of(left.length<right.length, left.length> right.length);
}

/* ---- Equality -------------------------------------------------------------------------- */

static int equal_sequences(gale__run *run, gale__value left, gale__value right)
{
    size_t size = gale__size(left);
    if (size != gale__size(right))
        return 0;
    int equal = 1;
    for (size_t i = 0; i < size && equal > 0; i++)
        equal = gale__equal(run, gale__sequence_item(left, i), gale__sequence_item(right, i));
    return equal;
}

static int equal_dicts(gale__run *run, gale__value left, gale__value right)
{
    if (gale__size(left) != gale__size(right))
        return 0;
    gale__iterator iterator = { .over = left };
    gale__value key, value, other;
    int equal = 1;
    while (equal > 0 && gale__iterator_pair(&iterator, &key, &value) > 0) {
        GALE_TRY(gale__dict_value(run, right, key, &other));
        equal = other.kind == VALUE_UNSET ? 0 : gale__equal(run, value, other);
    }
    return equal;
}

static bool equal_ranges(const gale__range *left, const gale__range *right)
{
    return left->size == right->size && (!left->size || left->start == right->start) &&
           (left->size < 2 || left->step == right->step);
}

static int equal_containers(gale__run *run, gale__value left, gale__value right)
{
    bool dicts = gale__is_dict(left);
    if (dicts != gale__is_dict(right))
        return 0;
    if (!dicts && (left.kind == VALUE_TUPLE) != (right.kind == VALUE_TUPLE))
        return 0;
    GALE_TRY(gale__run_enter(run));
    int equal = dicts ? equal_dicts(run, left, right) : equal_sequences(run, left, right);
    run->depth--;
    return equal;
}

static bool is_container(gale__value value)
{
    return gale__is_sequence(value) || gale__is_dict(value);
}

int gale__equal(gale__run *run, gale__value left, gale__value right)
{
    GALE_TRY(gale__run_steps(run, 1));
    if (gale__is_number(left) && gale__is_number(right))
        return compare_numbers(left, right) == 0;
    if (is_container(left) && is_container(right))
        return equal_containers(run, left, right);
    if (left.kind != right.kind)
        return 0;
    switch ((gale__value_kind)left.kind) {
    case VALUE_STR:
        GALE_TRY(gale__run_steps(run, left.length / 64));
        return left.length == right.length &&
               (!left.length || !memcmp(left.text, right.text, left.length));
    case VALUE_RANGE:
        return equal_ranges(left.range, right.range);
    case VALUE_FUNCTION:
        return left.function == right.function;
    case VALUE_BUILTIN:
        return left.builtin == right.builtin;
    case VALUE_ERROR:
        return left.error == right.error;
    default:
        return 1;
    }
}

/* ---- Order ----------------------------------------------------------------------------- */

static int compare_sequences(gale__run *run, gale__value left, gale__value right, const char *sign,
                             int *ret_order)
{
    size_t left_size = gale__size(left), right_size = gale__size(right);
    for (size_t i = 0; i < left_size && i < right_size; i++) {
        gale__value a = gale__sequence_item(left, i), b = gale__sequence_item(right, i);
        int equal = gale__equal(run, a, b);
        if (equal < 0)
            return equal;
        if (!equal)
            return gale__compare(run, a, b, sign, ret_order);
    }
    *ret_order = order_of(left_size<right_size, left_size> right_size);
    return 0;
}

int gale__compare(gale__run *run, gale__value left, gale__value right, const char *sign,
                  int *ret_order)
{
    GALE_TRY(gale__run_steps(run, 1));
    if (gale__is_number(left) && gale__is_number(right)) {
        *ret_order = compare_numbers(left, right);
        return 0;
    }
    if (left.kind == VALUE_STR && right.kind == VALUE_STR) {
        GALE_TRY(gale__run_steps(run, left.length / 64));
        *ret_order = compare_texts(left, right);
        return 0;
    }
    if (gale__is_sequence(left) && gale__is_sequence(right) &&
        (left.kind == VALUE_TUPLE) == (right.kind == VALUE_TUPLE)) {
        GALE_TRY(gale__run_enter(run));
        int error = compare_sequences(run, left, right, sign, ret_order);
        run->depth--;
        return error;
    }
    return gale__raise(run, ERROR_TYPE, "'%s' not supported between instances of '%s' and '%s'",
                       sign, gale__type_name(left), gale__type_name(right));
}

/* ---- in -------------------------------------------------------------------------------- */

static int text_contains(gale__run *run, gale__value container, gale__value item)
{
    if (item.kind != VALUE_STR)
        return gale__raise(run, ERROR_TYPE, "'in <string>' requires string as left operand, not %s",
                           gale__type_name(item));
    GALE_TRY(gale__run_steps(run, container.length / 16));
    return !item.length || memmem(container.text, container.length, item.text, item.length) != NULL;
}

static int sequence_contains(gale__run *run, gale__value container, gale__value item)
{
    int equal = 0;
    for (size_t i = 0; i < gale__size(container) && equal == 0; i++)
        equal = gale__equal(run, gale__sequence_item(container, i), item);
    return equal;
}

static int range_contains(const gale__range *range, gale__value item)
{
    if (item.kind == VALUE_FLOAT) {
        if (!(item.real >= -9e18 && item.real <= 9e18) || (double)(int64_t)item.real != item.real)
            return 0;
        item = gale__int((int64_t)item.real);
    }
    if (!gale__is_integer(item) || !range->size)
        return 0;
    int64_t distance;
    if (__builtin_sub_overflow(gale__integer(item), range->start, &distance) ||
        (range->step == -1 && distance == INT64_MIN) || distance % range->step != 0)
        return 0;
    int64_t index = distance / range->step;
    return index >= 0 && (uint64_t)index < range->size;
}

int gale__contains(gale__run *run, gale__value container, gale__value item)
{
    gale__value found;
    switch ((gale__value_kind)container.kind) {
    case VALUE_STR:
        return text_contains(run, container, item);
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_JSON_LIST:
        return sequence_contains(run, container, item);
    case VALUE_DICT:
    case VALUE_JSON_DICT:
        GALE_TRY(gale__dict_value(run, container, item, &found));
        return found.kind != VALUE_UNSET;
    case VALUE_RANGE:
        return range_contains(container.range, item);
    default:
        return gale__raise(run, ERROR_TYPE, "argument of type '%s' is not iterable",
                           gale__type_name(container));
    }
}

/* ---- Sorting --------------------------------------------------------------------------- */

typedef struct sorted_item {
    gale__value value, key;
} sorted_item;

/* 1 when `right` must come before `left`, which stands in front of it. */
static int is_before(gale__run *run, const sorted_item *right, const sorted_item *left,
                     bool reverse)
{
    int order;
    GALE_TRY(reverse ? gale__compare(run, left->key, right->key, "<", &order)
                     : gale__compare(run, right->key, left->key, "<", &order));
    return order < 0;
}

static int merge(gale__run *run, const sorted_item *from, size_t middle, size_t size, bool reverse,
                 sorted_item *to)
{
    size_t left = 0, right = middle;
    for (size_t i = 0; i < size; i++) {
        int before = right < size && left == middle;
        if (left < middle && right < size)
            GALE_TRY(before = is_before(run, &from[right], &from[left], reverse));
        to[i] = before ? from[right++] : from[left++];
    }
    return 0;
}

int gale__sort(gale__run *run, gale__value *items, gale__value *keys, size_t size, bool reverse)
{
    int error;
    sorted_item *from = gale__run_alloc(run, 2 * size * sizeof *from, &error);
    if (!from)
        return error;
    sorted_item *to = from + size;
    for (size_t i = 0; i < size; i++)
        from[i] = (sorted_item){ items[i], keys ? keys[i] : items[i] };
    for (size_t width = 1; width < size; width *= 2) {
        for (size_t at = 0; at < size; at += 2 * width) {
            size_t left = size - at < width ? size - at : width;
            size_t both = size - at < 2 * width ? size - at : 2 * width;
            GALE_TRY(merge(run, from + at, left, both, reverse, to + at));
        }
        sorted_item *other = from;
        from = to;
        to = other;
    }
    for (size_t i = 0; i < size; i++)
        items[i] = from[i].value;
    return 0;
}
