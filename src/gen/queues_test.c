/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/gen_test.h"

#include <errno.h>
#include <stdio.h>

#include <gale/queues.h>

enum { COUNT = 12 };

/* Items are pointers into this array; its values are their numbers. */
static int numbers[COUNT] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };

typedef struct transfer {
    gale_queue *queue;
    int number; /* to put, or what was got */
    double timeout;
    int result; /* 1 while it waits */
} transfer;

static int put_plainly(void *arg)
{
    transfer *self = arg;
    return gale_queue_put(self->queue, &numbers[self->number]);
}

static int get_plainly(void *arg)
{
    transfer *self = arg;
    void *item;
    GALE_TRY(gale_queue_get(self->queue, &item));
    self->number = *(int *)item;
    return 0;
}

static int put(void *arg)
{
    transfer *self = arg;
    self->result =
        self->timeout > 0 ? gale_with_timeout(self->timeout, put_plainly, self) : put_plainly(self);
    return 0;
}

static int get(void *arg)
{
    transfer *self = arg;
    self->result =
        self->timeout > 0 ? gale_with_timeout(self->timeout, get_plainly, self) : get_plainly(self);
    return 0;
}

static void start(gale_task_function function, transfer *self)
{
    self->result = 1;
    assert_ok(gale_spawn(function, self));
}

/* Waits until it has one. */
static int outcome(const transfer *self)
{
    while (self->result == 1)
        assert_ok(gale_sleep(0.001));
    return self->result;
}

static void put_now(gale_queue *queue, int number)
{
    assert_ok(gale_queue_put_nowait(queue, &numbers[number]));
}

static int get_now(gale_queue *queue)
{
    void *item;
    int result = gale_queue_get_nowait(queue, &item);
    return result < 0 ? result : *(int *)item;
}

static int compare_numbers(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* ---- Order and size ---- */

TASK_TEST(first_in_first_out)
{
    gale_queue *queue = gale_queue_new(0);
    int order[] = { 1, 3, 2 };
    for (int i = 0; i < 3; i++)
        put_now(queue, order[i]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(get_now(queue), order[i]);
    assert_int_equal(get_now(queue), GALE_EEMPTY);
    gale_queue_free(queue);
    gale_queue_free(NULL);
}

TASK_TEST(maxsize_is_kept)
{
    assert_null(gale_queue_new(-1));
    assert_string_equal(gale_error_detail(), "maxsize can't be negative");
    assert_null(gale_lifo_queue_new(-1));
    assert_null(gale_priority_queue_new(-1, compare_numbers));
    gale_queue *queue = gale_queue_new(2);
    assert_true(gale_queue_empty(queue));
    assert_false(gale_queue_full(queue));
    assert_int_equal(gale_queue_maxsize(queue), 2);
    assert_ok(gale_queue_put(queue, &numbers[0]));
    assert_ok(gale_queue_put(queue, &numbers[1]));
    assert_false(gale_queue_empty(queue));
    assert_true(gale_queue_full(queue));
    transfer third = { queue, 2, 0, 0 };
    start(put, &third);
    assert_ok(gale_moment());
    assert_int_equal(third.result, 1);
    assert_int_equal(get_now(queue), 0); /* makes room */
    assert_ok(gale_moment());
    assert_ok(third.result);
    assert_int_equal(gale_queue_qsize(queue), 2);
    assert_true(gale_queue_full(queue));
    gale_queue_free(queue);
}

TASK_TEST(without_maxsize_it_is_never_full)
{
    gale_queue *queue = gale_queue_new(0);
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < COUNT; i++)
            put_now(queue, i);
        assert_int_equal(get_now(queue), round % COUNT);
        assert_false(gale_queue_full(queue));
    }
    assert_int_equal(gale_queue_qsize(queue), 100 * (COUNT - 1));
    for (int i = 100; i < 100 * COUNT; i++)
        assert_int_equal(get_now(queue), i % COUNT);
    gale_queue_free(queue);
}

