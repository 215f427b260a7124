/* SPDX-License-Identifier: Apache-2.0 */
#include "core/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "test.h"

static const int64_t first_second = INT64_C(-62135596800), last_second = INT64_C(253402300799);

static void assert_format(int64_t unix_seconds, const char *expected)
{
    char text[GALE__HTTP_DATE_SIZE];
    gale__http_date_format(unix_seconds, text);
    assert_str(((gale_str){ text, sizeof text }), expected);
}

static int parse(const char *text, int64_t *ret_unix_seconds)
{
    return gale__http_date_parse((gale_str){ text, strlen(text) }, ret_unix_seconds);
}

static void assert_parse(const char *text, int64_t expected)
{
    int64_t unix_seconds = 0;
    if (parse(text, &unix_seconds) != 0 || unix_seconds != expected)
        fail_msg("%s: %lld, expected %lld", text, (long long)unix_seconds, (long long)expected);
}

static const struct {
    int64_t unix_seconds;
    const char *text;
} known[] = {
    { INT64_C(-62135596800), "Mon, 01 Jan 0001 00:00:00 GMT" },
    { INT64_C(-11670955200), "Tue, 29 Feb 1600 12:00:00 GMT" },
    { INT64_C(-2203891200), "Thu, 01 Mar 1900 00:00:00 GMT" },
    { -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
    { 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
    { 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
    { 951868799, "Tue, 29 Feb 2000 23:59:59 GMT" },
    { INT64_C(2147483648), "Tue, 19 Jan 2038 03:14:08 GMT" },
    { INT64_C(4107456000), "Sun, 28 Feb 2100 00:00:00 GMT" },
    { INT64_C(253402300799), "Fri, 31 Dec 9999 23:59:59 GMT" },
};

TEST(known_dates)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_format(known[i].unix_seconds, known[i].text);
        assert_parse(known[i].text, known[i].unix_seconds);
    }
}

TEST(format_writes_29_bytes_and_no_more)
{
    char text[GALE__HTTP_DATE_SIZE + 1];
    text[GALE__HTTP_DATE_SIZE] = '!';
    gale__http_date_format(784111777, text);
    assert_bytes(((gale_str){ text, sizeof text }), GALE_STR("Sun, 06 Nov 1994 08:49:37 GMT!"));
}

TEST(dates_out_of_range_are_clamped)
{
    assert_format(first_second - 1, "Mon, 01 Jan 0001 00:00:00 GMT");
    assert_format(INT64_MIN, "Mon, 01 Jan 0001 00:00:00 GMT");
    assert_format(last_second + 1, "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_format(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* Steps of about 5.5 days with a changing time of day, held against the C library. */
TEST(every_few_days_of_9999_years_round_trip)
{
    char expected[64], text[GALE__HTTP_DATE_SIZE];
    for (int64_t at = first_second; at <= last_second; at += 477773) {
        time_t seconds = (time_t)at;
        struct tm date;
        assert_non_null(gmtime_r(&seconds, &date));
        size_t size = strftime(expected, sizeof expected, "%a, %d %b ", &date);
        size +=
            (size_t)snprintf(expected + size, sizeof expected - size, "%04d ", date.tm_year + 1900);
        strftime(expected + size, sizeof expected - size, "%H:%M:%S GMT", &date);
        gale__http_date_format(at, text);
        assert_memory_equal(text, expected, sizeof text);
        int64_t back;
        assert_ok(gale__http_date_parse((gale_str){ text, sizeof text }, &back));
        assert_true(back == at);
    }
}

TEST(every_day_around_leap_years_round_trips)
{
    static const int64_t starts[] = { -2208988800, 0, 946684800, 4102444800 }; /* 1900 … 2100 */
    char text[GALE__HTTP_DATE_SIZE];
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        for (int64_t day = -400; day < 2000; day++) {
            int64_t at = starts[i] + day * 86400 + 86399, back;
            gale__http_date_format(at, text);
            assert_ok(gale__http_date_parse((gale_str){ text, sizeof text }, &back));
            assert_true(back == at);
        }
    }
}

TEST(the_obsolete_forms)
{
    assert_parse("Sunday, 06-Nov-94 08:49:37 GMT", 784111777);
    assert_parse("Sun Nov  6 08:49:37 1994", 784111777);
    assert_parse("Wed Nov 16 08:49:37 1994", 784975777);
    assert_parse("Wednesday, 16-Nov-94 08:49:37 GMT", 784975777);
    assert_parse("Saturday, 01-Jan-00 00:00:00 GMT", 946684800);
}

static int this_year(void)
{
    time_t now = time(NULL);
    struct tm date;
    assert_non_null(gmtime_r(&now, &date));
    return date.tm_year + 1900;
}

/* The year that the two digits of `year` are taken for. */
static int year_by_two_digits(int year)
{
    char text[64];
    int64_t unix_seconds;
    snprintf(text, sizeof text, "Monday, 15-Jun-%02d 12:00:00 GMT", year % 100);
    assert_ok(parse(text, &unix_seconds));
    time_t seconds = (time_t)unix_seconds;
    struct tm date;
    assert_non_null(gmtime_r(&seconds, &date));
    return date.tm_year + 1900;
}

TEST(two_digits_of_a_year_reach_50_years_ahead)
{
    int year = this_year();
    assert_int_equal(year_by_two_digits(year), year);
    assert_int_equal(year_by_two_digits(year + 49), year + 49);
    assert_int_equal(year_by_two_digits(year + 52), year - 48);
    assert_int_equal(year_by_two_digits(year - 40), year - 40);
}

TEST(a_leap_second_is_the_next_second)
{
    assert_parse("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800);
}

TEST(the_name_of_the_day_is_not_compared)
{
    assert_parse("Mon, 06 Nov 1994 08:49:37 GMT", 784111777);
}

TEST(other_texts_are_refused)
{
    static const char *const texts[] = {
        "",
        "x",
        "0",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",     /* no zone */
        "Sun, 06 Nov 1994 08:49:37 UTC", /* another zone */
        "Sun, 06 Nov 1994 08:49:37 gmt", /* case counts */
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ", /* something after it */
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", /* one digit */
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 19994 08:49:37 GMT",
        "Sun 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT", /* short name in the long form */
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Abc 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT", /* out of range */
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 32 Dec 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 29 Feb 2001 08:49:37 GMT",
        "Sun, 30 Feb 2000 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49:-1 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  0 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t unix_seconds = 42;
        if (parse(texts[i], &unix_seconds) != GALE_EINPUT || unix_seconds != 42)
            fail_msg("accepted: %s", texts[i]);
    }
    int64_t unix_seconds;
    assert_error(gale__http_date_parse((gale_str){ NULL, 0 }, &unix_seconds), GALE_EINPUT);
    assert_error(gale__http_date_parse(GALE_STR("Sun, 06 Nov 1994 08:49:37\0GMT"), &unix_seconds),
                 GALE_EINPUT);
}

/* In memory of exactly that size, so that a sanitizer sees a read past the end. */
TEST(a_cut_date_is_refused_at_every_length)
{
    static const char *const texts[] = { "Sun, 06 Nov 1994 08:49:37 GMT",
                                         "Wednesday, 06-Nov-94 08:49:37 GMT",
                                         "Sun Nov  6 08:49:37 1994" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t size = 1; size < strlen(texts[i]); size++) {
            char *exact = malloc(size);
            memcpy(exact, texts[i], size);
            int64_t unix_seconds;
            assert_error(gale__http_date_parse((gale_str){ exact, size }, &unix_seconds),
                         GALE_EINPUT);
            free(exact);
        }
    }
}

GALE_TEST_MAIN
