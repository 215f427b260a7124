/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Days are counted from 1 January 1970 in the proleptic Gregorian calendar. For the arithmetic a
 * year begins in March, so that the leap day is its last day.
 */
#include "core/date.h"

#include <string.h>
#include <time.h>

enum {
    DAYS_IN_400_YEARS = 146097,
    DAYS_TO_1970 = 719468, /* since 1 March of the year 0 */
    DAY_SECONDS = 86400
};

static const int64_t first_second = INT64_C(-62135596800); /* of the year 1 */
static const int64_t last_second = INT64_C(253402300799);  /* of the year 9999 */

static const char day_names[] = "Sun\0Mon\0Tue\0Wed\0Thu\0Fri\0Sat";
static const char month_names[] = "Jan\0Feb\0Mar\0Apr\0May\0Jun\0Jul\0Aug\0Sep\0Oct\0Nov\0Dec";
static const char *const long_day_names[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                              "Thursday", "Friday", "Saturday" };

typedef struct civil {
    int year, month, day; /* month and day count from 1 */
    int hour, minute, second;
} civil;

static int64_t days_from_civil(int year, int month, int day)
{
    int64_t march_year = month > 2 ? year : year - 1; /* never negative: years begin at 1 */
    int64_t era = march_year / 400, year_of_era = march_year % 400;
    int64_t march_month = (month + 9) % 12;
    int64_t day_of_year = (153 * march_month + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_IN_400_YEARS + day_of_era - DAYS_TO_1970;
}

static void civil_from_days(int64_t days, civil *date)
{
    days += DAYS_TO_1970; /* never negative from the year 1 on */
    int64_t era = days / DAYS_IN_400_YEARS, day_of_era = days % DAYS_IN_400_YEARS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    date->day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    date->month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    date->year = (int)(era * 400 + year_of_era + (date->month <= 2));
}

/* ---- Writing ---- */

static char *put_digits(char *out, int value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + count;
}

static char *put_text(char *out, const char *text, size_t size)
{
    memcpy(out, text, size);
    return out + size;
}

void gale__http_date_format(int64_t unix_seconds, char *out)
{
    if (unix_seconds < first_second)
        unix_seconds = first_second;
    if (unix_seconds > last_second)
        unix_seconds = last_second;
    int64_t from_year_one = unix_seconds - first_second; /* 1 January of the year 1: a Monday */
    int64_t day_number = from_year_one / DAY_SECONDS;
    int second_of_day = (int)(from_year_one % DAY_SECONDS);
    civil date;
    civil_from_days(day_number + first_second / DAY_SECONDS, &date);

    out = put_text(out, &day_names[(day_number + 1) % 7 * 4], 3);
    out = put_text(out, ", ", 2);
    out = put_digits(out, date.day, 2);
    out = put_text(out, " ", 1);
    out = put_text(out, &month_names[(date.month - 1) * 4], 3);
    out = put_text(out, " ", 1);
    out = put_digits(out, date.year, 4);
    out = put_text(out, " ", 1);
    out = put_digits(out, second_of_day / 3600, 2);
    out = put_text(out, ":", 1);
    out = put_digits(out, second_of_day / 60 % 60, 2);
    out = put_text(out, ":", 1);
    out = put_digits(out, second_of_day % 60, 2);
    put_text(out, " GMT", 4);
}

/* ---- Reading ---- */

/* Each take_ function takes its thing from the front of the text, or returns false. */

static bool take_text(gale_str *text, const char *expected)
{
    size_t size = strlen(expected);
    if (text->len < size || memcmp(text->data, expected, size) != 0)
        return false;
    *text = (gale_str){ text->data + size, text->len - size };
    return true;
}

static bool take_digits(gale_str *text, size_t count, int *ret_value)
{
    if (text->len < count)
        return false;
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text->data[i] < '0' || text->data[i] > '9')
            return false;
        value = value * 10 + (text->data[i] - '0');
    }
    *text = (gale_str){ text->data + count, text->len - count };
    *ret_value = value;
    return true;
}

