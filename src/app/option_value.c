/* SPDX-License-Identifier: Apache-2.0 */
#include "app/option_value.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/letters.h"
#include "template/value.h"

static const size_t sizes[] = {
    [GALE_OPTION_STR] = sizeof(const char *), [GALE_OPTION_INT] = sizeof(int),
    [GALE_OPTION_INT64] = sizeof(int64_t),    [GALE_OPTION_FLOAT] = sizeof(double),
    [GALE_OPTION_BOOL] = sizeof(bool),        [GALE_OPTION_DATETIME] = sizeof(struct tm),
    [GALE_OPTION_TIMEDELTA] = sizeof(double), [GALE_OPTION_CONFIG_FILE] = sizeof(const char *),
};

static bool is_text(const gale_option *option)
{
    return option->type == GALE_OPTION_STR || option->type == GALE_OPTION_CONFIG_FILE;
}

size_t gale__option_size(const gale_option *option)
{
    return option->multiple ? sizeof(gale_option_list) : sizes[option->type];
}

/* ---- One element ---- */

/* Elements as they arrive. Text is behind them in the end; until then an element is its offset. */
typedef struct collector {
    const gale_option *option;
    gale__buffer elements, text;
    size_t count;
} collector;

static int add(collector *self, const void *element)
{
    if (++self->count > GALE__OPTION_VALUES_MAX)
        return gale__fail(GALE_EINVALID, "expected at most %d values", GALE__OPTION_VALUES_MAX);
    return gale__buffer_append(&self->elements, element, sizes[self->option->type]);
}

static int add_text(collector *self, gale_str text)
{
    if (memchr(text.data, '\0', text.len))
        return gale__fail(GALE_EINVALID, "expected text without a NUL");
    uintptr_t offset = self->text.size;
    GALE_TRY(gale__buffer_append(&self->text, text.data, text.len));
    GALE_TRY(gale__buffer_append_char(&self->text, '\0'));
    return add(self, &offset);
}

static int add_int(collector *self, int64_t number)
{
    int narrow = (int)number;
    return self->option->type == GALE_OPTION_INT ? add(self, &narrow) : add(self, &number);
}

static int parse_int(const collector *self, gale_str text, int64_t *ret_number)
{
    int found = gale__parse_int(text, 10, ret_number);
    if (found == 0)
        return gale__fail(GALE_EINVALID, "expected a whole number, such as 8888%s",
                          self->option->multiple ? ", or a range, such as 1:10" : "");
    if (found < 0 ||
        (self->option->type == GALE_OPTION_INT && (*ret_number < INT_MIN || *ret_number > INT_MAX)))
        return gale__fail(GALE_EINVALID, "expected a number of at most %d bits",
                          self->option->type == GALE_OPTION_INT ? 32 : 64);
    return 0;
}

/* LOW:HIGH, both included. */
static int add_range(collector *self, gale_str text, size_t colon)
{
    int64_t low, high;
    gale_str rest = { text.data + colon + 1, text.len - colon - 1 };
    GALE_TRY(parse_int(self, (gale_str){ text.data, colon }, &low));
    if (rest.len == 0)
        return add_int(self, low);
    GALE_TRY(parse_int(self, rest, &high));
    for (int64_t number = low; number <= high; number++) {
        GALE_TRY(add_int(self, number));
        if (number == INT64_MAX)
            break;
    }
    return 0;
}

static int add_ints(collector *self, gale_str text)
{
    int64_t number;
    const char *colon = self->option->multiple ? memchr(text.data, ':', text.len) : NULL;
    if (colon)
        return add_range(self, text, (size_t)(colon - text.data));
    GALE_TRY(parse_int(self, text, &number));
    return add_int(self, number);
}

static bool is_one_of(gale_str text, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == text.len && strncasecmp(*words, text.data, text.len) == 0)
            return true;
    return false;
}

