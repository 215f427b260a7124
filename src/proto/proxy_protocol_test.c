/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/proxy_protocol.h"

#include <stdlib.h>

#include "test.h"

static int parse(gale_str data, gale__proxied *ret_client)
{
    char *exact = malloc(data.len ? data.len : 1); /* so that a read too far is seen */
    if (data.len)
        memcpy(exact, data.data, data.len);
    int result = gale__proxy_protocol_parse((gale_str){ exact, data.len }, ret_client);
    free(exact);
    return result;
}

/* The header, with something behind it, is `size` long; each shorter part wants more. */
static gale__proxied parse_whole(gale_str header)
{
    gale__proxied client;
    char longer[600];
    if (header.len > sizeof longer - 3)
        fail_msg("a header of %zu bytes", header.len);
    for (size_t size = 0; size < header.len; size++)
        assert_int_equal(parse((gale_str){ header.data, size }, &client), 0);
    memcpy(longer, header.data, header.len);
    memcpy(longer + header.len, "GET", 3);
    assert_int_equal(parse((gale_str){ longer, header.len + 3 }, &client), header.len);
    assert_int_equal(parse(header, &client), header.len);
    return client;
}

TEST(version_1)
{
    gale__proxied client = parse_whole(GALE_STR("PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n"));
    assert_int_equal(client.version, 4);
    assert_memory_equal(client.ip, "\xc0\x00\x02\x01", 4);
    assert_int_equal(client.port, 56324);
    client = parse_whole(GALE_STR("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"));
    assert_int_equal(client.version, 6);
    assert_int_equal(client.ip[0], 0x20);
    assert_int_equal(client.ip[15], 1);
    assert_int_equal(parse_whole(GALE_STR("PROXY UNKNOWN\r\n")).version, 0);
    assert_int_equal(parse_whole(GALE_STR("PROXY UNKNOWN ffff::1 what ever\r\n")).version, 0);
}

TEST(malformed_lines)
{
    static const char *const bad[] = { "GET / HTTP/1.1\r\n",
                                       "PROXY\r\n",
                                       "PROXY \r\n",
                                       "PROXY TCP4\r\n",
                                       "proxy TCP4 ",
                                       "PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n",
                                       "PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n",
                                       "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 \r\n",
                                       "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 1\r\n",
                                       "PROXY TCP4 1.1.1.1 1.1.1.1 01 1\r\n",
                                       "PROXY TCP4 1.1.1.1 1.1.1.1 1 65536\r\n",
                                       "PROXY TCP4 1.1.1.1 1.1.1.1 1 -1\r\n",
                                       "PROXY TCP4 ::1 ::1 1 1\r\n",
                                       "PROXY  TCP4 1.1.1.1 1.1.1.1 1 1\r\n",
                                       "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\rx",
                                       "PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n",
                                       "PROXY TCP4 1.1.1 1.1.1.1 1 1\r\n" };
    gale__proxied client;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_error(parse((gale_str){ bad[i], strlen(bad[i]) }, &client), GALE_EINPUT);
    char endless[200];
    memset(endless, ' ', sizeof endless);
    memcpy(endless, "PROXY UNKNOWN", 13);
    assert_int_equal(parse((gale_str){ endless, 100 }, &client), 0);
    assert_error(parse((gale_str){ endless, 107 }, &client), GALE_EINPUT);
    assert_error(parse((gale_str){ endless, 200 }, &client), GALE_EINPUT);
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

TEST(version_2)
{
    gale__proxied client = parse_whole(GALE_STR(SIGNATURE "\x21\x11\x00\x0c"
                                                          "\xc0\x00\x02\x01\x0a\x00\x00\x01"
                                                          "\xdc\x04\x01\xbb"));
    assert_int_equal(client.version, 4);
    assert_memory_equal(client.ip, "\xc0\x00\x02\x01", 4);
    assert_int_equal(client.port, 56324);
    char ipv6[16 + 36 + 5] = SIGNATURE "\x21\x21\x00\x29"; /* with an extension behind */
    ipv6[16] = 0x20;
    ipv6[48] = 1;
    client = parse_whole((gale_str){ ipv6, sizeof ipv6 });
    assert_int_equal(client.version, 6);
    assert_int_equal(client.ip[0], 0x20);
    assert_int_equal(client.port, 256);
}

TEST(version_2_without_a_client)
{
    assert_int_equal(parse_whole(GALE_STR(SIGNATURE "\x20\x00\x00\x00")).version, 0); /* LOCAL */
    assert_int_equal(parse_whole(GALE_STR(SIGNATURE "\x20\x11\x00\x01x")).version, 0);
    assert_int_equal(parse_whole(GALE_STR(SIGNATURE "\x21\x00\x00\x02xy")).version, 0);
    assert_int_equal(parse_whole(GALE_STR(SIGNATURE "\x21\x31\x00\x02xy")).version, 0); /* Unix */
}

TEST(malformed_binary_headers)
{
    static const gale_str bad[] = { { SIGNATURE "\x11\x11\x00\x00", 16 },
                                    { SIGNATURE "\x22\x11\x00\x00", 16 },
                                    { SIGNATURE "\x21\x41\x00\x00", 16 },
                                    { SIGNATURE "\x21\x13\x00\x00", 16 },
                                    { SIGNATURE "\x21\x11\x00\x02xy", 18 },
                                    { SIGNATURE "\x21\x11\xff\xff", 16 },
                                    { "\r\n\r\nx", 5 } };
    gale__proxied client;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_error(parse(bad[i], &client), GALE_EINPUT);
}

GALE_TEST_MAIN
