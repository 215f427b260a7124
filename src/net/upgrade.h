/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting the program that is to succeed this process. It gets our listening sockets, and a pipe
 * to tell by when it serves (inherited.h). Who waits for that is a loop (gale_upgrade) or a
 * supervisor (process.c).
 */
#ifndef GALE_NET_UPGRADE_H
#define GALE_NET_UPGRADE_H

#include <gale/process.h>

#include "net/net.h"

typedef struct gale__successor {
    pid_t pid;    /* 0: none is on its way */
    int ready_fd; /* gives GALE__SERVES, or ends */
} gale__successor;

/* Starts it. Returns 0 or a negative error, which is logged. */
int gale__successor_start(gale__successor *self);
/* It has ended too early: logs how. `status` is of waitpid. */
void gale__successor_log_end(const gale__successor *self, int returncode);
/* It does not serve in time: logs that, and asks it to end. */
void gale__successor_give_up(const gale__successor *self);
/* It serves: logs that, and tells the service manager. */
void gale__successor_serves(const gale__successor *self);

/* With the defaults filled in. */
const gale_upgrade_options *gale__upgrade_options(void);
double gale__upgrade_idle_timeout(void);
/* The loop that waits for a successor ends. */
void gale__upgrade_abandon(const gale_ioloop *loop);
/* A successor of this process is on its way. */
bool gale__upgrade_is_under_way(void);
/* A successor of this process serves. */
bool gale__upgrade_succeeded(void);

#endif
