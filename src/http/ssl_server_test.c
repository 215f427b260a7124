/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP servers with TLS. Tornado: SSLTest, SSLXHeaderTest of httpserver_test. */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http_server.h"
#include "http/http_test.h"
#include "net/ssl_make.h"
#include "net/stream.h"

static gale_ssl_context *trusting; /* of clients */

/* A server with a certificate that `trusting` trusts. */
static gale_http_server *serve(gale_http_request_callback callback,
                               gale_http_server_options options, gale_ssl_options ssl,
                               int *ret_port)
{
    gale_bytes *pem;
    assert_non_null(gale_ioloop_current());
    assert_ok(gale_ssl_self_signed(NULL, &pem));
    ssl.server_side = true;
    ssl.certificate = gale_bytes_str(pem).data;
    if (ssl.verify)
        ssl.ca_data = ssl.certificate;
    assert_ok(gale_ssl_context_new(&ssl, &options.ssl_context));
    gale_ssl_options client = { .ca_data = ssl.certificate };
    if (ssl.verify)
        client.certificate = ssl.certificate;
    assert_ok(gale_ssl_context_new(&client, &trusting));
    gale_bytes_unref(pem);
    gale_http_server *server = gale_http_server_new_callback(callback, NULL, &options);
    assert_non_null(server);
    gale_ssl_context_unref(options.ssl_context);
    *ret_port = gale_http_server_listen(server, 0, "127.0.0.1");
    assert_true(*ret_port > 0);
    return server;
}

static void stop(void)
{
    gale_ssl_context_unref(trusting);
    gale_ioloop_free(gale_ioloop_current());
}

static int respond(gale_http_server_request *request, const char *text)
{
    gale_http_connection *connection = gale_http_server_request_connection(request);
    GALE_TRY(gale_http_connection_write_headers(connection, 200, NULL, NULL, text, strlen(text)));
    return gale_http_connection_finish(connection);
}

static int describe(gale_http_server_request *request, void *arg)
{
    gale_ssl_info info;
    (void)arg;
    assert_true(gale_http_server_request_ssl_info(request, &info));
    return respond(request,
                   gale_sprintf("%s %s %s %s %zu", gale_http_server_request_protocol(request),
                                gale_http_server_request_remote_ip(request), info.version,
                                info.alpn, gale_http_server_request_body(request).len));
}

/* ---- Asking over TLS ------------------------------------------------------------------- */

typedef struct secure_asking {
    int port;
    const char *first; /* sent before the handshake, or NULL */
    gale_str request;
    char answer[4096];
    int error; /* of the stream, once it was closed */
    int result;
} secure_asking;

static int secure_ask_task(void *arg)
{
    secure_asking *self = arg;
    gale_iostream *stream;
    gale_str data;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", self->port, NULL, &stream));
    if (self->first)
        assert_ok(gale_iostream_write(stream, self->first, strlen(self->first)));
    self->result = gale_iostream_start_tls(stream, false, trusting, "localhost");
    if (self->result == 0) {
        gale_iostream_write(stream, self->request.data, self->request.len);
        assert_ok(gale_iostream_read_until_close(stream, &data));
        snprintf(self->answer, sizeof self->answer, "%.*s", (int)data.len, data.data);
        self->error = gale_iostream_error(stream);
    }
    gale_iostream_free(stream);
    return 0;
}

static secure_asking secure_ask(int port, const char *first, const char *request)
{
    secure_asking self = { .port = port, .first = first, .request = { request, strlen(request) } };
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), secure_ask_task, &self, 10));
    return self;
}

static void assert_secure_answer(int port, const char *first, const char *request, const char *end)
{
    secure_asking asked = secure_ask(port, first, request);
    size_t size = strlen(asked.answer), end_size = strlen(end);
    assert_ok(asked.result);
    if (size < end_size || strcmp(asked.answer + size - end_size, end) != 0)
        fail_msg("wanted the end %s, got %s", end, asked.answer);
    assert_int_equal(asked.error, 0); /* the end was orderly */
}

