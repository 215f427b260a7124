/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks, in nanoseconds. */
#ifndef GALE_PLATFORM_CLOCK_H
#define GALE_PLATFORM_CLOCK_H

#include <gale/core.h>

/* Never goes backwards; its zero means nothing. The loop's clock. */
int64_t gale__clock_monotonic(void);
/* Since 1970-01-01 00:00 UTC; jumps when the system's date is set. */
int64_t gale__clock_wall(void);

#endif
