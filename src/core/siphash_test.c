/* SPDX-License-Identifier: Apache-2.0 */
/* The vectors of the paper's appendix: key 00..0f, text 00 01 02 ... */
#include "core/siphash.h"

#include "test.h"

TEST(vectors)
{
    static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
    char text[64];
    for (int i = 0; i < 64; i++)
        text[i] = (char)i;
    assert_true(gale__siphash(key, (gale_str){ NULL, 0 }) == 0x726fdb47dd0e0e31);
    assert_true(gale__siphash(key, (gale_str){ text, 1 }) == 0x74f839c593dc67fd);
    assert_true(gale__siphash(key, (gale_str){ text, 8 }) == 0x93f5f5799a932462);
    assert_true(gale__siphash(key, (gale_str){ text, 15 }) == 0xa129ca6149be45e5);
}

GALE_TEST_MAIN
