/* SPDX-License-Identifier: Apache-2.0 */
/* The current user, pages that want one, slashes. */
#include <errno.h>

#include "web/web_test.h"

static int lookups;

/* The user is an argument, in JSON. */
static int get_user(gale_handler *self, json_t **ret_user)
{
    lookups++;
    const char *text = gale_get_argument(self, "user", "");
    if (!text)
        return GALE_EHTTP;
    if (strcmp(text, "eio") == 0)
        return gale_sleep(0.001) < 0 ? GALE_ECANCELED : -EIO;
    if (strcmp(text, "http") == 0)
        return gale_http_error(self, 503, "no database");
    if (*text)
        *ret_user = json_loads(text, JSON_DECODE_ANY, NULL);
    return 0;
}

static int show(gale_handler *self)
{
    json_t *user = gale_current_user(self);
    if (user != gale_current_user(self))
        return gale_http_error(self, 500, "another one");
    char *text = json_dumps(user, JSON_ENCODE_ANY);
    int result = gale_writef(self, "%s %d", text ? text : "nobody", lookups);
    free(text);
    return result;
}

static int lazy(gale_handler *self)
{
    return gale_writef(self, "%d", lookups);
}

static int prepare(gale_handler *self)
{
    GALE_TRY(gale_set_current_user(self, json_string("first")));
    return gale_set_current_user(self, json_string("prepared"));
}

static int forget(gale_handler *self)
{
    GALE_TRY(gale_set_current_user(self, NULL));
    return show(self);
}

static int secret(gale_handler *self)
{
    GALE_TRY(gale_authenticated(self));
    return gale_write(self, "secret");
}

static int note_user(void *arg)
{
    return gale_current_user(arg) ? 0 : -EINVAL;
}

/* A scope that ends before the request does not take the user with it. */
static int inside(gale_handler *self)
{
    GALE_TRY(gale_with_timeout(1, note_user, self));
    return show(self);
}

static const char *own_login(gale_handler *self)
{
    return gale_get_query_argument(self, "login", "");
}

static const gale_handler_class show_handler = { .get = show, .get_current_user = get_user };
static const gale_handler_class nobody_handler = { .get = show };
static const gale_handler_class lazy_handler = { .get = lazy, .get_current_user = get_user };
static const gale_handler_class prepared_handler = { .base = &show_handler, .prepare = prepare };
static const gale_handler_class forget_handler = { .base = &prepared_handler, .get = forget };
static const gale_handler_class inside_handler = { .base = &show_handler, .get = inside };
static const gale_handler_class secret_handler = {
    .get = secret, .head = secret, .post = secret, .get_current_user = get_user
};
static const gale_handler_class own_login_handler = { .base = &secret_handler,
                                                      .get_login_url = own_login };
static const gale_handler_class prepare_handler = { .base = &secret_handler, .prepare = secret };

static const gale_route routes[] = {
    ROUTE("/", show_handler),           ROUTE("/nobody", nobody_handler),
    ROUTE("/lazy", lazy_handler),       ROUTE("/prepared", prepared_handler),
    ROUTE("/forget", forget_handler),   ROUTE("/inside", inside_handler),
    ROUTE("/secret", secret_handler),   ROUTE("/own_login", own_login_handler),
    ROUTE("/prepare", prepare_handler), { 0 }
};

TEST(the_current_user)
{
    int port = serve_routes(routes);
    lookups = 0;
    assert_body(port, "/lazy?user=1", "0");
    assert_body(port, "/?user=%22me%22", "\"me\" 1");
    assert_body(port, "/?user=%7B%22id%22:7%7D", "{\"id\": 7} 2");
    assert_body(port, "/", "nobody 3");
    assert_body(port, "/nobody", "nobody 3");
    assert_body(port, "/prepared?user=1", "\"prepared\" 3");
    assert_body(port, "/forget?user=1", "nobody 3");
    assert_body(port, "/inside?user=1", "1 4");
    stop();
}

TEST(a_lookup_that_fails)
{
    int port;
    serve(routes, &(gale_application_settings){ .login_url = "/login" }, &port);
    test_expect_log(GALE_LOG_WARNING, "get_current_user: Input/output error");
    test_expect_log(GALE_LOG_ERROR, "500 GET /?user=eio");
    assert_status(port, "/?user=eio", "500 Internal Server Error");
    test_expect_log(GALE_LOG_WARNING, "503 GET /?user=http (127.0.0.1): no database");
    test_expect_log(GALE_LOG_ERROR, "503 GET /?user=http");
    assert_status(port, "/?user=http", "503 Service Unavailable");
    test_expect_log(GALE_LOG_WARNING, "503 GET /secret?user=http (127.0.0.1): no database");
    test_expect_log(GALE_LOG_ERROR, "503 GET /secret?user=http");
    assert_status(port, "/secret?user=http", "503 Service Unavailable");
    test_expect_log(GALE_LOG_ERROR, "Uncaught error GET /secret?user=eio");
    test_expect_log(GALE_LOG_ERROR, "500 GET /secret?user=eio");
    assert_status(port, "/secret?user=eio", "500 Internal Server Error");
    stop();
}

/* ---- authenticated --------------------------------------------------------------------- */

static void redirects(int port, const char *target, const char *status, const char *location)
{
    char request[400], start[100], line[400];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" CLOSE "\r\n", target);
    snprintf(start, sizeof start, "HTTP/1.1 %s\r\n", status);
    snprintf(line, sizeof line,
             "\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", location);
    assert_answer(port, request, start, line);
}

