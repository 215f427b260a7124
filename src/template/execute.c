/* SPDX-License-Identifier: Apache-2.0 */
/* What each directive does. */
#include <string.h>

#include "core/error.h"
#include "core/escape.h"
#include "template/builtins.h"

/* ---- Output ---------------------------------------------------------------------------- */

static int written(const gale__run *run, int error)
{
    if (error == GALE_ETOOBIG && run->out->error)
        return gale__fail(error, "the template's output is over the limit");
    return error;
}

static int print_escaped_by(gale__run *run, const gale__file *file, gale__value value)
{
    gale__value function, text, result;
    gale__buffer buffer;
    gale__run_buffer(run, &buffer);
    int error = gale__append_value(run, &buffer, value, false);
    if (error < 0 && !buffer.error) {
        gale__buffer_clear(&buffer);
        return error;
    }
    GALE_TRY(gale__run_take_text(run, &buffer, &text));
    GALE_TRY(gale__evaluate(run, file->escape_function, &function));
    const gale__arguments arguments = { &text, 1, 1, NULL };
    GALE_TRY(gale__call(run, function, &arguments, &result));
    return written(run, gale__append_value(run, run->out, result, false));
}

static int print(gale__run *run, const gale__chunk *chunk)
{
    const gale__file *file = run->frame->file;
    gale__escape escape = chunk->kind == CHUNK_RAW ? ESCAPE_NOTHING : file->escape;
    gale__value value;
    GALE_TRY(gale__evaluate(run, chunk->expression, &value));
    if (escape == ESCAPE_FUNCTION)
        return print_escaped_by(run, file, value);
    if (value.kind == VALUE_STR && escape == ESCAPE_XHTML)
        return written(run, gale__xhtml_escape(run->out, gale__text_str(value)));
    return written(run, gale__append_value(run, run->out, value, escape == ESCAPE_XHTML));
}

/* ---- set ------------------------------------------------------------------------------- */

/* The place is found once, and what stands there is read before what is added to it. */
static int augment(gale__run *run, const gale__chunk *chunk)
{
    const gale__node *target = chunk->targets[0];
    gale__operator operator_ = (gale__operator)chunk->operator_;
    gale__value container, index, old, value;
    if (target->kind == NODE_NAME) {
        GALE_TRY(gale__run_name(run, target->symbol, &old));
        GALE_TRY(gale__evaluate(run, chunk->expression, &value));
        GALE_TRY(gale__augment(run, operator_, old, value, &value));
        return gale__run_assign(run, target->symbol, value);
    }
    GALE_TRY(gale__evaluate(run, target->left, &container));
    GALE_TRY(gale__evaluate(run, target->right, &index));
    GALE_TRY(gale__item(run, container, index, &old));
    GALE_TRY(gale__evaluate(run, chunk->expression, &value));
    GALE_TRY(gale__augment(run, operator_, old, value, &value));
    return gale__set_item(run, container, index, value);
}

static int set(gale__run *run, const gale__chunk *chunk)
{
    gale__value value;
    if (chunk->operator_ != OPERATOR_NOTHING)
        return augment(run, chunk);
    GALE_TRY(gale__evaluate(run, chunk->expression, &value));
    for (uint32_t i = 0; i < chunk->target_count; i++)
        GALE_TRY(gale__assign_target(run, chunk->targets[i], value));
    return 0;
}

/* ---- if, for, while -------------------------------------------------------------------- */

static int execute_otherwise(gale__run *run, const gale__chunk *chunk)
{
    return chunk->otherwise ? gale__execute(run, chunk->otherwise->body) : 0;
}

static int choose(gale__run *run, const gale__chunk *chunk)
{
    gale__value condition;
    GALE_TRY(gale__evaluate(run, chunk->expression, &condition));
    if (gale__truth(condition))
        return gale__execute(run, chunk->body);
    for (const gale__branch *branch = chunk->branches; branch; branch = branch->next) {
        run->frame->branch = branch;
        GALE_TRY(gale__run_steps(run, 1));
        GALE_TRY(gale__evaluate(run, branch->condition, &condition));
        if (gale__truth(condition))
            return gale__execute(run, branch->body);
    }
    return execute_otherwise(run, chunk);
}

