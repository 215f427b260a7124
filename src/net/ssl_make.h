/* SPDX-License-Identifier: Apache-2.0 */
/* Making certificates: self-signed ones for development, and those that tests need. */
#ifndef GALE_NET_SSL_MAKE_H
#define GALE_NET_SSL_MAKE_H

#include <gale/ssl.h>

typedef struct gale__ssl_request {
    const char *common_name;
    const char *names;       /* as in gale_ssl_self_signed; NULL: none */
    const char *issuer;      /* its PEM text, with the key; NULL: it signs itself */
    bool authority;          /* it may sign others */
    int first_day, last_day; /* of validity, from today */
} gale__ssl_request;

/* *ret_pem is the certificate and its key. 0, GALE_EINVALID, GALE_ESSL or -ENOMEM. */
int gale__ssl_make(const gale__ssl_request *request, gale_bytes **ret_pem);

#endif
