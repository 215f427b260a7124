/* SPDX-License-Identifier: Apache-2.0 */
/* From files and rules to OpenSSL's contexts: one for each certificate, equal but for that. */
#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/error.h"
#include "net/ssl_files.h"

static const char CIPHERS[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const char GROUPS[] = "X25519:P-256:P-384";

enum {
    SESSIONS_MOST = 256,
    SESSION_SECONDS = 3600,
    RECORD_MOST = 16128, /* a record fits into a pooled segment */
    ALPN_NAME_MOST = 255
};

/* ---- Callbacks of servers -------------------------------------------------------------- */

/* Which certificate: the first that is valid for the name. */
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    const gale__ssl_setup *setup = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)alert;
    if (!name)
        return SSL_TLSEXT_ERR_NOACK;
    for (size_t i = 0; i < setup->count && setup->count > 1; i++) {
        X509 *certificate = SSL_CTX_get0_certificate(setup->entries[i].ctx);
        if (X509_check_host(certificate, name, strlen(name), 0, NULL) != 1)
            continue;
        return SSL_set_SSL_CTX(ssl, setup->entries[i].ctx) ? SSL_TLSEXT_ERR_OK
                                                           : SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return SSL_TLSEXT_ERR_OK;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                   const unsigned char *offered, unsigned offered_size, void *arg)
{
    static const unsigned char http[] = "\x08http/1.1";
    const gale__ssl_setup *setup = arg;
    bool unasked = !setup->alpn && gale__tls_is_http(ssl);
    const unsigned char *own = unasked ? http : setup->alpn;
    unsigned own_size = unasked ? sizeof http - 1 : setup->alpn_size;
    unsigned char *chosen;
    if (!own)
        return SSL_TLSEXT_ERR_NOACK;
    if (SSL_select_next_proto(&chosen, out_size, own, own_size, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return unasked ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int on_status(SSL *ssl, void *arg)
{
    const gale__ssl_entry *entry = arg;
    unsigned char *copy = entry->ocsp ? OPENSSL_memdup(entry->ocsp, entry->ocsp_size) : NULL;
    if (!copy)
        return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)entry->ocsp_size);
    return SSL_TLSEXT_ERR_OK;
}

/* ---- Rules ----------------------------------------------------------------------------- */

static int protocol_number(gale_ssl_version version, int otherwise)
{
    return version == GALE_TLS_1_2   ? TLS1_2_VERSION
           : version == GALE_TLS_1_3 ? TLS1_3_VERSION
                                     : otherwise;
}

static int set_versions(SSL_CTX *ctx, const gale_ssl_options *options)
{
    int lowest = protocol_number(options->min_version, TLS1_2_VERSION);
    int highest = protocol_number(options->max_version, TLS1_3_VERSION);
    if (lowest > highest)
        return gale__fail(GALE_EINVALID, "min_version is above max_version");
    return SSL_CTX_set_min_proto_version(ctx, lowest) && SSL_CTX_set_max_proto_version(ctx, highest)
               ? 0
               : gale__ssl_fail("TLS versions");
}

static int set_ciphers(SSL_CTX *ctx, const gale_ssl_options *options)
{
    if (!SSL_CTX_set_cipher_list(ctx, options->ciphers ? options->ciphers : CIPHERS))
        return gale__ssl_fail("ciphers");
    if (options->ciphersuites && !SSL_CTX_set_ciphersuites(ctx, options->ciphersuites))
        return gale__ssl_fail("ciphersuites");
    return SSL_CTX_set1_groups_list(ctx, GROUPS) ? 0 : gale__ssl_fail("groups");
}

static int set_verification(SSL_CTX *ctx, const gale_ssl_options *options)
{
    gale_ssl_verify verify = options->verify;
    bool given = options->ca_certs || options->ca_data;
    if (verify == GALE_SSL_VERIFY_DEFAULT)
        verify = options->server_side ? GALE_SSL_VERIFY_NONE : GALE_SSL_VERIFY_REQUIRED;
    if (options->server_side && verify != GALE_SSL_VERIFY_NONE && !given)
        return gale__fail(GALE_EINVALID, "a server that verifies clients needs ca_certs");
    int mode = verify == GALE_SSL_VERIFY_NONE ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
    if (verify == GALE_SSL_VERIFY_REQUIRED)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ctx, mode, NULL);
    if (options->ca_certs)
        GALE_TRY(gale__ssl_load_authorities(ctx, options->ca_certs, NULL));
    if (options->ca_data)
        GALE_TRY(gale__ssl_load_authorities(ctx, NULL, options->ca_data));
    if (!given && mode != SSL_VERIFY_NONE && !SSL_CTX_set_default_verify_paths(ctx))
        return gale__ssl_fail("the system's certificate authorities");
    return 0;
}

