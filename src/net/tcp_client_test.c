/* SPDX-License-Identifier: Apache-2.0 */
/* gale_tcp_client_connect against real servers. */
#include "net/net_test.h"

#include <gale/tcpclient.h>
#include <gale/tcpserver.h>
#include <netdb.h>
#include <stdlib.h>

static gale_str data;

static char server_saw[64]; /* the peer's address and what it sent */

static int read_hello(gale_iostream *stream, const gale_address *address, void *arg)
{
    gale_str hello;
    char peer[GALE_ADDRESS_TEXT_MAX];
    (void)arg;
    GALE_TRY(gale_iostream_read_bytes(stream, 5, false, &hello));
    snprintf(server_saw, sizeof server_saw, "%.20s %.5s", gale_address_text(address, peer),
             hello.data);
    return gale_iostream_write(stream, "ok", 2);
}

static bool loopback_has_ipv6(void)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "::1" };
    int count = gale_bind_sockets(0, &options, sockets);
    gale_close_sockets(sockets, count > 0 ? count : 0);
    return count > 0;
}

/* A server on `listen_on` talks with a client of `host`. */
static void talk(const char *listen_on, const char *host, gale_tcp_client_options *options)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options bind_options = { .address = listen_on };
    int count = gale_bind_sockets(0, &bind_options, sockets);
    assert_true(count > 0);
    int port = gale_socket_port(sockets[0]);
    gale_tcp_server *server = gale_tcp_server_new(read_hello, NULL, NULL);
    assert_ok(gale_tcp_server_add_sockets(server, sockets, count));
    gale_iostream *stream;
    assert_ok(gale_tcp_client_connect(host, port, options, &stream));
    assert_ok(gale_iostream_write(stream, "hello", 5));
    assert_ok(gale_iostream_read_until_close(stream, &data));
    assert_str(data, "ok");
    assert_non_null(strstr(server_saw, " hello"));
    gale_iostream_free(stream);
    gale_tcp_server_free(server);
}

/* Tornado: test_connect_ipv4_ipv4, test_connect_ipv4_dual, test_connect_unspec_ipv4,
 * test_connect_unspec_dual */
TASK_TEST(connect_by_address_and_by_name)
{
    gale_tcp_client_options ipv4 = { .family = AF_INET };
    talk("127.0.0.1", "127.0.0.1", &ipv4);
    talk("127.0.0.1", "localhost", &ipv4);
    talk(NULL, "127.0.0.1", NULL);
    talk(NULL, "localhost", NULL);
}

/* Tornado: test_connect_ipv6_ipv6, test_connect_unspec_ipv6 */
TASK_TEST(connect_by_ipv6)
{
    gale_tcp_client_options ipv6 = { .family = AF_INET6 };
    if (!loopback_has_ipv6())
        return;
    talk("::1", "::1", &ipv6);
    talk(NULL, "::1", NULL);
}

/* Tornado: test_connect_ipv6_dual */
TASK_TEST(connect_by_a_name_of_both_families)
{
    gale_tcp_client_options ipv6 = { .family = AF_INET6 };
    gale_address address;
    if (!loopback_has_ipv6() || gale_resolve("localhost", 1, AF_INET6, &address, 1) < 1)
        return;
    talk("::1", "localhost", &ipv6);
    talk("::1", "localhost", NULL);
}

TASK_TEST(the_options_of_its_stream)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options bind_options = { .address = "127.0.0.1" };
    gale_tcp_client_options options = { .stream.max_buffer_size = 1 };
    gale_iostream *stream;
    assert_int_equal(gale_bind_sockets(0, &bind_options, sockets), 1);
    gale_tcp_server *server = gale_tcp_server_new(read_hello, NULL, NULL);
    assert_ok(gale_tcp_server_add_sockets(server, sockets, 1));
    int port = gale_socket_port(sockets[0]);
    assert_ok(gale_tcp_client_connect("127.0.0.1", port, &options, &stream));
    assert_ok(gale_iostream_write(stream, "hello", 5));
    test_expect_log(GALE_LOG_ERROR, "Reached maximum read buffer size");
    assert_error(gale_iostream_read_until(stream, "x", 0, &data), GALE_ECLOSED);
    gale_iostream_free(stream);
    gale_tcp_server_free(server);
}

