/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "proto/cookie_domain.h"

static gale_str str(const char *text)
{
    return (gale_str){ text, strlen(text) };
}

TEST(domains)
{
    static const struct {
        const char *host, *domain;
        bool matches;
    } cases[] = { { "example.org", "example.org", true },
                  { "a.example.org", "example.org", true },
                  { "a.b.example.org", "example.org", true },
                  { "example.org", "a.example.org", false },
                  { "badexample.org", "example.org", false },
                  { "example.org.", "example.org", false },
                  { "example.org", "", false },
                  { "1.2.3.4", "3.4", false },
                  { "1.2.3.4", "1.2.3.4", true },
                  { "::1", "1", false },
                  { "a.1.2.3", "2.3", true } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(gale__cookie_domain_match(str(cases[i].host), str(cases[i].domain)),
                         cases[i].matches);
}

TEST(domains_that_nobody_owns)
{
    static const char *const shared[] = { "", "com", "com.", "co.uk", "com.au.", "ac.jp" };
    static const char *const owned[] = { "example.com", "bbc.co.uk", "co.uk.com", "com.example",
                                         "example.de" };
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        assert_true(gale__cookie_domain_is_shared(str(shared[i])));
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        assert_false(gale__cookie_domain_is_shared(str(owned[i])));
}

TEST(paths)
{
    static const struct {
        const char *path, *cookie_path;
        bool matches;
    } cases[] = { { "/", "/", true },   { "/a/b", "/a", true }, { "/a/b", "/a/", true },
                  { "/a", "/a", true }, { "/ab", "/a", false }, { "/a", "/a/", false },
                  { "/", "/a", false }, { "/a/b", "", false },  { "", "/", false } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(gale__cookie_path_match(str(cases[i].path), str(cases[i].cookie_path)),
                         cases[i].matches);
    assert_str(gale__cookie_default_path(str("/a/b/c")), "/a/b");
    assert_str(gale__cookie_default_path(str("/a/")), "/a");
    assert_str(gale__cookie_default_path(str("/a")), "/");
    assert_str(gale__cookie_default_path(str("/")), "/");
    assert_str(gale__cookie_default_path(str("")), "/");
    assert_str(gale__cookie_default_path(str("a/b")), "/");
}

GALE_TEST_MAIN
