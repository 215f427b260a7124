/* SPDX-License-Identifier: Apache-2.0 */
#include "net/network.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* "::ffff:1.2.3.4" as "1.2.3.4". */
static gale__address unmapped(const gale__address *address)
{
    gale__address plain = *address;
    if (address->family != AF_INET6 || memcmp(address->ip, mapped_prefix, sizeof mapped_prefix))
        return plain;
    plain.family = AF_INET;
    memset(plain.ip, 0, sizeof plain.ip);
    memcpy(plain.ip, address->ip + sizeof mapped_prefix, 4);
    return plain;
}

bool gale__address_parse(gale_str text, gale__address *ret_address)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    memset(ret_address, 0, sizeof *ret_address);
    ret_address->family = memchr(copy, ':', text.len) ? AF_INET6 : AF_INET;
    return strlen(copy) == text.len && inet_pton(ret_address->family, copy, ret_address->ip) == 1;
}

/* The number behind the slash, or -1. */
static int parse_bits(const char *text, int most)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    long bits = strtol(text, &end, 10);
    return *end || bits > most ? -1 : (int)bits;
}

static int malformed(const char *text)
{
    return gale__fail(GALE_EINVALID, "'%s' is no network (10.0.0.0/8, ::1, unix)", text);
}

int gale__network_parse(const char *text, gale__network *ret_network)
{
    *ret_network = (gale__network){ .family = AF_UNIX };
    if (strcmp(text, "unix") == 0)
        return 0;
    size_t size = strcspn(text, "/");
    gale__address address;
    if (!gale__address_parse((gale_str){ text, size }, &address))
        return malformed(text);
    int most = address.family == AF_INET ? 32 : 128;
    int bits = text[size] ? parse_bits(text + size + 1, most) : most;
    if (bits < 0)
        return malformed(text);
    gale__address plain = unmapped(&address);
    if (plain.family != address.family) {
        if (bits < 96)
            return malformed(text);
        bits -= 96;
    }
    ret_network->family = plain.family;
    ret_network->bits = (uint8_t)bits;
    memcpy(ret_network->ip, plain.ip, sizeof ret_network->ip);
    return 0;
}

bool gale__network_contains(const gale__network *network, const gale__address *address)
{
    gale__address plain = unmapped(address);
    size_t whole = network->bits / 8, rest = network->bits % 8;
    if (plain.family != network->family || memcmp(plain.ip, network->ip, whole) != 0)
        return false;
    return rest == 0 || (plain.ip[whole] ^ network->ip[whole]) >> (8 - rest) == 0;
}
