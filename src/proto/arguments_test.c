/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/arguments.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/proto_test.h"

/* The pairs as "name=value|", with "(" and ")" around each part. */
static void parses_to(gale_str text, const char *expected)
{
    gale_http_arguments *arguments;
    char seen[512] = "";
    assert_ok(gale_http_arguments_parse(text, 0, &arguments));
    for (size_t i = 0; i < gale_http_arguments_count(arguments); i++) {
        const gale_http_argument *pair = gale_http_arguments_at(arguments, i);
        assert_int_equal(pair->name.data[pair->name.len], '\0');
        assert_int_equal(pair->value.data[pair->value.len], '\0');
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "(%s)=(%s)", pair->name.data,
                 pair->value.data);
    }
    assert_string_equal(seen, expected);
    assert_null(gale_http_arguments_at(arguments, gale_http_arguments_count(arguments)));
    gale_http_arguments_free(arguments);
}

TEST(pairs)
{
    parses_to(GALE_STR(""), "");
    parses_to(GALE_STR("&&"), "");
    parses_to(GALE_STR("a=1&b=2"), "(a)=(1)(b)=(2)");
    parses_to(GALE_STR("&a=1&&b=2&"), "(a)=(1)(b)=(2)");
    parses_to(GALE_STR("a=1;b=2"), "(a)=(1;b=2)");
    parses_to(GALE_STR("a"), "(a)=()");
    parses_to(GALE_STR("a="), "(a)=()");
    parses_to(GALE_STR("=a"), "()=(a)");
    parses_to(GALE_STR("="), "()=()");
    parses_to(GALE_STR("a=b=c"), "(a)=(b=c)");
    parses_to(GALE_STR("a+b=c+d"), "(a b)=(c d)");
    parses_to(GALE_STR("%61%3d=%26%2B"), "(a=)=(&+)");
    parses_to(GALE_STR("a=%zz%4&b=%"), "(a)=(%zz%4)(b)=(%)");
    parses_to(GALE_STR("a=%4&1=2"), "(a)=(%4)(1)=(2)");
    parses_to(GALE_STR("n=%C3%A9\xff"), "(n)=(\xc3\xa9\xff)");
    parses_to(GALE_STR("a=1&a=2&A=3"), "(a)=(1)(a)=(2)(A)=(3)");
}

TEST(nul_bytes_are_kept)
{
    gale_http_arguments *arguments;
    assert_ok(gale_http_arguments_parse(GALE_STR("a%00b=c%00"), 0, &arguments));
    const gale_http_argument *pair = gale_http_arguments_at(arguments, 0);
    assert_bytes(pair->name, ((gale_str){ "a\0b", 3 }));
    assert_bytes(pair->value, ((gale_str){ "c\0", 2 }));
    assert_null(gale_http_arguments_get(arguments, "a"));
    gale_http_arguments_free(arguments);
    gale_http_arguments_free(NULL);
}

TEST(lookup)
{
    gale_http_arguments *arguments;
    assert_ok(gale_http_arguments_parse(GALE_STR("a=1&b=2&a=3&ab=4"), 0, &arguments));
    assert_str(*gale_http_arguments_get(arguments, "a"), "3");
    assert_str(*gale_http_arguments_get_list(arguments, "a", 0), "1");
    assert_str(*gale_http_arguments_get_list(arguments, "a", 1), "3");
    assert_null(gale_http_arguments_get_list(arguments, "a", 2));
    assert_null(gale_http_arguments_get(arguments, "A"));
    assert_null(gale_http_arguments_get(arguments, ""));
    gale_http_arguments_free(arguments);
}

TEST(the_number_of_pairs_is_limited)
{
    gale_http_arguments *arguments = NULL;
    char text[2 * (GALE_HTTP_ARGUMENTS_MAX + 1) + 1] = "";
    for (int i = 0; i <= GALE_HTTP_ARGUMENTS_MAX; i++)
        memcpy(text + 2 * i, "a&", 2);
    gale_str all = { text, sizeof text - 1 }, most = { text, sizeof text - 3 };
    assert_error(gale_http_arguments_parse(all, 0, &arguments), GALE_ETOOBIG);
    assert_null(arguments);
    assert_ok(gale_http_arguments_parse(most, 0, &arguments));
    assert_int_equal(gale_http_arguments_count(arguments), GALE_HTTP_ARGUMENTS_MAX);
    gale_http_arguments_free(arguments);
    assert_ok(gale_http_arguments_parse(all, GALE_NONE, &arguments));
    assert_int_equal(gale_http_arguments_count(arguments), GALE_HTTP_ARGUMENTS_MAX + 1);
    gale_http_arguments_free(arguments);
    assert_ok(gale_http_arguments_parse(GALE_STR("&a&&b&"), 2, &arguments));
    gale_http_arguments_free(arguments);
    assert_error(gale_http_arguments_parse(GALE_STR("a&b&c"), 2, &arguments), GALE_ETOOBIG);
}

TEST(lists_grow)
{
    test_arena memory;
    gale_http_arguments arguments;
    test_arena_open(&memory);
    gale__http_arguments_init(&arguments, &memory.arena);
    assert_ok(gale__http_arguments_parse(&arguments, GALE_STR("a=1&b=2"), 0));
    assert_ok(gale__http_arguments_parse(&arguments, GALE_STR("a=3"), 0));
    for (int i = 0; i < 100; i++)
        assert_ok(gale__http_arguments_append(&arguments, GALE_STR("x"), GALE_STR("y")));
    assert_int_equal(gale_http_arguments_count(&arguments), 103);
    assert_str(*gale_http_arguments_get(&arguments, "a"), "3");
    test_arena_close(&memory);
}

TEST(each_allocation_may_fail)
{
    enum { SIZE = 8000 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    for (int i = 0; i < SIZE; i += 20)
        memcpy(text + i, "name%20of=a+value%2B&", 20);
    size_t n = 0;
    do {
        gale_http_arguments *arguments = NULL;
        test_fail_allocation(++n);
        int result = gale_http_arguments_parse((gale_str){ text, SIZE }, 0, &arguments);
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        gale_http_arguments_free(arguments);
    } while (test_allocation_failed());
    assert_true(n > 3);
    free(text);
}

GALE_TEST_MAIN
