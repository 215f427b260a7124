/* SPDX-License-Identifier: Apache-2.0 */
/* Options on the command line, and in the environment. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "app/option_parser.h"
#include "core/buffer.h"
#include "core/error.h"

/* ---- The command line ---- */

static int unknown(const gale_option_parser *parser, gale_str name)
{
    const char *nearest = gale__option_nearest(parser, name);
    return gale__fail(GALE_EINVALID,
                      "Unrecognized command line option: --%s; %s%s%s--help shows all",
                      gale__show(name).text, nearest ? "did you mean --" : "",
                      nearest ? gale__show_name(nearest).text : "", nearest ? "? " : "");
}

static int without_value(const gale__option *option, const char *next)
{
    gale__shown shown = gale__show_name(option->definition.name);
    const char *name = shown.text;
    if (next && *next != '-')
        return gale__fail(GALE_EINVALID, "--%s requires a value; write --%s=%s", name, name,
                          gale__show((gale_str){ next, strlen(next) }).text);
    return gale__fail(GALE_EINVALID, "--%s requires a value; write --%s=...", name, name);
}

/* "what: " and the detail, or what the code says. */
static int refused(int error, const char *where, const char *name, gale_str value)
{
    const char *detail = *gale_error_detail() ? gale_error_detail() : gale_strerror(error);
    return gale__fail(error, "%s%s=%s: %s", where, name, gale__show(value).text, detail);
}

/* `argument` without its dashes; `next` is the argument behind it, or NULL. */
static int take_option(gale_option_parser *parser, const char *argument, const char *next)
{
    size_t size = strcspn(argument, "=");
    gale_str name = { argument, size }, value = GALE_STR("true");
    gale__option *option = gale__option_find(parser, name);
    if (!option)
        return unknown(parser, name);
    bool is_switch = option->definition.type == GALE_OPTION_BOOL && !option->definition.multiple;
    if (argument[size])
        value = (gale_str){ argument + size + 1, strlen(argument + size + 1) };
    else if (!is_switch)
        return without_value(option, next);
    int result = gale__option_give(option, &(gale__option_input){ &value, 1, false },
                                   GALE__OPTION_COMMAND_LINE);
    return result < 0 ? refused(result, "--", gale__show_name(option->definition.name).text, value)
                      : 0;
}

static int keep_program(gale_option_parser *parser, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    gale__free(parser->program);
    parser->program = gale__strdup(name, strlen(name));
    return parser->program ? 0 : gale__fail(-ENOMEM, "out of memory");
}

static int take_options(gale_option_parser *parser, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t dashes = strspn(argv[i], "-");
        if (dashes == 0 || (dashes == 1 && !argv[i][1])) /* "-" is a name for standard input */
            return i;
        if (dashes == 2 && !argv[i][2])
            return i + 1;
        GALE_TRY(take_option(parser, argv[i] + dashes, i + 1 < argc ? argv[i + 1] : NULL));
    }
    return argc;
}

int gale_option_parser_parse_command_line(gale_option_parser *parser, int argc, char **argv,
                                          bool final)
{
    GALE_TRY(gale__option_parser_check(parser));
    if (argc > 0)
        GALE_TRY(keep_program(parser, argv[0]));
    int rest = take_options(parser, argc, argv);
    GALE_TRY(rest);
    if (parser->help) {
        gale_option_parser_print_help(parser, stdout);
        return gale__fail(GALE_EFINISH, "help was asked for");
    }
    if (final)
        GALE_TRY(gale__option_parser_finish(parser));
    return rest;
}

/* ---- The environment ---- */

/* The prefix and the name, in capitals. */
static int variable_name(const char *prefix, const char *name, gale__buffer *out)
{
    gale__buffer_clear(out);
    gale__buffer_append(out, prefix, strlen(prefix));
    for (; *name; name++)
        gale__buffer_append_char(out, *name == '-' ? '_' : (char)toupper((unsigned char)*name));
    return out->error;
}

static int take_variable(gale__option *option, const char *prefix, gale__buffer *name)
{
    if (variable_name(prefix, option->definition.name, name) < 0)
        return gale__fail(-ENOMEM, "out of memory");
    const char *text = getenv(gale__buffer_begin(name));
    if (!text)
        return 0;
    gale_str value = { text, strlen(text) };
    int result = gale__option_give(option, &(gale__option_input){ &value, 1, false },
                                   GALE__OPTION_ENVIRONMENT);
    return result < 0 ? refused(result, "", gale__buffer_begin(name), value) : 0;
}

int gale_option_parser_parse_environment(gale_option_parser *parser, const char *prefix, bool final)
{
    GALE_TRY(gale__option_parser_check(parser));
    char *copy = gale__strdup(prefix, strlen(prefix));
    if (!copy)
        return gale__fail(-ENOMEM, "out of memory");
    gale__free(parser->environment_prefix);
    parser->environment_prefix = copy;
    gale__buffer name;
    gale__buffer_init(&name, SIZE_MAX);
    int result = 0;
    for (gale__option *option = parser->first; option && result >= 0; option = option->next)
        if (option->definition.value != &parser->help)
            result = take_variable(option, prefix, &name);
    gale__buffer_clear(&name);
    return result < 0 ? result : final ? gale__option_parser_finish(parser) : 0;
}
