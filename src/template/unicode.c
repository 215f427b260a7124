/* SPDX-License-Identifier: Apache-2.0 */
/* Classes and cases of characters outside ASCII are the C library's, in its locale C.UTF-8. */
#include "template/unicode.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

#include "core/utf8.h"

static locale_t unicode_locale;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_locale(void)
{
    unicode_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!unicode_locale)
        unicode_locale = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
}

static locale_t locale(void)
{
    pthread_once(&once, make_locale);
    return unicode_locale;
}

uint32_t gale__code_point(const char *text, size_t *ret_size)
{
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] < 0x80) {
        *ret_size = 1;
        return at[0];
    }
    if (at[0] < 0xE0) {
        *ret_size = 2;
        return (at[0] & 0x1Fu) << 6 | (at[1] & 0x3Fu);
    }
    if (at[0] < 0xF0) {
        *ret_size = 3;
        return (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
    }
    *ret_size = 4;
    return (at[0] & 0x07u) << 18 | (at[1] & 0x3Fu) << 12 | (at[2] & 0x3Fu) << 6 | (at[3] & 0x3Fu);
}

size_t gale__code_points(gale_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += !gale__is_tail(text.data[i]);
    return count;
}

size_t gale__code_point_offset(gale_str text, size_t index)
{
    size_t at = 0;
    for (; at < text.len; at++)
        if (!gale__is_tail(text.data[at]) && index-- == 0)
            break;
    return at;
}

bool gale__is_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

size_t gale__space_at_start(gale_str text)
{
    size_t size;
    return text.len && gale__is_space(gale__code_point(text.data, &size)) ? size : 0;
}

size_t gale__space_at_end(gale_str text)
{
    if (!text.len)
        return 0;
    size_t start = text.len - 1, size;
    while (start && gale__is_tail(text.data[start]))
        start--;
    return gale__is_space(gale__code_point(text.data + start, &size)) ? size : 0;
}

/* Of Unicode's categories Cf and Co, which the C library takes for printable. */
static bool is_format_or_private(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0xAD, 0xAD },        { 0x600, 0x605 },     { 0x61C, 0x61C },     { 0x6DD, 0x6DD },
        { 0x70F, 0x70F },      { 0x890, 0x891 },     { 0x8E2, 0x8E2 },     { 0x180E, 0x180E },
        { 0x200B, 0x200F },    { 0x2028, 0x202E },   { 0x2060, 0x206F },   { 0xE000, 0xF8FF },
        { 0xFEFF, 0xFEFF },    { 0xFFF9, 0xFFFB },   { 0x110BD, 0x110BD }, { 0x110CD, 0x110CD },
        { 0x13430, 0x13438 },  { 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A }, { 0xE0000, 0xE007F },
        { 0xF0000, 0x10FFFF },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

bool gale__is_printable(uint32_t c)
{
    if (c < 0x7F)
        return c >= ' ';
    return !gale__is_space(c) && !is_format_or_private(c) && iswprint_l((wint_t)c, locale());
}

bool gale__is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

/* The C library's class holds digits of other scripts, too. */
bool gale__is_alpha(uint32_t c)
{
    if (c < 0x80)
        return (c | 32) >= 'a' && (c | 32) <= 'z';
    return iswalpha_l((wint_t)c, locale()) && !iswdigit_l((wint_t)c, locale());
}

bool gale__is_upper(uint32_t c)
{
    return c < 0x80 ? c >= 'A' && c <= 'Z' : iswupper_l((wint_t)c, locale()) != 0;
}

bool gale__is_lower(uint32_t c)
{
    return c < 0x80 ? c >= 'a' && c <= 'z' : iswlower_l((wint_t)c, locale()) != 0;
}

void gale__append_code_point(gale__buffer *out, uint32_t code_point)
{
    char bytes[4];
    gale__buffer_append(out, bytes, gale__utf8_encode(code_point, bytes));
}

void gale__append_upper(gale__buffer *out, uint32_t c)
{
    if (c < 0x80)
        gale__buffer_append_char(out, (char)(c >= 'a' && c <= 'z' ? c - 32 : c));
    else if (c == 0xDF)
        gale__buffer_append(out, "SS", 2);
    else
        gale__append_code_point(out, (uint32_t)towupper_l((wint_t)c, locale()));
}

void gale__append_lower(gale__buffer *out, uint32_t c)
{
    if (c < 0x80)
        gale__buffer_append_char(out, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
    else
        gale__append_code_point(out, (uint32_t)towlower_l((wint_t)c, locale()));
}
