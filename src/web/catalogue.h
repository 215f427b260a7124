/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of one language. They are collected, then sorted once and searched by halves: no
 * input can make that slow. Of two with the same key the last counts.
 */
#ifndef GALE_WEB_CATALOGUE_H
#define GALE_WEB_CATALOGUE_H

#include <gale/core.h>

#include "core/arena.h"

/* What a message is a translation of. gettext's plural forms count up from FORM. */
enum {
    GALE__MESSAGE_UNKNOWN = 0,
    GALE__MESSAGE_SINGULAR,
    GALE__MESSAGE_PLURAL,
    GALE__MESSAGE_FORM
};

typedef struct gale__message {
    gale_str key;
    const char *translation;
    unsigned kind;
    unsigned number; /* in the order of adding */
} gale__message;

typedef struct gale__catalogue {
    gale__arena *arena; /* of the texts; borrowed */
    gale__message *messages;
    size_t count, capacity;
} gale__catalogue;

void gale__catalogue_init(gale__catalogue *catalogue, gale__arena *arena);
void gale__catalogue_clear(gale__catalogue *catalogue);
/* Both texts are copied. Returns 0 or -ENOMEM. */
int gale__catalogue_add(gale__catalogue *catalogue, unsigned kind, gale_str key,
                        gale_str translation);
/* To be called once, after the last was added. */
void gale__catalogue_sort(gale__catalogue *catalogue);
/* NULL when there is none. `context` may be NULL: it is part of the key, before a byte 4. */
const char *gale__catalogue_find(const gale__catalogue *catalogue, unsigned kind,
                                 const char *context, const char *message);

#endif
