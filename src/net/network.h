/* SPDX-License-Identifier: Apache-2.0 */
/* Networks: an address with the number of its bits that count. */
#ifndef GALE_NET_NETWORK_H
#define GALE_NET_NETWORK_H

#include "platform/backend.h"

typedef struct gale__network {
    uint16_t family; /* AF_INET, AF_INET6, or AF_UNIX for "unix" */
    uint8_t bits;
    uint8_t ip[16];
} gale__network;

/* "10.0.0.0/8", "fd00::/8", an address alone, or "unix": every peer on a Unix socket. GALE_EINVALID
 * with its detail. */
int gale__network_parse(const char *text, gale__network *ret_network);
/* An IPv4 address within IPv6 (::ffff:10.0.0.1) is that IPv4 address. */
bool gale__network_contains(const gale__network *network, const gale__address *address);
/* An address as text, without brackets or port; false when it is none. */
bool gale__address_parse(gale_str text, gale__address *ret_address);

#endif
