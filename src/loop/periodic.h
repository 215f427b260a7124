/* SPDX-License-Identifier: Apache-2.0 */
/* When a periodic callback runs next. */
#ifndef GALE_LOOP_PERIODIC_H
#define GALE_LOOP_PERIODIC_H

/*
 * The time that follows `next_timeout`, which was the last one: the first multiple of the period
 * that lies after `now`, so that missed runs are skipped and the phase is kept. When the clock
 * has gone backwards, one period on. Times are in seconds. `random`, from 0 to 1, is used only
 * when `jitter` is not 0. Tornado: ioloop.PeriodicCallback._update_next.
 */
double gale__periodic_next(double next_timeout, double now, double callback_time_ms, double jitter,
                           double random);

#endif
