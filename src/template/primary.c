/* SPDX-License-Identifier: Apache-2.0 */
/* Atoms of expressions, and what is attached to them: names, brackets, calls, items, slices. */
#include <errno.h>
#include <string.h>

#include "template/builtins.h"
#include "template/parser.h"

/* ---- Names ---- */

static int constant_node(gale__parser *self, gale__value value, gale__node **out)
{
    GALE_TRY(gale__parser_node(self, NODE_CONSTANT, out));
    (*out)->constant = value;
    return 0;
}

static int parse_name(gale__parser *self, gale__node **out)
{
    gale_str name = self->lexer.text;
    if (gale__str_is(name, "None"))
        GALE_TRY(constant_node(self, gale__none(), out));
    else if (gale__str_is(name, "True") || gale__str_is(name, "False"))
        GALE_TRY(constant_node(self, gale__bool(name.data[0] == 'T'), out));
    else if (gale__str_is(name, "lambda"))
        return gale__source_fail(self->lexer.source, "lambda is not supported");
    else if (gale__is_keyword(name))
        return gale__parser_unexpected(self);
    else {
        GALE_TRY(gale__parser_node(self, NODE_NAME, out));
        GALE_TRY(gale__parser_symbol(self, name, &(*out)->symbol));
    }
    return gale__lexer_next(&self->lexer);
}

/* The number of the whole name `left.name`, when all of it are names. */
static int dotted(gale__parser *self, const gale__node *left, gale_str name, uint32_t *out)
{
    uint32_t base = left->kind == NODE_NAME ? left->symbol : left->dotted;
    *out = GALE__NO_SYMBOL;
    if (base == GALE__NO_SYMBOL || (left->kind != NODE_NAME && left->kind != NODE_ATTRIBUTE))
        return 0;
    gale_str prefix = self->program->symbols.names[base];
    gale__buffer whole;
    gale__buffer_init(&whole, 200); /* longer ones are no functions */
    gale__buffer_append(&whole, prefix.data, prefix.len);
    gale__buffer_append_char(&whole, '.');
    gale__buffer_append(&whole, name.data, name.len);
    int result = 0;
    if (whole.error == -ENOMEM)
        result = -ENOMEM;
    else if (!whole.error)
        result = gale__parser_symbol(self, gale__buffer_str(&whole), out);
    gale__buffer_clear(&whole);
    return result;
}

static int parse_attribute(gale__parser *self, gale__node **out)
{
    gale__node *left = *out;
    GALE_TRY(gale__lexer_next(&self->lexer));
    if (self->lexer.kind != TOKEN_NAME)
        return gale__parser_unexpected(self);
    GALE_TRY(gale__parser_sides(self, NODE_ATTRIBUTE, left, NULL, out));
    gale_str name = self->lexer.text;
    GALE_TRY(gale__parser_symbol(self, name, &(*out)->symbol));
    GALE_TRY(dotted(self, left, name, &(*out)->dotted));
    (*out)->methods = gale__methods_named(name);
    return gale__lexer_next(&self->lexer);
}

/* ---- Brackets ---- */

static int parse_clause(gale__parser *self, gale__clause **out)
{
    gale__clause *clause = gale__program_alloc(self->program, sizeof *clause);
    if (!clause)
        return -ENOMEM;
    *clause = (gale__clause){ 0 };
    *out = clause;
    GALE_TRY(gale__parse_targets(self, &clause->target));
    if (!gale__lexer_at_word(&self->lexer, "in"))
        return gale__parser_unexpected(self);
    GALE_TRY(gale__lexer_next(&self->lexer));
    GALE_TRY(gale__parse_binary(self, LEVEL_OR, &clause->iterable));
    gale__node_list conditions = { 0 };
    int more;
    while ((more = gale__parser_accept_word(self, "if")) > 0) {
        gale__node *condition;
        GALE_TRY(gale__parse_binary(self, LEVEL_OR, &condition));
        GALE_TRY(gale__parser_append(self, &conditions, condition));
    }
    clause->conditions = conditions.items;
    clause->condition_count = conditions.size;
    return more;
}

/* What follows the element of a comprehension: for ... in ... if ... for ... */
static int parse_comprehension(gale__parser *self, gale__node *left, gale__node *right,
                               gale__node **out)
{
    GALE_TRY(gale__parser_sides(self, right ? NODE_DICT_COMPREHENSION : NODE_COMPREHENSION, left,
                                right, out));
    gale__clause **next = &(*out)->clauses;
    *next = NULL;
    int more, count = 0;
    while ((more = gale__parser_accept_word(self, "for")) > 0) {
        if (++count > 8)
            return gale__source_fail(self->lexer.source, "more than 8 loops in a comprehension");
        GALE_TRY(parse_clause(self, next));
        next = &(*next)->next;
    }
    return more;
}

