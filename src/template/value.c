/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds, truth, sizes, lists, iteration. */
#include <errno.h>
#include <string.h>

#include "template/run.h"

gale__value gale__from_json(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return (gale__value){ .kind = VALUE_JSON_DICT, .json = json };
    case JSON_ARRAY:
        return (gale__value){ .kind = VALUE_JSON_LIST, .json = json };
    case JSON_STRING:
        return gale__text(json_string_value(json), json_string_length(json));
    case JSON_INTEGER:
        return gale__int(json_integer_value(json));
    case JSON_REAL:
        return gale__float(json_real_value(json));
    case JSON_TRUE:
    case JSON_FALSE:
        return gale__bool(json_is_true(json));
    case JSON_NULL:
        break;
    }
    return gale__none();
}

const char *gale__type_name(gale__value value)
{
    static const char *const names[] = {
        [VALUE_UNSET] = "NoneType",    [VALUE_NONE] = "NoneType",
        [VALUE_BOOL] = "bool",         [VALUE_INT] = "int",
        [VALUE_FLOAT] = "float",       [VALUE_STR] = "str",
        [VALUE_LIST] = "list",         [VALUE_TUPLE] = "tuple",
        [VALUE_DICT] = "dict",         [VALUE_JSON_LIST] = "list",
        [VALUE_JSON_DICT] = "dict",    [VALUE_RANGE] = "range",
        [VALUE_FUNCTION] = "function", [VALUE_BUILTIN] = "builtin_function_or_method",
        [VALUE_ERROR] = "Exception",   [VALUE_ABSENT] = "NoneType",
    };
    return names[value.kind];
}

size_t gale__size(gale__value value)
{
    switch ((gale__value_kind)value.kind) {
    case VALUE_STR:
        return gale__code_points(gale__text_str(value));
    case VALUE_LIST:
    case VALUE_TUPLE:
        return value.list->size;
    case VALUE_DICT:
        return value.dict->size;
    case VALUE_JSON_LIST:
        return json_array_size(value.json);
    case VALUE_JSON_DICT:
        return json_object_size(value.json);
    case VALUE_RANGE:
        return value.range->size;
    default:
        return 0;
    }
}

bool gale__truth(gale__value value)
{
    switch ((gale__value_kind)value.kind) {
    case VALUE_BOOL:
        return value.boolean;
    case VALUE_INT:
        return value.integer != 0;
    case VALUE_FLOAT:
        return value.real < 0 || value.real > 0 || value.real != value.real;
    case VALUE_STR:
        return value.length > 0;
    case VALUE_UNSET:
    case VALUE_NONE:
    case VALUE_ABSENT:
        return false;
    case VALUE_FUNCTION:
    case VALUE_BUILTIN:
    case VALUE_ERROR:
        return true;
    default:
        return gale__size(value) > 0;
    }
}

/* ---- Lists ----------------------------------------------------------------------------- */

int gale__list_new(gale__run *run, gale__value_kind kind, size_t capacity, gale__value *out)
{
    int error;
    gale__list_value *list = gale__run_alloc(run, sizeof *list, &error);
    if (!list)
        return error;
    *list = (gale__list_value){ 0 };
    if (capacity) {
        size_t size = capacity < (size_t)INT32_MAX ? capacity * sizeof *list->items : SIZE_MAX;
        list->items = gale__run_alloc(run, size, &error);
        if (!list->items)
            return error;
        list->capacity = capacity;
    }
    *out = (gale__value){ .kind = (uint8_t)kind, .list = list };
    return 0;
}

