/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole WebSocket connection of a server, over a socket in memory: what it sends are frames that
 * a server may send, nothing after its close, and the same however the bytes come. The first byte
 * chooses what is done with the others:
 *
 *   bit 0      they are the lines of the handshake after its first two, and what follows; else
 *              they follow a good handshake
 *   bit 1      that handshake offers permessage-deflate
 *   bit 2      windows are kept
 *   bits 3-4   bytes that come at once the second time
 */
#include <gale/gale.h>

#include "fuzz.h"
#include "memory_backend.h"
#include "proto/websocket_frame.h"

enum { HEADERS = 1, OFFERED = 2, KEPT = 4, MOST = 5000 };

#define BEGIN "GET /%s HTTP/1.1\r\nHost: h\r\n"
#define REST                                                                                       \
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                   \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define OFFER "Sec-WebSocket-Extensions: permessage-deflate\r\n"

/* ---- The server ------------------------------------------------------------------------- */

static int opened, ended;

static int on_open(gale_websocket *self, gale_handler *request)
{
    (void)self;
    (void)request;
    opened++;
    return 0;
}

static int on_message(gale_websocket *self, gale_str message, bool binary)
{
    CHECK_TEXT(message);
    CHECK(message.len <= MOST);
    if (message.len == 4 && memcmp(message.data, "wait", 4) == 0)
        GALE_TRY(gale_sleep(0.01));
    return binary ? gale_write_message_binary(self, message.data, message.len)
                  : gale_write_message_str(self, message);
}

static void on_close(gale_websocket *self)
{
    int code = gale_websocket_close_code(self);
    CHECK(code == 0 || code == 1005 || gale__websocket_code_valid(code));
    ended++;
}

static const gale_websocket_class ws = { .open = on_open,
                                         .on_message = on_message,
                                         .on_close = on_close,
                                         .max_message_size = MOST,
                                         .compression = &(gale_websocket_compression){ 0 } };
static const gale_websocket_class keeping = {
    .open = on_open,
    .on_message = on_message,
    .on_close = on_close,
    .max_message_size = MOST,
    .compression = &(gale_websocket_compression){ .context_takeover = true, .max_window_bits = 9 }
};
static const gale_handler_class ws_handler = { .websocket = &ws };
static const gale_handler_class keeping_handler = { .websocket = &keeping };
static const gale_route routes[] = { { .pattern = "/ws", .handler = &ws_handler },
                                     { .pattern = "/keep", .handler = &keeping_handler },
                                     { 0 } };

static memory_peer *connect_peer(void)
{
    CHECK(memory_loop(NULL));
    gale_log_set_level(GALE_LOG_OFF);
    int listening = memory_listen();
    gale_application *application = gale_application_new(routes, NULL);
    CHECK(application);
    CHECK(gale_application_listen_sockets(application, &listening, 1) == 0);
    memory_turns();
    memory_peer *peer = memory_connect(listening);
    CHECK(peer);
    return peer;
}

/* ---- The client ------------------------------------------------------------------------- */

/* All that the server says, and then has closed. */
static gale_str converse(uint8_t how, const uint8_t *data, size_t size, size_t piece)
{
    char begin[200];
    memory_peer *peer = connect_peer();
    opened = ended = 0;
    peer->piece = piece;
    snprintf(begin, sizeof begin, BEGIN "%s%s%s", how & KEPT ? "keep" : "ws",
             how & HEADERS ? "" : REST, how & HEADERS || !(how & OFFERED) ? "" : OFFER,
             how & HEADERS ? "" : "\r\n");
    memory_send(peer, begin, strlen(begin));
    memory_send(peer, data, size);
    memory_advance(0.5);
    memory_end(peer);
    memory_advance(20);
    CHECK(peer->closed);
    CHECK(opened == ended);
    gale_str said = memory_received(peer);
    gale_str copy = { fuzz_string(said.data, said.len), said.len };
    gale_ioloop_free(gale_ioloop_current());
    return copy;
}

static void check_frames(const char *data, size_t size, bool deflate)
{
    gale__websocket_reader reader = { .max_message_size = -1, .deflate = deflate };
    gale__websocket_event event = { 0 };
    bool closed = false;
    size_t used;
    int result;
    while ((result = gale__websocket_next(&reader, data, size, &used, &event)) > 0) {
        int code;
        gale_str reason;
        CHECK(!closed);
        closed = event.opcode == GALE__WEBSOCKET_CLOSE;
        CHECK(!closed || gale__websocket_parse_close(event.payload, &code, &reason));
        data += used;
        size -= used;
    }
    CHECK(result == GALE__WEBSOCKET_MORE);
}

/* What comes behind the head of a handshake; no text when there was none. */
static gale_str check_conversation(gale_str said)
{
    static const char switching[] = "HTTP/1.1 101 ";
    const char *end = strstr(said.data, "\r\n\r\n");
    CHECK(said.len == 0 || (end && strncmp(said.data, "HTTP/1.1 ", 9) == 0));
    if (said.len == 0 || strncmp(said.data, switching, sizeof switching - 1) != 0)
        return (gale_str){ NULL, 0 };
    const char *compressed = strstr(said.data, "\r\nSec-Websocket-Extensions: permessage-deflate");
    end += 4;
    gale_str frames = { end, said.len - (size_t)(end - said.data) };
    check_frames(frames.data, frames.len, compressed && compressed < end);
    return frames;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t pieces[] = { 1, 2, 7, 100 };
    if (size == 0)
        return 0;
    gale_str whole = converse(data[0], data + 1, size - 1, 0);
    gale_str cut = converse(data[0], data + 1, size - 1, pieces[data[0] >> 3 & 3]);
    gale_str first = check_conversation(whole), second = check_conversation(cut);
    CHECK(!first.data == !second.data && first.len == second.len);
    CHECK(!first.len || memcmp(first.data, second.data, first.len) == 0);
    free((void *)(uintptr_t)whole.data);
    free((void *)(uintptr_t)cut.data);
    return 0;
}
