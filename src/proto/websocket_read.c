/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <string.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "proto/websocket_frame.h"

enum { FIN = 0x80, RSV1 = 0x40, RSV = 0x70, OPCODE = 0x0f, CONTROL_BIT = 0x08 }; /* first byte */
enum { MASKED = 0x80, LENGTH = 0x7f, LENGTH_16 = 126, LENGTH_64 = 127 };         /* second byte */

static int refuse(gale__websocket_reader *reader, const char *reason)
{
    reader->code = GALE__WEBSOCKET_PROTOCOL_ERROR;
    reader->reason = reason;
    return GALE_EINPUT;
}

static bool is_control(uint8_t opcode)
{
    return (opcode & CONTROL_BIT) != 0;
}

/* ---- The head -------------------------------------------------------------------------- */

/* How many bytes a head with that second byte has. */
static size_t head_size(uint8_t second)
{
    size_t length = second & LENGTH, size = 2;
    if (length == LENGTH_16)
        size += 2;
    else if (length == LENGTH_64)
        size += 8;
    return second & MASKED ? size + 4 : size;
}

static uint64_t big_endian(const unsigned char *at, size_t size)
{
    uint64_t number = 0;
    while (size-- > 0)
        number = number << 8 | *at++;
    return number;
}

/* §5.2: the length is in the shortest form, and no 64-bit one has its highest bit set. */
static int take_length(gale__websocket_reader *reader, const unsigned char *head)
{
    size_t first = head[1] & LENGTH;
    reader->left = first;
    if (first == LENGTH_16) {
        reader->left = big_endian(head + 2, 2);
        if (reader->left < LENGTH_16)
            return refuse(reader, "frame length is not in its shortest form");
    } else if (first == LENGTH_64) {
        reader->left = big_endian(head + 2, 8);
        if (reader->left <= UINT16_MAX)
            return refuse(reader, "frame length is not in its shortest form");
        if (reader->left > INT64_MAX)
            return refuse(reader, "frame length over 2^63 - 1");
    }
    return 0;
}

static int check_control(gale__websocket_reader *reader, uint8_t first)
{
    if (reader->opcode > GALE__WEBSOCKET_PONG)
        return refuse(reader, "unknown opcode");
    if (first & RSV)
        return refuse(reader, "reserved bits in a control frame");
    if (!reader->final)
        return refuse(reader, "fragmented control frame");
    if (reader->left > GALE__WEBSOCKET_CONTROL_MAX)
        return refuse(reader, "control frame of more than 125 bytes");
    return 0;
}

/* The first frame of a message. */
static int begin_message(gale__websocket_reader *reader, uint8_t first)
{
    if (reader->opcode > GALE__WEBSOCKET_BINARY)
        return refuse(reader, "unknown opcode");
    if (first & (RSV & ~RSV1) || (first & RSV1 && !reader->deflate))
        return refuse(reader, "reserved bits that were not negotiated");
    reader->kind = reader->opcode;
    reader->compressed = (first & RSV1) != 0;
    reader->in_message = true;
    reader->begun = false;
    reader->total = 0;
    return 0;
}

static int check_data(gale__websocket_reader *reader, uint8_t first)
{
    if (reader->opcode == GALE__WEBSOCKET_CONTINUATION) {
        if (!reader->in_message)
            return refuse(reader, "continuation without a message");
        if (first & RSV)
            return refuse(reader, "reserved bits in a continuation");
    } else {
        if (reader->in_message)
            return refuse(reader, "a new message within another");
        GALE_TRY(begin_message(reader, first));
    }
    reader->total += reader->left;
    if (reader->max_message_size >= 0 &&
        (reader->total > (uint64_t)reader->max_message_size || reader->total < reader->left)) {
        reader->code = GALE__WEBSOCKET_TOO_BIG;
        reader->reason = "message too big";
        return GALE_ETOOBIG;
    }
    return 0;
}

