/* SPDX-License-Identifier: Apache-2.0 */
/* The Host header's syntax (RFC 9110 §7.2, RFC 3986 §3.2.2). */
#ifndef GALE_PROTO_HOST_H
#define GALE_PROTO_HOST_H

#include <gale/core.h>

/*
 * True for a name or an address, with a port or without, and for the empty text: a registered name
 * of letters, digits, -._~ !$&'()*+;= and %XX, or an IPv6 address in brackets; behind a colon at
 * most five digits up to 65535.
 */
bool gale__http_host_valid(gale_str host);

#endif
