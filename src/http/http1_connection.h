/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/1 connection of a server, and the exchange (one request and its response) on it.
 *
 * An idle connection is this struct and nothing else. From the first byte of a request until
 * it is idle again it has an active part; while a request is on its way, an exchange, which lives
 * in the arena of a scope of its own. Whoever starts a task for the request takes that scope over.
 *
 *   HEAD -> BODY -> BUSY -> HEAD     one request after the other
 *   any  -> CLOSING -> LINGER        an answer is still being sent; then the peer's rest is read
 *                                    and thrown away, so that it gets the answer and not a reset
 */
#ifndef GALE_HTTP_HTTP1_CONNECTION_H
#define GALE_HTTP_HTTP1_CONNECTION_H

#include "gen/task.h"
#include "http/http.h"
#include "http/request.h"
#include "net/stream.h"
#include "proto/chunked.h"
#include "proto/http1_write.h"

typedef struct gale__http1_server_connection gale__http1_server_connection;
typedef struct gale__http1_active gale__http1_active;

typedef enum gale__http1_state {
    GALE__HTTP1_HEAD,    /* of the next request; idle when nothing of it is there */
    GALE__HTTP1_BODY,    /* of the request at hand */
    GALE__HTTP1_BUSY,    /* the request is complete; the response is not */
    GALE__HTTP1_CLOSING, /* closes once everything is sent */
    GALE__HTTP1_LINGER,  /* our side is shut; the peer's bytes are thrown away */
    GALE__HTTP1_CUT,     /* to be closed in the next turn, whatever is still to be sent */
    GALE__HTTP1_DEAD     /* closed; freed when nothing on the stack uses it any more */
} gale__http1_state;

struct gale__http1_server_connection {
    gale__stream stream;
    gale__timer timer;
    int64_t deadline; /* the real one; the timer may be due earlier and is then set again */
    gale__list link;  /* in server->connections */
    gale_http_server *server;
    gale__http1_active *active;
    uint8_t state;     /* gale__http1_state */
    uint8_t receiving; /* gale__receive_mode */
    bool processing;   /* its input is being processed further down on the stack */
    bool close_after;  /* the response at hand is the last one */
    bool linger;       /* closing has to wait for the peer */
    bool peer_ended;
};
_Static_assert(sizeof(gale__http1_server_connection) <= 224,
               "a million idle ones have to be small");

/* What is there of a body is set when one begins. */
struct gale__http1_active {
    gale__http1_server_connection *connection;
    gale_http_connection *exchange; /* NULL between two */
    gale__buffer input;             /* received and not used yet */
    gale__http1_framing framing;
    gale__chunked chunked;
    uint64_t body_left;  /* of a body with a known length */
    uint64_t body_total; /* received so far */
    int64_t body_deadline;
    size_t queued_before; /* when the write deadline was set */
    gale__callback resume;
};

/* The exchange. */
struct gale_http_connection {
    gale__http1_server_connection *http1; /* NULL once it has ended */
    gale_scope *scope;
    gale__http *http;
    char *rest; /* what is free of the scope's arena before the request comes */
    bool scope_taken;
    gale_http_message_delegate *delegate;
    int64_t max_body_size;
    int64_t content_left; /* bytes of the response body still to come; negative: unknown */
    bool headers_written, finished;
    bool chunked;  /* the response */
    bool bodiless; /* the response has no body whatever is written (HEAD, 304) */
    bool keep_alive;
    bool body_complete;   /* the request's */
    bool paused;          /* the request's body */
    bool continue_wanted; /* "100 Continue" has not been sent yet */
    gale__waiter *flusher;
    gale__callback destroy; /* when it ends without a task */
    gale__list ending;      /* then in http->ending */
    gale_http_server_request request;
};

