/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file; and each input as a date, a duration, an argument of the command line. */
#include <math.h>

#include "app/config_file.h"
#include "fuzz.h"

static struct {
    const char *str;
    int integer;
    double real, timedelta;
    bool flag;
    struct tm datetime;
    gale_option_list ints, strs, timedeltas;
} values;

static gale_option_parser *define_all(void)
{
    const gale_option options[] = {
        { .name = "s", .value = (void *)&values.str },
        { .name = "i", .type = GALE_OPTION_INT, .value = &values.integer },
        { .name = "f", .type = GALE_OPTION_FLOAT, .value = &values.real },
        { .name = "b", .type = GALE_OPTION_BOOL, .value = &values.flag },
        { .name = "d", .type = GALE_OPTION_DATETIME, .value = &values.datetime },
        { .name = "t", .type = GALE_OPTION_TIMEDELTA, .value = &values.timedelta },
        { .name = "ii", .type = GALE_OPTION_INT, .multiple = true, .value = &values.ints },
        { .name = "ss", .multiple = true, .value = &values.strs },
        { .name = "tt",
          .type = GALE_OPTION_TIMEDELTA,
          .multiple = true,
          .value = &values.timedeltas },
    };
    gale_option_parser *parser = gale_option_parser_new();
    CHECK(parser);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        CHECK(gale_option_parser_define(parser, &options[i]) == 0);
    return parser;
}

static void check_values(gale_option_parser *parser)
{
    json_t *all = gale_option_parser_as_dict(parser);
    CHECK(json_object_size(all) == 10);
    CHECK(values.ints.count <= GALE__OPTION_VALUES_MAX);
    for (size_t i = 0; i < values.strs.count; i++)
        CHECK(strlen(values.strs.strs[i]) < 1024 * 1024);
    json_decref(all);
}

static void parse_one(gale_str text)
{
    struct tm datetime;
    double seconds;
    if (gale__parse_datetime(text, &datetime)) {
        CHECK(datetime.tm_mday >= 1 && datetime.tm_mday <= 31 && datetime.tm_mon < 12);
        CHECK(datetime.tm_hour < 24 && datetime.tm_min < 60 && datetime.tm_sec < 60);
    }
    if (gale__parse_timedelta(text, &seconds))
        CHECK(isfinite(seconds));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_copy(data, size), *text = fuzz_string(data, size);
    gale_option_parser *parser = define_all();
    int result = gale__config_parse(parser, "f", (gale_str){ input, size });
    CHECK(result == 0 || result == GALE_EINVALID);
    check_values(parser);
    char *arguments[] = { (char *)"main", text, NULL };
    result = gale_option_parser_parse_command_line(parser, 2, arguments, true);
    CHECK(result == 1 || result == 2 || result == GALE_EINVALID || result == GALE_EFINISH);
    check_values(parser);
    gale_option_parser_free(parser);
    parse_one((gale_str){ input, size });
    free(text);
    free(input);
    return 0;
}
