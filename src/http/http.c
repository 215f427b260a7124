/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http.h"

#include <gale/httpclient.h>

#include <stdio.h>
#include <string.h>

#include "core/date.h"
#include "http/http1_connection.h"
#include "platform/clock.h"

static void http_close(void *state)
{
    gale__http *http = state;
    gale_http_client_free(http->client);
    while (!gale__list_empty(&http->ending))
        gale__http1_exchange_destroy(
            GALE__CONTAINER_OF(http->ending.next, gale_http_connection, ending));
    if (http->spare)
        gale__http1_exchange_discard(http->spare);
    gale__pool_close(&http->connections);
    gale__pool_close(&http->actives);
    gale__free(http);
}

static void init_block(gale__http *http)
{
    static const char before_date[] =
        GALE__HTTP_OK_LINE "Server: gale/" GALE_VERSION "\r\n"
                           "Content-Type: text/html; charset=UTF-8\r\n"
                           "Date: ";
    enum { BEFORE = sizeof before_date - 1, SIZE = BEFORE + GALE__HTTP_DATE_SIZE + 2 };
    _Static_assert(SIZE <= sizeof http->ready, "the block has room");
    memcpy(http->ready, before_date, BEFORE);
    http->date = http->ready + BEFORE;
    gale__http_refresh_date(http);
    memcpy(http->date + GALE__HTTP_DATE_SIZE, "\r\n", 2);
    gale_str text = { http->ready + GALE__HTTP_OK_SIZE, SIZE - GALE__HTTP_OK_SIZE };
    gale__http_header_block_init(&http->default_block, text);
    http->default_block.ready = http->ready;
}

gale__http *gale__http_new(gale_ioloop *loop)
{
    gale__http *http = GALE__NEW(gale__http);
    if (!http)
        return NULL;
    http->loop = loop;
    gale__pool_init(&http->connections, sizeof(gale__http1_server_connection), 0);
    gale__pool_init(&http->actives, sizeof(gale__http1_active), 0);
    gale__list_init(&http->ending);
    init_block(http);
    gale__loop_attach(loop, GALE__LOOP_HTTP, http, http_close);
    return http;
}

void gale__http_refresh_date(gale__http *http)
{
    const int64_t second = 1000000000;
    int64_t wall = gale__clock_wall();
    gale__http_date_format(wall / second, http->date);
    http->date_until = http->loop->now + second - wall % second;
}
