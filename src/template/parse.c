/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template text to chunks, in the steps and with the messages of Tornado. A directive with a body
 * recurs; how deeply is limited, as this runs on the stack of a task.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/letters.h"
#include "core/utf8.h"
#include "template/lexer.h"

typedef struct reader {
    gale__program *program;
    gale__file *file;
    const char *at, *end;
    uint32_t line;
    gale__whitespace whitespace;
    int depth;
} reader;

/* What a piece of text stands in. */
typedef struct body {
    gale__chunk *owner; /* NULL: the file */
    gale_str operator_; /* of the owner */
    bool in_loop;
    gale__chunk **tail;
} body;

/* The inside of a mark, cut at its first space. */
typedef struct mark {
    gale_str contents, operator_, suffix;
    uint32_t line;
} mark;

static int parse_body(reader *self, body *within);

/* ---- Reading --------------------------------------------------------------------------- */

static int fail_at(const reader *self, uint32_t line, const char *message)
{
    return gale__fail(GALE_EINVALID, "%s at %s:%u", message, self->file->name, line);
}

static int fail(const reader *self, const char *message)
{
    return fail_at(self, self->line, message);
}

static int fail_about(const reader *self, const char *before, gale_str text, const char *after)
{
    char message[256];
    snprintf(message, sizeof message, "%s%.*s%s", before, (int)(text.len < 100 ? text.len : 100),
             text.data, after);
    return fail(self, message);
}

static gale_str consume(reader *self, size_t size)
{
    gale_str text = { self->at, size };
    self->at += size;
    for (const char *at = text.data; (at = memchr(at, '\n', (size_t)(self->at - at))); at++)
        self->line++;
    return text;
}

/* The distance to two bytes; -1 when they do not come. */
static ssize_t find_two(const reader *self, const char *two)
{
    const char *found = memmem(self->at, (size_t)(self->end - self->at), two, 2);
    return found ? found - self->at : -1;
}

static gale_str strip_byte(gale_str text, char byte)
{
    while (text.len && text.data[0] == byte)
        text = (gale_str){ text.data + 1, text.len - 1 };
    while (text.len && text.data[text.len - 1] == byte)
        text.len--;
    return text;
}

/* ---- Making chunks --------------------------------------------------------------------- */

static gale__chunk *add_chunk(reader *self, body *within, gale__chunk_kind kind, const mark *from)
{
    gale__chunk *chunk = gale__program_alloc(self->program, sizeof *chunk);
    if (!chunk)
        return NULL;
    *chunk = (gale__chunk){ .kind = (uint8_t)kind,
                            .line = from ? from->line : self->line,
                            .source = from ? from->contents : (gale_str){ NULL, 0 } };
    *within->tail = chunk;
    within->tail = &chunk->next;
    return chunk;
}

static bool holds_pre(gale_str text)
{
    return memmem(text.data, text.len, "<pre>", 5) != NULL;
}

static int add_text(reader *self, body *within, gale_str text)
{
    if (self->whitespace != WHITESPACE_ALL && !holds_pre(text)) {
        gale__buffer filtered;
        gale__buffer_init(&filtered, SIZE_MAX);
        gale__filter_whitespace(self->whitespace, text, &filtered);
        gale_str result = gale__buffer_str(&filtered);
        char *copy = filtered.error ? NULL : gale__program_alloc(self->program, result.len + 1);
        if (copy)
            memcpy(copy, result.data, result.len);
        gale__buffer_clear(&filtered);
        if (!copy)
            return -ENOMEM;
        text = (gale_str){ copy, result.len };
    }
    if (!text.len)
        return 0;
    gale__chunk *chunk = add_chunk(self, within, CHUNK_TEXT, NULL);
    if (!chunk)
        return -ENOMEM;
    chunk->source = text;
    return 0;
}

/* What an expression's parser has to say, with the place and the text. */
static int syntax_error(const reader *self, const mark *from, const gale__source *source, int error)
{
    if (error == GALE_EINVALID)
        gale__fail(error, "%s at %s:%u: %.*s", source->message, self->file->name, from->line,
                   (int)(from->contents.len < 200 ? from->contents.len : 200), from->contents.data);
    return error;
}

