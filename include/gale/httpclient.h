/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/httpclient.h: fetching over HTTP. Tornado's counterparts: tornado.httpclient and
 * tornado.simple_httpclient.
 *
 * In a task, in a straight line:
 *
 *     gale_http_response *response;
 *     GALE_TRY(gale_fetch("https://example.org/", NULL, &response));
 *     puts(gale_http_response_body(response));
 *
 * It suspends until the response is there, follows redirects, decodes gzip and br, and keeps
 * connections for the next fetch. Cancelling the task ends it: a fetch in a handler does not
 * outlive the handler's request.
 *
 * URLs begin with http://, https://, or http+unix:// followed by the percent-encoded path of a
 * Unix socket ("http+unix://%2Frun%2Fapp.sock/status"), with or without "user:password@"; what is
 * not ASCII in their path or query is percent-encoded, a fragment is dropped. White space and
 * control characters are refused, in URLs and everywhere else: no input can add a line to
 * the request.
 */
#ifndef GALE_HTTPCLIENT_H
#define GALE_HTTPCLIENT_H

#include <gale/core.h>
#include <gale/gen.h>
#include <gale/httputil.h>
#include <gale/json.h>
#include <gale/netutil.h>
#include <gale/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What is asked for ----------------------------------------------------------------- */

/** One header of a request. */
typedef struct gale_fetch_header {
    const char *name;  /**< a token; NULL ends the list */
    const char *value; /**< without line ends */
} gale_fetch_header;

/** How a user name and password are told. Tornado: auth_mode, proxy_auth_mode. */
typedef enum gale_auth_mode {
    GALE_AUTH_BASIC, /**< RFC 7617 */
    GALE_AUTH_DIGEST /**< RFC 7616: the server is asked for a challenge first */
} gale_auth_mode;

/** What a proxy speaks. */
typedef enum gale_proxy_type {
    GALE_PROXY_HTTP,   /**< http:// URLs are handed to it, https:// goes through CONNECT */
    GALE_PROXY_SOCKS5, /**< RFC 1928; names are looked up here */
    GALE_PROXY_SOCKS5H /**< the same; names are looked up by the proxy */
} gale_proxy_type;

/** Cookies that responses have set, for later requests: see gale_cookie_jar_new. */
typedef struct gale_cookie_jar gale_cookie_jar;

/** Where a body_producer writes to. */
typedef struct gale_body_writer gale_body_writer;
/** Sends a piece of the request body, and suspends while the connection takes no more. Returns 0;
 * GALE_EOUTPUT for more than the Content-Length that the request has; GALE_ECLOSED when the
 * connection is gone; GALE_ECANCELED. Tornado: the `write` that body_producer gets. */
GALE_API GALE_SUSPENDS int gale_body_write(gale_body_writer *writer, const void *data, size_t size);

/**
 * Options of a fetch: everything but its URL. Zero is the default of each; everything is borrowed
 * during the call. Times are in seconds. Tornado: httpclient.HTTPRequest.
 */