/* Adds what is separated by commas up to the closing sign; the first is there already. *ret_comma
 * tells whether there was a comma at all. */
static int parse_items(gale__parser *self, gale__node *first, const char *close,
                       gale__node_list *list, bool *ret_comma)
{
    *ret_comma = false;
    GALE_TRY(gale__parser_append(self, list, first));
    while (gale__lexer_at_sign(&self->lexer, ",")) {
        *ret_comma = true;
        GALE_TRY(gale__lexer_next(&self->lexer));
        if (gale__lexer_at_sign(&self->lexer, close))
            break;
        gale__node *item;
        GALE_TRY(gale__parse_test(self, &item));
        GALE_TRY(gale__parser_append(self, list, item));
    }
    return 0;
}

/* (...) or [...] */
static int parse_group(gale__parser *self, bool list, gale__node **out)
{
    const char *close = list ? "]" : ")";
    gale__node_kind kind = list ? NODE_LIST : NODE_TUPLE;
    GALE_TRY(gale__lexer_next(&self->lexer));
    int empty = gale__parser_accept_sign(self, close);
    if (empty)
        return empty < 0 ? empty : gale__parser_node(self, kind, out);
    gale__node *first;
    GALE_TRY(gale__parse_test(self, &first));
    if (gale__lexer_at_word(&self->lexer, "for")) {
        GALE_TRY(parse_comprehension(self, first, NULL, out));
        return gale__parser_expect(self, close);
    }
    gale__node_list items = { 0 };
    bool comma;
    GALE_TRY(parse_items(self, first, close, &items, &comma));
    *out = first;
    if (list || comma) {
        GALE_TRY(gale__parser_node(self, kind, out));
        gale__parser_set_items(*out, &items);
    }
    return gale__parser_expect(self, close);
}

static int parse_pair(gale__parser *self, gale__node **key, gale__node **value)
{
    GALE_TRY(gale__parse_test(self, key));
    if (!gale__lexer_at_sign(&self->lexer, ":"))
        return gale__lexer_at_sign(&self->lexer, ",") || gale__lexer_at_sign(&self->lexer, "}")
                   ? gale__source_fail(self->lexer.source, "sets are not supported")
                   : gale__parser_unexpected(self);
    GALE_TRY(gale__lexer_next(&self->lexer));
    return gale__parse_test(self, value);
}

static int parse_dict(gale__parser *self, gale__node **out)
{
    gale__node_list items = { 0 };
    int close;
    GALE_TRY(gale__lexer_next(&self->lexer));
    while ((close = gale__parser_accept_sign(self, "}")) == 0) {
        gale__node *key, *value;
        GALE_TRY(parse_pair(self, &key, &value));
        if (!items.size && gale__lexer_at_word(&self->lexer, "for")) {
            GALE_TRY(parse_comprehension(self, key, value, out));
            return gale__parser_expect(self, "}");
        }
        GALE_TRY(gale__parser_append(self, &items, key));
        GALE_TRY(gale__parser_append(self, &items, value));
        if (!gale__lexer_at_sign(&self->lexer, "}"))
            GALE_TRY(gale__parser_expect(self, ","));
    }
    GALE_TRY(close);
    GALE_TRY(gale__parser_node(self, NODE_DICT, out));
    gale__parser_set_items(*out, &items);
    return 0;
}

static int parse_atom(gale__parser *self, gale__node **out)
{
    if (self->lexer.kind == TOKEN_NAME)
        return parse_name(self, out);
    if (self->lexer.kind == TOKEN_CONSTANT) {
        GALE_TRY(constant_node(self, self->lexer.constant, out));
        return gale__lexer_next(&self->lexer);
    }
    if (gale__lexer_at_sign(&self->lexer, "("))
        return parse_group(self, false, out);
    if (gale__lexer_at_sign(&self->lexer, "["))
        return parse_group(self, true, out);
    if (gale__lexer_at_sign(&self->lexer, "{"))
        return parse_dict(self, out);
    return gale__parser_unexpected(self);
}

/* ---- Calls, items, slices ---- */

typedef struct arguments {
    gale__node_list items;
    uint32_t *names; /* of those after `positional` */
    size_t positional;
} arguments;

