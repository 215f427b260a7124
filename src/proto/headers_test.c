/* SPDX-License-Identifier: Apache-2.0 */
/* The table of fields, blocks, and access by number. */
#include "proto/headers.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/proto_test.h"

static const char block_text[] = "Server: gale\r\nContent-Type: text/html; charset=UTF-8\r\n"
                                 "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

typedef struct fixture {
    test_arena memory;
    gale_http_headers headers;
} fixture;

static void open_with_block(fixture *f, const char *text)
{
    test_arena_open(&f->memory);
    gale__http_headers_init(&f->headers, &f->memory.arena);
    if (text)
        assert_ok(gale__http_header_block_init(&f->headers.block, str(text)));
}

static void close_fixture(fixture *f)
{
    test_arena_close(&f->memory);
}

static int append(gale_http_headers *headers, const char *name, const char *value)
{
    size_t size = strlen(name);
    return gale__http_headers_append(headers, gale__http_header_find(name, size), name,
                                     (uint32_t)size, value, (uint32_t)strlen(value));
}

TEST(appended_fields_are_found)
{
    fixture f;
    open_with_block(&f, NULL);
    assert_null(gale__http_headers_first(&f.headers, GALE__HTTP_HOST));
    assert_ok(append(&f.headers, "X-Other", "0"));
    assert_ok(append(&f.headers, "hOST", "a"));
    assert_ok(append(&f.headers, "Host", "b"));
    assert_ok(append(&f.headers, "Cookie", "c"));
    assert_string_equal(gale__http_headers_first(&f.headers, GALE__HTTP_HOST)->value, "a");
    assert_true(f.headers.repeated & gale__http_header_bit(GALE__HTTP_HOST));
    assert_false(f.headers.repeated & gale__http_header_bit(GALE__HTTP_COOKIE));
    assert_true(gale__http_headers_present(&f.headers, GALE__HTTP_COOKIE));
    assert_false(gale__http_headers_present(&f.headers, GALE__HTTP_DATE));
    assert_string_equal(gale__http_headers_get(&f.headers, GALE__HTTP_HOST), "a,b");
    assert_null(gale__http_headers_get(&f.headers, GALE__HTTP_DATE));
    close_fixture(&f);
}

TEST(set_takes_the_place_of_the_first)
{
    fixture f;
    open_with_block(&f, NULL);
    assert_ok(append(&f.headers, "Vary", "1"));
    assert_ok(append(&f.headers, "Etag", "2"));
    assert_ok(append(&f.headers, "Vary", "3"));
    assert_ok(append(&f.headers, "Date", "4"));
    assert_ok(gale__http_headers_set(&f.headers, GALE__HTTP_VARY, GALE_STR("5")));
    assert_string_equal(gale_http_headers_str(&f.headers), "Vary: 5\nEtag: 2\nDate: 4\n");
    assert_false(f.headers.repeated & gale__http_header_bit(GALE__HTTP_VARY));
    assert_string_equal(gale__http_headers_get(&f.headers, GALE__HTTP_DATE), "4");
    assert_ok(gale__http_headers_set(&f.headers, GALE__HTTP_ALLOW, GALE_STR("6")));
    assert_int_equal(gale__http_headers_remove(&f.headers, GALE__HTTP_VARY), 1);
    assert_int_equal(gale__http_headers_remove(&f.headers, GALE__HTTP_VARY), 0);
    assert_string_equal(gale_http_headers_str(&f.headers), "Etag: 2\nDate: 4\nAllow: 6\n");
    assert_string_equal(gale__http_headers_first(&f.headers, GALE__HTTP_ALLOW)->value, "6");
    close_fixture(&f);
}

TEST(a_block_stays_whole_while_others_are_touched)
{
    fixture f;
    open_with_block(&f, block_text);
    assert_ok(gale_http_headers_set(&f.headers, "X-Own", "1"));
    assert_ok(gale__http_headers_set(&f.headers, GALE__HTTP_LOCATION, GALE_STR("/")));
    assert_string_equal(gale_http_headers_get(&f.headers, "X-Own"), "1");
    assert_null(gale_http_headers_get(&f.headers, "Etag"));
    assert_true(gale_http_headers_has(&f.headers, "date"));
    assert_true(gale__http_headers_present(&f.headers, GALE__HTTP_DATE));
    assert_int_equal(gale_http_headers_remove(&f.headers, "Vary"), 0);
    assert_str(f.headers.block.text, block_text);
    close_fixture(&f);
}