static int take_head(gale__websocket_reader *reader, const unsigned char *head, size_t size)
{
    bool masked = (head[1] & MASKED) != 0;
    reader->opcode = head[0] & OPCODE;
    reader->final = (head[0] & FIN) != 0;
    GALE_TRY(take_length(reader, head));
    GALE_TRY(is_control(reader->opcode) ? check_control(reader, head[0])
                                        : check_data(reader, head[0]));
    if (masked != reader->from_client)
        return refuse(reader,
                      masked ? "masked frame from a server" : "unmasked frame from a client");
    reader->mask = masked ? gale__websocket_mask(head + size - 4) : 0;
    reader->in_payload = true;
    return 0;
}

/* A head that comes in pieces. Returns 1 when it is complete. */
static int gather_head(gale__websocket_reader *reader, const char *data, size_t size,
                       size_t *ret_used)
{
    unsigned char *head = (unsigned char *)reader->gather;
    while (*ret_used < size) {
        head[reader->gathered++] = (unsigned char)data[(*ret_used)++];
        if (reader->gathered < 2 || reader->gathered < head_size(head[1]))
            continue;
        size_t whole = reader->gathered;
        reader->gathered = 0;
        GALE_TRY(take_head(reader, head, whole));
        return 1;
    }
    return 0;
}

/* Returns 1 when a head has been read. */
static int read_head(gale__websocket_reader *reader, const char *data, size_t size,
                     size_t *ret_used)
{
    const unsigned char *head = (const unsigned char *)data;
    if (GALE__UNLIKELY(reader->gathered > 0 || size < 2 || size < head_size(head[1])))
        return gather_head(reader, data, size, ret_used);
    *ret_used = head_size(head[1]);
    GALE_TRY(take_head(reader, head, *ret_used));
    return 1;
}

/* ---- The payload ----------------------------------------------------------------------- */

/* The mask for what comes `size` bytes later. */
static uint32_t rotate(uint32_t mask, size_t size)
{
    unsigned bits = (unsigned)(size % 4) * 8;
    return bits ? mask >> bits | mask << (32 - bits) : mask;
}

/* Takes up to `left` bytes of the payload from the front of the data. */
static gale_str take_payload(gale__websocket_reader *reader, const char *data, size_t size)
{
    if (size > reader->left)
        size = (size_t)reader->left;
    reader->left -= size;
    return (gale_str){ data, size };
}

static int read_control(gale__websocket_reader *reader, const char *data, size_t size,
                        size_t *ret_used, gale__websocket_event *event)
{
    gale_str piece = take_payload(reader, data, size);
    gale__websocket_unmask(reader->gather + reader->gathered, piece.data, piece.len, reader->mask);
    reader->mask = rotate(reader->mask, piece.len);
    reader->gathered = (uint8_t)(reader->gathered + piece.len);
    *ret_used += piece.len;
    if (reader->left > 0)
        return GALE__WEBSOCKET_MORE;
    *event = (gale__websocket_event){ .opcode = reader->opcode,
                                      .payload = { reader->gather, reader->gathered } };
    reader->gathered = 0;
    reader->in_payload = false;
    return GALE__WEBSOCKET_CONTROL;
}

static int read_data(gale__websocket_reader *reader, const char *data, size_t size,
                     size_t *ret_used, gale__websocket_event *event)
{
    if (size == 0 && reader->left > 0)
        return GALE__WEBSOCKET_MORE;
    event->opcode = reader->kind;
    event->compressed = reader->compressed;
    event->begins = !reader->begun;
    event->mask = reader->mask;
    event->payload = take_payload(reader, data, size);
    event->left = reader->left;
    event->ends = reader->final && reader->left == 0;
    reader->begun = true;
    reader->mask = rotate(reader->mask, event->payload.len);
    reader->in_payload = reader->left > 0;
    reader->in_message = !event->ends;
    *ret_used += event->payload.len;
    return GALE__WEBSOCKET_DATA;
}

/* A small message that is there as a whole, as most are: there is nothing to remember of it. The
 * bytes that it takes; 0: it is not one. */
