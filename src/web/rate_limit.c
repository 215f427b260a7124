/* SPDX-License-Identifier: Apache-2.0 */
/* A token bucket for each key. Keys are known by their hash only: two that share one of 2^64 would
 * share a bucket. */
#include <gale/middleware.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/recent.h"
#include "web/application.h"

typedef struct bucket {
    gale__recent_entry entry;
    double tokens;
    int64_t filled; /* when, in ns */
} bucket;

/* Of a request: seconds to wait; 0: it was not refused. */
typedef struct state {
    int retry_after;
} state;

typedef struct limiter {
    gale_rate_limit_options options;
    gale__recent buckets;
} limiter;

static void forget_bucket(gale__recent_entry *entry)
{
    gale__free(GALE__CONTAINER_OF(entry, bucket, entry));
}

static void close_limiter(void *instance)
{
    limiter *self = instance;
    gale__recent_clear(&self->buckets);
    gale__free(self);
}

static int open_limiter(const void *arg, void **ret_instance)
{
    const gale_rate_limit_options *options = arg;
    if (!options || !(options->rate > 0))
        return gale__fail(GALE_EINVALID, "gale_rate_limit_filter needs a rate");
    limiter *self = GALE__NEW(limiter);
    if (!self)
        return -ENOMEM;
    self->options = *options;
    if (!(self->options.burst > 0))
        self->options.burst = options->rate > 1 ? options->rate : 1;
    size_t most = options->max_keys ? options->max_keys : 65536;
    int result = gale__recent_init(&self->buckets, most, forget_bucket);
    if (result < 0)
        close_limiter(self);
    else
        *ret_instance = self;
    return result;
}

/* ---- Buckets --------------------------------------------------------------------------- */

static bucket *find_or_add(limiter *self, gale_str key, int64_t now)
{
    uint64_t hash = gale__recent_hash(&self->buckets, key);
    gale__recent_entry *found = gale__recent_find(&self->buckets, hash);
    if (found)
        return GALE__CONTAINER_OF(found, bucket, entry);
    bucket *made = GALE__NEW(bucket);
    if (!made)
        return NULL;
    made->tokens = self->options.burst;
    made->filled = now;
    gale__recent_add(&self->buckets, &made->entry, hash);
    return made;
}

/* Takes a token; returns the seconds until there is one, 0 when there was. */
static double take(const gale_rate_limit_options *options, bucket *from, int64_t now)
{
    double seconds = (double)(now - from->filled) / 1e9;
    from->tokens += seconds * options->rate;
    if (from->tokens > options->burst)
        from->tokens = options->burst;
    from->filled = now;
    if (from->tokens < 1)
        return (1 - from->tokens) / options->rate;
    from->tokens -= 1;
    return 0;
}

static state *state_of(gale_handler *self)
{
    return gale_filter_state(self, &gale_rate_limit_filter);
}

/* ---- The filter ------------------------------------------------------------------------ */

/* One client has a whole /64 of IPv6, but not of the IPv4 addresses within it. */
static gale_str client_network(gale_handler *self, char out[16])
{
    const char *ip = gale_http_server_request_remote_ip(self->request);
    struct in6_addr address;
    if (!strchr(ip, ':') || inet_pton(AF_INET6, ip, &address) != 1)
        return (gale_str){ ip, strlen(ip) };
    memcpy(out, address.s6_addr, sizeof address.s6_addr);
    return (gale_str){ out, IN6_IS_ADDR_V4MAPPED(&address) ? 16 : 8 };
}

static int refuse(gale_handler *self, double seconds)
{
    state_of(self)->retry_after = seconds < 86400 ? (int)seconds + 1 : 86400;
    return gale_http_error(self, 429, NULL);
}

static int prepare(gale_handler *self, void *instance)
{
    limiter *limits = instance;
    char network[16];
    gale_str key;
    if (limits->options.key) {
        const char *text = limits->options.key(self);
        key = (gale_str){ text, text ? strlen(text) : 0 };
    } else {
        key = client_network(self, network);
    }
    if (!key.data)
        return 0;
    int64_t now = self->application->loop->now;
    bucket *found = find_or_add(limits, key, now);
    if (!found)
        return -ENOMEM;
    double seconds = take(&limits->options, found, now);
    return seconds > 0 ? refuse(self, seconds) : 0;
}

static void set_default_headers(gale_handler *self, void *instance)
{
    char text[16];
    (void)instance;
    if (state_of(self)->retry_after == 0)
        return;
    snprintf(text, sizeof text, "%d", state_of(self)->retry_after);
    gale_set_header(self, "Retry-After", text);
}

const gale_filter_class gale_rate_limit_filter = { .name = "rate limit",
                                                   .state_size = sizeof(state),
                                                   .open = open_limiter,
                                                   .close = close_limiter,
                                                   .set_default_headers = set_default_headers,
                                                   .prepare = prepare };
