/* SPDX-License-Identifier: Apache-2.0 */
#include "web/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void gale__catalogue_init(gale__catalogue *catalogue, gale__arena *arena)
{
    *catalogue = (gale__catalogue){ .arena = arena };
}

void gale__catalogue_clear(gale__catalogue *catalogue)
{
    gale__free(catalogue->messages);
    gale__catalogue_init(catalogue, catalogue->arena);
}

static int reserve(gale__catalogue *catalogue)
{
    if (catalogue->count < catalogue->capacity)
        return 0;
    size_t capacity = catalogue->capacity ? catalogue->capacity * 2 : 64;
    gale__message *messages = gale__realloc(catalogue->messages, capacity * sizeof *messages);
    if (!messages)
        return -ENOMEM;
    catalogue->messages = messages;
    catalogue->capacity = capacity;
    return 0;
}

int gale__catalogue_add(gale__catalogue *catalogue, unsigned kind, gale_str key,
                        gale_str translation)
{
    GALE_TRY(reserve(catalogue));
    const char *key_copy = gale__arena_strdup(catalogue->arena, key.data, key.len);
    const char *copy = gale__arena_strdup(catalogue->arena, translation.data, translation.len);
    if (!key_copy || !copy)
        return -ENOMEM;
    unsigned number = (unsigned)catalogue->count;
    catalogue->messages[catalogue->count++] =
        (gale__message){ { key_copy, key.len }, copy, kind, number };
    return 0;
}

static int compare_text(gale_str a, gale_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare(const void *left, const void *right)
{
    const gale__message *a = left, *b = right;
    int order = compare_text(a->key, b->key);
    if (order == 0)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

void gale__catalogue_sort(gale__catalogue *catalogue)
{
    gale__message *messages = catalogue->messages;
    size_t kept = 0;
    if (catalogue->count)
        qsort(messages, catalogue->count, sizeof *messages, compare);
    for (size_t i = 0; i < catalogue->count; i++) {
        bool again = kept && messages[kept - 1].kind == messages[i].kind &&
                     compare_text(messages[kept - 1].key, messages[i].key) == 0;
        messages[again ? kept - 1 : kept++] = messages[i];
    }
    catalogue->count = kept;
}

/* How `context`, byte 4, `message` stand to a key, without joining them. */
static int compare_parts(gale_str context, gale_str message, gale_str key)
{
    if (!context.data)
        return compare_text(message, key);
    gale_str head = { key.data, key.len < context.len ? key.len : context.len };
    int order = compare_text(context, head);
    if (order)
        return order;
    if (key.len == context.len)
        return 1;
    unsigned char separator = (unsigned char)key.data[context.len];
    if (separator != 4)
        return 4 - separator;
    return compare_text(message,
                        (gale_str){ key.data + context.len + 1, key.len - context.len - 1 });
}

const char *gale__catalogue_find(const gale__catalogue *catalogue, unsigned kind,
                                 const char *context, const char *message)
{
    gale_str context_text = { context, context ? strlen(context) : 0 };
    gale_str text = { message, strlen(message) };
    size_t low = 0, high = catalogue->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const gale__message *at = &catalogue->messages[middle];
        int order = compare_parts(context_text, text, at->key);
        if (order == 0)
            order = (kind > at->kind) - (kind < at->kind);
        if (order == 0)
            return at->translation;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
