/* SPDX-License-Identifier: Apache-2.0 */
#include "core/escape.h"

#include <string.h>

#include <gale/escape.h>

#include "core/letters.h"
#include "core/utf8.h"

/* What stands between two escaped bytes. */
static int append_range(gale__buffer *out, gale_str text, size_t start, size_t end)
{
    return gale__buffer_append(out, start < end ? text.data + start : "", end - start);
}

static const unsigned char entity_numbers[256] = {
    ['&'] = 1, ['<'] = 2, ['>'] = 3, ['"'] = 4, ['\''] = 5
};
static const gale_str entities[] = { { "", 0 },     { "&amp;", 5 },  { "&lt;", 4 },
                                     { "&gt;", 4 }, { "&quot;", 6 }, { "&#x27;", 6 } };

int gale__xhtml_escape(gale__buffer *out, gale_str text)
{
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        size_t number = entity_numbers[(unsigned char)text.data[i]];
        if (GALE__LIKELY(!number))
            continue;
        append_range(out, text, start, i);
        gale__buffer_append(out, entities[number].data, entities[number].len);
        start = i + 1;
    }
    return append_range(out, text, start, text.len);
}

static bool is_unreserved(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '.' || byte == '-' || byte == '~';
}

static void append_percent(gale__buffer *out, char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned value = (unsigned char)byte;
    char encoded[3] = { '%', digits[value >> 4], digits[value & 15] };
    gale__buffer_append(out, encoded, sizeof encoded);
}

int gale__url_escape(gale__buffer *out, gale_str text, bool plus)
{
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        if (is_unreserved(byte) || (byte == '/' && !plus))
            continue;
        append_range(out, text, start, i);
        if (byte == ' ' && plus)
            gale__buffer_append_char(out, '+');
        else
            append_percent(out, byte);
        start = i + 1;
    }
    return append_range(out, text, start, text.len);
}

/* -1 when it is not a hexadecimal digit. */
static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* The byte that %XX at the front stands for, or -1 when the text does not begin so. */
static int decode_percent(const char *at, size_t size)
{
    if (size < 3 || at[0] != '%')
        return -1;
    int high = hex_value(at[1]), low = hex_value(at[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

size_t gale__url_unescape(char *out, gale_str text, bool plus)
{
    size_t length = 0;
    for (size_t i = 0; i < text.len; i++) {
        int decoded = decode_percent(text.data + i, text.len - i);
        if (decoded >= 0) {
            out[length++] = (char)decoded;
            i += 2;
        } else {
            out[length++] = plus && text.data[i] == '+' ? ' ' : text.data[i];
        }
    }
    return length;
}

/* ---- The public calls ------------------------------------------------------------------ */

gale_bytes *gale_xhtml_escape(const char *text)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    gale__xhtml_escape(&out, (gale_str){ text, strlen(text) });
    return gale__buffer_take(&out);
}

gale_bytes *gale_url_escape(const char *text, bool plus)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    gale__url_escape(&out, (gale_str){ text, strlen(text) }, plus);
    return gale__buffer_take(&out);
}

static void unescape(gale__buffer *out, const char *text, bool plus)
{
    size_t size = strlen(text);
    gale__buffer_init(out, SIZE_MAX);
    if (gale__buffer_reserve(out, size) >= 0)
        gale__buffer_commit(
            out, gale__url_unescape(gale__buffer_end(out), (gale_str){ text, size }, plus));
}

gale_bytes *gale_url_unescape_bytes(const char *text, bool plus)
{
    gale__buffer out;
    unescape(&out, text, plus);
    return gale__buffer_take(&out);
}

/* Appends the text with U+FFFD for what is not UTF-8. */
static void append_as_utf8(gale__buffer *out, gale_str text)
{
    while (text.len) {
        uint32_t code_point;
        char encoded[4];
        size_t size = gale__utf8_decode(text.data, text.len, &code_point);
        gale__buffer_append(out, encoded, gale__utf8_encode(code_point, encoded));
        text.data += size;
        text.len -= size;
    }
}

gale_bytes *gale_url_unescape(const char *text, bool plus)
{
    gale__buffer bytes, out;
    unescape(&bytes, text, plus);
    if (bytes.error || gale__utf8_valid(gale__buffer_str(&bytes).data, bytes.size))
        return gale__buffer_take(&bytes);
    gale__buffer_init(&out, SIZE_MAX);
    append_as_utf8(&out, gale__buffer_str(&bytes));
    gale__buffer_clear(&bytes);
    return gale__buffer_take(&out);
}

gale_bytes *gale_squeeze(const char *text)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    for (const char *at = text; *at; at++) {
        bool blank = (unsigned char)*at <= ' ';
        if (!blank || at == text || (unsigned char)at[-1] > ' ')
            gale__buffer_append_char(&out, blank ? ' ' : *at);
    }
    gale_str stripped = gale__strip(gale__buffer_str(&out));
    gale_bytes *bytes = out.error ? NULL : gale_bytes_new(stripped.data, stripped.len);
    gale__buffer_clear(&out);
    return bytes;
}

bool gale_utf8_valid(gale_str text)
{
    return gale__utf8_valid(text.data, text.len);
}