typedef struct gale_fetch_options {
    /** NULL: "GET". Known are GET, HEAD, POST, PUT, DELETE, PATCH and OPTIONS. */
    const char *method;
    /** Headers to send, as (gale_fetch_header[]){ { "Accept", "text/html" }, { 0 } }. One may stand
     * for what would be sent by default: Host, User-Agent, Accept-Encoding, Content-Type,
     * Connection. Content-Length and Transfer-Encoding are gale's own, but for the Content-Length
     * of a body_producer. */
    const gale_fetch_header *headers;
    /** The body; POST, PUT and PATCH need one, others must not have one. */
    const char *body;
    /** Bytes of `body`; 0 means strlen(body). */
    size_t body_size;
    /** A file that is the body, instead of `body`. */
    const char *body_file;
    /** Makes the body while it is sent, in a task of its own; called once, or never when the server
     * answers before. Its failure is that of the fetch. The body is sent in chunks, unless
     * `headers` has a Content-Length. The last parameter is `arg`. */
    GALE_SUSPENDS int (*body_producer)(gale_body_writer *writer, void *arg);

    /** A name and password for the server; those of the URL come first. */
    const char *auth_username;
    /** See auth_username; NULL means "". */
    const char *auth_password;
    /** How they are told. */
    gale_auth_mode auth_mode;
    /** The time of an If-Modified-Since, in seconds since 1970; 0: none. */
    double if_modified_since;
    /** The User-Agent; NULL: "gale/VERSION". */
    const char *user_agent;
    /** Ask before sending a body ("Expect: 100-continue"), and wait a second for the answer. */
    bool expect_100_continue;
    /** Any token may be the method, and any method have a body or none. */
    bool allow_nonstandard_methods;

    /** A redirect is an answer as any other. Tornado: follow_redirects=False. */
    bool no_follow_redirects;
    /** Redirects to follow; 0: 5, GALE_NONE: none. One more is returned as the response. */
    int max_redirects;
    /** A status other than 2xx is no error. Tornado: fetch(raise_error=False). */
    bool no_raise_error;

    /** For connecting: name, TCP, TLS; 0: 20, GALE_NONE: no limit. GALE_ETIMEDOUT_CONNECT. */
    double connect_timeout;
    /** For all of it, redirects included, but for the wait in the queue; 0: 20, GALE_NONE: no
     * limit. GALE_ETIMEDOUT. */
    double request_timeout;
    /** For a free place among max_clients; 0: the lesser of the two above. GALE_ETIMEDOUT_QUEUE. */
    double queue_timeout;
    /** For looking the name up, within connect_timeout; 0: no other limit.
     * GALE_ETIMEDOUT_RESOLVE. */
    double resolve_timeout;
    /** For the TLS handshake, within connect_timeout; 0: no other limit.
     * GALE_ETIMEDOUT_HANDSHAKE. */
    double handshake_timeout;
    /** From the end of the request to the first byte of its response; 0: no other limit.
     * GALE_ETIMEDOUT_FIRST_BYTE. */
    double first_byte_timeout;

    /** The body is not decoded, and no coding asked for. Tornado: decompress_response=False. */
    bool no_decompress;
    /** Bytes of a response's body, before and after decoding; 0: 104857600 (100 MiB), GALE_NONE: no
     * limit. Tornado: SimpleAsyncHTTPClient(max_body_size). */
    int64_t max_body_size;
    /** Bytes of a response's head; 0: 65536. Tornado: max_header_size. */
    size_t max_header_size;
    /** Gets the body piece by piece; that of the response then stays empty. It may wait: the server
     * is slowed down meanwhile. `data` is valid during the call. A negative result ends the fetch
     * with it. Not called for redirects that are followed. The last parameter is `arg`. */
    GALE_SUSPENDS int (*streaming_callback)(const char *data, size_t size, void *arg);
    /** Gets the status line, each header line and the empty line at the end, each with its CRLF,
     * before the body. Not called for redirects that are followed. The last parameter is `arg`. */
    GALE_SUSPENDS int (*header_callback)(const char *line, void *arg);
    /** The argument of the callbacks. */
    void *arg;

    /** The literal IP address to connect from; NULL: any. */
    const char *network_interface;
    /** IPv4 only. Tornado: allow_ipv6=False. */
    bool no_ipv6;
    /** Do not use a connection that was used before, and keep none. */
    bool no_keep_alive;

    /** TLS: the server's certificate is not looked at. Tornado: validate_cert=False. */
    bool no_validate_cert;
    /** TLS: a file or directory of authorities; NULL: those of the system. */
    const char *ca_certs;
    /** TLS: the file of the key of `client_cert`; NULL: it is in there. */
    const char *client_key;
    /** TLS: the file of a certificate to show; NULL: none. */
    const char *client_cert;
    /** TLS: instead of the four above. Tornado: ssl_options. */
    gale_ssl_context *ssl_context;

    /** A proxy to go through; NULL: that of the environment. */
    const char *proxy_host;
    /** The port of proxy_host; 0: 8080, or 1080 for SOCKS. */
    int proxy_port;
    /** What it speaks. */
    gale_proxy_type proxy_type;
    /** A name and password for proxy_host; NULL: none. */
    const char *proxy_username;
    /** See proxy_username. */
    const char *proxy_password;
    /** How they are told. */
    gale_auth_mode proxy_auth_mode;
    /** http_proxy, https_proxy, all_proxy and no_proxy of the environment do not count. */
    bool no_environment_proxy;

    /** Cookies to send, and where to keep those of the responses; NULL: none of either. */
    gale_cookie_jar *cookie_jar;
    /** The scope that the response belongs to, of the caller or of a task that waits for it, as
     * with gale_multi; NULL: the innermost of the calling task. */
    gale_scope *scope;
    void *reserved_[7];
} gale_fetch_options;

