/* SPDX-License-Identifier: Apache-2.0 */
/* The ready filters: request id, security headers, CORS, rate limit. */
#include <gale/middleware.h>

#include <errno.h>

#include "web/web_test.h"

static int get(gale_handler *self)
{
    const char *id = gale_request_id(self);
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_INFO, "at work");
    return gale_writef(self, "id %s", id ? id : "none");
}

static int post(gale_handler *self)
{
    return gale_http_error(self, 404, NULL);
}

static const gale_handler_class main_handler = { .get = get, .post = post };

static int serve_with(gale_filter filter)
{
    int port;
    serve((gale_route[]){ ROUTE("/", main_handler), { 0 } },
          &(gale_application_settings){ .filters = (gale_filter[]){ filter, { 0 } } }, &port);
    return port;
}

/* The answer to a request with these header lines. */
static char *ask_with(int port, const char *method, const char *lines)
{
    char request[512];
    snprintf(request, sizeof request, "%s / HTTP/1.1\r\n%s" CLOSE "\r\n", method, lines);
    return ask(port, request);
}

/* The answer has the line, and ("-" before it) does not have it. */
static void assert_lines(int port, const char *method, const char *lines, const char *const *wanted)
{
    char *answer = ask_with(port, method, lines);
    for (; *wanted; wanted++) {
        bool absent = **wanted == '-';
        if (absent == (strstr(answer, *wanted + absent) != NULL))
            fail_msg("wanted %s, got %s", *wanted, answer);
    }
    free(answer);
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- Request id ------------------------------------------------------------------------ */

TEST(a_request_id_is_taken_and_logged)
{
    gale_log_set_level(GALE_LOG_INFO);
    int port = serve_with((gale_filter){ &gale_request_id_filter, NULL });
    assert_lines(port, "GET", "X-Request-Id: abc-123\r\n",
                 LINES("X-Request-Id: abc-123\r\n", "\r\n\r\nid abc-123"));
    assert_true(test_logged("[abc-123] at work"));
    assert_true(test_logged("[abc-123] 200 GET / (127.0.0.1)"));
    test_expect_log(GALE_LOG_WARNING, "[abc-124] 404 POST / (127.0.0.1)");
    assert_lines(port, "POST", "X-Request-Id: abc-124\r\nContent-Length: 0\r\n",
                 LINES("HTTP/1.1 404", "X-Request-Id: abc-124\r\n"));
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "outside");
    assert_false(test_logged("] outside"));
    stop();
    gale_log_set_level(GALE_LOG_WARNING);
}

static int wait_long(gale_handler *self)
{
    (void)self;
    return gale_sleep(10);
}

static void say_goodbye(gale_handler *self)
{
    (void)self;
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_INFO, "left");
}

static const gale_handler_class patient_handler = { .get = wait_long,
                                                    .on_connection_close = say_goodbye };

static int ask_and_leave(void *arg)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: gone\r\n\r\n";
    gale_iostream *stream;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", *(int *)arg, NULL, &stream));
    GALE_TRY(gale_iostream_write(stream, request, sizeof request - 1));
    GALE_TRY(gale_sleep(0.02));
    gale_iostream_free(stream);
    return gale_sleep(0.02);
}

TEST(what_is_logged_when_the_client_leaves_has_the_id)
{
    const gale_filter filters[] = { { &gale_request_id_filter, NULL }, { 0 } };
    gale_log_set_level(GALE_LOG_INFO);
    int port;
    serve((gale_route[]){ ROUTE("/", patient_handler), { 0 } },
          &(gale_application_settings){ .filters = filters }, &port);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_and_leave, &port, 10));
    assert_true(test_logged("[gone] left"));
    assert_true(test_logged("[gone] 499 GET /"));
    stop();
    gale_log_set_level(GALE_LOG_WARNING);
}

TEST(a_request_id_is_made)
{
    int port = serve_with((gale_filter){ &gale_request_id_filter, NULL });
    char *first = ask_with(port, "GET", ""), *second = ask_with(port, "GET", "");
    const char *id = strstr(first, "X-Request-Id: "), *other = strstr(second, "X-Request-Id: ");
    assert_non_null(id);
    assert_non_null(other);
    assert_int_equal(strspn(id + 14, "0123456789abcdef"), 32);
    assert_true(memcmp(id, other, 46) != 0);
    free(first);
    free(second);
    assert_lines(port, "GET", "X-Request-Id: a b\r\n", LINES("-a b"));
    assert_lines(port, "GET", "X-Request-Id: \xc3\xa9\r\n", LINES("-\xc3\xa9"));
    stop();
}

TEST(a_request_id_in_another_header)
{
    static const gale_request_id_options options = { .header = "Trace", .ignore_received = true };
    int port = serve_with((gale_filter){ &gale_request_id_filter, &options });
    assert_lines(port, "GET", "Trace: abc\r\n", LINES("-abc", "Trace: ", "-X-Request-Id"));
    stop();
}