int gale__list_append(gale__run *run, gale__list_value *list, gale__value item)
{
    if (GALE__UNLIKELY(list->size == list->capacity)) {
        int error;
        size_t capacity = list->capacity ? list->capacity * 2 : 4;
        gale__value *items = gale__run_alloc(run, capacity * sizeof *items, &error);
        if (!items)
            return error;
        if (list->size)
            memcpy(items, list->items, list->size * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    item.local = false;
    list->items[list->size++] = item;
    return 0;
}

int gale__tuple_pair(gale__run *run, gale__value first, gale__value second, gale__value *out)
{
    GALE_TRY(gale__list_new(run, VALUE_TUPLE, 2, out));
    GALE_TRY(gale__list_append(run, out->list, first));
    return gale__list_append(run, out->list, second);
}

gale__value gale__sequence_item(gale__value sequence, size_t index)
{
    if (sequence.kind == VALUE_JSON_LIST)
        return gale__from_json(json_array_get(sequence.json, index));
    return sequence.list->items[index];
}

/* ---- Iteration ------------------------------------------------------------------------- */

static int next_character(gale__iterator *iterator, gale__value *item)
{
    gale_str text = gale__text_str(iterator->over);
    if (iterator->at >= text.len)
        return 0;
    size_t size;
    gale__code_point(text.data + iterator->at, &size);
    *item = gale__text(text.data + iterator->at, size);
    iterator->at += size;
    return 1;
}

static int next_json_key(gale__iterator *iterator, gale__value *key, gale__value *value)
{
    /* jansson iterates over constant objects, too, but has no type for it */
    json_t *object = (json_t *)(uintptr_t)iterator->over.json;
    iterator->json =
        iterator->at++ ? json_object_iter_next(object, iterator->json) : json_object_iter(object);
    if (!iterator->json)
        return 0;
    *key =
        gale__text(json_object_iter_key(iterator->json), json_object_iter_key_len(iterator->json));
    if (value)
        *value = gale__from_json(json_object_iter_value(iterator->json));
    return 1;
}

static int next_key(gale__iterator *iterator, gale__value *key, gale__value *value)
{
    const gale__dict *dict = iterator->over.dict;
    while (iterator->at < dict->used && dict->entries[iterator->at].key.kind == VALUE_UNSET)
        iterator->at++;
    if (iterator->at >= dict->used)
        return 0;
    *key = dict->entries[iterator->at].key;
    if (value)
        *value = dict->entries[iterator->at].value;
    iterator->at++;
    return 1;
}

int gale__iterator_pair(gale__iterator *iterator, gale__value *key, gale__value *value)
{
    return iterator->over.kind == VALUE_DICT ? next_key(iterator, key, value)
                                             : next_json_key(iterator, key, value);
}

int gale__iterator_next(gale__run *run, gale__iterator *iterator, gale__value *item)
{
    gale__value over = iterator->over;
    GALE_TRY(gale__run_steps(run, 1));
    switch ((gale__value_kind)over.kind) {
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_JSON_LIST:
        if (iterator->at >= gale__size(over))
            return 0;
        *item = gale__sequence_item(over, iterator->at++);
        return 1;
    case VALUE_RANGE:
        if (iterator->at >= over.range->size)
            return 0;
        *item = gale__int(over.range->start + (int64_t)iterator->at++ * over.range->step);
        return 1;
    case VALUE_STR:
        return next_character(iterator, item);
    case VALUE_DICT:
    case VALUE_JSON_DICT:
        return gale__iterator_pair(iterator, item, NULL);
    default:
        return gale__raise(run, ERROR_TYPE, "'%s' object is not iterable", gale__type_name(over));
    }
}

int gale__to_list(gale__run *run, gale__value value, gale__value_kind kind, gale__value *out)
{
    gale__iterator iterator = { .over = value };
    gale__value item;
    int more;
    GALE_TRY(gale__list_new(run, kind, value.kind == VALUE_STR ? 0 : gale__size(value), out));
    while ((more = gale__iterator_next(run, &iterator, &item)) > 0)
        GALE_TRY(gale__list_append(run, out->list, item));
    return more;
}

/* ---- To JSON --------------------------------------------------------------------------- */

static int array_to_json(gale__run *run, gale__value value, json_t *array)
{
    json_t *item;
    for (size_t i = 0; i < gale__size(value); i++) {
        GALE_TRY(gale__to_json(run, gale__sequence_item(value, i), &item));
        if (json_array_append_new(array, item) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int key_as_text(gale__run *run, gale__value key, gale__value *out)
{
    *out = key;
    if (key.kind == VALUE_STR)
        return 0;
    gale__buffer text;
    gale__run_buffer(run, &text);
    int error = gale__append_str(run, &text, key);
    if (error < 0 && !text.error) {
        gale__buffer_clear(&text);
        return error;
    }
    return gale__run_take_text(run, &text, out);
}

static int object_to_json(gale__run *run, gale__value value, json_t *object)
{
    gale__iterator iterator = { .over = value };
    gale__value key, item;
    json_t *member;
    while (gale__iterator_pair(&iterator, &key, &item) > 0) {
        GALE_TRY(key_as_text(run, key, &key));
        GALE_TRY(gale__to_json(run, item, &member));
        if (json_object_setn_new_nocheck(object, key.text, key.length, member) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int container_to_json(gale__run *run, gale__value value, json_t **out)
{
    bool dict = gale__is_dict(value);
    if (value.kind == VALUE_RANGE)
        GALE_TRY(gale__to_list(run, value, VALUE_LIST, &value));
    GALE_TRY(gale__run_enter(run));
    *out = dict ? json_object() : json_array();
    int error = !*out  ? -ENOMEM
                : dict ? object_to_json(run, value, *out)
                       : array_to_json(run, value, *out);
    run->depth--;
    if (error < 0)
        json_decref(*out);
    return error;
}

int gale__to_json(gale__run *run, gale__value value, json_t **out)
{
    GALE_TRY(gale__run_steps(run, 1));
    switch ((gale__value_kind)value.kind) {
    case VALUE_BOOL:
        *out = json_boolean(value.boolean);
        break;
    case VALUE_INT:
        *out = json_integer(value.integer);
        break;
    case VALUE_FLOAT:
        if (value.real - value.real != 0)
            return gale__raise(run, ERROR_VALUE, "not a finite number");
        *out = json_real(value.real);
        break;
    case VALUE_STR:
        *out = json_stringn_nocheck(value.text, value.length);
        break;
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_DICT:
    case VALUE_RANGE:
        return container_to_json(run, value, out);
    case VALUE_JSON_LIST:
    case VALUE_JSON_DICT:
        *out = json_incref((json_t *)(uintptr_t)value.json);
        break;
    case VALUE_ERROR:
        *out = json_stringn_nocheck(value.error->message.data, value.error->message.len);
        break;
    default:
        *out = json_null();
    }
    return *out ? 0 : -ENOMEM;
}
