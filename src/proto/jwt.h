/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed JSON Web Tokens in their compact form (RFC 7515 §3.1, RFC 7519), and the keys that verify
 * them (RFC 7517). Only RS256 and ES256: a token never chooses an algorithm that a key is not made
 * for, and "none" is none.
 */
#ifndef GALE_PROTO_JWT_H
#define GALE_PROTO_JWT_H

#include <gale/json.h>

/* A token, taken apart. Zeroed, it is empty. */
typedef struct gale__jwt {
    json_t *header, *claims; /* objects */
    gale_str to_sign;        /* a view of the token */
    gale_str signature;      /* decoded; in `memory` */
    char *memory;
} gale__jwt;

/* Nothing is verified. Returns 0; GALE_EINPUT, with a detail; -ENOMEM. After a failure it is
 * empty. */
int gale__jwt_parse(gale__jwt *jwt, gale_str text);
void gale__jwt_clear(gale__jwt *jwt);

/* Whether a key of the set (RFC 7517 §5) has signed it. Returns 0; GALE_ENOTFOUND when no key of
 * the set is meant (perhaps it is out of date); GALE_EINPUT when the signature is not that of the
 * key, or of an algorithm that is not known; -ENOMEM. All but the last with a detail. */
int gale__jwt_verify(const gale__jwt *jwt, const json_t *key_set);

/* What an ID token must say. */
typedef struct gale__id_token_wanted {
    const char *issuer, *client_id, *nonce;
    double now, leeway; /* seconds since 1970; seconds that clocks may differ */
} gale__id_token_wanted;

/* OpenID Connect Core §3.1.3.7. Returns 0, or GALE_EINPUT with a detail. */
int gale__id_token_check(const json_t *claims, const gale__id_token_wanted *wanted);

#endif
