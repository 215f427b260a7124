/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "test.h"

static gale__pool pool;
static gale__arena arena;

static void open_arena(void)
{
    gale__pool_init(&pool, GALE__ARENA_BLOCK, 0);
    gale__arena_init(&arena, &pool);
}

static void close_arena(void)
{
    gale__arena_clear(&arena);
    gale__pool_close(&pool);
}

TEST(an_unused_arena_allocates_nothing)
{
    open_arena();
    close_arena();
    assert_int_equal(test_allocations(), 0);
}

TEST(small_arenas_live_in_the_pooled_block)
{
    open_arena();
    for (int i = 0; i < 100; i++) {
        assert_non_null(gale__arena_alloc(&arena, 500));
        assert_non_null(gale__arena_alloc(&arena, 500));
        assert_int_equal(pool.used, 1);
        gale__arena_clear(&arena);
        assert_int_equal(pool.used, 0);
    }
    assert_int_equal(test_allocations(), 1); /* the pool's slab */
    close_arena();
}

TEST(allocations_are_aligned_and_do_not_overlap)
{
    enum { COUNT = 300 };
    unsigned char *memory[COUNT];
    open_arena();
    for (size_t i = 0; i < COUNT; i++) {
        memory[i] = gale__arena_alloc(&arena, i);
        assert_non_null(memory[i]);
        assert_int_equal((uintptr_t)memory[i] % 16, 0);
        memset(memory[i], (int)(i & 0xff), i);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_equal(memory[i][j], i & 0xff);
    assert_false(arena.failed);
    close_arena();
}

TEST(size_zero_is_not_a_failure)
{
    open_arena();
    void *first = gale__arena_alloc(&arena, 0);
    assert_non_null(first);
    assert_ptr_not_equal(gale__arena_alloc(&arena, 0), first);
    assert_non_null(gale__arena_calloc(&arena, 0));
    assert_false(arena.failed);
    close_arena();
}

TEST(a_large_allocation_does_not_waste_the_block_in_use)
{
    open_arena();
    char *before = gale__arena_alloc(&arena, 16);
    char *large = gale__arena_alloc(&arena, 1 << 20);
    assert_non_null(large);
    memset(large, 1, 1 << 20);
    char *after = gale__arena_alloc(&arena, 16);
    assert_true(after > before && after < before + GALE__ARENA_BLOCK);
    assert_int_equal(test_allocations(), 2);
    close_arena();
}

TEST(a_large_first_allocation_works)
{
    open_arena();
    char *large = gale__arena_alloc(&arena, GALE__ARENA_BLOCK);
    assert_non_null(large);
    memset(large, 1, GALE__ARENA_BLOCK);
    assert_non_null(gale__arena_alloc(&arena, 16));
    close_arena();
}

TEST(many_allocations_take_few_blocks)
{
    open_arena();
    for (int i = 0; i < 10000; i++)
        assert_non_null(gale__arena_alloc(&arena, 100));
    assert_true(test_allocations() < 30); /* 1.1 MB in blocks of up to 64 KiB */
    close_arena();
}

TEST(impossible_sizes_fail_and_are_remembered)
{
    open_arena();
    assert_null(gale__arena_alloc(&arena, SIZE_MAX));
    assert_true(arena.failed);
    assert_null(gale__arena_alloc(&arena, SIZE_MAX - 20));
    assert_null(gale__arena_alloc(&arena, PTRDIFF_MAX));
    assert_null(gale__arena_strdup(&arena, "", SIZE_MAX));
    assert_int_equal(test_allocations(), 0);
    assert_non_null(gale__arena_alloc(&arena, 16));
    assert_true(arena.failed);
    gale__arena_clear(&arena);
    assert_false(arena.failed);
    close_arena();
}

TEST(each_failed_allocation_is_survived)
{
    static const size_t sizes[] = { 100, 2000, 1000, 50000, 1000, 900 };
    size_t n = 0;
    do {
        open_arena();
        test_fail_allocation(++n);
        size_t failures = 0;
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char *memory = gale__arena_alloc(&arena, sizes[i]);
            if (memory)
                memset(memory, 1, sizes[i]);
            else
                failures++;
        }
        assert_int_equal(failures, test_allocation_failed());
        assert_int_equal(arena.failed, test_allocation_failed());
        close_arena();
        assert_int_equal(test_allocated_bytes(), 0);
    } while (test_allocation_failed());
    assert_true(n > 4);
}

TEST(calloc_zeroes)
{
    open_arena();
    memset(gale__arena_alloc(&arena, 512), 'x', 512);
    gale__arena_clear(&arena);
    char *memory = gale__arena_calloc(&arena, 512);
    for (size_t i = 0; i < 512; i++)
        assert_int_equal(memory[i], 0);
    close_arena();
}

TEST(strdup_copies_a_part_and_terminates_it)
{
    open_arena();
    assert_string_equal(gale__arena_strdup(&arena, "hello world", 5), "hello");
    assert_string_equal(gale__arena_strdup(&arena, NULL, 0), "");
    assert_memory_equal(gale__arena_strdup(&arena, "a\0b", 3), "a\0b", 4);
    close_arena();
}

TEST(printf_formats_short_and_long_text)
{
    open_arena();
    size_t size = 99;
    assert_string_equal(gale__arena_printf(&arena, &size, "%d-%s", 42, "x"), "42-x");
    assert_int_equal(size, 4);
    assert_string_equal(gale__arena_printf(&arena, &size, "%s", ""), "");
    assert_int_equal(size, 0);
    for (int width = 254; width < 258; width++) { /* around the size of the local buffer */
        char *text = gale__arena_printf(&arena, NULL, "%*d", width, 7);
        assert_int_equal(strlen(text), width);
        assert_int_equal(text[width - 1], '7');
    }
    char *text = gale__arena_printf(&arena, &size, "%0*d", 100000, 1);
    assert_int_equal(size, 100000);
    assert_int_equal(strlen(text), 100000);
    close_arena();
}

TEST(failed_printf_leaves_the_size_alone)
{
    open_arena();
    size_t size = 99;
    test_fail_allocation(1);
    assert_null(gale__arena_printf(&arena, &size, "text"));
    assert_int_equal(size, 99);
    assert_true(arena.failed);
    gale__arena_clear(&arena);
    assert_null(gale__arena_printf(&arena, &size, "%ls", L"\x7fffffff")); /* no such character */
    assert_true(arena.failed);
    close_arena();
}

#if GALE__ASAN
TEST(the_sanitizer_sees_free_memory)
{
    open_arena();
    char *memory = gale__arena_alloc(&arena, 20);
    char *next = gale__arena_alloc(&arena, 16);
    assert_int_equal(__asan_address_is_poisoned(memory + 19), 0);
    assert_int_equal(__asan_address_is_poisoned(memory + 20), 1);
    assert_int_equal(__asan_address_is_poisoned(next - 1), 1);
    assert_int_equal(__asan_address_is_poisoned(next), 0);
    gale__arena_clear(&arena);
    assert_int_equal(__asan_address_is_poisoned(memory), 1);
    close_arena();
}
#endif

GALE_TEST_MAIN
