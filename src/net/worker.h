/* SPDX-License-Identifier: Apache-2.0 */
/* The words between a supervisor and its workers, each a byte on a socket of their own. */
#ifndef GALE_NET_WORKER_H
#define GALE_NET_WORKER_H

#include <stdbool.h>

#define GALE__SERVES "s"  /* worker, or successor: it accepts connections */
#define GALE__READY "y"   /* worker: it is ready, and has no sockets */
#define GALE__UPGRADE "u" /* worker: somebody has asked for an upgrade */
#define GALE__RETIRE "r"  /* supervisor: your successor serves */

/* A worker's end, or -1 outside workers. */
int gale__worker_channel(void);
/* Says a word to the supervisor. Returns 0 or -errno. */
int gale__worker_say(char word);

/* Makes this process the supervisor of `count` children, in which it returns their number; or
 * returns -ENOMEM or -errno. */
int gale__supervise(int count, int max_restarts);
/* In a child: who it is from now on. */
void gale__worker_become(int id, int channel);

#endif
