/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/autoreload.h: starts the program again when it was built anew. Tornado's counterpart:
 * tornado.autoreload.
 *
 * The settings `debug` and `autoreload` of an application call gale_autoreload_start; most
 * programs need nothing else. What is watched:
 *
 *   - the program's own file, and the shared objects that it runs with (also those that are loaded
 *     later) which lie in directories that the user may write to;
 *   - what was given to gale_autoreload_watch: files that are read once, as a configuration.
 *
 * Once one of them has changed, and the program's file is whole again (executable, no longer being
 * written, no half of an ELF file):
 *
 *   1. "FILE modified; restarting server" is logged (INFO). The application stops accepting, but
 *      its listening sockets stay open: who connects meanwhile waits. Requests in flight are
 *      finished, idle connections are closed after 0.1 s; what takes 0.25 s more is cancelled.
 *   2. The reload hooks run.
 *   3. The process executes the program anew: with the same process id, arguments, environment and
 *      working directory. It finds the listening sockets when it asks gale_bind_sockets and its
 *      like for the same addresses, as after gale_upgrade.
 *
 * A file that is no program is told in the log (WARNING), and changes nothing. A new program that
 * fails has taken the old one's place, and its failure is the process's: to go on serving the old
 * one until the new one serves is what gale_upgrade does.
 *
 * It is for development. In workers of gale_fork_processes nothing is watched; their supervisor
 * starts the program anew at SIGUSR2 (see gale_upgrade). Descriptors of one's own should be
 * close-on-exec, as all of gale's are.
 */
#ifndef GALE_AUTORELOAD_H
#define GALE_AUTORELOAD_H

#include <gale/ioloop.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Begins to watch on the current loop, and does so while it runs. The files are looked at every
 * `check_time` seconds (0: 0.5), and at once when the system tells of a change (inotify). Once for
 * each loop, later calls change nothing; a second loop of the process is told of in the log
 * (WARNING). Returns 0 or -ENOMEM. Tornado: autoreload.start.
 */
GALE_API int gale_autoreload_start(double check_time);
/**
 * Adds a file to those that are watched, for the current loop; before or after
 * gale_autoreload_start, and before the file is read, so that no change is missed. One that is
 * missing is a change when it appears; one that disappears is not, until it is there again.
 * `filename` is copied; a relative one is resolved against the working directory of this moment.
 * Returns 0 or -ENOMEM. Tornado: autoreload.watch.
 */
GALE_API int gale_autoreload_watch(const char *filename);
/**
 * Has `hook(arg)` run on the current loop before the program is started again, in the order of
 * the calls; no request is in flight any more. It must not suspend. What it closes stays closed
 * when the program then cannot be executed: that is logged, and gale_ioloop_start returns 1.
 * Returns 0 or -ENOMEM. Tornado: autoreload.add_reload_hook.
 */
GALE_API int gale_autoreload_add_reload_hook(gale_callback hook, void *arg);
/**
 * Watches, and runs the current loop until the program is started again: at the end of a program
 * that does its work and ends, as one that runs tests. Returns only when the loop was stopped, or
 * could not run: the exit status, as gale_ioloop_start does. Tornado: autoreload.wait.
 */
GALE_API int gale_autoreload_wait(void);

#ifdef __cplusplus
}
#endif

#endif
