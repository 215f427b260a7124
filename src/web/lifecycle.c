/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a handler, in its task: initialize, prepare, method, response, log, on_finish. */
#include <errno.h>

#include <gale/log.h>

#include "web/application.h"

enum { CLEAN_UP_SECONDS = 60 };

static int run_method(gale_handler *self)
{
    gale_handler_function method =
        gale__handler_method(&self->type->slots, self->request->head.method_id);
    return method ? method(self) : gale__method_not_allowed(self);
}

/* A form that cannot be parsed is refused before anybody asks for its arguments. */
GALE__APART static int check_form(gale_handler *self)
{
    int result = gale__http_request_check_form(self->request);
    if (result < 0 && result != -ENOMEM)
        return gale_http_error(self, 400, "Invalid body: %s", gale_error_detail());
    return result;
}

static int execute(gale_handler *self)
{
    const gale_handler_class *slots = &self->type->slots;
    if (GALE__UNLIKELY(self->filters != NULL)) {
        GALE_TRY(gale__filters_prepare(self));
        if (self->finished || self->failed)
            return 0;
    }
    if (slots->initialize)
        GALE_TRY(slots->initialize(self, self->arg));
    if (GALE__UNLIKELY(!gale__handler_method_supported(self->request->head.method_id)) &&
        !slots->other)
        return gale__method_not_allowed(self);
    if (gale__http_headers_present(&self->request->headers, GALE__HTTP_CONTENT_TYPE))
        GALE_TRY(check_form(self));
    if (GALE__UNLIKELY(self->application->settings.xsrf_cookies))
        GALE_TRY(gale__handler_check_xsrf(self));
    if (slots->prepare)
        GALE_TRY(slots->prepare(self));
    if (self->finished || self->failed)
        return 0;
    if (self->stream)
        GALE_TRY(gale__handler_stream_body(self));
    if (self->finished)
        return 0;
    return run_method(self);
}

typedef struct clean_up {
    gale_handler *handler;
    int error; /* 0: on_finish */
} clean_up;

static void finish(gale_handler *self)
{
    if (self->type->slots.on_finish)
        self->type->slots.on_finish(self);
    if (self->filters)
        gale__filters_on_finish(self);
}

static int run_clean_up(void *arg)
{
    clean_up *what = arg;
    if (what->error < 0)
        gale__handler_failed(what->handler, what->error);
    else
        finish(what->handler);
    return 0;
}

/* Clean-up may wait even when the client has left. */
GALE__APART static void run_shielded(gale_handler *self, int error)
{
    clean_up what = { self, error };
    if (gale_task_canceled())
        gale_shield(run_clean_up, &what, CLEAN_UP_SECONDS);
    else
        run_clean_up(&what);
}

static void release_application(void *application)
{
    gale__application_release(application);
}

GALE__APART static void let_go_later(gale_handler *self)
{
    self->last = (gale__defer){ .function = release_application, .arg = self->application };
    gale__scope_defer_last(self->scope, &self->last);
}

/* What was deferred, and tasks of the scope, may still need the application. */
static void let_go(gale_handler *self)
{
    if (GALE__LIKELY(gale__scope_is_quiet(self->scope)))
        gale__application_release(self->application);
    else
        let_go_later(self);
}

/* Most programs log no more than what went wrong. */
static bool wants_every_line(const gale_handler *self)
{
    return self->application->settings.log_function ||
           gale_log_enabled(GALE_LOG_ACCESS, GALE_LOG_INFO);
}

int gale__handler_run(void *arg)
{
    gale_handler *self = arg;
    int result = self->request->body.data ? gale__http_request_keep_body(self->request) : 0;
    if (GALE__LIKELY(result >= 0))
        result = execute(self);
    if (result >= 0 && self->failed)
        result = GALE_EHTTP;
    if (result >= 0 && !self->finished)
        result = gale_finish(self);
    if (GALE__UNLIKELY(result < 0))
        run_shielded(self, result);
    if ((self->status >= 400 || wants_every_line(self)) && !self->given_away)
        gale__handler_log_request(self);
    if (self->type->slots.on_finish || self->filters)
        run_shielded(self, 0);
    if (GALE__UNLIKELY(self->connection != NULL))
        gale__http_exchange_abandon(self->connection);
    if (self->body.first)
        gale__segments_clear(&self->body, self->net);
    let_go(self);
    return 0;
}