#define CLOSE "Host: localhost\r\nConnection: close\r\n\r\n"

/* Tornado: SSLTest.test_ssl */
TEST(a_request_over_tls)
{
    int port;
    serve(describe, (gale_http_server_options){ 0 }, (gale_ssl_options){ 0 }, &port);
    assert_secure_answer(port, NULL, "GET / HTTP/1.1\r\n" CLOSE,
                         "https 127.0.0.1 TLSv1.3  0\r\n0\r\n\r\n");
    assert_secure_answer(port, NULL, "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n" CLOSE,
                         "https 127.0.0.1 TLSv1.3  0\r\n0\r\n\r\n");
    assert_secure_answer(port, NULL, "GET / HTTP/1.0\r\n\r\n", "https 127.0.0.1 TLSv1.3  0");
    stop();
}

/* Tornado: SSLTest.test_large_post */
TEST(a_large_body_over_tls)
{
    int port;
    static const char head[] = "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n" CLOSE;
    char *request = malloc(sizeof head + 1000000);
    memcpy(request, head, sizeof head - 1);
    memset(request + sizeof head - 1, 'A', 1000000);
    request[sizeof head - 1 + 1000000] = '\0';
    serve(describe, (gale_http_server_options){ 0 }, (gale_ssl_options){ 0 }, &port);
    assert_secure_answer(port, NULL, request, "TLSv1.3  1000000\r\n0\r\n\r\n");
    free(request);
    stop();
}

/* Tornado: SSLTest.test_non_ssl_request */
TEST(a_request_without_tls_is_told_so)
{
    int port;
    gale_log_set_level(GALE_LOG_INFO);
    serve(describe, (gale_http_server_options){ 0 }, (gale_ssl_options){ 0 }, &port);
    test_expect_log(GALE_LOG_WARNING,
                    "SSL error with 127.0.0.1: TLS handshake failed: http request");
    assert_answer(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n",
                  "<html><title>400: Bad Request</title><body>400: Bad Request</body></html>");
    assert_true(test_logged("a plain HTTP request on a TLS port"));
    stop();
}

/* Tornado: SSLTest.test_error_logging */
TEST(rubbish_is_logged_and_closed)
{
    int port;
    serve(describe, (gale_http_server_options){ 0 }, (gale_ssl_options){ 0 }, &port);
    test_expect_log(GALE_LOG_WARNING, "SSL error with 127.0.0.1: TLS handshake failed");
    char *answer = ask(port, "\x80\x09\x01\x02\x03\x04\x05\x06 no TLS at all");
    free(answer);
    stop();
}

TEST(tls_where_none_is_spoken)
{
    gale_log_set_level(GALE_LOG_INFO);
    gale_http_server *server = gale_http_server_new_callback(describe, NULL, NULL);
    int port = gale_http_server_listen(server, 0, "127.0.0.1");
    assert_ok(gale_ssl_context_new(NULL, &trusting));
    secure_asking asked = secure_ask(port, NULL, "");
    assert_int_equal(asked.result, GALE_ESSL);
    assert_true(test_logged("TLS on a plain HTTP port"));
    stop();
}

/* Tornado: SSLXHeaderTest.test_request_without_xprotocol */
TEST(what_a_proxy_says_of_the_scheme_counts)
{
    int port;
    serve(describe, (gale_http_server_options){ .xheaders = true }, (gale_ssl_options){ 0 }, &port);
    assert_secure_answer(port, NULL, "GET / HTTP/1.1\r\n" CLOSE,
                         "https 127.0.0.1 TLSv1.3  0\r\n0\r\n\r\n");
    assert_secure_answer(port, NULL, "GET / HTTP/1.1\r\nX-Scheme: http\r\n" CLOSE,
                         "http 127.0.0.1 TLSv1.3  0\r\n0\r\n\r\n");
    assert_secure_answer(port, NULL, "GET / HTTP/1.1\r\nX-Scheme: bad\r\n" CLOSE,
                         "https 127.0.0.1 TLSv1.3  0\r\n0\r\n\r\n");
    stop();
}

