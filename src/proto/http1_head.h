/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of an HTTP/1 message (RFC 9112), received: start line and header fields.
 *
 * It is read in two passes. Framing finds where the head ends, while bytes still arrive. Parsing
 * then works on one private copy of the complete head and cuts it into NUL-terminated strings in
 * place.
 */
#ifndef GALE_PROTO_HTTP1_HEAD_H
#define GALE_PROTO_HTTP1_HEAD_H

#include <string.h>

#include "proto/headers.h"

/* ---- Framing --------------------------------------------------------------------------- */

/* Zeroed before the first bytes of a message. */
typedef struct gale__http1_framing {
    uint32_t skip;      /* bytes of empty lines before the start line */
    uint32_t checked;   /* how far the bytes have been looked at */
    uint32_t line;      /* after 0: where the last line begins; `skip` in the start line */
    const char *reason; /* after GALE_EINPUT: what is wrong, in English */
} gale__http1_framing;

/*
 * Looks at the bytes of a message, of which the first stands at `data`. While more are needed, call
 * again with the same bytes and those that have come since; only the new ones are looked at.
 * `size` is at most INT_MAX.
 *
 * Returns the size of the head with its empty line: it is at data + state->skip; 0 when more
 * bytes are needed; GALE_EINPUT when what is there of an incomplete head has a control character
 * other than TAB, a DEL, a CR without LF or an LF without CR. (In a complete head parsing finds
 * them.)
 */
int gale__http1_frame(gale__http1_framing *state, const char *data, size_t size);

/* ---- Parsing --------------------------------------------------------------------------- */

enum { GALE__HTTP1_HEAD_PADDING = 16 }; /* readable bytes that the parsers need after a head */

/* Most heads are small, and copied faster than memcpy is called. */
static inline void gale__http1_copy(char *to, const char *data, size_t size)
{
    enum { LEAST = 16, MOST = 128 };
    if (GALE__UNLIKELY(size < LEAST || size > MOST)) {
        memcpy(to, data, size);
        return;
    }
    for (size_t i = 0; i < size - LEAST; i += LEAST)
        memcpy(to + i, data + i, LEAST);
    memcpy(to + size - LEAST, data + size - LEAST, LEAST);
}

/* The private copy of a framed head that the parsers need: writable, followed by padding. NULL
 * when out of memory. */
static inline char *gale__http1_head_copy(gale__arena *arena, const char *data, size_t size)
{
    char *head = (char *)gale__arena_alloc(arena, size + GALE__HTTP1_HEAD_PADDING);
    if (GALE__UNLIKELY(!head))
        return NULL;
    gale__http1_copy(head, data, size);
    memset(head + size, 0, GALE__HTTP1_HEAD_PADDING);
    return head;
}

typedef enum gale__http_method {
    GALE__HTTP_METHOD_OTHER,
    GALE__HTTP_METHOD_GET,
    GALE__HTTP_METHOD_HEAD,
    GALE__HTTP_METHOD_POST,
    GALE__HTTP_METHOD_PUT,
    GALE__HTTP_METHOD_DELETE,
    GALE__HTTP_METHOD_PATCH,
    GALE__HTTP_METHOD_OPTIONS,
    GALE__HTTP_METHOD_CONNECT,
    GALE__HTTP_METHOD_TRACE
} gale__http_method;

/* The method's number. Methods are case-sensitive. */
gale__http_method gale__http_method_find(const char *name, size_t size);

/* Every gale_str points into the head (or the headers' arena) and is NUL-terminated. */
typedef struct gale__http1_request {
    gale_str method;
    gale_str target;    /* as received. Tornado: HTTPServerRequest.uri */
    gale_str path;      /* the target up to the first "?", still percent-encoded */
    gale_str query;     /* after the "?"; empty when there is none */
    gale_str authority; /* of a target in absolute-form, which then stands for the Host header
                           (RFC 9112 §3.2.2), and path is what follows it; else data is NULL */
    gale__http_method method_id;
    int minor;          /* HTTP/1.minor */
    int status;         /* after GALE_EINPUT: the status to answer with; else 0 */
    const char *reason; /* after GALE_EINPUT: what is wrong, in English */
} gale__http1_request;

/*
 * Parses a head that framing has measured and gale__http1_head_copy has copied: its `size` bytes
 * end with its first empty line. Fields are appended to
 * `headers`, which gale__http_headers_init has made. Returns 0; GALE_EINPUT with out->status 400
 * or 505; -ENOMEM.
 */
int gale__http1_parse_request(gale__http1_request *out, gale_http_headers *headers, char *head,
                              size_t size);

typedef struct gale__http1_response {
    int minor; /* HTTP/1.minor */
    int code;
    gale_str phrase;    /* NUL-terminated; may be empty */
    const char *reason; /* after GALE_EINPUT: what is wrong, in English */
} gale__http1_response;

/* The same for a response. Returns 0, GALE_EINPUT or -ENOMEM. */
int gale__http1_parse_response(gale__http1_response *out, gale_http_headers *headers, char *head,
                               size_t size);

#endif
