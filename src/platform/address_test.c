/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "platform/backend.h"
#include "test.h"

static void check(const struct sockaddr *from, socklen_t size, int family, int port,
                  const char *text)
{
    gale__address address;
    char out[46];
    gale__address_from(&address, from, size);
    assert_int_equal(address.family, family);
    assert_int_equal(address.port, port);
    assert_int_equal(gale__address_text(&address, out), strlen(text));
    assert_string_equal(out, text);
}

TEST(ipv4)
{
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(8888) };
    inet_pton(AF_INET, "192.0.2.255", &from.sin_addr);
    check((const void *)&from, sizeof from, AF_INET, 8888, "192.0.2.255");
}

TEST(ipv6)
{
    struct sockaddr_in6 from = { .sin6_family = AF_INET6, .sin6_port = htons(65535) };
    inet_pton(AF_INET6, "2001:db8::1", &from.sin6_addr);
    check((const void *)&from, sizeof from, AF_INET6, 65535, "2001:db8::1");
    inet_pton(AF_INET6, "::ffff:255.255.255.255", &from.sin6_addr);
    check((const void *)&from, sizeof from, AF_INET6, 65535, "::ffff:255.255.255.255");
}

TEST(sockets_without_an_ip_address)
{
    struct sockaddr_un from = { .sun_family = AF_UNIX, .sun_path = "/run/x" };
    check((const void *)&from, sizeof from, AF_UNIX, 0, "0.0.0.0");
    check((const void *)&from, sizeof from.sun_family, AF_UNIX, 0, "0.0.0.0");
    check(NULL, 0, 0, 0, "0.0.0.0");
}

TEST(address_that_is_cut_short)
{
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(1) };
    check((const void *)&from, sizeof from - 1, AF_INET, 0, "0.0.0.0");
}

GALE_TEST_MAIN
