/* SPDX-License-Identifier: Apache-2.0 */
#include "app/log_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/memory.h"

typedef struct log_file {
    gale__log_sink sink;
    gale__log_rotation rotation;
    char path[PATH_MAX]; /* absolute */
    int fd;              /* -1: the last try to open it failed */
    dev_t device;
    ino_t inode;
    int64_t size; /* when it was last looked at */
    int64_t rollover;
    unsigned generation; /* of the last opening, see gale_log_reopen */
    bool complained;
} log_file;

static log_file *of_sink(gale__log_sink *sink)
{
    return GALE__CONTAINER_OF(sink, log_file, sink);
}

static atomic_uint wanted_generation;

void gale_log_reopen(void)
{
    atomic_fetch_add_explicit(&wanted_generation, 1, memory_order_relaxed);
}

/* Nothing else can be told: this is the log. Once until it works again. */
static void complain(log_file *self, int error)
{
    char text[PATH_MAX + 128];
    int size = snprintf(text, sizeof text, "log file %s: %s; log lines are lost\n", self->path,
                        gale_strerror(-error));
    if (!self->complained && write(STDERR_FILENO, text, (size_t)size) < 0)
        return;
    self->complained = true;
}

/* ---- Opening ---- */

static int open_file(log_file *self)
{
    struct stat status;
    self->generation = atomic_load_explicit(&wanted_generation, memory_order_relaxed);
    self->fd = open(self->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (self->fd < 0 || fstat(self->fd, &status) < 0)
        return -errno;
    self->device = status.st_dev;
    self->inode = status.st_ino;
    self->size = status.st_size;
    if (self->rotation.when) /* a file of yesterday ended yesterday */
        self->rollover = gale__log_rollover(
            &self->rotation, status.st_size > 0 ? status.st_mtime : (int64_t)time(NULL));
    return 0;
}

static void close_file(log_file *self)
{
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

static void reopen(log_file *self)
{
    close_file(self);
    int result = open_file(self);
    if (result < 0)
        complain(self, -result);
}

/* Under its name there is another file by now, or none. */
static bool was_moved(log_file *self)
{
    struct stat status;
    if (self->fd < 0 || stat(self->path, &status) < 0 || status.st_dev != self->device ||
        status.st_ino != self->inode)
        return true;
    self->size = status.st_size;
    return false;
}

static size_t write_lines(gale__log_sink *sink, const char *data, size_t size, bool last)
{
    (void)last;
    log_file *self = of_sink(sink);
    if (self->generation != atomic_load_explicit(&wanted_generation, memory_order_relaxed) ||
        was_moved(self))
        reopen(self);
    for (size_t written = 0; self->fd >= 0 && written < size;) {
        ssize_t count = write(self->fd, data + written, size - written);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            complain(self, errno);
            return size;
        }
        written += (size_t)count;
        self->size += count;
        self->complained = false;
    }
    return size;
}

/* ---- Rotating ---- */

static void rotate_by_size(log_file *self)
{
    char from[PATH_MAX + 16], to[PATH_MAX + 16];
    for (int number = self->rotation.backups - 1; number > 0; number--) {
        snprintf(from, sizeof from, "%s.%d", self->path, number);
        snprintf(to, sizeof to, "%s.%d", self->path, number + 1);
        rename(from, to);
    }
    snprintf(to, sizeof to, "%s.1", self->path);
    rename(self->path, to);
}

/* ".2026-07-08" and longer ones. */
static bool is_suffix(const char *text)
{
    return *text == '.' && strlen(text) >= sizeof ".2026-07-08" - 1 &&
           strspn(text + 1, "0123456789-_") == strlen(text + 1);
}

/* Whether it is the name of an older one of these files. */
static bool is_older_file(const struct dirent *entry, const char *name)
{
    size_t size = strlen(name);
    return strncmp(entry->d_name, name, size) == 0 && is_suffix(entry->d_name + size);
}

/* Removes the oldest of more than `most` files; false when that is not, or no longer, needed. */
static bool remove_oldest(DIR *folder, const char *name, int most)
{
    char oldest[NAME_MAX + 1] = "";
    int found = 0;
    struct dirent *entry;
    rewinddir(folder);
    while ((entry = readdir(folder)))
        if (is_older_file(entry, name)) {
            found++;
            if (!*oldest || strcmp(entry->d_name, oldest) < 0)
                snprintf(oldest, sizeof oldest, "%s", entry->d_name);
        }
    return found > most && unlinkat(dirfd(folder), oldest, 0) == 0 && found > most + 1;
}

static void remove_old(log_file *self)
{
    char path[PATH_MAX];
    const char *slash = strrchr(self->path, '/');
    snprintf(path, sizeof path, "%.*s/", (int)(slash - self->path), self->path);
    DIR *folder = opendir(path);
    while (folder && remove_oldest(folder, slash + 1, self->rotation.backups))
        continue;
    if (folder)
        closedir(folder);
}

static void rotate_by_time(log_file *self)
{
    char suffix[32], to[PATH_MAX + 32];
    gale__log_suffix(&self->rotation, self->rollover, suffix);
    snprintf(to, sizeof to, "%s%s", self->path, suffix);
    rename(self->path, to);
    if (self->rotation.backups > 0)
        remove_old(self);
}

/* The lock belongs to the file that is renamed, and ends with its descriptor. */
static void rotate(log_file *self)
{
    gale__log_sink_flush(&self->sink, false);
    if (self->fd < 0)
        return;
    while (flock(self->fd, LOCK_EX) < 0 && errno == EINTR)
        continue;
    if (!was_moved(self)) {
        if (self->rotation.when)
            rotate_by_time(self);
        else
            rotate_by_size(self);
    }
    reopen(self);
}

static void before_line(gale__log_sink *sink, const gale_log_record *record, size_t size)
{
    log_file *self = of_sink(sink);
    const gale__log_rotation *rotation = &self->rotation;
    int64_t filled = self->size + (int64_t)sink->size;
    if (rotation->when ? record->time >= (double)self->rollover
                       : rotation->max_size > 0 && rotation->backups > 0 && filled > 0 &&
                             filled + (int64_t)size >= rotation->max_size)
        rotate(self);
}

/* ---- Making ---- */

static int make_absolute(const char *path, char out[PATH_MAX])
{
    size_t size = 0;
    if (*path != '/') {
        if (!getcwd(out, PATH_MAX))
            return -errno;
        size = strlen(out);
        out[size++] = '/';
    }
    if (size + strlen(path) + 32 > PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(out + size, path, strlen(path) + 1);
    return 0;
}

int gale__log_file_new(const char *path, const gale__log_rotation *rotation,
                       gale__log_sink **ret_sink)
{
    log_file *self = GALE__NEW(log_file);
    if (!self)
        return -ENOMEM;
    self->sink.write = write_lines;
    self->sink.before_line = before_line;
    self->rotation = *rotation;
    self->fd = -1;
    int result = make_absolute(path, self->path);
    if (result >= 0)
        result = open_file(self);
    if (result < 0) {
        gale__log_file_free(&self->sink);
        return result;
    }
    *ret_sink = &self->sink;
    return 0;
}

void gale__log_file_free(gale__log_sink *sink)
{
    log_file *self = of_sink(sink);
    close_file(self);
    gale__free(self);
}
