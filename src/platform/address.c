/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of peers, in 20 bytes instead of the 128 of a sockaddr_storage. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "platform/backend.h"

void gale__address_from(gale__address *address, const struct sockaddr *from, socklen_t size)
{
    memset(address, 0, sizeof *address);
    if (size < sizeof from->sa_family)
        return;
    address->family = from->sa_family;
    if (from->sa_family == AF_INET && size >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *ipv4 = (const void *)from;
        address->port = ntohs(ipv4->sin_port);
        memcpy(address->ip, &ipv4->sin_addr, 4);
    } else if (from->sa_family == AF_INET6 && size >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *ipv6 = (const void *)from;
        address->port = ntohs(ipv6->sin6_port);
        memcpy(address->ip, &ipv6->sin6_addr, 16);
    }
}

size_t gale__address_text(const gale__address *address, char *out)
{
    int family = address->family == AF_INET6 ? AF_INET6 : AF_INET;
    static const uint8_t nowhere[16];
    bool known = address->family == AF_INET || address->family == AF_INET6;
    inet_ntop(family, known ? address->ip : nowhere, out, INET6_ADDRSTRLEN);
    return strlen(out);
}
