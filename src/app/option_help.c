/* SPDX-License-Identifier: Apache-2.0 */
/* What --help shows. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/option_parser.h"
#include "core/buffer.h"

enum {
    NARROWEST = 40,
    WIDEST = 100,
    USUAL_WIDTH = 79,
    MARGIN = 2,
    LONGEST_NAME = 30 /* a longer one has its help on the next line */
};

/* ---- Widths ---- */

static int width_of(FILE *file)
{
    struct winsize size;
    int fd = fileno(file);
    bool is_terminal =
        fd >= 0 && isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    int width = is_terminal ? size.ws_col - 1 : USUAL_WIDTH;
    return width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : width;
}

/* Characters, as far as they are as wide as one. */
static int columns(const char *text, size_t size)
{
    int count = 0;
    for (size_t i = 0; i < size; i++)
        count += (text[i] & 0xc0) != 0x80;
    return count;
}

/* ---- Words ---- */

/* Words from `column` on, in lines of at most `width` that begin at `indent`. */
static void print_wrapped(FILE *file, const char *text, int indent, int width)
{
    int column = indent;
    for (text += strspn(text, " \n"); *text; text += strspn(text, " \n")) {
        size_t size = strcspn(text, " \n");
        int word = columns(text, size);
        if (column > indent && column + 1 + word > width) {
            fprintf(file, "\n%*s", indent, "");
            column = indent;
        }
        fprintf(file, "%s%.*s", column > indent ? " " : "", (int)size, text);
        column += word + (column > indent);
        text += size;
    }
    fputc('\n', file);
}

static const char *metavar_of(const gale_option *option)
{
    static const char *const names[] = {
        [GALE_OPTION_STR] = "TEXT",           [GALE_OPTION_INT] = "INT",
        [GALE_OPTION_INT64] = "INT",          [GALE_OPTION_FLOAT] = "FLOAT",
        [GALE_OPTION_BOOL] = "BOOL",          [GALE_OPTION_DATETIME] = "DATETIME",
        [GALE_OPTION_TIMEDELTA] = "DURATION", [GALE_OPTION_CONFIG_FILE] = "FILE",
    };
    if (option->metavar)
        return option->metavar;
    return option->type == GALE_OPTION_BOOL && !option->multiple ? NULL : names[option->type];
}

/* "--name=METAVAR"; names with dashes, as they are typed. */
static void append_name(gale__buffer *out, const gale_option *option)
{
    const char *metavar = metavar_of(option);
    gale__buffer_printf(out, "--%s", gale__show_name(option->name).text);
    if (metavar)
        gale__buffer_printf(out, "=%s%s", metavar, option->multiple ? ",..." : "");
}

static void append_help(gale__buffer *out, const gale__option *option)
{
    char text[128];
    const gale_option *definition = &option->definition;
    bool quiet = definition->type == GALE_OPTION_BOOL && !option->initial.bytes[0];
    gale__option_text(definition, &option->initial, text, sizeof text);
    if (definition->help)
        gale__buffer_printf(out, "%s ", definition->help);
    if (*text && !quiet)
        gale__buffer_printf(out, "(default %s)", text);
}

/* ---- Options ---- */

static int name_columns(const gale__option *option)
{
    gale__buffer name;
    gale__buffer_init(&name, SIZE_MAX);
    append_name(&name, &option->definition);
    int result = columns(gale__buffer_str(&name).data, name.size);
    gale__buffer_clear(&name);
    return result;
}

static void print_option(FILE *file, const gale__option *option, int indent, int width)
{
    gale__buffer name, help;
    gale__buffer_init(&name, SIZE_MAX);
    gale__buffer_init(&help, SIZE_MAX);
    append_name(&name, &option->definition);
    append_help(&help, option);
    gale_str text = gale__buffer_str(&name);
    int used = MARGIN + columns(text.data, text.len);
    fprintf(file, "%*s%s", MARGIN, "", text.data);
    if (help.size == 0)
        fputc('\n', file);
    else if (used + 2 > indent)
        fprintf(file, "\n%*s", indent, "");
    else
        fprintf(file, "%*s", indent - used, "");
    if (help.size > 0)
        print_wrapped(file, gale__buffer_str(&help).data, indent, width);
    gale__buffer_clear(&name);
    gale__buffer_clear(&help);
}

static const char *group_of(const gale__option *option)
{
    return option->definition.group ? option->definition.group : "";
}

/* The next option by name behind `last` (NULL: the first) of a group. */
static const gale__option *next_option(const gale_option_parser *parser, const char *group,
                                       const gale__option *last)
{
    const gale__option *next = NULL;
    for (const gale__option *at = parser->first; at; at = at->next)
        if (strcmp(group_of(at), group) == 0 &&
            (!last || strcmp(at->definition.name, last->definition.name) > 0) &&
            (!next || strcmp(at->definition.name, next->definition.name) < 0))
            next = at;
    return next;
}

/* The next group by name; NULL behind the last. */
static const char *next_group(const gale_option_parser *parser, const char *last)
{
    const char *next = NULL;
    for (const gale__option *at = parser->first; at; at = at->next)
        if (strcmp(group_of(at), last) > 0 && (!next || strcmp(group_of(at), next) < 0))
            next = group_of(at);
    return next;
}

/* Where the help begins: behind the longest name that is not too long. */
static int help_column(const gale_option_parser *parser)
{
    int longest = 0;
    for (const gale__option *option = parser->first; option; option = option->next) {
        int size = name_columns(option);
        if (size > longest && size <= LONGEST_NAME)
            longest = size;
    }
    return MARGIN + longest + 2;
}

void gale_option_parser_print_help(gale_option_parser *parser, FILE *file)
{
    if (!file)
        file = stderr;
    int width = width_of(file), indent = help_column(parser);
    fprintf(file, "Usage: %s [OPTIONS]\n", parser->program ? parser->program : "PROGRAM");
    for (const char *group = ""; group; group = next_group(parser, group)) {
        fprintf(file, "\n%s%s", group, *group ? " options:\n\n" : "");
        const gale__option *option = NULL;
        while ((option = next_option(parser, group, option)))
            print_option(file, option, indent, width);
    }
    if (parser->environment_prefix)
        fprintf(file, "\nEach option can be set in the environment, too, as %sNAME.\n",
                parser->environment_prefix);
    fflush(file);
}
