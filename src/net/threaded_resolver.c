/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver that asks the system: getaddrinfo in a thread. A thread in getaddrinfo cannot be
 * stopped; so that a cancelled caller need not wait for it, the lookup runs in a task of the loop,
 * and the request is shared by that task and the caller.
 */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "gen/task.h"
#include "net/lookup.h"
#include "net/resolver.h"

typedef struct threaded_resolver {
    gale_resolver base;
    gale_executor *executor; /* NULL: the loop's */
} threaded_resolver;

typedef struct request {
    gale__lookup lookup;
    gale_executor *executor;
    int family;
    int result;
    struct caller *caller; /* NULL once nobody waits: then the task frees the request */
    char host[];
} request;

typedef struct caller {
    gale__waiter waiter;
    request *request;
} caller;

static void request_free(request *self)
{
    if (self->lookup.list)
        freeaddrinfo(self->lookup.list);
    gale__free(self);
}

static request *request_new(const char *host, int family)
{
    size_t size = strlen(host) + 1;
    request *self = gale__calloc(1, sizeof *self + size);
    if (!self)
        return NULL;
    self->family = family;
    memcpy(self->host, host, size);
    return self;
}

static int run_lookup(void *arg)
{
    request *self = arg;
    return gale__lookup_run(&self->lookup, self->host, self->family, 0);
}

static int lookup_task(void *arg)
{
    request *self = arg;
    self->result = gale_run_in_executor(self->executor, run_lookup, self);
    if (self->caller)
        gale__wake(&self->caller->waiter, 0);
    else
        request_free(self);
    return 0;
}

static void leave_lookup(gale__waiter *waiter)
{
    GALE__CONTAINER_OF(waiter, caller, waiter)->request->caller = NULL;
}

static int threaded_resolve(gale_resolver *resolver, const char *host, int port, int family,
                            gale_address *addresses, int capacity)
{
    caller self = { .request = NULL };
    GALE_TRY(gale__wait_begin(&self.waiter, leave_lookup));
    request *asked = self.request = request_new(host, family);
    if (!asked)
        return -ENOMEM;
    asked->executor = ((threaded_resolver *)resolver)->executor;
    asked->caller = &self;
    int result = gale_ioloop_spawn_callback(gale_ioloop_current(), "resolve", lookup_task, asked);
    if (result == 0 && gale__wait_end(&self.waiter) == GALE_ECANCELED)
        return GALE_ECANCELED; /* the task has the request */
    if (result == 0)
        result = asked->result;
    if (result == 0)
        result = gale__lookup_addresses(asked->lookup.list, port, addresses, capacity);
    else
        gale__resolve_failed(host, result,
                             asked->lookup.reason ? asked->lookup.reason : gale_strerror(result));
    request_free(asked);
    return result;
}

static void threaded_close(gale_resolver *resolver)
{
    gale__free(resolver);
}

gale_resolver *gale_threaded_resolver_new(gale_executor *executor)
{
    threaded_resolver *self = GALE__NEW(threaded_resolver);
    if (!self)
        return NULL;
    self->base = (gale_resolver){ .resolve = threaded_resolve, .close = threaded_close };
    self->executor = executor;
    return &self->base;
}
