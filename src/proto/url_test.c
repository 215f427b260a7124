/* SPDX-License-Identifier: Apache-2.0 */
/* Most cases are those of Tornado's TestUrlConcat and FormatTimestampTest. */
#include <gale/httputil.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "proto/proto_test.h"

static const gale_http_argument two[] = {
    { { "y", 1 }, { "y", 1 } },
    { { "z", 1 }, { "z", 1 } },
};

static void concat_is(const char *url, const gale_http_argument *arguments, size_t count,
                      const char *expected)
{
    gale_bytes *bytes = gale_url_concat(url, arguments, count);
    assert_non_null(bytes);
    assert_string_equal(gale_bytes_str(bytes).data, expected);
    gale_bytes_unref(bytes);
}

TEST(url_concat)
{
    concat_is("https://localhost/path", two, 2, "https://localhost/path?y=y&z=z");
    concat_is("https://localhost/path?", two, 2, "https://localhost/path?y=y&z=z");
    concat_is("https://localhost/path?x", two, 2, "https://localhost/path?x=&y=y&z=z");
    concat_is("https://localhost/path?x&", two, 2, "https://localhost/path?x=&y=y&z=z");
    concat_is("https://localhost/path?a=1&b=2", two, 2, "https://localhost/path?a=1&b=2&y=y&z=z");
    concat_is("https://localhost/path?r=1&t=2", two, 0, "https://localhost/path?r=1&t=2");
    concat_is("https://localhost/path?r=1&t=2", NULL, 0, "https://localhost/path?r=1&t=2");
    concat_is("https://localhost/path#tab", two, 2, "https://localhost/path?y=y&z=z#tab");
    concat_is("https://localhost/path?r=1#tab?x", two, 1, "https://localhost/path?r=1&y=y#tab?x");
    concat_is("https://localhost/path#", two, 1, "https://localhost/path?y=y");
    concat_is("/p?a=1&&b", two, 1, "/p?a=1&b=&y=y");
    concat_is("/p?y=1", two, 2, "/p?y=1&y=y&z=z");
    concat_is("", two, 1, "?y=y");
    concat_is("/p", NULL, 0, "/p");
}

TEST(url_concat_encodes)
{
    const gale_http_argument odd[] = { { { "/y", 2 }, { "/y", 2 } },
                                       { { "z z", 3 }, { "a&b=c+\xc3\xa9", 8 } } };
    concat_is("https://localhost/path", odd, 2,
              "https://localhost/path?%2Fy=%2Fy&z+z=a%26b%3Dc%2B%C3%A9");
    concat_is("/p?a=b%20c", odd, 1, "/p?a=b+c&%2Fy=%2Fy");
}

TEST(format_timestamp)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        { 1359312200.503611, "Sun, 27 Jan 2013 18:43:20 GMT" },
        { 1359312200, "Sun, 27 Jan 2013 18:43:20 GMT" },
        { 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
        { 0.999, "Thu, 01 Jan 1970 00:00:00 GMT" },
        { -0.5, "Wed, 31 Dec 1969 23:59:59 GMT" },
        { -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
        { NAN, "Thu, 01 Jan 1970 00:00:00 GMT" },
        { 1e300, "Fri, 31 Dec 9999 23:59:59 GMT" },
        { INFINITY, "Fri, 31 Dec 9999 23:59:59 GMT" },
        { -INFINITY, "Mon, 01 Jan 0001 00:00:00 GMT" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[GALE_TIMESTAMP_SIZE];
        assert_ptr_equal(gale_format_timestamp(cases[i].seconds, out), out);
        assert_string_equal(out, cases[i].text);
    }
}

static const char known_text[] = "Sun, 27 Jan 2013 18:43:20 GMT";

/* Tornado: FormatTimestampTest.test_struct_time, test_time_tuple */
TEST(a_broken_down_time_is_formatted_by_way_of_its_seconds)
{
    char out[GALE_TIMESTAMP_SIZE], theirs[64];
    struct tm known = { .tm_year = 113, .tm_mday = 27, .tm_hour = 18, .tm_min = 43, .tm_sec = 20 };
    assert_string_equal(gale_format_timestamp((double)timegm(&known), out), known_text);
    for (time_t seconds = -5000000000; seconds < 20000000000; seconds += 99999937) {
        struct tm broken_down;
        assert_non_null(gmtime_r(&seconds, &broken_down));
        strftime(theirs, sizeof theirs, "%a, %d %b %Y %H:%M:%S GMT", &broken_down);
        assert_string_equal(gale_format_timestamp((double)timegm(&broken_down), out), theirs);
    }
}

static void assert_known_in(const char *zone, struct tm local)
{
    char out[GALE_TIMESTAMP_SIZE];
    if (zone)
        setenv("TZ", zone, 1);
    else
        unsetenv("TZ");
    tzset();
    local.tm_isdst = -1;
    assert_string_equal(gale_format_timestamp((double)mktime(&local), out), known_text);
    unsetenv("TZ");
    tzset();
}

/* Tornado: FormatTimestampTest.test_utc_naive_datetime, test_utc_naive_datetime_deprecated,
 * test_utc_aware_datetime, test_other_aware_datetime */
TEST(timestamps_do_not_depend_on_the_zone)
{
    struct tm local = { .tm_year = 113, .tm_mday = 27, .tm_hour = 18, .tm_min = 43, .tm_sec = 20 };
    assert_known_in("UTC0", local);
    assert_known_in("GMT0", local);
    local.tm_hour = 13;
    assert_known_in("EST5EDT,M3.2.0,M11.1.0", local);
    local.tm_mday = 28;
    local.tm_hour = 7;
    local.tm_min = 43;
    assert_known_in("<+13>-13", local);
}

TEST(encode_username_password)
{
    gale_bytes *bytes = gale_encode_username_password("Aladdin", "open:sesame");
    assert_string_equal(gale_bytes_str(bytes).data, "Aladdin:open:sesame");
    gale_bytes_unref(bytes);
    bytes = gale_encode_username_password("", "");
    assert_string_equal(gale_bytes_str(bytes).data, ":");
    gale_bytes_unref(bytes);
}

TEST(each_allocation_may_fail)
{
    size_t n = 0;
    gale_bytes *bytes;
    do {
        test_fail_allocation(++n);
        bytes = gale_url_concat("/path?with=a&query=and", two, 2);
        assert_int_equal(bytes == NULL, test_allocation_failed());
        gale_bytes_unref(bytes);
    } while (test_allocation_failed());
    assert_true(n > 3);
    n = 0;
    do {
        test_fail_allocation(++n);
        bytes = gale_encode_username_password("a", "b");
        assert_int_equal(bytes == NULL, test_allocation_failed());
        gale_bytes_unref(bytes);
    } while (test_allocation_failed());
}

GALE_TEST_MAIN
