/* SPDX-License-Identifier: Apache-2.0 */
/* Sends each argument, or "hello", to the WebSocket server at --url (websocket_echo), and prints
 * what comes back. */
#include <gale/gale.h>

static const char *url;
static int port = 8888;

static int exchange(void *arg)
{
    gale_websocket *socket;
    gale_websocket_message message;
    GALE_TRY(gale_websocket_connect(url ? url : gale_sprintf("ws://localhost:%d/", port), NULL,
                                    &socket));
    for (char **text = arg; *text; text++) {
        GALE_TRY(gale_write_message(socket, *text));
        GALE_TRY(gale_read_message(socket, &message));
        printf("%.*s\n", (int)message.size, message.data);
    }
    return gale_websocket_close(socket, 1000, NULL);
}

static int exchange_or_tell(void *arg)
{
    int result = exchange(arg);
    if (result < 0)
        fprintf(stderr, "%s: %s\n", gale_strerror(result), gale_error_detail());
    return result;
}

int main(int argc, char **argv)
{
    gale_define_str("url", &url, "connect to this URL");
    gale_define_int("port", &port, "without --url: connect to this port here");
    int rest = gale_parse_command_line(argc, argv);
    char **messages = rest < argc ? argv + rest : (char *[]){ "hello", NULL };
    return gale_ioloop_run_sync(gale_ioloop_current(), exchange_or_tell, messages, 0) < 0;
}
