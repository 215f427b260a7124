/* SPDX-License-Identifier: Apache-2.0 */
/* The TCP client: resolving, then the connector over real sockets, under one deadline. */
#include <gale/tcpclient.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gale/gen.h>

#include "core/error.h"
#include "net/address.h"
#include "net/connector.h"

enum { ADDRESSES = 32 };

typedef struct connecting {
    const char *host;
    int port;
    const gale_tcp_client_options *options;
    gale_address source; /* of source_ip, with source_port */
    gale_address addresses[ADDRESSES];
    gale_iostream *stream;
} connecting;

static int loopback(int family, int port, gale_address *ret_address)
{
    return gale_address_from_ip(family == AF_INET6 ? "::1" : "127.0.0.1", port, ret_address);
}

static int bind_source(const connecting *self, int fd, int family)
{
    gale_address source = self->source;
    struct sockaddr_storage address;
    if (source.family == 0 && self->options->source_port == 0)
        return 0;
    if (source.family == 0)
        GALE_TRY(loopback(family, self->options->source_port, &source));
    socklen_t size = gale__address_to_socket(&source, &address);
    return bind(fd, (struct sockaddr *)&address, size) == 0 ? 0 : -errno;
}

static int open_stream(const connecting *self, int family, gale_iostream **ret_stream)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int result = bind_source(self, fd, family);
    *ret_stream = result == 0 ? gale_iostream_new(fd, &self->options->stream) : NULL;
    if (*ret_stream)
        return 0;
    close(fd);
    return result < 0 ? result : -ENOMEM;
}

static int attempt(const gale_address *address, void *arg, gale_iostream **ret_stream)
{
    gale_iostream *stream = NULL;
    GALE_TRY(open_stream(arg, address->family, &stream));
    int result = gale_iostream_connect(stream, address);
    if (result < 0)
        gale_iostream_free(stream);
    else
        *ret_stream = stream;
    return result;
}

static int secure(connecting *self)
{
    const gale_tcp_client_options *options = self->options;
    const char *name = options->server_hostname ? options->server_hostname : self->host;
    int result = gale_iostream_start_tls(self->stream, false, options->ssl_context, name);
    if (result < 0)
        gale_iostream_free(self->stream);
    return result;
}

static int resolve(void *arg)
{
    connecting *self = arg;
    int count = gale_resolver_resolve(self->options->resolver, self->host, self->port,
                                      self->options->family, self->addresses, ADDRESSES);
    if (count == 0)
        return gale__fail(GALE_ENOTFOUND, "%s has no address", self->host);
    return count < ADDRESSES ? count : ADDRESSES;
}

static int resolve_in_time(connecting *self)
{
    double timeout = self->options->resolve_timeout;
    if (timeout <= 0)
        return resolve(self);
    int result = gale_with_timeout(timeout, resolve, self);
    return result == GALE_ETIMEDOUT
               ? gale__fail(GALE_ETIMEDOUT_RESOLVE, "cannot resolve '%s' within %g s", self->host,
                            timeout)
               : result;
}

static int connect_to_first(connecting *self, int count)
{
    int result = gale__connector_run(self->addresses, count, attempt, self, &self->stream);
    if (result >= 0 && self->options->ssl_context)
        return secure(self);
    if (result >= 0 || result == GALE_ECANCELED)
        return result;
    return gale__fail(result, "cannot connect to %s port %d: %s", self->host, self->port,
                      gale_strerror(result));
}

static int resolve_and_connect(void *arg)
{
    connecting *self = arg;
    int count = resolve_in_time(self);
    return count < 0 ? count : connect_to_first(self, count);
}

int gale_tcp_client_connect(const char *host, int port, const gale_tcp_client_options *options,
                            gale_iostream **ret_stream)
{
    static const gale_tcp_client_options defaults;
    connecting self = { .host = host, .port = port, .options = options ? options : &defaults };
    if (self.options->source_ip)
        GALE_TRY(
            gale_address_from_ip(self.options->source_ip, self.options->source_port, &self.source));
    double timeout = self.options->timeout;
    int result = timeout > 0 ? gale_with_timeout(timeout, resolve_and_connect, &self)
                             : resolve_and_connect(&self);
    if (result == GALE_ETIMEDOUT)
        gale__fail(result, "cannot connect to %s port %d within %g s", host, port, timeout);
    if (result == 0)
        *ret_stream = self.stream;
    return result;
}