TEST(a_proxy_header_before_the_handshake)
{
    int port;
    const char *proxies[] = { "127.0.0.1", NULL };
    serve(describe,
          (gale_http_server_options){ .trusted_proxies = proxies,
                                      .proxy_header = GALE_PROXY_NO_HEADER,
                                      .proxy_protocol = true },
          (gale_ssl_options){ 0 }, &port);
    assert_secure_answer(port, "PROXY TCP4 10.1.2.3 10.0.0.1 4000 443\r\n",
                         "GET / HTTP/1.1\r\n" CLOSE, "https 10.1.2.3 TLSv1.3  0\r\n0\r\n\r\n");
    stop();
}

/* ---- Certificates of clients ------------------------------------------------------------ */

static int name_client(gale_http_server_request *request, void *arg)
{
    (void)arg;
    json_t *certificate = gale_http_server_request_get_ssl_certificate(request);
    gale_bytes *der = gale_http_server_request_get_ssl_certificate_der(request);
    char *subject = certificate ? json_dumps(json_object_get(certificate, "subject"), 0) : NULL;
    int result = respond(request, gale_sprintf("%s %d", subject ? subject : "nobody", der != NULL));
    assert_null(gale_http_server_request_get_ssl_certificate(request)); /* finished */
    free(subject);
    json_decref(certificate);
    gale_bytes_unref(der);
    return result;
}

TEST(the_certificate_of_a_client)
{
    int port;
    serve(name_client, (gale_http_server_options){ 0 },
          (gale_ssl_options){ .verify = GALE_SSL_VERIFY_REQUIRED }, &port);
    assert_secure_answer(port, NULL, "GET / HTTP/1.0\r\n\r\n", "[[[\"commonName\", \"gale\"]]] 1");
    stop();
}

TEST(a_client_without_a_certificate)
{
    int port;
    serve(name_client, (gale_http_server_options){ 0 }, (gale_ssl_options){ 0 }, &port);
    assert_secure_answer(port, NULL, "GET / HTTP/1.0\r\n\r\n", "nobody 0");
    stop();
}

/* ---- Ends and limits -------------------------------------------------------------------- */

static int cut_short(gale_http_server_request *request, void *arg)
{
    (void)arg;
    gale_http_connection *connection = gale_http_server_request_connection(request);
    GALE_TRY(gale_http_connection_write_headers(connection, 200, NULL, NULL, "half", 4));
    GALE_TRY(gale_http_connection_flush(connection));
    gale_http_connection_close(connection);
    return 0;
}

/* Without TLS nobody could tell this from a whole answer. */
TEST(an_answer_that_is_cut_is_seen_to_be)
{
    int port;
    serve(cut_short, (gale_http_server_options){ 0 }, (gale_ssl_options){ 0 }, &port);
    test_expect_log(GALE_LOG_ERROR, "returned without an answer");
    secure_asking asked = secure_ask(port, NULL, "GET / HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(asked.answer, "half"));
    assert_int_equal(asked.error, GALE_ETRUNCATED);
    stop();
}

TEST(a_handshake_has_a_deadline)
{
    int port;
    serve(describe, (gale_http_server_options){ .ssl_handshake_timeout = 0.02 },
          (gale_ssl_options){ 0 }, &port);
    char *answer = ask(port, "\x16\x03\x01"); /* and no more */
    assert_string_equal(answer, "");
    free(answer);
    stop();
}

static int sleep_a_little(void *arg)
{
    (void)arg;
    return gale_sleep(0.02);
}

/* Connections that begin a handshake and do not go on, `count` of them. */
static void begin_handshakes(int port, int *fds, int count)
{
    for (int i = 0; i < count; i++) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(send(fds[i], "\x16\x03\x01", 3, 0), 3);
    }
}

static bool was_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || errno != EAGAIN;
}

