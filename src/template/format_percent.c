/* SPDX-License-Identifier: Apache-2.0 */
/* text % values. */
#include <math.h>
#include <string.h>

#include "template/format.h"

typedef struct formatter {
    gale__run *run;
    gale_str text;
    size_t at; /* in `text` */
    gale__value values;
    size_t next; /* of a tuple's items; of another value: 1 once it was used */
    bool mapped;
    gale__buffer out;
} formatter;

static int next_value(formatter *self, gale__value *out)
{
    bool tuple = self->values.kind == VALUE_TUPLE;
    if (self->next >= (tuple ? self->values.list->size : 1))
        return gale__raise(self->run, ERROR_TYPE, "not enough arguments for format string");
    *out = tuple ? self->values.list->items[self->next] : self->values;
    self->next++;
    return 0;
}

static bool take(formatter *self, char byte)
{
    if (self->at >= self->text.len || self->text.data[self->at] != byte)
        return false;
    self->at++;
    return true;
}

/* %(key)s */
static int read_key(formatter *self, gale__value *out)
{
    size_t start = self->at, depth = 1;
    if (!gale__is_dict(self->values))
        return gale__raise(self->run, ERROR_TYPE, "format requires a mapping");
    for (; depth && self->at < self->text.len; self->at++) {
        depth += self->text.data[self->at] == '(';
        depth -= self->text.data[self->at] == ')';
    }
    if (depth)
        return gale__raise(self->run, ERROR_VALUE, "incomplete format key");
    gale__value key = gale__text(self->text.data + start, self->at - 1 - start);
    GALE_TRY(gale__dict_value(self->run, self->values, key, out));
    self->mapped = true;
    return out->kind == VALUE_UNSET ? gale__raise_key(self->run, key) : 0;
}

static int read_number(formatter *self, int64_t *out)
{
    if (take(self, '*')) {
        gale__value value;
        GALE_TRY(next_value(self, &value));
        if (!gale__is_integer(value))
            return gale__raise(self->run, ERROR_TYPE, "* wants int");
        *out = gale__integer(value);
        return 0;
    }
    *out = 0;
    for (; self->at < self->text.len && gale__is_digit((unsigned char)self->text.data[self->at]);
         self->at++)
        if (__builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, self->text.data[self->at] - '0', out))
            return gale__raise(self->run, ERROR_VALUE, "width too big");
    return 0;
}

static int read_format(formatter *self, gale__format *format)
{
    bool left = false, zero = false;
    for (; self->at < self->text.len && strchr("-+ #0", self->text.data[self->at]) &&
           self->text.data[self->at];
         self->at++) {
        char flag = self->text.data[self->at];
        left = left || flag == '-';
        zero = zero || flag == '0';
        format->alternate = format->alternate || flag == '#';
        if (flag == '+' || (flag == ' ' && format->sign != '+'))
            format->sign = flag;
    }
    GALE_TRY(read_number(self, &format->width));
    if (format->width < 0) {
        left = true;
        format->width = format->width == INT64_MIN ? INT64_MAX : -format->width;
    }
    if (take(self, '.')) {
        GALE_TRY(read_number(self, &format->precision));
        format->precision = format->precision < 0 ? 0 : format->precision;
    }
    if (!take(self, 'h') && !take(self, 'l'))
        take(self, 'L');
    format->align = left ? '<' : zero ? '=' : '>';
    if (zero && !left)
        format->fill = GALE_STR("0");
    if (self->at >= self->text.len)
        return gale__raise(self->run, ERROR_VALUE, "incomplete format");
    format->type = self->text.data[self->at++];
    return 0;
}

/* Only numbers are filled with zeros. */
static void fill_with_spaces(gale__format *format)
{
    format->fill = GALE_STR(" ");
    format->align = format->align == '=' ? '>' : format->align;
}

/* repr() with what is not ASCII escaped, too. */
static void append_ascii(gale__buffer *out, gale_str text)
{
    for (size_t i = 0, size; i < text.len; i += size) {
        uint32_t c = gale__code_point(text.data + i, &size);
        if (c < 0x80)
            gale__buffer_append_char(out, (char)c);
        else
            gale__buffer_printf(out,
                                c < 0x100     ? "\\x%02x"
                                : c < 0x10000 ? "\\u%04x"
                                              : "\\U%08x",
                                (unsigned)c);
    }
}

