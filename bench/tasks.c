/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tasks cost: the memory of each suspended one, waking them all, starting and ending, and
 * a switch.
 *
 *   tasks [COUNT]     prints figures; COUNT tasks are suspended at once (1,000,000 by default)
 *   tasks starts N    only starts N tasks that end at once: for callgrind, whose counts for two
 *                     numbers differ by what the tasks cost
 *   tasks switches N  only waits N times, a multiple of 100
 */
#include "common.h"

#include <gale/gen.h>
#include <gale/locks.h>

enum { SUSPENDED = 1000000, STARTS = 1000000, SWITCHES = 1000000, BATCH = 100, ROUNDS = 5 };

static void check(int result)
{
    if (result < 0)
        give_up(gale_strerror(result));
}

static void report(const char *what, double value, const char *unit)
{
    printf("{\"name\": \"%s\", \"value\": %.1f, \"unit\": \"%s\"}\n", what, value, unit);
    fflush(stdout);
}

static double own_resident_bytes(void)
{
    return resident_bytes((char *[]){ "self" }, 1);
}

/* ---- Many suspended -------------------------------------------------------------------- */

typedef struct crowd {
    gale_event *event;
    unsigned count, waiting, woken;
} crowd;

static int wait_in_crowd(void *arg)
{
    crowd *self = arg;
    self->waiting++;
    int result = gale_event_wait(self->event);
    self->woken++;
    return result;
}

static int suspend_many(void *arg)
{
    crowd *self = arg;
    gale_scope *scope = gale_scope_open(NULL);
    double before = own_resident_bytes();
    for (unsigned i = 0; i < self->count; i++)
        check(gale_scope_spawn(scope, "waiter", wait_in_crowd, self));
    check(gale_moment());
    if (self->waiting != self->count)
        give_up("not all tasks are suspended");
    report("suspended tasks", self->count, "tasks");
    report("memory of a suspended task", (own_resident_bytes() - before) / self->count, "bytes");
    uint64_t start = now();
    gale_event_set(self->event);
    uint64_t set = now();
    check(gale_scope_wait(scope));
    if (self->woken != self->count)
        give_up("not all tasks have woken");
    report("waking all of them", (double)(set - start) / 1e6, "ms");
    report("until all have run and ended", (double)(now() - start) / 1e6, "ms");
    return gale_scope_close(scope, 0);
}

/* ---- Starting and switching ------------------------------------------------------------ */

static int end_at_once(void *arg)
{
    (void)arg;
    return 0;
}

static int start_many(void *arg)
{
    for (unsigned left = *(unsigned *)arg; left > 0;) {
        unsigned batch = left < BATCH ? left : BATCH;
        for (unsigned i = 0; i < batch; i++)
            check(gale_spawn(end_at_once, NULL));
        check(gale_moment());
        left -= batch;
    }
    return 0;
}

static int wait_often(void *arg)
{
    for (unsigned i = *(unsigned *)arg; i > 0; i--)
        check(gale_moment());
    return 0;
}

/* By many tasks, so that the loop's turns do not count. */
static int switch_many(void *arg)
{
    unsigned each = *(unsigned *)arg / BATCH;
    gale_call calls[BATCH];
    for (unsigned i = 0; i < BATCH; i++)
        calls[i] = (gale_call){ wait_often, &each, 0 };
    return gale_multi(calls, BATCH);
}

/* The least of some rounds, in nanoseconds: disturbances only add. */
static double least_time(gale_task_function function, unsigned count)
{
    double least = 0;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = now();
        check(function(&count));
        double took = (double)(now() - start);
        if (i == 0 || took < least)
            least = took;
    }
    return least;
}

static int measure(void *arg)
{
    report("starting and ending tasks", STARTS / least_time(start_many, STARTS) * 1e9, "tasks/s");
    report("a wait and its wake-up, two switches", least_time(switch_many, SWITCHES) / SWITCHES,
           "ns");
    return suspend_many(arg);
}

static void run(gale_task_function function, void *arg)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    if (!loop)
        give_up("out of memory");
    check(gale_ioloop_run_sync(loop, function, arg, 0));
    gale_ioloop_free(loop);
}

int main(int argc, char **argv)
{
    unsigned count = argc > 1 ? parse_number(argv[argc - 1], 1, 100000000) : SUSPENDED;
    if (argc == 3 && strcmp(argv[1], "starts") == 0) {
        run(start_many, &count);
    } else if (argc == 3 && strcmp(argv[1], "switches") == 0) {
        run(switch_many, &count);
    } else if (argc <= 2) {
        crowd all = { gale_event_new(), count, 0, 0 };
        run(measure, &all);
        gale_event_free(all.event);
    } else {
        give_up("usage: tasks [COUNT] | tasks starts N | tasks switches N");
    }
    return 0;
}
