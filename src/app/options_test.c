/* SPDX-License-Identifier: Apache-2.0 */
#include <gale/options.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/memory.h"
#include "test.h"

/* ---- Helpers ---- */

#define ARGUMENTS(...)                                                                             \
    (int)(sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)), (char *[])                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define PARSE(parser, ...)                                                                         \
    gale_option_parser_parse_command_line((parser), ARGUMENTS("main", __VA_ARGS__), true)

static void assert_fails(int result, int code, const char *detail)
{
    assert_int_equal(result, code);
    if (strcmp(gale_error_detail(), detail) != 0)
        print_error("detail: %s\n", gale_error_detail());
    assert_string_equal(gale_error_detail(), detail);
}

static int define_int(gale_option_parser *parser, const char *name, int *value)
{
    return gale_option_parser_define(
        parser, &(gale_option){ .name = name, .type = GALE_OPTION_INT, .value = value });
}

static int define_str(gale_option_parser *parser, const char *name, const char **value)
{
    return gale_option_parser_define(parser,
                                     &(gale_option){ .name = name, .value = (void *)value });
}

static char config_path[64];

/* A file for the test; its name is in config_path. */
static void write_config(const char *text)
{
    snprintf(config_path, sizeof config_path, "/tmp/gale-options-XXXXXX");
    int fd = mkstemp(config_path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int parse_config(gale_option_parser *parser, const char *text)
{
    write_config(text);
    int result = gale_option_parser_parse_config_file(parser, config_path, true);
    unlink(config_path);
    return result;
}

/* The parser says FILE:, then `detail`. */
static void assert_config_fails(gale_option_parser *parser, const char *text, const char *detail)
{
    assert_error(parse_config(parser, text), GALE_EINVALID);
    size_t size = strlen(config_path);
    assert_memory_equal(gale_error_detail(), config_path, size);
    if (strcmp(gale_error_detail() + size, detail) != 0)
        print_error("detail: %s\n", gale_error_detail() + size);
    assert_string_equal(gale_error_detail() + size, detail);
}

/* What is written to a stream by --help. Free it. */
static char *help_of(gale_option_parser *parser)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    gale_option_parser_print_help(parser, file);
    fclose(file);
    return text;
}

/* ---- Tornado's cases ---- */

TEST(parse_command_line)
{
    int port = 80;
    gale_option_parser *options = gale_option_parser_new();
    assert_ok(define_int(options, "port", &port));
    assert_int_equal(PARSE(options, "--port=443"), 2);
    assert_int_equal(port, 443);
    gale_option_parser_free(options);
    assert_int_equal(port, 80);
}

TEST(parse_config_file)
{
    int port = 80;
    const char *username = "foo";
    gale_option_parser *options = gale_option_parser_new();
    assert_ok(define_int(options, "port", &port));
    assert_ok(define_str(options, "username", &username));
    assert_ok(parse_config(options, "port=443\nport=443\nusername='李康'\n"));
    assert_int_equal(port, 443);
    assert_string_equal(username, "李康");
    gale_option_parser_free(options);
    assert_string_equal(username, "foo");
}

static int count_call(void *arg)
{
    ++*(int *)arg;
    return 0;
}

static int fail_call(void *arg)
{
    (void)arg;
    return gale_option_expected("expected something else");
}

TEST(parse_callbacks)
{
    int called = 0;
    gale_option_parser *options = gale_option_parser_new();
    assert_ok(gale_option_parser_add_parse_callback(options, count_call, &called));
    assert_int_equal(gale_option_parser_parse_command_line(options, ARGUMENTS("main"), false), 1);
    assert_int_equal(called, 0);
    assert_int_equal(gale_option_parser_parse_command_line(options, ARGUMENTS("main"), true), 1);
    assert_int_equal(called, 1);
    assert_int_equal(gale_option_parser_parse_command_line(options, ARGUMENTS("main"), true), 1);
    assert_int_equal(called, 2);
    assert_ok(parse_config(options, ""));
    assert_int_equal(called, 3);
    assert_ok(gale_option_parser_add_parse_callback(options, fail_call, NULL));
    assert_error(gale_option_parser_run_parse_callbacks(options), GALE_EINVALID);
    assert_int_equal(called, 4);
    gale_option_parser_free(options);
}

TEST(help)
{
    int port = 8888;
    bool debug = false, on = true;
    const char *title = "a title";
    double keep = 5400;
    struct tm since = { 0 };
    gale_option_list hosts = { 0 };
    gale_option_parser *options = gale_option_parser_new();
    const gale_option all[] = {
        { .name = "port", .type = GALE_OPTION_INT, .value = &port, .help = "run on this port" },
        { .name = "debug", .type = GALE_OPTION_BOOL, .value = &debug },
        { .name = "on", .type = GALE_OPTION_BOOL, .value = &on, .help = "is on" },
        { .name = "title",
          .value = (void *)&title,
          .metavar = "NAME",
          .group = "page",
          .help = "stands above everything, and this text is so long that it needs another line" },
        { .name = "keep_for_a_very_long_time",
          .type = GALE_OPTION_TIMEDELTA,
          .value = &keep,
          .group = "page" },
        { .name = "since", .type = GALE_OPTION_DATETIME, .value = &since, .group = "page" },
        { .name = "hosts", .multiple = true, .value = &hosts, .help = "höst", .group = "net" },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_ok(gale_option_parser_define(options, &all[i]));
    assert_ok(gale_option_parser_parse_environment(options, "GALE_TEST_NONE_", false));
    char *text = help_of(options);
    assert_string_equal(
        text, "Usage: PROGRAM [OPTIONS]\n"
              "\n"
              "  --debug\n"
              "  --help            show this, and end\n"
              "  --on              is on (default true)\n"
              "  --port=INT        run on this port (default 8888)\n"
              "\n"
              "net options:\n"
              "\n"
              "  --hosts=TEXT,...  höst\n"
              "\n"
              "page options:\n"
              "\n"
              "  --keep-for-a-very-long-time=DURATION\n"
              "                    (default 90m)\n"
              "  --since=DATETIME\n"
              "  --title=NAME      stands above everything, and this text is so long that it\n"
              "                    needs another line (default a title)\n"
              "\n"
              "Each option can be set in the environment, too, as GALE_TEST_NONE_NAME.\n");
    free(text);
    gale_option_parser_free(options);
}

TEST(help_ends_the_parsing)
{
    int called = 0;
    gale_option_parser *options = gale_option_parser_new();
    assert_ok(gale_option_parser_add_parse_callback(options, count_call, &called));
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    FILE *captured = tmpfile();
    dup2(fileno(captured), STDOUT_FILENO);
    int result = PARSE(options, "--help");
    dup2(kept, STDOUT_FILENO);
    close(kept);
    char text[256] = "";
    assert_true(pread(fileno(captured), text, sizeof text - 1, 0) > 0);
    fclose(captured);
    assert_int_equal(result, GALE_EFINISH);
    assert_string_equal(text, "Usage: main [OPTIONS]\n\n  --help  show this, and end\n");
    assert_int_equal(called, 0);
    gale_option_parser_free(options);
}

TEST(subcommand)
{
    bool verbose = false;
    const char *foo = NULL;
    char *arguments[] = { "main", "--verbose", "subcommand", "--foo=bar", NULL };
    gale_option_parser *base = gale_option_parser_new(), *sub = gale_option_parser_new();
    assert_ok(gale_option_parser_define(
        base, &(gale_option){ .name = "verbose", .type = GALE_OPTION_BOOL, .value = &verbose }));
    assert_ok(define_str(sub, "foo", &foo));
    int rest = gale_option_parser_parse_command_line(base, 4, arguments, true);
    assert_int_equal(rest, 2);
    assert_true(verbose);
    assert_int_equal(gale_option_parser_parse_command_line(sub, 4 - rest, arguments + rest, true),
                     2);
    assert_string_equal(foo, "bar");
    assert_fails(
        gale_option_parser_parse_command_line(sub, ARGUMENTS("subcommand", "--verbose"), true),
        GALE_EINVALID, "Unrecognized command line option: --verbose; --help shows all");
    gale_option_parser_free(base);
    gale_option_parser_free(sub);
}

static int values_seen[4], values_count;

static int see_value(const gale_option *option)
{
    assert_string_equal(option->name, "foo");
    values_seen[values_count++ & 3] = *(int *)option->value;
    return *(int *)option->value < 0 ? gale_option_expected("expected at least 0") : 0;
}

TEST(setting)
{
    int foo = 1;
    gale_option_parser *options = gale_option_parser_new();
    values_count = 0;
    assert_ok(gale_option_parser_define(options, &(gale_option){ .name = "foo",
                                                                 .type = GALE_OPTION_INT,
                                                                 .value = &foo,
                                                                 .callback = see_value }));
    assert_ok(gale_option_parser_set(options, "foo", "2"));
    assert_int_equal(foo, 2);
    assert_int_equal(values_count, 1);
    assert_int_equal(values_seen[0], 2);
    assert_fails(gale_option_parser_set(options, "foo", "x"), GALE_EINVALID,
                 "expected a whole number, such as 8888");
    assert_fails(gale_option_parser_set(options, "foo", "-1"), GALE_EINVALID,
                 "expected at least 0");
    assert_int_equal(foo, 2);
    assert_fails(PARSE(options, "--foo=-1"), GALE_EINVALID, "--foo=-1: expected at least 0");
    assert_int_equal(foo, 2);
    assert_ok(parse_config(options, "foo = 3"));
    assert_int_equal(foo, 2); /* what the program says goes before a file */
    assert_ok(gale_option_parser_set(options, "foo", NULL));
    assert_int_equal(foo, 1);
    assert_fails(gale_option_parser_set(options, "bar", "1"), GALE_ENOTFOUND,
                 "Unrecognized option 'bar'");
    gale_option_parser_free(options);
}

static char *json_text(json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    json_decref(value);
    return text;
}

#define assert_json(value, expected)                                                               \
    do {                                                                                           \
        char *text_ = json_text(value);                                                            \
        assert_string_equal(text_ ? text_ : "(none)", expected);                                   \
        free(text_);                                                                               \
    } while (0)

TEST(iterating_items_and_dicts)
{
    int a = 1, b = 2;
    gale_option_parser *options = gale_option_parser_new();
    assert_ok(define_int(options, "a", &a));
    assert_ok(gale_option_parser_define(
        options,
        &(gale_option){ .name = "b", .type = GALE_OPTION_INT, .value = &b, .group = "b_group" }));
    assert_string_equal(gale_option_parser_at(options, 0)->name, "help");
    assert_string_equal(gale_option_parser_at(options, 1)->name, "a");
    assert_string_equal(gale_option_parser_at(options, 2)->name, "b");
    assert_null(gale_option_parser_at(options, 3));
    assert_json(gale_option_parser_get(options, "a"), "1");
    assert_null(gale_option_parser_get(options, "c"));
    assert_json(gale_option_parser_as_dict(options), "{\"a\": 1, \"b\": 2, \"help\": false}");
    assert_json(gale_option_parser_groups(options), "[\"\", \"b_group\"]");
    assert_json(gale_option_parser_group_dict(options, "b_group"), "{\"b\": 2}");
    assert_json(gale_option_parser_group_dict(options, "nonexistent"), "{}");
    gale_option_parser_free(options);
}

TEST(mocking)
{
    int foo = 1;
    gale_option_parser *options = gale_option_parser_new();
    assert_ok(define_int(options, "foo", &foo));
    assert_int_equal(PARSE(options, "--foo=2"), 2);
    gale_option_mock *mock = gale_option_parser_mock(options, "foo", "3");
    assert_int_equal(foo, 3);
    gale_option_unmock(mock);
    assert_int_equal(foo, 2);
    mock = gale_option_parser_mock(options, "foo", "4");
    assert_int_equal(foo, 4);
    foo = 5;
    gale_option_mock *inner = gale_option_parser_mock(options, "foo", "6");
    assert_int_equal(foo, 6);
    gale_option_unmock(inner);
    assert_int_equal(foo, 5);
    assert_null(gale_option_parser_mock(options, "foo", "x"));
    assert_int_equal(foo, 5);
    assert_null(gale_option_parser_mock(options, "bar", "x"));
    gale_option_unmock(mock);
    assert_int_equal(foo, 2);
    gale_option_parser_free(options);
}

/* ---- Types ---- */

static struct {
    const char *str, *email;
    int integer;
    int64_t big;
    double real, timedelta;
    bool flag;
    struct tm datetime;
    gale_option_list ints, strs;
} all;

static int check_email(const gale_option *option)
{
    const char *value = *(const char **)option->value;
    return strchr(value, '@') ? 0 : gale_option_expected("no @ in it");
}

static gale_option_parser *define_all(void)
{
    memset(&all, 0, sizeof all);
    const gale_option options[] = {
        { .name = "str", .value = (void *)&all.str },
        { .name = "email", .value = (void *)&all.email, .callback = check_email },
        { .name = "int", .type = GALE_OPTION_INT, .value = &all.integer },
        { .name = "int64", .type = GALE_OPTION_INT64, .value = &all.big },
        { .name = "float", .type = GALE_OPTION_FLOAT, .value = &all.real },
        { .name = "bool", .type = GALE_OPTION_BOOL, .value = &all.flag },
        { .name = "datetime", .type = GALE_OPTION_DATETIME, .value = &all.datetime },
        { .name = "timedelta", .type = GALE_OPTION_TIMEDELTA, .value = &all.timedelta },
        { .name = "list-of-int", .type = GALE_OPTION_INT, .multiple = true, .value = &all.ints },
        { .name = "list-of-str", .multiple = true, .value = &all.strs },
    };
    gale_option_parser *parser = gale_option_parser_new();
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        assert_ok(gale_option_parser_define(parser, &options[i]));
    return parser;
}

static void check_all(void)
{
    assert_string_equal(all.str, "asdf");
    assert_string_equal(all.email, "tornado@web.com");
    assert_int_equal(all.integer, 42);
    assert_true(all.big == -123456789012);
    assert_true(all.real == 1.5);
    assert_true(all.flag);
    assert_int_equal(all.datetime.tm_year, 113);
    assert_int_equal(all.datetime.tm_mon, 3);
    assert_int_equal(all.datetime.tm_mday, 28);
    assert_int_equal(all.datetime.tm_hour, 5);
    assert_int_equal(all.datetime.tm_min, 16);
    assert_int_equal(all.datetime.tm_wday, 0);
    assert_true(all.timedelta == 45);
    assert_int_equal(all.ints.count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(all.ints.ints[i], i + 1);
    assert_int_equal(all.strs.count, 2);
    assert_string_equal(all.strs.strs[0], "a");
    assert_string_equal(all.strs.strs[1], "b");
}

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
    assert_null(all.str);
    assert_int_equal(all.ints.count, 0);
}

TEST(types_with_conf_file)
{
    static const char plain[] = "str = 'asdf'\n"
                                "int = 42\n"
                                "int64 = -123456789012 # a number\n"
                                "float = 1.5\n"
                                "bool = True\n"
                                "datetime = 2013-04-28 05:16\n"
                                "timedelta = 45\n"
                                "email = tornado@web.com\n"
                                "list_of_int = [1, 2, 3]\n"
                                "list_of_str = [\n"
                                "    'a', # one\n"
                                "    \"b\",\n"
                                "]\n";
    static const char quoted[] = "str = 'asdf'\nint = '42'\nint64 = '-123456789012'\n"
                                 "float = '1.5'\nbool = 't'\ndatetime = '2013-04-28 05:16'\n"
                                 "timedelta = '45s'\nemail = 'tornado@web.com'\n"
                                 "list_of_int = '1,2,3'\nlist_of_str = 'a,b'\n";
    const char *const texts[] = { plain, quoted };
    for (size_t i = 0; i < 2; i++) {
        gale_option_parser *options = define_all();
        assert_ok(parse_config(options, texts[i]));
        check_all();
        gale_option_parser_free(options);
    }
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
        assert_int_equal(all.flag, i >= 7);
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
            assert_true(fabs(all.timedelta - cases[i].seconds) < 1e-9);
    }
    gale_option_parser_free(options);
}

/* ---- Definitions ---- */

TEST(error_redefine)
{
    static const char *const pairs[][2] = { { "foo", "foo" },
                                            { "foo-bar", "foo-bar" },
                                            { "foo_bar", "foo_bar" },
                                            { "foo-bar", "foo_bar" },
                                            { "foo_bar", "foo-bar" } };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char detail[64];
        int value = 0;
        gale_option_parser *options = gale_option_parser_new();
        assert_ok(define_int(options, pairs[i][0], &value));
        snprintf(detail, sizeof detail, "Option '%s' already defined", pairs[i][1]);
        assert_fails(define_int(options, pairs[i][1], &value), -EEXIST, detail);
        assert_fails(PARSE(options, "--foo=1"), -EEXIST, detail); /* it is remembered */
        gale_option_parser_free(options);
    }
}