static bool take_name(gale_str *text, const char *names, int count, int *ret_index)
{
    for (int i = 0; i < count; i++) {
        if (take_text(text, names + i * 4)) {
            *ret_index = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_day_name(gale_str *text)
{
    int ignored;
    return take_name(text, day_names, 7, &ignored);
}

static bool take_long_day_name(gale_str *text)
{
    for (size_t i = 0; i < sizeof long_day_names / sizeof *long_day_names; i++)
        if (take_text(text, long_day_names[i]))
            return true;
    return false;
}

static bool take_month(gale_str *text, civil *date)
{
    return take_name(text, month_names, 12, &date->month);
}

static bool take_time(gale_str *text, civil *date)
{
    return take_digits(text, 2, &date->hour) && take_text(text, ":") &&
           take_digits(text, 2, &date->minute) && take_text(text, ":") &&
           take_digits(text, 2, &date->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool take_fixdate(gale_str *text, civil *date)
{
    return take_day_name(text) && take_text(text, ", ") && take_digits(text, 2, &date->day) &&
           take_text(text, " ") && take_month(text, date) && take_text(text, " ") &&
           take_digits(text, 4, &date->year) && take_text(text, " ") && take_time(text, date) &&
           take_text(text, " GMT");
}

/* The last year with these two digits that is at most 50 years ahead. */
static int full_year(int two_digits)
{
    civil now;
    civil_from_days((int64_t)time(NULL) / DAY_SECONDS, &now);
    int latest = now.year + 50;
    return latest - (latest - two_digits) % 100;
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
static bool take_rfc850_date(gale_str *text, civil *date)
{
    int two_digits;
    if (!(take_long_day_name(text) && take_text(text, ", ") && take_digits(text, 2, &date->day) &&
          take_text(text, "-") && take_month(text, date) && take_text(text, "-") &&
          take_digits(text, 2, &two_digits) && take_text(text, " ") && take_time(text, date) &&
          take_text(text, " GMT")))
        return false;
    date->year = full_year(two_digits);
    return true;
}

/* Sun Nov  6 08:49:37 1994 */
static bool take_asctime_date(gale_str *text, civil *date)
{
    return take_day_name(text) && take_text(text, " ") && take_month(text, date) &&
           take_text(text, " ") &&
           (take_text(text, " ") ? take_digits(text, 1, &date->day)
                                 : take_digits(text, 2, &date->day)) &&
           take_text(text, " ") && take_time(text, date) && take_text(text, " ") &&
           take_digits(text, 4, &date->year);
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* A second of 60 is a leap second. The name of the day is not compared with the date. */
static bool in_range(const civil *date)
{
    return date->year >= 1 && date->day >= 1 &&
           date->day <= days_in_month(date->year, date->month) && date->hour <= 23 &&
           date->minute <= 59 && date->second <= 60;
}

static int seconds_of(const civil *date, int64_t *ret_unix_seconds)
{
    if (!in_range(date))
        return GALE_EINPUT;
    *ret_unix_seconds = days_from_civil(date->year, date->month, date->day) * DAY_SECONDS +
                        date->hour * 3600 + date->minute * 60 + date->second;
    return 0;
}

int gale__date_seconds(int year, int month, int day, int second_of_day, int64_t *ret_unix_seconds)
{
    civil date = { year, month, day, 0, 0, 0 };
    GALE_TRY(seconds_of(&date, ret_unix_seconds));
    *ret_unix_seconds += second_of_day;
    return 0;
}

int gale__http_date_parse(gale_str text, int64_t *ret_unix_seconds)
{
    static bool (*const forms[])(gale_str *, civil *) = { take_fixdate, take_rfc850_date,
                                                          take_asctime_date };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        gale_str rest = text;
        civil date = { 0 };
        if (forms[i](&rest, &date) && rest.len == 0 && seconds_of(&date, ret_unix_seconds) == 0)
            return 0;
    }
    return GALE_EINPUT;
}
