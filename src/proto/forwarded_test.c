/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/forwarded.h"

#include "test.h"

static gale__forwarded first(const char *header)
{
    gale_str value = { header, strlen(header) };
    gale__forwarded element;
    assert_int_equal(gale__forwarded_next(&value, &element), 1);
    return element;
}

TEST(one_element)
{
    gale__forwarded element =
        first("For=\"[2001:db8::17]:4711\" ; proto=https;by=203.0.113.43;HOST=\"a.b:80\";secret=x");
    assert_str(element.node, "[2001:db8::17]:4711");
    assert_str(element.protocol, "https");
    assert_str(element.host, "a.b:80");
    element = first("by=x");
    assert_null(element.node.data);
    assert_null(element.host.data);
}

TEST(several_elements)
{
    gale_str value = GALE_STR("for=192.0.2.43, for=198.51.100.17;proto=http ,, for=\"a,b;c\"");
    static const char *const nodes[] = { "192.0.2.43", "198.51.100.17", NULL, "a,b;c" };
    gale__forwarded element;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(gale__forwarded_next(&value, &element), 1);
        if (nodes[i])
            assert_str(element.node, nodes[i]);
        else
            assert_null(element.node.data);
    }
    assert_int_equal(gale__forwarded_next(&value, &element), 0);
}

TEST(malformed_ones)
{
    static const char *const bad[] = { "for",         "for=",         "for=a b", "for=\"a",
                                       "for=a;for=b", "for=\"a\\b\"", "for =a",  "for=[::1]",
                                       "=a",          "for=\"a\"b" };
    gale__forwarded element;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        gale_str value = { bad[i], strlen(bad[i]) };
        assert_error(gale__forwarded_next(&value, &element), GALE_EINPUT);
    }
}

TEST(addresses_of_nodes)
{
    static const char *const nodes[][2] = { { "192.0.2.43", "192.0.2.43" },
                                            { "192.0.2.43:80", "192.0.2.43" },
                                            { "[::1]", "::1" },
                                            { "[::1]:80", "::1" },
                                            { "unknown", NULL },
                                            { "Unknown:80", NULL },
                                            { "_hidden", NULL },
                                            { "[::1", NULL },
                                            { "", NULL } };
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        gale_str address = gale__forwarded_address((gale_str){ nodes[i][0], strlen(nodes[i][0]) });
        if (nodes[i][1])
            assert_str(address, nodes[i][1]);
        else
            assert_null(address.data);
    }
}

GALE_TEST_MAIN
