/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that wait behind the queue of a stream, whole, so that some of them can be dropped; and
 * tasks that wait for room.
 */
#ifndef GALE_WEB_BACKLOG_H
#define GALE_WEB_BACKLOG_H

#include "gen/task.h"
#include "net/stream.h"

typedef struct gale__backlog_message {
    struct gale__backlog_message *next;
    gale_bytes *bytes;
} gale__backlog_message;

typedef struct gale__backlog {
    gale__backlog_message *first, *last;
    size_t size;        /* bytes of all, with GALE__BACKLOG_EACH for each */
    gale__list writers; /* tasks that wait for room, or have not gone on yet */
} gale__backlog;

enum {
    GALE__BACKLOG_FROM = 65536, /* bytes in the stream's queue after which messages wait */
    GALE__BACKLOG_EACH = 64     /* bytes that a message takes besides: many small ones are a lot */
};

static inline void gale__backlog_init(gale__backlog *backlog)
{
    *backlog = (gale__backlog){ 0 };
    gale__list_init(&backlog->writers);
}

/* Nothing waits, and nobody. */
static inline bool gale__backlog_is_idle(const gale__backlog *backlog)
{
    return !backlog->first && gale__list_empty(&backlog->writers);
}

/* Whether `size` bytes more would be over `most`; one message may always be. */
static inline bool gale__backlog_over_limit(size_t buffered, size_t size, uint64_t most)
{
    return buffered > 0 && (size > most || buffered > most - size);
}

/* Appends a message; takes its reference, also when it fails. -ENOMEM, also for NULL. */
int gale__backlog_add(gale__backlog *backlog, gale_bytes *message);
void gale__backlog_drop_first(gale__backlog *backlog);
/* The slow path of gale__backlog_move. */
GALE__APART bool gale__backlog_move_some(gale__backlog *backlog, gale__stream *stream);
/* Queues what waits as far as there is room, and wakes the writers, which look whether there is
 * some for them. True when it has queued anything. */
static inline bool gale__backlog_move(gale__backlog *backlog, gale__stream *stream)
{
    return !gale__backlog_is_idle(backlog) && gale__backlog_move_some(backlog, stream);
}
/* Suspends until there may be room: 0, GALE_ECANCELED or GALE_ENOTASK; or GALE_ECLOSED, and then
 * the backlog, and whose it is, may be gone. The backlog must stay until then. */
int gale__backlog_wait(gale__backlog *backlog);
/* Ends the waiting of all writers with GALE_ECLOSED. */
void gale__backlog_turn_away(gale__backlog *backlog);
/* The same, and drops all that waits. */
void gale__backlog_clear(gale__backlog *backlog);

/* Appends bytes to the stream's queue: a copy when they are few. 0 or -ENOMEM. */
int gale__stream_queue_bytes(gale__stream *stream, gale_bytes *bytes);

#endif
