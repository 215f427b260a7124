/* SPDX-License-Identifier: Apache-2.0 */
/* The client object: its options, its places and who waits for one. */
#include "http/client.h"

#include <errno.h>
#include <string.h>

#include "core/digest.h"
#include "http/client_curl.h"
#include "http/client_pool.h"
#include "http/client_ssl.h"
#include "http/http.h"

static const gale__client_implementation *const implementations[] = {
    &gale__client_simple,
#if GALE_CURL
    &gale__client_curl,
#endif
};
static const gale__client_implementation *configured = &gale__client_simple;
static const gale_http_client_options *configured_options;

static int find_implementation(const char *name)
{
    for (size_t i = 0; i < sizeof implementations / sizeof *implementations; i++)
        if (strcmp(implementations[i]->name, name) == 0) {
            if (implementations[i]->load)
                GALE_TRY(implementations[i]->load());
            configured = implementations[i];
            return 0;
        }
    return gale__fail(strcmp(name, "curl") == 0 ? GALE_ENOTSUP : GALE_EINVALID,
                      "no implementation of the HTTP client is called %s", name);
}

int gale_http_client_configure(const char *implementation, const gale_http_client_options *options)
{
    if (implementation)
        GALE_TRY(find_implementation(implementation));
    configured_options = options;
    return 0;
}

/* ---- Making and ending ----------------------------------------------------------------- */

static void set_limit(int *limit, int otherwise)
{
    if (*limit == 0)
        *limit = otherwise;
    else if (*limit < 0)
        *limit = INT32_MAX;
}

static void set_options(gale_http_client_options *own, const gale_http_client_options *options)
{
    enum { MAX_CLIENTS = 10, MAX_IDLE = 100, MAX_IDLE_PER_HOST = 10 };
    const double idle_timeout = 60, years = 1e9;
    if (!options)
        options = configured_options;
    if (options)
        *own = *options;
    set_limit(&own->max_clients, MAX_CLIENTS);
    set_limit(&own->max_idle, MAX_IDLE);
    set_limit(&own->max_idle_per_host, MAX_IDLE_PER_HOST);
    if (own->idle_timeout == 0)
        own->idle_timeout = idle_timeout;
    else if (own->idle_timeout < 0)
        own->idle_timeout = years;
}

static int open_resolver(gale_http_client *client)
{
    if (!client->options.hostname_mapping)
        return 0;
    client->own_resolver =
        gale_override_resolver_new(client->options.resolver, client->options.hostname_mapping);
    client->options.resolver = client->own_resolver;
    return client->own_resolver ? 0 : -ENOMEM;
}

gale_http_client *gale_http_client_new(const gale_http_client_options *options)
{
    gale_ioloop *loop = gale_ioloop_current();
    gale_http_client *client = loop ? GALE__NEW(gale_http_client) : NULL;
    if (!client)
        return NULL;
    client->loop = loop;
    client->references = 1;
    client->implementation = configured;
    client->environment_proxies = gale__proxy_in_environment();
    set_options(&client->options, options);
    gale__list_init(&client->queue);
    gale__client_pool_init(client);
    if (open_resolver(client) == 0 && gale__random(client->hash_key, sizeof client->hash_key) == 0)
        return client;
    gale_http_client_free(client);
    return NULL;
}

void gale__client_unref(gale_http_client *client)
{
    if (--client->references > 0)
        return;
    gale_resolver_free(client->own_resolver);
    gale__client_contexts_free(client->contexts);
    gale__recent_clear(&client->nonces);
    gale__free(client);
}

void gale_http_client_free(gale_http_client *client)
{
    if (!client)
        return;
    client->closed = true;
    gale__client_pool_close(client);
    gale__wake_all(&client->queue, GALE_ECLOSED);
    if (client->implementation->close)
        client->implementation->close(client);
    gale__client_unref(client);
}

gale_http_client *gale_http_client_current(void)
{
    gale_ioloop *loop = gale_ioloop_current();
    gale__http *http = loop ? gale__http_of(loop) : NULL;
    if (http && !http->client)
        http->client = gale_http_client_new(NULL);
    return http ? http->client : NULL;
}

/* ---- Places ---------------------------------------------------------------------------- */

static int wait_for_place(void *arg)
{
    gale_http_client *client = arg;
    return gale__wait_in(&client->queue);
}

/* Those who wait come first, so that a place is handed over and not given back. */
int gale__client_enter(gale_http_client *client, double timeout)
{
    int result = 0;
    client->references++;
    if (client->active < client->options.max_clients) {
        client->active++;
        return 0;
    }
    result =
        timeout > 0 ? gale_with_timeout(timeout, wait_for_place, client) : wait_for_place(client);
    if (result == 0)
        return 0;
    if (result == GALE_ETIMEDOUT)
        result = gale__fail(GALE_ETIMEDOUT_QUEUE, "Timeout in request queue");
    else if (result == GALE_ECLOSED)
        gale__fail(result, "the client was closed");
    gale__client_unref(client);
    return result;
}

void gale__client_leave(gale_http_client *client)
{
    if (!gale__wake_first(&client->queue, 0))
        client->active--;
    gale__client_unref(client);
}
