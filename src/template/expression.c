/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions to nodes: a recursive descent, with precedence climbing for what has two sides. How
 * deeply it recurs is limited, as it runs on the stack of a task.
 */
#include <errno.h>
#include <string.h>

#include "template/parser.h"

/* ---- Operators ---- */

static int parse_unary(gale__parser *self, gale__node **out)
{
    gale__node_kind kind = gale__lexer_at_sign(&self->lexer, "-")   ? NODE_NEGATE
                           : gale__lexer_at_sign(&self->lexer, "+") ? NODE_PLUS
                           : gale__lexer_at_sign(&self->lexer, "~") ? NODE_INVERT
                                                                    : NODE_CONSTANT;
    gale__node *operand;
    GALE_TRY(gale__parser_enter(self));
    if (kind != NODE_CONSTANT) {
        GALE_TRY(gale__lexer_next(&self->lexer));
        GALE_TRY(parse_unary(self, &operand));
        GALE_TRY(gale__parser_sides(self, kind, operand, NULL, out));
    } else {
        GALE_TRY(gale__parse_primary(self, out));
        if (gale__lexer_at_sign(&self->lexer, "**")) {
            gale__node *base = *out;
            GALE_TRY(gale__lexer_next(&self->lexer));
            GALE_TRY(parse_unary(self, &operand));
            GALE_TRY(gale__parser_sides(self, NODE_ARITHMETIC, base, operand, out));
            (*out)->operator_ = OPERATOR_POWER;
        }
    }
    self->depth--;
    return 0;
}

/* The level of the operator at hand; 0 when there is none. */
static int arithmetic_level(const gale__parser *self, gale__operator *operator_)
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
static int accept_comparison(gale__parser *self, uint8_t *comparison)
{
    static const struct {
        const char *sign;
        gale__comparison comparison;
    } signs[] = { { "<", COMPARE_LESS },           { "<=", COMPARE_LESS_EQUAL },
                  { "==", COMPARE_EQUAL },         { "!=", COMPARE_NOT_EQUAL },
                  { ">=", COMPARE_GREATER_EQUAL }, { ">", COMPARE_GREATER } };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        *comparison = (uint8_t)signs[i].comparison;
        int taken = gale__parser_accept_sign(self, signs[i].sign);
        if (taken)
            return taken;
    }
    if (gale__lexer_at_word(&self->lexer, "not")) {
        *comparison = COMPARE_NOT_IN;
        GALE_TRY(gale__lexer_next(&self->lexer));
        int taken = gale__parser_accept_word(self, "in");
        return taken ? taken : gale__parser_unexpected(self);
    }
    *comparison = COMPARE_IN;
    int taken = gale__parser_accept_word(self, "in");
    if (taken)
        return taken;
    *comparison = COMPARE_IS;
    GALE_TRY(taken = gale__parser_accept_word(self, "is"));
    if (!taken)
        return 0;
    int negated;
    GALE_TRY(negated = gale__parser_accept_word(self, "not"));
    if (negated)
        *comparison = COMPARE_IS_NOT;
    return 1;
}

enum { COMPARISONS_MAX = 32 };

static int parse_comparisons(gale__parser *self, gale__node **out)
{
    uint8_t comparisons[COMPARISONS_MAX], comparison;
    gale__node_list items = { 0 };
    gale__node *left = *out;
    int more;
    while ((more = accept_comparison(self, &comparison)) > 0) {
        if (items.size == COMPARISONS_MAX)
            return gale__source_fail(self->lexer.source, "more than 32 comparisons in a chain");
        comparisons[items.size] = comparison;
        gale__node *item;
        GALE_TRY(gale__parse_binary(self, LEVEL_BAR, &item));
        GALE_TRY(gale__parser_append(self, &items, item));
    }
    if (more < 0 || !items.size)
        return more;
    uint8_t *copy = gale__program_alloc(self->program, items.size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, comparisons, items.size);
    GALE_TRY(gale__parser_sides(self, NODE_COMPARISON, left, NULL, out));
    gale__parser_set_items(*out, &items);
    (*out)->comparisons = copy;
    return 0;
}

