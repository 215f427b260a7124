/* SPDX-License-Identifier: Apache-2.0 */
/* The value of a Set-Cookie header as a client reads it (RFC 6265 §5.2, with what RFC 6265bis
 * adds). */
#ifndef GALE_PROTO_RECEIVED_COOKIE_H
#define GALE_PROTO_RECEIVED_COOKIE_H

#include <gale/core.h>

enum {
    GALE__COOKIE_MAX = 4096,           /* bytes of name and value */
    GALE__COOKIE_ATTRIBUTE_MAX = 1024, /* of an attribute's value; a longer one does not count */
    GALE__COOKIE_AGE_MAX = 400 * 86400 /* seconds that a cookie is kept at most */
};

/* Views of the header. */
typedef struct gale__received_cookie {
    gale_str name, value;
    gale_str domain; /* without a dot in front; empty: not said */
    gale_str path;   /* empty: not said, or not absolute */
    bool secure, httponly;
    bool persistent; /* kept until `expires` */
    int64_t expires; /* seconds since 1970 */
} gale__received_cookie;

/* `now` is in seconds since 1970. False for what is no cookie, or too large, or claims a prefix
 * (__Secure-, __Host-) without keeping what it promises. */
bool gale__received_cookie_parse(gale__received_cookie *out, gale_str header, int64_t now);

#endif
