/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that call a function for each request; keep-alive; what a request tells of itself. */
#include <gale/locks.h>
#include <gale/netutil.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http_test.h"

/* ---- Functions that answer ------------------------------------------------------------- */

static int respond(gale_http_server_request *request, const char *text)
{
    gale_http_connection *connection = gale_http_server_request_connection(request);
    gale_http_headers *headers = gale_http_headers_new();
    char length[24];
    snprintf(length, sizeof length, "%zu", strlen(text));
    int result = headers ? gale_http_headers_set(headers, "Content-Length", length) : -ENOMEM;
    if (result >= 0)
        result =
            gale_http_connection_write_headers(connection, 200, NULL, headers, text, strlen(text));
    gale_http_headers_free(headers);
    return result < 0 ? result : gale_http_connection_finish(connection);
}

static int describe(gale_http_server_request *request, void *arg)
{
    gale_str body = gale_http_server_request_body(request);
    const gale_http_arguments *query = gale_http_server_request_query_arguments(request),
                              *form = gale_http_server_request_body_arguments(request),
                              *cookies = gale_http_server_request_cookies(request);
    const gale_str *q = gale_http_arguments_get(query, "q"),
                   *f = gale_http_arguments_get(form, "f"),
                   *c = gale_http_arguments_get(cookies, "c");
    (void)arg;
    return respond(
        request,
        gale_sprintf(
            "%s|%s|%s|%s|%s|%s|%s|%s|%zu|%s|%s|%s", gale_http_server_request_method(request),
            gale_http_server_request_uri(request), gale_http_server_request_path(request),
            gale_http_server_request_query(request), gale_http_server_request_version(request),
            gale_http_server_request_host(request), gale_http_server_request_host_name(request),
            gale_http_server_request_full_url(request), body.len, q ? q->data : "-",
            f ? f->data : "-", c ? c->data : "-"));
}

static int serve_options(gale_http_request_callback callback, void *arg,
                         const gale_http_server_options *options)
{
    gale_http_server *server = gale_http_server_new_callback(callback, arg, options);
    assert_non_null(server);
    int port = gale_http_server_listen(server, 0, "127.0.0.1");
    assert_true(port > 0);
    return port;
}

static int serve_callback(gale_http_request_callback callback, void *arg)
{
    return serve_options(callback, arg, NULL);
}

static void stop(void)
{
    gale_ioloop_free(gale_ioloop_current());
}

