/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "proto/received_cookie.h"

enum { NOW = 1000000 };

static gale__received_cookie cookie;

static bool parse(const char *text)
{
    return gale__received_cookie_parse(&cookie, (gale_str){ text, strlen(text) }, NOW);
}

TEST(name_and_value)
{
    static const char *const cases[][3] = {
        { "a=b", "a", "b" },
        { " a = b ; Path=/", "a", "b" },
        { "a=b=c", "a", "b=c" },
        { "a=", "a", "" },
        { "=b", "", "b" },
        { "b", "", "b" },
        { "a=\"b c\"", "a", "\"b c\"" },
        { "a=b\t;", "a", "b" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(parse(cases[i][0]));
        assert_str(cookie.name, cases[i][1]);
        assert_str(cookie.value, cases[i][2]);
        assert_false(cookie.secure || cookie.httponly || cookie.persistent);
    }
}

TEST(what_is_no_cookie)
{
    static const char *const bad[] = {
        "", "=", " ; a=b", "a=b\x01", "a=b\x7f; Path=/", "a\r\nb=c"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse(bad[i]));
    char large[GALE__COOKIE_MAX + 3] = "a=";
    memset(large + 2, 'x', GALE__COOKIE_MAX);
    assert_false(parse(large));
    large[GALE__COOKIE_MAX + 1] = '\0';
    assert_true(parse(large));
}

TEST(attributes)
{
    assert_true(parse("a=b; SECURE; httponly=x; domain=.Example.org; path=/p; SameSite=Lax; ;x"));
    assert_true(cookie.secure && cookie.httponly && !cookie.persistent);
    assert_str(cookie.domain, "Example.org");
    assert_str(cookie.path, "/p");
    assert_true(parse("a=b; path=/p; path=q; domain=x; domain="));
    assert_str(cookie.path, "");
    assert_str(cookie.domain, "");
}

TEST(ages)
{
    assert_true(parse("a=b; max-age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT"));
    assert_true(cookie.persistent);
    assert_int_equal(cookie.expires, NOW + 60);
    assert_true(parse("a=b; expires=Thu, 01 Jan 1970 00:00:10 GMT"));
    assert_int_equal(cookie.expires, 10);
    assert_true(parse("a=b; expires=Fri, 01 Jan 2100 00:00:00 GMT"));
    assert_int_equal(cookie.expires, NOW + GALE__COOKIE_AGE_MAX);
    assert_true(parse("a=b; max-age=99999999999999999999999999"));
    assert_int_equal(cookie.expires, NOW + GALE__COOKIE_AGE_MAX);
    static const char *const over[] = { "a=b; max-age=0", "a=b; max-age=-1",
                                        "a=b; max-age=-99999999999999999999" };
    for (size_t i = 0; i < sizeof over / sizeof *over; i++) {
        assert_true(parse(over[i]));
        assert_true(cookie.persistent && cookie.expires <= NOW);
    }
    static const char *const none[] = { "a=b; max-age=", "a=b; max-age=-", "a=b; max-age=1x",
                                        "a=b; max-age=+1", "a=b; expires=tomorrow" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_true(parse(none[i]));
        assert_false(cookie.persistent);
    }
}

TEST(prefixes_keep_their_promise)
{
    static const char *const good[] = { "__Secure-a=b; secure", "__Host-a=b; Secure; Path=/",
                                        "__Hosta=b" };
    static const char *const bad[] = { "__Secure-a=b",
                                       "__Host-a=b; Path=/",
                                       "__Host-a=b; Secure",
                                       "__host-a=b; Secure; Path=/p",
                                       "__Host-a=b; Secure; Path=/; Domain=x.org",
                                       "__Secure-a",
                                       "=__Host-a=b" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(parse(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse(bad[i]));
}

GALE_TEST_MAIN
