/* SPDX-License-Identifier: Apache-2.0 */
/* Most cases are those of Tornado's ParseCookieTest. */
#include <errno.h>
#include <gale/httputil.h>
#include <stdlib.h>

#include "proto/proto_test.h"

static void parses_to(const char *text, const char *expected)
{
    gale_http_arguments *cookies;
    char seen[512] = "";
    assert_ok(gale_parse_cookie(str(text), &cookies));
    for (size_t i = 0; i < gale_http_arguments_count(cookies); i++) {
        const gale_http_argument *pair = gale_http_arguments_at(cookies, i);
        assert_int_equal(pair->name.data[pair->name.len], '\0');
        assert_int_equal(pair->value.data[pair->value.len], '\0');
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "(%s)=(%s)", pair->name.data,
                 pair->value.data);
    }
    assert_string_equal(seen, expected);
    gale_http_arguments_free(cookies);
}

TEST(cookies)
{
    parses_to("chips=ahoy; vienna=finger", "(chips)=(ahoy)(vienna)=(finger)");
    parses_to("keebler=\"E=mc2; L=\\\"Loves\\\"; fudge=\\012;\"",
              "(keebler)=(\"E=mc2)(L)=(\\\"Loves\\\")(fudge)=(\\012)()=(\")");
    parses_to("keebler=E=mc2", "(keebler)=(E=mc2)");
    parses_to("key:term=value:term", "(key:term)=(value:term)");
    parses_to("a=b; c=[; d=r; f=h", "(a)=(b)(c)=([)(d)=(r)(f)=(h)");
    parses_to("a=b; Domain=example.com", "(a)=(b)(Domain)=(example.com)");
}

TEST(edge_cases)
{
    parses_to("", "");
    parses_to(" ; ;;", "");
    parses_to("=", "");
    parses_to("a", "()=(a)");
    parses_to("a; b=c", "()=(a)(b)=(c)");
    parses_to("=b", "()=(b)");
    parses_to("a=", "(a)=()");
    parses_to("  =  b  ;  ;  =  ;   c  =  ;  ", "()=(b)(c)=()");
    parses_to("\ta\t=\tb c\t", "(a)=(b c)");
    parses_to("key=val; key=val2", "(key)=(val)(key)=(val2)");
    parses_to("a\xc3\xa9=\xff", "(a\xc3\xa9)=(\xff)");
}

TEST(quoted_values)
{
    parses_to("a=\"b\"", "(a)=(b)");
    parses_to("a=\"\"", "(a)=()");
    parses_to("a=\"", "(a)=(\")");
    parses_to("a=\"b", "(a)=(\"b)");
    parses_to("a=b\"", "(a)=(b\")");
    parses_to("a=\"b\\\"c\\\\d\"", "(a)=(b\"c\\d)");
    parses_to("a=\"\\101\\377\\073\"", "(a)=(A\xff;)");
    parses_to("a=\"\\401\\18\\1\"", "(a)=(401181)");
    parses_to("a=\"\\\"", "(a)=(\\)");
    parses_to("a=\"b\\\"", "(a)=(b\\)");
    parses_to("a=\\101", "(a)=(\\101)");
    parses_to(" \"b c\" ", "()=(b c)");
}

TEST(the_last_of_a_name_is_found)
{
    gale_http_arguments *cookies;
    assert_ok(gale_parse_cookie(GALE_STR("a=1; b=2; a=3"), &cookies));
    assert_str(*gale_http_arguments_get(cookies, "a"), "3");
    gale_http_arguments_free(cookies);
}

TEST(a_nul_byte_in_an_octal_escape)
{
    gale_http_arguments *cookies;
    assert_ok(gale_parse_cookie(GALE_STR("a=\"b\\000c\""), &cookies));
    assert_bytes(*gale_http_arguments_get(cookies, "a"), ((gale_str){ "b\0c", 3 }));
    gale_http_arguments_free(cookies);
}

/* Tornado: ParseCookieTest.test_unquote_large (CVE-2024-7592) */
TEST(unquoting_is_linear)
{
    enum { SIZE = 4000000 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, '\\', SIZE);
    memcpy(text, "a=\"", 3);
    text[SIZE - 1] = '"';
    gale_http_arguments *cookies;
    assert_ok(gale_parse_cookie((gale_str){ text, SIZE }, &cookies));
    assert_int_equal(gale_http_arguments_get(cookies, "a")->len, (SIZE - 4) / 2);
    gale_http_arguments_free(cookies);
    free(text);
}

TEST(each_allocation_may_fail)
{
    enum { SIZE = 4000 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    for (int i = 0; i < SIZE; i += 4)
        memcpy(text + i, "a=b;", 4);
    size_t n = 0;
    do {
        gale_http_arguments *cookies = NULL;
        test_fail_allocation(++n);
        int result = gale_parse_cookie((gale_str){ text, SIZE }, &cookies);
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        gale_http_arguments_free(cookies);
    } while (test_allocation_failed());
    assert_true(n > 4);
    free(text);
}

GALE_TEST_MAIN
