/* SPDX-License-Identifier: Apache-2.0 */
/* A server that is replaced while it serves: upgrade --port=8888 [--workers=4]. Build a new one,
 * then `kill -USR2 PID`: the new program takes the sockets over, the old one answers what it has,
 * and no request is lost. A page says which process answers; /upgrade does what the signal does. */
#include <gale/gale.h>
#include <unistd.h>

static int port = 8888, workers;

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

/* The sockets of this process, which is one of several from then on. */
static int fork_workers(int *sockets)
{
    gale_worker_sockets *all;
    GALE_TRY(gale_worker_sockets_bind(workers, port, NULL, &all));
    GALE_TRY(gale_fork_processes(workers, -1));
    return gale_worker_sockets_take(all, sockets);
}

int main(int argc, char **argv)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_define_int("port", &port, "run on the given port");
    gale_define_int("workers", &workers, "processes; 0: this one");
    gale_parse_command_line(argc, argv);
    int count = workers > 0 ? fork_workers(sockets) : gale_bind_sockets(port, NULL, sockets);
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
