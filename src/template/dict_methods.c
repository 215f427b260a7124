/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of maps. */
#include "template/builtins.h"

static int want_own(gale__run *run, gale__value self)
{
    if (self.kind == VALUE_DICT)
        return 0;
    return gale__raise(run, ERROR_TYPE,
                       "a dict that was given to the template cannot be changed: copy it, dict(x)");
}

static int dict_clear(gale__run *run, gale__value self, const gale__value *values, size_t count,
                      gale__value *out)
{
    (void)values, (void)count;
    GALE_TRY(want_own(run, self));
    *self.dict = (gale__dict){ 0 };
    *out = gale__none();
    return 0;
}

static int dict_copy(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    (void)values, (void)count;
    GALE_TRY(gale__dict_new(run, out));
    return gale__dict_update(run, out->dict, self);
}

static int dict_get(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    (void)count;
    GALE_TRY(gale__dict_value(run, self, values[0], out));
    if (out->kind == VALUE_UNSET)
        *out = values[1].kind == VALUE_UNSET ? gale__none() : values[1];
    return 0;
}

typedef enum part { KEYS, VALUES, ITEMS } part;

static int parts(gale__run *run, gale__value self, part which, gale__value *out)
{
    gale__iterator iterator = { .over = self };
    gale__value key, value, item;
    GALE_TRY(gale__list_new(run, VALUE_LIST, gale__size(self), out));
    while (gale__iterator_pair(&iterator, &key, &value) > 0) {
        GALE_TRY(gale__run_steps(run, 1));
        item = which == KEYS ? key : value;
        if (which == ITEMS)
            GALE_TRY(gale__tuple_pair(run, key, value, &item));
        GALE_TRY(gale__list_append(run, out->list, item));
    }
    return 0;
}

static int dict_items(gale__run *run, gale__value self, const gale__value *values, size_t count,
                      gale__value *out)
{
    (void)values, (void)count;
    return parts(run, self, ITEMS, out);
}

static int dict_keys(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    (void)values, (void)count;
    return parts(run, self, KEYS, out);
}

static int dict_values(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    (void)values, (void)count;
    return parts(run, self, VALUES, out);
}

static int dict_pop(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    struct gale__dict_entry *entry;
    (void)count;
    GALE_TRY(want_own(run, self));
    GALE_TRY(gale__dict_find(run, self.dict, values[0], &entry));
    if (!entry && values[1].kind == VALUE_UNSET)
        return gale__raise_key(run, values[0]);
    *out = entry ? entry->value : values[1];
    if (entry)
        gale__dict_remove(self.dict, entry);
    return 0;
}

static int dict_popitem(gale__run *run, gale__value self, const gale__value *values, size_t count,
                        gale__value *out)
{
    (void)values, (void)count;
    GALE_TRY(want_own(run, self));
    gale__dict *dict = self.dict;
    size_t last = dict->used;
    while (last && dict->entries[last - 1].key.kind == VALUE_UNSET)
        last--;
    GALE_TRY(gale__run_steps(run, (int64_t)(dict->used - last)));
    if (!last)
        return gale__raise(run, ERROR_KEY, "'popitem(): dictionary is empty'");
    struct gale__dict_entry *entry = &dict->entries[last - 1];
    GALE_TRY(gale__tuple_pair(run, entry->key, entry->value, out));
    gale__dict_remove(dict, entry);
    return 0;
}

static int dict_setdefault(gale__run *run, gale__value self, const gale__value *values,
                           size_t count, gale__value *out)
{
    struct gale__dict_entry *entry;
    (void)count;
    GALE_TRY(want_own(run, self));
    GALE_TRY(gale__dict_find(run, self.dict, values[0], &entry));
    if (entry) {
        *out = entry->value;
        return 0;
    }
    *out = values[1].kind == VALUE_UNSET ? gale__none() : values[1];
    return gale__dict_set(run, self.dict, values[0], *out);
}

/* A pair of a sequence of pairs. */
static int set_pair(gale__run *run, gale__dict *dict, gale__value pair, size_t index)
{
    gale__value items;
    if (pair.kind != VALUE_STR && !gale__is_sequence(pair))
        return gale__raise(run, ERROR_TYPE,
                           "cannot convert dictionary update sequence element #%zu to a sequence",
                           index);
    if (gale__size(pair) != 2)
        return gale__raise(run, ERROR_VALUE,
                           "dictionary update sequence element #%zu has length %zu; 2 is required",
                           index, gale__size(pair));
    GALE_TRY(gale__to_list(run, pair, VALUE_LIST, &items));
    return gale__dict_set(run, dict, items.list->items[0], items.list->items[1]);
}

int gale__dict_update(gale__run *run, gale__dict *dict, gale__value other)
{
    gale__iterator iterator = { .over = other };
    gale__value key, value;
    int more;
    if (other.kind == VALUE_DICT && other.dict == dict)
        return 0;
    if (gale__is_dict(other)) {
        while (gale__iterator_pair(&iterator, &key, &value) > 0) {
            GALE_TRY(gale__run_steps(run, 1));
            GALE_TRY(gale__dict_set(run, dict, key, value));
        }
        return 0;
    }
    for (size_t i = 0; (more = gale__iterator_next(run, &iterator, &key)) > 0; i++)
        GALE_TRY(set_pair(run, dict, key, i));
    return more;
}

static int dict_update(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    GALE_TRY(want_own(run, self));
    *out = gale__none();
    for (size_t i = 0; i < count; i++)
        if (values[i].kind != VALUE_UNSET)
            GALE_TRY(gale__dict_update(run, self.dict, values[i]));
    return 0;
}

const gale__builtin gale__dict_methods[] = {
    { "clear", "", 0, 0, dict_clear },
    { "copy", "", 0, 0, dict_copy },
    { "get", "key default /", 1, 2, dict_get },
    { "items", "", 0, 0, dict_items },
    { "keys", "", 0, 0, dict_keys },
    { "pop", "key default /", 1, 2, dict_pop },
    { "popitem", "", 0, 0, dict_popitem },
    { "setdefault", "key default /", 1, 2, dict_setdefault },
    { "update", "other / **", 0, 2, dict_update },
    { "values", "", 0, 0, dict_values },
    { 0 },
};
