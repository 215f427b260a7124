/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options in a file: lines of `name = value`. A value is text in quotes, a list in brackets, which
 * may have several lines, or the rest of the line; "#" begins a comment, unless it is in quotes or
 * within a word.
 */
#include "app/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/letters.h"
#include "core/utf8.h"

enum { LARGEST_FILE = 1024 * 1024, MOST_ITEMS = GALE__OPTION_VALUES_MAX };

typedef struct reader {
    gale_option_parser *parser;
    const char *path;
    const char *at, *end;
    int line;
    gale__buffer text;  /* of quoted items, at its full size from the start: it does not move */
    gale__buffer items; /* of gale_str */
    bool is_list;
} reader;

/* ---- Errors ---- */

/* The line that is being read, for the message. */
static gale_str line_text(const reader *self, const char *start)
{
    const char *end = memchr(start, '\n', (size_t)(self->end - start));
    return gale__strip((gale_str){ start, (size_t)((end ? end : self->end) - start) });
}

static int wrong(const reader *self, const char *start, int line, const char *what)
{
    return gale__fail(GALE_EINVALID, "%s:%d: %s: %s", self->path, line,
                      gale__show(line_text(self, start)).text, what);
}

/* ---- Between the words ---- */

static bool at_end(const reader *self)
{
    return self->at == self->end;
}

static void skip_blanks(reader *self)
{
    while (!at_end(self) && (*self->at == ' ' || *self->at == '\t' || *self->at == '\r'))
        self->at++;
}

static void skip_comment(reader *self)
{
    if (!at_end(self) && *self->at == '#') {
        const char *end = memchr(self->at, '\n', (size_t)(self->end - self->at));
        self->at = end ? end : self->end;
    }
}

/* Blanks, comments and line ends. */
static void skip_lines(reader *self)
{
    for (;;) {
        skip_blanks(self);
        skip_comment(self);
        if (at_end(self) || *self->at != '\n')
            return;
        self->at++;
        self->line++;
    }
}

/* ---- Values ---- */

