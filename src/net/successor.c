/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the successor. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gale/log.h>

#include "core/error.h"
#include "net/handover.h"
#include "net/inherited.h"
#include "net/notify.h"
#include "net/subprocess.h"
#include "net/upgrade.h"

enum { START_TIMEOUT = 60, IDLE_TIMEOUT = 10 };

extern char **environ;

static gale_upgrade_options configured = { .start_timeout = START_TIMEOUT,
                                           .idle_timeout = IDLE_TIMEOUT };

void gale_upgrade_configure(const gale_upgrade_options *options)
{
    configured = options ? *options : (gale_upgrade_options){ 0 };
    if (configured.start_timeout <= 0)
        configured.start_timeout = START_TIMEOUT;
    if (configured.idle_timeout <= 0)
        configured.idle_timeout = IDLE_TIMEOUT;
}

const gale_upgrade_options *gale__upgrade_options(void)
{
    return &configured;
}

double gale__upgrade_idle_timeout(void)
{
    return configured.idle_timeout;
}

/* ---- What it is called with ------------------------------------------------------------- */

static bool is_ours(const char *variable)
{
    static const char *const names[] = { "GALE_UPGRADE=", "LISTEN_PID=", "LISTEN_FDS=",
                                         "LISTEN_FDNAMES=", "WATCHDOG_PID=" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static int make_environment(gale__string_list *self, const int *sockets, int count)
{
    for (char **variable = environ; variable && *variable; variable++)
        if (!is_ours(*variable))
            gale__buffer_append(&self->text, *variable, strlen(*variable) + 1);
    gale__buffer_printf(&self->text, "GALE_UPGRADE=%d:", count);
    for (int i = 0; i < count; i++)
        gale__buffer_printf(&self->text, "%s:", gale__inherited_name(sockets[i]));
    gale__buffer_append_char(&self->text, '\0');
    return gale__string_list_index(self);
}

/* ---- Its descriptors -------------------------------------------------------------------- */

/* Copies that lie above the numbers which they are to have in the child. */
static int lift_all(const int *fds, int count, int *lifted)
{
    for (int i = 0; i < count; i++) {
        lifted[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, GALE__INHERITED_FIRST + count);
        if (lifted[i] < 0) {
            int error = -errno;
            gale_close_sockets(lifted, i);
            return error;
        }
    }
    return 0;
}

/* ---- Starting it ------------------------------------------------------------------------ */

static pid_t spawn(const int *fds, int count)
{
    int lifted[GALE__INHERITED_MAX + 1];
    gale__string_list arguments, environment;
    gale__string_list_init(&arguments);
    gale__string_list_init(&environment);
    const char *const *wanted = configured.arguments;
    pid_t result = wanted ? 0 : gale__command_line_read(&arguments);
    if (!wanted)
        wanted = arguments.items;
    if (result == 0)
        result = make_environment(&environment, fds + 1, count - 1);
    if (result == 0 && !wanted[0])
        result = GALE_ENOTFOUND;
    if (result == 0)
        result = lift_all(fds, count, lifted);
    if (result == 0) {
        gale__spawn_files files = { .fds = { -1, -1, -1 },
                                    .passed = lifted,
                                    .passed_count = count };
        result =
            gale__spawn(configured.path ? configured.path : wanted[0], wanted,
                        &(gale_subprocess_options){ .environment = environment.items }, &files);
        gale_close_sockets(lifted, count);
    }
    gale__string_list_clear(&arguments);
    gale__string_list_clear(&environment);
    return result;
}

int gale__successor_start(gale__successor *self)
{
    int ends[2], fds[GALE__INHERITED_MAX + 1];
    int count = gale__listening_sockets(fds + 1);
    int result = count < 0 ? count : pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 ? 0 : -errno;
    if (result == 0) {
        fds[0] = ends[1];
        result = self->pid = spawn(fds, count + 1);
        close(ends[1]);
        if (result < 0)
            close(ends[0]);
    }
    if (result < 0) {
        *self = (gale__successor){ .ready_fd = -1 };
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR,
                 "upgrade: the new program cannot be started: %s; this one goes on",
                 gale_strerror(result));
        return gale__fail(result, "the new program cannot be started: %s", gale_strerror(result));
    }
    self->ready_fd = ends[0];
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "upgrade: process %d is starting", self->pid);
    return 0;
}

/* ---- What becomes of it ----------------------------------------------------------------- */

void gale__successor_log_end(const gale__successor *self, int returncode)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR,
             "upgrade: the new program (pid %d) %s %d before it served; this one goes on",
             self->pid, returncode < 0 ? "was killed by signal" : "exited with status",
             returncode < 0 ? -returncode : returncode);
}

void gale__successor_give_up(const gale__successor *self)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR,
             "upgrade: the new program (pid %d) did not serve within %g s and is ended; this one "
             "goes on",
             self->pid, configured.start_timeout);
    kill(self->pid, SIGTERM);
}

void gale__successor_serves(const gale__successor *self)
{
    char state[64];
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO,
             "upgrade: process %d serves; this one ends with what is in flight", self->pid);
    snprintf(state, sizeof state, "MAINPID=%d", self->pid);
    gale__notify_manager(state);
}
