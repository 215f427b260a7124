/* SPDX-License-Identifier: Apache-2.0 */
/* What is watched: the program, its shared objects, and other files; and the kernel's notices. */
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "net/autoreload.h"
#include "net/file_stamp.h"

enum { REPLACED = 1 }; /* a stamp that no file has */

int gale__autoreload_add(gale__autoreload *self, const char *path, gale__file_kind kind,
                         uint64_t first)
{
    size_t size = strlen(path) + 1;
    for (gale__list *link = self->files.next; link != &self->files; link = link->next)
        if (strcmp(GALE__CONTAINER_OF(link, gale__watched_file, link)->path, path) == 0)
            return 0;
    gale__watched_file *file = gale__calloc(1, sizeof *file + size);
    if (!file)
        return -ENOMEM;
    file->kind = kind;
    file->first = file->latest = first;
    memcpy(file->path, path, size);
    gale__list_append(&self->files, &file->link);
    if (kind == GALE__FILE_PROGRAM)
        self->program = file;
    return 0;
}

/* ---- The program and its objects -------------------------------------------------------- */

/* The kernel says so when another file has taken the place of the one that is running. */
static uint64_t first_stamp(char *path)
{
    static const char mark[] = " (deleted)";
    size_t size = strlen(path), end = sizeof mark - 1;
    if (size <= end || strcmp(path + size - end, mark) != 0)
        return gale__file_stamp(path);
    path[size - end] = '\0';
    return REPLACED;
}

int gale__autoreload_add_program(gale__autoreload *self)
{
    char path[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    if (size < 0)
        return -errno;
    path[size] = '\0';
    uint64_t first = first_stamp(path);
    return gale__autoreload_add(self, path, GALE__FILE_PROGRAM, first);
}

static bool is_replaceable(const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (path[0] != '/' || (size_t)(slash - path) >= sizeof directory)
        return false;
    snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
    return access(slash == path ? "/" : directory, W_OK) == 0;
}

/* A line of /proc/self/maps; only what is mapped executable counts. */
static int add_mapping(gale__autoreload *self, char *line)
{
    char permissions[5] = "";
    int at = 0;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%*s %4s %*s %*s %*s %n", permissions, &at) != 1 || permissions[2] != 'x' ||
        !at || !is_replaceable(line + at))
        return 0;
    uint64_t first = first_stamp(line + at);
    if (first == REPLACED && !gale__file_stamp(line + at))
        return 0; /* loaded from a file that was meant to go */
    return gale__autoreload_add(self, line + at, GALE__FILE_OBJECT, first);
}

static int count_objects(struct dl_phdr_info *info, size_t size, void *arg)
{
    unsigned long long *count = arg;
    (void)size;
    *count = info->dlpi_adds;
    return 1;
}

int gale__autoreload_add_objects(gale__autoreload *self)
{
    char line[PATH_MAX + 128];
    unsigned long long count = 0;
    int result = 0;
    dl_iterate_phdr(count_objects, &count);
    if (self->looked && count == self->objects)
        return 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps)
        return -errno;
    while (result >= 0 && fgets(line, sizeof line, maps))
        result = add_mapping(self, line);
    fclose(maps);
    if (result >= 0)
        self->objects = count;
    return result;
}

/* ---- Notices ---------------------------------------------------------------------------- */

static void stop_noticing(gale__autoreload *self)
{
    self->loop->operations->end(self->loop->backend, &self->notices, true);
    self->notices.fd = -1;
}

static void on_notice(gale__io *io, unsigned events)
{
    gale__autoreload *self = GALE__CONTAINER_OF(io, gale__autoreload, notices);
    char unread[4096];
    ssize_t size;
    (void)events;
    while ((size = read(io->fd, unread, sizeof unread)) > 0)
        continue;
    gale__autoreload_look_soon(self);
    if (size == 0 || (errno != EAGAIN && errno != EINTR))
        stop_noticing(self);
}

static const gale__io_handlers notice_handlers = { .ready = on_notice };

static void begin_noticing(gale__autoreload *self)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0)
        return;
    self->notices = (gale__io){ .handlers = &notice_handlers, .fd = fd };
    if (self->loop->operations->watch(self->loop->backend, &self->notices, GALE__WATCH_READ) < 0)
        stop_noticing(self);
}

/* A directory is told of once, however often it is asked for. */
static void notice_directory_of(gale__autoreload *self, gale__watched_file *file)
{
    const uint32_t events = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR;
    char *slash = strrchr(file->path, '/');
    file->noticed = true;
    if (!slash || slash == file->path)
        return;
    *slash = '\0';
    inotify_add_watch(self->notices.fd, file->path, events);
    *slash = '/';
}

void gale__autoreload_notice(gale__autoreload *self)
{
    if (!self->looked)
        begin_noticing(self);
    for (gale__list *link = self->files.next; link != &self->files; link = link->next) {
        gale__watched_file *file = GALE__CONTAINER_OF(link, gale__watched_file, link);
        if (self->notices.fd >= 0 && !file->noticed)
            notice_directory_of(self, file);
    }
}
