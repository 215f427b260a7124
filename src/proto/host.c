/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/host.h"

#include <arpa/inet.h>
#include <string.h>

#include <gale/httputil.h>

#include "proto/characters.h"

static bool is_name_byte(char byte)
{
    return gale__http_is(byte, GALE__CHARACTER_HOST) && byte != ':' && byte != '[' && byte != ']';
}

/* The size of the registered name at the front. */
static size_t name_size(gale_str host)
{
    size_t i = 0;
    while (i < host.len) {
        if (host.data[i] == '%' && host.len - i >= 3 &&
            gale__http_all(host.data + i + 1, 2, GALE__CHARACTER_HEX))
            i += 3;
        else if (is_name_byte(host.data[i]))
            i++;
        else
            break;
    }
    return i;
}

/* The size of the IPv6 address with its brackets at the front; 0 when it is none. IPvFuture
 * addresses (RFC 3986 §3.2.2) do not exist. */
static size_t address_size(gale_str host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    const char *end = (const char *)memchr(host.data, ']', host.len);
    size_t size = end ? (size_t)(end - host.data) - 1 : 0;
    if (size == 0 || size >= sizeof text)
        return 0;
    memcpy(text, host.data + 1, size);
    text[size] = '\0';
    return strlen(text) == size && inet_pton(AF_INET6, text, &address) == 1 ? size + 2 : 0;
}

static bool is_port(gale_str text)
{
    int port = 0;
    if (text.len > 5)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!gale__http_is_digit(text.data[i]))
            return false;
        port = port * 10 + (text.data[i] - '0');
    }
    return port <= 65535;
}

bool gale__http_host_valid(gale_str host)
{
    if (host.len == 0)
        return true;
    size_t size = host.data[0] == '[' ? address_size(host) : name_size(host);
    if (size == 0)
        return false;
    if (size == host.len)
        return true;
    return host.data[size] == ':' &&
           is_port((gale_str){ host.data + size + 1, host.len - size - 1 });
}

int gale_split_host_and_port(gale_str netloc, gale_str *ret_host)
{
    size_t colon = netloc.len;
    while (colon > 0 && gale__http_is_digit(netloc.data[colon - 1]))
        colon--;
    *ret_host = netloc;
    if (colon < 2 || colon == netloc.len || netloc.data[colon - 1] != ':')
        return -1;
    int port = 0;
    for (size_t i = colon; i < netloc.len; i++) {
        port = port * 10 + (netloc.data[i] - '0');
        if (port > 65535)
            return GALE_EINPUT;
    }
    ret_host->len = colon - 1;
    return port;
}
