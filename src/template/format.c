/* SPDX-License-Identifier: Apache-2.0 */
/* format(value, specification). */
#include "template/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Padding --------------------------------------------------------------------------- */

static int append_fill(gale__run *run, gale__buffer *out, gale_str fill, int64_t count)
{
    if (count > 0)
        GALE_TRY(gale__run_steps(run, count / 8));
    while (count-- > 0 && !out->error)
        gale__buffer_append(out, fill.data, fill.len);
    return out->error;
}

/* `prefix` (sign, 0x) and `body`, of which `=` puts the fill in between. */
static int append_padded(gale__run *run, gale__buffer *out, gale_str prefix, gale_str body,
                         char align, const gale__format *format)
{
    int64_t size = (int64_t)(prefix.len + gale__code_points(body));
    int64_t need = format->width > size ? format->width - size : 0;
    int64_t left = align == '<' || align == '=' ? 0 : align == '^' ? need / 2 : need;
    GALE_TRY(append_fill(run, out, format->fill, left));
    gale__buffer_append(out, prefix.data, prefix.len);
    if (align == '=')
        GALE_TRY(append_fill(run, out, format->fill, need));
    gale__buffer_append(out, body.data, body.len);
    return append_fill(run, out, format->fill, align == '=' ? 0 : need - left);
}

int gale__format_str(gale__run *run, gale__buffer *out, gale_str text, const gale__format *format)
{
    if (format->precision >= 0)
        text.len = gale__code_point_offset(text, (size_t)format->precision);
    return append_padded(run, out, GALE_STR(""), text, format->align ? format->align : '<', format);
}

/* ---- Numbers --------------------------------------------------------------------------- */

/* Digits with signs of grouping, with zeros in front to be `width` wide. */
static int append_grouped(gale__run *run, gale__buffer *out, gale_str digits, char sign, int every,
                          int64_t width)
{
    int64_t count = (int64_t)digits.len, zeros = 0;
    if (width > 0)
        GALE_TRY(gale__run_steps(run, width / 8));
    while (count + zeros + (count + zeros - 1) / every < width)
        zeros++;
    for (int64_t i = 0, all = count + zeros; i < all && !out->error; i++) {
        if (i && (all - i) % every == 0)
            gale__buffer_append_char(out, sign);
        gale__buffer_append_char(out, i < zeros ? '0' : digits.data[i - zeros]);
    }
    return out->error;
}

/* A number whose digits before the point are the first `whole` of `body`. */
static int append_number(gale__run *run, gale__buffer *out, bool negative, const char *base,
                         gale_str body, size_t whole, const gale__format *format)
{
    char prefix[8];
    char sign[2] = { negative ? '-' : format->sign == '-' ? '\0' : format->sign, '\0' };
    int size = snprintf(prefix, sizeof prefix, "%s%s", sign, base);
    gale_str before = { prefix, (size_t)size };
    char align = format->align ? format->align : '>';
    if (!format->grouping)
        return append_padded(run, out, before, body, align, format);
    bool zeros = align == '=' && format->fill.len == 1 && *format->fill.data == '0';
    int every = strchr("box", format->type | 32) && format->type ? 4 : 3;
    gale__buffer grouped;
    gale__run_buffer(run, &grouped);
    int64_t width = format->width - size - (int64_t)(body.len - whole);
    int error = append_grouped(run, &grouped, (gale_str){ body.data, whole }, format->grouping,
                               every, zeros ? width : 0);
    if (error >= 0)
        error = gale__buffer_append(&grouped, body.data + whole, body.len - whole);
    if (error >= 0)
        error = append_padded(run, out, before, gale__buffer_str(&grouped), align, format);
    gale__buffer_clear(&grouped);
    return error;
}

static int format_character(gale__run *run, gale__buffer *out, int64_t c,
                            const gale__format *format)
{
    if (c < 0 || c > 0x10FFFF)
        return gale__raise(run, ERROR_OVERFLOW, "%%c arg not in range(0x110000)");
    gale__buffer character;
    gale__run_buffer(run, &character);
    gale__append_code_point(&character, (uint32_t)c);
    int error = append_padded(run, out, GALE_STR(""), gale__buffer_str(&character),
                              format->align ? format->align : '>', format);
    gale__buffer_clear(&character);
    return error;
}