/* The body of a loop, once. Returns 1 when that ends the loop, or a negative code. */
static int execute_loop_body(gale__run *run, const gale__chunk *chunk)
{
    int result = gale__execute(run, chunk->body);
    run->frame->chunk = result < 0 ? run->frame->chunk : chunk;
    run->frame->branch = result < 0 ? run->frame->branch : NULL;
    return result == GALE__JUMP_CONTINUE ? 0 : result;
}

static int loop_over(gale__run *run, const gale__chunk *chunk)
{
    gale__iterator iterator = { 0 };
    gale__value item;
    int more, ends;
    GALE_TRY(gale__evaluate(run, chunk->expression, &iterator.over));
    while ((more = gale__iterator_next(run, &iterator, &item)) > 0) {
        GALE_TRY(gale__assign_target(run, chunk->target, item));
        GALE_TRY(ends = execute_loop_body(run, chunk));
        if (ends)
            return 0;
    }
    return more < 0 ? more : execute_otherwise(run, chunk);
}

static int loop_while(gale__run *run, const gale__chunk *chunk)
{
    gale__value condition;
    int ends;
    for (;;) {
        GALE_TRY(gale__run_steps(run, 1));
        GALE_TRY(gale__evaluate(run, chunk->expression, &condition));
        if (!gale__truth(condition))
            return execute_otherwise(run, chunk);
        GALE_TRY(ends = execute_loop_body(run, chunk));
        if (ends)
            return 0;
    }
}

/* ---- try ------------------------------------------------------------------------------- */

/* 1 when an `except` with that kind, or one of those kinds, catches the error. */
static int catches(gale__run *run, const gale__node *kinds, const gale__error *error)
{
    if (kinds && kinds->kind == NODE_TUPLE) {
        int caught = 0;
        for (uint32_t i = 0; i < kinds->count && caught == 0; i++)
            caught = catches(run, kinds->items[i], error);
        return caught;
    }
    if (!kinds)
        return 1;
    if (kinds->kind != NODE_NAME)
        return gale__raise(run, ERROR_TYPE, "except takes names of errors only");
    gale_str name = gale__run_symbol(run, kinds->symbol);
    int kind = gale__error_kind_named(name);
    if (kind < 0)
        return gale__raise(run, ERROR_NAME, "name '%.*s' is not defined", (int)name.len, name.data);
    return gale__error_is(error->kind, (gale__error_kind)kind);
}

/* `except ... as name` has the name for as long as it lasts. */
static int execute_except(gale__run *run, const gale__branch *branch, const gale__error *error)
{
    int failure;
    if (branch->symbol == GALE__NO_SYMBOL)
        return gale__execute(run, branch->body);
    gale__error *copy = gale__run_alloc(run, sizeof *copy, &failure);
    if (!copy)
        return failure;
    *copy = *error;
    GALE_TRY(
        gale__run_assign(run, branch->symbol, (gale__value){ .kind = VALUE_ERROR, .error = copy }));
    int result = gale__execute(run, branch->body);
    run->variables[branch->symbol] = (gale__value){ 0 };
    return result;
}

static int handle_error(gale__run *run, const gale__chunk *chunk)
{
    const gale__error error = run->error;
    for (const gale__branch *branch = chunk->branches; branch; branch = branch->next) {
        int caught = catches(run, branch->condition, &error);
        if (caught < 0)
            run->place.text[0] = '\0';
        run->frame->branch = branch;
        GALE_TRY(caught);
        if (caught) {
            run->place.text[0] = '\0';
            return execute_except(run, branch, &error);
        }
    }
    return GALE_EINVALID;
}

/* What `finally` does counts, unless it merely ends: then it is what was to happen before. */
static int execute_finally(gale__run *run, const gale__chunk *chunk, int result)
{
    if (result < 0)
        gale__run_note_place(run);
    const gale__error error = run->error;
    const gale__place place = run->place;
    run->place.text[0] = '\0';
    int last = gale__execute(run, chunk->finally->body);
    if (last)
        return last;
    run->error = error;
    run->place = place;
    return result;
}