TASK_TEST(null_is_an_item)
{
    void *item = numbers;
    gale_queue *queue = gale_queue_new(0);
    assert_ok(gale_queue_put(queue, NULL));
    assert_ok(gale_queue_get(queue, &item));
    assert_null(item);
    gale_queue_free(queue);
}

TASK_TEST(priority_queue_gives_the_lowest_first)
{
    gale_queue *queue = gale_priority_queue_new(2, compare_numbers);
    put_now(queue, 1);
    put_now(queue, 0);
    assert_true(gale_queue_full(queue));
    transfer third = { queue, 3, 0, 0 }, second = { queue, 2, 0, 0 };
    start(put, &third);
    start(put, &second);
    assert_ok(gale_moment());
    for (int i = 0; i < 4; i++)
        assert_int_equal(get_now(queue), i);
    assert_true(gale_queue_empty(queue));
    assert_ok(gale_moment());
    assert_int_equal(second.result + third.result, 0);
    gale_queue_free(queue);
}

TASK_TEST(lifo_queue_gives_the_newest_first)
{
    gale_queue *queue = gale_lifo_queue_new(2);
    put_now(queue, 1);
    put_now(queue, 0);
    transfer third = { queue, 3, 0, 0 }, second = { queue, 2, 0, 0 };
    start(put, &third);
    start(put, &second);
    assert_ok(gale_moment());
    int order[] = { 3, 2, 0, 1 };
    for (int i = 0; i < 4; i++)
        assert_int_equal(get_now(queue), order[i]);
    assert_true(gale_queue_empty(queue));
    assert_ok(gale_moment());
    assert_int_equal(second.result + third.result, 0);
    gale_queue_free(queue);
}

/* ---- Getting ---- */

TASK_TEST(get_waits_for_an_item)
{
    gale_queue *queue = gale_queue_new(0);
    transfer getters[3];
    for (int i = 0; i < 3; i++) {
        getters[i] = (transfer){ queue, -1, 0, 0 };
        start(get, &getters[i]);
    }
    assert_ok(gale_moment());
    put_now(queue, 5);
    assert_ok(gale_queue_put(queue, &numbers[6]));
    assert_int_equal(getters[0].result, 1); /* not from within the call */
    assert_true(gale_queue_empty(queue));   /* handed over */
    assert_ok(gale_moment());
    assert_ok(getters[0].result);
    assert_int_equal(getters[0].number, 5);
    assert_int_equal(getters[1].number, 6);
    assert_int_equal(getters[2].result, 1);
    put_now(queue, 7);
    assert_ok(gale_moment());
    assert_int_equal(getters[2].number, 7);
    gale_queue_free(queue);
}

static void put_from_callback(void *queue)
{
    put_now(queue, 1);
}

TASK_TEST(get_may_be_served_by_a_callback)
{
    void *item;
    gale_queue *queue = gale_queue_new(0);
    assert_ok(gale_ioloop_call_later(gale_ioloop_current(), 0.001, put_from_callback, queue, NULL));
    assert_ok(gale_queue_get(queue, &item));
    assert_int_equal(*(int *)item, 1);
    gale_queue_free(queue);
}

TASK_TEST(get_lets_a_putter_in)
{
    gale_queue *queue = gale_queue_new(1);
    put_now(queue, 0);
    transfer putter = { queue, 1, 0, 0 };
    start(put, &putter);
    assert_ok(gale_moment());
    assert_int_equal(get_now(queue), 0);
    assert_true(gale_queue_full(queue)); /* with the putter's item */
    assert_ok(gale_moment());
    assert_ok(putter.result);
    assert_int_equal(get_now(queue), 1);
    gale_queue_free(queue);
}