/* Tornado: test_refused_ipv4, test_connection_refused */
TASK_TEST(refused)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    char expected[128];
    gale_bind_options options = { .address = "127.0.0.1" };
    gale_iostream *stream;
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    int port = gale_socket_port(sockets[0]);
    gale_close_sockets(sockets, 1);
    assert_error(gale_tcp_client_connect("127.0.0.1", port, NULL, &stream), -ECONNREFUSED);
    snprintf(expected, sizeof expected, "cannot connect to 127.0.0.1 port %d: Connection refused",
             port);
    assert_string_equal(gale_error_detail(), expected);
}

/* Tornado: iostream_test.test_gaierror */
TASK_TEST(an_unknown_host)
{
    gale_iostream *stream;
    assert_error(gale_tcp_client_connect("an invalid domain", 54321, NULL, &stream),
                 GALE_ENOTFOUND);
    assert_error(gale_tcp_client_connect("127.0.0.1", 65536, NULL, &stream), GALE_EINVALID);
}

/* Tornado: test_source_ip_fail */
TASK_TEST(source_ip_fail)
{
    gale_iostream *stream;
    gale_tcp_client_options foreign = { .source_ip = "8.8.8.8" };
    assert_error(gale_tcp_client_connect("127.0.0.1", 1, &foreign, &stream), -EADDRNOTAVAIL);
    gale_tcp_client_options nonsense = { .source_ip = "localhost" };
    assert_error(gale_tcp_client_connect("127.0.0.1", 1, &nonsense, &stream), GALE_EINVALID);
}

/* Tornado: test_source_ip_success */
TASK_TEST(source_ip_success)
{
    gale_tcp_client_options options = { .source_ip = "127.0.0.2" };
    talk("127.0.0.1", "127.0.0.1", &options);
    assert_non_null(strstr(server_saw, "127.0.0.2:"));
}

/* Tornado: test_source_port_fail; root may bind port 1, so a busy one fails here */
TASK_TEST(source_port)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    char expected[64];
    gale_bind_options options = { .address = "127.0.0.1" };
    gale_iostream *stream;
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    gale_tcp_client_options from = { .source_port = gale_socket_port(sockets[0]) };
    assert_error(gale_tcp_client_connect("127.0.0.1", 1, &from, &stream), -EADDRINUSE);
    gale_close_sockets(sockets, 1);
    talk("127.0.0.1", "127.0.0.1", &from);
    snprintf(expected, sizeof expected, "127.0.0.1:%d hello", from.source_port);
    assert_string_equal(server_saw, expected);
}

/* Tornado: test_connect_timeout; a full listener does not answer */
TASK_TEST(connect_timeout)
{
    int sockets[GALE_BIND_SOCKETS_MAX], fillers[4];
    gale_bind_options options = { .address = "127.0.0.1", .backlog = 1 };
    gale_iostream *stream = NULL;
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    assert_int_equal(getsockname(sockets[0], (struct sockaddr *)&address, &size), 0);
    for (int i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(fillers[i], (struct sockaddr *)&address, size) != 0)
            assert_int_equal(errno, EINPROGRESS);
    }
    int port = gale_socket_port(sockets[0]);
    gale_tcp_client_options hurry = { .timeout = 0.05 };
    assert_error(gale_tcp_client_connect("127.0.0.1", port, &hurry, &stream), GALE_ETIMEDOUT);
    assert_null(stream);
    assert_non_null(strstr(gale_error_detail(), "within 0.05 s"));
    gale_close_sockets(fillers, 4);
    gale_close_sockets(sockets, 1);
}

GALE_TEST_MAIN