TEST(what_a_request_tells_of_itself)
{
    int port = serve_callback(describe, NULL);
    assert_answer(port,
                  "GET /a%20b?q=1&x HTTP/1.1\r\nHost: Example.COM:8080\r\n"
                  "Connection: close\r\nCookie: c=d\r\n\r\n",
                  "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\nGET|/a%20b?q=1&x|/a%20b|q=1&x|HTTP/1.1|Example.COM:8080|example.com|"
                  "http://Example.COM:8080/a%20b?q=1&x|0|1|-|d");
    assert_answer(port,
                  "POST // HTTP/1.0\r\nContent-Length: 3\r\n"
                  "Content-Type: application/x-www-form-urlencoded\r\n\r\nf=g",
                  "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\nPOST|//|//||HTTP/1.0|127.0.0.1|127.0.0.1|http://127.0.0.1//|3|-|g|-");
    assert_answer(port, "GET /? HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
                  "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\nGET|/?|/||HTTP/1.1|[::1]:80|[::1]|http://[::1]:80/?|0|-|-|-");
    /* RFC 9112 §3.2.2: the target's authority counts, not Host. */
    assert_answer(port, "GET http://other/x?q=2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                  "HTTP/1.1 200 OK\r\n", "|/x|q=2|HTTP/1.1|other|other|http://other/x?q=2|0|2|-|-");
    stop();
}

/* ---- Answering in pieces, badly, not at all -------------------------------------------- */

static int pieces(gale_http_server_request *request, void *arg)
{
    gale_http_connection *connection = gale_http_server_request_connection(request);
    (void)arg;
    assert_error(gale_http_connection_write(connection, "x", 1), GALE_ESTATE);
    assert_error(gale_http_connection_finish(connection), GALE_ESTATE);
    assert_ok(gale_http_connection_write_headers(connection, 202, "Fine", NULL, "one", 3));
    assert_error(gale_http_connection_write_headers(connection, 200, NULL, NULL, "", 0),
                 GALE_ESTATE);
    assert_ok(gale_http_connection_flush(connection));
    assert_ok(gale_sleep(0.001));
    assert_ok(gale_http_connection_write(connection, "two", 3));
    assert_ok(gale_http_connection_finish(connection));
    assert_null(gale_http_server_request_connection(request));
    return 0;
}

static int failing(gale_http_server_request *request, void *arg)
{
    gale_http_connection *connection = gale_http_server_request_connection(request);
    if (arg) {
        GALE_TRY(gale_http_connection_write_headers(connection, 200, NULL, NULL, "half", 4));
        GALE_TRY(gale_http_connection_flush(connection));
    }
    return -EIO;
}

TEST(an_answer_in_pieces)
{
    int port = serve_callback(pieces, NULL);
    assert_answer(port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                  "HTTP/1.1 202 Fine\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
                  "\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    assert_answer(port, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 202 Fine\r\n\r\n", "\r\n\r\nonetwo");
    stop();
}

static int close_half_way(gale_http_server_request *request, void *arg)
{
    gale_http_connection *connection = gale_http_server_request_connection(request);
    (void)arg;
    assert_ok(gale_http_connection_write_headers(connection, 200, NULL, NULL, "half", 4));
    assert_ok(gale_http_connection_flush(connection));
    gale_http_connection_close(connection);
    assert_error(gale_sleep(1), GALE_ECANCELED); /* on_connection_close has come */
    return 0;
}

TEST(cutting_the_connection)
{
    int port = serve_callback(close_half_way, NULL);
    assert_answer(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\n4\r\nhalf\r\n");
    stop();
}

TEST(a_function_that_fails)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    test_expect_log(GALE_LOG_ERROR, "Uncaught error in a request callback: Input/output error");
    int port = serve_callback(failing, NULL);
    assert_answer(port, request, "HTTP/1.1 500 Internal Server Error\r\n", "</html>");
    stop();
    test_expect_log(GALE_LOG_ERROR, "Uncaught error in a request callback: Input/output error");
    port = serve_callback(failing, "half");
    assert_answer(port, request, "HTTP/1.1 200 OK\r\n", "\r\n\r\n4\r\nhalf\r\n");
    stop();
}

static int silent(gale_http_server_request *request, void *arg)
{
    (void)request;
    (void)arg;
    return 0;
}

/* A function that returns without an answer has forgotten it: the client is not left waiting. */
TEST(a_function_that_forgets_to_answer)
{
    test_expect_log(GALE_LOG_ERROR, "without an answer");
    int port = serve_callback(silent, NULL);
    assert_answer(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 500 ", "</html>");
    stop();
}

/* ---- A client that leaves -------------------------------------------------------------- */

static gale_event *gone;

static int waiting(gale_http_server_request *request, void *arg)
{
    (void)arg;
    note("wait");
    int result = gale_sleep(60);
    note(gale_strerror(result));
    note(gale_http_server_request_connection(request) ? "connected" : "disconnected");
    gale_event_set(gone);
    return result;
}

static int leave(void *arg)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    gale_iostream *stream;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", *(int *)arg, NULL, &stream));
    GALE_TRY(gale_iostream_write(stream, request, sizeof request - 1));
    while (!*trace)
        GALE_TRY(gale_sleep(0.001));
    gale_iostream_free(stream);
    return gale_event_wait(gone);
}

TEST(a_waiting_function_is_cancelled_when_its_client_leaves)
{
    int port = serve_callback(waiting, NULL);
    gone = gale_event_new();
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), leave, &port, 10));
    gale_event_free(gone);
    assert_trace("wait canceled disconnected");
    stop();
}

/* ---- Keep-alive ------------------------------------------------------------------------ */

static int hello(gale_http_server_request *request, void *arg)
{
    (void)arg;
    return respond(request, gale_http_server_request_path(request));
}

