/* SPDX-License-Identifier: Apache-2.0 */
/* Which handler a request gets, with which path arguments; and the way back, reverse_url. */
#include "web/web_test.h"

/* Writes its route's argument and the path arguments, as "here(a,b)". */
static int show_path(gale_handler *self)
{
    GALE_TRY(gale_write(self, "("));
    for (size_t i = 0; i < gale_path_arg_count(self); i++) {
        const char *argument = gale_path_arg_at(self, i);
        GALE_TRY(gale_writef(self, "%s%s", i ? "," : "", argument ? argument : "NULL"));
    }
    return gale_write(self, ")");
}

static int show_arg(gale_handler *self, void *arg)
{
    return arg ? gale_write(self, arg) : 0;
}

static const gale_handler_class show_handler = { .initialize = show_arg, .get = show_path };

/* ---- Patterns -------------------------------------------------------------------------- */

TEST(the_first_route_that_matches_wins)
{
    static const gale_route routes[] = {
        ROUTE("/", show_handler, .arg = "root"),
        ROUTE("/a/b", show_handler, .arg = "literal"),
        ROUTE("/a/(.*)", show_handler, .arg = "rest"),
        ROUTE("/a/c", show_handler, .arg = "never"),
        ROUTE("/(one|two)/([0-9]+)", show_handler, .arg = "two groups"),
        { 0 },
    };
    int port = serve_routes(routes);
    assert_body(port, "/", "root()");
    assert_body(port, "/a/b", "literal()");
    assert_body(port, "/a/b?c=d", "literal()");
    assert_body(port, "/a/c", "rest(c)");
    assert_body(port, "/a/", "rest()");
    assert_body(port, "/two/42", "two groups(two,42)");
    stop();
}

TEST(a_pattern_matches_the_whole_path)
{
    static const gale_route routes[] = {
        ROUTE("/a|/b", show_handler, .arg = "either"),
        ROUTE("^/c[0-9]$", show_handler, .arg = "anchored"),
        { 0 },
    };
    int port = serve_routes(routes);
    assert_body(port, "/a", "either()");
    assert_body(port, "/c1", "anchored()");
    for (int i = 0; i < 5; i++)
        test_expect_log(GALE_LOG_WARNING, "404 GET ");
    assert_status(port, "/ab", "404 Not Found");
    assert_status(port, "/x/a", "404 Not Found");
    assert_status(port, "/c12", "404 Not Found");
    assert_status(port, "/c1/", "404 Not Found");
    assert_status(port, "//c1", "404 Not Found");
    stop();
}

TEST(an_optional_group_that_takes_no_part_is_null)
{
    static const gale_route routes[] = { ROUTE("/optional_path/(.+)?", show_handler), { 0 } };
    int port = serve_routes(routes);
    assert_body(port, "/optional_path/", "(NULL)");
    assert_body(port, "/optional_path/foo", "(foo)");
    stop();
}

/* The path is matched as it was sent; what its groups hold is decoded. */
TEST(groups_are_percent_decoded)
{
    static const gale_route routes[] = {
        ROUTE("/group/(.*)", show_handler),
        ROUTE("/slashes/([^/]*)/([^/]*)", show_handler),
        { 0 },
    };
    int port = serve_routes(routes);
    assert_body(port, "/group/%3F", "(?)");
    assert_body(port, "/group/%C3%A9", "(\xC3\xA9)");
    assert_body(port, "/group/%c3%a9?x=1", "(\xC3\xA9)");
    assert_body(port, "/group/1%20+%201", "(1 + 1)");
    assert_body(port, "/group/%", "(%)");
    assert_body(port, "/group/%G1", "(%G1)");
    assert_body(port, "/slashes/foo/bar", "(foo,bar)");
    assert_body(port, "/slashes/a%2Fb/c%2Fd", "(a/b,c/d)");
    test_expect_log(GALE_LOG_WARNING, "404 GET /gr%6Fup/a");
    assert_status(port, "/gr%6Fup/a", "404 Not Found");
    stop();
}

