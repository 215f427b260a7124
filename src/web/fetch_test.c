/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers that fetch: from another handler of the same loop. */
#include <gale/httpclient.h>

#include "web/web_test.h"

static int port;

static const char *url_of(const char *path)
{
    return gale_sprintf("http://127.0.0.1:%d%s", port, path);
}

static int greeting_get(gale_handler *self)
{
    return gale_writef(self, "Hello, %s", gale_get_argument(self, "name", "you"));
}

static int hanging_get(gale_handler *self)
{
    (void)self;
    note("asked");
    int result = gale_sleep(10);
    note(result == GALE_ECANCELED ? "left" : "slept");
    return result;
}

/* The greeting, or what the fetch has failed with. */
static int via_get(gale_handler *self)
{
    gale_http_response *response;
    GALE_TRY(gale_fetch(url_of(gale_get_query_argument(self, "path", "/greeting?name=gale")), NULL,
                        &response));
    return gale_write(self, gale_http_response_body(response));
}

/* A status of the other server that is looked at. */
static int status_get(gale_handler *self)
{
    gale_http_response *response;
    int result = gale_fetch(url_of("/nothing"), NULL, &response);
    if (result == GALE_EHTTP && gale_http_response_code(response) == 404)
        return gale_http_error(self, 410, "no longer");
    return result;
}

static const gale_handler_class greeting = { .get = greeting_get },
                                hanging = { .get = hanging_get }, via = { .get = via_get },
                                status = { .get = status_get };

static void start(void)
{
    static const gale_route routes[] = { ROUTE("/greeting", greeting),
                                         ROUTE("/hanging", hanging),
                                         ROUTE("/via", via),
                                         ROUTE("/status", status),
                                         { 0 } };
    port = serve_routes(routes);
}

TEST(a_handler_that_fetches)
{
    start();
    for (int i = 0; i < 3; i++)
        assert_body(port, "/via", "Hello, gale");
    stop();
}

TEST(a_failed_fetch_is_a_500)
{
    start();
    test_expect_log(GALE_LOG_WARNING, "404 GET /nothing");
    test_expect_log(GALE_LOG_ERROR, "HTTP 404: Not Found");
    test_expect_log(GALE_LOG_ERROR, "500 GET /via");
    assert_status(port, "/via?path=/nothing", "500 Internal Server Error");
    test_expect_log(GALE_LOG_WARNING, "404 GET /nothing");
    test_expect_log(GALE_LOG_WARNING, "no longer");
    test_expect_log(GALE_LOG_WARNING, "410 GET /status");
    assert_status(port, "/status", "410 Gone");
    stop();
}

static int ask_and_leave(void *arg)
{
    static const char request[] = GET("/via?path=/hanging");
    gale_iostream *stream;
    (void)arg;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", port, NULL, &stream));
    GALE_TRY(gale_iostream_write(stream, request, sizeof request - 1));
    while (!strstr(trace, "asked"))
        GALE_TRY(gale_sleep(0.001));
    gale_iostream_free(stream);
    while (!strstr(trace, "left"))
        GALE_TRY(gale_sleep(0.001));
    return 0;
}

/* The client leaves, so its handler is cancelled, so its fetch is, so the other server's handler.
 */
TEST(a_fetch_ends_with_its_handler)
{
    start();
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_and_leave, NULL, 5));
    assert_trace("asked left");
    stop();
}

GALE_TEST_MAIN
