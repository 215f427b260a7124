/* SPDX-License-Identifier: Apache-2.0 */
/* Hello, world from several processes, which a supervisor starts again when they die:
 * workers --port=8888 --workers=4. Without --workers: one for each CPU. */
#include <gale/gale.h>

#include "port.h"

static int get(gale_handler *self)
{
    return gale_write(self, "Hello, world");
}

static const gale_handler_class main_handler = { .get = get };

/* The value of a last argument --workers=N, which is taken off the command line. */
static int workers_option(int *argc, char **argv)
{
    const char *last = argv[*argc - 1];
    if (*argc < 2 || strncmp(last, "--workers=", 10) != 0)
        return gale_cpu_count();
    --*argc;
    return atoi(last + 10);
}

int main(int argc, char **argv)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_worker_sockets *all;
    int workers = workers_option(&argc, argv);
    if (gale_worker_sockets_bind(workers, port_option(argc, argv), NULL, &all) < 0 ||
        gale_fork_processes(workers, -1) < 0) {
        fprintf(stderr, "%s\n", gale_error_detail());
        return 1;
    }
    int count = gale_worker_sockets_take(all, sockets);
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler }, { 0 } };
    gale_application_listen_sockets(gale_application_new(routes, NULL), sockets, count);
    return gale_ioloop_start(gale_ioloop_current());
}
