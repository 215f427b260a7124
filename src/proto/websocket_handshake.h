/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake of WebSocket: keys (RFC 6455 §4) and what is agreed on about compression (RFC 7692
 * §7.1). */
#ifndef GALE_PROTO_WEBSOCKET_HANDSHAKE_H
#define GALE_PROTO_WEBSOCKET_HANDSHAKE_H

#include <gale/httputil.h>

/* ---- Keys ------------------------------------------------------------------------------ */

enum {
    GALE__WEBSOCKET_KEY_SIZE = 24,   /* characters of a Sec-WebSocket-Key */
    GALE__WEBSOCKET_ACCEPT_SIZE = 28 /* characters of a Sec-WebSocket-Accept */
};

/* Makes a key that nobody can guess, with a NUL. 0 or -errno. */
int gale__websocket_make_key(char out[GALE__WEBSOCKET_KEY_SIZE + 1]);
/* True for sixteen bytes in base64. */
bool gale__websocket_key_valid(gale_str key);
/* The answer to a key, with a NUL. 0, -ENOMEM, or GALE_ENOTSUP without SHA-1. Tornado:
 * WebSocketProtocol13.compute_accept_value. */
int gale__websocket_accept(gale_str key, char out[GALE__WEBSOCKET_ACCEPT_SIZE + 1]);

/* ---- permessage-deflate ---------------------------------------------------------------- */

/* Of each direction: whether it begins each message anew, and how large its window is (8 to 15). */
typedef struct gale__websocket_deflate {
    bool server_no_context_takeover, client_no_context_takeover;
    uint8_t server_max_window_bits, client_max_window_bits;
} gale__websocket_deflate;

/* What is longest: all four parameters. */
enum { GALE__WEBSOCKET_DEFLATE_TEXT_MAX = 160 };

/*
 * A server: the first offer in Sec-WebSocket-Extensions that it can accept. `wanted` is what it
 * would have; the client may ask for less, never for more. NULL: nothing is accepted. Returns 1; 0
 * when there is none; GALE_EINPUT when the list is malformed (RFC 6455 §9.1).
 */
int gale__websocket_deflate_accept(gale_str offers, const gale__websocket_deflate *wanted,
                                   gale__websocket_deflate *ret_agreed);
/* The server's answer, as a Sec-WebSocket-Extensions. Returns `out`. */
const char *gale__websocket_deflate_answer(const gale__websocket_deflate *agreed,
                                           char out[GALE__WEBSOCKET_DEFLATE_TEXT_MAX]);
/* A client's offer: what it asks the server for, and what it tells of itself. Returns `out`. */
const char *gale__websocket_deflate_offer(const gale__websocket_deflate *wanted,
                                          char out[GALE__WEBSOCKET_DEFLATE_TEXT_MAX]);
/* A client: what the server has answered to the offer. Returns 1; 0 when the answer is empty;
 * GALE_EINPUT for anything that was not offered. A server that goes on with its window though it
 * was asked not to is put up with: some do not know that parameter. */
int gale__websocket_deflate_agree(gale_str answer, const gale__websocket_deflate *offered,
                                  gale__websocket_deflate *ret_agreed);

/* ---- A server's answer ------------------------------------------------------------------ */

/* What a client has asked for. */
typedef struct gale__websocket_question {
    const char *key;
    const char *const *subprotocols;        /* the list ends with NULL; or NULL */
    const gale__websocket_deflate *deflate; /* that was offered, or NULL */
} gale__websocket_question;

typedef struct gale__websocket_answer {
    const char *subprotocol; /* one of those, or NULL */
    bool compressed;         /* as `deflate` says */
    gale__websocket_deflate deflate;
    const char *reason; /* after GALE_EINPUT: what is wrong, in English */
} gale__websocket_answer;

/* A client: looks at the headers of a response 101. 0, GALE_EINPUT, or as gale__websocket_accept.
 */
int gale__websocket_check_answer(const gale__websocket_question *asked, gale_http_headers *headers,
                                 gale__websocket_answer *ret_answer);

#endif
