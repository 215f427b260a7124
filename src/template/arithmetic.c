/* SPDX-License-Identifier: Apache-2.0 */
/* Python's operators on numbers, texts, lists and maps. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "template/run.h"

const char *const gale__operator_signs[] = {
    [OPERATOR_NOTHING] = "",   [OPERATOR_ADD] = "+",    [OPERATOR_SUBTRACT] = "-",
    [OPERATOR_MULTIPLY] = "*", [OPERATOR_DIVIDE] = "/", [OPERATOR_FLOOR_DIVIDE] = "//",
    [OPERATOR_MODULO] = "%",   [OPERATOR_POWER] = "**", [OPERATOR_AND] = "&",
    [OPERATOR_OR] = "|",       [OPERATOR_XOR] = "^",    [OPERATOR_LEFT] = "<<",
    [OPERATOR_RIGHT] = ">>",
};

static int overflow(gale__run *run)
{
    return gale__raise(run, ERROR_OVERFLOW, "integer over 64 bits");
}

static int unsupported(gale__run *run, gale__operator operator_, gale__value left,
                       gale__value right)
{
    return gale__raise(run, ERROR_TYPE, "unsupported operand type(s) for %s: '%s' and '%s'",
                       operator_ == OPERATOR_POWER ? "** or pow()"
                                                   : gale__operator_signs[operator_],
                       gale__type_name(left), gale__type_name(right));
}

/* ---- Integers -------------------------------------------------------------------------- */

static int divide_integers(gale__run *run, int64_t left, int64_t right, gale__value *out)
{
    if (right == 0)
        return gale__raise(run, ERROR_ZERO_DIVISION, "division by zero");
    *out = gale__float((double)((long double)left / (long double)right));
    return 0;
}

static int floor_divide_integers(gale__run *run, int64_t left, int64_t right, gale__value *out)
{
    if (right == 0)
        return gale__raise(run, ERROR_ZERO_DIVISION, "integer division or modulo by zero");
    if (right == -1 && left == INT64_MIN)
        return overflow(run);
    int64_t quotient = left / right;
    *out = gale__int(quotient - (left % right != 0 && (left < 0) != (right < 0)));
    return 0;
}

static int modulo_integers(gale__run *run, int64_t left, int64_t right, gale__value *out)
{
    if (right == 0)
        return gale__raise(run, ERROR_ZERO_DIVISION, "integer modulo by zero");
    int64_t rest = right == -1 ? 0 : left % right;
    *out = gale__int(rest && (rest < 0) != (right < 0) ? rest + right : rest);
    return 0;
}

static int power_floats(gale__run *run, double left, double right, gale__value *out);

static int power_integers(gale__run *run, int64_t left, int64_t right, gale__value *out)
{
    if (right < 0)
        return power_floats(run, (double)left, (double)right, out);
    int64_t result = 1;
    while (right > 0) {
        if ((right & 1) && __builtin_mul_overflow(result, left, &result))
            return overflow(run);
        right >>= 1;
        if (right && __builtin_mul_overflow(left, left, &left))
            return overflow(run);
    }
    *out = gale__int(result);
    return 0;
}

static int shift(gale__run *run, gale__operator operator_, int64_t left, int64_t right,
                 gale__value *out)
{
    if (right < 0)
        return gale__raise(run, ERROR_VALUE, "negative shift count");
    if (operator_ == OPERATOR_RIGHT) {
        *out = gale__int(right < 64 ? left >> right : -(int64_t)(left < 0));
        return 0;
    }
    int64_t result = right < 63 ? (int64_t)((uint64_t)left << right) : 0;
    if (left && (right >= 63 || result >> right != left))
        return overflow(run);
    *out = gale__int(result);
    return 0;
}

/* Of two bools the result is one, too. */
static int combine_bits(gale__operator operator_, gale__value left, gale__value right,
                        gale__value *out)
{
    int64_t a = gale__integer(left), b = gale__integer(right);
    int64_t bits = operator_ == OPERATOR_AND ? a & b : operator_ == OPERATOR_OR ? a | b : a ^ b;
    bool bools = left.kind == VALUE_BOOL && right.kind == VALUE_BOOL;
    *out = bools ? gale__bool(bits != 0) : gale__int(bits);
    return 0;
}

