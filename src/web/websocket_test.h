/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the tests of WebSockets: frames by hand, masked with zeroes. */
#ifndef GALE_WEB_WEBSOCKET_TEST_H
#define GALE_WEB_WEBSOCKET_TEST_H

#include <gale/websocket.h>

#include "web/web_test.h"

/* The head of a handshake, to which more lines may be added. */
#define HANDSHAKE(path)                                                                            \
    "GET " path " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"            \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

#define MASK "\0\0\0\0"
/* A client's text of less than 126 bytes, and a server's. */
#define SAY(length, text) "\x81" length MASK text
#define SAID(length, text) "\x81" length text
#define BYE "\x88\x82" MASK "\x03\xe8"
#define GOOD_BYE "\x88\x02\x03\xe8"

/* What the server sends after its head when these bytes follow a handshake; free() it. The last
 * byte that comes is that before its end of the connection. */
static inline char *converse(int port, const char *handshake, gale_str frames, size_t *ret_size)
{
    char request[1024];
    int size = snprintf(request, sizeof request, "%s\r\n", handshake);
    gale_str parts[] = { { request, (size_t)size }, frames };
    asking self = { .port = port, .parts = parts, .part_count = 2 };
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_task, &self, 10));
    assert_ok(self.result);
    static const char start[] = "HTTP/1.1 101 Switching Protocols\r\n";
    char *end = strstr(self.answer, "\r\n\r\n");
    if (strncmp(self.answer, start, sizeof start - 1) != 0 || !end)
        fail_msg("no handshake: %s", self.answer);
    end += 4;
    *ret_size = self.size - (size_t)(end - self.answer);
    memmove(self.answer, end, *ret_size + 1);
    return self.answer;
}

static inline void assert_conversation(int port, const char *path, gale_str frames,
                                       gale_str expected)
{
    char handshake[512];
    size_t size;
    snprintf(handshake, sizeof handshake, HANDSHAKE("%s"), path);
    char *said = converse(port, handshake, frames, &size);
    assert_bytes(((gale_str){ said, size }), expected);
    free(said);
}

#endif
