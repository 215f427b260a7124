/* SPDX-License-Identifier: Apache-2.0 */
/* TLS on streams: what is carried, ends, what is agreed on, misuse. */
#include "net/tls_test.h"

#include <gale/tcpclient.h>
#include <gale/tcpserver.h>

#include "net/iostream_impl.h"

static gale_str data;

/* ---- Carrying bytes -------------------------------------------------------------------- */

TASK_TEST(bytes_go_both_ways)
{
    stream_pair pair = open_tls_pair(PAIR_TCP, NULL);
    assert_ok(gale_iostream_write(pair.writer, "ping", 4));
    assert_ok(gale_iostream_read_bytes(pair.reader, 4, false, &data));
    assert_str(data, "ping");
    assert_ok(gale_iostream_write(pair.reader, "pong\r\n", 6));
    assert_ok(gale_iostream_read_until(pair.writer, "\r\n", 0, &data));
    assert_str(data, "pong\r\n");
    free_pair(&pair);
}

enum { BIG = 5000000 };

static int write_big(void *arg)
{
    char *big = malloc(BIG);
    for (int i = 0; i < BIG; i++)
        big[i] = (char)(i * 7 + i / 1000);
    int result = gale_iostream_write(arg, big, BIG);
    free(big);
    gale_iostream_close(arg);
    return result;
}

TASK_TEST(much_goes_through_in_order)
{
    stream_pair pair = open_tls_pair(PAIR_TCP, NULL);
    SPAWN(write_big, pair.writer);
    assert_ok(gale_iostream_read_until_close(pair.reader, &data));
    assert_int_equal(data.len, BIG);
    for (int i = 0; i < BIG; i++)
        if (data.data[i] != (char)(i * 7 + i / 1000))
            fail_msg("byte %d is wrong", i);
    assert_int_equal(gale_iostream_error(pair.reader), 0);
    free_pair(&pair);
}

static int write_twice(void *arg)
{
    assert_ok(gale_iostream_write(arg, "one", 3));
    return gale_iostream_write(arg, "two", 3);
}

static int read_and_stop(void *arg)
{
    assert_ok(gale_iostream_read_bytes(arg, 3, false, &data));
    return 0;
}

/* A stream that is not read receives no more than once. */
TASK_TEST(a_slow_reader_slows_the_writer)
{
    stream_pair pair = open_tls_pair(PAIR_TCP, NULL);
    SPAWN(write_big, pair.writer);
    assert_ok(read_and_stop(pair.reader));
    for (int i = 0; i < 20; i++)
        loop_briefly();
    assert_true(gale_iostream_writing(pair.writer));
    assert_true(pair.reader->input.size < 200000);
    assert_ok(gale_iostream_read_until_close(pair.reader, &data));
    assert_int_equal(data.len, BIG - 3);
    free_pair(&pair);
}

static int secure_late(void *arg)
{
    handshake *self = arg;
    loop_briefly();
    return shake(self);
}

TASK_TEST(writes_may_be_asked_for_during_the_handshake)
{
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    handshake client = { .stream = pair.writer,
                         .context = client_context(),
                         .hostname = "localhost" };
    handshake server = { .stream = pair.reader, .server_side = true, .context = server_context() };
    SPAWN(shake, &client);
    SPAWN(secure_late, &server);
    assert_ok(gale_moment());
    assert_ok(write_twice(pair.writer));
    assert_ok(gale_iostream_read_bytes(pair.reader, 6, false, &data));
    assert_str(data, "onetwo");
    assert_ok(client.result);
    free_pair(&pair);
    gale_ssl_context_unref(client.context);
    gale_ssl_context_unref(server.context);
}

/* Tornado: TestIOStreamStartTLS.test_start_tls_smtp */
TASK_TEST(tls_begins_in_the_middle)
{
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    handshake client = { .context = client_context(), .hostname = "localhost" };
    handshake server = { .context = server_context() };
    assert_ok(gale_iostream_write(pair.reader, "220 hello\r\n", 11));
    assert_ok(gale_iostream_read_until(pair.writer, "\r\n", 0, &data));
    assert_ok(gale_iostream_write(pair.writer, "STARTTLS\r\n", 10));
    assert_ok(gale_iostream_read_until(pair.reader, "\r\n", 0, &data));
    assert_str(data, "STARTTLS\r\n");
    assert_ok(gale_iostream_write(pair.reader, "220 go ahead\r\n", 14));
    assert_ok(gale_iostream_read_until(pair.writer, "\r\n", 0, &data));
    shake_both(&pair, &client, &server);
    assert_ok(client.result);
    assert_ok(gale_iostream_write(pair.writer, "EHLO me\r\n", 9));
    assert_ok(gale_iostream_read_until(pair.reader, "\r\n", 0, &data));
    assert_str(data, "EHLO me\r\n");
    free_pair(&pair);
    gale_ssl_context_unref(client.context);
    gale_ssl_context_unref(server.context);
}

