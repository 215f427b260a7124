/* SPDX-License-Identifier: Apache-2.0 */
/* Resolvers of users, overrides, and what no resolver is ever asked. */
#include "net/net_test.h"

#include <gale/tcpclient.h>

static char text[GALE_ADDRESS_TEXT_MAX];
static int asked; /* how often the counting resolver was */

/* Knows one host. */
static int count_and_answer(const char *host, int port, int family, gale_address *addresses,
                            int capacity, void *arg)
{
    asked++;
    assert_ptr_equal(arg, history);
    GALE_TRY(gale_moment());
    if (strcmp(host, "known") != 0 || family == AF_INET6)
        return GALE_ENOTFOUND;
    if (capacity > 0)
        assert_ok(gale_address_from_ip("127.0.0.3", port, addresses));
    return 1;
}

static gale_resolver *counting(void)
{
    gale_resolver *resolver = gale_resolver_new(count_and_answer, history);
    assert_non_null(resolver);
    asked = 0;
    return resolver;
}

static const char *look_up(gale_resolver *resolver, const char *host, int port, int family)
{
    gale_address address;
    int count = gale_resolver_resolve(resolver, host, port, family, &address, 1);
    return count < 0 ? gale_strerror(count) : gale_address_text(&address, text);
}

TASK_TEST(literal_addresses_never_reach_a_resolver)
{
    static const char *const literals[] = { "127.0.0.1", "::1", "127.1", "0x7f.1",
                                            "::ffff:10.0.0.1" };
    gale_resolver *resolver = counting();
    gale_address address;
    gale_ioloop_set_default_resolver(gale_ioloop_current(), resolver);
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        assert_int_equal(gale_resolve(literals[i], 80, 0, &address, 1), 1);
        assert_int_equal(gale_resolver_resolve(resolver, literals[i], 80, 0, &address, 1), 1);
    }
    assert_error(gale_resolve("127.0.0.1", 80, AF_INET6, &address, 1), GALE_ENOTFOUND);
    assert_error(gale_resolve("::1", 80, AF_INET, &address, 1), GALE_ENOTFOUND);
    assert_error(gale_resolve("", 80, 0, &address, 1), GALE_ENOTFOUND);
    assert_error(gale_resolve("known", 65536, 0, &address, 1), GALE_EINVALID);
    gale_iostream *stream;
    assert_error(gale_tcp_client_connect("127.0.0.1", 1, NULL, &stream), -ECONNREFUSED);
    assert_int_equal(asked, 0);
    assert_string_equal(look_up(NULL, "known", 80, 0), "127.0.0.3:80");
    assert_int_equal(asked, 1);
    gale_resolver_free(resolver);
}

static int note_host(const char *host, int port, int family, gale_address *addresses, int capacity,
                     void *arg)
{
    (void)port;
    (void)family;
    (void)addresses;
    (void)capacity;
    (void)arg;
    note(host);
    note(" ");
    return GALE_ENOTFOUND;
}

/* RFC 6761 §6.3: nobody outside is asked for what is this machine. */
TASK_TEST(names_below_localhost)
{
    static const char *const hosts[] = { "localhost",    "a.localhost", "a.b.LOCALHOST.",
                                         "notlocalhost", ".localhost",  "localhost.a" };
    gale_resolver *resolver = gale_resolver_new(note_host, NULL);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        assert_string_equal(look_up(resolver, hosts[i], 80, 0), "not found");
    assert_string_equal(history, "localhost localhost localhost notlocalhost .localhost "
                                 "localhost.a ");
    assert_string_equal(look_up(NULL, "site.localhost", 80, AF_INET), "127.0.0.1:80");
    gale_resolver_free(resolver);
}

/* Tornado: TCPClient(resolver) */
TASK_TEST(a_client_asks_the_resolver_it_was_given)
{
    gale_resolver *resolver = counting();
    gale_iostream *stream;
    gale_tcp_client_options options = { .resolver = resolver };
    assert_error(gale_tcp_client_connect("known", 1, &options, &stream), -ECONNREFUSED);
    assert_int_equal(asked, 1);
    assert_error(gale_tcp_client_connect("unknown", 1, &options, &stream), GALE_ENOTFOUND);
    assert_int_equal(asked, 2);
    gale_resolver_free(resolver);
}

