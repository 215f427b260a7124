/* SPDX-License-Identifier: Apache-2.0 */
/* Etag and If-None-Match. Many cases are Tornado's CacheTest. */
#include "web/web_test.h"

#define HELLO_ETAG "\"e02aa1b106d5c7c6a98def2b13005d5b84fd8dc8\"" /* of "Hello, world" */

static int hello(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "Content-Language", "en"));
    GALE_TRY(gale_write(self, "Hello, "));
    return gale_write(self, "world");
}

static int large(gale_handler *self)
{
    for (int i = 0; i < 5000; i++)
        GALE_TRY(gale_write(self, "0123456789"));
    return 0;
}

static int created(gale_handler *self)
{
    GALE_TRY(gale_set_status(self, 201, NULL));
    return gale_write(self, "Hello, world");
}

static int flushed(gale_handler *self)
{
    GALE_TRY(gale_write(self, "Hello, "));
    GALE_TRY(gale_flush(self));
    return gale_write(self, "world");
}

static int own_header(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "Etag", "\"mine\""));
    return gale_write(self, "Hello, world");
}

/* Computed from an argument. */
static const char *given(gale_handler *self)
{
    const char *etag = gale_get_query_argument(self, "etag", "");
    return etag && *etag ? etag : NULL;
}

static const char *failing(gale_handler *self)
{
    return gale_get_query_argument(self, "missing", NULL);
}

static int early(gale_handler *self)
{
    GALE_TRY(gale_set_etag_header(self));
    if (gale_check_etag_header(self))
        return gale_set_status(self, 304, NULL);
    return gale_write(self, "made at great cost");
}

static const gale_handler_class hello_handler = { .get = hello, .head = hello, .post = hello };
static const gale_handler_class large_handler = { .get = large };
static const gale_handler_class created_handler = { .get = created };
static const gale_handler_class flushed_handler = { .get = flushed };
static const gale_handler_class own_handler = { .get = own_header };
static const gale_handler_class given_handler = { .get = hello, .compute_etag = given };
static const gale_handler_class derived_handler = { .base = &given_handler };
static const gale_handler_class default_handler = { .get = hello,
                                                    .compute_etag = gale_compute_etag };
static const gale_handler_class failing_handler = { .get = hello, .compute_etag = failing };
static const gale_handler_class early_handler = { .get = early, .compute_etag = given };

static const gale_route routes[] = { ROUTE("/", hello_handler),
                                     ROUTE("/large", large_handler),
                                     ROUTE("/created", created_handler),
                                     ROUTE("/flushed", flushed_handler),
                                     ROUTE("/own", own_handler),
                                     ROUTE("/given", given_handler),
                                     ROUTE("/derived", derived_handler),
                                     ROUTE("/default", default_handler),
                                     ROUTE("/failing", failing_handler),
                                     ROUTE("/early", early_handler),
                                     { 0 } };

static int serve_etags(void)
{
    int port;
    serve(routes, &(gale_application_settings){ .etag = true }, &port);
    return port;
}

/* The answer to a GET has this Etag line, or none. */
static void has_etag(int port, const char *target, const char *etag)
{
    char request[400], line[200];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" CLOSE "\r\n", target);
    snprintf(line, sizeof line, "\r\nEtag: %s\r\n", etag ? etag : "");
    char *answer = ask(port, request);
    if (etag ? !strstr(answer, line) : strstr(answer, "Etag:") != NULL)
        fail_msg("%s: not %s in %s", target, line, answer);
    free(answer);
}

TEST(off_unless_asked_for)
{
    int port = serve_routes(routes);
    has_etag(port, "/", NULL);
    has_etag(port, "/default", HELLO_ETAG);
    has_etag(port, "/given?etag=x", "x");
    has_etag(port, "/derived?etag=x", "x");
    has_etag(port, "/given", NULL);
    stop();
}

