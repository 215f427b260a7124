/* SPDX-License-Identifier: Apache-2.0 */
/* A program for each request: POST text, and it comes back sorted, by sort(1).
 * curl --data-binary @/etc/services http://localhost:8888/ */
#include <gale/gale.h>
#include <signal.h>

static int port = 8888;

/* However the request ends, also when the client leaves while sort still runs. */
static void end_child(void *arg)
{
    gale_subprocess_send_signal(arg, SIGTERM);
    gale_subprocess_free(arg);
}

static int post(gale_handler *self)
{
    static const char *const arguments[] = { "sort", NULL };
    static const gale_subprocess_options pipes = { .stdin_fd = GALE_SUBPROCESS_STREAM,
                                                   .stdout_fd = GALE_SUBPROCESS_STREAM };
    gale_str sorted, text = gale_http_server_request_body(gale_handler_request(self));
    gale_subprocess *sort;
    GALE_TRY(gale_subprocess_new(arguments, &pipes, &sort));
    GALE_TRY(gale_defer(end_child, sort));
    /* sort reads all before it writes. A program that does not would wait for us to read, and we
     * for it: write in a task of its own then (gale_spawn). */
    GALE_TRY(gale_iostream_write(gale_subprocess_stdin(sort), text.data, text.len));
    gale_iostream_close(gale_subprocess_stdin(sort));
    GALE_TRY(gale_iostream_read_until_close(gale_subprocess_stdout(sort), &sorted));
    GALE_TRY(gale_subprocess_wait_for_exit(sort, NULL));
    return gale_write_bytes(self, sorted.data, sorted.len);
}

static const gale_handler_class sort_handler = { .post = post };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/", .handler = &sort_handler }, { 0 } };
    gale_application_listen(gale_application_new(routes, NULL), port);
    return gale_ioloop_start(gale_ioloop_current());
}