/* A new connection of `server`; takes `fd` over. */
void gale__http1_connection_start(gale_http_server *server, int fd, const gale__address *peer);
/* Waits for a PROXY protocol header, then serves. False: the connection is gone. */
bool gale__http1_connection_await_proxy(gale__http1_server_connection *self);
bool gale__http1_connection_awaits_proxy(const gale__http1_server_connection *self);
/* Shakes hands, then serves. False: the connection is gone. */
bool gale__http1_connection_secure(gale__http1_server_connection *self);
/* The first request may come, or is in the input. */
void gale__http1_connection_serve(gale__http1_server_connection *self);
/* The peer has gone, or has to: ends the exchange and closes. */
void gale__http1_connection_lost(gale__http1_server_connection *self);
/* Moves the connection to another stream; ends the exchange, whose delegate is not told, and frees
 * this one. Nothing may be queued, and its input must not be processed further down on the stack.
 */
void gale__http1_connection_move(gale__http1_server_connection *self, gale__stream *to);
/* The same to a stream of its own, which gets what was received and not used. -ENOMEM: all is as
 * before. */
int gale__http1_connection_detach(gale__http1_server_connection *self, gale_iostream **ret_stream);
/* Closes after the response at hand, or the next one. */
void gale__http1_connection_retire(gale__http1_server_connection *self);
/* No further request is awaited. Who retires still owes the next answer to a peer that was not
 * told. */
static inline bool gale__http1_is_last(const gale__http1_server_connection *self)
{
    return self->close_after && !self->stream.loop->retiring;
}
/* Closes when idle; else after the response at hand. */
void gale__http1_connection_drain(gale__http1_server_connection *self);

/* The exchange has its response: goes on with the next request, or closes. */
void gale__http1_exchange_finished(gale_http_connection *exchange);
/* Gives back an exchange whose scope no task has taken. */
void gale__http1_exchange_destroy(gale_http_connection *exchange);
/* Gives back a spare one. */
void gale__http1_exchange_discard(gale_http_connection *spare);
/* Takes the exchange off its connection. */
void gale__http1_exchange_detach(gale_http_connection *exchange);
/* Answers with a short page and closes. */
void gale__http1_reject(gale__http1_server_connection *self, int status, const char *reason);
/* The same for a request without TLS where TLS is spoken, which is off already. */
void gale__http1_reject_in_the_open(gale__http1_server_connection *self);
/* Sends what is queued and takes care of what follows from that. */
void gale__http1_settle(gale__http1_server_connection *self);
/* Continues with the input, from the loop. */
void gale__http1_continue_later(gale__http1_server_connection *self);

/*
 * Starts a task that owns the request from now on: the scope is its root, and it has to call
 * gale__http_request_keep_body first. Without memory the exchange is gone, and the connection has
 * answered with 503: -ENOMEM.
 */
int gale__http_exchange_start_task(gale_http_connection *exchange, const char *name,
                                   gale_task_function function, void *arg);
/* Moves the connection, of which no header has been written, to `to`, once what was queued is sent;
 * *ret_input is what was received and not used. Suspends. Errors as gale_http_connection_detach. */
int gale__http_exchange_take_stream(gale_http_connection *exchange, gale__stream *to,
                                    gale__buffer *ret_input);
/* The task that owns the request ends and has not finished it: cuts the connection. The delegate
 * is not told. */
GALE__APART void gale__http_exchange_abandon(gale_http_connection *exchange);

/*
 * A complete response in one go: the head with its Content-Length, then `body`, which is emptied.
 * Ends the exchange. Errors as gale_http_connection_write_headers.
 */
int gale__http_exchange_respond(gale_http_connection *exchange, int status, const char *reason,
                                gale_http_headers *headers, gale__segments *body);
/* Writes the head with a known (or, negative, unknown) length, and the body so far. */
int gale__http_exchange_write_head(gale_http_connection *exchange, int status, const char *reason,
                                   gale_http_headers *headers, int64_t content_length,
                                   gale__segments *body);
/* Writes the head and the body so far; more may follow. Errors as above. */
int gale__http_exchange_begin(gale_http_connection *exchange, int status, const char *reason,
                              gale_http_headers *headers, gale__segments *body);
/* Appends a piece of the body; `body` is emptied. */
int gale__http_exchange_write_body(gale_http_connection *exchange, gale__segments *body);

#endif