/* ---- Cookies ---------------------------------------------------------------------------- */

/** Options of a jar. Zero is the default of each. */
typedef struct gale_cookie_jar_options {
    /** Cookies in all; then the one goes that was not sent for the longest time. 0: 3000. */
    size_t max_cookies;
    /** Cookies of one domain. 0: 180. */
    size_t max_cookies_per_domain;
    void *reserved_[4];
} gale_cookie_jar_options;

/**
 * A jar, which keeps what responses set and sends it where it belongs, as browsers do (RFC 6265,
 * and of RFC 6265bis the prefixes __Secure- and __Host-, 400 days at most, and that http cannot
 * change Secure cookies). Cookies for all of "com" or "co.uk" are refused. It is put into
 * cookie_jar of the fetches that share it, and outlives them. A Cookie among `headers` goes in its
 * place. NULL when out of memory.
 *
 * To keep it in a file, with jansson:
 *
 *     json_t *cookies = gale_cookie_jar_dump(jar);
 *     json_dump_file(cookies, "cookies.json", 0);
 *     json_decref(cookies);
 */
GALE_API gale_cookie_jar *gale_cookie_jar_new(const gale_cookie_jar_options *options);
/** Ends a jar. NULL is allowed. */
GALE_API void gale_cookie_jar_free(gale_cookie_jar *jar);
/** Takes all cookies out. */
GALE_API void gale_cookie_jar_clear(gale_cookie_jar *jar);
/** Takes a cookie in as if a response from `url` had the header "Set-Cookie: `set_cookie`". Returns
 * 0; GALE_EINVALID for a malformed URL and a cookie that such a response may not set; -ENOMEM. */
GALE_API int gale_cookie_jar_set(gale_cookie_jar *jar, const char *url, const char *set_cookie);
/** The value of the cookie `name` that goes to `url`, for example "_xsrf", whose value belongs into
 * a header of a POST. Borrowed until the jar changes. NULL when there is none. */
GALE_API const char *gale_cookie_jar_get(gale_cookie_jar *jar, const char *url, const char *name);
/** The Cookie header that a request to `url` has, "" for none, with one reference. NULL when out of
 * memory or the URL is malformed. */
GALE_API gale_bytes *gale_cookie_jar_header(gale_cookie_jar *jar, const char *url);
/** All cookies, a list of objects with domain, path, name, value, expires (seconds since 1970;
 * null: not said), secure, httponly, host_only. The caller's to json_decref. What is not UTF-8 is
 * left out. NULL when out of memory. */
GALE_API json_t *gale_cookie_jar_dump(const gale_cookie_jar *jar);
/** Adds cookies that gale_cookie_jar_dump has written; what has expired is left out. Returns 0;
 * GALE_EINVALID for what is none, with those before it taken in; -ENOMEM. */
GALE_API int gale_cookie_jar_load(gale_cookie_jar *jar, const json_t *cookies);

/* ---- What has come --------------------------------------------------------------------- */

/**
 * A response. It belongs to the scope in which it was fetched (or that of the options), and goes
 * with it; what its getters return is borrowed from it. Tornado: httpclient.HTTPResponse.
 */
typedef struct gale_http_response gale_http_response;

/** When each step was done, in seconds since the fetch was asked for; 0 for what was not needed.
 * Of a fetch with redirects the steps are those of the last. Tornado: HTTPResponse.time_info. */
typedef struct gale_http_time_info {
    double queue;         /**< a place among max_clients was free */
    double connect;       /**< the TCP connection was made */
    double appconnect;    /**< the TLS handshake was over */
    double pretransfer;   /**< the request began to be sent */
    double starttransfer; /**< the first byte came */
    double total;         /**< all of it was there */
    double redirect;      /**< the last redirect was followed; pretransfer and so on are later */
    int redirect_count;   /**< redirects that were followed */
    bool reused;          /**< the connection had been used before */
    void *reserved_[4];
} gale_http_time_info;

