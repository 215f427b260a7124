/* SPDX-License-Identifier: Apache-2.0 */
/* gale_ssl_context: options that are kept, and what they gave. */
#include "net/ssl_context.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <gale/log.h>

#include "core/error.h"

/* ---- Keeping the options --------------------------------------------------------------- */

/* Calls `visit` for each text of a certificate. */
static void each_text(gale_ssl_certificate *one, void (*visit)(const char **text, void *arg),
                      void *arg)
{
    visit(&one->certfile, arg);
    visit(&one->keyfile, arg);
    visit(&one->password, arg);
    visit(&one->certificate, arg);
    visit(&one->key, arg);
    visit(&one->ocsp_file, arg);
}

static void each_option_text(gale_ssl_options *options, void (*visit)(const char **text, void *arg),
                             void *arg)
{
    visit(&options->ca_certs, arg);
    visit(&options->ca_data, arg);
    visit(&options->ciphers, arg);
    visit(&options->ciphersuites, arg);
}

static void add_size(const char **text, void *arg)
{
    *(size_t *)arg += *text ? strlen(*text) + 1 : 0;
}

static void move_text(const char **text, void *arg)
{
    char **at = arg;
    if (!*text)
        return;
    size_t size = strlen(*text) + 1;
    *text = memcpy(*at, *text, size);
    *at += size;
}

static gale_ssl_certificate first_certificate(const gale_ssl_options *options)
{
    return (gale_ssl_certificate){ .certfile = options->certfile,
                                   .keyfile = options->keyfile,
                                   .password = options->password,
                                   .certificate = options->certificate,
                                   .key = options->key,
                                   .ocsp_file = options->ocsp_file };
}

static gale_ssl_certificate certificate_at(const gale_ssl_options *options, size_t index)
{
    return index == 0 ? first_certificate(options) : options->more[index - 1];
}

static size_t count_protocols(const char *const *protocols)
{
    size_t count = 0;
    while (protocols && protocols[count])
        count++;
    return count;
}

/* What is kept: the context, its certificates, its list of protocols, the texts. */
static size_t texts_size(gale_ssl_options options, size_t certificates, size_t protocols)
{
    size_t size = 0;
    each_option_text(&options, add_size, &size);
    for (size_t i = 0; i < certificates; i++) {
        gale_ssl_certificate one = certificate_at(&options, i);
        each_text(&one, add_size, &size);
    }
    for (size_t i = 0; i < protocols; i++)
        size += strlen(options.alpn_protocols[i]) + 1;
    return size;
}

static gale_ssl_context *keep_options(const gale_ssl_options *options)
{
    size_t count = options->certfile || options->certificate ? 1 + options->more_count : 0;
    size_t protocols = count_protocols(options->alpn_protocols);
    size_t lists = count * sizeof(gale_ssl_certificate) + (protocols + 1) * sizeof(char *);
    size_t size = sizeof(gale_ssl_context) + lists + texts_size(*options, count, protocols);
    gale_ssl_context *self = gale__calloc(1, size);
    if (!self)
        return NULL;
    gale_ssl_certificate *certificates = (gale_ssl_certificate *)(self + 1);
    const char **names = (const char **)(certificates + count);
    char *at = (char *)(names + protocols + 1);
    self->options = *options;
    each_option_text(&self->options, move_text, &at);
    for (size_t i = 0; i < count; i++) {
        certificates[i] = certificate_at(options, i);
        each_text(&certificates[i], move_text, &at);
    }
    for (size_t i = 0; i < protocols; i++) {
        names[i] = options->alpn_protocols[i];
        move_text(&names[i], &at);
    }
    self->options.alpn_protocols = protocols ? names : NULL;
    self->certificates = certificates;
    self->certificate_count = count;
    self->references = 1;
    return self;
}

/* ---- Making and freeing ---------------------------------------------------------------- */

