/* SPDX-License-Identifier: Apache-2.0 */
/* The expected texts are what Tornado's functions return for the same arguments. */
#include "core/escape.h"

#include <gale/escape.h>

#include <errno.h>
#include <stdlib.h>

#include "test.h"

static void assert_xhtml(gale_str text, const char *expected)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    assert_ok(gale__xhtml_escape(&out, text));
    assert_str(gale__buffer_str(&out), expected);
    gale__buffer_clear(&out);
}

static void assert_url(gale_str text, bool plus, const char *expected)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    assert_ok(gale__url_escape(&out, text, plus));
    assert_str(gale__buffer_str(&out), expected);
    gale__buffer_clear(&out);
}

static void assert_unescaped(const char *text, bool plus, gale_str expected)
{
    char out[64];
    size_t size = gale__url_unescape(out, (gale_str){ text, strlen(text) }, plus);
    assert_bytes(((gale_str){ out, size }), expected);
    memcpy(out, text, strlen(text)); /* in place */
    size = gale__url_unescape(out, (gale_str){ out, strlen(text) }, plus);
    assert_bytes(((gale_str){ out, size }), expected);
}

TEST(xhtml_escape_replaces_five_characters)
{
    assert_xhtml(GALE_STR("<>&\"'"), "&lt;&gt;&amp;&quot;&#x27;");
    assert_xhtml(GALE_STR("a&amp;b"), "a&amp;amp;b");
    assert_xhtml(GALE_STR("<script>alert('x' & \"y\")</script>"),
                 "&lt;script&gt;alert(&#x27;x&#x27; &amp; &quot;y&quot;)&lt;/script&gt;");
    assert_xhtml(GALE_STR("plain, \xc3\xa9 /~_.-`="), "plain, \xc3\xa9 /~_.-`=");
    assert_xhtml(GALE_STR(""), "");
    assert_xhtml((gale_str){ NULL, 0 }, "");
}

TEST(url_escape_with_plus)
{
    assert_url(GALE_STR("\xc3\xa9 /~_.-"), true, "%C3%A9+%2F~_.-");
    assert_url(GALE_STR("<>&\"'"), true, "%3C%3E%26%22%27");
    assert_url(GALE_STR("a+b c"), true, "a%2Bb+c");
    assert_url(GALE_STR("a\0b"), true, "a%00b");
    assert_url((gale_str){ NULL, 0 }, true, "");
}

TEST(url_escape_without_plus_keeps_slashes)
{
    assert_url(GALE_STR("\xc3\xa9 /~_.-"), false, "%C3%A9%20/~_.-");
    assert_url(GALE_STR("a+b c"), false, "a%2Bb%20c");
}

TEST(url_escape_leaves_only_the_unreserved)
{
    char unescaped[256];
    size_t count = 0;
    for (int byte = 0; byte < 256; byte++) {
        gale__buffer out;
        gale__buffer_init(&out, SIZE_MAX);
        char text = (char)byte;
        assert_ok(gale__url_escape(&out, (gale_str){ &text, 1 }, true));
        assert_true(out.size == 1 || out.size == 3);
        if (out.size == 1)
            unescaped[count++] = text;
        gale__buffer_clear(&out);
    }
    assert_bytes(((gale_str){ unescaped, count }),
                 GALE_STR(" -.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"));
}

TEST(url_unescape_leaves_what_is_no_escape)
{
    assert_unescaped("%zz%4", true, GALE_STR("%zz%4"));
    assert_unescaped("%", true, GALE_STR("%"));
    assert_unescaped("%4", true, GALE_STR("%4"));
    assert_unescaped("%4g%g4%-1% 1", true, GALE_STR("%4g%g4%-1% 1"));
    assert_unescaped("%%41", true, GALE_STR("%A"));
    assert_unescaped("%4%41", true, GALE_STR("%4A"));
    assert_unescaped("%41%", true, GALE_STR("A%"));
    assert_unescaped("", true, GALE_STR(""));
}

TEST(url_unescape_decodes_once_and_any_byte)
{
    assert_unescaped("%2525", true, GALE_STR("%25"));
    assert_unescaped("%e9%C3%a9", true, GALE_STR("\xe9\xc3\xa9"));
    assert_unescaped("%00x", true, GALE_STR("\0x"));
    assert_unescaped("a+b%2Bc", true, GALE_STR("a b+c"));
    assert_unescaped("a+b%2Bc", false, GALE_STR("a+b+c"));
    assert_unescaped("+%20+", true, GALE_STR("   "));
    assert_unescaped("+%20+", false, GALE_STR("+ +"));
    assert_int_equal(gale__url_unescape(NULL, (gale_str){ NULL, 0 }, true), 0);
}

