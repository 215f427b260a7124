/* SPDX-License-Identifier: Apache-2.0 */
/* https: who is trusted, and that connections do not mix. */
#include <unistd.h>

#include "http/client_test.h"
#include "net/tls_test.h"

static gale_http_response *response;
static char file[] = "/tmp/gale-ca-XXXXXX";

/* Serves the answers over TLS as `names`. */
static void serve_tls(const char *names, const gale_ssl_options *more, const char *first,
                      const char *second)
{
    gale_ssl_options options = more ? *more : (gale_ssl_options){ 0 };
    RAW_SERVER(first, second, second);
    gale_tcp_server_free(raw.server);
    options.server_side = true;
    options.certificate = certificate_for(names);
    gale_ssl_context *context = context_of(&options);
    gale_tcp_server_options server = { .ssl_context = context };
    gale_bind_options bind = { .address = "127.0.0.1" };
    raw.server = gale_tcp_server_new(raw_serve, NULL, &server);
    gale_ssl_context_unref(context);
    assert_ok(gale_tcp_server_listen(raw.server, raw.port, &bind));
    snprintf(raw.url, sizeof raw.url, "https://localhost:%d/", raw.port);
}

static const char *write_file(const char *text)
{
    strcpy(strrchr(file, '-') + 1, "XXXXXX");
    int fd = mkstemp(file);
    assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    return file;
}

/* Tornado: SimpleHTTPSClientTestCase.test_ssl_options, test_ssl_context */
TASK_TEST(a_server_that_is_trusted)
{
    gale_ssl_context *context = client_context();
    gale_fetch_options with_context = { .ssl_context = context };
    gale_fetch_options with_file = { .ca_certs = write_file(authority()) };
    serve_tls("localhost", NULL, OK("1", "1"), OK("2", "1"));
    assert_ok(get(&with_context, &response));
    assert_body(response, "1");
    assert_true(gale_http_response_time_info(response)->appconnect > 0);
    assert_ok(get(&with_context, &response));
    assert_int_equal(raw.connections, 1);
    assert_ok(get(&with_file, &response));
    assert_int_equal(raw.connections, 2);
    unlink(file);
    assert_error(get(&(gale_fetch_options){ .ca_certs = "/nonexistent" }, &response), -ENOENT);
    gale_ssl_context_unref(context);
    raw_stop();
}

/* Tornado: SimpleHTTPSClientTestCase.test_ssl_options_handshake_fail,
 * test_ssl_context_handshake_fail, test_error_logging (nothing is logged: the test would fail) */
TASK_TEST(servers_that_are_not_trusted)
{
    gale_ssl_context *context = client_context();
    gale_fetch_options options = { .ssl_context = context };
    serve_tls("localhost", NULL, OK("1", "1"), OK("2", "1"));
    for (int i = 0; i < 2; i++)
        test_expect_log(GALE_LOG_WARNING, "unknown ca");
    test_expect_log(GALE_LOG_WARNING, "bad certificate");
    assert_error(get(NULL, &response), GALE_ECERTIFICATE);
    assert_non_null(strstr(gale_error_detail(), "certificate verify failed"));
    assert_null(response);
    assert_ok(get(&(gale_fetch_options){ .no_validate_cert = true }, &response));
    assert_body(response, "1");
    assert_error(get(NULL, &response), GALE_ECERTIFICATE); /* not over that connection */
    gale_sleep(0.01);
    raw_stop();
    serve_tls("elsewhere", NULL, OK("1", "1"), OK("2", "1"));
    assert_error(get(&options, &response), GALE_ECERTIFICATE);
    gale_sleep(0.01); /* the server hears of it */
    raw_stop();
    gale_ssl_context_unref(context);
}

TASK_TEST(a_client_that_shows_a_certificate)
{
    gale_ssl_options server = { .verify = GALE_SSL_VERIFY_REQUIRED, .ca_data = authority() };
    gale_fetch_options options = { .no_validate_cert = true };
    serve_tls("localhost", &server, OK("1", "1"), OK("2", "1"));
    test_expect_log(GALE_LOG_WARNING, "peer did not return a certificate");
    test_expect_log(GALE_LOG_WARNING, "error on read");
    assert_true(get(&options, &response) < 0);
    options.client_cert = write_file(certificate_for("localhost"));
    assert_ok(get(&options, &response));
    assert_body(response, "1");
    unlink(file);
    raw_stop();
}

