/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process does when it begins to serve: it tells its predecessor, its supervisor or its
 * service manager, and from then on listens to them and to SIGUSR2.
 */
#ifndef GALE_NET_READINESS_H
#define GALE_NET_READINESS_H

#include "net/net.h"

/* A socket of `loop` has begun to accept. The first such loop stands for the process. */
void gale__readiness_serving(gale_ioloop *loop);
/* Its loop ends. */
void gale__readiness_end(gale__net *net);
/* The loop that stands for the process, or NULL. */
gale_ioloop *gale__readiness_loop(void);
/* Tells who waits for this process, which is no worker, that it serves. */
void gale__readiness_announce(void);
/* The same for a predecessor only. */
void gale__readiness_tell_predecessor(void);
/* Whether SIGUSR2 is ours to take. */
bool gale__readiness_takes_signal(void);

#endif
