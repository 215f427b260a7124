/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/host.h"

#include <gale/httputil.h>

#include "proto/characters.h"
#include "proto/proto_test.h"

TEST(valid_hosts)
{
    static const char *const hosts[] = {
        "",
        "localhost",
        "localhost:8888",
        "127.0.0.1:9001",
        "[::1]:80",
        "[2001:DB8::7]",
        "[::ffff:1.2.3.4]:",
        "a-b_c.d~e",
        "%41%4a%fF",
        "example.com:",
        "!$&'()*+",
        "xn--bcher-kva.example",
        "a.very.long.name.that.needs.more.than.one.block.of.sixteen.bytes.example.com:65535",
    };
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (!gale__http_host_valid(str(hosts[i])))
            fail_msg("%s", hosts[i]);
}

TEST(invalid_hosts)
{
    static const char *const hosts[] = {
        "a b",       "user@host",
        "a/b",       "a%2",
        "a%",        "a%zz",
        "a,b",       "a?b",
        "a#b",       "a\\b",
        "h\xc3\xb6", "<host>",
        "a\tb",      "\"a\"",
        "a%4g",      "{a}",
        "a|b",       "a^b",
        "a:b",       ":",
        ":80",       "a:80:90",
        "[::1",      "::1",
        "[zz]:1",    "[::1]x",
        "[::1]:x",   "a]b",
        "[]",        "[1.2.3.4]",
        "a:65536",   "a:000080",
        "a:-1",      "[fe80::1%25eth0]",
        "a`b",       "example.com/path.that.is.longer.than.one.block.of.sixteen.bytes",
    };
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (gale__http_host_valid(str(hosts[i])))
            fail_msg("%s", hosts[i]);
}

TEST(split_host_and_port)
{
    static const struct {
        const char *netloc;
        int port;
        const char *host;
    } cases[] = {
        { "example.com:80", 80, "example.com" },
        { "example.com", -1, "example.com" },
        { "example.com:", -1, "example.com:" },
        { "example.com:8a", -1, "example.com:8a" },
        { "[::1]:8888", 8888, "[::1]" },
        { "[::1]", -1, "[::1]" },
        { "::1", 1, ":" },
        { "a:1:2", 2, "a:1" },
        { ":80", -1, ":80" },
        { "80", -1, "80" },
        { "", -1, "" },
        { "h:0", 0, "h" },
        { "h:00080", 80, "h" },
        { "h:65535", 65535, "h" },
        { "h:65536", GALE_EINPUT, "h:65536" },
        { "h:99999999999999999999999", GALE_EINPUT, "h:99999999999999999999999" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gale_str host;
        assert_int_equal(gale_split_host_and_port(str(cases[i].netloc), &host), cases[i].port);
        assert_str(host, cases[i].host);
    }
}

GALE_TEST_MAIN
