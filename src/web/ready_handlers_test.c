/* SPDX-License-Identifier: Apache-2.0 */
/* Handler classes that come with gale; and taking the connection out of HTTP. */
#include <unistd.h>

#include "web/web_test.h"

static int show_path(gale_handler *self)
{
    return gale_write(self, gale_http_server_request_uri(gale_handler_request(self)));
}

static const gale_handler_class path_handler = { .get = show_path };

/* ---- Errors ---------------------------------------------------------------------------- */

TEST(an_error_handler)
{
    static int gone = 410;
    static const gale_route routes[] = { ROUTE("/gone", gale_error_handler, .arg = &gone),
                                         ROUTE("/none", gale_error_handler),
                                         { 0 } };
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_WARNING, "410 GET /gone ");
    assert_status(port, "/gone", "410 Gone");
    test_expect_log(GALE_LOG_WARNING, "410 POST /gone ");
    assert_answer(port, "POST /gone HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 410 Gone\r\n", "</html>");
    test_expect_log(GALE_LOG_WARNING, "404 GET /none ");
    assert_status(port, "/none", "404 Not Found");
    stop();
}

/* ---- Redirects ------------------------------------------------------------------------- */

static void assert_redirect(int port, const char *target, const char *status, const char *location)
{
    char request[1024], start[100], end[1024];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" CLOSE "\r\n", target);
    snprintf(start, sizeof start, "HTTP/1.1 %s\r\n", status);
    snprintf(end, sizeof end, "\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
             location);
    assert_answer(port, request, start, end);
}

/* Tornado: RedirectHandlerTest */
TEST(a_redirect_handler)
{
    static const gale_redirect_options src = { .url = "/dst" },
                                       temporary = { .url = "/dst2", .temporary = true },
                                       groups = { .url = "/{1}/{0}/{1}" },
                                       named = { .url = "/new?to={path}&b={{}}" };
    static const gale_route routes[] = {
        ROUTE("/src", gale_redirect_handler, .arg = &src),
        ROUTE("/src2", gale_redirect_handler, .arg = &temporary),
        ROUTE("/(.*?)/(.*?)/(.*)", gale_redirect_handler, .arg = &groups),
        ROUTE("/old(?P<path>.*)", gale_redirect_handler, .arg = &named),
        { 0 },
    };
    int port = serve_routes(routes);
    assert_redirect(port, "/src", "301 Moved Permanently", "/dst");
    assert_redirect(port, "/src2", "302 Found", "/dst2");
    assert_redirect(port, "/a/b/c", "301 Moved Permanently", "/b/a/b");
    assert_redirect(port, "/a/b/c?x=1&y=%20z", "301 Moved Permanently", "/b/a/b?x=1&y=+z");
    assert_redirect(port, "/old%2Fpage", "301 Moved Permanently", "/new?to=/page&b={}");
    test_expect_log(GALE_LOG_WARNING, "405 HEAD /src ");
    assert_answer(port, "HEAD /src HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 405 ", "\r\n\r\n");
    stop();
}

TEST(a_redirect_with_mistakes)
{
    static const gale_redirect_options unknown = { .url = "/{7}" }, single = { .url = "/a}b" },
                                       open = { .url = "/{0" }, split = { .url = "/{0}" };
    static const gale_route routes[] = {
        ROUTE("/unknown(.*)", gale_redirect_handler, .arg = &unknown),
        ROUTE("/single", gale_redirect_handler, .arg = &single),
        ROUTE("/open(.*)", gale_redirect_handler, .arg = &open),
        ROUTE("/none", gale_redirect_handler),
        ROUTE("/split(.*)", gale_redirect_handler, .arg = &split),
        { 0 },
    };
    static const char *const targets[] = { "/unknown", "/single", "/open", "/none",
                                           "/split%0d%0aX:%201" };
    int port = serve_routes(routes);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        test_expect_log(GALE_LOG_ERROR, "Uncaught error GET ");
        test_expect_log(GALE_LOG_ERROR, "500 GET ");
        assert_status(port, targets[i], "500 Internal Server Error");
    }
    stop();
}

/* ---- Fallbacks ------------------------------------------------------------------------- */

