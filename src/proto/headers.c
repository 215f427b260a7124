/* SPDX-License-Identifier: Apache-2.0 */
/* The table of fields: appending, finding, replacing and removing. */
#include "proto/headers.h"

#include <errno.h>
#include <string.h>

#include "proto/header_key.h"

/* A value joined from several fields, remembered until the headers change. */
struct gale__http_joined {
    struct gale__http_joined *next;
    uint32_t first; /* index of the first of the fields */
    const char *text;
};

gale__http_header_key gale__http_header_key_of(const char *name, size_t size)
{
    return (gale__http_header_key){ name, size, gale__http_header_find(name, size) };
}

static gale__http_header_key known(gale__http_header id)
{
    gale_str name = gale__http_header_name(id);
    return (gale__http_header_key){ name.data, name.len, id };
}

int gale__http_headers_grow(gale_http_headers *headers)
{
    if (headers->capacity > INT32_MAX / 2)
        return GALE_ETOOBIG;
    uint32_t capacity = headers->capacity ? headers->capacity * 2 : 8;
    gale__http_header_field *fields =
        (gale__http_header_field *)gale__arena_alloc(headers->arena, capacity * sizeof *fields);
    if (!fields)
        return -ENOMEM;
    if (headers->count)
        memcpy(fields, headers->fields, headers->count * sizeof *fields);
    headers->fields = fields;
    headers->capacity = capacity;
    return 0;
}

/* Makes `present`, `repeated` and `first` true again after fields have moved. */
void gale__http_headers_reindex(gale_http_headers *headers)
{
    headers->present = headers->repeated = 0;
    headers->joined = NULL;
    for (uint32_t i = 0; i < headers->count; i++) {
        gale__http_header id = headers->fields[i].id;
        uint64_t bit = gale__http_header_bit(id);
        if (headers->present & bit)
            headers->repeated |= bit;
        else
            headers->first[id] = i;
        headers->present |= bit;
    }
}

static bool matches(const gale__http_header_field *field, const gale__http_header_key *key)
{
    if (field->id != key->id)
        return false;
    return key->id || gale__http_equal(field->name, field->name_size, key->name, key->size);
}

uint32_t gale__http_headers_find(const gale_http_headers *headers, const gale__http_header_key *key,
                                 uint32_t from)
{
    uint64_t bit = gale__http_header_bit(key->id);
    if (!(headers->present & bit))
        return headers->count;
    uint32_t i = headers->first[key->id] > from ? headers->first[key->id] : from;
    while (i < headers->count && !matches(&headers->fields[i], key))
        i++;
    return i;
}

int gale__http_headers_expand_for(gale_http_headers *headers, const gale__http_header_key *key)
{
    if (key->id && (headers->block.present & gale__http_header_bit(key->id)))
        return gale__http_headers_expand(headers);
    return 0;
}

/* Removes the fields of that name from index `from` on. Returns how many there were. */
static int remove_from(gale_http_headers *headers, const gale__http_header_key *key, uint32_t from)
{
    uint32_t kept = gale__http_headers_find(headers, key, from);
    if (kept == headers->count)
        return 0;
    uint32_t before = headers->count;
    for (uint32_t i = kept; i < before; i++)
        if (!matches(&headers->fields[i], key))
            headers->fields[kept++] = headers->fields[i];
    headers->count = kept;
    gale__http_headers_reindex(headers);
    return (int)(before - kept);
}

int gale__http_headers_remove_key(gale_http_headers *headers, const gale__http_header_key *key)
{
    GALE_TRY(gale__http_headers_expand_for(headers, key));
    return remove_from(headers, key, 0);
}

/* A copy of the name as it is sent. */
static const char *copy_name(gale__arena *arena, const gale__http_header_key *key)
{
    if (key->id)
        return gale__http_header_name(key->id).data;
    char *name = gale__arena_strdup(arena, key->name, key->size);
    if (name)
        gale__http_header_normalize(name, key->name, key->size);
    return name;
}

/* Makes a field of copies, without putting it anywhere. */
static int make_field(gale__arena *arena, const gale__http_header_key *key, gale_str value,
                      gale__http_header_field *ret_field)
{
    if (key->size > UINT32_MAX || value.len > UINT32_MAX / 4)
        return GALE_ETOOBIG;
    const char *name = copy_name(arena, key);
    const char *text = name ? gale__arena_strdup(arena, value.data, value.len) : NULL;
    if (!text)
        return -ENOMEM;
    *ret_field = (gale__http_header_field){
        .name = name,
        .value = text,
        .name_size = (uint32_t)key->size,
        .value_size = (uint32_t)value.len,
        .id = key->id,
    };
    return 0;
}

