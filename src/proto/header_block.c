/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of ready lines, and how headers take one apart. */
#include <errno.h>
#include <string.h>

#include "proto/characters.h"
#include "proto/header_key.h"

/* One line of a block, and what follows it. */
typedef struct block_line {
    gale_str name, value;
    const char *next;
} block_line;

static int cut_line(const char *at, const char *end, block_line *ret_line)
{
    const char *lf = (const char *)memchr(at, '\n', (size_t)(end - at));
    if (!lf || lf == at || lf[-1] != '\r')
        return GALE_EINPUT;
    const char *colon = (const char *)memchr(at, ':', (size_t)(lf - at));
    if (!colon)
        return GALE_EINPUT;
    ret_line->name = (gale_str){ at, (size_t)(colon - at) };
    ret_line->value = gale__http_trim((gale_str){ colon + 1, (size_t)(lf - 1 - (colon + 1)) });
    ret_line->next = lf + 1;
    if (!gale__http_is_token(at, ret_line->name.len) ||
        !gale__http_all(ret_line->value.data, ret_line->value.len, GALE__CHARACTER_FIELD))
        return GALE_EINPUT;
    return 0;
}

int gale__http_header_block_init(gale__http_header_block *block, gale_str text)
{
    uint64_t present = 0;
    block_line line;
    const char *end = text.data + text.len;
    for (const char *at = text.data; at < end; at = line.next) {
        GALE_TRY(cut_line(at, end, &line));
        gale__http_header id = gale__http_header_find(line.name.data, line.name.len);
        if (!id)
            return GALE_EINPUT;
        present |= gale__http_header_bit(id);
    }
    *block = (gale__http_header_block){ text, present, NULL };
    return 0;
}

static uint32_t count_lines(gale_str text)
{
    uint32_t count = 0;
    const char *at = text.data, *end = text.data + text.len;
    while ((at = (const char *)memchr(at, '\n', (size_t)(end - at)))) {
        at++;
        count++;
    }
    return count;
}

/* Cuts the lines of `text`, which is writable, into `fields`. */
static void fill_fields(gale__http_header_field *fields, char *text, size_t size)
{
    block_line line;
    char *end = text + size;
    for (char *at = text; at < end && cut_line(at, end, &line) == 0;) {
        gale__http_header id = gale__http_header_find(line.name.data, line.name.len);
        at[line.name.len] = '\0';
        at[(line.value.data - at) + (ptrdiff_t)line.value.len] = '\0';
        *fields++ = (gale__http_header_field){
            .name = line.name.data,
            .value = line.value.data,
            .name_size = (uint32_t)line.name.len,
            .value_size = (uint32_t)line.value.len,
            .id = id,
        };
        at += line.next - at;
    }
}

int gale__http_headers_expand(gale_http_headers *headers)
{
    gale_str block = headers->block.text;
    if (!block.len)
        return 0;
    uint32_t lines = count_lines(block);
    uint32_t capacity = lines + headers->count + 4;
    char *text = gale__arena_strdup(headers->arena, block.data, block.len);
    gale__http_header_field *fields = text ? (gale__http_header_field *)gale__arena_alloc(
                                                 headers->arena, capacity * sizeof *fields)
                                           : NULL;
    if (!fields)
        return -ENOMEM;
    fill_fields(fields, text, block.len);
    if (headers->count)
        memcpy(fields + lines, headers->fields, headers->count * sizeof *fields);
    headers->fields = fields;
    headers->count += lines;
    headers->capacity = capacity;
    headers->block = (gale__http_header_block){ { NULL, 0 }, 0, NULL };
    gale__http_headers_reindex(headers);
    return 0;
}
