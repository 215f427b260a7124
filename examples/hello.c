/* SPDX-License-Identifier: Apache-2.0 */
/* Hello, world. Tornado's twin: demos/helloworld. */
#include <gale/gale.h>

#include "port.h"

static int get(gale_handler *self)
{
    return gale_write(self, "Hello, world");
}

static const gale_handler_class main_handler = { .get = get };

int main(int argc, char **argv)
{
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler }, { 0 } };
    gale_application *app = gale_application_new(routes, NULL);
    gale_application_listen(app, port_option(argc, argv));
    return gale_ioloop_start(gale_ioloop_current());
}
