/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two halves of an HTTP/1 connection: its life, and the reading of requests. */
#ifndef GALE_HTTP_HTTP1_READ_H
#define GALE_HTTP_HTTP1_READ_H

#include "http/http1_connection.h"

/* Uses what has been received; keeps the rest. May free the connection. */
void gale__http1_process(gale__http1_server_connection *self, const char *data, size_t size);
/* The same with what was kept. */
void gale__http1_process_input(gale__http1_server_connection *self);
/* Ends the exchange, if any, since the connection goes. */
void gale__http1_exchange_abort(gale_http_connection *exchange);

/* Makes the active part; false when out of memory. */
bool gale__http1_attach(gale__http1_server_connection *self);
/* The peer takes no more output for now: further requests wait. */
bool gale__http1_output_blocked(gale__http1_server_connection *self);
/* A deadline begins: of a TLS handshake, of a head, of queued output, of the next piece of a body.
 */
void gale__http1_await_handshake(gale__http1_server_connection *self);
void gale__http1_await_head(gale__http1_server_connection *self);
void gale__http1_await_output(gale__http1_server_connection *self);
void gale__http1_await_body(gale__http1_server_connection *self);

#endif
