/* SPDX-License-Identifier: Apache-2.0 */
/* Text to numbers, and rounding. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/letters.h"
#include "template/run.h"

enum { FLOAT_TEXT_MAX = 1000 };

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* ---- Integers -------------------------------------------------------------------------- */

static int digit_of(char byte)
{
    if (is_digit(byte))
        return byte - '0';
    int lower = byte | 32;
    return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
}

/* Takes "0x" and its like off; *ret_base is then its base, if none was asked for. */
static bool take_prefix(gale_str *text, int *base)
{
    int found = 0;
    if (text->len > 2 && text->data[0] == '0') {
        char letter = (char)(text->data[1] | 32);
        found = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    }
    if (!found || (*base && *base != found))
        return false;
    *base = found;
    *text = (gale_str){ text->data + 2, text->len - 2 };
    return true;
}

/* Only zeros may follow a zero in a program's decimal numbers. */
static bool leading_zero(gale_str text)
{
    bool zeros = true;
    for (size_t i = 0; i < text.len; i++)
        zeros &= text.data[i] == '0' || text.data[i] == '_';
    return text.len > 1 && text.data[0] == '0' && !zeros;
}

static int parse_digits(gale_str text, int base, bool negative, int64_t *out)
{
    int64_t result = 0;
    bool over = false, digit_before = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '_' && digit_before && i + 1 < text.len) {
            digit_before = false;
            continue;
        }
        int digit = digit_of(text.data[i]);
        if (digit >= base)
            return 0;
        digit_before = true;
        over |= __builtin_mul_overflow(result, (int64_t)base, &result);
        over |= __builtin_add_overflow(result, negative ? -digit : digit, &result);
    }
    *out = result;
    return !digit_before ? 0 : over ? GALE_ETOOBIG : 1;
}

int gale__parse_int(gale_str text, int base, int64_t *out)
{
    text = gale__strip(text);
    bool negative = text.len && text.data[0] == '-';
    if (text.len && (negative || text.data[0] == '+'))
        text = (gale_str){ text.data + 1, text.len - 1 };
    bool as_program = base == 0;
    if (take_prefix(&text, &base)) {
        if (text.data[0] == '_')
            text = (gale_str){ text.data + 1, text.len - 1 };
    } else if (as_program) {
        base = 10;
        if (leading_zero(text))
            return 0;
    }
    return parse_digits(text, base, negative, out);
}

/* ---- Floats ---------------------------------------------------------------------------- */

/* Copies digits with "_" between them; false when there is a "_" anywhere else. */
static bool take_digits(const char **at, const char *end, char **to, bool *ret_any)
{
    const char *start = *at;
    for (; *at < end && (is_digit(**at) || **at == '_'); (*at)++) {
        bool between = *at > start && is_digit((*at)[-1]) && *at + 1 < end && is_digit((*at)[1]);
        if (**at == '_' && !between)
            return false;
        if (**at != '_')
            *(*to)++ = **at;
    }
    *ret_any = *at > start;
    return true;
}

/* [digits][.digits][e[sign]digits] to what strtod understands. */
static bool clean_float(gale_str text, char *to)
{
    const char *at = text.data, *end = at + text.len;
    bool whole, fraction = false, exponent;
    if (!take_digits(&at, end, &to, &whole))
        return false;
    if (at < end && *at == '.') {
        at++;
        const char *point = localeconv()->decimal_point;
        size_t size = strlen(point);
        memcpy(to, point, size);
        to += size;
        if (!take_digits(&at, end, &to, &fraction))
            return false;
    }
    if (!whole && !fraction)
        return false;
    if (at < end && (*at | 32) == 'e') {
        *to++ = *at++;
        if (at < end && (*at == '+' || *at == '-'))
            *to++ = *at++;
        if (!take_digits(&at, end, &to, &exponent) || !exponent)
            return false;
    }
    *to = '\0';
    return at == end;
}

static bool is_word(gale_str text, const char *word)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.data[i] | 32) != word[i])
            return false;
    return text.len == strlen(word);
}

bool gale__parse_float(gale_str text, double *out)
{
    char copy[FLOAT_TEXT_MAX + 16];
    text = gale__strip(text);
    double sign = text.len && text.data[0] == '-' ? -1 : 1;
    if (text.len && (sign < 0 || text.data[0] == '+'))
        text = (gale_str){ text.data + 1, text.len - 1 };
    if (is_word(text, "inf") || is_word(text, "infinity"))
        *out = sign * (double)INFINITY;
    else if (is_word(text, "nan"))
        *out = (double)NAN;
    else if (text.len <= FLOAT_TEXT_MAX && clean_float(text, copy))
        *out = sign * strtod(copy, NULL);
    else
        return false;
    return true;
}

/* ---- Rounding -------------------------------------------------------------------------- */

/* To tens, hundreds ..., halves to the even one. */
static int round_integer(gale__run *run, int64_t number, int64_t digits, gale__value *out)
{
    int64_t unit = 1;
    for (; digits < 0; digits++)
        if (__builtin_mul_overflow(unit, 10, &unit)) {
            *out = gale__int(0);
            return 0;
        }
    int64_t rest = number % unit, result = number - rest;
    if (rest < 0) { /* rounded down: result is below number */
        rest += unit;
        if (__builtin_sub_overflow(result, unit, &result))
            return gale__raise(run, ERROR_OVERFLOW, "integer over 64 bits");
    }
    bool up = rest > unit - rest || (rest == unit - rest && (result / unit) % 2 != 0);
    if (up && __builtin_add_overflow(result, unit, &result))
        return gale__raise(run, ERROR_OVERFLOW, "integer over 64 bits");
    *out = gale__int(result);
    return 0;
}

static double round_float(double number, int64_t digits)
{
    char text[400];
    if (!isfinite(number) || digits > 320)
        return number;
    if (digits < -308)
        return copysign(0.0, number);
    if (digits < 0) {
        double unit = pow(10, (double)-digits);
        return rint(number / unit) * unit;
    }
    /* exact, as printf rounds the number's exact value, halves to even */
    int size = snprintf(text, sizeof text, "%.*f", (int)digits, number);
    return size < (int)sizeof text ? strtod(text, NULL) : number;
}

int gale__round(gale__run *run, gale__value number, bool to_integer, int64_t digits,
                gale__value *out)
{
    if (gale__is_integer(number)) {
        if (to_integer || digits >= 0) {
            *out = gale__int(gale__integer(number));
            return 0;
        }
        return round_integer(run, gale__integer(number), digits, out);
    }
    if (number.kind != VALUE_FLOAT)
        return gale__raise(run, ERROR_TYPE, "type %s doesn't define __round__ method",
                           gale__type_name(number));
    if (!to_integer) {
        *out = gale__float(round_float(number.real, digits));
        return 0;
    }
    if (number.real != number.real)
        return gale__raise(run, ERROR_VALUE, "cannot convert float NaN to integer");
    double rounded = rint(number.real);
    if (!(rounded >= -9223372036854775808.0 && rounded < 9223372036854775808.0))
        return gale__raise(run, ERROR_OVERFLOW,
                           isinf(rounded) ? "cannot convert float infinity to integer"
                                          : "integer over 64 bits");
    *out = gale__int((int64_t)rounded);
    return 0;
}
