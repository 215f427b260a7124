/* SPDX-License-Identifier: Apache-2.0 */
/* gale/tcpclient.h: connecting to a host by name. Tornado's counterpart: tornado.tcpclient. */
#ifndef GALE_TCPCLIENT_H
#define GALE_TCPCLIENT_H

#include <gale/core.h>
#include <gale/iostream.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of gale_tcp_client_connect. Zero is the default of each. */
typedef struct gale_tcp_client_options {
    /** AF_INET or AF_INET6; 0 means both. Tornado: af. */
    int family;
    /** The address to connect from; NULL means any. Borrowed during the call. */
    const char *source_ip;
    /** The port to connect from; 0 means any. Without source_ip it is one of the loopback address
     * of the family. */
    int source_port;
    /** Seconds for all of it, looking the name up included; 0 means no limit. */
    double timeout;
    /** Seconds for looking the name up; 0 means no limit. */
    double resolve_timeout;
    /** Looks the name up; NULL means the loop's. Borrowed during the call. Tornado: resolver. */
    gale_resolver *resolver;
    /** Of the stream: see gale_iostream_options. */
    gale_iostream_options stream;
    /** TLS: the handshake belongs to the connecting and its timeout. NULL: none. Tornado:
     * ssl_options. */
    gale_ssl_context *ssl_context;
    /** The name to ask the server for and to find in its certificate; NULL: `host`. */
    const char *server_hostname;
    void *reserved_[2];
} gale_tcp_client_options;

/**
 * Connects to `port` of `host`, a name or a literal IP address, and returns a stream that the
 * caller owns. The addresses of the name's first family are tried one after the other; after 0.3
 * seconds or the first failure those of the other family, too; an address that has not answered
 * for 2 seconds no longer holds up the next one; the first connection wins (happy eyeballs, RFC
 * 8305). Returns 0, the error of the last attempt (-ECONNREFUSED), that of gale_resolve,
 * GALE_EINVALID for a source_ip that is none, GALE_ETIMEDOUT after `timeout` and
 * GALE_ETIMEDOUT_RESOLVE after `resolve_timeout`, or GALE_ECANCELED; with TLS also those of
 * gale_iostream_start_tls. Tornado: TCPClient.connect.
 */
GALE_API GALE_SUSPENDS int gale_tcp_client_connect(const char *host, int port,
                                                   const gale_tcp_client_options *options,
                                                   gale_iostream **ret_stream);

#ifdef __cplusplus
}
#endif

#endif
