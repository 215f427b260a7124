/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: raising, logging, and their pages. */
#include <errno.h>
#include <string.h>

#include <gale/log.h>

#include "core/error.h"
#include "core/escape.h"
#include "web/application.h"
#include "web/traceback.h"

int gale_http_error(gale_handler *self, int status, const char *message, ...)
{
    self->error_status = status;
    self->error_reason = self->error_message = NULL;
    if (message) {
        va_list arguments;
        va_start(arguments, message);
        self->error_message =
            gale__arena_vprintf(gale__handler_arena(self), NULL, message, arguments);
        va_end(arguments);
    }
    return GALE_EHTTP;
}

int gale_http_error_reason(gale_handler *self, int status, const char *reason)
{
    self->error_status = status;
    self->error_message = NULL;
    self->error_reason = gale__arena_strdup(gale__handler_arena(self), reason, strlen(reason));
    return GALE_EHTTP;
}

int gale_finish_request(gale_handler *self)
{
    (void)self;
    return GALE_EFINISH;
}

void gale__handler_remember_failure(gale_handler *self, int status, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    self->failed = true;
    self->error_status = status;
    self->error_reason = NULL;
    self->error_message = gale__arena_vprintf(gale__handler_arena(self), NULL, message, arguments);
    va_end(arguments);
}

GALE__APART int gale__handler_no_text(const gale_handler *self, const char *call)
{
    return self->failed ? GALE_EHTTP : gale__fail(GALE_EINVALID, "%s of NULL", call);
}

int gale__method_not_allowed(gale_handler *self)
{
    return gale_http_error(self, 405, NULL);
}

/* ---- Logging --------------------------------------------------------------------------- */

static void log_exception(gale_handler *self, int error)
{
    const char *method = gale_http_server_request_method(self->request);
    const char *uri = gale_http_server_request_uri(self->request);
    const char *address = gale_http_server_request_remote_ip(self->request);
    if (error == GALE_EHTTP && self->error_message)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "%d %s %s (%s): %s", self->error_status,
                 method, uri, address, self->error_message);
    else if (error != GALE_EHTTP || !self->error_status) /* a fetch's, for one */
        gale_log(GALE_LOG_APPLICATION, GALE_LOG_ERROR, "Uncaught error %s %s (%s) in %s: %s%s%s",
                 method, uri, address, self->type->slots.name, gale_strerror(error),
                 *gale_error_detail() ? ": " : "", gale_error_detail());
}

/* What slots find in gale_error_detail. A fetch's error has its own. */
static void tell_http_error(const gale_handler *self)
{
    const char *message = self->error_message;
    const char *reason =
        self->error_reason ? self->error_reason : gale_http_reason(self->error_status);
    if (self->error_status)
        gale__fail(GALE_EHTTP, "HTTP %d: %s%s%s%s", self->error_status, reason, message ? " (" : "",
                   message ? message : "", message ? ")" : "");
}

static void call_log_exception(gale_handler *self, int error)
{
    if (self->type->slots.log_exception)
        self->type->slots.log_exception(self, error);
    else
        log_exception(self, error);
}

/* ---- Pages ----------------------------------------------------------------------------- */

static int default_page(gale_handler *self, int status)
{
    const char *reason = self->reason ? self->reason : gale_http_reason(status);
    gale__buffer escaped;
    gale__buffer_init(&escaped, SIZE_MAX);
    int result = gale__xhtml_escape(&escaped, (gale_str){ reason, strlen(reason) });
    if (result >= 0) {
        gale_str text = gale__buffer_str(&escaped);
        result = gale_writef(self, "<html><title>%d: %.*s</title><body>%d: %.*s</body></html>",
                             status, (int)text.len, text.data, status, (int)text.len, text.data);
    }
    gale__buffer_clear(&escaped);
    return result;
}

static int write_error(gale_handler *self, int status, int error)
{
    if (self->type->slots.write_error)
        return self->type->slots.write_error(self, status, error);
    bool only_status = error == GALE_EHTTP ? !self->error_message : error >= 0;
    if (self->application->settings.serve_traceback && !only_status)
        return gale__traceback_write(self, status, error);
    return default_page(self, status);
}

/* Headers are out: the client must see that the response is cut, not a short but whole one. */
static int cut_response(gale_handler *self)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "Cannot send error response after headers written");
    if (self->connection)
        gale_http_connection_close(self->connection);
    self->finished = true;
    return GALE_ESTATE;
}

static int send_error(gale_handler *self, int status, int error)
{
    if (self->headers_written)
        return cut_response(self);
    const char *reason = error == GALE_EHTTP ? self->error_reason : NULL;
    gale_clear(self);
    if (gale_set_status(self, status, reason) < 0)
        gale_set_status(self, 500, NULL);
    if (status == 405) /* RFC 9110 §15.5.6, also when it allows nothing */
        gale_set_header(self, "Allow", self->type->allow);
    int result = status == 304 || status == 204 ? 0 : write_error(self, self->status, error);
    if (result < 0)
        gale_log(GALE_LOG_APPLICATION, GALE_LOG_ERROR, "Uncaught error in write_error: %s",
                 gale_strerror(result));
    return self->finished ? 0 : gale_finish(self);
}

int gale_send_error(gale_handler *self, int status)
{
    if (self->finished)
        return gale__fail(GALE_ESTATE, "send_error() after finish()");
    return send_error(self, status, 0);
}

void gale__handler_failed(gale_handler *self, int error)
{
    if (error == GALE_EFINISH) {
        if (!self->finished)
            gale_finish(self);
        return;
    }
    if (self->disconnected && (error == GALE_ECANCELED || error == GALE_ECLOSED))
        return; /* nobody is there to tell */
    const gale_handler_class *slots = &self->type->slots;
    if (error == GALE_EHTTP && (slots->log_exception || slots->write_error))
        tell_http_error(self);
    call_log_exception(self, error);
    if (self->finished || !self->connection)
        return;
    bool http = error == GALE_EHTTP && self->error_status != 0;
    if (send_error(self, http ? self->error_status : 500, error) < 0 && self->connection)
        gale_http_connection_close(self->connection);
}
