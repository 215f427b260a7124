/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of gale_multipart_reader, and the configuration that holds when none is given. */
#ifndef GALE_PROTO_MULTIPART_H
#define GALE_PROTO_MULTIPART_H

#include "core/buffer.h"
#include "proto/headers.h"
#include "proto/own_arena.h"

/*
 * A delimiter is CRLF "--" boundary. Since CR is in it at its front only, a match that fails can be
 * followed by a new one at the byte that failed at the earliest: nothing is ever read twice.
 */
struct gale_multipart_reader {
    int state;
    size_t delimiter_size;
    size_t matched; /* bytes of the delimiter that have come */
    size_t unreal;  /* how many of them were no content: the CRLF of a header */
    char after;     /* the byte behind the whole delimiter: CR, "-", or 0 */
    bool found;     /* and it was one */
    int max_parts;  /* negative: no limit */
    int parts;
    size_t max_part_header_size;
    size_t line; /* where the last line of `header` begins */
    gale__buffer header;
    gale__own_arena own; /* of the current part */
    gale_http_headers headers;
    gale_multipart_part part;
    char delimiter[GALE_MULTIPART_BOUNDARY_MAX + 6]; /* with "-" behind it, and a NUL */
};

/* `reader` as gale_multipart_reader_new makes it; ended by gale__multipart_close. */
int gale__multipart_open(gale_multipart_reader *reader, gale_str boundary,
                         const gale_parse_multipart_config *config);
void gale__multipart_close(gale_multipart_reader *reader);

/* As gale_set_parse_body_config has said. */
const gale_parse_body_config *gale__parse_body_config(void);

#endif
