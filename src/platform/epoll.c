/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The epoll backend. All connections of a loop share one receive buffer. A descriptor is
 * registered once, level-triggered, and its mask changes only when a send has to wait or
 * reading pauses, so that a request costs no epoll_ctl.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "core/memory.h"
#include "platform/backend.h"
#include "platform/clock.h"

enum { EVENTS = 512, RECEIVE_BUFFER = 65536, ACCEPTS_PER_TURN = 128, SENDFILE_MOST = 1 << 20 };

/* gale__io.wanted */
enum {
    WANT_RECEIVE = 1,
    WANT_HANG_UP = 2,
    WANT_SEND = 4,
    WANT_ACCEPT = 8,
    WANT_WATCH_READ = 16,
    WANT_WATCH_WRITE = 32,
    WANT_WATCH = WANT_WATCH_READ | WANT_WATCH_WRITE
};
/* gale__io.armed: the epoll mask, and this bit while the descriptor is registered. */
enum { REGISTERED = 0x8000 };

typedef struct epoll_backend {
    gale__backend base;
    int epoll_fd;
    int event_fd;
    int event_count; /* of the batch at hand */
    int event_at;
    struct epoll_event events[EVENTS];
    char buffer[RECEIVE_BUFFER];
} epoll_backend;

static uint16_t mask_of(unsigned wanted)
{
    uint32_t mask = 0;
    if (wanted & (WANT_RECEIVE | WANT_ACCEPT | WANT_WATCH_READ))
        mask |= EPOLLIN;
    if (wanted & WANT_HANG_UP)
        mask |= EPOLLRDHUP;
    if (wanted & (WANT_SEND | WANT_WATCH_WRITE))
        mask |= EPOLLOUT;
    return (uint16_t)mask;
}

static int want(epoll_backend *self, gale__io *io, unsigned wanted)
{
    uint16_t armed = wanted ? (uint16_t)(mask_of(wanted) | REGISTERED) : 0;
    if (armed != io->armed) {
        int operation = !wanted ? EPOLL_CTL_DEL : io->armed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
        struct epoll_event event = { .events = (uint32_t)armed & ~(uint32_t)REGISTERED,
                                     .data.ptr = io };
        if (epoll_ctl(self->epoll_fd, operation, io->fd, &event) != 0 && wanted)
            return -errno;
        io->armed = armed;
    }
    io->wanted = (uint16_t)wanted;
    return 0;
}

static int want_change(epoll_backend *self, gale__io *io, unsigned clear, unsigned set)
{
    return want(self, io, (io->wanted & ~clear) | set);
}

static int epoll_accept(gale__backend *backend, gale__io *io, bool on)
{
    return want_change((epoll_backend *)backend, io, WANT_ACCEPT, on ? WANT_ACCEPT : 0);
}

static int epoll_receive(gale__backend *backend, gale__io *io, gale__receive_mode mode)
{
    unsigned set = mode == GALE__RECEIVE_ON        ? WANT_RECEIVE
                   : mode == GALE__RECEIVE_HANG_UP ? WANT_HANG_UP
                                                   : 0;
    return want_change((epoll_backend *)backend, io, WANT_RECEIVE | WANT_HANG_UP, set);
}

static int epoll_watch(gale__backend *backend, gale__io *io, unsigned events)
{
    unsigned set = (events & GALE__WATCH_READ ? (unsigned)WANT_WATCH_READ : 0) |
                   (events & GALE__WATCH_WRITE ? (unsigned)WANT_WATCH_WRITE : 0);
    return want_change((epoll_backend *)backend, io, WANT_WATCH, set);
}

/* Pipes and other descriptors that are no sockets take writev and read. */
static ssize_t send_now(const gale__io *io, const struct iovec *vectors, int count)
{
    ssize_t sent;
    if (count > IOV_MAX)
        count = IOV_MAX;
    do {
        if (count == 1) {
            sent = send(io->fd, vectors->iov_base, vectors->iov_len, MSG_NOSIGNAL);
        } else {
            struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)vectors,
                                      .msg_iovlen = (size_t)count };
            sent = sendmsg(io->fd, &message, MSG_NOSIGNAL);
        }
        if (sent < 0 && errno == ENOTSOCK)
            sent = writev(io->fd, vectors, count);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

static ssize_t epoll_send(gale__backend *backend, gale__io *io, const struct iovec *vectors,
                          int count)
{
    ssize_t sent = send_now(io, vectors, count);
    if (GALE__LIKELY(sent != -EAGAIN))
        return sent;
    int result = want_change((epoll_backend *)backend, io, 0, WANT_SEND);
    if (result < 0)
        return result;
    io->sending = vectors;
    io->sending_count = count;
    return GALE__SEND_PENDING;
}

