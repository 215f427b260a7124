/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 on the wire: raw requests to an application, and what comes back. */
#include "web/web_test.h"

static int hello(gale_handler *self)
{
    return gale_write(self, "Hello, world");
}

static int echo(gale_handler *self)
{
    gale_str body = gale_http_server_request_body(gale_handler_request(self));
    return gale_write_bytes(self, body.data, body.len);
}

static int chunks(gale_handler *self)
{
    GALE_TRY(gale_write(self, "one"));
    GALE_TRY(gale_flush(self));
    GALE_TRY(gale_write(self, "two"));
    return gale_flush(self);
}

static const gale_handler_class hello_handler = { .get = hello, .head = hello };
static const gale_handler_class echo_handler = { .post = echo, .put = echo };
static const gale_handler_class chunk_handler = { .get = chunks, .head = chunks };

static const gale_route routes[] = { { .pattern = "/", .handler = &hello_handler },
                                     { .pattern = "/echo", .handler = &echo_handler },
                                     { .pattern = "/chunks", .handler = &chunk_handler },
                                     { 0 } };

static int start(const gale_application_settings *settings)
{
    int port;
    serve(routes, settings, &port);
    return port;
}

typedef struct exchange {
    const char *request, *start, *end;
} exchange;

static void check_all(int port, const exchange *exchanges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_answer(port, exchanges[i].request, exchanges[i].start, exchanges[i].end);
}

#define CHECK_ALL(port, table) check_all(port, table, sizeof(table) / sizeof(table)[0])

TEST(good_requests)
{
    static const exchange table[] = {
        { "GET / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200 OK\r\nServer: gale/",
          "Content-Length: 12\r\nConnection: close\r\n\r\nHello, world" },
        { "HEAD / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200 OK\r\n",
          "Content-Length: 12\r\nConnection: close\r\n\r\n" },
        { "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n",
          "Content-Length: 12\r\n\r\nHello, world" },
        { "\r\nGET / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200 OK\r\n", "Hello, world" },
        { "POST /echo HTTP/1.1\r\n" CLOSE "Content-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\n",
          "\r\n\r\nhello" },
        { "POST /echo HTTP/1.1\r\n" CLOSE "Content-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n",
          "Content-Length: 0\r\nConnection: close\r\n\r\n" },
        { "PUT /echo HTTP/1.1\r\n" CLOSE "Transfer-Encoding: Chunked\r\n\r\n"
          "5\r\nhello\r\n6;a=\"b\"\r\n world\r\n0\r\nTrailer: x\r\n\r\n",
          "HTTP/1.1 200 OK\r\n", "Content-Length: 11\r\nConnection: close\r\n\r\nhello world" },
        { "GET /chunks HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200 OK\r\n",
          "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
          "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n" },
        { "HEAD /chunks HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200 OK\r\n",
          "Connection: close\r\n\r\n" },
        { "GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200 OK\r\n",
          "GMT\r\n\r\nonetwo" },
    };
    int port = start(NULL);
    CHECK_ALL(port, table);
    stop();
}

TEST(refused_requests)
{
    static const exchange table[] = {
        { "asdf\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "</html>" },
        { "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", "</html>" },
        { "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 ", "</html>" },
        { "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "HTTP/1.1 400 ", "</html>" },
        { "GET / HTTP/1.1\nHost: a\n\n", "HTTP/1.1 400 ", "</html>" },
        { "GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n", "HTTP/1.1 400 ", "</html>" },
        { "GET / HTTP/1.1\r\nHost: a\r\n fold\r\n\r\n", "HTTP/1.1 400 ", "</html>" },
        { "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "HTTP/1.1 505 ", "</html>" },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na", "HTTP/1.1 400 ",
          "</html>" },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
          "HTTP/1.1 400 ", "</html>" },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
          "chunked\r\n\r\n",
          "HTTP/1.1 400 ", "</html>" },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
          "HTTP/1.1 400 ", "</html>" },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1_a\r\n",
          "HTTP/1.1 400 ", "</html>" },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
          "HTTP/1.1 400 ", "</html>" },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: something\r\nContent-Length: 1\r\n\r\na",
          "HTTP/1.1 417 ", "</html>" },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n", "HTTP/1.1 413 ",
          "</html>" },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n",
          "HTTP/1.1 413 ", "</html>" },
    };
    int port = start(&(gale_application_settings){ .server.max_body_size = 16 });
    CHECK_ALL(port, table);
    stop();
}

