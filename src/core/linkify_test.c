/* SPDX-License-Identifier: Apache-2.0 */
/* tests/interop/escape_test.py compares with Tornado; here is what must be so. */
#include <gale/escape.h>

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

static void assert_linkified(const char *text, const gale_linkify_options *options,
                             const char *expected)
{
    gale_bytes *linked = gale_linkify(text, options);
    assert_non_null(linked);
    assert_str(gale_bytes_str(linked), expected);
    gale_bytes_unref(linked);
}

/* `url` (in which nothing is escaped) between two texts becomes a link, and they are as given. */
static void assert_url(const char *before, const char *url, const char *after)
{
    char text[512], expected[1024];
    const char *scheme = strncmp(url, "www.", 4) == 0 ? "http://" : "";
    snprintf(text, sizeof text, "%s%s%s", before, url, after);
    snprintf(expected, sizeof expected, "%s<a href=\"%s%s\">%s</a>%s", before, scheme, url, url,
             after);
    assert_linkified(text, NULL, expected);
}

TEST(urls_in_text)
{
    assert_url("hello ", "http://world.com/", "!");
    assert_url("", "http://foo.com/blah_blah", "");
    assert_url("", "http://foo.com/blah_blah/", "");
    assert_url("(Something like ", "http://foo.com/blah_blah", ")");
    assert_url("", "http://foo.com/blah_blah", ".");
    assert_url("", "http://foo.com/blah_blah/", ".");
    assert_url("", "http://foo.com/blah_blah", ",");
    assert_url("", "http://www.example.com/wpstyle/?p=364", ".");
    assert_url("", "http://userid:password@example.com:8080", "");
    assert_url("", "http://userid@example.com", "");
    assert_url("", "http://\xe2\x9e\xa1.ws/\xe4\xa8\xb9", "");
    assert_url("Just a ", "www.example.com", " link.");
    assert_url("", "http:///", "");
    assert_url("", "http:/x", "");
}

