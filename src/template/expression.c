/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions to nodes: a recursive descent, with precedence climbing for what has two sides. How
 * deeply it recurs is limited, as it runs on the stack of a task.
 */
#include <errno.h>
#include <string.h>

#include "template/builtins.h"
#include "template/lexer.h"

typedef struct parser {
    gale__lexer lexer; /* first: its `source` has the message */
    gale__program *program;
    int depth;
} parser;

/* A list of nodes while it grows. */
typedef struct node_list {
    gale__node **items;
    size_t size, capacity;
} node_list;

enum { LEVEL_OR = 1, LEVEL_AND, LEVEL_NOT, LEVEL_COMPARISON, LEVEL_BAR, LEVEL_SUM = 9 };

static int parse_test(parser *self, gale__node **out);
static int parse_binary(parser *self, int level, gale__node **out);
static int parse_tests(parser *self, gale__node **out);

/* ---- Helpers ---- */

static int unexpected(parser *self)
{
    if (self->lexer.kind == TOKEN_END)
        return gale__source_fail(self->lexer.source, "invalid syntax: it ends too early");
    gale_str text = self->lexer.text;
    return gale__source_fail(self->lexer.source, "invalid syntax near '%.*s'",
                             (int)(text.len < 60 ? text.len : 60), text.data);
}

static int expect(parser *self, const char *sign)
{
    if (!gale__lexer_at_sign(&self->lexer, sign))
        return unexpected(self);
    return gale__lexer_next(&self->lexer);
}

/* Goes on to the next word, when it is this one; 1 then. */
static int accept_sign(parser *self, const char *sign)
{
    if (!gale__lexer_at_sign(&self->lexer, sign))
        return 0;
    GALE_TRY(gale__lexer_next(&self->lexer));
    return 1;
}

static int accept_word(parser *self, const char *word)
{
    if (!gale__lexer_at_word(&self->lexer, word))
        return 0;
    GALE_TRY(gale__lexer_next(&self->lexer));
    return 1;
}

static int new_node(parser *self, gale__node_kind kind, gale__node **out)
{
    gale__node *node = gale__program_alloc(self->program, sizeof *node);
    if (!node)
        return -ENOMEM;
    *node = (gale__node){ .kind = (uint8_t)kind,
                          .symbol = GALE__NO_SYMBOL,
                          .dotted = GALE__NO_SYMBOL };
    *out = node;
    return 0;
}

static int new_sides(parser *self, gale__node_kind kind, gale__node *left, gale__node *right,
                     gale__node **out)
{
    GALE_TRY(new_node(self, kind, out));
    (*out)->left = left;
    (*out)->right = right;
    return 0;
}

static int constant_node(parser *self, gale__value value, gale__node **out)
{
    GALE_TRY(new_node(self, NODE_CONSTANT, out));
    (*out)->constant = value;
    return 0;
}

/* The arena keeps the outgrown arrays: they double, so that is as much again at most. */
static int append(parser *self, node_list *list, gale__node *item)
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

static void set_items(gale__node *node, const node_list *list)
{
    node->items = list->items;
    node->count = (uint32_t)list->size;
}

static int enter(parser *self)
{
    if (++self->depth > GALE__NEST_MAX)
        return gale__source_fail(self->lexer.source, "the expression is nested too deeply");
    return 0;
}

static int symbol(parser *self, gale_str name, uint32_t *out)
{
    *out = gale__symbol(self->program, &self->program->symbols, name);
    return *out == GALE__NO_SYMBOL ? -ENOMEM : 0;
}

/* ---- Names ---- */

static bool is_keyword(gale_str name)
{
    static const char *const keywords[] = { "and",    "or",     "not",   "in",       "is",
                                            "if",     "else",   "elif",  "for",      "while",
                                            "lambda", "import", "from",  "as",       "with",
                                            "try",    "except", "class", "finally",  "def",
                                            "del",    "return", "yield", "continue", "break",
                                            "global", "pass",   "raise", "assert",   "nonlocal",
                                            "async",  "await" };
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (gale__str_is(name, keywords[i]))
            return true;
    return false;
}

static int parse_name(parser *self, gale__node **out)
{
    gale_str name = self->lexer.text;
    if (gale__str_is(name, "None"))
        GALE_TRY(constant_node(self, gale__none(), out));
    else if (gale__str_is(name, "True") || gale__str_is(name, "False"))
        GALE_TRY(constant_node(self, gale__bool(name.data[0] == 'T'), out));
    else if (gale__str_is(name, "lambda"))
        return gale__source_fail(self->lexer.source, "lambda is not supported");
    else if (is_keyword(name))
        return unexpected(self);
    else {
        GALE_TRY(new_node(self, NODE_NAME, out));
        GALE_TRY(symbol(self, name, &(*out)->symbol));
    }
    return gale__lexer_next(&self->lexer);
}

