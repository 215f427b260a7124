/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/header_parameters.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/escape.h"
#include "core/utf8.h"
#include "proto/characters.h"

enum { SECTIONS_MAX = 100 };

/* A value that is cut in sections, or has a charset. */
typedef struct extended_value {
    gale_str sections[SECTIONS_MAX]; /* `data` NULL: there is no such section */
    bool encoded[SECTIONS_MAX];
    size_t count; /* up to the last section */
} extended_value;

/* Where the ";" stands that ends the text: not one in quotes. */
static size_t until_semicolon(gale_str text)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\\' && (quoted || (i + 1 < text.len && text.data[i + 1] == '"')))
            i++;
        else if (text.data[i] == '"')
            quoted = !quoted;
        else if (text.data[i] == ';' && !quoted)
            return i;
    }
    return text.len;
}

/* Cuts the next element off the front of *rest. */
static gale_str next_element(gale_str *rest)
{
    size_t size = until_semicolon(*rest);
    gale_str element = { rest->data, size };
    size_t used = size < rest->len ? size + 1 : size;
    rest->data += used;
    rest->len -= used;
    return gale__http_trim(element);
}

gale_str gale__header_value(gale_str header)
{
    return next_element(&header);
}

/* Takes the quotes off, and the backslashes before a quote or backslash. */
static int unquote(gale__buffer *out, gale_str text)
{
    if (text.len < 2 || text.data[0] != '"' || text.data[text.len - 1] != '"')
        return gale__buffer_append(out, text.data, text.len);
    const char *at = text.data + 1, *end = text.data + text.len - 1;
    while (at < end) {
        if (*at == '\\' && end - at > 1 && (at[1] == '\\' || at[1] == '"'))
            at++;
        gale__buffer_append_char(out, *at++);
    }
    return out->error;
}

/* The number of a section in what follows the name and its "*"; -1: it is none. */
static int section_number(gale_str suffix, bool *ret_encoded)
{
    *ret_encoded = suffix.len == 0;
    if (suffix.len && suffix.data[suffix.len - 1] == '*') {
        *ret_encoded = true;
        if (--suffix.len == 0)
            return -1;
    }
    int number = 0;
    for (size_t i = 0; i < suffix.len; i++) {
        if (!gale__http_is_digit(suffix.data[i]))
            return -1;
        if (number < SECTIONS_MAX)
            number = number * 10 + (suffix.data[i] - '0');
    }
    return number;
}

static int keep_section(extended_value *value, gale_str suffix, gale_str text)
{
    bool encoded;
    int number = section_number(suffix, &encoded);
    if (number < 0)
        return 0;
    if (number >= SECTIONS_MAX)
        return gale__fail(GALE_EINPUT, "too many parts of a header parameter");
    value->sections[number] = text;
    value->encoded[number] = encoded;
    if (value->count <= (size_t)number)
        value->count = (size_t)number + 1;
    return 0;
}

/* The last plain value goes to *ret_plain, the others to `extended`. */
static int collect(gale_str header, const char *name, gale_str *ret_plain, extended_value *extended)
{
    size_t name_size = strlen(name);
    next_element(&header);
    while (header.len) {
        gale_str element = next_element(&header);
        const char *equals = element.len ? memchr(element.data, '=', element.len) : NULL;
        if (!equals)
            continue;
        gale_str key = gale__http_trim((gale_str){ element.data, (size_t)(equals - element.data) });
        gale_str text = { equals + 1, element.len - (size_t)(equals + 1 - element.data) };
        text = gale__http_trim(text);
        if (key.len < name_size || strncasecmp(key.data, name, name_size) != 0)
            continue;
        if (key.len == name_size)
            *ret_plain = text;
        else if (key.data[name_size] == '*')
            GALE_TRY(keep_section(
                extended, (gale_str){ key.data + name_size + 1, key.len - name_size - 1 }, text));
    }
    return 0;
}

/* ---- Charsets -------------------------------------------------------------------------- */

static int append_code_point(gale__buffer *out, uint32_t code_point)
{
    char text[4];
    return gale__buffer_append(out, text, gale__utf8_encode(code_point, text));
}

