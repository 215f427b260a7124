/* SPDX-License-Identifier: Apache-2.0 */
/* What every resolver is: two functions, in front of whatever it keeps. */
#ifndef GALE_NET_RESOLVER_H
#define GALE_NET_RESOLVER_H

#include <gale/netutil.h>

#include "net/net.h"

struct gale_resolver {
    /* As gale_resolver_resolve; `port` is one. May suspend. */
    int (*resolve)(gale_resolver *self, const char *host, int port, int family,
                   gale_address *addresses, int capacity);
    void (*close)(gale_resolver *self);
    bool asked_for_literals; /* also what is a literal IP address comes to `resolve` */
};

/* GALE_EINVALID or another code, with "cannot resolve 'host': reason". */
int gale__resolve_failed(const char *host, int code, const char *reason);

#endif
