/* SPDX-License-Identifier: Apache-2.0 */
/* gale_fetch: from a place in the queue to the response. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "http/client_nonces.h"

static const double DEFAULT_TIMEOUT = 20;

/* ---- Exchanges ------------------------------------------------------------------------- */

bool gale__fetch_goes_on(const gale__fetch *self)
{
    return gale__fetch_is_redirect(self) || gale__fetch_is_challenge(self);
}

/* One exchange after the other, until one brings the response. */
static int run(gale__fetch *self)
{
    const gale__client_implementation *implementation =
        self->upgrade ? &gale__client_simple : self->client->implementation;
    for (;;) {
        GALE_TRY(gale__fetch_authorize(self));
        GALE_TRY(gale__fetch_choose_cookies(self));
        if (self->upgrade)
            GALE_TRY(self->upgrade->renew(self->upgrade));
        self->response->effective_url = self->uri.text.data;
        GALE_TRY(implementation->exchange(self));
        gale__nonces_judge(self);
        GALE_TRY(gale__fetch_take_cookies(self));
        if (!gale__fetch_goes_on(self))
            return 0;
        GALE_TRY(gale__fetch_is_redirect(self) ? gale__fetch_redirect(self)
                                               : gale__fetch_take_challenge(self));
    }
}

static int run_in_time(gale__fetch *self)
{
    double timeout = gale__fetch_timeout(self->options->request_timeout, DEFAULT_TIMEOUT);
    if (timeout <= 0)
        return run(self);
    gale_scope *scope = gale_scope_open(&(gale_scope_options){ .timeout = timeout });
    int before = scope ? run(self) : -ENOMEM;
    int result = gale_scope_close(scope, before);
    return result == GALE_ETIMEDOUT && before == GALE_ECANCELED
               ? gale__fail(result, "%s", self->phase)
               : result;
}

/* ---- The fetch ------------------------------------------------------------------------- */

static double queue_timeout(const gale_fetch_options *options)
{
    double connect = gale__fetch_timeout(options->connect_timeout, DEFAULT_TIMEOUT);
    double request = gale__fetch_timeout(options->request_timeout, DEFAULT_TIMEOUT);
    if (options->queue_timeout != 0)
        return gale__fetch_timeout(options->queue_timeout, 0);
    return connect == 0 || (request > 0 && request < connect) ? request : connect;
}

static int fetch_in_place(gale__fetch *self, const char *url)
{
    gale_http_response *response = gale__http_response_new(self->client->loop);
    if (!response)
        return -ENOMEM;
    self->response = response;
    self->arena = &response->arena;
    response->start_time = gale_ioloop_time(self->client->loop);
    response->times.queue = gale__fetch_seconds(self);
    int result = gale__fetch_check(self, url);
    if (result == 0)
        result = run_in_time(self);
    response->times.total = gale__fetch_seconds(self);
    if (result == 0)
        return 0;
    self->response = NULL;
    gale_http_response_free(response);
    return result;
}

/* Options with the client's defaults need `own` for room. */
static int begin(gale__fetch *self, gale_http_client *client, const gale_fetch_options *options,
                 gale_fetch_options *own)
{
    if (!client)
        client = gale_http_client_current();
    if (!client)
        return -ENOMEM;
    if (client->closed)
        return gale__fail(GALE_ESTATE, "fetch() called on a closed client");
    self->client = client;
    self->resolver = client->options.resolver;
    self->options = gale__fetch_options(options, client->options.defaults, own);
    self->asked = client->loop->now;
    self->phase = "";
    return 0;
}

int gale__client_upgrade(gale_http_client *client, const char *url,
                         const gale_fetch_options *options, gale__upgrade *upgrade,
                         gale_http_response **ret_response)
{
    gale_fetch_options own;
    gale__fetch self = { .upgrade = upgrade };
    *ret_response = NULL;
    GALE_TRY(begin(&self, client, options, &own));
    if (upgrade->resolver)
        self.resolver = upgrade->resolver;
    self.client->references++;
    int result = fetch_in_place(&self, url);
    gale__client_unref(self.client);
    *ret_response = self.response;
    return result < 0 || upgrade->stream
               ? result
               : gale__fail(GALE_EHTTP, "HTTP %d: %s", self.response->code,
                            gale_http_response_reason(self.response));
}

/* The response belongs to nobody yet. */
static int fetch(gale_http_client *client, const char *url, const gale_fetch_options *options,
                 gale_http_response **ret_response)
{
    gale_fetch_options own;
    gale__fetch self = { 0 };
    *ret_response = NULL;
    GALE_TRY(begin(&self, client, options, &own));
    GALE_TRY(gale__client_enter(self.client, queue_timeout(self.options)));
    int result = fetch_in_place(&self, url);
    gale__client_leave(self.client);
    *ret_response = self.response;
    return result < 0 || self.options->no_raise_error ? result
                                                      : gale_http_response_rethrow(self.response);
}

int gale_http_client_fetch(gale_http_client *client, const char *url,
                           const gale_fetch_options *options, gale_http_response **ret_response)
{
    if (!gale__task_current)
        return gale__fail(GALE_ENOTASK, "a fetch is possible in a task only");
    gale_scope *scope = options && options->scope ? options->scope : gale__task_current->scope;
    int result = fetch(client, url, options, ret_response);
    if (*ret_response)
        gale__http_response_adopt(*ret_response, scope);
    return result;
}

int gale_fetch(const char *url, const gale_fetch_options *options,
               gale_http_response **ret_response)
{
    return gale_http_client_fetch(NULL, url, options, ret_response);
}

/* ---- Outside tasks --------------------------------------------------------------------- */

typedef struct blocking {
    gale_http_client *client;
    const char *url;
    const gale_fetch_options *options;
    gale_http_response **ret_response;
    char detail[GALE__ERROR_DETAIL_MAX + 1];
} blocking;

static int fetch_blocking(void *arg)
{
    blocking *self = arg;
    int result = fetch(self->client, self->url, self->options, self->ret_response);
    strncpy(self->detail, gale_error_detail(), sizeof self->detail - 1);
    return result;
}

int gale_http_client_fetch_blocking(gale_http_client *client, const char *url,
                                    const gale_fetch_options *options,
                                    gale_http_response **ret_response)
{
    blocking self = {
        .client = client, .url = url, .options = options, .ret_response = ret_response
    };
    *ret_response = NULL;
    int result = gale_ioloop_run_sync(gale_ioloop_current(), fetch_blocking, &self, 0);
    return result < 0 && self.detail[0] ? gale__fail(result, "%s", self.detail) : result;
}
