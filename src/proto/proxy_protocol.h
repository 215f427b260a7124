/* SPDX-License-Identifier: Apache-2.0 */
/* The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): what a proxy that does not
 * speak the protocol of the connection says before its first byte. */
#ifndef GALE_PROTO_PROXY_PROTOCOL_H
#define GALE_PROTO_PROXY_PROTOCOL_H

#include <gale/core.h>

enum {
    GALE__PROXY_V1_MAX = 107,      /* bytes of a line with its CRLF */
    GALE__PROXY_V2_MAX = 16 + 4096 /* with the extensions, which are skipped */
};

/* The client. `version` 0: it is not said, or the proxy speaks for itself. */
typedef struct gale__proxied {
    int version;    /* of IP: 4, 6 or 0 */
    uint8_t ip[16]; /* of IPv4 the first four */
    uint16_t port;
} gale__proxied;

/* Returns the size of the header at the front; 0 when more has to come; GALE_EINPUT. */
int gale__proxy_protocol_parse(gale_str data, gale__proxied *ret_client);

#endif