static int expression(reader *self, const mark *from, gale_str text, gale__node **out)
{
    gale__source source = { .program = self->program, .text = text };
    int error = gale__parse_expression(&source, out);
    return error < 0 ? syntax_error(self, from, &source, error) : 0;
}

static int add_expression(reader *self, body *within, gale__chunk_kind kind, const mark *from,
                          gale_str text)
{
    gale__chunk *chunk = add_chunk(self, within, kind, from);
    return chunk ? expression(self, from, text, &chunk->expression) : -ENOMEM;
}

/* ---- Directives without a body --------------------------------------------------------- */

static int on_extends(reader *self, body *within, const mark *from)
{
    gale_str name = strip_byte(strip_byte(from->suffix, '"'), '\'');
    if (!name.len)
        return fail(self, "extends missing file path");
    if (within->owner)
        return fail(self, "extends inside another directive");
    gale__chunk *chunk = add_chunk(self, within, CHUNK_EXTENDS, from);
    if (!chunk)
        return -ENOMEM;
    chunk->source = name;
    return 0;
}

static int on_include(reader *self, body *within, const mark *from)
{
    gale_str name = strip_byte(strip_byte(from->suffix, '"'), '\'');
    if (!name.len)
        return fail(self, "include missing file path");
    gale__chunk *chunk = add_chunk(self, within, CHUNK_INCLUDE, from);
    if (!chunk)
        return -ENOMEM;
    chunk->source = name;
    return 0;
}

static int on_import(reader *self, body *within, const mark *from)
{
    (void)within;
    if (!from->suffix.len)
        return fail(self, "import missing statement");
    return fail(self, "import is not supported (register a function instead)");
}

static int on_set(reader *self, body *within, const mark *from)
{
    if (!from->suffix.len)
        return fail(self, "set missing statement");
    gale__chunk *chunk = add_chunk(self, within, CHUNK_SET, from);
    if (!chunk)
        return -ENOMEM;
    gale__source source = { .program = self->program, .text = from->suffix };
    int error = gale__parse_assignment(&source, chunk);
    return error < 0 ? syntax_error(self, from, &source, error) : 0;
}

static bool is_registered(const reader *self, const char *name)
{
    const gale_template_function *function = self->program->settings->options.functions;
    for (; function && function->name; function++)
        if (!strcmp(function->name, name))
            return true;
    return false;
}

static int set_escape(reader *self, const mark *from, gale_str name)
{
    gale__file *file = self->file;
    bool plain = gale__str_is(name, "xhtml_escape") || gale__str_is(name, "escape");
    if (!name.len || gale__str_is(name, "None")) {
        file->escape = ESCAPE_NOTHING;
    } else if (plain && !is_registered(self, "xhtml_escape") && !is_registered(self, "escape")) {
        file->escape = ESCAPE_XHTML;
    } else {
        file->escape = ESCAPE_FUNCTION;
        return expression(self, from, name, &file->escape_function);
    }
    return 0;
}

static int on_autoescape(reader *self, body *within, const mark *from)
{
    (void)within;
    return set_escape(self, from, from->suffix);
}

static int on_whitespace(reader *self, body *within, const mark *from)
{
    (void)within;
    int mode = gale__whitespace_mode(from->suffix);
    if (mode < 0)
        return fail_about(self, "invalid whitespace mode ", from->suffix, "");
    self->whitespace = (gale__whitespace)mode;
    return 0;
}

static int on_comment(reader *self, body *within, const mark *from)
{
    (void)self, (void)within, (void)from;
    return 0;
}

static int on_raw(reader *self, body *within, const mark *from)
{
    return add_expression(self, within, CHUNK_RAW, from, from->suffix);
}

/* {% module Name(...) %} prints modules.Name(...). */
static int on_module(reader *self, body *within, const mark *from)
{
    static const char prefix[] = "modules.";
    size_t size = sizeof prefix - 1 + from->suffix.len;
    char *text = gale__program_alloc(self->program, size + 1);
    if (!text)
        return -ENOMEM;
    memcpy(text, prefix, sizeof prefix - 1);
    memcpy(text + sizeof prefix - 1, from->suffix.data, from->suffix.len);
    return add_expression(self, within, CHUNK_RAW, from, (gale_str){ text, size });
}