/* Tornado: WaitForHandshakeTest.test_wait_for_handshake_already_waiting_error,
 * test_wait_for_handshake_already_connected */
TASK_TEST(a_handshake_happens_once)
{
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    handshake client = { .stream = pair.writer,
                         .context = client_context(),
                         .hostname = "localhost" };
    handshake server = { .stream = pair.reader, .server_side = true, .context = server_context() };
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, "client", shake, &client));
    assert_ok(gale_moment());
    assert_error(gale_iostream_start_tls(pair.writer, false, client.context, "localhost"),
                 GALE_ESTATE);
    assert_ok(gale_scope_spawn(scope, "server", shake, &server));
    assert_ok(gale_scope_close(scope, 0));
    assert_ok(client.result);
    assert_error(gale_iostream_start_tls(pair.writer, false, client.context, "localhost"),
                 GALE_ESTATE);
    free_pair(&pair);
    gale_ssl_context_unref(client.context);
    gale_ssl_context_unref(server.context);
}

/* ---- Ends ------------------------------------------------------------------------------ */

TASK_TEST(an_orderly_end_is_no_error)
{
    stream_pair pair = open_tls_pair(PAIR_TCP, NULL);
    assert_ok(gale_iostream_write(pair.writer, "last", 4));
    gale_iostream_close(pair.writer);
    assert_ok(gale_iostream_read_until_close(pair.reader, &data));
    assert_str(data, "last");
    assert_int_equal(gale_iostream_error(pair.reader), 0);
    free_pair(&pair);
}

TASK_TEST(a_connection_that_was_cut_is_an_error)
{
    stream_pair pair = open_tls_pair(PAIR_TCP, NULL);
    assert_ok(gale_iostream_write(pair.writer, "last", 4));
    gale_iostream_close_error(pair.writer, GALE_EINPUT);
    assert_ok(gale_iostream_read_until_close(pair.reader, &data));
    assert_str(data, "last");
    assert_int_equal(gale_iostream_error(pair.reader), GALE_ETRUNCATED);
    assert_error(gale_iostream_read_bytes(pair.reader, 1, false, &data), GALE_ECLOSED);
    assert_string_equal(gale_error_detail(),
                        "stream is closed: the connection ended without a TLS close_notify");
    free_pair(&pair);
}

TASK_TEST(rubbish_instead_of_a_record)
{
    stream_pair pair = open_tls_pair(PAIR_TCP, NULL);
    test_expect_log(GALE_LOG_WARNING, "TLS failure");
    assert_int_equal(write(gale_iostream_fileno(pair.writer), "GET / HTTP/1.1\r\n\r\n", 18), 18);
    assert_error(gale_iostream_read_bytes(pair.reader, 1, false, &data), GALE_ECLOSED);
    assert_int_equal(gale_iostream_error(pair.reader), GALE_ESSL);
    assert_string_equal(gale_error_detail(), "stream is closed: TLS failure: wrong version number");
    assert_error(gale_iostream_write(pair.reader, "x", 1), GALE_ECLOSED);
    free_pair(&pair);
}

/* ---- What is agreed on ------------------------------------------------------------------ */

TASK_TEST(versions_and_ciphers)
{
    handshake client, server;
    gale_ssl_info info;
    stream_pair pair = open_tls_pair(PAIR_TCP, NULL);
    assert_true(gale_iostream_ssl_info(pair.writer, &info));
    assert_string_equal(info.version, "TLSv1.3");
    assert_string_equal(info.cipher, "TLS_AES_256_GCM_SHA384");
    assert_string_equal(info.alpn, "");
    assert_string_equal(info.server_name, "localhost");
    assert_false(info.session_reused);
    free_pair(&pair);
    assert_false(gale_iostream_ssl_info((pair = open_pair(PAIR_TCP, NULL)).writer, &info));
    free_pair(&pair);
    gale_ssl_options old = { .server_side = true,
                             .certificate = certificate_for("localhost"),
                             .max_version = GALE_TLS_1_2 };
    gale_ssl_options only_new = { .ca_data = authority(), .min_version = GALE_TLS_1_3 };
    assert_error(attempt(&only_new, &old, "localhost", &client, &server), GALE_ESSL);
    assert_non_null(strstr(client.detail, "alert protocol version"));
}