TEST(bad_definitions)
{
    int value = 0;
    static const char *const names[] = { "", "a b", "-a", "a=b", "ä", NULL };
    for (size_t i = 0; i < 6; i++) {
        gale_option_parser *options = gale_option_parser_new();
        assert_error(define_int(options, names[i], &value), GALE_EINVALID);
        assert_error(define_int(options, "a", NULL), GALE_EINVALID);
        assert_error(parse_config(options, ""), GALE_EINVALID);
        assert_error(gale_option_parser_parse_environment(options, "", true), GALE_EINVALID);
        gale_option_parser_free(options);
    }
}

TEST(dash_underscore_cli)
{
    static const char *const names[] = { "foo-bar", "foo_bar" };
    for (size_t i = 0; i < 4; i++) {
        const char *foo = NULL;
        gale_option_parser *options = gale_option_parser_new();
        assert_ok(define_str(options, names[i / 2], &foo));
        assert_int_equal(PARSE(options, i % 2 ? "--foo-bar=a" : "--foo_bar=a"), 2);
        assert_string_equal(foo, "a");
        assert_json(gale_option_parser_get(options, "foo-bar"), "\"a\"");
        assert_json(gale_option_parser_get(options, "foo_bar"), "\"a\"");
        gale_option_parser_free(options);
    }
}

