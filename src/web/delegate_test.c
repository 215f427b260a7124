/* SPDX-License-Identifier: Apache-2.0 */
/* Applications side by side with what is none. */
#include "web/web_test.h"

static int answer_itself(gale_http_message_delegate *self, gale_http_connection *connection)
{
    (void)self;
    return gale_http_connection_write_headers(connection, 200, NULL, NULL, "OTHER", 5);
}

static gale_http_connection *other_connection;

static void finish_itself(gale_http_message_delegate *self)
{
    (void)self;
    gale_http_connection_finish(other_connection);
}

/* Is no application, and knows nothing of handlers. */
static gale_http_message_delegate *start_other(gale_http_server_connection_delegate *self,
                                               gale_http_connection *connection)
{
    static const gale_http_message_delegate_operations operations = { .headers_received =
                                                                          answer_itself,
                                                                      .finish = finish_itself };
    static gale_http_message_delegate message = { &operations };
    (void)self;
    other_connection = connection;
    return &message;
}

static int show_reversed(gale_handler *self)
{
    return gale_write(self, gale_reverse_url(self, "gale", NULL, 0));
}

/* Tornado: WSGIContainerTestCase */
TEST(an_application_beside_something_else)
{
    static const gale_handler_class reversing_handler = { .get = show_reversed };
    static const gale_route inner[] = { ROUTE("/gale/test", reversing_handler, .name = "gale"),
                                        { 0 } };
    static const gale_http_server_connection_delegate_operations operations = { .start_request =
                                                                                    start_other };
    gale_http_server_connection_delegate other = { &operations };
    gale_application *application = gale_application_new(inner, NULL);
    gale_route routes[] = { { .pattern = "/gale.*",
                              .delegate = gale_application_delegate(application) },
                            { .pattern = "/other", .delegate = &other },
                            { 0 } };
    int port = serve_routes(routes);
    assert_body(port, "/gale/test", "/gale/test");
    char *answer = ask(port, GET("/other"));
    assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
    assert_non_null(strstr(answer, "OTHER"));
    free(answer);
    test_expect_log(GALE_LOG_WARNING, "404 GET /gale/missing ");
    assert_status(port, "/gale/missing", "404 Not Found");
    test_expect_log(GALE_LOG_WARNING, "404 GET /404 ");
    assert_status(port, "/404", "404 Not Found");
    stop();
}

GALE_TEST_MAIN