/* The number of the whole name `left.name`, when all of it are names. */
static int dotted(parser *self, const gale__node *left, gale_str name, uint32_t *out)
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
        result = symbol(self, gale__buffer_str(&whole), out);
    gale__buffer_clear(&whole);
    return result;
}

static int parse_attribute(parser *self, gale__node **out)
{
    gale__node *left = *out;
    GALE_TRY(gale__lexer_next(&self->lexer));
    if (self->lexer.kind != TOKEN_NAME)
        return unexpected(self);
    GALE_TRY(new_sides(self, NODE_ATTRIBUTE, left, NULL, out));
    gale_str name = self->lexer.text;
    GALE_TRY(symbol(self, name, &(*out)->symbol));
    GALE_TRY(dotted(self, left, name, &(*out)->dotted));
    (*out)->methods = gale__methods_named(name);
    return gale__lexer_next(&self->lexer);
}

/* ---- Brackets ---- */

static int parse_targets(parser *self, gale__node **out);

/* What may be assigned to. */
static int check_target(parser *self, const gale__node *node)
{
    if (node->kind == NODE_NAME || node->kind == NODE_ITEM)
        return 0;
    if (node->kind != NODE_TUPLE && node->kind != NODE_LIST)
        return gale__source_fail(self->lexer.source, "cannot assign to this expression");
    for (size_t i = 0; i < node->count; i++)
        GALE_TRY(check_target(self, node->items[i]));
    return 0;
}

static int parse_clause(parser *self, gale__clause **out)
{
    gale__clause *clause = gale__program_alloc(self->program, sizeof *clause);
    if (!clause)
        return -ENOMEM;
    *clause = (gale__clause){ 0 };
    *out = clause;
    GALE_TRY(parse_targets(self, &clause->target));
    if (!gale__lexer_at_word(&self->lexer, "in"))
        return unexpected(self);
    GALE_TRY(gale__lexer_next(&self->lexer));
    GALE_TRY(parse_binary(self, LEVEL_OR, &clause->iterable));
    node_list conditions = { 0 };
    int more;
    while ((more = accept_word(self, "if")) > 0) {
        gale__node *condition;
        GALE_TRY(parse_binary(self, LEVEL_OR, &condition));
        GALE_TRY(append(self, &conditions, condition));
    }
    clause->conditions = conditions.items;
    clause->condition_count = conditions.size;
    return more;
}

/* What follows the element of a comprehension: for ... in ... if ... for ... */
static int parse_comprehension(parser *self, gale__node *left, gale__node *right, gale__node **out)
{
    GALE_TRY(new_sides(self, right ? NODE_DICT_COMPREHENSION : NODE_COMPREHENSION, left, right, out));
    gale__clause **next = &(*out)->clauses;
    *next = NULL;
    int more, count = 0;
    while ((more = accept_word(self, "for")) > 0) {
        if (++count > 8)
            return gale__source_fail(self->lexer.source, "more than 8 loops in a comprehension");
        GALE_TRY(parse_clause(self, next));
        next = &(*next)->next;
    }
    return more;
}

/* Adds what is separated by commas up to the closing sign; the first is there already. *ret_comma
 * tells whether there was a comma at all. */
static int parse_items(parser *self, gale__node *first, const char *close, node_list *list,
                       bool *ret_comma)
{
    *ret_comma = false;
    GALE_TRY(append(self, list, first));
    while (gale__lexer_at_sign(&self->lexer, ",")) {
        *ret_comma = true;
        GALE_TRY(gale__lexer_next(&self->lexer));
        if (gale__lexer_at_sign(&self->lexer, close))
            break;
        gale__node *item;
        GALE_TRY(parse_test(self, &item));
        GALE_TRY(append(self, list, item));
    }
    return 0;
}

