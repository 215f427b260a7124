/* SPDX-License-Identifier: Apache-2.0 */
/* A resolver in front of another one, which is asked for other hosts than those given. */
#include <strings.h>

#include "core/memory.h"
#include "net/resolver.h"

typedef struct override_resolver {
    gale_resolver base;
    gale_resolver *resolver; /* borrowed; NULL: the loop's */
    const gale_override *mapping;
} override_resolver;

static const gale_override *find(const override_resolver *self, const char *host, int port,
                                 int family)
{
    for (const gale_override *entry = self->mapping; entry->host; entry++)
        if (entry->port == port && entry->family == family && strcasecmp(entry->host, host) == 0)
            return entry;
    return NULL;
}

/* The most telling entry, or NULL. */
static const gale_override *find_best(const override_resolver *self, const char *host, int port,
                                      int family)
{
    const gale_override *entry = find(self, host, port, family);
    if (!entry)
        entry = find(self, host, port, 0);
    if (!entry)
        entry = find(self, host, 0, family);
    return entry ? entry : find(self, host, 0, 0);
}

static int override_resolve(gale_resolver *resolver, const char *host, int port, int family,
                            gale_address *addresses, int capacity)
{
    const override_resolver *self = (const override_resolver *)resolver;
    const gale_override *entry = find_best(self, host, port, family);
    if (entry) {
        host = entry->to_host;
        port = entry->to_port ? entry->to_port : port;
    }
    return gale_resolver_resolve(self->resolver, host, port, family, addresses, capacity);
}

static void override_close(gale_resolver *resolver)
{
    gale__free(resolver);
}

gale_resolver *gale_override_resolver_new(gale_resolver *resolver, const gale_override *mapping)
{
    override_resolver *self = GALE__NEW(override_resolver);
    if (!self)
        return NULL;
    self->base = (gale_resolver){ .resolve = override_resolve,
                                  .close = override_close,
                                  .asked_for_literals = true };
    self->resolver = resolver;
    self->mapping = mapping;
    return &self->base;
}
