/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers are told of their request. */
#include "web/web_test.h"

#define SECRET "It's a secret to everybody"

/* Text that ends with its NUL and not before. */
#define SHOW(self, call) GALE_TRY(gale_writef(self, #call "=%s\n", (call)))

/* ---- A request that says as little as possible ------------------------------------------ */

static int show_little(gale_handler *self)
{
    gale_http_server_request *request = gale_handler_request(self);
    gale_str body = gale_http_server_request_body(request);
    const char *const *values;
    assert_non_null(body.data);
    assert_int_equal(body.len, 0);
    assert_int_equal(gale_http_headers_count(gale_http_server_request_headers(request)), 0);
    assert_int_equal(gale_http_files_count(gale_http_server_request_files(request)), 0);
    assert_null(gale_get_file(self, "a"));
    assert_int_equal(gale_get_arguments(self, "a", &values), 0);
    assert_null(gale_get_argument_str(self, "a").data);
    SHOW(self, gale_http_server_request_method(request));
    SHOW(self, gale_http_server_request_uri(request));
    SHOW(self, gale_http_server_request_path(request));
    SHOW(self, gale_http_server_request_query(request));
    SHOW(self, gale_http_server_request_version(request));
    SHOW(self, gale_http_server_request_host(request));
    SHOW(self, gale_http_server_request_host_name(request));
    SHOW(self, gale_http_server_request_protocol(request));
    SHOW(self, gale_get_argument(self, "a", "none"));
    SHOW(self, gale_get_cookie(self, "a", "none"));
    return 0;
}

static const gale_handler_class little_handler = { .get = show_little };

/* Tornado: HTTPServerRequestTest.test_default_constructor */
TEST(a_request_of_one_line)
{
    static const gale_route routes[] = { ROUTE("/", little_handler), { 0 } };
    int port = serve_routes(routes);
    assert_answer(port, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ",
                  "\r\n\r\ngale_http_server_request_method(request)=GET\n"
                  "gale_http_server_request_uri(request)=/\n"
                  "gale_http_server_request_path(request)=/\n"
                  "gale_http_server_request_query(request)=\n"
                  "gale_http_server_request_version(request)=HTTP/1.0\n"
                  "gale_http_server_request_host(request)=127.0.0.1\n"
                  "gale_http_server_request_host_name(request)=127.0.0.1\n"
                  "gale_http_server_request_protocol(request)=http\n"
                  "gale_get_argument(self, \"a\", \"none\")=none\n"
                  "gale_get_cookie(self, \"a\", \"none\")=none\n");
    stop();
}

/* ---- Bytes and text --------------------------------------------------------------------- */

static int count_bytes(gale_handler *self)
{
    unsigned counts[256] = { 0 };
    gale_str body = gale_http_server_request_body(gale_handler_request(self));
    assert_int_equal(body.data[body.len], '\0');
    for (size_t i = 0; i < body.len; i++)
        counts[(unsigned char)body.data[i]]++;
    for (int i = 0; i < 256; i++)
        assert_int_equal(counts[i], 2);
    return gale_writef(self, "%zu bytes", body.len);
}

static const gale_handler_class bytes_handler = { .post = count_bytes };

/* Tornado: HTTPServerRequestTest.test_body_is_a_byte_string */
TEST(a_body_is_bytes)
{
    static const gale_route routes[] = { ROUTE("/", bytes_handler), { 0 } };
    char request[1024];
    int size = snprintf(request, sizeof request,
                        "POST / HTTP/1.1\r\n" CLOSE "Content-Type: text/plain\r\n"
                        "Content-Length: 512\r\n\r\n");
    for (int i = 0; i < 512; i++)
        request[size + i] = (char)i;
    int port = serve_routes(routes);
    char *answer = ask_parts(port, &(gale_str){ request, (size_t)size + 512 }, 1);
    assert_non_null(strstr(answer, "\r\n\r\n512 bytes"));
    free(answer);
    stop();
}

static int show_all(gale_handler *self)
{
    gale_http_server_request *request = gale_handler_request(self);
    gale_http_headers *headers = gale_http_server_request_headers(request);
    SHOW(self, gale_http_server_request_method(request));
    SHOW(self, gale_http_server_request_uri(request));
    SHOW(self, gale_http_server_request_path(request));
    SHOW(self, gale_http_server_request_query(request));
    SHOW(self, gale_http_server_request_remote_ip(request));
    SHOW(self, gale_http_server_request_host(request));
    SHOW(self, gale_http_headers_get(headers, "x-coffee"));
    SHOW(self, gale_get_argument(self, "foo", NULL));
    SHOW(self, gale_path_arg_at(self, 0));
    SHOW(self, gale_get_cookie(self, "plain", NULL));
    SHOW(self, gale_get_signed_cookie(self, "asdf", NULL));
    SHOW(self, gale_reverse_url(self, "typed", &(const char *){ "\xc3\xa9" }, 1));
    assert_int_equal(strlen(gale_xsrf_token(self)), 54);
    assert_non_null(strstr(gale_xsrf_form_html(self), gale_xsrf_token(self)));
    return gale_writef(self, "%d", gale_get_status(self));
}

