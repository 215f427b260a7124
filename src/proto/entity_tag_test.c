/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/entity_tag.h"

#include "proto/proto_test.h"

static bool equal(const char *a, const char *b, gale__entity_tag_comparison comparison)
{
    return gale__entity_tag_equal(str(a), str(b), comparison);
}

/* The table of RFC 9110 §8.8.3.2. */
TEST(the_two_comparisons)
{
    assert_false(equal("W/\"1\"", "W/\"1\"", GALE__ENTITY_TAG_STRONG));
    assert_true(equal("W/\"1\"", "W/\"1\"", GALE__ENTITY_TAG_WEAK));
    assert_false(equal("W/\"1\"", "W/\"2\"", GALE__ENTITY_TAG_STRONG));
    assert_false(equal("W/\"1\"", "W/\"2\"", GALE__ENTITY_TAG_WEAK));
    assert_false(equal("W/\"1\"", "\"1\"", GALE__ENTITY_TAG_STRONG));
    assert_true(equal("W/\"1\"", "\"1\"", GALE__ENTITY_TAG_WEAK));
    assert_true(equal("\"1\"", "\"1\"", GALE__ENTITY_TAG_STRONG));
    assert_true(equal("\"1\"", "\"1\"", GALE__ENTITY_TAG_WEAK));
    assert_false(equal("\"1\"", "\"12\"", GALE__ENTITY_TAG_WEAK));
}

static bool listed(const char *list, const char *tag)
{
    return gale__entity_tag_in_list(str(list), str(tag), GALE__ENTITY_TAG_WEAK);
}

TEST(lists_of_tags)
{
    assert_true(listed("*", "\"xyzzy1\""));
    assert_true(listed("\"xyzzy1\"", "\"xyzzy1\""));
    assert_true(listed("\"xyzzy1\", \"xyzzy2\"", "\"xyzzy1\""));
    assert_true(listed("\"xyzzy1\",\"xyzzy2\"", "\"xyzzy2\""));
    assert_true(listed("W/\"xyzzy1\"", "\"xyzzy1\""));
    assert_true(listed("W/\"xyzzy1\", W/\"xyzzy2\"", "\"xyzzy1\""));
    assert_true(listed("\"a, b\", \"c\"", "\"c\""));
    assert_true(listed("\"a, b\"", "\"a, b\""));
    assert_true(listed("\"\"", "\"\""));
    assert_false(listed("\"xyzzy1\"", "\"xyzzy\""));
    assert_false(listed("\"xyzzy\"", "\"xyzzy1\""));
    assert_false(listed("", "\"xyzzy1\""));
    assert_false(listed("xyzzy1", "\"xyzzy1\""));
    assert_false(listed("\"xyzzy1", "\"xyzzy1\""));
    assert_true(listed("\"xyzzy *", "\"xyzzy1\""));
    assert_false(listed("\"a\", *", "\"xyzzy1\""));
    assert_false(listed("\"*\"", "\"xyzzy1\""));
}

TEST(strong_lists)
{
    assert_true(gale__entity_tag_in_list(GALE_STR("\"a\", W/\"b\""), GALE_STR("\"a\""),
                                         GALE__ENTITY_TAG_STRONG));
    assert_false(gale__entity_tag_in_list(GALE_STR("\"a\", W/\"b\""), GALE_STR("\"b\""),
                                          GALE__ENTITY_TAG_STRONG));
    assert_true(
        gale__entity_tag_in_list(GALE_STR("*"), GALE_STR("W/\"b\""), GALE__ENTITY_TAG_STRONG));
}

GALE_TEST_MAIN
