/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/netutil.h: listening sockets, addresses, host names. Tornado's counterpart:
 * tornado.netutil.
 */
#ifndef GALE_NETUTIL_H
#define GALE_NETUTIL_H

#include <gale/core.h>
#include <gale/ioloop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Addresses ------------------------------------------------------------------------- */

/** The most bytes of an address in text, with its NUL. */
enum { GALE_ADDRESS_TEXT_MAX = 128 };

/** Where a socket is, or whom it talks to. */
typedef struct gale_address {
    int family;        /**< AF_INET, AF_INET6, AF_UNIX; 0 when unknown */
    int port;          /**< in host order */
    uint32_t scope_id; /**< the interface of an IPv6 link-local address, else 0 */
    uint8_t ip[16];    /**< in network order; IPv4 uses the first four */
    char path[108];    /**< of a Unix socket; "@name" is an abstract one, "" an unnamed one */
} gale_address;

/** The address of a literal IP address, as "127.0.0.1" or "::1". Returns 0, or GALE_EINVALID for
 * any other text. */
GALE_API int gale_address_from_ip(const char *ip, int port, gale_address *ret_address);
/** The address of a Unix socket. Returns 0, or GALE_EINVALID for a path of more than 107 bytes
 * or none. */
GALE_API int gale_address_from_path(const char *path, gale_address *ret_address);
/** Writes it as text, "127.0.0.1:80", "[::1]:80" or a path, into `out`, which holds at least
 * GALE_ADDRESS_TEXT_MAX bytes. Returns `out`. */
GALE_API const char *gale_address_text(const gale_address *address, char *out);
/** True for a literal IP address in any form that getaddrinfo takes, also "127.1".
 * Tornado: netutil.is_valid_ip. */
GALE_API bool gale_is_valid_ip(const char *text);
/* ---- Looking names up ------------------------------------------------------------------ */

/**
 * Looks host names up. All of them answer literal IP addresses themselves, at once and without
 * asking anybody, and take what ends in .localhost for localhost (RFC 6761 §6.3). Each
 * belongs to one loop. Tornado: netutil.Resolver.
 */
typedef struct gale_resolver gale_resolver;

/**
 * Looks a host name up with the resolver of the current loop; a literal IP address is answered
 * at once, also outside a task. `family` is AF_INET, AF_INET6 or 0 for both. Returns how many
 * addresses there are, of which the first `capacity` are in `addresses`, best first; or
 * GALE_ENOTFOUND, -EAGAIN when the name server cannot answer, GALE_ETIMEDOUT_RESOLVE when none
 * does (from threads that is -EAGAIN, too), GALE_EINVALID for a port that is none, GALE_ECANCELED.
 * gale_error_detail reads as "cannot resolve 'host': why".
 * Tornado: netutil.Resolver.resolve.
 */
GALE_API GALE_SUSPENDS int gale_resolve(const char *host, int port, int family,
                                        gale_address *addresses, int capacity);
/** The same with this resolver; NULL is the loop's. */
GALE_API GALE_SUSPENDS int gale_resolver_resolve(gale_resolver *resolver, const char *host,
                                                 int port, int family, gale_address *addresses,
                                                 int capacity);

/**
 * The resolver of each loop that has none of its own, by its name: "threaded" (getaddrinfo in
 * threads, which asks whatever the system asks; the default) or "cares" (c-ares on the loop).
 * Before the first name is looked up. Returns 0, GALE_ENOTSUP for "cares" in a library built
 * without it, GALE_EINVALID for another name. Tornado: Resolver.configure.
 */
GALE_API int gale_resolver_configure(const char *name);
/** The resolver that gale_resolve and clients use on `loop`, instead of the configured one, which
 * NULL brings back. Borrowed until the loop is freed. */
GALE_API void gale_ioloop_set_default_resolver(gale_ioloop *loop, gale_resolver *resolver);

/** A resolver that calls getaddrinfo in a thread of `executor`; NULL: the loop's. NULL when out
 * of memory. Tornado: netutil.ThreadedResolver, DefaultLoopResolver. */
GALE_API gale_resolver *gale_threaded_resolver_new(gale_executor *executor);

/** Options of gale_cares_resolver_new. Zero is the default of each. */
typedef struct gale_cares_options {
    /** Name servers, "10.0.0.1,[fd00::1]:5353"; NULL: those of /etc/resolv.conf. */
    const char *servers;
    /** Seconds for the first try, which double with each further one; 0: 5, or what
     * /etc/resolv.conf says. */
    double timeout;
    /** How often each server is asked; 0: 4, or what /etc/resolv.conf says. */
    int tries;
    /** Read instead of /etc/resolv.conf; NULL: that. */
    const char *resolv_conf;
    void *reserved_[3];
} gale_cares_options;

/**
 * A resolver of c-ares: it asks the name servers from the loop, without threads, after the hosts
 * file; /etc/nsswitch.conf is read for the order of the two, and nothing else of the system's
 * (mDNS, LDAP) is asked. When /etc/resolv.conf has changed, the next lookup goes by what it says
 * then; `servers` stay. `options` are copied. NULL, with gale_error_detail, when out of memory, for
 * servers that are none, or in a library built without it. Tornado:
 * platform.caresresolver.CaresResolver.
 */
