/* SPDX-License-Identifier: Apache-2.0 */
/* Trusted proxies: by headers, and by the PROXY protocol. */
#include "http/proxies.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gale/netutil.h>

#include "http/http_test.h"

static int show(gale_http_server_request *request, void *arg)
{
    char text[200];
    int size = snprintf(text, sizeof text, "%s %s", gale_http_server_request_remote_ip(request),
                        gale_http_server_request_full_url(request));
    gale_http_connection *connection = gale_http_server_request_connection(request);
    (void)arg;
    GALE_TRY(gale_http_connection_write_headers(connection, 200, NULL, NULL, text, (size_t)size));
    return gale_http_connection_finish(connection);
}

static int serve_who(const gale_http_server_options *options)
{
    gale_http_server *server = gale_http_server_new_callback(show, NULL, options);
    assert_non_null(server);
    int port = gale_http_server_listen(server, 0, "127.0.0.1");
    assert_true(port > 0);
    return port;
}

static void stop(void)
{
    gale_ioloop_free(gale_ioloop_current());
}

static void assert_who(int port, const char *headers, const char *who)
{
    char request[1000], body[200];
    snprintf(request, sizeof request, "GET / HTTP/1.0\r\nHost: h\r\n%s\r\n", headers);
    snprintf(body, sizeof body, "\r\n\r\n%s", who);
    assert_answer(port, request, "HTTP/1.1 200 OK\r\n", body);
}

static const char *const trusted[] = { "127.0.0.0/8", "10.0.0.0/8", "fd00::/8", NULL };
static const char *const elsewhere[] = { "10.0.0.0/8", NULL };

TEST(x_forwarded_headers)
{
    int port = serve_who(&(gale_http_server_options){ .trusted_proxies = trusted });
    assert_who(port, "", "127.0.0.1 http://h/");
    assert_who(port, "X-Forwarded-For: 4.4.4.4\r\n", "4.4.4.4 http://h/");
    assert_who(port, "X-Forwarded-For: 5.5.5.5, 4.4.4.4 , 10.1.1.1\r\n", "4.4.4.4 http://h/");
    assert_who(port, "X-Forwarded-For: 10.2.2.2, fd00::1, 10.1.1.1\r\n", "10.2.2.2 http://h/");
    assert_who(port, "X-Forwarded-For: 4.4.4.4, unknown, 10.1.1.1\r\n", "10.1.1.1 http://h/");
    assert_who(port, "X-Forwarded-For: nobody\r\n", "127.0.0.1 http://h/");
    assert_who(port,
               "X-Forwarded-For: 4.4.4.4\r\nX-Forwarded-Proto: http, https\r\n"
               "X-Forwarded-Host: evil, a.b:8080\r\n",
               "4.4.4.4 https://a.b:8080/");
    assert_who(port, "X-Forwarded-Proto: ftp\r\nX-Forwarded-Host: a/b\r\n", "127.0.0.1 http://h/");
    assert_who(port, "X-Real-Ip: 4.4.4.4\r\nForwarded: for=4.4.4.4\r\n", "127.0.0.1 http://h/");
    stop();
}

TEST(who_is_not_trusted_is_not_believed)
{
    int port = serve_who(&(gale_http_server_options){ .trusted_proxies = elsewhere });
    assert_who(port,
               "X-Forwarded-For: 4.4.4.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a\r\n",
               "127.0.0.1 http://h/");
    stop();
}

TEST(forwarded)
{
    int port = serve_who(&(gale_http_server_options){ .trusted_proxies = trusted,
                                                      .proxy_header = GALE_PROXY_FORWARDED });
    assert_who(port, "Forwarded: for=4.4.4.4;proto=https;host=\"a.b:1\"\r\n",
               "4.4.4.4 https://a.b:1/");
    assert_who(
        port,
        "Forwarded: for=5.5.5.5, for=\"[2001:DB8::1]:80\";host=c, for=10.1.1.1;proto=http\r\n",
        "2001:db8::1 http://c/");
    assert_who(port, "Forwarded: for=5.5.5.5;host=evil, for=unknown;proto=https\r\n",
               "127.0.0.1 https://h/");
    assert_who(port, "Forwarded: for=4.4.4.4;for=x\r\n", "127.0.0.1 http://h/");
    assert_who(port, "X-Forwarded-For: 4.4.4.4\r\n", "127.0.0.1 http://h/");
    stop();
}

TEST(a_chain_that_is_too_long_is_not_believed)
{
    char headers[800] = "Forwarded: for=4.4.4.4";
    for (int i = 0; i < 32; i++)
        strcat(headers, ", for=10.1.1.1");
    strcat(headers, "\r\n");
    int port = serve_who(&(gale_http_server_options){ .trusted_proxies = trusted,
                                                      .proxy_header = GALE_PROXY_FORWARDED });
    assert_who(port, headers, "127.0.0.1 http://h/");
    stop();
}

