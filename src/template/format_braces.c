/* SPDX-License-Identifier: Apache-2.0 */
/* text.format(...). */
#include <string.h>

#include "template/format.h"

typedef struct formatter {
    gale__run *run;
    const gale__arguments *arguments;
    int64_t next; /* of {}; -1 once a number was given */
} formatter;

static int expand(formatter *self, gale_str text, int depth, gale__buffer *out);

static bool is_number(gale_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!gale__is_digit((unsigned char)text.data[i]))
            return false;
    return text.len > 0;
}

static int positional(formatter *self, gale_str number, gale__value *out)
{
    int64_t index = self->next;
    if (!number.len) {
        if (self->next < 0)
            return gale__raise(self->run, ERROR_VALUE,
                               "cannot switch from manual field specification to automatic field "
                               "numbering");
        self->next++;
    } else {
        if (self->next > 0)
            return gale__raise(self->run, ERROR_VALUE,
                               "cannot switch from automatic field numbering to manual field "
                               "specification");
        self->next = -1;
        if (number.len > 9)
            return gale__raise(self->run, ERROR_VALUE, "Too many decimal digits in format string");
        index = 0;
        for (size_t i = 0; i < number.len; i++)
            index = index * 10 + (number.data[i] - '0');
    }
    if ((size_t)index >= self->arguments->positional)
        return gale__raise(self->run, ERROR_INDEX,
                           "Replacement index %d out of range for positional args tuple",
                           (int)index);
    *out = self->arguments->values[index];
    return 0;
}

static int named(formatter *self, gale_str name, gale__value *out)
{
    const gale__arguments *arguments = self->arguments;
    for (size_t i = arguments->positional; i < arguments->count; i++) {
        gale_str symbol =
            self->run->program->symbols.names[arguments->names[i - arguments->positional]];
        if (symbol.len == name.len && memcmp(symbol.data, name.data, name.len) == 0) {
            *out = arguments->values[i];
            return 0;
        }
    }
    return gale__raise_key(self->run, gale__text(name.data, name.len));
}

static int member(formatter *self, gale__value value, gale_str name, gale__value *out)
{
    *out = (gale__value){ 0 };
    if (!name.len)
        return gale__raise(self->run, ERROR_VALUE, "Empty attribute in format string");
    if (gale__is_dict(value))
        GALE_TRY(gale__dict_value(self->run, value, gale__text(name.data, name.len), out));
    if (out->kind != VALUE_UNSET)
        return 0;
    return gale__raise(self->run, ERROR_ATTRIBUTE, "'%s' object has no attribute '%.*s'",
                       gale__type_name(value), (int)name.len, name.data);
}

static int item(formatter *self, gale__value value, gale_str key, gale__value *out)
{
    gale__value index = gale__text(key.data, key.len);
    if (!key.len)
        return gale__raise(self->run, ERROR_VALUE, "Empty attribute in format string");
    if (is_number(key)) {
        int64_t number;
        if (gale__parse_int(key, 10, &number) <= 0)
            return gale__raise(self->run, ERROR_VALUE, "Too many decimal digits in format string");
        index = gale__int(number);
    }
    return gale__item(self->run, value, index, out);
}

static size_t until(gale_str text, size_t from, const char *set)
{
    while (from < text.len && (!text.data[from] || !strchr(set, text.data[from])))
        from++;
    return from;
}

/* The value of a field's name: name.member[index] */
static int look_up(formatter *self, gale_str name, gale__value *out)
{
    size_t at = until(name, 0, ".["), end;
    gale_str first = { name.data, at };
    if (!first.len || is_number(first))
        GALE_TRY(positional(self, first, out));
    else
        GALE_TRY(named(self, first, out));
    for (; at < name.len; at = end) {
        bool bracket = name.data[at] == '[';
        end = until(name, at + 1, bracket ? "]" : ".[");
        gale_str part = { name.data + at + 1, end - at - 1 };
        if (bracket && end++ == name.len)
            return gale__raise(self->run, ERROR_VALUE, "Missing ']' in format string");
        if (bracket && end < name.len && name.data[end] != '.' && name.data[end] != '[')
            return gale__raise(self->run, ERROR_VALUE,
                               "Only '.' or '[' may follow ']' in format field specifier");
        GALE_TRY((bracket ? item : member)(self, *out, part, out));
    }
    return 0;
}

