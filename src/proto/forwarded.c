/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/forwarded.h"

#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "proto/characters.h"

static int malformed(void)
{
    return gale__fail(GALE_EINPUT, "malformed Forwarded header");
}

static void skip(gale_str *text, size_t size)
{
    text->data += size;
    text->len -= size;
}

static void skip_spaces(gale_str *text)
{
    while (text->len && gale__http_is_space(*text->data))
        skip(text, 1);
}

static bool take(gale_str *text, char byte)
{
    if (!text->len || *text->data != byte)
        return false;
    skip(text, 1);
    return true;
}

static gale_str take_token(gale_str *text)
{
    gale_str token = { text->data, 0 };
    while (token.len < text->len && gale__http_is(text->data[token.len], GALE__CHARACTER_TOKEN))
        token.len++;
    skip(text, token.len);
    return token;
}

/* A token or a quoted string; false when it is neither. */
static bool take_value(gale_str *text, gale_str *ret_value)
{
    if (!take(text, '"')) {
        *ret_value = take_token(text);
        return ret_value->len > 0;
    }
    const char *end = text->len ? memchr(text->data, '"', text->len) : NULL;
    if (!end)
        return false;
    *ret_value = (gale_str){ text->data, (size_t)(end - text->data) };
    skip(text, ret_value->len + 1);
    return gale__http_all(ret_value->data, ret_value->len, GALE__CHARACTER_FIELD) &&
           !(ret_value->len && memchr(ret_value->data, '\\', ret_value->len));
}

/* Where a parameter is kept; NULL for one that nobody asks for. */
static gale_str *place_of(gale__forwarded *element, gale_str name)
{
    if (name.len == 3 && strncasecmp(name.data, "for", 3) == 0)
        return &element->node;
    if (name.len == 5 && strncasecmp(name.data, "proto", 5) == 0)
        return &element->protocol;
    return name.len == 4 && strncasecmp(name.data, "host", 4) == 0 ? &element->host : NULL;
}

static int read_pair(gale_str *text, gale__forwarded *element)
{
    gale_str name = take_token(text), value;
    if (name.len == 0)
        return 0; /* empty pairs and elements are legal */
    if (!take(text, '=') || !take_value(text, &value))
        return malformed();
    gale_str *place = place_of(element, name);
    if (place && place->data)
        return malformed();
    if (place)
        *place = value;
    return 0;
}

int gale__forwarded_next(gale_str *value, gale__forwarded *ret_element)
{
    *ret_element = (gale__forwarded){ 0 };
    if (!value->len)
        return 0;
    for (;;) {
        skip_spaces(value);
        GALE_TRY(read_pair(value, ret_element));
        skip_spaces(value);
        if (!value->len || take(value, ','))
            return 1;
        if (!take(value, ';'))
            return malformed();
    }
}

gale_str gale__forwarded_address(gale_str node)
{
    const gale_str none = { NULL, 0 };
    if (!node.len || *node.data == '_')
        return none;
    if (*node.data == '[') {
        const char *end = memchr(node.data, ']', node.len);
        return end ? (gale_str){ node.data + 1, (size_t)(end - node.data - 1) } : none;
    }
    const char *colon = memchr(node.data, ':', node.len);
    size_t size = colon ? (size_t)(colon - node.data) : node.len;
    bool unknown = size == 7 && strncasecmp(node.data, "unknown", 7) == 0;
    return unknown ? none : (gale_str){ node.data, size };
}