TASK_TEST(get_that_times_out_takes_nothing)
{
    gale_queue *queue = gale_queue_new(0);
    transfer getters[11];
    for (int i = 0; i < 11; i++) {
        getters[i] = (transfer){ queue, -1, i < 10 ? 0.001 : 0, 0 };
        start(get, &getters[i]);
    }
    for (int i = 0; i < 10; i++)
        assert_error(outcome(&getters[i]), GALE_ETIMEDOUT);
    put_now(queue, 3);
    assert_ok(gale_moment());
    assert_ok(getters[10].result);
    assert_int_equal(getters[10].number, 3);
    transfer none = { queue, -1, 0, 0 };
    assert_error(gale_with_timeout(0, get_plainly, &none), GALE_ETIMEDOUT);
    put_now(queue, 4);
    assert_ok(gale_with_timeout(0, get_plainly, &none));
    assert_int_equal(none.number, 4);
    gale_queue_free(queue);
}

TASK_TEST(get_served_before_its_timeout)
{
    gale_queue *queue = gale_queue_new(0);
    transfer getter = { queue, -1, 0.05, 0 };
    start(get, &getter);
    assert_ok(gale_moment());
    put_now(queue, 0);
    assert_ok(gale_sleep(0.06));
    assert_ok(getter.result);
    assert_int_equal(getter.number, 0);
    gale_queue_free(queue);
}

static int put_and_cancel(void *arg)
{
    void **both = arg;
    put_now(both[0], 8);
    gale_scope_cancel(both[1]);
    return 0;
}

TASK_TEST(a_cancelled_getter_loses_no_item)
{
    void *item;
    gale_queue *queue = gale_queue_new(0);
    gale_scope *scope = gale_scope_open(NULL);
    void *both[] = { queue, scope };
    assert_ok(gale_spawn(put_and_cancel, both));
    assert_ok(gale_queue_get(queue, &item));
    assert_int_equal(*(int *)item, 8);
    assert_true(gale_task_canceled());
    assert_error(gale_queue_get(queue, &item), GALE_ECANCELED);
    gale_scope_close(scope, 0);
    put_now(queue, 9); /* nobody waits any more */
    assert_int_equal(gale_queue_qsize(queue), 1);
    gale_queue_free(queue);
}

static int collect_until_four(void *queue)
{
    void *item;
    int sum = 0;
    while (gale_queue_get(queue, &item) == 0) {
        sum = sum * 10 + *(int *)item;
        if (*(int *)item == 4)
            break;
    }
    return sum;
}

TASK_TEST(a_loop_of_gets_is_an_iteration)
{
    gale_queue *queue = gale_queue_new(0);
    for (int i = 0; i < 5; i++)
        put_now(queue, i);
    assert_int_equal(collect_until_four(queue), 1234);
    gale_queue_free(queue);
}

/* ---- Putting ---- */

TASK_TEST(put_nowait_refuses_when_full)
{
    gale_queue *queue = gale_queue_new(1);
    put_now(queue, 0);
    assert_error(gale_queue_put_nowait(queue, &numbers[1]), GALE_EFULL);
    assert_int_equal(get_now(queue), 0);
    assert_int_equal(get_now(queue), GALE_EEMPTY);
    gale_queue_free(queue);
}

TASK_TEST(putters_are_let_in_in_order)
{
    gale_queue *queue = gale_queue_new(1);
    put_now(queue, 0);
    transfer putters[3];
    for (int i = 0; i < 3; i++) {
        putters[i] = (transfer){ queue, i + 1, 0, 0 };
        start(put, &putters[i]);
    }
    assert_ok(gale_moment());
    for (int i = 0; i < 4; i++) {
        void *item;
        assert_ok(gale_queue_get(queue, &item));
        assert_int_equal(*(int *)item, i);
    }
    assert_ok(gale_moment());
    for (int i = 0; i < 3; i++)
        assert_ok(putters[i].result);
    gale_queue_free(queue);
}

