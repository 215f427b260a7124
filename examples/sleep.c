/* SPDX-License-Identifier: Apache-2.0 */
/* A handler that waits, in a straight line: GET /?seconds=2 */
#include <gale/gale.h>

static int port = 8888;

static int get(gale_handler *self)
{
    const char *text = gale_get_argument(self, "seconds", "1");
    double seconds = text ? strtod(text, NULL) : 0;
    if (!(seconds >= 0 && seconds <= 60))
        return gale_http_error(self, 400, "seconds must be from 0 to 60");
    GALE_TRY(gale_sleep(seconds));
    return gale_writef(self, "slept for %g seconds\n", seconds);
}

static const gale_handler_class sleep_handler = { .name = "sleep", .get = get };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/", .handler = &sleep_handler }, { 0 } };
    gale_application *app = gale_application_new(routes, NULL);
    gale_application_listen(app, port);
    return gale_ioloop_start(gale_ioloop_current());
}
