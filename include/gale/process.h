/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/process.h: worker processes under a supervisor. Tornado's counterpart: tornado.process.
 *
 * With sockets that all workers share:
 *
 *     int sockets[GALE_BIND_SOCKETS_MAX];
 *     int count = gale_bind_sockets(8888, NULL, sockets);
 *     if (count < 0 || gale_fork_processes(0, -1) < 0)
 *         return 1;
 *     gale_tcp_server_add_sockets(server, sockets, count);
 *
 * With sockets of its own for each worker, among which the kernel spreads connections, and which
 * the supervisor keeps, so that a connection waits while its worker is restarted:
 *
 *     int workers = gale_cpu_count();
 *     gale_worker_sockets *all;
 *     if (gale_worker_sockets_bind(workers, 8888, NULL, &all) < 0 ||
 *         gale_fork_processes(workers, -1) < 0)
 *         return 1;
 *     count = gale_worker_sockets_take(all, sockets);
 */
#ifndef GALE_PROCESS_H
#define GALE_PROCESS_H

#include <gale/core.h>
#include <gale/netutil.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The processors that are online; at least 1. Tornado: process.cpu_count. */
GALE_API GALE_ANY_THREAD int gale_cpu_count(void);

/**
 * Makes this process the supervisor of `processes` (< 1: one for each CPU) copies of itself, in
 * each of which it returns the copy's number, from 0 on. The supervisor stays inside:
 *
 *   - A child that is killed by a signal or exits with another status than 0 is started again
 *     with its number, at once, or after a growing pause (0.1 s to 5 s) when it has lived less than
 *     a second. One that exits with 0 is not.
 *   - After more than `max_restarts` restarts in total (< 0: 100) it ends the other children.
 *   - SIGTERM and SIGINT are handed on to the children, which are then no longer restarted.
 *   - When no child is left it exits: with 0, or with 1 after too many restarts.
 *
 * Nothing that the children start before they return from here is known to the supervisor, and
 * it must have no loop that has run and no second thread: a child would have half of either.
 * Returns in the children only; or, before any child was made, GALE_ESTATE for these reasons or
 * inside a child, or -ENOMEM. A child that cannot be made is tried again each second. Tornado:
 * process.fork_processes.
 */
GALE_API int gale_fork_processes(int processes, int max_restarts);

/** The number of this process among its supervisor's children, or -1. Tornado: process.task_id. */
GALE_API int gale_task_id(void);

/** A set of listening sockets for each worker. */
typedef struct gale_worker_sockets gale_worker_sockets;

/**
 * Opens `workers` sets of sockets as gale_bind_sockets does, all of them on the same port, with
 * SO_REUSEPORT; before gale_fork_processes. Returns 0, the error of gale_bind_sockets, -ENOMEM or
 * GALE_EINVALID for less than one worker.
 */
GALE_API int gale_worker_sockets_bind(int workers, int port, const gale_bind_options *options,
                                      gale_worker_sockets **ret_sockets);
/**
 * In a worker: stores the descriptors of its set (of set 0 outside a worker) in `sockets`, which
 * has room for GALE_BIND_SOCKETS_MAX, closes all others, and frees `all`. Returns how many they
 * are, or GALE_EINVALID when there is no such set.
 */
GALE_API int gale_worker_sockets_take(gale_worker_sockets *all, int *sockets);
/** Closes all of them and frees. NULL is allowed. */
GALE_API void gale_worker_sockets_free(gale_worker_sockets *all);

#ifdef __cplusplus
}
#endif

#endif
