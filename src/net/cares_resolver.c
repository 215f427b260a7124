/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver of c-ares, on the loop: its sockets are watched as it asks, its timeouts are one
 * timer. A lookup cannot be taken back from a channel; when its caller has been cancelled the
 * answer is thrown away. c-ares calls back from within its own functions only, so that a channel
 * must not be destroyed there; it never is, since callers are tasks, and are only woken.
 *
 * c-ares keeps malloc: its hooks are the process's, and whoever else uses c-ares may have memory of
 * it already.
 */
#include "net/resolver.h"

#include <errno.h>

#include "core/error.h"

#if GALE_CARES

#include <ares.h>
#include <pthread.h>
#include <string.h>

#include "gen/task.h"
#include "net/address.h"
#include "net/watched_sockets.h"

typedef struct cares_resolver {
    gale_resolver base;
    gale_ioloop *loop;
    ares_channel channel;
    gale__watched_sockets sockets;
    gale__timer timer;
    gale_cares_options options;
} cares_resolver;

/* A lookup, which lives until c-ares has answered. */
typedef struct cares_lookup {
    struct cares_caller *caller; /* NULL once nobody waits */
} cares_lookup;

typedef struct cares_caller {
    gale__waiter waiter;
    cares_resolver *resolver;
    cares_lookup *lookup;
    const char *host;
    int family, port;
    int status, count;
    gale_address *addresses;
    int capacity;
} cares_caller;

/* ---- Sockets and time ------------------------------------------------------------------- */

static void set_timer(cares_resolver *self)
{
    struct timeval left;
    gale__loop_remove_timer(self->loop, &self->timer);
    if (ares_timeout(self->channel, NULL, &left))
        gale__loop_add_timer(self->loop, &self->timer,
                             (double)left.tv_sec + (double)left.tv_usec / 1e6);
}

static void process(cares_resolver *self, int readable, int writable)
{
    ares_process_fd(self->channel, readable, writable);
    set_timer(self);
}

static void on_timer(gale__timer *timer)
{
    process(GALE__CONTAINER_OF(timer, cares_resolver, timer), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void on_ready(gale__watched_sockets *sockets, int fd, unsigned events)
{
    process(GALE__CONTAINER_OF(sockets, cares_resolver, sockets),
            events & GALE__WATCH_READ ? fd : ARES_SOCKET_BAD,
            events & GALE__WATCH_WRITE ? fd : ARES_SOCKET_BAD);
}

/* c-ares tells what it wants of a socket, and before it closes one, that it wants nothing more. */
static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    cares_resolver *self = arg;
    gale__watched_sockets_set(&self->sockets, fd,
                              (readable ? (unsigned)GALE__WATCH_READ : 0) |
                                  (writable ? (unsigned)GALE__WATCH_WRITE : 0));
}

/* ---- Lookups ---------------------------------------------------------------------------- */

static int copy_nodes(cares_caller *caller, const struct ares_addrinfo *info)
{
    int count = 0;
    for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next) {
        if (node->ai_family != AF_INET && node->ai_family != AF_INET6)
            continue;
        if (count < caller->capacity) {
            gale__address_from_socket(&caller->addresses[count], node->ai_addr, node->ai_addrlen);
            caller->addresses[count].port = caller->port;
        }
        count++;
    }
    return count;
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    cares_lookup *lookup = arg;
    cares_caller *caller = lookup->caller;
    (void)timeouts;
    if (caller) {
        caller->status = status;
        caller->count = status == ARES_SUCCESS ? copy_nodes(caller, info) : 0;
        gale__wake(&caller->waiter, 0);
    }
    if (info)
        ares_freeaddrinfo(info);
    gale__free(lookup);
}

static void leave(gale__waiter *waiter)
{
    GALE__CONTAINER_OF(waiter, cares_caller, waiter)->lookup->caller = NULL;
}

static void begin(void *arg)
{
    cares_caller *caller = arg;
    cares_resolver *self = caller->resolver;
    struct ares_addrinfo_hints hints = { .ai_family = caller->family, .ai_socktype = SOCK_STREAM };
    ares_getaddrinfo(self->channel, caller->host, NULL, &hints, on_answer, caller->lookup);
    set_timer(self);
}

