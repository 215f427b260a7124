/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call_later, call_at, remove_timeout. Entries are never given back while the loop lives, so
 * that a stale gale_timeout can always be looked at: its generation is then another.
 */
#include <errno.h>

#include "loop/loop.h"
#include "loop/watchdog.h"
#include "platform/clock.h"

enum { ENTRIES_A_CHUNK = 64 };

typedef struct timeout_entry {
    gale__timer timer;
    gale_ioloop *loop;
    gale_callback function;
    void *arg;
    uint64_t generation;
    struct timeout_entry *next_free;
} timeout_entry;

typedef struct timeout_chunk {
    struct timeout_chunk *next;
    timeout_entry entries[ENTRIES_A_CHUNK];
} timeout_chunk;

typedef struct gale__timeouts {
    timeout_chunk *chunks;
    timeout_entry *free_entries;
} gale__timeouts;

static void entry_free(timeout_entry *entry)
{
    entry->generation++;
    entry->next_free = entry->loop->timeouts->free_entries;
    entry->loop->timeouts->free_entries = entry;
}

static bool add_chunk(gale__timeouts *timeouts)
{
    timeout_chunk *chunk = GALE__NEW(timeout_chunk);
    if (!chunk)
        return false;
    chunk->next = timeouts->chunks;
    timeouts->chunks = chunk;
    for (int i = ENTRIES_A_CHUNK; i-- > 0;) {
        chunk->entries[i].next_free = timeouts->free_entries;
        timeouts->free_entries = &chunk->entries[i];
    }
    return true;
}

static timeout_entry *entry_new(gale_ioloop *loop)
{
    if (!loop->timeouts)
        loop->timeouts = GALE__NEW(gale__timeouts);
    gale__timeouts *timeouts = loop->timeouts;
    if (!timeouts || (!timeouts->free_entries && !add_chunk(timeouts)))
        return NULL;
    timeout_entry *entry = timeouts->free_entries;
    timeouts->free_entries = entry->next_free;
    entry->loop = loop;
    return entry;
}

static void fire(gale__timer *timer)
{
    timeout_entry *entry = GALE__CONTAINER_OF(timer, timeout_entry, timer);
    gale_callback function = entry->function;
    void *arg = entry->arg;
    gale_ioloop *loop = entry->loop;
    entry_free(entry);
    int64_t since = gale__watchdog_begin(loop);
    function(arg);
    gale__watchdog_end(loop, since, function);
}

int gale_ioloop_call_later(gale_ioloop *loop, double seconds, gale_callback callback, void *arg,
                           gale_timeout *ret_timeout)
{
    timeout_entry *entry = entry_new(loop);
    if (!entry)
        return -ENOMEM;
    entry->timer.fire = fire;
    entry->function = callback;
    entry->arg = arg;
    gale__loop_add_timer(loop, &entry->timer, seconds);
    if (ret_timeout)
        *ret_timeout = (gale_timeout){ entry, entry->generation };
    return 0;
}

int gale_ioloop_call_at(gale_ioloop *loop, double when, gale_callback callback, void *arg,
                        gale_timeout *ret_timeout)
{
    double seconds = when - (double)gale__clock_wall() / 1e9;
    return gale_ioloop_call_later(loop, seconds, callback, arg, ret_timeout);
}

void gale_ioloop_remove_timeout(gale_ioloop *loop, gale_timeout timeout)
{
    timeout_entry *entry = timeout.entry_;
    if (!entry || entry->generation != timeout.generation_)
        return;
    gale__loop_remove_timer(loop, &entry->timer);
    entry_free(entry);
}

void gale__timeouts_free(gale_ioloop *loop)
{
    gale__timeouts *timeouts = loop->timeouts;
    if (!timeouts)
        return;
    for (timeout_chunk *chunk = timeouts->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        gale__free(chunk);
    }
    gale__free(timeouts);
    loop->timeouts = NULL;
}
