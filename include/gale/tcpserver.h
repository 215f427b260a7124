/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/tcpserver.h: a server of plain connections. Tornado's counterpart: tornado.tcpserver.
 *
 * One process:
 *
 *     gale_tcp_server *server = gale_tcp_server_new(handle_stream, NULL, NULL);
 *     gale_tcp_server_listen(server, 8888, NULL);
 *     return gale_ioloop_start(gale_ioloop_current());
 *
 * Several, which share the sockets: gale_tcp_server_bind, then gale_tcp_server_start; or
 * gale_bind_sockets, gale_fork_processes, gale_tcp_server_add_sockets.
 */
#ifndef GALE_TCPSERVER_H
#define GALE_TCPSERVER_H

#include <gale/core.h>
#include <gale/iostream.h>
#include <gale/netutil.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A TCP (or Unix socket) server. Tornado: tcpserver.TCPServer. */
typedef struct gale_tcp_server gale_tcp_server;

/**
 * Serves one connection, in a task of its own. `stream` belongs to the server, which frees it
 * once the function has returned and all tasks that it spawned have ended; `address` is the
 * peer's and as long-lived. A negative result is logged as "Error in connection callback",
 * except GALE_ECLOSED (the peer has left) and GALE_ECANCELED. Tornado: TCPServer.handle_stream.
 */
typedef int (*gale_stream_handler)(gale_iostream *stream, const gale_address *address, void *arg);

/** Options of a server. Zero is the default of each. */
typedef struct gale_tcp_server_options {
    /** The name of its tasks, for logs; NULL means "tcp_server". Copied. */
    const char *name;
    /** Of each stream: see gale_iostream_options. Copied. */
    gale_iostream_options stream;
    /** TLS: `handle_stream` is called once the handshake is over. The server takes a reference.
     * NULL: none. Tornado: ssl_options. */
    gale_ssl_context *ssl_context;
    /** Seconds for the handshake; 0: 60. Then the connection is closed. */
    double ssl_handshake_timeout;
    /** TLS handshakes in progress at once; 0: 1000, GALE_NONE: no limit. See
     * gale_http_server_options. */
    int max_ssl_handshakes;
    void *reserved_[1];
} gale_tcp_server_options;

/**
 * A server on the current loop, which owns it: gale_ioloop_free frees it. A graceful stop of
 * the loop waits for its connections. NULL when out of memory. Tornado: TCPServer.
 */
GALE_API gale_tcp_server *gale_tcp_server_new(gale_stream_handler handle_stream, void *arg,
                                              const gale_tcp_server_options *options);
/** Stops it, cancels its connections, and frees it before its loop does. NULL is allowed. */
GALE_API void gale_tcp_server_free(gale_tcp_server *server);
/**
 * Accepts connections on `port`, on all addresses that `options` select. May be called again
 * for other ports. Returns 0 or the error of gale_bind_sockets, which is also logged and makes
 * gale_ioloop_start return 1 at once. Tornado: TCPServer.listen.
 */
GALE_API int gale_tcp_server_listen(gale_tcp_server *server, int port,
                                    const gale_bind_options *options);
/** Accepts connections on listening sockets, which the server owns from now on, also on failure.
 * Returns 0 or -errno. Tornado: TCPServer.add_sockets. */
GALE_API int gale_tcp_server_add_sockets(gale_tcp_server *server, const int *sockets, int count);
/** The same with one socket. Tornado: TCPServer.add_socket. */
GALE_API int gale_tcp_server_add_socket(gale_tcp_server *server, int socket);
/** Opens the sockets of `port`, which gale_tcp_server_start will serve; after that, at once.
 * May be called several times. Returns as gale_tcp_server_listen. Tornado: TCPServer.bind. */
GALE_API int gale_tcp_server_bind(gale_tcp_server *server, int port,
                                  const gale_bind_options *options);
/**
 * Serves the sockets of gale_tcp_server_bind, in this process (`processes` 1), or in so many
 * supervised ones that gale_fork_processes makes (< 1: one for each CPU); `max_restarts` as
 * there. Returns 0 in the processes that serve, the error of gale_fork_processes, or GALE_ESTATE
 * the second time. Tornado: TCPServer.start.
 */
GALE_API int gale_tcp_server_start(gale_tcp_server *server, int processes, int max_restarts);
/** Closes the listening sockets; connections go on. Harmless the second time. Tornado:
 * TCPServer.stop. */
GALE_API void gale_tcp_server_stop(gale_tcp_server *server);

#ifdef __cplusplus
}
#endif

#endif
