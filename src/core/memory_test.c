/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory.h"
#include "test.h"

TEST(calloc_zeroes_also_reused_memory)
{
    char *memory = gale__malloc(64);
    assert_non_null(memory);
    memset(memory, 'x', 64);
    gale__free(memory);
    memory = gale__calloc(8, 8);
    assert_non_null(memory);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(memory[i], 0);
    gale__free(memory);
}

TEST(calloc_refuses_an_overflow_without_asking_the_allocator)
{
    assert_null(gale__calloc(SIZE_MAX / 2, 3));
    assert_int_equal(test_allocations(), 0);
}

TEST(size_zero_is_a_block_like_any_other)
{
    void *memory = gale__malloc(0);
    assert_non_null(memory);
    memory = gale__realloc(memory, 0);
    assert_non_null(memory);
    gale__free(memory);
    memory = gale__calloc(0, 16);
    assert_non_null(memory);
    gale__free(memory);
}

TEST(realloc_keeps_content_and_takes_null)
{
    char *memory = gale__realloc(NULL, 4);
    assert_non_null(memory);
    memcpy(memory, "abc", 4);
    memory = gale__realloc(memory, 4096);
    assert_string_equal(memory, "abc");
    gale__free(memory);
    gale__free(NULL);
}

TEST(strdup_copies_a_part_and_terminates_it)
{
    char *copy = gale__strdup("hello world", 5);
    assert_string_equal(copy, "hello");
    gale__free(copy);
    copy = gale__strdup(NULL, 0);
    assert_string_equal(copy, "");
    gale__free(copy);
    assert_null(gale__strdup("", SIZE_MAX));
}

TEST(each_function_reports_a_failed_allocation)
{
    test_fail_allocation(1);
    assert_null(gale__malloc(1));
    assert_true(test_allocation_failed());
    test_fail_allocation(1);
    assert_null(gale__calloc(1, 1));
    test_fail_allocation(1);
    assert_null(gale__strdup("a", 1));
    char *memory = gale__strdup("kept", 4);
    test_fail_allocation(1);
    assert_null(gale__realloc(memory, 100));
    assert_string_equal(memory, "kept");
    gale__free(memory);
}

static size_t mallocs, reallocs, frees;

static void *own_malloc(size_t size, void *arg)
{
    static char blocks[4][64];
    assert_ptr_equal(arg, &mallocs);
    assert_true(size <= sizeof blocks[0]);
    return blocks[mallocs++];
}

static void *own_realloc(void *memory, size_t size, void *arg)
{
    assert_ptr_equal(arg, &mallocs);
    assert_true(size <= 64);
    reallocs++;
    return memory;
}

static void own_free(void *memory, void *arg)
{
    (void)memory;
    assert_ptr_equal(arg, &mallocs);
    frees++;
}

TEST(the_allocator_is_replaced_and_put_back)
{
    gale_allocator own = { own_malloc, own_realloc, own_free, &mallocs };
    gale_set_allocator(&own);
    own = (gale_allocator){ NULL, NULL, NULL, NULL }; /* it was copied */
    void *memory = gale__calloc(2, 4);
    memory = gale__realloc(memory, 32);
    gale__free(memory);
    gale_set_allocator(NULL);
    assert_int_equal(mallocs, 1);
    assert_int_equal(reallocs, 1);
    assert_int_equal(frees, 1);
    memory = gale__malloc(1 << 20);
    assert_non_null(memory);
    gale__free(memory);
    assert_int_equal(frees, 1);
}

GALE_TEST_MAIN
