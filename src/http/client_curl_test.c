/* SPDX-License-Identifier: Apache-2.0 */
/* The client of libcurl: what gale's own does, it does, too. Without libcurl nothing is tested. */
#include "test.h"

#include <gale/httpclient.h>

TEST(configuring)
{
    assert_error(gale_http_client_configure("other", NULL), GALE_EINVALID);
    assert_error(gale_http_client_configure("curl", NULL), GALE_CURL ? 0 : GALE_ENOTSUP);
    assert_ok(gale_http_client_configure("simple", NULL));
}

#if GALE_CURL

#include "http/client_test.h"

static gale_http_response *response;
static gale_http_client *client;

static void open_client(const char *const *answers, size_t count)
{
    raw_start(answers, count);
    assert_ok(gale_http_client_configure("curl", NULL));
    client = gale_http_client_new(NULL);
    assert_ok(gale_http_client_configure("simple", NULL));
}

#define CURL_CLIENT(...)                                                                           \
    open_client((const char *const[]){ __VA_ARGS__ },                                              \
                sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void close_client(void)
{
    gale_http_client_free(client);
    raw_stop();
}

static int fetch(gale_fetch_options options)
{
    options.no_environment_proxy = true;
    return gale_http_client_fetch(client, raw.url, &options, &response);
}

#define FETCH(...) fetch((gale_fetch_options){ __VA_ARGS__ })

TASK_TEST(the_request_is_the_same)
{
    char theirs[8192];
    gale_fetch_header headers[] = { { "X-A", "b" }, { "X-Empty", "" }, { 0 } };
    gale_fetch_options options = { .headers = headers };
    CURL_CLIENT(OK("hello", "5"), OK("hello", "5"));
    assert_ok(fetch(options));
    assert_body(response, "hello");
    strcpy(theirs, raw.last);
    assert_ok(get(&options, &response));
    assert_sent("\r\nX-A: b\r\nX-Empty: \r\n");
    char *space = strstr(theirs, "X-Empty:") + strlen("X-Empty:");
    memmove(space + 1, space, strlen(space) + 1); /* libcurl writes none there */
    *space = ' ';
    assert_string_equal(theirs, raw.last);
    close_client();
}

TASK_TEST(methods_and_bodies)
{
    CURL_CLIENT(OK("", "0"), OK("", "0"), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
                "HTTP/1.1 204 No Content\r\n\r\n");
    assert_ok(FETCH(.method = "POST", .body = "a=b"));
    assert_sent("POST / HTTP/1.1\r\n");
    assert_sent("\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    assert_sent("\r\nContent-Length: 3\r\n\r\na=b");
    assert_ok(FETCH(.method = "PUT", .body = "a\0b", .body_size = 3));
    assert_sent("PUT / HTTP/1.1\r\n");
    assert_not_sent("Content-Type");
    assert_sent("\r\nContent-Length: 3\r\n\r\na");
    assert_ok(FETCH(.method = "HEAD"));
    assert_sent("HEAD / HTTP/1.1\r\n");
    assert_body(response, "");
    assert_ok(FETCH(.method = "DELETE"));
    assert_int_equal(gale_http_response_code(response), 204);
    close_client();
}

/* Tornado: CurlHTTPClientTestCase.test_custom_reason, test_fail_custom_reason */
TASK_TEST(responses)
{
    CURL_CLIENT(
        "HTTP/1.1 200 Custom reason\r\nA: b\r\nA: c\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 400 Custom reason\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: x\r\n\r\n");
    assert_ok(FETCH(0));
    assert_string_equal(gale_http_response_reason(response), "Custom reason");
    assert_string_equal(gale_http_headers_get(gale_http_response_headers(response), "a"), "b,c");
    assert_error(FETCH(0), GALE_EHTTP);
    assert_string_equal(gale_error_detail(), "HTTP 400: Custom reason");
    assert_ok(FETCH(0));
    assert_body(response, "ok");
    assert_false(gale_http_headers_has(gale_http_response_headers(response), "T"));
    close_client();
}

TASK_TEST(connections_are_kept)
{
    CURL_CLIENT(OK("", "0"), OK("", "0"), OK("", "0"));
    assert_ok(FETCH(0));
    assert_false(gale_http_response_time_info(response)->reused);
    assert_ok(FETCH(0));
    assert_true(gale_http_response_time_info(response)->reused);
    assert_true(gale_http_response_time_info(response)->starttransfer > 0);
    assert_ok(FETCH(.no_keep_alive = true));
    assert_int_equal(raw.connections, 2);
    close_client();
}

TASK_TEST(redirects_and_cookies)
{
    gale_cookie_jar *jar = gale_cookie_jar_new(NULL);
    CURL_CLIENT("HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: a=1\r\nContent-Length: "
                "2\r\n\r\nno",
                OK("ok", "2"));
    assert_ok(FETCH(.cookie_jar = jar));
    assert_body(response, "ok");
    assert_sent("GET /next HTTP/1.1\r\n");
    assert_sent("\r\nCookie: a=1\r\n");
    close_client();
    gale_cookie_jar_free(jar);
}

/* Tornado: CurlHTTPClientTestCase.test_digest_auth, test_digest_auth_non_ascii */
TASK_TEST(digest)
{
    CURL_CLIENT("HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", "
                "qop=\"auth\"\r\nContent-Length: 2\r\n\r\nno",
                OK("ok", "2"));
    assert_ok(FETCH(.auth_username = "f\xc3\xb6o", .auth_password = "b\xc3\xa4r",
                    .auth_mode = GALE_AUTH_DIGEST));
    assert_sent("\r\nAuthorization: Digest username*=UTF-8''f%C3%B6o, ");
    close_client();
}

/* Tornado: CurlHTTPClientReuseProxyAuthTestCase.test_reuse_proxy_credentials */
TASK_TEST(credentials_of_a_proxy_are_forgotten)
{
    CURL_CLIENT(OK("", "0"), OK("", "0"));
    gale_fetch_options options = { .proxy_host = "127.0.0.1",
                                   .proxy_port = raw.port,
                                   .proxy_username = "user",
                                   .proxy_password = "secret" };
    assert_ok(fetch(options));
    assert_sent("GET http://127.0.0.1:");
    assert_sent("\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n");
    options.proxy_username = NULL;
    assert_ok(fetch(options));
    assert_not_sent("Proxy-Authorization");
    close_client();
}

static int add_piece(const char *data, size_t size, void *arg)
{
    strncat(arg, data, size);
    return gale_moment();
}

static int add_line(const char *line, void *arg)
{
    strcat(arg, line);
    return gale_moment();
}

/* Tornado: CurlHTTPClientTestCase.test_streaming_callback_not_permitted: here it is. */
TASK_TEST(callbacks_may_wait)
{
    char text[256] = "";
    CURL_CLIENT(OK("hello", "5"), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_ok(FETCH(.streaming_callback = add_piece, .header_callback = add_line, .arg = text));
    assert_string_equal(text, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    assert_body(response, "");
    text[0] = '\0';
    assert_ok(FETCH(.header_callback = add_line, .arg = text));
    assert_string_equal(text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    close_client();
}

static int refuse_piece(const char *data, size_t size, void *arg)
{
    (void)data, (void)size, (void)arg;
    return -EDOM;
}

TASK_TEST(errors)
{
    CURL_CLIENT("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello" CLOSE, CLOSE,
                "nonsense\r\n\r\n" CLOSE, OK("hello", "5") CLOSE, OK("hello", "5") CLOSE,
                "HTTP/1.1 200 OK\r\nA: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n\r\n" CLOSE, HANG);
    assert_error(FETCH(0), GALE_ECLOSED);
    assert_error(FETCH(0), GALE_ECLOSED);
    assert_error(FETCH(0), GALE_EINPUT);
    assert_error(FETCH(.max_body_size = 4), GALE_ETOOBIG);
    assert_error(FETCH(.streaming_callback = refuse_piece), -EDOM);
    assert_error(FETCH(.max_header_size = 40), GALE_ETOOBIG);
    assert_error(FETCH(.request_timeout = 0.1), GALE_ETIMEDOUT);
    raw_stop();
    assert_error(FETCH(0), -ECONNREFUSED);
    assert_error(FETCH(.ssl_context = (gale_ssl_context *)&raw), GALE_ENOTSUP);
    close_client();
}

TASK_TEST(connecting_takes_too_long)
{
    char url[64];
    CURL_CLIENT(HANG);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", raw.port); /* no answer to the hello */
    gale_fetch_options options = { .connect_timeout = 0.05 };
    assert_error(gale_http_client_fetch(client, url, &options, &response), GALE_ETIMEDOUT_CONNECT);
    close_client();
}

static int sleep_then_free(void *arg)
{
    GALE_TRY(gale_sleep(0.05));
    gale_http_client_free(arg);
    return 0;
}

TASK_TEST(a_client_ends_with_its_last_fetch)
{
    CURL_CLIENT(DRIP OK("hello", "5") CLOSE);
    assert_ok(gale_spawn(sleep_then_free, client));
    int result = FETCH(0);
    assert_true(result == 0 || result < 0);
    assert_ok(gale_sleep(0.1));
    raw_stop();
}

/* Fetches with a client that is made now, and tells who it said it was. */
static void assert_says(const gale_http_client_options *options, const char *user_agent)
{
    char line[128];
    gale_http_client *made = gale_http_client_new(options);
    gale_fetch_options wanted = { .no_environment_proxy = true };
    assert_ok(gale_http_client_fetch(made, raw.url, &wanted, &response));
    snprintf(line, sizeof line, "\r\nUser-Agent: %s", user_agent);
    if (!strstr(raw.last, line))
        fail_msg("%s is not in %s", line, raw.last);
    gale_http_client_free(made);
}

/* Options that were configured are those of clients that are made without, of either
 * implementation; and an implementation that was chosen stays when only options are.
 * Tornado: ConfigurableTest.test_default, test_config_class, test_config_str, test_config_args,
 * test_config_class_args */
TASK_TEST(implementations_and_options_are_configured)
{
    static const gale_fetch_options ours = { .user_agent = "configured" },
                                    theirs = { .user_agent = "given" };
    static const gale_http_client_options configured = { .defaults = &ours },
                                          given = { .defaults = &theirs };
    RAW_SERVER(OK("", "0"), OK("", "0"), OK("", "0"), OK("", "0"), OK("", "0"), OK("", "0"),
               OK("", "0"), OK("", "0"), OK("", "0"));
    assert_says(NULL, "gale/");
    assert_says(&given, "given");
    assert_ok(gale_http_client_configure(NULL, &configured));
    assert_says(NULL, "configured");
    assert_says(&given, "given");
    assert_ok(gale_http_client_configure("simple", NULL));
    assert_says(NULL, "gale/");
    assert_ok(gale_http_client_configure("curl", NULL));
    assert_says(&given, "given");
    assert_ok(gale_http_client_configure("curl", &configured));
    assert_says(NULL, "configured");
    assert_says(&given, "given");
    assert_ok(gale_http_client_configure("simple", NULL));
    assert_says(NULL, "gale/");
    raw_stop();
}

#endif

GALE_TEST_MAIN