/* No more than SENDFILE_MOST at once: a peer that takes as fast as we send would have the loop for
 * itself. */
static ssize_t send_file_now(const gale__io *io, const gale__file_range *range)
{
    size_t size = range->size < SENDFILE_MOST ? range->size : SENDFILE_MOST;
    ssize_t sent;
    do {
        off_t offset = range->offset;
        sent = sendfile(io->fd, range->fd, &offset, size);
    } while (sent < 0 && errno == EINTR);
    if (sent == 0 && size > 0)
        return GALE_EOUTPUT;
    return sent < 0 ? -errno : sent;
}

static ssize_t epoll_send_file(gale__backend *backend, gale__io *io, const gale__file_range *range)
{
    ssize_t sent = send_file_now(io, range);
    if (sent != -EAGAIN)
        return sent;
    int result = want_change((epoll_backend *)backend, io, 0, WANT_SEND);
    if (result < 0)
        return result;
    io->sending_file = range;
    io->sending_count = 0;
    return GALE__SEND_PENDING;
}

static void epoll_shut(gale__backend *backend, gale__io *io)
{
    (void)backend;
    shutdown(io->fd, SHUT_WR);
}

static void epoll_end(gale__backend *backend, gale__io *io, bool close_it)
{
    epoll_backend *self = (epoll_backend *)backend;
    for (int i = self->event_at > 0 ? self->event_at - 1 : 0; i < self->event_count; i++)
        if (self->events[i].data.ptr == io)
            self->events[i].data.ptr = NULL;
    /* Closing alone would not do: a forked process that still holds the descriptor keeps the
     * registration alive, and with it the pointer. */
    if (io->armed)
        epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
    if (close_it)
        close(io->fd);
    io->fd = -1;
    io->armed = io->wanted = 0;
    io->sending = NULL;
}

/* The callback that has just run may have ended the io, and freed it. */
static bool ended(const epoll_backend *self, const gale__io *io)
{
    return self->events[self->event_at - 1].data.ptr != io;
}

/* Errors of one connection, which is gone; the next one may be well (accept(2)). */
static bool is_connection_error(int error)
{
    return error == ECONNABORTED || error == EINTR || error == EPROTO || error == EPERM ||
           error == ENOPROTOOPT || error == EOPNOTSUPP || error == ENETDOWN ||
           error == ENETUNREACH || error == EHOSTDOWN || error == EHOSTUNREACH || error == ENONET;
}

static void dispatch_accept(epoll_backend *self, gale__io *io)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        int fd = accept4(io->fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && is_connection_error(errno))
            continue;
        if (fd < 0 && errno == EAGAIN)
            return;
        if (fd < 0) {
            io->handlers->accepted(io, -errno, NULL, 0);
            return;
        }
        io->handlers->accepted(io, fd, (struct sockaddr *)&address, size);
        if (ended(self, io) || !(io->wanted & WANT_ACCEPT))
            return;
    }
}

static ssize_t receive_now(gale__io *io, char *buffer)
{
    ssize_t size;
    do {
        size = recv(io->fd, buffer, RECEIVE_BUFFER, 0);
        if (size < 0 && errno == ENOTSOCK)
            size = read(io->fd, buffer, RECEIVE_BUFFER);
    } while (size < 0 && errno == EINTR);
    return size < 0 ? -errno : size;
}

/* Callbacks that change `wanted` back, or end the io, cost no epoll_ctl. */
static void settle(epoll_backend *self, gale__io *io)
{
    if (!ended(self, io))
        want(self, io, io->wanted);
}

static void dispatch_receive(epoll_backend *self, gale__io *io)
{
    ssize_t size = receive_now(io, self->buffer);
    if (GALE__LIKELY(size > 0)) {
        io->handlers->received(io, self->buffer, size);
    } else if (size != -EAGAIN) {
        io->wanted &= (uint16_t) ~(WANT_RECEIVE | WANT_HANG_UP);
        io->handlers->received(io, NULL, size);
        settle(self, io);
    }
}

/* The peer has left while no bytes are wanted. */
static void dispatch_hang_up(epoll_backend *self, gale__io *io)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &error, &size); /* a pipe has none */
    io->wanted &= (uint16_t) ~(WANT_RECEIVE | WANT_HANG_UP);
    io->handlers->received(io, NULL, -error);
    settle(self, io);
}