TEST(a_cut_escape_is_not_read_past_its_end)
{
    char *exact = malloc(2), out[2];
    memcpy(exact, "%4", 2);
    assert_int_equal(gale__url_unescape(out, (gale_str){ exact, 2 }, true), 2);
    free(exact);
}

TEST(escaping_and_back_gives_every_byte)
{
    char all[256], back[768];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    for (int plus = 0; plus < 2; plus++) {
        gale__buffer out;
        gale__buffer_init(&out, SIZE_MAX);
        assert_ok(gale__url_escape(&out, (gale_str){ all, 256 }, plus));
        size_t size = gale__url_unescape(back, gale__buffer_str(&out), plus);
        assert_bytes(((gale_str){ back, size }), ((gale_str){ all, 256 }));
        gale__buffer_clear(&out);
    }
}

TEST(failures_of_the_buffer_come_back)
{
    gale__buffer out;
    gale__buffer_init(&out, 5);
    assert_error(gale__xhtml_escape(&out, GALE_STR("a&b")), GALE_ETOOBIG);
    gale__buffer_clear(&out);
    assert_error(gale__url_escape(&out, GALE_STR("a&b&c"), true), GALE_ETOOBIG);
    gale__buffer_clear(&out);

    test_fail_allocation(1);
    assert_error(gale__xhtml_escape(&out, GALE_STR("<")), -ENOMEM);
    gale__buffer_clear(&out);
    test_fail_allocation(1);
    assert_error(gale__url_escape(&out, GALE_STR("<"), false), -ENOMEM);
    gale__buffer_clear(&out);
}

/* ---- The public calls ------------------------------------------------------------------ */

/* Takes the reference. */
static void assert_text(gale_bytes *actual, gale_str expected)
{
    assert_non_null(actual);
    assert_bytes(gale_bytes_str(actual), expected);
    gale_bytes_unref(actual);
}

TEST(xhtml_escape_and_back)
{
    static const char *const texts[][2] = { { "<foo>", "&lt;foo&gt;" },
                                            { "<>&\"'", "&lt;&gt;&amp;&quot;&#x27;" },
                                            { "&amp;", "&amp;amp;" },
                                            { "<\xc3\xa9>", "&lt;\xc3\xa9&gt;" } };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_text(gale_xhtml_escape(texts[i][0]), (gale_str){ texts[i][1], strlen(texts[i][1]) });
        assert_text(gale_xhtml_unescape(texts[i][1]),
                    (gale_str){ texts[i][0], strlen(texts[i][0]) });
    }
}

