/* SPDX-License-Identifier: Apache-2.0 */
/* gale_http_headers as <gale/httputil.h> shows it: checks, and objects on the heap. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "proto/characters.h"
#include "proto/header_key.h"
#include "proto/own_arena.h"

typedef struct own_headers {
    gale_http_headers headers; /* first, so that both have one address */
    gale__own_arena own;
} own_headers;

gale_http_headers *gale_http_headers_new(void)
{
    own_headers *made = GALE__NEW(own_headers);
    if (!made)
        return NULL;
    gale__own_arena_init(&made->own);
    gale__http_headers_init(&made->headers, &made->own.arena);
    return &made->headers;
}

void gale_http_headers_free(gale_http_headers *headers)
{
    if (!headers)
        return;
    own_headers *made = GALE__CONTAINER_OF(headers, own_headers, headers);
    gale__own_arena_close(&made->own);
    gale__free(made);
}

gale_http_headers *gale_http_headers_copy(gale_http_headers *headers)
{
    gale_http_headers *copy = gale_http_headers_new();
    if (!copy)
        return NULL;
    if (gale__http_headers_copy(copy, headers) < 0) {
        gale_http_headers_free(copy);
        return NULL;
    }
    return copy;
}

static int check(gale_str name, gale_str value)
{
    if (!gale__http_is_token(name.data, name.len))
        return gale__fail(GALE_EINPUT, "Invalid header name");
    if (!gale__http_all(value.data, value.len, GALE__CHARACTER_FIELD))
        return gale__fail(GALE_EINPUT, "Invalid header value of %.*s",
                          (int)(name.len < 100 ? name.len : 100), name.data);
    return 0;
}

static gale__http_header_key key_of(const char *name)
{
    return gale__http_header_key_of(name, strlen(name));
}

int gale__http_headers_add_checked(gale_http_headers *headers, gale_str name, gale_str value)
{
    GALE_TRY(check(name, value));
    if (gale__http_trim(value).len != value.len)
        return gale__fail(GALE_EINPUT, "white space around the value of a header");
    gale__http_header_key key = gale__http_header_key_of(name.data, name.len);
    return gale__http_headers_add_key(headers, &key, value);
}

int gale_http_headers_add(gale_http_headers *headers, const char *name, const char *value)
{
    return gale__http_headers_add_checked(headers, (gale_str){ name, strlen(name) },
                                          (gale_str){ value, strlen(value) });
}

int gale_http_headers_set(gale_http_headers *headers, const char *name, const char *value)
{
    gale__http_header_key key = key_of(name);
    gale_str text = { value, strlen(value) };
    GALE_TRY(check((gale_str){ name, key.size }, text));
    return gale__http_headers_set_key(headers, &key, text);
}

const char *gale_http_headers_get(gale_http_headers *headers, const char *name)
{
    gale__http_header_key key = key_of(name);
    return gale__http_headers_get_key(headers, &key);
}

const char *gale_http_headers_get_list(gale_http_headers *headers, const char *name, size_t index)
{
    gale__http_header_key key = key_of(name);
    if (gale__http_headers_expand_for(headers, &key) < 0)
        return NULL;
    uint32_t i = gale__http_headers_find(headers, &key, 0);
    while (i < headers->count && index-- > 0)
        i = gale__http_headers_find(headers, &key, i + 1);
    return i < headers->count ? headers->fields[i].value : NULL;
}

bool gale_http_headers_has(gale_http_headers *headers, const char *name)
{
    gale__http_header_key key = key_of(name);
    if (key.id)
        return gale__http_headers_present(headers, key.id);
    return gale__http_headers_find(headers, &key, 0) < headers->count;
}

int gale_http_headers_remove(gale_http_headers *headers, const char *name)
{
    gale__http_header_key key = key_of(name);
    return gale__http_headers_remove_key(headers, &key);
}

size_t gale_http_headers_count(gale_http_headers *headers)
{
    gale__http_headers_expand(headers);
    return headers->count;
}

bool gale_http_headers_next(gale_http_headers *headers, size_t *position,
                            gale_http_field *ret_field)
{
    if (gale__http_headers_expand(headers) < 0 || *position >= headers->count)
        return false;
    const gale__http_header_field *field = &headers->fields[(*position)++];
    ret_field->name = (gale_str){ field->name, field->name_size };
    ret_field->value = (gale_str){ field->value, field->value_size };
    return true;
}
