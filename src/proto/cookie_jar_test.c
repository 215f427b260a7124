/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <errno.h>
#include <stdio.h>

#include "proto/cookie_jar.h"

static gale__cookie_jar jar;
static int64_t now;

static void open_jar(size_t most, size_t most_per_domain)
{
    assert_ok(gale__cookie_jar_init(&jar, most, most_per_domain));
    now = 1000000;
}

/* "https://host/path" or "http://…". */
static gale__cookie_place place(const char *url)
{
    bool secure = url[4] == 's';
    const char *host = url + 7 + secure, *path = strchr(host, '/');
    return (gale__cookie_place){ { host, (size_t)(path - host) }, { path, strlen(path) }, secure };
}

static int receive(const char *url, const char *header)
{
    gale__cookie_place from = place(url);
    return gale__cookie_jar_receive(&jar, &from, (gale_str){ header, strlen(header) }, now);
}

static void expect(const char *url, const char *header)
{
    gale__cookie_place to = place(url);
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    assert_ok(gale__cookie_jar_write(&jar, &to, now, &out));
    assert_str(gale__buffer_str(&out), header);
    gale__buffer_clear(&out);
}

TEST(cookies_go_back_to_their_host)
{
    open_jar(0, 0);
    assert_int_equal(receive("http://example.org/", "a=1"), 1);
    assert_int_equal(receive("http://example.org/", "b=2"), 1);
    expect("http://example.org/", "a=1; b=2");
    expect("https://example.org/x", "a=1; b=2");
    expect("http://www.example.org/", "");
    expect("http://example.com/", "");
    assert_int_equal(receive("http://example.org/", "a=3"), 1);
    expect("http://example.org/", "a=3; b=2");
    gale__cookie_jar_clear(&jar);
    expect("http://example.org/", "");
}

TEST(cookies_of_a_domain)
{
    open_jar(0, 0);
    assert_int_equal(receive("http://www.example.org/", "a=1; Domain=EXAMPLE.org"), 1);
    assert_int_equal(receive("http://www.example.org/", "b=2"), 1);
    expect("http://www.example.org/", "a=1; b=2");
    expect("http://example.org/", "a=1");
    expect("http://a.b.example.org/", "a=1");
    expect("http://notexample.org/", "");
    assert_int_equal(receive("http://www.example.org/", "a=1; Domain=other.org"), 0);
    assert_int_equal(receive("http://example.org/", "a=1; Domain=www.example.org"), 0);
    assert_int_equal(receive("http://example.org/", "a=1; Domain=org"), 0);
    assert_int_equal(receive("http://example.co.uk/", "a=1; Domain=co.uk"), 0);
    assert_int_equal(receive("http://example.org/", "a=1; Domain=..org"), 0);
    assert_int_equal(receive("http://example.org/", "a=1; Domain=ex\xc3\xa4mple.org"), 0);
    gale__cookie_jar_clear(&jar);
}

TEST(hosts_without_dots_and_addresses)
{
    open_jar(0, 0);
    assert_int_equal(receive("http://localhost/", "a=1; Domain=localhost"), 1);
    expect("http://localhost/", "a=1");
    expect("http://a.localhost/", "");
    assert_int_equal(receive("http://127.0.0.1/", "b=1; Domain=127.0.0.1"), 1);
    assert_int_equal(receive("http://127.0.0.1/", "b=1; Domain=0.0.1"), 0);
    expect("http://127.0.0.1/", "b=1");
    expect("http://x.127.0.0.1/", "");
    gale__cookie_jar_clear(&jar);
}

TEST(paths)
{
    open_jar(0, 0);
    assert_int_equal(receive("http://h/a/b/c", "deep=1"), 1);
    assert_int_equal(receive("http://h/a/b/c", "root=1; Path=/"), 1);
    assert_int_equal(receive("http://h/a/b/c", "deep=2; Path=/a"), 1);
    expect("http://h/a/b", "deep=1; deep=2; root=1");
    expect("http://h/a/x", "deep=2; root=1");
    expect("http://h/", "root=1");
    gale__cookie_jar_clear(&jar);
}

