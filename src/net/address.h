/* SPDX-License-Identifier: Apache-2.0 */
/* gale_address and the two other forms of addresses: the system's, and the compact one. */
#ifndef GALE_NET_ADDRESS_H
#define GALE_NET_ADDRESS_H

#include <gale/netutil.h>

#include "platform/backend.h"

/* Returns the size of the result; 0 when the address has no family. */
socklen_t gale__address_to_socket(const gale_address *address, struct sockaddr_storage *ret);
void gale__address_from_socket(gale_address *address, const struct sockaddr *from, socklen_t size);
gale_address gale__address_public(const gale__address *address);

#endif
