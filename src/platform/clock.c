/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t gale__clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t gale__clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}
