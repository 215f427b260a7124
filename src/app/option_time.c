/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times and durations, as options write them. */
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "app/option_value.h"
#include "template/value.h"

/* ---- Dates and times ---- */

/* Of strptime's language: what is used below. A space is any white space. */
static const char *const datetime_formats[] = {
    "%a %b %d %H:%M:%S %Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y%m%d %H:%M:%S",
    "%Y%m%d %H:%M",
    "%Y-%m-%d",
    "%Y%m%d",
    "%H:%M:%S",
    "%H:%M",
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* 1 to `most` digits; all of them when they are a year. */
static bool take_number(gale_str *text, size_t most, int *ret_number)
{
    size_t digits = 0;
    int number = 0;
    while (digits < most && digits < text->len && text->data[digits] >= '0' &&
           text->data[digits] <= '9')
        number = 10 * number + (text->data[digits++] - '0');
    *ret_number = number;
    *text = (gale_str){ text->data + digits, text->len - digits };
    return digits > 0 && (most < 4 || digits == most);
}

/* The number of a name of three letters. */
static bool take_name(gale_str *text, const char *names, int *ret_index)
{
    for (int i = 0; text->len >= 3 && names[3 * i]; i++)
        if (strncasecmp(text->data, names + 3 * i, 3) == 0) {
            *ret_index = i;
            *text = (gale_str){ text->data + 3, text->len - 3 };
            return true;
        }
    return false;
}

static bool take_field(gale_str *text, char field, struct tm *out)
{
    int number = 0;
    bool found = field == 'a'   ? take_name(text, "SunMonTueWedThuFriSat", &number)
                 : field == 'b' ? take_name(text, "JanFebMarAprMayJunJulAugSepOctNovDec", &number)
                                : take_number(text, field == 'Y' ? 4 : 2, &number);
    switch (field) {
    case 'Y':
        out->tm_year = number - 1900;
        return found && number > 0;
    case 'b':
        out->tm_mon = number;
        return found;
    case 'm':
        out->tm_mon = number - 1;
        return found && number >= 1 && number <= 12;
    case 'd':
        out->tm_mday = number;
        return found && number >= 1;
    case 'H':
        out->tm_hour = number;
        return found && number < 24;
    case 'M':
        out->tm_min = number;
        return found && number < 60;
    case 'S':
        out->tm_sec = number;
        return found && number < 60;
    default: /* the name of the day is not compared with the date */
        return found;
    }
}

static bool take_spaces(gale_str *text)
{
    size_t before = text->len;
    while (text->len > 0 && is_space(*text->data))
        *text = (gale_str){ text->data + 1, text->len - 1 };
    return text->len < before;
}

static bool take_literal(gale_str *text, char literal)
{
    if (literal == ' ')
        return take_spaces(text);
    if (text->len == 0 || *text->data != literal)
        return false;
    *text = (gale_str){ text->data + 1, text->len - 1 };
    return true;
}

static bool matches(gale_str text, const char *format, struct tm *out)
{
    *out = (struct tm){ .tm_mday = 1, .tm_isdst = -1 };
    for (; *format; format++)
        if (*format == '%' ? !take_field(&text, *++format, out) : !take_literal(&text, *format))
            return false;
    return text.len == 0;
}

/* Fills in the days of the week and the year, too. */
static bool exists(struct tm *date)
{
    struct tm copy = *date;
    timegm(&copy);
    date->tm_wday = copy.tm_wday;
    date->tm_yday = copy.tm_yday;
    return copy.tm_mday == date->tm_mday && copy.tm_mon == date->tm_mon;
}

bool gale__parse_datetime(gale_str text, struct tm *ret_datetime)
{
    for (size_t i = 0; i < sizeof datetime_formats / sizeof *datetime_formats; i++)
        if (matches(text, datetime_formats[i], ret_datetime) && exists(ret_datetime))
            return true;
    return false;
}

/* ---- Durations ---- */

static const struct {
    const char *name;
    double seconds;
} units[] = { { "seconds", 1 },
              { "second", 1 },
              { "sec", 1 },
              { "s", 1 },
              { "minutes", 60 },
              { "minute", 60 },
              { "min", 60 },
              { "m", 60 },
              { "hours", 3600 },
              { "hour", 3600 },
              { "h", 3600 },
              { "days", 86400 },
              { "day", 86400 },
              { "d", 86400 },
              { "weeks", 604800 },
              { "week", 604800 },
              { "w", 604800 },
              { "ms", 1e-3 },
              { "milliseconds", 1e-3 },
              { "us", 1e-6 },
              { "microseconds", 1e-6 } };

/* 0 when there is no such unit. */
static double unit_seconds(gale_str name)
{
    if (name.len == 0)
        return 1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].name) == name.len && memcmp(units[i].name, name.data, name.len) == 0)
            return units[i].seconds;
    return 0;
}

static size_t digits_at(const char *text, size_t at, size_t size)
{
    size_t start = at;
    while (at < size && text[at] >= '0' && text[at] <= '9')
        at++;
    return at - start;
}

/* The length of [sign]digits[.digits][e[sign]digits] at the front; 0 when there is none. */
static size_t number_length(gale_str text)
{
    size_t at = text.len && (*text.data == '-' || *text.data == '+');
    size_t whole = digits_at(text.data, at, text.len), fraction = 0;
    at += whole;
    if (at < text.len && text.data[at] == '.') {
        fraction = digits_at(text.data, at + 1, text.len);
        at += 1 + fraction;
    }
    if (whole + fraction == 0)
        return 0;
    if (at < text.len && (text.data[at] | 32) == 'e') {
        size_t sign = at + 1 < text.len && (text.data[at + 1] == '-' || text.data[at + 1] == '+');
        size_t exponent = digits_at(text.data, at + 1 + sign, text.len);
        at += exponent ? 1 + sign + exponent : 0;
    }
    return at;
}

static gale_str take(gale_str *text, size_t size)
{
    gale_str taken = { text->data, size };
    *text = (gale_str){ text->data + size, text->len - size };
    return taken;
}

bool gale__parse_timedelta(gale_str text, double *ret_seconds)
{
    const double most = 86400e9; /* Python's */
    double sum = 0, number;
    bool any = text.len == 0;
    take_spaces(&text);
    while (text.len > 0) {
        if (!gale__parse_float(take(&text, number_length(text)), &number))
            return false;
        take_spaces(&text);
        size_t letters = 0;
        while (letters < text.len && isalpha((unsigned char)text.data[letters]))
            letters++;
        double unit = unit_seconds(take(&text, letters));
        sum += number * unit;
        any = true;
        take_spaces(&text);
        bool no_unit_within = letters == 0 && text.len > 0 && isdigit((unsigned char)*text.data);
        if (unit <= 0 || no_unit_within || !(fabs(sum) < most))
            return false;
    }
    *ret_seconds = sum;
    return any;
}
