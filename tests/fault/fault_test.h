/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the fault tests: an application on the memory backend, and what it answers. */
#ifndef GALE_FAULT_TEST_H
#define GALE_FAULT_TEST_H

#include <stdio.h>
#include <stdlib.h>

#include <gale/gale.h>

#include "memory_backend.h"
#include "test.h"

#define HELLO_REQUEST "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
#define CHUNKED_REQUEST                                                                            \
    "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"                         \
    "5\r\nhello\r\n6;a=\"b\"\r\n world\r\n0\r\nTrailer: x\r\n\r\n"
#define SIZED_REQUEST "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"

static inline int hello(gale_handler *self)
{
    return gale_write(self, "Hello, world");
}

static inline int echo(gale_handler *self)
{
    gale_str body = gale_http_server_request_body(gale_handler_request(self));
    return gale_write_bytes(self, body.data, body.len);
}

static const gale_handler_class hello_handler = { .name = "hello", .get = hello, .head = hello };
static const gale_handler_class echo_handler = { .name = "echo", .post = echo, .put = echo };

/* A server of `routes` on a new loop; returns the listening descriptor. */
static inline int serve(const gale_route *routes, const gale_application_settings *settings)
{
    gale_ioloop_free(gale_ioloop_current_or_null()); /* of a test that has failed */
    assert_non_null(memory_loop(NULL));
    int listening = memory_listen();
    gale_application *application = gale_application_new(routes, settings);
    assert_non_null(application);
    assert_ok(gale_application_listen_sockets(application, &listening, 1));
    memory_turns();
    return listening;
}

static inline void stop(void)
{
    gale_ioloop_free(gale_ioloop_current_or_null());
}

static inline memory_peer *connected(int listening)
{
    memory_peer *peer = memory_connect(listening);
    assert_non_null(peer);
    memory_turns();
    return peer;
}

static inline void send_text(memory_peer *peer, const char *text)
{
    memory_send(peer, text, strlen(text));
}

/* A response with a Content-Length. */
typedef struct response {
    int status;
    bool closes; /* it says "Connection: close" */
    gale_str body;
    size_t size; /* with its head */
} response;

/* Reads the response at the front of the text; false when it is not complete. */
static inline bool response_read(gale_str text, response *ret_response)
{
    char head[1024];
    size_t size = text.len < sizeof head - 1 ? text.len : sizeof head - 1;
    memcpy(head, text.data, size);
    head[size] = '\0';
    char *end = strstr(head, "\r\n\r\n");
    if (!end || strncmp(head, "HTTP/1.1 ", 9) != 0)
        return false;
    end[2] = '\0';
    const char *length = strstr(head, "\r\nContent-Length: ");
    if (!length)
        return false;
    size_t head_size = (size_t)(end + 4 - head);
    size_t body_size = strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
    *ret_response = (response){ .status = atoi(head + 9),
                                .closes = strstr(head, "\r\nConnection: close\r\n") != NULL,
                                .body = { text.data + head_size, body_size },
                                .size = head_size + body_size };
    return ret_response->size <= text.len;
}

/* The next response of the peer is this one; forgets it. */
static inline void assert_response(memory_peer *peer, int status, const char *body)
{
    response got = { 0 };
    gale_str received = memory_received(peer);
    if (!response_read(received, &got))
        fail_msg("no complete response: %.*s", (int)received.len, received.data);
    assert_int_equal(got.status, status);
    if (body)
        assert_str(got.body, body);
    memory_forget(peer, got.size);
}

/* The next response, which is the last one, and then the connection is closed. */
static inline void assert_last_response(memory_peer *peer, int status)
{
    response got = { 0 };
    gale_str received = memory_received(peer);
    assert_true(response_read(received, &got));
    assert_int_equal(got.status, status);
    assert_true(got.closes);
    assert_int_equal(got.size, received.len);
    assert_true(peer->closed || peer->shut);
}

#endif
