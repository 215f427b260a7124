/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies of Redis out of its bytes: hiredis' parser, in bounds. What a reply takes is limited
 * while it arrives, so that a server that sends anything at all, or without end, gets nowhere.
 */
#ifndef GALE_DATA_REDIS_READER_H
#define GALE_DATA_REDIS_READER_H

#include <gale/core.h>

typedef enum gale__redis_type {
    GALE__REDIS_STATUS, /* +OK */
    GALE__REDIS_ERROR,  /* -ERR ... */
    GALE__REDIS_INTEGER,
    GALE__REDIS_STRING,
    GALE__REDIS_NIL,
    GALE__REDIS_ARRAY
} gale__redis_type;

typedef struct gale__redis_reply {
    gale__redis_type type;
    long long integer;
    gale_str text; /* of a status, error or string; NUL-terminated */
    size_t count;  /* of the items of an array */
    struct gale__redis_reply **items;
} gale__redis_reply;

/* NULL is allowed. */
void gale__redis_reply_free(gale__redis_reply *reply);

typedef struct gale__redis_reader {
    struct redisReader *parser;
    size_t limit; /* bytes of a string */
    size_t used;  /* bytes of the reply in the making */
    int error;    /* that the making of an object has failed with */
} gale__redis_reader;

int gale__redis_reader_open(gale__redis_reader *reader, size_t limit);
void gale__redis_reader_close(gale__redis_reader *reader);
/* Bytes that have arrived. A failure is final, as that of the next call. */
int gale__redis_reader_feed(gale__redis_reader *reader, gale_str bytes);
/* 1 and a reply, which is the caller's; 0 when it takes more bytes; GALE_EINPUT for what is no
 * reply, GALE_ETOOBIG, -ENOMEM. */
int gale__redis_reader_next(gale__redis_reader *reader, gale__redis_reply **ret_reply);

#endif
