/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pool.h"
#include "test.h"

TEST(the_block_given_back_last_comes_first)
{
    gale__pool pool;
    gale__pool_init(&pool, 100, 0);
    void *first = gale__pool_get(&pool), *second = gale__pool_get(&pool);
    assert_ptr_not_equal(first, second);
    assert_int_equal(pool.used, 2);
    gale__pool_put(&pool, first);
    gale__pool_put(&pool, second);
    assert_int_equal(pool.used, 0);
    assert_ptr_equal(gale__pool_get(&pool), second);
    assert_ptr_equal(gale__pool_get(&pool), first);
    gale__pool_put(&pool, first);
    gale__pool_put(&pool, second);
    gale__pool_close(&pool);
}

TEST(blocks_are_aligned_and_do_not_overlap)
{
    enum { COUNT = 50, SIZE = 33 };
    unsigned char *blocks[COUNT];
    gale__pool pool;
    gale__pool_init(&pool, SIZE, 256);
    assert_int_equal(pool.block_size, 48);
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = gale__pool_get(&pool);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, pool.block_size);
    }
    assert_int_equal(test_allocations(), COUNT / 5); /* (256 - 16) / 48 blocks a slab */
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < pool.block_size; j++)
            assert_int_equal(blocks[i][j], i);
        gale__pool_put(&pool, blocks[i]);
    }
    gale__pool_close(&pool);
}

TEST(given_back_blocks_cost_no_allocation)
{
    gale__pool pool;
    gale__pool_init(&pool, 64, 0);
    for (int i = 0; i < 10000; i++) {
        void *block = gale__pool_get(&pool);
        assert_non_null(block);
        gale__pool_put(&pool, block);
    }
    assert_int_equal(test_allocations(), 1);
    gale__pool_close(&pool);
    gale__pool_close(&pool);
}

TEST(a_slab_holds_at_least_one_block)
{
    gale__pool pool;
    gale__pool_init(&pool, 1000, 10);
    char *block = gale__pool_get(&pool);
    assert_non_null(block);
    memset(block, 1, 1000);
    gale__pool_put(&pool, block);
    gale__pool_close(&pool);

    gale__pool_init(&pool, 0, 0);
    void *first = gale__pool_get(&pool), *second = gale__pool_get(&pool);
    assert_ptr_not_equal(first, second);
    gale__pool_put(&pool, first);
    gale__pool_put(&pool, second);
    gale__pool_close(&pool);
}

TEST(out_of_memory_leaves_the_pool_usable)
{
    gale__pool pool;
    gale__pool_init(&pool, 64, 80);
    test_fail_allocation(1);
    assert_null(gale__pool_get(&pool));
    assert_int_equal(pool.used, 0);
    void *first = gale__pool_get(&pool);
    assert_non_null(first);
    test_fail_allocation(1);
    assert_null(gale__pool_get(&pool));
    assert_int_equal(pool.used, 1);
    gale__pool_put(&pool, first);
    assert_ptr_equal(gale__pool_get(&pool), first);
    gale__pool_put(&pool, first);
    gale__pool_close(&pool);
}

#if GALE__ASAN
TEST(the_sanitizer_sees_free_blocks)
{
    gale__pool pool;
    gale__pool_init(&pool, 64, 0);
    char *block = gale__pool_get(&pool);
    assert_int_equal(__asan_address_is_poisoned(block), 0);
    assert_int_equal(__asan_address_is_poisoned(block + 63), 0);
    assert_int_equal(__asan_address_is_poisoned(block + 64), 1); /* the next block */
    gale__pool_put(&pool, block);
    assert_int_equal(__asan_address_is_poisoned(block), 1);
    assert_int_equal(__asan_address_is_poisoned(block + 63), 1);
    assert_ptr_equal(gale__pool_get(&pool), block);
    assert_int_equal(__asan_address_is_poisoned(block), 0);
    gale__pool_put(&pool, block);
    gale__pool_close(&pool);
}
#endif

GALE_TEST_MAIN