/* Tornado: CurlHTTPClientReuseCertsTestCase.test_reuse_certs */
static void show_once(gale_http_client *client, bool logs)
{
    gale_ssl_options server = { .verify = GALE_SSL_VERIFY_REQUIRED, .ca_data = authority() };
    gale_fetch_options options = { .no_validate_cert = true };
    serve_tls("localhost", &server, OK("1", "1"), OK("2", "1"));
    test_expect_log(GALE_LOG_WARNING, "peer did not return a certificate");
    if (logs)
        test_expect_log(GALE_LOG_WARNING, "error on read");
    options.client_cert = write_file(certificate_for("localhost"));
    options.client_key = options.client_cert;
    assert_ok(gale_http_client_fetch(client, raw.url, &options, &response));
    options.client_cert = options.client_key = NULL;
    assert_true(gale_http_client_fetch(client, raw.url, &options, &response) < 0);
    gale_sleep(0.01);
    gale_http_client_free(client);
    unlink(file);
    raw_stop();
}

TASK_TEST(a_certificate_is_shown_only_when_asked)
{
    show_once(gale_http_client_new(NULL), true);
#if GALE_CURL
    assert_ok(gale_http_client_configure("curl", NULL));
    gale_http_client *curl = gale_http_client_new(NULL);
    assert_ok(gale_http_client_configure("simple", NULL));
    show_once(curl, false);
#endif
}

static int answer_plainly(gale_iostream *stream, const gale_address *address, void *arg)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    gale_str hello;
    (void)address, (void)arg;
    GALE_TRY(gale_iostream_read_bytes(stream, 100, true, &hello));
    return gale_iostream_write(stream, answer, sizeof answer - 1);
}

static void serve_instead(gale_stream_handler handler)
{
    RAW_SERVER(NULL);
    gale_tcp_server_free(raw.server);
    raw.server = gale_tcp_server_new(handler, NULL, NULL);
    gale_bind_options bind = { .address = "127.0.0.1" };
    assert_ok(gale_tcp_server_listen(raw.server, raw.port, &bind));
    snprintf(raw.url, sizeof raw.url, "https://127.0.0.1:%d/", raw.port);
}

TASK_TEST(a_server_that_speaks_no_tls)
{
    serve_instead(answer_plainly);
    assert_error(get(NULL, &response), GALE_ESSL);
    raw_stop();
}

static int be_silent(gale_iostream *stream, const gale_address *address, void *arg)
{
    (void)stream, (void)address, (void)arg;
    return gale_sleep(3600);
}

TASK_TEST(a_handshake_that_takes_too_long)
{
    gale_fetch_options options = { .handshake_timeout = 0.02 };
    serve_instead(be_silent);
    assert_error(get(&options, &response), GALE_ETIMEDOUT_HANDSHAKE);
    assert_string_equal(gale_error_detail(), "Timeout during the TLS handshake");
    options = (gale_fetch_options){ .connect_timeout = 0.02 };
    assert_error(get(&options, &response), GALE_ETIMEDOUT_CONNECT);
    assert_string_equal(gale_error_detail(), "Timeout while connecting");
    raw_stop();
}

TASK_TEST(a_body_that_ends_without_a_word)
{
    gale_ssl_context *context = client_context();
    gale_fetch_options options = { .ssl_context = context };
    serve_tls("localhost", NULL, "HTTP/1.1 200 OK\r\n\r\nhello" CLOSE, NULL);
    assert_ok(get(&options, &response)); /* with close_notify */
    assert_body(response, "hello");
    gale_ssl_context_unref(context);
    raw_stop();
}

TASK_TEST(credentials_do_not_leave_tls)
{
    gale_ssl_context *context = client_context();
    gale_fetch_header headers[] = { { "Cookie", "a=b" }, { 0 } };
    gale_fetch_options options = { .ssl_context = context,
                                   .headers = headers,
                                   .auth_username = "me" };
    char location[128];
    int port;
    serve_tls("localhost", NULL, NULL, NULL);
    gale_tcp_server *tls = raw.server;
    snprintf(location, sizeof location, "%s", raw.url);
    RAW_SERVER(OK("", "0"), OK("", "0"));
    port = raw.port;
    char answer[128];
    snprintf(answer, sizeof answer,
             "HTTP/1.1 302 X\r\nLocation: http://localhost:%d/\r\nContent-Length: 0\r\n\r\n", port);
    raw.answers[0] = answer;
    raw.answers[1] = OK("", "0");
    assert_ok(gale_fetch(location, &options, &response));
    assert_not_sent("Cookie");
    assert_not_sent("Authorization");
    gale_tcp_server_free(tls);
    gale_ssl_context_unref(context);
    raw_stop();
}

GALE_TEST_MAIN
