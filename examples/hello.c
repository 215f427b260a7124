/* SPDX-License-Identifier: Apache-2.0 */
/* Hello, world. Tornado's twin: demos/helloworld. */
#include <gale/gale.h>

static int port = 8888;

static int get(gale_handler *self)
{
    return gale_write(self, "Hello, world");
}

static const gale_handler_class main_handler = { .get = get };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_option_parser_set(gale_options(), "logging", "warning"); /* info: a line each request */
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler }, { 0 } };
    gale_application *app = gale_application_new(routes, NULL);
    gale_application_listen(app, port);
    return gale_ioloop_start(gale_ioloop_current());
}
