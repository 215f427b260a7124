/* SPDX-License-Identifier: Apache-2.0 */
#include "app/options_test.h"

#include <math.h>

TEST(types)
{
    gale_option_parser *options = define_all();
    assert_int_equal(PARSE(options, "--str=asdf", "--int=42", "--int64=-123_456_789_012",
                           "--float=1.5", "--bool", "--datetime=2013-04-28 05:16",
                           "--timedelta=45s", "--email=tornado@web.com", "--list-of-int=1,2,3",
                           "--list-of-str=a,b"),
                     11);
    check_all();
    assert_json(gale_option_parser_as_dict(options),
                "{\"bool\": true, \"datetime\": \"2013-04-28T05:16:00\", \"email\": "
                "\"tornado@web.com\", \"float\": 1.5, \"help\": false, \"int\": 42, \"int64\": "
                "-123456789012, \"list-of-int\": [1, 2, 3], \"list-of-str\": [\"a\", \"b\"], "
                "\"str\": \"asdf\", \"timedelta\": 45.0}");
    gale_option_parser_free(options);
    assert_null(values.str);
    assert_int_equal(values.ints.count, 0);
}

TEST(no_value_of_any_type_is_null)
{
    gale_option_parser *options = define_all();
    assert_json(gale_option_parser_as_dict(options),
                "{\"bool\": false, \"datetime\": null, \"email\": null, \"float\": 0.0, \"help\": "
                "false, \"int\": 0, \"int64\": 0, \"list-of-int\": [], \"list-of-str\": [], "
                "\"str\": null, \"timedelta\": 0.0}");
    gale_option_parser_free(options);
}

TEST(what_no_value_is_is_told)
{
    static const struct {
        const char *argument, *detail;
    } cases[] = {
        { "--int=x", "--int=x: expected a whole number, such as 8888" },
        { "--int=", "--int=: expected a whole number, such as 8888" },
        { "--int=1.5", "--int=1.5: expected a whole number, such as 8888" },
        { "--int=2147483648", "--int=2147483648: expected a number of at most 32 bits" },
        { "--int64=9223372036854775808",
          "--int64=9223372036854775808: expected a number of at most 64 bits" },
        { "--float=1,5", "--float=1,5: expected a number, such as 1.5" },
        { "--bool=maybe", "--bool=maybe: expected true or false" },
        { "--bool=", "--bool=: expected true or false" },
        { "--datetime=2013-02-29",
          "--datetime=2013-02-29: expected a date or time, such as 2013-04-28 05:16" },
        { "--timedelta=1x",
          "--timedelta=1x: expected a duration, such as 90, 1.5h or 2 days 3 sec" },
        { "--email=me", "--email=me: no @ in it" },
        { "--list-of-int=1,x", "--list-of-int=1,x: expected a whole number, such as 8888, or a "
                               "range, such as 1:10" },
        { "--list-of-int=1:100000", "--list-of-int=1:100000: expected at most 65536 values" },
        { "--list-of-int=-9223372036854775808:1",
          "--list-of-int=-9223372036854775808:1: expected a number of at most 32 bits" },
        { "--int", "--int requires a value; write --int=..." },
        { "--str\x1b[m=", "Unrecognized command line option: --str\\x1b[m; --help shows all" },
        { "--e-mail=a",
          "Unrecognized command line option: --e-mail; did you mean --email? --help shows all" },
        { "--list_of_itn=1", "Unrecognized command line option: --list_of_itn; did you mean "
                             "--list-of-int? --help shows all" },
    };
    gale_option_parser *options = define_all();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(PARSE(options, (char *)(uintptr_t)cases[i].argument), GALE_EINVALID,
                     cases[i].detail);
    assert_fails(PARSE(options, "--int", "42"), GALE_EINVALID,
                 "--int requires a value; write --int=42");
    gale_option_parser_free(options);
}

TEST(multiple_string)
{
    gale_option_parser *options = define_all();
    assert_int_equal(PARSE(options, "--list-of-str=x"), 2);
    assert_int_equal(PARSE(options, "--list-of-str=a, b ,,c"), 2);
    assert_json(gale_option_parser_get(options, "list_of_str"), "[\"a\", \"b\", \"\", \"c\"]");
    assert_int_equal(PARSE(options, "--list-of-str=a,"), 2);
    assert_json(gale_option_parser_get(options, "list_of_str"), "[\"a\", \"\"]");
    assert_int_equal(PARSE(options, "--list-of-str="), 2);
    assert_json(gale_option_parser_get(options, "list_of_str"), "[]");
    gale_option_parser_free(options);
}