/* The handshakes that have waited longest make way, long before their deadline. */
TEST(a_flood_of_handshakes_locks_nobody_out)
{
    enum { MOST = 10, FLOOD = 4 * MOST };
    int port, fds[FLOOD];
    gale_http_server *server =
        serve(describe, (gale_http_server_options){ .max_ssl_handshakes = MOST },
              (gale_ssl_options){ 0 }, &port);
    test_expect_log(GALE_LOG_WARNING,
                    "10 TLS handshakes are in progress, the most allowed: the oldest are closed");
    begin_handshakes(port, fds, FLOOD);
    for (int i = 0; i < 2; i++)
        assert_secure_answer(port, NULL, "GET / HTTP/1.0\r\n\r\n", "TLSv1.3  0");
    assert_in_range(server->handshakes.count, MOST - 2, MOST + 1);
    assert_true(was_closed(fds[0]));
    assert_false(was_closed(fds[FLOOD - 1]));
    for (int i = 0; i < FLOOD; i++)
        close(fds[i]);
    stop();
}

TEST(handshakes_that_go_on_are_not_closed)
{
    enum { MOST = 2 };
    int port, fds[MOST];
    gale_http_server *server =
        serve(describe, (gale_http_server_options){ .max_ssl_handshakes = MOST },
              (gale_ssl_options){ 0 }, &port);
    for (int i = 0; i < 50; i++)
        assert_secure_answer(port, NULL, "GET / HTTP/1.0\r\n\r\n", "TLSv1.3  0");
    assert_int_equal(server->handshakes.count, 0);
    begin_handshakes(port, fds, MOST); /* no more than is allowed */
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), sleep_a_little, NULL, 10));
    assert_int_equal(server->handshakes.count, MOST);
    assert_false(was_closed(fds[0]));
    for (int i = 0; i < MOST; i++)
        close(fds[i]);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), sleep_a_little, NULL, 10));
    assert_int_equal(server->handshakes.count, 0);
    stop();
}

typedef struct idler {
    gale_http_server *server;
    int port;
    int error;
} idler;

static int idle_until_the_end(void *arg)
{
    idler *self = arg;
    gale_iostream *stream;
    gale_str data;
    gale_tcp_client_options options = { .ssl_context = trusting };
    GALE_TRY(gale_tcp_client_connect("localhost", self->port, &options, &stream));
    GALE_TRY(gale_sleep(0.01));
    GALE_TRY(gale_http_server_close_all_connections(self->server));
    GALE_TRY(gale_iostream_read_until_close(stream, &data));
    self->error = gale_iostream_error(stream);
    gale_iostream_free(stream);
    return 0;
}

TEST(idle_connections_are_ended_in_order)
{
    idler self = { .error = 1 };
    self.server =
        serve(describe, (gale_http_server_options){ 0 }, (gale_ssl_options){ 0 }, &self.port);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), idle_until_the_end, &self, 10));
    assert_int_equal(self.error, 0);
    stop();
}

/* ---- Detaching ------------------------------------------------------------------------- */

static int echo_raw(gale_http_server_request *request, void *arg)
{
    gale_iostream *stream;
    gale_str data;
    (void)arg;
    gale_http_connection *connection = gale_http_server_request_connection(request);
    GALE_TRY(gale_http_connection_detach(connection, &stream));
    assert_ok(gale_iostream_read_until(stream, "\n", 0, &data));
    assert_ok(gale_iostream_write(stream, data.data, data.len));
    gale_iostream_free(stream);
    return 0;
}

TEST(a_detached_connection_still_speaks_tls)
{
    int port;
    serve(echo_raw, (gale_http_server_options){ 0 }, (gale_ssl_options){ 0 }, &port);
    assert_secure_answer(port, NULL, "GET / HTTP/1.1\r\nHost: x\r\n\r\nraw\n", "raw\n");
    stop();
}

TEST(a_context_of_the_wrong_side)
{
    gale_ssl_context *client;
    assert_non_null(gale_ioloop_current());
    assert_ok(gale_ssl_context_new(NULL, &client));
    assert_null(gale_http_server_new_callback(
        describe, NULL, &(gale_http_server_options){ .ssl_context = client }));
    gale_ssl_context_unref(client);
    gale_ioloop_free(gale_ioloop_current());
}

GALE_TEST_MAIN
