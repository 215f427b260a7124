/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_ssl.h"

#include <errno.h>
#include <string.h>

/* Reading the authorities takes longer than a handshake; programs use few different ones. */
struct gale__client_contexts {
    gale__client_contexts *next;
    gale_ssl_context *context;
    bool no_validate_cert;
    char *ca_certs, *client_key, *client_cert;
};

static bool equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool fits(const gale__client_contexts *self, const gale_fetch_options *options)
{
    return self->no_validate_cert == options->no_validate_cert &&
           equal(self->ca_certs, options->ca_certs) &&
           equal(self->client_key, options->client_key) &&
           equal(self->client_cert, options->client_cert);
}

static void free_one(gale__client_contexts *self)
{
    gale_ssl_context_unref(self->context);
    gale__free(self->ca_certs);
    gale__free(self->client_key);
    gale__free(self->client_cert);
    gale__free(self);
}

void gale__client_contexts_free(gale__client_contexts *self)
{
    while (self) {
        gale__client_contexts *next = self->next;
        free_one(self);
        self = next;
    }
}

/* True unless out of memory. */
static bool copy(const char *text, char **ret)
{
    *ret = text ? gale__strdup(text, strlen(text)) : NULL;
    return *ret || !text;
}

static int make(gale__client_contexts *self, const gale_fetch_options *options)
{
    self->no_validate_cert = options->no_validate_cert;
    if (!copy(options->ca_certs, &self->ca_certs) ||
        !copy(options->client_key, &self->client_key) ||
        !copy(options->client_cert, &self->client_cert))
        return -ENOMEM;
    const gale_ssl_options ssl = { .verify = options->no_validate_cert ? GALE_SSL_VERIFY_NONE
                                                                       : GALE_SSL_VERIFY_DEFAULT,
                                   .no_check_hostname = options->no_validate_cert,
                                   .ca_certs = options->ca_certs,
                                   .keyfile = options->client_key,
                                   .certfile = options->client_cert };
    return gale_ssl_context_new(&ssl, &self->context);
}

static int add(gale_http_client *client, const gale_fetch_options *options)
{
    gale__client_contexts *self = GALE__NEW(gale__client_contexts);
    int result = self ? make(self, options) : -ENOMEM;
    if (result < 0) {
        if (self)
            free_one(self);
        return result;
    }
    self->next = client->contexts;
    client->contexts = self;
    return 0;
}

int gale__client_ssl_context(gale_http_client *client, const gale_fetch_options *options,
                             gale_ssl_context **ret_context)
{
    bool special = options->no_validate_cert || options->ca_certs || options->client_key ||
                   options->client_cert;
    *ret_context = options->ssl_context;
    if (!special && !*ret_context)
        *ret_context = gale_ssl_context_default();
    if (*ret_context || !special)
        return *ret_context ? 0 : -ENOMEM;
    gale__client_contexts *found = client->contexts;
    while (found && !fits(found, options))
        found = found->next;
    if (!found)
        GALE_TRY(add(client, options));
    *ret_context = found ? found->context : client->contexts->context;
    return 0;
}
