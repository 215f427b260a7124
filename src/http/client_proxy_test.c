/* SPDX-License-Identifier: Apache-2.0 */
/* Which proxy is chosen, and what is said to it. */
#include "http/client_test.h"

#include "http/client_proxy.h"

static gale_http_response *response;

/* ---- Choosing -------------------------------------------------------------------------- */

TEST(hosts_without_a_proxy)
{
    static const struct {
        const char *list, *host;
        int port;
        bool excluded;
    } cases[] = {
        { "", "a.org", 80, false },
        { "*", "a.org", 80, true },
        { "a.org", "a.org", 80, true },
        { "a.org", "A.ORG", 80, true },
        { "a.org", "x.a.org", 80, true },
        { ".a.org", "x.a.org", 80, true },
        { ".a.org", "a.org", 80, true },
        { "*.a.org", "x.a.org", 80, true },
        { "a.org", "xa.org", 80, false },
        { "x.a.org", "a.org", 80, false },
        { " b.org , a.org", "a.org", 80, true },
        { "b.org a.org", "a.org", 80, true },
        { "a.org:80", "a.org", 80, true },
        { "a.org:81", "a.org", 80, false },
        { "127.0.0.1", "127.0.0.1", 80, true },
        { "127.0.0.1:80", "127.0.0.1", 80, true },
        { "127.0.0.0/8", "127.1.2.3", 80, true },
        { "10.0.0.0/8", "127.1.2.3", 80, false },
        { "10.0.0.0/8", "10.a.org", 80, false },
        { "::1", "::1", 80, true },
        { "[::1]", "::1", 80, true },
        { "[::1]:81", "::1", 80, false },
        { "[::1]:80", "::1", 80, true },
        { "fd00::/8", "fd00::1", 80, true },
        { ",,. :80 [] /8", "a.org", 80, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(gale__proxy_excludes(cases[i].list, cases[i].host, cases[i].port),
                         cases[i].excluded);
}

static gale__pool pool;
static gale__arena arena;
static gale__proxy proxy;

static void open_arena(void)
{
    gale__pool_init(&pool, GALE__ARENA_BLOCK, 0);
    gale__arena_init(&arena, &pool);
}

static void close_arena(void)
{
    gale__arena_clear(&arena);
    gale__pool_close(&pool);
}

TEST(proxies_as_text)
{
    open_arena();
    assert_ok(gale__proxy_parse(&proxy, &arena, "proxy.example:3128"));
    assert_string_equal(proxy.host, "proxy.example");
    assert_int_equal(proxy.port, 3128);
    assert_int_equal(proxy.type, GALE_PROXY_HTTP);
    assert_null(proxy.username.data);
    assert_ok(gale__proxy_parse(&proxy, &arena, "http://us%40er:pass@[::1]/"));
    assert_string_equal(proxy.host, "::1");
    assert_int_equal(proxy.port, 8080);
    assert_str(proxy.username, "us@er");
    assert_str(proxy.password, "pass");
    assert_ok(gale__proxy_parse(&proxy, &arena, "socks5h://user@host"));
    assert_int_equal(proxy.type, GALE_PROXY_SOCKS5H);
    assert_int_equal(proxy.port, 1080);
    assert_str(proxy.password, "");
    assert_error(gale__proxy_parse(&proxy, &arena, "https://host"), GALE_ENOTSUP);
    assert_error(gale__proxy_parse(&proxy, &arena, "http://"), GALE_EINVALID);
    assert_error(gale__proxy_parse(&proxy, &arena, "a b"), GALE_EINVALID);
    close_arena();
}

static const char *chosen(bool https)
{
    assert_ok(gale__proxy_of_environment(&proxy, &arena, https, "a.org", https ? 443 : 80));
    return proxy.host ? proxy.host : "";
}

TEST(proxies_of_the_environment)
{
    open_arena();
    setenv("HTTP_PROXY", "upper", 1);
    assert_string_equal(chosen(false), "");
    setenv("all_proxy", "socks5://all", 1);
    assert_string_equal(chosen(false), "all");
    setenv("http_proxy", "plain:1", 1);
    setenv("HTTPS_PROXY", "secure:2", 1);
    assert_string_equal(chosen(false), "plain");
    assert_string_equal(chosen(true), "secure");
    setenv("https_proxy", "", 1);
    assert_string_equal(chosen(true), "all");
    setenv("NO_PROXY", "a.org", 1);
    assert_string_equal(chosen(true), "");
    static const char *const names[] = { "HTTP_PROXY",  "all_proxy",   "http_proxy",
                                         "HTTPS_PROXY", "https_proxy", "NO_PROXY" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    assert_false(gale__proxy_in_environment());
    close_arena();
}

/* ---- Asking ---------------------------------------------------------------------------- */

static int get_through(const char *url, gale_fetch_options options)
{
    options.proxy_host = "127.0.0.1";
    options.proxy_port = raw.port;
    return gale_fetch(url, &options, &response);
}

/* Tornado: CurlHTTPClientTestCase.test_prepare_curl_callback_stack_context has no counterpart. */
TASK_TEST(plain_requests_are_handed_to_the_proxy)
{
    gale_fetch_options options = { .proxy_username = "Aladdin", .proxy_password = "open sesame" };
    RAW_SERVER(OK("hello", "5"), OK("hello", "5"));
    assert_ok(get_through("http://a.invalid:81/b?c", (gale_fetch_options){ 0 }));
    assert_body(response, "hello");
    assert_sent("GET http://a.invalid:81/b?c HTTP/1.1\r\nHost: a.invalid:81\r\n");
    assert_not_sent("Proxy-Authorization");
    assert_ok(get_through("http://b.invalid/", options));
    assert_sent("GET http://b.invalid/ HTTP/1.1\r\nHost: b.invalid\r\n");
    assert_sent("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
    raw_stop();
}

TASK_TEST(a_connection_to_a_proxy_serves_all_hosts)
{
    RAW_SERVER(OK("", "0"), OK("", "0"));
    assert_ok(get_through("http://a.invalid/", (gale_fetch_options){ 0 }));
    assert_ok(get_through("http://b.invalid/", (gale_fetch_options){ 0 }));
    assert_int_equal(raw.connections, 1);
    raw_stop();
}

static int connect_with(const char *answer, gale_fetch_options options)
{
    RAW_SERVER(answer, "HTTP/1.1 403 Forbidden\r\n\r\n" CLOSE);
    int result = get_through("https://a.invalid/", options);
    raw_stop();
    return result;
}

TASK_TEST(proxies_that_do_not_connect)
{
    gale_fetch_options none = { 0 };
    gale_fetch_options named = { .proxy_username = "Aladdin", .proxy_password = "open sesame" };
    assert_error(connect_with("HTTP/1.1 403 Forbidden\r\n\r\n" CLOSE, none), -ECONNREFUSED);
    assert_string_equal(gale_error_detail(), "the proxy refuses to connect: HTTP 403 Forbidden");
    assert_sent("CONNECT a.invalid:443 HTTP/1.1\r\nHost: a.invalid:443\r\n");
    assert_not_sent("Proxy-Authorization");
    assert_error(connect_with("HTTP/1.1 407 Who\r\n\r\n" CLOSE, named), -EACCES);
    assert_sent("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
    assert_error(connect_with("nonsense\r\n\r\n" CLOSE, none), GALE_EINPUT);
    assert_error(connect_with("HTTP/1.1 200 OK\r\nA:" CLOSE, none), GALE_ECLOSED);
    assert_error(connect_with("HTTP/1.1 200 OK\nA: b\r\n\r\n" CLOSE, none), GALE_EINPUT);
    assert_true(connect_with("HTTP/1.1 200 OK\r\n\r\nno TLS" CLOSE, none) < 0);
}

#define DIGEST_CHALLENGE(code, name)                                                               \
    "HTTP/1.1 " code " Who\r\n" name "-Authenticate: Basic realm=\"b\", Digest realm=\"r\", "      \
    "nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\nContent-Length: 2\r\n\r\nno"

TASK_TEST(proxies_that_want_digest)
{
    gale_fetch_options options = { .proxy_username = "u",
                                   .proxy_password = "p",
                                   .proxy_auth_mode = GALE_AUTH_DIGEST };
    assert_error(connect_with(DIGEST_CHALLENGE("407", "Proxy") CLOSE, options), -ECONNREFUSED);
    assert_int_equal(raw.connections, 2);
    assert_sent("\r\nProxy-Authorization: Digest username=\"u\", realm=\"r\", nonce=\"n\", "
                "uri=\"a.invalid:443\", ");
    RAW_SERVER(DIGEST_CHALLENGE("407", "Proxy"), OK("yes", "3"));
    assert_ok(get_through("http://a.invalid/", options));
    assert_body(response, "yes");
    assert_sent("\r\nProxy-Authorization: Digest username=\"u\"");
    assert_int_equal(raw.connections, 1);
    raw_stop();
}

TASK_TEST(the_options_of_proxies)
{
    gale_fetch_options options = { .proxy_host = "127.0.0.1", .proxy_port = 65536 };
    assert_error(gale_fetch("http://a.invalid/", &options, &response), GALE_EINVALID);
    RAW_SERVER("HTTP/1.1 400 Bad Request\r\n\r\n" CLOSE);
    options.proxy_type = GALE_PROXY_SOCKS5H;
    options.proxy_port = raw.port;
    options.request_timeout = 0.2;
    assert_error(gale_fetch("http://a.invalid/", &options, &response), GALE_ETIMEDOUT);
    raw_stop();
}

/* The environment counts from the time a client is made. */
TASK_TEST(the_proxy_of_the_environment)
{
    char text[64];
    RAW_SERVER(OK("", "0"));
    snprintf(text, sizeof text, "http://u:p@127.0.0.1:%d", raw.port);
    setenv("http_proxy", text, 1);
    gale_http_client *client = gale_http_client_new(NULL);
    assert_ok(gale_http_client_fetch(client, "http://a.invalid/", NULL, &response));
    assert_sent("GET http://a.invalid/ HTTP/1.1\r\n");
    assert_sent("\r\nProxy-Authorization: Basic dTpw\r\n");
    gale_fetch_options options = { .no_environment_proxy = true };
    assert_true(gale_http_client_fetch(client, "http://a.invalid/", &options, &response) < 0);
    unsetenv("http_proxy");
    gale_http_client_free(client);
    raw_stop();
}

GALE_TEST_MAIN
