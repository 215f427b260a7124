/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in functions that make no value of another type (see conversions.c). */
#include <gale/escape.h>

#include <errno.h>
#include <string.h>

#include "core/escape.h"
#include "core/letters.h"
#include "template/builtins.h"

/* ---- Text ------------------------------------------------------------------------------ */

/* Ends a buffer: its text, or the error of what has filled it. */
static int finish(gale__run *run, gale__buffer *text, int error, gale__value *out)
{
    if (error >= 0)
        return gale__run_take_text(run, text, out);
    gale__buffer_clear(text);
    return error;
}

static int call_xhtml_escape(gale__run *run, gale__value self, const gale__value *values,
                             size_t count, gale__value *out)
{
    gale__buffer text;
    (void)self, (void)count;
    GALE_TRY(gale__want_str(run, values[0], "xhtml_escape() argument"));
    gale__run_buffer(run, &text);
    gale__xhtml_escape(&text, gale__text_str(values[0]));
    return gale__run_take_text(run, &text, out);
}

static int call_url_escape(gale__run *run, gale__value self, const gale__value *values,
                           size_t count, gale__value *out)
{
    gale__buffer text;
    bool plus = values[1].kind == VALUE_UNSET || gale__truth(values[1]);
    (void)self, (void)count;
    GALE_TRY(gale__want_str(run, values[0], "url_escape() argument"));
    gale__run_buffer(run, &text);
    gale__url_escape(&text, gale__text_str(values[0]), plus);
    return gale__run_take_text(run, &text, out);
}

static int call_json_encode(gale__run *run, gale__value self, const gale__value *values,
                            size_t count, gale__value *out)
{
    gale__buffer text;
    (void)self, (void)count;
    gale__run_buffer(run, &text);
    return finish(run, &text, gale__append_json(run, &text, values[0]), out);
}

static int call_squeeze(gale__run *run, gale__value self, const gale__value *values, size_t count,
                        gale__value *out)
{
    gale__buffer text;
    (void)self, (void)count;
    GALE_TRY(gale__want_str(run, values[0], "squeeze() argument"));
    gale__run_buffer(run, &text);
    bool before = false;
    for (size_t i = 0; i < values[0].length; i++) {
        bool space = (unsigned char)values[0].text[i] <= ' ';
        if (!space || !before)
            gale__buffer_append_char(&text, space ? ' ' : values[0].text[i]);
        before = space;
    }
    GALE_TRY(gale__run_take_text(run, &text, out));
    gale_str stripped = gale__strip(gale__text_str(*out));
    *out = gale__text(stripped.data, stripped.len);
    return 0;
}

enum { PROTOCOLS_MAX = 16 };

/* A copy that ends with a NUL. */
static int text_copy(gale__run *run, gale__value value, const char *what, const char **out)
{
    int error;
    GALE_TRY(gale__want_str(run, value, what));
    if (value.length && memchr(value.text, 0, value.length))
        return gale__raise(run, ERROR_VALUE, "%s holds a NUL", what);
    char *copy = gale__run_alloc(run, (size_t)value.length + 1, &error);
    if (!copy)
        return error;
    if (value.length)
        memcpy(copy, value.text, value.length);
    copy[value.length] = '\0';
    *out = copy;
    return 0;
}

static int read_protocols(gale__run *run, gale__value list,
                          const char *protocols[PROTOCOLS_MAX + 1])
{
    if (!gale__is_sequence(list) || gale__size(list) > PROTOCOLS_MAX)
        return gale__raise(run, ERROR_TYPE, "permitted_protocols is a list of at most %d",
                           PROTOCOLS_MAX);
    for (size_t i = 0; i < gale__size(list); i++)
        GALE_TRY(text_copy(run, gale__sequence_item(list, i), "a protocol", &protocols[i]));
    return 0;
}

/* linkify(text, shorten, extra_params, require_protocol, permitted_protocols) */
static int call_linkify(gale__run *run, gale__value self, const gale__value *values, size_t count,
                        gale__value *out)
{
    const char *protocols[PROTOCOLS_MAX + 1] = { 0 }, *text;
    gale_linkify_options options = { .shorten = gale__truth(values[1]),
                                     .require_protocol = gale__truth(values[3]) };
    (void)self, (void)count;
    GALE_TRY(text_copy(run, values[0], "linkify() argument", &text));
    if (values[2].kind != VALUE_UNSET)
        GALE_TRY(text_copy(run, values[2], "extra_params", &options.extra_params));
    if (values[4].kind != VALUE_UNSET) {
        GALE_TRY(read_protocols(run, values[4], protocols));
        options.permitted_protocols = protocols;
    }
    gale_bytes *html = gale_linkify(text, &options);
    gale__buffer buffer;
    gale__run_buffer(run, &buffer);
    if (!html)
        return finish(run, &buffer, -ENOMEM, out);
    gale_str made = gale_bytes_str(html);
    gale__buffer_append(&buffer, made.data, made.len);
    gale_bytes_unref(html);
    return gale__run_take_text(run, &buffer, out);
}

