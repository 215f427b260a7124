/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "proto/cookie_date.h"

static int64_t parse(const char *text)
{
    int64_t seconds = 0;
    return gale__cookie_date_parse((gale_str){ text, strlen(text) }, &seconds) == 0 ? seconds : -1;
}

TEST(the_forms_that_servers_write)
{
    static const char *const forms[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",      "6 nov 1994 8:49:37",
        "1994 08:49:37 November 06",     "Sun, 06-Nov-1994 08:49:37 GMT",
        "(06)[nov]{94}08:49:37.123",     "Nov;06;94;08:49:37",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        assert_int_equal(parse(forms[i]), 784111777);
    assert_int_equal(parse("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    assert_int_equal(parse("1 Jan 69 0:0:0"), INT64_C(3124224000));
}

TEST(what_is_no_date)
{
    static const char *const bad[] = { "",
                                       "06 Nov 1994",
                                       "06 Nov 08:49:37",
                                       "Nov 1994 08:49:37",
                                       "06 1994 08:49:37",
                                       "31 Feb 1994 08:49:37",
                                       "00 Nov 1994 08:49:37",
                                       "06 Nov 1600 08:49:37",
                                       "06 Nov 1994 24:49:37",
                                       "06 Nov 1994 08:60:37",
                                       "06 Nov 1994 08:49:60",
                                       "06 Nov 19945 08:49:37",
                                       "06 Nov 1994 008:49:37",
                                       "06 Nov 1994 08:49" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(parse(bad[i]), -1);
}

GALE_TEST_MAIN