/* Tornado: test_put_timeout_preempted */
TASK_TEST(put_served_before_its_timeout)
{
    gale_queue *queue = gale_queue_new(1);
    put_now(queue, 0);
    transfer putter = { queue, 1, 0.05, 0 };
    start(put, &putter);
    assert_ok(gale_moment());
    assert_int_equal(get_now(queue), 0);
    assert_ok(gale_sleep(0.06));
    assert_ok(putter.result);
    assert_int_equal(get_now(queue), 1);
    gale_queue_free(queue);
}

TASK_TEST(put_that_times_out_adds_nothing)
{
    gale_queue *queue = gale_queue_new(1);
    put_now(queue, 0);
    transfer putters[10];
    for (int i = 0; i < 10; i++) {
        putters[i] = (transfer){ queue, i + 1, i < 9 ? 0.001 : 0, 0 };
        start(put, &putters[i]);
    }
    for (int i = 0; i < 9; i++)
        assert_error(outcome(&putters[i]), GALE_ETIMEDOUT);
    assert_int_equal(get_now(queue), 0);
    assert_int_equal(get_now(queue), 10);
    assert_int_equal(get_now(queue), GALE_EEMPTY);
    assert_ok(gale_moment());
    assert_ok(putters[9].result);
    transfer late = { queue, 1, 0, 0 };
    put_now(queue, 0);
    assert_error(gale_with_timeout(0, put_plainly, &late), GALE_ETIMEDOUT);
    gale_queue_free(queue);
}

static int get_and_cancel(void *arg)
{
    void **both = arg;
    assert_int_equal(get_now(both[0]), 0);
    gale_scope_cancel(both[1]);
    return 0;
}

TASK_TEST(a_putter_that_was_let_in_returns_0)
{
    gale_queue *queue = gale_queue_new(1);
    put_now(queue, 0);
    gale_scope *scope = gale_scope_open(NULL);
    void *both[] = { queue, scope };
    assert_ok(gale_spawn(get_and_cancel, both));
    assert_ok(gale_queue_put(queue, &numbers[1]));
    assert_true(gale_task_canceled());
    assert_error(gale_queue_put(queue, &numbers[2]), GALE_ECANCELED);
    gale_scope_close(scope, 0);
    assert_int_equal(get_now(queue), 1);
    assert_int_equal(get_now(queue), GALE_EEMPTY);
    gale_queue_free(queue);
}

TEST(outside_a_task_only_waiting_is_impossible)
{
    void *item;
    gale_queue *queue = gale_queue_new(1);
    assert_error(gale_queue_get(queue, &item), GALE_ENOTASK);
    assert_ok(gale_queue_put(queue, numbers));
    assert_error(gale_queue_put(queue, numbers), GALE_ENOTASK);
    assert_error(gale_queue_join(queue), GALE_ENOTASK);
    assert_ok(gale_queue_get(queue, &item));
    gale_queue_free(queue);
}

/* ---- Joining ---- */

static int join(void *queue)
{
    int result = gale_queue_join(queue);
    note(result == 0 ? "joined " : "canceled ");
    return result;
}

TASK_TEST(task_done_is_not_called_more_often_than_put)
{
    gale_queue *queue = gale_queue_new(0);
    assert_error(gale_queue_task_done(queue), GALE_ESTATE);
    assert_string_equal(gale_error_detail(), "task_done() called too many times");
    put_now(queue, 0);
    assert_ok(gale_queue_task_done(queue));
    assert_error(gale_queue_task_done(queue), GALE_ESTATE);
    gale_queue_free(queue);
}

TASK_TEST(join_waits_for_task_done_not_for_get)
{
    gale_queue *queue = gale_queue_new(0);
    put_now(queue, 0);
    assert_ok(gale_spawn(join, queue));
    loop_briefly();
    assert_int_equal(get_now(queue), 0);
    loop_briefly();
    assert_string_equal(history, "");
    assert_ok(gale_queue_task_done(queue));
    put_now(queue, 1); /* too late to hold it up */
    loop_briefly();
    assert_string_equal(history, "joined ");
    gale_queue_free(queue);
}