TEST(dash_underscore_file)
{
    static const char *const names[] = { "foo-bar", "foo_bar" };
    for (size_t i = 0; i < 4; i++) {
        const char *foo = NULL;
        gale_option_parser *options = gale_option_parser_new();
        assert_ok(define_str(options, names[i / 2], &foo));
        assert_ok(parse_config(options, i % 2 ? "foo-bar = 'a'" : "foo_bar = 'a'"));
        assert_string_equal(foo, "a");
        gale_option_parser_free(options);
    }
}

TEST(dash_underscore_introspection)
{
    int one = 1, two = 2;
    gale_option_parser *options = gale_option_parser_new();
    assert_ok(gale_option_parser_define(
        options, &(gale_option){
                     .name = "with-dash", .type = GALE_OPTION_INT, .value = &one, .group = "g" }));
    assert_ok(gale_option_parser_define(options, &(gale_option){ .name = "with_underscore",
                                                                 .type = GALE_OPTION_INT,
                                                                 .value = &two,
                                                                 .group = "g" }));
    assert_json(gale_option_parser_group_dict(options, "g"),
                "{\"with-dash\": 1, \"with_underscore\": 2}");
    char *text = help_of(options);
    assert_non_null(strstr(text, "--with-dash"));
    assert_non_null(strstr(text, "--with-underscore"));
    free(text);
    gale_option_parser_free(options);
}

