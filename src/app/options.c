/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the program: one parser, and what is wrong with it ends the program. */
#include <gale/options.h>

#include <errno.h>
#include <stdlib.h>

#include "app/option_parser.h"
#include "core/error.h"

static gale_option_parser *program_options;

gale_option_parser *gale_options(void)
{
    if (program_options)
        return program_options;
    gale_option_parser *parser = gale_option_parser_new();
    if (parser && gale_define_logging_options(parser, NULL) < 0) {
        gale_option_parser_free(parser);
        return NULL;
    }
    if (parser)
        parser->owner = &program_options;
    return program_options = parser;
}

/* ---- Defining ---- */

int gale_define(const gale_option *option)
{
    gale_option_parser *parser = gale_options();
    return parser ? gale_option_parser_define(parser, option) : -ENOMEM;
}

static int define(const char *name, gale_option_type type, void *value, const char *help)
{
    return gale_define(&(gale_option){ .name = name, .type = type, .value = value, .help = help });
}

int gale_define_int(const char *name, int *value, const char *help)
{
    return define(name, GALE_OPTION_INT, value, help);
}

int gale_define_int64(const char *name, int64_t *value, const char *help)
{
    return define(name, GALE_OPTION_INT64, value, help);
}

int gale_define_float(const char *name, double *value, const char *help)
{
    return define(name, GALE_OPTION_FLOAT, value, help);
}

int gale_define_bool(const char *name, bool *value, const char *help)
{
    return define(name, GALE_OPTION_BOOL, value, help);
}

int gale_define_str(const char *name, const char **value, const char *help)
{
    return define(name, GALE_OPTION_STR, (void *)(uintptr_t)value, help);
}

int gale_define_datetime(const char *name, struct tm *value, const char *help)
{
    return define(name, GALE_OPTION_DATETIME, value, help);
}

int gale_define_timedelta(const char *name, double *value, const char *help)
{
    return define(name, GALE_OPTION_TIMEDELTA, value, help);
}

int gale_define_config_file(const char *name, const char *help)
{
    return define(name, GALE_OPTION_CONFIG_FILE, NULL, help);
}

int gale_add_parse_callback(int (*callback)(void *arg), void *arg)
{
    gale_option_parser *parser = gale_options();
    return parser ? gale_option_parser_add_parse_callback(parser, callback, arg) : -ENOMEM;
}

void gale_print_help(FILE *file)
{
    if (gale_options())
        gale_option_parser_print_help(gale_options(), file);
}

/* ---- Parsing ---- */

enum { WRONG_USAGE = 2 };

static void end_program(int error)
{
    if (error == GALE_EFINISH)
        exit(0);
    const char *detail = gale_error_detail();
    fprintf(stderr, "%s: %s\n", program_invocation_short_name,
            *detail ? detail : gale_strerror(error));
    exit(WRONG_USAGE);
}

static gale_option_parser *needed_options(void)
{
    gale_option_parser *parser = gale_options();
    if (!parser)
        end_program(gale__fail(-ENOMEM, "out of memory"));
    return parser;
}

int gale_parse_command_line(int argc, char **argv)
{
    int rest = gale_option_parser_parse_command_line(needed_options(), argc, argv, true);
    if (rest < 0)
        end_program(rest);
    return rest;
}

void gale_parse_config_file(const char *path)
{
    int result = gale_option_parser_parse_config_file(needed_options(), path, false);
    if (result < 0)
        end_program(result);
}

void gale_parse_environment(const char *prefix)
{
    int result = gale_option_parser_parse_environment(needed_options(), prefix, false);
    if (result < 0)
        end_program(result);
}