/* (...) or [...] */
static int parse_group(parser *self, bool list, gale__node **out)
{
    const char *close = list ? "]" : ")";
    gale__node_kind kind = list ? NODE_LIST : NODE_TUPLE;
    GALE_TRY(gale__lexer_next(&self->lexer));
    int empty = accept_sign(self, close);
    if (empty)
        return empty < 0 ? empty : new_node(self, kind, out);
    gale__node *first;
    GALE_TRY(parse_test(self, &first));
    if (gale__lexer_at_word(&self->lexer, "for")) {
        GALE_TRY(parse_comprehension(self, first, NULL, out));
        return expect(self, close);
    }
    node_list items = { 0 };
    bool comma;
    GALE_TRY(parse_items(self, first, close, &items, &comma));
    *out = first;
    if (list || comma) {
        GALE_TRY(new_node(self, kind, out));
        set_items(*out, &items);
    }
    return expect(self, close);
}

static int parse_pair(parser *self, gale__node **key, gale__node **value)
{
    GALE_TRY(parse_test(self, key));
    if (!gale__lexer_at_sign(&self->lexer, ":"))
        return gale__lexer_at_sign(&self->lexer, ",") || gale__lexer_at_sign(&self->lexer, "}")
                   ? gale__source_fail(self->lexer.source, "sets are not supported")
                   : unexpected(self);
    GALE_TRY(gale__lexer_next(&self->lexer));
    return parse_test(self, value);
}

static int parse_dict(parser *self, gale__node **out)
{
    node_list items = { 0 };
    int close;
    GALE_TRY(gale__lexer_next(&self->lexer));
    while ((close = accept_sign(self, "}")) == 0) {
        gale__node *key, *value;
        GALE_TRY(parse_pair(self, &key, &value));
        if (!items.size && gale__lexer_at_word(&self->lexer, "for")) {
            GALE_TRY(parse_comprehension(self, key, value, out));
            return expect(self, "}");
        }
        GALE_TRY(append(self, &items, key));
        GALE_TRY(append(self, &items, value));
        if (!gale__lexer_at_sign(&self->lexer, "}"))
            GALE_TRY(expect(self, ","));
    }
    GALE_TRY(close);
    GALE_TRY(new_node(self, NODE_DICT, out));
    set_items(*out, &items);
    return 0;
}

static int parse_atom(parser *self, gale__node **out)
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
    return unexpected(self);
}

/* ---- Calls, items, slices ---- */

typedef struct arguments {
    node_list items;
    uint32_t *names; /* of those after `positional` */
    size_t positional;
} arguments;

static int keyword_argument(parser *self, arguments *list, const gale__node *name)
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
    GALE_TRY(parse_test(self, &value));
    return append(self, &list->items, value);
}

static int parse_argument(parser *self, arguments *list)
{
    if (gale__lexer_at_sign(&self->lexer, "*") || gale__lexer_at_sign(&self->lexer, "**"))
        return gale__source_fail(self->lexer.source, "* in arguments is not supported");
    gale__node *item;
    GALE_TRY(parse_test(self, &item));
    if (gale__lexer_at_sign(&self->lexer, "="))
        return keyword_argument(self, list, item);
    if (list->names)
        return gale__source_fail(self->lexer.source,
                                 "positional argument follows keyword argument");
    if (gale__lexer_at_word(&self->lexer, "for"))
        GALE_TRY(parse_comprehension(self, item, NULL, &item));
    list->positional++;
    return append(self, &list->items, item);
}

static int parse_call(parser *self, gale__node **out)
{
    arguments list = { 0 };
    gale__node *left = *out;
    int close;
    GALE_TRY(gale__lexer_next(&self->lexer));
    while ((close = accept_sign(self, ")")) == 0) {
        GALE_TRY(parse_argument(self, &list));
        if (!gale__lexer_at_sign(&self->lexer, ")"))
            GALE_TRY(expect(self, ","));
    }
    GALE_TRY(close);
    GALE_TRY(new_sides(self, NODE_CALL, left, NULL, out));
    set_items(*out, &list.items);
    (*out)->positional = (uint32_t)list.positional;
    (*out)->names = list.names;
    return 0;
}

static int parse_slice(parser *self, gale__node *left, gale__node *start, gale__node **out)
{
    gale__node **parts = gale__program_alloc(self->program, 3 * sizeof(gale__node *));
    if (!parts)
        return -ENOMEM;
    parts[0] = start;
    parts[1] = parts[2] = NULL;
    for (int i = 1; i < 3 && gale__lexer_at_sign(&self->lexer, ":"); i++) {
        GALE_TRY(gale__lexer_next(&self->lexer));
        if (!gale__lexer_at_sign(&self->lexer, ":") && !gale__lexer_at_sign(&self->lexer, "]"))
            GALE_TRY(parse_test(self, &parts[i]));
    }
    GALE_TRY(new_sides(self, NODE_SLICE, left, NULL, out));
    (*out)->items = parts;
    return expect(self, "]");
}

