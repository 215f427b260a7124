/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done around all handlers: an id for each request, careful headers, CORS, a session; and a
 * limit for one of them. docs/middleware.md explains it.
 *
 *     curl -i -H "Origin: https://app.example" http://localhost:8888/
 *     for i in 1 2 3 4; do curl -ic jar -b jar http://localhost:8888/slow-down; done
 */
#include <gale/gale.h>

#include <errno.h>

static int port = 8888;

static int get(gale_handler *self)
{
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_WARNING, "this line has the id, too");
    json_t *session = gale_session(self);
    json_int_t visits = json_integer_value(json_object_get(session, "visits")) + 1;
    if (json_object_set_new(session, "visits", json_integer(visits)) < 0)
        return -ENOMEM;
    return gale_writef(self, "Request %s, visit %d\n", gale_request_id(self), (int)visits);
}

static const gale_handler_class main_handler = { .get = get };

static const char *const origins[] = { "https://app.example", NULL };
static const gale_cors_options cors = { .allow_origins = origins };
static const gale_rate_limit_options limit = { .rate = 0.5, .burst = 3 };

static const gale_filter limited[] = { { &gale_rate_limit_filter, &limit }, { 0 } };
static const gale_filter filters[] = {
    { &gale_request_id_filter, NULL },
    { &gale_security_headers_filter, NULL },
    { &gale_cors_filter, &cors },
    { &gale_session_filter, NULL },
    { 0 },
};

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = {
        { .pattern = "/", .handler = &main_handler },
        { .pattern = "/slow-down", .handler = &main_handler, .filters = limited },
        { 0 },
    };
    gale_application_settings settings = { .filters = filters,
                                           .cookie_secret = "put a long random text here" };
    gale_application *app = gale_application_new(routes, &settings);
    gale_application_listen(app, port);
    return gale_ioloop_start(gale_ioloop_current());
}
