/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are served: opened below their root, and read, without holding up the loop. */
#ifndef GALE_WEB_STATIC_FILE_H
#define GALE_WEB_STATIC_FILE_H

#include <stdatomic.h>
#include <sys/stat.h>

#include <gale/core.h>

typedef struct gale__static_file {
    const char *path; /* absolute; borrowed. NULL while it is not open */
    int fd;
    struct stat status;
} gale__static_file;

/*
 * Opens `below`, a relative path, for reading; `path` is the absolute one. It must not leave
 * `root`, unless `follow_symlinks`; a FIFO or a device does not make it wait. Whether it is a
 * regular file is for the caller to see. Suspends when the kernel would have to read directories
 * from the disk. Returns 0; -EXDEV for what leads out of the root; another -errno; GALE_ECANCELED.
 */
int gale__static_file_open(gale__static_file *file, const char *path, const char *root,
                           const char *below, bool follow_symlinks);
/* Harmless when it is not open. */
void gale__static_file_close(gale__static_file *file);

/* Reads up to `size` bytes, fewer only at the end. Suspends when they are not in memory. Returns
 * their count or -errno. */
ssize_t gale__static_file_read(const gale__static_file *file, int64_t offset, char *out,
                               size_t size);
/* Has these bytes read into memory, so that sending them does not wait for the disk. Suspends when
 * they are not there. Returns 0, -errno or GALE_ECANCELED. */
int gale__static_file_load(const gale__static_file *file, int64_t offset, size_t size);

/* Opens component by component, as where the kernel has no openat2. For tests. */
extern atomic_bool gale__static_file_walks;

#endif
