/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to Redis that stays: it is made again whenever it is lost, at once, then after 0.1
 * s, then twice as long each time up to 30 s, each a little shorter by chance so that not all come
 * back together. Commands go out as they are sent, all of one turn in one piece; replies come in
 * their order. A server that says nothing is asked with PING, and left when it does not answer.
 *
 * Embedded in its owner. It lives in a task of its loop, from start until `stopped`.
 */
#ifndef GALE_DATA_REDIS_CONNECTION_H
#define GALE_DATA_REDIS_CONNECTION_H

#include <gale/iostream.h>

#include "core/buffer.h"
#include "data/redis_reader.h"
#include "data/redis_url.h"
#include "gen/task.h"

typedef struct gale__redis gale__redis;

/* All of them but the last are called in tasks of the connection. */
typedef struct gale__redis_handlers {
    /* It is there (again): what is sent now goes first. */
    void (*connected)(gale__redis *redis);
    /* A reply, valid during the call; not that of a PING. May suspend: nothing is read meanwhile. A
     * negative result, with its detail, ends the connection. */
    int (*received)(gale__redis *redis, const gale__redis_reply *reply);
    /* It was there and is gone, or it could not be made. */
    void (*lost)(gale__redis *redis);
    /* After gale__redis_stop, perhaps within it: its memory is the owner's again. */
    void (*stopped)(gale__redis *redis);
} gale__redis_handlers;

typedef struct gale__redis_settings {
    gale_ssl_context *ssl_context; /* of rediss://; NULL: the default; referenced */
    double connect_timeout;        /* s; 0: 5 */
    double ping_interval;          /* s; 0: 15 */
    size_t max_reply;              /* bytes; 0: 16 MiB */
} gale__redis_settings;

struct gale__redis {
    const gale__redis_handlers *handlers;
    const char *purpose; /* "publish": for log lines */
    gale__redis_url url;
    gale__redis_settings settings;
    gale_ioloop *loop;
    gale_scope *scope; /* of its life; NULL: not begun, or over */
    gale_iostream *stream;
    gale__redis_reader reader;
    gale__buffer output; /* not written yet */
    gale__list writer;   /* the writing task, when it has nothing to write */
    unsigned pings;      /* not answered yet */
    unsigned failures;   /* in a row */
    bool running, connected, silent, closed;
    char why[200], logged[200]; /* what went wrong last; what was said of it */
};

/* Zeroes it, and starts it on the loop. GALE_EINVALID, -ENOMEM: then there is nothing to stop. */
int gale__redis_start(gale__redis *redis, gale_ioloop *loop, const char *purpose, const char *url,
                      const gale__redis_settings *settings, const gale__redis_handlers *handlers);
/* What was sent goes out if that need not wait long. Also after the loop's tasks have ended. */
void gale__redis_stop(gale__redis *redis);
/* Queues a command; while connected. -ENOMEM: then the connection is given up, since nobody could
 * say any more which reply belongs to which command. */
int gale__redis_send(gale__redis *redis, const gale_str *words, size_t count);
/* The same after a command was encoded into redis->output. */
int gale__redis_sent(gale__redis *redis);
/* Appends a command as Redis wants it; the buffer keeps the error. Or in steps: how many words
 * there are, then each word, which is all of its parts, one after the other. */
void gale__redis_encode(gale__buffer *buffer, const gale_str *words, size_t count);
void gale__redis_encode_count(gale__buffer *buffer, size_t count);
void gale__redis_encode_word(gale__buffer *buffer, const gale_str *parts, size_t count);

/* ---- Inside ----------------------------------------------------------------------------- */

/* Remembers why, unless something was remembered before, and returns `code`. */
int gale__redis_broken(gale__redis *redis, int code, const char *format, ...) GALE_PRINTF(3, 4);
/* Connects, and says who asks and for which database (redis_connect.c). Suspends. */
int gale__redis_connect(gale__redis *redis);
/* Reads some bytes and feeds the reader. Suspends. */
int gale__redis_read(gale__redis *redis);
/* True for a reply that is an error, or is not what it should be. */
static inline bool gale__redis_is_error(const gale__redis_reply *reply)
{
    return reply->type == GALE__REDIS_ERROR;
}

#endif
