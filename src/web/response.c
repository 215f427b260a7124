/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler writes: status, headers, body, redirects. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "proto/status.h"
#include "web/application.h"
#include "web/transform.h"
#include "web/visitor.h"

gale_http_server_request *gale_handler_request(gale_handler *self)
{
    return self->request;
}

gale_application *gale_handler_application(gale_handler *self)
{
    return self->application;
}

bool gale_handler_finished(const gale_handler *self)
{
    return self->finished;
}

bool gale_handler_disconnected(const gale_handler *self)
{
    return self->disconnected;
}

const char *gale_keep(gale_handler *self, gale_bytes *bytes)
{
    gale_str text = bytes ? gale_bytes_str(bytes) : GALE_STR("");
    const char *copy =
        bytes ? gale__arena_strdup(gale__handler_arena(self), text.data, text.len) : NULL;
    gale_bytes_unref(bytes);
    if (!copy)
        gale__handler_remember_failure(self, 500, "out of memory");
    return copy;
}

/* ---- Status and headers ---------------------------------------------------------------- */

void gale__handler_reset(gale_handler *self)
{
    gale__http_headers_init(&self->headers, gale__handler_arena(self));
    self->headers.block = gale__http_default_block(gale__http_of(self->application->loop));
    self->status = 200;
    self->reason = NULL;
    if (GALE__UNLIKELY(self->filters != NULL))
        gale__filters_set_default_headers(self);
    if (self->type->slots.set_default_headers)
        self->type->slots.set_default_headers(self);
}

int gale_clear(gale_handler *self)
{
    gale__segments_clear(&self->body, self->net);
    gale__handler_reset(self);
    if (self->visitor)
        self->visitor->cookies_added = false;
    return 0;
}

/* RFC 9112 §4: what may stand in a status line; "<" is kept out of error pages. */
static bool fit_reason(const char *reason)
{
    if (!*reason)
        return false;
    for (; *reason; reason++) {
        unsigned char byte = (unsigned char)*reason;
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F || byte == '<')
            return false;
    }
    return true;
}

int gale_set_status(gale_handler *self, int status, const char *reason)
{
    if (status < 100 || status > 999)
        return gale__fail(GALE_EINVALID, "%d is no HTTP status", status);
    const char *copy = NULL;
    if (reason) {
        copy = "Unknown";
        if (fit_reason(reason))
            copy = gale__arena_strdup(gale__handler_arena(self), reason, strlen(reason));
        if (!copy)
            return -ENOMEM;
    }
    self->status = status;
    self->reason = copy;
    return 0;
}

int gale_get_status(const gale_handler *self)
{
    return self->status;
}

int gale_set_header(gale_handler *self, const char *name, const char *value)
{
    return gale_http_headers_set(&self->headers, name, value);
}

int gale_add_header(gale_handler *self, const char *name, const char *value)
{
    return gale_http_headers_add(&self->headers, name, value);
}

int gale_clear_header(gale_handler *self, const char *name)
{
    int result = gale_http_headers_remove(&self->headers, name);
    return result < 0 ? result : 0;
}

/* ---- Writing --------------------------------------------------------------------------- */

static int may_write(const gale_handler *self, size_t size)
{
    if (self->finished)
        return gale__fail(GALE_ESTATE, "Cannot write() after finish()");
    if (!self->connection)
        return GALE_ECLOSED;
    int64_t limit = self->application->settings.max_response_buffer;
    if (limit >= 0 && self->body.size + size > (uint64_t)limit)
        return gale__fail(GALE_ETOOBIG, "the response is over max_response_buffer (%lld bytes)",
                          (long long)limit);
    return 0;
}

int gale_write_bytes(gale_handler *self, const void *data, size_t size)
{
    GALE_TRY(may_write(self, size));
    return gale__segments_append(&self->body, self->net, data, size);
}

int gale_write(gale_handler *self, const char *text)
{
    if (GALE__UNLIKELY(!text))
        return gale__handler_no_text(self, "gale_write");
    return gale_write_bytes(self, text, strlen(text));
}

int gale_writef(gale_handler *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    gale__buffer text;
    gale__buffer_init(&text, SIZE_MAX);
    int result = gale__buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    if (result >= 0)
        result = gale_write_bytes(self, gale__buffer_str(&text).data, text.size);
    gale__buffer_clear(&text);
    return result;
}

int gale_write_json(gale_handler *self, json_t *value)
{
    gale_bytes *text = gale_json_encode(value);
    json_decref(value);
    if (!text)
        return -ENOMEM;
    int result = gale_set_header(self, "Content-Type", "application/json; charset=UTF-8");
    if (result >= 0)
        result = may_write(self, gale_bytes_str(text).len);
    if (result >= 0)
        result = gale__segments_share(&self->body, self->net, text);
    gale_bytes_unref(text);
    return result;
}

