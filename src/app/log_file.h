/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log file, and the older ones beside it. Several processes may append to the same file: whoever
 * finds that another one has renamed it opens the new one, and who wants to rename locks it first.
 */
#ifndef GALE_APP_LOG_FILE_H
#define GALE_APP_LOG_FILE_H

#include "core/log_sink.h"

typedef struct gale__log_rotation {
    int64_t max_size; /* 0: not by size */
    int backups;      /* 0: none by size, all by time */
    const char *when; /* NULL: not by time */
    int interval;     /* in units of `when` */
} gale__log_rotation;

/* Opens a file as a sink; frees with gale__log_file_free. A negative -errno. `when` must be one of
 * log_rotate_when and stay. */
int gale__log_file_new(const char *path, const gale__log_rotation *rotation,
                       gale__log_sink **ret_sink);
void gale__log_file_free(gale__log_sink *sink);

/* When a file that was begun at `start` ends, in Unix seconds. */
int64_t gale__log_rollover(const gale__log_rotation *rotation, int64_t start);
/* What stands behind the name of a file that ends at `end`; `out` holds at least 32 bytes. */
void gale__log_suffix(const gale__log_rotation *rotation, int64_t end, char *out);

#endif
