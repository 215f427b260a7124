/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariants: a pending timer's tick is at or after the current tick. It shares all digits (of
 * six bits) above its level with the current tick, and its digit at its level is greater, or at
 * level 0 at least equal. So the first occupied slot of the lowest occupied level is the next
 * one that has something to do.
 */
#include "loop/timer.h"

static uint64_t tick_of(int64_t time)
{
    return time <= 0 ? 0 : (uint64_t)time / GALE__WHEEL_TICK;
}

static gale__timer *timer_of(gale__list *link)
{
    return GALE__CONTAINER_OF(link, gale__timer, link);
}

void gale__wheel_init(gale__wheel *wheel, int64_t now)
{
    *wheel = (gale__wheel){ .now = now, .tick = tick_of(now) };
    for (int i = 0; i < GALE__WHEEL_LEVELS * GALE__WHEEL_SLOTS; i++)
        gale__list_init(&wheel->slots[i]);
}

/* The level of the highest digit in which two ticks differ. */
static unsigned level_of(uint64_t tick, uint64_t other)
{
    unsigned highest_bit = 63 - (unsigned)__builtin_clzll((tick ^ other) | 1);
    return highest_bit / GALE__WHEEL_BITS;
}

/* Puts the timer into the slot that its deadline and the current tick call for. */
static void place(gale__wheel *wheel, gale__timer *timer)
{
    uint64_t tick = timer->deadline <= wheel->now ? wheel->tick : tick_of(timer->deadline);
    unsigned level = level_of(tick, wheel->tick);
    unsigned digit = (tick >> (level * GALE__WHEEL_BITS)) % GALE__WHEEL_SLOTS;
    gale__list *slot = &wheel->slots[level * GALE__WHEEL_SLOTS + digit];
    wheel->levels |= 1u << level;
    wheel->occupied[level] |= (uint64_t)1 << digit;
    if (level == 0 && !gale__list_empty(slot) && timer_of(slot->prev)->deadline > timer->deadline)
        wheel->unsorted |= (uint64_t)1 << digit;
    gale__list_append(slot, &timer->link);
}

void gale__wheel_add(gale__wheel *wheel, gale__timer *timer, int64_t deadline)
{
    if (gale__timer_pending(timer))
        gale__wheel_remove(wheel, timer);
    timer->deadline = deadline;
    if (deadline < wheel->next)
        wheel->next = deadline;
    place(wheel, timer);
}

static void mark_empty(gale__wheel *wheel, size_t slot)
{
    size_t level = slot / GALE__WHEEL_SLOTS;
    uint64_t others = ~((uint64_t)1 << slot % GALE__WHEEL_SLOTS);
    wheel->next_known = false;
    wheel->occupied[level] &= others;
    if (!wheel->occupied[level])
        wheel->levels &= ~(1u << level);
    if (level == 0)
        wheel->unsorted &= others;
}

void gale__wheel_remove(gale__wheel *wheel, gale__timer *timer)
{
    if (!gale__timer_pending(timer))
        return;
    gale__list *next = timer->link.next;
    if (timer->deadline <= wheel->next)
        wheel->next_known = false;
    gale__list_remove(&timer->link);
    if (!gale__list_empty(next))
        return;
    /* `next` is the head of a list that is now empty: a slot, or the batch being fired. */
    uintptr_t offset = (uintptr_t)next - (uintptr_t)wheel->slots;
    if (offset < sizeof wheel->slots)
        mark_empty(wheel, offset / sizeof *next);
}

/* ---- Sorting a slot -------------------------------------------------------------------- */

/* Merges two chains linked by `next` that end with NULL; equal deadlines: `left` first. */
static gale__list *merge(gale__list *left, gale__list *right)
{
    gale__list head, *tail = &head;
    while (left && right) {
        gale__list **earlier =
            timer_of(right)->deadline < timer_of(left)->deadline ? &right : &left;
        tail = tail->next = *earlier;
        *earlier = tail->next;
    }
    tail->next = left ? left : right;
    return head.next;
}

/* A stable merge sort: chains[i] is NULL or a sorted chain of 2^i timers, older than those of
 * the chains below it. */