TEST(what_is_not_an_option_is_left)
{
    gale_option_parser *options = define_all();
    assert_int_equal(PARSE(options, "--bool", "--", "--int=1"), 3);
    assert_int_equal(PARSE(options, "file", "--int=1"), 1);
    assert_int_equal(PARSE(options, "---int=1", "-"), 2);
    assert_int_equal(all.integer, 1);
    assert_int_equal(gale_option_parser_parse_command_line(options, 0, NULL, true), 0);
    gale_option_parser_free(options);
}

/* ---- Sources ---- */

TEST(the_command_line_goes_before_the_environment_and_that_before_files)
{
    gale_option_parser *options = define_all();
    setenv("GALE_TEST_INT", "2", 1);
    setenv("GALE_TEST_LIST_OF_INT", "2:3", 1);
    setenv("GALE_TEST_HELP", "true", 1);
    assert_int_equal(PARSE(options, "--int=1"), 2);
    assert_ok(gale_option_parser_parse_environment(options, "GALE_TEST_", true));
    assert_ok(parse_config(options, "int = 3\nlist-of-int = 3\nfloat = 3\n"));
    assert_int_equal(all.integer, 1);
    assert_json(gale_option_parser_get(options, "list-of-int"), "[2, 3]");
    assert_true(all.real == 3);
    assert_config_fails(options, "int = x", ":1: int = x: expected a whole number, such as 8888");
    setenv("GALE_TEST_INT", "x", 1);
    assert_fails(gale_option_parser_parse_environment(options, "GALE_TEST_", true), GALE_EINVALID,
                 "GALE_TEST_INT=x: expected a whole number, such as 8888");
    unsetenv("GALE_TEST_INT");
    unsetenv("GALE_TEST_LIST_OF_INT");
    unsetenv("GALE_TEST_HELP");
    gale_option_parser_free(options);
}

