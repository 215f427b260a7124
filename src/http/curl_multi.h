/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi handle of a client on the loop: its sockets are watched as it asks, its timeouts
 * are one timer. libcurl runs on the loop's stack only. */
#ifndef GALE_HTTP_CURL_MULTI_H
#define GALE_HTTP_CURL_MULTI_H

#include "http/client.h"
#include "http/curl_library.h"
#include "net/watched_sockets.h"

#if GALE_CURL

typedef struct gale__curl_multi {
    gale_ioloop *loop;
    CURLM *handle;
    gale__watched_sockets sockets;
    gale__timer timer;
    size_t transfers;
    bool closed; /* it ends with the last transfer */
} gale__curl_multi;

/* One request, whose handle has it as CURLOPT_PRIVATE. */
typedef struct gale__curl_transfer {
    gale__curl_multi *multi;
    CURL *handle;
    CURLcode code; /* once it is done */
    bool begun, done;
    void (*wake)(struct gale__curl_transfer *transfer); /* it is done */
} gale__curl_transfer;

/* Of the client, made when first needed. GALE_ENOTSUP, -ENOMEM. */
int gale__curl_multi_of(gale_http_client *client, gale__curl_multi **ret);
/* The client ends. */
void gale__curl_multi_close(gale__curl_multi *multi);
/* Begins a transfer, and lets a paused one go on. From tasks. */
void gale__curl_begin(gale__curl_transfer *transfer);
void gale__curl_resume(gale__curl_transfer *transfer);
/* Ends it, done or not, and its handle. */
void gale__curl_end(gale__curl_transfer *transfer);

#endif
#endif
