/* SPDX-License-Identifier: Apache-2.0 */
/* Headers from text; most cases are those of Tornado's HTTPHeadersTest. */
#include <errno.h>
#include <gale/httputil.h>
#include <stdlib.h>

#include "proto/proto_test.h"

/* Parses `text` and compares what it means. */
static void parses_to(const char *text, const char *expected)
{
    gale_http_headers *headers = NULL;
    int result = gale_http_headers_parse(str(text), &headers);
    if (result != 0)
        fail_msg("%s: %s", text, gale_error_detail());
    assert_string_equal(gale_http_headers_str(headers), expected);
    gale_http_headers_free(headers);
}

TEST(lines)
{
    parses_to("", "");
    parses_to("A: b", "A: b\n");
    parses_to("Content-Type: text/html\r\nContent-Length: 42\r\n",
              "Content-Type: text/html\nContent-Length: 42\n");
    parses_to("a:b\r\n\r\nc:d\n\ne:\tf \n", "A: b\nC: d\nE: f\n");
    parses_to("Foo: bar\r\n baz\r\n", "Foo: bar baz\n");
    parses_to("Asdf: qwer\r\n\tzxcv\r\nFoo: even\r\n     more\r\n     lines\r\n",
              "Asdf: qwer zxcv\nFoo: even more lines\n");
    parses_to("Foo: bar\nFoo: baz\r\n", "Foo: bar\nFoo: baz\n");
    parses_to("Foo: caf\xe9\r\n", "Foo: caf\xe9\n");
    parses_to("Empty:\r\n x", "Empty:  x\n");
}

/* Tornado: test_unicode_newlines: only CR LF and LF end a line. */
TEST(other_line_ends_are_text)
{
    parses_to("A: b\xc2\x85"
              "c\r\nD: e\xe2\x80\xa8"
              "f\r\n",
              "A: b\xc2\x85"
              "c\nD: e\xe2\x80\xa8"
              "f\n");
}

TEST(malformed_text)
{
    static const char *const texts[] = {
        "foo",          " foo: bar",     "\tfoo",    "a: b\r\nfoo\r\n",
        ": b",          "a : b",         "a b: c",   "a\xc3\xa9: b",
        "a: b\rc: d",   "a: b\r\r\n",    "a: b\001", "a: b\177",
        "a: b\n c\001", "a: b\n c\rd\n", "\"a\": b", "a: b\r\n\x0c c: d\r\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        gale_http_headers *headers = NULL;
        if (gale_http_headers_parse(str(texts[i]), &headers) != GALE_EINPUT)
            fail_msg("%s", texts[i]);
        assert_null(headers);
    }
}

TEST(nul_bytes_are_refused)
{
    gale_http_headers *headers;
    assert_error(gale_http_headers_parse((gale_str){ "a: b\0c\r\n", 8 }, &headers), GALE_EINPUT);
    assert_error(gale_http_headers_parse((gale_str){ "a\0: b\r\n", 7 }, &headers), GALE_EINPUT);
}

TEST(line_by_line)
{
    gale_http_headers *headers = gale_http_headers_new();
    assert_ok(gale_http_headers_parse_line(headers, GALE_STR("\r\n")));
    assert_ok(gale_http_headers_parse_line(headers, GALE_STR("")));
    assert_error(gale_http_headers_parse_line(headers, GALE_STR(" a")), GALE_EINPUT);
    assert_ok(gale_http_headers_parse_line(headers, GALE_STR("A: 1\r\n")));
    assert_ok(gale_http_headers_parse_line(headers, GALE_STR("A: 2")));
    assert_string_equal(gale_http_headers_get(headers, "A"), "1,2");
    assert_ok(gale_http_headers_parse_line(headers, GALE_STR("  3\n")));
    assert_string_equal(gale_http_headers_get(headers, "A"), "1,2 3");
    gale_http_headers_free(headers);
}

/* One value of 100,000 continuations would take quadratic time and memory if copied each time. */
TEST(many_continuations_are_linear)
{
    enum { COUNT = 100000 };
    gale_http_headers *headers = gale_http_headers_new();
    assert_ok(gale_http_headers_parse_line(headers, GALE_STR("A: b")));
    for (int i = 0; i < COUNT; i++)
        assert_ok(gale_http_headers_parse_line(headers, GALE_STR(" c")));
    assert_int_equal(strlen(gale_http_headers_get(headers, "A")), 1 + 2 * COUNT);
    assert_true(test_allocated_bytes() < 100 * COUNT);
    gale_http_headers_free(headers);
}

TEST(each_allocation_may_fail)
{
    enum { SIZE = 5000 };
    char *text = calloc(1, 2 * SIZE + 16);
    assert_non_null(text);
    memset(text, 'v', 2 * SIZE);
    memcpy(text, "A: ", 3);
    memcpy(text + SIZE, "\r\n ", 3);
    size_t n = 0;
    do {
        gale_http_headers *headers = NULL;
        test_fail_allocation(++n);
        int result = gale_http_headers_parse(str(text), &headers);
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        gale_http_headers_free(headers);
    } while (test_allocation_failed());
    assert_true(n > 3);
    free(text);
}

GALE_TEST_MAIN
