/* SPDX-License-Identifier: Apache-2.0 */
/* The classes of bytes that the HTTP grammar speaks of. */
#ifndef GALE_PROTO_CHARACTERS_H
#define GALE_PROTO_CHARACTERS_H

#include <gale/core.h>

enum {
    GALE__CHARACTER_TOKEN = 1,   /* tchar, RFC 9110 §5.6.2 */
    GALE__CHARACTER_FIELD = 2,   /* in a field value or reason phrase: TAB, 0x20-0x7E, 0x80-0xFF */
    GALE__CHARACTER_VISIBLE = 4, /* in a request target: 0x21-0x7E, 0x80-0xFF */
    GALE__CHARACTER_HOST = 8,    /* in a Host header, as it is (a % needs a look at what follows) */
    GALE__CHARACTER_HEX = 16
};

extern const uint8_t gale__http_characters[256];

static inline bool gale__http_is(char byte, int classes)
{
    return (gale__http_characters[(uint8_t)byte] & classes) != 0;
}

static inline bool gale__http_is_digit(char byte)
{
    return (uint8_t)(byte - '0') <= 9;
}

static inline bool gale__http_is_space(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* True when every byte is of one of the classes; also for no bytes. */
bool gale__http_all(const char *data, size_t size, int classes);

/* A method or header name: at least one byte, all of them TOKEN. */
static inline bool gale__http_is_token(const char *data, size_t size)
{
    return size > 0 && gale__http_all(data, size, GALE__CHARACTER_TOKEN);
}

/* Without the SP and TAB at both ends. */
gale_str gale__http_trim(gale_str text);

#endif