static void dispatch_send(epoll_backend *self, gale__io *io)
{
    ssize_t sent = io->sending_count > 0 ? send_now(io, io->sending, io->sending_count)
                                         : send_file_now(io, io->sending_file);
    if (sent == -EAGAIN)
        return;
    io->sending = NULL;
    io->wanted &= (uint16_t)~WANT_SEND;
    io->handlers->sent(io, sent);
    settle(self, io);
}

static void dispatch_watch(gale__io *io, uint32_t events)
{
    uint32_t broken = EPOLLERR | EPOLLHUP;
    unsigned ready = 0;
    if (io->wanted & WANT_WATCH_READ && events & (EPOLLIN | broken))
        ready |= GALE__WATCH_READ;
    if (io->wanted & WANT_WATCH_WRITE && events & (EPOLLOUT | broken))
        ready |= GALE__WATCH_WRITE;
    if (ready)
        io->handlers->ready(io, ready);
}

/* What was wanted may have changed since epoll_wait: another callback of the batch. */
static void dispatch(epoll_backend *self, gale__io *io, uint32_t events)
{
    uint32_t broken = EPOLLERR | EPOLLHUP;
    if (GALE__LIKELY(io->wanted == WANT_RECEIVE)) {
        dispatch_receive(self, io);
        return;
    }
    if (io->wanted & WANT_ACCEPT) {
        dispatch_accept(self, io);
        return;
    }
    if (io->wanted & WANT_WATCH) {
        dispatch_watch(io, events);
        return;
    }
    if (io->wanted & WANT_SEND && events & (EPOLLOUT | broken)) {
        dispatch_send(self, io);
        if (ended(self, io))
            return;
    }
    if (io->wanted & WANT_RECEIVE && events & (EPOLLIN | broken))
        dispatch_receive(self, io);
    else if (io->wanted & WANT_HANG_UP && events & (EPOLLRDHUP | broken))
        dispatch_hang_up(self, io);
}

static void drain_event_fd(epoll_backend *self)
{
    uint64_t count;
    if (read(self->event_fd, &count, sizeof count) < 0)
        return; /* it was a stale event */
}

static int epoll_wait_and_dispatch(gale__backend *backend, int64_t timeout, int64_t *now)
{
    epoll_backend *self = (epoll_backend *)backend;
    int64_t milliseconds = timeout < 0 ? -1 : (timeout + 999999) / 1000000;
    if (milliseconds > INT32_MAX)
        milliseconds = INT32_MAX;
    int count = epoll_wait(self->epoll_fd, self->events, EVENTS, (int)milliseconds);
    int error = errno;
    *now = gale__clock_monotonic();
    if (count < 0)
        return error == EINTR ? 0 : -error;
    self->event_count = count;
    for (self->event_at = 0; self->event_at < count;) {
        struct epoll_event *event = &self->events[self->event_at++];
        if (GALE__UNLIKELY(event->data.ptr == self))
            drain_event_fd(self);
        else if (event->data.ptr)
            dispatch(self, event->data.ptr, event->events);
    }
    self->event_count = self->event_at = 0;
    return count;
}

static void epoll_wake(gale__backend *backend)
{
    epoll_backend *self = (epoll_backend *)backend;
    int saved = errno;
    uint64_t one = 1;
    if (write(self->event_fd, &one, sizeof one) < 0) {
        /* the counter is full: a wake is pending anyway */
    }
    errno = saved;
}

static int64_t epoll_now(gale__backend *backend)
{
    (void)backend;
    return gale__clock_monotonic();
}

static void epoll_close(gale__backend *backend)
{
    epoll_backend *self = (epoll_backend *)backend;
    if (self->event_fd >= 0)
        close(self->event_fd);
    if (self->epoll_fd >= 0)
        close(self->epoll_fd);
    gale__free(self);
}

static int epoll_open(gale__backend **ret_backend)
{
    epoll_backend *self = gale__malloc(sizeof *self);
    if (!self)
        return -ENOMEM;
    self->base.operations = &gale__epoll_backend;
    self->event_count = self->event_at = 0;
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    self->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = self };
    if (self->epoll_fd < 0 || self->event_fd < 0 ||
        epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, self->event_fd, &event) != 0) {
        int error = -errno;
        epoll_close(&self->base);
        return error;
    }
    *ret_backend = &self->base;
    return 0;
}

const gale__backend_operations gale__epoll_backend = {
    .name = "epoll",
    .open = epoll_open,
    .close = epoll_close,
    .now = epoll_now,
    .accept = epoll_accept,
    .receive = epoll_receive,
    .send = epoll_send,
    .send_file = epoll_send_file,
    .watch = epoll_watch,
    .shut = epoll_shut,
    .end = epoll_end,
    .wait = epoll_wait_and_dispatch,
    .wake = epoll_wake,
};