static int call_repr(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    gale__buffer text;
    (void)self, (void)count;
    gale__run_buffer(run, &text);
    return finish(run, &text, gale__append_repr(run, &text, values[0]), out);
}

static int call_format(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    gale__buffer text;
    gale_str specification = GALE_STR("");
    (void)self, (void)count;
    if (values[1].kind != VALUE_UNSET) {
        GALE_TRY(gale__want_str(run, values[1], "format() argument 2"));
        specification = gale__text_str(values[1]);
    }
    gale__run_buffer(run, &text);
    return finish(run, &text, gale__format_value(run, &text, values[0], specification), out);
}

/* ---- Numbers --------------------------------------------------------------------------- */

static int call_abs(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    gale__value number = values[0];
    (void)self, (void)count;
    if (!gale__is_number(number))
        return gale__raise(run, ERROR_TYPE, "bad operand type for abs(): '%s'",
                           gale__type_name(number));
    if (number.kind == VALUE_FLOAT)
        *out = gale__float(__builtin_fabs(number.real));
    else if (gale__integer(number) < 0)
        return gale__negate(run, number, out);
    else
        *out = gale__int(gale__integer(number));
    return 0;
}

static int call_round(gale__run *run, gale__value self, const gale__value *values, size_t count,
                      gale__value *out)
{
    int64_t digits = 0;
    (void)self, (void)count;
    if (!gale__is_number(values[0]))
        return gale__raise(run, ERROR_TYPE, "type %s doesn't define __round__ method",
                           gale__type_name(values[0]));
    GALE_TRY(gale__optional_int(run, values[1], &digits));
    bool whole = values[1].kind == VALUE_UNSET || values[1].kind == VALUE_NONE;
    return gale__round(run, values[0], whole, digits, out);
}

static int call_sum(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    gale__iterator iterator = { .over = values[0] };
    gale__value item;
    int more;
    (void)self, (void)count;
    *out = values[1].kind == VALUE_UNSET ? gale__int(0) : values[1];
    if (out->kind == VALUE_STR)
        return gale__raise(run, ERROR_TYPE, "sum() can't sum strings [use ''.join(seq) instead]");
    while ((more = gale__iterator_next(run, &iterator, &item)) > 0)
        GALE_TRY(gale__arithmetic(run, OPERATOR_ADD, *out, item, out));
    return more;
}

/* ---- Choosing -------------------------------------------------------------------------- */

/* max(a, b, ...) or max(iterable), with key and default. */
static int extreme(gale__run *run, const gale__value *values, size_t count, bool most,
                   gale__value *out)
{
    gale__value over = values[2], best_key = { 0 }, item, key;
    int more, order;
    if (count > 3 && values[1].kind != VALUE_UNSET)
        return gale__raise(run, ERROR_TYPE,
                           "Cannot specify a default for %s() with multiple "
                           "positional arguments",
                           most ? "max" : "min");
    if (count > 3) {
        GALE_TRY(gale__list_new(run, VALUE_LIST, count - 2, &over));
        for (size_t i = 2; i < count; i++)
            GALE_TRY(gale__list_append(run, over.list, values[i]));
    }
    gale__iterator iterator = { .over = over };
    while ((more = gale__iterator_next(run, &iterator, &item)) > 0) {
        GALE_TRY(gale__key_of(run, values[0], item, &key));
        if (best_key.kind != VALUE_UNSET) {
            GALE_TRY(gale__compare(run, key, best_key, most ? ">" : "<", &order));
            if (order == 2 || (most ? order <= 0 : order >= 0))
                continue;
        }
        best_key = key;
        *out = item;
    }
    if (more < 0 || best_key.kind != VALUE_UNSET)
        return more;
    if (values[1].kind == VALUE_UNSET)
        return gale__raise(run, ERROR_VALUE, "%s() arg is an empty sequence", most ? "max" : "min");
    *out = values[1];
    return 0;
}

static int call_max(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    (void)self;
    return extreme(run, values, count, true, out);
}

static int call_min(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    (void)self;
    return extreme(run, values, count, false, out);
}

/* Whether an item's truth is `wanted`. */
static int find_truth(gale__run *run, gale__value over, bool wanted, bool *ret_found)
{
    gale__iterator iterator = { .over = over };
    gale__value item;
    int more;
    *ret_found = false;
    while (!*ret_found && (more = gale__iterator_next(run, &iterator, &item)) != 0) {
        if (more < 0)
            return more;
        *ret_found = gale__truth(item) == wanted;
    }
    return 0;
}

static int call_any(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    bool found;
    (void)self, (void)count;
    GALE_TRY(find_truth(run, values[0], true, &found));
    *out = gale__bool(found);
    return 0;
}

static int call_all(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    bool found;
    (void)self, (void)count;
    GALE_TRY(find_truth(run, values[0], false, &found));
    *out = gale__bool(!found);
    return 0;
}

/* ---- Lists ----------------------------------------------------------------------------- */

