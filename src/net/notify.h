/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager wants to know. */
#ifndef GALE_NET_NOTIFY_H
#define GALE_NET_NOTIFY_H

#include <stdint.h>

/* As gale_notify, but nobody else is told. */
int gale__notify_manager(const char *state);
/* Nanoseconds between two signs of life that it wants from this process, half of what it allows;
 * 0: none. */
int64_t gale__notify_watchdog(void);

#endif
