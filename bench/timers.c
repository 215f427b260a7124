/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What adding and cancelling a timeout costs while many others are pending, and what each
 * pending one takes of memory.
 *
 *   timers                 prints figures for 1,000 and for 1,000,000 pending
 *   timers PENDING PAIRS   only does the work: for callgrind, whose counts for two numbers of
 *                          PAIRS differ by what the pairs cost
 */
#include "common.h"

#include <gale/ioloop.h>

enum { FEW = 1000, MANY = 1000000, PAIRS = 1000000, ROUNDS = 5 };

static void never(void *arg)
{
    (void)arg;
    give_up("a timeout ran that is minutes away");
}

/* The next of a fixed sequence of deadlines between 60 and 660 seconds from now. */
static double next_delay(void)
{
    static uint32_t state = 1;
    state = state * 1664525 + 1013904223;
    return 60 + (double)(state >> 8) * (600.0 / (1 << 24));
}

static void add(gale_ioloop *loop, gale_timeout *timeout)
{
    if (gale_ioloop_call_later(loop, next_delay(), never, NULL, timeout) < 0)
        give_up("out of memory");
}

static gale_ioloop *loop_with_pending(unsigned pending)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    if (!loop)
        give_up("out of memory");
    for (unsigned i = 0; i < pending; i++)
        add(loop, NULL);
    return loop;
}

static void add_and_cancel(gale_ioloop *loop, unsigned pairs)
{
    for (unsigned i = 0; i < pairs; i++) {
        gale_timeout timeout;
        add(loop, &timeout);
        gale_ioloop_remove_timeout(loop, timeout);
    }
}

static double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static long own_resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*s %ld", &pages) != 1)
        fail("/proc/self/statm");
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static void report(const char *what, unsigned pending, double value, const char *unit)
{
    printf("{\"name\": \"%s at %u pending\", \"value\": %.1f, \"unit\": \"%s\"}\n", what, pending,
           value, unit);
}

/* The least of some rounds: disturbances only add. */
static double measure(unsigned pending)
{
    double least = 0;
    long before = own_resident_bytes();
    gale_ioloop *loop = loop_with_pending(pending);
    if (pending == MANY)
        report("memory of a timeout", pending, (double)(own_resident_bytes() - before) / pending,
               "bytes");
    for (int i = 0; i < ROUNDS; i++) {
        double start = seconds();
        add_and_cancel(loop, PAIRS);
        double took = seconds() - start;
        if (i == 0 || took < least)
            least = took;
    }
    gale_ioloop_free(loop);
    return least / PAIRS * 1e9;
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        gale_ioloop *loop = loop_with_pending(parse_number(argv[1], 0, 100000000));
        add_and_cancel(loop, parse_number(argv[2], 0, 100000000));
        gale_ioloop_free(loop);
        return 0;
    }
    if (argc != 1)
        give_up("usage: timers [PENDING PAIRS]");
    double few = measure(FEW), many = measure(MANY);
    report("add and cancel", FEW, few, "ns");
    report("add and cancel", MANY, many, "ns");
    printf("{\"name\": \"add and cancel, many to few\", \"value\": %.2f, \"unit\": \"ratio\"}\n",
           many / few);
    return 0;
}
