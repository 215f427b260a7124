/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/websocket_frame.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

enum { OUT_SIZE = 1 << 18 };

/* What came of some frames: each event as text ("text:abc|ping:x"), and how it ended. */
typedef struct outcome {
    int result;
    uint16_t code;
    const char *reason;
    size_t used, size;
    char text[OUT_SIZE];
} outcome;

static const char *const names[] = {
    [GALE__WEBSOCKET_TEXT] = "text",   [GALE__WEBSOCKET_BINARY] = "binary",
    [GALE__WEBSOCKET_CLOSE] = "close", [GALE__WEBSOCKET_PING] = "ping",
    [GALE__WEBSOCKET_PONG] = "pong",
};

static void add(outcome *out, const char *data, size_t size)
{
    assert_true(size < OUT_SIZE - out->size);
    memcpy(out->text + out->size, data, size);
    out->size += size;
    out->text[out->size] = '\0';
}

static void add_text(outcome *out, const char *text)
{
    add(out, text, strlen(text));
}

static void add_event(outcome *out, int kind, const gale__websocket_event *event)
{
    if (kind == GALE__WEBSOCKET_CONTROL || event->begins) {
        add_text(out, names[event->opcode]);
        add_text(out, event->compressed ? "+:" : ":");
    }
    char *copy = malloc(event->payload.len + 1);
    assert_non_null(copy);
    gale__websocket_unmask(copy, event->payload.data, event->payload.len,
                           kind == GALE__WEBSOCKET_CONTROL ? 0 : event->mask);
    add(out, copy, event->payload.len);
    free(copy);
    if (kind == GALE__WEBSOCKET_CONTROL || event->ends)
        add_text(out, "|");
}

/* Reads pieces of which the first has `first` bytes and the others `step`. */
static void read_pieces(outcome *out, gale__websocket_reader reader, gale_str input, size_t first,
                        size_t step)
{
    *out = (outcome){ .result = GALE__WEBSOCKET_MORE };
    size_t available = first;
    for (;;) {
        size_t used, size = available - out->used;
        char *piece = malloc(size ? size : 1);
        assert_non_null(piece);
        memcpy(piece, input.data + out->used, size);
        gale__websocket_event event;
        out->result = gale__websocket_next(&reader, piece, size, &used, &event);
        assert_true(used <= size);
        out->used += used;
        if (out->result > 0)
            add_event(out, out->result, &event);
        free(piece);
        if (out->result < 0) {
            out->code = reader.code;
            out->reason = reader.reason;
            assert_non_null(reader.reason);
            return;
        }
        if (out->result > 0)
            continue;
        assert_int_equal(out->used, available);
        if (available == input.len)
            return;
        available += step < input.len - available ? step : input.len - available;
    }
}

static outcome whole, pieces;

/* At once, cut in two at each place, and byte by byte: always the same. */
static const outcome *read_frames(gale__websocket_reader reader, gale_str input)
{
    read_pieces(&whole, reader, input, input.len, 1);
    for (size_t first = 0; first <= input.len && first < 600; first++) {
        read_pieces(&pieces, reader, input, first, first ? input.len : 1);
        assert_int_equal(pieces.result, whole.result);
        assert_int_equal(pieces.code, whole.code);
        assert_string_equal(pieces.text, whole.text);
    }
    return &whole;
}

static const gale__websocket_reader server = { .max_message_size = -1, .from_client = true };
static const gale__websocket_reader client = { .max_message_size = -1 };
static const gale__websocket_reader deflating = { .max_message_size = -1, .deflate = true };

static void assert_reads(gale__websocket_reader reader, gale_str input, const char *events)
{
    const outcome *out = read_frames(reader, input);
    assert_int_equal(out->result, GALE__WEBSOCKET_MORE);
    assert_string_equal(out->text, events);
}

static void assert_refuses(gale__websocket_reader reader, gale_str input, const char *reason)
{
    const outcome *out = read_frames(reader, input);
    assert_int_equal(out->result, GALE_EINPUT);
    assert_int_equal(out->code, GALE__WEBSOCKET_PROTOCOL_ERROR);
    assert_string_equal(out->reason, reason);
}