static int integers(gale__run *run, gale__operator operator_, gale__value left, gale__value right,
                    gale__value *out)
{
    int64_t a = gale__integer(left), b = gale__integer(right), result = 0;
    bool over = false;
    switch (operator_) {
    case OPERATOR_ADD:
        over = __builtin_add_overflow(a, b, &result);
        break;
    case OPERATOR_SUBTRACT:
        over = __builtin_sub_overflow(a, b, &result);
        break;
    case OPERATOR_MULTIPLY:
        over = __builtin_mul_overflow(a, b, &result);
        break;
    case OPERATOR_DIVIDE:
        return divide_integers(run, a, b, out);
    case OPERATOR_FLOOR_DIVIDE:
        return floor_divide_integers(run, a, b, out);
    case OPERATOR_MODULO:
        return modulo_integers(run, a, b, out);
    case OPERATOR_POWER:
        return power_integers(run, a, b, out);
    case OPERATOR_LEFT:
    case OPERATOR_RIGHT:
        return shift(run, operator_, a, b, out);
    default:
        return combine_bits(operator_, left, right, out);
    }
    *out = gale__int(result);
    return over ? overflow(run) : 0;
}

/* ---- Floats ---------------------------------------------------------------------------- */

static bool is_zero(double real)
{
    return !(real < 0 || real > 0) && real == real;
}

static int power_floats(gale__run *run, double left, double right, gale__value *out)
{
    if (is_zero(left) && right < 0)
        return gale__raise(run, ERROR_ZERO_DIVISION, "0.0 cannot be raised to a negative power");
    if (left < 0 && isfinite(left) && isfinite(right) && floor(right) != right)
        return gale__raise(run, ERROR_VALUE, "complex numbers are not supported");
    double result = pow(left, right);
    if (isinf(result) && isfinite(left) && isfinite(right))
        return gale__raise(run, ERROR_OVERFLOW, "(34, 'Numerical result out of range')");
    *out = gale__float(result);
    return 0;
}

/* The rest has the sign of what is divided by. */
static double modulo(double left, double right)
{
    double rest = fmod(left, right);
    if (is_zero(rest))
        return copysign(0.0, right);
    return (rest < 0) != (right < 0) ? rest + right : rest;
}

static double floor_divide(double left, double right)
{
    double rest = fmod(left, right);
    double quotient = (left - rest) / right;
    if (!is_zero(rest) && (rest < 0) != (right < 0))
        quotient -= 1;
    if (is_zero(quotient))
        return copysign(0.0, left / right);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1 : whole;
}

static int floats(gale__run *run, gale__operator operator_, gale__value left, gale__value right,
                  gale__value *out)
{
    double a = gale__real(left), b = gale__real(right);
    bool zero = is_zero(b);
    switch (operator_) {
    case OPERATOR_ADD:
        *out = gale__float(a + b);
        return 0;
    case OPERATOR_SUBTRACT:
        *out = gale__float(a - b);
        return 0;
    case OPERATOR_MULTIPLY:
        *out = gale__float(a * b);
        return 0;
    case OPERATOR_POWER:
        return power_floats(run, a, b, out);
    case OPERATOR_DIVIDE:
        if (zero)
            return gale__raise(run, ERROR_ZERO_DIVISION, "float division by zero");
        *out = gale__float(a / b);
        return 0;
    case OPERATOR_FLOOR_DIVIDE:
        if (zero)
            return gale__raise(run, ERROR_ZERO_DIVISION, "float floor division by zero");
        *out = gale__float(floor_divide(a, b));
        return 0;
    case OPERATOR_MODULO:
        if (zero)
            return gale__raise(run, ERROR_ZERO_DIVISION, "float modulo");
        *out = gale__float(modulo(a, b));
        return 0;
    default:
        return unsupported(run, operator_, left, right);
    }
}

/* ---- Texts, lists, maps ---------------------------------------------------------------- */

static int add_texts(gale__run *run, gale__value left, gale__value right, gale__value *out)
{
    int error;
    size_t size = (size_t)left.length + right.length;
    GALE_TRY(gale__run_steps(run, (int64_t)(size / 64)));
    char *text = gale__run_alloc(run, size, &error);
    if (!text)
        return error;
    if (left.length)
        memcpy(text, left.text, left.length);
    if (right.length)
        memcpy(text + left.length, right.text, right.length);
    *out = gale__text(text, size);
    return 0;
}

static int append_all(gale__run *run, gale__list_value *list, gale__value sequence)
{
    size_t size = gale__size(sequence);
    GALE_TRY(gale__run_steps(run, (int64_t)size));
    for (size_t i = 0; i < size; i++)
        GALE_TRY(gale__list_append(run, list, gale__sequence_item(sequence, i)));
    return 0;
}

static bool same_sequences(gale__value left, gale__value right)
{
    return gale__is_sequence(left) && gale__is_sequence(right) &&
           (left.kind == VALUE_TUPLE) == (right.kind == VALUE_TUPLE);
}

