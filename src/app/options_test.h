/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of options share: a parser with an option of each type, files, comparisons. */
#ifndef GALE_APP_OPTIONS_TEST_H
#define GALE_APP_OPTIONS_TEST_H

#include <gale/options.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/memory.h"
#include "test.h"

#define ARGUMENTS(...)                                                                             \
    (int)(sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)), (char *[])                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define PARSE(parser, ...)                                                                         \
    gale_option_parser_parse_command_line((parser), ARGUMENTS("main", __VA_ARGS__), true)

static inline void assert_fails(int result, int code, const char *detail)
{
    assert_int_equal(result, code);
    if (strcmp(gale_error_detail(), detail) != 0)
        print_error("detail: %s\n", gale_error_detail());
    assert_string_equal(gale_error_detail(), detail);
}

static inline int define_int(gale_option_parser *parser, const char *name, int *value)
{
    return gale_option_parser_define(
        parser, &(gale_option){ .name = name, .type = GALE_OPTION_INT, .value = value });
}

static inline int define_str(gale_option_parser *parser, const char *name, const char **value)
{
    return gale_option_parser_define(parser,
                                     &(gale_option){ .name = name, .value = (void *)value });
}

static char config_path[64];

/* A file for the test; its name is in config_path. */
static inline void write_config(const char *text)
{
    snprintf(config_path, sizeof config_path, "/tmp/gale-options-XXXXXX");
    int fd = mkstemp(config_path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static inline int parse_config(gale_option_parser *parser, const char *text)
{
    write_config(text);
    int result = gale_option_parser_parse_config_file(parser, config_path, true);
    unlink(config_path);
    return result;
}

/* The parser says FILE:, then `detail`. */
static inline void assert_config_fails(gale_option_parser *parser, const char *text,
                                       const char *detail)
{
    assert_error(parse_config(parser, text), GALE_EINVALID);
    size_t size = strlen(config_path);
    assert_memory_equal(gale_error_detail(), config_path, size);
    if (strcmp(gale_error_detail() + size, detail) != 0)
        print_error("detail: %s\n", gale_error_detail() + size);
    assert_string_equal(gale_error_detail() + size, detail);
}

/* What is written to a stream by --help. Free it. */
static inline char *help_of(gale_option_parser *parser)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    gale_option_parser_print_help(parser, file);
    fclose(file);
    return text;
}

static inline char *json_text(json_t *value)
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

static struct {
    const char *str, *email;
    int integer;
    int64_t big;
    double real, timedelta;
    bool flag;
    struct tm datetime;
    gale_option_list ints, strs;
} values;

static inline int check_email(const gale_option *option)
{
    const char *value = *(const char **)option->value;
    return strchr(value, '@') ? 0 : gale_option_expected("no @ in it");
}

static inline gale_option_parser *define_all(void)
{
    memset(&values, 0, sizeof values);
    const gale_option options[] = {
        { .name = "str", .value = (void *)&values.str },
        { .name = "email", .value = (void *)&values.email, .callback = check_email },
        { .name = "int", .type = GALE_OPTION_INT, .value = &values.integer },
        { .name = "int64", .type = GALE_OPTION_INT64, .value = &values.big },
        { .name = "float", .type = GALE_OPTION_FLOAT, .value = &values.real },
        { .name = "bool", .type = GALE_OPTION_BOOL, .value = &values.flag },
        { .name = "datetime", .type = GALE_OPTION_DATETIME, .value = &values.datetime },
        { .name = "timedelta", .type = GALE_OPTION_TIMEDELTA, .value = &values.timedelta },
        { .name = "list-of-int", .type = GALE_OPTION_INT, .multiple = true, .value = &values.ints },
        { .name = "list-of-str", .multiple = true, .value = &values.strs },
    };
    gale_option_parser *parser = gale_option_parser_new();
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        assert_ok(gale_option_parser_define(parser, &options[i]));
    return parser;
}

static inline void check_all(void)
{
    assert_string_equal(values.str, "asdf");
    assert_string_equal(values.email, "tornado@web.com");
    assert_int_equal(values.integer, 42);
    assert_true(values.big == -123456789012);
    assert_true(values.real == 1.5);
    assert_true(values.flag);
    assert_int_equal(values.datetime.tm_year, 113);
    assert_int_equal(values.datetime.tm_mon, 3);
    assert_int_equal(values.datetime.tm_mday, 28);
    assert_int_equal(values.datetime.tm_hour, 5);
    assert_int_equal(values.datetime.tm_min, 16);
    assert_int_equal(values.datetime.tm_wday, 0);
    assert_true(values.timedelta == 45);
    assert_int_equal(values.ints.count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(values.ints.ints[i], i + 1);
    assert_int_equal(values.strs.count, 2);
    assert_string_equal(values.strs.strs[0], "a");
    assert_string_equal(values.strs.strs[1], "b");
}

#endif