static int convert(formatter *self, char conversion, gale__value *value)
{
    gale__buffer text;
    if (conversion != 'r' && conversion != 's' && conversion != 'a')
        return gale__raise(self->run, ERROR_VALUE, "Unknown conversion specifier '%c'", conversion);
    if (conversion == 'a')
        return gale__format_percent(self->run, GALE_STR("%a"), *value, value);
    gale__run_buffer(self->run, &text);
    int error =
        (conversion == 'r' ? gale__append_repr : gale__append_str)(self->run, &text, *value);
    if (error >= 0)
        return gale__run_take_text(self->run, &text, value);
    gale__buffer_clear(&text);
    return error;
}

/* `field` is what stands between braces. */
static int write_field(formatter *self, gale_str field, int depth, gale__buffer *out)
{
    gale__value value;
    size_t at = 0;
    bool bracket = false;
    for (; at < field.len; at++) {
        char c = field.data[at];
        bracket = c == '[' || (bracket && c != ']');
        if (!bracket && (c == ':' || c == '!'))
            break;
        if (c == '{')
            return gale__raise(self->run, ERROR_VALUE, "unexpected '{' in field name");
    }
    GALE_TRY(look_up(self, (gale_str){ field.data, at }, &value));
    if (at < field.len && field.data[at] == '!') {
        if (at + 1 >= field.len)
            return gale__raise(self->run, ERROR_VALUE,
                               "end of string while looking for conversion specifier");
        GALE_TRY(convert(self, field.data[at + 1], &value));
        at += 2;
        if (at < field.len && field.data[at] != ':')
            return gale__raise(self->run, ERROR_VALUE, "expected ':' after conversion specifier");
    }
    gale_str rest = { field.data + at, field.len - at };
    if (rest.len)
        rest.data++, rest.len--;
    if (!rest.len || !memchr(rest.data, '{', rest.len))
        return gale__format_value(self->run, out, value, rest);
    gale__buffer specification;
    gale__run_buffer(self->run, &specification);
    int error = expand(self, rest, depth + 1, &specification);
    if (error >= 0)
        error = gale__format_value(self->run, out, value, gale__buffer_str(&specification));
    gale__buffer_clear(&specification);
    return error;
}

/* The end of a field that begins at `from`: its closing brace. */
static size_t field_end(gale_str text, size_t from)
{
    size_t depth = 1, at = from;
    for (; at < text.len; at++) {
        depth += text.data[at] == '{';
        if (text.data[at] == '}' && --depth == 0)
            break;
    }
    return at;
}

static int expand(formatter *self, gale_str text, int depth, gale__buffer *out)
{
    if (depth > 1)
        return gale__raise(self->run, ERROR_VALUE, "Max string recursion exceeded");
    for (size_t at = 0; at < text.len;) {
        size_t brace = until(text, at, "{}");
        gale__buffer_append(out, text.data + at, brace - at);
        if (brace == text.len)
            break;
        char c = text.data[brace];
        at = brace + 1;
        if (at < text.len && text.data[at] == c) {
            gale__buffer_append_char(out, c);
            at++;
            continue;
        }
        if (c == '}' || at == text.len)
            return gale__raise(self->run, ERROR_VALUE, "Single '%c' encountered in format string",
                               c);
        size_t end = field_end(text, at);
        if (end == text.len)
            return gale__raise(self->run, ERROR_VALUE, "expected '}' before end of string");
        GALE_TRY(gale__run_steps(self->run, 1));
        GALE_TRY(write_field(self, (gale_str){ text.data + at, end - at }, depth, out));
        at = end + 1;
    }
    return out->error;
}

int gale__format_braces(gale__run *run, gale_str format, const gale__arguments *arguments,
                        gale__value *out)
{
    formatter self = { .run = run, .arguments = arguments };
    gale__buffer text;
    gale__run_buffer(run, &text);
    int error = expand(&self, format, 0, &text);
    if (error >= 0)
        return gale__run_take_text(run, &text, out);
    gale__buffer_clear(&text);
    return error;
}