static int parse_item(parser *self, gale__node **out)
{
    gale__node *left = *out, *index = NULL;
    GALE_TRY(gale__lexer_next(&self->lexer));
    if (!gale__lexer_at_sign(&self->lexer, ":"))
        GALE_TRY(parse_tests(self, &index));
    if (gale__lexer_at_sign(&self->lexer, ":"))
        return parse_slice(self, left, index, out);
    GALE_TRY(new_sides(self, NODE_ITEM, left, index, out));
    return expect(self, "]");
}

/* An atom and all that is attached to it. */
static int parse_primary(parser *self, gale__node **out)
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

/* ---- Operators ---- */

static int parse_unary(parser *self, gale__node **out)
{
    gale__node_kind kind = gale__lexer_at_sign(&self->lexer, "-")   ? NODE_NEGATE
                           : gale__lexer_at_sign(&self->lexer, "+") ? NODE_PLUS
                           : gale__lexer_at_sign(&self->lexer, "~") ? NODE_INVERT
                                                                    : NODE_CONSTANT;
    gale__node *operand;
    GALE_TRY(enter(self));
    if (kind != NODE_CONSTANT) {
        GALE_TRY(gale__lexer_next(&self->lexer));
        GALE_TRY(parse_unary(self, &operand));
        GALE_TRY(new_sides(self, kind, operand, NULL, out));
    } else {
        GALE_TRY(parse_primary(self, out));
        if (gale__lexer_at_sign(&self->lexer, "**")) {
            gale__node *base = *out;
            GALE_TRY(gale__lexer_next(&self->lexer));
            GALE_TRY(parse_unary(self, &operand));
            GALE_TRY(new_sides(self, NODE_ARITHMETIC, base, operand, out));
            (*out)->operator_ = OPERATOR_POWER;
        }
    }
    self->depth--;
    return 0;
}

/* The level of the operator at hand; 0 when there is none. */
static int arithmetic_level(const parser *self, gale__operator *operator_)
{
    static const struct {
        const char *sign;
        gale__operator operator_;
        int level;
    } operators[] = {
        { "+", OPERATOR_ADD, LEVEL_SUM },
        { "-", OPERATOR_SUBTRACT, LEVEL_SUM },
        { "*", OPERATOR_MULTIPLY, LEVEL_SUM + 1 },
        { "/", OPERATOR_DIVIDE, LEVEL_SUM + 1 },
        { "//", OPERATOR_FLOOR_DIVIDE, LEVEL_SUM + 1 },
        { "%", OPERATOR_MODULO, LEVEL_SUM + 1 },
        { "<<", OPERATOR_LEFT, LEVEL_SUM - 1 },
        { ">>", OPERATOR_RIGHT, LEVEL_SUM - 1 },
        { "&", OPERATOR_AND, LEVEL_BAR + 2 },
        { "^", OPERATOR_XOR, LEVEL_BAR + 1 },
        { "|", OPERATOR_OR, LEVEL_BAR },
    };
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (gale__lexer_at_sign(&self->lexer, operators[i].sign)) {
            *operator_ = operators[i].operator_;
            return operators[i].level;
        }
    return 0;
}

/* A comparison at hand is taken; 0 when there is none. */
static int accept_comparison(parser *self, uint8_t *comparison)
{
    static const struct {
        const char *sign;
        gale__comparison comparison;
    } signs[] = { { "<", COMPARE_LESS },           { "<=", COMPARE_LESS_EQUAL },
                  { "==", COMPARE_EQUAL },         { "!=", COMPARE_NOT_EQUAL },
                  { ">=", COMPARE_GREATER_EQUAL }, { ">", COMPARE_GREATER } };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        *comparison = (uint8_t)signs[i].comparison;
        int taken = accept_sign(self, signs[i].sign);
        if (taken)
            return taken;
    }
    if (gale__lexer_at_word(&self->lexer, "not")) {
        *comparison = COMPARE_NOT_IN;
        GALE_TRY(gale__lexer_next(&self->lexer));
        int taken = accept_word(self, "in");
        return taken ? taken : unexpected(self);
    }
    *comparison = COMPARE_IN;
    int taken = accept_word(self, "in");
    if (taken)
        return taken;
    *comparison = COMPARE_IS;
    GALE_TRY(taken = accept_word(self, "is"));
    if (!taken)
        return 0;
    int negated;
    GALE_TRY(negated = accept_word(self, "not"));
    if (negated)
        *comparison = COMPARE_IS_NOT;
    return 1;
}

