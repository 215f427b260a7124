/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of other sites. Most cases are Tornado's XSRFTest. */
#include <errno.h>
#include <time.h>

#include "web/web_test.h"

#define RAW "35210e6d4c1ed88f080185e36ce1da2c"
#define MASKED "2|d366040b|e6470a669f78dc84db6781e8bf87de27|1795498401" /* the same, masked */

static int page(gale_handler *self)
{
    const char *token = gale_xsrf_token(self);
    if (!token || strcmp(token, gale_xsrf_token(self)) != 0)
        return gale_http_error(self, 500, "not the same token");
    return gale_write(self, token);
}

static int form(gale_handler *self)
{
    const char *html = gale_xsrf_form_html(self);
    return html ? gale_write(self, html) : 0;
}

static int ok(gale_handler *self)
{
    return gale_write(self, "ok");
}

static int get_user(gale_handler *self, json_t **ret_user)
{
    const char *user = gale_get_argument(self, "user", "");
    if (*user)
        *ret_user = json_string(user);
    return 0;
}

static int refuse_all(gale_handler *self)
{
    return gale_http_error(self, 418, NULL);
}

static int default_check(gale_handler *self);
static int fail_in_prepare(gale_handler *self)
{
    return gale_http_error(self, 503, NULL);
}

static const gale_handler_class page_handler = { .get = page,
                                                 .head = ok,
                                                 .options = ok,
                                                 .post = ok,
                                                 .put = ok,
                                                 .delete_ = ok,
                                                 .patch = ok,
                                                 .get_current_user = get_user };
static const gale_handler_class form_handler = { .get = form };
static const gale_handler_class own_handler = { .post = ok, .check_xsrf_cookie = refuse_all };
static const gale_handler_class super_handler = { .post = ok, .check_xsrf_cookie = default_check };
static const gale_handler_class prepared_handler = { .post = ok, .prepare = fail_in_prepare };

static int default_check(gale_handler *self)
{
    return gale_super(self, &super_handler, check_xsrf_cookie);
}

/* The form of this class arrives after the check. */
static int show_field(gale_handler *self)
{
    return gale_write(self, gale_get_body_argument(self, "a", NULL));
}

static const gale_upload_options uploads = { .max_body_size = 1000 };
static const gale_handler_class upload_handler = { .uploads = &uploads, .post = show_field };

static const gale_route routes[] = { ROUTE("/", page_handler),
                                     ROUTE("/form", form_handler),
                                     ROUTE("/own", own_handler),
                                     ROUTE("/super", super_handler),
                                     ROUTE("/prepared", prepared_handler),
                                     ROUTE("/error", gale_error_handler),
                                     ROUTE("/upload", upload_handler),
                                     { 0 } };

static int serve_with(gale_application_settings settings)
{
    int port;
    settings.xsrf_cookies = true;
    serve(routes, &settings, &port);
    return port;
}

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

/* A POST with that cookie and body; `status` is how the answer goes on after "HTTP/1.1 ". */
static void posts(int port, const char *target, const char *headers, const char *body,
                  const char *status)
{
    char request[2000], start[100];
    snprintf(request, sizeof request,
             "POST %s HTTP/1.1\r\n" FORM "%sContent-Length: %zu\r\n" CLOSE "\r\n%s", target,
             headers, strlen(body), body);
    snprintf(start, sizeof start, "HTTP/1.1 %s\r\n", status);
    assert_answer(port, request, start, "");
}

/* The answer is a 403, and that is why. */
static void refuses(int port, const char *headers, const char *body, const char *why)
{
    char line[200];
    snprintf(line, sizeof line, "403 POST / (127.0.0.1): %s", why);
    test_expect_log(GALE_LOG_WARNING, line);
    test_expect_log(GALE_LOG_WARNING, "403 POST / (127.0.0.1) ");
    posts(port, "/", headers, body, "403 Forbidden");
}

static void accepts(int port, const char *headers, const char *body)
{
    posts(port, "/", headers, body, "200 OK");
}

#define MISSING "'_xsrf' argument missing from POST"
#define INVALID "'_xsrf' argument has invalid format"
#define UNEQUAL "XSRF cookie does not match POST argument"

TEST(without_the_token)
{
    int port = serve_with((gale_application_settings){ 0 });
    refuses(port, "", "", MISSING);
    refuses(port, "Cookie: _xsrf=" MASKED "\r\n", "", MISSING);
    refuses(port, "Cookie: _xsrf=" MASKED "\r\nX-Requested-With: XMLHttpRequest\r\n",
            "_xsrf=", MISSING);
    refuses(port, "", "_xsrf=" MASKED, UNEQUAL);
    refuses(port, "Cookie: _xsrf=\r\n", "_xsrf=" MASKED, UNEQUAL);
    stop();
}

