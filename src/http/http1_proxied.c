/* SPDX-License-Identifier: Apache-2.0 */
/* A connection before its first request, when a PROXY protocol header has to come first. It has
 * handlers of its own until then, so that other connections know nothing of it. */
#include <netinet/in.h>
#include <string.h>

#include <gale/log.h>

#include "http/http1_connection.h"
#include "http/http1_read.h"
#include "http/http_server.h"
#include "net/tls.h"
#include "proto/proxy_protocol.h"

static gale__http1_server_connection *connection_of(gale__stream *stream)
{
    return GALE__CONTAINER_OF(stream, gale__http1_server_connection, stream);
}

static void refuse(gale__http1_server_connection *self, const char *why)
{
    char peer[INET6_ADDRSTRLEN];
    gale__address_text(&self->stream.peer, peer);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "connection from %s closed: %s", peer, why);
    gale__http1_connection_lost(self);
}

/* What came behind the header is TLS's. */
static void secure(gale__http1_server_connection *self)
{
    gale__buffer input = self->active->input;
    gale__buffer_init(&self->active->input, SIZE_MAX);
    if (gale__http1_connection_secure(self) && input.size > 0)
        gale__tls_feed(&self->stream, gale__buffer_begin(&input), input.size);
    gale__buffer_clear(&input);
}

static void become(gale__http1_server_connection *self, const gale__proxied *client)
{
    gale__address *peer = &self->stream.peer;
    if (client->version) {
        peer->family = client->version == 4 ? AF_INET : AF_INET6;
        peer->port = client->port;
        memcpy(peer->ip, client->ip, sizeof peer->ip);
    }
    if (self->server->options.ssl_context)
        secure(self);
    else
        gale__http1_connection_serve(self);
}

static void on_received(gale__stream *stream, const char *data, size_t size)
{
    gale__http1_server_connection *self = connection_of(stream);
    gale__proxied client;
    if (!gale__http1_attach(self) || gale__buffer_append(&self->active->input, data, size) < 0) {
        gale__http1_connection_lost(self);
        return;
    }
    gale__buffer *input = &self->active->input;
    int header = gale__proxy_protocol_parse(gale__buffer_str(input), &client);
    if (header < 0) {
        refuse(self, "malformed PROXY protocol header");
    } else if (header > 0) {
        gale__buffer_consume(input, (size_t)header);
        become(self, &client);
    }
}

static void on_ended(gale__stream *stream, int error)
{
    (void)error;
    gale__http1_connection_lost(connection_of(stream));
}

static const gale__stream_handlers proxied_handlers = { .received = on_received,
                                                        .ended = on_ended };

bool gale__http1_connection_await_proxy(gale__http1_server_connection *self)
{
    if (!gale__proxies_trust(&self->server->proxies, &self->stream.peer)) {
        refuse(self, "it is no trusted proxy");
        return false;
    }
    self->stream.handlers = &proxied_handlers;
    gale__http1_await_head(self);
    return true;
}

bool gale__http1_connection_awaits_proxy(const gale__http1_server_connection *self)
{
    return self->stream.handlers == &proxied_handlers;
}