TEST(pairs_of_parentheses_belong_to_a_url)
{
    assert_url("", "http://foo.com/blah_blah_(wikipedia)", "");
    assert_url("", "http://foo.com/blah_(blah)_(wikipedia)_blah", "");
    assert_url("(Something like ", "http://foo.com/blah_blah_(wikipedia)", ")");
    assert_url("", "http://url.com/w", "(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_url("", "http://url.com/withmany", "((((((((((((((((((((((((((((((((((a)");
    assert_url("", "http://url.com/withmany", ".......................................");
}

TEST(the_text_is_escaped_first)
{
    assert_linkified("hello http://world.com/with?param=true&stuff=yes", NULL,
                     "hello <a href=\"http://world.com/with?param=true&amp;stuff=yes\">"
                     "http://world.com/with?param=true&amp;stuff=yes</a>");
    assert_linkified("<http://foo.com/blah_blah>", NULL,
                     "&lt;<a href=\"http://foo.com/blah_blah\">http://foo.com/blah_blah</a>&gt;");
    assert_linkified(
        "<tag>http://example.com</tag>", NULL,
        "&lt;tag&gt;<a href=\"http://example.com\">http://example.com</a>&lt;/tag&gt;");
    assert_linkified(
        "www.a/\"onclick='x'", NULL,
        "<a href=\"http://www.a/&quot;onclick\">www.a/&quot;onclick</a>=&#x27;x&#x27;");
}

TEST(where_a_url_begins)
{
    assert_linkified("xwww.a.b", NULL, "xwww.a.b");
    assert_url("-", "www.a.b", "");
    assert_url("a-", "www.a.b", "");
    assert_url("--", "http://x", "");
    assert_url("\xe2\x80\x9c", "http://a.b", " \xe2\x80\x9d"); /* quotation marks */
    assert_linkified("\xe7\x9c\x8bhttp://a.b", NULL, "\xe7\x9c\x8bhttp://a.b"); /* a letter */
    assert_linkified("www. www.) www.,,,", NULL, "www. www.) www.,,,");
    assert_linkified("Www.a.b", NULL, "Www.a.b");
}

TEST(protocols)
{
    static const char *const rdar[] = { "http", "rdar", NULL }, *const file[] = { "file", NULL };
    assert_linkified("rdar:/1234", NULL, "rdar:/1234");
    assert_linkified("rdar:/1234", &(gale_linkify_options){ .permitted_protocols = rdar },
                     "<a href=\"rdar:/1234\">rdar:/1234</a>");
    const char *text = "A file:///passwords.txt and http://web.com link";
    assert_url("A file:///passwords.txt and ", "http://web.com", " link");
    assert_linkified(text, &(gale_linkify_options){ .permitted_protocols = file },
                     "A <a href=\"file:///passwords.txt\">file:///passwords.txt</a>"
                     " and http://web.com link");
    assert_linkified("javascript://%0aalert(1)", NULL, "javascript://%0aalert(1)");
    assert_linkified("Just a www.example.com link.",
                     &(gale_linkify_options){ .require_protocol = true },
                     "Just a www.example.com link.");
}

TEST(shortening)
{
    const gale_linkify_options shorten = { .shorten = true };
    assert_linkified("A http://reallylong.com/link/that/exceedsthelenglimit.html", &shorten,
                     "A <a href=\"http://reallylong.com/link/that/exceedsthelenglimit.html\""
                     " title=\"http://reallylong.com/link/that/exceedsthelenglimit.html\">"
                     "http://reallylong.com/link...</a>");
    assert_linkified("A http://reallylongdomainnamethatwillbetoolong.com/hi!", &shorten,
                     "A <a href=\"http://reallylongdomainnamethatwillbetoolong.com/hi\""
                     " title=\"http://reallylongdomainnamethatwillbetoolong.com/hi\">"
                     "http://reallylongdomainnametha...</a>!");
    assert_linkified("http://short.com/", &shorten,
                     "<a href=\"http://short.com/\">http://short.com/</a>");
    /* Not shorter than before with its three dots. */
    assert_linkified("http://example.com/abcdefgh/ij", &shorten,
                     "<a href=\"http://example.com/abcdefgh/ij\">"
                     "http://example.com/abcdefgh/ij</a>");
}

static const char *parameters_of(const char *href, void *arg)
{
    ++*(int *)arg;
    return strstr(href, "internal") ? "class=\"internal\""
                                    : "   rel=\"nofollow\" class=\"external\"  ";
}

TEST(extra_parameters)
{
    assert_linkified("www.a.b", &(gale_linkify_options){ .extra_params = "  rel=\"nofollow\" " },
                     "<a href=\"http://www.a.b\" rel=\"nofollow\">www.a.b</a>");
    int calls = 0;
    assert_linkified(
        "www.external-link.com and www.internal-link.com/blogs extra",
        &(gale_linkify_options){ .extra_params_callback = parameters_of, .arg = &calls },
        "<a href=\"http://www.external-link.com\" rel=\"nofollow\" class=\"external\">"
        "www.external-link.com</a> and <a href=\"http://www.internal-link.com/blogs\""
        " class=\"internal\">www.internal-link.com/blogs</a> extra");
    assert_int_equal(calls, 2);
}

/* A quadratic reader would need an hour for these. */
TEST(hostile_text_takes_linear_time)
{
    static const char *const parts[] = { "a-",        "www.", "www.(",      "http://", "http://(",
                                         "(",         "x:/!", "&",          "&\"(",    "www.a(",
                                         "-",         ".",    "http://a(b", "www.&(",  "a:///(",
                                         "\xc3\xa9-", "\xff", "w-:" };
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE + 1);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t size = strlen(parts[i]), filled = 0;
        for (; filled + size <= SIZE; filled += size)
            memcpy(text + filled, parts[i], size);
        text[filled] = '\0';
        gale_bytes *linked = gale_linkify(text, &(gale_linkify_options){ .shorten = true });
        assert_non_null(linked);
        gale_bytes_unref(linked);
    }
    free(text);
}

TEST(out_of_memory_is_null)
{
    int calls = 0;
    const gale_linkify_options options = { .extra_params_callback = parameters_of, .arg = &calls };
    size_t n = 0;
    gale_bytes *linked;
    do {
        test_fail_allocation(++n);
        linked = gale_linkify("www.a.b & http://c.d", &options);
        assert_true(!linked == test_allocation_failed());
    } while (!linked);
    assert_true(n > 3);
    gale_bytes_unref(linked);
}

GALE_TEST_MAIN
