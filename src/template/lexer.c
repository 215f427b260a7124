/* SPDX-License-Identifier: Apache-2.0 */
#include "template/lexer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/utf8.h"

int gale__source_fail(gale__source *source, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(source->message, sizeof source->message, format, arguments);
    va_end(arguments);
    return GALE_EINVALID;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* The size of the letter at the front, or of the digit when it is not the first. */
static size_t letter(const gale__lexer *lexer, const char *at, bool first)
{
    if (at == lexer->end)
        return 0;
    if (*at == '_' || (!first && is_digit(*at)))
        return 1;
    size_t size;
    return gale__is_alpha(gale__code_point(at, &size)) ? size : 0;
}

static gale_str name_at(const gale__lexer *lexer)
{
    size_t size, length = 0;
    while ((size = letter(lexer, lexer->at + length, length == 0)))
        length += size;
    return (gale_str){ lexer->at, length };
}

/* ---- Numbers ---- */

static bool is_number_part(const char *start, const char *at)
{
    if (is_digit(*at) || *at == '_' || *at == '.' || ((*at | 32) >= 'a' && (*at | 32) <= 'z'))
        return true;
    bool based = start[0] == '0' && at - start > 1 && (start[1] | 32) == 'x';
    return (*at == '+' || *at == '-') && (at[-1] | 32) == 'e' && !based;
}

static int number(gale__lexer *lexer)
{
    const char *end = lexer->at + 1;
    while (end < lexer->end && is_number_part(lexer->at, end))
        end++;
    gale_str text = { lexer->at, (size_t)(end - lexer->at) };
    int64_t integer;
    double real;
    int result = gale__parse_int(text, 0, &integer);
    if (result == GALE_ETOOBIG)
        return gale__source_fail(lexer->source, "integer over 64 bits: %.*s", (int)text.len,
                                 text.data);
    if (result == 1)
        lexer->constant = gale__int(integer);
    else if (is_digit(end[-1]) || end[-1] == '.')
        lexer->constant = gale__parse_float(text, &real) ? gale__float(real) : (gale__value){ 0 };
    else
        lexer->constant = (gale__value){ 0 };
    if (lexer->constant.kind == VALUE_UNSET)
        return gale__source_fail(lexer->source, "invalid number %.*s",
                                 (int)(text.len < 80 ? text.len : 80), text.data);
    lexer->kind = TOKEN_CONSTANT;
    lexer->text = text;
    lexer->at = end;
    return 0;
}

/* ---- Texts ---- */

static int hex_digits(const char *at, const char *end, int count, uint32_t *out)
{
    *out = 0;
    if (end - at < count)
        return -1;
    for (int i = 0; i < count; i++) {
        int lower = at[i] | 32;
        int digit = is_digit(at[i]) ? at[i] - '0' : lower >= 'a' && lower <= 'f' ? lower - 87 : -1;
        if (digit < 0)
            return -1;
        *out = *out * 16 + (uint32_t)digit;
    }
    return count;
}

static size_t octal_digits(const char *at, const char *end, uint32_t *out)
{
    size_t count = 0;
    for (*out = 0; count < 3 && at < end && *at >= '0' && *at <= '7'; at++, count++)
        *out = *out * 8 + (uint32_t)(*at - '0');
    return count;
}

/* What stands behind a backslash; appends it. Returns how many bytes it took, or an error. */
static int escape(gale__lexer *lexer, const char *at, const char *end, gale__buffer *out)
{
    static const char letters[] = "\\'\"abfnrtv", meanings[] = "\\'\"\a\b\f\n\r\t\v";
    const char *known = *at ? strchr(letters, *at) : NULL;
    uint32_t code_point;
    if (known)
        return gale__buffer_append_char(out, meanings[known - letters]) < 0 ? -ENOMEM : 1;
    if (*at == '\n')
        return 1;
    int size = (int)octal_digits(at, end, &code_point);
    if (*at == 'x' || *at == 'u' || *at == 'U') {
        size = hex_digits(at + 1, end, *at == 'x' ? 2 : *at == 'u' ? 4 : 8, &code_point) + 1;
        if (size == 0 || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000))
            return gale__source_fail(lexer->source, "invalid \\%c escape in a text", *at);
    } else if (*at == 'N') {
        return gale__source_fail(lexer->source, "\\N escapes are not supported");
    }
    if (!size) { /* not an escape at all */
        gale__buffer_append_char(out, '\\');
        return 0;
    }
    gale__append_code_point(out, code_point);
    return size;
}

/* Where the text ends whose quotes are `quotes` times `quote`; NULL when it does not. */
static const char *text_end(const gale__lexer *lexer, const char *at, char quote, int quotes)
{
    for (; at < lexer->end; at++) {
        if (*at == '\\') {
            at++;
        } else if (*at == quote && quotes == 1) {
            return at;
        } else if (*at == quote && lexer->end - at >= 3 && at[1] == quote && at[2] == quote) {
            return at;
        } else if (*at == '\n' && quotes == 1) {
            return NULL;
        }
    }
    return NULL;
}