static int on_jump(reader *self, body *within, const mark *from)
{
    bool is_break = gale__str_is(from->operator_, "break");
    if (!within->in_loop)
        return fail_about(self, "", from->operator_, " outside {'for', 'while'} block");
    if (from->suffix.len)
        return fail_about(self, "invalid syntax near '", from->suffix, "'");
    return add_chunk(self, within, is_break ? CHUNK_BREAK : CHUNK_CONTINUE, from) ? 0 : -ENOMEM;
}

/* ---- Directives with a body ------------------------------------------------------------ */

static int enter_body(reader *self, gale__chunk *chunk, const mark *from, bool in_loop)
{
    body inner = {
        .owner = chunk, .operator_ = from->operator_, .in_loop = in_loop, .tail = &chunk->body
    };
    if (++self->depth > GALE__NEST_MAX)
        return fail(self, "directives are nested too deeply");
    GALE_TRY(parse_body(self, &inner));
    self->depth--;
    return 0;
}

static int on_block(reader *self, body *within, const mark *from)
{
    gale__chunk *chunk = add_chunk(self, within, CHUNK_BLOCK, from);
    if (!chunk)
        return -ENOMEM;
    GALE_TRY(enter_body(self, chunk, from, within->in_loop));
    if (!from->suffix.len)
        return fail(self, "block missing name");
    chunk->symbol = gale__symbol(self->program, &self->program->blocks, from->suffix);
    return chunk->symbol == GALE__NO_SYMBOL ? -ENOMEM : 0;
}

static int on_apply(reader *self, body *within, const mark *from)
{
    gale__chunk *chunk = add_chunk(self, within, CHUNK_APPLY, from);
    if (!chunk)
        return -ENOMEM;
    GALE_TRY(enter_body(self, chunk, from, false));
    if (!from->suffix.len)
        return fail(self, "apply missing method name");
    return expression(self, from, from->suffix, &chunk->expression);
}

static int on_condition(reader *self, body *within, const mark *from)
{
    bool is_while = gale__str_is(from->operator_, "while");
    gale__chunk *chunk = add_chunk(self, within, is_while ? CHUNK_WHILE : CHUNK_IF, from);
    if (!chunk)
        return -ENOMEM;
    GALE_TRY(enter_body(self, chunk, from, within->in_loop || is_while));
    return expression(self, from, from->suffix, &chunk->expression);
}

static int on_for(reader *self, body *within, const mark *from)
{
    gale__chunk *chunk = add_chunk(self, within, CHUNK_FOR, from);
    if (!chunk)
        return -ENOMEM;
    GALE_TRY(enter_body(self, chunk, from, true));
    gale__source source = { .program = self->program, .text = from->suffix };
    int error = gale__parse_for(&source, &chunk->target, &chunk->expression);
    return error < 0 ? syntax_error(self, from, &source, error) : 0;
}

static int on_try(reader *self, body *within, const mark *from)
{
    gale__chunk *chunk = add_chunk(self, within, CHUNK_TRY, from);
    if (!chunk)
        return -ENOMEM;
    GALE_TRY(enter_body(self, chunk, from, within->in_loop));
    if (from->suffix.len)
        return fail_about(self, "invalid syntax near '", from->suffix, "'");
    if (!chunk->branches && !chunk->finally)
        return fail_at(self, from->line, "try without except or finally");
    return 0;
}

/* ---- elif, else, except, finally ------------------------------------------------------- */

static int new_branch(reader *self, body *within, const mark *from, gale__branch **place)
{
    gale__branch *branch = gale__program_alloc(self->program, sizeof *branch);
    if (!branch)
        return -ENOMEM;
    *branch =
        (gale__branch){ .line = from->line, .source = from->contents, .symbol = GALE__NO_SYMBOL };
    *place = branch;
    within->tail = &branch->body;
    return 0;
}

static gale__branch **last_branch(gale__chunk *owner)
{
    gale__branch **place = &owner->branches;
    while (*place)
        place = &(*place)->next;
    return place;
}

static int misplaced(const reader *self, const mark *from)
{
    return fail_about(self, "misplaced ", from->operator_, "");
}

static int add_single(reader *self, body *within, const mark *from, gale__branch **place)
{
    if (*place || within->owner->finally)
        return misplaced(self, from);
    if (from->suffix.len)
        return fail_about(self, "invalid syntax near '", from->suffix, "'");
    return new_branch(self, within, from, place);
}

