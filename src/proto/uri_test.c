/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/uri.h"

#include <errno.h>

#include "proto/proto_test.h"

static test_arena memory;

TEST(the_parts_of_a_url)
{
    gale__uri uri;
    test_arena_open(&memory);
    assert_ok(gale__uri_parse(&uri, &memory.arena,
                              str("HTTP://us%40er:p%3Aw@Example.ORG:8080/A%20b?c=d#e")));
    assert_str(uri.text, "http://example.org:8080/A%20b?c=d");
    assert_str(uri.scheme, "http");
    assert_str(uri.authority, "example.org:8080");
    assert_str(uri.host, "example.org");
    assert_str(uri.target, "/A%20b?c=d");
    assert_str(uri.username, "us@er");
    assert_str(uri.password, "p:w");
    assert_int_equal(uri.port, 8080);
    assert_ok(gale__uri_parse(&uri, &memory.arena, str("HTTP+unix://%2Ftmp%2FA/B")));
    assert_str(uri.text, "http+unix://%2Ftmp%2FA/B");
    assert_str(uri.host, "%2Ftmp%2FA");
    test_arena_close(&memory);
}

TEST(what_a_url_need_not_have)
{
    gale__uri uri;
    test_arena_open(&memory);
    assert_ok(gale__uri_parse(&uri, &memory.arena, str("https://a?b")));
    assert_str(uri.text, "https://a/?b");
    assert_int_equal(uri.port, -1);
    assert_null(uri.username.data);
    assert_ok(gale__uri_parse(&uri, &memory.arena, str("https://user@a:#x")));
    assert_str(uri.target, "/");
    assert_int_equal(uri.port, -1);
    assert_str(uri.username, "user");
    assert_null(uri.password.data);
    assert_ok(gale__uri_parse(&uri, &memory.arena, str("http://[::1]:80/")));
    assert_str(uri.host, "::1");
    assert_str(uri.authority, "[::1]:80");
    assert_int_equal(uri.port, 80);
    assert_ok(gale__uri_parse(&uri, &memory.arena, str("http://[fe80::1]")));
    assert_str(uri.host, "fe80::1");
    test_arena_close(&memory);
}

TEST(what_is_not_ascii_is_encoded)
{
    gale__uri uri;
    test_arena_open(&memory);
    assert_ok(gale__uri_parse(&uri, &memory.arena, str("http://a/\xc3\xa9?q=\xe2\x82\xac")));
    assert_str(uri.target, "/%C3%A9?q=%E2%82%AC");
    test_arena_close(&memory);
}

TEST(what_is_no_url)
{
    static const char *const wrong[] = { "",
                                         "a",
                                         "/a",
                                         "http:/a",
                                         "http//a",
                                         "://a",
                                         "http://",
                                         "http:///a",
                                         "http://:80",
                                         "http://a b/",
                                         "http://a/b c",
                                         "http://a/\r\nb",
                                         "http://a\n",
                                         "http://a/\x7f",
                                         "http://[::1",
                                         "http://a:x",
                                         "http://a:65536",
                                         "http://a%/",
                                         "http://%00@a/",
                                         "http://a:%zz@b/",
                                         "http://\xc3\xa9/",
                                         "1http://a/",
                                         "http://a\\b/" };
    gale__uri uri;
    test_arena_open(&memory);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int result = gale__uri_parse(&uri, &memory.arena, str(wrong[i]));
        if (result != GALE_EINVALID)
            fail_msg("%s was accepted", wrong[i]);
    }
    assert_error(gale__uri_parse(&uri, &memory.arena, (gale_str){ "http://a/\0b", 11 }),
                 GALE_EINVALID);
    test_arena_close(&memory);
}

TEST(references)
{
    /* The examples of RFC 3986 §5.4, without those of other schemes. */
    static const char *const examples[][2] = {
        { "g", "http://a/b/c/g" },
        { "./g", "http://a/b/c/g" },
        { "g/", "http://a/b/c/g/" },
        { "/g", "http://a/g" },
        { "//g", "http://g/" },
        { "?y", "http://a/b/c/d;p?y" },
        { "g?y", "http://a/b/c/g?y" },
        { "#s", "http://a/b/c/d;p?q" },
        { "g#s", "http://a/b/c/g" },
        { ";x", "http://a/b/c/;x" },
        { "", "http://a/b/c/d;p?q" },
        { ".", "http://a/b/c/" },
        { "./", "http://a/b/c/" },
        { "..", "http://a/b/" },
        { "../", "http://a/b/" },
        { "../g", "http://a/b/g" },
        { "../..", "http://a/" },
        { "../../g", "http://a/g" },
        { "../../../g", "http://a/g" },
        { "/./g", "http://a/g" },
        { "/../g", "http://a/g" },
        { "g.", "http://a/b/c/g." },
        { "..g", "http://a/b/c/..g" },
        { "./../g", "http://a/b/g" },
        { "./g/.", "http://a/b/c/g/" },
        { "g/./h", "http://a/b/c/g/h" },
        { "g/../h", "http://a/b/c/h" },
        { "g;x=1/../y", "http://a/b/c/y" },
        { "g?y/../x", "http://a/b/c/g?y/../x" },
        { "https://Z:9/x/../y", "https://z:9/y" },
        { " /a b ", "http://a/a%20b" },
        { "https://z", "https://z/" },
    };
    gale__uri base, uri;
    test_arena_open(&memory);
    assert_ok(gale__uri_parse(&base, &memory.arena, str("http://a/b/c/d;p?q")));
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        assert_ok(gale__uri_resolve(&uri, &memory.arena, &base, str(examples[i][0])));
        assert_str(uri.text, examples[i][1]);
    }
    assert_error(gale__uri_resolve(&uri, &memory.arena, &base, str("http:g")), GALE_EINVALID);
    assert_error(gale__uri_resolve(&uri, &memory.arena, &base, str("/a\tb")), GALE_EINVALID);
    test_arena_close(&memory);
}

TEST(joined_urls)
{
    gale_bytes *joined = gale_url_join("http://me@h/a/c?d", "../b#e");
    assert_str(gale_bytes_str(joined), "http://h/b");
    gale_bytes_unref(joined);
    assert_null(gale_url_join("http://h/", "mailto:me"));
    assert_null(gale_url_join("/a", "b"));
}

TEST(without_memory)
{
    gale__uri base, uri;
    size_t n = 0;
    do {
        test_arena_open(&memory);
        test_fail_allocation(++n);
        int result = gale__uri_parse(&base, &memory.arena, str("http://u:p@a/b/c/d;p?q"));
        if (result == 0)
            result = gale__uri_resolve(&uri, &memory.arena, &base, str("../a b"));
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        test_arena_close(&memory);
    } while (test_allocation_failed());
}

GALE_TEST_MAIN
