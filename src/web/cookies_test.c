/* SPDX-License-Identifier: Apache-2.0 */
/* Cookies that a response sets. Many cases are Tornado's CookieTest. */
#include <errno.h>
#include <time.h>

#include "web/web_test.h"

#define CLASS(function) static const gale_handler_class function##_handler = { .get = function }

/* All Set-Cookie lines of the answer, one after the other with their line ends. */
static char *cookie_lines(int port, const char *request)
{
    static char lines[4000];
    char *answer = ask(port, request);
    lines[0] = '\0';
    for (const char *line = strstr(answer, "\r\nSet-Cookie: "); line;
         line = strstr(line + 1, "\r\nSet-Cookie: ")) {
        const char *value = line + strlen("\r\nSet-Cookie: ");
        size_t size = strlen(lines);
        snprintf(lines + size, sizeof lines - size, "%.*s\n", (int)strcspn(value, "\r"), value);
    }
    free(answer);
    return lines;
}

#define assert_cookies(port, request, expected)                                                    \
    assert_string_equal(cookie_lines(port, request), expected)

/* ---- Setting --------------------------------------------------------------------------- */

static int plain(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "str", "asdf", NULL));
    GALE_TRY(gale_set_cookie(self, "unicode", "qwer", NULL));
    GALE_TRY(gale_set_cookie(self, "empty", "", NULL));
    return gale_write(self, "ok");
}
CLASS(plain);

static int special(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "equals", "a=b", NULL));
    GALE_TRY(gale_set_cookie(self, "semicolon", "a;b", NULL));
    return gale_set_cookie(self, "quote", "a\"b", NULL);
}
CLASS(special);

static int attributes(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "a", "1",
                             &(gale_cookie_options){ .domain = "example.com",
                                                     .path = "/foo",
                                                     .max_age = 10,
                                                     .httponly = true,
                                                     .secure = true,
                                                     .partitioned = true,
                                                     .samesite = "Strict" }));
    GALE_TRY(gale_set_cookie(
        self, "b", "2",
        &(gale_cookie_options){ .path = "", .expires = 1300000000.9, .expires_days = 5 }));
    GALE_TRY(gale_set_cookie(self, "c", "3", &(gale_cookie_options){ .expires = -1e300 }));
    GALE_TRY(gale_set_cookie(self, "d", "4", &(gale_cookie_options){ .expires = 1e300 }));
    return gale_set_cookie(self, "e", "5", &(gale_cookie_options){ .expires_days = GALE_NONE });
}
CLASS(attributes);

TEST(cookies_are_set)
{
    int port = serve_routes((gale_route[]){ ROUTE("/", plain_handler),
                                            ROUTE("/special", special_handler),
                                            ROUTE("/attributes", attributes_handler),
                                            { 0 } });
    assert_cookies(port, GET("/"), "str=asdf; Path=/\nunicode=qwer; Path=/\nempty=\"\"; Path=/\n");
    assert_cookies(port, GET("/special"),
                   "equals=\"a=b\"; Path=/\nsemicolon=\"a\\073b\"; Path=/\n"
                   "quote=\"a\\\"b\"; Path=/\n");
    assert_cookies(port, GET("/attributes"),
                   "a=1; Domain=example.com; HttpOnly; Max-Age=10; Partitioned; Path=/foo; "
                   "SameSite=Strict; Secure\n"
                   "b=2; expires=Sun, 13 Mar 2011 07:06:40 GMT\n"
                   "c=3; expires=Mon, 01 Jan 0001 00:00:00 GMT; Path=/\n"
                   "d=4; expires=Fri, 31 Dec 9999 23:59:59 GMT; Path=/\n"
                   "e=5; Path=/\n");
    stop();
}

TEST(cookies_stand_behind_the_length)
{
    int port = serve_routes((gale_route[]){ ROUTE("/", plain_handler), { 0 } });
    assert_answer(port, GET("/"), "HTTP/1.1 200 OK\r\n",
                  "\r\nContent-Length: 2\r\nSet-Cookie: str=asdf; Path=/\r\n"
                  "Set-Cookie: unicode=qwer; Path=/\r\nSet-Cookie: empty=\"\"; Path=/\r\n"
                  "Connection: close\r\n\r\nok");
    stop();
}

static int in_days(gale_handler *self)
{
    return gale_set_cookie(self, "a", "1", &(gale_cookie_options){ .expires_days = 10 });
}
CLASS(in_days);

