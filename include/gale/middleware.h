/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/middleware.h: ready filters, for what many sites need around their handlers. It has no
 * counterpart in Tornado. docs/middleware.md tells how they work together, and how to write one.
 *
 *     static const gale_cors_options cors = {
 *         .allow_origins = (const char *const[]) { "https://app.example", NULL },
 *     };
 *
 *     gale_application_new(routes, &(gale_application_settings) {
 *         .filters = (gale_filter[]) { { &gale_request_id_filter }, { &gale_security_headers_filter
 * }, { &gale_cors_filter, &cors }, { 0 } },
 *     });
 *
 * The options of a filter may be NULL for all defaults, unless it is said otherwise.
 */
#ifndef GALE_MIDDLEWARE_H
#define GALE_MIDDLEWARE_H

#include <gale/core.h>
#include <gale/ssl.h>
#include <gale/web.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Request id ------------------------------------------------------------------------ */

/** Options of gale_request_id_filter. */
typedef struct gale_request_id_options {
    /** The header that the id comes and goes in; NULL: "X-Request-Id". */
    const char *header;
    /** Every id is made here, whatever the request says. */
    bool ignore_received;
    void *reserved_[4];
} gale_request_id_options;

/**
 * Gives each request an id: what the header says, if that is 1 to 128 letters, digits and
 * `-_.:+/=@`; else 32 random hexadecimal digits. The response has it, and so has each line that is
 * logged for the request, in brackets. Put it first.
 */
GALE_API extern const gale_filter_class gale_request_id_filter;
/** The id of this request; NULL without the filter. */
GALE_API const char *gale_request_id(gale_handler *self);

/* ---- Security headers ------------------------------------------------------------------ */

/** Options of gale_security_headers_filter: values of headers. NULL: the default; "": not sent. */
typedef struct gale_security_headers_options {
    /** X-Content-Type-Options; "nosniff". */
    const char *content_type_options;
    /** X-Frame-Options; "SAMEORIGIN". */
    const char *frame_options;
    /** Referrer-Policy; "strict-origin-when-cross-origin". */
    const char *referrer_policy;
    /** Cross-Origin-Opener-Policy; "same-origin". */
    const char *cross_origin_opener_policy;
    /** Cross-Origin-Resource-Policy; not sent. */
    const char *cross_origin_resource_policy;
    /** Content-Security-Policy; not sent: it depends on the pages. */
    const char *content_security_policy;
    /** Permissions-Policy; not sent. */
    const char *permissions_policy;
    /** Strict-Transport-Security, over https only; not sent, since it cannot be taken back. For a
     * year: "max-age=31536000; includeSubDomains". RFC 6797. */
    const char *strict_transport_security;
    void *reserved_[8];
} gale_security_headers_options;

/** Sends headers that make browsers careful. A handler replaces one by gale_set_header. */
GALE_API extern const gale_filter_class gale_security_headers_filter;

/* ---- CORS ------------------------------------------------------------------------------ */

/** Options of gale_cors_filter. */
typedef struct gale_cors_options {
    /** Origins whose pages may read responses, such as "https://app.example", ended by NULL; "*"
     * is every one. NULL: none. */
    const char *const *allow_origins;
    /** They may send cookies and HTTP authentication. With "*" that is every site there is. */
    bool allow_credentials;
    /** For preflight requests; NULL: "GET, HEAD, POST, PUT, PATCH, DELETE". */
    const char *allow_methods;
    /** The same; NULL: those that the request asks for. */
    const char *allow_headers;
    /** Headers of the response that scripts may see besides the usual; NULL: none. */
    const char *expose_headers;
    /** Seconds that a browser may remember the answer to a preflight request; 0: 600; GALE_NONE: it
     * is not said. */
    int max_age;
    void *reserved_[8];
} gale_cors_options;

/**
 * Lets pages of other origins read the responses. Preflight requests (OPTIONS with
 * Access-Control-Request-Method) are answered here with 204, whether the handler has `options` or
 * not. Needs its options. Fetch §3.2 "CORS protocol".
 */
GALE_API extern const gale_filter_class gale_cors_filter;

/* ---- Rate limit ------------------------------------------------------------------------ */

/** Options of gale_rate_limit_filter. */
typedef struct gale_rate_limit_options {
    /** Requests a second that each key may make in the long run; above 0. */
    double rate;
    /** Requests that a key may make at once, after a pause; 0: the rate, or 1 if that is less. */
    double burst;
    /** Who is counted; NULL: the client's address (of an IPv6 client its /64). A NULL result is not
     * limited. */
    const char *(*key)(gale_handler *self);
    /** How many keys are remembered, each in 48 bytes; 0: 65536. Then the one that was not seen for
     * the longest time is forgotten. */
    size_t max_keys;
    void *reserved_[4];
} gale_rate_limit_options;