TEST(groups_that_are_no_text_are_refused)
{
    static const gale_route routes[] = { ROUTE("/group/(.*)", show_handler), { 0 } };
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_WARNING,
                    "400 GET /group/%FF (127.0.0.1): Invalid unicode in url: \xFF");
    test_expect_log(GALE_LOG_WARNING, "400 GET /group/%FF (127.0.0.1) ");
    assert_status(port, "/group/%FF", "400 Bad Request");
    test_expect_log(GALE_LOG_WARNING, "400 GET /group/a%00b (127.0.0.1): Invalid");
    test_expect_log(GALE_LOG_WARNING, "400 GET /group/a%00b (127.0.0.1) ");
    assert_status(port, "/group/a%00b", "400 Bad Request");
    stop();
}

/* ---- Named groups ---------------------------------------------------------------------- */

static int show_bytes(gale_handler *self)
{
    gale_str bytes = gale_path_arg_str(self, 0);
    gale_str none = gale_path_arg_str(self, 1);
    return gale_writef(self, "%zu%s", bytes.len, none.data ? "" : " NULL");
}

static int show_named(gale_handler *self)
{
    const char *first = gale_path_arg(self, "first"), *second = gale_path_arg(self, "second");
    return gale_writef(self, "%s %s", first, second ? second : "NULL");
}

static int show_number(gale_handler *self)
{
    int64_t number;
    GALE_TRY(gale_path_arg_int(self, "number", &number));
    return gale_writef(self, "%lld", (long long)number);
}

static int show_absent(gale_handler *self)
{
    const char *absent = gale_path_arg(self, "absent");
    return gale_writef(self, "%p", (const void *)absent);
}

static int show_beyond(gale_handler *self)
{
    const char *beyond = gale_path_arg_at(self, 2);
    return gale_writef(self, "%p", (const void *)beyond);
}

static const gale_handler_class bytes_handler = { .get = show_bytes },
                                named_handler = { .get = show_named },
                                number_handler = { .get = show_number },
                                absent_handler = { .get = show_absent },
                                beyond_handler = { .get = show_beyond };

static const gale_route named_routes[] = {
    ROUTE("/bytes/(.*)", bytes_handler),
    ROUTE("/named/(?P<first>[^/]*)/(?P<second>.+)?", named_handler),
    ROUTE("/swapped/(?P<second>[^/]*)/(?P<first>[^/]*)", named_handler),
    ROUTE("/number/(?P<number>.*)", number_handler),
    ROUTE("/absent/(?P<first>.*)", absent_handler),
    ROUTE("/beyond/(.*)", beyond_handler),
    { 0 },
};

TEST(groups_by_name_and_as_bytes)
{
    int port = serve_routes(named_routes);
    assert_body(port, "/bytes/a%00%FF", "3 NULL");
    assert_body(port, "/named/a/b", "a b");
    assert_body(port, "/named/a/", "a NULL");
    assert_body(port, "/swapped/a/b", "b a");
    stop();
}

TEST(groups_as_numbers)
{
    int port = serve_routes(named_routes);
    assert_body(port, "/number/42", "42");
    assert_body(port, "/number/007", "7");
    assert_body(port, "/number/9223372036854775807", "9223372036854775807");
    static const char *const none[] = { "/number/", "/number/-1", "/number/1a", "/number/%201",
                                        "/number/9223372036854775808" };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        test_expect_log(GALE_LOG_WARNING, "404 GET /number/");
        assert_status(port, none[i], "404 Not Found");
    }
    stop();
}

TEST(groups_that_the_pattern_does_not_have)
{
    int port = serve_routes(named_routes);
    test_expect_log(GALE_LOG_WARNING,
                    "500 GET /absent/a (127.0.0.1): the route has no group named absent");
    test_expect_log(GALE_LOG_ERROR, "500 GET /absent/a (127.0.0.1) ");
    assert_status(port, "/absent/a", "500 Internal Server Error");
    test_expect_log(GALE_LOG_WARNING,
                    "500 GET /beyond/a (127.0.0.1): the route has no group number 2");
    test_expect_log(GALE_LOG_ERROR, "500 GET /beyond/a (127.0.0.1) ");
    assert_status(port, "/beyond/a", "500 Internal Server Error");
    stop();
}

