/* SPDX-License-Identifier: Apache-2.0 */
/* TLS contexts for the options of fetches, each made once. */
#ifndef GALE_HTTP_CLIENT_SSL_H
#define GALE_HTTP_CLIENT_SSL_H

#include "http/client.h"

typedef struct gale__client_contexts gale__client_contexts;

/* The context of these options, borrowed from them or from the client. */
int gale__client_ssl_context(gale_http_client *client, const gale_fetch_options *options,
                             gale_ssl_context **ret_context);
/* NULL is allowed. */
void gale__client_contexts_free(gale__client_contexts *contexts);

#endif
