/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a WebSocket connection. An idle one is this struct and nothing else; from the first
 * byte of something until it is idle again it has an active part.
 *
 *   OPEN -> CLOSING        a close frame was sent: the peer's is awaited
 *        -> ENDING         both were, or the connection has failed: what is queued is sent, then
 * our side is shut; what still comes is thrown away
 *        -> DEAD           closed; freed once on_close has returned
 *
 * At most one function of its class runs at a time: it is busy then.
 */
#ifndef GALE_WEB_WEBSOCKET_H
#define GALE_WEB_WEBSOCKET_H

#include <gale/websocket.h>

#include "core/buffer.h"
#include "core/utf8.h"
#include "gen/task.h"
#include "net/stream.h"
#include "proto/websocket_deflate.h"
#include "proto/websocket_frame.h"
#include "proto/websocket_handshake.h"
#include "web/backlog.h"

typedef struct gale__websocket_client gale__websocket_client;

/* What all connections of a class have in common; in gale__handler_type. A client's connection has
 * one of its own, in gale__websocket_client. */
typedef struct gale__websocket_type {
    const gale_websocket_class *slots;
    const gale_websocket_compression *compression; /* NULL: none */
    gale__websocket_client *client;                /* NULL: we are the server */
    int64_t ping_interval, ping_timeout;           /* ns; 0: none */
    int64_t max_message_size;                      /* negative: no limit */
    uint64_t max_write_buffer;
    /* Of messages that are compressed each for itself; made when first needed. */
    gale__websocket_deflater deflater;
    gale__websocket_inflater inflater;
    bool can_deflate, can_inflate;        /* they are there */
    struct gale__websocket_active *spare; /* of a connection that became idle, or NULL */
} gale__websocket_type;

typedef enum gale__websocket_state {
    GALE__WEBSOCKET_OPEN,
    GALE__WEBSOCKET_CLOSING,
    GALE__WEBSOCKET_ENDING,
    GALE__WEBSOCKET_DEAD
} gale__websocket_state;

typedef struct gale__websocket_active gale__websocket_active;

struct gale_websocket {
    gale__stream stream;
    gale__timer timer;
    gale__list link;               /* in application->websockets */
    gale_application *application; /* NULL: a client's */
    gale__websocket_type *type;
    gale__websocket_active *active;
    struct gale__websocket_windows *windows; /* that are kept; else NULL */
    struct gale__subscriber *topics;         /* its subscriptions */
    void *arg;
    char *subprotocol, *close_reason; /* or NULL */
    uint16_t close_code;              /* the peer's */
    uint8_t state;
    uint8_t receiving;        /* gale__receive_mode */
    bool compressed;          /* permessage-deflate was agreed on */
    bool busy;                /* a function of the class runs */
    bool processing;          /* its input is being processed further down on the stack */
    bool awaits_pong, pinged; /* since the last interval */
    bool told_close;          /* on_close has begun */
    bool shut;                /* our side is */
    _Alignas(16) char user_state[];
};
_Static_assert(sizeof(gale_websocket) <= 240, "a million idle ones have to be small");

struct gale__websocket_active {
    gale_websocket *websocket;
    gale__buffer input;          /* received and not used yet */
    gale_str data;               /* what is being processed, and not used yet */
    gale__websocket_event event; /* the last one that was read */
    bool has_event;              /* it is not dealt with yet */
    gale__websocket_reader reader;
    gale__buffer message; /* what is there of the message at hand */
    gale__utf8_part utf8; /* the end of that, of a text */
    gale_scope *running;  /* of the function of the class, while busy */
    gale__backlog backlog;
    gale_bytes *pong; /* that is owed for the last ping, which found no room; or NULL */
    gale__callback resume, flush;
};

/* Windows that are kept, of a connection with context takeover. */
typedef struct gale__websocket_windows {
    gale__websocket_deflater deflater;
    gale__websocket_inflater inflater;
    bool keeps_deflater, keeps_inflater;
} gale__websocket_windows;

/* ---- websocket_type.c ------------------------------------------------------------------ */

/* NULL when out of memory. */
gale__websocket_type *gale__websocket_type_new(const gale_websocket_class *slots,
                                               const gale_application_settings *settings);
/* NULL is allowed. */
void gale__websocket_type_free(gale__websocket_type *type);
/* What is zero in `first` is that of the class, and then that of `last`. */
typedef struct gale__websocket_limits {
    double ping_interval, ping_timeout;
    int64_t max_message_size;
} gale__websocket_limits;
void gale__websocket_type_set(gale__websocket_type *type, const gale_websocket_class *slots,
                              const gale__websocket_limits *first,
                              const gale__websocket_limits *last);
/* Gives back what compresses messages each for itself, until it is needed again. */
void gale__websocket_type_clear(gale__websocket_type *type);
/* For a message: 0, GALE_EINPUT, GALE_ETOOBIG or -ENOMEM. */
int gale__websocket_deflate_message(gale_websocket *self, gale_str message, gale__buffer *out);
int gale__websocket_inflate_message(gale_websocket *self, gale_str message, gale__buffer *out);
/* The same for all connections whose messages are compressed alike, each for itself; 0: like no
 * other's. */
