/* SPDX-License-Identifier: Apache-2.0 */
#include "net/notify.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <gale/process.h>

#include "core/error.h"
#include "net/readiness.h"
#include "net/worker.h"

/* A manager that does not read must not hold us up: a sign of life is not worth waiting for, and
 * what it has to know a second. */
static ssize_t send_state(int fd, const char *state, const struct sockaddr_un *address,
                          socklen_t address_size)
{
    const struct timeval patience = { .tv_sec = 1 };
    int flags = MSG_NOSIGNAL | (strcmp(state, "WATCHDOG=1") == 0 ? MSG_DONTWAIT : 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return sendto(fd, state, strlen(state), flags, (const struct sockaddr *)address, address_size);
}

int gale__notify_manager(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t size = path ? strlen(path) : 0;
    if (size == 0)
        return 0;
    if ((path[0] != '/' && path[0] != '@') || size >= sizeof address.sun_path)
        return gale__fail(-EINVAL, "NOTIFY_SOCKET is no socket: %s", path);
    memcpy(address.sun_path, path, size);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    socklen_t address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    int result = send_state(fd, state, &address, address_size) < 0 ? -errno : 1;
    close(fd);
    return result < 0
               ? gale__fail(result, "cannot tell the service manager: %s", gale_strerror(result))
               : result;
}

static bool says_ready(const char *state)
{
    for (; state; state = strchr(state, '\n')) {
        state += *state == '\n';
        if (strncmp(state, "READY=1", 7) == 0 && (state[7] == '\0' || state[7] == '\n'))
            return true;
    }
    return false;
}

/* A worker is one of several: its supervisor tells when all are ready. */
int gale_notify(const char *state)
{
    if (!says_ready(state))
        return gale__notify_manager(state);
    if (gale__worker_channel() >= 0)
        return gale__worker_say(*GALE__READY) < 0 ? 0 : 1;
    gale__readiness_tell_predecessor();
    return gale__notify_manager(state);
}

int64_t gale__notify_watchdog(void)
{
    const char *period = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!period || !getenv("NOTIFY_SOCKET") || (pid && atol(pid) != (long)getpid()))
        return 0;
    long long microseconds = atoll(period);
    if (microseconds <= 0 || microseconds > INT64_MAX / 1000)
        return 0;
    return (int64_t)microseconds * 500;
}
