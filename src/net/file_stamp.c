/* SPDX-License-Identifier: Apache-2.0 */
#include "net/file_stamp.h"

#include <stddef.h>
#include <sys/stat.h>

static void mix(uint64_t *stamp, uint64_t value)
{
    *stamp = (*stamp ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    *stamp ^= *stamp >> 29;
}

/* Whatever a file is replaced by, its inode, size or time differs. */
uint64_t gale__file_stamp(const char *path)
{
    struct stat status;
    uint64_t stamp = 1;
    if (!path || stat(path, &status) != 0)
        return 0;
    mix(&stamp, status.st_ino);
    mix(&stamp, (uint64_t)status.st_dev);
    mix(&stamp, (uint64_t)status.st_size);
    mix(&stamp, (uint64_t)status.st_mtim.tv_sec);
    mix(&stamp, (uint64_t)status.st_mtim.tv_nsec);
    return stamp ? stamp : 1;
}

void gale__file_stamp_mix(uint64_t *stamp, const char *path)
{
    mix(stamp, gale__file_stamp(path));
}
