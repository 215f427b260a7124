/* SPDX-License-Identifier: Apache-2.0 */
/* Character references of HTML, as its specification has them read ("13.2.5.72 Character reference
 * state" and after): also those that nobody should write. */
#include <gale/escape.h>

#include <string.h>

#include "core/buffer.h"
#include "core/entities.h"
#include "core/utf8.h"

/* &#128; to &#159; are read as Windows-1252; 0 where that has nothing: the control is meant. */
static const uint16_t windows_1252[32] = { 0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020,
                                           0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
                                           0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d,
                                           0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
                                           0x0153, 0,      0x017e, 0x0178 };

/* Controls and noncharacters, which leave nothing behind. */
static bool is_dropped(uint32_t number)
{
    bool control = (number >= 0x01 && number <= 0x08) || number == 0x0b ||
                   (number >= 0x0e && number <= 0x1f) || number == 0x7f;
    return control || (number >= 0xfdd0 && number <= 0xfdef) || (number & 0xfffe) == 0xfffe;
}

static void append_number(gale__buffer *out, uint32_t number)
{
    char encoded[4];
    if (number >= 0x80 && number <= 0x9f && windows_1252[number - 0x80])
        number = windows_1252[number - 0x80];
    else if (number == 0 || number > 0x10ffff)
        number = 0xfffd;
    else if (is_dropped(number))
        return;
    gale__buffer_append(out, encoded, gale__utf8_encode(number, encoded));
}

/* The value of a digit, or 16 when it is none. */
static unsigned digit_value(char digit)
{
    unsigned char letter = (unsigned char)digit | 0x20;
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0');
    return letter >= 'a' && letter <= 'f' ? (unsigned)(letter - 'a' + 10) : 16;
}

/* "#65;" or "#x41;" at `at`, behind the "&": appends the character and returns the size, or 0. */
static size_t numeric(gale__buffer *out, const char *at)
{
    unsigned base = (at[1] | 0x20) == 'x' ? 16 : 10;
    const char *first = at + (base == 16 ? 2 : 1), *digit = first;
    uint32_t number = 0;
    for (; digit_value(*digit) < base; digit++)
        if (number <= 0x10ffff)
            number = number * base + digit_value(*digit);
    if (digit == first)
        return 0;
    append_number(out, number);
    return (size_t)(digit - at) + (*digit == ';');
}

static bool is_name_byte(char byte)
{
    char letter = byte | 0x20;
    return (byte >= '0' && byte <= '9') || (letter >= 'a' && letter <= 'z');
}

static bool append_entity(gale__buffer *out, gale_str name, bool legacy)
{
    bool is_legacy;
    gale_str text = gale__entity_find(name, &is_legacy);
    if (!text.data || (legacy && !is_legacy))
        return false;
    gale__buffer_append(out, text.data, text.len);
    return true;
}

/* The same for "amp;": with its semicolon, else the longest old name at the front. */
static size_t named(gale__buffer *out, const char *at)
{
    size_t size = 0;
    while (size <= GALE__ENTITY_NAME_MAX && is_name_byte(at[size]))
        size++;
    if (at[size] == ';' && append_entity(out, (gale_str){ at, size }, false))
        return size + 1;
    if (size > GALE__ENTITY_LEGACY_NAME_MAX)
        size = GALE__ENTITY_LEGACY_NAME_MAX;
    for (; size >= 2; size--)
        if (append_entity(out, (gale_str){ at, size }, true))
            return size;
    return 0;
}

gale_bytes *gale_xhtml_unescape(const char *text)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    for (;;) {
        size_t plain = strcspn(text, "&");
        gale__buffer_append(&out, text, plain);
        text += plain;
        if (!*text)
            return gale__buffer_take(&out);
        size_t size = text[1] == '#' ? numeric(&out, text + 1) : named(&out, text + 1);
        if (size == 0)
            gale__buffer_append_char(&out, '&');
        text += 1 + size;
    }
}
