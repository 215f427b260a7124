/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/range.h"

#include "proto/proto_test.h"

/* What the header asks for, as "0-9,20-25", "whole" or "unsatisfiable". */
static void assert_ranges(const char *header, int64_t size, const char *expected)
{
    char text[1024] = "", *at = text;
    gale__ranges ranges = { 0 };
    switch (gale__ranges_parse(str(header), size, &ranges)) {
    case GALE__RANGE_WHOLE:
        strcpy(text, "whole");
        break;
    case GALE__RANGE_UNSATISFIABLE:
        strcpy(text, "unsatisfiable");
        break;
    case GALE__RANGE_PARTS:
        for (size_t i = 0; i < ranges.count; i++)
            at += sprintf(at, "%s%lld-%lld", i ? "," : "", (long long)ranges.at[i].start,
                          (long long)ranges.at[i].end - 1);
        break;
    }
    if (strcmp(text, expected) != 0)
        fail_msg("%s of %lld bytes: %s, not %s", header, (long long)size, text, expected);
}

/* Tornado's, of 26 bytes. */
TEST(one_range)
{
    assert_ranges("bytes=0-9", 26, "0-9");
    assert_ranges("bytes=1-4", 26, "1-4");
    assert_ranges("bytes=5", 26, "5-25");
    assert_ranges("bytes=22-", 26, "22-25");
    assert_ranges("bytes=-4", 26, "22-25");
    assert_ranges("bytes=25-25", 26, "25-25");
    assert_ranges("bytes=-1000000", 26, "whole");
    assert_ranges("bytes=-26", 26, "whole");
    assert_ranges("bytes=0-", 26, "whole");
    assert_ranges("bytes=0-25", 26, "whole");
    assert_ranges("bytes=0-10000000", 26, "whole");
    assert_ranges("bytes=1-10000000", 26, "1-25");
    assert_ranges("bytes = 1 - 2", 26, "1-2");
    assert_ranges(" bytes=\t1-2 ", 26, "1-2");
}

TEST(one_range_that_is_not_there)
{
    static const char *const headers[] = { "bytes=-0", "bytes=26-", "bytes=26", "bytes=10-3",
                                           "bytes=5-4" };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_ranges(headers[i], 26, "unsatisfiable");
    assert_ranges("bytes=0-", 0, "unsatisfiable");
    assert_ranges("bytes=0-0", 0, "unsatisfiable");
    assert_ranges("bytes=-5", 0, "unsatisfiable");
}

TEST(headers_that_are_ignored)
{
    static const char *const headers[] = {
        "asdf",        "Bytes=0-1", "items=0-1",   "bytes=",      "bytes=-",
        "bytes",       "",          "bytes=1_0",   "bytes=--5",   "bytes=+1-2",
        "bytes=1-2-3", "bytes=a-b", "bytes=0x1-2", "bytes 0-9/26"
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_ranges(headers[i], 26, "whole");
    assert_ranges("bytes=", 0, "whole");
}

TEST(numbers_of_any_length)
{
    assert_ranges("bytes=1-99999999999999999999999999", 26, "1-25");
    assert_ranges("bytes=99999999999999999999999999-", 26, "unsatisfiable");
    assert_ranges("bytes=-99999999999999999999999999", 26, "whole");
    assert_ranges("bytes=000000000000000000000000000001-2", 26, "1-2");
    assert_ranges("bytes=9223372036854775806-", INT64_MAX,
                  "9223372036854775806-9223372036854775806");
}

TEST(several_ranges_keep_their_order)
{
    assert_ranges("bytes=0-1,1000-1001", 5000, "0-1,1000-1001");
    assert_ranges("bytes=1000-1001, 0-1 ,\t-5", 5000, "1000-1001,0-1,4995-4999");
    assert_ranges("bytes=,0-1,,1000-1001,", 5000, "0-1,1000-1001");
}

TEST(ranges_that_touch_are_joined)
{
    assert_ranges("bytes=0-1,4-5", 5000, "0-5");
    assert_ranges("bytes=100-199,0-99", 5000, "0-199");
    assert_ranges("bytes=0-1,82-90", 5000, "0-1,82-90");
    assert_ranges("bytes=0-1,81-90", 5000, "0-90");
    assert_ranges("bytes=0-1,1000-1001,2-999", 5000, "0-1001");
    assert_ranges("bytes=3000-3009,0-9,1000-1009,0-2999", 5000, "0-3009");
}

TEST(several_ranges_that_are_not_there_are_dropped)
{
    assert_ranges("bytes=0-1,6000-", 5000, "0-1");
    assert_ranges("bytes=5000-,6000-7000,-0", 5000, "unsatisfiable");
    assert_ranges("bytes=0-0,-1", 0, "unsatisfiable");
}

TEST(several_ranges_of_which_one_is_malformed_are_ignored)
{
    static const char *const headers[] = { "bytes=0-1,a",   "bytes=0-1,5",     "bytes=0-1,10-3",
                                           "bytes=0-1,-",   "bytes=,",         "bytes=0-1,+2-3",
                                           "bytes=0-1;2-3", "bytes=0-1, 2 3-4" };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_ranges(headers[i], 5000, "whole");
}

TEST(several_ranges_that_are_no_less_than_the_whole)
{
    assert_ranges("bytes=0-2499,2500-4999", 5000, "whole");
    assert_ranges("bytes=0-,0-,0-", 5000, "whole");
    assert_ranges("bytes=0-10,100-110", 150, "whole"); /* two parts would be larger */
    assert_ranges("bytes=0-4800,4900-4999", 5000, "whole");
    assert_ranges("bytes=1-4999,-2", 5000, "1-4999");
}

TEST(a_flood_of_ranges_is_ignored)
{
    char header[8192] = "bytes=", *at = header + 6;
    for (int i = 0; i < GALE__RANGES_MAX; i++)
        at += sprintf(at, "%d-%d,", 1000 * i, 1000 * i + 1);
    gale__ranges ranges;
    assert_int_equal(gale__ranges_parse(str(header), 1000000, &ranges), GALE__RANGE_PARTS);
    assert_int_equal(ranges.count, GALE__RANGES_MAX);
    strcpy(at, "900000-900001");
    assert_ranges(header, 1000000, "whole");
    memset(at, ',', 4000);
    at[4000] = '\0';
    assert_int_equal(gale__ranges_parse(str(header), 1000000, &ranges), GALE__RANGE_PARTS);
}

GALE_TEST_MAIN
