/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, lists and numbers as a language writes them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "web/locale.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, TEXT = 48 };

/* ---- Named places ---------------------------------------------------------------------- */

/* The value for a name among (name, value) pairs that NULL ends. */
static const char *value_of(const char *name, size_t size, va_list *pairs)
{
    va_list at;
    va_copy(at, *pairs);
    const char *found = NULL, *key;
    while (!found && (key = va_arg(at, const char *)) != NULL) {
        const char *value = va_arg(at, const char *);
        if (strlen(key) == size && memcmp(key, name, size) == 0)
            found = value;
    }
    va_end(at);
    return found;
}

/* Appends what the "%" at `at` stands for; returns how many bytes that took. */
static size_t fill_place(gale__buffer *out, const char *at, va_list *pairs)
{
    size_t name = at[1] == '(' ? strcspn(at + 2, ")") : 0;
    if (name && at[2 + name] && (at[3 + name] == 's' || at[3 + name] == 'd')) {
        const char *value = value_of(at + 2, name, pairs);
        if (value) {
            gale__buffer_append(out, value, strlen(value));
            return name + 4;
        }
    }
    gale__buffer_append_char(out, '%');
    return at[1] == '%' ? 2 : 1;
}

gale_bytes *gale_format_named(const char *text, ...)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    va_list pairs;
    va_start(pairs, text);
    while (*text) {
        size_t plain = strcspn(text, "%");
        gale__buffer_append(&out, text, plain);
        text += plain;
        if (*text)
            text += fill_place(&out, text, &pairs);
    }
    va_end(pairs);
    return gale__buffer_take(&out);
}

/* ---- Moments --------------------------------------------------------------------------- */

static int64_t round_half_even(double value)
{
    int64_t whole = (int64_t)value;
    double rest = value - (double)whole;
    bool odd = whole % 2 != 0;
    return whole + (rest > 0.5 || (rest >= 0.5 && odd)) - (rest < -0.5 || (rest <= -0.5 && odd));
}

