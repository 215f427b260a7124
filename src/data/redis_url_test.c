/* SPDX-License-Identifier: Apache-2.0 */
#include "data/redis_url.h"

#include <errno.h>
#include <stdio.h>

#include "test.h"

static gale__redis_url url;

/* "host port path user password database tls", with "-" for what is not there. */
static void expect(const char *text, const char *expected)
{
    char actual[300];
    assert_ok(gale__redis_url_parse(&url, text));
    snprintf(actual, sizeof actual, "%s %d %s %s %s %d%s", url.host ? url.host : "-", url.port,
             url.path ? url.path : "-", url.username ? url.username : "-",
             url.password ? url.password : "-", url.database, url.tls ? " tls" : "");
    gale__redis_url_clear(&url);
    assert_string_equal(actual, expected);
}

TEST(hosts)
{
    expect("redis://localhost", "localhost 6379 - - - 0");
    expect("redis://localhost/", "localhost 6379 - - - 0");
    expect("redis://localhost:7000/3", "localhost 7000 - - - 3");
    expect("rediss://Redis.example:7000", "redis.example 7000 - - - 0 tls");
    expect("redis://[::1]:6380/2", "::1 6380 - - - 2");
    expect("redis://:secret@10.0.0.1", "10.0.0.1 6379 - - secret 0");
    expect("redis://anna:s%40c%2Fret:x@h/1", "h 6379 - anna s@c/ret:x 1");
    expect("redis://anna:@h", "h 6379 - anna  0");
}

TEST(unix_sockets)
{
    expect("unix:///run/redis.sock", "- 0 /run/redis.sock - - 0");
    expect("unix:///run/re%20dis.sock?db=5", "- 0 /run/re dis.sock - - 5");
    expect("unix://anna:secret@/run/redis.sock", "- 0 /run/redis.sock anna secret 0");
    expect("unix://:secret@/r?db=", "- 0 /r - secret 0");
}

static void refused(const char *text, const char *why)
{
    assert_error(gale__redis_url_parse(&url, text), GALE_EINVALID);
    gale__redis_url_clear(&url);
    if (!strstr(gale_error_detail(), why))
        assert_string_equal(gale_error_detail(), why);
    assert_null(strstr(gale_error_detail(), "secret"));
}

TEST(what_is_wrong_is_said)
{
    refused("", "it begins with redis://");
    refused("localhost:6379", "it begins with redis://");
    refused("http://localhost", "it begins with redis://");
    refused("redis://", "malformed host or port");
    refused("redis://:6379", "malformed host or port");
    refused("redis://host:99999", "malformed host or port");
    refused("redis://host:0", "no port 0");
    refused("redis://host/one", "the database is a number");
    refused("redis://host/99999999999", "the database is a number");
    refused("redis://host/1?x=y", "the database is a number");
    refused("redis://:secret%2@host", "malformed password");
    refused("redis://anna@host", "needs a password");
    refused("unix://redis.sock", "absolute path");
    refused("unix://run/redis.sock", "absolute path");
    refused("unix://anna@/run/redis.sock", "needs a password");
    refused("unix://:secret%zz@/run/redis.sock", "two digits");
    refused("unix:///run/redis.sock?x=y", "only ?db=NUMBER");
    refused("unix:///run/redis.sock?db=x", "the database is a number");
}

TEST(names_for_messages)
{
    assert_ok(gale__redis_url_parse(&url, "redis://anna:secret@host/1"));
    assert_string_equal(url.name, "host:6379/1");
    gale__redis_url_clear(&url);
    assert_ok(gale__redis_url_parse(&url, "unix://:secret@/run/redis.sock?db=2"));
    assert_string_equal(url.name, "/run/redis.sock?db=2");
    gale__redis_url_clear(&url);
}

TEST(out_of_memory)
{
    static const char *const urls[] = { "redis://anna:secret@host/1", "unix://:secret@/r?db=2" };
    for (int i = 0; i < 2; i++) {
        size_t n = 0;
        do {
            test_fail_allocation(++n);
            int result = gale__redis_url_parse(&url, urls[i]);
            gale__redis_url_clear(&url);
            assert_true(result == 0 || test_allocation_failed());
            if (result)
                assert_int_equal(result, -ENOMEM);
        } while (test_allocation_failed());
        test_fail_allocation(0);
    }
}

GALE_TEST_MAIN
