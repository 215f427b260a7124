/* SPDX-License-Identifier: Apache-2.0 */
/* Answers each line with the same line. Tornado's demo: tcpecho/server.py.
 * Try it: tcpecho_server --port=8888 and tcpecho_client --port=8888 hello */
#include <gale/gale.h>

static int port = 8888;

static int handle_stream(gale_iostream *stream, const gale_address *address, void *arg)
{
    char peer[GALE_ADDRESS_TEXT_MAX];
    gale_str line;
    int result = 0;
    (void)arg;
    while (result == 0) {
        result = gale_iostream_read_until(stream, "\n", 0, &line);
        if (result == 0)
            result = gale_iostream_write(stream, line.data, line.len);
    }
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_INFO, "lost client at %s",
             gale_address_text(address, peer));
    return result;
}

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_tcp_server *server = gale_tcp_server_new(handle_stream, NULL, NULL);
    if (gale_tcp_server_listen(server, port, NULL) == 0)
        gale_log(GALE_LOG_APPLICATION, GALE_LOG_INFO, "listening on TCP port %d", port);
    return gale_ioloop_start(gale_ioloop_current());
}