static int try(gale__run *run, const gale__chunk *chunk)
{
    int depth = run->depth;
    int result = gale__execute(run, chunk->body);
    if (result == GALE_EINVALID) {
        run->depth = depth;
        run->frame->chunk = chunk;
        result = handle_error(run, chunk);
    } else if (result == 0) {
        result = execute_otherwise(run, chunk);
    }
    if (!chunk->finally || (result < 0 && result != GALE_EINVALID))
        return result;
    run->depth = depth;
    return execute_finally(run, chunk, result);
}

/* ---- apply, block, include ------------------------------------------------------------- */

/* The body's text; what it has set is gone again. */
static int body_text(gale__run *run, const gale__chunk *chunk, gale__value *out)
{
    gale__buffer body, *outer = run->out;
    gale__run_buffer(run, &body);
    gale__mark mark = gale__run_save(run);
    run->out = &body;
    int error = gale__execute(run, chunk->body);
    run->out = outer;
    gale__run_restore(run, mark);
    if (error < 0) {
        gale__buffer_clear(&body);
        return error;
    }
    return gale__run_take_text(run, &body, out);
}

static int apply(gale__run *run, const gale__chunk *chunk)
{
    gale__value function, text, result;
    GALE_TRY(gale__evaluate(run, chunk->expression, &function));
    GALE_TRY(body_text(run, chunk, &text));
    run->frame->chunk = chunk;
    run->frame->branch = NULL;
    const gale__arguments arguments = { &text, 1, 1, NULL };
    GALE_TRY(gale__call(run, function, &arguments, &result));
    return written(run, gale__append_value(run, run->out, result, false));
}

static int execute_in(gale__run *run, const gale__file *file, const gale__chunk *body)
{
    gale__frame frame = { .parent = run->frame, .file = file };
    run->frame = &frame;
    int result = gale__execute(run, body);
    run->frame = frame.parent;
    return result;
}

static int execute_block(gale__run *run, const gale__chunk *chunk)
{
    const struct gale__block *block = &run->page->blocks[chunk->symbol];
    return execute_in(run, block->file, block->chunk->body);
}

/* ---- All together ---------------------------------------------------------------------- */

static int execute(gale__run *run, const gale__chunk *chunk)
{
    switch ((gale__chunk_kind)chunk->kind) {
    case CHUNK_TEXT:
        return written(run, gale__buffer_append(run->out, chunk->source.data, chunk->source.len));
    case CHUNK_EXPRESSION:
    case CHUNK_RAW:
        return print(run, chunk);
    case CHUNK_SET:
        return set(run, chunk);
    case CHUNK_IF:
        return choose(run, chunk);
    case CHUNK_FOR:
        return loop_over(run, chunk);
    case CHUNK_WHILE:
        return loop_while(run, chunk);
    case CHUNK_TRY:
        return try(run, chunk);
    case CHUNK_APPLY:
        return apply(run, chunk);
    case CHUNK_BLOCK:
        return execute_block(run, chunk);
    case CHUNK_INCLUDE:
        return execute_in(run, chunk->file, chunk->file->body);
    case CHUNK_BREAK:
        return GALE__JUMP_BREAK;
    case CHUNK_CONTINUE:
        return GALE__JUMP_CONTINUE;
    case CHUNK_EXTENDS:
        break;
    }
    return 0;
}

static int execute_all(gale__run *run, const gale__chunk *chunk)
{
    for (; chunk; chunk = chunk->next) {
        GALE_TRY(gale__run_steps(run, 1));
        run->frame->chunk = chunk;
        run->frame->branch = NULL;
        int result = execute(run, chunk);
        if (GALE__UNLIKELY(result < 0))
            gale__run_note_place(run);
        if (result)
            return result;
    }
    return 0;
}

int gale__execute(gale__run *run, const gale__chunk *chunk)
{
    GALE_TRY(gale__run_enter(run));
    int result = execute_all(run, chunk);
    run->depth--;
    return result;
}
