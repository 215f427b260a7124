/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a fatal signal: one line on standard error that names the task, above all the
 * one whose stack has overflowed. It runs on an alternate stack and only calls what is
 * async-signal-safe; then the signal takes its default action.
 */
#ifndef GALE_LOOP_FAULT_H
#define GALE_LOOP_FAULT_H

#include "loop/loop.h"

/*
 * How to name the owner of a stack. `describe(NULL)` names the task that this thread runs at
 * the moment, or returns NULL. It must be async-signal-safe. Process-wide.
 */
void gale__fault_set_describe(const char *(*describe)(void *owner));

/* Installs the report for SIGSEGV and SIGBUS, each only over the default, and gives the calling
 * thread an alternate stack when it has none. Returns 0 or -ENOMEM. */
int gale__fault_start(gale_ioloop *loop);
/* Undoes that, by the same thread; harmless without a start. */
void gale__fault_stop(void);

#endif
