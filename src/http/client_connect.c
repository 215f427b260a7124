/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting for a fetch: over TCP or a Unix socket, and the TLS handshake. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gale/tcpclient.h>

#include "core/error.h"
#include "http/client_exchange.h"
#include "http/client_tunnel.h"

/* ---- What a connection depends on ------------------------------------------------------ */

/* Everything that is not in the URL. */
static bool is_plain(const gale_fetch_options *options)
{
    return !options->network_interface && !options->no_ipv6 && !options->ssl_context &&
           !options->no_validate_cert && !options->ca_certs && !options->client_cert &&
           !options->client_key;
}

int gale__client_key(gale__fetch *fetch, gale_str *ret_key)
{
    const gale_fetch_options *options = fetch->options;
    const gale__proxy *proxy = &fetch->proxy;
    size_t server = fetch->uri.text.len - fetch->uri.target.len;
    *ret_key = (gale_str){ fetch->uri.text.data, server };
    if (is_plain(options) && !proxy->host)
        return 0;
    const char *source = options->network_interface;
    ret_key->data = gale__arena_printf(
        fetch->arena, &ret_key->len, "%.*s %s %d %p %d %s:%d %.*s:%.*s",
        fetch->forwarded ? 0 : (int)server, fetch->uri.text.data, source ? source : "",
        options->no_ipv6, (void *)fetch->ssl_context, proxy->type, proxy->host ? proxy->host : "",
        proxy->port, (int)proxy->username.len, proxy->username.data, (int)proxy->password.len,
        proxy->password.data);
    return ret_key->data ? 0 : -ENOMEM;
}

/* ---- Connecting ------------------------------------------------------------------------ */

typedef struct connecting {
    gale__fetch *fetch;
    gale_iostream *stream;
} connecting;

static int connect_unix(connecting *self)
{
    gale_address address;
    GALE_TRY(gale_address_from_path(self->fetch->unix_path, &address));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    self->stream = gale_iostream_new(fd, NULL);
    if (!self->stream) {
        close(fd);
        return -ENOMEM;
    }
    int result = gale_iostream_connect(self->stream, &address);
    return result < 0 && result != GALE_ECANCELED
               ? gale__fail(result, "cannot connect to %s: %s", self->fetch->unix_path,
                            gale_strerror(result))
               : result;
}

static int connect_tcp(connecting *self)
{
    gale__fetch *fetch = self->fetch;
    const gale_fetch_options *options = fetch->options;
    const gale_tcp_client_options tcp = {
        .family = options->no_ipv6 ? AF_INET : 0,
        .source_ip = options->network_interface,
        .resolve_timeout = gale__fetch_timeout(options->resolve_timeout, 0),
        .resolver = fetch->resolver,
    };
    const gale__proxy *proxy = &fetch->proxy;
    GALE_TRY(gale_tcp_client_connect(proxy->host ? proxy->host : fetch->uri.host.data,
                                     proxy->host ? proxy->port : gale__fetch_port(fetch), &tcp,
                                     &self->stream));
    return gale_iostream_set_nodelay(self->stream, true);
}

/* Once again when the proxy has a challenge first. */
static int connect_through(connecting *self)
{
    for (;;) {
        GALE_TRY(connect_tcp(self));
        int result = gale__client_tunnel(self->fetch, self->stream);
        if (result <= 0)
            return result;
        gale_iostream_free(self->stream);
        self->stream = NULL;
    }
}

static int connect_any(connecting *self)
{
    const gale__fetch *fetch = self->fetch;
    if (fetch->unix_path)
        return connect_unix(self);
    return fetch->proxy.host && !fetch->forwarded ? connect_through(self) : connect_tcp(self);
}

static int shake_hands(void *arg)
{
    connecting *self = arg;
    return gale_iostream_start_tls(self->stream, false, self->fetch->ssl_context,
                                   self->fetch->uri.host.data);
}

static int start_tls(connecting *self)
{
    gale__fetch *fetch = self->fetch;
    double timeout = gale__fetch_timeout(fetch->options->handshake_timeout, 0);
    int result = timeout > 0 ? gale_with_timeout(timeout, shake_hands, self) : shake_hands(self);
    if (result == GALE_ETIMEDOUT)
        return gale__fail(GALE_ETIMEDOUT_HANDSHAKE, "Timeout during the TLS handshake");
    fetch->response->times.appconnect = gale__fetch_seconds(fetch);
    return result;
}

static int connect_all(void *arg)
{
    connecting *self = arg;
    gale__fetch *fetch = self->fetch;
    GALE_TRY(connect_any(self));
    fetch->response->times.connect = gale__fetch_seconds(fetch);
    return fetch->ssl_context ? start_tls(self) : 0;
}

static int connect_in_time(connecting *self)
{
    static const char timed_out[] = "Timeout while connecting";
    const double connect_timeout = 20;
    double timeout = gale__fetch_timeout(self->fetch->options->connect_timeout, connect_timeout);
    self->fetch->phase = timed_out;
    if (timeout <= 0)
        return connect_all(self);
    gale_scope *scope = gale_scope_open(&(gale_scope_options){ .timeout = timeout });
    int before = scope ? connect_all(self) : -ENOMEM;
    int result = gale_scope_close(scope, before);
    return result == GALE_ETIMEDOUT && before == GALE_ECANCELED
               ? gale__fail(GALE_ETIMEDOUT_CONNECT, timed_out)
               : result;
}

int gale__client_connect(gale__fetch *fetch, gale_str key, gale__client_connection **ret)
{
    gale__client_connection *connection = gale__client_connection_new(fetch->client, key);
    connecting self = { .fetch = fetch };
    int result = connection ? connect_in_time(&self) : -ENOMEM;
    if (result < 0) {
        gale_iostream_free(self.stream);
        gale__free(connection);
        return result;
    }
    connection->stream = self.stream;
    if (fetch->ssl_context)
        connection->ssl_context = gale_ssl_context_ref(fetch->ssl_context);
    *ret = connection;
    return 0;
}