static const gale_handler_class all_handler = { .get = show_all, .post = show_all };

static void assert_all(int port, const char *method, const char *cookie, const char *form)
{
    char request[1024], end[1024];
    snprintf(request, sizeof request,
             "%s /typed/a%%C3%%A9%s HTTP/1.1\r\n" CLOSE
             "X-Coffee: caf\xe9\r\nCookie: plain=bar; asdf=%s\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
             method, *form ? "" : "?foo=b%C3%A4r", cookie, strlen(form), form);
    snprintf(end, sizeof end,
             "\r\n\r\ngale_http_server_request_method(request)=%s\n"
             "gale_http_server_request_uri(request)=/typed/a%%C3%%A9%s\n"
             "gale_http_server_request_path(request)=/typed/a%%C3%%A9\n"
             "gale_http_server_request_query(request)=%s\n"
             "gale_http_server_request_remote_ip(request)=127.0.0.1\n"
             "gale_http_server_request_host(request)=h\n"
             "gale_http_headers_get(headers, \"x-coffee\")=caf\xe9\n"
             "gale_get_argument(self, \"foo\", NULL)=b\xc3\xa4r\n"
             "gale_path_arg_at(self, 0)=a\xc3\xa9\n"
             "gale_get_cookie(self, \"plain\", NULL)=bar\n"
             "gale_get_signed_cookie(self, \"asdf\", NULL)=qwer\n"
             "gale_reverse_url(self, \"typed\", &(const char *){ \"\\xc3\\xa9\" }, 1)="
             "/typed/%%C3%%A9\n200",
             method, *form ? "" : "?foo=b%C3%A4r", *form ? "" : "foo=b%C3%A4r");
    assert_answer(port, request, "HTTP/1.1 200 ", end);
}

/* Decoded where a text is meant, and as it came where bytes are. Tornado:
 * WSGISafeWebTest.test_types, HTTPServerTest.test_types */
TEST(what_getters_give)
{
    static const gale_route routes[] = { ROUTE("/typed/(.*)", all_handler, .name = "typed"),
                                         { 0 } };
    gale_application_settings settings = { .cookie_secret = SECRET };
    gale_bytes *cookie;
    int port;
    serve(routes, &settings, &port);
    assert_ok(gale_create_signed_value(SECRET, "asdf", GALE_STR("qwer"), NULL, &cookie));
    assert_all(port, "GET", gale_bytes_str(cookie).data, "");
    assert_all(port, "POST", gale_bytes_str(cookie).data, "foo=b%C3%A4r");
    gale_bytes_unref(cookie);
    stop();
}

/* ---- What is logged of it --------------------------------------------------------------- */

static int fail_badly(gale_handler *self)
{
    (void)self;
    return GALE_EINPUT;
}

static const gale_handler_class failing_handler = { .name = "failing", .get = fail_badly };

static char logged[2048];

static void keep_line(const gale_log_record *record, void *arg)
{
    size_t used = strlen(logged);
    (void)arg;
    snprintf(logged + used, sizeof logged - used, "%.*s\n", (int)record->size, record->message);
}

/* Headers hold what must not get into a log: cookies, credentials, tokens.
 * Tornado: HTTPServerRequestTest.test_repr_does_not_contain_headers */
TEST(no_header_is_logged)
{
    static const gale_route routes[] = { ROUTE("/", failing_handler), { 0 } };
    int port = serve_routes(routes);
    gale_log_set_level(GALE_LOG_DEBUG);
    gale_log_set_hook(keep_line, NULL);
    assert_answer(port,
                  "GET /?a=b HTTP/1.1\r\n" CLOSE "Canary: Coal Mine\r\n"
                  "Authorization: Basic Q29hbCBNaW5l\r\nCookie: id=Coal Mine\r\n\r\n",
                  "HTTP/1.1 500 ", "");
    assert_non_null(strstr(logged, "Uncaught error GET /?a=b (127.0.0.1) in failing: "));
    assert_non_null(strstr(logged, "500 GET /?a=b (127.0.0.1) "));
    assert_null(strstr(logged, "Canary"));
    assert_null(strstr(logged, "Coal Mine"));
    assert_null(strstr(logged, "Q29hbCBNaW5l"));
    stop();
}

GALE_TEST_MAIN
