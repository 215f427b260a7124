/* SPDX-License-Identifier: Apache-2.0 */
/* gale_application_listen_ssl: TLS beside plain HTTP, and what may be wrong with it. */
#include <errno.h>

#include "web/web_test.h"

static int hello(gale_handler *self)
{
    gale_http_server_request *request = gale_handler_request(self);
    GALE_TRY(gale_set_cookie(self, "c", "1", NULL));
    return gale_writef(self, "Hello over %s", gale_http_server_request_protocol(request));
}

static const gale_handler_class hello_handler = { .get = hello };
static const gale_route routes[] = { { .pattern = "/", .handler = &hello_handler }, { 0 } };

typedef struct secure_asking {
    int port;
    gale_ssl_context *context;
    char answer[1000];
} secure_asking;

static int secure_ask(void *arg)
{
    secure_asking *self = arg;
    gale_iostream *stream;
    gale_str data;
    gale_tcp_client_options options = { .ssl_context = self->context };
    GALE_TRY(gale_tcp_client_connect("localhost", self->port, &options, &stream));
    GALE_TRY(gale_iostream_write(stream, "GET / HTTP/1.0\r\n\r\n", 18));
    GALE_TRY(gale_iostream_read_until_close(stream, &data));
    snprintf(self->answer, sizeof self->answer, "%.*s", (int)data.len, data.data);
    assert_int_equal(gale_iostream_error(stream), 0);
    gale_iostream_free(stream);
    return 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

TEST(plain_and_tls_from_one_application)
{
    gale_bytes *pem;
    secure_asking asked = { 0 };
    int port = serve_routes(routes);
    gale_application *application = gale_application_new(routes, NULL);
    assert_ok(gale_ssl_self_signed(NULL, &pem));
    gale_ssl_options options = { .certificate = gale_bytes_str(pem).data };
    for (int i = 0; i < 2; i++) { /* as many ports as wanted */
        asked.port = gale_application_listen_ssl(application, 0, &options);
        assert_true(asked.port > 0);
        assert_ok(gale_ssl_context_new(&(gale_ssl_options){ .ca_data = gale_bytes_str(pem).data },
                                       &asked.context));
        assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), secure_ask, &asked, 10));
        assert_true(ends_with(asked.answer, "\r\n\r\nHello over https"));
        gale_ssl_context_unref(asked.context);
    }
    gale_bytes_unref(pem);
    assert_answer(port, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Hello over http");
    gale_application_free(application);
    stop();
}

TEST(what_is_wrong_is_logged_and_remembered)
{
    assert_non_null(gale_ioloop_current());
    gale_application *application = gale_application_new(routes, NULL);
    test_expect_log(GALE_LOG_ERROR, "cannot read /nonexistent/cert.pem: No such file or directory");
    assert_error(gale_application_listen_ssl(
                     application, 0, &(gale_ssl_options){ .certfile = "/nonexistent/cert.pem" }),
                 -ENOENT);
    test_expect_log(GALE_LOG_ERROR, "a TLS server needs a certificate: certfile is missing");
    assert_error(gale_application_listen_ssl(application, 0, &(gale_ssl_options){ 0 }),
                 GALE_EINVALID);
    assert_error(gale_application_listen_ssl(NULL, 0, &(gale_ssl_options){ 0 }), GALE_EINVALID);
    assert_int_equal(gale_ioloop_start(gale_ioloop_current()), 1);
    stop();
}

GALE_TEST_MAIN
