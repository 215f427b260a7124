/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in brackets before each message: the floor of tasks knows it. */
#ifndef GALE_CORE_LOG_CONTEXT_H
#define GALE_CORE_LOG_CONTEXT_H

/* Makes `context` the function that is asked, on the thread that logs, for the text; it returns
 * NULL for none. */
void gale__log_set_context_function(const char *(*context)(void));

#endif