static int add_item(reader *self, gale_str item)
{
    if (self->items.size / sizeof item >= MOST_ITEMS)
        return gale__fail(GALE_EINVALID, "a list may have at most %d values", MOST_ITEMS);
    return gale__buffer_append(&self->items, &item, sizeof item);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* The four digits behind \u. */
static int add_unicode(reader *self)
{
    uint32_t character = 0;
    for (int i = 0; i < 4; i++) {
        int digit = at_end(self) ? -1 : hex_digit(*self->at++);
        if (digit < 0)
            return gale__fail(GALE_EINVALID, "\\u needs four hexadecimal digits");
        character = character << 4 | (uint32_t)digit;
    }
    char bytes[4];
    return gale__buffer_append(&self->text, bytes, gale__utf8_encode(character, bytes));
}

static int add_escape(reader *self)
{
    static const char names[] = "ntrbf\\/\"'", meanings[] = "\n\t\r\b\f\\/\"'";
    char name = at_end(self) ? '\0' : *self->at++;
    const char *found = name ? strchr(names, name) : NULL;
    if (name == 'u')
        return add_unicode(self);
    if (!found)
        return gale__fail(GALE_EINVALID, "unknown escape; a backslash is written as \\\\");
    return gale__buffer_append_char(&self->text, meanings[found - names]);
}

static int take_quoted(reader *self)
{
    char quote = *self->at++;
    size_t start = self->text.size;
    while (!at_end(self) && *self->at != quote && *self->at != '\n') {
        char c = *self->at++;
        GALE_TRY(c == '\\' ? add_escape(self) : gale__buffer_append_char(&self->text, c));
    }
    if (at_end(self) || *self->at != quote)
        return gale__fail(GALE_EINVALID, "the closing %c is missing", quote);
    self->at++;
    return add_item(self,
                    (gale_str){ gale__buffer_begin(&self->text) + start, self->text.size - start });
}

/* Up to one of `ends` or a comment, without the blanks around it. */
static gale_str take_word(reader *self, const char *ends)
{
    const char *start = self->at;
    while (!at_end(self) && !strchr(ends, *self->at) &&
           !(*self->at == '#' && (self->at == start || strchr(" \t", self->at[-1]))))
        self->at++;
    return gale__strip((gale_str){ start, (size_t)(self->at - start) });
}

static int take_list_item(reader *self)
{
    if (*self->at == '"' || *self->at == '\'')
        return take_quoted(self);
    gale_str word = take_word(self, ",]\n");
    if (word.len == 0)
        return gale__fail(GALE_EINVALID, "a value is missing in the list");
    return add_item(self, word);
}

static int take_list(reader *self)
{
    self->is_list = true;
    self->at++;
    for (skip_lines(self); !at_end(self) && *self->at != ']'; skip_lines(self)) {
        GALE_TRY(take_list_item(self));
        skip_lines(self);
        if (at_end(self))
            break;
        if (*self->at != ',' && *self->at != ']')
            return gale__fail(GALE_EINVALID, "expected , or ] behind a value of the list");
        self->at += *self->at == ',';
    }
    if (at_end(self))
        return gale__fail(GALE_EINVALID, "the closing ] is missing");
    self->at++;
    return 0;
}

static int take_value(reader *self)
{
    gale__buffer_clear(&self->items);
    self->is_list = false;
    skip_blanks(self);
    char first = at_end(self) ? '\n' : *self->at;
    if (first == '"' || first == '\'')
        GALE_TRY(take_quoted(self));
    else if (first == '[')
        GALE_TRY(take_list(self));
    else
        GALE_TRY(add_item(self, take_word(self, "\n")));
    skip_blanks(self);
    skip_comment(self);
    if (!at_end(self) && *self->at != '\n')
        return gale__fail(GALE_EINVALID, "nothing but a comment may follow the value");
    return 0;
}

/* ---- Lines ---- */

static gale_str take_name(reader *self)
{
    const char *start = self->at;
    while (!at_end(self) && !strchr("=\n#", *self->at))
        self->at++;
    return gale__strip((gale_str){ start, (size_t)(self->at - start) });
}

static int unknown(const reader *self, gale_str name)
{
    const char *nearest = gale__option_nearest(self->parser, name);
    return gale__fail(GALE_EINVALID, "there is no option \"%s\"%s%s%s", gale__show(name).text,
                      nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

static int take_assignment(reader *self)
{
    gale_str name = take_name(self);
    if (at_end(self) || *self->at != '=')
        return gale__fail(GALE_EINVALID, "expected NAME = VALUE");
    self->at++;
    gale__option *option = gale__option_find(self->parser, name);
    if (!option || option->definition.value == &self->parser->help)
        return unknown(self, name);
    GALE_TRY(take_value(self));
    const gale__option_input input = {
        (const gale_str *)(const void *)gale__buffer_str(&self->items).data,
        self->items.size / sizeof(gale_str), self->is_list
    };
    return gale__option_give(option, &input, GALE__OPTION_FILE);
}

static int read_all(reader *self)
{
    for (skip_lines(self); !at_end(self); skip_lines(self)) {
        const char *start = self->at;
        int line = self->line;
        int result = take_assignment(self);
        if (result == -ENOMEM)
            return gale__fail(result, "out of memory");
        if (result < 0)
            return wrong(self, start, line,
                         *gale_error_detail() ? gale_error_detail() : gale_strerror(result));
    }
    return 0;
}

int gale__config_parse(gale_option_parser *parser, const char *path, gale_str text)
{
    static const gale_str mark = GALE_STR("\xef\xbb\xbf");
    reader self = { .parser = parser, .path = path, .line = 1 };
    if (!gale__utf8_valid(text.data, text.len) || memchr(text.data, '\0', text.len))
        return gale__fail(GALE_EINVALID, "%s: is not a text in UTF-8", path);
    self.at = text.data;
    self.end = text.data + text.len;
    if (text.len >= mark.len && memcmp(text.data, mark.data, mark.len) == 0)
        self.at += mark.len;
    gale__buffer_init(&self.items, SIZE_MAX);
    gale__buffer_init(&self.text, SIZE_MAX);
    int result = gale__buffer_reserve(&self.text, text.len + 1);
    if (result >= 0)
        result = read_all(&self);
    gale__buffer_clear(&self.items);
    gale__buffer_clear(&self.text);
    return result;
}

/* ---- Files ---- */

/* -EFBIG for what is too large to be meant. */
static int read_file(int fd, gale__buffer *out)
{
    ssize_t count = 1;
    while (count > 0 && out->size <= LARGEST_FILE) {
        GALE_TRY(gale__buffer_reserve(out, 16384));
        count = read(fd, gale__buffer_end(out), 16384);
        if (count < 0 && errno != EINTR)
            return -errno;
        if (count > 0)
            gale__buffer_commit(out, (size_t)count);
        else if (count < 0)
            count = 1;
    }
    return out->size <= LARGEST_FILE ? 0 : -EFBIG;
}

static int parse_file(gale_option_parser *parser, const char *path)
{
    gale__buffer text;
    gale__buffer_init(&text, SIZE_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int result = fd < 0 ? -errno : read_file(fd, &text);
    if (fd >= 0)
        close(fd);
    if (result < 0)
        gale__fail(result, "%s: %s", path, gale_strerror(result));
    else
        result = gale__config_parse(parser, path, gale__buffer_str(&text));
    gale__buffer_clear(&text);
    return result;
}

int gale_option_parser_parse_config_file(gale_option_parser *parser, const char *path, bool final)
{
    GALE_TRY(gale__option_parser_check(parser));
    GALE_TRY(parse_file(parser, path));
    return final ? gale__option_parser_finish(parser) : 0;
}
