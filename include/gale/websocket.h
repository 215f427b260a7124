/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/websocket.h: WebSocket connections (RFC 6455). Tornado's counterpart: tornado.websocket.
 *
 *     static int on_message(gale_websocket *self, gale_str message, bool binary)
 *     {
 *         return binary ? gale_write_message_binary(self, message.data, message.len)
 *                       : gale_write_message(self, message.data);
 *     }
 *
 *     static const gale_websocket_class echo = { .on_message = on_message };
 *     static const gale_handler_class echo_handler = { .websocket = &echo };
 *
 * A handler class with the slot `websocket` answers GET with the handshake. Its initialize and
 * prepare run before, as for every request, and may refuse; then the handler ends, and the
 * connection lives on as a gale_websocket, which is small: while nothing is said on it, it has
 * no task, no stack and no buffer.
 *
 * The functions of its class run in tasks, one at a time, in the order of what has come, and may
 * wait: what comes meanwhile waits, and the peer is slowed down. Each has a scope of its own, and
 * is cancelled when the connection is gone; a client's when it is freed, since what a server has
 * said before it left is still handled.
 *
 * A client is written in a straight line, in a task:
 *
 *     gale_websocket *socket;
 *     gale_websocket_message message;
 *     GALE_TRY(gale_websocket_connect("ws://localhost:8888/chat", NULL, &socket));
 *     GALE_TRY(gale_write_message(socket, "hello"));
 *     while (gale_read_message(socket, &message) > 0)
 *         puts(message.data);
 *
 * or with a class of connections, as a server.
 */
#ifndef GALE_WEBSOCKET_H
#define GALE_WEBSOCKET_H

#include <gale/core.h>
#include <gale/httpclient.h>
#include <gale/json.h>
#include <gale/web.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A connection. A server's is valid until on_close has returned, a client's as
 * gale_websocket_connect says; all calls are possible until then, and fail with GALE_ECLOSED once
 * it is closed. Tornado: websocket.WebSocketHandler, websocket.WebSocketClientConnection. */
typedef struct gale_websocket gale_websocket;

/** What happens to a message when more than max_write_buffer waits to be sent. */
typedef enum gale_websocket_full {
    /** The call suspends until there is room; GALE_EFULL outside a task. */
    GALE_WEBSOCKET_WAIT,
    /** The oldest messages that wait are dropped. */
    GALE_WEBSOCKET_DROP_OLDEST,
    /** The connection is closed, with code 1008. */
    GALE_WEBSOCKET_CLOSE
} gale_websocket_full;

/** Compression of messages (permessage-deflate, RFC 7692). Zero is the default of each. Tornado:
 * get_compression_options. */
typedef struct gale_websocket_compression {
    /** 1 to 9; 0: 6. Tornado: compression_level. */
    int compression_level;
    /** 1 to 9; 0: 8. Tornado: mem_level. */
    int mem_level;
    /** Keep the window from one message to the next: messages that are alike become much smaller,
     * and each connection then takes some 300 KiB. */
    bool context_takeover;
    /** The largest window, 8 to 15 bits; 0: 15. */
    int max_window_bits;
    void *reserved_[4];
} gale_websocket_compression;

/** A class of connections: constant data, zero is the default of every slot. */
typedef struct gale_websocket_class {
    /** For log lines. */
    const char *name;
    /** Bytes of state that each connection has: gale_websocket_state. */
    size_t state_size;

    /** Of servers: whether a page of that origin may connect; `origin` is the header. Unset:
     * gale_check_origin. Not asked when there is none. Tornado: WebSocketHandler.check_origin. */
    bool (*check_origin)(gale_handler *handler, const char *origin);
    /** Of servers: one of the subprotocols that the client offers, in its order; the list ends with
     * NULL, and may be empty. NULL: none of them. Tornado: WebSocketHandler.select_subprotocol. */
    const char *(*select_subprotocol)(gale_handler *handler, const char *const *subprotocols);

    /** The handshake is over; `handler` is that of its request, for arguments, cookies and the
     * user, during this call; a client's is NULL. Messages come once it has returned. A negative
     * result is logged and closes the connection; a client's is what gale_websocket_connect
     * returns. Tornado: WebSocketHandler.open. */
    GALE_SUSPENDS int (*open)(gale_websocket *self, gale_handler *handler);
    /** A message; it is valid during the call, and followed by a NUL. Text is UTF-8, but may hold
     * NULs. A negative result is logged and closes the connection. Tornado:
     * WebSocketHandler.on_message. */
    GALE_SUSPENDS int (*on_message)(gale_websocket *self, gale_str message, bool binary);
    /** The connection is gone. The last call: runs once, also after `open` has failed, but not when
     * the connection was gone before that. Not cancelled. Tornado: WebSocketHandler.on_close. */
    GALE_SUSPENDS void (*on_close)(gale_websocket *self);
    /** A ping, which has been answered. Tornado: WebSocketHandler.on_ping. */
    GALE_SUSPENDS int (*on_ping)(gale_websocket *self, gale_str data);
    /** A pong. Tornado: WebSocketHandler.on_pong. */
    GALE_SUSPENDS int (*on_pong)(gale_websocket *self, gale_str data);

    /** Compression that clients may have, or that a client asks for; NULL: none. */
    const gale_websocket_compression *compression;
    /** Seconds between pings; 0: the setting websocket_ping_interval, GALE_NONE: no pings. */
    double ping_interval;
    /** Seconds that the answer may take before the connection is closed; 0: the setting
     * websocket_ping_timeout, else the interval. GALE_NONE: no answer is needed. */
    double ping_timeout;
    /** Bytes of a message, before and after inflating; 0: the setting websocket_max_message_size,
     * else 10485760 (10 MiB); GALE_NONE: no limit. */
    int64_t max_message_size;
    /** Bytes of messages that may wait to be sent, with 64 for each that waits; 0: 16777216 (16
     * MiB), GALE_NONE: no limit. */
    int64_t max_write_buffer;
    /** What happens beyond that. */
    gale_websocket_full when_full;
    void *reserved_[8];
} gale_websocket_class;

