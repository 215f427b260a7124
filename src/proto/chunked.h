/* SPDX-License-Identifier: Apache-2.0 */
/* The chunked transfer coding, received (RFC 9112 §7.1), a piece at a time. */
#ifndef GALE_PROTO_CHUNKED_H
#define GALE_PROTO_CHUNKED_H

#include <gale/core.h>

enum {
    GALE__CHUNKED_LINE_MAX = 256,    /* a size line with its extensions and CRLF */
    GALE__CHUNKED_TRAILER_MAX = 8192 /* all trailer lines with their line ends */
};

/* Events of gale__chunked_next. */
enum {
    GALE__CHUNKED_MORE, /* all bytes are used up; more must come */
    GALE__CHUNKED_DATA, /* *ret_data is body data, a view of `data` */
    GALE__CHUNKED_END   /* the body is complete */
};

/* Zeroed before the first bytes of a body. */
typedef struct gale__chunked {
    uint64_t left;      /* in SIZE states the size read so far, in DATA what is still to come */
    uint32_t line_size; /* bytes of the current size line, or of the trailer section */
    uint8_t state;
    const char *reason; /* after an error: what is wrong, in English */
} gale__chunked;

/*
 * Decodes until one event. *ret_consumed is how many bytes of `data` it has used, on errors too;
 * go on with the rest. Extensions and trailer fields are checked and dropped.
 *
 * Returns an event; GALE_EINPUT for a malformed size, line or trailer; GALE_ETOOBIG for a line or
 * trailer section over its limit. `left` in a fresh DATA event tells how much of the chunk is to
 * come after *ret_data. After END or an error the decoder must not be used again.
 */
int gale__chunked_next(gale__chunked *chunked, const char *data, size_t size, size_t *ret_consumed,
                       gale_str *ret_data);

#endif
