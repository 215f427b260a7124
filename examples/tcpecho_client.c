/* SPDX-License-Identifier: Apache-2.0 */
/* Sends each argument, or "ping", as a line and prints the answer. Tornado's demo:
 * tcpecho/client.py. */
#include <gale/gale.h>

static int port = 8888;

static int exchange(gale_iostream *stream, const char *message)
{
    gale_str reply;
    GALE_TRY(gale_iostream_write(stream, message, strlen(message)));
    GALE_TRY(gale_iostream_write(stream, "\n", 1));
    GALE_TRY(gale_iostream_read_until(stream, "\n", 0, &reply));
    return printf("%.*s", (int)reply.len, reply.data);
}

static int send_messages(void *arg)
{
    gale_iostream *stream = NULL;
    int result = gale_tcp_client_connect("localhost", port, NULL, &stream);
    for (char **message = arg; *message && result >= 0; message++)
        result = exchange(stream, *message);
    gale_iostream_free(stream);
    if (result < 0)
        fprintf(stderr, "%s\n", gale_error_detail());
    return result;
}

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "connect to the given port");
    int rest = gale_parse_command_line(argc, argv);
    char **messages = rest < argc ? argv + rest : (char *[]){ "ping", NULL };
    return gale_ioloop_run_sync(gale_ioloop_current(), send_messages, messages, 0) < 0;
}