static int keyword_argument(gale__parser *self, arguments *list, const gale__node *name)
{
    if (name->kind != NODE_NAME)
        return gale__source_fail(self->lexer.source, "cannot assign to this expression");
    size_t given = list->items.size - list->positional;
    if (given == 16)
        return gale__source_fail(self->lexer.source, "more than 16 arguments by name");
    if (!list->names)
        list->names = gale__program_alloc(self->program, 16 * sizeof *list->names);
    if (!list->names)
        return -ENOMEM;
    for (size_t i = 0; i < given; i++)
        if (list->names[i] == name->symbol)
            return gale__source_fail(self->lexer.source, "keyword argument repeated");
    list->names[given] = name->symbol;
    GALE_TRY(gale__lexer_next(&self->lexer));
    gale__node *value;
    GALE_TRY(gale__parse_test(self, &value));
    return gale__parser_append(self, &list->items, value);
}

static int parse_argument(gale__parser *self, arguments *list)
{
    if (gale__lexer_at_sign(&self->lexer, "*") || gale__lexer_at_sign(&self->lexer, "**"))
        return gale__source_fail(self->lexer.source, "* in arguments is not supported");
    gale__node *item;
    GALE_TRY(gale__parse_test(self, &item));
    if (gale__lexer_at_sign(&self->lexer, "="))
        return keyword_argument(self, list, item);
    if (list->names)
        return gale__source_fail(self->lexer.source,
                                 "positional argument follows keyword argument");
    if (gale__lexer_at_word(&self->lexer, "for"))
        GALE_TRY(parse_comprehension(self, item, NULL, &item));
    list->positional++;
    return gale__parser_append(self, &list->items, item);
}

static int parse_call(gale__parser *self, gale__node **out)
{
    arguments list = { 0 };
    gale__node *left = *out;
    int close;
    GALE_TRY(gale__lexer_next(&self->lexer));
    while ((close = gale__parser_accept_sign(self, ")")) == 0) {
        GALE_TRY(parse_argument(self, &list));
        if (!gale__lexer_at_sign(&self->lexer, ")"))
            GALE_TRY(gale__parser_expect(self, ","));
    }
    GALE_TRY(close);
    GALE_TRY(gale__parser_sides(self, NODE_CALL, left, NULL, out));
    gale__parser_set_items(*out, &list.items);
    (*out)->positional = (uint32_t)list.positional;
    (*out)->names = list.names;
    return 0;
}

static int parse_slice(gale__parser *self, gale__node *left, gale__node *start, gale__node **out)
{
    gale__node **parts = gale__program_alloc(self->program, 3 * sizeof(gale__node *));
    if (!parts)
        return -ENOMEM;
    parts[0] = start;
    parts[1] = parts[2] = NULL;
    for (int i = 1; i < 3 && gale__lexer_at_sign(&self->lexer, ":"); i++) {
        GALE_TRY(gale__lexer_next(&self->lexer));
        if (!gale__lexer_at_sign(&self->lexer, ":") && !gale__lexer_at_sign(&self->lexer, "]"))
            GALE_TRY(gale__parse_test(self, &parts[i]));
    }
    GALE_TRY(gale__parser_sides(self, NODE_SLICE, left, NULL, out));
    (*out)->items = parts;
    return gale__parser_expect(self, "]");
}

static int parse_item(gale__parser *self, gale__node **out)
{
    gale__node *left = *out, *index = NULL;
    GALE_TRY(gale__lexer_next(&self->lexer));
    if (!gale__lexer_at_sign(&self->lexer, ":"))
        GALE_TRY(gale__parse_tests(self, &index));
    if (gale__lexer_at_sign(&self->lexer, ":"))
        return parse_slice(self, left, index, out);
    GALE_TRY(gale__parser_sides(self, NODE_ITEM, left, index, out));
    return gale__parser_expect(self, "]");
}

/* An atom and all that is attached to it. */
int gale__parse_primary(gale__parser *self, gale__node **out)
{
    GALE_TRY(parse_atom(self, out));
    for (int links = 0; self->lexer.kind == TOKEN_SIGN; links++) {
        if (links > GALE__NEST_MAX)
            return gale__source_fail(self->lexer.source, "the expression is nested too deeply");
        if (gale__lexer_at_sign(&self->lexer, "("))
            GALE_TRY(parse_call(self, out));
        else if (gale__lexer_at_sign(&self->lexer, "["))
            GALE_TRY(parse_item(self, out));
        else if (gale__lexer_at_sign(&self->lexer, "."))
            GALE_TRY(parse_attribute(self, out));
        else
            break;
    }
    return 0;
}