/** True when the host and port of an origin are those of the request. Tornado: the default of
 * WebSocketHandler.check_origin. */
GALE_API bool gale_check_origin(gale_handler *handler, const char *origin);

/* ---- A connection ---------------------------------------------------------------------- */

/** The state of the connection, zeroed when it was made. NULL when its class has none. */
GALE_API void *gale_websocket_state(gale_websocket *self);
/** The `arg` of its route, or of gale_websocket_connect. */
GALE_API void *gale_websocket_arg(const gale_websocket *self);
/** The subprotocol that was selected, or NULL. Tornado: WebSocketHandler.selected_subprotocol. */
GALE_API const char *gale_websocket_selected_subprotocol(const gale_websocket *self);
/** The code of the peer's close frame: 1005 when that had none, 0 before it came, or when none
 * did. Tornado: WebSocketHandler.close_code. */
GALE_API int gale_websocket_close_code(const gale_websocket *self);
/** The reason of the peer's close frame; "" when there is none. Never NULL. Tornado:
 * WebSocketHandler.close_reason. */
GALE_API const char *gale_websocket_close_reason(const gale_websocket *self);
/** True once either side has begun to close, or the connection is gone. Tornado:
 * WebSocketProtocol.is_closing. */
GALE_API bool gale_websocket_is_closing(const gale_websocket *self);
/** Bytes of messages that wait to be sent, with 64 for each that cannot be handed to the kernel
 * soon. */
GALE_API size_t gale_websocket_buffered(const gale_websocket *self);
/** The peer's address. */
GALE_API gale_address gale_websocket_peer_address(const gale_websocket *self);
/** Sends small messages at once (true, as by default), or gathers them. Returns 0 or -errno.
 * Tornado: WebSocketHandler.set_nodelay. */
GALE_API int gale_websocket_set_nodelay(gale_websocket *self, bool on);

/* ---- Sending --------------------------------------------------------------------------- */

/*
 * What is sent in one turn of the loop leaves together. These return 0, or:
 *   GALE_ECLOSED    it is closing or closed. Tornado: WebSocketClosedError
 *   GALE_EENCODING  text that is not UTF-8
 *   GALE_EINVALID   NULL, or too long for a control frame
 *   GALE_EFULL      over max_write_buffer: outside a task, or it was closed for that
 *   GALE_ECANCELED  the task was cancelled while it waited: nothing was sent
 *   -ENOMEM
 */

/** Sends a text (UTF-8). Tornado: WebSocketHandler.write_message. */
GALE_API GALE_SUSPENDS int gale_write_message(gale_websocket *self, const char *text);
/** The same with its length; it may hold NULs. */
GALE_API GALE_SUSPENDS int gale_write_message_str(gale_websocket *self, gale_str text);
/** Sends bytes. Tornado: write_message(binary=True). */
GALE_API GALE_SUSPENDS int gale_write_message_binary(gale_websocket *self, const void *data,
                                                     size_t size);
/** Sends a value as JSON; takes its reference. Tornado: write_message(dict). */
GALE_API GALE_SUSPENDS int gale_write_message_json(gale_websocket *self, json_t *value);
/** Sends a ping with up to 125 bytes. Never suspends. Tornado: WebSocketHandler.ping. */
GALE_API int gale_websocket_ping(gale_websocket *self, const void *data, size_t size);
/**
 * Begins to close: sends a close frame, waits for the peer's, five seconds at most, and ends the
 * connection. `code` 0: none, or 1000 when there is a reason; `reason` (NULL: none) is UTF-8 of at
 * most 123 bytes. Never suspends; on_close comes later. Harmless when it is closing. Returns 0,
 * GALE_EINVALID for a code that must not be sent or a reason that is too long, GALE_EENCODING.
 * Tornado: WebSocketHandler.close.
 */
GALE_API int gale_websocket_close(gale_websocket *self, int code, const char *reason);

/* ---- Connecting to a server -------------------------------------------------------------- */

/** Options of a connection to a server. Zero is the default of each; everything is borrowed during
 * the call, but for `websocket_class` and `arg`. Tornado: the parameters of websocket_connect. */
