/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/ssl.h: certificates, keys and rules for TLS connections. Tornado's counterparts: the
 * ssl_options of its servers and clients, netutil.ssl_options_to_context, and Python's ssl.
 *
 * A server (docs/tls.md tells how to make a certificate):
 *
 *     gale_application_listen_ssl(app, 8443, &(gale_ssl_options){ .certfile = "cert.pem",
 *                                                                 .keyfile = "key.pem" });
 *
 * A client verifies the server by default, with the certificate authorities of the system:
 *
 *     gale_tcp_client_options options = { .ssl_context = gale_ssl_context_default() };
 *     gale_tcp_client_connect("example.org", 443, &options, &stream);
 *
 * TLS 1.2 and 1.3 are spoken; there is no renegotiation and no compression. Once the handshake
 * is over, everything else works on the stream as without TLS. When the peer ends the connection
 * without saying so inside TLS, the stream's error is GALE_ETRUNCATED, so that data that ends
 * with the connection cannot be cut short unnoticed.
 */
#ifndef GALE_SSL_H
#define GALE_SSL_H

#include <gale/core.h>
#include <gale/json.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Certificates, keys and rules, made ready for use by any number of connections of one loop.
 * Reference counted. Python: ssl.SSLContext. */
typedef struct gale_ssl_context gale_ssl_context;

/** Whether the peer must show a certificate. Python: ssl.VerifyMode. */
typedef enum gale_ssl_verify {
    /** A client requires the server's, a server asks for none. */
    GALE_SSL_VERIFY_DEFAULT,
    /** The peer's certificate is not asked for, or not looked at. Python: CERT_NONE. */
    GALE_SSL_VERIFY_NONE,
    /** The peer need not have one, but if it has, it must be valid. Python: CERT_OPTIONAL. */
    GALE_SSL_VERIFY_OPTIONAL,
    /** The peer must have a valid one. Python: CERT_REQUIRED. */
    GALE_SSL_VERIFY_REQUIRED
} gale_ssl_verify;

/** A version of TLS. Python: ssl.TLSVersion. */
typedef enum gale_ssl_version {
    GALE_TLS_DEFAULT, /**< the lowest is 1.2, the highest 1.3 */
    GALE_TLS_1_2,     /**< RFC 5246 */
    GALE_TLS_1_3      /**< RFC 8446 */
} gale_ssl_version;

/** A certificate with its key. Either files or, where these are NULL, text; all in PEM. */
typedef struct gale_ssl_certificate {
    /** The file of the certificate, followed by those that lead to its authority. */
    const char *certfile;
    /** The file of its private key; NULL: it is in certfile. */
    const char *keyfile;
    /** What the private key is encrypted with; NULL when it is not. */
    const char *password;
    /** The same as text instead of a file; may hold the key, too. */
    const char *certificate;
    /** The private key as text; NULL: it is in `certificate`. */
    const char *key;
    /** A file with an OCSP response (DER) that a server sends along (stapling), to be renewed
     * together with it by gale_ssl_context_reload; NULL for none. RFC 6066 §8. */
    const char *ocsp_file;
} gale_ssl_certificate;