/* Without the closing request the server keeps the connection, and ask() would wait in vain. */
static void assert_keeps(int port, const char *first, const char *line)
{
    char requests[500];
    snprintf(requests, sizeof requests,
             "%sGET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", first);
    char *answer = ask(port, requests);
    const char *second = strstr(answer + 1, "HTTP/1.1 200 OK\r\n");
    if (!second || strcmp(answer + strlen(answer) - 5, "/last") != 0)
        fail_msg("to %s\ngot: %s", first, answer);
    const char *said = strstr(answer, "\r\nConnection: ");
    if (*line ? said > second || strncmp(said + 2, line, strlen(line)) != 0 : said < second)
        fail_msg("wanted: %s\ngot: %s", line, answer);
    free(answer);
}

static void assert_closes(int port, const char *first, const char *line)
{
    char requests[500];
    snprintf(requests, sizeof requests, "%sGET /last HTTP/1.1\r\nHost: h\r\n\r\n", first);
    char *answer = ask(port, requests);
    const char *said = strstr(answer, "\r\nConnection: ");
    assert_null(strstr(answer, "/last"));
    if (*line ? !said || strncmp(said + 2, line, strlen(line)) != 0 : said != NULL)
        fail_msg("to %s\nwanted: %s\ngot: %s", first, line, answer);
    free(answer);
}