static int write_text(formatter *self, gale__value value, gale__format *format)
{
    gale__buffer text, ascii;
    gale__run_buffer(self->run, &text);
    gale__run_buffer(self->run, &ascii);
    int error = format->type == 's' ? gale__append_str(self->run, &text, value)
                                    : gale__append_repr(self->run, &text, value);
    if (format->type == 'a')
        append_ascii(&ascii, gale__buffer_str(&text));
    fill_with_spaces(format);
    if (error >= 0)
        error = gale__format_str(self->run, &self->out,
                                 gale__buffer_str(format->type == 'a' ? &ascii : &text), format);
    gale__buffer_clear(&text);
    gale__buffer_clear(&ascii);
    return error;
}

static int write_character(formatter *self, gale__value value, gale__format *format)
{
    fill_with_spaces(format);
    format->precision = -1;
    if (gale__is_integer(value))
        return gale__format_int(self->run, &self->out, gale__integer(value), format);
    if (value.kind != VALUE_STR || gale__size(value) != 1)
        return gale__raise(self->run, ERROR_TYPE, "%%c requires int or char");
    return gale__format_str(self->run, &self->out, gale__text_str(value), format);
}

static int write_integer(formatter *self, gale__value value, gale__format *format)
{
    bool decimal = strchr("diu", format->type) != NULL;
    if (decimal && value.kind == VALUE_FLOAT) {
        if (isnan(value.real))
            return gale__raise(self->run, ERROR_VALUE, "cannot convert float NaN to integer");
        if (!(fabs(value.real) < 9223372036854775808.0))
            return gale__raise(self->run, ERROR_OVERFLOW, "an integer of more than 64 bits");
        value = gale__int((int64_t)value.real);
    }
    if (!gale__is_integer(value))
        return gale__raise(self->run, ERROR_TYPE, "%%%c format: %s, not %s", format->type,
                           decimal ? "a real number is required" : "an integer is required",
                           gale__type_name(value));
    format->digits = format->precision;
    format->precision = -1;
    format->type = decimal ? 'd' : format->type;
    return gale__format_int(self->run, &self->out, gale__integer(value), format);
}

static int write_value(formatter *self, gale__value value, gale__format *format)
{
    if (strchr("sra", format->type))
        return write_text(self, value, format);
    if (format->precision > GALE__PRECISION_MAX)
        return gale__raise(self->run, ERROR_VALUE, "precision too big");
    if (format->type == 'c')
        return write_character(self, value, format);
    if (strchr("diuoxX", format->type))
        return write_integer(self, value, format);
    if (!gale__is_number(value))
        return gale__raise(self->run, ERROR_TYPE, "must be real number, not %s",
                           gale__type_name(value));
    return gale__format_float(self->run, &self->out, gale__real(value), format);
}

/* What stands after a percent sign. */
static int write_one(formatter *self)
{
    gale__format format = { .precision = -1, .fill = GALE_STR(" ") };
    gale__value value = { 0 };
    GALE_TRY(gale__run_steps(self->run, 1));
    if (take(self, '('))
        GALE_TRY(read_key(self, &value));
    GALE_TRY(read_format(self, &format));
    if (format.type == '%')
        return gale__buffer_append_char(&self->out, '%');
    if (!format.type || !strchr("sracdiuoxXeEfFgG", format.type))
        return gale__raise(
            self->run, ERROR_VALUE, "unsupported format character '%c' (0x%x) at index %zu",
            format.type >= ' ' && format.type < 127 ? format.type : '?', (unsigned char)format.type,
            gale__code_points((gale_str){ self->text.data, self->at - 1 }));
    if (value.kind == VALUE_UNSET)
        GALE_TRY(next_value(self, &value));
    return write_value(self, value, &format);
}

static int write_all(formatter *self)
{
    while (self->at < self->text.len) {
        const char *from = self->text.data + self->at;
        const char *percent = memchr(from, '%', self->text.len - self->at);
        size_t size = percent ? (size_t)(percent - from) : self->text.len - self->at;
        gale__buffer_append(&self->out, from, size);
        self->at += size + (percent != NULL);
        if (percent)
            GALE_TRY(write_one(self));
    }
    bool tuple = self->values.kind == VALUE_TUPLE;
    bool may_be_left = self->mapped || gale__is_dict(self->values) ||
                       (gale__is_sequence(self->values) && !tuple) ||
                       self->values.kind == VALUE_RANGE;
    if (!may_be_left && self->next < (tuple ? self->values.list->size : 1))
        return gale__raise(self->run, ERROR_TYPE,
                           "not all arguments converted during string formatting");
    return 0;
}

int gale__format_percent(gale__run *run, gale_str format, gale__value values, gale__value *out)
{
    formatter self = { .run = run, .text = format, .values = values };
    gale__run_buffer(run, &self.out);
    int error = write_all(&self);
    if (error >= 0)
        return gale__run_take_text(run, &self.out, out);
    gale__buffer_clear(&self.out);
    return error;
}
