/* SPDX-License-Identifier: Apache-2.0 */
/* The Cookie header, read as Tornado and browsers do rather than as RFC 6265 would write it. */
#include <errno.h>
#include <string.h>

#include "proto/arguments.h"

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Trims in place: the result is a string of its own. The byte behind it is overwritten. */
static gale_str trim(char *text, size_t size)
{
    while (size > 0 && is_space(*text)) {
        text++;
        size--;
    }
    while (size > 0 && is_space(text[size - 1]))
        size--;
    text[size] = '\0';
    return (gale_str){ text, size };
}

static bool is_octal(const char *at, size_t size)
{
    return size >= 3 && at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' &&
           at[2] >= '0' && at[2] <= '7';
}

/* Takes the quotes off a quoted value and undoes \ooo and \x, in place. */
static gale_str unquote(char *text, size_t size)
{
    if (size < 2 || text[0] != '"' || text[size - 1] != '"')
        return (gale_str){ text, size };
    char *out = text;
    const char *at = text + 1, *end = text + size - 1;
    while (at < end) {
        if (*at == '\\' && is_octal(at + 1, (size_t)(end - at - 1))) {
            *out++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
            at += 4;
            continue;
        }
        if (*at == '\\' && end - at > 1)
            at++;
        *out++ = *at++;
    }
    *out = '\0';
    return (gale_str){ text, (size_t)(out - text) };
}

static int append_cookie(gale_http_arguments *cookies, char *pair, size_t size)
{
    char *equals = (char *)memchr(pair, '=', size);
    char *value_start = equals ? equals + 1 : pair;
    gale_str value = trim(value_start, size - (size_t)(value_start - pair));
    gale_str name = equals ? trim(pair, (size_t)(equals - pair)) : GALE_STR("");
    if (!name.len && !value.len)
        return 0;
    value = unquote(value_start + (value.data - value_start), value.len);
    return gale__http_arguments_append(cookies, name, value);
}

int gale__http_cookies_parse(gale_http_arguments *cookies, gale_str text)
{
    char *at = gale__arena_strdup(cookies->arena, text.data, text.len);
    if (!at)
        return -ENOMEM;
    for (char *end = at + text.len; at < end;) {
        char *next = (char *)memchr(at, ';', (size_t)(end - at));
        if (!next)
            next = end;
        GALE_TRY(append_cookie(cookies, at, (size_t)(next - at)));
        at = next + 1;
    }
    return 0;
}

int gale_parse_cookie(gale_str text, gale_http_arguments **ret_cookies)
{
    gale_http_arguments *cookies = gale_http_arguments_new();
    if (!cookies)
        return -ENOMEM;
    int result = gale__http_cookies_parse(cookies, text);
    if (result < 0) {
        gale_http_arguments_free(cookies);
        return result;
    }
    *ret_cookies = cookies;
    return 0;
}
