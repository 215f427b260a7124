/* SPDX-License-Identifier: Apache-2.0 */
#include "app/option_parser.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/utf8.h"

struct gale__parse_callback {
    gale__parse_callback *next;
    int (*run)(void *arg);
    void *arg;
};

enum { MOST_CONFIG_FILES = 32 };

/* ---- Names ---- */

static char plain(char c)
{
    return c == '_' ? '-' : c;
}

static bool same_name(const char *a, gale_str b)
{
    size_t i = 0;
    while (i < b.len && a[i] && plain(a[i]) == plain(b.data[i]))
        i++;
    return i == b.len && !a[i];
}

static bool is_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_";
    return name && *name && *name != '-' && name[strspn(name, allowed)] == '\0';
}

gale__option *gale__option_find(const gale_option_parser *parser, gale_str name)
{
    gale__option *option = parser->first;
    while (option && !same_name(option->definition.name, name))
        option = option->next;
    return option;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

/* Levenshtein's distance; SIZE_MAX for what is too long for a slip. */
static size_t distance(const char *a, gale_str b)
{
    enum { LONGEST = 48 };
    size_t row[LONGEST + 1];
    if (b.len > LONGEST || strlen(a) > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t above = row[j];
            bool same = plain(a[i - 1]) == plain(b.data[j - 1]);
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + !same);
            diagonal = above;
        }
    }
    return row[b.len];
}

const char *gale__option_nearest(const gale_option_parser *parser, gale_str name)
{
    const char *nearest = NULL;
    size_t best = 2 + name.len / 4;
    for (const gale__option *option = parser->first; option; option = option->next) {
        size_t steps = distance(option->definition.name, name);
        if (steps < best) {
            best = steps;
            nearest = option->definition.name;
        }
    }
    return nearest;
}

gale__shown gale__show(gale_str text)
{
    static const char hex[] = "0123456789abcdef";
    gale__shown shown;
    size_t size = 0, most = text.len < GALE__SHOWN_MAX ? text.len : GALE__SHOWN_MAX;
    while (most < text.len && most > 0 && (text.data[most] & 0xc0) == 0x80)
        most--; /* not within a character */
    bool readable = gale__utf8_valid(text.data, most);
    for (size_t i = 0; i < most; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !readable)) {
            const char escape[] = { '\\', 'x', hex[byte >> 4], hex[byte & 15] };
            memcpy(shown.text + size, escape, sizeof escape);
            size += sizeof escape;
        } else {
            shown.text[size++] = (char)byte;
        }
    }
    memcpy(shown.text + size, most < text.len ? "..." : "", most < text.len ? 4 : 1);
    return shown;
}

gale__shown gale__show_name(const char *name)
{
    gale__shown shown = gale__show((gale_str){ name, strlen(name) });
    for (char *at = shown.text; *at; at++)
        *at = plain(*at);
    return shown;
}

/* ---- Making and freeing ---- */

gale_option_parser *gale_option_parser_new(void)
{
    gale_option_parser *parser = GALE__NEW(gale_option_parser);
    if (!parser)
        return NULL;
    parser->last = &parser->first;
    const gale_option help = { .name = "help",
                               .type = GALE_OPTION_BOOL,
                               .value = &parser->help,
                               .help = "show this, and end" };
    if (gale_option_parser_define(parser, &help) >= 0)
        return parser;
    gale_option_parser_free(parser);
    return NULL;
}

void gale__option_reset(gale__option *option)
{
    if (option->definition.value)
        memcpy(option->definition.value, option->initial.bytes,
               gale__option_size(&option->definition));
    gale__free(option->block);
    option->block = NULL;
    option->source = GALE__OPTION_DEFAULT;
}

static void free_option(gale__option *option)
{
    gale__option_reset(option);
    gale__free(option);
}

void gale_option_parser_free(gale_option_parser *parser)
{
    if (!parser)
        return;
    for (gale__option *option = parser->first, *next; option; option = next) {
        next = option->next;
        free_option(option);
    }
    for (gale__parse_callback *callback = parser->callbacks, *next; callback; callback = next) {
        next = callback->next;
        gale__free(callback);
    }
    gale__free(parser->environment_prefix);
    gale__free(parser->program);
    gale__free(parser->failure);
    gale__free(parser->logging);
    if (parser->owner)
        *parser->owner = NULL;
    gale__free(parser);
}

/* ---- Defining ---- */

static int remember(gale_option_parser *parser, int error)
{
    if (parser->failed == 0) {
        parser->failed = error;
        parser->failure = gale__strdup(gale_error_detail(), strlen(gale_error_detail()));
    }
    return error;
}

int gale__option_parser_check(const gale_option_parser *parser)
{
    return parser->failed == 0 ? 0
           : parser->failure   ? gale__fail(parser->failed, "%s", parser->failure)
                               : gale__fail(parser->failed, "out of memory");
}

static int check_definition(const gale_option_parser *parser, const gale_option *option)
{
    if (!is_name(option->name))
        return gale__fail(GALE_EINVALID, "\"%s\" is no name of an option",
                          option->name ? option->name : "");
    if (gale__option_find(parser, (gale_str){ option->name, strlen(option->name) }))
        return gale__fail(-EEXIST, "Option '%s' already defined", option->name);
    bool is_file = option->type == GALE_OPTION_CONFIG_FILE;
    if ((unsigned)option->type > GALE_OPTION_CONFIG_FILE || (is_file && option->multiple) ||
        (!is_file && !option->value))
        return gale__fail(GALE_EINVALID, "Option '%s' has no variable, or no such type",
                          option->name);
    return 0;
}

