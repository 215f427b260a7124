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