enum { COMPARISONS_MAX = 32 };

static int parse_comparisons(parser *self, gale__node **out)
{
    uint8_t comparisons[COMPARISONS_MAX], comparison;
    node_list items = { 0 };
    gale__node *left = *out;
    int more;
    while ((more = accept_comparison(self, &comparison)) > 0) {
        if (items.size == COMPARISONS_MAX)
            return gale__source_fail(self->lexer.source, "more than 32 comparisons in a chain");
        comparisons[items.size] = comparison;
        gale__node *item;
        GALE_TRY(parse_binary(self, LEVEL_BAR, &item));
        GALE_TRY(append(self, &items, item));
    }
    if (more < 0 || !items.size)
        return more;
    uint8_t *copy = gale__program_alloc(self->program, items.size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, comparisons, items.size);
    GALE_TRY(new_sides(self, NODE_COMPARISON, left, NULL, out));
    set_items(*out, &items);
    (*out)->comparisons = copy;
    return 0;
}

static int parse_not(parser *self, gale__node **out)
{
    gale__node *operand;
    GALE_TRY(enter(self));
    GALE_TRY(gale__lexer_next(&self->lexer));
    GALE_TRY(parse_binary(self, LEVEL_NOT, &operand));
    self->depth--;
    return new_sides(self, NODE_NOT, operand, NULL, out);
}

/* Everything whose operators bind at least as tightly as `level`. */
static int parse_binary(parser *self, int level, gale__node **out)
{
    if (level <= LEVEL_NOT && gale__lexer_at_word(&self->lexer, "not"))
        GALE_TRY(parse_not(self, out));
    else
        GALE_TRY(parse_unary(self, out));
    gale__operator operator_ = OPERATOR_NOTHING;
    gale__node *left, *right;
    int found;
    while ((found = arithmetic_level(self, &operator_)) >= level && found) {
        left = *out;
        GALE_TRY(gale__lexer_next(&self->lexer));
        GALE_TRY(parse_binary(self, found + 1, &right));
        GALE_TRY(new_sides(self, NODE_ARITHMETIC, left, right, out));
        (*out)->operator_ = (uint8_t)operator_;
    }
    if (level <= LEVEL_COMPARISON)
        GALE_TRY(parse_comparisons(self, out));
    while (level <= LEVEL_AND && gale__lexer_at_word(&self->lexer, "and")) {
        left = *out;
        GALE_TRY(gale__lexer_next(&self->lexer));
        GALE_TRY(parse_binary(self, LEVEL_NOT, &right));
        GALE_TRY(new_sides(self, NODE_AND, left, right, out));
    }
    while (level <= LEVEL_OR && gale__lexer_at_word(&self->lexer, "or")) {
        left = *out;
        GALE_TRY(gale__lexer_next(&self->lexer));
        GALE_TRY(parse_binary(self, LEVEL_AND, &right));
        GALE_TRY(new_sides(self, NODE_OR, left, right, out));
    }
    return 0;
}

static int parse_test(parser *self, gale__node **out)
{
    GALE_TRY(enter(self));
    GALE_TRY(parse_binary(self, LEVEL_OR, out));
    if (gale__lexer_at_word(&self->lexer, "if")) {
        gale__node *condition, *otherwise, *value = *out;
        GALE_TRY(gale__lexer_next(&self->lexer));
        GALE_TRY(parse_binary(self, LEVEL_OR, &condition));
        if (!gale__lexer_at_word(&self->lexer, "else"))
            return unexpected(self);
        GALE_TRY(gale__lexer_next(&self->lexer));
        GALE_TRY(parse_test(self, &otherwise));
        GALE_TRY(new_sides(self, NODE_CONDITIONAL, condition, otherwise, out));
        node_list values = { 0 };
        GALE_TRY(append(self, &values, value));
        set_items(*out, &values);
    }
    self->depth--;
    return 0;
}

