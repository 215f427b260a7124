/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the query and the form, cookies: decoding as Tornado's. */
#include "web/web_test.h"

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

/* ---- Handlers that show what they get --------------------------------------------------- */

static int show_one(gale_handler *self)
{
    const char *value = gale_get_argument(self, "foo", NULL);
    return value ? gale_writef(self, "[%s]", value) : 0;
}

static int show_defaults(gale_handler *self)
{
    return gale_writef(self, "%s %s %s", gale_get_argument(self, "foo", "default"),
                       gale_get_query_argument(self, "foo", "default"),
                       gale_get_body_argument(self, "foo", "default"));
}

static int write_list(gale_handler *self, int count, const char *const *values)
{
    GALE_TRY(count);
    GALE_TRY(gale_writef(self, "%d", count));
    for (int i = 0; i < count; i++)
        GALE_TRY(gale_writef(self, " %s", values[i]));
    assert_null(values[count]);
    return 0;
}

static int show_all(gale_handler *self)
{
    const char *const *values;
    int count = gale_get_arguments(self, "foo", &values);
    GALE_TRY(write_list(self, count, values));
    GALE_TRY(gale_write(self, "; "));
    count = gale_get_query_arguments(self, "foo", &values);
    GALE_TRY(write_list(self, count, values));
    GALE_TRY(gale_write(self, "; "));
    count = gale_get_body_arguments(self, "foo", &values);
    return write_list(self, count, values);
}

static const gale_handler_class one_handler = { .get = show_one, .post = show_one },
                                defaults_handler = { .get = show_defaults, .post = show_defaults },
                                all_handler = { .get = show_all, .post = show_all };

static const gale_route routes[] = { ROUTE("/one", one_handler),
                                     ROUTE("/defaults", defaults_handler),
                                     ROUTE("/all", all_handler),
                                     { 0 } };

/* ---- Decoding -------------------------------------------------------------------------- */

TEST(values_are_decoded_and_stripped)
{
    static const struct {
        const char *target, *body;
    } table[] = {
        { "/one?foo=bar", "[bar]" },
        { "/one?foo=", "[]" },
        { "/one?foo", "[]" },
        { "/one?foo=%C3%A9", "[\xC3\xA9]" },
        { "/one?foo=1+%2B+1", "[1 + 1]" },
        { "/one?foo=a%20b", "[a b]" },
        { "/one?foo=%", "[%]" },
        { "/one?foo=%4", "[%4]" },
        { "/one?foo=%zz", "[%zz]" },
        { "/one?foo=a=b", "[a=b]" },
        { "/one?foo=a;foo=b", "[a;foo=b]" },
        { "/one?foo=a&&foo=b&", "[b]" },
        { "/one?%66oo=encoded+name", "[encoded name]" },
        { "/one?foo=a?b", "[a?b]" },
        { "/one?foo=\xC3\xA9", "[\xC3\xA9]" },
        /* Control characters become spaces, but for TAB, LF, VT, FF and CR. */
        { "/one?foo=a%00b", "[a b]" },
        { "/one?foo=a%01%1Fb", "[a  b]" },
        { "/one?foo=a%09%0A%0B%0C%0Db", "[a\t\n\v\f\rb]" },
        { "/one?foo=a%7Fb", "[a\x7F"
                            "b]" },
        /* White space at the ends is dropped, Unicode's, too. */
        { "/one?foo=%20%09a%0D%0A", "[a]" },
        { "/one?foo=+%00+", "[]" },
        { "/one?foo=%C2%A0a%E3%80%80%E2%80%83", "[a]" },
        { "/one?foo=%C2%85a%E2%80%A8b%E2%80%A9", "[a\xE2\x80\xA8"
                                                 "b]" },
        { "/one?foo=%E2%80%8Ba", "[\xE2\x80\x8B"
                                 "a]" }, /* no white space */
        { "/one?foo=%EF%BB%BFa", "[\xEF\xBB\xBF"
                                 "a]" },
    };
    int port = serve_routes(routes);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_body(port, table[i].target, table[i].body);
    stop();
}