TEST(malformed_tokens)
{
    int port = serve_with((gale_application_settings){ 0 });
    static const char *const bad[] = { "3|",
                                       "3|a",
                                       "999999999999999999999|x",
                                       "2|",
                                       "2|d366040b",
                                       "2|d366040b|e6470a66",
                                       "2|d366040b|e6470a6|1",
                                       "2|d366040b|e6470a66|",
                                       "2|d366040b|e6470a66|1x",
                                       "2|d366040b|e6470a66|1|2",
                                       "2|d366040b|e6470a66|99999999999999999999",
                                       "2|d36604|e6470a66|1",
                                       "2|d366040b00|e6470a66|1",
                                       "2|d36604zz|e6470a66|1",
                                       "2||e6470a66|1",
                                       "2|d366040b||1" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char body[100], header[100];
        snprintf(body, sizeof body, "_xsrf=%s", bad[i]);
        snprintf(header, sizeof header, "Cookie: _xsrf=%s\r\n", bad[i]);
        refuses(port, "Cookie: _xsrf=" MASKED "\r\n", body, INVALID);
        refuses(port, header, body, INVALID);
        refuses(port, header, "_xsrf=" MASKED, UNEQUAL);
    }
    stop();
}

TEST(tokens_that_agree)
{
    int port = serve_with((gale_application_settings){ 0 });
    accepts(port, "Cookie: _xsrf=" MASKED "\r\n", "_xsrf=" MASKED);
    accepts(port, "Cookie: _xsrf=deadbeef\r\n", "_xsrf=deadbeef");
    accepts(port, "Cookie: _xsrf=DEADBEEF\r\n", "_xsrf=deadbeef");
    accepts(port, "Cookie: _xsrf=xoxo\r\n", "_xsrf=xoxo");
    accepts(port, "Cookie: _xsrf=\"xoxo\"\r\n", "_xsrf=xoxo");
    accepts(port, "Cookie: _xsrf=01|a\r\n", "_xsrf=01|a");
    refuses(port, "Cookie: _xsrf=xoxo\r\n", "_xsrf=xoxO", UNEQUAL);
    refuses(port, "Cookie: _xsrf=xoxo\r\n", "_xsrf=xox", UNEQUAL);
    stop();
}

TEST(both_formats_agree)
{
    int port = serve_with((gale_application_settings){ 0 });
    accepts(port, "Cookie: _xsrf=" RAW "\r\n", "_xsrf=" MASKED);
    accepts(port, "Cookie: _xsrf=" MASKED "\r\n", "_xsrf=" RAW);
    accepts(port, "Cookie: _xsrf=" RAW "\r\n", "_xsrf=" RAW);
    stop();
}

TEST(where_the_token_may_stand)
{
    int port = serve_with((gale_application_settings){ 0 });
    posts(port, "/?_xsrf=" MASKED, "Cookie: _xsrf=" RAW "\r\n", "", "200 OK");
    accepts(port, "Cookie: _xsrf=" RAW "\r\nX-XSRFToken: " MASKED "\r\n", "");
    accepts(port, "Cookie: _xsrf=" RAW "\r\nX-CSRFToken: " MASKED "\r\n", "_xsrf=");
    accepts(port, "Cookie: _xsrf=" RAW "\r\nX-Xsrftoken:\r\nX-Csrftoken: " RAW "\r\n", "");
    refuses(port, "Cookie: _xsrf=" RAW "\r\nX-Xsrftoken: " RAW "\r\n", "_xsrf=ab", UNEQUAL);
    stop();
}

TEST(a_body_that_comes_after_the_check)
{
    int port = serve_with((gale_application_settings){ 0 });
#define PARTS                                                                                      \
    "--B\r\nContent-Disposition: form-data; name=\"_xsrf\"\r\n\r\n" RAW "\r\n"                     \
    "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nfield\r\n--B--\r\n"
    char request[1000];
    for (int i = 0; i < 2; i++) {
        snprintf(request, sizeof request,
                 "POST /upload%s HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=B\r\n"
                 "Cookie: _xsrf=" RAW "\r\nContent-Length: %zu\r\n" CLOSE "\r\n" PARTS,
                 i ? "?_xsrf=" RAW : "", sizeof PARTS - 1);
        if (i == 0) {
            test_expect_log(GALE_LOG_WARNING, "403 POST /upload (127.0.0.1): " MISSING);
            test_expect_log(GALE_LOG_WARNING, "403 POST /upload (127.0.0.1) ");
        }
        assert_answer(port, request, i ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 403 Forbidden\r\n",
                      i ? "\r\n\r\nfield" : "");
    }
    snprintf(request, sizeof request,
             "POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=B\r\n"
             "Cookie: _xsrf=" RAW "\r\nContent-Length: %zu\r\n" CLOSE "\r\n" PARTS,
             sizeof PARTS - 1);
    assert_answer(port, request, "HTTP/1.1 200 OK\r\n", "\r\n\r\nok");
    stop();
}

