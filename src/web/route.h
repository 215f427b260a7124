/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pattern: compiled, matched, reversed. A pattern without metacharacters is compared by
 * length and memcmp; others are PCRE2 expressions anchored at both ends.
 */
#ifndef GALE_WEB_ROUTE_H
#define GALE_WEB_ROUTE_H

#include <gale/web.h>

#include "core/arena.h"

typedef struct gale__route_pattern {
    char *text; /* of a literal, or the source of an expression */
    size_t size;
    bool literal;
    struct pcre2_real_code_8 *code;
    struct pcre2_real_match_data_8 *match_data;
    uint32_t group_count;
    char **group_names; /* by group, from 0; NULL when the groups are unnamed */
} gale__route_pattern;

typedef struct gale__path_arguments {
    const gale__route_pattern *pattern;
    size_t count;
    gale_str values[]; /* percent-decoded and NUL-terminated; data NULL: took no part */
} gale__path_arguments;

/* Of a route without groups. */
extern const gale__path_arguments gale__no_path_arguments;

/* GALE_EINVALID with a detail for a pattern that does not compile or mixes named and unnamed
 * groups; -ENOMEM. */
int gale__route_pattern_compile(gale__route_pattern *pattern, const char *text);
void gale__route_pattern_free(gale__route_pattern *pattern);

/* The slow path of gale__route_pattern_match. */
GALE__APART int gale__route_pattern_match_expression(const gale__route_pattern *pattern,
                                                     gale_str subject, gale__arena *arena,
                                                     const gale__path_arguments **ret_arguments);

/* 1 when it matches, and *ret_arguments are its groups, if it has any; 0 when not; -ENOMEM, or
 * GALE_ETOOBIG when the match took too long. `ret_arguments` NULL: not wanted. */
static inline int gale__route_pattern_match(const gale__route_pattern *pattern, gale_str subject,
                                            gale__arena *arena,
                                            const gale__path_arguments **ret_arguments)
{
    if (pattern->literal)
        return pattern->size == subject.len &&
               __builtin_memcmp(pattern->text, subject.data, subject.len) == 0;
    return gale__route_pattern_match_expression(pattern, subject, arena, ret_arguments);
}

/* The path that the pattern stands for, with its groups replaced. GALE_EINVALID with a detail
 * when it cannot be reversed or `count` is not its number of groups. */
int gale__route_pattern_reverse(const gale__route_pattern *pattern, const char *const *arguments,
                                size_t count, gale_bytes **ret_path);

#endif
