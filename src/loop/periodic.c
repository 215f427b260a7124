/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/periodic.h"

/* Periods from `since` to `now`, rounded down. */
static double whole_periods(double since, double now, double period)
{
    double periods = (now - since) / period;
    return periods < 0x1p52 ? (double)(long long)periods : periods;
}

double gale__periodic_next(double next_timeout, double now, double callback_time_ms, double jitter,
                           double random)
{
    double period = callback_time_ms / 1000.0;
    double factor = 1 + jitter * (random - 0.5);
    if (jitter != 0 && factor > 0) /* 2 or more of jitter must not stop time */
        period *= factor;
    if (next_timeout > now)
        return next_timeout + period;
    return next_timeout + (whole_periods(next_timeout, now, period) + 1) * period;
}