static int code_of(int status)
{
    switch (status) {
    case ARES_ENOMEM:
        return -ENOMEM;
    case ARES_ETIMEOUT:
        return GALE_ETIMEDOUT_RESOLVE;
    case ARES_EDESTRUCTION:
        return GALE_ECLOSED;
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
    case ARES_ENONAME:
    case ARES_EBADFAMILY:
        return GALE_ENOTFOUND;
    default:
        return -EAGAIN;
    }
}

static int result_of(const cares_caller *caller)
{
    if (caller->status == ARES_SUCCESS && caller->count > 0)
        return caller->count;
    if (caller->status == ARES_SUCCESS || caller->status == ARES_ENODATA)
        return gale__resolve_failed(caller->host, GALE_ENOTFOUND, "it has no address");
    int code = code_of(caller->status);
    return gale__resolve_failed(caller->host, code,
                                code == GALE_ECLOSED ? "the resolver was freed"
                                                     : ares_strerror(caller->status));
}

static int cares_resolve(gale_resolver *resolver, const char *host, int port, int family,
                         gale_address *addresses, int capacity)
{
    cares_caller self = { .resolver = (cares_resolver *)resolver,
                          .host = host,
                          .family = family,
                          .port = port,
                          .addresses = addresses,
                          .capacity = capacity };
    GALE_TRY(gale__wait_begin(&self.waiter, leave));
    GALE_TRY(gale__loop_open_backend(self.resolver->loop));
    self.lookup = GALE__NEW(cares_lookup);
    if (!self.lookup)
        return -ENOMEM;
    self.lookup->caller = &self;
    gale__on_loop_stack(begin, &self);
    int result = gale__wait_end(&self.waiter);
    return result < 0 ? result : result_of(&self);
}

/* ---- Making and freeing ----------------------------------------------------------------- */

static void cares_close(gale_resolver *resolver)
{
    cares_resolver *self = (cares_resolver *)resolver;
    gale__loop_remove_timer(self->loop, &self->timer);
    if (self->channel)
        ares_destroy(self->channel); /* which tells of the end of its sockets, too */
    gale__free(self);
}

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void init_library(void)
{
    ares_library_init(ARES_LIB_INIT_ALL);
}

static int open_channel(cares_resolver *self)
{
    struct ares_options options = { .sock_state_cb = on_socket_state, .sock_state_cb_data = self };
    int mask = ARES_OPT_SOCK_STATE_CB;
    if (self->options.timeout > 0) {
        options.timeout =
            self->options.timeout < 1e6 ? (int)(self->options.timeout * 1000) : 1000000000;
        options.timeout = options.timeout > 0 ? options.timeout : 1;
        mask |= ARES_OPT_TIMEOUTMS;
    }
    if (self->options.tries > 0) {
        options.tries = self->options.tries;
        mask |= ARES_OPT_TRIES;
    }
    int status = ares_init_options(&self->channel, &options, mask);
    if (status == ARES_SUCCESS && self->options.servers)
        status = ares_set_servers_ports_csv(self->channel, self->options.servers);
    if (status == ARES_SUCCESS)
        return 0;
    int code = status == ARES_ENOMEM ? -ENOMEM : GALE_EINVALID;
    return gale__fail(code, "cannot use c-ares: %s", ares_strerror(status));
}

gale_resolver *gale_cares_resolver_new(const gale_cares_options *options)
{
    gale_ioloop *loop = gale_ioloop_current();
    cares_resolver *self = loop ? GALE__NEW(cares_resolver) : NULL;
    if (!self)
        return NULL;
    self->base = (gale_resolver){ .resolve = cares_resolve, .close = cares_close };
    self->loop = loop;
    if (options)
        self->options = *options;
    gale__watched_sockets_init(&self->sockets, loop, on_ready);
    self->timer.fire = on_timer;
    pthread_once(&library_once, init_library);
    if (open_channel(self) == 0)
        return &self->base;
    cares_close(&self->base);
    return NULL;
}

#else

gale_resolver *gale_cares_resolver_new(const gale_cares_options *options)
{
    (void)options;
    gale__fail(GALE_ENOTSUP, "this gale was built without c-ares");
    return NULL;
}

#endif
