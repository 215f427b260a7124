/* SPDX-License-Identifier: Apache-2.0 */
/* Hello, world from several processes, which a supervisor starts again when they die:
 * workers --port=8888 --workers=4. Without --workers: one for each CPU. */
#include <gale/gale.h>

static int port = 8888, workers;

static int get(gale_handler *self)
{
    return gale_write(self, "Hello, world");
}

static const gale_handler_class main_handler = { .get = get };

int main(int argc, char **argv)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_worker_sockets *all;
    gale_define_int("port", &port, "run on the given port");
    gale_define_int("workers", &workers, "processes; 0: one for each CPU");
    gale_parse_command_line(argc, argv);
    if (workers <= 0)
        workers = gale_cpu_count();
    if (gale_worker_sockets_bind(workers, port, NULL, &all) < 0 ||
        gale_fork_processes(workers, -1) < 0) {
        fprintf(stderr, "%s\n", gale_error_detail());
        return 1;
    }
    int count = gale_worker_sockets_take(all, sockets);
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler }, { 0 } };
    gale_application_listen_sockets(gale_application_new(routes, NULL), sockets, count);
    return gale_ioloop_start(gale_ioloop_current());
}
