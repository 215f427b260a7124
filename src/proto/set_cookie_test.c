/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/set_cookie.h"

#include "proto/proto_test.h"

static void writes(const gale__set_cookie *cookie, const char *expected)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    assert_ok(gale__set_cookie_write(&out, cookie));
    assert_str(gale__buffer_str(&out), expected);
    gale__buffer_clear(&out);
}

static void refuses(const gale__set_cookie *cookie)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    assert_error(gale__set_cookie_write(&out, cookie), GALE_EINVALID);
    assert_int_equal(out.size, 0);
    gale__buffer_clear(&out);
}

static void quotes(gale_str value, const char *expected)
{
    gale__set_cookie cookie = { .name = "a", .value = value };
    writes(&cookie, expected);
}

/* Each as Python's http.cookies does it. */
TEST(values_are_quoted)
{
    quotes(GALE_STR("bar"), "a=bar");
    quotes(GALE_STR("!#$%&'*+-.^_`|~:09azAZ"), "a=!#$%&'*+-.^_`|~:09azAZ");
    quotes(GALE_STR(""), "a=\"\"");
    quotes(GALE_STR("a,b"), "a=\"a\\054b\"");
    quotes(GALE_STR("equals=equals"), "a=\"equals=equals\"");
    quotes(GALE_STR("semicolon;semicolon"), "a=\"semicolon\\073semicolon\"");
    quotes(GALE_STR("quote\"quote"), "a=\"quote\\\"quote\"");
    quotes(GALE_STR("back\\slash"), "a=\"back\\\\slash\"");
    quotes(GALE_STR("()/<=>?@[]{}"), "a=\"()/<=>?@[]{}\"");
    quotes(GALE_STR("\xc3\xa9\x7f"), "a=\"\\303\\251\\177\"");
    quotes(GALE_STR("2|1:0|x"), "a=2|1:0|x");
}

TEST(attributes_are_in_the_order_of_the_alphabet)
{
    gale__set_cookie cookie = { .name = "k",
                                .value = GALE_STR("a,b"),
                                .domain = "d",
                                .path = "/",
                                .max_age = 5,
                                .httponly = true,
                                .secure = true,
                                .samesite = "Lax" };
    writes(&cookie, "k=\"a\\054b\"; Domain=d; HttpOnly; Max-Age=5; Path=/; SameSite=Lax; Secure");
    cookie.expires = true;
    cookie.partitioned = true;
    writes(&cookie, "k=\"a\\054b\"; Domain=d; expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; "
                    "Max-Age=5; Partitioned; Path=/; SameSite=Lax; Secure");
    gale__set_cookie plain = { .name = "k", .value = GALE_STR("v"), .path = "", .max_age = -1 };
    writes(&plain, "k=v; Max-Age=-1");
}

TEST(names)
{
    static const char *const good[] = {
        "a", "A:b", "__Host-xsrf", "1", "!#$%&'*+-.^_`|~", "pathy"
    };
    static const char *const bad[] = { "",        "a b",     "a=b",      "a;b",      "a,b",
                                       "a\n",     "\"a\"",   "a\x7f",    "\xc3\xa9", "a/b",
                                       "path",    "Secure",  "httponly", "Max-Age",  "EXPIRES",
                                       "version", "comment", "samesite", "domain" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(gale__cookie_name_valid(str(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gale__set_cookie cookie = { .name = bad[i], .value = GALE_STR("v") };
        refuses(&cookie);
    }
}

TEST(what_could_split_the_header)
{
    static const char *const values[] = { "a b", "a\r\nb", "\tb", "a\n", "\x01", " " };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        gale__set_cookie cookie = { .name = "a", .value = str(values[i]) };
        refuses(&cookie);
    }
    gale__set_cookie nul = { .name = "a", .value = GALE_STR("a\0b") };
    refuses(&nul);
    static const char *const attributes[] = { "a;b", "a b", "a\nb", "a\x7f", "\t", ";" };
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        gale__set_cookie cookie = { .name = "a", .value = GALE_STR("v"), .domain = attributes[i] };
        refuses(&cookie);
        cookie.domain = NULL;
        cookie.path = attributes[i];
        refuses(&cookie);
        cookie.path = NULL;
        cookie.samesite = attributes[i];
        refuses(&cookie);
    }
    assert_non_null(strstr(gale_error_detail(), "samesite"));
}

TEST(out_of_memory)
{
    gale__set_cookie cookie = { .name = "a", .value = GALE_STR("b,c"), .path = "/" };
    gale__buffer out;
    int result;
    size_t n = 0;
    do {
        gale__buffer_init(&out, SIZE_MAX);
        test_fail_allocation(++n);
        result = gale__set_cookie_write(&out, &cookie);
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        gale__buffer_clear(&out);
    } while (test_allocation_failed());
}

GALE_TEST_MAIN