TEST(an_argument_that_is_no_text)
{
    int port = serve_with((gale_application_settings){ 0 });
    test_expect_log(GALE_LOG_WARNING, "Invalid unicode in _xsrf");
    test_expect_log(GALE_LOG_WARNING, "400 POST / (127.0.0.1) ");
    posts(port, "/", "Cookie: _xsrf=" RAW "\r\n", "_xsrf=%FF", "400 Bad Request");
    stop();
}

TEST(methods)
{
    static const char *const checked[] = { "POST", "PUT", "DELETE", "PATCH" };
    static const char *const others[] = { "GET", "HEAD", "OPTIONS" };
    int port = serve_with((gale_application_settings){ 0 });
    char request[200];
    for (size_t i = 0; i < 4; i++) {
        snprintf(request, sizeof request, "%s / HTTP/1.1\r\n" CLOSE "\r\n", checked[i]);
        test_expect_log(GALE_LOG_WARNING, MISSING);
        test_expect_log(GALE_LOG_WARNING, " / (127.0.0.1) ");
        assert_answer(port, request, "HTTP/1.1 403 Forbidden\r\n", "");
    }
    for (size_t i = 0; i < 3; i++) {
        snprintf(request, sizeof request, "%s / HTTP/1.1\r\n" CLOSE "\r\n", others[i]);
        assert_answer(port, request, "HTTP/1.1 200 OK\r\n", "");
    }
    stop();
}

/* Also a method that the class does not have; errors and what is not there are told at once. */
TEST(the_check_comes_first)
{
    int port = serve_with((gale_application_settings){ 0 });
    test_expect_log(GALE_LOG_WARNING, "403 POST /form (127.0.0.1): " MISSING);
    test_expect_log(GALE_LOG_WARNING, "403 POST /form (127.0.0.1) ");
    posts(port, "/form", "", "", "403 Forbidden");
    test_expect_log(GALE_LOG_WARNING, "403 POST /prepared (127.0.0.1): " MISSING);
    test_expect_log(GALE_LOG_WARNING, "403 POST /prepared (127.0.0.1) ");
    posts(port, "/prepared", "", "", "403 Forbidden");
    test_expect_log(GALE_LOG_WARNING, "404 POST /nowhere");
    posts(port, "/nowhere", "", "", "404 Not Found");
    test_expect_log(GALE_LOG_WARNING, "404 POST /error");
    posts(port, "/error", "", "", "404 Not Found");
    stop();
}

TEST(a_check_of_the_class)
{
    int port = serve_with((gale_application_settings){ 0 });
    test_expect_log(GALE_LOG_WARNING, "418 POST /own");
    posts(port, "/own", "Cookie: _xsrf=" RAW "\r\n", "_xsrf=" RAW, "418 I'm a Teapot");
    test_expect_log(GALE_LOG_WARNING, "403 POST /super (127.0.0.1): " UNEQUAL);
    test_expect_log(GALE_LOG_WARNING, "403 POST /super (127.0.0.1) ");
    posts(port, "/super", "Cookie: _xsrf=" RAW "\r\n", "_xsrf=a", "403 Forbidden");
    posts(port, "/super", "Cookie: _xsrf=" RAW "\r\n", "_xsrf=" RAW, "200 OK");
    stop();
}

TEST(nothing_is_checked_unless_asked_for)
{
    int port = serve_routes(routes);
    posts(port, "/", "", "", "200 OK");
    stop();
}

/* ---- The token ------------------------------------------------------------------------- */

/* What stands between two texts of an answer. */
static void between(const char *answer, const char *before, const char *after, char *out,
                    size_t size)
{
    const char *start = strstr(answer, before);
    if (!start)
        fail_msg("no %s in %s", before, answer);
    start += strlen(before);
    const char *end = strstr(start, after);
    assert_non_null(end);
    snprintf(out, size, "%.*s", (int)(end - start), start);
}

