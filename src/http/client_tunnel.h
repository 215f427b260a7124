/* SPDX-License-Identifier: Apache-2.0 */
/* From a connection to the proxy to one to the server behind it: CONNECT and SOCKS. */
#ifndef GALE_HTTP_CLIENT_TUNNEL_H
#define GALE_HTTP_CLIENT_TUNNEL_H

#include "http/client.h"

/* Returns 0 when the stream leads to the server; 1 when the proxy has to be connected again, with
 * the answer to its challenge; -EACCES when it wants other credentials, -ECONNREFUSED when it
 * refuses otherwise, GALE_EINPUT, or an error of the stream. Suspends. */
int gale__client_tunnel(gale__fetch *fetch, gale_iostream *stream);

#endif
