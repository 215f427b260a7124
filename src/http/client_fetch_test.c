/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent for which options, and what a response tells. */
#include "http/client_test.h"

#include <math.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static gale_http_response *response;

static int fetch_method(const char *method, const char *body)
{
    return get(&(gale_fetch_options){ .method = method, .body = body }, &response);
}

/* ---- The head -------------------------------------------------------------------------- */

/* Tornado: HTTPClientCommonTestCase.test_hello_world, SimpleHTTPClientTestMixin.test_host_header,
 * test_default_user_agent */
TASK_TEST(the_request_that_is_sent_by_default)
{
    char expected[256];
    RAW_SERVER(OK("Hello world!", "12"));
    assert_ok(get(NULL, &response));
    assert_body(response, "Hello world!");
    snprintf(expected, sizeof expected,
             "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: gale/%s\r\n"
             "Accept-Encoding: %s\r\n\r\n",
             raw.port, gale_version(), GALE_BROTLI ? "gzip, br" : "gzip");
    assert_string_equal(raw.last, expected);
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_post, SimpleHTTPClientTestMixin.test_header_reuse */
TASK_TEST(a_form_is_posted)
{
    gale_fetch_header headers[] = { { "X-A", "b" }, { "x-empty", "" }, { 0 } };
    gale_fetch_options options = { .method = "POST",
                                   .body = "arg1=foo&arg2=bar",
                                   .headers = headers };
    RAW_SERVER(OK("", "0"), OK("", "0"));
    for (int i = 0; i < 2; i++) {
        assert_ok(get(&options, &response));
        assert_sent("POST / HTTP/1.1\r\n");
        assert_sent("\r\nX-A: b\r\nx-empty: \r\n");
        assert_sent("\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        assert_sent("\r\nContent-Length: 17\r\n\r\narg1=foo&arg2=bar");
    }
    raw_stop();
}

TASK_TEST(what_stands_for_what_is_sent_by_default)
{
    gale_fetch_header headers[] = { { "host", "other" },
                                    { "User-Agent", "me" },
                                    { "Accept-Encoding", "identity" },
                                    { "Content-Type", "text/plain" },
                                    { "Content-Length", "99" },
                                    { "Transfer-Encoding", "gzip" },
                                    { "Connection", "close" },
                                    { 0 } };
    RAW_SERVER(OK("", "0") CLOSE);
    assert_ok(get(
        &(gale_fetch_options){
            .method = "POST", .body = "a\0b", .body_size = 3, .headers = headers },
        &response));
    assert_string_equal(raw.last, "POST / HTTP/1.1\r\nhost: other\r\nUser-Agent: me\r\n"
                                  "Accept-Encoding: identity\r\nContent-Type: text/plain\r\n"
                                  "Connection: close\r\nContent-Length: 3\r\n\r\na");
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_basic_auth, test_basic_auth_explicit_mode,
 * test_basic_auth_unicode, test_credentials_in_url */
TASK_TEST(a_name_and_a_password)
{
    gale_fetch_options options = { .auth_username = "Aladdin", .auth_password = "open sesame" };
    char url[96];
    RAW_SERVER(OK("", "0"), OK("", "0"), OK("", "0"), OK("", "0"));
    assert_ok(get(&options, &response));
    assert_sent("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
    options.auth_username = "caf\xc3\xa9";
    options.auth_password = "b\xc3\xa4r";
    assert_ok(get(&options, &response));
    assert_sent("\r\nAuthorization: Basic Y2Fmw6k6YsOkcg==\r\n");
    snprintf(url, sizeof url, "http://me:secret%%40@127.0.0.1:%d/", raw.port);
    assert_ok(gale_fetch(url, &options, &response)); /* what the URL says comes first */
    assert_sent("\r\nAuthorization: Basic bWU6c2VjcmV0QA==\r\n");
    assert_string_equal(gale_http_response_effective_url(response), raw.url);
    snprintf(url, sizeof url, "http://me@127.0.0.1:%d/", raw.port);
    assert_ok(gale_fetch(url, NULL, &response));
    assert_sent("\r\nAuthorization: Basic bWU6\r\n");
    raw_stop();
}

/* Tornado: HTTPRequestTestCase.test_if_modified_since */
TASK_TEST(other_lines)
{
    gale_fetch_options options = { .if_modified_since = 1360454400,
                                   .user_agent = "me",
                                   .no_decompress = true,
                                   .no_keep_alive = true };
    RAW_SERVER(OK("", "0"), OK("", "0"));
    assert_ok(get(&options, &response));
    assert_sent("\r\nUser-Agent: me\r\nConnection: close\r\n"
                "If-Modified-Since: Sun, 10 Feb 2013 00:00:00 GMT\r\n\r\n");
    assert_not_sent("Accept-Encoding");
    assert_ok(get(&options, &response));
    assert_int_equal(raw.connections, 2);
    raw_stop();
}

/* Tornado: HTTPRequestTestCase.test_if_modified_since_naive_deprecated */
TASK_TEST(a_date_does_not_depend_on_the_zone)
{
    setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
    tzset();
    RAW_SERVER(OK("", "0"));
    assert_ok(get(&(gale_fetch_options){ .if_modified_since = 1360454400 }, &response));
    assert_sent("\r\nIf-Modified-Since: Sun, 10 Feb 2013 00:00:00 GMT\r\n");
    unsetenv("TZ");
    tzset();
    raw_stop();
}

/* Nobody gets credentials in a way that was not asked for.
 * Tornado: HTTPClientCommonTestCase.test_unsupported_auth_mode */
TASK_TEST(a_way_of_authentication_that_nobody_knows)
{
    gale_fetch_options options = { .auth_username = "Aladdin",
                                   .auth_password = "open sesame",
                                   .auth_mode = (gale_auth_mode)7 };
    RAW_SERVER(OK("", "0"));
    assert_error(get(&options, &response), GALE_EINVALID);
    assert_string_equal(gale_error_detail(), "unsupported auth_mode 7");
    assert_null(response);
    options = (gale_fetch_options){ .proxy_auth_mode = (gale_auth_mode)7 };
    assert_error(get(&options, &response), GALE_EINVALID);
    assert_string_equal(gale_error_detail(), "unsupported proxy_auth_mode 7");
    assert_int_equal(raw.connections, 0);
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_types */
TASK_TEST(what_a_response_gives)
{
    RAW_SERVER("HTTP/1.1 200 Fine\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\na\xff");
    assert_ok(get(NULL, &response));
    assert_bytes(gale_http_response_body_str(response), GALE_STR("a\xff"));
    assert_int_equal(gale_http_response_body(response)[2], '\0');
    assert_string_equal(gale_http_headers_get(gale_http_response_headers(response), "content-type"),
                        "text/plain");
    assert_int_equal(gale_http_response_code(response), 200);
    assert_string_equal(gale_http_response_reason(response), "Fine");
    assert_string_equal(gale_http_response_effective_url(response), raw.url);
    raw_stop();
}

TASK_TEST(a_head_that_is_long)
{
    static char value[4000];
    gale_fetch_header headers[] = { { "X-Long", value }, { 0 } };
    memset(value, 'v', sizeof value - 1);
    RAW_SERVER(OK("", "0"));
    assert_ok(get(&(gale_fetch_options){ .headers = headers }, &response));
    assert_sent(value);
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_header_types, test_header_encoding,
 * test_non_ascii_header */
TASK_TEST(text_is_bytes)
{
    gale_fetch_header headers[] = { { "Foo", "b\xc3\xa4r" }, { 0 } };
    RAW_SERVER("HTTP/1.1 200 OK\r\nFoo: \xe9\r\nContent-Length: 0\r\n\r\n");
    assert_ok(get(&(gale_fetch_options){ .headers = headers }, &response));
    assert_sent("\r\nFoo: b\xc3\xa4r\r\n");
    assert_string_equal(gale_http_headers_get(gale_http_response_headers(response), "foo"), "\xe9");
    raw_stop();
}

/* ---- Methods and bodies ---------------------------------------------------------------- */

/* Tornado: HTTPClientCommonTestCase.test_all_methods, test_patch_receives_payload,
 * SimpleHTTPClientTestMixin.test_options_request */
TASK_TEST(every_method)
{
    static const char *const methods[] = { "GET", "DELETE", "OPTIONS", "POST", "PUT", "PATCH" };
    char line[32];
    for (size_t i = 0; i < 6; i++) {
        RAW_SERVER(OK("ok", "2"));
        assert_ok(fetch_method(methods[i], i < 3 ? NULL : "body"));
        snprintf(line, sizeof line, "%s / HTTP/1.1\r\n", methods[i]);
        assert_sent(line);
        assert_int_equal(strstr(raw.last, "\r\n\r\nbody") != NULL, i >= 3);
        assert_body(response, "ok");
        raw_stop();
    }
    RAW_SERVER(OK("ok", "2"));
    assert_ok(get(&(gale_fetch_options){ .method = "PURGE", .allow_nonstandard_methods = true },
                  &response));
    assert_sent("PURGE / HTTP/1.1\r\n");
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_body_sanity_checks, test_redirect_put_without_body */
TASK_TEST(which_methods_have_a_body)
{
    RAW_SERVER(OK("", "0"), OK("", "0"), OK("", "0"));
    assert_error(fetch_method("POST", NULL), GALE_EINVALID);
    assert_string_equal(gale_error_detail(), "Body must not be NULL for method POST");
    assert_error(fetch_method("PUT", NULL), GALE_EINVALID);
    assert_error(fetch_method("PATCH", NULL), GALE_EINVALID);
    assert_error(fetch_method("GET", ""), GALE_EINVALID);
    assert_string_equal(gale_error_detail(), "Body must be NULL for method GET");
    assert_error(fetch_method("DELETE", "a"), GALE_EINVALID);
    assert_error(fetch_method("WHAT", NULL), GALE_EINVALID);
    assert_string_equal(gale_error_detail(), "unknown method WHAT");
    assert_int_equal(raw.requests, 0);
    assert_ok(fetch_method("PUT", ""));
    assert_sent("\r\nContent-Length: 0\r\n");
    gale_fetch_options any = { .allow_nonstandard_methods = true, .method = "POST" };
    assert_ok(get(&any, &response));
    assert_not_sent("Content-Length");
    any.method = "GET";
    any.body = "b";
    assert_ok(get(&any, &response));
    assert_sent("\r\nContent-Length: 1\r\n\r\nb");
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_header_crlf */
TASK_TEST(no_input_adds_a_line)
{
    static const gale_fetch_header wrong[][2] = {
        { { "A", "b\r\nC: d" } }, { { "A", "b\nC: d" } }, { { "A", "b\rC: d" } },
        { { "A\r\nB", "c" } },    { { "", "a" } },        { { "A B", "c" } },
        { { "A:", "c" } },        { { "A", "\x7f" } },
    };
    RAW_SERVER(OK("", "0"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_error(get(&(gale_fetch_options){ .headers = wrong[i] }, &response), GALE_EINVALID);
    assert_error(get(&(gale_fetch_options){ .user_agent = "a\r\nb" }, &response), GALE_EINVALID);
    assert_error(get(&(gale_fetch_options){ .method = "GET / HTTP/1.1\r\nA: b\r\n\r\n",
                                            .allow_nonstandard_methods = true },
                     &response),
                 GALE_EINVALID);
    assert_error(gale_fetch("http://a/\r\nB: c", NULL, &response), GALE_EINVALID);
    assert_error(gale_fetch("http://a b/", NULL, &response), GALE_EINVALID);
    assert_error(gale_fetch("ftp://a/", NULL, &response), GALE_ENOTSUP);
    assert_string_equal(gale_error_detail(), "Unsupported url scheme: ftp");
    assert_error(gale_fetch("a", NULL, &response), GALE_EINVALID);
    assert_error(gale_fetch("http+unix://%zz/", NULL, &response), GALE_EINVALID);
    assert_error(
        gale_fetch("http://a/", &(gale_fetch_options){ .body = "a", .body_file = "b" }, &response),
        GALE_EINVALID);
    assert_int_equal(raw.requests, 0);
    raw_stop();
}

/* ---- Responses ------------------------------------------------------------------------- */

/* Tornado: HTTPClientCommonTestCase.test_future_http_error, test_future_http_error_no_raise,
 * HTTPErrorTestCase.test_plain_error, test_error_with_response */
TASK_TEST(a_status_that_is_an_error)
{
    RAW_SERVER("HTTP/1.1 404 \r\nContent-Length: 2\r\n\r\nno",
               "HTTP/1.1 599 What\r\nContent-Length: 0\r\n\r\n",
               "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    assert_error(get(NULL, &response), GALE_EHTTP);
    assert_string_equal(gale_error_detail(), "HTTP 404: Not Found");
    assert_non_null(response);
    assert_int_equal(gale_http_response_code(response), 404);
    assert_string_equal(gale_http_response_reason(response), "Not Found");
    assert_body(response, "no");
    assert_error(gale_http_response_error(response), GALE_EHTTP);
    assert_error(get(NULL, &response), GALE_EHTTP);
    assert_string_equal(gale_error_detail(), "HTTP 599: What");
    assert_ok(get(&(gale_fetch_options){ .no_raise_error = true }, &response));
    assert_int_equal(gale_http_response_code(response), 403);
    assert_error(gale_http_response_rethrow(response), GALE_EHTTP);
    assert_string_equal(gale_error_detail(), "HTTP 403: Forbidden");
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_multi_line_headers (which folds them) */
TASK_TEST(headers_that_come_twice)
{
    RAW_SERVER("HTTP/1.1 200 OK\r\nA: b\r\na: c\r\nContent-Length: 0\r\n\r\n");
    assert_ok(get(NULL, &response));
    gale_http_headers *headers = gale_http_response_headers(response);
    assert_string_equal(gale_http_headers_get(headers, "A"), "b,c");
    assert_string_equal(gale_http_headers_get_list(headers, "A", 1), "c");
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_response_times */
TASK_TEST(when_each_step_was_done)
{
    double now = gale_ioloop_time(gale_ioloop_current());
    RAW_SERVER(OK("", "0"), OK("", "0"));
    assert_ok(get(NULL, &response));
    const gale_http_time_info *times = gale_http_response_time_info(response);
    assert_true(fabs(gale_http_response_start_time(response) - now) < 1);
    assert_true(gale_http_response_request_time(response) >= 0);
    assert_true(gale_http_response_request_time(response) < 1);
    assert_true(times->queue <= times->connect && times->connect <= times->pretransfer &&
                times->pretransfer <= times->starttransfer && times->starttransfer <= times->total);
    assert_true(times->appconnect == 0 && times->redirect == 0);
    assert_false(times->reused);
    assert_ok(get(NULL, &response));
    times = gale_http_response_time_info(response);
    assert_true(times->reused);
    assert_true(times->connect == 0);
    raw_stop();
}

/* ---- Whose it is ----------------------------------------------------------------------- */

TASK_TEST(responses_go_with_their_scope)
{
    gale_http_response *first, *second, *third;
    RAW_SERVER(OK("1", "1"), OK("2", "1"), OK("3", "1"));
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(get(NULL, &first));
    assert_ok(get(NULL, &second));
    assert_ok(get(NULL, &third));
    gale_http_response_free(second);
    gale_http_response_free(NULL);
    assert_body(first, "1");
    assert_body(third, "3");
    assert_ok(gale_scope_close(scope, 0));
    raw_stop();
}

typedef struct job {
    gale_scope *scope;
    gale_http_response *response;
} job;

static int fetch_for_another(void *arg)
{
    job *self = arg;
    return get(&(gale_fetch_options){ .scope = self->scope }, &self->response);
}

TASK_TEST(responses_of_several_tasks)
{
    RAW_SERVER(OK("1", "1"), OK("2", "1"), OK("3", "1"));
    gale_scope *scope = gale_scope_open(NULL);
    job jobs[3];
    gale_call calls[3];
    for (int i = 0; i < 3; i++) {
        jobs[i].scope = scope;
        calls[i] = (gale_call){ fetch_for_another, &jobs[i], 0 };
    }
    assert_ok(gale_multi(calls, 3));
    int sum = 0;
    for (int i = 0; i < 3; i++)
        sum += atoi(gale_http_response_body(jobs[i].response));
    assert_int_equal(sum, 6);
    gale_http_response_free(jobs[1].response);
    assert_ok(gale_scope_close(scope, 0));
    raw_stop();
}

/* Tornado: SyncHTTPClientTest.test_sync_client, test_sync_client_error */
static int serve_two(gale_iostream *stream, const gale_address *address, void *arg)
{
    static const char *const answers[] = { OK("Hello world!", "12"),
                                           "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" };
    gale_str request;
    (void)address, (void)arg;
    for (int i = 0; i < 2; i++) {
        GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &request));
        GALE_TRY(gale_iostream_write(stream, answers[i], strlen(answers[i])));
    }
    return 0;
}

TEST(outside_tasks)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    char url[64];
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", gale_socket_port(sockets[0]));
    gale_tcp_server *server = gale_tcp_server_new(serve_two, NULL, NULL);
    assert_ok(gale_tcp_server_add_sockets(server, sockets, 1));
    assert_error(gale_fetch(url, NULL, &response), GALE_ENOTASK);
    assert_ok(gale_http_client_fetch_blocking(NULL, url, NULL, &response));
    assert_body(response, "Hello world!");
    gale_http_response_free(response);
    assert_error(gale_http_client_fetch_blocking(NULL, url, NULL, &response), GALE_EHTTP);
    assert_string_equal(gale_error_detail(), "HTTP 404: Not Found");
    assert_int_equal(gale_http_response_code(response), 404);
    gale_http_response_free(response);
    assert_error(gale_http_client_fetch_blocking(NULL, "a", NULL, &response), GALE_EINVALID);
    assert_string_equal(gale_error_detail(), "malformed URL: not an absolute URL");
    assert_null(response);
    gale_ioloop_free(gale_ioloop_current());
}

static gale_http_client *left;

/* Tornado: SyncHTTPClientSubprocessTest.test_destructor_log */
TEST(clients_that_are_left_at_the_end_of_a_program)
{
    int ends[2], status;
    char said[1024];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        gale_log_set_hook(NULL, NULL);
        gale_log_set_level(GALE_LOG_DEBUG);
        left = gale_http_client_new(NULL);
        int result = gale_http_client_fetch_blocking(left, "http://127.0.0.1:1/", NULL, &response);
        exit(left && gale_http_client_current() && result < 0 ? 0 : 1);
    }
    close(ends[1]);
    ssize_t size = read(ends[0], said, sizeof said - 1);
    said[size > 0 ? size : 0] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_string_equal(said, "");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TASK_TEST(blocking_within_a_task)
{
    assert_error(gale_http_client_fetch_blocking(NULL, "http://a/", NULL, &response), GALE_ESTATE);
    assert_null(response);
}

/* ---- Where it goes --------------------------------------------------------------------- */

/* Tornado: HTTPClientCommonTestCase.test_bind_source_ip */
TASK_TEST(connections_from_an_address)
{
    gale_fetch_options options = { .network_interface = "127.0.0.1" };
    RAW_SERVER(OK("", "0"), OK("", "0"), OK("", "0"));
    assert_ok(get(&options, &response));
    assert_ok(get(&options, &response));
    assert_int_equal(raw.connections, 1);
    assert_ok(get(NULL, &response));
    assert_int_equal(raw.connections, 2);
    options.network_interface = "not-interface-or-ip";
    assert_error(get(&options, &response), GALE_EINVALID);
    raw_stop();
}

/* Tornado: SimpleHTTPClientTestMixin.test_ipv6 */
TASK_TEST(ipv6_or_not)
{
    char url[64];
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options ipv6 = { .address = "::1" };
    RAW_SERVER(OK("1", "1"), OK("2", "1"));
    if (gale_bind_sockets(raw.port, &ipv6, sockets) == 1) {
        assert_ok(gale_tcp_server_add_sockets(raw.server, sockets, 1));
        snprintf(url, sizeof url, "http://[::1]:%d/", raw.port);
        assert_ok(gale_fetch(url, NULL, &response));
        snprintf(url, sizeof url, "\r\nHost: [::1]:%d\r\n", raw.port);
        assert_sent(url);
        snprintf(url, sizeof url, "http://[::1]:%d/", raw.port);
        assert_true(gale_fetch(url, &(gale_fetch_options){ .no_ipv6 = true }, &response) < 0);
    }
    assert_ok(get(&(gale_fetch_options){ .no_ipv6 = true }, &response));
    raw_stop();
}

/* Tornado: SimpleHTTPClientTestMixin.test_connection_refused */
TASK_TEST(nobody_listens)
{
    RAW_SERVER(OK("", "0"));
    raw_stop();
    assert_error(get(NULL, &response), -ECONNREFUSED);
    assert_null(response);
}

TASK_TEST(over_a_unix_socket)
{
    char path[64], url[96];
    snprintf(path, sizeof path, "/tmp/gale-client-test-%d", getpid());
    snprintf(url, sizeof url, "http+unix://%%2Ftmp%%2Fgale-client-test-%d/a?b", getpid());
    RAW_SERVER(OK("1", "1"), OK("2", "1"));
    int listening = gale_bind_unix_socket(path, 0600, 0);
    assert_true(listening >= 0);
    assert_ok(gale_tcp_server_add_socket(raw.server, listening));
    assert_ok(gale_fetch(url, NULL, &response));
    assert_body(response, "1");
    assert_sent("GET /a?b HTTP/1.1\r\nHost: localhost\r\n");
    assert_ok(gale_fetch(url, NULL, &response));
    assert_body(response, "2");
    assert_int_equal(raw.connections, 1);
    raw_stop();
    unlink(path);
    assert_error(gale_fetch(url, NULL, &response), -ENOENT);
}

/* ---- Clients --------------------------------------------------------------------------- */

/* Tornado: HTTPClientCommonTestCase.test_configure_defaults, RequestProxyTest.test_request_set,
 * test_default_set, test_both_set, test_neither_set, test_defaults_none */
TASK_TEST(defaults_of_a_client)
{
    const gale_fetch_options defaults = {
        .user_agent = "TestDefaults", .max_body_size = 3, .method = "POST", .body = "b"
    };
    gale_http_client_options options = { .defaults = &defaults };
    gale_http_client *client = gale_http_client_new(&options);
    RAW_SERVER(OK("", "0"), OK("", "0"), OK("1234", "4") CLOSE);
    assert_ok(gale_http_client_fetch(client, raw.url, NULL, &response));
    assert_sent("POST / ");
    assert_sent("\r\nUser-Agent: TestDefaults\r\n");
    assert_ok(gale_http_client_fetch(client, raw.url,
                                     &(gale_fetch_options){ .method = "PUT", .user_agent = "both" },
                                     &response));
    assert_sent("PUT / ");
    assert_sent("\r\nUser-Agent: both\r\n");
    assert_error(gale_http_client_fetch(client, raw.url, NULL, &response), GALE_ETOOBIG);
    gale_http_client_free(client);
    raw_stop();
}

/* Tornado: SimpleHTTPClientTestMixin.test_singleton, CreateAsyncHTTPClientTestCase.test_max_clients
 */
TASK_TEST(the_client_of_a_loop_and_ones_own)
{
    static const gale_fetch_options defaults = { .user_agent = "configured" };
    static const gale_http_client_options options = { .defaults = &defaults };
    gale_http_client *own = gale_http_client_new(NULL);
    assert_ptr_equal(gale_http_client_current(), gale_http_client_current());
    assert_ptr_not_equal(gale_http_client_current(), own);
    gale_http_client_free(own);
    gale_http_client_free(NULL);
    assert_ok(gale_http_client_configure("simple", &options));
    assert_error(gale_http_client_configure("what", NULL), GALE_EINVALID);
    own = gale_http_client_new(NULL);
    RAW_SERVER(OK("", "0"));
    assert_ok(gale_http_client_fetch(own, raw.url, NULL, &response));
    assert_sent("\r\nUser-Agent: configured\r\n");
    gale_http_client_free(own);
    raw_stop();
    assert_ok(gale_http_client_configure(NULL, NULL));
}

/* Tornado: HostnameMappingTestCase.test_hostname_mapping, test_port_mapping */
TASK_TEST(hosts_that_are_others)
{
    gale_override mapping[] = { { .host = "www.example.com", .to_host = "127.0.0.1" },
                                { .host = "foo.example.com", .port = 8000, .to_host = "127.0.0.1" },
                                { 0 } };
    gale_http_client_options options = { .hostname_mapping = mapping };
    char url[64];
    RAW_SERVER(OK("1", "1"), OK("2", "1"));
    mapping[1].to_port = raw.port;
    gale_http_client *client = gale_http_client_new(&options);
    snprintf(url, sizeof url, "http://www.example.com:%d/hello", raw.port);
    assert_ok(gale_http_client_fetch(client, url, NULL, &response));
    assert_body(response, "1");
    snprintf(url, sizeof url, "\r\nHost: www.example.com:%d\r\n", raw.port);
    assert_sent(url);
    assert_ok(gale_http_client_fetch(client, "http://foo.example.com:8000/hello", NULL, &response));
    assert_sent("\r\nHost: foo.example.com:8000\r\n");
    gale_http_client_free(client);
    raw_stop();
}

GALE_TEST_MAIN
