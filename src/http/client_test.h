/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the client's tests: a server that answers with what it is told, byte for byte. */
#ifndef GALE_HTTP_CLIENT_TEST_H
#define GALE_HTTP_CLIENT_TEST_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <gale/gen.h>
#include <gale/httpclient.h>
#include <gale/iostream.h>
#include <gale/tcpserver.h>

#include "gen/gen_test.h"

/* An answer that ends with CLOSE is followed by the end of the connection; HANG: by nothing. */
#define CLOSE "\1"
#define HANG "\2"
#define DRIP "\3" /* as the first byte: it comes byte by byte */

enum { RAW_ANSWERS = 16 };

typedef struct raw_server {
    gale_tcp_server *server;
    int port;
    const char *answers[RAW_ANSWERS]; /* to one request after the other; NULL: the end */
    int requests, connections;
    char last[8192]; /* the last request: its head and its body */
    char url[64];
} raw_server;

static raw_server raw;

static int raw_read_more(gale_iostream *stream, size_t size, size_t *used)
{
    gale_str data;
    GALE_TRY(gale_iostream_read_bytes(stream, size, false, &data));
    if (*used + data.len >= sizeof raw.last)
        data.len = sizeof raw.last - 1 - *used;
    memcpy(raw.last + *used, data.data, data.len);
    *used += data.len;
    raw.last[*used] = '\0';
    return 0;
}

static int raw_read_until(gale_iostream *stream, const char *delimiter, size_t *used)
{
    gale_str data;
    GALE_TRY(gale_iostream_read_until(stream, delimiter, 0, &data));
    if (*used + data.len >= sizeof raw.last)
        return GALE_ETOOBIG;
    memcpy(raw.last + *used, data.data, data.len);
    *used += data.len;
    raw.last[*used] = '\0';
    return 0;
}

/* A 100 that is asked for comes from the answers, and so does what is asked without a body. */
static int raw_read_request(gale_iostream *stream)
{
    size_t used = 0;
    GALE_TRY(raw_read_until(stream, "\r\n\r\n", &used));
    const char *length = strstr(raw.last, "Content-Length: ");
    if (strstr(raw.last, "Expect: "))
        return 0;
    if (length && strtoul(length + 16, NULL, 10) > 0)
        return raw_read_more(stream, strtoul(length + 16, NULL, 10), &used);
    return strstr(raw.last, "chunked") ? raw_read_until(stream, "0\r\n\r\n", &used) : 0;
}

static int raw_drip(gale_iostream *stream, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        GALE_TRY(gale_iostream_write(stream, text + i, 1));
        GALE_TRY(gale_moment());
    }
    return 0;
}

/* True when the connection goes on. */
static int raw_answer(gale_iostream *stream, const char *answer)
{
    size_t size = strlen(answer);
    char last = size ? answer[size - 1] : '\1';
    if (last == *CLOSE || last == *HANG)
        size -= size > 0;
    if (*answer == *DRIP)
        GALE_TRY(raw_drip(stream, answer + 1, size - 1));
    else
        GALE_TRY(gale_iostream_write(stream, answer, size));
    if (last == *HANG)
        GALE_TRY(gale_sleep(3600));
    return last != *CLOSE;
}

static int raw_serve(gale_iostream *stream, const gale_address *address, void *arg)
{
    (void)address, (void)arg;
    raw.connections++;
    gale_iostream_set_nodelay(stream, true);
    for (;;) {
        if (raw_read_request(stream) < 0)
            return 0;
        const char *answer = raw.requests < RAW_ANSWERS ? raw.answers[raw.requests] : NULL;
        raw.requests++;
        if (!answer || raw_answer(stream, answer) <= 0)
            return 0;
    }
}

static void raw_start(const char *const *answers, size_t count)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "127.0.0.1" };
    memset(&raw, 0, sizeof raw);
    memcpy(raw.answers, answers, count * sizeof *answers);
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    raw.port = gale_socket_port(sockets[0]);
    raw.server = gale_tcp_server_new(raw_serve, NULL, NULL);
    assert_ok(gale_tcp_server_add_sockets(raw.server, sockets, 1));
    snprintf(raw.url, sizeof raw.url, "http://127.0.0.1:%d/", raw.port);
}

/* Answers requests one after the other. */
#define RAW_SERVER(...)                                                                            \
    raw_start((const char *const[]){ __VA_ARGS__ },                                                \
              sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void raw_stop(void)
{
    gale_tcp_server_free(raw.server);
    raw.server = NULL;
}

#define OK(body_text, length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body_text

__attribute__((unused)) static void assert_body(const gale_http_response *response,
                                                const char *expected)
{
    assert_string_equal(gale_http_response_body(response), expected);
    assert_int_equal(gale_http_response_body_str(response).len, strlen(expected));
}

/* The last request had this in it. */
#define assert_sent(text) assert_non_null(strstr(raw.last, text))
#define assert_not_sent(text) assert_null(strstr(raw.last, text))

/* Fetches the URL of the raw server. */
__attribute__((unused)) static int get(const gale_fetch_options *options,
                                       gale_http_response **ret_response)
{
    return gale_fetch(raw.url, options, ret_response);
}

#endif
