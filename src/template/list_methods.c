/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of lists; count and index are those of tuples, too. */
#include <string.h>

#include "template/builtins.h"

static int want_own(gale__run *run, gale__value self)
{
    if (self.kind == VALUE_LIST)
        return 0;
    return gale__raise(run, ERROR_TYPE,
                       "a list that was given to the template cannot be changed: copy it, list(x)");
}

static int list_append(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    (void)count;
    GALE_TRY(want_own(run, self));
    *out = gale__none();
    return gale__list_append(run, self.list, values[0]);
}

static int list_clear(gale__run *run, gale__value self, const gale__value *values, size_t count,
                      gale__value *out)
{
    (void)values, (void)count;
    GALE_TRY(want_own(run, self));
    self.list->size = 0;
    *out = gale__none();
    return 0;
}

static int list_copy(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    (void)values, (void)count;
    return gale__to_list(run, self, VALUE_LIST, out);
}

static int list_count(gale__run *run, gale__value self, const gale__value *values, size_t count,
                      gale__value *out)
{
    int64_t found = 0;
    (void)count;
    for (size_t i = 0; i < gale__size(self); i++) {
        GALE_TRY(gale__run_steps(run, 1));
        int equal = gale__equal(run, gale__sequence_item(self, i), values[0]);
        if (equal < 0)
            return equal;
        found += equal;
    }
    *out = gale__int(found);
    return 0;
}

/* The index of an equal item in *ret_index, or GALE_EINVALID. */
static int index_of(gale__run *run, gale__value self, gale__value item, size_t start, size_t end,
                    size_t *ret_index)
{
    for (size_t i = start; i < end && i < gale__size(self); i++) {
        GALE_TRY(gale__run_steps(run, 1));
        int equal = gale__equal(run, gale__sequence_item(self, i), item);
        if (equal < 0)
            return equal;
        *ret_index = i;
        if (equal)
            return 0;
    }
    return gale__raise(run, ERROR_VALUE, "x not in %s", gale__type_name(self));
}

static int list_index(gale__run *run, gale__value self, const gale__value *values, size_t count,
                      gale__value *out)
{
    size_t start, end, index = 0;
    (void)count;
    GALE_TRY(gale__bounds(run, values[1], values[2], gale__size(self), &start, &end));
    GALE_TRY(index_of(run, self, values[0], start, end, &index));
    *out = gale__int((int64_t)index);
    return 0;
}

static int list_extend(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    gale__value more;
    (void)count;
    GALE_TRY(want_own(run, self));
    GALE_TRY(gale__to_list(run, values[0], VALUE_LIST, &more)); /* it may be the same list */
    for (size_t i = 0; i < more.list->size; i++)
        GALE_TRY(gale__list_append(run, self.list, more.list->items[i]));
    *out = gale__none();
    return 0;
}

static int list_insert(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    size_t at, end, size = gale__size(self);
    (void)count;
    int64_t wanted;
    GALE_TRY(want_own(run, self));
    GALE_TRY(gale__want_int(run, values[0], &wanted));
    GALE_TRY(gale__bounds(run, values[0], gale__none(), size, &at, &end));
    at = at > size ? size : at;
    GALE_TRY(gale__run_steps(run, (int64_t)((size - at) / 8)));
    GALE_TRY(gale__list_append(run, self.list, values[1]));
    gale__value *items = self.list->items, item = items[size];
    memmove(items + at + 1, items + at, (size - at) * sizeof *items);
    items[at] = item;
    *out = gale__none();
    return 0;
}

static int remove_at(gale__run *run, gale__list_value *list, size_t at)
{
    list->size--;
    memmove(list->items + at, list->items + at + 1, (list->size - at) * sizeof *list->items);
    return gale__run_steps(run, (int64_t)((list->size - at) / 8));
}

static int list_pop(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    int64_t at = -1, size;
    (void)count;
    GALE_TRY(want_own(run, self));
    if (values[0].kind != VALUE_UNSET)
        GALE_TRY(gale__want_int(run, values[0], &at));
    size = (int64_t)self.list->size;
    if (!size)
        return gale__raise(run, ERROR_INDEX, "pop from empty list");
    if (at < -size || at >= size)
        return gale__raise(run, ERROR_INDEX, "pop index out of range");
    at += at < 0 ? size : 0;
    *out = self.list->items[at];
    return remove_at(run, self.list, (size_t)at);
}

static int list_remove(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    size_t at = 0;
    (void)count;
    GALE_TRY(want_own(run, self));
    GALE_TRY(index_of(run, self, values[0], 0, SIZE_MAX, &at));
    *out = gale__none();
    return remove_at(run, self.list, at);
}

static int list_reverse(gale__run *run, gale__value self, const gale__value *values, size_t count,
                        gale__value *out)
{
    (void)values, (void)count;
    GALE_TRY(want_own(run, self));
    gale__value *items = self.list->items;
    size_t size = self.list->size;
    GALE_TRY(gale__run_steps(run, (int64_t)size / 8));
    for (size_t i = 0; i < size / 2; i++) {
        gale__value item = items[i];
        items[i] = items[size - 1 - i];
        items[size - 1 - i] = item;
    }
    *out = gale__none();
    return 0;
}

int gale__key_of(gale__run *run, gale__value key, gale__value value, gale__value *out)
{
    *out = value;
    if (key.kind == VALUE_UNSET || key.kind == VALUE_NONE)
        return 0;
    gale__arguments arguments = { .values = &value, .count = 1, .positional = 1 };
    return gale__call(run, key, &arguments, out);
}

int gale__sort_list(gale__run *run, gale__list_value *list, gale__value key, gale__value reverse)
{
    int error;
    gale__value *keys = NULL, *items;
    size_t size = list->size;
    if (!size)
        return 0;
    items = list->items;
    if (key.kind != VALUE_UNSET && key.kind != VALUE_NONE) {
        keys = gale__run_alloc(run, size * sizeof *keys, &error);
        if (!keys)
            return error;
        for (size_t i = 0; i < size; i++)
            GALE_TRY(gale__key_of(run, key, items[i], &keys[i]));
    }
    return gale__sort(run, items, keys, size, gale__truth(reverse));
}

static int list_sort(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    (void)count;
    GALE_TRY(want_own(run, self));
    *out = gale__none();
    return gale__sort_list(run, self.list, values[0], values[1]);
}

const gale__builtin gale__list_methods[] = {
    { "append", "object /", 1, 1, list_append },
    { "clear", "", 0, 0, list_clear },
    { "copy", "", 0, 0, list_copy },
    { "count", "value /", 1, 1, list_count },
    { "extend", "iterable /", 1, 1, list_extend },
    { "index", "value start stop /", 1, 3, list_index },
    { "insert", "index object /", 2, 2, list_insert },
    { "pop", "index /", 0, 1, list_pop },
    { "remove", "value /", 1, 1, list_remove },
    { "reverse", "", 0, 0, list_reverse },
    { "sort", "* key reverse", 0, 2, list_sort },
    { 0 },
};