/* Microseconds since 1970, between the years 1 and 9999, as Python's datetime has them. */
static int64_t microseconds(double seconds)
{
    const double first = -62135596800.0, last = 253402300799.0;
    if (!(seconds > first)) /* also for a NaN */
        seconds = first;
    if (seconds > last)
        seconds = last;
    return round_half_even(seconds * 1e6);
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static double clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The parts of a moment on the reader's calendar. */
typedef struct local_date {
    const char *month_name, *weekday;
    char day[TEXT], year[TEXT];
    int day_of_month, hour, minute;
} local_date;

static local_date local_date_of(const gale_locale *locale, int64_t moment, int gmt_offset)
{
    static const char *const months[] = { "January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December" };
    static const char *const weekdays[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday" };
    time_t seconds = (time_t)(floor_divide(moment, 1000000) - (int64_t)gmt_offset * MINUTE);
    struct tm parts;
    local_date date = { 0 };
    gmtime_r(&seconds, &parts);
    date.month_name = gale_locale_translate(locale, months[parts.tm_mon]);
    date.weekday = gale_locale_translate(locale, weekdays[parts.tm_wday]);
    snprintf(date.day, sizeof date.day, "%d", parts.tm_mday);
    snprintf(date.year, sizeof date.year, "%d", parts.tm_year + 1900);
    date.day_of_month = parts.tm_mday;
    date.hour = parts.tm_hour;
    date.minute = parts.tm_min;
    return date;
}

static bool is_code(const gale_locale *locale, const char *code)
{
    return strcmp(locale->code, code) == 0;
}

static bool is_english(const gale_locale *locale)
{
    return is_code(locale, "en") || is_code(locale, "en_US");
}

static void write_time(const gale_locale *locale, const local_date *date, char out[TEXT])
{
    int hour = date->hour % 12 ? date->hour % 12 : 12;
    bool afternoon = date->hour >= 12;
    if (is_english(locale))
        snprintf(out, TEXT, "%d:%02d %s", hour, date->minute, afternoon ? "pm" : "am");
    else if (is_code(locale, "zh_CN"))
        snprintf(out, TEXT, "%s%d:%02d", afternoon ? "下午" : "上午", hour, date->minute);
    else
        snprintf(out, TEXT, "%d:%02d", date->hour, date->minute);
}

/* ---- Dates ----------------------------------------------------------------------------- */

/* The quotient, rounded to the nearest, halves to the even one. */
static int64_t divide_rounded(int64_t a, int64_t b)
{
    int64_t quotient = a / b, twice = a % b * 2;
    return quotient + (twice > b || (twice == b && quotient % 2));
}

static gale_bytes *count_ago(const gale_locale *locale, const char *one, const char *many,
                             const char *name, int64_t count)
{
    char text[TEXT];
    snprintf(text, sizeof text, "%" PRId64, count);
    return gale_format_named(gale_locale_translate_plural(locale, one, many, count), name, text,
                             NULL);
}

/* "N seconds ago", for less than a day. */
static gale_bytes *ago(const gale_locale *locale, int64_t seconds)
{
    if (seconds < 50)
        return count_ago(locale, "1 second ago", "%(seconds)d seconds ago", "seconds", seconds);
    if (seconds < 50 * MINUTE)
        return count_ago(locale, "1 minute ago", "%(minutes)d minutes ago", "minutes",
                         divide_rounded(seconds, MINUTE));
    return count_ago(locale, "1 hour ago", "%(hours)d hours ago", "hours",
                     divide_rounded(seconds, HOUR));
}

/* The pattern for a moment so many days ago. */
static const char *pattern_for(const gale_format_date_options *options, int64_t days,
                               bool yesterday)
{
    bool shorter = options->shorter;
    if (options->full_format || days >= 334 || days < 0)
        return shorter ? "%(month_name)s %(day)s, %(year)s"
                       : "%(month_name)s %(day)s, %(year)s at %(time)s";
    if (days == 0)
        return "%(time)s";
    if (days == 1 && yesterday && !options->absolute)
        return shorter ? "yesterday" : "yesterday at %(time)s";
    if (days < 5)
        return shorter ? "%(weekday)s" : "%(weekday)s at %(time)s";
    return shorter ? "%(month_name)s %(day)s" : "%(month_name)s %(day)s at %(time)s";
}

gale_bytes *gale_locale_format_date(const gale_locale *locale, double date,
                                    const gale_format_date_options *options)
{
    static const gale_format_date_options defaults = { 0 };
    if (!options)
        options = &defaults;
    int64_t now = microseconds(options->now != 0 ? options->now : clock_now());
    int64_t moment = microseconds(date);
    if (moment > now && !options->absolute && moment - now < MINUTE * INT64_C(1000000))
        moment = now; /* clocks differ a little */
    int64_t seconds = floor_divide(now - moment, 1000000), days = floor_divide(seconds, DAY);
    if (days == 0 && !options->absolute && !options->full_format)
        return ago(locale, seconds);
    local_date local = local_date_of(locale, moment, options->gmt_offset);
    local_date yesterday = local_date_of(locale, now - DAY * INT64_C(1000000), options->gmt_offset);
    const char *pattern = pattern_for(options, days, local.day_of_month == yesterday.day_of_month);
    char time[TEXT];
    write_time(locale, &local, time);
    return gale_format_named(gale_locale_translate(locale, pattern), "month_name", local.month_name,
                             "weekday", local.weekday, "day", local.day, "year", local.year, "time",
                             time, NULL);
}

gale_bytes *gale_locale_format_day(const gale_locale *locale, double date, int gmt_offset,
                                   bool day_of_week)
{
    local_date local = local_date_of(locale, microseconds(date), gmt_offset);
    const char *pattern =
        day_of_week ? "%(weekday)s, %(month_name)s %(day)s" : "%(month_name)s %(day)s";
    return gale_format_named(gale_locale_translate(locale, pattern), "month_name", local.month_name,
                             "weekday", local.weekday, "day", local.day, NULL);
}

/* ---- Lists and numbers ----------------------------------------------------------------- */

gale_bytes *gale_locale_list(const gale_locale *locale, const char *const *parts, size_t count)
{
    if (count < 2)
        return gale_bytes_new(count ? parts[0] : "", count ? strlen(parts[0]) : 0);
    const char *comma = strncmp(locale->code, "fa", 2) == 0 ? " \xd9\x88 " : ", ";
    gale__buffer commas;
    gale__buffer_init(&commas, SIZE_MAX);
    for (size_t i = 0; i + 1 < count; i++)
        gale__buffer_printf(&commas, "%s%s", i ? comma : "", parts[i]);
    gale_bytes *result = NULL;
    if (!commas.error)
        result =
            gale_format_named(gale_locale_translate(locale, "%(commas)s and %(last)s"), "commas",
                              gale__buffer_str(&commas).data, "last", parts[count - 1], NULL);
    gale__buffer_clear(&commas);
    return result;
}

gale_bytes *gale_locale_friendly_number(const gale_locale *locale, int64_t number)
{
    char digits[TEXT], out[TEXT];
    int size = snprintf(digits, sizeof digits, "%" PRId64, number), length = 0;
    int sign = digits[0] == '-';
    for (int i = 0; i < size; i++) {
        if (is_english(locale) && i > sign && (size - i) % 3 == 0)
            out[length++] = ',';
        out[length++] = digits[i];
    }
    return gale_bytes_new(out, (size_t)length);
}