TEST(an_option_may_name_a_config_file)
{
    char argument[96];
    int port = 1;
    const char *config = "/nonexistent/default.conf";
    gale_option_parser *options = gale_option_parser_new();
    assert_ok(define_int(options, "port", &port));
    assert_ok(gale_option_parser_define(options, &(gale_option){ .name = "config",
                                                                 .type = GALE_OPTION_CONFIG_FILE,
                                                                 .value = (void *)&config }));
    assert_ok(gale_option_parser_define(
        options, &(gale_option){ .name = "more", .type = GALE_OPTION_CONFIG_FILE }));
    assert_int_equal(gale_option_parser_parse_command_line(options, ARGUMENTS("main"), true), 1);
    write_config("port = 2\n");
    snprintf(argument, sizeof argument, "--more=%s", config_path);
    assert_int_equal(PARSE(options, argument), 2);
    assert_int_equal(port, 2);
    assert_fails(PARSE(options, "--config=/nonexistent/x"), -ENOENT,
                 "/nonexistent/x: No such file or directory");
    unlink(config_path);
    gale_option_parser_free(options);
    assert_string_equal(config, "/nonexistent/default.conf");
}

TEST(config_files_that_name_themselves_end)
{
    gale_option_parser *options = gale_option_parser_new();
    char text[96];
    assert_ok(gale_option_parser_define(
        options, &(gale_option){ .name = "more", .type = GALE_OPTION_CONFIG_FILE }));
    write_config("");
    FILE *file = fopen(config_path, "w");
    snprintf(text, sizeof text, "more = %s\n", config_path);
    fputs(text, file);
    fclose(file);
    assert_error(gale_option_parser_parse_config_file(options, config_path, true), GALE_EINVALID);
    assert_non_null(strstr(gale_error_detail(), "name one another"));
    unlink(config_path);
    gale_option_parser_free(options);
}

