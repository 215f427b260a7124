/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/challenge.h"

#include <string.h>

#include "core/error.h"
#include "proto/characters.h"
#include "proto/header_names.h"

static void skip(gale_str *text, size_t size)
{
    *text = (gale_str){ text->data + size, text->len - size };
}

static void skip_spaces(gale_str *text)
{
    while (text->len && gale__http_is_space(*text->data))
        skip(text, 1);
}

/* White space and the commas of empty elements. */
static void skip_separators(gale_str *text)
{
    while (text->len && (gale__http_is_space(*text->data) || *text->data == ','))
        skip(text, 1);
}

static gale_str take_token(gale_str *text)
{
    gale_str token = { text->data, 0 };
    while (token.len < text->len && gale__http_is(text->data[token.len], GALE__CHARACTER_TOKEN))
        token.len++;
    skip(text, token.len);
    return token;
}

/* The size of the quoted string at the front with its quotes; 0 when it does not end. */
static size_t quoted_size(gale_str text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] == '"')
            return i + 1;
        if (text.data[i] == '\\')
            i++;
    }
    return 0;
}

typedef struct parameter {
    gale_str name, value; /* the value with its quotes */
} parameter;

/* name=value; false, and *text is as before, when that is not what is there. */
static bool take_parameter(gale_str *text, parameter *ret)
{
    gale_str rest = *text;
    ret->name = take_token(&rest);
    skip_spaces(&rest);
    if (!ret->name.len || !rest.len || *rest.data != '=')
        return false;
    skip(&rest, 1);
    skip_spaces(&rest);
    if (rest.len && *rest.data == '"') {
        ret->value = (gale_str){ rest.data, quoted_size(rest) };
        skip(&rest, ret->value.len);
    } else {
        ret->value = take_token(&rest);
    }
    *text = rest;
    return ret->value.len > 0;
}

static bool ends(gale_str text)
{
    skip_spaces(&text);
    return !text.len || *text.data == ',';
}

/* token68, RFC 9110 §11.2: not followed by anything. */
static bool take_token68(gale_str *text)
{
    gale_str rest = *text;
    while (rest.len && (gale__http_is(*rest.data, GALE__CHARACTER_TOKEN) || *rest.data == '/'))
        skip(&rest, 1);
    bool any = rest.data > text->data;
    while (rest.len && *rest.data == '=')
        skip(&rest, 1);
    if (!any || !ends(rest))
        return false;
    *text = rest;
    return true;
}

/* Parameters up to the next challenge, or the end. */
static int take_parameters(gale_str *text)
{
    parameter ignored;
    for (;;) {
        gale_str rest = *text;
        skip_separators(&rest);
        if (!take_parameter(&rest, &ignored))
            return 0;
        if (!ends(rest))
            return GALE_EINPUT;
        *text = rest;
    }
}

int gale__challenge_next(gale_str *header, gale__challenge *ret)
{
    skip_separators(header);
    if (!header->len)
        return 0;
    ret->scheme = take_token(header);
    bool spaced = header->len && gale__http_is_space(*header->data);
    skip_spaces(header);
    ret->parameters = (gale_str){ header->data, 0 };
    if (!ret->scheme.len || (!spaced && !ends(*header)))
        return gale__fail(GALE_EINPUT, "malformed challenge");
    if (!ends(*header) && !take_token68(header) && take_parameters(header) < 0)
        return gale__fail(GALE_EINPUT, "malformed challenge");
    if (!ends(*header))
        return gale__fail(GALE_EINPUT, "malformed challenge");
    ret->parameters.len = (size_t)(header->data - ret->parameters.data);
    return 1;
}

static gale_str unquoted(gale__arena *arena, gale_str value)
{
    if (*value.data != '"') {
        value.data = gale__arena_strdup(arena, value.data, value.len);
        return value;
    }
    char *text = gale__arena_alloc(arena, value.len), *out = text;
    if (!text)
        return (gale_str){ NULL, 0 };
    for (size_t i = 1; i + 1 < value.len; i++) {
        if (value.data[i] == '\\' && i + 2 < value.len)
            i++;
        *out++ = value.data[i];
    }
    *out = '\0';
    return (gale_str){ text, (size_t)(out - text) };
}

gale_str gale__challenge_parameter(gale__arena *arena, gale_str parameters, const char *name)
{
    parameter found;
    skip_separators(&parameters);
    while (take_parameter(&parameters, &found)) {
        if (gale__http_equal(found.name.data, found.name.len, name, strlen(name)))
            return unquoted(arena, found.value);
        skip_separators(&parameters);
    }
    return (gale_str){ NULL, 0 };
}
