/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cookies that servers have set, and which of them go along with a request (RFC 6265 §5.3, §5.4;
 * and of RFC 6265bis: prefixes, at most 400 days, no overwriting of Secure cookies over http).
 * Times are seconds since 1970.
 *
 * Cookies are listed by their domain, which is found by a hash. When a domain or the jar is
 * full, the one that was not sent for the longest time goes; within a domain, one that is not
 * Secure before one that is.
 */
#ifndef GALE_PROTO_COOKIE_JAR_H
#define GALE_PROTO_COOKIE_JAR_H

#include "core/buffer.h"
#include "core/list.h"

enum {
    GALE__COOKIE_BUCKETS = 128,
    GALE__COOKIES_MAX = 3000,          /* in a jar */
    GALE__COOKIES_PER_DOMAIN = 180,    /* of one domain */
    GALE__COOKIE_HEADER_MAX = 8 * 1024 /* bytes; cookies that no longer fit stay at home */
};

typedef struct gale__cookie_domain gale__cookie_domain;

typedef struct gale__cookie {
    gale__list of_domain, of_jar; /* the one that was sent last stands last */
    gale__cookie_domain *domain;
    gale_str name, value, path; /* behind the struct, each with a NUL */
    bool host_only, secure, httponly, persistent;
    int64_t expires; /* of a persistent one */
    uint64_t number; /* grows from one to the next */
} gale__cookie;

struct gale__cookie_domain {
    gale__list link; /* in its bucket */
    gale__list cookies;
    size_t count;
    gale_str name; /* behind the struct, with a NUL */
};

typedef struct gale__cookie_jar {
    size_t most, most_per_domain;
    size_t count;
    uint64_t created; /* the last number */
    gale__list cookies;
    gale__list buckets[GALE__COOKIE_BUCKETS];
    uint64_t key[2];
} gale__cookie_jar;

/* Where a request goes to, or a response has come from. */
typedef struct gale__cookie_place {
    gale_str host; /* lower case, an IPv6 address without brackets */
    gale_str path; /* without the query */
    bool secure;   /* https */
} gale__cookie_place;

/* What is put into a jar; the texts are copied. */
typedef struct gale__new_cookie {
    gale_str domain, name, value, path;
    bool host_only, secure, httponly, persistent;
    int64_t expires;
} gale__new_cookie;

/* Zero for a limit is the default. 0 or -errno. */
int gale__cookie_jar_init(gale__cookie_jar *jar, size_t most, size_t most_per_domain);
void gale__cookie_jar_clear(gale__cookie_jar *jar);
/* Takes a Set-Cookie header in. Returns 1 when it has changed something, 0 when it was refused,
 * or -ENOMEM. */
int gale__cookie_jar_receive(gale__cookie_jar *jar, const gale__cookie_place *place,
                             gale_str set_cookie, int64_t now);
/* Adds a cookie, in place of one with the same domain, path and name; one that is over is only
 * taken away. 0 or -ENOMEM. */
int gale__cookie_jar_put(gale__cookie_jar *jar, const gale__new_cookie *cookie, int64_t now);
/* Appends the value of a Cookie header; nothing when no cookie goes there. 0 or -ENOMEM. */
int gale__cookie_jar_write(gale__cookie_jar *jar, const gale__cookie_place *place, int64_t now,
                           gale__buffer *out);
/* The first of that name among the cookies that go there, or NULL (also when out of memory). */
const gale__cookie *gale__cookie_jar_find(gale__cookie_jar *jar, const gale__cookie_place *place,
                                          gale_str name, int64_t now);
/* The cookie behind `previous` (NULL: the first), or NULL after the last. */
const gale__cookie *gale__cookie_jar_next(const gale__cookie_jar *jar,
                                          const gale__cookie *previous);
static inline bool gale__cookie_is_over(const gale__cookie *cookie, int64_t now)
{
    return cookie->persistent && cookie->expires <= now;
}

#endif