/* ---- Hosts ----------------------------------------------------------------------------- */

static void assert_host(int port, const char *host, const char *target, const char *status)
{
    char request[512], end[64];
    bool found = status[0] == '[';
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
             target, host);
    snprintf(end, sizeof end, "\r\n\r\n%s", status);
    if (!found)
        test_expect_log(GALE_LOG_WARNING, "404 GET ");
    assert_answer(port, request, found ? "HTTP/1.1 200 " : "HTTP/1.1 404 ", found ? end : "");
}

static int reply(gale_handler *self, void *arg)
{
    return gale_write(self, arg);
}

static int nothing_more(gale_handler *self)
{
    (void)self;
    return 0;
}

static const gale_handler_class reply_handler = { .initialize = reply, .get = nothing_more };

TEST(routes_of_a_host)
{
    static const gale_route everywhere[] = { ROUTE("/foo", reply_handler, .arg = "[wildcard]"),
                                             { 0 } },
                            first[] = { ROUTE("/foo", reply_handler, .arg = "[0]"), { 0 } },
                            second[] = { ROUTE("/bar", reply_handler, .arg = "[1]"), { 0 } },
                            third[] = { ROUTE("/baz", reply_handler, .arg = "[2]"),
                                        ROUTE("/foo", reply_handler, .arg = "[3]"),
                                        { 0 } };
    int port;
    gale_application *application = serve(everywhere, NULL, &port);
    assert_ok(gale_application_add_handlers(application, "www.example.com", first));
    assert_ok(gale_application_add_handlers(application, "www\\.example\\.com", second));
    assert_ok(gale_application_add_handlers(application, "www.e.*e\\.com", third));
    assert_host(port, "www.example.com", "/foo", "[0]");
    assert_host(port, "www.example.com", "/bar", "[1]");
    assert_host(port, "www.example.com", "/baz", "[2]");
    assert_host(port, "WWW.Example.COM:8080", "/baz", "[2]");
    assert_host(port, "www.exe.com", "/foo", "[3]");
    assert_host(port, "h", "/foo", "[wildcard]");
    assert_host(port, "h", "/bar", "404");
    assert_host(port, "xwww.example.com", "/bar", "404");
    assert_host(port, "www.example.com.evil", "/bar", "404");
    stop();
}

/* As in Tornado, the routes of the default host come after those for every host. */
TEST(routes_of_the_default_host)
{
    static const gale_route everywhere[] = { ROUTE("/all", reply_handler, .arg = "[wildcard]"),
                                             { 0 } },
                            own[] = { ROUTE("/foo", reply_handler, .arg = "[0]"),
                                      ROUTE("/all", reply_handler, .arg = "[default]"),
                                      { 0 } },
                            other[] = { ROUTE("/baz", reply_handler, .arg = "[2]"), { 0 } };
    int port;
    gale_application *application =
        serve(everywhere, &(gale_application_settings){ .default_host = "www.example.com" }, &port);
    assert_ok(gale_application_add_handlers(application, "www\\.example\\.com", own));
    assert_ok(gale_application_add_handlers(application, "www.test.com", other));
    assert_host(port, "h", "/foo", "[0]");
    assert_host(port, "h", "/baz", "404");
    assert_host(port, "h", "/all", "[wildcard]");
    assert_host(port, "www.example.com", "/all", "[default]");
    assert_host(port, "www.test.com", "/baz", "[2]");
    assert_host(port, "h\r\nX-Real-Ip: 127.0.0.1", "/foo", "404");
    assert_host(port, "www.example.com\r\nX-Real-Ip: 127.0.0.1", "/foo", "[0]");
    stop();
}

/* ---- reverse_url ----------------------------------------------------------------------- */

static const gale_route reversible[] = {
    ROUTE("/", show_handler, .name = "root"),
    ROUTE("/decode_arg/(.*)", show_handler, .name = "decode_arg"),
    ROUTE("/(?P<a>[0-9]+)/x/(?P<b>.*)", show_handler, .name = "named"),
    ROUTE("^/anchored/([0-9]+)$", show_handler, .name = "anchored"),
    ROUTE("/escaped\\.html/(\\(.\\))", show_handler, .name = "escaped"),
    ROUTE("/(?:this|that)", show_handler, .name = "alternatives"),
    ROUTE("/number/\\d+", show_handler, .name = "class"),
    ROUTE("/(a(b)c)", show_handler, .name = "nested"),
    { 0 },
};