/* ---- Configuration files ---- */

TEST(what_stands_in_a_file)
{
    static const struct {
        const char *text, *str;
    } cases[] = {
        { "str = a b  # comment", "a b" },
        { "\xef\xbb\xbfstr=x", "x" },
        { "  str\t=\tx \r\n", "x" },
        { "# only\n\n\nstr = http://h/#top", "http://h/#top" },
        { "str = \"a # b\" # c", "a # b" },
        { "str = 'it is \"so\"'", "it is \"so\"" },
        { "str = \"\\n\\t\\\\\\\"\\'\\/\\u00e9\\u674e\"", "\n\t\\\"'/é李" },
        { "str = ''", "" },
        { "str =", "" },
        { "str = # nothing", "" },
        { "str = [x", "[x" },
        { "str = \"\\ud800\"", "\xef\xbf\xbd" },
    };
    gale_option_parser *options = define_all();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int result = parse_config(options, cases[i].text);
        if (strcmp(cases[i].str, "[x") == 0) {
            assert_int_equal(result, GALE_EINVALID);
            continue;
        }
        assert_ok(result);
        assert_string_equal(all.str, cases[i].str);
    }
    assert_ok(
        parse_config(options, "list_of_str = [a, 'b,c', d e # x\n , f]\nlist-of-int = [1:2, 9]"));
    assert_json(gale_option_parser_get(options, "list-of-str"), "[\"a\", \"b,c\", \"d e\", \"f\"]");
    assert_json(gale_option_parser_get(options, "list-of-int"), "[1, 2, 9]");
    assert_ok(parse_config(options, "list_of_str = []\nlist-of-int = 1, 2"));
    assert_json(gale_option_parser_get(options, "list-of-str"), "[]");
    gale_option_parser_free(options);
}

