/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

TEST(bytes_are_a_terminated_copy)
{
    char data[] = "ab\0cd";
    gale_bytes *bytes = gale_bytes_new(data, 5);
    assert_non_null(bytes);
    data[0] = 'x';
    gale_str text = gale_bytes_str(bytes);
    assert_bytes(text, GALE_STR("ab\0cd"));
    assert_int_equal(text.data[5], '\0');
    gale_bytes_unref(bytes);
}

TEST(the_last_reference_frees)
{
    gale_bytes *bytes = gale_bytes_new("message", 7);
    assert_ptr_equal(gale_bytes_ref(bytes), bytes);
    gale_bytes_ref(bytes);
    gale_bytes_unref(bytes);
    gale_bytes_unref(bytes);
    assert_str(gale_bytes_str(bytes), "message");
    assert_true(test_allocated_bytes() > 0);
    gale_bytes_unref(bytes);
    assert_int_equal(test_allocated_bytes(), 0);
    gale_bytes_unref(NULL);
}

TEST(no_bytes_are_bytes)
{
    gale_bytes *bytes = gale_bytes_new(NULL, 0);
    assert_non_null(bytes);
    assert_str(gale_bytes_str(bytes), "");
    assert_string_equal(gale_bytes_str(bytes).data, "");
    gale_bytes_unref(bytes);
}

TEST(too_much_and_out_of_memory_are_null)
{
    assert_null(gale_bytes_new("", SIZE_MAX));
    assert_null(gale_bytes_new("", PTRDIFF_MAX));
    assert_int_equal(test_allocations(), 0);
    test_fail_allocation(1);
    assert_null(gale_bytes_new("a", 1));
}

GALE_TEST_MAIN