/** The status code, 200 to 999. Tornado: HTTPResponse.code. */
GALE_API int gale_http_response_code(const gale_http_response *response);
/** The reason phrase; the standard one, or "Unknown", where the server gave none. Tornado:
 * HTTPResponse.reason. */
GALE_API const char *gale_http_response_reason(const gale_http_response *response);
/** The headers. Of a body that was decoded, Content-Encoding has become X-Consumed-Content-Encoding
 * and Content-Length is as received. Tornado: HTTPResponse.headers. */
GALE_API gale_http_headers *gale_http_response_headers(gale_http_response *response);
/** The body, followed by a NUL; "" when there is none. Never NULL. Tornado: HTTPResponse.body. */
GALE_API const char *gale_http_response_body(const gale_http_response *response);
/** The body with its length; a NUL that is not counted follows. Tornado: HTTPResponse.body,
 * HTTPResponse.buffer. */
GALE_API gale_str gale_http_response_body_str(const gale_http_response *response);
/** Where it came from, after redirects. Tornado: HTTPResponse.effective_url. */
GALE_API const char *gale_http_response_effective_url(const gale_http_response *response);
/** 0 for a status of 200 to 299, else GALE_EHTTP. Tornado: HTTPResponse.error. */
GALE_API int gale_http_response_error(const gale_http_response *response);
/** The same, and says so in gale_error_detail, as "HTTP 404: Not Found". Tornado:
 * HTTPResponse.rethrow. */
GALE_API int gale_http_response_rethrow(const gale_http_response *response);
/** Seconds that the fetch took, without the wait in the queue. Tornado:
 * HTTPResponse.request_time. */
GALE_API double gale_http_response_request_time(const gale_http_response *response);
/** When it left the queue, in seconds since 1970. Tornado: HTTPResponse.start_time. */
GALE_API double gale_http_response_start_time(const gale_http_response *response);
/** When each step was done. Never NULL. Tornado: HTTPResponse.time_info. */
GALE_API const gale_http_time_info *
gale_http_response_time_info(const gale_http_response *response);
/** Gives it back before its scope ends, as a task does that fetches again and again; or one of
 * gale_http_client_fetch_blocking. NULL is allowed. */
GALE_API void gale_http_response_free(gale_http_response *response);

/* ---- Fetching -------------------------------------------------------------------------- */

/**
 * Fetches with the client of the current loop (gale_http_client_current). `options` NULL: all
 * defaults. *ret_response is set to the response, or to NULL.
 *
 * Returns 0, or, and gale_error_detail says more:
 *   GALE_EHTTP         a response with another status than 2xx: "HTTP 404: Not Found".
 *                      *ret_response is set all the same; no_raise_error makes it no error
 *   GALE_ETIMEDOUT     request_timeout is over; the detail says what was going on. The others have
 *                      codes of their own, so that a caller can tell whether the request was sent:
 *                      GALE_ETIMEDOUT_QUEUE, GALE_ETIMEDOUT_RESOLVE, GALE_ETIMEDOUT_CONNECT,
 *                      GALE_ETIMEDOUT_HANDSHAKE, GALE_ETIMEDOUT_FIRST_BYTE; gale_is_timeout is
 *                      true for each
 *   GALE_EINVALID      the URL, the method, a header or options that do not fit together
 *   GALE_ENOTSUP       the scheme of the URL: "Unsupported url scheme: ftp"
 *   GALE_ENOTFOUND     the host, as the other errors of gale_resolve
 *   -ECONNREFUSED and others of gale_tcp_client_connect
 *   GALE_ECERTIFICATE and others of gale_iostream_start_tls
 *   GALE_ECLOSED       the connection was closed before the response was complete
 *   GALE_EINPUT        the response is malformed, or could be read in two ways
 *   GALE_ETOOBIG       the head or the body is over its limit
 *   GALE_ECANCELED     the task was cancelled
 *   -ENOMEM, GALE_ENOTASK, or what a callback has returned
 *
 * A request that may be sent twice (GET, HEAD, PUT, DELETE, OPTIONS, without body_producer) is
 * sent again, once, when a connection that was used before turns out to be closed.
 *
 * Redirects (301, 302, 303, 307, 308 with Location): 303, and 301 or 302 of a POST, become a GET
 * without body; Authorization, Cookie and the name and password are dropped for good when scheme,
 * host or port are not those of the first URL; http+unix is never redirected to.
 * Tornado: AsyncHTTPClient.fetch.
 */
