/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a Redis is and who asks:
 *
 *     redis://user:password@host:6379/0     redis://host     redis://:password@host
 *     rediss://...                          the same with TLS
 *     unix:///run/redis.sock?db=1           unix://user:password@/run/redis.sock
 */
#ifndef GALE_DATA_REDIS_URL_H
#define GALE_DATA_REDIS_URL_H

#include "proto/own_arena.h"

typedef struct gale__redis_url {
    gale__own_arena memory;
    const char *host; /* NULL: `path` */
    int port;
    const char *path;                /* of a Unix socket */
    const char *username, *password; /* NULL when not said */
    int database;
    bool tls;
    const char *name; /* for messages: "host:6379/0", without the password */
} gale__redis_url;

/* Clear it also after a failure: GALE_EINVALID, -ENOMEM; with the detail, which does not show the
 * password. */
int gale__redis_url_parse(gale__redis_url *url, const char *text);
void gale__redis_url_clear(gale__redis_url *url);

#endif
