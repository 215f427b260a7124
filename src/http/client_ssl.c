/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_ssl.h"

#include "core/error.h"

int gale__client_ssl_context(gale_http_client *client, const gale_fetch_options *options,
                             gale_ssl_context **ret_context)
{
    (void)client;
    *ret_context = options->ssl_context;
    return gale__fail(GALE_ENOTSUP, "no TLS yet");
}

void gale__client_contexts_free(gale__client_contexts *contexts)
{
    (void)contexts;
}
