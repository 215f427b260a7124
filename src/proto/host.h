/* SPDX-License-Identifier: Apache-2.0 */
/* The Host header's syntax (RFC 9110 §7.2, RFC 3986 §3.2.2). */
#ifndef GALE_PROTO_HOST_H
#define GALE_PROTO_HOST_H

#include <gale/core.h>

/*
 * True for letters, digits, -._~ !$&'()*+;= [ ] : and %XX, also when empty. It keeps out what could
 * be taken for another part of a URL or for a second host; it does not judge addresses.
 * Tornado: HTTPServerRequest's check of Host.
 */
bool gale__http_host_valid(gale_str host);

#endif
