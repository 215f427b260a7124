/* SPDX-License-Identifier: Apache-2.0 */
#include "template/parser.h"

#include <errno.h>
#include <string.h>

int gale__parser_unexpected(gale__parser *self)
{
    if (self->lexer.kind == TOKEN_END)
        return gale__source_fail(self->lexer.source, "invalid syntax: it ends too early");
    gale_str text = self->lexer.text;
    return gale__source_fail(self->lexer.source, "invalid syntax near '%.*s'",
                             (int)(text.len < 60 ? text.len : 60), text.data);
}

int gale__parser_expect(gale__parser *self, const char *sign)
{
    if (!gale__lexer_at_sign(&self->lexer, sign))
        return gale__parser_unexpected(self);
    return gale__lexer_next(&self->lexer);
}

/* Goes on to the next word, when it is this one; 1 then. */
int gale__parser_accept_sign(gale__parser *self, const char *sign)
{
    if (!gale__lexer_at_sign(&self->lexer, sign))
        return 0;
    GALE_TRY(gale__lexer_next(&self->lexer));
    return 1;
}

int gale__parser_accept_word(gale__parser *self, const char *word)
{
    if (!gale__lexer_at_word(&self->lexer, word))
        return 0;
    GALE_TRY(gale__lexer_next(&self->lexer));
    return 1;
}

int gale__parser_node(gale__parser *self, gale__node_kind kind, gale__node **out)
{
    gale__node *node = gale__program_alloc(self->program, sizeof *node);
    if (!node)
        return -ENOMEM;
    *node =
        (gale__node){ .kind = (uint8_t)kind, .symbol = GALE__NO_SYMBOL, .dotted = GALE__NO_SYMBOL };
    *out = node;
    return 0;
}

int gale__parser_sides(gale__parser *self, gale__node_kind kind, gale__node *left,
                       gale__node *right, gale__node **out)
{
    GALE_TRY(gale__parser_node(self, kind, out));
    (*out)->left = left;
    (*out)->right = right;
    return 0;
}

/* The arena keeps the outgrown arrays: they double, so that is as much again at most. */
int gale__parser_append(gale__parser *self, gale__node_list *list, gale__node *item)
{
    if (list->size == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 4;
        gale__node **items = gale__program_alloc(self->program, capacity * sizeof(gale__node *));
        if (!items)
            return -ENOMEM;
        if (list->size)
            memcpy(items, list->items, list->size * sizeof(gale__node *));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->size++] = item;
    return 0;
}

void gale__parser_set_items(gale__node *node, const gale__node_list *list)
{
    node->items = list->items;
    node->count = (uint32_t)list->size;
}

int gale__parser_enter(gale__parser *self)
{
    if (++self->depth > GALE__NEST_MAX)
        return gale__source_fail(self->lexer.source, "the expression is nested too deeply");
    return 0;
}

int gale__parser_symbol(gale__parser *self, gale_str name, uint32_t *out)
{
    *out = gale__symbol(self->program, &self->program->symbols, name);
    return *out == GALE__NO_SYMBOL ? -ENOMEM : 0;
}

bool gale__is_keyword(gale_str name)
{
    static const char *const keywords[] = {
        "and",    "or",     "not",     "in",     "is",     "if",       "else",  "elif",
        "for",    "while",  "lambda",  "import", "from",   "as",       "with",  "try",
        "except", "class",  "finally", "def",    "del",    "return",   "yield", "continue",
        "break",  "global", "pass",    "raise",  "assert", "nonlocal", "async", "await"
    };
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (gale__str_is(name, keywords[i]))
            return true;
    return false;
}
