/* SPDX-License-Identifier: Apache-2.0 */
/* Who logs, and in which context: the floor of tasks knows it. */
#ifndef GALE_CORE_LOG_CONTEXT_H
#define GALE_CORE_LOG_CONTEXT_H

/* Makes `describe` the function that is asked, on the thread that logs. What it leaves alone is
 * NULL. */
void gale__log_set_context_function(void (*describe)(const char **ret_context,
                                                     const char **ret_task));

#endif
