/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that are types in Python: they make a value of another. */
#include <math.h>

#include "template/builtins.h"

static int to_str(gale__run *run, gale__value self, const gale__value *values, size_t count,
                  gale__value *out)
{
    gale__buffer text;
    (void)self, (void)count;
    if (values[0].kind == VALUE_UNSET || values[0].kind == VALUE_STR) {
        *out = values[0].kind == VALUE_STR ? values[0] : gale__text("", 0);
        return 0;
    }
    gale__run_buffer(run, &text);
    int error = gale__append_str(run, &text, values[0]);
    if (error < 0) {
        gale__buffer_clear(&text);
        return error;
    }
    return gale__run_take_text(run, &text, out);
}

static int raise_literal(gale__run *run, const char *what, gale__value text)
{
    gale__buffer quoted;
    gale__run_buffer(run, &quoted);
    gale__append_quoted(&quoted, gale__text_str(text));
    gale_str shown = gale__buffer_str(&quoted);
    int error = gale__raise(run, ERROR_VALUE, "%s: %.*s", what,
                            (int)(shown.len > 80 ? 80 : shown.len), shown.data);
    gale__buffer_clear(&quoted);
    return error;
}

static int int_of_text(gale__run *run, gale__value text, int64_t base, gale__value *out)
{
    int64_t integer;
    char what[64];
    if (base != 0 && (base < 2 || base > 36))
        return gale__raise(run, ERROR_VALUE, "int() base must be >= 2 and <= 36, or 0");
    int found = gale__parse_int(gale__text_str(text), (int)base, &integer);
    if (found < 0)
        return gale__raise(run, ERROR_OVERFLOW, "integer over 64 bits");
    if (!found) {
        snprintf(what, sizeof what, "invalid literal for int() with base %d", (int)base);
        return raise_literal(run, what, text);
    }
    *out = gale__int(integer);
    return 0;
}

static int int_of_float(gale__run *run, double real, gale__value *out)
{
    if (isnan(real))
        return gale__raise(run, ERROR_VALUE, "cannot convert float NaN to integer");
    if (isinf(real))
        return gale__raise(run, ERROR_OVERFLOW, "cannot convert float infinity to integer");
    if (real < -9223372036854775808.0 || real >= 9223372036854775808.0)
        return gale__raise(run, ERROR_OVERFLOW, "integer over 64 bits");
    *out = gale__int((int64_t)real);
    return 0;
}

static int to_int(gale__run *run, gale__value self, const gale__value *values, size_t count,
                  gale__value *out)
{
    int64_t base = 10;
    (void)self, (void)count;
    if (values[1].kind != VALUE_UNSET) {
        GALE_TRY(gale__want_int(run, values[1], &base));
        if (values[0].kind != VALUE_STR)
            return gale__raise(run, ERROR_TYPE,
                               "int() can't convert non-string with explicit base");
    }
    switch (values[0].kind) {
    case VALUE_UNSET:
        *out = gale__int(0);
        return 0;
    case VALUE_BOOL:
    case VALUE_INT:
        *out = gale__int(gale__integer(values[0]));
        return 0;
    case VALUE_FLOAT:
        return int_of_float(run, values[0].real, out);
    case VALUE_STR:
        return int_of_text(run, values[0], base, out);
    default:
        return gale__raise(run, ERROR_TYPE,
                           "int() argument must be a string, a bytes-like object or a real number, "
                           "not '%s'",
                           gale__type_name(values[0]));
    }
}

static int to_float(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    double real = 0;
    (void)self, (void)count;
    if (values[0].kind == VALUE_STR) {
        if (!gale__parse_float(gale__text_str(values[0]), &real))
            return raise_literal(run, "could not convert string to float", values[0]);
    } else if (gale__is_number(values[0])) {
        real = gale__real(values[0]);
    } else if (values[0].kind != VALUE_UNSET) {
        return gale__raise(run, ERROR_TYPE,
                           "float() argument must be a string or a real number, not '%s'",
                           gale__type_name(values[0]));
    }
    *out = gale__float(real);
    return 0;
}

static int to_bool(gale__run *run, gale__value self, const gale__value *values, size_t count,
                   gale__value *out)
{
    (void)run, (void)self, (void)count;
    *out = gale__bool(gale__truth(values[0]));
    return 0;
}

static int to_sequence(gale__run *run, gale__value value, gale__value_kind kind, gale__value *out)
{
    if (value.kind == VALUE_UNSET)
        return gale__list_new(run, kind, 0, out);
    return gale__to_list(run, value, kind, out);
}

static int to_list(gale__run *run, gale__value self, const gale__value *values, size_t count,
                   gale__value *out)
{
    (void)self, (void)count;
    return to_sequence(run, values[0], VALUE_LIST, out);
}

static int to_tuple(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    (void)self, (void)count;
    return to_sequence(run, values[0], VALUE_TUPLE, out);
}

static int to_dict(gale__run *run, gale__value self, const gale__value *values, size_t count,
                   gale__value *out)
{
    (void)self;
    GALE_TRY(gale__dict_new(run, out));
    for (size_t i = 0; i < count; i++)
        if (values[i].kind != VALUE_UNSET)
            GALE_TRY(gale__dict_update(run, out->dict, values[i]));
    return 0;
}

/* How many numbers there are from `start` to before `stop`. */
static uint64_t range_size(int64_t start, int64_t stop, int64_t step)
{
    if (step > 0)
        return start < stop ? ((uint64_t)stop - (uint64_t)start - 1) / (uint64_t)step + 1 : 0;
    return start > stop ? ((uint64_t)start - (uint64_t)stop - 1) / (-(uint64_t)step) + 1 : 0;
}

static int to_range(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    int64_t start = 0, stop, step = 1;
    bool one = values[1].kind == VALUE_UNSET;
    int error;
    (void)self, (void)count;
    if (!one)
        GALE_TRY(gale__want_int(run, values[0], &start));
    GALE_TRY(gale__want_int(run, values[one ? 0 : 1], &stop));
    if (values[2].kind != VALUE_UNSET)
        GALE_TRY(gale__want_int(run, values[2], &step));
    if (!step)
        return gale__raise(run, ERROR_VALUE, "range() arg 3 must not be zero");
    gale__range *range = gale__run_alloc(run, sizeof *range, &error);
    if (!range)
        return error;
    *range = (gale__range){ .start = start, .step = step, .size = range_size(start, stop, step) };
    *out = (gale__value){ .kind = VALUE_RANGE, .range = range };
    return 0;
}

const gale__builtin gale__conversions[] = {
    { "str", "object", 0, 1, to_str },
    { "int", "x / base", 0, 2, to_int },
    { "float", "x /", 0, 1, to_float },
    { "bool", "x /", 0, 1, to_bool },
    { "list", "iterable /", 0, 1, to_list },
    { "tuple", "iterable /", 0, 1, to_tuple },
    { "dict", "iterable / **", 0, 2, to_dict },
    { "range", "start stop step /", 1, 3, to_range },
    { 0 },
};