int gale__format_int(gale__run *run, gale__buffer *out, int64_t integer, const gale__format *format)
{
    char room[GALE__PRECISION_MAX + 80], *end = room + sizeof room, *at = end;
    char type = format->type ? format->type : 'd';
    if (type == 'c')
        return format_character(run, out, integer, format);
    unsigned base = type == 'b' ? 2 : type == 'o' ? 8 : (type | 32) == 'x' ? 16 : 10;
    const char *letters = type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    uint64_t rest = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;
    do
        *--at = letters[rest % base];
    while (rest /= base);
    while (end - at < format->digits)
        *--at = '0';
    char prefix[3] = { '0', type, '\0' };
    gale_str digits = { at, (size_t)(end - at) };
    return append_number(run, out, integer < 0, format->alternate && base != 10 ? prefix : "",
                         digits, digits.len, format);
}

/* str() rounded to `precision` digits: what a specification without a type means. */
static void print_general(char *room, size_t size, double real, int precision)
{
    precision = precision ? precision : 1;
    snprintf(room, size, "%.*e", precision - 1, real);
    char *exponent = strchr(room, 'e');
    int power = exponent ? (int)strtol(exponent + 1, NULL, 10) : 0;
    bool scientific = power < -4 || power >= precision - (precision > 1);
    if (precision == 1 && power == 0)
        scientific = true;
    char tail[16] = "";
    if (scientific)
        snprintf(tail, sizeof tail, "%s", exponent ? exponent : "");
    else
        snprintf(room, size, "%.*f", precision - 1 - power, real);
    char *end = scientific ? exponent : strchr(room, '\0');
    if (memchr(room, '.', (size_t)(end - room))) {
        while (end[-1] == '0')
            end--;
        if (end[-1] == '.')
            end += scientific ? -1 : 1;
    }
    snprintf(end, size - (size_t)(end - room), "%s", tail);
}

static void print_float(char *room, size_t size, double real, const gale__format *format)
{
    char pattern[8];
    int precision = format->precision < 0 ? 6 : (int)format->precision;
    if (!format->type) {
        print_general(room, size, real, precision);
        return;
    }
    char type = format->type == '%' ? 'f' : format->type == 'n' ? 'g' : format->type;
    snprintf(pattern, sizeof pattern, "%%%s.*%c", format->alternate ? "#" : "", type);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(room, size, pattern, precision, real);
#pragma GCC diagnostic pop
}

int gale__format_float(gale__run *run, gale__buffer *out, double real, const gale__format *format)
{
    gale__buffer text;
    bool negative = signbit(real) && !isnan(real);
    gale__run_buffer(run, &text);
    if (negative)
        real = -real;
    real = format->type == '%' ? real * 100 : real;
    if (!format->type && format->precision < 0) {
        gale__append_float(&text, real);
    } else if (!isfinite(real)) {
        bool upper = format->type == 'F' || format->type == 'E' || format->type == 'G';
        const char *word = isnan(real) ? upper ? "NAN" : "nan" : upper ? "INF" : "inf";
        gale__buffer_append(&text, word, 3);
    } else {
        char room[GALE__PRECISION_MAX + 400];
        print_float(room, sizeof room, real, format);
        gale__buffer_append(&text, room, strlen(room));
    }
    if (format->type == '%')
        gale__buffer_append_char(&text, '%');
    gale_str body = gale__buffer_str(&text);
    size_t whole = 0;
    while (whole < body.len && gale__is_digit((unsigned char)body.data[whole]))
        whole++;
    int error = text.error;
    if (!error)
        error = append_number(run, out, negative, "", body, whole, format);
    gale__buffer_clear(&text);
    return error;
}

/* ---- Specifications -------------------------------------------------------------------- */

static bool take(gale_str *rest, const char *set, char *out)
{
    if (!rest->len || !*rest->data || !strchr(set, *rest->data))
        return false;
    *out = *rest->data;
    rest->data++, rest->len--;
    return true;
}

static int take_number(gale__run *run, gale_str *rest, int64_t *out)
{
    for (char digit; take(rest, "0123456789", &digit);) {
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, digit - '0', out))
            return gale__raise(run, ERROR_VALUE, "Too many decimal digits in format string");
    }
    return 0;
}

