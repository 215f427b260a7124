/* SPDX-License-Identifier: Apache-2.0 */
/* What this floor keeps for each loop. */
#ifndef GALE_NET_NET_H
#define GALE_NET_NET_H

#include <gale/ssl.h>

#include "loop/loop.h"

enum { GALE__SEGMENT_BLOCK = 16384 }; /* a pooled segment with its data */

typedef struct gale__net {
    gale_ioloop *loop;
    gale__pool segments;                 /* GALE__SEGMENT_BLOCK */
    gale__pool outputs;                  /* gale__output */
    gale__list subprocesses;             /* of gale_subprocess */
    struct gale_resolver *resolver;      /* borrowed; NULL: */
    struct gale_resolver *own_resolver;  /* made when it is first asked */
    struct gale__autoreload *autoreload; /* made when it is first asked for */
    struct gale__readiness *readiness;   /* of the loop that stands for the process */
    gale__list ssl_contexts;
    gale_ssl_context *default_ssl_context; /* made when first asked for */
    struct gale__tls_shared *tls;          /* made for the first connection with TLS */
} gale__net;

/* The slow path of gale__net_of. */
GALE__APART gale__net *gale__net_new(gale_ioloop *loop);

/* Made on first use; NULL when out of memory. */
static inline gale__net *gale__net_of(gale_ioloop *loop)
{
    gale__net *net = loop->parts[GALE__LOOP_NET].state;
    return GALE__LIKELY(net != NULL) ? net : gale__net_new(loop);
}

#endif