static int add_elif(reader *self, body *within, const mark *from)
{
    gale__branch **place = last_branch(within->owner);
    if (within->owner->otherwise)
        return misplaced(self, from);
    GALE_TRY(new_branch(self, within, from, place));
    return expression(self, from, from->suffix, &(*place)->condition);
}

static int add_except(reader *self, body *within, const mark *from)
{
    gale__chunk *owner = within->owner;
    gale__branch **place = last_branch(owner);
    for (gale__branch *branch = owner->branches; branch; branch = branch->next)
        if (!branch->condition)
            return fail(self, "default 'except:' must be last");
    if (owner->otherwise || owner->finally)
        return misplaced(self, from);
    GALE_TRY(new_branch(self, within, from, place));
    gale__source source = { .program = self->program, .text = from->suffix };
    int error = gale__parse_except(&source, *place);
    return error < 0 ? syntax_error(self, from, &source, error) : 0;
}

/* 1 when it was one of these. */
static int parse_intermediate(reader *self, body *within, const mark *from)
{
    static const struct {
        const char *name, *parents, *told;
    } kinds[] = { { "else", " if for while try ", "{'if', 'for', 'while', 'try'}" },
                  { "elif", " if ", "{'if'}" },
                  { "except", " try ", "{'try'}" },
                  { "finally", " try ", "{'try'}" } };
    size_t i = 0;
    while (i < 4 && !gale__str_is(from->operator_, kinds[i].name))
        i++;
    if (i == 4)
        return 0;
    char message[128], parent[16];
    snprintf(message, sizeof message, "%s outside %s block", kinds[i].name, kinds[i].told);
    if (!within->owner)
        return fail(self, message);
    snprintf(parent, sizeof parent, " %.*s ", (int)within->operator_.len, within->operator_.data);
    snprintf(message, sizeof message, "%s block cannot be attached to%sblock", kinds[i].name,
             parent);
    if (!strstr(kinds[i].parents, parent))
        return fail(self, message);
    bool no_except = within->owner->kind == CHUNK_TRY && !within->owner->branches;
    if (i == 0 && no_except)
        return misplaced(self, from);
    int error = i == 0   ? add_single(self, within, from, &within->owner->otherwise)
                : i == 1 ? add_elif(self, within, from)
                : i == 2 ? add_except(self, within, from)
                         : add_single(self, within, from, &within->owner->finally);
    return error < 0 ? error : 1;
}

/* ---- Marks ----------------------------------------------------------------------------- */

static int unknown_operator(const reader *self, gale_str operator_)
{
    gale__buffer quoted;
    gale__buffer_init(&quoted, 4096);
    gale__append_quoted(&quoted, operator_);
    int error = quoted.error == -ENOMEM
                    ? -ENOMEM
                    : fail_about(self, "unknown operator: ", gale__buffer_str(&quoted), "");
    gale__buffer_clear(&quoted);
    return error;
}

/* Returns 1 at the `end` of the body. */
static int parse_directive(reader *self, body *within, const mark *from)
{
    static const struct {
        const char *name;
        int (*parse)(reader *self, body *within, const mark *from);
    } directives[] = {
        { "extends", on_extends },       { "include", on_include }, { "import", on_import },
        { "from", on_import },           { "set", on_set },         { "autoescape", on_autoescape },
        { "whitespace", on_whitespace }, { "comment", on_comment }, { "raw", on_raw },
        { "module", on_module },         { "break", on_jump },      { "continue", on_jump },
        { "block", on_block },           { "apply", on_apply },     { "if", on_condition },
        { "while", on_condition },       { "for", on_for },         { "try", on_try }
    };
    int intermediate = parse_intermediate(self, within, from);
    if (intermediate)
        return intermediate < 0 ? intermediate : 0;
    if (gale__str_is(from->operator_, "end"))
        return within->owner ? 1 : fail(self, "Extra {% end %} block");
    for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++)
        if (gale__str_is(from->operator_, directives[i].name))
            return directives[i].parse(self, within, from);
    return unknown_operator(self, from->operator_);
}

