/* SPDX-License-Identifier: Apache-2.0 */
/* A connection before its first request, while its TLS handshake goes on. As one that waits for a
 * PROXY protocol header, it has handlers of its own until then. */
#include <errno.h>
#include <netinet/in.h>

#include <gale/log.h>

#include "http/http1_connection.h"
#include "http/http1_read.h"
#include "http/http_server.h"
#include "net/tls.h"

static void log_failure(const gale__http1_server_connection *self)
{
    char peer[INET6_ADDRSTRLEN];
    gale__address_text(&self->stream.peer, peer);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "SSL error with %s: %s", peer,
             gale_error_detail());
}

/* The client has sent its request without TLS, and will understand an answer without TLS. */
static void answer_in_the_open(gale__http1_server_connection *self)
{
    gale__tls_remove(&self->stream);
    if (gale__http1_attach(self))
        gale__http1_reject_in_the_open(self);
    else
        gale__http1_connection_lost(self);
}

/* A peer that leaves before the end of the handshake is nobody's concern. */
static void on_secured(gale__stream *stream, int error)
{
    gale__http1_server_connection *self =
        GALE__CONTAINER_OF(stream, gale__http1_server_connection, stream);
    if (error == 0) {
        gale__http1_connection_serve(self);
        return;
    }
    if (error == GALE_ESSL || error == GALE_ECERTIFICATE || error == -ENOMEM)
        log_failure(self);
    if (gale__tls_met_http(stream))
        answer_in_the_open(self);
    else
        gale__http1_connection_lost(self);
}

static const gale__stream_handlers secured_handlers = { .secured = on_secured };

bool gale__http1_connection_secure(gale__http1_server_connection *self)
{
    const gale__tls_options options = { .http = true, .handshakes = &self->server->handshakes };
    self->stream.handlers = &secured_handlers;
    if (gale__tls_start(&self->stream, self->server->options.ssl_context, &options) < 0) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "a connection was closed: %s",
                 gale_error_detail());
        gale__http1_connection_lost(self);
        return false;
    }
    gale__http1_await_handshake(self);
    return true;
}