TEST(what_is_wrong_in_a_file_is_told_with_its_line)
{
    static const struct {
        const char *text, *detail;
    } cases[] = {
        { "\n# x\nintt = 1", ":3: intt = 1: there is no option \"intt\"; did you mean int?" },
        { "zzzzzz = 1", ":1: zzzzzz = 1: there is no option \"zzzzzz\"" },
        { "help = 1", ":1: help = 1: there is no option \"help\"; did you mean help?" },
        { "int 1", ":1: int 1: expected NAME = VALUE" },
        { "int\n", ":1: int: expected NAME = VALUE" },
        { "int = 1 2", ":1: int = 1 2: expected a whole number, such as 8888" },
        { "str = 'x' y", ":1: str = 'x' y: nothing but a comment may follow the value" },
        { "str = 'x", ":1: str = 'x: the closing ' is missing" },
        { "str = \"x\n\"", ":1: str = \"x: the closing \" is missing" },
        { "str = \"\\x\"", ":1: str = \"\\x\": unknown escape; a backslash is written as \\\\" },
        { "str = \"\\u12\"", ":1: str = \"\\u12\": \\u needs four hexadecimal digits" },
        { "list_of_int = [1,\n2", ":1: list_of_int = [1,: the closing ] is missing" },
        { "list_of_int = [1 2]", ":1: list_of_int = [1 2]: expected a whole number, such as 8888, "
                                 "or a range, such as 1:10" },
        { "list_of_str = ['a' 'b']",
          ":1: list_of_str = ['a' 'b']: expected , or ] behind a value of the list" },
        { "list_of_str = [,]", ":1: list_of_str = [,]: a value is missing in the list" },
        { "int = [1]", ":1: int = [1]: expected one value, and not a list" },
        { "str = \"\\u0000\"", ":1: str = \"\\u0000\": expected text without a NUL" },
        { "str = \xff", ": is not a text in UTF-8" },
    };
    gale_option_parser *options = define_all();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_config_fails(options, cases[i].text, cases[i].detail);
    assert_fails(gale_option_parser_parse_config_file(options, "/nonexistent", true), -ENOENT,
                 "/nonexistent: No such file or directory");
    assert_fails(gale_option_parser_parse_config_file(options, "/tmp", true), -EISDIR,
                 "/tmp: Is a directory");
    assert_fails(gale_option_parser_parse_config_file(options, "/dev/zero", true), -EFBIG,
                 "/dev/zero: File too large");
    gale_option_parser_free(options);
}

/* ---- Memory ---- */

static int everything(void)
{
    gale_option_parser *parser = gale_option_parser_new();
    if (!parser)
        return -ENOMEM;
    memset(&all, 0, sizeof all);
    define_str(parser, "str", &all.str);
    gale_option_parser_define(
        parser, &(gale_option){ .name = "list-of-str", .multiple = true, .value = &all.strs });
    int called = 0;
    gale_option_parser_add_parse_callback(parser, count_call, &called);
    int result = gale_option_parser_parse_environment(parser, "GALE_TEST_NONE_", false);
    if (result >= 0)
        result = gale_option_parser_parse_config_file(parser, config_path, false);
    if (result >= 0)
        result = PARSE(parser, "--str=x");
    if (result >= 0 && (strcmp(all.str, "x") != 0 || all.strs.count != 2 || called != 1))
        result = GALE_ESTATE;
    gale_option_parser_free(parser);
    return result;
}

