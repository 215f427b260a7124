/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/virtual_clock.h"

#include "loop/executor.h"
#include "platform/clock.h"

enum { GRACE = 2000000, PATIENCE = 10000000 }; /* nanoseconds */

static _Thread_local int64_t virtual_now;

static int open_backend(gale__backend **ret_backend)
{
    virtual_now = gale__clock_monotonic();
    return gale__epoll_backend.open(ret_backend);
}

static void close_backend(gale__backend *backend)
{
    gale__epoll_backend.close(backend);
}

static int64_t now(gale__backend *backend)
{
    (void)backend;
    return virtual_now;
}

/* Real time goes by, at most `timeout` nanoseconds; < 0: for ever. */
static int wait_really(gale__backend *backend, int64_t timeout)
{
    int64_t real;
    return gale__epoll_backend.wait(backend, timeout, &real);
}

static int wait_for_events(gale__backend *backend, int64_t timeout)
{
    bool busy = gale__executor_jobs_under_way(); /* before the look at what they have woken */
    int count = wait_really(backend, 0);
    if (count != 0 || timeout == 0)
        return count;
    if (busy || timeout < 0)
        return wait_really(backend, busy ? PATIENCE : -1);
    count = wait_really(backend, GRACE);
    if (count == 0)
        virtual_now += timeout;
    return count;
}

static int wait_and_dispatch(gale__backend *backend, int64_t timeout, int64_t *ret_now)
{
    int count = wait_for_events(backend, timeout);
    *ret_now = virtual_now;
    return count;
}

/* The rest is epoll's. */
#define FORWARD_TO_EPOLL(result, name, parameters, arguments)                                      \
    static result name##_of_epoll parameters                                                       \
    {                                                                                              \
        return gale__epoll_backend.name arguments;                                                 \
    }
FORWARD_TO_EPOLL(int, accept, (gale__backend * b, gale__io *io, bool on), (b, io, on))
FORWARD_TO_EPOLL(int, receive, (gale__backend * b, gale__io *io, gale__receive_mode mode),
                 (b, io, mode))
FORWARD_TO_EPOLL(ssize_t, send,
                 (gale__backend * b, gale__io *io, const struct iovec *vectors, int count),
                 (b, io, vectors, count))
FORWARD_TO_EPOLL(ssize_t, send_file,
                 (gale__backend * b, gale__io *io, const gale__file_range *range), (b, io, range))
FORWARD_TO_EPOLL(int, watch, (gale__backend * b, gale__io *io, unsigned events), (b, io, events))
FORWARD_TO_EPOLL(void, shut, (gale__backend * b, gale__io *io), (b, io))
FORWARD_TO_EPOLL(void, end, (gale__backend * b, gale__io *io, bool close_it), (b, io, close_it))
FORWARD_TO_EPOLL(void, wake, (gale__backend * b), (b))

const gale__backend_operations gale__virtual_backend = {
    .name = "epoll, virtual clock",
    .open = open_backend,
    .close = close_backend,
    .now = now,
    .accept = accept_of_epoll,
    .receive = receive_of_epoll,
    .send = send_of_epoll,
    .send_file = send_file_of_epoll,
    .watch = watch_of_epoll,
    .shut = shut_of_epoll,
    .end = end_of_epoll,
    .wait = wait_and_dispatch,
    .wake = wake_of_epoll,
};
