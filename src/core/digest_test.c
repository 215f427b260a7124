/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digest.h"

#include "test.h"

static void assert_hex(const unsigned char *digest, size_t size, const char *expected)
{
    char hex[2 * GALE__DIGEST_MAX];
    gale__hex_encode(hex, digest, size);
    assert_str(((gale_str){ hex, 2 * size }), expected);
}

static void digests_to(gale__digest digest, const char *expected)
{
    gale__hash hash;
    unsigned char out[GALE__DIGEST_MAX];
    assert_ok(gale__hash_begin(&hash, digest));
    assert_ok(gale__hash_update(&hash, "a", 1));
    assert_ok(gale__hash_update(&hash, "bc", 2));
    assert_ok(gale__hash_end(&hash, out));
    assert_hex(out, gale__digest_size(digest), expected);
}

/* The examples of FIPS 180 for "abc". */
TEST(digests)
{
    digests_to(GALE__SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d");
    digests_to(GALE__SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digests_to(GALE__SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                             "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(a_digest_that_is_given_up)
{
    gale__hash hash;
    assert_ok(gale__hash_begin(&hash, GALE__SHA1));
    gale__hash_clear(&hash);
    gale__hash_clear(&hash);
}

/* RFC 2202 and RFC 4231, test cases 2; and keys that are empty or longer than a block. */
TEST(hmac)
{
    unsigned char out[GALE__DIGEST_MAX];
    gale_str text = GALE_STR("what do ya want for nothing?");
    assert_ok(gale__hmac(GALE__SHA1, GALE_STR("Jefe"), text, out));
    assert_hex(out, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    assert_ok(gale__hmac(GALE__SHA256, GALE_STR("Jefe"), text, out));
    assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_ok(gale__hmac(GALE__SHA256, GALE_STR(""), GALE_STR(""), out));
    assert_hex(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    char key[131];
    memset(key, 0xaa, sizeof key);
    assert_ok(gale__hmac(GALE__SHA256, (gale_str){ key, sizeof key },
                         GALE_STR("Test Using Larger Than Block-Size Key - Hash Key First"), out));
    assert_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(random_bytes)
{
    unsigned char a[300] = { 0 }, b[300] = { 0 };
    assert_ok(gale__random(a, sizeof a));
    assert_ok(gale__random(b, sizeof b));
    assert_memory_not_equal(a, b, sizeof a);
    assert_ok(gale__random(a, 0));
}

TEST(equality)
{
    assert_true(gale__equal_in_constant_time(GALE_STR("abc"), GALE_STR("abc")));
    assert_true(gale__equal_in_constant_time(GALE_STR(""), GALE_STR("")));
    assert_false(gale__equal_in_constant_time(GALE_STR("abc"), GALE_STR("abd")));
    assert_false(gale__equal_in_constant_time(GALE_STR("abc"), GALE_STR("ab")));
}

TEST(hexadecimal_digits)
{
    unsigned char out[4];
    assert_int_equal(gale__hex_decode(out, GALE_STR("00fFAb")), 3);
    assert_memory_equal(out, "\0\xff\xab", 3);
    assert_int_equal(gale__hex_decode(out, GALE_STR("")), 0);
    assert_error(gale__hex_decode(out, GALE_STR("0")), GALE_EINPUT);
    assert_error(gale__hex_decode(out, GALE_STR("0g")), GALE_EINPUT);
    assert_error(gale__hex_decode(out, GALE_STR("g0")), GALE_EINPUT);
    assert_error(gale__hex_decode(out, GALE_STR("0x")), GALE_EINPUT);
}

GALE_TEST_MAIN
