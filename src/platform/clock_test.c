/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "platform/clock.h"

#include <time.h>

TEST(the_monotonic_clock_counts_nanoseconds)
{
    int64_t before = gale__clock_monotonic();
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    int64_t passed = gale__clock_monotonic() - before;
    assert_true(passed >= 2000000);
    assert_true(passed < 60 * INT64_C(1000000000));
}

TEST(the_wall_clock_agrees_with_time)
{
    int64_t before = (int64_t)time(NULL);
    int64_t seconds = gale__clock_wall() / 1000000000;
    /* time() may lag a little behind the fine clock */
    assert_true(seconds >= before && seconds <= (int64_t)time(NULL) + 1);
}

GALE_TEST_MAIN
