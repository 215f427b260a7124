/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files without a name, and giving them one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "web/uploads.h"

enum { COPY_SIZE = 65536 };

int gale__named_temporary_file(const char *directory)
{
    char path[4096];
    int size = snprintf(path, sizeof path, "%s/gale-upload-XXXXXX", directory);
    if (size < 0 || (size_t)size >= sizeof path)
        return -ENAMETOOLONG;
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    unlink(path);
    return fd;
}

int gale__temporary_file(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    if (fd >= 0)
        return fd;
    if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)
        return gale__named_temporary_file(directory);
    return -errno;
}

int gale__write_file(int fd, gale_str data, int64_t offset)
{
    while (data.len) {
        ssize_t written = pwrite(fd, data.data, data.len, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        data.data += written;
        data.len -= (size_t)written;
        offset += written;
    }
    return 0;
}

/* ---- Keeping a file -------------------------------------------------------------------- */

typedef struct saving {
    const gale_http_file *file;
    const char *path;
} saving;

static int copy_content(const gale_http_file *file, int to)
{
    char block[COPY_SIZE];
    if (file->fd < 0)
        return gale__write_file(to, file->body, 0);
    for (int64_t at = 0; at < file->size;) {
        ssize_t size = pread(file->fd, block, sizeof block, (off_t)at);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return size < 0 ? -errno : -EIO;
        GALE_TRY(gale__write_file(to, (gale_str){ block, (size_t)size }, at));
        at += size;
    }
    return 0;
}

static int copy_file(const gale_http_file *file, const char *path)
{
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (to < 0)
        return -errno;
    int result = copy_content(file, to);
    if (close(to) < 0 && result >= 0)
        result = -errno;
    if (result < 0)
        unlink(path);
    return result;
}

static int save(void *arg)
{
    const saving *what = arg;
    char name[40];
    snprintf(name, sizeof name, "/proc/self/fd/%d", what->file->fd);
    if (what->file->fd >= 0 && linkat(AT_FDCWD, name, AT_FDCWD, what->path, AT_SYMLINK_FOLLOW) == 0)
        return 0;
    return copy_file(what->file, what->path);
}

int gale_save_file(const gale_http_file *file, const char *path)
{
    saving what = { file, path };
    int result = gale_run_in_executor(NULL, save, &what);
    if (result < 0 && result > -4096)
        return gale__fail(result, "cannot save %s: %s", path, strerror(-result));
    return result;
}
