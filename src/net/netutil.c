/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets. */
#include <gale/netutil.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "net/address.h"
#include "net/inherited.h"
#include "net/lookup.h"

enum { BACKLOG = 128, UNIX_MODE = 0600, NOTHING_OPENED = 1 };

typedef struct binding {
    const gale_bind_options *options;
    bool any_port; /* the system chooses it */
    int port;      /* once a socket is open: the one that it got */
    int *sockets;
    int count;
} binding;

static int set_option(int fd, int level, int name)
{
    int on = 1;
    return setsockopt(fd, level, name, &on, sizeof on) == 0 ? 0 : -errno;
}

/* What accepted connections inherit is set here, once, and not for each of them. */
static int set_options(int fd, int family, bool reuse_port)
{
    GALE_TRY(set_option(fd, SOL_SOCKET, SO_REUSEADDR));
    if (reuse_port)
        GALE_TRY(set_option(fd, SOL_SOCKET, SO_REUSEPORT));
    if (family == AF_INET6)
        GALE_TRY(set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY));
    return set_option(fd, IPPROTO_TCP, TCP_NODELAY);
}

static bool is_ipv6_loopback(const struct sockaddr *address)
{
    const struct sockaddr_in6 *ipv6 = (const void *)address;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&ipv6->sin6_addr);
}

/* An address of the list with the port that is wanted. */
static struct sockaddr_storage with_port(const struct addrinfo *info, int port)
{
    struct sockaddr_storage address = { 0 };
    memcpy(&address, info->ai_addr, info->ai_addrlen);
    if (info->ai_family == AF_INET)
        ((struct sockaddr_in *)&address)->sin_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in6 *)&address)->sin6_port = htons((uint16_t)port);
    return address;
}

/* A host without IPv6 may still name ::1 as localhost. */
static bool may_be_missing(const gale_bind_options *options, const struct sockaddr *address)
{
    return options->address && strcmp(options->address, "localhost") == 0 &&
           is_ipv6_loopback(address);
}

static int backlog_of(const gale_bind_options *options)
{
    return options->backlog > 0 ? options->backlog : BACKLOG;
}

static int bind_and_listen(int fd, const binding *self, const struct addrinfo *info)
{
    const gale_bind_options *options = self->options;
    GALE_TRY(set_options(fd, info->ai_family, options->reuse_port));
    struct sockaddr_storage address = with_port(info, self->port);
    if (bind(fd, (struct sockaddr *)&address, info->ai_addrlen) != 0) {
        if (errno == EADDRNOTAVAIL && may_be_missing(options, info->ai_addr))
            return NOTHING_OPENED;
        return -errno;
    }
    return listen(fd, backlog_of(options)) == 0 ? 0 : -errno;
}

/* A socket that was open before the program was started. */
static int take_inherited(const binding *self, const struct addrinfo *info)
{
    struct sockaddr_storage address = with_port(info, self->port);
    return gale__inherited_take((struct sockaddr *)&address, info->ai_addrlen);
}

static bool is_any_ipv4(const struct sockaddr *address)
{
    const struct sockaddr_in *ipv4 = (const void *)address;
    return address->sa_family == AF_INET && ipv4->sin_addr.s_addr == htonl(INADDR_ANY);
}

static int open_one(binding *self, const struct addrinfo *info)
{
    if (self->count == GALE_BIND_SOCKETS_MAX)
        return GALE_ETOOBIG;
    int inherited = take_inherited(self, info);
    if (inherited >= 0) {
        self->sockets[self->count++] = inherited;
        if (self->port == 0)
            self->port = gale_socket_port(inherited);
        return listen(inherited, backlog_of(self->options)) == 0 ? 0 : -errno;
    }
    if (self->port && self->options->family != AF_INET && is_any_ipv4(info->ai_addr) &&
        gale__inherited_serves_both(self->port))
        return 0;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno == EAFNOSUPPORT ? 0 : -errno;
    int result = bind_and_listen(fd, self, info);
    if (result == 0 && self->port == 0)
        result = self->port = gale_socket_port(fd);
    if (result < 0 || result == NOTHING_OPENED) {
        close(fd);
        return result < 0 ? result : 0;
    }
    if (self->any_port)
        gale__inherited_note_any_port(fd);
    self->sockets[self->count++] = fd;
    return 0;
}

