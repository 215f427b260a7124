/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/arguments.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/escape.h"
#include "proto/own_arena.h"

typedef struct own_arguments {
    gale_http_arguments arguments; /* first, so that both have one address */
    gale__own_arena own;
} own_arguments;

gale_http_arguments *gale_http_arguments_new(void)
{
    own_arguments *made = GALE__NEW(own_arguments);
    if (!made)
        return NULL;
    gale__own_arena_init(&made->own);
    gale__http_arguments_init(&made->arguments, &made->own.arena);
    return &made->arguments;
}

void gale_http_arguments_free(gale_http_arguments *arguments)
{
    if (!arguments)
        return;
    own_arguments *made = GALE__CONTAINER_OF(arguments, own_arguments, arguments);
    gale__own_arena_close(&made->own);
    gale__free(made);
}

void gale__http_arguments_init(gale_http_arguments *arguments, gale__arena *arena)
{
    *arguments = (gale_http_arguments){ .arena = arena };
}

int gale__http_arguments_reserve(gale_http_arguments *arguments, size_t more)
{
    if (more <= arguments->capacity - arguments->count)
        return 0;
    size_t capacity = arguments->capacity * 2;
    if (capacity < arguments->count + more)
        capacity = arguments->count + more;
    if (capacity > SIZE_MAX / 2 / sizeof *arguments->pairs)
        return -ENOMEM;
    gale_http_argument *pairs = (gale_http_argument *)gale__arena_alloc(
        arguments->arena, capacity * sizeof *arguments->pairs);
    if (!pairs)
        return -ENOMEM;
    if (arguments->count)
        memcpy(pairs, arguments->pairs, arguments->count * sizeof *pairs);
    arguments->pairs = pairs;
    arguments->capacity = capacity;
    return 0;
}

int gale__http_arguments_append(gale_http_arguments *arguments, gale_str name, gale_str value)
{
    GALE_TRY(gale__http_arguments_reserve(arguments, 1));
    arguments->pairs[arguments->count++] = (gale_http_argument){ name, value };
    return 0;
}

/* How many pairs "a=1&b=2" has; empty ones do not count. */
static size_t count_pairs(gale_str text)
{
    size_t count = 0;
    const char *at = text.data, *end = at + text.len;
    while (at < end) {
        const char *next = (const char *)memchr(at, '&', (size_t)(end - at));
        if (!next)
            next = end;
        count += next > at;
        at = next + 1;
    }
    return count;
}

/* Decodes in place; the byte behind the text is overwritten. */
static gale_str decode(char *text, size_t size)
{
    size = gale__url_unescape(text, (gale_str){ text, size }, true);
    text[size] = '\0';
    return (gale_str){ text, size };
}

static int append_pair(gale_http_arguments *arguments, char *pair, size_t size)
{
    char *equals = (char *)memchr(pair, '=', size);
    size_t name_size = equals ? (size_t)(equals - pair) : size;
    size_t value_size = equals ? size - name_size - 1 : 0;
    gale_str value = equals ? decode(equals + 1, value_size) : GALE_STR("");
    return gale__http_arguments_append(arguments, decode(pair, name_size), value);
}

int gale__http_arguments_parse(gale_http_arguments *arguments, gale_str text, int max_pairs)
{
    size_t count = count_pairs(text);
    if (max_pairs >= 0 && count > (size_t)(max_pairs ? max_pairs : GALE_HTTP_ARGUMENTS_MAX))
        return gale__fail(GALE_ETOOBIG, "too many arguments");
    if (!count)
        return 0;
    GALE_TRY(gale__http_arguments_reserve(arguments, count));
    char *at = gale__arena_strdup(arguments->arena, text.data, text.len);
    if (!at)
        return -ENOMEM;
    for (char *end = at + text.len; at < end;) {
        char *next = (char *)memchr(at, '&', (size_t)(end - at));
        if (!next)
            next = end;
        if (next > at)
            GALE_TRY(append_pair(arguments, at, (size_t)(next - at)));
        at = next + 1;
    }
    return 0;
}

int gale_http_arguments_parse(gale_str text, int max_pairs, gale_http_arguments **ret_arguments)
{
    gale_http_arguments *arguments = gale_http_arguments_new();
    if (!arguments)
        return -ENOMEM;
    int result = gale__http_arguments_parse(arguments, text, max_pairs);
    if (result < 0) {
        gale_http_arguments_free(arguments);
        return result;
    }
    *ret_arguments = arguments;
    return 0;
}

size_t gale_http_arguments_count(const gale_http_arguments *arguments)
{
    return arguments->count;
}

const gale_http_argument *gale_http_arguments_at(const gale_http_arguments *arguments, size_t index)
{
    return index < arguments->count ? &arguments->pairs[index] : NULL;
}

static bool named(const gale_http_argument *pair, const char *name, size_t size)
{
    return pair->name.len == size && !memcmp(pair->name.data, name, size);
}

const gale_str *gale_http_arguments_get(const gale_http_arguments *arguments, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = arguments->count; i > 0; i--)
        if (named(&arguments->pairs[i - 1], name, size))
            return &arguments->pairs[i - 1].value;
    return NULL;
}

const gale_str *gale_http_arguments_get_list(const gale_http_arguments *arguments, const char *name,
                                             size_t index)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < arguments->count; i++)
        if (named(&arguments->pairs[i], name, size) && index-- == 0)
            return &arguments->pairs[i].value;
    return NULL;
}
