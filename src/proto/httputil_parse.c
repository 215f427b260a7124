/* SPDX-License-Identifier: Apache-2.0 */
/* Headers from and to text, outside of HTTP messages: line by line, continued lines included. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "proto/characters.h"
#include "proto/header_key.h"

static gale_str without_line_end(gale_str line)
{
    if (line.len && line.data[line.len - 1] == '\n') {
        line.len--;
        if (line.len && line.data[line.len - 1] == '\r')
            line.len--;
    }
    return line;
}

/* Makes room for `more` bytes behind the value. Doubling keeps many continuations linear. */
static int make_room(gale__arena *arena, gale__http_header_field *field, size_t more)
{
    size_t need = field->value_size + more;
    if (need > UINT32_MAX / 4)
        return GALE_ETOOBIG;
    if (need <= field->room)
        return 0;
    char *value = (char *)gale__arena_alloc(arena, need * 2 + 1);
    if (!value)
        return -ENOMEM;
    memcpy(value, field->value, field->value_size);
    field->value = value;
    field->room = (uint32_t)(need * 2);
    return 0;
}

static int continue_value(gale_http_headers *headers, gale_str line)
{
    gale_str part = gale__http_trim(line);
    if (!headers->count)
        return gale__fail(GALE_EINPUT, "the first header line begins with white space");
    if (!gale__http_all(part.data, part.len, GALE__CHARACTER_FIELD))
        return gale__fail(GALE_EINPUT, "invalid continuation of a header");
    gale__http_header_field *field = &headers->fields[headers->count - 1];
    GALE_TRY(make_room(headers->arena, field, part.len + 1));
    char *end = (char *)(uintptr_t)field->value + field->value_size;
    *end = ' ';
    memcpy(end + 1, part.data, part.len);
    end[part.len + 1] = '\0';
    field->value_size += (uint32_t)part.len + 1;
    headers->joined = NULL;
    return 0;
}

int gale_http_headers_parse_line(gale_http_headers *headers, gale_str line)
{
    line = without_line_end(line);
    if (!line.len)
        return 0;
    if (gale__http_is_space(line.data[0]))
        return continue_value(headers, line);
    const char *colon = (const char *)memchr(line.data, ':', line.len);
    if (!colon)
        return gale__fail(GALE_EINPUT, "no colon in header line");
    gale_str name = { line.data, (size_t)(colon - line.data) };
    gale_str value = { colon + 1, line.len - name.len - 1 };
    return gale__http_headers_add_checked(headers, name, gale__http_trim(value));
}

static int parse_lines(gale_http_headers *headers, gale_str text)
{
    while (text.len) {
        const char *lf = (const char *)memchr(text.data, '\n', text.len);
        size_t size = lf ? (size_t)(lf + 1 - text.data) : text.len;
        GALE_TRY(gale_http_headers_parse_line(headers, (gale_str){ text.data, size }));
        text.data += size;
        text.len -= size;
    }
    return 0;
}

int gale_http_headers_parse(gale_str text, gale_http_headers **ret_headers)
{
    gale_http_headers *headers = gale_http_headers_new();
    if (!headers)
        return -ENOMEM;
    int result = parse_lines(headers, text);
    if (result < 0) {
        gale_http_headers_free(headers);
        return result;
    }
    *ret_headers = headers;
    return 0;
}

static char *put(char *at, const char *text, size_t size)
{
    memcpy(at, text, size);
    return at + size;
}

const char *gale_http_headers_str(gale_http_headers *headers)
{
    size_t size = 1;
    if (gale__http_headers_expand(headers) < 0)
        return NULL;
    for (uint32_t i = 0; i < headers->count; i++)
        size += (size_t)headers->fields[i].name_size + headers->fields[i].value_size + 3;
    char *text = (char *)gale__arena_alloc(headers->arena, size);
    if (!text)
        return NULL;
    char *at = text;
    for (uint32_t i = 0; i < headers->count; i++) {
        at = put(at, headers->fields[i].name, headers->fields[i].name_size);
        at = put(at, ": ", 2);
        at = put(at, headers->fields[i].value, headers->fields[i].value_size);
        *at++ = '\n';
    }
    *at = '\0';
    return text;
}
