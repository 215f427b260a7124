/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base64.h"

#include "test.h"

static void check(const char *plain, const char *encoded)
{
    char out[64];
    size_t size = strlen(plain);
    gale__base64_encode(out, plain, size);
    assert_str(((gale_str){ out, gale__base64_size(size) }), encoded);
    assert_ok(gale__base64_decode(out, (gale_str){ encoded, strlen(encoded) }, &size));
    assert_str(((gale_str){ out, size }), plain);
}

TEST(the_vectors_of_rfc_4648)
{
    check("", "");
    check("f", "Zg==");
    check("fo", "Zm8=");
    check("foo", "Zm9v");
    check("foob", "Zm9vYg==");
    check("fooba", "Zm9vYmE=");
    check("foobar", "Zm9vYmFy");
    check("\xfb\xff\xfe", "+//+");
}

static void check_url(const char *plain, size_t size, const char *encoded)
{
    char out[64];
    size_t used = gale__base64url_encode(out, plain, size);
    assert_str(((gale_str){ out, used }), encoded);
    assert_ok(gale__base64url_decode(out, (gale_str){ encoded, strlen(encoded) }, &used));
    assert_int_equal(used, size);
    assert_memory_equal(out, plain, size);
}

TEST(base64_of_urls_has_no_padding)
{
    check_url("", 0, "");
    check_url("f", 1, "Zg");
    check_url("fo", 2, "Zm8");
    check_url("foo", 3, "Zm9v");
    check_url("foob", 4, "Zm9vYg");
    check_url("\xfb\xff\xfe", 3, "-__-");
    check_url("\0\0", 2, "AAA");
}

/* Otherwise one signature could be spelled in two ways. */
TEST(base64_of_urls_is_strict)
{
    static const char *const bad[] = { "Z",    "Zg==", "Zh",     "Zm9",  "Zm9vY", "+__-",
                                       "-//-", "Zm 9", "Zm9v\n", "Zm8=", "AAAAA" };
    char out[64];
    size_t size;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gale_str text = { bad[i], strlen(bad[i]) };
        if (gale__base64url_decode(out, text, &size) != GALE_EINPUT)
            fail_msg("%s was accepted", bad[i]);
    }
}

static void decodes_to(const char *text, const char *expected)
{
    char out[64];
    size_t size;
    int result = gale__base64_decode(out, (gale_str){ text, strlen(text) }, &size);
    assert_int_equal(result, expected ? 0 : GALE_EINPUT);
    if (expected)
        assert_str(((gale_str){ out, size }), expected);
}

/* Each as Python 3.11 does it. */
TEST(decoding_is_lenient)
{
    decodes_to("Zm 9v\r\nYg==", "foob");
    decodes_to("Zg==Zm9v", "f");
    decodes_to("Z=g==", "f");
    decodes_to("Zg=", NULL);
    decodes_to("Zg=o=", "f\n");
    decodes_to("Zg", NULL);
    decodes_to("Z", NULL);
    decodes_to("Zm9vY", NULL);
    decodes_to("====", "");
    decodes_to("=", "");
    decodes_to("Zm9v====", "foo");
    decodes_to("-_-_", "");
}

GALE_TEST_MAIN
