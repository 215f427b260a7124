/* SPDX-License-Identifier: Apache-2.0 */
/* The words of an expression. */
#ifndef GALE_TEMPLATE_LEXER_H
#define GALE_TEMPLATE_LEXER_H

#include "template/program.h"

typedef enum gale__token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_CONSTANT, /* a number or a text */
    TOKEN_SIGN      /* an operator, a bracket, a comma ... */
} gale__token_kind;

typedef struct gale__lexer {
    gale__source *source;
    const char *at, *end;
    gale__token_kind kind; /* of the word at hand */
    gale_str text;
    gale__value constant;
} gale__lexer;

/* Reads the first word. */
int gale__lexer_init(gale__lexer *lexer, gale__source *source);
/* Goes to the next word. */
int gale__lexer_next(gale__lexer *lexer);
/* Sets the message and returns GALE_EINVALID. */
int gale__source_fail(gale__source *source, const char *format, ...) GALE_PRINTF(2, 3);

static inline bool gale__str_is(gale_str text, const char *other)
{
    size_t i = 0;
    for (; i < text.len && other[i]; i++)
        if (text.data[i] != other[i])
            return false;
    return i == text.len && !other[i];
}

static inline bool gale__lexer_at_sign(const gale__lexer *lexer, const char *sign)
{
    return lexer->kind == TOKEN_SIGN && gale__str_is(lexer->text, sign);
}

static inline bool gale__lexer_at_word(const gale__lexer *lexer, const char *word)
{
    return lexer->kind == TOKEN_NAME && gale__str_is(lexer->text, word);
}

#endif