TEST(values_that_are_not_utf_8_are_refused)
{
    static const char *const targets[] = { "/one?foo=%FF", "/one?foo=%C3", "/one?foo=%C0%80",
                                           "/one?foo=%ED%A0%80", "/one?foo=%F4%90%80%80" };
    int port = serve_routes(routes);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        test_expect_log(GALE_LOG_WARNING, "(127.0.0.1): Invalid unicode in foo: ");
        test_expect_log(GALE_LOG_WARNING, "400 GET /one?foo=");
        assert_status(port, targets[i], "400 Bad Request");
    }
    test_expect_log(GALE_LOG_WARNING, /* the first 40 bytes are shown */
                    "Invalid unicode in foo: 0123456789012345678901234567890123456789");
    test_expect_log(GALE_LOG_WARNING, "400 GET /one?foo=0123");
    assert_status(port, "/one?foo=0123456789012345678901234567890123456789012345%FF",
                  "400 Bad Request");
    assert_false(test_logged("unicode in foo: 01234567890123456789012345678901234567890"));
    stop();
}

/* The name of an argument that nobody asks for does no harm. */
TEST(only_values_that_are_asked_for_must_be_text)
{
    int port = serve_routes(routes);
    assert_body(port, "/one?foo=a&bar=%FF&%FE=b", "[a]");
    stop();
}

/* ---- Which value ----------------------------------------------------------------------- */

TEST(a_missing_argument_is_a_400)
{
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_WARNING, "400 GET /one (127.0.0.1): Missing argument foo");
    test_expect_log(GALE_LOG_WARNING, "400 GET /one (127.0.0.1) ");
    assert_answer(port, GET("/one"), "HTTP/1.1 400 Bad Request\r\n",
                  "<html><title>400: Bad Request</title><body>400: Bad Request</body></html>");
    test_expect_log(GALE_LOG_WARNING, "Missing argument foo");
    test_expect_log(GALE_LOG_WARNING, "400 GET /one?Foo=a ");
    assert_status(port, "/one?Foo=a", "400 Bad Request");
    stop();
}

TEST(the_last_value_counts_and_the_body_comes_after_the_query)
{
    int port = serve_routes(routes);
    assert_body(port, "/defaults", "default default default");
    assert_body(port, "/defaults?foo=a&foo=b", "b b default");
    assert_post(port, "/defaults?foo=bar", FORM, "foo=hello", "hello bar hello");
    assert_post(port, "/defaults?foo=bar", FORM, "", "bar bar default");
    assert_post(port, "/defaults", FORM, "foo=1&foo=2", "2 default 2");
    stop();
}

TEST(all_values_query_first)
{
    int port = serve_routes(routes);
    assert_body(port, "/all", "0; 0; 0");
    assert_body(port, "/all?foo=a&x=y&foo=+b+", "2 a b; 2 a b; 0");
    assert_post(port, "/all?foo=bar", FORM, "foo=hello&foo=world",
                "3 bar hello world; 1 bar; 2 hello world");
    stop();
}

/* ---- Forms ----------------------------------------------------------------------------- */

TEST(which_bodies_are_forms)
{
    int port = serve_routes(routes);
    assert_post(port, "/defaults",
                "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n",
                "foo=%C3%A9+%26", "\xC3\xA9 & default \xC3\xA9 &");
    assert_post(port, "/defaults", "", "foo=1", "default default default");
    assert_post(port, "/defaults", "Content-Type: text/plain\r\n", "foo=1",
                "default default default");
    char *answer =
        ask(port, "POST /one HTTP/1.1\r\n" CLOSE FORM "Transfer-Encoding: chunked\r\n\r\n"
                  "4\r\nfoo=\r\n3\r\nbar\r\n0\r\n\r\n");
    assert_non_null(strstr(answer, "\r\n\r\n[bar]"));
    free(answer);
    stop();
}