TEST(without_the_filter_there_is_no_id)
{
    int port = serve_routes((gale_route[]){ ROUTE("/", main_handler), { 0 } });
    assert_body(port, "/", "id none");
    stop();
}

/* ---- Security headers ------------------------------------------------------------------ */

TEST(security_headers)
{
    int port = serve_with((gale_filter){ &gale_security_headers_filter, NULL });
    test_expect_log(GALE_LOG_WARNING, "404 POST /");
    for (int i = 0; i < 2; i++)
        assert_lines(port, i ? "POST" : "GET", i ? "Content-Length: 0\r\n" : "",
                     LINES("X-Content-Type-Options: nosniff\r\n", "X-Frame-Options: SAMEORIGIN\r\n",
                           "Referrer-Policy: strict-origin-when-cross-origin\r\n",
                           "Cross-Origin-Opener-Policy: same-origin\r\n",
                           "-Content-Security-Policy", "-Strict-Transport-Security"));
    stop();
}

TEST(security_headers_as_one_wants_them)
{
    static const gale_security_headers_options options = { .frame_options = "",
                                                           .content_security_policy =
                                                               "default-src 'self'",
                                                           .strict_transport_security =
                                                               "max-age=60" };
    int port = serve_with((gale_filter){ &gale_security_headers_filter, &options });
    assert_lines(port, "GET", "",
                 LINES("-X-Frame-Options", "Content-Security-Policy: default-src 'self'\r\n",
                       "-Strict-Transport-Security"));
    stop();
    gale_application_settings settings = {
        .filters = (gale_filter[]){ { &gale_security_headers_filter, &options }, { 0 } }
    };
    settings.server.protocol = "https";
    serve((gale_route[]){ ROUTE("/", main_handler), { 0 } }, &settings, &port);
    assert_lines(port, "GET", "", LINES("Strict-Transport-Security: max-age=60\r\n"));
    stop();
}

/* ---- CORS ------------------------------------------------------------------------------ */

#define APP "Origin: https://app.example\r\n"
#define OTHER "Origin: https://other.example\r\n"
#define PREFLIGHT                                                                                  \
    "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a, x-b\r\n"

TEST(cors_for_some_origins)
{
    static const char *const origins[] = { "https://app.example", NULL };
    static const gale_cors_options options = { .allow_origins = origins,
                                               .allow_credentials = true,
                                               .expose_headers = "X-Total" };
    int port = serve_with((gale_filter){ &gale_cors_filter, &options });
    assert_lines(port, "GET", APP,
                 LINES("HTTP/1.1 200 OK\r\n", "Vary: Origin\r\n",
                       "Access-Control-Allow-Origin: https://app.example\r\n",
                       "Access-Control-Allow-Credentials: true\r\n",
                       "Access-Control-Expose-Headers: X-Total\r\n"));
    assert_lines(port, "GET", OTHER, LINES("HTTP/1.1 200 OK\r\n", "Vary: Origin\r\n", "-Access-"));
    assert_lines(port, "GET", "", LINES("HTTP/1.1 200 OK\r\n", "Vary: Origin\r\n", "-Access-"));
    test_expect_log(GALE_LOG_WARNING, "404 POST /");
    assert_lines(port, "POST", APP "Content-Length: 0\r\n",
                 LINES("HTTP/1.1 404", "Access-Control-Allow-Origin: https://app.example\r\n"));
    assert_lines(port, "OPTIONS", APP PREFLIGHT,
                 LINES("HTTP/1.1 204 No Content\r\n",
                       "Access-Control-Allow-Origin: https://app.example\r\n",
                       "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\n",
                       "Access-Control-Allow-Headers: x-a, x-b\r\n",
                       "Access-Control-Max-Age: 600\r\n", "-Content-Type"));
    assert_lines(port, "OPTIONS", OTHER PREFLIGHT,
                 LINES("HTTP/1.1 204 No Content\r\n", "-Access-"));
    test_expect_log(GALE_LOG_WARNING, "405 OPTIONS /");
    assert_lines(port, "OPTIONS", APP, LINES("HTTP/1.1 405"));
    stop();
}

TEST(cors_for_every_origin)
{
    static const char *const any[] = { "*", NULL };
    static const gale_cors_options plain = {
        .allow_origins = any, .allow_methods = "GET", .allow_headers = "X-A", .max_age = GALE_NONE
    };
    static const gale_cors_options credentials = { .allow_origins = any,
                                                   .allow_credentials = true };
    int port = serve_with((gale_filter){ &gale_cors_filter, &plain });
    assert_lines(port, "GET", OTHER, LINES("Access-Control-Allow-Origin: *\r\n", "-Vary"));
    assert_lines(port, "OPTIONS", OTHER PREFLIGHT,
                 LINES("Access-Control-Allow-Origin: *\r\n",
                       "Access-Control-Allow-Methods: GET\r\n",
                       "Access-Control-Allow-Headers: X-A\r\n", "-Max-Age"));
    stop();
    port = serve_with((gale_filter){ &gale_cors_filter, &credentials });
    assert_lines(
        port, "GET", OTHER,
        LINES("Access-Control-Allow-Origin: https://other.example\r\n", "Vary: Origin\r\n"));
    stop();
}

