/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "core/error.h"
#include "net/lookup.h"

static socklen_t path_to_socket(const char *path, struct sockaddr_un *ret)
{
    size_t size = strlen(path);
    ret->sun_family = AF_UNIX;
    memcpy(ret->sun_path, path, size + 1);
    if (path[0] != '@')
        return (socklen_t)sizeof *ret;
    ret->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

socklen_t gale__address_to_socket(const gale_address *address, struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof *ret);
    if (address->family == AF_UNIX)
        return path_to_socket(address->path, (struct sockaddr_un *)ret);
    if (address->family == AF_INET) {
        struct sockaddr_in *ipv4 = (struct sockaddr_in *)ret;
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = htons((uint16_t)address->port);
        memcpy(&ipv4->sin_addr, address->ip, 4);
        return sizeof *ipv4;
    }
    if (address->family != AF_INET6)
        return 0;
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)ret;
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons((uint16_t)address->port);
    ipv6->sin6_scope_id = address->scope_id;
    memcpy(&ipv6->sin6_addr, address->ip, 16);
    return sizeof *ipv6;
}

static void path_from_socket(gale_address *address, const struct sockaddr_un *from, socklen_t size)
{
    size_t offset = offsetof(struct sockaddr_un, sun_path);
    size_t length = size > offset ? size - offset : 0;
    if (length >= sizeof address->path)
        length = sizeof address->path - 1;
    memcpy(address->path, from->sun_path, length);
    if (length > 0 && from->sun_path[0] == '\0')
        address->path[0] = '@';
}

void gale__address_from_socket(gale_address *address, const struct sockaddr *from, socklen_t size)
{
    gale__address compact;
    gale__address_from(&compact, from, size);
    *address = gale__address_public(&compact);
    if (compact.family == AF_UNIX)
        path_from_socket(address, (const struct sockaddr_un *)(const void *)from, size);
    else if (compact.family == AF_INET6)
        address->scope_id = ((const struct sockaddr_in6 *)(const void *)from)->sin6_scope_id;
}

gale_address gale__address_public(const gale__address *address)
{
    gale_address result = { .family = address->family, .port = address->port };
    memcpy(result.ip, address->ip, sizeof result.ip);
    return result;
}

int gale_address_from_ip(const char *ip, int port, gale_address *ret_address)
{
    gale_address address = { .family = AF_INET, .port = port };
    if (port < 0 || port > 65535)
        return gale__fail(GALE_EINVALID, "no such port: %d", port);
    if (inet_pton(AF_INET, ip, address.ip) != 1) {
        address.family = AF_INET6;
        if (inet_pton(AF_INET6, ip, address.ip) != 1)
            return gale__fail(GALE_EINVALID, "not an IP address: %s", ip);
    }
    *ret_address = address;
    return 0;
}

int gale_address_from_path(const char *path, gale_address *ret_address)
{
    size_t size = strlen(path);
    gale_address address = { .family = AF_UNIX };
    if (size == 0 || size >= sizeof address.path)
        return gale__fail(GALE_EINVALID, "not the path of a Unix socket: %s", path);
    memcpy(address.path, path, size);
    *ret_address = address;
    return 0;
}

const char *gale_address_text(const gale_address *address, char *out)
{
    char ip[INET6_ADDRSTRLEN] = "";
    if (address->family == AF_INET || address->family == AF_INET6)
        inet_ntop(address->family, address->ip, ip, sizeof ip);
    if (address->family == AF_INET)
        snprintf(out, GALE_ADDRESS_TEXT_MAX, "%s:%d", ip, address->port);
    else if (address->family == AF_INET6)
        snprintf(out, GALE_ADDRESS_TEXT_MAX, "[%s]:%d", ip, address->port);
    else
        snprintf(out, GALE_ADDRESS_TEXT_MAX, "%s", address->path);
    return out;
}

bool gale_is_valid_ip(const char *text)
{
    gale__lookup lookup;
    if (!text || !*text || gale__lookup_run(&lookup, text, AF_UNSPEC, AI_NUMERICHOST) < 0)
        return false;
    freeaddrinfo(lookup.list);
    return true;
}
