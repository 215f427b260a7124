/* SPDX-License-Identifier: Apache-2.0 */
/* Executing a program in place of this one, with its listening sockets (inherited.h). */
#ifndef GALE_NET_RESTART_H
#define GALE_NET_RESTART_H

#include "net/handover.h"

typedef struct gale__restart {
    gale__string_list arguments;
    gale__buffer sockets_text; /* the variable GALE_RELOAD */
    int count;
    int *sockets; /* copies, which stay open when the servers close theirs */
} gale__restart;

/* Collects arguments and sockets. Returns 0 or a negative error; it is to be cleared then, too. */
int gale__restart_prepare(gale__restart *self);
/* Executes the file at `path` once it is a whole program. Returns only a negative error. */
int gale__restart_execute(const gale__restart *self, const char *path);
/* Closes and frees what was collected. */
void gale__restart_clear(gale__restart *self);

#endif
