/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a handler. It lives in the arena of its request's scope. */
#ifndef GALE_WEB_HANDLER_H
#define GALE_WEB_HANDLER_H

#include "http/http.h"
#include "http/http1_connection.h"
#include "net/segments.h"
#include "web/filter.h"
#include "web/handler_type.h"
#include "web/route.h"

enum { GALE__HANDLER_ROOM = 160 }; /* bytes of a small response that need no block */

struct gale_handler {
    gale_http_message_delegate delegate;
    gale_application *application;
    const gale__handler_type *type;
    gale_http_connection *connection; /* NULL once finished, or once the client has left */
    gale_http_server_request *request;
    gale_scope *scope;
    gale__net *net;
    void *arg;
    const gale__path_arguments *path_arguments;
    gale_http_headers headers;
    gale__segments body;          /* written and not sent */
    gale__segment first;          /* of the body, with its room below */
    gale__defer last;             /* of its scope: lets go of the application */
    const gale__filters *filters; /* NULL: none */
    const char *reason;           /* NULL: the standard phrase */
    int status;
    bool started; /* its task has begun */
    struct {
        const char *error_reason;            /* of the last gale_http_error, or NULL */
        const char *error_message;           /* of the same, or NULL */
        int error_status;                    /* of the same, or 0 */
        bool filters_failed;                 /* before_headers of one has */
        size_t filters_prepared;             /* how many have begun */
        struct gale__body_stream *stream;    /* of a streaming handler */
        struct gale__upload *upload;         /* of one whose class has `uploads` */
        struct gale__transforms *transforms; /* that have seen the first chunk */
        struct gale__visitor *visitor;       /* cookies, user, token; NULL until needed */
        struct gale__ui *ui;                 /* UI modules; NULL until one was rendered */
        const gale_locale *locale;           /* NULL until it is asked for */
        bool finished;                       /* the response is complete */
        bool headers_written;                /* by gale_flush */
        bool disconnected;
        bool given_away; /* the response is somebody else's affair, and so is its log line */
        bool failed;     /* a getter has failed */
    };                   /* zero at first */
    char room[GALE__HANDLER_ROOM];
    _Alignas(16) char state[];
};

/* The arena of the request. */
static inline gale__arena *gale__handler_arena(gale_handler *self)
{
    return &self->scope->arena;
}

/* A handler of that type for the request of `connection`; NULL when out of memory. */
gale_handler *gale__handler_new(gale_application *application, const gale__handler_type *type,
                                const gale__filters *filters, gale_http_connection *connection);
/* What the task of a request runs. */
int gale__handler_run(void *handler);
/* Somebody else has answered, or will. */
void gale__handler_give_away(gale_handler *self);
/* Nobody is there any more for a handler whose task runs: tells it, and cancels it. */
void gale__handler_client_left(gale_handler *self);
/* Writes the line of the access log. */
void gale__handler_log_request(gale_handler *self);

/* A function of the handler returned `error`: logs and answers. */
GALE__APART void gale__handler_failed(gale_handler *self, int error);
GALE__APART int gale__method_not_allowed(gale_handler *self);
/* Remembers a failure of a getter. */
void gale__handler_remember_failure(gale_handler *self, int status, const char *message, ...)
    GALE_PRINTF(3, 4);
/* `call` was given NULL for text: the failure of the getter that gave it, or a mistake. */
int gale__handler_no_text(const gale_handler *self, const char *call);
/* Refuses a request that changes something and may come from another site. */
GALE__APART int gale__handler_check_xsrf(gale_handler *self);
/* Sets Etag, unless there is one, and makes the response a 304 if the client has it already. */
GALE__APART int gale__handler_automatic_etag(gale_handler *self);
/* Headers and status as at the beginning. */
void gale__handler_reset(gale_handler *self);

/* Reads the body of a streaming handler and hands it over. Suspends. */
GALE__APART int gale__handler_stream_body(gale_handler *self);
/* What the delegate of a streaming handler does. */
int gale__body_stream_init(gale_handler *self);
ssize_t gale__body_stream_data(gale_handler *self, const char *data, size_t size);
void gale__body_stream_end(gale_handler *self, int result);

#endif
