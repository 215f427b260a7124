/* SPDX-License-Identifier: Apache-2.0 */
/* The text of values: str(), repr(). */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/escape.h"
#include "template/builtins.h"

/* ---- Floats ---------------------------------------------------------------------------- */

enum { DIGITS_MAX = 17 };

/* The number as "d.ddde+xx", with one in the last place added if `up`; true when it reads back as
 * the same. */
static bool try_digits(double real, int digits, bool up, char text[32])
{
    snprintf(text, 32, "%.*e", digits - 1, real);
    char *end = strchr(text, 'e') - 1;
    while (up && end > text && *end == '9')
        *end-- = '0';
    if (up && (end <= text || *end < '0' || *end > '8'))
        return false;
    *end = (char)(*end + up);
    return strtod(text, NULL) == real; // NOLINT: the very number is meant
}

/* The fewest digits; of a power of two the numbers below are closer than those above, so that
 * rounding up may do where rounding to the nearest does not. */
static void shortest(double real, char text[32])
{
    int exponent;
    bool power = frexp(real, &exponent) == 0.5;
    int digits = real < 1e-300 ? 1 : 15;
    for (; digits < DIGITS_MAX; digits++)
        if (try_digits(real, digits, false, text) ||
            (power && try_digits(real, digits, true, text)))
            return;
    try_digits(real, digits, false, text);
}

void gale__append_float(gale__buffer *out, double real)
{
    char text[32], digits[DIGITS_MAX + 1];
    if (isnan(real)) {
        gale__buffer_append(out, "nan", 3);
        return;
    }
    if (signbit(real))
        gale__buffer_append_char(out, '-');
    if (isinf(real)) {
        gale__buffer_append(out, "inf", 3);
        return;
    }
    shortest(fabs(real), text);
    int count = 0, exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    for (const char *at = text; *at != 'e'; at++)
        if (*at >= '0' && *at <= '9')
            digits[count++] = *at;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    if (exponent < -4 || exponent >= 16) {
        gale__buffer_printf(out, "%c%s%.*se%c%02d", digits[0], count > 1 ? "." : "", count - 1,
                            digits + 1, exponent < 0 ? '-' : '+', abs(exponent));
        return;
    }
    if (exponent < 0)
        gale__buffer_printf(out, "0.%.*s%.*s", -exponent - 1, "000", count, digits);
    else if (count <= exponent + 1)
        gale__buffer_printf(out, "%.*s%.*s.0", count, digits, exponent + 1 - count,
                            "0000000000000000");
    else
        gale__buffer_printf(out, "%.*s.%.*s", exponent + 1, digits, count - exponent - 1,
                            digits + exponent + 1);
}

static void append_int(gale__buffer *out, int64_t integer)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t rest = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (integer < 0)
        *--at = '-';
    gale__buffer_append(out, at, (size_t)(digits + sizeof digits - at));
}

/* ---- Texts ----------------------------------------------------------------------------- */

static void append_escaped(gale__buffer *out, uint32_t c)
{
    if (c == '\n' || c == '\r' || c == '\t')
        gale__buffer_printf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    else if (c < 0x100)
        gale__buffer_printf(out, "\\x%02" PRIx32, c);
    else if (c < 0x10000)
        gale__buffer_printf(out, "\\u%04" PRIx32, c);
    else
        gale__buffer_printf(out, "\\U%08" PRIx32, c);
}

void gale__append_quoted(gale__buffer *out, gale_str text)
{
    bool single = text.len && memchr(text.data, '\'', text.len);
    char quote = single && !memchr(text.data, '"', text.len) ? '"' : '\'';
    gale__buffer_append_char(out, quote);
    for (size_t i = 0, size; i < text.len; i += size) {
        uint32_t c = gale__code_point(text.data + i, &size);
        if (c == (unsigned char)quote || c == '\\')
            gale__buffer_append_char(out, '\\');
        if (gale__is_printable(c))
            gale__buffer_append(out, text.data + i, size);
        else
            append_escaped(out, c);
    }
    gale__buffer_append_char(out, quote);
}

/* ---- Other values ---------------------------------------------------------------------- */

static int append_items(gale__run *run, gale__buffer *out, gale__value value)
{
    gale__iterator iterator = { .over = value };
    gale__value item;
    int more;
    gale__buffer_append_char(out, value.kind == VALUE_TUPLE ? '(' : '[');
    while ((more = gale__iterator_next(run, &iterator, &item)) > 0) {
        if (iterator.at > 1)
            gale__buffer_append(out, ", ", 2);
        GALE_TRY(gale__append_repr(run, out, item));
    }
    if (value.kind == VALUE_TUPLE && value.list->size == 1)
        gale__buffer_append_char(out, ',');
    gale__buffer_append_char(out, value.kind == VALUE_TUPLE ? ')' : ']');
    return more;
}

