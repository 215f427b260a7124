/* SPDX-License-Identifier: Apache-2.0 */
/* Who the client is, said by itself or by proxies. */
#include "http/http_test.h"

static int show(gale_http_server_request *request, void *arg)
{
    char text[200];
    int size = snprintf(text, sizeof text, "%s %s %s", gale_http_server_request_remote_ip(request),
                        gale_http_server_request_protocol(request),
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

static void assert_who(int port, const char *headers, const char *ip, const char *protocol)
{
    char request[500], body[200];
    snprintf(request, sizeof request, "GET / HTTP/1.0\r\nHost: h\r\n%s\r\n", headers);
    snprintf(body, sizeof body, "\r\n\r\n%s %s %s://h/", ip, protocol, protocol);
    assert_answer(port, request, "HTTP/1.1 200 OK\r\n", body);
}

TEST(without_the_option_the_headers_are_ignored)
{
    int port = serve_who(NULL);
    assert_who(port,
               "X-Real-IP: 4.4.4.4\r\nX-Forwarded-For: 5.5.5.5\r\n"
               "X-Scheme: https\r\nX-Forwarded-Proto: https\r\n",
               "127.0.0.1", "http");
    gale_ioloop_free(gale_ioloop_current());
}

TEST(addresses)
{
    static const char *const trusted[] = { "5.5.5.5", "6.6.6.6", NULL };
    static const struct {
        const char *headers, *ip;
    } table[] = {
        { "", "127.0.0.1" },
        { "X-Real-IP: 4.4.4.4\r\n", "4.4.4.4" },
        { "X-Forwarded-For: 127.0.0.1, 4.4.4.4\r\n", "4.4.4.4" },
        { "X-Forwarded-For: 4.4.4.4\r\n", "4.4.4.4" },
        { "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 4.4.4.4\r\n", "4.4.4.4" },
        { "X-Real-IP: 2620:0:1cfe:face:b00c::3\r\n", "2620:0:1cfe:face:b00c::3" },
        { "X-Forwarded-For: ::1, 2620:0:1cfe:face:b00c::3\r\n", "2620:0:1cfe:face:b00c::3" },
        { "X-Real-IP: 3.3.3.3\r\nX-Forwarded-For: 4.4.4.4\r\n", "3.3.3.3" },
        /* trusted ones are skipped from the right */
        { "X-Forwarded-For: 127.0.0.1, 4.4.4.4, 5.5.5.5\r\n", "4.4.4.4" },
        { "X-Forwarded-For: 4.4.4.4, 6.6.6.6 , 5.5.5.5\r\n", "4.4.4.4" },
        { "X-Forwarded-For: 4.4.4.4, 5.5.5.5, 7.7.7.7\r\n", "7.7.7.7" },
        { "X-Forwarded-For: 6.6.6.6, 5.5.5.5\r\n", "6.6.6.6" },
        { "X-Real-IP: 5.5.5.5\r\n", "5.5.5.5" },
        /* what is no address is ignored */
        { "X-Real-IP: 4.4.4.4<script>\r\n", "127.0.0.1" },
        { "X-Forwarded-For: 4.4.4.4<script>\r\n", "127.0.0.1" },
        { "X-Real-IP: www.google.com\r\n", "127.0.0.1" },
        { "X-Real-IP:\r\n", "127.0.0.1" },
        { "X-Forwarded-For: 4.4.4.4,\r\n", "127.0.0.1" },
        { "X-Forwarded-For:\r\n", "127.0.0.1" },
        { "X-Forwarded-For: ,5.5.5.5\r\n", "127.0.0.1" },
    };
    int port =
        serve_who(&(gale_http_server_options){ .xheaders = true, .trusted_downstream = trusted });
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_who(port, table[i].headers, table[i].ip, "http");
    gale_ioloop_free(gale_ioloop_current());
}

TEST(schemes)
{
    static const struct {
        const char *headers, *protocol;
    } table[] = {
        { "", "http" },
        { "X-Scheme: https\r\n", "https" },
        { "X-Forwarded-Proto: https\r\n", "https" },
        { "X-Forwarded-Proto: https , http\r\n", "http" },
        { "X-Forwarded-Proto: http,https\r\n", "https" },
        { "X-Scheme: http\r\nX-Forwarded-Proto: https\r\n", "http" },
        { "X-Scheme: unknown\r\n", "http" },
        { "X-Scheme: HTTPS\r\n", "http" },
        { "X-Scheme:\r\n", "http" },
    };
    int port = serve_who(&(gale_http_server_options){ .xheaders = true });
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_who(port, table[i].headers, "127.0.0.1", table[i].protocol);
    gale_ioloop_free(gale_ioloop_current());
}

TEST(a_protocol_of_the_server)
{
    int port = serve_who(&(gale_http_server_options){ .protocol = "https" });
    assert_who(port, "", "127.0.0.1", "https");
    assert_who(port, "X-Scheme: http\r\n", "127.0.0.1", "https");
    gale_ioloop_free(gale_ioloop_current());
}

/* What one request says does not count for the next on its connection. */
TEST(each_request_for_itself)
{
    int port = serve_who(&(gale_http_server_options){ .xheaders = true });
    char *answer =
        ask(port, "GET / HTTP/1.1\r\nHost: h\r\nX-Real-Ip: 4.4.4.4\r\nX-Scheme: https\r\n\r\n"
                  "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(answer, "4.4.4.4 https https://h/"));
    assert_non_null(strstr(answer, "127.0.0.1 http http://h/"));
    free(answer);
    gale_ioloop_free(gale_ioloop_current());
}

/* The log speaks of the client, not of the proxy. */
TEST(the_log_names_the_client)
{
    int port = serve_who(&(gale_http_server_options){ .xheaders = true });
    gale_log_set_level(GALE_LOG_INFO);
    assert_answer(port,
                  "POST / HTTP/1.1\r\nHost: h\r\nX-Real-Ip: 4.4.4.4\r\n"
                  "Transfer-Encoding: chunked\r\n\r\nx\r\n",
                  "HTTP/1.1 400 ", "</html>");
    assert_true(test_logged("Malformed HTTP message from 4.4.4.4: "));
    gale_ioloop_free(gale_ioloop_current());
}

GALE_TEST_MAIN
