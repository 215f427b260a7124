/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "loop/timer.h"

#include <stdlib.h>

static const int64_t MS = 1000000, SECOND = 1000000000;

typedef struct probe {
    gale__timer timer;
    int number;
    gale__wheel *wheel;
    struct probe *other;
    int64_t next_deadline;
} probe;

static int fired[64];
static size_t fired_count;

static void record(gale__timer *timer)
{
    assert_false(gale__timer_pending(timer));
    assert_true(fired_count < 64);
    fired[fired_count++] = GALE__CONTAINER_OF(timer, probe, timer)->number;
}

static probe make_probe(int number)
{
    return (probe){ .timer.fire = record, .number = number };
}

/* Advances and asserts which probes fire, in order. */
static void expect_fired(gale__wheel *wheel, int64_t now, size_t count, const int *numbers)
{
    fired_count = 0;
    assert_int_equal(gale__wheel_advance(wheel, now), count);
    assert_int_equal(fired_count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fired[i], numbers[i]);
}

#define EXPECT_FIRED(wheel, now, ...)                                                              \
    expect_fired((wheel), (now), sizeof((int[]){ __VA_ARGS__ }) / sizeof(int),                     \
                 (int[]){ __VA_ARGS__ })
#define EXPECT_NONE(wheel, now) expect_fired((wheel), (now), 0, NULL)

TEST(an_empty_wheel_has_no_next)
{
    gale__wheel wheel;
    gale__wheel_init(&wheel, 5 * SECOND);
    assert_true(gale__wheel_next(&wheel) == INT64_MAX);
    EXPECT_NONE(&wheel, 100000 * SECOND);
    assert_true(gale__wheel_next(&wheel) == INT64_MAX);
}

TEST(fires_at_the_exact_deadline_and_not_before)
{
    gale__wheel wheel;
    gale__wheel_init(&wheel, 1234567);
    probe a = make_probe(1);
    gale__wheel_add(&wheel, &a.timer, 7654321);
    assert_true(gale__timer_pending(&a.timer));
    assert_true(gale__wheel_next(&wheel) == 7654321);
    EXPECT_NONE(&wheel, 7654320);
    assert_true(gale__timer_pending(&a.timer));
    assert_true(gale__wheel_next(&wheel) == 7654321);
    EXPECT_FIRED(&wheel, 7654321, 1);
    assert_false(gale__timer_pending(&a.timer));
}

TEST(orders_by_deadline_then_by_insertion_within_one_tick)
{
    gale__wheel wheel;
    gale__wheel_init(&wheel, 0);
    static const int64_t deadlines[] = { 5000300, 5000100, 5000300, 5000200, 5000100, 5000000 };
    probe probes[6];
    for (int i = 0; i < 6; i++) {
        probes[i] = make_probe(i);
        gale__wheel_add(&wheel, &probes[i].timer, deadlines[i]);
    }
    assert_true(gale__wheel_next(&wheel) == 5000000);
    EXPECT_FIRED(&wheel, 5000100, 5, 1, 4);
    assert_true(gale__wheel_next(&wheel) == 5000200);
    EXPECT_FIRED(&wheel, 6000000, 3, 0, 2);
}

TEST(past_deadlines_are_due_at_the_next_advance)
{
    gale__wheel wheel;
    gale__wheel_init(&wheel, 10 * SECOND);
    static const int64_t deadlines[] = { 10000000000, 3, INT64_MIN, 9999999999, -1, 3 };
    probe probes[6];
    for (int i = 0; i < 6; i++) {
        probes[i] = make_probe(i);
        gale__wheel_add(&wheel, &probes[i].timer, deadlines[i]);
    }
    assert_true(gale__wheel_next(&wheel) <= 10 * SECOND);
    EXPECT_FIRED(&wheel, 10 * SECOND, 2, 4, 1, 5, 3, 0);
}

TEST(a_clock_that_stands_or_goes_back_does_no_harm)
{
    gale__wheel wheel;
    gale__wheel_init(&wheel, 10 * SECOND);
    probe a = make_probe(1), b = make_probe(2);
    gale__wheel_add(&wheel, &a.timer, 10 * SECOND + MS);
    gale__wheel_add(&wheel, &b.timer, 9 * SECOND);
    EXPECT_FIRED(&wheel, 8 * SECOND, 2);
    EXPECT_NONE(&wheel, 0);
    EXPECT_FIRED(&wheel, 10 * SECOND + MS, 1);
}