TEST(each_allocation_may_fail)
{
    size_t n = 0;
    int result;
    write_config("str = \"x\\n\"\nlist_of_str = [a, b]\n");
    do {
        test_fail_allocation(++n);
        result = everything();
        if (test_allocation_failed())
            assert_int_equal(result, -ENOMEM);
    } while (test_allocation_failed());
    assert_int_equal(result, 2);
    assert_true(n > 10);
    unlink(config_path);
}

/* ---- The program's own ---- */

/* The exit status of a program that parses this argument, and what it said. */
static int run_program(const char *argument, char said[4096])
{
    int ends[2];
    assert_ok(pipe(ends));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        static int port = 8888;
        char *arguments[] = { "blog", (char *)(uintptr_t)argument, NULL };
        dup2(ends[1], STDERR_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        gale_define_int("port", &port, "run on the given port");
        gale_define_config_file("config", "read this");
        gale_parse_environment("GALE_TEST_NONE_");
        int rest = gale_parse_command_line(argument ? 2 : 1, arguments);
        fflush(stdout);
        _exit(port == 8888 && !argument ? 10 : port == 80 && rest == 2 ? 11 : 12);
    }
    close(ends[1]);
    ssize_t size = 0, count;
    while ((count = read(ends[0], said + size, (size_t)(4095 - size))) > 0)
        size += count;
    said[size] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(the_program_ends_when_its_options_are_wrong)
{
    char said[4096];
    assert_int_equal(run_program(NULL, said), 10);
    assert_string_equal(said, "");
    assert_int_equal(run_program("--port=80", said), 11);
    assert_string_equal(said, "");
    assert_int_equal(run_program("--port=x", said), 2);
    assert_non_null(strstr(said, ": --port=x: expected a whole number, such as 8888\n"));
    assert_int_equal(run_program("--config=/nonexistent", said), 2);
    assert_non_null(strstr(said, ": /nonexistent: No such file or directory\n"));
    assert_int_equal(run_program("--help", said), 0);
    assert_memory_equal(said, "Usage: blog [OPTIONS]\n", 22);
    assert_non_null(strstr(said, "--logging=debug|info|warning|error|none"));
}

TEST(all_kinds_of_the_programs_options)
{
    memset(&all, 0, sizeof all);
    int called = 0;
    assert_ok(gale_define_str("str", &all.str, "text"));
    assert_ok(gale_define_int("int", &all.integer, NULL));
    assert_ok(gale_define_int64("int64", &all.big, NULL));
    assert_ok(gale_define_float("float", &all.real, NULL));
    assert_ok(gale_define_bool("bool", &all.flag, NULL));
    assert_ok(gale_define_datetime("datetime", &all.datetime, NULL));
    assert_ok(gale_define_timedelta("timedelta", &all.timedelta, NULL));
    assert_ok(gale_add_parse_callback(count_call, &called));
    assert_ok(gale_option_parser_set(gale_options(), "logging", "none"));
    write_config("float = 2.5\n");
    gale_parse_config_file(config_path);
    unlink(config_path);
    assert_int_equal(
        gale_parse_command_line(ARGUMENTS("main", "--str=a", "--int=1", "--int64=2", "--bool",
                                          "--datetime=20130428", "--timedelta=1m", "rest")),
        7);
    assert_string_equal(all.str, "a");
    assert_int_equal(all.integer, 1);
    assert_int_equal(all.big, 2);
    assert_true(all.real == 2.5 && all.flag && all.timedelta == 60);
    assert_int_equal(all.datetime.tm_mday, 28);
    assert_int_equal(called, 1);
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    gale_print_help(file);
    fclose(file);
    assert_non_null(strstr(text, "log options:"));
    free(text);
    gale_option_parser_free(gale_options());
    assert_null(all.str);
}

GALE_TEST_MAIN