TEST(only_for_somebody)
{
    int port;
    serve(routes, &(gale_application_settings){ .login_url = "/login" }, &port);
    assert_body(port, "/secret?user=1", "secret");
    assert_body(port, "/secret?user=%22a%22", "secret");
    assert_body(port, "/secret?user=true", "secret");
    assert_body(port, "/secret?user=0.5", "secret");
    assert_body(port, "/secret?user=%7B%22a%22:1%7D", "secret");
    assert_body(port, "/secret?user=[0]", "secret");
    static const char *const nobody[] = { "0", "0.0", "%22%22", "null", "false", "[]", "%7B%7D" };
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        char target[100];
        snprintf(target, sizeof target, "/secret?user=%s", nobody[i]);
        assert_status(port, target, "302 Found");
    }
    redirects(port, "/secret", "302 Found", "/login?next=%2Fsecret");
    redirects(port, "/secret?a=b&c=%C3%A9+-_.~", "302 Found",
              "/login?next=%2Fsecret%3Fa%3Db%26c%3D%25C3%25A9%2B-_.~");
    assert_answer(port, "HEAD /secret HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 302 Found\r\n",
                  "\r\n\r\n");
    test_expect_log(GALE_LOG_WARNING, "403 POST /secret");
    assert_answer(port, "POST /secret HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE "\r\n",
                  "HTTP/1.1 403 Forbidden\r\n", "");
    redirects(port, "/prepare", "302 Found", "/login?next=%2Fprepare");
    assert_body(port, "/prepare?user=1", "secretsecret");
    stop();
}

TEST(other_login_urls)
{
    int port = serve_routes(routes);
    redirects(port, "/own_login?login=/a", "302 Found", "/a?next=%2Fown_login%3Flogin%3D%2Fa");
    redirects(port, "/own_login?login=/a?b%3Dc", "302 Found", "/a?b=c");
    redirects(port, "/own_login?login=https://x.example/a", "302 Found",
              "https://x.example/a?next=http%3A%2F%2Fh%2Fown_login%3Flogin%3Dhttps%3A%2F%2F"
              "x.example%2Fa");
    redirects(port, "/own_login?login=a:b", "302 Found",
              "a:b?next=http%3A%2F%2Fh%2Fown_login%3Flogin%3Da%3Ab");
    redirects(port, "/own_login?login=1:b", "302 Found", "1:b?next=%2Fown_login%3Flogin%3D1%3Ab");
    test_expect_log(GALE_LOG_WARNING, "You must define the 'login_url' setting in your application "
                                      "to use gale_authenticated");
    test_expect_log(GALE_LOG_ERROR, "500 GET /secret");
    assert_status(port, "/secret", "500 Internal Server Error");
    stop();
}

/* ---- Slashes --------------------------------------------------------------------------- */

static int with_slash(gale_handler *self)
{
    GALE_TRY(gale_addslash(self));
    return gale_write(self, "with");
}

static int without_slash(gale_handler *self)
{
    GALE_TRY(gale_removeslash(self));
    return gale_write(self, "without");
}

static const gale_handler_class addslash_handler = { .get = with_slash, .post = with_slash };
static const gale_handler_class removeslash_handler = { .get = without_slash,
                                                        .post = without_slash };

static int serve_slashes(void)
{
    return serve_routes((gale_route[]){ ROUTE("/add.*", addslash_handler),
                                        ROUTE("/remove.*", removeslash_handler),
                                        ROUTE("/", removeslash_handler),
                                        ROUTE("/[/\\\\].*/", removeslash_handler),
                                        ROUTE("/[/\\\\].*", addslash_handler),
                                        { 0 } });
}

TEST(a_slash_is_added)
{
    int port = serve_slashes();
    redirects(port, "/add", "301 Moved Permanently", "/add/");
    redirects(port, "/add?q=1&r=%20", "301 Moved Permanently", "/add/?q=1&r=%20");
    redirects(port, "/add/x%C3%A9?", "301 Moved Permanently", "/add/x%C3%A9/");
    assert_body(port, "/add/?q=1", "with");
    test_expect_log(GALE_LOG_WARNING, "404 POST /add");
    assert_answer(port, "POST /add HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE "\r\n",
                  "HTTP/1.1 404 Not Found\r\n", "");
    stop();
}

TEST(slashes_are_removed)
{
    int port = serve_slashes();
    redirects(port, "/remove/", "301 Moved Permanently", "/remove");
    redirects(port, "/remove///?foo=bar", "301 Moved Permanently", "/remove?foo=bar");
    assert_body(port, "/remove", "without");
    assert_body(port, "/", "without");
    test_expect_log(GALE_LOG_WARNING, "404 POST /");
    assert_answer(port, "POST / HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE "\r\n",
                  "HTTP/1.1 404 Not Found\r\n", "");
    stop();
}

/* A browser takes such a path for a host. */
TEST(no_redirect_to_another_host)
{
    static const char *const targets[] = { "//evil.example", "//evil.example/", "/\\evil.example",
                                           "/\\evil.example//" };
    int port = serve_slashes();
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        test_expect_log(GALE_LOG_WARNING, "cannot redirect path with two initial slashes");
        test_expect_log(GALE_LOG_WARNING, "evil.example");
        assert_status(port, targets[i], "403 Forbidden");
    }
    stop();
}

GALE_TEST_MAIN
