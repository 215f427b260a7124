/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program is given that takes this one's place. Its sockets are found by looking through
 * our descriptors for what listens, so that nobody has to keep a list: whatever listens is handed
 * over.
 */
#ifndef GALE_NET_HANDOVER_H
#define GALE_NET_HANDOVER_H

#include "core/buffer.h"

/* Strings one behind the other, each ended by a NUL, and pointers to them. */
typedef struct gale__string_list {
    gale__buffer text;
    const char **items; /* ended by NULL; made by gale__string_list_index */
} gale__string_list;

void gale__string_list_init(gale__string_list *self);
void gale__string_list_clear(gale__string_list *self);
/* Makes the pointers, once the text is complete. Returns 0 or the error of the text. */
int gale__string_list_index(gale__string_list *self);

/* Fills a list with the command line of this process. Returns 0, -ENOMEM or -errno. */
int gale__command_line_read(gale__string_list *self);
/* Stores the descriptors that listen, at most GALE__INHERITED_MAX. Returns how many there are,
 * or -errno. */
int gale__listening_sockets(int *sockets);

#endif
