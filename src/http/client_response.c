/* SPDX-License-Identifier: Apache-2.0 */
/* Responses: whose they are, and what they tell. */
#include <string.h>

#include "core/error.h"
#include "http/client.h"

/* ---- Ownership ------------------------------------------------------------------------- */

gale_http_response *gale__http_response_new(gale_ioloop *loop)
{
    gale__arena arena;
    gale_http_response *self = gale__arena_begin(&arena, &loop->blocks, sizeof *self);
    if (!self)
        return NULL;
    memset(self, 0, sizeof *self);
    self->arena = arena;
    gale__http_response_clear(self);
    return self;
}

void gale__http_response_clear(gale_http_response *self)
{
    self->code = 0;
    gale__http_headers_init(&self->headers, &self->arena);
    gale__buffer_clear(&self->body);
    gale__buffer_init(&self->body, SIZE_MAX / 2);
}

static void destroy(void *arg)
{
    gale_http_response *self = arg;
    gale__buffer_clear(&self->body);
    gale__arena arena = self->arena; /* it lies in it */
    gale__arena_end(&arena);
}

void gale__http_response_adopt(gale_http_response *self, gale_scope *scope)
{
    self->scope = scope;
    self->defer = (gale__defer){ scope->defers, destroy, self };
    scope->defers = &self->defer;
}

/* Most are given back in the order in which they came, the last one first. */
void gale_http_response_free(gale_http_response *self)
{
    if (!self)
        return;
    if (self->scope) {
        gale__defer **place = &self->scope->defers;
        while (*place != &self->defer)
            place = &(*place)->next;
        *place = self->defer.next;
    }
    destroy(self);
}

/* ---- What it tells --------------------------------------------------------------------- */

int gale_http_response_code(const gale_http_response *self)
{
    return self->code;
}

const char *gale_http_response_reason(const gale_http_response *self)
{
    return self->phrase.len ? self->phrase.data : gale_http_reason(self->code);
}

gale_http_headers *gale_http_response_headers(gale_http_response *self)
{
    return &self->headers;
}

const char *gale_http_response_body(const gale_http_response *self)
{
    return gale__buffer_str(&self->body).data;
}

gale_str gale_http_response_body_str(const gale_http_response *self)
{
    return gale__buffer_str(&self->body);
}

const char *gale_http_response_effective_url(const gale_http_response *self)
{
    return self->effective_url;
}

int gale_http_response_error(const gale_http_response *self)
{
    return self->code >= 200 && self->code < 300 ? 0 : GALE_EHTTP;
}

int gale_http_response_rethrow(const gale_http_response *self)
{
    if (gale_http_response_error(self) == 0)
        return 0;
    return gale__fail(GALE_EHTTP, "HTTP %d: %s", self->code, gale_http_response_reason(self));
}

double gale_http_response_request_time(const gale_http_response *self)
{
    return self->times.total - self->times.queue;
}

double gale_http_response_start_time(const gale_http_response *self)
{
    return self->start_time;
}

const gale_http_time_info *gale_http_response_time_info(const gale_http_response *self)
{
    return &self->times;
}
