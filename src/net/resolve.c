/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale_resolve: getaddrinfo in a thread. A thread in getaddrinfo cannot be stopped; so that a
 * cancelled caller need not wait for it, the lookup runs in a task of the loop, and the request
 * is shared by that task and the caller.
 */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "gen/task.h"
#include "net/address.h"
#include "net/lookup.h"

typedef struct request {
    gale__lookup lookup;
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
    self->result = gale_run_in_executor(NULL, run_lookup, self);
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

static int copy_addresses(const struct addrinfo *list, int port, gale_address *addresses,
                          int capacity)
{
    int count = 0;
    for (; list; list = list->ai_next) {
        if (list->ai_family != AF_INET && list->ai_family != AF_INET6)
            continue;
        if (count < capacity) {
            gale__address_from_socket(&addresses[count], list->ai_addr, list->ai_addrlen);
            addresses[count].port = port;
        }
        count++;
    }
    return count;
}

static int failed(const char *host, int result, const gale__lookup *lookup)
{
    return gale__fail(result, "cannot resolve %s: %s", host,
                      lookup->reason ? lookup->reason : gale_strerror(result));
}

static int resolve_name(const char *host, int port, int family, gale_address *addresses,
                        int capacity)
{
    caller self = { .request = NULL };
    GALE_TRY(gale__wait_begin(&self.waiter, leave_lookup));
    request *asked = self.request = request_new(host, family);
    if (!asked)
        return -ENOMEM;
    asked->caller = &self;
    int result = gale_ioloop_spawn_callback(gale_ioloop_current(), "resolve", lookup_task, asked);
    if (result == 0 && gale__wait_end(&self.waiter) == GALE_ECANCELED)
        return GALE_ECANCELED; /* the task has the request */
    if (result == 0)
        result = asked->result;
    if (result == 0)
        result = copy_addresses(asked->lookup.list, port, addresses, capacity);
    else
        failed(host, result, &asked->lookup);
    request_free(asked);
    return result;
}

int gale_resolve(const char *host, int port, int family, gale_address *addresses, int capacity)
{
    gale__lookup lookup;
    if (port < 0 || port > 65535)
        return gale__fail(GALE_EINVALID, "no such port: %d", port);
    int result = gale__lookup_run(&lookup, host, family, AI_NUMERICHOST);
    if (result == GALE_ENOTFOUND)
        return resolve_name(host, port, family, addresses, capacity);
    if (result < 0)
        return failed(host, result, &lookup);
    result = copy_addresses(lookup.list, port, addresses, capacity);
    freeaddrinfo(lookup.list);
    return result;
}
