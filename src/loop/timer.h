/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hierarchical timing wheel: adding and removing a timer costs the same however many are
 * pending, and finding the next expiry costs a few instructions.
 *
 * Time is in nanoseconds of the loop's clock, sorted into ticks of 1 ms. A timer lies at the
 * level of the highest group of six bits in which its tick differs from the current tick.
 * When the current tick enters a slot above level 0, that slot is spread over the levels
 * below, in order; hence timers of one tick always lie in order of insertion. A slot of level
 * 0 is sorted by exact deadline when it is looked at, if it is not in order already.
 */
#ifndef GALE_LOOP_TIMER_H
#define GALE_LOOP_TIMER_H

#include "core/list.h"
#include "core/memory.h"

enum {
    GALE__WHEEL_LEVELS = 8, /* 48 bits of ticks; INT64_MAX nanoseconds need 44 */
    GALE__WHEEL_BITS = 6,
    GALE__WHEEL_SLOTS = 1 << GALE__WHEEL_BITS,
    GALE__WHEEL_TICK = 1000000 /* ns */
};

/* Zeroed before its first use; `fire` is set by the owner. */
typedef struct gale__timer {
    gale__list link;
    int64_t deadline; /* ns, loop clock */
    void (*fire)(struct gale__timer *timer);
} gale__timer;

typedef struct gale__wheel {
    int64_t now;       /* the latest time that was advanced to */
    uint64_t tick;     /* of the last advance that had something to do */
    uint64_t unsorted; /* slots of level 0 whose timers are not in order of deadline */
    unsigned levels;   /* those with an occupied slot */
    bool next_known;   /* `next` is the answer of gale__wheel_next */
    int64_t next;
    uint64_t occupied[GALE__WHEEL_LEVELS];
    gale__list slots[GALE__WHEEL_LEVELS * GALE__WHEEL_SLOTS];
} gale__wheel;

void gale__wheel_init(gale__wheel *wheel, int64_t now);

/* Any deadline is allowed: one in the past is due at the next advance. A pending timer is
 * moved. Never fails: the timer is the memory. */
void gale__wheel_add(gale__wheel *wheel, gale__timer *timer, int64_t deadline);

/* Harmless when the timer is not pending. */
void gale__wheel_remove(gale__wheel *wheel, gale__timer *timer);

/* True from add until it is removed or its `fire` is called. */
static inline bool gale__timer_pending(const gale__timer *timer)
{
    return gale__list_linked(&timer->link);
}

/* The slow path of gale__wheel_next. */
int64_t gale__wheel_find_next(gale__wheel *wheel);

/*
 * When to advance next: INT64_MAX when nothing is pending. Exact when a timer is due within
 * the current 64 ms; for farther timers it may be early, never late, and advancing then brings
 * a better answer.
 */
static inline int64_t gale__wheel_next(gale__wheel *wheel)
{
    return wheel->next_known ? wheel->next : gale__wheel_find_next(wheel);
}

/*
 * Fires every timer whose deadline is at or before `now`, by deadline, then by insertion, and
 * returns how many. A timer is no longer pending when its `fire` is called; `fire` may free
 * it, add it again, and add or remove any other, also one of the same batch. What is added
 * meanwhile fires in a later advance. A `now` before the latest one counts as the latest.
 */
size_t gale__wheel_advance(gale__wheel *wheel, int64_t now);

#endif
