/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/header_parameters.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "proto/proto_test.h"

/* The value of `name` in the header; "none" when there is none, "error" when it is refused. */
static void has(gale_str header, const char *name, const char *expected)
{
    test_arena memory;
    gale_str text;
    test_arena_open(&memory);
    int result = gale__header_parameter(&memory.arena, header, name, &text);
    if (result < 0)
        assert_int_equal(result, GALE_EINPUT);
    else if (text.data)
        assert_int_equal(text.data[text.len], '\0');
    assert_string_equal(result < 0 ? "error" : text.data ? text.data : "none", expected);
    test_arena_close(&memory);
}

#define HAS(header, name, expected) has(GALE_STR(header), name, expected)

TEST(values)
{
    assert_str(gale__header_value(GALE_STR("form-data; a=b")), "form-data");
    assert_str(gale__header_value(GALE_STR(" form-data ;a")), "form-data");
    assert_str(gale__header_value(GALE_STR("form-data")), "form-data");
    assert_str(gale__header_value(GALE_STR("\"a;b\" ; c=d")), "\"a;b\"");
    assert_str(gale__header_value(GALE_STR("; a=b")), "");
    assert_str(gale__header_value(GALE_STR("")), "");
}

TEST(plain_parameters)
{
    HAS("x; a=b", "a", "b");
    HAS("x;a=b;c=d", "c", "d");
    HAS("x; A = b ", "a", "b");
    HAS("x; a=b; a=c", "a", "c");
    HAS("x; a=", "a", "");
    HAS("x; a=\"\"", "a", "");
    HAS("x; a=b=c", "a", "b=c");
    HAS("x; a", "a", "none");
    HAS("x; ab=c", "a", "none");
    HAS("x; b=a", "a", "none");
    HAS("a=b", "a", "none"); /* the value itself is no parameter */
    HAS("", "a", "none");
    HAS("x;;;; a=b;", "a", "b");
}

TEST(quotes)
{
    HAS("x; a=\"b c\"; d=e", "a", "b c");
    HAS("x; a=\"b;c\"; d=e", "a", "b;c");
    HAS("x; a=\"b;c\"; d=e", "d", "e");
    HAS("x; a=\"b\\\"c\"", "a", "b\"c");
    HAS("x; a=\"b\\\\c\"", "a", "b\\c");
    HAS("x; a=\"C:\\dir\\b\"", "a", "C:\\dir\\b");
    HAS("x; a=\"b\\\\\"; d=e", "a", "b\\");
    HAS("x; a=\"b\\\\\"; d=e", "d", "e");
    HAS("x; a=\"b\\\";c\"; d=e", "a", "b\";c");
    HAS("x; a=\"b", "a", "\"b");
    HAS("x; a=\"b; d=e", "d", "none");
    HAS("x; a=\"", "a", "\"");
    HAS("x; a=b\"c", "a", "b\"c");
    HAS("x; a=b\\;d=e", "d", "e");
    HAS("x; a=\"b\tc\"", "a", "b\tc");
}

TEST(charsets)
{
    HAS("x; a*=UTF-8''%C3%A1b", "a",
        "\xc3\xa1"
        "b");
    HAS("x; a=b; a*=UTF-8''c", "a", "c");
    HAS("x; a*=UTF-8''c; a=b", "a", "c");
    HAS("x; a*=utf-8'en'%e2%82%ac", "a", "\xe2\x82\xac");
    HAS("x; a*=iso-8859-1''%E1", "a", "\xc3\xa1");
    HAS("x; a*=us-ascii''b%E1", "a", "b\xef\xbf\xbd");
    HAS("x; a*=UTF-8''%E1b", "a",
        "\xef\xbf\xbd"
        "b");
    HAS("x; a*=koi8-r''%E1", "a", "\xef\xbf\xbd");
    HAS("x; a*=\"UTF-8''b\"", "a", "b");
    HAS("x; a*=b%20c", "a", "b c"); /* without apostrophes it is all text */
    HAS("x; a*=UTF-8'b", "a", "UTF-8'b");
    HAS("x; a*=UTF-8''%2", "a", "%2");
    HAS("x; a*=UTF-8''", "a", "");
}

TEST(continued_parameters)
{
    HAS("x; a*0=b; a*1=c", "a", "bc");
    HAS("x; a*1=c; a*0=b", "a", "bc");
    HAS("x; a*0*=UTF-8''%C3; a*1*=%A1; a*2=%41", "a", "\xc3\xa1%41");
    HAS("x; a*0=\"b;\"; a*1=\"\\\"c\"", "a", "b;\"c");
    HAS("x; a*3=b", "a", "b");
    HAS("x; a*x=b", "a", "none");
    HAS("x; a**=b", "a", "none");
    HAS("x; a*99=b; a*0=a", "a", "ab");
    HAS("x; a*100=b", "a", "error");
    HAS("x; a*99999999999999999999=b", "a", "error");
}

TEST(control_characters_that_were_encoded)
{
    HAS("x; a*=UTF-8''b%00c", "a", "error");
    HAS("x; a*=UTF-8''b%0D%0Ac", "a", "error");
    HAS("x; a*=UTF-8''b%7F", "a", "error");
    HAS("x; a*=UTF-8''b%09c", "a", "b\tc");
}

static double seconds_for(size_t size)
{
    struct timespec start, end;
    char *header = malloc(size + 100);
    assert_non_null(header);
    memset(header, ';', size);
    memcpy(header, "x; y=\"", 6);
    strcpy(header + size, "\"; a=b");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    has((gale_str){ header, strlen(header) }, "a", "b");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    free(header);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

/* Tornado: CVE-2025-67726. */
TEST(semicolons_in_quotes_take_linear_time)
{
    assert_true(seconds_for(1000000) < 1.0);
}

TEST(each_allocation_may_fail)
{
    size_t n = 0;
    do {
        test_arena memory;
        gale_str text;
        test_arena_open(&memory);
        test_fail_allocation(++n);
        int result = gale__header_parameter(
            &memory.arena, GALE_STR("x; a*0*=UTF-8''%C3%A1; a*1=\"bc\"; a=b"), "a", &text);
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        test_arena_close(&memory);
    } while (test_allocation_failed());
    assert_true(n > 3);
}

GALE_TEST_MAIN
