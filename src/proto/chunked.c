/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All but the data itself is read byte by byte: size lines and trailers are short, and every byte
 * of them is judged as soon as it is there.
 */
#include "proto/chunked.h"

#include "proto/characters.h"

/* What the next byte is to be. Zero is the start of a body. */
enum {
    SIZE_FIRST, /* the first digit of a size */
    SIZE_MORE,  /* another digit, or what ends the size */
    SIZE_SPACE, /* white space between a size and ";" */
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_FIRST, /* the first byte of a trailer line, or the CR of the last line */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF
};

static int refuse(gale__chunked *chunked, const char *reason)
{
    chunked->reason = reason;
    return GALE_EINPUT;
}

static int go(gale__chunked *chunked, int state)
{
    chunked->state = (uint8_t)state;
    return GALE__CHUNKED_MORE;
}

static uint64_t hex_value(char byte)
{
    return (uint64_t)(gale__http_is_digit(byte) ? byte - '0' : (byte | 0x20) - 'a' + 10);
}

static int size_digit(gale__chunked *chunked, char byte)
{
    if (!gale__http_is(byte, GALE__CHARACTER_HEX))
        return refuse(chunked, "Invalid chunk size");
    if (chunked->left >> 59)
        return refuse(chunked, "Chunk size out of range");
    chunked->left = chunked->left << 4 | hex_value(byte);
    return go(chunked, SIZE_MORE);
}

static int after_size(gale__chunked *chunked, char byte)
{
    if (byte == ';')
        return go(chunked, EXTENSION);
    if (gale__http_is_space(byte))
        return go(chunked, SIZE_SPACE);
    if (chunked->state == SIZE_MORE)
        return byte == '\r' ? go(chunked, SIZE_LF) : size_digit(chunked, byte);
    return refuse(chunked, "Invalid chunk size");
}

static int extension(gale__chunked *chunked, char byte)
{
    if (byte == '\r')
        return go(chunked, SIZE_LF);
    if (!gale__http_is(byte, GALE__CHARACTER_FIELD))
        return refuse(chunked, "Invalid chunk extension");
    return GALE__CHUNKED_MORE;
}

static int line_feed(gale__chunked *chunked, char byte, int state)
{
    if (byte != '\n')
        return refuse(chunked, "CR without LF in a chunked body");
    return go(chunked, state);
}

static int size_line_end(gale__chunked *chunked, char byte)
{
    chunked->line_size = 0;
    return line_feed(chunked, byte, chunked->left ? DATA : TRAILER_FIRST);
}

static int trailer(gale__chunked *chunked, char byte)
{
    if (chunked->state == TRAILER_FIRST && byte == '\r')
        return go(chunked, LAST_LF);
    if (chunked->state == TRAILER_VALUE) {
        if (byte == '\r')
            return go(chunked, TRAILER_LF);
        if (gale__http_is(byte, GALE__CHARACTER_FIELD))
            return GALE__CHUNKED_MORE;
    } else {
        if (gale__http_is(byte, GALE__CHARACTER_TOKEN))
            return go(chunked, TRAILER_NAME);
        if (chunked->state == TRAILER_NAME && byte == ':')
            return go(chunked, TRAILER_VALUE);
    }
    return refuse(chunked, "Malformed trailer");
}

/* One byte outside the data. Returns MORE, END or an error. */
static int step(gale__chunked *chunked, char byte)
{
    switch (chunked->state) {
    case SIZE_FIRST:
        return size_digit(chunked, byte);
    case SIZE_MORE:
    case SIZE_SPACE:
        return after_size(chunked, byte);
    case EXTENSION:
        return extension(chunked, byte);
    case SIZE_LF:
        return size_line_end(chunked, byte);
    case DATA_CR:
        return byte == '\r' ? go(chunked, DATA_LF)
                            : refuse(chunked, "Chunk data longer than its size");
    case DATA_LF:
        chunked->line_size = 0;
        return line_feed(chunked, byte, SIZE_FIRST);
    case TRAILER_LF:
        return line_feed(chunked, byte, TRAILER_FIRST);
    case LAST_LF:
        return byte == '\n' ? GALE__CHUNKED_END : line_feed(chunked, byte, LAST_LF);
    default:
        return trailer(chunked, byte);
    }
}

static int check_line_size(gale__chunked *chunked)
{
    uint32_t limit = chunked->state < DATA ? GALE__CHUNKED_LINE_MAX : GALE__CHUNKED_TRAILER_MAX;
    if (++chunked->line_size <= limit)
        return 0;
    chunked->reason = chunked->state < DATA ? "Chunk size line too long" : "Trailers too large";
    return GALE_ETOOBIG;
}

static int take_data(gale__chunked *chunked, const char *data, size_t size, gale_str *ret_data)
{
    size_t taken = size < chunked->left ? size : (size_t)chunked->left;
    chunked->left -= taken;
    if (!chunked->left)
        go(chunked, DATA_CR);
    *ret_data = (gale_str){ data, taken };
    return GALE__CHUNKED_DATA;
}

int gale__chunked_next(gale__chunked *chunked, const char *data, size_t size, size_t *ret_consumed,
                       gale_str *ret_data)
{
    size_t at = 0;
    int result = GALE__CHUNKED_MORE;
    while (at < size && result == GALE__CHUNKED_MORE) {
        if (chunked->state == DATA) {
            result = take_data(chunked, data + at, size - at, ret_data);
            at += ret_data->len;
            continue;
        }
        result = check_line_size(chunked);
        if (result == 0)
            result = step(chunked, data[at++]);
    }
    *ret_consumed = at;
    return result;
}
