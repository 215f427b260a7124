/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/websocket_handshake.h"

#include <string.h>

#include "core/base64.h"
#include "core/digest.h"

enum { KEY_BYTES = 16, SHA1_SIZE = 20 };

int gale__websocket_make_key(char out[GALE__WEBSOCKET_KEY_SIZE + 1])
{
    char bytes[KEY_BYTES];
    GALE_TRY(gale__random(bytes, sizeof bytes));
    gale__base64_encode(out, bytes, sizeof bytes);
    out[GALE__WEBSOCKET_KEY_SIZE] = '\0';
    return 0;
}

bool gale__websocket_key_valid(gale_str key)
{
    char bytes[GALE__WEBSOCKET_KEY_SIZE];
    size_t size;
    return key.len == GALE__WEBSOCKET_KEY_SIZE && gale__base64_decode(bytes, key, &size) == 0 &&
           size == KEY_BYTES;
}

int gale__websocket_accept(gale_str key, char out[GALE__WEBSOCKET_ACCEPT_SIZE + 1])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[GALE__DIGEST_MAX];
    gale__hash hash;
    GALE_TRY(gale__hash_begin(&hash, GALE__SHA1));
    int result = gale__hash_update(&hash, key.data, key.len);
    if (result >= 0)
        result = gale__hash_update(&hash, guid, sizeof guid - 1);
    if (result >= 0)
        result = gale__hash_end(&hash, digest);
    gale__hash_clear(&hash);
    if (result < 0)
        return result;
    gale__base64_encode(out, digest, SHA1_SIZE);
    out[GALE__WEBSOCKET_ACCEPT_SIZE] = '\0';
    return 0;
}
