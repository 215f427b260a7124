/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events, conditions, semaphores and locks: each is a list of waiters and what they wait for.
 * A task whose wait has ended does not look at the object again, which may be gone by then.
 */
#include <gale/locks.h>

#include <limits.h>

#include "gen/task.h"

/* ---- Event ----------------------------------------------------------------------------- */

struct gale_event {
    gale__list waiters;
    bool set;
};

gale_event *gale_event_new(void)
{
    gale_event *event = GALE__NEW(gale_event);
    if (event)
        gale__list_init(&event->waiters);
    return event;
}

void gale_event_free(gale_event *event)
{
    if (event)
        gale__wake_all(&event->waiters, GALE_ECANCELED);
    gale__free(event);
}

bool gale_event_is_set(const gale_event *event)
{
    return event->set;
}

void gale_event_set(gale_event *event)
{
    event->set = true;
    gale__wake_all(&event->waiters, 0);
}

void gale_event_clear(gale_event *event)
{
    event->set = false;
}

int gale_event_wait(gale_event *event)
{
    return event->set ? 0 : gale__wait_in(&event->waiters);
}

/* ---- Condition ------------------------------------------------------------------------- */

struct gale_condition {
    gale__list waiters;
};

gale_condition *gale_condition_new(void)
{
    gale_condition *condition = GALE__NEW(gale_condition);
    if (condition)
        gale__list_init(&condition->waiters);
    return condition;
}

void gale_condition_free(gale_condition *condition)
{
    if (condition)
        gale__wake_all(&condition->waiters, GALE_ECANCELED);
    gale__free(condition);
}

int gale_condition_wait(gale_condition *condition)
{
    return gale__wait_in(&condition->waiters);
}

void gale_condition_notify(gale_condition *condition, size_t n)
{
    while (n-- > 0 && gale__wake_first(&condition->waiters, 0)) {
    }
}

void gale_condition_notify_all(gale_condition *condition)
{
    gale__wake_all(&condition->waiters, 0);
}

/* ---- Semaphore ------------------------------------------------------------------------- */

struct gale_semaphore {
    gale__list waiters; /* empty while there are permits */
    int value;          /* permits */
    int limit;
};

static gale_semaphore *semaphore_new(int value, int limit)
{
    if (value < 0) {
        gale__fail(GALE_EINVALID, "semaphore initial value must be >= 0");
        return NULL;
    }
    gale_semaphore *semaphore = GALE__NEW(gale_semaphore);
    if (!semaphore)
        return NULL;
    gale__list_init(&semaphore->waiters);
    semaphore->value = value;
    semaphore->limit = limit;
    return semaphore;
}

gale_semaphore *gale_semaphore_new(int value)
{
    return semaphore_new(value, INT_MAX);
}

gale_semaphore *gale_bounded_semaphore_new(int value)
{
    return semaphore_new(value, value);
}

void gale_semaphore_free(gale_semaphore *semaphore)
{
    if (semaphore)
        gale__wake_all(&semaphore->waiters, GALE_ECANCELED);
    gale__free(semaphore);
}

int gale_semaphore_acquire(gale_semaphore *semaphore)
{
    if (semaphore->value == 0)
        return gale__wait_in(&semaphore->waiters); /* woken, it has the permit */
    semaphore->value--;
    return 0;
}

int gale_semaphore_release(gale_semaphore *semaphore)
{
    if (semaphore->value >= semaphore->limit)
        return gale__fail(GALE_ESTATE, "semaphore released too many times");
    if (!gale__wake_first(&semaphore->waiters, 0))
        semaphore->value++;
    return 0;
}

static void release_held_semaphore(void *arg)
{
    gale_semaphore_release(arg);
}

int gale_semaphore_hold(gale_semaphore *semaphore)
{
    if (!gale__task_current)
        return GALE_ENOTASK;
    GALE_TRY(gale_semaphore_acquire(semaphore));
    return gale_defer(release_held_semaphore, semaphore);
}

/* ---- Lock ------------------------------------------------------------------------------ */

struct gale_lock {
    gale__list waiters; /* empty while it is not locked */
    bool locked;
};

gale_lock *gale_lock_new(void)
{
    gale_lock *lock = GALE__NEW(gale_lock);
    if (lock)
        gale__list_init(&lock->waiters);
    return lock;
}

void gale_lock_free(gale_lock *lock)
{
    if (lock)
        gale__wake_all(&lock->waiters, GALE_ECANCELED);
    gale__free(lock);
}

int gale_lock_acquire(gale_lock *lock)
{
    if (lock->locked)
        return gale__wait_in(&lock->waiters); /* woken, it has the lock */
    lock->locked = true;
    return 0;
}

int gale_lock_release(gale_lock *lock)
{
    if (!lock->locked)
        return gale__fail(GALE_ESTATE, "release unlocked lock");
    if (!gale__wake_first(&lock->waiters, 0))
        lock->locked = false;
    return 0;
}

static void release_held_lock(void *arg)
{
    gale_lock_release(arg);
}

int gale_lock_hold(gale_lock *lock)
{
    if (!gale__task_current)
        return GALE_ENOTASK;
    GALE_TRY(gale_lock_acquire(lock));
    return gale_defer(release_held_lock, lock);
}