uint32_t gale__websocket_compression_kind(const gale_websocket *self);
/* The windows that were agreed on. 0 or -ENOMEM. */
int gale__websocket_keep_windows(gale_websocket *self, const gale__websocket_deflate *agreed);
void gale__websocket_windows_free(gale__websocket_windows *windows);

/* ---- websocket.c: life ------------------------------------------------------------------ */

/* The active part, made when there is none; NULL when out of memory. */
gale__websocket_active *gale__websocket_attach(gale_websocket *self);
/* A connection for a stream that is moved to it; it is busy, with that scope. `application` NULL: a
 * client's. NULL when out of memory. */
gale_websocket *gale__websocket_new(gale_ioloop *loop, gale_application *application,
                                    gale__websocket_type *type, gale_scope *running);
/* Frees one that has no stream yet, or that is dead and of whose class nothing runs. */
void gale__websocket_discard(gale_websocket *self);
/* True when on_close has been started: once, when there is one and nothing of the class runs. */
bool gale__websocket_start_on_close(gale_websocket *self);
/* It is dead, and nothing of its class runs: on_close, and then it is freed. Later, since whoever
 * is below on the stack may still look at it. */
void gale__websocket_finish(gale_websocket *self);
/* The handshake is over: begins to receive, and to ping. */
void gale__websocket_start(gale_websocket *self);
/* Its input is no longer being processed. */
void gale__websocket_processed(gale_websocket *self);
/* A function of the class has ended, with that result. */
void gale__websocket_function_ended(gale_websocket *self, int result);
/* The peer has gone, or has to. */
void gale__websocket_lost(gale_websocket *self);
/* Sends a close frame with that code, and ends. */
void gale__websocket_fail(gale_websocket *self, int code, const char *reason);
/* The peer's close frame has come. */
void gale__websocket_close_received(gale_websocket *self, gale_str payload);
/* Sends what is queued, and takes care of what follows from that; may free it. */
void gale__websocket_settle(gale_websocket *self);
/* The same at the end of this turn, for all that is sent in it. */
void gale__websocket_settle_later(gale_websocket *self);

/* All connections of an application: closed with 1001; cut. */
void gale__websockets_drain(gale_application *application);
void gale__websockets_cut(gale_application *application);
/* The same; what has no on_close to wait for is freed at once. */
void gale__websockets_free(gale_application *application);

/* ---- websocket_read.c ------------------------------------------------------------------- */

void gale__websocket_received(gale__stream *stream, const char *data, size_t size);
/* Goes on with what waits in the input. */
void gale__websocket_process_input(gale_websocket *self);
enum { GALE__WEBSOCKET_INPUT_HIGH = 65536 }; /* bytes of input after which reading pauses */

/* ---- websocket_write.c ------------------------------------------------------------------ */

/* Queues a frame; `payload` is at most GALE__WEBSOCKET_CONTROL_MAX bytes. 0, GALE_ECLOSED or
 * -ENOMEM. */
int gale__websocket_send_control(gale_websocket *self, uint8_t opcode, gale_str payload);
/* A message that is a frame already, the same for many connections; or one that no other gets like
 * this. Never waits: over the limit of a class that waits, it is closed. As gale_write_message. */
int gale__websocket_send_shared(gale_websocket *self, gale_bytes *frame);
int gale__websocket_send_now(gale_websocket *self, bool binary, gale_str message);
/* Answers a ping: at once, or, to a peer that does not read, the last one once there is room (RFC
 * 6455 §5.5.3). 0 or as gale__websocket_send_control. */
int gale__websocket_answer_ping(gale_websocket *self, gale_str payload);
/* Queues what waits as far as there is room, and wakes writers. True when it has queued anything.
 */
bool gale__websocket_move_waiting(gale_websocket *self);
/* Drops all that waits; writers are told GALE_ECLOSED. */
void gale__websocket_drop_waiting(gale_websocket *self);

/* ---- websocket_topics.c ----------------------------------------------------------------- */

/* Ends its subscriptions. */
void gale__websocket_leave_topics(gale_websocket *self);

/* ---- websocket_client.c ----------------------------------------------------------------- */

/* The mask of the next frame. 0 or -errno. */
int gale__websocket_next_mask(gale__websocket_client *client, uint32_t *ret_mask);
/* The message at hand is complete, and goes to gale_read_message. */
void gale__websocket_client_take(gale_websocket *self, bool binary);
/* It is closed with that code, and a static text. */
void gale__websocket_client_failed(gale__websocket_client *client, int code, const char *reason);
/* True when what the server has said is still read, though the connection is gone. */
bool gale__websocket_client_hears_on(gale__websocket_client *client);
/* No more messages will come. */
void gale__websocket_client_ends(gale__websocket_client *client);
/* on_close runs in that scope. */
void gale__websocket_client_closes(gale__websocket_client *client, gale_scope *scope);
/* Nothing of its class runs any more. */
void gale__websocket_client_rests(gale__websocket_client *client);
/* It is dead, and on_close has returned. True when nobody has it, and it is to be freed from the
 * loop. */
bool gale__websocket_client_may_go(gale__websocket_client *client);
/* Frees what is not in gale_websocket. */
void gale__websocket_client_free(gale__websocket_client *client);

/* ---- websocket_upgrade.c ---------------------------------------------------------------- */

/* GET of a class with the slot `websocket`. */
int gale__websocket_get(gale_handler *handler);

#endif