typedef struct gale_websocket_connect_options {
    /** The request of the handshake: headers, credentials, cookies, TLS, proxies, timeouts; NULL:
     * all defaults. It is a GET; headers of the handshake itself are not the caller's. Tornado: an
     * HTTPRequest as `url`. */
    const gale_fetch_options *request;
    /** Whose defaults, names and TLS contexts are used; NULL: the loop's HTTP client. No place
     * among its max_clients is taken. */
    gale_http_client *client;
    /** Looks names up; NULL: that of the client. */
    gale_resolver *resolver;
    /** Seconds until the connection is open, the server's answer included; 0: what `request` says,
     * GALE_NONE: no limit. */
    double connect_timeout;
    /** Subprotocols to offer, the best one first; the list ends with NULL. */
    const char *const *subprotocols;
    /** Compression to offer; NULL: that of the class, if any. Without context_takeover the server
     * is asked to do without as well. Tornado: compression_options. */
    const gale_websocket_compression *compression;
    /** Seconds between pings; 0: what the class says, or none. */
    double ping_interval;
    /** Seconds that the answer may take before the connection is closed; 0: what the class says, or
     * the interval. GALE_NONE: no answer is needed. */
    double ping_timeout;
    /** Bytes of a message, before and after inflating; 0: what the class says, or 10485760 (10
     * MiB); GALE_NONE: no limit. */
    int64_t max_message_size;
    /** Functions that are called for what happens, constant data; NULL: none. With on_message it
     * gets the messages, and gale_read_message none. Tornado: on_message_callback. */
    const gale_websocket_class *websocket_class;
    /** For gale_websocket_arg. */
    void *arg;
    /** The scope that the connection, and the response, belong to: of the caller, or of a task that
     * waits for it; NULL: the innermost of the calling task. */
    gale_scope *scope;
    /** It belongs to no scope, but to the caller: gale_websocket_free. */
    bool detached;
    /** Gets the server's response, of the handshake or of a refusal with its text, or NULL when
     * none has come. It belongs to the scope. Tornado: WebSocketClientConnection.headers. */
    gale_http_response **ret_response;
    void *reserved_[8];
} gale_websocket_connect_options;

/**
 * Opens a connection to `url`: ws://, wss:// (TLS), or ws+unix:// as http+unix of
 * <gale/httpclient.h>. Suspends until the handshake is over. `options` NULL: all defaults.
 *
 * It belongs to the innermost scope of the calling task (see `scope`, `detached`) and is closed,
 * with code 1001, when that ends: what a handler has opened does not outlive its request.
 *
 * Returns 0, or, and gale_error_detail says more:
 *   GALE_EHTTP      the server has refused, as "HTTP 403: Forbidden"; see ret_response. Redirects
 *                   are not followed
 *   GALE_EINPUT     what it has answered is no handshake, or not that which was asked for
 *   GALE_EINVALID   the URL, a header or a subprotocol; GALE_ENOTSUP for another scheme
 *   what `open` of the class returns, and the other errors of gale_fetch
 * Tornado: websocket.websocket_connect.
 */
GALE_API GALE_SUSPENDS int gale_websocket_connect(const char *url,
                                                  const gale_websocket_connect_options *options,
                                                  gale_websocket **ret_socket);

/** A message that has come. */
typedef struct gale_websocket_message {
    /** Its bytes, followed by a NUL, until the next read. Text is UTF-8, but may hold NULs. */
    const char *data;
    /** How many. */
    size_t size;
    /** False: a text. */
    bool binary;
} gale_websocket_message;

/**
 * The next message of a connection of gale_websocket_connect, whose class has no on_message.
 * Suspends until there is one; while nobody reads, the server is slowed down. One read at a time.
 *
 * Returns 1; 0 when either side has closed the connection properly: gale_websocket_close_code,
 * gale_websocket_close_reason. Otherwise:
 *   GALE_ECLOSED    it is gone, and no close frame came
 *   GALE_EINPUT     the server broke the protocol
 *   GALE_ETOOBIG    a message was over max_message_size
 *   GALE_ECANCELED  the task was cancelled; nothing is lost
 *   GALE_ESTATE     another read is pending, or messages go to on_message
 *   GALE_ENOTASK
 * Tornado: WebSocketClientConnection.read_message.
 */
GALE_API GALE_SUSPENDS int gale_read_message(gale_websocket *self,
                                             gale_websocket_message *ret_message);

/**
 * Ends a connection of gale_websocket_connect, before its scope or the loop does: closes it with
 * code 1001 unless it is closing, cancels what runs of its class and waits for that, calls on_close
 * unless it was called. The close handshake goes on behind the scenes. A read of another task ends
 * with GALE_ECLOSED. Within a function of its class, or outside tasks, it does not wait; `self` is
 * then valid until that function, and on_close, have returned. NULL is allowed.
 */
GALE_API GALE_SUSPENDS void gale_websocket_free(gale_websocket *self);

#ifdef __cplusplus
}
#endif

#endif