static int add_bool(collector *self, gale_str text)
{
    static const char *const yes[] = { "true", "t", "1", "yes", "y", "on", NULL };
    static const char *const no[] = { "false", "f", "0", "no", "n", "off", NULL };
    bool value = is_one_of(text, yes);
    if (!value && !is_one_of(text, no))
        return gale__fail(GALE_EINVALID, "expected true or false");
    return add(self, &value);
}

static int add_float(collector *self, gale_str text)
{
    double number;
    if (!gale__parse_float(text, &number))
        return gale__fail(GALE_EINVALID, "expected a number, such as 1.5");
    return add(self, &number);
}

static int add_datetime(collector *self, gale_str text)
{
    struct tm datetime;
    if (!gale__parse_datetime(text, &datetime))
        return gale__fail(GALE_EINVALID, "expected a date or time, such as 2013-04-28 05:16");
    return add(self, &datetime);
}

static int add_timedelta(collector *self, gale_str text)
{
    double seconds;
    if (!gale__parse_timedelta(text, &seconds))
        return gale__fail(GALE_EINVALID, "expected a duration, such as 90, 1.5h or 2 days 3 sec");
    return add(self, &seconds);
}

static int add_element(collector *self, gale_str text)
{
    switch (self->option->type) {
    case GALE_OPTION_INT:
    case GALE_OPTION_INT64:
        return add_ints(self, text);
    case GALE_OPTION_FLOAT:
        return add_float(self, text);
    case GALE_OPTION_BOOL:
        return add_bool(self, text);
    case GALE_OPTION_DATETIME:
        return add_datetime(self, text);
    case GALE_OPTION_TIMEDELTA:
        return add_timedelta(self, text);
    default:
        return add_text(self, text);
    }
}

/* ---- All of them ---- */

static int add_separated(collector *self, gale_str text)
{
    while (text.len > 0) {
        const char *comma = memchr(text.data, ',', text.len);
        size_t size = comma ? (size_t)(comma - text.data) : text.len;
        GALE_TRY(add_element(self, gale__strip((gale_str){ text.data, size })));
        if (comma && size + 1 == text.len) /* an empty one behind the last comma */
            return add_element(self, (gale_str){ comma, 0 });
        size += comma != NULL;
        text = (gale_str){ text.data + size, text.len - size };
    }
    return 0;
}

static int add_all(collector *self, const gale__option_input *input)
{
    if (!self->option->multiple && input->is_list)
        return gale__fail(GALE_EINVALID, "expected one value, and not a list");
    if (!self->option->multiple)
        return add_element(self, input->items[0]);
    if (!input->is_list)
        return add_separated(self, input->items[0]);
    for (size_t i = 0; i < input->count; i++)
        GALE_TRY(add_element(self, input->items[i]));
    return 0;
}

/* One block: the elements, and behind them the text that they point to. */
static int make_block(collector *self, gale__option_value *value)
{
    gale_str elements = gale__buffer_str(&self->elements), text = gale__buffer_str(&self->text);
    char *block = gale__malloc(elements.len + text.len + 1);
    if (!block)
        return -ENOMEM;
    memcpy(block, elements.data, elements.len);
    memcpy(block + elements.len, text.data, text.len);
    if (is_text(self->option))
        for (size_t i = 0; i < self->count; i++) {
            uintptr_t offset;
            memcpy(&offset, block + i * sizeof offset, sizeof offset);
            const char *at = block + elements.len + offset;
            memcpy(block + i * sizeof at, &at, sizeof at);
        }
    value->block = block;
    return 0;
}

static int make_value(collector *self, gale__option_value *value)
{
    *value = (gale__option_value){ .block = NULL };
    if (self->option->multiple || is_text(self->option))
        GALE_TRY(make_block(self, value));
    if (self->option->multiple)
        value->list = (gale_option_list){ .count = self->count, .strs = value->block };
    else if (is_text(self->option))
        memcpy(&value->str, value->block, sizeof value->str);
    else
        memcpy(value->bytes, gale__buffer_begin(&self->elements), self->elements.size);
    return 0;
}