static int parse_not(gale__parser *self, gale__node **out)
{
    gale__node *operand;
    GALE_TRY(gale__parser_enter(self));
    GALE_TRY(gale__lexer_next(&self->lexer));
    GALE_TRY(gale__parse_binary(self, LEVEL_NOT, &operand));
    self->depth--;
    return gale__parser_sides(self, NODE_NOT, operand, NULL, out);
}

/* Everything whose operators bind at least as tightly as `level`. */
int gale__parse_binary(gale__parser *self, int level, gale__node **out)
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
        GALE_TRY(gale__parse_binary(self, found + 1, &right));
        GALE_TRY(gale__parser_sides(self, NODE_ARITHMETIC, left, right, out));
        (*out)->operator_ = (uint8_t)operator_;
    }
    if (level <= LEVEL_COMPARISON)
        GALE_TRY(parse_comparisons(self, out));
    while (level <= LEVEL_AND && gale__lexer_at_word(&self->lexer, "and")) {
        left = *out;
        GALE_TRY(gale__lexer_next(&self->lexer));
        GALE_TRY(gale__parse_binary(self, LEVEL_NOT, &right));
        GALE_TRY(gale__parser_sides(self, NODE_AND, left, right, out));
    }
    while (level <= LEVEL_OR && gale__lexer_at_word(&self->lexer, "or")) {
        left = *out;
        GALE_TRY(gale__lexer_next(&self->lexer));
        GALE_TRY(gale__parse_binary(self, LEVEL_AND, &right));
        GALE_TRY(gale__parser_sides(self, NODE_OR, left, right, out));
    }
    return 0;
}

int gale__parse_test(gale__parser *self, gale__node **out)
{
    GALE_TRY(gale__parser_enter(self));
    GALE_TRY(gale__parse_binary(self, LEVEL_OR, out));
    if (gale__lexer_at_word(&self->lexer, "if")) {
        gale__node *condition, *otherwise, *value = *out;
        GALE_TRY(gale__lexer_next(&self->lexer));
        GALE_TRY(gale__parse_binary(self, LEVEL_OR, &condition));
        if (!gale__lexer_at_word(&self->lexer, "else"))
            return gale__parser_unexpected(self);
        GALE_TRY(gale__lexer_next(&self->lexer));
        GALE_TRY(gale__parse_test(self, &otherwise));
        GALE_TRY(gale__parser_sides(self, NODE_CONDITIONAL, condition, otherwise, out));
        gale__node_list values = { 0 };
        GALE_TRY(gale__parser_append(self, &values, value));
        gale__parser_set_items(*out, &values);
    }
    self->depth--;
    return 0;
}

/* One expression, or a tuple without parentheses. */
int gale__parse_tests(gale__parser *self, gale__node **out)
{
    GALE_TRY(gale__parse_test(self, out));
    if (!gale__lexer_at_sign(&self->lexer, ","))
        return 0;
    gale__node_list items = { 0 };
    gale__node *item = *out;
    GALE_TRY(gale__parser_append(self, &items, item));
    while (gale__lexer_at_sign(&self->lexer, ",")) {
        GALE_TRY(gale__lexer_next(&self->lexer));
        if (self->lexer.kind == TOKEN_END || gale__lexer_at_sign(&self->lexer, "=") ||
            gale__lexer_at_sign(&self->lexer, "]"))
            break;
        GALE_TRY(gale__parse_test(self, &item));
        GALE_TRY(gale__parser_append(self, &items, item));
    }
    GALE_TRY(gale__parser_node(self, NODE_TUPLE, out));
    gale__parser_set_items(*out, &items);
    return 0;
}

