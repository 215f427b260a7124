/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a gale_ssl_context. What its files gave is a setup of its own, so that a reload
 * replaces it as a whole, and connections that began with the former one keep that.
 */
#ifndef GALE_NET_SSL_CONTEXT_H
#define GALE_NET_SSL_CONTEXT_H

#include <openssl/ssl.h>

#include <gale/ssl.h>

#include "core/recent.h"
#include "net/net.h"

/* A certificate made ready. */
typedef struct gale__ssl_entry {
    SSL_CTX *ctx;
    unsigned char *ocsp; /* the response to staple, or NULL */
    size_t ocsp_size;
} gale__ssl_entry;

typedef struct gale__ssl_setup {
    size_t references;
    gale__recent sessions;     /* of a client, by whom it is with */
    const unsigned char *alpn; /* as on the wire, behind the entries; NULL: none */
    unsigned alpn_size;
    const char *alpn_names; /* the same, each with a NUL, and an empty one at the end */
    size_t count;           /* at least 1: the first is the one for any name */
    gale__ssl_entry entries[];
} gale__ssl_setup;

struct gale_ssl_context {
    size_t references;
    gale_ioloop *loop;        /* NULL once it was freed */
    gale__list link;          /* in net->ssl_contexts */
    gale_ssl_options options; /* the texts are behind it */
    const gale_ssl_certificate *certificates;
    size_t certificate_count;
    gale__ssl_setup *setup;
    gale__timer timer; /* of check_files_interval */
    uint64_t stamp;    /* of the files when they were read */
};

/* Reads everything. As gale_ssl_context_new. */
int gale__ssl_setup_new(const gale_ssl_context *context, gale__ssl_setup **ret_setup);
gale__ssl_setup *gale__ssl_setup_ref(gale__ssl_setup *setup);
void gale__ssl_setup_unref(gale__ssl_setup *setup);

/* An SSL for a new connection to (or, for a server, from) somebody; for a client, `hostname` may be
 * NULL when names are not checked. 0, GALE_EINVALID or -ENOMEM. */
int gale__ssl_new(const gale_ssl_context *context, const char *hostname, SSL **ret_ssl);

/* Sessions of clients: what was kept under `key` goes on; what comes later is kept there. */
void gale__ssl_resume(gale__ssl_setup *setup, SSL *ssl, uint64_t key);
void gale__ssl_keep_session(gale__ssl_setup *setup, SSL_SESSION *session, uint64_t key);

/* The callbacks that OpenSSL calls for a connection, in tls.c: they know what stands behind it. */
int gale__tls_new_session(SSL *ssl, SSL_SESSION *session);
/* The connection carries HTTP and agrees to "http/1.1" unasked. */
bool gale__tls_is_http(const SSL *ssl);

/* Begins and ends the looking for changes, and the signal (ssl_reload.c). */
int gale__ssl_watch(gale_ssl_context *context);
void gale__ssl_unwatch(gale_ssl_context *context);
/* The loop is freed: its contexts live on without it. */
void gale__ssl_leave_loop(gale__net *net);

/* Says what OpenSSL's first error was: "`what`: reason". Returns GALE_ESSL, or -ENOMEM when it was
 * that. Empties OpenSSL's queue. */
int gale__ssl_fail(const char *what);
/* The static text of OpenSSL's first error, which stays queued. */
const char *gale__ssl_reason(void);

#endif