TEST(the_etag_of_a_body)
{
    int port = serve_etags();
    has_etag(port, "/", HELLO_ETAG);
    has_etag(port, "/large", "\"64d0eeed5472593b20061c961e03a1829f28dbc0\"");
    has_etag(port, "/own", "\"mine\"");
    has_etag(port, "/created", NULL);
    has_etag(port, "/flushed", NULL);
    has_etag(port, "/given", NULL);
    assert_answer(port, GET("/"), "HTTP/1.1 200 OK\r\n",
                  "\r\nContent-Language: en\r\nEtag: " HELLO_ETAG
                  "\r\nContent-Length: 12\r\nConnection: close\r\n\r\nHello, world");
    assert_answer(port, "HEAD / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200 OK\r\n",
                  "\r\nEtag: " HELLO_ETAG "\r\nContent-Length: 12\r\nConnection: close\r\n\r\n");
    char *answer = ask(port, "POST / HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE "\r\n");
    assert_null(strstr(answer, "Etag"));
    free(answer);
    stop();
}

TEST(a_match_is_a_304)
{
    int port = serve_etags();
    static const char *const methods[] = { "GET", "HEAD" };
    for (int i = 0; i < 2; i++) {
        char request[300];
        snprintf(request, sizeof request,
                 "%s / HTTP/1.1\r\nIf-None-Match: " HELLO_ETAG "\r\n" CLOSE "\r\n", methods[i]);
        char *answer = ask(port, request);
        assert_int_equal(strncmp(answer, "HTTP/1.1 304 Not Modified\r\nServer: ", 35), 0);
        assert_non_null(strstr(answer, "\r\nEtag: " HELLO_ETAG "\r\nConnection: close\r\n\r\n"));
        assert_null(strstr(answer, "Content-"));
        assert_null(strstr(answer, "Hello"));
        free(answer);
    }
    assert_answer(port, "POST / HTTP/1.1\r\nIf-None-Match: *\r\nContent-Length: 0\r\n" CLOSE "\r\n",
                  "HTTP/1.1 200 OK\r\n", "Hello, world");
    assert_answer(port, "GET /own HTTP/1.1\r\nIf-None-Match: \"mine\"\r\n" CLOSE "\r\n",
                  "HTTP/1.1 200 OK\r\n", "Hello, world"); /* the handler's own affair */
    assert_answer(port, "GET /early?etag=%22a%22 HTTP/1.1\r\nIf-None-Match: \"a\"\r\n" CLOSE "\r\n",
                  "HTTP/1.1 304 Not Modified\r\n", "\r\n\r\n");
    assert_answer(port, "GET /early?etag=%22a%22 HTTP/1.1\r\nIf-None-Match: \"b\"\r\n" CLOSE "\r\n",
                  "HTTP/1.1 200 OK\r\n", "made at great cost");
    stop();
}

static void compares(int port, const char *etag, const char *if_none_match, bool matches)
{
    char request[400];
    snprintf(request, sizeof request,
             "GET /given?etag=%s HTTP/1.1\r\nIf-None-Match: %s\r\n" CLOSE "\r\n", etag,
             if_none_match);
    assert_answer(port, request, matches ? "HTTP/1.1 304 " : "HTTP/1.1 200 ", "");
}

TEST(if_none_match)
{
    int port = serve_routes(routes);
    compares(port, "%22xyzzy1%22", "*", true);
    compares(port, "%22xyzzy1%22", "\"xyzzy1\"", true);
    compares(port, "%22xyzzy1%22", "\"xyzzy1\", \"xyzzy2\"", true);
    compares(port, "%22xyzzy2%22", "\"xyzzy1\", \"xyzzy2\"", true);
    compares(port, "%22xyzzy%22", "\"xyzzy1\"", false);
    compares(port, "%22xyzzy%22", "\"xyzzy1\", \"xyzzy2\"", false);
    compares(port, "%22xyzzy1%22", "W/\"xyzzy1\"", true);
    compares(port, "W/%22xyzzy1%22", "\"xyzzy1\"", true);
    compares(port, "%22xyzzy2%22", "W/\"xyzzy1\", W/\"xyzzy2\"", true);
    compares(port, "%22xyzzy2%22", "W/\"xyzzy1\"", false);
    compares(port, "%22xyzzy3%22", "W/\"xyzzy1\", W/\"xyzzy2\"", false);
    compares(port, "%22a%22", "\"b\", *", false);
    compares(port, "%22a%22", "x*, \"b\"", true);
    compares(port, "%22a%22", "a", false);
    compares(port, "%22a%22", "\"a", false);
    compares(port, "%22a%22", "\"a*", true);
    compares(port, "%22a%22", "x\"b\"y\"a\"z", true);
    compares(port, "%22%22", "\"\"", true);
    compares(port, "%22a%22", "", false);
    compares(port, "", "*", false);
    compares(port, "a", "a", false);
    stop();
}

TEST(a_slot_that_fails)
{
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_WARNING, "Missing argument missing");
    test_expect_log(GALE_LOG_WARNING, "400 GET /failing");
    assert_status(port, "/failing", "400 Bad Request");
    test_expect_log(GALE_LOG_ERROR, "500 GET /given");
    test_expect_log(GALE_LOG_ERROR, "Uncaught error GET /given");
    assert_status(port, "/given?etag=a%0Ab", "500 Internal Server Error");
    stop();
}

GALE_TEST_MAIN
