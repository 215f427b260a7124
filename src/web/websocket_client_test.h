/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the tests of WebSocket clients: servers of our own, and one that says what it is told
 * to. */
#ifndef GALE_WEB_WEBSOCKET_CLIENT_TEST_H
#define GALE_WEB_WEBSOCKET_CLIENT_TEST_H

#include <errno.h>
#include <stdio.h>

#include <gale/iostream.h>
#include <gale/tcpserver.h>
#include <gale/websocket.h>

#include "gen/gen_test.h"
#include "proto/websocket_handshake.h"

#define ROUTE(text, class, ...)                                                                    \
    {                                                                                              \
        .pattern = (text), .handler = &(class), __VA_ARGS__                                        \
    }

static char ws_url[128];
static gale_websocket *ws;
static gale_websocket_message message;

/* An application on 127.0.0.1; ws_url is that of its `path`. Returns the port. */
__attribute__((unused)) static int serve(const gale_route *routes, const char *path)
{
    gale_application *application = gale_application_new(routes, NULL);
    assert_non_null(application);
    int port = gale_application_listen_address(application, 0, "127.0.0.1");
    assert_true(port > 0);
    snprintf(ws_url, sizeof ws_url, "ws://127.0.0.1:%d%s", port, path);
    return port;
}

__attribute__((unused)) static void assert_read(const char *expected)
{
    assert_int_equal(gale_read_message(ws, &message), 1);
    assert_string_equal(message.data, expected);
    assert_int_equal(message.size, strlen(expected));
    assert_false(message.binary);
}

__attribute__((unused)) static void assert_closed(int code, const char *reason)
{
    assert_int_equal(gale_read_message(ws, &message), 0);
    assert_string_equal(message.data, "");
    assert_int_equal(gale_websocket_close_code(ws), code);
    assert_string_equal(gale_websocket_close_reason(ws), reason);
    assert_true(gale_websocket_is_closing(ws));
}

/* ---- A server that says what it is told ------------------------------------------------- */

#define UPGRADED "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
#define ACCEPTED UPGRADED "Sec-WebSocket-Accept: %s\r\n"

typedef struct scripted_server {
    gale_tcp_server *server;
    const char *head;  /* with a "%s" for the accept value */
    gale_str frames;   /* behind that */
    size_t piece;      /* bytes sent at a time; 0: all */
    size_t cut;        /* bytes after which it leaves; 0: none */
    bool deaf;         /* it does not read what comes behind the request */
    bool leaves;       /* after it has sent it all; else when the client does */
    char asked[4096];  /* the head of the last request */
    char heard[65536]; /* what has come behind it */
    size_t heard_size;
    int connections;
} scripted_server;

static scripted_server script;

static int script_send(gale_iostream *stream, const char *data, size_t size)
{
    size_t piece = script.piece ? script.piece : size;
    for (size_t at = 0; at < size; at += piece) {
        GALE_TRY(gale_iostream_write(stream, data + at, size - at < piece ? size - at : piece));
        if (script.piece)
            GALE_TRY(gale_moment());
    }
    return 0;
}

static int script_answer(gale_iostream *stream)
{
    static char out[65536];
    char accept[GALE__WEBSOCKET_ACCEPT_SIZE + 1] = "";
    const char *key = strstr(script.asked, "Sec-WebSocket-Key: ");
    if (key)
        assert_ok(gale__websocket_accept((gale_str){ key + 19, GALE__WEBSOCKET_KEY_SIZE }, accept));
    const char *place = strstr(script.head, "%s");
    size_t before = place ? (size_t)(place - script.head) : strlen(script.head);
    size_t size = (size_t)snprintf(out, sizeof out, "%.*s%s%s", (int)before, script.head,
                                   place ? accept : "", place ? place + 2 : "");
    assert_true(size + script.frames.len < sizeof out);
    if (script.frames.len)
        memcpy(out + size, script.frames.data, script.frames.len);
    size += script.frames.len;
    return script_send(stream, out, script.cut && script.cut < size ? script.cut : size);
}

static int script_serve(gale_iostream *stream, const gale_address *address, void *arg)
{
    gale_str data;
    (void)address, (void)arg;
    script.connections++;
    GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &data));
    assert_true(data.len < sizeof script.asked);
    memcpy(script.asked, data.data, data.len);
    script.asked[data.len] = '\0';
    script.heard_size = 0;
    GALE_TRY(script_answer(stream));
    if (script.deaf)
        return gale_sleep(3600);
    while (!script.leaves && gale_iostream_read_bytes(stream, 4096, true, &data) >= 0) {
        assert_true(script.heard_size + data.len <= sizeof script.heard);
        memcpy(script.heard + script.heard_size, data.data, data.len);
        script.heard_size += data.len;
    }
    return 0;
}

/* Answers each request with `head`, then `frames`. */
__attribute__((unused)) static void script_start(const char *head, gale_str frames)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "127.0.0.1" };
    memset(&script, 0, sizeof script);
    script.head = head;
    script.frames = frames;
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    snprintf(ws_url, sizeof ws_url, "ws://127.0.0.1:%d/chat", gale_socket_port(sockets[0]));
    script.server = gale_tcp_server_new(script_serve, NULL, NULL);
    assert_non_null(script.server);
    assert_ok(gale_tcp_server_add_sockets(script.server, sockets, 1));
}

#define SCRIPT(head_text, frames_text) script_start(head_text, GALE_STR(frames_text))

__attribute__((unused)) static void script_stop(void)
{
    gale_tcp_server_free(script.server);
    script.server = NULL;
}

/* The frames that were heard, without their masks. */
static gale_str script_heard(void)
{
    static char text[sizeof script.heard];
    const unsigned char *data = (const unsigned char *)script.heard;
    size_t in = 0, out = 0;
    while (in < script.heard_size) {
        assert_true(data[in + 1] & 0x80); /* masked */
        size_t size = data[in + 1] & 0x7f;
        assert_true(size < 126);
        text[out++] = (char)data[in];
        text[out++] = (char)size;
        for (size_t i = 0; i < size; i++)
            text[out++] = (char)(data[in + 6 + i] ^ data[in + 2 + i % 4]);
        in += 6 + size;
    }
    return (gale_str){ text, out };
}

/* They are these, or soon will be. */
__attribute__((unused)) static void assert_heard(gale_str expected)
{
    for (int i = 0; i < 1000 && script_heard().len < expected.len; i++)
        gale_sleep(0.002);
    assert_bytes(script_heard(), expected);
}

#endif
