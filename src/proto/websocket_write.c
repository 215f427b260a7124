/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "proto/websocket_frame.h"

static char *put_big_endian(char *out, uint64_t number, int size)
{
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
        *out++ = (char)(number >> shift & 0xff);
    return out;
}

size_t gale__websocket_write_head(char out[GALE__WEBSOCKET_HEAD_MAX], uint8_t opcode,
                                  bool compressed, uint64_t size, const uint32_t *mask)
{
    char *at = out;
    unsigned masked = mask ? 0x80 : 0;
    *at++ = (char)(0x80u | (compressed ? 0x40u : 0) | opcode);
    if (size < 126) {
        *at++ = (char)(masked | (unsigned)size);
    } else if (size <= UINT16_MAX) {
        *at++ = (char)(masked | 126u);
        at = put_big_endian(at, size, 2);
    } else {
        *at++ = (char)(masked | 127u);
        at = put_big_endian(at, size, 8);
    }
    if (mask)
        for (int shift = 0; shift < 32; shift += 8)
            *at++ = (char)(*mask >> shift & 0xff);
    return (size_t)(at - out);
}

/* §7.4.1, §7.4.2, and what IANA has registered since (1012 to 1014). */
bool gale__websocket_code_valid(int code)
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != GALE__WEBSOCKET_NO_STATUS &&
            code != GALE__WEBSOCKET_ABNORMAL) ||
           (code >= 3000 && code <= 4999);
}

size_t gale__websocket_write_close(char out[GALE__WEBSOCKET_CONTROL_MAX], int code, gale_str reason)
{
    assert(reason.len <= GALE__WEBSOCKET_CONTROL_MAX - 2);
    if (code == GALE__WEBSOCKET_NO_STATUS)
        return 0;
    char *at = put_big_endian(out, (uint64_t)code, 2);
    if (reason.len > 0)
        memcpy(at, reason.data, reason.len);
    return 2 + reason.len;
}