static int unescape(gale__lexer *lexer, const char *at, const char *end, gale__buffer *out)
{
    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        gale__buffer_append(out, at, (size_t)((slash ? slash : end) - at));
        if (!slash)
            break;
        int size = escape(lexer, slash + 1, end, out);
        if (size < 0)
            return size;
        at = slash + 1 + size;
    }
    return out->error;
}

/* One text; `at` is its quote. */
static int one_text(gale__lexer *lexer, bool raw, gale__buffer *out)
{
    char quote = *lexer->at;
    bool three = lexer->end - lexer->at >= 3 && lexer->at[1] == quote && lexer->at[2] == quote;
    const char *start = lexer->at + (three ? 3 : 1);
    const char *end = text_end(lexer, start, quote, three ? 3 : 1);
    if (!end)
        return gale__source_fail(lexer->source, "unterminated text");
    lexer->at = end + (three ? 3 : 1);
    if (raw)
        return gale__buffer_append(out, start, (size_t)(end - start));
    return unescape(lexer, start, end, out);
}

static void skip_space(gale__lexer *lexer)
{
    while (lexer->at < lexer->end && (*lexer->at == ' ' || (*lexer->at >= 9 && *lexer->at <= 13)))
        lexer->at++;
}

/* The quote behind the prefix at hand; NULL when no text begins here. */
static const char *text_start(gale__lexer *lexer, char *ret_prefix)
{
    const char *at = lexer->at;
    *ret_prefix = 0;
    for (int i = 0; i < 2 && at < lexer->end && *at && strchr("rRbBuUfF", *at); i++, at++) {
        char prefix = (char)(*at | 32);
        if (*ret_prefix != 'r' || prefix == 'f')
            *ret_prefix = *ret_prefix == 'f' ? 'f' : prefix;
    }
    return at < lexer->end && (*at == '"' || *at == '\'') ? at : NULL;
}

/* Texts that follow one another are one. */
static int texts(gale__lexer *lexer)
{
    gale__buffer out;
    gale__buffer_init(&out, GALE__SOURCE_MAX);
    const char *start;
    char prefix;
    int result = 0;
    while (result >= 0 && (start = text_start(lexer, &prefix))) {
        lexer->at = start;
        if (prefix == 'f')
            result = gale__source_fail(lexer->source, "f-strings are not supported");
        else
            result = one_text(lexer, prefix == 'r', &out);
        skip_space(lexer);
    }
    gale_str text = gale__buffer_str(&out);
    char *copy = result < 0 ? NULL : gale__program_alloc(lexer->source->program, text.len + 1);
    if (copy) {
        memcpy(copy, text.data, text.len);
        lexer->constant = gale__text(copy, text.len);
        lexer->kind = TOKEN_CONSTANT;
    } else if (result >= 0) {
        result = -ENOMEM;
    }
    gale__buffer_clear(&out);
    return result < 0 ? result : 0;
}

/* ---- Words ---- */

static int sign(gale__lexer *lexer)
{
    static const char *const signs[] = { "**=", "//=", "<<=", ">>=", "**", "//", "<<", ">>",
                                         "<=",  ">=",  "==",  "!=",  "+=", "-=", "*=", "/=",
                                         "%=",  "&=",  "|=",  "^=",  ":=", "->" };
    size_t left = (size_t)(lexer->end - lexer->at), size = 1;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0] && size == 1; i++) {
        size_t length = strlen(signs[i]);
        if (length <= left && !memcmp(lexer->at, signs[i], length))
            size = length;
    }
    if (size == 1 && (!*lexer->at || !strchr("+-*/%&|^~<>()[]{},:.=@;", *lexer->at))) {
        gale__code_point(lexer->at, &size);
        return gale__source_fail(lexer->source, "invalid character '%.*s'", (int)size, lexer->at);
    }
    lexer->kind = TOKEN_SIGN;
    lexer->text = (gale_str){ lexer->at, size };
    lexer->at += size;
    return 0;
}

int gale__lexer_next(gale__lexer *lexer)
{
    skip_space(lexer);
    lexer->text = (gale_str){ lexer->at, 0 };
    if (lexer->at == lexer->end) {
        lexer->kind = TOKEN_END;
        return 0;
    }
    char prefix;
    if (text_start(lexer, &prefix)) {
        const char *start = lexer->at;
        GALE_TRY(texts(lexer));
        lexer->text = (gale_str){ start, (size_t)(lexer->at - start) };
        return 0;
    }
    bool point = *lexer->at == '.' && lexer->end - lexer->at > 1 && is_digit(lexer->at[1]);
    if (is_digit(*lexer->at) || point)
        return number(lexer);
    lexer->text = name_at(lexer);
    if (!lexer->text.len)
        return sign(lexer);
    lexer->kind = TOKEN_NAME;
    lexer->at += lexer->text.len;
    return 0;
}

int gale__lexer_init(gale__lexer *lexer, gale__source *source)
{
    *lexer = (gale__lexer){ .source = source,
                            .at = source->text.data,
                            .end = source->text.data + source->text.len };
    if (!gale__utf8_valid(source->text.data, source->text.len))
        return gale__source_fail(source, "the text is not UTF-8");
    return gale__lexer_next(lexer);
}
