/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog of gale_ioloop_options.slow_callback_duration: it names what has held the loop
 * for too long. When the option is off it costs one comparison.
 */
#ifndef GALE_LOOP_WATCHDOG_H
#define GALE_LOOP_WATCHDOG_H

#include "loop/loop.h"

/* Logs when more than the allowed time has passed since `since`. */
void gale__watchdog_check_function(gale_ioloop *loop, int64_t since, gale_callback function);
/* The same for what has a name: kind "task", name "GET /". */
void gale__watchdog_check_name(gale_ioloop *loop, int64_t since, const char *kind,
                               const char *name);
int64_t gale__watchdog_now(void);

/* 0 when the watchdog is off. */
static inline int64_t gale__watchdog_begin(const gale_ioloop *loop)
{
    return GALE__UNLIKELY(loop->options.slow_callback_duration > 0) ? gale__watchdog_now() : 0;
}

static inline void gale__watchdog_end(gale_ioloop *loop, int64_t since, gale_callback function)
{
    if (GALE__UNLIKELY(since))
        gale__watchdog_check_function(loop, since, function);
}

#endif
