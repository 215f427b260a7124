/* SPDX-License-Identifier: Apache-2.0 */
/* Sends back what it gets at ws://localhost:8888/. */
#include <gale/gale.h>

static int on_message(gale_websocket *self, gale_str message, bool binary)
{
    return binary ? gale_write_message_binary(self, message.data, message.len)
                  : gale_write_message_str(self, message);
}

static const gale_websocket_class echo = { .on_message = on_message };
static const gale_handler_class echo_handler = { .websocket = &echo };

static int port = 8888;

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/", .handler = &echo_handler }, { 0 } };
    gale_application *app = gale_application_new(routes, NULL);
    gale_application_listen(app, port);
    return gale_ioloop_start(gale_ioloop_current());
}
