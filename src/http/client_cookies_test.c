/* SPDX-License-Identifier: Apache-2.0 */
/* Jars: by hand, as JSON, and in fetches. */
#include "http/client_test.h"

static gale_http_response *response;
static gale_cookie_jar *jar;

static void expect(const char *url, const char *header)
{
    gale_bytes *text = gale_cookie_jar_header(jar, url);
    assert_non_null(text);
    assert_str(gale_bytes_str(text), header);
    gale_bytes_unref(text);
}

TEST(a_jar_by_hand)
{
    jar = gale_cookie_jar_new(NULL);
    assert_ok(
        gale_cookie_jar_set(jar, "https://www.Example.org/a/b?q=/", "s=1; Domain=example.org"));
    assert_ok(gale_cookie_jar_set(jar, "https://www.example.org/a/b", "_xsrf=2|x; Secure"));
    assert_error(gale_cookie_jar_set(jar, "http://example.org/", "a=1; Domain=org"), GALE_EINVALID);
    assert_error(gale_cookie_jar_set(jar, "example.org", "a=1"), GALE_EINVALID);
    expect("https://www.example.org/a?x", "s=1; _xsrf=2|x");
    expect("http://www.example.org/a/", "s=1");
    expect("http://www.example.org/", "");
    assert_null(gale_cookie_jar_header(jar, "http://"));
    assert_string_equal(gale_cookie_jar_get(jar, "https://www.example.org/a/c", "_xsrf"), "2|x");
    assert_null(gale_cookie_jar_get(jar, "https://example.org/a", "_xsrf"));
    gale_cookie_jar_clear(jar);
    expect("https://www.example.org/a", "");
    gale_cookie_jar_free(jar);
    gale_cookie_jar_free(NULL);
}

TEST(a_jar_as_json)
{
    jar = gale_cookie_jar_new(NULL);
    assert_ok(gale_cookie_jar_set(jar, "https://example.org/", "a=1; Max-Age=1000; HttpOnly"));
    assert_ok(gale_cookie_jar_set(jar, "https://example.org/", "b=2; Domain=example.org; Secure"));
    assert_ok(gale_cookie_jar_set(jar, "https://example.org/", "c=\xff"));
    json_t *cookies = gale_cookie_jar_dump(jar);
    assert_int_equal(json_array_size(cookies), 2);
    gale_cookie_jar_free(jar);
    jar = gale_cookie_jar_new(NULL);
    assert_ok(gale_cookie_jar_load(jar, cookies));
    expect("https://example.org/", "a=1; b=2");
    expect("https://www.example.org/", "b=2");
    expect("http://example.org/", "a=1");
    json_t *again = gale_cookie_jar_dump(jar);
    assert_true(json_equal(json_array_get(cookies, 0), json_array_get(again, 1)));
    json_decref(again);
    json_decref(cookies);
    gale_cookie_jar_free(jar);
}

static int load(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    int result = gale_cookie_jar_load(jar, json);
    json_decref(json);
    return result;
}

TEST(what_is_no_jar)
{
    static const char *const bad[] = {
        "{}",
        "[1]",
        "[{}]",
        "[{\"domain\":\"a.b\",\"path\":\"/\",\"name\":\"a\",\"value\":\"b\"}]",
        "[{\"domain\":\"com\",\"path\":\"/\",\"name\":\"a\",\"value\":\"b\",\"expires\":null}]",
        "[{\"domain\":\"a.b\",\"path\":\"x\",\"name\":\"a\",\"value\":\"b\",\"expires\":null}]",
        "[{\"domain\":\"a.b\",\"path\":\"/\",\"name\":\"a=\",\"value\":\"b\",\"expires\":null}]",
        "[{\"domain\":\"a.b\",\"path\":\"/\",\"name\":\"a\",\"value\":\"b;\",\"expires\":null}]",
        "[{\"domain\":\"a.b\",\"path\":\"/\",\"name\":\"a\",\"value\":\"\\n\",\"expires\":null}]",
        "[{\"domain\":\"a.b\",\"path\":\"/\",\"name\":\"a\",\"value\":\"b\",\"expires\":\"x\"}]",
    };
    jar = gale_cookie_jar_new(NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_error(load(bad[i]), GALE_EINVALID);
    assert_ok(
        load("[{\"domain\":\"a.b\",\"path\":\"/\",\"name\":\"a\",\"value\":\"b\",\"expires\":1}]"));
    expect("http://a.b/", "");
    gale_cookie_jar_free(jar);
}

/* Tornado: SimpleHTTPClientTestMixin's cookies are by hand; a jar is gale's own. */
TASK_TEST(fetches_share_a_jar)
{
    jar = gale_cookie_jar_new(NULL);
    gale_fetch_options options = { .cookie_jar = jar };
    gale_fetch_header headers[] = { { "Cookie", "own=1" }, { 0 } };
    RAW_SERVER(
        "HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: a=1\r\nset-cookie: b=2; Path=/x\r\n"
        "Content-Length: 0\r\n\r\n",
        OK("", "0"), OK("", "0"), OK("", "0"));
    assert_ok(get(&options, &response));
    assert_sent("GET /next HTTP/1.1\r\n");
    assert_sent("\r\nCookie: a=1\r\n");
    options.headers = headers;
    assert_ok(get(&options, &response));
    assert_sent("\r\nCookie: own=1\r\n");
    assert_not_sent("a=1");
    assert_ok(get(NULL, &response));
    assert_not_sent("Cookie");
    raw_stop();
    gale_cookie_jar_free(jar);
}

GALE_TEST_MAIN
