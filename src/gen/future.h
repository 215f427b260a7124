/* SPDX-License-Identifier: Apache-2.0 */
/* Futures, for the rest of this floor: whoever wants to know at once that one is done. */
#ifndef GALE_GEN_FUTURE_H
#define GALE_GEN_FUTURE_H

#include "gen/task.h"

typedef struct gale__observer {
    gale__list link;
    /* Called once, from within the call that resolves the future; it must only take note.
     * `future` is NULL when the future has gone without being done. */
    void (*notify)(struct gale__observer *observer, gale_future *future);
} gale__observer;

/* Adds an observer, which is notified at once when the future is done. An observer withdraws
 * by taking its link out of the list. */
void gale__future_observe(gale_future *future, gale__observer *observer);

#endif
