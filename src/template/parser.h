/* SPDX-License-Identifier: Apache-2.0 */
/* What the files share that make nodes of an expression's words. */
#ifndef GALE_TEMPLATE_PARSER_H
#define GALE_TEMPLATE_PARSER_H

#include "template/lexer.h"

typedef struct gale__parser {
    gale__lexer lexer; /* its `source` has the message */
    gale__program *program;
    int depth;
} gale__parser;

/* A list of nodes while it grows. */
typedef struct gale__node_list {
    gale__node **items;
    size_t size, capacity;
} gale__node_list;

/* How tightly operators bind. */
enum { LEVEL_OR = 1, LEVEL_AND, LEVEL_NOT, LEVEL_COMPARISON, LEVEL_BAR, LEVEL_SUM = 9 };

/* The message for a word that must not stand here. */
int gale__parser_unexpected(gale__parser *self);
int gale__parser_expect(gale__parser *self, const char *sign);
/* Goes on to the next word, when it is this one; 1 then. */
int gale__parser_accept_sign(gale__parser *self, const char *sign);
int gale__parser_accept_word(gale__parser *self, const char *word);
int gale__parser_node(gale__parser *self, gale__node_kind kind, gale__node **out);
int gale__parser_sides(gale__parser *self, gale__node_kind kind, gale__node *left,
                       gale__node *right, gale__node **out);
int gale__parser_append(gale__parser *self, gale__node_list *list, gale__node *item);
void gale__parser_set_items(gale__node *node, const gale__node_list *list);
/* One level deeper; when that is not too deep, `depth` is to be lowered at its end. */
int gale__parser_enter(gale__parser *self);
int gale__parser_symbol(gale__parser *self, gale_str name, uint32_t *out);
bool gale__is_keyword(gale_str name);

/* An atom and all that is attached to it. */
int gale__parse_primary(gale__parser *self, gale__node **out);
/* Everything whose operators bind at least as tightly as `level`. */
int gale__parse_binary(gale__parser *self, int level, gale__node **out);
int gale__parse_test(gale__parser *self, gale__node **out);
/* One expression, or a tuple without parentheses. */
int gale__parse_tests(gale__parser *self, gale__node **out);
/* What stands between `for` and `in`. */
int gale__parse_targets(gale__parser *self, gale__node **out);

#endif