static const char *agreed_alpn(const char *const *client_list, const char *const *server_list,
                               int code)
{
    static char alpn[32];
    gale_ssl_info info = { .alpn = "" };
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    handshake client = { .context = context_of(&(gale_ssl_options){
                             .ca_data = authority(), .alpn_protocols = client_list }),
                         .hostname = "localhost" };
    handshake server = { .context = context_of(
                             &(gale_ssl_options){ .server_side = true,
                                                  .certificate = certificate_for("localhost"),
                                                  .alpn_protocols = server_list }) };
    shake_both(&pair, &client, &server);
    assert_int_equal(client.result, code);
    gale_iostream_ssl_info(pair.writer, &info);
    snprintf(alpn, sizeof alpn, "%s", info.alpn ? info.alpn : "");
    free_pair(&pair);
    gale_ssl_context_unref(client.context);
    gale_ssl_context_unref(server.context);
    return alpn;
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

TASK_TEST(protocols_are_negotiated)
{
    assert_string_equal(agreed_alpn(LIST("http/1.1", "h2"), LIST("h2", "http/1.1"), 0), "h2");
    assert_string_equal(agreed_alpn(LIST("http/1.1"), LIST("h2", "http/1.1"), 0), "http/1.1");
    assert_string_equal(agreed_alpn(LIST("http/1.1"), NULL, 0), "");
    assert_string_equal(agreed_alpn(NULL, LIST("h2"), 0), "");
    assert_string_equal(agreed_alpn(LIST("http/1.1"), LIST("h2"), GALE_ESSL), "");
}

/* ---- Sessions -------------------------------------------------------------------------- */

/* Whether the second of two connections goes on with the session of the first. */
static bool resumes(const gale_ssl_options *client_options, const gale_ssl_options *server_options)
{
    gale_ssl_info info = { 0 };
    handshake client = { .context = context_of(client_options), .hostname = "localhost" };
    handshake server = { .context = context_of(server_options) };
    for (int i = 0; i < 2; i++) {
        stream_pair pair = open_pair(PAIR_UNIX, NULL);
        shake_both(&pair, &client, &server);
        assert_ok(client.result);
        assert_ok(gale_iostream_write(pair.reader, "x", 1)); /* behind the tickets */
        assert_ok(gale_iostream_read_bytes(pair.writer, 1, false, &data));
        assert_true(gale_iostream_ssl_info(pair.writer, &info));
        free_pair(&pair);
    }
    gale_ssl_context_unref(client.context);
    gale_ssl_context_unref(server.context);
    return info.session_reused;
}

TASK_TEST(sessions_go_on)
{
    gale_ssl_options client = { .ca_data = authority() };
    gale_ssl_options server = { .server_side = true, .certificate = certificate_for("localhost") };
    assert_true(resumes(&client, &server));
    server.max_version = GALE_TLS_1_2;
    assert_true(resumes(&client, &server));
    server.no_session_resumption = true;
    assert_false(resumes(&client, &server));
    server.max_version = GALE_TLS_DEFAULT;
    assert_false(resumes(&client, &server));
    server.no_session_resumption = false;
    client.no_session_resumption = true;
    assert_false(resumes(&client, &server));
}

/* ---- Misuse, and leaving early ----------------------------------------------------------- */

TASK_TEST(start_tls_wants_an_idle_stream)
{
    gale_ssl_context *server = server_context(), *client = client_context();
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    assert_error(gale_iostream_start_tls(pair.reader, true, client, NULL), GALE_EINVALID);
    assert_error(gale_iostream_start_tls(pair.reader, true, NULL, NULL), GALE_EINVALID);
    assert_error(gale_iostream_start_tls(pair.reader, false, server, NULL), GALE_EINVALID);
    assert_error(gale_iostream_start_tls(pair.writer, false, client, NULL), GALE_EINVALID);
    assert_error(gale_iostream_start_tls(pair.writer, false, client, ""), GALE_EINVALID);
    assert_error(gale_iostream_start_tls(pair.writer, false, NULL, NULL), GALE_EINVALID);
    assert_ok(gale_iostream_write(pair.writer, "ab", 2));
    assert_ok(gale_iostream_read_bytes(pair.reader, 1, false, &data));
    assert_error(gale_iostream_start_tls(pair.reader, true, server, NULL), GALE_ESTATE);
    assert_string_equal(gale_error_detail(), "IOStream is not idle; cannot convert to SSL");
    gale_iostream_close(pair.reader);
    assert_error(gale_iostream_start_tls(pair.reader, true, server, NULL), GALE_ECLOSED);
    free_pair(&pair);
    gale_ssl_context_unref(server);
    gale_ssl_context_unref(client);
}

TASK_TEST(the_peer_ends_during_the_handshake)
{
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_UNIX, &peer, NULL);
    handshake client = { .stream = stream, .context = client_context(), .hostname = "localhost" };
    shutdown(peer, SHUT_WR);
    assert_ok(shake(&client));
    assert_int_equal(client.result, -ECONNRESET);
    assert_string_equal(client.detail, "the peer has ended the connection during the handshake");
    close(peer);
    gale_iostream_free(stream);
    gale_ssl_context_unref(client.context);
}

