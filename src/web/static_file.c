/* SPDX-License-Identifier: Apache-2.0 */
#include "web/static_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <gale/ioloop.h>

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

atomic_bool gale__static_file_walks;

/* ---- Opening --------------------------------------------------------------------------- */

/* Neither a FIFO without a writer nor a terminal may make us wait, or become ours. */
enum { FILE_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };
enum { ROOT_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC };

typedef struct open_job {
    const char *root, *below;
    bool follow_symlinks;
    bool cached; /* fail with EAGAIN rather than wait for the disk */
    int fd;
    struct stat status;
} open_job;

static int open_resolved(int directory, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = { .flags = (unsigned)flags, .resolve = resolve };
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

/* Without openat2: one component after the other, none of them a link. */
static int walk(int directory, const char *below)
{
    int at = directory;
    for (;;) {
        char name[256];
        size_t size = strcspn(below, "/");
        bool last = below[size] == '\0';
        if (size >= sizeof name) {
            errno = ENAMETOOLONG;
            break;
        }
        memcpy(name, below, size);
        name[size] = '\0';
        if (strcmp(name, "..") == 0) {
            errno = EXDEV;
            break;
        }
        int next = openat(at, name, O_NOFOLLOW | (last ? (int)FILE_FLAGS : (int)ROOT_FLAGS));
        int error = errno == ELOOP ? EXDEV : errno;
        if (at != directory)
            close(at);
        errno = error;
        if (next < 0 || last)
            return next;
        at = next;
        below += size + 1;
    }
    int error = errno;
    if (at != directory)
        close(at);
    errno = error;
    return -1;
}

static int open_below(const open_job *job, int root)
{
    uint64_t resolve = RESOLVE_NO_MAGICLINKS | (job->cached ? RESOLVE_CACHED : 0);
    if (!job->follow_symlinks)
        resolve |= RESOLVE_BENEATH;
    if (!gale__static_file_walks)
        return open_resolved(root, job->below, FILE_FLAGS, resolve);
    return job->follow_symlinks ? openat(root, job->below, FILE_FLAGS) : walk(root, job->below);
}

static int open_now(open_job *job)
{
    int root = gale__static_file_walks ? open(job->root, ROOT_FLAGS)
                                       : open_resolved(AT_FDCWD, job->root, ROOT_FLAGS,
                                                       job->cached ? RESOLVE_CACHED : 0);
    if (root < 0) /* a sandbox that does not know openat2 forbids it, most of them with EPERM */
        return errno == EPERM && !gale__static_file_walks ? -ENOSYS : -errno;
    job->fd = open_below(job, root);
    int result = job->fd < 0 || fstat(job->fd, &job->status) != 0 ? -errno : 0;
    if (result < 0 && job->fd >= 0)
        close(job->fd);
    close(root);
    return result;
}

/* In a thread: here the disk may be waited for. EAGAIN is a rename that came in between. */
static int open_in_thread(void *arg)
{
    enum { TRIES = 8 };
    open_job *job = arg;
    int result = -EAGAIN;
    for (int i = 0; i < TRIES && result == -EAGAIN; i++)
        result = open_now(job);
    return result;
}

/* Old kernels do not know the call, and some sandboxes forbid it. */
static int open_somehow(open_job *job)
{
    job->cached = false;
    int result = gale_run_in_executor(NULL, open_in_thread, job);
    if (gale__static_file_walks || result != -ENOSYS)
        return result;
    gale__static_file_walks = true;
    return gale_run_in_executor(NULL, open_in_thread, job);
}

int gale__static_file_open(gale__static_file *file, const char *path, const char *root,
                           const char *below, bool follow_symlinks)
{
    open_job job = {
        .root = root, .below = below, .follow_symlinks = follow_symlinks, .cached = true, .fd = -1
    };
    int result = gale__static_file_walks ? -EAGAIN : open_now(&job);
    if (result == -EAGAIN || result == -EINVAL || result == -ENOSYS)
        result = open_somehow(&job);
    if (result < 0)
        return result;
    *file = (gale__static_file){ .path = path, .fd = job.fd, .status = job.status };
    return 0;
}

void gale__static_file_close(gale__static_file *file)
{
    if (file->path)
        close(file->fd);
    file->path = NULL;
}

/* ---- Reading --------------------------------------------------------------------------- */

typedef struct read_job {
    int fd;
    int64_t offset;
    char *out; /* NULL: read, and throw away */
    size_t size;
    ssize_t got;
} read_job;

/* File systems without a disk do not know RWF_NOWAIT, and never wait. */
static bool is_in_memory(int fd)
{
    struct statfs status;
    return fstatfs(fd, &status) == 0 &&
           (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC);
}

static ssize_t read_cached(int fd, int64_t offset, char *out, size_t size)
{
    struct iovec vector = { out, size };
    ssize_t got;
    do {
        got = preadv2(fd, &vector, 1, offset, RWF_NOWAIT);
        if (got < 0 && errno == EOPNOTSUPP && is_in_memory(fd))
            got = pread(fd, out, size, offset);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static int read_in_thread(void *arg)
{
    char scratch[65536];
    read_job *job = arg;
    while ((size_t)job->got < job->size) {
        size_t left = job->size - (size_t)job->got;
        size_t size = job->out || left < sizeof scratch ? left : sizeof scratch;
        char *out = job->out ? job->out + job->got : scratch;
        ssize_t got = pread(job->fd, out, size, job->offset + job->got);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        job->got += got;
    }
    return 0;
}

ssize_t gale__static_file_read(const gale__static_file *file, int64_t offset, char *out,
                               size_t size)
{
    ssize_t got = read_cached(file->fd, offset, out, size);
    if (got == (ssize_t)size)
        return got;
    read_job job = { .fd = file->fd, .offset = offset, .out = out, .size = size };
    job.got = got > 0 ? got : 0;
    int result = gale_run_in_executor(NULL, read_in_thread, &job);
    return result < 0 ? result : job.got;
}

/* One byte of each stretch tells: the kernel reads ahead much more than that. */
static bool is_loaded(const gale__static_file *file, int64_t offset, size_t size)
{
    enum { STRETCH = 131072 };
    char byte;
    for (size_t at = 0; at < size; at += STRETCH)
        if (read_cached(file->fd, offset + (int64_t)at, &byte, 1) < 0)
            return false;
    return read_cached(file->fd, offset + (int64_t)size - 1, &byte, 1) >= 0;
}

int gale__static_file_load(const gale__static_file *file, int64_t offset, size_t size)
{
    if (is_loaded(file, offset, size))
        return 0;
    read_job job = { .fd = file->fd, .offset = offset, .size = size };
    return gale_run_in_executor(NULL, read_in_thread, &job);
}
