/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: a backend with the system's sockets and a clock of its own. Its time stands still
 * while there is something to do, and jumps to the next timeout when there is nothing else: a
 * timeout of an hour takes no time, and one of a second does not come early on a busy machine.
 *
 * "Nothing to do" can be told of what the loop itself and its executors are at. Other processes get
 * two milliseconds of real time before each jump.
 */
#ifndef GALE_LOOP_VIRTUAL_CLOCK_H
#define GALE_LOOP_VIRTUAL_CLOCK_H

#include "loop/loop.h"

/* For gale__loop_use_backend. The clock belongs to the thread. */
extern const gale__backend_operations gale__virtual_backend;

#endif
