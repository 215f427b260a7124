/* SPDX-License-Identifier: Apache-2.0 */
/* The detail of the last error: one slot for each task, and one for each thread. */
#ifndef GALE_CORE_ERROR_H
#define GALE_CORE_ERROR_H

#include <gale/core.h>

enum { GALE__ERROR_DETAIL_MAX = 511 };

/* A slot holds NULL or text from gale__malloc; free it with gale__error_slot_clear. */
typedef struct gale__error_slot {
    char *text;
} gale__error_slot;

/* The slot of the task that runs on this thread; NULL: the thread's own. */
extern _Thread_local gale__error_slot *gale__error_slot_current;

/* Makes `slot` the one that gale_error_detail reads; NULL is the thread's own. */
static inline void gale__error_slot_use(gale__error_slot *slot)
{
    gale__error_slot_current = slot;
}
void gale__error_slot_clear(gale__error_slot *slot);

/* Sets the detail and returns `code`: return gale__fail(GALE_EINPUT, "no %s", what);
 * A detail is cut at GALE__ERROR_DETAIL_MAX bytes. The arguments may use gale_error_detail(). */
int gale__fail(int code, const char *format, ...) GALE_PRINTF(2, 3);

#endif