static void read_fill(gale_str *rest, gale__format *format)
{
    size_t size = 0;
    if (rest->len)
        gale__code_point(rest->data, &size);
    gale_str behind = { rest->data + size, rest->len - size };
    if (size && take(&behind, "<>=^", &format->align)) {
        format->fill = (gale_str){ rest->data, size };
        *rest = behind;
    } else {
        take(rest, "<>=^", &format->align);
    }
}

static int read_specification(gale__run *run, gale_str rest, gale__format *format)
{
    char sign;
    read_fill(&rest, format);
    take(&rest, "+- ", &format->sign);
    if (take(&rest, "#", &sign))
        format->alternate = true;
    if (rest.len && *rest.data == '0' && format->fill.len == 0) {
        format->fill = GALE_STR("0");
        format->align = format->align ? format->align : '=';
    }
    if (!format->fill.len)
        format->fill = GALE_STR(" ");
    GALE_TRY(take_number(run, &rest, &format->width));
    take(&rest, ",_", &format->grouping);
    if (take(&rest, ".", &sign)) {
        format->precision = 0;
        if (!rest.len || !gale__is_digit((unsigned char)*rest.data))
            return gale__raise(run, ERROR_VALUE, "Format specifier missing precision");
        GALE_TRY(take_number(run, &rest, &format->precision));
    }
    if (rest.len > 1)
        return gale__raise(run, ERROR_VALUE, "Invalid format specifier");
    format->type = rest.len ? *rest.data : '\0';
    return 0;
}

static int unknown_code(gale__run *run, const gale__format *format, gale__value value)
{
    return gale__raise(run, ERROR_VALUE, "Unknown format code '%c' for object of type '%s'",
                       format->type, gale__type_name(value));
}

static int format_text(gale__run *run, gale__buffer *out, gale__value value, gale__format *format)
{
    if (format->type && format->type != 's')
        return unknown_code(run, format, value);
    if (format->sign)
        return gale__raise(run, ERROR_VALUE, "Sign not allowed in string format specifier");
    if (format->alternate)
        return gale__raise(run, ERROR_VALUE,
                           "Alternate form (#) not allowed in string format specifier");
    if (format->grouping)
        return gale__raise(run, ERROR_VALUE, "Cannot specify '%c' with 's'.", format->grouping);
    if (format->align == '=' && *format->fill.data != '0')
        return gale__raise(run, ERROR_VALUE,
                           "'=' alignment not allowed in string format specifier");
    format->align = format->align == '=' ? '<' : format->align;
    return gale__format_str(run, out, gale__text_str(value), format);
}

static int format_integer(gale__run *run, gale__buffer *out, gale__value value,
                          const gale__format *format)
{
    if (format->type && !strchr("bcdoxXn", format->type))
        return unknown_code(run, format, value);
    if (format->precision >= 0)
        return gale__raise(run, ERROR_VALUE, "Precision not allowed in integer format specifier");
    if (format->grouping == ',' && format->type && strchr("bcoxXn", format->type))
        return gale__raise(run, ERROR_VALUE, "Cannot specify ',' with '%c'.", format->type);
    if (format->type == 'c' && format->sign)
        return gale__raise(run, ERROR_VALUE, "Sign not allowed with integer format specifier 'c'");
    return gale__format_int(run, out, gale__integer(value), format);
}

int gale__format_value(gale__run *run, gale__buffer *out, gale__value value, gale_str specification)
{
    gale__format format = { .precision = -1 };
    if (!specification.len)
        return gale__append_str(run, out, value);
    if (value.kind != VALUE_STR && !gale__is_number(value))
        return gale__raise(run, ERROR_TYPE, "unsupported format string passed to %s.__format__",
                           gale__type_name(value));
    GALE_TRY(read_specification(run, specification, &format));
    if (value.kind == VALUE_STR)
        return format_text(run, out, value, &format);
    if (format.precision > GALE__PRECISION_MAX)
        return gale__raise(run, ERROR_VALUE, "precision too big");
    bool real = format.type && strchr("eEfFgG%", format.type);
    if (gale__is_integer(value) && !real)
        return format_integer(run, out, value, &format);
    if (format.type && !real && format.type != 'n')
        return unknown_code(run, &format, value);
    return gale__format_float(run, out, gale__real(value), &format);
}