TASK_TEST(the_peer_speaks_something_else)
{
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_UNIX, &peer, NULL);
    handshake client = { .stream = stream, .context = client_context(), .hostname = "localhost" };
    put(peer, "HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_ok(shake(&client));
    assert_int_equal(client.result, GALE_ESSL);
    assert_string_equal(client.detail, "TLS handshake failed: wrong version number");
    close(peer);
    gale_iostream_free(stream);
    gale_ssl_context_unref(client.context);
}

static int secure(void *arg)
{
    const handshake *self = arg;
    return gale_iostream_start_tls(self->stream, false, self->context, self->hostname);
}

TASK_TEST(a_handshake_with_a_deadline)
{
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_UNIX, &peer, NULL);
    handshake client = { .stream = stream, .context = client_context(), .hostname = "localhost" };
    assert_error(gale_with_timeout(0.01, secure, &client), GALE_ETIMEDOUT);
    assert_true(gale_iostream_closed(stream));
    close(peer);
    gale_iostream_free(stream);
    gale_ssl_context_unref(client.context);
}

static int free_it(void *arg)
{
    gale_iostream_free(arg);
    return 0;
}

TASK_TEST(freed_during_the_handshake)
{
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_UNIX, &peer, NULL);
    handshake client = { .stream = stream, .context = client_context(), .hostname = "localhost" };
    SPAWN(free_it, stream);
    assert_ok(shake(&client));
    assert_int_equal(client.result, GALE_ECLOSED);
    close(peer);
    gale_ssl_context_unref(client.context);
}

/* ---- Clients and servers ---------------------------------------------------------------- */

static int echo_line(gale_iostream *stream, const gale_address *address, void *arg)
{
    (void)address;
    (void)arg;
    gale_str line;
    GALE_TRY(gale_iostream_read_until(stream, "\n", 0, &line));
    return gale_iostream_write(stream, line.data, line.len);
}

static void serve_locally(gale_tcp_server *server, int *ret_port)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options local = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &local, sockets), 1);
    *ret_port = gale_socket_port(sockets[0]);
    assert_ok(gale_tcp_server_add_socket(server, sockets[0]));
}

static gale_tcp_server *start_server(gale_ssl_context *context, double timeout, int *ret_port)
{
    gale_tcp_server_options options = { .ssl_context = context, .ssl_handshake_timeout = timeout };
    gale_tcp_server *server = gale_tcp_server_new(echo_line, NULL, &options);
    serve_locally(server, ret_port);
    gale_ssl_context_unref(context);
    return server;
}