/* The time that the "expires" of a line says. */
static time_t expires_of(const char *line)
{
    struct tm parts = { 0 };
    const char *text = strstr(line, "expires=");
    assert_non_null(text);
    assert_non_null(strptime(text + strlen("expires="), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    return timegm(&parts);
}

TEST(expires_in_days)
{
    int port = serve_routes((gale_route[]){ ROUTE("/", in_days_handler), { 0 } });
    double off = difftime(expires_of(cookie_lines(port, GET("/"))), time(NULL) + 10 * 86400);
    assert_true(off <= 1 && off >= -2);
    stop();
}

static int twice(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "a", "b", &(gale_cookie_options){ .domain = "example.com" }));
    GALE_TRY(gale_set_cookie(self, "c", "d", &(gale_cookie_options){ .domain = "example.com" }));
    GALE_TRY(gale_set_cookie(self, "C", "D", NULL));
    return gale_set_cookie(self, "a", "e", &(gale_cookie_options){ .path = "" });
}
CLASS(twice);

TEST(a_second_one_of_the_name_replaces_the_first)
{
    int port = serve_routes((gale_route[]){ ROUTE("/", twice_handler), { 0 } });
    assert_cookies(port, GET("/"), "c=d; Domain=example.com; Path=/\nC=D; Path=/\na=e\n");
    stop();
}

static int refused(gale_handler *self)
{
    static const gale_cookie_options domain = { .domain = "a;b" }, path = { .path = "a b" },
                                     samesite = { .samesite = "a\n" };
    GALE_TRY(gale_set_cookie(self, "kept", "1", NULL));
    int refusals = (gale_set_cookie(self, "a", "b c", NULL) == GALE_EINVALID) +
                   (gale_set_cookie(self, "a", "b\r\nX: y", NULL) == GALE_EINVALID) +
                   (gale_set_cookie(self, "a;", "b", NULL) == GALE_EINVALID) +
                   (gale_set_cookie(self, "", "b", NULL) == GALE_EINVALID) +
                   (gale_set_cookie(self, "path", "b", NULL) == GALE_EINVALID) +
                   (gale_set_cookie(self, "kept", "b", &domain) == GALE_EINVALID) +
                   (gale_set_cookie(self, "a", "b", &path) == GALE_EINVALID) +
                   (gale_set_cookie(self, "a", "b", &samesite) == GALE_EINVALID);
    return gale_writef(self, "%d", refusals);
}
CLASS(refused);

static int refused_and_returned(gale_handler *self)
{
    return gale_set_cookie(self, "a b", "c", NULL);
}
CLASS(refused_and_returned);

TEST(what_could_split_the_header_is_refused)
{
    int port = serve_routes((gale_route[]){
        ROUTE("/", refused_handler), ROUTE("/returned", refused_and_returned_handler), { 0 } });
    assert_body(port, "/", "8");
    assert_cookies(port, GET("/"), "kept=1; Path=/\n");
    test_expect_log(GALE_LOG_ERROR, "Invalid cookie name: a b");
    test_expect_log(GALE_LOG_ERROR, "500 GET /returned");
    assert_status(port, "/returned", "500 Internal Server Error");
    stop();
}

static int from_getter(gale_handler *self)
{
    return gale_set_cookie(self, "a", gale_get_argument(self, "missing", NULL), NULL);
}
CLASS(from_getter);

static int from_nowhere(gale_handler *self)
{
    return gale_set_cookie(self, "a", NULL, NULL);
}
CLASS(from_nowhere);

TEST(a_value_that_is_missing)
{
    int port = serve_routes((gale_route[]){
        ROUTE("/getter", from_getter_handler), ROUTE("/nowhere", from_nowhere_handler), { 0 } });
    test_expect_log(GALE_LOG_WARNING, "Missing argument missing");
    test_expect_log(GALE_LOG_WARNING, "400 GET /getter (127.0.0.1) ");
    assert_status(port, "/getter", "400 Bad Request");
    test_expect_log(GALE_LOG_ERROR, "gale_set_cookie of NULL");
    test_expect_log(GALE_LOG_ERROR, "500 GET /nowhere");
    assert_status(port, "/nowhere", "500 Internal Server Error");
    stop();
}

/* ---- Where they go --------------------------------------------------------------------- */

static int flushed(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "a", "1", NULL));
    GALE_TRY(gale_write(self, "x"));
    GALE_TRY(gale_flush(self));
    GALE_TRY(gale_set_cookie(self, "late", "1", NULL)); /* as with headers: too late */
    return gale_write(self, "y");
}
CLASS(flushed);

static int redirected(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "a", "1", NULL));
    return gale_redirect(self, "/", false);
}
CLASS(redirected);

static int failed(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "X-Lost", "1"));
    GALE_TRY(gale_set_cookie(self, "a", "1", NULL));
    return gale_http_error(self, 403, NULL);
}
CLASS(failed);

/* The head cannot be sent: the page that says so has each cookie once. */
static int failed_late(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "a", "1", NULL));
    GALE_TRY(gale_set_header(self, "Content-Length", "x"));
    return gale_finish(self);
}
CLASS(failed_late);

static int finished_twice(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "a", "1", NULL));
    GALE_TRY(gale_set_header(self, "Content-Length", "x"));
    if (gale_finish(self) != GALE_EOUTPUT)
        return gale_http_error(self, 500, "no error");
    return gale_clear_header(self, "Content-Length");
}
CLASS(finished_twice);