static void set_sessions(SSL_CTX *ctx, const gale_ssl_options *options)
{
    static const unsigned char own[] = "gale";
    SSL_CTX_set_timeout(ctx, SESSION_SECONDS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (options->no_session_resumption) {
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(ctx, 0);
    } else if (options->server_side) {
        SSL_CTX_set_session_id_context(ctx, own, sizeof own - 1);
    } else {
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(ctx, gale__tls_new_session);
    }
}

static int set_server_callbacks(SSL_CTX *ctx, gale__ssl_setup *setup, gale__ssl_entry *entry)
{
    SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
    SSL_CTX_set_tlsext_servername_arg(ctx, setup);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, setup);
    SSL_CTX_set_tlsext_status_cb(ctx, on_status);
    SSL_CTX_set_tlsext_status_arg(ctx, entry);
    return 0;
}

static int set_rules(SSL_CTX *ctx, const gale_ssl_options *options, gale__ssl_setup *setup,
                     gale__ssl_entry *entry)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_max_send_fragment(ctx, RECORD_MOST);
    set_sessions(ctx, options);
    GALE_TRY(set_versions(ctx, options));
    GALE_TRY(set_ciphers(ctx, options));
    GALE_TRY(set_verification(ctx, options));
    if (options->server_side)
        return set_server_callbacks(ctx, setup, entry);
    return setup->alpn && SSL_CTX_set_alpn_protos(ctx, setup->alpn, setup->alpn_size)
               ? gale__ssl_fail("alpn_protocols")
               : 0;
}

/* ---- The setup ------------------------------------------------------------------------- */

static int load_certificate(gale__ssl_entry *entry, const gale_ssl_certificate *certificate)
{
    GALE_TRY(gale__ssl_load_chain(entry->ctx, certificate));
    GALE_TRY(gale__ssl_load_key(entry->ctx, certificate));
    return certificate->ocsp_file
               ? gale__ssl_load_ocsp(certificate->ocsp_file, &entry->ocsp, &entry->ocsp_size)
               : 0;
}

static int make_entry(const gale_ssl_context *context, gale__ssl_setup *setup, size_t index)
{
    gale__ssl_entry *entry = &setup->entries[index];
    bool server = context->options.server_side;
    ERR_clear_error();
    entry->ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (!entry->ctx)
        return gale__ssl_fail("cannot make a TLS context");
    GALE_TRY(set_rules(entry->ctx, &context->options, setup, entry));
    return index < context->certificate_count
               ? load_certificate(entry, &context->certificates[index])
               : 0;
}

static size_t alpn_size(const char *const *protocols)
{
    size_t size = 0;
    for (; protocols && *protocols; protocols++)
        size += strlen(*protocols) + 1;
    return size;
}

/* Twice, and the NUL that is there already: on the wire the sizes come first. */
static void write_alpn(gale__ssl_setup *setup, const char *const *protocols, unsigned char *out)
{
    size_t total = alpn_size(protocols);
    setup->alpn_size = (unsigned)total;
    setup->alpn = total ? out : NULL;
    setup->alpn_names = (char *)out + total;
    for (; protocols && *protocols; protocols++) {
        size_t size = strlen(*protocols);
        *out = (unsigned char)size;
        memcpy(out + 1, *protocols, size);
        memcpy(out + total, *protocols, size);
        out += size + 1;
    }
}