TEST(the_far_future_is_a_deadline_like_any_other)
{
    gale__wheel wheel;
    gale__wheel_init(&wheel, 12345 * SECOND);
    probe year = make_probe(1), never = make_probe(2), century = make_probe(3);
    const int64_t year_ns = 365 * 86400 * SECOND;
    gale__wheel_add(&wheel, &never.timer, INT64_MAX);
    gale__wheel_add(&wheel, &century.timer, 100 * year_ns);
    gale__wheel_add(&wheel, &year.timer, year_ns);
    EXPECT_NONE(&wheel, year_ns - 1);
    assert_true(gale__wheel_next(&wheel) == year_ns);
    EXPECT_FIRED(&wheel, year_ns, 1);
    EXPECT_NONE(&wheel, 100 * year_ns - 1);
    EXPECT_FIRED(&wheel, 101 * year_ns, 3);
    EXPECT_NONE(&wheel, INT64_MAX - 1);
    EXPECT_FIRED(&wheel, INT64_MAX, 2);
}

/* Two timers of one tick, the first added while the tick is `distance` away, the second when it
 * is in the wheel's lowest level: they must not overtake each other on the way down. */
static void expect_order_kept(int64_t distance)
{
    gale__wheel wheel;
    int64_t now = 77777 * MS, deadline = now + distance;
    gale__wheel_init(&wheel, now);
    probe first = make_probe(1), second = make_probe(2), before = make_probe(0);
    gale__wheel_add(&wheel, &first.timer, deadline);
    gale__wheel_add(&wheel, &before.timer, deadline - MS);
    EXPECT_FIRED(&wheel, deadline - MS, 0);
    gale__wheel_add(&wheel, &second.timer, deadline);
    assert_true(gale__wheel_next(&wheel) <= deadline);
    EXPECT_NONE(&wheel, deadline - 1);
    EXPECT_FIRED(&wheel, deadline, 1, 2);
}

TEST(order_is_kept_over_the_boundaries_of_every_level)
{
    for (int level = 0; level < GALE__WHEEL_LEVELS - 1; level++) {
        int64_t ticks = (int64_t)1 << (level * GALE__WHEEL_BITS);
        for (int64_t offset = -1; offset <= 1; offset++)
            for (int64_t digit = 1; digit < 64; digit += 31)
                expect_order_kept((ticks * digit + offset + 1) * MS);
    }
}

TEST(waking_when_next_says_so_reaches_each_deadline_in_few_steps)
{
    for (int64_t delay = 1; delay < 400 * 86400 * SECOND; delay = delay * 3 + 1) {
        gale__wheel wheel;
        int64_t now = 987654321012345;
        gale__wheel_init(&wheel, now);
        probe a = make_probe(1);
        gale__wheel_add(&wheel, &a.timer, now + delay);
        int steps = 0;
        fired_count = 0;
        while (gale__timer_pending(&a.timer)) {
            int64_t next = gale__wheel_next(&wheel);
            assert_true(next > wheel.now && next <= now + delay);
            gale__wheel_advance(&wheel, next);
            assert_true(++steps <= GALE__WHEEL_LEVELS);
        }
        assert_true(wheel.now == now + delay);
    }
}

TEST(removing_is_harmless_and_final)
{
    gale__wheel wheel;
    gale__wheel_init(&wheel, 0);
    probe a = make_probe(1), b = make_probe(2), never_added = make_probe(3);
    gale__wheel_remove(&wheel, &never_added.timer);
    gale__wheel_add(&wheel, &a.timer, SECOND);
    gale__wheel_add(&wheel, &b.timer, SECOND);
    gale__wheel_remove(&wheel, &a.timer);
    gale__wheel_remove(&wheel, &a.timer);
    assert_false(gale__timer_pending(&a.timer));
    EXPECT_FIRED(&wheel, SECOND, 2);
    gale__wheel_remove(&wheel, &b.timer);
    gale__wheel_add(&wheel, &a.timer, 90 * SECOND);
    gale__wheel_remove(&wheel, &a.timer);
    assert_true(gale__wheel_next(&wheel) == INT64_MAX);
}

TEST(adding_a_pending_timer_moves_it)
{
    gale__wheel wheel;
    gale__wheel_init(&wheel, 0);
    probe a = make_probe(1);
    gale__wheel_add(&wheel, &a.timer, SECOND);
    gale__wheel_add(&wheel, &a.timer, 2 * SECOND);
    EXPECT_NONE(&wheel, SECOND);
    EXPECT_FIRED(&wheel, 2 * SECOND, 1);
}

