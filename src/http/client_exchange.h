/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its response over HTTP/1.1. The response is read by a consumer, which the loop
 * calls with bytes in place; the fetch's task sleeps until all of it is there, or until user code
 * has to be called.
 */
#ifndef GALE_HTTP_CLIENT_EXCHANGE_H
#define GALE_HTTP_CLIENT_EXCHANGE_H

#include "http/client_pool.h"
#include "proto/chunked.h"
#include "proto/decoder.h"
#include "proto/http1_body.h"

typedef enum gale__reading_stage {
    GALE__READING_HEAD,
    GALE__READING_BODY,
    GALE__READING_TAIL, /* output that a decoder still holds */
    GALE__READING_END
} gale__reading_stage;

typedef struct gale__reading {
    gale__fetch *fetch;
    gale__reading_stage stage;
    bool begun;        /* a byte has come */
    bool continued;    /* a 100 has come */
    bool pauses_first; /* once the first byte is there */
    bool heads_up;     /* pauses once the head is there */
    bool streams;      /* the body goes to `piece`, and reading pauses when there is some */
    bool discards;     /* the body is read and dropped */
    gale__http1_framing framing;
    int informational; /* responses before the final one */
    size_t max_head;
    uint64_t max_body;
    gale__http1_body body;
    uint64_t left;     /* of a body with a length */
    uint64_t received; /* bytes of the body, not decoded */
    uint64_t decoded;
    uint64_t turn; /* bytes decoded since the loop has done other work */
    gale__chunked chunked;
    gale__decoder decoder;
    gale__buffer encoded; /* what has not been decoded yet, since `piece` was full */
    gale__buffer piece;
    int failure;        /* with its reason, or 0 */
    const char *reason; /* NULL: that of the code */
} gale__reading;

void gale__reading_begin(gale__reading *self, gale__fetch *fetch);
void gale__reading_end(gale__reading *self);
/* A gale__consume: `self` is a gale__reading. It is done at the end, after a failure, and where it
 * pauses. */
size_t gale__reading_consume(void *self, const char *data, size_t size, bool *ret_done);
/* Lets the loop do other work when much was decoded at once. Suspends. */
int gale__reading_take_turn(gale__reading *self);
/* The connection was closed (`error` as of gale_iostream_error). Returns 0 when the response is
 * complete, or an error. */
int gale__reading_closed(gale__reading *self, int error);
/* After the head: decides what the body is for. */
int gale__reading_body_begin(gale__reading *self);

typedef struct gale__exchange {
    gale__fetch *fetch;
    gale__client_connection *connection;
    gale__reading reading;
    gale_scope *scope; /* of the task that sends the body; NULL when there is none */
    int64_t length;    /* of the body; negative: it is sent in chunks */
    bool sending;      /* the body is under way */
    bool failed;       /* sending it has failed by itself */
} gale__exchange;

/* The head of the request, in the `size` bytes at `room` or in the fetch's arena. -ENOMEM, or
 * GALE_EINVALID for a header that does not fit. */
int gale__request_head(const gale__exchange *exchange, char *room, size_t size, gale_str *ret_head);
/* Finds out how long the body is. GALE_EINVALID; -errno of a file. */
int gale__request_measure(gale__exchange *exchange);
/* True for a body that is sent together with the head. */
bool gale__request_is_short(const gale__exchange *exchange);
/* Begins to send the body in a task of its own. */
int gale__request_send_body(gale__exchange *exchange);
/* Ends that task, however far it is; its failure if it has failed by itself, else 0. Suspends. */
int gale__request_end(gale__exchange *exchange);

/* A connection for the fetch. Suspends (client_connect.c). */
int gale__client_connect(gale__fetch *fetch, gale_str key, gale__client_connection **ret);
/* All that the connection depends on, as text. */
int gale__client_key(gale__fetch *fetch, gale_str *ret_key);

#endif