static int define(gale_option_parser *parser, const gale_option *definition)
{
    GALE_TRY(check_definition(parser, definition));
    gale__option *option = GALE__NEW(gale__option);
    if (!option)
        return gale__fail(-ENOMEM, "out of memory");
    option->definition = *definition;
    if (!definition->value)
        option->definition.value = (void *)(uintptr_t)&option->own_path;
    memcpy(option->initial.bytes, option->definition.value, gale__option_size(definition));
    option->unread = definition->type == GALE_OPTION_CONFIG_FILE;
    *parser->last = option;
    parser->last = &option->next;
    return 0;
}

int gale_option_parser_define(gale_option_parser *parser, const gale_option *option)
{
    int result = define(parser, option);
    return result < 0 ? remember(parser, result) : 0;
}

/* ---- Giving values ---- */

/* Exchanges what the variable holds. */
static void swap(gale__option *option, gale__option_value *value)
{
    gale__option_value former = { .block = option->block };
    size_t size = gale__option_size(&option->definition);
    memcpy(former.bytes, option->definition.value, size);
    memcpy(option->definition.value, value->bytes, size);
    option->block = value->block;
    *value = former;
}

static int exchange(gale__option *option, gale__option_value *value, gale__option_source source)
{
    gale__option_source former = option->source;
    swap(option, value);
    option->source = source;
    int result = option->definition.callback ? option->definition.callback(&option->definition) : 0;
    if (result < 0) {
        swap(option, value);
        option->source = former;
        return result;
    }
    option->unread = option->definition.type == GALE_OPTION_CONFIG_FILE;
    return 0;
}

int gale__option_give(gale__option *option, const gale__option_input *input,
                      gale__option_source source)
{
    gale__option_value value;
    gale__fail(0, "%s", ""); /* what a callback does not say was not said */
    GALE_TRY(gale__option_parse(&option->definition, input, &value));
    int result = source < option->source ? 0 : exchange(option, &value, source);
    gale__free(value.block);
    return result;
}

int gale_option_expected(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return gale__fail(GALE_EINVALID, "%s", text);
}

static gale__option *find(gale_option_parser *parser, const char *name)
{
    gale__option *option = gale__option_find(parser, (gale_str){ name, strlen(name) });
    if (!option)
        gale__fail(GALE_ENOTFOUND, "Unrecognized option '%s'", name);
    return option;
}

static int set(gale__option *option, const char *text)
{
    gale_str item = { text, text ? strlen(text) : 0 };
    gale__option_value value = option->initial;
    int result = text ? gale__option_give(option, &(gale__option_input){ &item, 1, false },
                                          GALE__OPTION_COMMAND_LINE)
                      : exchange(option, &value, GALE__OPTION_COMMAND_LINE);
    if (!text)
        gale__free(value.block);
    return result;
}

int gale_option_parser_set(gale_option_parser *parser, const char *name, const char *value)
{
    gale__option *option = find(parser, name);
    return option ? set(option, value) : GALE_ENOTFOUND;
}

/* ---- What is asked for in tests ---- */

struct gale_option_mock {
    gale__option *option;
    gale__option_value value;
    gale__option_source source;
};

gale_option_mock *gale_option_parser_mock(gale_option_parser *parser, const char *name,
                                          const char *value)
{
    gale__option *option = find(parser, name);
    gale_option_mock *mock = option ? GALE__NEW(gale_option_mock) : NULL;
    if (!mock)
        return NULL;
    mock->option = option;
    mock->value = option->initial;
    mock->source = option->source;
    swap(option, &mock->value);
    if (set(option, value) >= 0)
        return mock;
    gale_option_unmock(mock);
    return NULL;
}

void gale_option_unmock(gale_option_mock *mock)
{
    if (!mock)
        return;
    swap(mock->option, &mock->value);
    mock->option->source = mock->source;
    gale__free(mock->value.block);
    gale__free(mock);
}

/* ---- Callbacks ---- */

int gale_option_parser_add_parse_callback(gale_option_parser *parser, int (*callback)(void *arg),
                                          void *arg)
{
    gale__parse_callback *added = GALE__NEW(gale__parse_callback);
    if (!added)
        return remember(parser, gale__fail(-ENOMEM, "out of memory"));
    gale__parse_callback **place = &parser->callbacks;
    while (*place)
        place = &(*place)->next;
    added->run = callback;
    added->arg = arg;
    *place = added;
    return 0;
}

int gale_option_parser_run_parse_callbacks(gale_option_parser *parser)
{
    for (gale__parse_callback *at = parser->callbacks; at; at = at->next)
        GALE_TRY(at->run(at->arg));
    return 0;
}

static gale__option *next_unread(gale_option_parser *parser)
{
    for (gale__option *option = parser->first; option; option = option->next)
        if (option->unread && *(const char **)option->definition.value)
            return option;
    return NULL;
}

/* A default that is not there is none. */
static int read_config_files(gale_option_parser *parser)
{
    gale__option *option;
    for (int i = 0; (option = next_unread(parser)); i++) {
        const char *path = *(const char **)option->definition.value;
        if (i == MOST_CONFIG_FILES)
            return gale__fail(GALE_EINVALID, "%s: configuration files name one another", path);
        option->unread = false;
        bool is_default = option->source == GALE__OPTION_DEFAULT;
        int result = gale_option_parser_parse_config_file(parser, path, false);
        if (result < 0 && !(result == -ENOENT && is_default))
            return result;
    }
    return 0;
}

int gale__option_parser_finish(gale_option_parser *parser)
{
    GALE_TRY(read_config_files(parser));
    return gale_option_parser_run_parse_callbacks(parser);
}
