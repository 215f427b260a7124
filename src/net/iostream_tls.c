/* SPDX-License-Identifier: Apache-2.0 */
/* gale_iostream: going over to TLS. */
#include <string.h>

#include "core/error.h"
#include "net/iostream_impl.h"
#include "net/tls.h"

void gale__iostream_end_securing(gale_iostream *self, int result)
{
    gale__securing *securing = self->securing;
    self->securing = NULL;
    if (!securing)
        return;
    if (result < 0)
        memcpy(securing->detail, gale_error_detail(), strlen(gale_error_detail()) + 1);
    gale__wake(&securing->waiter, result);
}

void gale__iostream_secured(gale__stream *stream, int error)
{
    gale_iostream *self = GALE__CONTAINER_OF(stream, gale_iostream, stream);
    gale__iostream_end_securing(self, error);
    if (error < 0)
        gale__iostream_close(self, error);
}

static void leave_securing(gale__waiter *waiter)
{
    gale_iostream *self = GALE__CONTAINER_OF(waiter, gale__securing, waiter)->stream;
    self->securing = NULL;
    gale__iostream_close(self, GALE_ECANCELED);
}

/* ---- Starting -------------------------------------------------------------------------- */

typedef struct start {
    gale_iostream *stream;
    const gale_ssl_context *context;
    gale__tls_options options;
    int result;
    char detail[GALE__ERROR_DETAIL_MAX + 1];
} start;

static void start_on_loop_stack(void *arg)
{
    start *self = arg;
    self->result = gale__tls_start(&self->stream->stream, self->context, &self->options);
    if (self->result < 0)
        memcpy(self->detail, gale_error_detail(), strlen(gale_error_detail()) + 1);
}

static int check_idle(const gale_iostream *self)
{
    if (gale__stream_closed(&self->stream))
        return gale__iostream_fail_closed(self);
    if (self->read || self->connecting || self->stream.tls || self->ended ||
        gale_iostream_writing(self) || gale__iostream_unread(self).len > 0)
        return gale__fail(GALE_ESTATE, "IOStream is not idle; cannot convert to SSL");
    return 0;
}

static int choose_context(bool server_side, gale_ssl_context **context)
{
    if (!*context && !server_side)
        *context = gale_ssl_context_default();
    if (*context && (*context)->options.server_side == server_side)
        return 0;
    return gale__fail(GALE_EINVALID, "no TLS context for a %s", server_side ? "server" : "client");
}

/* The stream is TLS's from here on, so that it is closed when anything fails. */
static int wait_for_handshake(gale_iostream *self)
{
    gale__securing wait = { .stream = self };
    int result = gale__wait_begin(&wait.waiter, leave_securing);
    self->receiving = true;
    if (result == 0)
        result = gale__stream_receive(&self->stream, GALE__RECEIVE_ON);
    if (result < 0) {
        gale__iostream_close(self, result);
        return result;
    }
    self->securing = &wait;
    result = gale__wait_end(&wait.waiter); /* `self` may have been freed after that */
    return result < 0 && result != GALE_ECANCELED ? gale__fail(result, "%s", wait.detail) : result;
}

static int start_tls(gale_iostream *self, bool server_side, gale_ssl_context *context,
                     gale__tls_options options)
{
    start call = { .stream = self, .options = options };
    if (!gale__task_current)
        return gale__fail(GALE_ENOTASK, "TLS is started in a task only");
    GALE_TRY(choose_context(server_side, &context));
    GALE_TRY(check_idle(self));
    call.context = context;
    gale__on_loop_stack(start_on_loop_stack, &call);
    if (call.result < 0)
        return gale__fail(call.result, "%s", call.detail);
    return wait_for_handshake(self);
}

int gale_iostream_start_tls(gale_iostream *self, bool server_side, gale_ssl_context *context,
                            const char *server_hostname)
{
    return start_tls(self, server_side, context,
                     (gale__tls_options){ .server_hostname = server_hostname });
}

int gale__iostream_serve_tls(gale_iostream *self, gale_ssl_context *context,
                             gale__handshakes *handshakes)
{
    return start_tls(self, true, context, (gale__tls_options){ .handshakes = handshakes });
}

/* ---- Questions ------------------------------------------------------------------------- */

bool gale_iostream_ssl_info(const gale_iostream *self, gale_ssl_info *ret_info)
{
    return gale__tls_info(self->stream.tls, ret_info);
}

json_t *gale_iostream_get_ssl_certificate(const gale_iostream *self)
{
    return gale__tls_certificate(self->stream.tls);
}

gale_bytes *gale_iostream_get_ssl_certificate_der(const gale_iostream *self)
{
    return gale__tls_certificate_der(self->stream.tls);
}
