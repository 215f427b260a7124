/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/eventsource.h: server-sent events, which a browser's EventSource receives. Tornado has no
 * counterpart. The WHATWG HTML standard, "Server-sent events", has the format.
 *
 *     static int get(gale_handler *self)
 *     {
 *         gale_event_stream *stream;
 *         char id[24];
 *         GALE_TRY(gale_event_stream_open(self, NULL, &stream));
 *         for (long n = atol(gale_last_event_id(self)) + 1;; n++) {
 *             snprintf(id, sizeof id, "%ld", n);
 *             GALE_TRY(gale_event_stream_send(
 *                 stream, &(gale_server_sent_event){ .id = id, .data = "tick" }));
 *             GALE_TRY(gale_sleep(1));
 *         }
 *     }
 *
 * A stream ends with its handler, and its handler is cancelled when the client leaves: the loop
 * above needs nothing else. A handler that waits holds a stack; a stream that others feed need
 * not have one. Its handler keeps it (gale_event_stream_keep) and returns; it then lives on as a
 * small object, without task and buffer, until somebody closes it or the client leaves.
 *
 * A browser whose stream has ended connects again, after `retry` seconds, and tells the last `id`
 * that it has received (gale_last_event_id): so a server may end streams at any time, and a
 * graceful stop does. A request that is answered with the status 204 instead ends that for good.
 */
#ifndef GALE_EVENTSOURCE_H
#define GALE_EVENTSOURCE_H

#include <gale/core.h>
#include <gale/json.h>
#include <gale/web.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A stream of events to one client. It is valid until on_close has returned, and at least until
 * the handler that has opened it has ended. */
typedef struct gale_event_stream gale_event_stream;

/** What happens to an event when more than max_write_buffer waits to be sent. */
typedef enum gale_event_stream_full {
    /** The call suspends until there is room; GALE_EFULL outside a task. */
    GALE_EVENT_STREAM_WAIT,
    /** The oldest events that wait are dropped. */
    GALE_EVENT_STREAM_DROP_OLDEST,
    /** The stream is closed; the browser comes back and tells what it has received last. */
    GALE_EVENT_STREAM_CLOSE
} gale_event_stream_full;

/** Options of a stream. Zero is the default of each. */
typedef struct gale_event_stream_options {
    /** Seconds that the browser shall wait before it connects again; 0: as it likes. */
    double retry;
    /** Seconds without an event after which a comment is sent, so that neither side, nor what is
     * between them, takes the connection for dead; 0: 15, GALE_NONE: none. */
    double heartbeat;
    /** Bytes of events that may wait to be sent, with 64 for each that waits; 0: 16777216 (16 MiB),
     * GALE_NONE: no limit. */
    int64_t max_write_buffer;
    /** What happens beyond that. */
    gale_event_stream_full when_full;
    /** Bytes of state that the stream has: gale_event_stream_state. */
    size_t state_size;
    /** The stream is gone. Runs once, in a task; the last call. Not cancelled. */
    GALE_SUSPENDS void (*on_close)(gale_event_stream *stream);
    void *reserved_[6];
} gale_event_stream_options;

/**
 * Answers the request with a stream of events: sends the headers, beside those that were set
 * before, and `retry`. Cache-Control is "no-store" and X-Accel-Buffering is "no" unless they were
 * set. The response is neither compressed nor changed by other transforms; the connection closes
 * with the stream. *ret_stream, set on success only, is gale's.
 *
 * Returns 0; GALE_EFINISH when it was a HEAD request, which has its answer: return it; GALE_ESTATE
 * when something was written, the status is not 200, or the request's body was not read yet;
 * GALE_EINVALID for an option; GALE_ECLOSED, GALE_ECANCELED, -ENOMEM.
 */
GALE_API GALE_SUSPENDS int gale_event_stream_open(gale_handler *self,
                                                  const gale_event_stream_options *options,
                                                  gale_event_stream **ret_stream);
/** The stream goes on when its handler ends. The last thing to do in a method:
 * return gale_event_stream_keep(stream). Returns 0, or GALE_ECLOSED. */
GALE_API int gale_event_stream_keep(gale_event_stream *stream);
/** The id of the last event that the client has received: the header Last-Event-ID. "" when it has
 * none, or it is not UTF-8. Never NULL. */
GALE_API const char *gale_last_event_id(gale_handler *self);

/* ---- Sending --------------------------------------------------------------------------- */

/** An event, or what an event can carry without being one. Texts are UTF-8; NULL is none. */
typedef struct gale_server_sent_event {
    /** What happened: "message" for NULL. Listeners are added with that name; no line breaks. */
    const char *event;
    /** The text. It may have several lines: line breaks of all kinds arrive as "\n". Without it
     * nothing is dispatched in the browser; "" is an empty text. */
    const char *data;
    /** Bytes of data; 0: up to its NUL. */
    size_t size;
    /** What a client that connects again will tell; "": nothing from now on. No line breaks. */
    const char *id;
    /** As in gale_event_stream_options, from now on; 0: as before. */
    double retry;
    /** A text that browsers ignore. */
    const char *comment;
    void *reserved_[4];
} gale_server_sent_event;

/**
 * Sends an event. It suspends only for GALE_EVENT_STREAM_WAIT. What is sent in one turn of the loop
 * leaves together. Returns 0, or:
 *   GALE_ECLOSED    the stream is closed, also when this call has closed it (when_full)
 *   GALE_EENCODING  text that is not UTF-8
 *   GALE_EINVALID   a line break in event or id, or a NUL; event without data; nothing to send;
 *                   retry that is no time
 *   GALE_EFULL      over max_write_buffer, outside a task
 *   GALE_ECANCELED  the task was cancelled while it waited: nothing was sent
 *   -ENOMEM
 */
GALE_API GALE_SUSPENDS int gale_event_stream_send(gale_event_stream *stream,
                                                  const gale_server_sent_event *event);
/** The same with a value as JSON for its data; takes the reference to `value`, always. `event` NULL
 * has nothing but that. A NULL value (json_pack has failed) is GALE_EINVALID. */
GALE_API GALE_SUSPENDS int gale_event_stream_send_json(gale_event_stream *stream,
                                                       const gale_server_sent_event *event,
                                                       json_t *value);

/* ---- A stream -------------------------------------------------------------------------- */

/** Ends the stream once what waits is sent, and cancels its handler when another task calls it.
 * Never suspends; on_close comes later. Harmless when it is closed. */
GALE_API void gale_event_stream_close(gale_event_stream *stream);
/** True once it is closing, or the client has left. */
GALE_API bool gale_event_stream_is_closing(const gale_event_stream *stream);
/** Bytes of events that wait to be sent, with 64 for each that cannot be handed to the kernel soon.
 */
GALE_API size_t gale_event_stream_buffered(const gale_event_stream *stream);
/** The state of the stream, zeroed when it was made. NULL when it has none. */
GALE_API void *gale_event_stream_state(gale_event_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
