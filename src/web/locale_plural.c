/* SPDX-License-Identifier: Apache-2.0 */
/* A recursive descent by the priority of operators; a node knows its operands by their places. */
#include "web/locale_plural.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

enum {
    NUMBER,
    N,
    NOT,
    CONDITION,
    OR,
    AND,
    EQUAL,
    UNEQUAL,
    LESS,
    GREATER,
    LESS_OR_EQUAL,
    GREATER_OR_EQUAL,
    PLUS,
    MINUS,
    TIMES,
    DIVIDED,
    MODULO
};

static const struct {
    char text[3];
    uint8_t operation, priority;
} operators[] = {
    /* longer ones before their beginnings */
    { "||", OR, 1 },      { "&&", AND, 2 },           { "==", EQUAL, 3 },
    { "!=", UNEQUAL, 3 }, { "<=", LESS_OR_EQUAL, 4 }, { ">=", GREATER_OR_EQUAL, 4 },
    { "<", LESS, 4 },     { ">", GREATER, 4 },        { "+", PLUS, 5 },
    { "-", MINUS, 5 },    { "*", TIMES, 6 },          { "/", DIVIDED, 6 },
    { "%", MODULO, 6 },
};

typedef struct parser {
    const char *at, *end;
    gale__plural_node *nodes;
    size_t count;
    int depth;
} parser;

static int parse_condition(parser *self);

static int malformed(void)
{
    return gale__fail(GALE_EINPUT, "malformed plural expression");
}

/* The place of a new node, or an error. */
static int add_node(parser *self, uint8_t operation, int a, int b, int c)
{
    if (self->count == GALE__PLURAL_NODES)
        return gale__fail(GALE_EINPUT, "the plural expression is too long");
    self->nodes[self->count] =
        (gale__plural_node){ .operation = operation,
                             .operands = { (uint16_t)a, (uint16_t)b, (uint16_t)c } };
    return (int)self->count++;
}

/* Steps over `text` and the blanks before it, if it is next. */
static bool take(parser *self, const char *text)
{
    while (self->at < self->end && (*self->at == ' ' || *self->at == '\t'))
        self->at++;
    size_t size = strlen(text);
    if ((size_t)(self->end - self->at) < size || memcmp(self->at, text, size) != 0)
        return false;
    self->at += size;
    return true;
}

static int parse_number(parser *self)
{
    int64_t value = 0;
    const char *first = self->at;
    for (; self->at < self->end && *self->at >= '0' && *self->at <= '9'; self->at++) {
        if (value > INT32_MAX)
            return malformed();
        value = value * 10 + (*self->at - '0');
    }
    if (self->at == first)
        return malformed();
    int node = add_node(self, NUMBER, 0, 0, 0);
    if (node >= 0)
        self->nodes[node].value = value;
    return node;
}

static int parse_operand(parser *self)
{
    if (self->depth == GALE__PLURAL_DEPTH)
        return gale__fail(GALE_EINPUT, "the plural expression is nested too deeply");
    self->depth++;
    int node;
    if (take(self, "!")) {
        node = parse_operand(self);
        if (node >= 0)
            node = add_node(self, NOT, node, 0, 0);
    } else if (take(self, "(")) {
        node = parse_condition(self);
        if (node >= 0 && !take(self, ")"))
            node = malformed();
    } else {
        node = take(self, "n") ? add_node(self, N, 0, 0, 0) : parse_number(self);
    }
    self->depth--;
    return node;
}

/* The operator that is next, of that priority or a higher one; -1 when there is none. */
static int take_operator(parser *self, int priority)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        const char *before = self->at;
        if (!take(self, operators[i].text))
            continue;
        if (operators[i].priority >= priority)
            return (int)i;
        self->at = before;
        return -1;
    }
    return -1;
}

static int parse_binary(parser *self, int priority)
{
    int left = parse_operand(self), found;
    while (left >= 0 && (found = take_operator(self, priority)) >= 0) {
        int right = parse_binary(self, operators[found].priority + 1);
        left = right < 0 ? right : add_node(self, operators[found].operation, left, right, 0);
    }
    return left;
}

static int parse_condition(parser *self)
{
    int condition = parse_binary(self, 1);
    if (condition < 0 || !take(self, "?"))
        return condition;
    if (self->depth == GALE__PLURAL_DEPTH)
        return gale__fail(GALE_EINPUT, "the plural expression is nested too deeply");
    self->depth++;
    int yes = parse_condition(self);
    if (yes >= 0 && !take(self, ":"))
        yes = malformed();
    int no = yes < 0 ? yes : parse_condition(self);
    self->depth--;
    return no < 0 ? no : add_node(self, CONDITION, condition, yes, no);
}

static int parse_all(parser *self)
{
    int node = parse_condition(self);
    take(self, "");
    return node >= 0 && self->at < self->end ? malformed() : node;
}

int gale__plural_parse(gale__plural *plural, gale_str expression)
{
    gale__plural_node nodes[GALE__PLURAL_NODES];
    parser self = { expression.data, expression.data + expression.len, nodes, 0, 0 };
    GALE_TRY(parse_all(&self));
    plural->nodes = gale__malloc(self.count * sizeof *nodes);
    if (!plural->nodes)
        return -ENOMEM;
    memcpy(plural->nodes, nodes, self.count * sizeof *nodes);
    plural->count = (uint16_t)self.count;
    return 0;
}

void gale__plural_clear(gale__plural *plural)
{
    gale__free(plural->nodes);
    *plural = (gale__plural){ 0 };
}

/* ---- Evaluating ------------------------------------------------------------------------ */

/* Python's // and %, which round down; by zero: 0. */
static int64_t divide(int64_t a, int64_t b)
{
    if (b == 0 || (b == -1 && a == INT64_MIN))
        return 0;
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t wrap(uint64_t value)
{
    int64_t wrapped;
    memcpy(&wrapped, &value, sizeof wrapped);
    return wrapped;
}

static int64_t calculate(uint8_t operation, int64_t a, int64_t b)
{
    switch (operation) {
    case EQUAL:
        return a == b;
    case UNEQUAL:
        return a != b;
    case LESS:
        return a < b;
    case GREATER:
        return a > b;
    case LESS_OR_EQUAL:
        return a <= b;
    case GREATER_OR_EQUAL:
        return a >= b;
    case PLUS:
        return wrap((uint64_t)a + (uint64_t)b);
    case MINUS:
        return wrap((uint64_t)a - (uint64_t)b);
    case TIMES:
        return wrap((uint64_t)a * (uint64_t)b);
    case DIVIDED:
        return divide(a, b);
    default:
        return b == 0 ? 0 : wrap((uint64_t)a - (uint64_t)divide(a, b) * (uint64_t)b);
    }
}

static int64_t evaluate(const gale__plural *plural, size_t place, int64_t n)
{
    const gale__plural_node *node = &plural->nodes[place];
    if (node->operation == NUMBER)
        return node->value;
    if (node->operation == N)
        return n;
    int64_t first = evaluate(plural, node->operands[0], n);
    switch (node->operation) {
    case NOT:
        return !first;
    case CONDITION:
        return evaluate(plural, node->operands[first ? 1 : 2], n);
    case OR:
        return first || evaluate(plural, node->operands[1], n);
    case AND:
        return first && evaluate(plural, node->operands[1], n);
    default:
        return calculate(node->operation, first, evaluate(plural, node->operands[1], n));
    }
}

int64_t gale__plural_form(const gale__plural *plural, int64_t n)
{
    return plural->count ? evaluate(plural, plural->count - 1u, n) : n != 1;
}