TASK_TEST(join_of_a_finished_queue_returns_at_once)
{
    gale_queue *queue = gale_queue_new(0);
    assert_ok(gale_queue_join(queue));
    assert_ok(gale_with_timeout(0, join, queue));
    put_now(queue, 0);
    assert_error(gale_with_timeout(0.001, join, queue), GALE_ETIMEDOUT);
    gale_queue_free(queue);
}

static int accumulated;

static int work(void *arg)
{
    gale_queue *queue = arg;
    void *item;
    while (gale_queue_get(queue, &item) == 0) {
        accumulated += *(int *)item;
        assert_ok(gale_queue_task_done(queue));
        gale_sleep(0.0001);
    }
    return 0;
}

static void share_work(gale_queue *queue)
{
    accumulated = 0;
    int sum = 0;
    for (int i = 0; i < 100; i++) {
        put_now(queue, i % COUNT);
        sum += i % COUNT;
    }
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(work, queue));
    assert_ok(gale_spawn(work, queue));
    assert_ok(gale_queue_join(queue));
    assert_int_equal(accumulated, sum);
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
    gale_queue_free(queue);
}

TASK_TEST(two_workers_share_a_queue)
{
    share_work(gale_queue_new(0));
    share_work(gale_lifo_queue_new(0));
    share_work(gale_priority_queue_new(0, compare_numbers));
}

static int produce(void *queue)
{
    for (int i = 0; i < 10; i++)
        assert_ok(gale_queue_put(queue, &numbers[i]));
    return 0;
}

static int consume(void *queue)
{
    void *item;
    while (gale_queue_get(queue, &item) == 0) {
        char text[8];
        snprintf(text, sizeof text, "%d ", *(int *)item);
        note(text);
        assert_ok(gale_queue_task_done(queue));
    }
    return 0;
}

TASK_TEST(producer_and_consumer)
{
    gale_queue *queue = gale_queue_new(3);
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_spawn(consume, queue));
    assert_ok(produce(queue));
    assert_ok(gale_queue_join(queue));
    assert_string_equal(history, "0 1 2 3 4 5 6 7 8 9 ");
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
    gale_queue_free(queue);
}

/* ---- The end, and no memory ---- */

TASK_TEST(freeing_ends_the_waits)
{
    gale_queue *empty = gale_queue_new(1), *full = gale_queue_new(1);
    put_now(full, 0);
    transfer getter = { empty, -1, 0, 0 }, putter = { full, 1, 0, 0 };
    start(get, &getter);
    start(put, &putter);
    assert_ok(gale_spawn(join, full));
    assert_ok(gale_moment());
    gale_queue_free(empty);
    gale_queue_free(full);
    loop_briefly();
    assert_error(getter.result, GALE_ECANCELED);
    assert_error(putter.result, GALE_ECANCELED);
    assert_string_equal(history, "canceled ");
}

TASK_TEST(without_memory_nothing_is_added)
{
    test_fail_allocation(1);
    assert_null(gale_queue_new(0));
    test_fail_allocation(0);
    gale_queue *queue = gale_queue_new(8); /* the first room has just this size */
    test_fail_allocation(1);
    assert_error(gale_queue_put(queue, numbers), -ENOMEM);
    test_fail_allocation(0);
    for (int i = 0; i < 8; i++)
        put_now(queue, i);
    test_fail_allocation(1);
    assert_error(gale_queue_put(queue, numbers), -ENOMEM); /* it would have to wait */
    test_fail_allocation(0);
    assert_int_equal(gale_queue_qsize(queue), 8);
    transfer putter = { queue, 8, 0, 0 };
    start(put, &putter);
    assert_ok(gale_moment());
    test_fail_allocation(1);
    for (int i = 0; i < 9; i++)
        assert_int_equal(get_now(queue), i);
    test_fail_allocation(0);
    assert_ok(gale_moment());
    assert_ok(putter.result);
    gale_queue_free(queue);
}

GALE_TEST_MAIN