GALE_API gale_resolver *gale_cares_resolver_new(const gale_cares_options *options);

/** What gale_override_resolver_new puts in place of what. */
typedef struct gale_override {
    const char *host;    /**< replaced; NULL ends the list. Case does not count. */
    int port;            /**< only for this port; 0: for any */
    int family;          /**< only when this family is asked for; 0: whichever */
    const char *to_host; /**< looked up instead */
    int to_port;         /**< used instead; 0: the port stays */
} gale_override;

/**
 * A resolver that replaces hosts, also literal addresses, before it asks `resolver` (borrowed;
 * NULL: the loop's). Of the entries for a host one with port and family comes first, then
 * one with the port, then one without. `mapping` is borrowed until the resolver is freed, and
 * ends with a zeroed entry. NULL when out of memory. Tornado: netutil.OverrideResolver.
 */
GALE_API gale_resolver *gale_override_resolver_new(gale_resolver *resolver,
                                                   const gale_override *mapping);

/** Looks a name up as gale_resolve does, in the caller's task: it may suspend. */
typedef GALE_SUSPENDS int (*gale_resolve_function)(const char *host, int port, int family,
                                                   gale_address *addresses, int capacity,
                                                   void *arg);
/** A resolver of one's own: `function` is asked for every host that is no literal address. NULL
 * when out of memory. Tornado: a subclass of netutil.Resolver. */
GALE_API gale_resolver *gale_resolver_new(gale_resolve_function function, void *arg);
/** Frees it, before its loop is freed; c-ares' lookups that wait end with GALE_ECLOSED. NULL
 * is allowed. Tornado: Resolver.close. */
GALE_API void gale_resolver_free(gale_resolver *resolver);

/* ---- Listening sockets ----------------------------------------------------------------- */

/** The most sockets that one gale_bind_sockets opens. */
enum { GALE_BIND_SOCKETS_MAX = 16 };

/** Options of gale_bind_sockets. Zero is the default of each. */
typedef struct gale_bind_options {
    /** A literal IP address or a host name, all of whose addresses are bound; NULL or "" means
     * all interfaces. Borrowed during the call. */
    const char *address;
    /** AF_INET or AF_INET6; 0 (AF_UNSPEC) means both. */
    int family;
    /** Connections that may wait to be accepted; 0 means 128. */
    int backlog;
    /** Flags of getaddrinfo (AI_...); 0 means AI_PASSIVE. */
    int flags;
    /** Several sockets, of this or other processes, may share the port (SO_REUSEPORT). */
    bool reuse_port;
    void *reserved_[4];
} gale_bind_options;

/**
 * Opens listening, non-blocking sockets on `port`, one for each distinct address, IPv4 first,
 * and stores their descriptors, which are the caller's to close, in `sockets`, which has room
 * for GALE_BIND_SOCKETS_MAX. Port 0 is a free port, the same one for all. A family that the
 * system lacks is skipped. Blocks when `address` is a host name.
 * Returns how many were opened (at least 1); or, with none left open, -errno (-EADDRINUSE),
 * GALE_ENOTFOUND for an unknown host, GALE_EINVALID for a port that is none, GALE_ETOOBIG for
 * more than GALE_BIND_SOCKETS_MAX addresses; gale_error_detail then reads as
 * "cannot listen on port 8888: Address already in use". Tornado: netutil.bind_sockets.
 */
GALE_API int gale_bind_sockets(int port, const gale_bind_options *options, int *sockets);

/**
 * Opens a listening Unix socket at `path`; "@name" is an abstract one. A socket that is there
 * already is replaced. `mode` is the permission of the file, 0 means 0600; `backlog` 0 means 128.
 * Returns the descriptor, or -errno; -EEXIST when there is a file that is no socket;
 * gale_error_detail says more. Tornado: netutil.bind_unix_socket.
 */
GALE_API int gale_bind_unix_socket(const char *path, unsigned mode, int backlog);

/** Closes `count` descriptors. */
GALE_API void gale_close_sockets(const int *sockets, int count);

/** The port that a socket is bound to, or -errno; GALE_EINVALID when it has none.
 * Tornado's tests: sock.getsockname()[1]. */
GALE_API int gale_socket_port(int socket);

/** Accepts the connections of one listening socket. */
typedef struct gale_accept_handler gale_accept_handler;
/** A new connection: `fd` is non-blocking and the callback's to close. */
typedef void (*gale_accept_callback)(int fd, const gale_address *address, void *arg);
/**
 * Calls `callback` with each connection that comes to `socket`, on the current loop. Out of
 * descriptors it logs once a second, turns one connection away, and pauses for 0.1 s. `socket`
 * is borrowed until gale_remove_accept_handler, and made non-blocking. NULL when out of memory
 * or when `socket` is no descriptor.
 * Tornado: netutil.add_accept_handler.
 */
GALE_API gale_accept_handler *gale_add_accept_handler(int socket, gale_accept_callback callback,
                                                      void *arg);
/** Stops, at once, also from within the callback; before the loop is freed. NULL is allowed. */
GALE_API void gale_remove_accept_handler(gale_accept_handler *handler);

#ifdef __cplusplus
}
#endif

#endif
