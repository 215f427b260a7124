/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message heads and chunk framing, to be sent. First ask for the room, then write: the writers
 * check no bounds and return where they stopped.
 *
 * The writer alone decides what frames the message: a Content-Length, Transfer-Encoding or
 * Connection field among the headers is left out when the head below says one of its own.
 * Set-Cookie fields stand behind the Content-Length, as in Tornado.
 */
#ifndef GALE_PROTO_HTTP1_WRITE_H
#define GALE_PROTO_HTTP1_WRITE_H

#include "proto/headers.h"

typedef enum gale__http1_connection {
    GALE__HTTP1_CONNECTION_UNSAID,
    GALE__HTTP1_CONNECTION_CLOSE,     /* "Connection: close" */
    GALE__HTTP1_CONNECTION_KEEP_ALIVE /* "Connection: Keep-Alive", for HTTP/1.0 */
} gale__http1_connection;

typedef struct gale__http1_framing_out {
    int64_t content_length; /* negative: no such field */
    bool chunked;
    gale__http1_connection connection;
} gale__http1_framing_out;

typedef struct gale__http1_response_head {
    int status;         /* 100 to 999 */
    const char *reason; /* NULL: the standard phrase; an unfit one is sent as Unknown */
    const gale_http_headers *headers; /* NULL: none */
    gale__http1_framing_out framing;
} gale__http1_response_head;

/* The room that writing needs: never less than what is written, and at most 160 bytes more. */
size_t gale__http1_response_head_size(const gale__http1_response_head *head);
/* Returns the end of what was written. */
char *gale__http1_response_head_write(char *out, const gale__http1_response_head *head);

typedef struct gale__http1_request_head {
    gale_str method;
    gale_str target;
    const gale_http_headers *headers; /* NULL: none */
    gale__http1_framing_out framing;
} gale__http1_request_head;

/* As above. 0 when the method is not a token or the target holds white space or controls: such
 * a head must not be written. */
size_t gale__http1_request_head_size(const gale__http1_request_head *head);
char *gale__http1_request_head_write(char *out, const gale__http1_request_head *head);

enum { GALE__HTTP1_CHUNK_HEAD_SIZE = 18 }; /* 16 digits and CRLF */

/* The size line of a chunk: lower-case hexadecimal and CRLF. The data and another CRLF follow; the
 * body ends with "0" CRLF CRLF. Returns the end of what was written. */
char *gale__http1_chunk_head(char out[GALE__HTTP1_CHUNK_HEAD_SIZE], uint64_t size);

/* Decimal digits of a number, at most 20, without a NUL. Returns their end. */
char *gale__http_write_int(char *out, uint64_t number);

#endif