/* What may be assigned to. */
static int check_target(gale__parser *self, const gale__node *node)
{
    if (node->kind == NODE_NAME || node->kind == NODE_ITEM)
        return 0;
    if (node->kind != NODE_TUPLE && node->kind != NODE_LIST)
        return gale__source_fail(self->lexer.source, "cannot assign to this expression");
    for (size_t i = 0; i < node->count; i++)
        GALE_TRY(check_target(self, node->items[i]));
    return 0;
}

/* What stands between `for` and `in`. */
int gale__parse_targets(gale__parser *self, gale__node **out)
{
    gale__node_list items = { 0 };
    bool comma = false;
    do {
        gale__node *item;
        GALE_TRY(gale__parse_binary(self, LEVEL_BAR, &item));
        GALE_TRY(gale__parser_append(self, &items, item));
        int more;
        GALE_TRY(more = gale__parser_accept_sign(self, ","));
        if (!more)
            break;
        comma = true;
    } while (!gale__lexer_at_word(&self->lexer, "in"));
    *out = items.items[0];
    if (comma) {
        GALE_TRY(gale__parser_node(self, NODE_TUPLE, out));
        gale__parser_set_items(*out, &items);
    }
    return check_target(self, *out);
}

/* ---- What the directives ask for ---- */

static int start(gale__parser *self, gale__source *source)
{
    *self = (gale__parser){ .program = source->program };
    source->message[0] = '\0';
    return gale__lexer_init(&self->lexer, source);
}

static int finish(gale__parser *self)
{
    return self->lexer.kind == TOKEN_END ? 0 : gale__parser_unexpected(self);
}

int gale__parse_expression(gale__source *source, gale__node **out)
{
    gale__parser self;
    GALE_TRY(start(&self, source));
    GALE_TRY(gale__parse_tests(&self, out));
    return finish(&self);
}

int gale__parse_for(gale__source *source, gale__node **target, gale__node **iterable)
{
    gale__parser self;
    GALE_TRY(start(&self, source));
    GALE_TRY(gale__parse_targets(&self, target));
    if (!gale__lexer_at_word(&self.lexer, "in"))
        return gale__parser_unexpected(&self);
    GALE_TRY(gale__lexer_next(&self.lexer));
    GALE_TRY(gale__parse_tests(&self, iterable));
    return finish(&self);
}

int gale__parse_except(gale__source *source, gale__branch *branch)
{
    gale__parser self;
    branch->symbol = GALE__NO_SYMBOL;
    GALE_TRY(start(&self, source));
    if (self.lexer.kind == TOKEN_END)
        return 0;
    GALE_TRY(gale__parse_test(&self, &branch->condition));
    int named;
    GALE_TRY(named = gale__parser_accept_word(&self, "as"));
    if (named) {
        if (self.lexer.kind != TOKEN_NAME || gale__is_keyword(self.lexer.text))
            return gale__parser_unexpected(&self);
        GALE_TRY(gale__parser_symbol(&self, self.lexer.text, &branch->symbol));
        GALE_TRY(gale__lexer_next(&self.lexer));
    }
    return finish(&self);
}

/* The operator of an augmented assignment; OPERATOR_NOTHING when there is none. */
static gale__operator augmented(const gale__parser *self)
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
    gale__parser self;
    gale__node_list targets = { 0 };
    GALE_TRY(start(&self, source));
    GALE_TRY(gale__parse_tests(&self, &chunk->expression));
    gale__operator operator_ = augmented(&self);
    int more = 0;
    while (operator_ || (more = gale__lexer_at_sign(&self.lexer, "="))) {
        GALE_TRY(check_target(&self, chunk->expression));
        GALE_TRY(gale__parser_append(&self, &targets, chunk->expression));
        GALE_TRY(gale__lexer_next(&self.lexer));
        GALE_TRY(gale__parse_tests(&self, &chunk->expression));
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