static gale__list *sort_chain(gale__list *chain)
{
    gale__list *chains[48] = { NULL };
    while (chain) {
        gale__list *sorted = chain;
        chain = chain->next;
        sorted->next = NULL;
        int i = 0;
        for (; chains[i]; i++) {
            sorted = merge(chains[i], sorted);
            chains[i] = NULL;
        }
        chains[i] = sorted;
    }
    gale__list *all = NULL;
    for (int i = 0; i < 48; i++)
        all = merge(chains[i], all);
    return all;
}

static void sort_slot(gale__wheel *wheel, unsigned slot)
{
    uint64_t bit = (uint64_t)1 << slot;
    if (!(wheel->unsorted & bit))
        return;
    wheel->unsorted &= ~bit;
    gale__list *list = &wheel->slots[slot];
    list->prev->next = NULL;
    gale__list *chain = sort_chain(list->next);
    gale__list_init(list);
    while (chain) {
        gale__list *link = chain;
        chain = chain->next;
        gale__list_append(list, link);
    }
}

/* ---- Advancing ------------------------------------------------------------------------- */

/* The first occupied slot; some level must have one. Returns the tick at which it begins. */
static uint64_t first_slot(const gale__wheel *wheel, unsigned *ret_slot)
{
    unsigned level = (unsigned)__builtin_ctz(wheel->levels);
    unsigned digit = (unsigned)__builtin_ctzll(wheel->occupied[level]);
    unsigned shift = level * GALE__WHEEL_BITS;
    *ret_slot = level * GALE__WHEEL_SLOTS + digit;
    uint64_t above = wheel->tick >> shift >> GALE__WHEEL_BITS << GALE__WHEEL_BITS;
    return (above | digit) << shift;
}

static int64_t find_next(gale__wheel *wheel)
{
    if (!wheel->levels)
        return INT64_MAX;
    unsigned slot;
    uint64_t tick = first_slot(wheel, &slot);
    if (slot >= GALE__WHEEL_SLOTS)
        return (int64_t)(tick * GALE__WHEEL_TICK);
    sort_slot(wheel, slot);
    return timer_of(wheel->slots[slot].next)->deadline;
}

int64_t gale__wheel_find_next(gale__wheel *wheel)
{
    wheel->next_known = true;
    return wheel->next = find_next(wheel);
}

/* Moves the timers of a slot of level 0 that are due by wheel->now to the end of `batch`. */
static void take_due(gale__wheel *wheel, unsigned slot, gale__list *batch)
{
    gale__list *list = &wheel->slots[slot];
    sort_slot(wheel, slot);
    if (timer_of(list->prev)->deadline <= wheel->now) {
        gale__list_splice(batch, list);
        mark_empty(wheel, slot);
        return;
    }
    while (timer_of(list->next)->deadline <= wheel->now)
        gale__list_append(batch, gale__list_pop(list));
    wheel->next_known = false;
}

/* Spreads a slot above level 0, whose first tick is the current one, over the levels below. */
static void cascade(gale__wheel *wheel, unsigned slot)
{
    gale__list timers;
    gale__list_init(&timers);
    gale__list_splice(&timers, &wheel->slots[slot]);
    mark_empty(wheel, slot);
    for (gale__list *link; (link = gale__list_pop(&timers));)
        place(wheel, timer_of(link));
}

/* All that is due goes to the batch, in order, before anything fires. */
static void collect_due(gale__wheel *wheel, gale__list *batch)
{
    uint64_t target = tick_of(wheel->now);
    while (wheel->levels) {
        unsigned slot;
        uint64_t tick = first_slot(wheel, &slot);
        if (tick > target)
            break;
        wheel->tick = tick;
        if (slot >= GALE__WHEEL_SLOTS)
            cascade(wheel, slot);
        else
            take_due(wheel, slot, batch);
        if (tick == target && slot < GALE__WHEEL_SLOTS)
            break;
    }
    wheel->tick = target;
}

size_t gale__wheel_advance(gale__wheel *wheel, int64_t now)
{
    if (now > wheel->now)
        wheel->now = now;
    if (GALE__LIKELY(gale__wheel_next(wheel) > wheel->now))
        return 0;
    gale__list batch;
    gale__list_init(&batch);
    collect_due(wheel, &batch);
    size_t fired = 0;
    for (gale__list *link; (link = gale__list_pop(&batch)); fired++) {
        gale__timer *timer = timer_of(link);
        timer->fire(timer);
    }
    return fired;
}
