/* SPDX-License-Identifier: Apache-2.0 */
/* gale_http_headers as a user sees it; many cases are those of Tornado's HTTPHeadersTest. */
#include <errno.h>
#include <gale/httputil.h>

#include "proto/characters.h"
#include "proto/proto_test.h"

TEST(names_are_normalised_and_found_in_any_case)
{
    gale_http_headers *headers = gale_http_headers_new();
    assert_ok(gale_http_headers_add(headers, "coNtent-TYPE", "a"));
    assert_ok(gale_http_headers_set(headers, "x-xss-protection", "b"));
    assert_ok(gale_http_headers_set(headers, "ETag", "c"));
    assert_string_equal(gale_http_headers_str(headers),
                        "Content-Type: a\nX-Xss-Protection: b\nEtag: c\n");
    assert_string_equal(gale_http_headers_get(headers, "X-XSS-PROTECTION"), "b");
    assert_true(gale_http_headers_has(headers, "etaG"));
    assert_true(gale_http_headers_has(headers, "x-Xss-protection"));
    assert_false(gale_http_headers_has(headers, "x-xss-protectio"));
    assert_null(gale_http_headers_get(headers, "Missing"));
    gale_http_headers_free(headers);
    gale_http_headers_free(NULL);
}

TEST(several_values)
{
    gale_http_headers *headers = gale_http_headers_new();
    assert_ok(gale_http_headers_add(headers, "Set-Cookie", "A=B"));
    assert_ok(gale_http_headers_add(headers, "Foo", "bar"));
    assert_ok(gale_http_headers_add(headers, "Set-Cookie", "C=D"));
    assert_ok(gale_http_headers_add(headers, "foo", "baz"));
    const char *joined = gale_http_headers_get(headers, "set-cookie");
    assert_string_equal(joined, "A=B,C=D");
    assert_ptr_equal(gale_http_headers_get(headers, "Set-Cookie"), joined);
    assert_string_equal(gale_http_headers_get(headers, "Foo"), "bar,baz");
    assert_ok(gale_http_headers_add(headers, "Foo", ""));
    assert_string_equal(gale_http_headers_get(headers, "Foo"), "bar,baz,");
    assert_string_equal(gale_http_headers_get_list(headers, "FOO", 0), "bar");
    assert_string_equal(gale_http_headers_get_list(headers, "FOO", 2), "");
    assert_null(gale_http_headers_get_list(headers, "FOO", 3));
    assert_null(gale_http_headers_get_list(headers, "Missing", 0));
    assert_int_equal(gale_http_headers_count(headers), 5);
    assert_ok(gale_http_headers_set(headers, "FOO", "one"));
    assert_string_equal(gale_http_headers_get(headers, "Foo"), "one");
    assert_string_equal(gale_http_headers_str(headers),
                        "Set-Cookie: A=B\nFoo: one\nSet-Cookie: C=D\n");
    assert_int_equal(gale_http_headers_remove(headers, "set-cookie"), 2);
    assert_int_equal(gale_http_headers_remove(headers, "set-cookie"), 0);
    assert_string_equal(joined, "A=B,C=D"); /* borrowed until the end */
    gale_http_headers_free(headers);
}

TEST(iteration_is_in_order)
{
    gale_http_headers *headers = gale_http_headers_new();
    size_t position = 0;
    gale_http_field field;
    assert_false(gale_http_headers_next(headers, &position, &field));
    assert_ok(gale_http_headers_add(headers, "B", "1"));
    assert_ok(gale_http_headers_add(headers, "A", "2"));
    position = 0;
    assert_true(gale_http_headers_next(headers, &position, &field));
    assert_str(field.name, "B");
    assert_str(field.value, "1");
    assert_true(gale_http_headers_next(headers, &position, &field));
    assert_str(field.name, "A");
    assert_false(gale_http_headers_next(headers, &position, &field));
    gale_http_headers_free(headers);
}

TEST(every_byte_in_a_name)
{
    gale_http_headers *headers = gale_http_headers_new();
    for (int byte = 1; byte < 256; byte++) {
        char name[] = "a_b";
        name[1] = (char)byte;
        int expected = gale__http_is((char)byte, GALE__CHARACTER_TOKEN) ? 0 : GALE_EINPUT;
        assert_int_equal(gale_http_headers_add(headers, name, "v"), expected);
        assert_int_equal(gale_http_headers_set(headers, name, "v"), expected);
        assert_int_equal(gale_http_headers_has(headers, name), expected == 0);
    }
    assert_error(gale_http_headers_add(headers, "", "v"), GALE_EINPUT);
    assert_error(gale_http_headers_set(headers, "", "v"), GALE_EINPUT);
    gale_http_headers_free(headers);
}

