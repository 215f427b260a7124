/* SPDX-License-Identifier: Apache-2.0 */
/* The value of an expression. */
#include <errno.h>
#include <string.h>

#include "template/builtins.h"

/* ---- Operators ------------------------------------------------------------------------- */

enum { CHAIN_MAX = 16 };

/* `a + b + c ...` is as deep as it is long: its left side is gone down without recurring. */
static int arithmetic(gale__run *run, const gale__node *node, gale__value *out)
{
    const gale__node *chain[CHAIN_MAX];
    size_t count = 0;
    gale__value right;
    while (node->kind == NODE_ARITHMETIC && count < CHAIN_MAX) {
        chain[count++] = node;
        node = node->left;
    }
    GALE_TRY(gale__evaluate(run, node, out));
    while (count--) {
        GALE_TRY(gale__run_steps(run, 1));
        GALE_TRY(gale__evaluate(run, chain[count]->right, &right));
        GALE_TRY(gale__arithmetic(run, (gale__operator)chain[count]->operator_, *out, right, out));
    }
    return 0;
}

static int unary(gale__run *run, const gale__node *node, gale__value *out)
{
    gale__value value;
    GALE_TRY(gale__evaluate(run, node->left, &value));
    if (node->kind == NODE_NEGATE)
        return gale__negate(run, value, out);
    if (node->kind == NODE_PLUS && value.kind == VALUE_FLOAT) {
        *out = value;
        return 0;
    }
    if (!gale__is_integer(value))
        return gale__raise(run, ERROR_TYPE, "bad operand type for unary %c: '%s'",
                           node->kind == NODE_PLUS ? '+' : '~', gale__type_name(value));
    int64_t integer = gale__integer(value);
    *out = gale__int(node->kind == NODE_PLUS ? integer : ~integer);
    return 0;
}

/* `and` gives its left side when that is false, `or` when it is true. */
static int logical(gale__run *run, const gale__node *node, gale__value *out)
{
    GALE_TRY(gale__evaluate(run, node->left, out));
    if (gale__truth(*out) != (node->kind == NODE_AND))
        return 0;
    return gale__evaluate(run, node->right, out);
}

static int conditional(gale__run *run, const gale__node *node, gale__value *out)
{
    gale__value condition;
    GALE_TRY(gale__evaluate(run, node->left, &condition));
    return gale__evaluate(run, gale__truth(condition) ? node->items[0] : node->right, out);
}

/* ---- Comparisons ----------------------------------------------------------------------- */

/* The same value, as far as a template can tell. */
static bool identical(gale__value left, gale__value right)
{
    if (left.kind != right.kind)
        return false;
    switch ((gale__value_kind)left.kind) {
    case VALUE_UNSET:
    case VALUE_NONE:
    case VALUE_ABSENT:
        return true;
    case VALUE_BOOL:
        return left.boolean == right.boolean;
    case VALUE_STR:
        return left.length == right.length &&
               (!left.length || !memcmp(left.text, right.text, left.length));
    default:
        return left.integer == right.integer;
    }
}

static int compare_order(gale__run *run, gale__comparison comparison, gale__value left,
                         gale__value right)
{
    static const char *const signs[] = { [COMPARE_LESS] = "<",
                                         [COMPARE_LESS_EQUAL] = "<=",
                                         [COMPARE_GREATER_EQUAL] = ">=",
                                         [COMPARE_GREATER] = ">" };
    int order;
    GALE_TRY(gale__compare(run, left, right, signs[comparison], &order));
    if (order == 2)
        return 0;
    return comparison == COMPARE_LESS            ? order < 0
           : comparison == COMPARE_LESS_EQUAL    ? order <= 0
           : comparison == COMPARE_GREATER_EQUAL ? order >= 0
                                                 : order > 0;
}

/* 1, 0 or a negative code. */
static int compare(gale__run *run, gale__comparison comparison, gale__value left, gale__value right)
{
    int result;
    switch (comparison) {
    case COMPARE_EQUAL:
        return gale__equal(run, left, right);
    case COMPARE_NOT_EQUAL:
        result = gale__equal(run, left, right);
        return result < 0 ? result : !result;
    case COMPARE_IN:
        return gale__contains(run, right, left);
    case COMPARE_NOT_IN:
        result = gale__contains(run, right, left);
        return result < 0 ? result : !result;
    case COMPARE_IS:
        return identical(left, right);
    case COMPARE_IS_NOT:
        return !identical(left, right);
    default:
        return compare_order(run, comparison, left, right);
    }
}