static int add(gale__run *run, gale__value left, gale__value right, gale__value *out)
{
    if (left.kind == VALUE_STR && right.kind == VALUE_STR)
        return add_texts(run, left, right, out);
    if (same_sequences(left, right)) {
        gale__value_kind kind = left.kind == VALUE_TUPLE ? VALUE_TUPLE : VALUE_LIST;
        GALE_TRY(gale__list_new(run, kind, gale__size(left) + gale__size(right), out));
        GALE_TRY(append_all(run, out->list, left));
        return append_all(run, out->list, right);
    }
    const char *type = gale__type_name(left);
    if (left.kind == VALUE_STR || gale__is_sequence(left))
        return gale__raise(run, ERROR_TYPE, "can only concatenate %s (not \"%s\") to %s", type,
                           gale__type_name(right), type);
    return unsupported(run, OPERATOR_ADD, left, right);
}

static int repeat_text(gale__run *run, gale__value text, size_t count, gale__value *out)
{
    int error;
    size_t size;
    if (__builtin_mul_overflow((size_t)text.length, count, &size))
        size = SIZE_MAX;
    char *copy = gale__run_alloc(run, size, &error);
    if (!copy)
        return error;
    GALE_TRY(gale__run_steps(run, (int64_t)(size / 64)));
    if (text.length == 1)
        memset(copy, text.text[0], size);
    else
        for (size_t at = 0; at < size; at += text.length)
            memcpy(copy + at, text.text, text.length);
    *out = gale__text(copy, size);
    return 0;
}

static int repeat(gale__run *run, gale__value sequence, gale__value times, gale__value *out)
{
    if (!gale__is_integer(times))
        return gale__raise(run, ERROR_TYPE, "can't multiply sequence by non-int of type '%s'",
                           gale__type_name(times));
    size_t count = gale__integer(times) > 0 ? (size_t)gale__integer(times) : 0, size;
    if (sequence.kind == VALUE_STR)
        return repeat_text(run, sequence, sequence.length ? count : 0, out);
    if (!gale__size(sequence))
        count = 0;
    if (__builtin_mul_overflow(gale__size(sequence), count, &size))
        size = SIZE_MAX;
    GALE_TRY(
        gale__list_new(run, sequence.kind == VALUE_TUPLE ? VALUE_TUPLE : VALUE_LIST, size, out));
    while (count--)
        GALE_TRY(append_all(run, out->list, sequence));
    return 0;
}

static bool can_repeat(gale__value value)
{
    return value.kind == VALUE_STR || gale__is_sequence(value);
}

static int multiply(gale__run *run, gale__value left, gale__value right, gale__value *out)
{
    if (can_repeat(left))
        return repeat(run, left, right, out);
    if (can_repeat(right))
        return repeat(run, right, left, out);
    return unsupported(run, OPERATOR_MULTIPLY, left, right);
}

/* A new map with the pairs of both. */
static int merge(gale__run *run, gale__value left, gale__value right, gale__value *out)
{
    gale__value key, value;
    GALE_TRY(gale__dict_new(run, out));
    for (int i = 0; i < 2; i++) {
        gale__iterator iterator = { .over = i ? right : left };
        while (gale__iterator_pair(&iterator, &key, &value) > 0) {
            GALE_TRY(gale__run_steps(run, 1));
            GALE_TRY(gale__dict_set(run, out->dict, key, value));
        }
    }
    return 0;
}

/* ---- All together ---------------------------------------------------------------------- */

int gale__arithmetic(gale__run *run, gale__operator operator_, gale__value left, gale__value right,
                     gale__value *out)
{
    if (gale__is_integer(left) && gale__is_integer(right))
        return integers(run, operator_, left, right, out);
    if (gale__is_number(left) && gale__is_number(right))
        return floats(run, operator_, left, right, out);
    if (operator_ == OPERATOR_ADD)
        return add(run, left, right, out);
    if (operator_ == OPERATOR_MULTIPLY)
        return multiply(run, left, right, out);
    if (operator_ == OPERATOR_MODULO && left.kind == VALUE_STR)
        return gale__format_percent(run, gale__text_str(left), right, out);
    if (operator_ == OPERATOR_OR && gale__is_dict(left) && gale__is_dict(right))
        return merge(run, left, right, out);
    return unsupported(run, operator_, left, right);
}

int gale__negate(gale__run *run, gale__value value, gale__value *out)
{
    if (value.kind == VALUE_FLOAT) {
        *out = gale__float(-value.real);
        return 0;
    }
    if (!gale__is_integer(value))
        return gale__raise(run, ERROR_TYPE, "bad operand type for unary -: '%s'",
                           gale__type_name(value));
    if (gale__integer(value) == INT64_MIN)
        return overflow(run);
    *out = gale__int(-gale__integer(value));
    return 0;
}
