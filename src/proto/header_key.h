/* SPDX-License-Identifier: Apache-2.0 */
/* Access to headers by a name that has been looked up once; both known and unknown names. */
#ifndef GALE_PROTO_HEADER_KEY_H
#define GALE_PROTO_HEADER_KEY_H

#include "proto/headers.h"

typedef struct gale__http_header_key {
    const char *name;
    size_t size;
    gale__http_header id;
} gale__http_header_key;

gale__http_header_key gale__http_header_key_of(const char *name, size_t size);

/* The index of the first such field from `from` on, or `headers->count`. */
uint32_t gale__http_headers_find(const gale_http_headers *headers, const gale__http_header_key *key,
                                 uint32_t from);
/* Turns the block into fields if it holds that name. */
int gale__http_headers_expand_for(gale_http_headers *headers, const gale__http_header_key *key);
/* Brings the sets and indices up to date after a change of `fields`. */
void gale__http_headers_reindex(gale_http_headers *headers);

/* These copy name and value, and normalise the name; both have been validated. */
int gale__http_headers_add_key(gale_http_headers *headers, const gale__http_header_key *key,
                               gale_str value);
int gale__http_headers_set_key(gale_http_headers *headers, const gale__http_header_key *key,
                               gale_str value);
int gale__http_headers_remove_key(gale_http_headers *headers, const gale__http_header_key *key);
const char *gale__http_headers_get_key(gale_http_headers *headers,
                                       const gale__http_header_key *key);

/* As gale_http_headers_add. */
int gale__http_headers_add_checked(gale_http_headers *headers, gale_str name, gale_str value);

#endif
