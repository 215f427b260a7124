/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of gale_http_arguments: a growing list of pairs, in an arena. */
#ifndef GALE_PROTO_ARGUMENTS_H
#define GALE_PROTO_ARGUMENTS_H

#include <gale/httputil.h>

#include "core/arena.h"

struct gale_http_arguments {
    gale__arena *arena;
    gale_http_argument *pairs;
    size_t count, capacity;
};

void gale__http_arguments_init(gale_http_arguments *arguments, gale__arena *arena);

/* Room for `more` pairs. */
int gale__http_arguments_reserve(gale_http_arguments *arguments, size_t more);

/* Appends a pair as it is; both texts are NUL-terminated and live as long as the arena. */
int gale__http_arguments_append(gale_http_arguments *arguments, gale_str name, gale_str value);

/* As gale_http_arguments_parse and gale_parse_cookie, appending to `arguments`, whose arena keeps
 * a copy of the text. */
int gale__http_arguments_parse(gale_http_arguments *arguments, gale_str text, int max_pairs);
int gale__http_cookies_parse(gale_http_arguments *cookies, gale_str text);

#endif