static bool seen_before(const struct addrinfo *list, const struct addrinfo *info)
{
    for (; list != info; list = list->ai_next)
        if (list->ai_addrlen == info->ai_addrlen &&
            memcmp(list->ai_addr, info->ai_addr, info->ai_addrlen) == 0)
            return true;
    return false;
}

static int open_all(binding *self, const struct addrinfo *list)
{
    static const int families[] = { AF_INET, AF_INET6 };
    for (int pass = 0; pass < 2; pass++)
        for (const struct addrinfo *info = list; info; info = info->ai_next)
            if (info->ai_family == families[pass] && !seen_before(list, info))
                GALE_TRY(open_one(self, info));
    return self->count > 0 ? self->count : -EAFNOSUPPORT;
}

static int fail(int port, const char *address, int result, const char *reason)
{
    if (!address)
        return gale__fail(result, "cannot listen on port %d: %s", port, reason);
    return gale__fail(result, "cannot listen on %s port %d: %s", address, port, reason);
}

int gale_bind_sockets(int port, const gale_bind_options *options, int *sockets)
{
    static const gale_bind_options defaults;
    binding self = { .options = options ? options : &defaults,
                     .any_port = port == 0,
                     .port = port,
                     .sockets = sockets };
    const char *address = self.options->address;
    if (address && !*address)
        address = NULL;
    if (port < 0 || port > 65535)
        return fail(port, address, GALE_EINVALID, "no such port");
    gale__lookup lookup;
    int flags = self.options->flags ? self.options->flags : AI_PASSIVE;
    int result = gale__lookup_run(&lookup, address, self.options->family, flags);
    if (result < 0)
        return fail(port, address, result, lookup.reason);
    result = open_all(&self, lookup.list);
    freeaddrinfo(lookup.list);
    if (result < 0) {
        gale_close_sockets(self.sockets, self.count);
        return fail(port, address, result, gale_strerror(result));
    }
    return result;
}

void gale_close_sockets(const int *sockets, int count)
{
    for (int i = 0; i < count; i++)
        close(sockets[i]);
}

int gale_socket_port(int socket)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &size) != 0)
        return -errno;
    if (address.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return GALE_EINVALID;
}

/* ---- Unix sockets ---------------------------------------------------------------------- */

static int remove_old_socket(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(status.st_mode))
        return -EEXIST;
    return unlink(path) == 0 ? 0 : -errno;
}

static int bind_path(int fd, const gale_address *address, unsigned mode, int backlog)
{
    struct sockaddr_storage name;
    socklen_t size = gale__address_to_socket(address, &name);
    bool is_file = address->path[0] != '@';
    if (is_file)
        GALE_TRY(remove_old_socket(address->path));
    if (bind(fd, (struct sockaddr *)&name, size) != 0)
        return -errno;
    if (is_file && chmod(address->path, mode ? mode : UNIX_MODE) != 0)
        return -errno;
    return listen(fd, backlog > 0 ? backlog : BACKLOG) == 0 ? 0 : -errno;
}

int gale_bind_unix_socket(const char *path, unsigned mode, int backlog)
{
    gale_address address;
    struct sockaddr_storage name;
    GALE_TRY(gale_address_from_path(path, &address));
    int inherited =
        gale__inherited_take((struct sockaddr *)&name, gale__address_to_socket(&address, &name));
    if (inherited >= 0)
        return inherited;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int result = fd < 0 ? -errno : bind_path(fd, &address, mode, backlog);
    if (result == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    if (result == -EEXIST)
        return gale__fail(result, "File %s exists and is not a socket", path);
    return gale__fail(result, "cannot listen on %s: %s", path, gale_strerror(result));
}