TEST(multiple_int)
{
    gale_option_parser *options = define_all();
    assert_int_equal(PARSE(options, "--list-of-int=1,3,5:7"), 2);
    assert_json(gale_option_parser_get(options, "list-of-int"), "[1, 3, 5, 6, 7]");
    assert_int_equal(PARSE(options, "--list-of-int=1, 3:5, -2:0"), 2);
    assert_json(gale_option_parser_get(options, "list-of-int"), "[1, 3, 4, 5, -2, -1, 0]");
    assert_int_equal(PARSE(options, "--list-of-int=3:1"), 2);
    assert_json(gale_option_parser_get(options, "list-of-int"), "[]");
    assert_int_equal(PARSE(options, "--list-of-int=7:"), 2);
    assert_json(gale_option_parser_get(options, "list-of-int"), "[7]");
    gale_option_parser_free(options);
}

TEST(bools)
{
    static const char *const words[] = { "false", "FALSE", "f", "0", "no",  "n", "off",
                                         "true",  "True",  "t", "1", "yes", "y", "ON" };
    gale_option_parser *options = define_all();
    for (size_t i = 0; i < 14; i++) {
        char argument[32];
        snprintf(argument, sizeof argument, "-bool=%s", words[i]);
        assert_int_equal(PARSE(options, argument), 2);
        assert_int_equal(values.flag, i >= 7);
    }
    gale_option_parser_free(options);
}

TEST(datetimes)
{
    static const struct {
        const char *text, *iso;
    } cases[] = { { "Sat Jan 02 15:04:05 2016", "2016-01-02T15:04:05" },
                  { "sun FEB  2 1:4:5 2016", "2016-02-02T01:04:05" },
                  { "2013-04-28 05:16:07", "2013-04-28T05:16:07" },
                  { "2013-04-28 05:16", "2013-04-28T05:16:00" },
                  { "2013-04-28T05:16", "2013-04-28T05:16:00" },
                  { "2013-04-28T05:16:07", "2013-04-28T05:16:07" },
                  { "20130428 05:16:07", "2013-04-28T05:16:07" },
                  { "20130428 05:16", "2013-04-28T05:16:00" },
                  { "2012-02-29", "2012-02-29T00:00:00" },
                  { "20130428", "2013-04-28T00:00:00" },
                  { "05:16:07", "1900-01-01T05:16:07" },
                  { "05:16", "1900-01-01T05:16:00" },
                  { "", NULL },
                  { "2013-04-28 ", NULL },
                  { "2013-13-01", NULL },
                  { "2013-00-01", NULL },
                  { "2013-04-31", NULL },
                  { "2013-04-00", NULL },
                  { "0000-01-01", NULL },
                  { "13-04-28", NULL },
                  { "24:00", NULL },
                  { "05:60", NULL },
                  { "05:16:60", NULL },
                  { "Sat Jan 02 15:04:05", NULL },
                  { "Xxx Jan 02 15:04:05 2016", NULL } };
    gale_option_parser *options = define_all();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int result = gale_option_parser_set(options, "datetime", cases[i].text);
        if (!cases[i].iso) {
            assert_int_equal(result, GALE_EINVALID);
            continue;
        }
        assert_ok(result);
        json_t *value = gale_option_parser_get(options, "datetime");
        assert_string_equal(json_string_value(value), cases[i].iso);
        json_decref(value);
    }
    gale_option_parser_free(options);
}

TEST(timedeltas)
{
    static const struct {
        const char *text;
        double seconds; /* NAN: refused */
    } cases[] = { { "45", 45 },
                  { "45s", 45 },
                  { "2 days 3sec", 172803 },
                  { "1h 30m", 5400 },
                  { "1h30m", 5400 },
                  { "1e3ms", 1 },
                  { "-5", -5 },
                  { "+.5m", 30 },
                  { "1.min", 60 },
                  { "", 0 },
                  { "  7  us ", 7e-6 },
                  { "1 w", 604800 },
                  { "3 hours", 10800 },
                  { "1 minute", 60 },
                  { "2 milliseconds", 2e-3 },
                  { "1 microseconds", 1e-6 },
                  { "1d 1weeks", 691200 },
                  { "1H", NAN },
                  { "h", NAN },
                  { " ", NAN },
                  { "1 2x", NAN },
                  { "1 2", NAN },
                  { "1h 2", 3602 },
                  { "1e400", NAN },
                  { "99999999999 days", NAN },
                  { "1__0", NAN },
                  { "nan", NAN },
                  { "1,5", NAN } };
    gale_option_parser *options = define_all();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int result = gale_option_parser_set(options, "timedelta", cases[i].text);
        assert_int_equal(result, isnan(cases[i].seconds) ? GALE_EINVALID : 0);
        if (result == 0)
            assert_true(fabs(values.timedelta - cases[i].seconds) < 1e-9);
    }
    gale_option_parser_free(options);
}

GALE_TEST_MAIN
