/* SPDX-License-Identifier: Apache-2.0 */
/* A program of somebody else's: hello on the port that its only argument names. */
#include <stdlib.h>

#include <gale/gale.h>

static int get(gale_handler *self)
{
    return gale_write(self, "Hello, world");
}

static const gale_handler_class main_handler = { .get = get };

int main(int argc, char **argv)
{
    gale_application *app =
        gale_application_new((gale_route[]){ { "/", &main_handler }, { 0 } }, NULL);
    gale_application_listen(app, argc > 1 ? atoi(argv[1]) : 8888);
    return gale_ioloop_start(gale_ioloop_current());
}