#define assert_reverse(name, path, ...)                                                            \
    do {                                                                                           \
        const char *const arguments[] = { NULL, __VA_ARGS__ };                                     \
        gale_bytes *reversed = gale_application_reverse_url(                                       \
            application, name, arguments + 1, sizeof arguments / sizeof arguments[0] - 1);         \
        assert_non_null(reversed);                                                                 \
        assert_str(gale_bytes_str(reversed), path);                                                \
        gale_bytes_unref(reversed);                                                                \
    } while (0)

TEST(reversing)
{
    gale_application *application = gale_application_new(reversible, NULL);
    assert_non_null(application);
    gale_bytes *root = gale_application_reverse_url(application, "root", NULL, 0);
    assert_str(gale_bytes_str(root), "/");
    gale_bytes_unref(root);
    assert_reverse("decode_arg", "/decode_arg/1%20%2B%201", "1 + 1");
    assert_reverse("decode_arg", "/decode_arg/42", "42");
    assert_reverse("decode_arg", "/decode_arg/%E9", "\xE9");
    assert_reverse("decode_arg", "/decode_arg/%C3%A9", "\xC3\xA9");
    assert_reverse("decode_arg", "/decode_arg/a/b-c_d.e~f", "a/b-c_d.e~f");
    assert_reverse("decode_arg", "/decode_arg/%3F%23%25", "?#%");
    assert_reverse("named", "/1/x/y", "1", "y");
    assert_reverse("anchored", "/anchored/5", "5");
    assert_reverse("escaped", "/escaped.html/z", "z");
    stop();
}

static void assert_no_reverse(gale_application *application, const char *name, size_t count,
                              const char *detail)
{
    static const char *const arguments[] = { "1", "2", "3" };
    assert_null(gale_application_reverse_url(application, name, arguments, count));
    assert_string_equal(gale_error_detail(), detail);
}

TEST(what_cannot_be_reversed)
{
    gale_application *application = gale_application_new(reversible, NULL);
    assert_non_null(application);
    assert_no_reverse(application, "nobody", 0, "nobody not found in named urls");
    assert_no_reverse(application, "named", 1,
                      "route /(?P<a>[0-9]+)/x/(?P<b>.*) takes 2 arguments, not 1");
    assert_no_reverse(application, "root", 1, "route / takes 0 arguments, not 1");
    assert_no_reverse(application, "alternatives", 0, "Cannot reverse url regex /(?:this|that)");
    assert_no_reverse(application, "class", 0, "Cannot reverse url regex /number/\\d+");
    assert_no_reverse(application, "nested", 2, "Cannot reverse url regex /(a(b)c)");
    stop();
}

TEST(the_later_of_two_routes_with_one_name_is_reversed)
{
    static const gale_route routes[] = { ROUTE("/a", show_handler, .name = "x"),
                                         ROUTE("/b", show_handler, .name = "x"),
                                         { 0 } };
    test_expect_log(GALE_LOG_WARNING, "Multiple handlers named x; replacing previous value");
    gale_application *application = gale_application_new(routes, NULL);
    gale_bytes *path = gale_application_reverse_url(application, "x", NULL, 0);
    assert_str(gale_bytes_str(path), "/b");
    gale_bytes_unref(path);
    stop();
}

static int reverse_here(gale_handler *self)
{
    const char *const argument = gale_get_argument(self, "to", "");
    const char *path = gale_reverse_url(self, gale_get_argument(self, "name", ""), &argument, 1);
    return path ? gale_write(self, path) : 0;
}