TEST(which_requests_keep_the_connection)
{
    int port = serve_callback(hello, NULL);
    assert_keeps(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "");
    assert_keeps(port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", "");
    assert_keeps(port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: closed\r\n\r\n", "");
    assert_keeps(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n\r\n", ""); /* an extra line end */
    assert_keeps(port, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "");
    assert_keeps(port, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 "");
    assert_keeps(port, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                 "Connection: Keep-Alive\r\n");
    assert_keeps(port, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n\r\n",
                 "Connection: Keep-Alive\r\n");
    assert_keeps(port, "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                 "Connection: Keep-Alive\r\n");
    assert_keeps(port, "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na",
                 "Connection: Keep-Alive\r\n");
    stop();
}

TEST(which_requests_close_the_connection)
{
    int port = serve_callback(hello, NULL);
    assert_closes(port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                  "Connection: close\r\n");
    assert_closes(port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Close\r\n\r\n",
                  "Connection: close\r\n");
    assert_closes(port, "GET / HTTP/1.0\r\n\r\n", "");
    assert_closes(port, "DELETE / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "");
    stop();
    port = serve_options(hello, NULL, &(gale_http_server_options){ .no_keep_alive = true });
    assert_closes(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "Connection: close\r\n");
    assert_closes(port, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "");
    stop();
}

static int say_close(gale_http_server_request *request, void *arg)
{
    gale_http_connection *connection = gale_http_server_request_connection(request);
    gale_http_headers *headers = gale_http_headers_new();
    (void)arg;
    assert_ok(gale_http_headers_set(headers, "Connection", "close"));
    assert_ok(gale_http_headers_set(headers, "Content-Length", "0"));
    assert_ok(gale_http_connection_write_headers(connection, 200, NULL, headers, "", 0));
    gale_http_headers_free(headers);
    return gale_http_connection_finish(connection);
}

/* What a handler announces is what happens, and it is announced once. */
TEST(a_handler_that_says_close)
{
    int port = serve_callback(say_close, NULL);
    assert_closes(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "Connection: close\r\n");
    char *answer = ask(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_null(strstr(strstr(answer, "Connection") + 1, "Connection"));
    free(answer);
    stop();
}

/* ---- Unix sockets ---------------------------------------------------------------------- */

static int show_ip(gale_http_server_request *request, void *arg)
{
    (void)arg;
    return respond(request, gale_http_server_request_remote_ip(request));
}

static int ask_unix(void *arg)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                      garbage[] = "garbage\r\n\r\n";
    gale_address address;
    gale_str answer;
    for (int i = 0; i < 2; i++) {
        GALE_TRY(gale_address_from_path(arg, &address));
        gale_iostream *stream = gale_iostream_new(socket(AF_UNIX, SOCK_STREAM, 0), NULL);
        GALE_TRY(gale_iostream_connect(stream, &address));
        GALE_TRY(gale_iostream_write(stream, i ? garbage : request,
                                     i ? sizeof garbage - 1 : sizeof request - 1));
        GALE_TRY(gale_iostream_read_until_close(stream, &answer));
        assert_memory_equal(answer.data, i ? "HTTP/1.1 400 " : "HTTP/1.1 200 ", 13);
        if (!i)
            assert_memory_equal(answer.data + answer.len - 7, "0.0.0.0", 7);
        gale_iostream_free(stream);
    }
    return 0;
}

TEST(a_unix_socket)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/gale-http-test-%d", (int)getpid());
    int socket = gale_bind_unix_socket(path, 0600, 0);
    assert_true(socket >= 0);
    gale_http_server *server = gale_http_server_new_callback(show_ip, NULL, NULL);
    assert_ok(gale_http_server_add_socket(server, socket));
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_unix, path, 10));
    stop();
    unlink(path);
}

/* ---- Closing --------------------------------------------------------------------------- */

typedef struct closing {
    gale_http_server *server;
    int port;
} closing;

static int sleep_and_answer(gale_http_server_request *request, void *arg)
{
    (void)arg;
    note("wait");
    GALE_TRY(gale_sleep(0.05));
    note("answer");
    return respond(request, "slept");
}

static int ask_and_wait(void *arg)
{
    char *answer = NULL;
    gale_str part = GALE_STR("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    asking what = { .port = *(int *)arg, .parts = &part, .part_count = 1 };
    GALE_TRY(ask_task(&what));
    answer = what.answer;
    note(strstr(answer, "\r\nConnection: close\r\n") ? "told" : "untold");
    note(strstr(answer, "slept") ? "whole" : "cut");
    free(answer);
    return 0;
}

static int close_all(void *arg)
{
    closing *self = arg;
    gale_iostream *idle;
    gale_str rest;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", self->port, NULL, &idle));
    GALE_TRY(gale_spawn(ask_and_wait, &self->port));
    while (!*trace)
        GALE_TRY(gale_sleep(0.001));
    assert_int_equal(gale_http_server_connection_count(self->server), 2);
    gale_http_server_stop(self->server);
    GALE_TRY(gale_http_server_close_all_connections(self->server));
    note("closed");
    assert_int_equal(gale_http_server_connection_count(self->server), 0);
    GALE_TRY(gale_iostream_read_until_close(idle, &rest));
    assert_int_equal(rest.len, 0);
    gale_iostream_free(idle);
    return gale_sleep(0.01);
}

TEST(closing_all_connections_waits_for_their_answers)
{
    closing self = { .server = gale_http_server_new_callback(sleep_and_answer, NULL, NULL) };
    self.port = gale_http_server_listen(self.server, 0, "127.0.0.1");
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), close_all, &self, 10));
    assert_non_null(strstr(trace, "wait answer "));
    assert_non_null(strstr(trace, "told whole"));
    assert_non_null(strstr(trace, "closed"));
    trace[0] = '\0';
    gale_http_server_free(self.server);
    gale_http_server_free(NULL);
    stop();
}

TEST(malformed_requests_are_logged)
{
    int port = serve_callback(hello, NULL);
    assert_answer(port, "asdf\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "</html>");
    assert_false(test_logged("Malformed"));
    gale_log_set_level(GALE_LOG_INFO);
    assert_answer(port, "asdf\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "</html>");
    assert_true(test_logged("Malformed HTTP message from 127.0.0.1: "));
    stop();
}

TEST(listening_fails)
{
    gale_http_server *first = gale_http_server_new_callback(hello, NULL, NULL),
                     *second = gale_http_server_new_callback(hello, NULL, NULL);
    int port = gale_http_server_listen(first, 0, "127.0.0.1");
    assert_error(gale_http_server_listen(second, port, "127.0.0.1"), -EADDRINUSE);
    assert_true(*gale_error_detail());
    stop();
}

GALE_TEST_MAIN