int gale__option_parse(const gale_option *option, const gale__option_input *input,
                       gale__option_value *ret_value)
{
    collector self = { .option = option };
    gale__buffer_init(&self.elements, SIZE_MAX);
    gale__buffer_init(&self.text, SIZE_MAX);
    int result = add_all(&self, input);
    if (result >= 0)
        result = make_value(&self, ret_value);
    gale__buffer_clear(&self.elements);
    gale__buffer_clear(&self.text);
    return result < 0 ? result : 0;
}

/* ---- Back to text ---- */

/* Not strftime, which writes the year 987 with three digits. `between` stands before the time. */
static int datetime_text(const struct tm *datetime, char between, char *out, size_t size)
{
    if (datetime->tm_mday == 0)
        return snprintf(out, size, "%s", "");
    return snprintf(out, size, "%04d-%02d-%02d%c%02d:%02d:%02d", datetime->tm_year + 1900,
                    datetime->tm_mon + 1, datetime->tm_mday, between, datetime->tm_hour,
                    datetime->tm_min, datetime->tm_sec);
}

static json_t *datetime_json(const struct tm *datetime)
{
    char text[128];
    return datetime_text(datetime, 'T', text, sizeof text) > 0 ? json_string(text) : json_null();
}

static json_t *element_json(gale_option_type type, const void *at)
{
    switch (type) {
    case GALE_OPTION_INT:
        return json_integer(*(const int *)at);
    case GALE_OPTION_INT64:
        return json_integer(*(const int64_t *)at);
    case GALE_OPTION_FLOAT:
    case GALE_OPTION_TIMEDELTA:
        return isfinite(*(const double *)at) ? json_real(*(const double *)at) : json_null();
    case GALE_OPTION_BOOL:
        return json_boolean(*(const bool *)at);
    case GALE_OPTION_DATETIME:
        return datetime_json(at);
    default: {
        const char *text = *(const char *const *)at;
        json_t *value = text ? json_string(text) : NULL;
        return value ? value : json_null(); /* also for what is not UTF-8 */
    }
    }
}

json_t *gale__option_json(const gale_option *option)
{
    if (!option->value)
        return json_null();
    if (!option->multiple)
        return element_json(option->type, option->value);
    const gale_option_list *list = option->value;
    json_t *values = json_array();
    for (size_t i = 0; values && i < list->count; i++) {
        const char *at = (const char *)list->strs + i * sizes[option->type];
        if (json_array_append_new(values, element_json(option->type, at)) < 0) {
            json_decref(values);
            return NULL;
        }
    }
    return values;
}

/* Seconds in the largest unit that leaves no fraction. */
static int duration_text(double seconds, char *out, size_t size)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = { { "d", 86400 }, { "h", 3600 }, { "m", 60 } };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        double number = seconds / units[i].seconds;
        if (number >= 1 && number < 1e6 && number - (double)(int)number <= 0)
            return snprintf(out, size, "%d%s", (int)number, units[i].unit);
    }
    return snprintf(out, size, "%gs", seconds);
}

/* A single value. */
static int value_text(gale_option_type type, const gale__option_value *value, char *out,
                      size_t size)
{
    int number;
    int64_t number64;
    switch (type) {
    case GALE_OPTION_INT:
        memcpy(&number, value->bytes, sizeof number);
        return snprintf(out, size, "%d", number);
    case GALE_OPTION_INT64:
        memcpy(&number64, value->bytes, sizeof number64);
        return snprintf(out, size, "%lld", (long long)number64);
    case GALE_OPTION_FLOAT:
        return snprintf(out, size, "%g", value->real);
    case GALE_OPTION_TIMEDELTA:
        return duration_text(value->real, out, size);
    case GALE_OPTION_BOOL:
        return snprintf(out, size, "%s", value->bytes[0] ? "true" : "false");
    case GALE_OPTION_DATETIME:
        return datetime_text(&value->datetime, ' ', out, size);
    default:
        return snprintf(out, size, "%s", value->str ? value->str : "");
    }
}

int gale__option_text(const gale_option *option, const gale__option_value *value, char *out,
                      size_t size)
{
    *out = '\0';
    return option->multiple ? 0 : value_text(option->type, value, out, size);
}
