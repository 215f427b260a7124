/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of this floor's unit tests: pairs of connected streams, and raw peers without one. */
#ifndef GALE_NET_NET_TEST_H
#define GALE_NET_NET_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gale/iostream.h>

#include "gen/gen_test.h"

typedef enum pair_kind { PAIR_TCP, PAIR_UNIX, PAIR_PIPES, PAIR_KINDS } pair_kind;

/* The name of an abstract Unix socket that no other process uses. */
static inline const char *own_name(void)
{
    static char name[32];
    snprintf(name, sizeof name, "@gale-test-%d", getpid());
    return name;
}

/* The kernel keeps little, so that a big write has to wait. */
static inline void keep_little(int fd)
{
    int size = 400000;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
}

/* A connected TCP connection over loopback; both ends are blocking. */
static inline void tcp_pair(int *ends)
{
    int listening[GALE_BIND_SOCKETS_MAX];
    const gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, listening), 1);
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    assert_int_equal(getsockname(listening[0], (struct sockaddr *)&address, &size), 0);
    ends[0] = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    keep_little(listening[0]);
    keep_little(ends[0]);
    assert_int_equal(connect(ends[0], (struct sockaddr *)&address, size), 0);
    ends[1] = accept(listening[0], NULL, NULL);
    assert_true(ends[1] >= 0);
    gale_close_sockets(listening, 1);
}

static inline void socket_pair(pair_kind kind, int *ends)
{
    if (kind == PAIR_TCP)
        tcp_pair(ends);
    else
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

/* What is written to `writer` is read from `reader`. */
typedef struct stream_pair {
    gale_iostream *writer, *reader;
} stream_pair;

static inline stream_pair open_pair(pair_kind kind, const gale_iostream_options *options)
{
    int ends[2];
    stream_pair pair;
    if (kind == PAIR_PIPES) {
        assert_int_equal(pipe(ends), 0);
        pair.reader = gale_pipe_iostream_new(ends[0], options);
        pair.writer = gale_pipe_iostream_new(ends[1], options);
    } else {
        socket_pair(kind, ends);
        pair.reader = gale_iostream_new(ends[0], options);
        pair.writer = gale_iostream_new(ends[1], options);
    }
    assert_non_null(pair.reader);
    assert_non_null(pair.writer);
    return pair;
}

static inline void free_pair(stream_pair *pair)
{
    gale_iostream_free(pair->writer);
    gale_iostream_free(pair->reader);
}

/* A stream and the blocking descriptor of its peer. */
static inline gale_iostream *stream_and_peer(pair_kind kind, int *peer,
                                             const gale_iostream_options *options)
{
    int ends[2];
    socket_pair(kind, ends);
    *peer = ends[1];
    gale_iostream *stream = gale_iostream_new(ends[0], options);
    assert_non_null(stream);
    return stream;
}

static inline void put(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* Closes so that the peer gets a reset. */
static inline void reset(int fd)
{
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    close(fd);
}

/* Spawned beside the test: the test's scope waits for it. */
#define SPAWN(function, arg) assert_ok(gale_spawn(function, arg))

#endif