TEST(xhtml_unescape_numbers)
{
    assert_text(gale_xhtml_unescape("foo&#32;bar"), GALE_STR("foo bar"));
    assert_text(gale_xhtml_unescape("foo&#x20;bar"), GALE_STR("foo bar"));
    assert_text(gale_xhtml_unescape("foo&#X20;bar"), GALE_STR("foo bar"));
    assert_text(gale_xhtml_unescape("foo&#xabc;bar"), GALE_STR("foo\xe0\xaa\xbc"
                                                               "bar"));
    assert_text(gale_xhtml_unescape("foo&#xyz;bar"), GALE_STR("foo&#xyz;bar"));
    assert_text(gale_xhtml_unescape("foo&#;bar&#x;&"), GALE_STR("foo&#;bar&#x;&"));
    assert_text(gale_xhtml_unescape("&#128;&#x81;"), GALE_STR("\xe2\x82\xac\xc2\x81"));
    assert_text(gale_xhtml_unescape("&#0;&#xd800;&#x110000;"),
                GALE_STR("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
    assert_text(gale_xhtml_unescape("a&#1;b&#xfffe;c&#127;d"), GALE_STR("abcd"));
    assert_text(gale_xhtml_unescape("&#99999999999999999999;"), GALE_STR("\xef\xbf\xbd"));
}

TEST(xhtml_unescape_names)
{
    assert_text(gale_xhtml_unescape("&copy;&copy&notit;&not;"),
                GALE_STR("\xc2\xa9\xc2\xa9\xc2\xacit;\xc2\xac"));
    assert_text(gale_xhtml_unescape("&AElig;&zwnj;&zwj;"),
                GALE_STR("\xc3\x86\xe2\x80\x8c\xe2\x80\x8d")); /* first and last */
    assert_text(gale_xhtml_unescape("&CounterClockwiseContourIntegral;"), GALE_STR("\xe2\x88\xb3"));
    assert_text(gale_xhtml_unescape("&CounterClockwiseContourIntegralx;&nosuch;&lt"),
                GALE_STR("&CounterClockwiseContourIntegralx;&nosuch;<"));
    assert_text(gale_xhtml_unescape("&alpha &alpha;"), GALE_STR("&alpha \xce\xb1"));
}

TEST(url_unescape_makes_text_or_bytes)
{
    assert_text(gale_url_escape("\xc3\xa9", true), GALE_STR("%C3%A9"));
    assert_text(gale_url_escape("\xe9", true), GALE_STR("%E9"));
    assert_text(gale_url_unescape("%C3%A9", true), GALE_STR("\xc3\xa9"));
    assert_text(gale_url_unescape_bytes("%E9%00+", true), GALE_STR("\xe9\0 "));
    assert_text(gale_url_unescape("%E9+%F0%9F%98", true), GALE_STR("\xef\xbf\xbd \xef\xbf\xbd"));
}

TEST(plus_or_percent_twenty)
{
    assert_text(gale_url_escape("+ #%", true), GALE_STR("%2B+%23%25"));
    assert_text(gale_url_escape("+ #%", false), GALE_STR("%2B%20%23%25"));
    assert_text(gale_url_unescape("%2B+%23%25", true), GALE_STR("+ #%"));
    assert_text(gale_url_unescape("%2B%20%23%25", false), GALE_STR("+ #%"));
}

TEST(squeeze_leaves_single_spaces)
{
    assert_text(gale_squeeze("sequences     of    whitespace   chars"),
                GALE_STR("sequences of whitespace chars"));
    assert_text(gale_squeeze(" \t\na\x01 b\r\n"), GALE_STR("a b"));
    assert_text(gale_squeeze("\xc2\xa0x \xe3\x80\x80"), GALE_STR("x"));
    assert_text(gale_squeeze(" "), GALE_STR(""));
    assert_text(gale_squeeze(""), GALE_STR(""));
}

TEST(utf8_is_checked)
{
    assert_true(gale_utf8_valid(GALE_STR("\xc3\xa9")));
    assert_false(gale_utf8_valid(GALE_STR("\xe9")));
    assert_true(gale_utf8_valid((gale_str){ NULL, 0 }));
}

/* Bytes with their size, ended by a NUL that does not count, and one's own also when there was
 * nothing to do. Tornado: EscapeTestCase.test_escape_return_types */
TEST(what_the_public_calls_give)
{
    static const char *const texts[] = { "", "foo", "\xc3\xa9", "<a href=\"?b&amp;c\">" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        gale_bytes *all[] = { gale_xhtml_escape(texts[i]), gale_xhtml_unescape(texts[i]),
                              gale_url_escape(texts[i], true), gale_squeeze(texts[i]),
                              gale_linkify(texts[i], NULL) };
        for (size_t call = 0; call < sizeof all / sizeof *all; call++) {
            assert_non_null(all[call]);
            gale_str given = gale_bytes_str(all[call]);
            assert_ptr_not_equal(given.data, texts[i]);
            assert_int_equal(strlen(given.data), given.len);
            assert_true(gale_utf8_valid(given));
            gale_bytes_unref(all[call]);
        }
    }
}

TEST(the_public_calls_are_null_when_out_of_memory)
{
    for (size_t n = 1; n <= 2; n++) {
        test_fail_allocation(n);
        assert_null(gale_xhtml_escape("<"));
        test_fail_allocation(n);
        assert_null(gale_xhtml_unescape("&lt;"));
        test_fail_allocation(n);
        assert_null(gale_url_escape("<", true));
        test_fail_allocation(n);
        assert_null(gale_url_unescape("%41", true));
        test_fail_allocation(n);
        assert_null(gale_squeeze("x"));
    }
    for (size_t n = 1; n <= 3; n++) {
        test_fail_allocation(n);
        assert_null(gale_url_unescape("%E9", true));
    }
}

GALE_TEST_MAIN
