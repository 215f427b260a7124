/* SPDX-License-Identifier: Apache-2.0 */
#include "net/network.h"

#include "test.h"

static bool contains(const char *network, const char *address)
{
    gale__network parsed;
    gale__address peer;
    assert_ok(gale__network_parse(network, &parsed));
    assert_true(gale__address_parse((gale_str){ address, strlen(address) }, &peer));
    return gale__network_contains(&parsed, &peer);
}

TEST(networks)
{
    assert_true(contains("10.0.0.0/8", "10.255.0.1"));
    assert_false(contains("10.0.0.0/8", "11.0.0.1"));
    assert_true(contains("10.1.2.3/12", "10.15.0.1"));
    assert_false(contains("10.1.2.3/12", "10.16.0.1"));
    assert_true(contains("127.0.0.1", "127.0.0.1"));
    assert_false(contains("127.0.0.1", "127.0.0.2"));
    assert_true(contains("0.0.0.0/0", "1.2.3.4"));
    assert_false(contains("0.0.0.0/0", "::1"));
    assert_true(contains("fd00::/9", "fd7f::1"));
    assert_false(contains("fd00::/9", "fd80::1"));
    assert_true(contains("::1", "::1"));
}

TEST(ipv4_within_ipv6)
{
    assert_true(contains("10.0.0.0/8", "::ffff:10.0.0.1"));
    assert_true(contains("::ffff:10.0.0.0/104", "10.0.0.1"));
    assert_false(contains("::/0", "::ffff:10.0.0.1"));
}

TEST(unix_sockets)
{
    gale__network network;
    gale__address peer = { .family = AF_UNIX };
    assert_ok(gale__network_parse("unix", &network));
    assert_true(gale__network_contains(&network, &peer));
    assert_false(contains("unix", "127.0.0.1"));
}

TEST(what_is_no_network)
{
    static const char *const bad[] = { "",
                                       "10.0.0",
                                       "10.0.0.0/",
                                       "10.0.0.0/33",
                                       "::1/129",
                                       "::1/-1",
                                       "10.0.0.0/8x",
                                       "host",
                                       "[::1]",
                                       "10.0.0.0/ 8",
                                       "::ffff:10.0.0.0/95",
                                       "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000" };
    gale__network network;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_error(gale__network_parse(bad[i], &network), GALE_EINVALID);
}

GALE_TEST_MAIN