static void add_itself_again(gale__timer *timer)
{
    probe *self = GALE__CONTAINER_OF(timer, probe, timer);
    record(timer);
    gale__wheel_add(self->wheel, timer, self->next_deadline);
}

TEST(what_a_firing_timer_adds_waits_for_a_later_advance)
{
    gale__wheel wheel;
    gale__wheel_init(&wheel, 0);
    static const int64_t again[] = { -5, SECOND, SECOND - MS, 3 * SECOND };
    for (int i = 0; i < 4; i++) {
        probe a = make_probe(i), b = make_probe(9);
        int64_t start = wheel.now + SECOND;
        a.timer.fire = add_itself_again;
        a.wheel = &wheel;
        a.next_deadline = again[i] + wheel.now;
        gale__wheel_add(&wheel, &a.timer, start);
        gale__wheel_add(&wheel, &b.timer, start + 500 * MS);
        EXPECT_FIRED(&wheel, start + 10 * MS + SECOND, i, 9);
        a.timer.fire = record;
        EXPECT_FIRED(&wheel, start + 3 * SECOND, i);
    }
}

static void remove_the_other(gale__timer *timer)
{
    probe *self = GALE__CONTAINER_OF(timer, probe, timer);
    record(timer);
    gale__wheel_remove(self->wheel, &self->other->timer);
    assert_false(gale__timer_pending(&self->other->timer));
}

TEST(a_firing_timer_removes_another_of_its_batch)
{
    gale__wheel wheel;
    gale__wheel_init(&wheel, 0);
    probe a = make_probe(1), b = make_probe(2), c = make_probe(3);
    a.timer.fire = remove_the_other;
    a.wheel = &wheel;
    for (int round = 0; round < 2; round++) {
        a.other = round ? &c : &b;
        gale__wheel_add(&wheel, &a.timer, wheel.now + 5);
        gale__wheel_add(&wheel, &b.timer, wheel.now + 5);
        gale__wheel_add(&wheel, &c.timer, wheel.now + 100 * MS);
        EXPECT_FIRED(&wheel, wheel.now + SECOND, 1, round ? 2 : 3);
        assert_true(gale__wheel_next(&wheel) == INT64_MAX);
    }
    gale__wheel_add(&wheel, &a.timer, wheel.now + 5);
    gale__wheel_add(&wheel, &c.timer, wheel.now + 5); /* the last of the batch */
    EXPECT_FIRED(&wheel, wheel.now + SECOND, 1);
    gale__wheel_add(&wheel, &a.timer, wheel.now + 5);
    gale__wheel_add(&wheel, &c.timer, wheel.now + 9 * SECOND); /* not of the batch */
    EXPECT_FIRED(&wheel, wheel.now + SECOND, 1);
    assert_true(gale__wheel_next(&wheel) == INT64_MAX);
}

static void free_itself(gale__timer *timer)
{
    record(timer);
    gale__free(GALE__CONTAINER_OF(timer, probe, timer));
}

TEST(a_firing_timer_frees_itself)
{
    gale__wheel wheel;
    gale__wheel_init(&wheel, 0);
    for (int i = 0; i < 3; i++) {
        probe *a = GALE__NEW(probe);
        assert_non_null(a);
        *a = make_probe(i);
        a->timer.fire = free_itself;
        gale__wheel_add(&wheel, &a->timer, 5 * MS - i);
    }
    EXPECT_FIRED(&wheel, SECOND, 2, 1, 0);
}

TEST(a_large_slot_is_sorted_stably)
{
    enum { COUNT = 5000 };
    static struct {
        gale__timer timer;
        int64_t deadline;
    } timers[COUNT];
    gale__wheel wheel;
    gale__wheel_init(&wheel, 0);
    srandom(7);
    for (int i = 0; i < COUNT; i++) {
        timers[i].deadline = 70 * MS + random() % 1000;
        gale__wheel_add(&wheel, &timers[i].timer, timers[i].deadline);
    }
    gale__wheel_advance(&wheel, 70 * MS - 1);
    (void)gale__wheel_next(&wheel); /* sorts */
    gale__list *slot = &wheel.slots[70 % 64];
    assert_true(wheel.tick / 64 == 70 / 64);
    gale__list *last = slot->next;
    int count = 1;
    for (gale__list *at = last->next; at != slot; last = at, at = at->next, count++) {
        gale__timer *a = GALE__CONTAINER_OF(last, gale__timer, link);
        gale__timer *b = GALE__CONTAINER_OF(at, gale__timer, link);
        assert_true(a->deadline < b->deadline || (a->deadline == b->deadline && a < b));
        assert_ptr_equal(at->prev, last);
    }
    assert_int_equal(count, COUNT);
}

