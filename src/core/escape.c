/* SPDX-License-Identifier: Apache-2.0 */
#include "core/escape.h"

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