TEST(a_block_becomes_fields_when_one_of_its_names_is_touched)
{
    static const char all[] = "Server: gale\nContent-Type: text/html; charset=UTF-8\n"
                              "Date: Sun, 06 Nov 1994 08:49:37 GMT\nX-Own: 1\n";
    fixture f;
    open_with_block(&f, block_text);
    assert_ok(gale_http_headers_add(&f.headers, "X-Own", "1"));
    assert_string_equal(gale_http_headers_get(&f.headers, "server"), "gale");
    assert_int_equal(f.headers.block.text.len, 0);
    assert_string_equal(gale_http_headers_str(&f.headers), all);
    assert_int_equal(gale_http_headers_count(&f.headers), 4);
    close_fixture(&f);

    open_with_block(&f, block_text);
    assert_ok(gale_http_headers_set(&f.headers, "content-type", "text/plain"));
    assert_int_equal(gale_http_headers_remove(&f.headers, "Server"), 1);
    assert_string_equal(gale_http_headers_str(&f.headers),
                        "Content-Type: text/plain\nDate: Sun, 06 Nov 1994 08:49:37 GMT\n");
    close_fixture(&f);

    open_with_block(&f, block_text);
    assert_ok(gale_http_headers_add(&f.headers, "Server", "2"));
    assert_string_equal(gale_http_headers_get(&f.headers, "Server"), "gale,2");
    assert_string_equal(gale_http_headers_get_list(&f.headers, "Server", 1), "2");
    close_fixture(&f);

    open_with_block(&f, block_text);
    assert_int_equal(gale_http_headers_count(&f.headers), 3);
    close_fixture(&f);
}

TEST(blocks_are_checked)
{
    static const char *const wrong[] = {
        "Server: gale",
        "Server: gale\n",
        "Server gale\r\n",
        "X-Unknown: a\r\n",
        "Server : gale\r\n",
        ": a\r\n",
        "\r\n",
        "Server: a\r\n\r\n",
        "Server: a\001\r\n",
        "Server: a\r\nDate: b",
        "Server: a\rDate: b\r\n",
        "Server\r\n",
    };
    gale__http_header_block block = { { NULL, 0 }, 0, NULL };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (gale__http_header_block_init(&block, str(wrong[i])) != GALE_EINPUT)
            fail_msg("%s", wrong[i]);
        assert_null(block.text.data);
    }
    assert_ok(gale__http_header_block_init(&block, GALE_STR("")));
    assert_ok(gale__http_header_block_init(&block, GALE_STR("Date:\r\nServer: \t a \r\n")));
    assert_int_equal(block.present, gale__http_header_bit(GALE__HTTP_DATE) |
                                        gale__http_header_bit(GALE__HTTP_SERVER));
    fixture f;
    open_with_block(&f, "Date:\r\nServer: \t a \r\n");
    assert_string_equal(gale_http_headers_str(&f.headers), "Date: \nServer: a\n");
    close_fixture(&f);
}

TEST(copies_are_independent)
{
    fixture from, to;
    open_with_block(&from, block_text);
    open_with_block(&to, NULL);
    assert_ok(append(&from.headers, "X-Own", "1"));
    assert_ok(append(&to.headers, "Etag", "0"));
    assert_ok(gale__http_headers_copy(&to.headers, &from.headers));
    close_fixture(&from);
    assert_string_equal(gale_http_headers_str(&to.headers),
                        "Etag: 0\nServer: gale\nContent-Type: text/html; charset=UTF-8\n"
                        "Date: Sun, 06 Nov 1994 08:49:37 GMT\nX-Own: 1\n");
    close_fixture(&to);
}

/* Tornado: HTTPHeadersTest.test_linear_performance */
TEST(many_additions_are_linear)
{
    enum { COUNT = 100000 };
    fixture f;
    open_with_block(&f, NULL);
    for (int i = 0; i < COUNT; i++)
        assert_ok(gale_http_headers_add(&f.headers, "X-Same", "v"));
    for (int i = 0; i < COUNT; i++)
        assert_ok(gale_http_headers_add(&f.headers, "Cookie", "v"));
    assert_int_equal(gale_http_headers_count(&f.headers), 2 * COUNT);
    assert_int_equal(strlen(gale_http_headers_get(&f.headers, "x-same")), 2 * COUNT - 1);
    assert_int_equal(strlen(gale_http_headers_get(&f.headers, "cookie")), 2 * COUNT - 1);
    assert_int_equal(gale_http_headers_remove(&f.headers, "x-same"), COUNT);
    close_fixture(&f);
}

/* Changes of every kind; 0, or the first error. */
static int change(gale_http_headers *headers)
{
    GALE_TRY(gale_http_headers_add(headers, "X-Own", "1"));
    GALE_TRY(gale_http_headers_add(headers, "X-Own", "2"));
    GALE_TRY(gale_http_headers_set(headers, "Content-Type", "text/plain"));
    GALE_TRY(gale_http_headers_set(headers, "Etag", "\"3\""));
    for (int i = 0; i < 300; i++)
        GALE_TRY(gale_http_headers_add(headers, "Set-Cookie", "a-long-name=with-a-long-value"));
    if (!gale_http_headers_get(headers, "x-own") || !gale_http_headers_str(headers))
        return -ENOMEM;
    return gale_http_headers_remove(headers, "Server") == 1 ? 0 : -ENOMEM;
}

TEST(each_allocation_may_fail)
{
    size_t n = 0;
    do {
        fixture f;
        open_with_block(&f, block_text);
        void *filler = gale__arena_alloc(&f.memory.arena, GALE__ARENA_BLOCK / 2);
        assert_non_null(filler);
        test_fail_allocation(++n);
        int result = change(&f.headers);
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        test_fail_allocation(0);
        if (result == 0)
            assert_string_equal(gale_http_headers_get(&f.headers, "X-Own"), "1,2");
        close_fixture(&f);
        if (result == 0)
            break;
    } while (n < 1000);
    assert_true(n > 2);
}

GALE_TEST_MAIN
