/* SPDX-License-Identifier: Apache-2.0 */
/* The option decompress_request. */
#ifndef GALE_HTTP_GZIP_REQUEST_H
#define GALE_HTTP_GZIP_REQUEST_H

#include <gale/httpserver.h>

/* server->operations->start_request, but when the body is in gzip the delegate gets it inflated,
 * and Content-Encoding has become X-Consumed-Content-Encoding. NULL as there. */
gale_http_message_delegate *gale__gzip_request_start(gale_http_server_connection_delegate *server,
                                                     gale_http_connection *connection);

#endif
