/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GALE_NET_SUBPROCESS_H
#define GALE_NET_SUBPROCESS_H

#include <gale/process.h>

#include "net/net.h"

/* Forgets the children that still run. */
void gale__subprocesses_abandon(gale__net *net);

/* For tests: as on a kernel without pidfd. */
extern bool gale__subprocess_without_pidfd;

/* The descriptors that a child shall have; all of ours are close-on-exec, and above its own. */
typedef struct gale__spawn_files {
    int fds[3]; /* its standard ones; -1: it inherits ours */
    bool stderr_is_stdout;
    const int *passed; /* become 3, 4, ... */
    int passed_count;
} gale__spawn_files;

/* Starts `program`; of the options environment, directory, start_new_session and inherit_fds.
 * Returns its pid or -errno. */
pid_t gale__spawn(const char *program, const char *const *arguments,
                  const gale_subprocess_options *options, const gale__spawn_files *files);

/* Watches a child that gale__spawn has started, and that nobody has waited for. On failure it is
 * killed. */
int gale__subprocess_adopt(pid_t pid, const char *name, gale_subprocess **ret_subprocess);

#endif
