/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/gen_test.h"

#include <errno.h>

enum { COUNT = 4 };

static int values[COUNT];

static void make(gale_future **futures)
{
    for (int i = 0; i < COUNT; i++)
        futures[i] = gale_future_new();
}

static void drop(gale_future **futures)
{
    for (int i = 0; i < COUNT; i++)
        gale_future_unref(futures[i]);
}

static void expect_next(gale_wait_iterator *iterator, size_t expected, int result)
{
    size_t index = 99;
    void *value = NULL;
    assert_int_equal(gale_wait_iterator_next(iterator, &index, &value), result);
    assert_int_equal(index, expected);
    assert_ptr_equal(value, result == 0 ? &values[expected] : NULL);
}

TASK_TEST(an_empty_iterator_is_done)
{
    gale_wait_iterator *iterator = gale_wait_iterator_new(NULL, 0);
    assert_true(gale_wait_iterator_done(iterator));
    assert_error(gale_wait_iterator_next(iterator, NULL, NULL), GALE_EEMPTY);
    gale_wait_iterator_free(iterator);
    gale_wait_iterator_free(NULL);
}

TASK_TEST(what_is_done_already_comes_in_the_order_of_the_list)
{
    gale_future *futures[COUNT];
    make(futures);
    for (int i = COUNT; i-- > 0;)
        assert_ok(gale_future_set_result(futures[i], &values[i]));
    gale_wait_iterator *iterator = gale_wait_iterator_new(futures, COUNT);
    drop(futures); /* the iterator keeps them */
    for (size_t i = 0; i < COUNT; i++) {
        assert_false(gale_wait_iterator_done(iterator));
        expect_next(iterator, i, 0);
    }
    assert_true(gale_wait_iterator_done(iterator));
    gale_wait_iterator_free(iterator);
}

static int finish_in_turn(void *arg)
{
    gale_future **futures = arg;
    loop_briefly();
    assert_ok(gale_future_set_result(futures[2], &values[2]));
    loop_briefly();
    assert_ok(gale_future_set_error(futures[0], -EIO));
    loop_briefly();
    assert_ok(gale_future_set_result(futures[1], &values[1]));
    assert_ok(gale_future_set_result(futures[3], &values[3]));
    return 0;
}

TASK_TEST(results_come_as_they_are_done_and_an_error_does_not_end_it)
{
    gale_future *futures[COUNT];
    make(futures);
    gale_wait_iterator *iterator = gale_wait_iterator_new(futures, COUNT);
    assert_ok(gale_spawn(finish_in_turn, futures));
    expect_next(iterator, 2, 0);
    expect_next(iterator, 0, -EIO);
    expect_next(iterator, 1, 0);
    assert_false(gale_wait_iterator_done(iterator));
    expect_next(iterator, 3, 0);
    assert_true(gale_wait_iterator_done(iterator));
    gale_wait_iterator_free(iterator);
    drop(futures);
}

static int next_without_value(void *iterator)
{
    return gale_wait_iterator_next(iterator, NULL, NULL);
}

TASK_TEST(a_timeout_loses_nothing)
{
    gale_future *futures[COUNT];
    make(futures);
    gale_wait_iterator *iterator = gale_wait_iterator_new(futures, COUNT);
    assert_error(gale_with_timeout(0.001, next_without_value, iterator), GALE_ETIMEDOUT);
    assert_ok(gale_future_set_result(futures[1], &values[1]));
    assert_ok(gale_with_timeout(0.001, next_without_value, iterator));
    gale_wait_iterator_free(iterator);
    assert_ok(gale_future_set_result(futures[0], NULL)); /* nobody listens any more */
    drop(futures);
}

TASK_TEST(a_future_that_is_listed_twice_comes_twice)
{
    gale_future *futures[COUNT];
    make(futures);
    gale_future *twice[] = { futures[0], futures[0] };
    gale_wait_iterator *iterator = gale_wait_iterator_new(twice, 2);
    assert_ok(gale_future_set_result(futures[0], &values[0]));
    assert_ok(gale_wait_iterator_next(iterator, NULL, NULL));
    assert_ok(gale_wait_iterator_next(iterator, NULL, NULL));
    assert_true(gale_wait_iterator_done(iterator));
    gale_wait_iterator_free(iterator);
    drop(futures);
}

static int next_and_note(void *iterator)
{
    int result = next_without_value(iterator);
    note(result == 0 ? "result " : result == GALE_EEMPTY ? "empty " : "canceled ");
    return 0;
}

TASK_TEST(more_tasks_than_futures_end_all_the_same)
{
    gale_future *futures[COUNT];
    make(futures);
    gale_wait_iterator *iterator = gale_wait_iterator_new(futures, 1);
    gale_scope *scope = gale_scope_open(NULL);
    for (int i = 0; i < 3; i++)
        assert_ok(gale_spawn(next_and_note, iterator));
    assert_ok(gale_moment());
    assert_ok(gale_future_set_result(futures[0], NULL));
    gale_wait_iterator_free(iterator); /* what was handed out stays so */
    gale_scope_close(scope, 0);
    assert_string_equal(history, "result empty empty ");
    drop(futures);
}

TASK_TEST(freeing_it_ends_the_waits)
{
    gale_future *futures[COUNT];
    make(futures);
    gale_wait_iterator *iterator = gale_wait_iterator_new(futures, COUNT);
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(next_and_note, iterator));
    assert_ok(gale_moment());
    gale_wait_iterator_free(iterator);
    gale_scope_close(scope, 0);
    assert_string_equal(history, "canceled ");
    drop(futures);
}

TASK_TEST(without_memory_there_is_none)
{
    gale_future *futures[COUNT];
    make(futures);
    test_fail_allocation(1);
    assert_null(gale_wait_iterator_new(futures, COUNT));
    test_fail_allocation(0);
    assert_null(gale_wait_iterator_new(futures, SIZE_MAX / 2));
    drop(futures);
}

GALE_TEST_MAIN
