/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long polling: GET / waits until another request posts a message.
 *
 *   curl http://localhost:8888/                      waits
 *   curl --data "good morning" http://localhost:8888/   is told to all who wait
 */
#include <gale/gale.h>

static int port = 8888;

static gale_condition *posted;
static gale_bytes *message;

static int get(gale_handler *self)
{
    GALE_TRY(gale_condition_wait(posted));
    gale_str text = gale_bytes_str(message);
    return gale_write_bytes(self, text.data, text.len);
}

static int post(gale_handler *self)
{
    gale_str body = gale_http_server_request_body(gale_handler_request(self));
    gale_bytes_unref(message);
    message = gale_bytes_new(body.data, body.len);
    if (!message)
        return gale_http_error(self, 503, "out of memory");
    gale_condition_notify_all(posted);
    return gale_set_status(self, 204, NULL);
}

static const gale_handler_class poll_handler = { .name = "poll", .get = get, .post = post };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/", .handler = &poll_handler }, { 0 } };
    gale_application *app = gale_application_new(routes, NULL);
    posted = gale_condition_new();
    gale_application_listen(app, port);
    int status = gale_ioloop_start(gale_ioloop_current());
    gale_ioloop_free(gale_ioloop_current());
    gale_condition_free(posted);
    gale_bytes_unref(message);
    return status;
}