/* The inside of the mark up to `close`, both consumed. */
static int take_mark(reader *self, const char *close, const char *missing, mark *out)
{
    ssize_t size = find_two(self, close);
    if (size < 0)
        return fail(self, missing);
    out->contents = gale__strip(consume(self, (size_t)size));
    consume(self, 2);
    return 0;
}

/* After the two opening characters. Returns 1 at the `end` of the body. */
static int parse_mark(reader *self, body *within, const char *open)
{
    mark from = { .line = self->line };
    if (open[1] == '#')
        return take_mark(self, "#}", "Missing end comment #}", &from);
    if (open[1] == '{') {
        GALE_TRY(take_mark(self, "}}", "Missing end expression }}", &from));
        if (!from.contents.len)
            return fail(self, "Empty expression");
        return add_expression(self, within, CHUNK_EXPRESSION, &from, from.contents);
    }
    GALE_TRY(take_mark(self, "%}", "Missing end block %}", &from));
    if (!from.contents.len)
        return fail(self, "Empty block tag ({% %})");
    const char *space = memchr(from.contents.data, ' ', from.contents.len);
    size_t size = space ? (size_t)(space - from.contents.data) : from.contents.len;
    from.operator_ = (gale_str){ from.contents.data, size };
    from.suffix = gale__strip((gale_str){ from.contents.data + size, from.contents.len - size });
    return parse_directive(self, within, &from);
}

/* Where the next mark begins; NULL when there is none. */
static const char *next_mark(const reader *self)
{
    const char *at = self->at;
    for (; (at = memchr(at, '{', (size_t)(self->end - at))); at++) {
        if (at + 1 == self->end)
            return NULL;
        bool three = self->end - at > 2 && at[1] == '{' && at[2] == '{';
        if (!three && (at[1] == '{' || at[1] == '%' || at[1] == '#'))
            return at;
    }
    return NULL;
}

static int parse_body(reader *self, body *within)
{
    for (;;) {
        const char *open = next_mark(self);
        if (!open && within->owner)
            return fail_about(self, "Missing {% end %} block for ", within->operator_, "");
        GALE_TRY(
            add_text(self, within, consume(self, (size_t)((open ? open : self->end) - self->at))));
        if (!open)
            return 0;
        consume(self, 2);
        if (self->at < self->end && *self->at == '!') {
            consume(self, 1);
            GALE_TRY(add_text(self, within, (gale_str){ open, 2 }));
            continue;
        }
        int result = parse_mark(self, within, open);
        if (result)
            return result < 0 ? result : 0;
    }
}

/* ---- Files ----------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name), end_size = strlen(end);
    return size >= end_size && !strcmp(name + size - end_size, end);
}

static gale__whitespace default_whitespace(const gale_template_options *options, const char *name)
{
    if (options->whitespace)
        return (gale__whitespace)gale__whitespace_mode(
            (gale_str){ options->whitespace, strlen(options->whitespace) });
    return ends_with(name, ".html") || ends_with(name, ".js") ? WHITESPACE_SINGLE : WHITESPACE_ALL;
}

static int parse_file(reader *self)
{
    const char *escape = self->program->settings->options.autoescape;
    gale_str name = { escape ? escape : "xhtml_escape", strlen(escape ? escape : "xhtml_escape") };
    mark nowhere = { .line = 1, .contents = name };
    body whole = { .tail = &self->file->body };
    if (!gale__utf8_valid(self->file->source.data, self->file->source.len))
        return gale__fail(GALE_EENCODING, "%s is not UTF-8", self->file->name);
    GALE_TRY(set_escape(self, &nowhere, name));
    return parse_body(self, &whole);
}

gale__file *gale__parse(gale__program *program, const char *name, gale_str source, int *ret_error)
{
    gale__file *file = gale__program_alloc(program, sizeof *file);
    char *copy = file ? gale__arena_strdup(&program->arena, name, strlen(name)) : NULL;
    *ret_error = -ENOMEM;
    if (!copy)
        return NULL;
    *file = (gale__file){ .name = copy, .source = source };
    reader self = { .program = program,
                    .file = file,
                    .at = source.data,
                    .end = source.data + source.len,
                    .line = 1,
                    .whitespace = default_whitespace(&program->settings->options, name) };
    *ret_error = parse_file(&self);
    return *ret_error < 0 ? NULL : file;
}