int gale__http_headers_add_key(gale_http_headers *headers, const gale__http_header_key *key,
                               gale_str value)
{
    gale__http_header_field field;
    GALE_TRY(gale__http_headers_expand_for(headers, key));
    GALE_TRY(make_field(headers->arena, key, value, &field));
    return gale__http_headers_append(headers, field.id, field.name, field.name_size, field.value,
                                     field.value_size);
}

int gale__http_headers_set_key(gale_http_headers *headers, const gale__http_header_key *key,
                               gale_str value)
{
    GALE_TRY(gale__http_headers_expand_for(headers, key));
    uint32_t index = gale__http_headers_find(headers, key, 0);
    if (index == headers->count)
        return gale__http_headers_add_key(headers, key, value);
    gale__http_header_field field;
    GALE_TRY(make_field(headers->arena, key, value, &field));
    headers->fields[index] = field;
    headers->joined = NULL;
    remove_from(headers, key, index + 1);
    return 0;
}

static const char *find_joined(const gale_http_headers *headers, uint32_t first)
{
    for (struct gale__http_joined *joined = headers->joined; joined; joined = joined->next)
        if (joined->first == first)
            return joined->text;
    return NULL;
}

static char *join(gale_http_headers *headers, const gale__http_header_key *key, uint32_t first)
{
    size_t size = 0;
    uint32_t i;
    for (i = first; i < headers->count; i = gale__http_headers_find(headers, key, i + 1))
        size += headers->fields[i].value_size + 1;
    char *text = (char *)gale__arena_alloc(headers->arena, size);
    if (!text)
        return NULL;
    char *at = text;
    for (i = first; i < headers->count; i = gale__http_headers_find(headers, key, i + 1)) {
        memcpy(at, headers->fields[i].value, headers->fields[i].value_size);
        at += headers->fields[i].value_size;
        *at++ = ',';
    }
    at[-1] = '\0';
    return text;
}

static const char *joined_value(gale_http_headers *headers, const gale__http_header_key *key,
                                uint32_t first)
{
    const char *text = find_joined(headers, first);
    if (text)
        return text;
    struct gale__http_joined *joined =
        (struct gale__http_joined *)gale__arena_alloc(headers->arena, sizeof *joined);
    if (!joined || !(text = join(headers, key, first)))
        return NULL;
    *joined = (struct gale__http_joined){ headers->joined, first, text };
    headers->joined = joined;
    return text;
}

const char *gale__http_headers_get_key(gale_http_headers *headers, const gale__http_header_key *key)
{
    if (gale__http_headers_expand_for(headers, key) < 0)
        return NULL;
    uint32_t first = gale__http_headers_find(headers, key, 0);
    if (first == headers->count)
        return NULL;
    if (!(headers->repeated & gale__http_header_bit(key->id)) ||
        gale__http_headers_find(headers, key, first + 1) == headers->count)
        return headers->fields[first].value;
    return joined_value(headers, key, first);
}

int gale__http_headers_set(gale_http_headers *headers, gale__http_header id, gale_str value)
{
    gale__http_header_key key = known(id);
    return gale__http_headers_set_key(headers, &key, value);
}

const char *gale__http_headers_get(gale_http_headers *headers, gale__http_header id)
{
    gale__http_header_key key = known(id);
    return gale__http_headers_get_key(headers, &key);
}

int gale__http_headers_remove(gale_http_headers *headers, gale__http_header id)
{
    gale__http_header_key key = known(id);
    return gale__http_headers_remove_key(headers, &key);
}

int gale__http_headers_copy(gale_http_headers *to, gale_http_headers *from)
{
    GALE_TRY(gale__http_headers_expand(from));
    for (uint32_t i = 0; i < from->count; i++) {
        const gale__http_header_field *field = &from->fields[i];
        const char *name = gale__arena_strdup(to->arena, field->name, field->name_size);
        const char *value =
            name ? gale__arena_strdup(to->arena, field->value, field->value_size) : NULL;
        if (!value)
            return -ENOMEM;
        GALE_TRY(gale__http_headers_append(to, field->id, name, field->name_size, value,
                                           field->value_size));
    }
    return 0;
}
