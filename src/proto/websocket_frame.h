/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of WebSocket (RFC 6455 §5): read a piece at a time, and written. */
#ifndef GALE_PROTO_WEBSOCKET_FRAME_H
#define GALE_PROTO_WEBSOCKET_FRAME_H

#include <gale/core.h>

typedef enum gale__websocket_opcode {
    GALE__WEBSOCKET_CONTINUATION = 0,
    GALE__WEBSOCKET_TEXT = 1,
    GALE__WEBSOCKET_BINARY = 2,
    GALE__WEBSOCKET_CLOSE = 8,
    GALE__WEBSOCKET_PING = 9,
    GALE__WEBSOCKET_PONG = 10
} gale__websocket_opcode;

/* RFC 6455 §7.4.1. */
enum {
    GALE__WEBSOCKET_NORMAL = 1000,
    GALE__WEBSOCKET_GOING_AWAY = 1001,
    GALE__WEBSOCKET_PROTOCOL_ERROR = 1002,
    GALE__WEBSOCKET_NO_STATUS = 1005, /* never sent: a close frame without a code */
    GALE__WEBSOCKET_ABNORMAL = 1006,  /* never sent: no close frame came */
    GALE__WEBSOCKET_INVALID_DATA = 1007,
    GALE__WEBSOCKET_TOO_BIG = 1009,
    GALE__WEBSOCKET_INTERNAL_ERROR = 1011
};

enum {
    GALE__WEBSOCKET_CONTROL_MAX = 125, /* bytes of the payload of a control frame */
    GALE__WEBSOCKET_HEAD_MAX = 14      /* bytes before the payload */
};

/* ---- Reading --------------------------------------------------------------------------- */

/* Zeroed, but for the first three, before the first frame. */
typedef struct gale__websocket_reader {
    int64_t max_message_size; /* bytes of all frames of a message; negative: no limit */
    bool from_client;         /* frames must be masked; else they must not be (§5.1) */
    bool deflate;             /* RSV1 at the first frame of a message: compressed (RFC 7692) */

    bool in_message;  /* a frame of it has come, and not its last */
    bool in_payload;  /* of a frame whose head has been read */
    bool final;       /* that frame is the last of its message */
    uint8_t opcode;   /* of that frame */
    uint8_t kind;     /* of the message at hand: text or binary */
    bool compressed;  /* the message at hand is */
    bool begun;       /* something of the message has been told */
    uint8_t gathered; /* bytes of a head, or of a control frame's payload */
    uint32_t mask;    /* of the next byte of the payload and the three after it */
    uint64_t left;    /* of the payload */
    uint64_t total;   /* payload bytes of the message, announced so far */
    char gather[GALE__WEBSOCKET_CONTROL_MAX];
    uint16_t code;      /* after an error: what to close with */
    const char *reason; /* after an error: what is wrong, in English */
} gale__websocket_reader;

enum {
    GALE__WEBSOCKET_MORE,   /* all bytes are used up; more must come */
    GALE__WEBSOCKET_DATA,   /* a piece of a message */
    GALE__WEBSOCKET_CONTROL /* a whole close, ping or pong */
};

typedef struct gale__websocket_event {
    uint8_t opcode;    /* of the message (text or binary), or of the control frame */
    bool compressed;   /* the message is */
    bool begins, ends; /* the message does so with this piece */
    gale_str payload;  /* DATA: masked as it came; CONTROL: as it was meant, in the reader */
    uint32_t mask;     /* of DATA, for gale__websocket_unmask */
    uint64_t left;     /* bytes of the frame behind this piece */
} gale__websocket_event;

/*
 * Reads until one event. *ret_used is how many bytes of `data` it has used, on errors too; go on
 * with the rest, also with none: an event may be left. Control frames come between the pieces of a
 * message as they have come on the wire.
 *
 * Returns an event; GALE_EINPUT for what RFC 6455 §5 does not allow; GALE_ETOOBIG as soon as a
 * frame announces too much. After an error the reader must not be used again.
 */
int gale__websocket_next(gale__websocket_reader *reader, const char *data, size_t size,
                         size_t *ret_used, gale__websocket_event *ret_event);

/* Copies, and undoes (or does) the masking. `mask` 0: there is none. `to` may be `from`, and must
 * not overlap otherwise. */
void gale__websocket_unmask(char *to, const char *from, size_t size, uint32_t mask);

/* What a close frame says. An empty payload is GALE__WEBSOCKET_NO_STATUS. *ret_reason is a view.
 * False for one byte, a code that must not be sent, and a reason that is not UTF-8; *ret_code is
 * then what to close with. */
bool gale__websocket_parse_close(gale_str payload, int *ret_code, gale_str *ret_reason);

/* ---- Writing --------------------------------------------------------------------------- */

/* A mask for gale__websocket_write_head from four random bytes. */
static inline uint32_t gale__websocket_mask(const unsigned char bytes[4])
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* The head of a frame that is a message of its own. `mask` NULL: not masked. Returns its size. */
size_t gale__websocket_write_head(char out[GALE__WEBSOCKET_HEAD_MAX], uint8_t opcode,
                                  bool compressed, uint64_t size, const uint32_t *mask);
/* True for a code that may be sent in a close frame. */
bool gale__websocket_code_valid(int code);
/* The payload of a close frame; the reason is at most GALE__WEBSOCKET_CONTROL_MAX - 2 bytes. Code
 * GALE__WEBSOCKET_NO_STATUS makes an empty one. Returns its size. */
size_t gale__websocket_write_close(char out[GALE__WEBSOCKET_CONTROL_MAX], int code,
                                   gale_str reason);

#endif
