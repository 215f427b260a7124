/* SPDX-License-Identifier: Apache-2.0 */
/* URLs that a client fetches: absolute ones with an authority, and references from one of them to
 * another (RFC 3986). */
#ifndef GALE_PROTO_URI_H
#define GALE_PROTO_URI_H

#include "core/arena.h"

/* Every gale_str is NUL-terminated or a view of `text`, and lives as long as the arena. */
typedef struct gale__uri {
    gale_str text;      /* without user information and fragment, ready to be sent */
    gale_str scheme;    /* lower case */
    gale_str authority; /* host and port as written, in lower case, but that of ...+unix */
    gale_str host;      /* NUL-terminated, without the brackets of an IPv6 address */
    gale_str target;    /* path and query; begins with "/" */
    gale_str username;  /* percent-decoded, NUL-terminated; data is NULL when there is none */
    gale_str password;  /* the same */
    int port;           /* -1 when it is not said */
    const char *reason; /* after GALE_EINVALID: what is wrong, in English */
} gale__uri;

/* Percent-encodes what is not ASCII in path and query. GALE_EINVALID, -ENOMEM. */
int gale__uri_parse(gale__uri *out, gale__arena *arena, gale_str text);
/* Parses what `reference`, as in a Location header, means on the page `base`. RFC 3986 §5. */
int gale__uri_resolve(gale__uri *out, gale__arena *arena, const gale__uri *base,
                      gale_str reference);
/* Decodes %XX; a NUL-terminated copy. False when a "%" has no two digits behind it, or a byte is
 * NUL (ret->data is then NULL) or when out of memory. */
bool gale__uri_unescape(gale__arena *arena, gale_str text, gale_str *ret);

#endif