/** Options of a context. Zero is the default of each. Texts are copied. */
typedef struct gale_ssl_options {
    /** The context is for servers: then a certificate is needed. Set by what makes the context
     * itself, as gale_application_listen_ssl. */
    bool server_side;
    /** A server's certificate, or what a client shows when it is asked; the members have the names
     * and meaning of those of gale_ssl_certificate. Tornado: ssl_options["certfile"]. */
    const char *certfile;
    /** See gale_ssl_certificate. Tornado: ssl_options["keyfile"]. */
    const char *keyfile;
    /** See gale_ssl_certificate. */
    const char *password;
    /** See gale_ssl_certificate. */
    const char *certificate;
    /** See gale_ssl_certificate. */
    const char *key;
    /** See gale_ssl_certificate. */
    const char *ocsp_file;
    /** More certificates of a server, `more_count` of them. A client that asks for a name gets the
     * first one, of all, that is valid for it, and without one, the one above. RFC 6066 §3 (SNI).
     */
    const gale_ssl_certificate *more;
    size_t more_count; /**< how many are in `more` */
    /** Whether the peer must show a certificate. Tornado: ssl_options["cert_reqs"]. */
    gale_ssl_verify verify;
    /** A file (PEM) or a directory (of openssl rehash) of the authorities that the peer's
     * certificate may come from; NULL: a client takes those of the system. Tornado:
     * ssl_options["ca_certs"]. */
    const char *ca_certs;
    /** The same as text (PEM), besides those of ca_certs. */
    const char *ca_data;
    /** A client does not look whether the certificate is for the host that it connected to.
     * Python: SSLContext.check_hostname = False. */
    bool no_check_hostname;
    /** Ciphers of TLS 1.2 in OpenSSL's notation; NULL: those with forward secrecy and authenticated
     * encryption. Tornado: ssl_options["ciphers"]. */
    const char *ciphers;
    /** Ciphers of TLS 1.3, separated by ":"; NULL: OpenSSL's. */
    const char *ciphersuites;
    /** The lowest version to speak. Python: SSLContext.minimum_version. */
    gale_ssl_version min_version;
    /** The highest version to speak. Python: SSLContext.maximum_version. */
    gale_ssl_version max_version;
    /** The protocols to speak inside, best first, as "h2", "http/1.1"; a list that ends with NULL.
     * A server refuses a client that offers none of them. NULL: not negotiated, but for an HTTP
     * server, which agrees to "http/1.1". Python: SSLContext.set_alpn_protocols. RFC 7301. */
    const char *const *alpn_protocols;
    /** Each connection begins with a whole handshake: a server gives no session tickets, a client
     * keeps no sessions. */
    bool no_session_resumption;
    /** Seconds between two looks at the files: when one has changed, the context is reloaded. 0:
     * never. Only while the loop of the context runs. */
    double check_files_interval;
    /** The signal at which the context is reloaded, as SIGHUP; 0: none. The signal is then taken
     * over on the current loop, for all contexts that name it. */
    int reload_signal;
    void *reserved_[6];
} gale_ssl_options;

/**
 * Makes a context with one reference on the current loop. *ret_context is NULL on failure: -errno
 * when a file cannot be read, GALE_EINVALID for a server without a certificate or options that do
 * not fit together, GALE_ESSL when a file holds something else than it should or the key is not the
 * certificate's, -ENOMEM; gale_error_detail then names the file. Reads files, and blocks meanwhile.
 * Tornado: netutil.ssl_options_to_context.
 */
GALE_API int gale_ssl_context_new(const gale_ssl_options *options, gale_ssl_context **ret_context);
/** Adds a reference and returns `context`. */
GALE_API gale_ssl_context *gale_ssl_context_ref(gale_ssl_context *context);
/** Drops a reference; the last one frees. Connections keep what they need. NULL is allowed. */
GALE_API void gale_ssl_context_unref(gale_ssl_context *context);
/**
 * Reads the files again. Connections that begin afterwards use what was read, others stay as they
 * are. On failure everything stays as it was, one line is logged, and the error is that of
 * gale_ssl_context_new.
 */
GALE_API int gale_ssl_context_reload(gale_ssl_context *context);
/** The context of clients that need nothing special: with the authorities of the system, and
 * verifying certificates and host names. Made when first asked for, and borrowed from the current
 * loop. NULL when out of memory, or when the system's authorities cannot be read. */
GALE_API gale_ssl_context *gale_ssl_context_default(void);

/**
 * Makes a key and a certificate that nobody but its maker vouches for, for development and tests:
 * valid for 90 days, for the names and IP addresses in `names`, separated by commas ("localhost,
 * 127.0.0.1"; NULL means these and "::1"). *ret_pem is text for gale_ssl_options.certificate, with
 * one reference. Returns 0, GALE_EINVALID for a name that is none, or -ENOMEM.
 */
GALE_API int gale_ssl_self_signed(const char *names, gale_bytes **ret_pem);

/** What a handshake has agreed on. The texts are borrowed from the connection; none is NULL. */
typedef struct gale_ssl_info {
    const char *version;     /**< "TLSv1.3". Python: SSLSocket.version */
    const char *cipher;      /**< "TLS_AES_256_GCM_SHA384". Python: SSLSocket.cipher */
    const char *alpn;        /**< "http/1.1", or "". Python: selected_alpn_protocol */
    const char *server_name; /**< the name that the client has asked for (SNI), or "" */
    bool session_reused;     /**< an earlier session went on. Python: session_reused */
    void *reserved_[4];
} gale_ssl_info;

#ifdef __cplusplus
}
#endif

#endif