static int comparisons(gale__run *run, const gale__node *node, gale__value *out)
{
    gale__value left, right;
    int result = 1;
    GALE_TRY(gale__evaluate(run, node->left, &left));
    for (uint32_t i = 0; i < node->count && result; i++) {
        GALE_TRY(gale__evaluate(run, node->items[i], &right));
        GALE_TRY(result = compare(run, (gale__comparison)node->comparisons[i], left, right));
        left = right;
    }
    *out = gale__bool(result);
    return 0;
}

/* ---- Lists, maps, comprehensions ------------------------------------------------------- */

static int sequence(gale__run *run, const gale__node *node, gale__value *out)
{
    gale__value list, item;
    gale__value_kind kind = node->kind == NODE_LIST ? VALUE_LIST : VALUE_TUPLE;
    GALE_TRY(gale__list_new(run, kind, node->count, &list));
    for (uint32_t i = 0; i < node->count; i++) {
        GALE_TRY(gale__evaluate(run, node->items[i], &item));
        GALE_TRY(gale__list_append(run, list.list, item));
    }
    *out = list;
    return 0;
}

static int dict(gale__run *run, const gale__node *node, gale__value *out)
{
    gale__value map, key, value;
    GALE_TRY(gale__dict_new(run, &map));
    for (uint32_t i = 0; i < node->count; i += 2) {
        GALE_TRY(gale__evaluate(run, node->items[i], &key));
        GALE_TRY(gale__evaluate(run, node->items[i + 1], &value));
        GALE_TRY(gale__dict_set(run, map.dict, key, value));
    }
    *out = map;
    return 0;
}

static int comprehension_item(gale__run *run, const gale__node *node, gale__value result)
{
    gale__value item, key;
    if (node->kind == NODE_COMPREHENSION) {
        GALE_TRY(gale__evaluate(run, node->left, &item));
        return gale__list_append(run, result.list, item);
    }
    GALE_TRY(gale__evaluate(run, node->left, &key));
    GALE_TRY(gale__evaluate(run, node->right, &item));
    return gale__dict_set(run, result.dict, key, item);
}

/* 1 when all conditions of a clause are true. */
static int holds(gale__run *run, const gale__clause *clause)
{
    gale__value condition;
    for (size_t i = 0; i < clause->condition_count; i++) {
        GALE_TRY(gale__evaluate(run, clause->conditions[i], &condition));
        if (!gale__truth(condition))
            return 0;
    }
    return 1;
}

static int comprehension_clause(gale__run *run, const gale__node *node, const gale__clause *clause,
                                gale__value result)
{
    gale__iterator iterator = { 0 };
    gale__value item;
    int more, included;
    if (!clause)
        return comprehension_item(run, node, result);
    GALE_TRY(gale__evaluate(run, clause->iterable, &iterator.over));
    while ((more = gale__iterator_next(run, &iterator, &item)) > 0) {
        GALE_TRY(gale__assign_target(run, clause->target, item));
        GALE_TRY(included = holds(run, clause));
        if (included)
            GALE_TRY(comprehension_clause(run, node, clause->next, result));
    }
    return more;
}

static int comprehension(gale__run *run, const gale__node *node, gale__value *out)
{
    gale__value result;
    GALE_TRY(node->kind == NODE_COMPREHENSION ? gale__list_new(run, VALUE_LIST, 0, &result)
                                              : gale__dict_new(run, &result));
    gale__mark mark = gale__run_save(run);
    int error = comprehension_clause(run, node, node->clauses, result);
    gale__run_restore(run, mark);
    *out = result;
    return error;
}

/* ---- Parts and calls ------------------------------------------------------------------- */

static int attribute(gale__run *run, const gale__node *node, gale__value *out)
{
    gale__value left;
    gale__run_dotted(run, node, out);
    if (out->kind != VALUE_UNSET)
        return 0;
    GALE_TRY(gale__evaluate(run, node->left, &left));
    return gale__attribute(run, node, left, out);
}

static int item(gale__run *run, const gale__node *node, gale__value *out)
{
    gale__value left, index;
    GALE_TRY(gale__evaluate(run, node->left, &left));
    GALE_TRY(gale__evaluate(run, node->right, &index));
    return gale__item(run, left, index, out);
}

static int slice(gale__run *run, const gale__node *node, gale__value *out)
{
    gale__value left, parts[3] = { 0 };
    GALE_TRY(gale__evaluate(run, node->left, &left));
    for (int i = 0; i < 3; i++)
        if (node->items[i])
            GALE_TRY(gale__evaluate(run, node->items[i], &parts[i]));
    return gale__slice(run, left, parts, out);
}

/* What is called: a function, or a builtin method and its `self`. */
typedef struct callee {
    gale__value function, self;
    const gale__builtin *method;
} callee;

