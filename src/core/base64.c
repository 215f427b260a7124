/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base64.h"

void gale__base64_encode(char *out, const void *data, size_t size)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = data;
    for (; size >= 3; size -= 3, at += 3, out += 4) {
        unsigned bits = (unsigned)at[0] << 16 | (unsigned)at[1] << 8 | at[2];
        for (int i = 0; i < 4; i++)
            out[i] = alphabet[bits >> (18 - 6 * i) & 63];
    }
    if (size == 0)
        return;
    unsigned bits = (unsigned)at[0] << 16 | (size > 1 ? (unsigned)at[1] << 8 : 0);
    out[0] = alphabet[bits >> 18 & 63];
    out[1] = alphabet[bits >> 12 & 63];
    out[2] = size > 1 ? alphabet[bits >> 6 & 63] : '=';
    out[3] = '=';
}

/* -1 outside the alphabet. */
static int value_of(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (byte >= '0' && byte <= '9')
        return byte - '0' + 52;
    return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

int gale__base64_decode(char *out, gale_str text, size_t *ret_size)
{
    size_t size = 0, digits = 0, pads = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '=') {
            if (digits >= 2 && digits + ++pads >= 4) {
                *ret_size = size;
                return 0;
            }
            continue;
        }
        int value = value_of(text.data[i]);
        if (value < 0)
            continue;
        pads = 0;
        bits = (bits << 6 | (unsigned)value) & 0xFFFFFF;
        if (++digits > 1)
            out[size++] = (char)(bits >> (8 - 2 * digits) & 0xFF);
        digits %= 4;
    }
    *ret_size = size;
    return digits ? GALE_EINPUT : 0;
}

size_t gale__base64url_encode(char *out, const void *data, size_t size)
{
    size_t used = (size * 4 + 2) / 3;
    gale__base64_encode(out, data, size);
    for (size_t i = 0; i < used; i++)
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
    return used;
}

int gale__base64url_decode(char *out, gale_str text, size_t *ret_size)
{
    size_t size = 0;
    unsigned bits = 0, left = 0; /* bits that are no byte yet */
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        if (byte == '+' || byte == '/')
            return GALE_EINPUT;
        int value = value_of(byte == '-' ? '+' : byte == '_' ? '/' : byte);
        if (value < 0)
            return GALE_EINPUT;
        bits = (bits << 6 | (unsigned)value) & 0xFFF;
        left += 6;
        if (left >= 8)
            out[size++] = (char)(bits >> (left -= 8) & 0xFF);
    }
    if (left >= 6 || bits & ((1u << left) - 1))
        return GALE_EINPUT;
    *ret_size = size;
    return 0;
}
