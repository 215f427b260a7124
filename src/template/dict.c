/* SPDX-License-Identifier: Apache-2.0 */
/* Maps that templates make. Their hash has a seed, so that nobody can choose keys that collide. */
#include <errno.h>
#include <string.h>

#include "template/run.h"

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static uint64_t hash_text(uint64_t seed, gale_str text)
{
    uint64_t hash = mix(seed, text.len), word;
    for (; text.len >= sizeof word; text.data += sizeof word, text.len -= sizeof word) {
        memcpy(&word, text.data, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    if (text.len)
        memcpy(&word, text.data, text.len);
    return mix(hash, word);
}

/* Numbers that are equal have equal hashes. */
static int hash_of(gale__run *run, gale__value key, uint64_t *out)
{
    uint64_t seed = (uintptr_t)run->program ^ UINT64_C(0x243F6A8885A308D3), part = 0;
    if (key.kind == VALUE_STR) {
        *out = hash_text(seed, gale__text_str(key));
    } else if (gale__is_integer(key)) {
        *out = mix(seed, (uint64_t)gale__integer(key));
    } else if (key.kind == VALUE_FLOAT) {
        bool whole = key.real >= -9e18 && key.real <= 9e18 && (double)(int64_t)key.real == key.real;
        uint64_t bits;
        memcpy(&bits, &key.real, sizeof bits);
        *out = mix(seed, whole ? (uint64_t)(int64_t)key.real : bits);
    } else if (key.kind == VALUE_NONE) {
        *out = mix(seed, 0x4E6F6E65);
    } else if (key.kind == VALUE_RANGE) { /* as far as equal ones are alike */
        *out = mix(seed, key.range->size);
    } else if (key.kind == VALUE_TUPLE) {
        *out = mix(seed, key.list->size);
        GALE_TRY(gale__run_enter(run));
        int error = 0;
        for (size_t i = 0; i < key.list->size && error >= 0; i++) {
            error = hash_of(run, key.list->items[i], &part);
            *out = mix(*out, part);
        }
        run->depth--;
        return error;
    } else {
        return gale__raise(run, ERROR_TYPE, "unhashable type: '%s'", gale__type_name(key));
    }
    return 0;
}

int gale__dict_new(gale__run *run, gale__value *out)
{
    int error;
    gale__dict *dict = gale__run_alloc(run, sizeof *dict, &error);
    if (!dict)
        return error;
    *dict = (gale__dict){ 0 };
    *out = (gale__value){ .kind = VALUE_DICT, .dict = dict };
    return 0;
}

static int find(gale__run *run, const gale__dict *dict, gale__value key, uint64_t hash,
                struct gale__dict_entry **ret_entry)
{
    *ret_entry = NULL;
    if (!dict->capacity)
        return 0;
    for (size_t at = hash & dict->mask; dict->index[at]; at = (at + 1) & dict->mask) {
        struct gale__dict_entry *entry = &dict->entries[dict->index[at] - 1];
        GALE_TRY(gale__run_steps(run, 1));
        if (entry->hash != hash || entry->key.kind == VALUE_UNSET)
            continue;
        int equal = gale__equal(run, entry->key, key);
        if (equal < 0)
            return equal;
        if (equal) {
            *ret_entry = entry;
            return 0;
        }
    }
    return 0;
}

int gale__dict_find(gale__run *run, const gale__dict *dict, gale__value key,
                    struct gale__dict_entry **ret_entry)
{
    uint64_t hash = 0;
    GALE_TRY(hash_of(run, key, &hash));
    return find(run, dict, key, hash, ret_entry);
}

static void index_entry(gale__dict *dict, size_t number)
{
    size_t at = dict->entries[number].hash & dict->mask;
    while (dict->index[at])
        at = (at + 1) & dict->mask;
    dict->index[at] = (uint32_t)number + 1;
}

/* More room, and without what was removed. */
static int grow(gale__run *run, gale__dict *dict)
{
    int error;
    size_t capacity = dict->size < 4 ? 8 : dict->size * 2;
    size_t places = 1;
    while (places < capacity * 2)
        places *= 2;
    struct gale__dict_entry *entries = gale__run_alloc(run, capacity * sizeof *entries, &error);
    uint32_t *index = entries ? gale__run_alloc(run, places * sizeof *index, &error) : NULL;
    if (!index)
        return error;
    memset(index, 0, places * sizeof *index);
    size_t kept = 0;
    for (size_t i = 0; i < dict->used; i++)
        if (dict->entries[i].key.kind != VALUE_UNSET)
            entries[kept++] = dict->entries[i];
    dict->entries = entries;
    dict->index = index;
    dict->capacity = capacity;
    dict->mask = places - 1;
    dict->used = kept;
    for (size_t i = 0; i < kept; i++)
        index_entry(dict, i);
    return 0;
}

int gale__dict_set(gale__run *run, gale__dict *dict, gale__value key, gale__value value)
{
    uint64_t hash = 0;
    struct gale__dict_entry *entry;
    GALE_TRY(hash_of(run, key, &hash));
    GALE_TRY(find(run, dict, key, hash, &entry));
    value.local = key.local = false;
    if (entry) {
        entry->value = value;
        return 0;
    }
    if (dict->used == dict->capacity)
        GALE_TRY(grow(run, dict));
    dict->entries[dict->used] = (struct gale__dict_entry){ key, value, hash };
    index_entry(dict, dict->used++);
    dict->size++;
    return 0;
}

void gale__dict_remove(gale__dict *dict, struct gale__dict_entry *entry)
{
    entry->key = (gale__value){ 0 };
    dict->size--;
}

int gale__dict_value(gale__run *run, gale__value dict, gale__value key, gale__value *out)
{
    *out = (gale__value){ 0 };
    if (dict.kind == VALUE_JSON_DICT) {
        uint64_t hash;
        if (key.kind != VALUE_STR) /* it is not there, if it may be asked for at all */
            return hash_of(run, key, &hash);
        const json_t *json = json_object_getn(dict.json, key.text, key.length);
        if (json)
            *out = gale__from_json(json);
        return 0;
    }
    struct gale__dict_entry *entry;
    GALE_TRY(gale__dict_find(run, dict.dict, key, &entry));
    if (entry)
        *out = entry->value;
    return 0;
}