/* Tornado: test_resolve_multiaddr */
TASK_TEST(overrides_with_port_and_family)
{
    static const gale_override mapping[] = {
        { .host = "google.com", .port = 80, .to_host = "1.2.3.4", .to_port = 80 },
        { .host = "google.com", .port = 80, .family = AF_INET, .to_host = "1.2.3.5", .to_port = 8 },
        { .host = "google.com", .port = 80, .family = AF_INET6, .to_host = "2a02:6b8::e23a:3" },
        { .host = "google.com", .to_host = "1.2.3.6" },
        { .host = "10.0.0.1", .to_host = "known", .to_port = 8080 },
        { 0 }
    };
    gale_resolver *inner = counting();
    gale_resolver *resolver = gale_override_resolver_new(inner, mapping);
    assert_string_equal(look_up(resolver, "google.com", 80, 0), "1.2.3.4:80");
    assert_string_equal(look_up(resolver, "google.com", 80, AF_INET), "1.2.3.5:8");
    assert_string_equal(look_up(resolver, "google.com", 80, AF_INET6), "[2a02:6b8::e23a:3]:80");
    assert_string_equal(look_up(resolver, "Google.COM", 443, AF_INET), "1.2.3.6:443");
    assert_int_equal(asked, 0);
    assert_string_equal(look_up(resolver, "10.0.0.1", 80, 0), "127.0.0.3:8080");
    assert_string_equal(look_up(resolver, "10.0.0.2", 80, 0), "10.0.0.2:80");
    assert_string_equal(look_up(resolver, "unknown", 80, 0), "not found");
    assert_int_equal(asked, 2);
    gale_resolver_free(resolver);
    gale_resolver_free(inner);
}

TASK_TEST(overrides_before_the_loops_resolver)
{
    static const gale_override mapping[] = { { .host = "here", .to_host = "known" }, { 0 } };
    gale_resolver *inner = counting();
    gale_resolver *resolver = gale_override_resolver_new(NULL, mapping);
    gale_ioloop_set_default_resolver(gale_ioloop_current(), inner);
    assert_string_equal(look_up(resolver, "here", 80, 0), "127.0.0.3:80");
    gale_resolver_free(resolver);
    gale_resolver_free(inner);
}

TASK_TEST(threads_of_an_executor_of_ones_own)
{
    gale_executor *executor = gale_executor_new(1);
    gale_resolver *resolver = gale_threaded_resolver_new(executor);
    assert_string_equal(look_up(resolver, "localhost", 80, AF_INET), "127.0.0.1:80");
    gale_resolver_free(resolver);
    gale_executor_free(executor);
}

static char found_early[GALE_ADDRESS_TEXT_MAX];

static int look_up_early(void *arg)
{
    gale_address address;
    GALE_TRY(gale_resolve("localhost", 80, AF_INET, &address, 1));
    gale_address_text(&address, arg);
    return 0;
}

/* While the program is still being loaded: with threads, and whatever getaddrinfo loads itself. */
__attribute__((constructor)) static void find_early(void)
{
    gale_ioloop *loop = gale_ioloop_current();
    gale_ioloop_run_sync(loop, look_up_early, found_early, 30);
    gale_ioloop_free(loop);
}

/* Tornado: ThreadedResolverImportTest.test_import */
TEST(names_are_found_before_main)
{
    assert_string_equal(found_early, "127.0.0.1:80");
}

TASK_TEST(none_when_out_of_memory)
{
    static const gale_override mapping[] = { { 0 } };
    gale_address address;
    test_fail_allocation(1);
    assert_null(gale_resolver_new(count_and_answer, NULL));
    test_fail_allocation(1);
    assert_null(gale_threaded_resolver_new(NULL));
    test_fail_allocation(1);
    assert_null(gale_override_resolver_new(NULL, mapping));
    test_fail_allocation(1);
    assert_error(gale_resolve("localhost", 80, 0, &address, 1), -ENOMEM);
    test_fail_allocation(0);
    gale_resolver_free(NULL);
}

GALE_TEST_MAIN
