/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP client's inside.
 *
 * A fetch is one call of gale_http_client_fetch and lives on its task's stack. It is one exchange
 * after the other: redirects, and requests that are asked again with an answer to a challenge. What
 * an exchange does on the wire is the implementation's; what goes before and after is shared.
 */
#ifndef GALE_HTTP_CLIENT_H
#define GALE_HTTP_CLIENT_H

#include <gale/httpclient.h>
#include <gale/iostream.h>

#include "core/buffer.h"
#include "core/recent.h"
#include "gen/task.h"
#include "http/client_proxy.h"
#include "proto/digest_auth.h"
#include "proto/headers.h"
#include "proto/http1_head.h"
#include "proto/uri.h"

typedef struct gale__fetch gale__fetch;

/* ---- Responses ------------------------------------------------------------------------- */

struct gale_http_response {
    gale__arena arena; /* it lies in it */
    gale_scope *scope; /* that frees it; NULL: the caller does */
    gale__defer defer; /* in scope->defers */
    int code;
    gale_str phrase;
    gale_http_headers headers;
    gale__buffer body;
    const char *effective_url;
    double start_time;
    gale_http_time_info times;
};

/* Belongs to nobody. NULL when out of memory. */
gale_http_response *gale__http_response_new(gale_ioloop *loop);
/* Belongs to the scope from now on. */
void gale__http_response_adopt(gale_http_response *response, gale_scope *scope);
/* Forgets what has come, for another exchange. */
void gale__http_response_clear(gale_http_response *response);

/* ---- Clients --------------------------------------------------------------------------- */

/* How exchanges are made. */
typedef struct gale__client_implementation {
    const char *name;
    /* Makes it usable, or NULL. 0 or GALE_ENOTSUP. */
    int (*load)(void);
    /* Sends the fetch's request and fills its response. Returns 0 when a response is there,
     * whatever its status, or a negative error with its detail. Suspends. */
    int (*exchange)(gale__fetch *fetch);
    /* The client ends, or NULL: client->state is to be given back. */
    void (*close)(gale_http_client *client);
} gale__client_implementation;

extern const gale__client_implementation gale__client_simple;

enum { GALE__CLIENT_BUCKETS = 64 };

struct gale_http_client {
    gale_ioloop *loop;
    gale_http_client_options options; /* without zeros */
    const gale__client_implementation *implementation;
    void *state;                 /* of the implementation */
    gale_resolver *own_resolver; /* of hostname_mapping; or NULL */
    int active;                  /* fetches that have a place */
    gale__list queue;            /* of those that wait for one */
    size_t references;           /* fetches, and the owner */
    bool closed;
    bool environment_proxies;                 /* there were some when it was made */
    gale__list idle;                          /* connections, the longest idle first */
    gale__list buckets[GALE__CLIENT_BUCKETS]; /* the same by their hash, newest first */
    int idle_count;
    gale__timer idle_timer;
    uint64_t hash_key[2];
    struct gale__client_contexts *contexts; /* TLS contexts made of options */
    gale__recent nonces;                    /* of Digest (client_nonces.h) */
};

void gale__client_unref(gale_http_client *client);

/* Takes one of max_clients places, and waits for it at most `timeout` seconds (0: no limit).
 * Suspends.
 */
int gale__client_enter(gale_http_client *client, double timeout);
void gale__client_leave(gale_http_client *client);

/* ---- Credentials (client_auth.c) ------------------------------------------------------- */

/* Digest credentials for a server or a proxy, from its first challenge on. */
typedef struct gale__authentication {
    gale__digest_auth digest;
    bool chosen; /* a challenge has come */
    int told;    /* how often credentials have been sent */
} gale__authentication;

/* "Basic …", in the arena. -ENOMEM. */
int gale__basic_credentials(gale__arena *arena, gale_str username, gale_str password,
                            const char **ret);
/* "Digest …"; NULL before the first challenge. As gale__digest_auth_write. */
int gale__digest_credentials(gale__authentication *authentication, gale__arena *arena,
                             const gale__digest_request *request, const char **ret);
/* 1 and the challenge in that header that is to be answered; 0 when there is none; -ENOMEM. */
int gale__digest_choose(const gale__authentication *authentication, gale__arena *arena,
                        gale_http_headers *headers, const char *name, gale__digest_auth *ret);