static int rest(void *arg)
{
    (void)arg;
    return gale_sleep(0.05);
}

TEST(peers_on_a_unix_socket)
{
    static const char *const unix_only[] = { "unix", NULL };
    static const char request[] = "GET / HTTP/1.0\r\nHost: h\r\nX-Forwarded-For: 4.4.4.4\r\n\r\n";
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char answer[1000] = "";
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/gale-proxies-%d", (int)getpid());
    gale_http_server *server = gale_http_server_new_callback(
        show, NULL, &(gale_http_server_options){ .trusted_proxies = unix_only });
    int listening = gale_bind_unix_socket(address.sun_path, 0, 0);
    assert_true(listening >= 0);
    assert_ok(gale_http_server_add_socket(server, listening));
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_ok(connect(client, (struct sockaddr *)&address, sizeof address));
    assert_int_equal(write(client, request, sizeof request - 1), sizeof request - 1);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), rest, NULL, 10));
    assert_true(read(client, answer, sizeof answer - 1) > 0);
    assert_non_null(strstr(answer, "\r\n\r\n4.4.4.4 http://h/"));
    close(client);
    unlink(address.sun_path);
    stop();
}

TEST(options_that_do_not_fit)
{
    static const char *const bad[] = { "127.0.0.1/33", NULL };
    assert_null(gale_http_server_new_callback(
        show, NULL, &(gale_http_server_options){ .trusted_proxies = bad }));
    assert_non_null(strstr(gale_error_detail(), "127.0.0.1/33"));
    assert_null(gale_http_server_new_callback(
        show, NULL, &(gale_http_server_options){ .proxy_protocol = true }));
    assert_null(gale_http_server_new_callback(
        show, NULL, &(gale_http_server_options){ .xheaders = true, .trusted_proxies = trusted }));
    stop();
}

/* ---- The PROXY protocol ---------------------------------------------------------------- */

#define GET_H "GET / HTTP/1.0\r\nHost: h\r\n\r\n"
#define WHO(who) "HTTP/1.1 200 OK\r\n", "\r\n\r\n" who " http://h/"

static int serve_proxied(const char *const *networks)
{
    return serve_who(&(gale_http_server_options){ .trusted_proxies = networks,
                                                  .proxy_protocol = true,
                                                  .header_timeout = 0.05,
                                                  .proxy_header = GALE_PROXY_NO_HEADER });
}

TEST(the_proxy_protocol)
{
    int port = serve_proxied(trusted);
    assert_answer(port, "PROXY TCP4 4.4.4.4 10.0.0.1 1 2\r\n" GET_H, WHO("4.4.4.4"));
    assert_answer(port, "PROXY TCP6 2001:db8::1 ::1 1 2\r\n" GET_H, WHO("2001:db8::1"));
    assert_answer(port, "PROXY UNKNOWN\r\n" GET_H, WHO("127.0.0.1"));
    stop();
}

TEST(the_proxy_protocol_in_pieces)
{
    static const char binary[] =
        "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\4\4\4\4\x0a\0\0\1\0\1\0\2" GET_H;
    gale_str parts[sizeof binary - 1];
    for (size_t i = 0; i < sizeof binary - 1; i++)
        parts[i] = (gale_str){ binary + i, 1 };
    int port = serve_who(
        &(gale_http_server_options){ .trusted_proxies = trusted, .proxy_protocol = true });
    char *answer = ask_parts(port, parts, sizeof binary - 1);
    assert_non_null(strstr(answer, "\r\n\r\n4.4.4.4 http://h/"));
    free(answer);
    stop();
}

TEST(connections_stay_who_they_are)
{
    int port = serve_proxied(trusted);
    char *answer = ask(port, "PROXY TCP4 4.4.4.4 10.0.0.1 1 2\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n"
                             "GET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(answer, "4.4.4.4 http://h/a"));
    assert_non_null(strstr(answer, "4.4.4.4 http://h/b"));
    free(answer);
    stop();
}

TEST(without_its_header_a_connection_is_closed)
{
    int port = serve_proxied(trusted);
    test_expect_log(GALE_LOG_WARNING, "127.0.0.1 closed: malformed PROXY protocol header");
    char *answer = ask(port, GET_H);
    assert_string_equal(answer, "");
    free(answer);
    answer = ask(port, "PROXY TCP4 4.4."); /* and nothing more: the timeout */
    assert_string_equal(answer, "");
    free(answer);
    answer = ask(port, "");
    assert_string_equal(answer, "");
    free(answer);
    stop();
    port = serve_proxied(elsewhere);
    test_expect_log(GALE_LOG_WARNING, "127.0.0.1 closed: it is no trusted proxy");
    answer = ask(port, "");
    assert_string_equal(answer, "");
    free(answer);
    stop();
}

GALE_TEST_MAIN