/* ---- Against a model: an array that is searched from end to end ------------------------- */

enum { MODEL_TIMERS = 60 };

typedef struct model_timer {
    gale__timer timer;
    int64_t deadline;
    uint64_t sequence; /* 0: not pending */
} model_timer;

static struct {
    gale__wheel wheel;
    model_timer timers[MODEL_TIMERS];
    uint64_t sequence, snapshot; /* what was added after the snapshot may not fire yet */
    int64_t now;
    size_t fired;
} model;

static uint64_t random_bits(void)
{
    static uint64_t state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* All magnitudes from nanoseconds to some ten hours are equally likely. */
static int64_t random_delay(void)
{
    return (int64_t)(random_bits() >> 1 >> (18 + random_bits() % 45));
}

static model_timer *model_first_due(void)
{
    model_timer *first = NULL;
    for (model_timer *at = model.timers; at < model.timers + MODEL_TIMERS; at++) {
        if (!at->sequence || at->sequence > model.snapshot || at->deadline > model.now)
            continue;
        if (!first || at->deadline < first->deadline ||
            (at->deadline == first->deadline && at->sequence < first->sequence))
            first = at;
    }
    return first;
}

static void model_add(model_timer *timer)
{
    uint64_t kind = random_bits() % 8;
    timer->deadline = model.now + random_delay();
    if (kind == 0)
        timer->deadline = model.now - random_delay();
    else if (kind < 4) /* the same as another's, or in the same tick */
        timer->deadline = model.timers[random_bits() % MODEL_TIMERS].deadline + (kind == 1 ? 1 : 0);
    timer->sequence = ++model.sequence;
    gale__wheel_add(&model.wheel, &timer->timer, timer->deadline);
}

static void model_remove(model_timer *timer)
{
    timer->sequence = 0;
    gale__wheel_remove(&model.wheel, &timer->timer);
}

static void model_fire(gale__timer *timer)
{
    model_timer *self = GALE__CONTAINER_OF(timer, model_timer, timer);
    assert_ptr_equal(self, model_first_due());
    self->sequence = 0;
    model.fired++;
    if (random_bits() % 4 == 0)
        model_add(&model.timers[random_bits() % MODEL_TIMERS]);
    if (random_bits() % 4 == 0)
        model_remove(&model.timers[random_bits() % MODEL_TIMERS]);
}

static void model_check(void)
{
    int64_t next = gale__wheel_next(&model.wheel), earliest = INT64_MAX;
    for (model_timer *at = model.timers; at < model.timers + MODEL_TIMERS; at++) {
        assert_true(gale__timer_pending(&at->timer) == (at->sequence != 0));
        if (at->sequence && at->deadline < earliest)
            earliest = at->deadline;
    }
    assert_true(next <= earliest);
    assert_true((next == INT64_MAX) == (earliest == INT64_MAX));
    if (earliest / MS / 64 == model.now / MS / 64)
        assert_true(next == earliest);
}

static void model_step(void)
{
    for (uint64_t n = random_bits() % 4; n-- > 0;)
        model_add(&model.timers[random_bits() % MODEL_TIMERS]);
    if (random_bits() % 4 == 0)
        model_remove(&model.timers[random_bits() % MODEL_TIMERS]);
    int64_t next = gale__wheel_next(&model.wheel);
    if (random_bits() % 2 && next != INT64_MAX)
        model.now = next > model.now ? next : model.now;
    else
        model.now += random_delay() >> random_bits() % 16;
    model.snapshot = model.sequence;
    size_t before = model.fired;
    size_t fired_now = gale__wheel_advance(&model.wheel, model.now);
    assert_int_equal(fired_now, model.fired - before);
    assert_null(model_first_due());
    model_check();
}

TEST(agrees_with_a_sorted_model_over_simulated_days)
{
    model.now = 1234567890;
    gale__wheel_init(&model.wheel, model.now);
    for (int i = 0; i < MODEL_TIMERS; i++)
        model.timers[i].timer.fire = model_fire;
    for (int step = 0; step < 50000; step++)
        model_step();
    assert_true(model.fired > 30000);
    assert_true(model.now > 100 * 3600 * SECOND);
}

GALE_TEST_MAIN