static int call_len(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    gale__value value = values[0];
    (void)self, (void)count;
    if (value.kind != VALUE_STR && value.kind != VALUE_RANGE && !gale__is_sequence(value) &&
        !gale__is_dict(value))
        return gale__raise(run, ERROR_TYPE, "object of type '%s' has no len()",
                           gale__type_name(value));
    if (value.kind == VALUE_STR)
        GALE_TRY(gale__run_steps(run, value.length / 64));
    *out = gale__int((int64_t)gale__size(value));
    return 0;
}

static int call_sorted(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    (void)self, (void)count;
    GALE_TRY(gale__to_list(run, values[0], VALUE_LIST, out));
    return gale__sort_list(run, out->list, values[1], values[2]);
}

static int call_reversed(gale__run *run, gale__value self, const gale__value *values, size_t count,
                         gale__value *out)
{
    gale__value list;
    (void)self, (void)count;
    GALE_TRY(gale__to_list(run, values[0], VALUE_LIST, &list));
    GALE_TRY(gale__list_new(run, VALUE_LIST, list.list->size, out));
    for (size_t i = list.list->size; i--;)
        GALE_TRY(gale__list_append(run, out->list, list.list->items[i]));
    return 0;
}

static int call_enumerate(gale__run *run, gale__value self, const gale__value *values, size_t count,
                          gale__value *out)
{
    gale__iterator iterator = { .over = values[0] };
    gale__value item, pair;
    int64_t number = 0;
    int more;
    (void)self, (void)count;
    if (values[1].kind != VALUE_UNSET)
        GALE_TRY(gale__want_int(run, values[1], &number));
    GALE_TRY(gale__list_new(run, VALUE_LIST, 0, out));
    while ((more = gale__iterator_next(run, &iterator, &item)) > 0) {
        GALE_TRY(gale__tuple_pair(run, gale__int(number), item, &pair));
        GALE_TRY(gale__list_append(run, out->list, pair));
        if (__builtin_add_overflow(number, 1, &number))
            return gale__raise(run, ERROR_OVERFLOW, "an integer of more than 64 bits");
    }
    return more;
}

static int call_zip(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    int error;
    (void)self;
    GALE_TRY(gale__list_new(run, VALUE_LIST, 0, out));
    gale__iterator *iterators = gale__run_alloc(run, (count + 1) * sizeof *iterators, &error);
    if (!iterators)
        return error;
    for (size_t i = 0; i < count; i++)
        iterators[i] = (gale__iterator){ .over = values[i] };
    for (;;) {
        gale__value tuple, item;
        int more = 0;
        GALE_TRY(gale__list_new(run, VALUE_TUPLE, count, &tuple));
        for (size_t i = 0; i < count; i++) {
            if ((more = gale__iterator_next(run, &iterators[i], &item)) <= 0)
                break;
            GALE_TRY(gale__list_append(run, tuple.list, item));
        }
        if (more <= 0)
            return more;
        GALE_TRY(gale__list_append(run, out->list, tuple));
    }
}

/* ---- Types ----------------------------------------------------------------------------- */

static bool is_of_type(gale__value value, const char *type)
{
    return strcmp(gale__type_name(value), type) == 0 ||
           (value.kind == VALUE_BOOL && strcmp(type, "int") == 0);
}

static int call_isinstance(gale__run *run, gale__value self, const gale__value *values,
                           size_t count, gale__value *out)
{
    bool tuple = values[1].kind == VALUE_TUPLE;
    (void)self, (void)count;
    *out = gale__bool(false);
    for (size_t i = 0; i < (tuple ? values[1].list->size : 1); i++) {
        gale__value type = tuple ? values[1].list->items[i] : values[1];
        if (type.kind != VALUE_BUILTIN)
            return gale__raise(run, ERROR_TYPE,
                               "isinstance() arg 2 must be a type or a tuple of types");
        out->boolean = out->boolean || is_of_type(values[0], type.builtin->name);
    }
    return 0;
}

const gale__builtin gale__functions[] = {
    { "escape", "value", 1, 1, call_xhtml_escape },
    { "xhtml_escape", "value", 1, 1, call_xhtml_escape },
    { "url_escape", "value plus", 1, 2, call_url_escape },
    { "json_encode", "value", 1, 1, call_json_encode },
    { "squeeze", "value", 1, 1, call_squeeze },
    { "linkify", "text shorten extra_params require_protocol permitted_protocols", 1, 5,
      call_linkify },
    { "repr", "object /", 1, 1, call_repr },
    { "format", "value format_spec /", 1, 2, call_format },
    { "abs", "x /", 1, 1, call_abs },
    { "round", "number ndigits", 1, 2, call_round },
    { "sum", "iterable / start", 1, 2, call_sum },
    { "max", "*values key default", 1, 2, call_max },
    { "min", "*values key default", 1, 2, call_min },
    { "any", "iterable /", 1, 1, call_any },
    { "all", "iterable /", 1, 1, call_all },
    { "len", "object /", 1, 1, call_len },
    { "sorted", "iterable / * key reverse", 1, 3, call_sorted },
    { "reversed", "sequence /", 1, 1, call_reversed },
    { "enumerate", "iterable start", 1, 2, call_enumerate },
    { "zip", "*iterables", 0, 0, call_zip },
    { "isinstance", "object classinfo /", 2, 2, call_isinstance },
    { 0 },
};
