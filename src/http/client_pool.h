/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections, and the pool of those that wait for another fetch. An idle one holds no task and no
 * buffer; its stream is watched, so that it goes as soon as the server closes it.
 *
 * A connection serves a fetch only when all is the same that matters: the text of its key.
 */
#ifndef GALE_HTTP_CLIENT_POOL_H
#define GALE_HTTP_CLIENT_POOL_H

#include "http/client.h"

typedef struct gale__client_connection {
    gale_http_client *client;
    gale_iostream *stream;
    gale_ssl_context *ssl_context; /* a reference, since its address is in the key; or NULL */
    gale__list link;               /* in client->idle */
    gale__list bucket;             /* in one of client->buckets */
    uint64_t hash;                 /* of the key */
    int64_t until;                 /* loop time at which it is no longer kept */
    double keep_alive; /* seconds that the server keeps it, as far as it said so; else 0 */
    bool used;         /* it has served a fetch */
    gale_str key;      /* behind the struct */
} gale__client_connection;

/* Over no stream yet; `key` is copied. NULL when out of memory. */
gale__client_connection *gale__client_connection_new(gale_http_client *client, gale_str key);
/* Closes it. Not one that is in the pool. */
void gale__client_connection_free(gale__client_connection *connection);

void gale__client_pool_init(gale_http_client *client);
/* Closes all that are idle. */
void gale__client_pool_close(gale_http_client *client);
/* One with that key that seems to be open, or NULL. `sure`: one that is closed must not be taken,
 * as far as can be seen. */
gale__client_connection *gale__client_pool_take(gale_http_client *client, gale_str key, bool sure);
/* Keeps the connection, or closes it when the pool is full. */
void gale__client_pool_put(gale__client_connection *connection);

#endif