TEST(secure_cookies)
{
    open_jar(0, 0);
    assert_int_equal(receive("http://h.org/", "a=1; Secure"), 0);
    assert_int_equal(receive("https://h.org/", "a=1; Secure"), 1);
    expect("http://h.org/", "");
    expect("https://h.org/", "a=1");
    assert_int_equal(receive("http://h.org/", "a=evil"), 0);
    assert_int_equal(receive("http://h.org/", "a=evil; Max-Age=0"), 0);
    assert_int_equal(receive("http://www.h.org/", "a=evil; Domain=h.org"), 0);
    assert_int_equal(receive("http://h.org/", "b=fine"), 1);
    expect("https://h.org/", "a=1; b=fine");
    gale__cookie_jar_clear(&jar);
}

TEST(cookies_end)
{
    open_jar(0, 0);
    receive("http://h/", "a=1; Max-Age=10");
    receive("http://h/", "b=1");
    expect("http://h/", "a=1; b=1");
    now += 10;
    expect("http://h/", "b=1");
    assert_int_equal(jar.count, 1);
    receive("http://h/", "b=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    expect("http://h/", "");
    receive("http://h/", "never=1; Max-Age=0");
    assert_int_equal(jar.count, 0);
    receive("http://h/", "a=1; Max-Age=10");
    now += 11;
    expect("http://h/", "");
    assert_int_equal(jar.count, 0);
    gale__cookie_jar_clear(&jar);
}

TEST(a_domain_is_limited)
{
    char header[32];
    open_jar(0, 3);
    receive("https://h/", "s=1; Secure");
    for (int i = 0; i < 3; i++) {
        snprintf(header, sizeof header, "c%d=%d", i, i);
        receive("https://h/", header);
    }
    expect("https://h/", "s=1; c1=1; c2=2");
    receive("https://h/", "t=1; Secure");
    receive("https://h/", "u=1; Secure");
    receive("https://h/", "v=1; Secure");
    expect("https://h/", "t=1; u=1; v=1");
    gale__cookie_jar_clear(&jar);
}

TEST(a_jar_is_limited)
{
    open_jar(3, 0);
    receive("http://a/", "a=1");
    receive("http://b/", "b=1");
    receive("http://c/", "c=1");
    expect("http://a/", "a=1");
    receive("http://d/", "d=1");
    expect("http://a/", "a=1");
    expect("http://b/", "");
    expect("http://d/", "d=1");
    assert_int_equal(jar.count, 3);
    gale__cookie_jar_clear(&jar);
}

TEST(a_header_is_limited)
{
    char header[4096];
    open_jar(0, 0);
    for (int i = 0; i < 5; i++) {
        memset(header, 'x', sizeof header);
        header[0] = (char)('a' + i);
        header[1] = '=';
        header[3000] = '\0';
        receive("http://h/", header);
    }
    gale__cookie_place to = place("http://h/");
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    assert_ok(gale__cookie_jar_write(&jar, &to, now, &out));
    assert_int_equal(gale__buffer_str(&out).len, 2 * 3000 + 2);
    gale__buffer_clear(&out);
    gale__cookie_jar_clear(&jar);
}

static int use(void)
{
    gale__cookie_place to = place("http://a.h.org/");
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    int result = receive("http://a.h.org/", "a=1; Domain=h.org");
    if (result >= 0)
        result = receive("http://a.h.org/", "b=1");
    if (result >= 0)
        result = gale__cookie_jar_write(&jar, &to, now, &out);
    gale__buffer_clear(&out);
    gale__cookie_jar_clear(&jar);
    return result;
}

TEST(every_allocation_may_fail)
{
    size_t n = 0;
    int result;
    open_jar(0, 0);
    do {
        test_fail_allocation(++n);
        result = use();
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
    } while (test_allocation_failed());
    assert_true(n > 4);
}

GALE_TEST_MAIN
