/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/precondition.h"

#include "proto/proto_test.h"

#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define EQUAL "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

static const gale__validators both = { "\"a\"", true, 784111777 };
static const gale__validators weak = { "W/\"a\"", true, 784111777 };
static const gale__validators none = { 0 };

TEST(if_none_match_comes_before_if_modified_since)
{
    assert_true(gale__not_modified("\"a\"", NULL, &both));
    assert_true(gale__not_modified("*", NULL, &both));
    assert_true(gale__not_modified("\"a\"", BEFORE, &both));
    assert_true(gale__not_modified("\"a\"", NULL, &weak));
    assert_false(gale__not_modified("\"b\"", EQUAL, &both));
    assert_false(gale__not_modified("*", NULL, &none));
    assert_true(gale__not_modified("", EQUAL, &both));
    assert_false(gale__not_modified(NULL, NULL, &both));
}

TEST(if_modified_since)
{
    assert_true(gale__not_modified(NULL, EQUAL, &both));
    assert_true(gale__not_modified(NULL, AFTER, &both));
    assert_true(gale__not_modified(NULL, "Sunday, 06-Nov-94 08:49:37 GMT", &both));
    assert_true(gale__not_modified(NULL, "Sun Nov  6 08:49:37 1994", &both));
    assert_false(gale__not_modified(NULL, BEFORE, &both));
    assert_false(gale__not_modified(NULL, "yesterday", &both));
    assert_false(gale__not_modified(NULL, "", &both));
    assert_false(gale__not_modified(NULL, "Fri, 01 Jan 1960 00:00:00 GMT", &both));
    assert_false(gale__not_modified(NULL, AFTER, &none));
}

TEST(if_match_and_if_unmodified_since)
{
    assert_false(gale__precondition_fails(NULL, NULL, &both));
    assert_false(gale__precondition_fails("\"b\", \"a\"", BEFORE, &both));
    assert_false(gale__precondition_fails("*", NULL, &none));
    assert_true(gale__precondition_fails("\"b\"", AFTER, &both));
    assert_true(gale__precondition_fails("W/\"a\"", NULL, &weak));
    assert_true(gale__precondition_fails("\"a\"", NULL, &none));
    assert_false(gale__precondition_fails(NULL, EQUAL, &both));
    assert_true(gale__precondition_fails(NULL, BEFORE, &both));
    assert_false(gale__precondition_fails(NULL, "never", &both));
    assert_false(gale__precondition_fails(NULL, BEFORE, &none));
}

TEST(if_range)
{
    const int64_t now = 784111800;
    assert_true(gale__if_range_holds(NULL, &none, now));
    assert_true(gale__if_range_holds("\"a\"", &both, now));
    assert_false(gale__if_range_holds("\"b\"", &both, now));
    assert_false(gale__if_range_holds("W/\"a\"", &weak, now));
    assert_false(gale__if_range_holds("\"a\"", &none, now));
    assert_false(gale__if_range_holds("*", &both, now));
    assert_true(gale__if_range_holds(EQUAL, &both, now));
    assert_false(gale__if_range_holds(AFTER, &both, now));
    assert_false(gale__if_range_holds(BEFORE, &both, now));
    assert_false(gale__if_range_holds(EQUAL, &none, now));
    assert_false(gale__if_range_holds(EQUAL, &both, 784111778));
    assert_false(gale__if_range_holds("", &both, now));
}

GALE_TEST_MAIN