static int find_callee(gale__run *run, const gale__node *node, callee *out)
{
    *out = (callee){ .method = NULL };
    if (node->kind != NODE_ATTRIBUTE)
        return gale__evaluate(run, node, &out->function);
    gale__run_dotted(run, node, &out->function);
    if (out->function.kind != VALUE_UNSET)
        return 0;
    GALE_TRY(gale__evaluate(run, node->left, &out->self));
    if (node->methods)
        out->method = gale__method_of(node->methods, out->self);
    return out->method ? 0 : gale__attribute(run, node, out->self, &out->function);
}

static int call(gale__run *run, const gale__node *node, gale__value *out)
{
    gale__value few[4], *values = few;
    callee called;
    int error;
    GALE_TRY(find_callee(run, node->left, &called));
    if (node->count > 4) {
        values = gale__run_alloc(run, node->count * sizeof *values, &error);
        if (!values)
            return error;
    }
    for (uint32_t i = 0; i < node->count; i++)
        GALE_TRY(gale__evaluate(run, node->items[i], &values[i]));
    const gale__arguments arguments = { values, node->count, node->positional, node->names };
    if (called.method)
        return gale__builtin_call(run, called.method, called.self, &arguments, out);
    return gale__call(run, called.function, &arguments, out);
}

/* ---- All together ---------------------------------------------------------------------- */

static int evaluate(gale__run *run, const gale__node *node, gale__value *out)
{
    gale__value value;
    switch ((gale__node_kind)node->kind) {
    case NODE_ATTRIBUTE:
        return attribute(run, node, out);
    case NODE_ITEM:
        return item(run, node, out);
    case NODE_SLICE:
        return slice(run, node, out);
    case NODE_CALL:
        return call(run, node, out);
    case NODE_NEGATE:
    case NODE_PLUS:
    case NODE_INVERT:
        return unary(run, node, out);
    case NODE_NOT:
        GALE_TRY(gale__evaluate(run, node->left, &value));
        *out = gale__bool(!gale__truth(value));
        return 0;
    case NODE_ARITHMETIC:
        return arithmetic(run, node, out);
    case NODE_COMPARISON:
        return comparisons(run, node, out);
    case NODE_AND:
    case NODE_OR:
        return logical(run, node, out);
    case NODE_CONDITIONAL:
        return conditional(run, node, out);
    case NODE_LIST:
    case NODE_TUPLE:
        return sequence(run, node, out);
    case NODE_DICT:
        return dict(run, node, out);
    default:
        return comprehension(run, node, out);
    }
}

int gale__evaluate(gale__run *run, const gale__node *node, gale__value *out)
{
    if (node->kind == NODE_CONSTANT) {
        *out = node->constant;
        return 0;
    }
    if (node->kind == NODE_NAME)
        return gale__run_name(run, node->symbol, out);
    GALE_TRY(gale__run_steps(run, 1));
    GALE_TRY(gale__run_enter(run));
    int error = evaluate(run, node, out);
    run->depth--;
    return error;
}

/* ---- Assignment ------------------------------------------------------------------------ */

/* Each of several targets gets its part. */
static int unpack(gale__run *run, const gale__node *target, gale__value value)
{
    gale__iterator iterator = { .over = value };
    gale__value part;
    int more = 1;
    for (uint32_t i = 0; i < target->count; i++) {
        GALE_TRY(more = gale__iterator_next(run, &iterator, &part));
        if (!more)
            return gale__raise(run, ERROR_VALUE,
                               "not enough values to unpack (expected %u, got %u)", target->count,
                               i);
        GALE_TRY(gale__assign_target(run, target->items[i], part));
    }
    GALE_TRY(more = gale__iterator_next(run, &iterator, &part));
    return more ? gale__raise(run, ERROR_VALUE, "too many values to unpack (expected %u)",
                              target->count)
                : 0;
}

int gale__assign_target(gale__run *run, const gale__node *target, gale__value value)
{
    gale__value left, index;
    if (target->kind == NODE_NAME)
        return gale__run_assign(run, target->symbol, value);
    GALE_TRY(gale__run_enter(run));
    int error;
    if (target->kind == NODE_ITEM) {
        error = gale__evaluate(run, target->left, &left);
        if (error >= 0)
            error = gale__evaluate(run, target->right, &index);
        if (error >= 0)
            error = gale__set_item(run, left, index, value);
    } else {
        error = unpack(run, target, value);
    }
    run->depth--;
    return error;
}

int gale__augment(gale__run *run, gale__operator operator_, gale__value left, gale__value value,
                  gale__value *out)
{
    if (operator_ != OPERATOR_ADD || left.kind != VALUE_LIST)
        return gale__arithmetic(run, operator_, left, value, out);
    gale__value added;
    GALE_TRY(gale__to_list(run, value, VALUE_LIST, &added));
    for (size_t i = 0; i < added.list->size; i++)
        GALE_TRY(gale__list_append(run, left.list, added.list->items[i]));
    *out = left;
    return 0;
}
