/* SPDX-License-Identifier: Apache-2.0 */
/* Task-local values: an immutable chain that a child shares with its parent. */
#ifndef GALE_GEN_LOCAL_H
#define GALE_GEN_LOCAL_H

typedef struct gale__local gale__local;

gale__local *gale__locals_ref(gale__local *locals);
void gale__locals_unref(gale__local *locals);

/* The log context and the name of the current task. */
void gale__describe_for_log(const char **ret_context, const char **ret_task);

#endif
