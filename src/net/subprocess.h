/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GALE_NET_SUBPROCESS_H
#define GALE_NET_SUBPROCESS_H

#include "net/net.h"

/* Forgets the children that still run. */
void gale__subprocesses_abandon(gale__net *net);

/* For tests: as on a kernel without pidfd. */
extern bool gale__subprocess_without_pidfd;

/* The three descriptors that a child shall have as its standard ones; all of ours are above
 * those and close-on-exec. */
typedef struct gale__spawn_files {
    int fds[3]; /* -1: it inherits ours */
    bool stderr_is_stdout;
} gale__spawn_files;

/* Starts a program. Returns its pid or -errno. */
struct gale_subprocess_options;
pid_t gale__spawn(const char *const *arguments, const struct gale_subprocess_options *options,
                  const gale__spawn_files *files);

#endif