int gale_ssl_context_new(const gale_ssl_options *options, gale_ssl_context **ret_context)
{
    static const gale_ssl_options defaults;
    gale_ioloop *loop = gale_ioloop_current();
    gale__net *net = loop ? gale__net_of(loop) : NULL;
    gale_ssl_context *self = net ? keep_options(options ? options : &defaults) : NULL;
    *ret_context = NULL;
    if (!self)
        return gale__fail(-ENOMEM, "%s", gale_strerror(-ENOMEM));
    self->loop = loop;
    gale__list_append(&net->ssl_contexts, &self->link);
    int result = gale__ssl_watch(self); /* first, so that no change is missed */
    if (result == 0)
        result = gale__ssl_setup_new(self, &self->setup);
    if (result == 0)
        *ret_context = self;
    else
        gale_ssl_context_unref(self);
    return result;
}

gale_ssl_context *gale_ssl_context_ref(gale_ssl_context *self)
{
    self->references++;
    return self;
}

void gale_ssl_context_unref(gale_ssl_context *self)
{
    if (!self || --self->references > 0)
        return;
    gale__ssl_unwatch(self);
    gale__list_remove(&self->link);
    gale__ssl_setup_unref(self->setup);
    gale__free(self);
}

int gale_ssl_context_reload(gale_ssl_context *self)
{
    gale__ssl_setup *setup;
    int result = gale__ssl_setup_new(self, &setup);
    if (result < 0) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR,
                 "TLS certificates were not reloaded, the former ones stay: %s",
                 gale_error_detail());
        return result;
    }
    gale__ssl_setup_unref(self->setup);
    self->setup = setup;
    return 0;
}

gale_ssl_context *gale_ssl_context_default(void)
{
    gale_ioloop *loop = gale_ioloop_current();
    gale__net *net = loop ? gale__net_of(loop) : NULL;
    if (net && !net->default_ssl_context)
        gale_ssl_context_new(NULL, &net->default_ssl_context);
    return net ? net->default_ssl_context : NULL;
}

/* ---- A connection's -------------------------------------------------------------------- */

static bool checks_names(const gale_ssl_options *options)
{
    return !options->server_side && !options->no_check_hostname &&
           options->verify != GALE_SSL_VERIFY_NONE;
}

static bool is_ip(const char *text)
{
    unsigned char ip[16];
    return inet_pton(AF_INET, text, ip) == 1 || inet_pton(AF_INET6, text, ip) == 1;
}

/* Whom a client has connected to. A final dot of a name is neither sent nor looked for. */
static int set_hostname(SSL *ssl, const char *hostname, bool check)
{
    if (is_ip(hostname)) {
        X509_VERIFY_PARAM *rules = SSL_get0_param(ssl);
        return !check || X509_VERIFY_PARAM_set1_ip_asc(rules, hostname);
    }
    char name[256];
    size_t size = strlen(hostname);
    if (size > 1 && hostname[size - 1] == '.')
        size--;
    if (size >= sizeof name)
        return 0;
    memcpy(name, hostname, size);
    name[size] = '\0';
    if (check) {
        SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (!SSL_set1_host(ssl, name))
            return 0;
    }
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

int gale__ssl_new(const gale_ssl_context *self, const char *hostname, SSL **ret_ssl)
{
    bool server = self->options.server_side, check = checks_names(&self->options);
    *ret_ssl = NULL;
    if (!server && (!hostname || !*hostname) && check)
        return gale__fail(GALE_EINVALID, "server_hostname is missing: it has to be checked");
    ERR_clear_error();
    SSL *ssl = SSL_new(self->setup->entries[0].ctx);
    if (!ssl)
        return gale__ssl_fail("TLS connection");
    if (server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    if (!server && hostname && *hostname && !set_hostname(ssl, hostname, check)) {
        SSL_free(ssl);
        ERR_clear_error();
        return gale__fail(GALE_EINVALID, "\"%s\" is no host name", hostname);
    }
    *ret_ssl = ssl;
    return 0;
}