static size_t read_small(const gale__websocket_reader *reader, const char *data, size_t size,
                         gale__websocket_event *event)
{
    size_t head = reader->from_client ? 6 : 2;
    if (reader->in_payload | reader->in_message | reader->gathered || size < head)
        return 0;
    uint8_t opcode = (unsigned char)data[0] ^ FIN;
    size_t length = (unsigned char)data[1] ^ (reader->from_client ? MASKED : 0u);
    if ((opcode != GALE__WEBSOCKET_TEXT && opcode != GALE__WEBSOCKET_BINARY) ||
        length >= LENGTH_16 || size - head < length ||
        (uint64_t)reader->max_message_size < length) /* negative: very much */
        return 0;
    *event = (gale__websocket_event){
        .opcode = opcode,
        .begins = true,
        .ends = true,
        .payload = { data + head, length },
        .mask = head > 2 ? gale__websocket_mask((const unsigned char *)data + 2) : 0
    };
    return head + length;
}

/* Everything else. */
GALE__APART static int read_any(gale__websocket_reader *reader, const char *data, size_t size,
                                size_t *ret_used, gale__websocket_event *ret_event)
{
    *ret_used = 0;
    if (!reader->in_payload) {
        int result = read_head(reader, data, size, ret_used);
        if (result <= 0)
            return result;
    }
    data += *ret_used;
    size -= *ret_used;
    return is_control(reader->opcode) ? read_control(reader, data, size, ret_used, ret_event)
                                      : read_data(reader, data, size, ret_used, ret_event);
}

int gale__websocket_next(gale__websocket_reader *reader, const char *data, size_t size,
                         size_t *ret_used, gale__websocket_event *ret_event)
{
    *ret_used = read_small(reader, data, size, ret_event);
    return GALE__LIKELY(*ret_used > 0) ? GALE__WEBSOCKET_DATA
                                       : read_any(reader, data, size, ret_used, ret_event);
}

static void mask_8(char *to, const char *from, uint64_t twice)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    word ^= twice;
    memcpy(to, &word, sizeof word);
}

/* The last bytes, fewer than 8. */
static void mask_end(char *to, const char *from, size_t size, uint32_t mask)
{
    uint32_t word;
    if (size >= sizeof word) {
        memcpy(&word, from, sizeof word);
        word ^= htole32(mask);
        memcpy(to, &word, sizeof word);
    }
    for (size_t at = size & ~(size_t)3; at < size; at++, mask >>= 8)
        to[at] = (char)((unsigned char)from[at] ^ (unsigned char)mask);
}

void gale__websocket_unmask(char *to, const char *from, size_t size, uint32_t mask)
{
    uint64_t twice = htole64((uint64_t)mask << 32 | mask);
    size_t at = 0;
    for (; size - at >= 16; at += 16) {
        mask_8(to + at, from + at, twice);
        mask_8(to + at + 8, from + at + 8, twice);
    }
    if (size - at >= 8) {
        mask_8(to + at, from + at, twice);
        at += 8;
    }
    mask_end(to + at, from + at, size - at, mask);
}

bool gale__websocket_parse_close(gale_str payload, int *ret_code, gale_str *ret_reason)
{
    *ret_reason = (gale_str){ "", 0 };
    *ret_code = GALE__WEBSOCKET_NO_STATUS;
    if (payload.len == 0)
        return true;
    *ret_code = GALE__WEBSOCKET_PROTOCOL_ERROR;
    if (payload.len == 1)
        return false;
    int code = (int)big_endian((const unsigned char *)payload.data, 2);
    gale_str reason = { payload.data + 2, payload.len - 2 };
    if (!gale__websocket_code_valid(code))
        return false;
    *ret_code = GALE__WEBSOCKET_INVALID_DATA;
    if (!gale__utf8_valid(reason.data, reason.len))
        return false;
    *ret_code = code;
    *ret_reason = reason;
    return true;
}