/* ---- Sending --------------------------------------------------------------------------- */

/* RFC 9110 §6.4.1, §15.4.5: these have no body, and so nothing that describes one. */
GALE__APART static int prepare_bodiless(gale_handler *self)
{
    if (self->body.size > 0)
        return gale__fail(GALE_ESTATE, "Cannot send body with status %d", self->status);
    GALE_TRY(gale__http_headers_remove(&self->headers, GALE__HTTP_CONTENT_ENCODING));
    GALE_TRY(gale_http_headers_remove(&self->headers, "Content-Language"));
    return gale__http_headers_remove(&self->headers, GALE__HTTP_CONTENT_TYPE);
}

/* The last word of the filters; the client may leave meanwhile. */
GALE__APART static int complete_headers(gale_handler *self)
{
    GALE_TRY(gale__filters_before_headers(self));
    return self->connection ? 0 : GALE_ECLOSED;
}

static int respond(gale_handler *self)
{
    if (GALE__UNLIKELY(self->type->automatic_etag))
        GALE_TRY(gale__handler_automatic_etag(self));
    if (GALE__UNLIKELY(gale__http_status_bodiless(self->status)))
        GALE_TRY(prepare_bodiless(self));
    if (GALE__UNLIKELY(self->application->transforms != NULL))
        GALE_TRY(gale__transform_first_chunk(self, true));
    if (self->visitor)
        GALE_TRY(gale__visitor_add_cookies(self));
    return gale__http_exchange_respond(self->connection, self->status, self->reason, &self->headers,
                                       &self->body);
}

GALE__APART static int finish_flushed(gale_handler *self)
{
    if (self->transforms)
        GALE_TRY(gale__transform_chunk(self, true));
    if (self->body.size > 0)
        GALE_TRY(gale__http_exchange_write_body(self->connection, &self->body));
    return gale_http_connection_finish(self->connection);
}

int gale_finish(gale_handler *self)
{
    if (self->finished)
        return gale__fail(GALE_ESTATE, "finish() called twice");
    if (!self->connection)
        return GALE_ECLOSED;
    if (GALE__UNLIKELY(self->filters != NULL) && !self->headers_written)
        GALE_TRY(complete_headers(self));
    self->finished = true; /* the connection may tell that it closes meanwhile */
    int result = self->headers_written ? finish_flushed(self) : respond(self);
    if (GALE__LIKELY(result >= 0))
        self->connection = NULL;
    else
        self->finished = false;
    return result;
}

void gale__handler_give_away(gale_handler *self)
{
    self->connection = NULL;
    self->finished = self->given_away = true;
}

int gale_detach(gale_handler *self, gale_iostream **ret_stream)
{
    *ret_stream = NULL;
    if (self->finished)
        return gale__fail(GALE_ESTATE, "detach() after finish()");
    if (!self->connection)
        return GALE_ECLOSED;
    GALE_TRY(gale_http_connection_detach(self->connection, ret_stream));
    gale__handler_give_away(self);
    return 0;
}

int gale_flush(gale_handler *self)
{
    GALE_TRY(may_write(self, 0));
    if (!self->headers_written) {
        if (self->filters)
            GALE_TRY(complete_headers(self));
        if (gale__http_status_bodiless(self->status))
            GALE_TRY(prepare_bodiless(self));
        if (self->application->transforms)
            GALE_TRY(gale__transform_first_chunk(self, false));
        if (self->visitor)
            GALE_TRY(gale__visitor_add_cookies(self));
        GALE_TRY(gale__http_exchange_begin(self->connection, self->status, self->reason,
                                           &self->headers, &self->body));
        self->headers_written = true;
    } else {
        if (self->transforms)
            GALE_TRY(gale__transform_chunk(self, false));
        if (self->body.size > 0)
            GALE_TRY(gale__http_exchange_write_body(self->connection, &self->body));
    }
    return gale_http_connection_flush(self->connection);
}

int gale_redirect_status(gale_handler *self, const char *url, int status)
{
    if (self->headers_written)
        return gale__fail(GALE_ESTATE, "Cannot redirect after headers have been written");
    if (status < 300 || status > 399)
        return gale__fail(GALE_EINVALID, "%d is no redirect", status);
    GALE_TRY(gale_set_header(self, "Location", url));
    GALE_TRY(gale_set_status(self, status, NULL));
    return gale_finish(self);
}

int gale_redirect(gale_handler *self, const char *url, bool permanent)
{
    return gale_redirect_status(self, url, permanent ? 301 : 302);
}

const char *gale_reverse_url(gale_handler *self, const char *name, const char *const *arguments,
                             size_t count)
{
    gale_bytes *path = gale_application_reverse_url(self->application, name, arguments, count);
    if (!path) {
        gale__handler_remember_failure(self, 500, "%s", gale_error_detail());
        return NULL;
    }
    return gale_keep(self, path);
}
