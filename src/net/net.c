/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net.h"

#include <gale/netutil.h>

#include "net/autoreload.h"
#include "net/readiness.h"
#include "net/ssl_context.h"
#include "net/stream.h"
#include "net/subprocess.h"
#include "net/tls.h"
#include "net/upgrade.h"

static void net_close(void *state)
{
    gale__net *net = state;
    gale__upgrade_abandon(net->loop);
    gale__autoreload_free(net->autoreload);
    gale__readiness_end(net);
    gale_resolver_free(net->own_resolver);
    gale__subprocesses_abandon(net);
    gale__ssl_leave_loop(net);
    gale__tls_shared_free(net->tls);
    gale__pool_close(&net->segments);
    gale__pool_close(&net->outputs);
    gale__free(net);
}

gale__net *gale__net_new(gale_ioloop *loop)
{
    gale__net *net = GALE__NEW(gale__net);
    if (!net)
        return NULL;
    net->loop = loop;
    gale__list_init(&net->subprocesses);
    gale__list_init(&net->ssl_contexts);
    gale__pool_init(&net->segments, GALE__SEGMENT_BLOCK, 0);
    gale__pool_init(&net->outputs, sizeof(gale__output), 0);
    gale__loop_attach(loop, GALE__LOOP_NET, net, net_close);
    return net;
}