GALE_API GALE_SUSPENDS int gale_fetch(const char *url, const gale_fetch_options *options,
                                      gale_http_response **ret_response);

/** Fetches: with a limit of how many at once, and a pool of connections. It belongs to one loop.
 * Tornado: httpclient.AsyncHTTPClient. */
typedef struct gale_http_client gale_http_client;

/** Options of a client. Zero is the default of each. */
typedef struct gale_http_client_options {
    /** Fetches at once; others wait, in order. 0: 10, GALE_NONE: no limit. */
    int max_clients;
    /** Hosts that are looked up as others: see gale_override_resolver_new. */
    const gale_override *hostname_mapping;
    /** Looks names up; NULL: the loop's. Borrowed until the client is freed. */
    gale_resolver *resolver;
    /** Options for all fetches, where they are zero there; borrowed until the client is freed.
     * Tornado: defaults. */
    const gale_fetch_options *defaults;
    /** Connections that wait for another fetch; 0: 100, GALE_NONE: no limit. */
    int max_idle;
    /** The same to one and the same server; 0: 10, GALE_NONE: no limit. */
    int max_idle_per_host;
    /** Seconds that one waits before it is closed; 0: 60, GALE_NONE: no limit. Less where the
     * server says so (Keep-Alive: timeout=5). */
    double idle_timeout;
    void *reserved_[8];
} gale_http_client_options;

/** The client of the current loop, made when first asked for, and borrowed until the loop is freed.
 * NULL when out of memory. Tornado: AsyncHTTPClient(). */
GALE_API gale_http_client *gale_http_client_current(void);
/** A client of one's own on the current loop; `options` are copied. NULL when out of memory.
 * Tornado: AsyncHTTPClient(force_instance=True). */
GALE_API gale_http_client *gale_http_client_new(const gale_http_client_options *options);
/** Closes its idle connections, lets those in use finish, ends those that wait for a place with
 * GALE_ECLOSED, and frees it; before its loop is freed. NULL is allowed. Tornado:
 * AsyncHTTPClient.close. */
GALE_API void gale_http_client_free(gale_http_client *client);
/** As gale_fetch, with this client; NULL is that of the loop. Tornado: AsyncHTTPClient.fetch. */
GALE_API GALE_SUSPENDS int gale_http_client_fetch(gale_http_client *client, const char *url,
                                                  const gale_fetch_options *options,
                                                  gale_http_response **ret_response);
/**
 * The same outside tasks: runs the current loop until the response is there, which then is the
 * caller's, to be given back with gale_http_response_free. GALE_ESTATE while the loop runs.
 * Tornado: HTTPClient.fetch.
 */
GALE_API int gale_http_client_fetch_blocking(gale_http_client *client, const char *url,
                                             const gale_fetch_options *options,
                                             gale_http_response **ret_response);
/**
 * What clients are made with from now on, those of loops included: `implementation` is "simple"
 * (gale's own) or "curl" (libcurl, which is loaded now; the pool is then libcurl's); NULL: as
 * before. `options` (NULL: all defaults) are the ones of clients that are made without; borrowed
 * for good. Returns 0, GALE_ENOTSUP for "curl" in a library built without it or where libcurl.so.4
 * is not, GALE_EINVALID for another name. Tornado: AsyncHTTPClient.configure.
 *
 * "curl" speaks HTTP/2 over TLS where the server does. It has no body_producer and no ssl_context
 * (GALE_ENOTSUP), and no timeouts of its own for names, handshakes and first bytes;
 * Content-Encoding stays as it was. Tornado: curl_httpclient.CurlAsyncHTTPClient.
 */
GALE_API int gale_http_client_configure(const char *implementation,
                                        const gale_http_client_options *options);

#ifdef __cplusplus
}
#endif

#endif