TEST(every_byte_in_a_value)
{
    gale_http_headers *headers = gale_http_headers_new();
    for (int byte = 1; byte < 256; byte++) {
        char value[] = "a_b";
        value[1] = (char)byte;
        int expected = gale__http_is((char)byte, GALE__CHARACTER_FIELD) ? 0 : GALE_EINPUT;
        assert_int_equal(gale_http_headers_set(headers, "A", "old"), 0);
        assert_int_equal(gale_http_headers_set(headers, "A", value), expected);
        assert_string_equal(gale_http_headers_get(headers, "A"), expected ? "old" : value);
        assert_int_equal(gale_http_headers_add(headers, "B", value), expected);
    }
    gale_http_headers_free(headers);
}

TEST(add_wants_a_trimmed_value)
{
    gale_http_headers *headers = gale_http_headers_new();
    assert_error(gale_http_headers_add(headers, "A", " a"), GALE_EINPUT);
    assert_error(gale_http_headers_add(headers, "A", "a\t"), GALE_EINPUT);
    assert_error(gale_http_headers_add(headers, "A", " "), GALE_EINPUT);
    assert_ok(gale_http_headers_add(headers, "A", ""));
    assert_ok(gale_http_headers_set(headers, "A", " a "));
    gale_http_headers_free(headers);
}

/* Tornado: HTTPHeadersTest.test_copy */
TEST(copy)
{
    gale_http_headers *headers = gale_http_headers_new();
    assert_ok(gale_http_headers_add(headers, "A", "1"));
    assert_ok(gale_http_headers_add(headers, "A", "2"));
    gale_http_headers *copy = gale_http_headers_copy(headers);
    assert_ok(gale_http_headers_add(copy, "A", "3"));
    assert_string_equal(gale_http_headers_get(headers, "A"), "1,2");
    gale_http_headers_free(headers);
    assert_string_equal(gale_http_headers_get(copy, "A"), "1,2,3");
    gale_http_headers_free(copy);
}

TEST(each_allocation_may_fail)
{
    size_t n = 0;
    bool done = false;
    while (!done) {
        test_fail_allocation(++n);
        gale_http_headers *headers = gale_http_headers_new();
        gale_http_headers *copy = NULL;
        if (headers && gale_http_headers_add(headers, "A", "1") == 0 &&
            gale_http_headers_add(headers, "A", "2") == 0 && gale_http_headers_get(headers, "A"))
            copy = gale_http_headers_copy(headers);
        done = copy != NULL;
        assert_int_equal(!done, test_allocation_failed());
        gale_http_headers_free(copy);
        gale_http_headers_free(headers);
    }
    assert_true(n > 4);
}

static void assert_same(gale_http_headers *headers, gale_http_headers *others)
{
    size_t position = 0, other_position = 0;
    gale_http_field field, other;
    while (gale_http_headers_next(headers, &position, &field)) {
        assert_true(gale_http_headers_next(others, &other_position, &other));
        assert_bytes(field.name, other.name);
        assert_bytes(field.value, other.value);
    }
    assert_false(gale_http_headers_next(others, &other_position, &other));
}

/* Tornado: HTTPHeadersTest.test_pickle_roundtrip */
TEST(headers_are_the_same_after_a_way_through_text)
{
    gale_http_headers *headers = gale_http_headers_new(), *again;
    assert_ok(gale_http_headers_add(headers, "Set-Cookie", "a=b"));
    assert_ok(gale_http_headers_add(headers, "Content-Type", "text/html"));
    assert_ok(gale_http_headers_add(headers, "Set-Cookie", "c=d"));
    assert_ok(gale_http_headers_add(headers, "Empty", ""));
    assert_ok(gale_http_headers_add(headers, "Strange", "a: b, \"c\"; d=\xc3\xa9"));
    const char *text = gale_http_headers_str(headers);
    assert_ok(gale_http_headers_parse((gale_str){ text, strlen(text) }, &again));
    assert_same(headers, again);
    assert_string_equal(gale_http_headers_str(again), text);
    assert_string_equal(gale_http_headers_get_list(again, "Set-Cookie", 1), "c=d");
    gale_http_headers_free(again);
    gale_http_headers_free(headers);
}

/* Tornado: HTTPHeadersTest.test_setdefault */
TEST(a_default_is_set_where_there_is_no_value)
{
    static const char *const defaults[][2] = { { "foo", "baz" }, { "quux", "xyzzy" } };
    gale_http_headers *headers = gale_http_headers_new();
    assert_ok(gale_http_headers_set(headers, "Foo", "bar"));
    for (size_t i = 0; i < 2; i++)
        if (!gale_http_headers_has(headers, defaults[i][0]))
            assert_ok(gale_http_headers_set(headers, defaults[i][0], defaults[i][1]));
    assert_string_equal(gale_http_headers_get(headers, "foo"), "bar");
    assert_string_equal(gale_http_headers_get(headers, "quux"), "xyzzy");
    assert_string_equal(gale_http_headers_str(headers), "Foo: bar\nQuux: xyzzy\n");
    gale_http_headers_free(headers);
}

GALE_TEST_MAIN