int gale__append_members(gale__run *run, gale__buffer *out, gale__value value,
                         gale__append *append_key, gale__append *append_item)
{
    gale__iterator iterator = { .over = value };
    gale__value key, item;
    gale__buffer_append_char(out, '{');
    for (bool first = true; gale__iterator_pair(&iterator, &key, &item) > 0; first = false) {
        GALE_TRY(gale__run_steps(run, 1));
        if (!first)
            gale__buffer_append(out, ", ", 2);
        GALE_TRY(append_key(run, out, key));
        gale__buffer_append(out, ": ", 2);
        GALE_TRY(append_item(run, out, item));
    }
    return gale__buffer_append_char(out, '}');
}

static int append_container(gale__run *run, gale__buffer *out, gale__value value)
{
    GALE_TRY(gale__run_enter(run));
    int error = gale__is_dict(value)
                    ? gale__append_members(run, out, value, gale__append_repr, gale__append_repr)
                    : append_items(run, out, value);
    run->depth--;
    return error < 0 ? error : out->error;
}

static void append_range(gale__buffer *out, const gale__range *range)
{
    int64_t end = range->start + (int64_t)range->size * range->step;
    gale__buffer_printf(out, "range(%" PRId64 ", %" PRId64, range->start, end);
    if (range->step != 1)
        gale__buffer_printf(out, ", %" PRId64, range->step);
    gale__buffer_append_char(out, ')');
}

static bool is_conversion(const gale__builtin *builtin)
{
    for (const gale__builtin *at = gale__conversions; at->name; at++)
        if (at == builtin)
            return true;
    return false;
}

static void append_error(gale__buffer *out, const gale__error *error)
{
    gale__buffer_printf(out, "%s(", gale__error_names[error->kind]);
    if (error->kind == ERROR_KEY) /* whose message is the repr of a key */
        gale__buffer_append(out, error->message.data, error->message.len);
    else if (error->message.len)
        gale__append_quoted(out, error->message);
    gale__buffer_append_char(out, ')');
}

int gale__append_repr(gale__run *run, gale__buffer *out, gale__value value)
{
    switch ((gale__value_kind)value.kind) {
    case VALUE_UNSET:
    case VALUE_NONE:
    case VALUE_ABSENT:
        return gale__buffer_append(out, "None", 4);
    case VALUE_BOOL:
        return gale__buffer_append(out, value.boolean ? "True" : "False", value.boolean ? 4 : 5);
    case VALUE_INT:
        append_int(out, value.integer);
        break;
    case VALUE_FLOAT:
        gale__append_float(out, value.real);
        break;
    case VALUE_STR:
        gale__append_quoted(out, gale__text_str(value));
        break;
    case VALUE_RANGE:
        append_range(out, value.range);
        break;
    case VALUE_FUNCTION:
        gale__buffer_printf(out, "<function %s>", value.function->name);
        break;
    case VALUE_BUILTIN:
        gale__buffer_printf(
            out, is_conversion(value.builtin) ? "<class '%s'>" : "<built-in function %s>",
            value.builtin->name);
        break;
    case VALUE_ERROR:
        append_error(out, value.error);
        break;
    default:
        return append_container(run, out, value);
    }
    return out->error;
}

int gale__append_str(gale__run *run, gale__buffer *out, gale__value value)
{
    if (value.kind == VALUE_STR)
        return gale__buffer_append(out, value.text, value.length);
    if (value.kind == VALUE_ERROR)
        return gale__buffer_append(out, value.error->message.data, value.error->message.len);
    return gale__append_repr(run, out, value);
}

int gale__append_value(gale__run *run, gale__buffer *out, gale__value value, bool escaped)
{
    if (!escaped || gale__is_number(value) || value.kind == VALUE_NONE)
        return gale__append_str(run, out, value);
    if (value.kind == VALUE_STR)
        return gale__xhtml_escape(out, gale__text_str(value));
    gale__buffer text;
    gale__run_buffer(run, &text);
    int error = gale__append_str(run, &text, value);
    if (error >= 0)
        error = gale__xhtml_escape(out, gale__buffer_str(&text));
    gale__buffer_clear(&text);
    return error;
}
