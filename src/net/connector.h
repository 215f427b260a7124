/* SPDX-License-Identifier: Apache-2.0 */
/* The happy eyeballs: attempts on two lists of addresses, of which the first success wins. */
#ifndef GALE_NET_CONNECTOR_H
#define GALE_NET_CONNECTOR_H

#include <gale/iostream.h>

/* One attempt, in a task; it is cancelled when another one has won. On failure it leaves
 * *ret_stream alone. */
typedef int (*gale__attempt)(const gale_address *address, void *arg, gale_iostream **ret_stream);

/* How many of the addresses are in the first list after they were split, in place: those of the
 * first one's family. */
int gale__connector_split(gale_address *addresses, int count);
/* Suspends. `addresses` is split. Returns 0 and the stream, or the last error. */
int gale__connector_run(gale_address *addresses, int count, gale__attempt attempt, void *arg,
                        gale_iostream **ret_stream);

#endif