TASK_TEST(tcp_client_and_server)
{
    int port;
    gale_iostream *stream;
    gale_tcp_server *server = start_server(server_context(), 0, &port);
    gale_ssl_context *context = client_context();
    gale_tcp_client_options options = { .ssl_context = context };
    assert_ok(gale_tcp_client_connect("localhost", port, &options, &stream));
    assert_ok(gale_iostream_write(stream, "hello\n", 6));
    assert_ok(gale_iostream_read_until(stream, "\n", 0, &data));
    assert_str(data, "hello\n");
    assert_ok(gale_iostream_read_until_close(stream, &data));
    assert_int_equal(gale_iostream_error(stream), 0);
    gale_iostream_free(stream);
    options.server_hostname = "elsewhere";
    test_expect_log(GALE_LOG_WARNING, "alert"); /* TLS 1.3 servers hear of it when it is over */
    assert_error(gale_tcp_client_connect("localhost", port, &options, &stream), GALE_ECERTIFICATE);
    assert_string_equal(gale_error_detail(), "certificate verify failed: hostname mismatch");
    gale_sleep(0.01);
    gale_tcp_server_free(server);
    gale_ssl_context_unref(context);
}

TASK_TEST(a_server_does_not_wait_for_ever)
{
    int port;
    gale_iostream *stream;
    gale_tcp_server *server = start_server(server_context(), 0.02, &port);
    test_expect_log(GALE_LOG_WARNING, "no TLS handshake within 0.02 s");
    assert_ok(gale_tcp_client_connect("127.0.0.1", port, NULL, &stream));
    assert_ok(gale_iostream_read_until_close(stream, &data));
    gale_iostream_free(stream);
    gale_tcp_server_free(server);
}

TASK_TEST(too_many_handshakes)
{
    int port;
    gale_iostream *streams[6];
    gale_ssl_context *server_side = server_context(), *client_side = client_context();
    gale_tcp_server *server = gale_tcp_server_new(
        echo_line, NULL,
        &(gale_tcp_server_options){ .ssl_context = server_side, .max_ssl_handshakes = 2 });
    serve_locally(server, &port);
    test_expect_log(GALE_LOG_WARNING, "2 TLS handshakes are in progress");
    for (int i = 0; i < 5; i++)
        assert_ok(gale_tcp_client_connect("127.0.0.1", port, NULL, &streams[i]));
    gale_tcp_client_options options = { .ssl_context = client_side };
    assert_ok(gale_tcp_client_connect("localhost", port, &options, &streams[5]));
    assert_ok(gale_iostream_read_until_close(streams[0], &data));
    for (int i = 0; i < 6; i++)
        gale_iostream_free(streams[i]);
    gale_tcp_server_free(server);
    gale_ssl_context_unref(server_side);
    gale_ssl_context_unref(client_side);
}

TASK_TEST(a_client_without_tls)
{
    int port;
    gale_iostream *stream;
    gale_tcp_server *server = start_server(server_context(), 0, &port);
    test_expect_log(GALE_LOG_WARNING, "TLS handshake failed: http request");
    assert_ok(gale_tcp_client_connect("127.0.0.1", port, NULL, &stream));
    assert_ok(gale_iostream_write(stream, "GET / HTTP/1.1\r\n\r\n", 18));
    assert_ok(gale_iostream_read_until_close(stream, &data));
    gale_iostream_free(stream);
    gale_tcp_server_free(server);
}

/* ---- Memory ---------------------------------------------------------------------------- */

typedef struct whole {
    stream_pair pair;
    handshake client, server;
} whole;

static int whole_connection(void *arg)
{
    whole *self = arg;
    shake_both(&self->pair, &self->client, &self->server);
    GALE_TRY(self->client.result);
    GALE_TRY(self->server.result);
    GALE_TRY(gale_iostream_write(self->pair.writer, "hello", 5));
    return gale_iostream_read_bytes(self->pair.reader, 5, false, &data);
}

TASK_TEST(each_allocation_of_a_connection_may_fail)
{
    gale_ssl_context *client = client_context(), *server = server_context();
    gale_log_set_level(GALE_LOG_ERROR); /* a broken handshake is logged by nobody here */
    for (size_t n = 1; n < 200; n++) {
        whole self = { .pair = open_pair(PAIR_UNIX, NULL),
                       .client = { .context = client, .hostname = "localhost" },
                       .server = { .context = server } };
        test_fail_allocation(n);
        int result = gale_with_timeout(5, whole_connection, &self);
        bool failed = test_allocation_failed();
        test_fail_allocation(0);
        assert_int_not_equal(result, GALE_ETIMEDOUT);
        free_pair(&self.pair);
        if (!failed) {
            assert_ok(result);
            break;
        }
    }
    gale_ssl_context_unref(client);
    gale_ssl_context_unref(server);
}

GALE_TEST_MAIN