/**
 * Answers 429 with Retry-After (RFC 6585 §4) to who asks too often: a token bucket for each key.
 * Each use in a list, and each worker process, counts for itself. Needs its options.
 */
GALE_API extern const gale_filter_class gale_rate_limit_filter;

/* ---- Sessions -------------------------------------------------------------------------- */

/**
 * Where sessions are kept when not in the cookie: a table of functions, so that any store can be
 * one. All but `open` and `close` may suspend, and return 0 or a negative error, which is
 * answered with 500.
 */
typedef struct gale_session_store_class {
    /** Once, as a filter's. Unset: *ret_store is the options. */
    int (*open)(const void *options, void **ret_store);
    void (*close)(void *store);
    /** The text that was saved under `id`, with one reference; NULL when there is none. */
    int (*load)(void *store, const char *id, gale_bytes **ret_text);
    /** Keeps `text` for so many seconds. */
    int (*save)(void *store, const char *id, gale_str text, double seconds);
    /** It need not be there. */
    int (*remove)(void *store, const char *id);
    void *reserved_[4];
} gale_session_store_class;

/** Options of gale_memory_session_store. */
typedef struct gale_memory_session_store_options {
    /** How many sessions are kept; 0: 100000. Then the one that was not used for the longest time
     * is forgotten. */
    size_t max_sessions;
    void *reserved_[4];
} gale_memory_session_store_options;

/** Keeps sessions in the memory of the process: for one process, and until it ends. */
GALE_API extern const gale_session_store_class gale_memory_session_store;

/** Options of gale_redis_session_store. Zero is the default of each. */
typedef struct gale_redis_session_store_options {
    /** As of gale_topics_use_redis; NULL: "redis://localhost:6379". */
    const char *url;
    /** What the keys begin with, before the session's id; NULL: "gale:session:". */
    const char *prefix;
    /** Seconds that a request waits for Redis; 0: 2. Then it is answered with 500. */
    double timeout;
    /** TLS of rediss://; NULL: gale_ssl_context_default. The store takes a reference. */
    gale_ssl_context *ssl_context;
    void *reserved_[4];
} gale_redis_session_store_options;

/** Keeps sessions in Redis: for any number of processes and machines; Redis forgets each when its
 * time is over. Over one connection, which is made again when it is lost. The application cannot be
 * made with a URL that is none (GALE_EINVALID), or when gale was built without Redis
 * (GALE_ENOTSUP).
 */
GALE_API extern const gale_session_store_class gale_redis_session_store;

/** Options of gale_session_filter. */
typedef struct gale_session_options {
    /** NULL: "session". */
    const char *cookie_name;
    /** Seconds that a session lives without being used; 0: 1209600, two weeks. */
    double lifetime;
    /** NULL: the values are in the cookie, signed by the application's cookie_secret: the client
     * can read them and come back with older ones, but not change them; up to 4 KB. With a store
     * the cookie has a random id. */
    const gale_session_store_class *store;
    /** Handed to the store's `open`. */
    const void *store_options;
    /** The cookie's domain, path, secure, partitioned, samesite (NULL: "Lax"). It is never shown to
     * scripts. */
    gale_cookie_options cookie;
    void *reserved_[4];
} gale_session_options;

/**
 * Values that stay from one request of a browser to the next. They are looked up when a handler
 * asks for them, and saved before the headers are sent when they have changed: later changes are
 * lost, and so are those of a request that is answered with 500 or more. Of two requests at once
 * the last one to save wins.
 */
GALE_API extern const gale_filter_class gale_session_filter;
/**
 * The values: a JSON object, empty for a new session. Borrowed until the request ends; change it
 * with jansson: json_object_set_new(gale_session(self), "user", json_string(name)). An empty one is
 * not kept, so json_object_clear ends a session. NULL on failure, which is remembered, and without
 * the filter.
 */
GALE_API GALE_SUSPENDS json_t *gale_session(gale_handler *self);
/** Gives the session another id: call it when somebody logs in, so that an id that was planted
 * before is worth nothing (OWASP: session fixation). Returns 0 or a negative error. */
GALE_API GALE_SUSPENDS int gale_session_renew(gale_handler *self);

#ifdef __cplusplus
}
#endif

#endif
