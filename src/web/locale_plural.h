/* SPDX-License-Identifier: Apache-2.0 */
/* The expression that chooses a plural form: C's, over `n`. GNU gettext, "Plural forms". */
#ifndef GALE_WEB_LOCALE_PLURAL_H
#define GALE_WEB_LOCALE_PLURAL_H

#include <gale/core.h>

enum { GALE__PLURAL_NODES = 256, GALE__PLURAL_DEPTH = 20 };

typedef struct gale__plural_node {
    uint8_t operation;
    uint16_t operands[3]; /* places of other nodes, all before this one */
    int64_t value;        /* of a number */
} gale__plural_node;

typedef struct gale__plural {
    uint16_t count; /* 0: one form for 1, another for the rest */
    gale__plural_node *nodes;
} gale__plural;

/* Returns 0; GALE_EINPUT, also when it is nested too deeply or too long; -ENOMEM. */
int gale__plural_parse(gale__plural *plural, gale_str expression);
void gale__plural_clear(gale__plural *plural);
/* The number of the form. A division by zero, and what overflows, give some number. */
int64_t gale__plural_form(const gale__plural *plural, int64_t n);

#endif
