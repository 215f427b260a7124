/* SPDX-License-Identifier: Apache-2.0 */
/* A form, and what was sent with it. */
#include <gale/gale.h>

static int port = 8888;

static int get(gale_handler *self)
{
    return gale_write(self, "<form method=\"post\">"
                            "<p><input name=\"name\" placeholder=\"your name\">"
                            "<p><input name=\"guests\" type=\"number\" value=\"1\">"
                            "<p><button>Send</button></form>");
}

static int post(gale_handler *self)
{
    const char *name = gale_get_body_argument(self, "name", NULL); /* else 400 */
    const char *guests = gale_get_body_argument(self, "guests", "1");
    GALE_TRY(gale_set_header(self, "Content-Type", "text/plain; charset=UTF-8"));
    return name ? gale_writef(self, "%s comes with %s\n", name, guests) : 0;
}

static const gale_handler_class form_handler = { .name = "form", .get = get, .post = post };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/", .handler = &form_handler }, { 0 } };
    gale_application_listen(gale_application_new(routes, NULL), port);
    return gale_ioloop_start(gale_ioloop_current());
}
