/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a request. It lives in its exchange, in the arena of the exchange's scope. */
#ifndef GALE_HTTP_REQUEST_H
#define GALE_HTTP_REQUEST_H

#include <gale/httpserver.h>

#include "core/buffer.h"
#include "platform/backend.h"
#include "proto/arguments.h"
#include "proto/form_data.h"
#include "proto/http1_body.h"

enum { GALE__REQUEST_FIELDS = 8 }; /* of a request that needs no more memory for its headers */

struct gale_http_server_request {
    gale_http_connection *connection; /* NULL once it has ended */
    gale__arena *arena;
    gale__http1_request head;
    gale__http1_body framing;
    gale_http_headers headers;
    gale__http_header_field first_fields[GALE__REQUEST_FIELDS];
    gale__buffer body;
    gale__address peer;
    const char *remote_ip; /* NULL until asked for */
    const char *protocol;
    const char *host_name;
    gale_http_arguments *query_arguments, *body_arguments, *cookies;
    gale_http_files *files; /* made together with body_arguments */
    bool streamed;          /* `body` is not the body: it goes piece by piece to somebody else */
    int64_t started, ended; /* loop time, ns; ended 0 until the response is finished */
    gale_ioloop *loop;
};

/* Refuses at once, as Tornado does, a multipart form that is malformed and a form with a
 * Content-Encoding. 0, GALE_EINPUT or -ENOMEM. */
int gale__http_request_check_form(gale_http_server_request *request);
/* Empty lists of body arguments and files, unless they have been made. -ENOMEM. */
int gale__http_request_make_form(gale_http_server_request *request);

/* The body lives as long as the scope of the task that calls this. -ENOMEM: it is gone. */
GALE__APART int gale__http_request_keep_body(gale_http_server_request *request);

#endif
