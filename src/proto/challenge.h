/* SPDX-License-Identifier: Apache-2.0 */
/* What WWW-Authenticate and Proxy-Authenticate ask for (RFC 9110 §11.6.1): a list of challenges,
 * each a scheme with parameters, whose commas are those of the list, too. */
#ifndef GALE_PROTO_CHALLENGE_H
#define GALE_PROTO_CHALLENGE_H

#include "core/arena.h"

typedef struct gale__challenge {
    gale_str scheme;     /* a token */
    gale_str parameters; /* for gale__challenge_parameter; or a token68, or empty */
} gale__challenge;

/* Takes the challenge at the front of *header. Returns 1, 0 at the end, or GALE_EINPUT. */
int gale__challenge_next(gale_str *header, gale__challenge *ret);
/* The first parameter of that name (lower case): a NUL-terminated copy without quotes. `data` is
 * NULL when there is none, or the memory is out (arena->failed). */
gale_str gale__challenge_parameter(gale__arena *arena, gale_str parameters, const char *name);

#endif