TEST(the_examples_of_rfc_6455)
{
    assert_reads(client, GALE_STR("\x81\x05Hello"), "text:Hello|");
    assert_reads(server, GALE_STR("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "text:Hello|");
    assert_reads(client, GALE_STR("\x01\x03Hel\x80\x02lo"), "text:Hello|");
    assert_reads(client, GALE_STR("\x89\x05Hello"), "ping:Hello|");
    assert_reads(server, GALE_STR("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "pong:Hello|");
}

/* A frame of `size` letters. */
static gale_str long_frame(const char *head, size_t head_size, size_t size)
{
    static char frame[1 << 17];
    assert_true(head_size + size <= sizeof frame);
    memcpy(frame, head, head_size);
    for (size_t i = 0; i < size; i++)
        frame[head_size + i] = (char)('a' + i % 26);
    return (gale_str){ frame, head_size + size };
}

TEST(lengths_of_each_form)
{
    static const struct {
        const char *head;
        size_t head_size, size;
    } cases[] = {
        { "\x82\x00", 2, 0 },
        { "\x82\x7d", 2, 125 },
        { "\x82\x7e\x00\x7e", 4, 126 },
        { "\x82\x7e\x00\x7f", 4, 127 },
        { "\x82\x7e\xff\xff", 4, 65535 },
        { "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10, 65536 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gale_str frame = long_frame(cases[i].head, cases[i].head_size, cases[i].size);
        read_pieces(&whole, client, frame, frame.len, 1);
        assert_int_equal(whole.result, GALE__WEBSOCKET_MORE);
        assert_int_equal(whole.size, cases[i].size + sizeof "binary:|" - 1);
        read_pieces(&pieces, client, frame, 1, 1);
        assert_string_equal(pieces.text, whole.text);
    }
}

TEST(lengths_that_are_not_in_their_shortest_form)
{
    const char *reason = "frame length is not in its shortest form";
    assert_refuses(client, GALE_STR("\x82\x7e\x00\x7d"), reason);
    assert_refuses(client, GALE_STR("\x82\x7e\x00\x00"), reason);
    assert_refuses(client, GALE_STR("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"), reason);
    assert_refuses(client, GALE_STR("\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01"), reason);
    assert_refuses(client, GALE_STR("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"),
                   "frame length over 2^63 - 1");
}

TEST(masking_depends_on_the_side)
{
    assert_refuses(server, GALE_STR("\x81\x05Hello"), "unmasked frame from a client");
    assert_refuses(server, GALE_STR("\x89\x00"), "unmasked frame from a client");
    assert_refuses(client, GALE_STR("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
                   "masked frame from a server");
    assert_reads(server, GALE_STR("\x81\x85\0\0\0\0Hello"), "text:Hello|");
}

TEST(fragments)
{
    assert_reads(client,
                 GALE_STR("\x01\x01"
                          "a\x00\x01"
                          "b\x00\x00\x80\x01"
                          "c"),
                 "text:abc|");
    assert_reads(client, GALE_STR("\x02\x00\x80\x00"), "binary:|");
    assert_reads(client,
                 GALE_STR("\x01\x01"
                          "a\x80\x01"
                          "b\x82\x01"
                          "c"),
                 "text:ab|binary:c|");
    assert_reads(client,
                 GALE_STR("\x01\x01"
                          "a"),
                 "text:a");
    assert_refuses(client,
                   GALE_STR("\x80\x01"
                            "a"),
                   "continuation without a message");
    assert_refuses(client,
                   GALE_STR("\x00\x01"
                            "a"),
                   "continuation without a message");
    assert_refuses(client,
                   GALE_STR("\x81\x01"
                            "a\x80\x01"
                            "b"),
                   "continuation without a message");
    assert_refuses(client,
                   GALE_STR("\x01\x01"
                            "a\x81\x01"
                            "b"),
                   "a new message within another");
    assert_refuses(client,
                   GALE_STR("\x01\x01"
                            "a\x02\x01"
                            "b"),
                   "a new message within another");
}

TEST(control_frames_between_fragments)
{
    assert_reads(client,
                 GALE_STR("\x01\x01"
                          "a\x89\x02hi\x80\x01"
                          "b"),
                 "text:aping:hi|b|");
    assert_reads(client,
                 GALE_STR("\x01\x01"
                          "a\x8a\x00\x00\x01"
                          "b\x88\x00\x80\x00"),
                 "text:apong:|bclose:||");
    assert_reads(server,
                 GALE_STR("\x01\x82\x01\x02\x03\x04``\x89\x81\x01\x01\x01\x01y"
                          "\x80\x81\x01\x02\x03\x04"
                          "b"),
                 "text:abping:x|c|");
}

TEST(control_frames_have_rules)
{
    assert_refuses(client, GALE_STR("\x09\x00"), "fragmented control frame");
    assert_refuses(client, GALE_STR("\x08\x00"), "fragmented control frame");
    assert_refuses(client, GALE_STR("\x0a\x00"), "fragmented control frame");
    assert_refuses(client, GALE_STR("\x89\x7e\x00\x7e"), "control frame of more than 125 bytes");
    assert_refuses(client, GALE_STR("\x88\x7e\x00\x7e"), "control frame of more than 125 bytes");
    assert_refuses(deflating, GALE_STR("\xc9\x00"), "reserved bits in a control frame");
    assert_refuses(client, GALE_STR("\x99\x00"), "reserved bits in a control frame");
    assert_reads(
        client, long_frame("\x89\x7d", 2, 125),
        "ping:abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstu|");
}

TEST(unknown_opcodes)
{
    for (int opcode = 0; opcode < 16; opcode++) {
        char frame[] = { (char)(0x80 | opcode), 0 };
        if ((opcode >= 3 && opcode <= 7) || opcode >= 11)
            assert_refuses(client, (gale_str){ frame, 2 }, "unknown opcode");
    }
}

TEST(reserved_bits)
{
    const char *reason = "reserved bits that were not negotiated";
    for (unsigned bits = 0x10; bits <= 0x70; bits += 0x10) {
        char frame[] = { (char)(0x81u | bits), 1, 'a' };
        assert_refuses(client, (gale_str){ frame, 3 }, reason);
        if (bits != 0x40)
            assert_refuses(deflating, (gale_str){ frame, 3 }, reason);
    }
    assert_reads(deflating,
                 GALE_STR("\xc1\x01"
                          "a\x81\x01"
                          "b"),
                 "text+:a|text:b|");
    assert_reads(deflating,
                 GALE_STR("\x41\x01"
                          "a\x00\x01"
                          "b\x80\x01"
                          "c"),
                 "text+:abc|");
    assert_refuses(deflating,
                   GALE_STR("\x41\x01"
                            "a\xc0\x01"
                            "b"),
                   "reserved bits in a continuation");
    assert_refuses(deflating,
                   GALE_STR("\x01\x01"
                            "a\x40\x01"
                            "b"),
                   "reserved bits in a continuation");
}

TEST(a_message_over_the_limit_is_refused_before_it_comes)
{
    gale__websocket_reader limited = { .max_message_size = 5 };
    assert_reads(limited, GALE_STR("\x81\x05Hello\x81\x05Hello"), "text:Hello|text:Hello|");
    assert_reads(limited, GALE_STR("\x89\x06Hello!"), "ping:Hello!|");
    static const gale_str too_big[] = {
        { "\x81\x06", 2 },
        { "\x01\x03"
          "Hel\x00\x03",
          7 },
        { "\x81\x7e\xff\xff", 4 },
        { "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10 },
        { "\x01\x01"
          "a\x00\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
          13 },
    };
    for (size_t i = 0; i < sizeof too_big / sizeof too_big[0]; i++) {
        const outcome *out = read_frames(limited, too_big[i]);
        assert_int_equal(out->result, GALE_ETOOBIG);
        assert_int_equal(out->code, GALE__WEBSOCKET_TOO_BIG);
    }
}

TEST(lengths_that_overflow_together_without_a_limit)
{
    const char *huge = "\x01\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"
                       "a";
    read_pieces(&whole, client, (gale_str){ huge, 11 }, 11, 1);
    assert_int_equal(whole.result, GALE__WEBSOCKET_MORE);
    assert_string_equal(whole.text, "text:a");
}

/* Tornado: websocket_test.WebsocketMaskTest. */
TEST(masks)
{
    char out[64], twice[64];
    gale__websocket_unmask(out, "54321", 5, gale__websocket_mask((const unsigned char *)"abcd"));
    assert_memory_equal(out, "TVPVP", 5);
    gale__websocket_unmask(out, "98765432", 8, gale__websocket_mask((const unsigned char *)"ZXCV"));
    assert_memory_equal(out, "c`t`olpd", 8);
    const char *text = "The quick brown fox jumps over the lazy dog, twice.";
    for (size_t size = 0; size <= strlen(text); size++) {
        gale__websocket_unmask(out, text, size, 0x81c2a3f4u);
        for (size_t i = 0; i < size; i++)
            assert_int_equal((unsigned char)out[i] ^ (unsigned char)text[i],
                             (0x81c2a3f4u >> (i % 4 * 8)) & 0xff);
        gale__websocket_unmask(twice, out, size, 0x81c2a3f4u);
        assert_memory_equal(twice, text, size);
        gale__websocket_unmask(out, out, size, 0x81c2a3f4u);
        assert_memory_equal(out, text, size);
    }
}

static void assert_close(gale_str payload, bool valid, int code, const char *reason)
{
    int found_code;
    gale_str found;
    assert_int_equal(gale__websocket_parse_close(payload, &found_code, &found), valid);
    assert_int_equal(found_code, code);
    assert_int_equal(found.len, strlen(reason));
    assert_memory_equal(found.data, reason, found.len);
}

TEST(close_frames)
{
    assert_close(GALE_STR(""), true, 1005, "");
    assert_close(GALE_STR("\x03"), false, 1002, "");
    assert_close(GALE_STR("\x03\xe8"), true, 1000, "");
    assert_close(GALE_STR("\x03\xe9gone"), true, 1001, "gone");
    assert_close(GALE_STR("\x0f\xa0\xc3\xa9"), true, 4000, "\xc3\xa9");
    assert_close(GALE_STR("\x03\xe8\xc3"), false, 1007, "");
    assert_close(GALE_STR("\x03\xe8\xff"), false, 1007, "");
}

TEST(codes_of_close_frames)
{
    for (int code = 0; code <= 65535; code++) {
        bool valid = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                     (code >= 3000 && code <= 4999);
        assert_int_equal(gale__websocket_code_valid(code), valid);
        char payload[] = { (char)(code >> 8), (char)(code & 0xff) };
        assert_close((gale_str){ payload, 2 }, valid, valid ? code : 1002, "");
    }
}

static void assert_head(uint8_t opcode, bool compressed, uint64_t size, const uint32_t *mask,
                        gale_str expected)
{
    char out[GALE__WEBSOCKET_HEAD_MAX];
    assert_int_equal(gale__websocket_write_head(out, opcode, compressed, size, mask), expected.len);
    assert_memory_equal(out, expected.data, expected.len);
}

TEST(heads_are_written_in_their_shortest_form)
{
    const uint32_t mask = gale__websocket_mask((const unsigned char *)"\x37\xfa\x21\x3d");
    assert_head(GALE__WEBSOCKET_TEXT, false, 5, NULL, GALE_STR("\x81\x05"));
    assert_head(GALE__WEBSOCKET_TEXT, false, 5, &mask, GALE_STR("\x81\x85\x37\xfa\x21\x3d"));
    assert_head(GALE__WEBSOCKET_BINARY, true, 0, NULL, GALE_STR("\xc2\x00"));
    assert_head(GALE__WEBSOCKET_BINARY, false, 125, NULL, GALE_STR("\x82\x7d"));
    assert_head(GALE__WEBSOCKET_BINARY, false, 126, NULL, GALE_STR("\x82\x7e\x00\x7e"));
    assert_head(GALE__WEBSOCKET_BINARY, false, 65535, &mask,
                GALE_STR("\x82\xfe\xff\xff\x37\xfa\x21\x3d"));
    assert_head(GALE__WEBSOCKET_BINARY, false, 65536, NULL,
                GALE_STR("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"));
    assert_head(GALE__WEBSOCKET_PING, false, 0, NULL, GALE_STR("\x89\x00"));
}

TEST(close_frames_are_written)
{
    char out[GALE__WEBSOCKET_CONTROL_MAX];
    assert_int_equal(gale__websocket_write_close(out, 1005, GALE_STR("ignored")), 0);
    assert_int_equal(gale__websocket_write_close(out, 1000, GALE_STR("")), 2);
    assert_memory_equal(out, "\x03\xe8", 2);
    assert_int_equal(gale__websocket_write_close(out, 4999, GALE_STR("why")), 5);
    assert_memory_equal(out, "\x13\x87why", 5);
}

GALE_TEST_MAIN
