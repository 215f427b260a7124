/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of WebSocket: read whole and in pieces with the same outcome, and written again. The first
 * byte chooses the side, compression and a limit. */
#include "proto/websocket_frame.h"

#include "fuzz.h"

typedef struct outcome {
    int result;
    size_t used, size;
    uint16_t code;
    char *text; /* all payloads, and a byte for each begin, end and control frame */
} outcome;

static void add(outcome *out, char byte)
{
    out->text[out->size++] = byte;
}

static void add_event(outcome *out, int kind, const gale__websocket_event *event)
{
    bool control = kind == GALE__WEBSOCKET_CONTROL;
    CHECK(event->payload.len <= GALE__WEBSOCKET_CONTROL_MAX || !control);
    CHECK(control == (event->opcode >= GALE__WEBSOCKET_CLOSE));
    CHECK(!event->ends || event->left == 0);
    if (control || event->begins)
        add(out, (char)(event->opcode + event->compressed * 16));
    char *end = out->text + out->size;
    gale__websocket_unmask(end, event->payload.data, event->payload.len, control ? 0 : event->mask);
    out->size += event->payload.len;
    if (control || event->ends)
        add(out, '.');
    if (event->opcode == GALE__WEBSOCKET_CLOSE) {
        int code;
        gale_str reason;
        bool valid = gale__websocket_parse_close(event->payload, &code, &reason);
        CHECK(gale__websocket_code_valid(code) || (valid && code == GALE__WEBSOCKET_NO_STATUS));
    }
}

/* Reads; with `random` in pieces. */
static outcome read_frames(gale__websocket_reader reader, const uint8_t *input, size_t size,
                           fuzz_random *random)
{
    outcome out = { .text = malloc(3 * size + 8) };
    size_t available = random ? 0 : size;
    CHECK(out.text);
    for (;;) {
        size_t piece_size = available - out.used, used = SIZE_MAX;
        char *piece = fuzz_copy(input + out.used, piece_size);
        gale__websocket_event event;
        out.result = gale__websocket_next(&reader, piece, piece_size, &used, &event);
        CHECK(used <= piece_size);
        out.used += used;
        if (out.result > 0)
            add_event(&out, out.result, &event);
        free(piece);
        if (out.result < 0) {
            CHECK(reader.reason && gale__websocket_code_valid(reader.code));
            CHECK((out.result == GALE_ETOOBIG) == (reader.code == GALE__WEBSOCKET_TOO_BIG));
            out.code = reader.code;
            return out;
        }
        if (out.result > 0)
            continue;
        CHECK(out.used == available);
        if (available == size)
            return out;
        available += 1 + fuzz_below(random, fuzz_below(random, 4) ? 4 : 64);
        available = available < size ? available : size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    gale__websocket_reader reader = { .max_message_size = data[0] & 4 ? data[0] >> 3 : -1,
                                      .from_client = data[0] & 1,
                                      .deflate = data[0] & 2 };
    fuzz_random random = fuzz_seed(data, size);
    outcome whole = read_frames(reader, data + 1, size - 1, NULL);
    outcome pieces = read_frames(reader, data + 1, size - 1, &random);
    CHECK(whole.result == pieces.result && whole.code == pieces.code);
    CHECK(whole.size == pieces.size && !memcmp(whole.text, pieces.text, whole.size));
    free(whole.text);
    free(pieces.text);
    return 0;
}