TEST(a_form_with_a_content_encoding_is_refused)
{
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_WARNING, "Invalid body: Unsupported Content-Encoding: gzip");
    test_expect_log(GALE_LOG_WARNING, "400 POST /one ");
    char *answer = ask_post(port, "/one", FORM "Content-Encoding: gzip\r\n", "foo=1");
    assert_memory_equal(answer, "HTTP/1.1 400 Bad Request\r\n", 26);
    free(answer);
    stop();
}

/* "foo=b" and more, `count` arguments in all. */
static const char *arguments(int count)
{
    static char text[8192];
    char *at = stpcpy(text, "foo=b");
    for (int i = 1; i < count; i++)
        at = stpcpy(at, "&a=b");
    return text;
}

static const char *query_of(int count)
{
    static char request[9000];
    snprintf(request, sizeof request, "GET /one?%s HTTP/1.1\r\n" CLOSE "\r\n", arguments(count));
    return request;
}

static const char *form_of(int count)
{
    static char request[9000];
    const char *text = arguments(count);
    snprintf(request, sizeof request,
             "POST /one HTTP/1.1\r\n" CLOSE FORM "Content-Length: %zu\r\n\r\n%s", strlen(text),
             text);
    return request;
}

TEST(too_many_arguments)
{
    int port = serve_routes(routes);
    assert_answer(port, query_of(1000), "HTTP/1.1 200 ", "\r\n\r\n[b]");
    assert_answer(port, form_of(1000), "HTTP/1.1 200 ", "\r\n\r\n[b]");
    test_expect_log(GALE_LOG_WARNING, "Invalid query: too many arguments");
    test_expect_log(GALE_LOG_WARNING, "400 GET /one?");
    assert_answer(port, query_of(1001), "HTTP/1.1 400 ", "</html>");
    test_expect_log(GALE_LOG_WARNING, "Invalid body: too many arguments");
    test_expect_log(GALE_LOG_WARNING, "400 POST /one ");
    assert_answer(port, form_of(1001), "HTTP/1.1 400 ", "</html>");
    stop();
}

/* A getter's failure is answered also when the handler pays no heed to it. */
TEST(a_failure_that_the_handler_ignores)
{
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_WARNING, "Invalid unicode in foo");
    test_expect_log(GALE_LOG_WARNING, "400 GET /defaults?foo=%FF ");
    char *answer = ask(port, GET("/defaults?foo=%FF"));
    assert_memory_equal(answer, "HTTP/1.1 400 ", 13);
    assert_null(strstr(answer, "default"));
    free(answer);
    stop();
}

/* ---- Cookies --------------------------------------------------------------------------- */

static int show_cookies(gale_handler *self)
{
    return gale_writef(self, "%s|%s|%s", gale_get_cookie(self, "a", "none"),
                       gale_get_cookie(self, "b", "none"), gale_get_cookie(self, "c", "none"));
}

static void assert_cookies(int port, const char *header, const char *wanted)
{
    char request[512], end[128];
    snprintf(request, sizeof request, "GET /cookies HTTP/1.1\r\n" CLOSE "%s\r\n", header);
    snprintf(end, sizeof end, "\r\n\r\n%s", wanted);
    assert_answer(port, request, "HTTP/1.1 200 ", end);
}

TEST(cookies_of_the_request)
{
    static const gale_handler_class cookie_handler = { .get = show_cookies };
    static const gale_route cookie_routes[] = { ROUTE("/cookies", cookie_handler), { 0 } };
    int port = serve_routes(cookie_routes);
    assert_cookies(port, "", "none|none|none");
    assert_cookies(port, "Cookie: a=1; b=two; a=3\r\n", "3|two|none");
    assert_cookies(port, "Cookie: a=\"x\\073y\"; b=\"q\\\"\"\r\n", "x;y|q\"|none");
    assert_cookies(port, "Cookie: a=1;b=2\r\nCookie: c=3\r\n", "1|2,c=3|none"); /* as Tornado */
    assert_cookies(port, "Cookie: nonsense; a=1\r\n", "1|none|none");
    assert_cookies(port, "Cookie: a = 1 ; b=\r\n", "1||none");
    stop();
}

