/* SPDX-License-Identifier: Apache-2.0 */
#include "net/handover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/inherited.h"

enum { MOST_ARGUMENTS = 1 << 21 };

void gale__string_list_init(gale__string_list *self)
{
    gale__buffer_init(&self->text, MOST_ARGUMENTS);
    self->items = NULL;
}

void gale__string_list_clear(gale__string_list *self)
{
    gale__buffer_clear(&self->text);
    gale__free(self->items);
}

int gale__string_list_index(gale__string_list *self)
{
    gale_str all = gale__buffer_str(&self->text);
    size_t count = 0;
    if (self->text.error)
        return self->text.error;
    for (size_t i = 0; i < all.len; i++)
        count += all.data[i] == '\0';
    self->items = gale__calloc(count + 1, sizeof *self->items);
    if (!self->items)
        return -ENOMEM;
    for (size_t i = 0, at = 0; i < count; i++, at += strlen(all.data + at) + 1)
        self->items[i] = all.data + at;
    return 0;
}

int gale__command_line_read(gale__string_list *self)
{
    char piece[4096];
    ssize_t size;
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    while ((size = read(fd, piece, sizeof piece)) > 0)
        gale__buffer_append(&self->text, piece, (size_t)size);
    close(fd);
    return gale__string_list_index(self);
}

int gale__listening_sockets(int *sockets)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    if (!folder)
        return -errno;
    for (struct dirent *entry; count < GALE__INHERITED_MAX && (entry = readdir(folder));) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && gale__is_listening(fd))
            sockets[count++] = fd;
    }
    closedir(folder);
    return count;
}
