/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of delimited reads. A search goes on where the last one has found that nothing can
 * begin earlier, so that a line that drips in byte by byte is searched once.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gale/log.h>

#include "core/error.h"
#include "net/iostream_impl.h"

enum { MATCH_LIMIT = 1000000, DEPTH_LIMIT = 100000, HEAP_LIMIT_KIB = 20000 };

static int unsatisfiable(const gale__read *read, const char *what, gale_str delimiter)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO,
             "Unsatisfiable read, closing connection: %s %.*s not found within %zu bytes", what,
             (int)delimiter.len, delimiter.data, read->max_bytes);
    return GALE_EUNSATISFIABLE;
}

/* The first match ends after `end` unread bytes; 0: there is none yet. */
static int found(gale__read *read, size_t end, const char *what, gale_str delimiter)
{
    size_t needs = end ? end : gale__iostream_unread(read->stream).len;
    if (needs > read->max_bytes)
        return unsatisfiable(read, what, delimiter);
    if (!end)
        return 0;
    gale__read_take(read, end);
    return 1;
}

int gale__iostream_find(gale__read *read)
{
    gale_str text = gale__iostream_unread(read->stream);
    gale_str delimiter = read->delimiter;
    const char *at = text.len ? memmem(text.data + read->searched, text.len - read->searched,
                                       delimiter.data, delimiter.len)
                              : NULL;
    if (at)
        return found(read, (size_t)(at - text.data) + delimiter.len, "delimiter", delimiter);
    if (text.len >= delimiter.len)
        read->searched = text.len - delimiter.len + 1;
    return found(read, 0, "delimiter", delimiter);
}

/* ---- Regular expressions --------------------------------------------------------------- */

struct gale__pattern {
    pcre2_general_context *memory;
    pcre2_match_context *limits;
    pcre2_code *code;
    pcre2_match_data *match;
    char text[];
};

static void *pattern_malloc(size_t size, void *arg)
{
    (void)arg;
    return gale__malloc(size);
}

static void pattern_release(void *memory, void *arg)
{
    (void)arg;
    gale__free(memory);
}

void gale__pattern_free(gale__pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_match_data_free(pattern->match);
    pcre2_code_free(pattern->code);
    pcre2_match_context_free(pattern->limits);
    pcre2_general_context_free(pattern->memory);
    gale__free(pattern);
}

static int compile_code(gale__pattern *pattern)
{
    pcre2_compile_context *context = pcre2_compile_context_create(pattern->memory);
    if (!context)
        return -ENOMEM;
    int error;
    PCRE2_SIZE offset;
    pattern->code = pcre2_compile((PCRE2_SPTR)pattern->text, PCRE2_ZERO_TERMINATED, 0, &error,
                                  &offset, context);
    pcre2_compile_context_free(context);
    if (pattern->code)
        return 0;
    if (error == PCRE2_ERROR_HEAP_FAILED)
        return -ENOMEM;
    char message[128];
    pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof message);
    return gale__fail(GALE_EINVALID, "regular expression %s: %s at offset %zu", pattern->text,
                      message, offset);
}

static int compile(gale__pattern *pattern)
{
    pattern->memory = pcre2_general_context_create(pattern_malloc, pattern_release, NULL);
    pattern->limits = pattern->memory ? pcre2_match_context_create(pattern->memory) : NULL;
    if (!pattern->limits)
        return -ENOMEM;
    pcre2_set_match_limit(pattern->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(pattern->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(pattern->limits, HEAP_LIMIT_KIB);
    GALE_TRY(compile_code(pattern));
    pattern->match = pcre2_match_data_create(1, pattern->memory);
    return pattern->match ? 0 : -ENOMEM;
}

typedef struct compiling {
    gale__pattern *pattern;
    int result;
} compiling;

static void compile_on_loop_stack(void *arg)
{
    compiling *call = arg;
    call->result = compile(call->pattern);
}

int gale__iostream_compile(gale_iostream *self, const char *text)
{
    if (self->pattern && strcmp(self->pattern->text, text) == 0)
        return 0;
    size_t size = strlen(text) + 1;
    gale__pattern *pattern = gale__calloc(1, sizeof *pattern + size);
    if (!pattern)
        return -ENOMEM;
    memcpy(pattern->text, text, size);
    compiling call = { .pattern = pattern };
    gale__on_loop_stack(compile_on_loop_stack, &call);
    if (call.result < 0) {
        gale__pattern_free(pattern);
        return call.result;
    }
    gale__pattern_free(self->pattern);
    self->pattern = pattern;
    return 0;
}

static int match_failed(const gale__pattern *pattern, int error)
{
    if (error == PCRE2_ERROR_NOMEMORY)
        return -ENOMEM;
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO,
             "Unsatisfiable read, closing connection: the regular expression %s is over its limits",
             pattern->text);
    return GALE_EUNSATISFIABLE;
}

typedef struct matching {
    const gale__pattern *pattern;
    gale_str text;
    size_t from;
    int result;
} matching;

static void match_on_loop_stack(void *arg)
{
    matching *call = arg;
    call->result =
        pcre2_match(call->pattern->code, (PCRE2_SPTR)call->text.data, call->text.len, call->from,
                    PCRE2_PARTIAL_SOFT, call->pattern->match, call->pattern->limits);
}

int gale__iostream_match(gale__read *read)
{
    gale__pattern *pattern = read->stream->pattern;
    gale_str name = { pattern->text, strlen(pattern->text) };
    matching call = { pattern, gale__iostream_unread(read->stream), read->searched, 0 };
    gale__on_loop_stack(match_on_loop_stack, &call);
    const PCRE2_SIZE *range = pcre2_get_ovector_pointer(pattern->match);
    if (call.result >= 0 && range[1] > 0)
        return found(read, range[1], "regex", name);
    if (call.result >= 0) { /* it matches nothing at all: that much is there */
        gale__read_take(read, 0);
        return 1;
    }
    if (call.result == PCRE2_ERROR_PARTIAL)
        read->searched = range[0];
    else if (call.result == PCRE2_ERROR_NOMATCH)
        read->searched = call.text.len;
    else
        return match_failed(pattern, call.result);
    return found(read, 0, "regex", name);
}
