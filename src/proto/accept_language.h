/* SPDX-License-Identifier: Apache-2.0 */
/* The header Accept-Language: RFC 9110 §12.5.4. */
#ifndef GALE_PROTO_ACCEPT_LANGUAGE_H
#define GALE_PROTO_ACCEPT_LANGUAGE_H

#include <gale/core.h>

/* A language with its weight in thousandths; 0: not wanted. */
typedef struct gale__language {
    gale_str range; /* as it was sent, for example "de-CH" or "*" */
    int weight;
} gale__language;

/* Takes the next language from the front of the header's value; false at the end. A weight counts
 * as the first parameter only, as in Tornado; what is none is 0, more than 1 is 1. */
bool gale__accept_language_next(gale_str *value, gale__language *ret_language);

#endif
