/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of an event stream. It has taken the connection over from the HTTP server; its
 * response has no length and ends with the connection, so that the same bytes go to every client.
 *
 *   OPEN -> ENDING  what is queued is sent, then our side is shut; what still comes is thrown away
 *        -> DEAD    closed; freed once on_close has returned, its handler has ended, and nobody
 *                   waits in it
 *
 * An idle one is this struct and nothing else. What was sent in a turn leaves at its end, for all
 * streams of an application by one callback.
 */
#ifndef GALE_WEB_EVENT_STREAM_H
#define GALE_WEB_EVENT_STREAM_H

#include <gale/eventsource.h>

#include "core/buffer.h"
#include "net/stream.h"
#include "web/application.h"
#include "web/backlog.h"

typedef enum gale__event_stream_state {
    GALE__EVENT_STREAM_OPEN,
    GALE__EVENT_STREAM_ENDING,
    GALE__EVENT_STREAM_DEAD
} gale__event_stream_state;

/* The line of the access log, but for its time. */
typedef struct gale__event_stream_log {
    int64_t started; /* ns, monotonic */
    char text[];
} gale__event_stream_log;

struct gale_event_stream {
    gale__stream stream;
    gale__timer timer;
    gale__list link;     /* in application->event_streams */
    gale__list flushing; /* in application->event_streams_to_flush */
    gale_application *application;
    gale_handler *handler;           /* that has opened it; NULL once it has ended */
    gale__backlog *backlog;          /* NULL: nothing waits */
    struct gale__subscriber *topics; /* its subscriptions */
    void (*on_close)(gale_event_stream *stream);
    gale__event_stream_log *log;       /* of one that was kept; NULL when it is not wanted */
    int64_t active;                    /* when the kernel last took something, or began not to */
    uint64_t max_write_buffer;         /* bytes */
    uint32_t heartbeat, write_timeout; /* ms; 0: none */
    uint32_t waiting;                  /* tasks that wait for room */
    uint8_t state, when_full;
    bool kept, allow_half_close;
    bool blocked; /* the kernel takes no more for now */
    bool shut;    /* our side is */
    bool peer_ended;
    bool closed; /* on_close has returned */
    bool has_state;
    _Alignas(16) char user_state[];
};

_Static_assert(sizeof(gale_event_stream) <= 240, "very many idle ones have to be small");

/* ---- event_stream.c: life --------------------------------------------------------------- */

/* A stream without a connection yet, for the handler; NULL when out of memory. */
gale_event_stream *gale__event_stream_new(gale_handler *handler,
                                          const gale_event_stream_options *options);
/* Frees one that has no connection yet. */
void gale__event_stream_discard(gale_event_stream *self);
/* It has its connection and head: begins to send and to receive. */
void gale__event_stream_start(gale_event_stream *self);
/* The handler that has opened it has ended. */
void gale__event_stream_handler_ended(void *self);
/* The connection has to go at once. */
void gale__event_stream_lost(gale_event_stream *self);
/* Something was queued, and is sent at the end of this turn. */
void gale__event_stream_flush_later(gale_event_stream *self);
/* A task no longer waits for room: frees a dead stream that has waited for that. */
void gale__event_stream_release(gale_event_stream *self);
/* All streams of an application: closed; cut; cut and freed. */
void gale__event_streams_drain(gale_application *application);
void gale__event_streams_cut(gale_application *application);
void gale__event_streams_free(gale_application *application);

/* ---- event_stream_send.c ---------------------------------------------------------------- */

/* Appends an event as it is sent. Errors as gale_event_stream_send. */
int gale__event_encode(const gale_server_sent_event *event, gale__buffer *out);
/* A time that can be told to browsers: 0 or GALE_EINVALID. */
int gale__event_check_retry(double seconds);
/* Sends what gale__event_encode has made, without copying what is large: the same bytes to many
 * streams. Never suspends: GALE_EFULL when a call that waits would have to. */
int gale__event_stream_send_bytes(gale_event_stream *self, gale_bytes *encoded);
/* Queues what waits as far as there is room. True when it has queued anything. */
bool gale__event_stream_move_backlog(gale_event_stream *self);
/* Drops all that waits; tasks that wait are told GALE_ECLOSED. */
void gale__event_stream_drop_backlog(gale_event_stream *self);

/* ---- event_stream_topics.c -------------------------------------------------------------- */

/* Ends all its subscriptions. */
void gale__event_stream_leave_topics(gale_event_stream *self);

#endif