static void forget_session(gale__recent_entry *base);

static gale__ssl_setup *allocate(const gale_ssl_context *context)
{
    const char *const *protocols = context->options.alpn_protocols;
    size_t count = context->certificate_count ? context->certificate_count : 1;
    size_t entries = count * sizeof(gale__ssl_entry);
    gale__ssl_setup *setup =
        gale__calloc(1, sizeof(gale__ssl_setup) + entries + 2 * alpn_size(protocols) + 1);
    if (!setup)
        return NULL;
    setup->references = 1;
    setup->count = count;
    write_alpn(setup, protocols, (unsigned char *)(setup->entries + count));
    if (gale__recent_init(&setup->sessions, SESSIONS_MOST, forget_session) == 0)
        return setup;
    gale__ssl_setup_unref(setup);
    return NULL;
}

static int check_alpn(const char *const *protocols)
{
    for (; protocols && *protocols; protocols++) {
        size_t size = strlen(*protocols);
        if (size == 0 || size > ALPN_NAME_MOST)
            return gale__fail(GALE_EINVALID, "\"%s\" is no name of a protocol", *protocols);
    }
    return 0;
}

int gale__ssl_setup_new(const gale_ssl_context *context, gale__ssl_setup **ret_setup)
{
    *ret_setup = NULL;
    if (context->options.server_side && context->certificate_count == 0)
        return gale__fail(GALE_EINVALID, "a TLS server needs a certificate: certfile is missing");
    GALE_TRY(check_alpn(context->options.alpn_protocols));
    gale__ssl_setup *setup = allocate(context);
    int result = setup ? 0 : gale__fail(-ENOMEM, "%s", gale_strerror(-ENOMEM));
    for (size_t i = 0; result == 0 && i < setup->count; i++)
        result = make_entry(context, setup, i);
    if (result == 0)
        *ret_setup = setup;
    else
        gale__ssl_setup_unref(setup);
    return result;
}

gale__ssl_setup *gale__ssl_setup_ref(gale__ssl_setup *setup)
{
    setup->references++;
    return setup;
}

void gale__ssl_setup_unref(gale__ssl_setup *setup)
{
    if (!setup || --setup->references > 0)
        return;
    for (size_t i = 0; i < setup->count; i++) {
        SSL_CTX_free(setup->entries[i].ctx);
        gale__free(setup->entries[i].ocsp);
    }
    gale__recent_clear(&setup->sessions);
    gale__free(setup);
}

/* ---- Sessions of clients --------------------------------------------------------------- */

typedef struct kept_session {
    gale__recent_entry base;
    SSL_SESSION *session;
} kept_session;

static void forget_session(gale__recent_entry *base)
{
    kept_session *self = GALE__CONTAINER_OF(base, kept_session, base);
    SSL_SESSION_free(self->session);
    gale__free(self);
}

void gale__ssl_resume(gale__ssl_setup *setup, SSL *ssl, uint64_t key)
{
    gale__recent_entry *found = gale__recent_find(&setup->sessions, key);
    if (found)
        SSL_set_session(ssl, GALE__CONTAINER_OF(found, kept_session, base)->session);
}

void gale__ssl_keep_session(gale__ssl_setup *setup, SSL_SESSION *session, uint64_t key)
{
    gale__recent_entry *old = gale__recent_find(&setup->sessions, key);
    kept_session *kept = GALE__NEW(kept_session);
    if (old)
        gale__recent_remove(&setup->sessions, old);
    if (!kept)
        return;
    SSL_SESSION_up_ref(session);
    kept->session = session;
    gale__recent_add(&setup->sessions, &kept->base, key);
}