static int answer(gale_http_server_request *request, void *arg)
{
    gale_http_connection *connection = gale_http_server_request_connection(request);
    gale_str body = gale_http_server_request_body(request);
    GALE_TRY(gale_http_connection_write_headers(connection, 201, NULL, NULL, arg, strlen(arg)));
    GALE_TRY(gale_http_connection_write(connection, body.data, body.len));
    return gale_http_connection_finish(connection);
}

static int answer_half(gale_http_server_request *request, void *arg)
{
    (void)arg;
    return gale_http_connection_write_headers(gale_http_server_request_connection(request), 200,
                                              NULL, NULL, "half", 4);
}

static int answer_nothing(gale_http_server_request *request, void *arg)
{
    (void)request;
    (void)arg;
    return 0;
}

TEST(a_fallback_handler)
{
    static const gale_fallback_options whole = { answer, "old: ", { NULL } },
                                       half = { answer_half, NULL, { NULL } },
                                       nothing = { answer_nothing, NULL, { NULL } };
    static const gale_route routes[] = {
        ROUTE("/new", path_handler),
        ROUTE("/half", gale_fallback_handler, .arg = &half),
        ROUTE("/nothing", gale_fallback_handler, .arg = &nothing),
        ROUTE("/.*", gale_fallback_handler, .arg = &whole),
        { 0 },
    };
    int port = serve_routes(routes);
    assert_body(port, "/new", "/new");
    assert_answer(port, "POST /old HTTP/1.1\r\nContent-Length: 4\r\n" CLOSE "\r\nbody",
                  "HTTP/1.1 201 Created\r\n", "\r\n5\r\nold: \r\n4\r\nbody\r\n0\r\n\r\n");
    test_expect_log(GALE_LOG_ERROR, "a fallback returned without a whole answer");
    test_expect_log(GALE_LOG_ERROR, "500 GET /nothing ");
    assert_status(port, "/nothing", "500 Internal Server Error");
    test_expect_log(GALE_LOG_ERROR, "a fallback returned without a whole answer");
    assert_answer(port, GET("/half"), "", ""); /* cut */
    stop();
}

/* ---- Detaching ------------------------------------------------------------------------- */

/* Speaks a protocol of its own: sends back lines until "bye". */
static int speak(gale_handler *self)
{
    gale_iostream *stream;
    GALE_TRY(gale_detach(self, &stream));
    assert_true(gale_handler_finished(self));
    assert_error(gale_write(self, "x"), GALE_ESTATE);
    gale_str line;
    while (gale_iostream_read_until(stream, "\n", 100, &line) == 0) {
        gale_iostream_write(stream, line.data, line.len);
        if (strncmp(line.data, "bye", 3) == 0)
            break;
    }
    gale_iostream_free(stream);
    note("spoke");
    return 0;
}

static int detach_too_late(gale_handler *self)
{
    gale_iostream *stream;
    GALE_TRY(gale_write(self, "early"));
    GALE_TRY(gale_flush(self));
    assert_error(gale_detach(self, &stream), GALE_ESTATE);
    assert_null(stream);
    return 0;
}

static const gale_handler_class speak_handler = { .get = speak },
                                late_handler = { .get = detach_too_late };
static const gale_route detach_routes[] = { ROUTE("/speak", speak_handler),
                                            ROUTE("/late", late_handler),
                                            ROUTE("/first", path_handler),
                                            { 0 } };

/* What came with the request, in one packet, is the stream's first input; and what an earlier
 * request was answered comes first. */
TEST(a_detached_connection)
{
    int port = serve_routes(detach_routes);
    assert_answer(port,
                  "GET /first HTTP/1.1\r\nHost: h\r\n\r\n"
                  "GET /speak HTTP/1.1\r\nHost: h\r\n\r\none\ntwo\nbye\n",
                  "HTTP/1.1 200 OK\r\n", "\r\n\r\n/firstone\ntwo\nbye\n");
    assert_trace("spoke");
    stop();
}

TEST(detaching_too_late)
{
    int port = serve_routes(detach_routes);
    assert_answer(port, GET("/late"), "HTTP/1.1 200 OK\r\n", "5\r\nearly\r\n0\r\n\r\n");
    stop();
}

GALE_TEST_MAIN
