/* SPDX-License-Identifier: Apache-2.0 */
/* The value of a Set-Cookie header, byte for byte as Tornado (Python's http.cookies) writes it. */
#ifndef GALE_PROTO_SET_COOKIE_H
#define GALE_PROTO_SET_COOKIE_H

#include "core/buffer.h"

typedef struct gale__set_cookie {
    const char *name;
    gale_str value;
    const char *domain, *path; /* NULL or "": not sent */
    bool expires;              /* at `expires_at` */
    int64_t expires_at;        /* seconds since 1970 */
    int64_t max_age;           /* seconds; 0: not sent */
    bool httponly, secure, partitioned;
    const char *samesite; /* NULL or "": not sent */
} gale__set_cookie;

/* A token, in which ":" may stand, too, and not the name of an attribute. */
bool gale__cookie_name_valid(gale_str name);
/* GALE_EINVALID with a detail for what must not be sent; -ENOMEM. */
int gale__set_cookie_write(gale__buffer *out, const gale__set_cookie *cookie);

#endif
