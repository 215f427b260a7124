/* SPDX-License-Identifier: Apache-2.0 */
/* What this floor keeps for each loop: pools, and the header lines that most responses share. */
#ifndef GALE_HTTP_HTTP_H
#define GALE_HTTP_HTTP_H

#include <gale/httpserver.h>

#include "loop/loop.h"
#include "proto/headers.h"

typedef struct gale__http {
    gale_ioloop *loop;
    gale__pool connections;          /* gale__http1_server_connection */
    gale__pool actives;              /* gale__http1_active */
    gale__list ending;               /* exchanges that are destroyed in the next turn */
    struct gale_http_client *client; /* of gale_http_client_current, or NULL */
    gale_http_connection *spare; /* an ended exchange, made ready for the next request; or NULL */
    /* "Server", "Content-Type" (HTML) and "Date" lines, in Tornado's order. */
    gale__http_header_block default_block;
    char *date;         /* where the date stands in the block */
    int64_t date_until; /* loop time at which the date has to be made anew */
    char ready[GALE__HTTP_READY_SIZE];
} gale__http;

/* The slow path of gale__http_of. */
GALE__APART gale__http *gale__http_new(gale_ioloop *loop);

/* Made on first use; NULL when out of memory. */
static inline gale__http *gale__http_of(gale_ioloop *loop)
{
    gale__http *http = loop->parts[GALE__LOOP_HTTP].state;
    return GALE__LIKELY(http != NULL) ? http : gale__http_new(loop);
}
/* The slow path of gale__http_default_block. */
GALE__APART void gale__http_refresh_date(gale__http *http);

/* The lines that begin every response, with the current date. The text stays in place and only
 * its date changes. */
static inline gale__http_header_block gale__http_default_block(gale__http *http)
{
    if (GALE__UNLIKELY(http->loop->now >= http->date_until))
        gale__http_refresh_date(http);
    return http->default_block;
}

#endif
