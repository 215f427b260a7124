/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's half of Digest authentication (RFC 7616; without qop RFC 2069): MD5, SHA-256,
 * SHA-512-256, each also as -sess, with qop=auth. A server's nonce is used again, counted, until it
 * sends another.
 */
#ifndef GALE_PROTO_DIGEST_AUTH_H
#define GALE_PROTO_DIGEST_AUTH_H

#include "core/buffer.h"
#include "core/digest.h"
#include "proto/challenge.h"

enum { GALE__DIGEST_NONCE_MAX = 1024, GALE__CNONCE_MAX = 63 };

typedef struct gale__digest_auth {
    gale__digest algorithm;
    bool session;  /* -sess */
    bool qop;      /* qop=auth */
    bool userhash; /* the name is sent as a digest */
    bool stale;    /* only the nonce was too old; name and password were not refused */
    gale_str realm, nonce, opaque;     /* of the arena; opaque.data is NULL when there is none */
    const char *algorithm_name;        /* NULL: it was not said */
    uint32_t count;                    /* requests with this nonce */
    char cnonce[GALE__CNONCE_MAX + 1]; /* "" until the first request */
} gale__digest_auth;

typedef struct gale__digest_request {
    gale_str method, target, username, password;
} gale__digest_request;

/*
 * Reads a challenge of the scheme Digest; its texts are copied to the arena. Returns a rank, the
 * higher the stronger; 0 when it asks for what is not supported here (auth-int, another algorithm);
 * GALE_EINPUT for a malformed one; -ENOMEM.
 */
int gale__digest_auth_read(gale__digest_auth *self, gale__arena *arena, gale_str parameters);
/* The best Digest challenge among a header's: 1 and *self is it, 0 when there is none, or an error
 * of the memory. Malformed ones are passed over. */
int gale__digest_auth_choose(gale__digest_auth *self, gale__arena *arena, gale_str header);
/* Appends the credentials, "Digest username=…", for the next request. GALE_EINVALID for a name
 * or realm that cannot be written; GALE_ENOTSUP when OpenSSL lacks the algorithm; -ENOMEM. */
int gale__digest_auth_write(gale__digest_auth *self, const gale__digest_request *request,
                            gale__buffer *out);

#endif
