/* SPDX-License-Identifier: Apache-2.0 */
#include "app/options_test.h"
#include "app/child_test.h"

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
    assert_int_equal(values.integer, 1);
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
    assert_int_equal(values.integer, 1);
    assert_json(gale_option_parser_get(options, "list-of-int"), "[2, 3]");
    assert_true(values.real == 3);
    assert_config_fails(options, "int = x", ":1: int = x: expected a whole number, such as 8888");
    setenv("GALE_TEST_INT", "x", 1);
    assert_fails(gale_option_parser_parse_environment(options, "GALE_TEST_", true), GALE_EINVALID,
                 "GALE_TEST_INT=x: expected a whole number, such as 8888");
    unsetenv("GALE_TEST_INT");
    unsetenv("GALE_TEST_LIST_OF_INT");
    unsetenv("GALE_TEST_HELP");
    gale_option_parser_free(options);
}

/* ---- Memory ---- */

static int everything(void)
{
    gale_option_parser *parser = gale_option_parser_new();
    if (!parser)
        return -ENOMEM;
    memset(&values, 0, sizeof values);
    define_str(parser, "str", &values.str);
    gale_option_parser_define(
        parser, &(gale_option){ .name = "list-of-str", .multiple = true, .value = &values.strs });
    int called = 0;
    gale_option_parser_add_parse_callback(parser, count_call, &called);
    int result = gale_option_parser_parse_environment(parser, "GALE_TEST_NONE_", false);
    if (result >= 0)
        result = gale_option_parser_parse_config_file(parser, config_path, false);
    if (result >= 0)
        result = PARSE(parser, "--str=x");
    if (result >= 0 && (strcmp(values.str, "x") != 0 || values.strs.count != 2 || called != 1))
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

static int parse_one(void *argument)
{
    static int port = 8888;
    char *arguments[] = { "blog", argument, NULL };
    gale_define_int("port", &port, "run on the given port");
    gale_define_config_file("config", "read this");
    gale_parse_environment("GALE_TEST_NONE_");
    int rest = gale_parse_command_line(argument ? 2 : 1, arguments);
    return port == 8888 && !argument ? 10 : port == 80 && rest == 2 ? 11 : 12;
}

TEST(the_program_ends_when_its_options_are_wrong)
{
    char said[CHILD_SAID_MAX];
    assert_int_equal(run_child(parse_one, NULL, said), 10);
    assert_string_equal(said, "");
    assert_int_equal(run_child(parse_one, (char[]){ "--port=80" }, said), 11);
    assert_string_equal(said, "");
    assert_int_equal(run_child(parse_one, (char[]){ "--port=x" }, said), 2);
    assert_non_null(strstr(said, ": --port=x: expected a whole number, such as 8888\n"));
    assert_int_equal(run_child(parse_one, (char[]){ "--config=/nonexistent" }, said), 2);
    assert_non_null(strstr(said, ": /nonexistent: No such file or directory\n"));
    assert_int_equal(run_child(parse_one, (char[]){ "--help" }, said), 0);
    assert_memory_equal(said, "Usage: blog [OPTIONS]\n", 22);
    assert_non_null(strstr(said, "--logging=debug|info|warning|error|none"));
}

TEST(all_kinds_of_the_programs_options)
{
    memset(&values, 0, sizeof values);
    int called = 0;
    assert_ok(gale_define_str("str", &values.str, "text"));
    assert_ok(gale_define_int("int", &values.integer, NULL));
    assert_ok(gale_define_int64("int64", &values.big, NULL));
    assert_ok(gale_define_float("float", &values.real, NULL));
    assert_ok(gale_define_bool("bool", &values.flag, NULL));
    assert_ok(gale_define_datetime("datetime", &values.datetime, NULL));
    assert_ok(gale_define_timedelta("timedelta", &values.timedelta, NULL));
    assert_ok(gale_add_parse_callback(count_call, &called));
    assert_ok(gale_option_parser_set(gale_options(), "logging", "none"));
    write_config("float = 2.5\n");
    gale_parse_config_file(config_path);
    unlink(config_path);
    assert_int_equal(
        gale_parse_command_line(ARGUMENTS("main", "--str=a", "--int=1", "--int64=2", "--bool",
                                          "--datetime=20130428", "--timedelta=1m", "rest")),
        7);
    assert_string_equal(values.str, "a");
    assert_int_equal(values.integer, 1);
    assert_int_equal(values.big, 2);
    assert_true(values.real == 2.5 && values.flag && values.timedelta == 60);
    assert_int_equal(values.datetime.tm_mday, 28);
    assert_int_equal(called, 1);
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    gale_print_help(file);
    fclose(file);
    assert_non_null(strstr(text, "log options:"));
    free(text);
    gale_option_parser_free(gale_options());
    assert_null(values.str);
}

GALE_TEST_MAIN
