/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "proto/challenge.h"

static gale__pool pool;
static gale__arena arena;
static gale__challenge challenges[8];

/* How many there are, or the error. */
static int read_all(const char *text)
{
    gale_str header = { text, strlen(text) };
    int count = 0, result;
    while ((result = gale__challenge_next(&header, &challenges[count])) > 0)
        count++;
    return result < 0 ? result : count;
}

TEST(lists_of_challenges)
{
    assert_int_equal(read_all(""), 0);
    assert_int_equal(read_all(" , ,"), 0);
    assert_int_equal(read_all("Basic realm=\"a, b\", charset=\"UTF-8\""), 1);
    assert_str(challenges[0].scheme, "Basic");
    assert_str(challenges[0].parameters, "realm=\"a, b\", charset=\"UTF-8\"");
    assert_int_equal(read_all(",Basic realm=\"x\",, Digest realm=\"y\\\"\" , nonce = z,Negotiate, "
                              "NTLM YWJj== ,Bearer"),
                     5);
    assert_str(challenges[0].parameters, "realm=\"x\"");
    assert_str(challenges[1].parameters, "realm=\"y\\\"\" , nonce = z");
    assert_str(challenges[2].scheme, "Negotiate");
    assert_str(challenges[2].parameters, "");
    assert_str(challenges[3].parameters, "YWJj==");
    assert_str(challenges[4].scheme, "Bearer");
}

TEST(malformed_ones)
{
    static const char *const bad[] = { "=",
                                       "\"x\"",
                                       "Basic realm=\"x",
                                       "Basic realm=\"x\" y",
                                       "Basic realm= ,x=\"",
                                       "Basic a=b c=d",
                                       "Basic YWJj== x",
                                       "Basic@" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_error(read_all(bad[i]), GALE_EINPUT);
}

TEST(parameters_of_a_challenge)
{
    gale__pool_init(&pool, GALE__ARENA_BLOCK, 0);
    gale__arena_init(&arena, &pool);
    assert_int_equal(read_all("Digest REALM=\"a\\\\b\\\"\", nonce=n , empty=\"\", nonce=second"),
                     1);
    gale_str parameters = challenges[0].parameters;
    assert_str(gale__challenge_parameter(&arena, parameters, "realm"), "a\\b\"");
    assert_str(gale__challenge_parameter(&arena, parameters, "nonce"), "n");
    assert_str(gale__challenge_parameter(&arena, parameters, "empty"), "");
    assert_null(gale__challenge_parameter(&arena, parameters, "none").data);
    gale__arena_clear(&arena);
    gale__pool_close(&pool);
}

GALE_TEST_MAIN
