/* SPDX-License-Identifier: Apache-2.0 */
#include "web/route.h"

#include <errno.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/escape.h"

static bool is_literal(const char *text)
{
    return strpbrk(text, "\\^$.[|()?*+{") == NULL;
}

/* ---- Compiling ------------------------------------------------------------------------- */

static int name_groups(gale__route_pattern *pattern)
{
    uint32_t name_count, entry_size;
    PCRE2_SPTR table;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &pattern->group_count);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &name_count);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &table);
    if (name_count == 0)
        return 0;
    if (name_count != pattern->group_count)
        return gale__fail(GALE_EINVALID, "route %s: groups must be all named or all unnamed",
                          pattern->text);
    pattern->group_names = gale__calloc(name_count, sizeof *pattern->group_names);
    if (!pattern->group_names)
        return -ENOMEM;
    for (uint32_t i = 0; i < name_count; i++, table += entry_size) {
        unsigned group = (unsigned)(table[0] << 8 | table[1]);
        const char *name = (const char *)table + 2;
        pattern->group_names[group - 1] = gale__strdup(name, strlen(name));
        if (!pattern->group_names[group - 1])
            return -ENOMEM;
    }
    return 0;
}

static int compile_expression(gale__route_pattern *pattern)
{
    int error;
    PCRE2_SIZE offset;
    pattern->code = pcre2_compile((PCRE2_SPTR)pattern->text, pattern->size,
                                  PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY, &error,
                                  &offset, NULL);
    if (!pattern->code) {
        PCRE2_UCHAR message[120];
        pcre2_get_error_message(error, message, sizeof message);
        return gale__fail(GALE_EINVALID, "route %s: %s at offset %zu", pattern->text,
                          (const char *)message, (size_t)offset);
    }
    pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE); /* without it, it is only slower */
    pattern->match_data = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    return pattern->match_data ? name_groups(pattern) : -ENOMEM;
}

int gale__route_pattern_compile(gale__route_pattern *pattern, const char *text)
{
    *pattern = (gale__route_pattern){ .size = strlen(text), .literal = is_literal(text) };
    pattern->text = gale__strdup(text, pattern->size);
    if (!pattern->text)
        return -ENOMEM;
    int result = pattern->literal ? 0 : compile_expression(pattern);
    if (result < 0)
        gale__route_pattern_free(pattern);
    return result;
}

void gale__route_pattern_free(gale__route_pattern *pattern)
{
    for (uint32_t i = 0; pattern->group_names && i < pattern->group_count; i++)
        gale__free(pattern->group_names[i]);
    gale__free(pattern->group_names);
    pcre2_match_data_free(pattern->match_data);
    pcre2_code_free(pattern->code);
    gale__free(pattern->text);
    *pattern = (gale__route_pattern){ .literal = true };
}

const gale__path_arguments gale__no_path_arguments;

/* ---- Matching -------------------------------------------------------------------------- */

static int take_groups(const gale__route_pattern *pattern, gale_str subject, gale__arena *arena,
                       const gale__path_arguments **ret_arguments)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(pattern->match_data);
    uint32_t count = pattern->group_count;
    gale__path_arguments *arguments =
        gale__arena_calloc(arena, sizeof *arguments + count * sizeof(gale_str));
    if (!arguments)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        PCRE2_SIZE start = at[2 * i + 2], end = at[2 * i + 3];
        if (start == PCRE2_UNSET)
            continue;
        gale_str raw = { subject.data + start, end - start };
        char *text = gale__arena_alloc(arena, raw.len + 1);
        if (!text)
            return -ENOMEM;
        arguments->values[i] = (gale_str){ text, gale__url_unescape(text, raw, false) };
        text[arguments->values[i].len] = '\0';
    }
    arguments->pattern = pattern;
    arguments->count = count;
    *ret_arguments = arguments;
    return 1;
}

int gale__route_pattern_match_expression(const gale__route_pattern *pattern, gale_str subject,
                                         gale__arena *arena,
                                         const gale__path_arguments **ret_arguments)
{
    int result = pcre2_match(pattern->code, (PCRE2_SPTR)subject.data, subject.len, 0, 0,
                             pattern->match_data, NULL);
    if (result == PCRE2_ERROR_NOMATCH)
        return 0;
    if (result < 0)
        return result == PCRE2_ERROR_NOMEMORY ? -ENOMEM
                                              : gale__fail(GALE_ETOOBIG,
                                                           "route %s: the match "
                                                           "took too long",
                                                           pattern->text);
    return ret_arguments ? take_groups(pattern, subject, arena, ret_arguments) : 1;
}

/* ---- Reversing ------------------------------------------------------------------------- */

/* Copies the text of a pattern outside its groups; false when it stands for more than itself. */
static bool copy_outside(gale__buffer *out, const char **at)
{
    if (**at != '\\') {
        gale__buffer_append_char(out, **at);
    } else {
        ++*at;
        char next = **at;
        bool letter = (next >= '0' && next <= '9') || ((next | 32) >= 'a' && (next | 32) <= 'z');
        if (letter || !next)
            return false;
        gale__buffer_append_char(out, next);
    }
    ++*at;
    return true;
}

/* Skips one group, nested ones included; NULL when the pattern ends first. */
static const char *skip_group(const char *at)
{
    int depth = 0;
    for (; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == '(')
            depth++;
        else if (*at == ')' && --depth == 0)
            return at + 1;
    }
    return NULL;
}

static int reverse(const gale__route_pattern *pattern, gale__buffer *out,
                   const char *const *arguments, size_t count)
{
    size_t used = 0;
    const char *at = pattern->text;
    if (*at == '^')
        at++;
    while (at && *at && !(*at == '$' && !at[1])) {
        if (*at == '(' && used < count) {
            gale_str argument = { arguments[used], strlen(arguments[used]) };
            gale__url_escape(out, argument, false);
            used++;
            at = skip_group(at);
        } else if (*at == '(' || !copy_outside(out, &at)) {
            at = NULL;
        }
    }
    if (!at || used != count)
        return gale__fail(GALE_EINVALID, "Cannot reverse url regex %s", pattern->text);
    return out->error;
}

int gale__route_pattern_reverse(const gale__route_pattern *pattern, const char *const *arguments,
                                size_t count, gale_bytes **ret_path)
{
    if (count != pattern->group_count)
        return gale__fail(GALE_EINVALID, "route %s takes %u arguments, not %zu", pattern->text,
                          pattern->group_count, count);
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    int result = pattern->literal ? gale__buffer_append(&out, pattern->text, pattern->size)
                                  : reverse(pattern, &out, arguments, count);
    if (result >= 0) {
        gale_str text = gale__buffer_str(&out);
        *ret_path = gale_bytes_new(text.data, text.len);
        result = *ret_path ? 0 : -ENOMEM;
    }
    gale__buffer_clear(&out);
    return result;
}