/* One expression, or a tuple without parentheses. */
static int parse_tests(parser *self, gale__node **out)
{
    GALE_TRY(parse_test(self, out));
    if (!gale__lexer_at_sign(&self->lexer, ","))
        return 0;
    node_list items = { 0 };
    gale__node *item = *out;
    GALE_TRY(append(self, &items, item));
    while (gale__lexer_at_sign(&self->lexer, ",")) {
        GALE_TRY(gale__lexer_next(&self->lexer));
        if (self->lexer.kind == TOKEN_END || gale__lexer_at_sign(&self->lexer, "=") ||
            gale__lexer_at_sign(&self->lexer, "]"))
            break;
        GALE_TRY(parse_test(self, &item));
        GALE_TRY(append(self, &items, item));
    }
    GALE_TRY(new_node(self, NODE_TUPLE, out));
    set_items(*out, &items);
    return 0;
}

/* What stands between `for` and `in`. */
static int parse_targets(parser *self, gale__node **out)
{
    node_list items = { 0 };
    bool comma = false;
    do {
        gale__node *item;
        GALE_TRY(parse_binary(self, LEVEL_BAR, &item));
        GALE_TRY(append(self, &items, item));
        int more;
        GALE_TRY(more = accept_sign(self, ","));
        if (!more)
            break;
        comma = true;
    } while (!gale__lexer_at_word(&self->lexer, "in"));
    *out = items.items[0];
    if (comma) {
        GALE_TRY(new_node(self, NODE_TUPLE, out));
        set_items(*out, &items);
    }
    return check_target(self, *out);
}

/* ---- What the directives ask for ---- */

static int start(parser *self, gale__source *source)
{
    *self = (parser){ .program = source->program };
    source->message[0] = '\0';
    return gale__lexer_init(&self->lexer, source);
}

static int finish(parser *self)
{
    return self->lexer.kind == TOKEN_END ? 0 : unexpected(self);
}

int gale__parse_expression(gale__source *source, gale__node **out)
{
    parser self;
    GALE_TRY(start(&self, source));
    GALE_TRY(parse_tests(&self, out));
    return finish(&self);
}

int gale__parse_for(gale__source *source, gale__node **target, gale__node **iterable)
{
    parser self;
    GALE_TRY(start(&self, source));
    GALE_TRY(parse_targets(&self, target));
    if (!gale__lexer_at_word(&self.lexer, "in"))
        return unexpected(&self);
    GALE_TRY(gale__lexer_next(&self.lexer));
    GALE_TRY(parse_tests(&self, iterable));
    return finish(&self);
}

int gale__parse_except(gale__source *source, gale__branch *branch)
{
    parser self;
    branch->symbol = GALE__NO_SYMBOL;
    GALE_TRY(start(&self, source));
    if (self.lexer.kind == TOKEN_END)
        return 0;
    GALE_TRY(parse_test(&self, &branch->condition));
    int named;
    GALE_TRY(named = accept_word(&self, "as"));
    if (named) {
        if (self.lexer.kind != TOKEN_NAME || is_keyword(self.lexer.text))
            return unexpected(&self);
        GALE_TRY(symbol(&self, self.lexer.text, &branch->symbol));
        GALE_TRY(gale__lexer_next(&self.lexer));
    }
    return finish(&self);
}

/* The operator of an augmented assignment; OPERATOR_NOTHING when there is none. */
static gale__operator augmented(const parser *self)
{
    gale_str text = self->lexer.text;
    if (self->lexer.kind != TOKEN_SIGN || text.len < 2 || text.data[text.len - 1] != '=')
        return OPERATOR_NOTHING;
    text.len--;
    for (int i = OPERATOR_ADD; i <= OPERATOR_RIGHT; i++)
        if (gale__str_is(text, gale__operator_signs[i]))
            return (gale__operator)i;
    return OPERATOR_NOTHING;
}

int gale__parse_assignment(gale__source *source, gale__chunk *chunk)
{
    parser self;
    node_list targets = { 0 };
    GALE_TRY(start(&self, source));
    GALE_TRY(parse_tests(&self, &chunk->expression));
    gale__operator operator_ = augmented(&self);
    int more = 0;
    while (operator_ || (more = gale__lexer_at_sign(&self.lexer, "="))) {
        GALE_TRY(check_target(&self, chunk->expression));
        GALE_TRY(append(&self, &targets, chunk->expression));
        GALE_TRY(gale__lexer_next(&self.lexer));
        GALE_TRY(parse_tests(&self, &chunk->expression));
        if (operator_)
            break;
    }
    if (operator_ && targets.items[0]->kind != NODE_NAME && targets.items[0]->kind != NODE_ITEM)
        return gale__source_fail(source, "cannot assign to this expression");
    chunk->operator_ = (uint8_t)operator_;
    chunk->targets = targets.items;
    chunk->target_count = (uint32_t)targets.size;
    return finish(&self);
}
