/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One rendering. Variables are an array by the number of their name; a value that the template was
 * given is put there when it is first asked for. What an `apply` body or a comprehension has set is
 * put back at its end, from a log of old values.
 *
 * Functions here return 0, or GALE_EINVALID when an error was raised that `except` may catch, or
 * another negative code, which ends the rendering.
 */
#ifndef GALE_TEMPLATE_RUN_H
#define GALE_TEMPLATE_RUN_H

#include "template/program.h"

/* How deeply a rendering may nest, in calls of C functions; it runs on a task's stack. */
enum { GALE__RUN_DEPTH_MAX = 160 };

/* The files that led here. */
typedef struct gale__frame {
    struct gale__frame *parent;
    const gale__file *file;
    const gale__chunk *chunk;   /* that is at work; in a parent: the include or block */
    const gale__branch *branch; /* of it, or NULL */
} gale__frame;

typedef struct gale__saved {
    uint32_t symbol;
    gale__value value;
} gale__saved;

/* "FILE:LINE (via FILE:LINE): TEXT" */
typedef struct gale__place {
    char text[400];
} gale__place;

struct gale__run {
    gale_template *page;
    gale__program *program;
    const json_t *values;
    void *context;
    const gale__template_surroundings *around; /* or NULL */
    gale__buffer *out;
    gale__arena arena;
    gale__value *variables;
    gale__saved *saved;
    size_t saved_size, saved_capacity;
    size_t saved_from; /* where the innermost log begins */
    bool saving;
    int depth;
    int64_t steps, memory; /* left */
    json_t **kept;         /* to be released at the end */
    size_t kept_size, kept_capacity;
    gale__frame *frame;
    gale__error error; /* the last that was raised */
    gale__place place; /* where it was; empty until it is known */
};

/* Memory that lives as long as the run; NULL, and *ret_error or the run's limit is set. */
void *gale__run_alloc(gale__run *run, size_t size, int *ret_error);
/* A copy of what was put together in a buffer, which is cleared; passes on its error. */
int gale__run_take_text(gale__run *run, gale__buffer *buffer, gale__value *out);
/* A buffer for text that becomes a value. */
void gale__run_buffer(gale__run *run, gale__buffer *buffer);
/* Releases the reference at the end. */
int gale__run_keep(gale__run *run, json_t *json);
int gale__run_too_long(void);
/* `count` operations are done. */
static inline int gale__run_steps(gale__run *run, int64_t count)
{
    run->steps -= count;
    return GALE__UNLIKELY(run->steps < 0) ? gale__run_too_long() : 0;
}
int gale__run_enter_failed(void);
static inline int gale__run_enter(gale__run *run)
{
    if (GALE__UNLIKELY(run->depth >= GALE__RUN_DEPTH_MAX))
        return gale__run_enter_failed();
    run->depth++;
    return 0;
}

/* Raises an error, with a message as by printf. */
int gale__raise(gale__run *run, gale__error_kind kind, const char *format, ...) GALE_PRINTF(3, 4);
/* KeyError: its message is the key's repr. */
int gale__raise_key(gale__run *run, gale__value key);

void gale__run_set(gale__run *run, uint32_t symbol, gale__value value);
/* Same, when what was there is to be put back. */
int gale__run_assign(gale__run *run, uint32_t symbol, gale__value value);
/* Begins to log old values; end with the mark that it gave. */
typedef struct gale__mark {
    size_t from;
    bool saving;
} gale__mark;
gale__mark gale__run_save(gale__run *run);
void gale__run_restore(gale__run *run, gale__mark mark);
/* The value of a name, from wherever. */
int gale__run_name(gale__run *run, uint32_t symbol, gale__value *out);
/* The function that is registered as `left.symbol`, when `left` begins with no variable; else
 * unset.
 */
void gale__run_dotted(gale__run *run, const gale__node *node, gale__value *out);
/* Remembers where the error was, unless that is known. */
void gale__run_note_place(gale__run *run);
/* The name with that number. */
static inline gale_str gale__run_symbol(const gale__run *run, uint32_t symbol)
{
    return run->program->symbols.names[symbol];
}

int gale__evaluate(gale__run *run, const gale__node *node, gale__value *out);
int gale__assign_target(gale__run *run, const gale__node *target, gale__value value);
/* left[index], and left[start:stop:step], of which each may be unset. */
int gale__item(gale__run *run, gale__value left, gale__value index, gale__value *out);
int gale__slice(gale__run *run, gale__value left, const gale__value parts[3], gale__value *out);
int gale__set_item(gale__run *run, gale__value left, gale__value index, gale__value value);
int gale__attribute(gale__run *run, const gale__node *node, gale__value left, gale__value *out);
/* Calls it; the last `count - positional` arguments have `names`. */
typedef struct gale__arguments {
    const gale__value *values;
    size_t count, positional;
    const uint32_t *names;
} gale__arguments;
int gale__call(gale__run *run, gale__value function, const gale__arguments *arguments,
               gale__value *out);
/* text % values */
int gale__format_percent(gale__run *run, gale_str format, gale__value values, gale__value *out);
/* text.format(...) */
int gale__format_braces(gale__run *run, gale_str format, const gale__arguments *arguments,
                        gale__value *out);
/* format(value, specification), appended. */
int gale__format_value(gale__run *run, gale__buffer *out, gale__value value,
                       gale_str specification);
/* Writes a value as {{ }} does, before it is escaped. */
int gale__append_value(gale__run *run, gale__buffer *out, gale__value value, bool escaped);

/* `name = left operator_ value`: a list takes what is added to it in place. */
int gale__augment(gale__run *run, gale__operator operator_, gale__value left, gale__value value,
                  gale__value *out);
/* Calls a registered function. */
int gale__call_function(gale__run *run, const gale_template_function *function,
                        const gale__arguments *arguments, gale__value *out);

/* What ends a chunk besides errors. */
enum { GALE__JUMP_BREAK = 1, GALE__JUMP_CONTINUE };

/* Returns 0, a jump, or a negative code. */
int gale__execute(gale__run *run, const gale__chunk *chunk);

#endif