static int not_modified(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "a", "1", NULL));
    return gale_set_status(self, 304, NULL);
}
CLASS(not_modified);

TEST(cookies_go_with_every_kind_of_answer)
{
    int port = serve_routes((gale_route[]){ ROUTE("/flushed", flushed_handler),
                                            ROUTE("/redirected", redirected_handler),
                                            ROUTE("/failed", failed_handler),
                                            ROUTE("/failed_late", failed_late_handler),
                                            ROUTE("/finished_twice", finished_twice_handler),
                                            ROUTE("/not_modified", not_modified_handler),
                                            { 0 } });
    assert_answer(port, GET("/flushed"), "HTTP/1.1 200 OK\r\n",
                  "\r\nSet-Cookie: a=1; Path=/\r\nConnection: close\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n1\r\ny\r\n0\r\n\r\n");
    assert_cookies(port, GET("/redirected"), "a=1; Path=/\n");
    assert_cookies(port, GET("/not_modified"), "a=1; Path=/\n");
    test_expect_log(GALE_LOG_WARNING, "403 GET /failed");
    assert_cookies(port, GET("/failed"), "a=1; Path=/\n");
    test_expect_log(GALE_LOG_ERROR, "invalid Content-Length");
    test_expect_log(GALE_LOG_ERROR, "500 GET /failed_late");
    assert_cookies(port, GET("/failed_late"), "a=1; Path=/\n");
    assert_cookies(port, GET("/finished_twice"), "a=1; Path=/\n");
    stop();
}

/* ---- Clearing -------------------------------------------------------------------------- */

static int clear(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "a", "1", NULL));
    static const gale_cookie_options expires = { .expires = 1 }, days = { .expires_days = 1 },
                                     max_age = { .max_age = 1 };
    if (gale_clear_cookie(self, "a", &expires) != GALE_EINVALID ||
        gale_clear_cookie(self, "a", &days) != GALE_EINVALID ||
        gale_clear_cookie(self, "a", &max_age) != GALE_EINVALID)
        return gale_http_error(self, 500, "cleared all the same");
    return gale_clear_cookie(self, "a", &(gale_cookie_options){ .path = "/x", .domain = "d" });
}
CLASS(clear);

static int clear_all(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "foo", "1", NULL));
    GALE_TRY(gale_set_cookie(self, "other", "1", NULL));
    return gale_clear_all_cookies(self, NULL);
}
CLASS(clear_all);

TEST(clearing_a_cookie)
{
    int port = serve_routes((gale_route[]){ ROUTE("/", clear_handler), { 0 } });
    const char *lines = cookie_lines(port, GET("/"));
    assert_memory_equal(lines, "a=\"\"; Domain=d; expires=", 24);
    assert_non_null(strstr(lines, " GMT; Path=/x\n"));
    double off = difftime(expires_of(lines), time(NULL) - 365 * 86400);
    assert_true(off <= 1 && off >= -2);
    stop();
}

TEST(clearing_all_cookies)
{
    int port = serve_routes((gale_route[]){ ROUTE("/", clear_all_handler), { 0 } });
    const char *lines =
        cookie_lines(port, "GET / HTTP/1.1\r\nCookie: foo=bar; baz=xyzzy; foo=x; \"; a b=c; "
                           "path=x; A=1\r\n" CLOSE "\r\n");
    const char *other = strstr(lines, "other=1; Path=/\n"),
               *foo = strstr(lines, "foo=\"\"; expires="),
               *baz = strstr(lines, "baz=\"\"; expires="), *a = strstr(lines, "A=\"\"; expires=");
    assert_true(lines == other && other < foo && foo < baz && baz < a);
    assert_null(strstr(foo + 1, "foo="));
    assert_null(strstr(lines, "path="));
    assert_cookies(port, GET("/"), "foo=1; Path=/\nother=1; Path=/\n");
    stop();
}

/* Clearing takes no time that grows with the square. */
TEST(clearing_very_many_cookies)
{
    int port = serve_routes((gale_route[]){ ROUTE("/", clear_all_handler), { 0 } });
    enum { COUNT = 7000 };
    char *request = malloc(COUNT * 8 + 200), *at = request;
    at = stpcpy(at, "GET / HTTP/1.1\r\nCookie: ");
    for (int i = 0; i < COUNT; i++)
        at += sprintf(at, "c%04d=;", i);
    stpcpy(at, "\r\n" CLOSE "\r\n");
    char *answer = ask(port, request);
    assert_non_null(strstr(answer, "Set-Cookie: c0000=\"\";"));
    assert_non_null(strstr(answer, "Set-Cookie: c6999=\"\";"));
    free(answer);
    free(request);
    stop();
}

GALE_TEST_MAIN