/* Each byte that is in no sequence of UTF-8 becomes U+FFFD. */
static int append_utf8(gale__buffer *out, gale_str text)
{
    while (text.len) {
        size_t size = 1;
        while (size < 4 && size < text.len && ((unsigned char)text.data[size] & 0xC0) == 0x80)
            size++;
        while (size > 1 && !gale__utf8_valid(text.data, size))
            size--;
        if (gale__utf8_valid(text.data, size))
            gale__buffer_append(out, text.data, size);
        else
            append_code_point(out, 0xFFFD);
        text.data += size;
        text.len -= size;
    }
    return out->error;
}

static int append_bytes(gale__buffer *out, gale_str text, bool latin1)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        append_code_point(out, byte < 0x80 || latin1 ? byte : 0xFFFD);
    }
    return out->error;
}

static bool is_charset(gale_str charset, const char *name)
{
    return charset.len == strlen(name) && strncasecmp(charset.data, name, charset.len) == 0;
}

/* Decodes "charset'language'text"; without the two apostrophes it is all text. */
static int decode(gale__buffer *out, gale_str value)
{
    gale_str charset = { "us-ascii", 8 };
    const char *first = value.len ? memchr(value.data, '\'', value.len) : NULL;
    const char *second =
        first ? memchr(first + 1, '\'', value.len - (size_t)(first + 1 - value.data)) : NULL;
    if (second) {
        charset = (gale_str){ value.data, (size_t)(first - value.data) };
        value.len -= (size_t)(second + 1 - value.data);
        value.data = second + 1;
    }
    if (is_charset(charset, "us-ascii"))
        return append_bytes(out, value, false);
    if (is_charset(charset, "iso-8859-1") || is_charset(charset, "latin-1"))
        return append_bytes(out, value, true);
    return append_utf8(out, value);
}

/* ---- All together ---------------------------------------------------------------------- */

static int join_sections(gale__buffer *out, const extended_value *value, bool *ret_encoded)
{
    gale__buffer section;
    gale__buffer_init(&section, SIZE_MAX);
    for (size_t i = 0; i < value->count; i++) {
        if (!value->sections[i].data)
            continue;
        section.size = 0;
        int result = unquote(&section, value->sections[i]);
        if (result < 0) {
            gale__buffer_clear(&section);
            return result;
        }
        if (value->encoded[i] && section.size)
            section.size =
                gale__url_unescape(gale__buffer_begin(&section), gale__buffer_str(&section), false);
        *ret_encoded |= value->encoded[i];
        gale_str text = gale__buffer_str(&section);
        gale__buffer_append(out, text.data, text.len);
    }
    gale__buffer_clear(&section);
    return out->error;
}

static int make_text(gale__buffer *out, gale_str plain, const extended_value *extended)
{
    bool encoded = false;
    if (!extended->count)
        return unquote(out, plain);
    GALE_TRY(join_sections(out, extended, &encoded));
    if (!encoded)
        return 0;
    gale__buffer joined = *out;
    gale__buffer_init(out, SIZE_MAX);
    int result = decode(out, gale__buffer_str(&joined));
    gale__buffer_clear(&joined);
    return result;
}

static bool has_controls(gale_str text)
{
    return !gale__http_all(text.data, text.len, GALE__CHARACTER_FIELD);
}

int gale__header_parameter(gale__arena *arena, gale_str header, const char *name,
                           gale_str *ret_text)
{
    extended_value extended;
    extended.count = 0;
    memset(extended.sections, 0, sizeof extended.sections);
    gale_str plain = { NULL, 0 };
    *ret_text = plain;
    GALE_TRY(collect(header, name, &plain, &extended));
    if (!plain.data && !extended.count)
        return 0;
    gale__buffer text;
    gale__buffer_init(&text, SIZE_MAX);
    int result = make_text(&text, plain, &extended);
    gale_str made = gale__buffer_str(&text);
    if (result >= 0 && has_controls(made))
        result = gale__fail(GALE_EINPUT, "Invalid header value");
    if (result >= 0) {
        char *copy = gale__arena_strdup(arena, made.data, made.len);
        *ret_text = (gale_str){ copy, made.len };
        result = copy ? 0 : -ENOMEM;
    }
    gale__buffer_clear(&text);
    return result;
}