/* Latin-1, and nothing that begins with "!". */
static const char *decode_latin1(gale_handler *self, gale_str value, const char *name)
{
    (void)self;
    if (value.len && value.data[0] == '!')
        return NULL;
    char *text = gale_alloc(2 * value.len + 20), *at = text;
    for (size_t i = 0; text && i < value.len; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        if (byte >= 0x80)
            *at++ = (char)(0xC0 | byte >> 6);
        *at++ = (char)(byte >= 0x80 ? 0x80 | (byte & 0x3F) : byte);
    }
    if (text)
        strcpy(at, name ? name : "-");
    return text;
}

static int show_decoded(gale_handler *self)
{
    GALE_TRY(gale_write(self, gale_path_arg_at(self, 0)));
    return gale_writef(self, " %s", gale_get_argument(self, "foo", "none"));
}

/* Tornado: RequestHandler.decode_argument, test_decode_argument */
TEST(a_class_may_decode_arguments)
{
    static const gale_handler_class base = { .decode_argument = decode_latin1 },
                                    handler = { .base = &base, .get = show_decoded };
    static const gale_route own[] = { ROUTE("/(.*)", handler), { 0 } };
    int port = serve_routes(own);
    assert_body(port, "/%E9?foo=+%FF",
                "\xc3\xa9- \xc3\xbf"
                "foo");
    test_expect_log(GALE_LOG_WARNING, "400 GET /!a (127.0.0.1): Invalid unicode in url: !a");
    test_expect_log(GALE_LOG_WARNING, "400 GET /!a ");
    assert_status(port, "/!a", "400 Bad Request");
    stop();
}

static int show_bytes(gale_handler *self)
{
    gale_str bytes = gale_get_argument_str(self, "foo");
    return bytes.data ? gale_write_bytes(self, bytes.data, bytes.len) : gale_write(self, "none");
}

TEST(arguments_as_bytes)
{
    static const gale_handler_class handler = { .get = show_bytes };
    static const gale_route own[] = { ROUTE("/", handler), { 0 } };
    int port = serve_routes(own);
    assert_body(port, "/?foo=a&foo=%20%FF%01+", " \xff\x01 ");
    assert_body(port, "/?foo=", "");
    assert_body(port, "/?bar=1", "none");
    stop();
}

/* Tornado: HTTPServerTest.test_post_encodings; "chinese: " and two characters in UTF-8 and in GBK.
 */
TEST(a_form_in_another_encoding)
{
    static const char *const forms[][2] = {
        { "foo=chinese: \xe5\xbc\xa0\xe4\xb8\x89", "chinese: \xe5\xbc\xa0\xe4\xb8\x89" },
        { "foo=chinese%3A%20%E5%BC%A0%E4%B8%89", "chinese: \xe5\xbc\xa0\xe4\xb8\x89" },
        { "foo=chinese: \xd5\xc5\xc8\xfd", "chinese: \xd5\xc5\xc8\xfd" },
        { "foo=chinese%3A%20%D5%C5%C8%FD", "chinese: \xd5\xc5\xc8\xfd" },
    };
    static const gale_handler_class handler = { .post = show_bytes };
    static const gale_route own[] = { ROUTE("/", handler), { 0 } };
    int port = serve_routes(own);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char *answer = ask_post(port, "/", FORM, forms[i][0]);
        assert_string_equal(strstr(answer, "\r\n\r\n") + 4, forms[i][1]);
        free(answer);
    }
    stop();
}

GALE_TEST_MAIN
