/* SPDX-License-Identifier: Apache-2.0 */
/* The vectors of Tornado's TestPeriodicCallbackMath. */
#include "loop/periodic.h"

#include "test.h"

/* Runs that take durations[i] seconds each, from time 1000 on, with a period of 10 s. */
static void check(const double *durations, const double *expected, size_t count)
{
    double now = 1000, next = now;
    for (size_t i = 0; i < count; i++) {
        next = gale__periodic_next(next, now, 10000, 0, 0);
        assert_float_equal(next, expected[i], 1e-9);
        now = next + durations[i];
    }
}

TEST(runs_once_a_period)
{
    check((double[]){ 0, 0, 0, 0, 0 }, (double[]){ 1010, 1020, 1030, 1040, 1050 }, 5);
}

TEST(overrun_skips_whole_periods)
{
    check((double[]){ 9, 9, 10, 11, 20, 20, 35, 35, 0, 0, 0 },
          (double[]){ 1010, 1020, 1030, 1050, 1070, 1100, 1130, 1170, 1210, 1220, 1230 }, 11);
}

TEST(clock_that_goes_backwards_adds_one_period)
{
    check((double[]){ -2, -1, -3, -2, 0 }, (double[]){ 1010, 1020, 1030, 1040, 1050 }, 5);
    check((double[]){ -100, 0, 0 }, (double[]){ 1010, 1020, 1030 }, 3);
}

TEST(jitter_scales_each_period)
{
    const double random[] = { 0.5, 1, 0, 0.75 }, expected[] = { 1010, 1022.5, 1030, 1041.25 };
    double next = 1000;
    for (size_t i = 0; i < 4; i++) {
        next = gale__periodic_next(next, next, 10000, 0.5, random[i]);
        assert_float_equal(next, expected[i], 1e-9);
    }
}

TEST(too_much_jitter_still_goes_forward)
{
    assert_float_equal(gale__periodic_next(1000, 1000, 10000, 2, 0), 1010, 1e-9);
    assert_float_equal(gale__periodic_next(1000, 1000, 10000, 3, 0), 1010, 1e-9);
}

TEST(very_late_run_lands_ahead)
{
    double next = gale__periodic_next(0, 1.7e9, 0.001, 0, 0);
    assert_true(next >= 1.7e9 && next < 1.7e9 + 1e-3);
}

GALE_TEST_MAIN
