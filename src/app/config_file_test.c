/* SPDX-License-Identifier: Apache-2.0 */
#include "app/options_test.h"

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
        assert_string_equal(values.str, cases[i].str);
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

GALE_TEST_MAIN
