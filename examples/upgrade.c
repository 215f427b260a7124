/* SPDX-License-Identifier: Apache-2.0 */
/* A server that is replaced while it serves: upgrade --port=8888 [--workers=4]. Build a new one,
 * then `kill -USR2 PID`: the new program takes the sockets over, the old one answers what it has,
 * and no request is lost. A page says which process answers; /upgrade does what the signal does. */
#include <gale/gale.h>
#include <unistd.h>

#include "port.h"

static int get(gale_handler *self)
{
    return gale_writef(self, "process %d, worker %d\n", getpid(), gale_task_id());
}

static int post_upgrade(gale_handler *self)
{
    int result = gale_upgrade();
    return result < 0 ? gale_http_error(self, 409, "%s", gale_error_detail())
                      : gale_write(self, "a new process is starting\n");
}

static const gale_handler_class main_handler = { .get = get };
static const gale_handler_class upgrade_handler = { .post = post_upgrade };

/* The value of a last argument --workers=N, which is taken off the command line; else 0. */
static int workers_option(int *argc, char **argv)
{
    const char *last = argv[*argc - 1];
    if (*argc < 2 || strncmp(last, "--workers=", 10) != 0)
        return 0;
    --*argc;
    return atoi(last + 10);
}

/* The sockets of this process, which is one of several from then on. */
static int fork_workers(int workers, int port, int *sockets)
{
    gale_worker_sockets *all;
    GALE_TRY(gale_worker_sockets_bind(workers, port, NULL, &all));
    GALE_TRY(gale_fork_processes(workers, -1));
    return gale_worker_sockets_take(all, sockets);
}

int main(int argc, char **argv)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    int workers = workers_option(&argc, argv), port = port_option(argc, argv);
    gale_log_set_level(GALE_LOG_INFO);
    int count =
        workers > 0 ? fork_workers(workers, port, sockets) : gale_bind_sockets(port, NULL, sockets);
    if (count < 0) {
        fprintf(stderr, "%s\n", gale_error_detail());
        return 1;
    }
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler },
                            { .pattern = "/upgrade", .handler = &upgrade_handler },
                            { 0 } };
    gale_application_listen_sockets(gale_application_new(routes, NULL), sockets, count);
    return gale_ioloop_start(gale_ioloop_current());
}
