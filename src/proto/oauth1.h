/* SPDX-License-Identifier: Apache-2.0 */
/* The signatures of OAuth 1.0 and 1.0a: HMAC-SHA1 (RFC 5849 §3.4). */
#ifndef GALE_PROTO_OAUTH1_H
#define GALE_PROTO_OAUTH1_H

#include <gale/json.h>

#include "core/buffer.h"

/* What is to be signed. */
typedef struct gale__oauth1_request {
    const char *method;
    const char *url;          /* its query is signed, too */
    const json_t *parameters; /* an object of texts and numbers: the form's and OAuth's own */
    const char *consumer_secret, *token_secret; /* the latter may be NULL */
    bool plain_secrets; /* not percent-encoded in the key: OAuth 1.0 before its revision A */
} gale__oauth1_request;

/* Appends the signature in base64. Returns 0; GALE_EINVALID, with a detail, for a URL or parameters
 * that are none; -ENOMEM. */
int gale__oauth1_sign(gale__buffer *out, const gale__oauth1_request *request);

/* Appends a value as it stands in a query: as it is when it is a text, in digits when a number.
 * GALE_EINVALID, with a detail, for others. */
int gale__parameter_text(gale__buffer *out, const char *name, const json_t *value);

#endif