TEST(cors_needs_its_options)
{
    const gale_filter filters[] = { { &gale_cors_filter, NULL }, { 0 } };
    test_expect_log(GALE_LOG_ERROR, "needs its options");
    assert_null(gale_application_new((gale_route[]){ ROUTE("/", main_handler), { 0 } },
                                     &(gale_application_settings){ .filters = filters }));
    stop();
}

/* ---- Rate limit ------------------------------------------------------------------------ */

static const char *user(gale_handler *self)
{
    const char *name = gale_get_query_argument(self, "user", "");
    return *name ? name : NULL;
}

TEST(who_asks_too_often_is_refused)
{
    static const gale_rate_limit_options options = {
        .rate = 0.1, .burst = 2, .key = user, .max_keys = 2
    };
    int port = serve_with((gale_filter){ &gale_rate_limit_filter, &options });
    assert_status(port, "/?user=a", "200 OK");
    assert_status(port, "/?user=a", "200 OK");
    test_expect_log(GALE_LOG_WARNING, "429 GET /?user=a");
    char *answer = ask(port, GET("/?user=a"));
    assert_non_null(strstr(answer, "HTTP/1.1 429 Too Many Requests\r\n"));
    assert_non_null(strstr(answer, "Retry-After: 10\r\n"));
    free(answer);
    assert_status(port, "/?user=b", "200 OK");
    for (int i = 0; i < 4; i++)
        assert_status(port, "/", "200 OK");    /* has no key */
    assert_status(port, "/?user=c", "200 OK"); /* a is forgotten */
    assert_status(port, "/?user=a", "200 OK");
    stop();
}

/* One request for each of two clients; the second is refused, or is another one. */
static void assert_clients(int port, const char *first, const char *second, bool same)
{
    char lines[100];
    snprintf(lines, sizeof lines, "X-Forwarded-For: %s\r\n", first);
    assert_lines(port, "GET", lines, LINES("HTTP/1.1 200"));
    snprintf(lines, sizeof lines, "X-Forwarded-For: %s\r\n", second);
    if (same)
        test_expect_log(GALE_LOG_WARNING, "429 GET /");
    assert_lines(port, "GET", lines, LINES(same ? "HTTP/1.1 429" : "HTTP/1.1 200"));
}

TEST(clients_are_counted_by_their_network)
{
    static const gale_rate_limit_options options = { .rate = 0.1 };
    static const char *const networks[] = { "127.0.0.0/8", NULL };
    gale_application_settings settings = { .filters = (gale_filter[]){
                                               { &gale_rate_limit_filter, &options }, { 0 } } };
    settings.server.trusted_proxies = networks;
    int port;
    serve((gale_route[]){ ROUTE("/", main_handler), { 0 } }, &settings, &port);
    assert_clients(port, "4.4.4.4", "4.4.4.4", true);
    assert_clients(port, "4.4.4.5", "4.4.4.6", false);
    assert_clients(port, "2001:db8::1", "2001:db8::2", true);
    assert_clients(port, "2001:db8:1::1", "2001:db8:2::1", false);
    assert_clients(port, "::ffff:5.5.5.5", "::ffff:5.5.5.6", false);
    stop();
}

static int rest(void *arg)
{
    (void)arg;
    return gale_sleep(0.06);
}

TEST(a_bucket_fills_with_time)
{
    static const gale_rate_limit_options options = { .rate = 20, .burst = 1 };
    int port = serve_with((gale_filter){ &gale_rate_limit_filter, &options });
    assert_status(port, "/", "200 OK");
    test_expect_log(GALE_LOG_WARNING, "429 GET /");
    assert_status(port, "/", "429 Too Many Requests");
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), rest, NULL, 10));
    assert_status(port, "/", "200 OK");
    stop();
}

/* ---- Two servers ----------------------------------------------------------------------- */

static int show_ip(gale_handler *self)
{
    return gale_write(self, gale_http_server_request_remote_ip(gale_handler_request(self)));
}

static const gale_handler_class ip_handler = { .get = show_ip };

TEST(a_second_port_behind_a_balancer)
{
    static const char *const networks[] = { "127.0.0.0/8", NULL };
    int port;
    gale_application *application =
        serve((gale_route[]){ ROUTE("/", ip_handler), { 0 } }, NULL, &port);
    gale_http_server *server = gale_http_server_new(
        gale_application_delegate(application),
        &(gale_http_server_options){ .trusted_proxies = networks, .proxy_protocol = true });
    assert_non_null(server);
    int proxied = gale_http_server_listen(server, 0, "127.0.0.1");
    assert_true(proxied > 0);
    assert_body(port, "/", "127.0.0.1");
    assert_answer(proxied, "PROXY TCP4 4.4.4.4 10.0.0.1 1 2\r\n" GET("/"), "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\n4.4.4.4");
    stop();
}

GALE_TEST_MAIN