static void get(int port, const char *target, const char *headers, char *out_body, char *out_cookie)
{
    char request[400];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n%s" CLOSE "\r\n", target, headers);
    char *answer = ask(port, request);
    snprintf(out_body, 200, "%s", strstr(answer, "\r\n\r\n") + 4);
    *out_cookie = '\0';
    if (strstr(answer, "Set-Cookie: "))
        between(answer, "Set-Cookie: ", "\r\n", out_cookie, 400);
    free(answer);
}

TEST(the_token_sets_the_cookie)
{
    int port = serve_with((gale_application_settings){ 0 });
    char token[200], cookie[400], other[200], expected[400], headers[300], body[300];
    get(port, "/", "", token, cookie);
    assert_int_equal(strncmp(token, "2|", 2), 0);
    assert_int_equal(strlen(token), 2 + 8 + 1 + 32 + 1 + 10);
    assert_true(labs(atol(strrchr(token, '|') + 1) - time(NULL)) <= 2);
    snprintf(expected, sizeof expected, "_xsrf=%s; Path=/", token);
    assert_string_equal(cookie, expected);
    get(port, "/", "", other, cookie);
    assert_string_not_equal(token, other);
    snprintf(headers, sizeof headers, "Cookie: _xsrf=%s\r\n", token);
    snprintf(body, sizeof body, "_xsrf=%s", other);
    refuses(port, headers, body, UNEQUAL);
    get(port, "/", headers, other, cookie); /* masked anew, and the time of the cookie's */
    assert_string_equal(cookie, "");
    assert_string_not_equal(token, other);
    assert_string_equal(strrchr(token, '|'), strrchr(other, '|'));
    snprintf(body, sizeof body, "_xsrf=%s", other);
    accepts(port, headers, body);
    get(port, "/", "Cookie: _xsrf=3|\r\n", other, cookie);
    assert_string_not_equal(cookie, "");
    stop();
}

TEST(the_form_element)
{
    int port = serve_with((gale_application_settings){ 0 });
    char html[200], cookie[400], token[200], expected[300];
    get(port, "/form", "", html, cookie);
    between(cookie, "_xsrf=", ";", token, sizeof token);
    snprintf(expected, sizeof expected, "<input type=\"hidden\" name=\"_xsrf\" value=\"%s\"/>",
             token);
    assert_string_equal(html, expected);
    stop();
}

TEST(the_token_in_format_1)
{
    int port = serve_with((gale_application_settings){ .xsrf_cookie_version = 1 });
    char token[200], cookie[400], expected[300], headers[300], body[300];
    get(port, "/", "", token, cookie);
    assert_int_equal(strlen(token), 32);
    snprintf(expected, sizeof expected, "_xsrf=%s; Path=/", token);
    assert_string_equal(cookie, expected);
    snprintf(headers, sizeof headers, "Cookie: _xsrf=%s\r\n", token);
    snprintf(body, sizeof body, "_xsrf=%s", token);
    accepts(port, headers, body);
    get(port, "/", "Cookie: _xsrf=" MASKED "\r\n", token, cookie);
    assert_string_equal(token, RAW);
    stop();
}

TEST(the_cookie_by_another_name)
{
    int port = serve_with((gale_application_settings){ .xsrf_cookie_name = "__Host-xsrf" });
    char token[200], cookie[400];
    get(port, "/", "", token, cookie);
    assert_int_equal(strncmp(cookie, "__Host-xsrf=2|", 14), 0);
    accepts(port, "Cookie: __Host-xsrf=" RAW "\r\n", "_xsrf=" RAW);
    refuses(port, "Cookie: _xsrf=" RAW "\r\n", "_xsrf=" RAW, UNEQUAL);
    refuses(port, "Cookie: __Host-xsrf=" RAW "\r\n", "__Host-xsrf=" RAW, MISSING);
    stop();
}

/* With a user the cookie stays for 30 days, unless the options say otherwise. */
TEST(the_options_of_the_cookie)
{
    static const gale_cookie_options options = { .httponly = true, .secure = true },
                                     session = { .expires_days = GALE_NONE };
    char token[200], cookie[400];
    int port = serve_with((gale_application_settings){ .xsrf_cookie_options = &options });
    get(port, "/", "", token, cookie);
    assert_string_equal(strchr(cookie, ';'), "; HttpOnly; Path=/; Secure");
    get(port, "/?user=me", "", token, cookie);
    assert_non_null(strstr(cookie, "; expires="));
    get(port, "/", "", token, cookie);
    assert_null(strstr(cookie, "; expires="));
    port = serve_with((gale_application_settings){ .xsrf_cookie_options = &session });
    get(port, "/?user=me", "", token, cookie);
    assert_string_equal(strchr(cookie, ';'), "; Path=/");
    stop();
}

GALE_TEST_MAIN
