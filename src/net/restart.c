/* SPDX-License-Identifier: Apache-2.0 */
#include "net/restart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <gale/log.h>
#include <gale/netutil.h>

#include "net/inherited.h"
#include "net/program_file.h"

enum { TEXT_OF_A_SOCKET = 80 };

static int copy_sockets(gale__restart *self)
{
    int originals[GALE__INHERITED_MAX];
    int count = gale__listening_sockets(originals);
    if (count < 0)
        return count;
    self->sockets = gale__calloc((size_t)count + 1, sizeof *self->sockets);
    if (!self->sockets)
        return -ENOMEM;
    while (self->count < count) {
        int original = originals[self->count];
        int fd = fcntl(original, F_DUPFD_CLOEXEC, GALE__INHERITED_FIRST);
        if (fd < 0)
            return -errno;
        self->sockets[self->count++] = fd;
        gale__buffer_printf(&self->sockets_text, "%d:%s:", fd, gale__inherited_name(original));
    }
    return gale__buffer_append_char(&self->sockets_text, '\0');
}

int gale__restart_prepare(gale__restart *self)
{
    *self = (gale__restart){ 0 };
    gale__string_list_init(&self->arguments);
    gale__buffer_init(&self->sockets_text, GALE__INHERITED_MAX * TEXT_OF_A_SOCKET);
    GALE_TRY(gale__command_line_read(&self->arguments));
    return copy_sockets(self);
}

void gale__restart_clear(gale__restart *self)
{
    gale__string_list_clear(&self->arguments);
    gale__buffer_clear(&self->sockets_text);
    if (self->sockets)
        gale_close_sockets(self->sockets, self->count);
    gale__free(self->sockets);
    *self = (gale__restart){ 0 };
}

static void take_along(const gale__restart *self)
{
    for (int i = 0; i < self->count; i++)
        fcntl(self->sockets[i], F_SETFD, 0);
    setenv("GALE_RELOAD", gale__buffer_begin(&self->sockets_text), 1);
    unsetenv("LISTEN_PID"); /* these sockets are among ours */
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

static void nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

/* It was whole when the restart began, but may be built again meanwhile. */
static void wait_for_program(const char *path)
{
    const char *flaw = gale__file_flaw(path, GALE__FILE_PROGRAM);
    if (flaw)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "%s %s; waiting for it", path, flaw);
    gale_log_flush();
    while (flaw) {
        nap();
        flaw = gale__file_flaw(path, GALE__FILE_PROGRAM);
    }
}

int gale__restart_execute(const gale__restart *self, const char *path)
{
    char *const *arguments;
    const char *const *items = self->arguments.items;
    memcpy(&arguments, &items, sizeof arguments); /* execv takes strings as if it changed them */
    take_along(self);
    fflush(NULL);
    for (;;) {
        wait_for_program(path);
        execv(path, arguments);
        int error = errno;
        if (error != ETXTBSY && (error != ENOENT || access(path, F_OK) == 0))
            return -error;
        nap(); /* it was taken away just now */
    }
}
