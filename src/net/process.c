/* SPDX-License-Identifier: Apache-2.0 */
/* Worker processes: who we are among them, and what has to be so before they are made. */
#include <gale/process.h>

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gale/ioloop.h>
#include <gale/log.h>

#include "core/error.h"
#include "core/sanitize.h"
#include "loop/executor.h"
#include "loop/loop.h"
#include "net/worker.h"

enum { MAX_RESTARTS = 100 };

static int task_id = -1;
static int worker_channel = -1;

int gale_task_id(void)
{
    return task_id;
}

int gale_cpu_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}

/* ---- As a worker ------------------------------------------------------------------------ */

int gale__worker_channel(void)
{
    return worker_channel;
}

void gale__worker_become(int id, int channel)
{
    task_id = id;
    worker_channel = channel;
}

int gale__worker_say(char word)
{
    return send(worker_channel, &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 ? 0 : -errno;
}

/* ---- Before there are any --------------------------------------------------------------- */

/* Each thread is a folder, which links to its parent. */
static bool has_threads(void)
{
    struct stat status;
    if (GALE__TSAN) /* which has a thread of its own */
        return gale__executor_threads_exist() > 0;
    return stat("/proc/self/task", &status) == 0 && status.st_nlink > 3;
}

static int check_state(void)
{
    gale_ioloop *loop = gale_ioloop_current_or_null();
    if (task_id >= 0)
        return gale__fail(GALE_ESTATE, "gale_fork_processes: this is a child already");
    if (loop && (loop->has_run || loop->backend))
        return gale__fail(GALE_ESTATE, "gale_fork_processes: the loop has run already; fork first");
    if (has_threads())
        return gale__fail(GALE_ESTATE, "gale_fork_processes: a thread runs already; fork first");
    return 0;
}

int gale_fork_processes(int processes, int max_restarts)
{
    GALE_TRY(check_state());
    int count = processes > 0 ? processes : gale_cpu_count();
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "Starting %d processes", count);
    return gale__supervise(count, max_restarts < 0 ? MAX_RESTARTS : max_restarts);
}
