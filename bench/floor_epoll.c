/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw floor of a plain-text HTTP server on one thread of epoll. It parses nothing: it counts
 * the blank lines in what it reads and answers each with the same canned bytes, one read and one
 * write an event. What speaks HTTP with these calls can hardly be quicker, so the figures of all
 * servers are given as ratios to this one's. There is no output queue: a short write closes.
 *
 * usage: floor_epoll PORT (on 127.0.0.1)
 */
#include "common.h"

#include <sys/epoll.h>

enum { DESCRIPTORS = 1 << 20, EVENTS = 1024, READ_SIZE = 65536, COPIES = 2048 };

static const char answer[] = "HTTP/1.1 200 OK\r\n"
                             "Server: floor\r\n"
                             "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
                             "Content-Type: text/plain\r\n"
                             "Content-Length: 12\r\n"
                             "\r\n"
                             "Hello, world";
static const char blank_line[4] = "\r\n\r\n";

static char *answers;    /* COPIES answers in a row */
static uint8_t *matched; /* by descriptor: how much of a blank line the last read ended with */

/* Finishes a blank line that an earlier read began; returns how many bytes that took. */
static size_t finish_split(const char *bytes, size_t length, uint8_t *state, unsigned *count)
{
    size_t i = 0;
    while (*state != 0 && i < length) {
        if (bytes[i] == blank_line[*state]) {
            i++;
            if (++*state == sizeof blank_line) {
                ++*count;
                *state = 0;
            }
        } else if (*state == 3 && bytes[i] == '\r') {
            i++;
            *state = 1;
        } else {
            *state = 0;
        }
    }
    return i;
}

/* How many bytes at the end may begin a blank line. */
static uint8_t begun(const char *bytes, size_t length)
{
    for (size_t k = length < 3 ? length : 3; k > 0; k--) {
        if (memcmp(bytes + length - k, blank_line, k) == 0) {
            return (uint8_t)k;
        }
    }
    return 0;
}

static unsigned count_requests(const char *bytes, size_t length, uint8_t *state)
{
    unsigned count = 0;
    const char *end = bytes + length;
    bytes += finish_split(bytes, length, state, &count);
    while (bytes < end) {
        const char *found = memmem(bytes, (size_t)(end - bytes), blank_line, sizeof blank_line);
        if (found == NULL) {
            *state = begun(bytes, (size_t)(end - bytes));
            break;
        }
        count++;
        bytes = found + sizeof blank_line;
    }
    return count;
}

static int listen_on(unsigned port)
{
    int one = 1;
    struct sockaddr_in address = loopback(1, port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0) {
        fail("listen");
    }
    return fd;
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

static void accept_all(int epoll, int listener)
{
    int one = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= DESCRIPTORS) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        matched[fd] = 0;
        watch(epoll, fd);
    }
}

static void serve(int fd)
{
    static char bytes[READ_SIZE];
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            close(fd);
        }
        return;
    }
    unsigned count = count_requests(bytes, (size_t)got, &matched[fd]);
    while (count > 0) {
        unsigned now_sent = count < COPIES ? count : COPIES;
        size_t length = now_sent * (sizeof answer - 1);
        if (write(fd, answers, length) != (ssize_t)length) {
            close(fd);
            return;
        }
        count -= now_sent;
    }
}

int main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS];
    if (argc != 2) {
        fprintf(stderr, "usage: floor_epoll PORT\n");
        return 2;
    }
    int listener = listen_on(parse_number(argv[1], 1, 65535));
    int epoll = epoll_create1(0);
    matched = allocate(DESCRIPTORS, 1);
    answers = allocate(COPIES, sizeof answer - 1);
    for (size_t i = 0; i < COPIES; i++) {
        memcpy(answers + i * (sizeof answer - 1), answer, sizeof answer - 1);
    }
    watch(epoll, listener);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        if (count < 0 && errno != EINTR) {
            fail("epoll_wait");
        }
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener) {
                accept_all(epoll, listener);
            } else {
                serve(events[i].data.fd);
            }
        }
    }
}
