/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <errno.h>

#include "gen/queue_store.h"

enum { COUNT = 500 };

static int items[COUNT];

static void push(gale__queue_store *store, int *item)
{
    assert_ok(gale__queue_store_reserve(store, store->count + 1));
    gale__queue_store_push(store, item);
}

static int pop(gale__queue_store *store)
{
    return *(int *)gale__queue_store_pop(store);
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int compare_tens(const void *a, const void *b)
{
    return *(const int *)a / 10 - *(const int *)b / 10;
}

/* A simple fixed sequence of numbers. */
static int next_number(void)
{
    static uint32_t state = 1;
    state = state * 1664525 + 1013904223;
    return (int)(state >> 8);
}

static void number_items(void)
{
    for (int i = 0; i < COUNT; i++)
        items[i] = i;
}

TEST(the_ring_keeps_its_order_while_it_grows_and_turns)
{
    gale__queue_store store;
    gale__queue_store_init(&store, GALE__QUEUE_FIFO, NULL);
    number_items();
    int in = 0, out = 0;
    while (in < COUNT) {
        for (int i = next_number() % 9; i > 0 && in < COUNT; i--)
            push(&store, &items[in++]);
        for (int i = next_number() % 8; i > 0 && out < in; i--)
            assert_int_equal(pop(&store), out++);
        assert_int_equal(store.count, in - out);
    }
    while (out < COUNT)
        assert_int_equal(pop(&store), out++);
    gale__queue_store_clear(&store);
}

TEST(the_newest_comes_first_from_a_stack)
{
    gale__queue_store store;
    gale__queue_store_init(&store, GALE__QUEUE_LIFO, NULL);
    number_items();
    for (int i = 0; i < COUNT; i++)
        push(&store, &items[i]);
    for (int i = COUNT; i-- > 0;)
        assert_int_equal(pop(&store), i);
    gale__queue_store_clear(&store);
}

TEST(the_least_comes_first_from_a_heap)
{
    gale__queue_store store;
    gale__queue_store_init(&store, GALE__QUEUE_PRIORITY, compare);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < COUNT; i++) {
            items[i] = next_number() % 1000;
            push(&store, &items[i]);
        }
        for (int i = 0, last = -1; i < COUNT; i++) {
            int item = pop(&store);
            assert_true(item >= last);
            last = item;
        }
    }
    gale__queue_store_clear(&store);
}

TEST(equal_items_of_a_heap_stay_in_order)
{
    gale__queue_store store;
    gale__queue_store_init(&store, GALE__QUEUE_PRIORITY, compare_tens);
    for (int i = 0; i < COUNT; i++) {
        items[i] = (i * 7 % 50) * 10 + i / 50; /* ten of each of fifty */
        push(&store, &items[i]);
    }
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(pop(&store), i);
    gale__queue_store_clear(&store);
}

TEST(without_memory_everything_stays)
{
    gale__queue_store store;
    gale__queue_store_init(&store, GALE__QUEUE_FIFO, NULL);
    number_items();
    for (int i = 0; i < 8; i++)
        push(&store, &items[i]);
    test_fail_allocation(1);
    assert_error(gale__queue_store_reserve(&store, 9), -ENOMEM);
    test_fail_allocation(0);
    assert_error(gale__queue_store_reserve(&store, SIZE_MAX / 4), -ENOMEM);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pop(&store), i);
    gale__queue_store_clear(&store);
}

GALE_TEST_MAIN
