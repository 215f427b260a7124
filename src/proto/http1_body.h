/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a message's headers say about the rest of the exchange: how its body is framed (RFC 9112
 * §6), whether the connection stays; of a request also for which host it is, and whether the client
 * waits for a 100.
 */
#ifndef GALE_PROTO_HTTP1_BODY_H
#define GALE_PROTO_HTTP1_BODY_H

#include "proto/http1_head.h"

typedef enum gale__http1_body_kind {
    GALE__HTTP1_BODY_NONE,
    GALE__HTTP1_BODY_LENGTH,
    GALE__HTTP1_BODY_CHUNKED,
    GALE__HTTP1_BODY_UNTIL_CLOSE /* of a response */
} gale__http1_body_kind;

typedef struct gale__http1_body {
    gale__http1_body_kind kind; /* LENGTH also when the length is 0 */
    uint64_t length;            /* of LENGTH, else 0; at most INT64_MAX */
    gale_str host;              /* NUL-terminated; data is NULL when HTTP/1.0 has none */
    bool keep_alive;
    bool expect_continue; /* there is a body and the client waits for "100 Continue" */
    int status;           /* after GALE_EINPUT: the status to answer with; else 0 */
    const char *reason;   /* after GALE_EINPUT: what is wrong, in English */
} gale__http1_body;

/* Returns 0, or GALE_EINPUT with out->status 400 or 417; then the connection must not be used for
 * another request. */
int gale__http1_request_framing(gale__http1_body *out, const gale__http1_request *request,
                                const gale_http_headers *headers);

/* The same for a response to a request with the method HEAD (`head`) or another. What frames it in
 * two ways is refused. GALE_EINPUT leaves out->status alone. */
int gale__http1_response_framing(gale__http1_body *out, const gale__http1_response *response,
                                 const gale_http_headers *headers, bool head);

/* True when the comma-separated list holds the token, in any case. RFC 9110 §5.6.1. */
bool gale__http_list_has(gale_str list, gale_str token);

/* [0-9]+ only. GALE_EINPUT when it is not that, or is above INT64_MAX. Tornado:
 * http1connection.parse_int. */
int gale__http_parse_int(gale_str text, uint64_t *ret_number);

#endif
