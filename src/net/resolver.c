/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to addresses: which resolver is asked, and what need not be asked at all. A literal
 * address is answered here, so that no resolver, and no name server, ever sees one.
 */
#include "net/resolver.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "net/lookup.h"

typedef gale_resolver *(*resolver_maker)(void);

static gale_resolver *make_threaded(void)
{
    return gale_threaded_resolver_new(NULL);
}

static gale_resolver *make_cares(void)
{
    return gale_cares_resolver_new(NULL);
}

static resolver_maker configured = make_threaded; /* set before there are threads */

int gale_resolver_configure(const char *name)
{
    if (strcmp(name, "threaded") == 0)
        configured = make_threaded;
    else if (strcmp(name, "cares") != 0)
        return gale__fail(GALE_EINVALID, "no resolver is called '%s': threaded, cares", name);
    else if (!GALE_CARES)
        return gale__fail(GALE_ENOTSUP, "this gale was built without c-ares");
    else
        configured = make_cares;
    return 0;
}

void gale_ioloop_set_default_resolver(gale_ioloop *loop, gale_resolver *resolver)
{
    gale__net *net = gale__net_of(loop);
    if (net)
        net->resolver = resolver;
}

static int find_default(gale_resolver **ret_resolver)
{
    gale_ioloop *loop = gale_ioloop_current_or_null();
    if (!loop)
        return gale__fail(GALE_ENOTASK, "a wait is possible in a task only");
    gale__net *net = gale__net_of(loop);
    if (!net)
        return -ENOMEM;
    if (!net->resolver && !net->own_resolver)
        net->own_resolver = configured();
    *ret_resolver = net->resolver ? net->resolver : net->own_resolver;
    return *ret_resolver ? 0 : -ENOMEM;
}

int gale__resolve_failed(const char *host, int code, const char *reason)
{
    return gale__fail(code, "cannot resolve '%s': %s", host, reason);
}

/* ---- Literal addresses ------------------------------------------------------------------ */

/* Returns 1 and its address when `host` is a literal one, 0 when it is not, or a negative error. */
static int resolve_literal(const char *host, int port, int family, gale_address *addresses,
                           int capacity)
{
    gale__lookup lookup;
    int result = gale__lookup_run(&lookup, host, AF_UNSPEC, AI_NUMERICHOST);
    if (result == GALE_ENOTFOUND)
        return 0;
    if (result < 0)
        return gale__resolve_failed(host, result, lookup.reason);
    if (family && lookup.list->ai_family != family)
        result = gale__resolve_failed(host, GALE_ENOTFOUND, "it is an address of another family");
    else
        result = gale__lookup_addresses(lookup.list, port, addresses, capacity);
    freeaddrinfo(lookup.list);
    return result;
}

/* RFC 6761 §6.3: whatever ends in .localhost is this machine. */
static bool is_below_localhost(const char *host)
{
    static const char suffix[] = ".localhost";
    size_t size = strlen(host);
    size -= size > 0 && host[size - 1] == '.';
    return size > strlen(suffix) &&
           strncasecmp(host + size - strlen(suffix), suffix, strlen(suffix)) == 0;
}

/* ---- Resolving -------------------------------------------------------------------------- */

int gale_resolver_resolve(gale_resolver *self, const char *host, int port, int family,
                          gale_address *addresses, int capacity)
{
    if (port < 0 || port > 65535)
        return gale__fail(GALE_EINVALID, "no such port: %d", port);
    if (!*host)
        return gale__resolve_failed(host, GALE_ENOTFOUND, "it is empty");
    if (!self || !self->asked_for_literals) {
        int result = resolve_literal(host, port, family, addresses, capacity);
        if (result != 0)
            return result;
        if (is_below_localhost(host))
            host = "localhost";
    }
    if (!self)
        GALE_TRY(find_default(&self));
    return self->resolve(self, host, port, family, addresses, capacity);
}

int gale_resolve(const char *host, int port, int family, gale_address *addresses, int capacity)
{
    return gale_resolver_resolve(NULL, host, port, family, addresses, capacity);
}

void gale_resolver_free(gale_resolver *self)
{
    if (self)
        self->close(self);
}

/* ---- Resolvers of users ----------------------------------------------------------------- */

typedef struct user_resolver {
    gale_resolver base;
    gale_resolve_function function;
    void *arg;
} user_resolver;

static int user_resolve(gale_resolver *resolver, const char *host, int port, int family,
                        gale_address *addresses, int capacity)
{
    const user_resolver *self = (const user_resolver *)resolver;
    return self->function(host, port, family, addresses, capacity, self->arg);
}

static void user_close(gale_resolver *resolver)
{
    gale__free(resolver);
}

gale_resolver *gale_resolver_new(gale_resolve_function function, void *arg)
{
    user_resolver *self = GALE__NEW(user_resolver);
    if (!self)
        return NULL;
    self->base = (gale_resolver){ .resolve = user_resolve, .close = user_close };
    self->function = function;
    self->arg = arg;
    return &self->base;
}