TEST(reversing_in_a_handler)
{
    static const gale_handler_class reverse_handler = { .get = reverse_here };
    static const gale_route routes[] = { ROUTE("/reverse", reverse_handler),
                                         ROUTE("/story/(.*)", show_handler, .name = "story"),
                                         { 0 } };
    int port = serve_routes(routes);
    assert_body(port, "/reverse?name=story&to=a%20b", "/story/a%20b");
    test_expect_log(GALE_LOG_WARNING, "(127.0.0.1): none not found in named urls");
    test_expect_log(GALE_LOG_ERROR, "500 GET /reverse?name=none (127.0.0.1) ");
    assert_status(port, "/reverse?name=none", "500 Internal Server Error");
    stop();
}

/* ---- Path arguments before the method -------------------------------------------------- */

static int answer_in_prepare(gale_handler *self)
{
    return show_path(self);
}

TEST(path_arguments_in_prepare)
{
    static const gale_handler_class early_handler = { .prepare = answer_in_prepare,
                                                      .get = nothing_more };
    static const gale_route routes[] = { ROUTE("/pos/(.*)", early_handler),
                                         ROUTE("/kw/(?P<path>.*)", early_handler),
                                         { 0 } };
    int port = serve_routes(routes);
    assert_body(port, "/pos/foo", "(foo)");
    assert_body(port, "/kw/foo", "(foo)");
    stop();
}

/* ---- A router of one's own -------------------------------------------------------------- */

typedef struct method_router {
    gale_http_server_connection_delegate base;
    gale_application *posts, *others;
} method_router;

/* Chooses an application by the method; none for DELETE. */
static gale_http_message_delegate *choose(gale_http_server_connection_delegate *delegate,
                                          gale_http_connection *connection)
{
    method_router *self = (method_router *)delegate;
    const char *method = gale_http_server_request_method(gale_http_connection_request(connection));
    if (strcmp(method, "DELETE") == 0)
        return NULL;
    gale_http_server_connection_delegate *chosen =
        gale_application_delegate(strcmp(method, "POST") == 0 ? self->posts : self->others);
    return chosen->operations->start_request(chosen, connection);
}

TEST(a_router_of_ones_own)
{
    static const gale_handler_class post_handler = { .initialize = reply, .post = nothing_more };
    static const gale_route posts[] = { ROUTE("/(.*)", post_handler, .arg = "posted"), { 0 } },
                            others[] = { ROUTE("/other", reply_handler, .arg = "other"), { 0 } };
    static const gale_http_server_connection_delegate_operations operations = { .start_request =
                                                                                    choose };
    method_router router = { { &operations },
                             gale_application_new(posts, NULL),
                             gale_application_new(others, NULL) };
    gale_http_server *server = gale_http_server_new(&router.base, NULL);
    int port = gale_http_server_listen(server, 0, "127.0.0.1");
    assert_body(port, "/other", "other");
    assert_answer(port, "POST /x HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200 ", "\r\n\r\nposted");
    test_expect_log(GALE_LOG_WARNING, "404 GET /x ");
    assert_status(port, "/x", "404 Not Found");
    test_expect_log(GALE_LOG_ERROR, "Uncaught error in a delegate");
    assert_answer(port, "DELETE / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 500 ", "</html>");
    stop();
}

/* ---- Routes of other kinds --------------------------------------------------------------- */

static bool has_header(gale_http_server_request *request, void *name)
{
    return gale_http_headers_has(gale_http_server_request_headers(request), name);
}

/* Tornado: CustomRouterTestCase, with a matcher. */
TEST(a_condition_beside_the_pattern)
{
    static const gale_route routes[] = {
        ROUTE("/(.*)", show_handler, .matches = has_header, .arg = "X-Beta"),
        ROUTE("/x", show_handler, .arg = "stable"),
        { 0 },
    };
    int port = serve_routes(routes);
    assert_body(port, "/x", "stable()");
    assert_answer(port, "GET /x HTTP/1.1\r\nX-Beta: 1\r\n" CLOSE "\r\n", "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\nX-Beta(x)");
    test_expect_log(GALE_LOG_WARNING, "404 GET /y ");
    assert_status(port, "/y", "404 Not Found");
    stop();
}