TEST(statuses_of_the_application)
{
    static const exchange table[] = {
        { "GET /nowhere HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404 Not Found\r\n",
          "Content-Length: 69\r\nConnection: close\r\n\r\n"
          "<html><title>404: Not Found</title><body>404: Not Found</body></html>" },
        { "DELETE / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 405 Method Not Allowed\r\n", "</html>" },
        { "BREW / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 405 Method Not Allowed\r\n", "</html>" },
    };
    int port = start(NULL);
    test_expect_log(GALE_LOG_WARNING, "404 GET /nowhere (127.0.0.1) ");
    test_expect_log(GALE_LOG_WARNING, "405 DELETE / (127.0.0.1) ");
    test_expect_log(GALE_LOG_WARNING, "405 BREW / (127.0.0.1) ");
    test_expect_log(GALE_LOG_WARNING, "405 DELETE / (127.0.0.1) ");
    CHECK_ALL(port, table);
    char *answer = ask(port, "DELETE / HTTP/1.1\r\n" CLOSE "\r\n");
    assert_non_null(strstr(answer, "\r\nAllow: GET, HEAD\r\n"));
    free(answer);
    stop();
}

TEST(heads_over_the_limit)
{
    char request[3000];
    int port = start(&(gale_application_settings){ .server.max_header_size = 1024 });
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: h\r\nX: %02000d\r\n\r\n", 0);
    assert_answer(port, request, "HTTP/1.1 431 ", "</html>");
    snprintf(request, sizeof request, "GET /%02000d HTTP/1.1\r\nHost: h\r\n\r\n", 0);
    assert_answer(port, request, "HTTP/1.1 414 ", "</html>");
    stop();
}

TEST(pipelined_requests_are_answered_in_order)
{
    int port = start(NULL);
    char *answer = ask(port, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"
                             "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
                             "POST /echo HTTP/1.1\r\n" CLOSE "Content-Length: 1\r\n\r\nb"
                             "GET /ignored HTTP/1.1\r\nHost: h\r\n\r\n");
    const char *first = strstr(answer, "\r\n\r\na"), *second = strstr(answer, "Hello, world");
    assert_non_null(first);
    assert_true(second > first);
    assert_string_equal(answer + strlen(answer) - 5, "\r\n\r\nb");
    free(answer);
    stop();
}

/* Tornado and many clients send byte by byte over slow lines. */
TEST(requests_that_drip)
{
    static const char request[] =
        "PUT /echo HTTP/1.1\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\n\r\n";
    gale_str parts[sizeof request - 1];
    for (size_t i = 0; i < sizeof request - 1; i++)
        parts[i] = (gale_str){ request + i, 1 };
    int port = start(NULL);
    char *answer = ask_parts(port, parts, sizeof request - 1);
    assert_non_null(strstr(answer, "\r\n\r\nabc"));
    free(answer);
    stop();
}

TEST(expect_continue)
{
    const gale_str parts[] = { GALE_STR("POST /echo HTTP/1.1\r\n" CLOSE
                                        "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n"),
                               GALE_STR("ok") };
    int port = start(NULL);
    char *answer = ask_parts(port, parts, 2);
    static const char start_text[] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n";
    assert_int_equal(strncmp(answer, start_text, sizeof start_text - 1), 0);
    assert_string_equal(answer + strlen(answer) - 2, "ok");
    free(answer);
    stop();
}

TEST(slow_requests_time_out)
{
    int port = start(&(gale_application_settings){
        .server = { .header_timeout = 0.05, .body_idle_timeout = 0.05 } });
    assert_answer(port, "GET / HTT", "HTTP/1.1 408 ", "</html>");
    assert_answer(port, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
                  "HTTP/1.1 408 ", "</html>");
    stop();
}

TEST(an_idle_connection_is_closed_quietly)
{
    int port = start(&(gale_application_settings){ .server.idle_connection_timeout = 0.05 });
    assert_answer(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Hello, world");
    stop();
}

GALE_TEST_MAIN
