/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/accept_language.h"

#include "test.h"

static void assert_weight(const char *header, const char *range, int weight)
{
    gale_str value = { header, strlen(header) };
    gale__language language;
    assert_true(gale__accept_language_next(&value, &language));
    assert_str(language.range, range);
    assert_int_equal(language.weight, weight);
    assert_false(gale__accept_language_next(&value, &language));
}

TEST(weights)
{
    assert_weight("de", "de", 1000);
    assert_weight(" de-CH ; q=0.85 ", "de-CH", 850);
    assert_weight("*;q=.5", "*", 500);
    assert_weight("de;q=1.000", "de", 1000);
    assert_weight("de;q=0.12345", "de", 123);
    assert_weight("de;q=0", "de", 0);
    assert_weight("de;q=7000000000000", "de", 1000);
    assert_weight("de;q=-1", "de", 0);
    assert_weight("de;q=", "de", 0);
    assert_weight("de;q=.", "de", 0);
    assert_weight("de;q=0.5.5", "de", 0);
    assert_weight("de;q=x", "de", 0);
    assert_weight("de;x=1;q=0", "de", 1000); /* only the first parameter */
    assert_weight("de;", "de", 1000);
    assert_weight(";q=0.5", "", 500);
}

TEST(a_list)
{
    gale_str value = GALE_STR("da, en-gb;q=0.8,, en;q=0.7");
    static const char *const ranges[] = { "da", "en-gb", "", "en" };
    gale__language language;
    for (size_t i = 0; i < 4; i++) {
        assert_true(gale__accept_language_next(&value, &language));
        assert_str(language.range, ranges[i]);
    }
    assert_false(gale__accept_language_next(&value, &language));
}

GALE_TEST_MAIN
