/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to an event stream, and what is left of the request. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gale/log.h>

#include "core/error.h"
#include "core/utf8.h"
#include "proto/http1_write.h"
#include "web/event_stream.h"
#include "web/visitor.h"

const char *gale_last_event_id(gale_handler *handler)
{
    const char *id = gale_http_headers_get(&handler->request->headers, "Last-Event-ID");
    return id && gale__utf8_valid(id, strlen(id)) ? id : "";
}

/* ---- Checks ---------------------------------------------------------------------------- */

static int check_options(const gale_event_stream_options *options)
{
    if (isnan(options->heartbeat) || options->heartbeat > 1e9)
        return gale__fail(GALE_EINVALID, "a heartbeat each %g seconds", options->heartbeat);
    if (options->when_full > GALE_EVENT_STREAM_CLOSE)
        return gale__fail(GALE_EINVALID, "no policy %d", (int)options->when_full);
    return gale__event_check_retry(options->retry);
}

static int may_open(const gale_handler *handler)
{
    if (handler->finished)
        return gale__fail(GALE_ESTATE, "the response is finished");
    if (!handler->connection || !handler->connection->http1)
        return GALE_ECLOSED;
    if (handler->headers_written || handler->body.size > 0)
        return gale__fail(GALE_ESTATE, "an event stream after something else was written");
    if (handler->status != 200)
        return gale__fail(GALE_ESTATE, "an event stream with status %d", handler->status);
    if (!handler->connection->body_complete)
        return gale__fail(GALE_ESTATE, "an event stream before the body has been read");
    return 0;
}

/* ---- The head -------------------------------------------------------------------------- */

static int set_default(gale_handler *handler, const char *name, const char *value)
{
    if (gale_http_headers_get(&handler->headers, name))
        return 0;
    return gale_set_header(handler, name, value);
}

static int set_headers(gale_handler *handler)
{
    GALE_TRY(gale_set_header(handler, "Content-Type", "text/event-stream"));
    GALE_TRY(set_default(handler, "Cache-Control", "no-store"));
    return set_default(handler, "X-Accel-Buffering", "no"); /* nginx */
}

/* The last word of others about them. */
static int complete_headers(gale_handler *handler)
{
    if (handler->filters)
        GALE_TRY(gale__filters_before_headers(handler));
    GALE_TRY(gale__http_headers_remove(&handler->headers, GALE__HTTP_CONTENT_LENGTH));
    GALE_TRY(gale__http_headers_remove(&handler->headers, GALE__HTTP_CONNECTION));
    return handler->visitor ? gale__visitor_add_cookies(handler) : 0;
}

static int answer_head(gale_handler *handler)
{
    GALE_TRY(gale_flush(handler));
    GALE_TRY(gale_finish(handler));
    return GALE_EFINISH;
}

static int write_head(gale_event_stream *self, gale_handler *handler)
{
    bool http_1_0 = handler->request->head.minor == 0;
    gale__http1_response_head head = { .status = 200,
                                       .reason = handler->reason,
                                       .headers = &handler->headers,
                                       .framing = { .content_length = -1,
                                                    .connection =
                                                        http_1_0 ? GALE__HTTP1_CONNECTION_UNSAID
                                                                 : GALE__HTTP1_CONNECTION_CLOSE } };
    gale__segments *output = gale__stream_output(&self->stream);
    char *out =
        output ? gale__segments_reserve(output, handler->net, gale__http1_response_head_size(&head))
               : NULL;
    if (!out)
        return -ENOMEM;
    gale__segments_commit(output, (size_t)(gale__http1_response_head_write(out, &head) - out));
    return 0;
}

/* ---- Opening --------------------------------------------------------------------------- */

/* Takes the connection over; the request is answered from then on. What the client may have sent
 * behind it is dropped. */
static int take_over(gale_event_stream *self, gale_handler *handler)
{
    gale__buffer input;
    gale__defer *ended = gale__arena_alloc(gale__handler_arena(handler), sizeof *ended);
    if (!ended)
        return -ENOMEM;
    GALE_TRY(gale__http_exchange_take_stream(handler->connection, &self->stream, &input));
    gale__buffer_clear(&input);
    *ended = (gale__defer){ handler->scope->defers, gale__event_stream_handler_ended, self };
    handler->scope->defers = ended;
    self->handler = handler;
    handler->connection = NULL;
    handler->finished = true;
    handler->request->ended = 0; /* it goes on: the access log tells for how long */
    return 0;
}

static int begin(gale_event_stream *self, gale_handler *handler, double retry)
{
    GALE_TRY(write_head(self, handler));
    gale__event_stream_start(self);
    return retry == 0 ? 0
                      : gale_event_stream_send(self, &(gale_server_sent_event){ .retry = retry });
}

int gale_event_stream_open(gale_handler *handler, const gale_event_stream_options *options,
                           gale_event_stream **ret_stream)
{
    static const gale_event_stream_options defaults;
    if (!options)
        options = &defaults;
    GALE_TRY(check_options(options));
    GALE_TRY(may_open(handler));
    GALE_TRY(set_headers(handler));
    if (handler->request->head.method_id == GALE__HTTP_METHOD_HEAD)
        return answer_head(handler);
    GALE_TRY(complete_headers(handler));
    if (!handler->connection)
        return GALE_ECLOSED;
    gale_event_stream *self = gale__event_stream_new(handler, options);
    if (!self)
        return -ENOMEM;
    int result = take_over(self, handler);
    if (result < 0) {
        gale__event_stream_discard(self);
        return result;
    }
    result = begin(self, handler, options->retry);
    if (result < 0) {
        self->on_close = NULL; /* nobody knows it yet */
        gale__event_stream_lost(self);
        return result;
    }
    *ret_stream = self;
    if (gale_ioloop_is_stopping(handler->application->loop))
        gale_event_stream_close(self);
    return 0;
}

/* ---- Keeping --------------------------------------------------------------------------- */

static gale__event_stream_log *log_of(gale_handler *handler)
{
    static const char format[] = "%d %s %s (%s)";
    const char *method = gale_http_server_request_method(handler->request);
    const char *uri = gale_http_server_request_uri(handler->request);
    const char *address = gale_http_server_request_remote_ip(handler->request);
    int size = snprintf(NULL, 0, format, handler->status, method, uri, address);
    gale__event_stream_log *log = size < 0 ? NULL : gale__malloc(sizeof *log + (size_t)size + 1);
    if (!log)
        return NULL;
    log->started = handler->request->started;
    snprintf(log->text, (size_t)size + 1, format, handler->status, method, uri, address);
    return log;
}

/* The line of the access log is written when the stream ends. A function that writes it needs the
 * handler, and is called as that ends. */
int gale_event_stream_keep(gale_event_stream *self)
{
    gale_handler *handler = self->handler;
    if (self->state != GALE__EVENT_STREAM_OPEN)
        return gale__fail(GALE_ECLOSED, "the event stream is closed");
    if (!handler || self->kept)
        return 0;
    if (!handler->application->settings.log_function &&
        gale_log_enabled(GALE_LOG_ACCESS, GALE_LOG_INFO) && !(self->log = log_of(handler)))
        return -ENOMEM;
    handler->given_away = !handler->application->settings.log_function;
    self->kept = true;
    return 0;
}
