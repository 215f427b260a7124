/* SPDX-License-Identifier: Apache-2.0 */
#include <gale/middleware.h>

#include <errno.h>
#include <string.h>

#include "core/digest.h"
#include "core/error.h"
#include "web/handler.h"

enum { LONGEST_ID = 128, RANDOM_BYTES = 16 };

typedef struct state {
    const char *id;
} state;

static const char *header_name(const gale_request_id_options *options)
{
    return options && options->header ? options->header : "X-Request-Id";
}

/* Nothing that could confuse a log or a shell. */
static bool is_fit(const char *id)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_.:+/=@";
    size_t size = strspn(id, allowed);
    return size > 0 && size <= LONGEST_ID && id[size] == '\0';
}

static const char *received_id(gale_handler *self, const gale_request_id_options *options)
{
    if (options && options->ignore_received)
        return NULL;
    gale_http_headers *headers = gale_http_server_request_headers(self->request);
    const char *id = gale_http_headers_get(headers, header_name(options));
    return id && is_fit(id) ? id : NULL;
}

static int make_id(gale_handler *self, const char **ret_id)
{
    unsigned char random[RANDOM_BYTES];
    char *id = gale__arena_alloc(gale__handler_arena(self), 2 * sizeof random + 1);
    if (!id)
        return -ENOMEM;
    GALE_TRY(gale__random(random, sizeof random));
    gale__hex_encode(id, random, sizeof random);
    id[2 * sizeof random] = '\0';
    *ret_id = id;
    return 0;
}

static void set_default_headers(gale_handler *self, void *options)
{
    state *own = gale_filter_state(self, &gale_request_id_filter);
    if (own->id)
        gale_set_header(self, header_name(options), own->id);
}

static int prepare(gale_handler *self, void *options)
{
    state *own = gale_filter_state(self, &gale_request_id_filter);
    own->id = received_id(self, options);
    if (!own->id)
        GALE_TRY(make_id(self, &own->id));
    GALE_TRY(gale_set_header(self, header_name(options), own->id));
    return gale_task_set_log_context(own->id);
}

const gale_filter_class gale_request_id_filter = { .name = "request id",
                                                   .state_size = sizeof(state),
                                                   .set_default_headers = set_default_headers,
                                                   .prepare = prepare };

const char *gale_request_id(gale_handler *self)
{
    const state *own = gale_filter_state(self, &gale_request_id_filter);
    return own ? own->id : NULL;
}