/* Tornado: RuleRouterTest */
TEST(routes_within_a_route)
{
    static const gale_route inner[] = { ROUTE("/in/([a-z]+)", show_handler, .arg = "inner",
                                              .name = "word"),
                                        { 0 } },
                            routes[] = { { .pattern = "/in/.*", .routes = inner },
                                         ROUTE("/in/(.*)", show_handler, .arg = "outer"),
                                         { 0 } };
    int port;
    gale_application *application = serve(routes, NULL, &port);
    assert_body(port, "/in/word", "inner(word)");
    assert_body(port, "/in/42", "outer(42)");
    gale_bytes *path = gale_application_reverse_url(application, "word", &(const char *){ "a" }, 1);
    assert_str(gale_bytes_str(path), "/in/a");
    gale_bytes_unref(path);
    stop();
}

TEST(a_delegate_as_a_route_s_target)
{
    static const gale_route posts[] = { ROUTE("/api/(.*)", show_handler, .arg = "api"), { 0 } };
    static const gale_http_server_connection_delegate_operations operations = { .start_request =
                                                                                    choose };
    method_router router = { { &operations }, NULL, gale_application_new(posts, NULL) };
    gale_route routes[] = { { .pattern = "/api/.*", .delegate = &router.base },
                            ROUTE("/api/(.*)", reply_handler, .arg = "next"),
                            ROUTE("/", show_handler, .arg = "root"),
                            { 0 } };
    int port = serve_routes(routes);
    assert_body(port, "/api/x", "api(x)");
    assert_body(port, "/", "root()");
    test_expect_log(GALE_LOG_WARNING, "405 DELETE /api/x ");
    assert_answer(port, "DELETE /api/x HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 405 ", "</html>");
    stop();
}

/* ---- Bad routes ------------------------------------------------------------------------ */

static void assert_refused(const gale_route *routes, const char *log_line)
{
    test_expect_log(GALE_LOG_ERROR, log_line);
    gale_application *application = gale_application_new(routes, NULL);
    assert_null(application);
    assert_error(gale_application_listen(application, 0), GALE_EINVALID);
    assert_int_equal(gale_ioloop_start(gale_ioloop_current()), 1);
    stop();
}

TEST(bad_patterns_keep_the_loop_from_starting)
{
    assert_refused(
        (gale_route[]){ ROUTE("/good", show_handler), ROUTE("/(bad", show_handler), { 0 } },
        "route /(bad: missing closing parenthesis at offset 5");
    assert_refused((gale_route[]){ ROUTE("/(?P<a>.)(.)", show_handler), { 0 } },
                   "route /(?P<a>.)(.): groups must be all named or all unnamed");
    assert_refused((gale_route[]){ { .pattern = "/nothing" }, { 0 } },
                   "route /nothing needs one of a handler class, a delegate and further routes");
    static const gale_route none[] = { { 0 } };
    assert_refused((gale_route[]){ ROUTE("/two", show_handler, .routes = none), { 0 } },
                   "route /two needs one of a handler class, a delegate and further routes");
    assert_refused(
        (gale_route[]){
            { .pattern = "/a",
              .routes = (gale_route[]){ { .pattern = "/(", .handler = &show_handler }, { 0 } } },
            { 0 } },
        "route /(: missing closing parenthesis at offset 2");
    gale_route circle[] = { { .pattern = "/.*" }, { 0 } };
    circle[0].routes = circle;
    assert_refused(circle, "routes are nested more than 16 deep");
}

TEST(a_bad_host_pattern_keeps_the_loop_from_starting)
{
    static const gale_route routes[] = { ROUTE("/", show_handler), { 0 } };
    gale_application *application = gale_application_new(routes, NULL);
    assert_non_null(application);
    test_expect_log(GALE_LOG_ERROR, "route *: ");
    assert_error(gale_application_add_handlers(application, "*", routes), GALE_EINVALID);
    assert_int_equal(gale_ioloop_start(gale_ioloop_current()), 1);
    stop();
}

/* A pattern that backtracks without end is stopped by PCRE2's match limit. */
TEST(a_match_that_takes_too_long)
{
    static const gale_route routes[] = { ROUTE("/(a+)+[bc]", show_handler), { 0 } };
    char target[64] = "/";
    memset(target + 1, 'a', 40);
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_ERROR, "");
    assert_status(port, target, "500 Internal Server Error");
    stop();
}

GALE_TEST_MAIN
