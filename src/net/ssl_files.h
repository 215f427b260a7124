/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what a context is made of. Each returns 0, -errno for a file that cannot be read,
 * GALE_ESSL for one that holds something else, or -ENOMEM, with a detail that names it. */
#ifndef GALE_NET_SSL_FILES_H
#define GALE_NET_SSL_FILES_H

#include "net/ssl_context.h"

/* The certificate and those that follow it. */
int gale__ssl_load_chain(SSL_CTX *ctx, const gale_ssl_certificate *certificate);
/* Its private key, which must fit. */
int gale__ssl_load_key(SSL_CTX *ctx, const gale_ssl_certificate *certificate);
/* From a file or directory, or, when that is NULL, from text. */
int gale__ssl_load_authorities(SSL_CTX *ctx, const char *path, const char *text);
/* *ret_data is to be freed with gale__free. */
int gale__ssl_load_ocsp(const char *path, unsigned char **ret_data, size_t *ret_size);

#endif
