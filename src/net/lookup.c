/* SPDX-License-Identifier: Apache-2.0 */
#include "net/lookup.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/address.h"

static int code_of(int status)
{
    switch (status) {
    case EAI_SYSTEM:
        return errno ? -errno : GALE_ENOTFOUND;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_AGAIN:
        return -EAGAIN;
    default:
        return GALE_ENOTFOUND;
    }
}

int gale__lookup_run(gale__lookup *lookup, const char *host, int family, int flags)
{
    struct addrinfo hints = { .ai_family = family, .ai_flags = flags, .ai_socktype = SOCK_STREAM };
    int status = getaddrinfo(host, "0", &hints, &lookup->list);
    lookup->reason = NULL;
    if (status == 0)
        return 0;
    int code = code_of(status);
    lookup->list = NULL;
    lookup->reason = status == EAI_SYSTEM ? gale_strerror(code) : gai_strerror(status);
    return code;
}

int gale__lookup_addresses(const struct addrinfo *list, int port, gale_address *addresses,
                           int capacity)
{
    int count = 0;
    for (; list; list = list->ai_next) {
        if (list->ai_family != AF_INET && list->ai_family != AF_INET6)
            continue;
        if (count < capacity) {
            gale__address_from_socket(&addresses[count], list->ai_addr, list->ai_addrlen);
            addresses[count].port = port;
        }
        count++;
    }
    return count;
}