/* ---- Fetches --------------------------------------------------------------------------- */

/* A fetch whose response may be a 101: the connection then goes over to the protocol that was asked
 * for. It is always a new one, over gale's own implementation, and a proxy is told to CONNECT. */
typedef struct gale__upgrade {
    /* Before each request. 0 or a negative error. */
    int (*renew)(struct gale__upgrade *upgrade);
    gale_resolver *resolver; /* NULL: the client's */
    gale_iostream *stream;   /* after a 101; what came behind its head is unread */
} gale__upgrade;

struct gale__fetch {
    gale_http_client *client;
    gale__upgrade *upgrade;            /* or NULL */
    gale_resolver *resolver;           /* or NULL: the loop's */
    const gale_fetch_options *options; /* with the client's defaults */
    gale_http_response *response;
    gale__arena *arena; /* the response's */
    int64_t asked;      /* loop time */
    const char *phase;  /* the detail of a timeout that comes now */

    gale__uri first, uri; /* of the first exchange, and of this one */
    gale_str method;
    bool head;                   /* the method is HEAD */
    bool bodiless;               /* a redirect has taken the body away */
    bool elsewhere;              /* a redirect has led to another server: no credentials go there */
    gale_str username, password; /* data is NULL when there is none */
    const char *authorization;   /* value of the header; NULL: none */
    const char *proxy_authorization; /* the same for the proxy */
    gale__authentication authentication, proxy_authentication;
    gale__proxy proxy;     /* host is NULL when there is none */
    bool forwarded;        /* the proxy takes the request itself: no tunnel */
    gale_str cookies;      /* of the jar, for the header; data is NULL when there are none */
    const char *unix_path; /* of http+unix; NULL: TCP */
    gale_ssl_context *ssl_context; /* of https; borrowed from the client or the options */
    bool body_started;             /* body_producer was called: it cannot be called again */
};

/* As gale_http_client_fetch, but without a place among max_clients, and the response belongs to
 * nobody: it is set whenever one has come. Returns 0 after a 101, GALE_EHTTP after any other. */
int gale__client_upgrade(gale_http_client *client, const char *url,
                         const gale_fetch_options *options, gale__upgrade *upgrade,
                         gale_http_response **ret_response);

/* Those that are zero are the defaults'; `own` is room for the result. */
const gale_fetch_options *gale__fetch_options(const gale_fetch_options *options,
                                              const gale_fetch_options *defaults,
                                              gale_fetch_options *own);
/* An option in seconds: `otherwise` for 0, and 0 for no limit. */
double gale__fetch_timeout(double option, double otherwise);
/* Seconds since the fetch was asked for. */
double gale__fetch_seconds(const gale__fetch *fetch);

/* Looks at the URL and the options, before anything is sent (client_check.c). */
int gale__fetch_check(gale__fetch *fetch, const char *url);
/* What depends on the URL at hand: `unix_path`, `ssl_context`, `proxy`. */
int gale__fetch_check_url(gale__fetch *fetch);

/* True when the response is a redirect that is followed (client_redirect.c). */
bool gale__fetch_is_redirect(const gale__fetch *fetch);
/* Prepares the exchange that a redirect asks for. */
int gale__fetch_redirect(gale__fetch *fetch);

/* The port of the server. */
int gale__fetch_port(const gale__fetch *fetch);

/* Sets the credentials for the exchange that comes. */
int gale__fetch_authorize(gale__fetch *fetch);
/* True when the response is a challenge that is answered. */
bool gale__fetch_is_challenge(const gale__fetch *fetch);
/* Prepares the exchange that answers it. */
int gale__fetch_take_challenge(gale__fetch *fetch);
/* True when the response is not the one that was asked for: another exchange follows. */
bool gale__fetch_goes_on(const gale__fetch *fetch);

/* Tells header_callback of the head, unless the response goes by. Suspends. */
int gale__fetch_call_for_head(gale__fetch *fetch);

/* Sets fetch->cookies for the exchange that comes; takes those of the response in
 * (client_cookies.c). 0 or -ENOMEM. */
int gale__fetch_choose_cookies(gale__fetch *fetch);
int gale__fetch_take_cookies(gale__fetch *fetch);

/* True when the request has a body. */
bool gale__fetch_has_body(const gale__fetch *fetch);

#endif
