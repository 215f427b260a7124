/* SPDX-License-Identifier: Apache-2.0 */
/* Connections with permessage-deflate. */
#include "proto/websocket_deflate.h"
#include "proto/websocket_frame.h"
#include "web/websocket_test.h"

static int echo_message(gale_websocket *self, gale_str message, bool binary)
{
    return binary ? gale_write_message_binary(self, message.data, message.len)
                  : gale_write_message_str(self, message);
}

static const gale_websocket_compression plain = { .compression_level = 9 };
static const gale_websocket_compression keeping = { .context_takeover = true };
static const gale_websocket_compression narrow = { .max_window_bits = 10 };
static const gale_websocket_class deflating = { .on_message = echo_message,
                                                .compression = &plain,
                                                .max_message_size = 100000 };
static const gale_websocket_class keeping_class = { .on_message = echo_message,
                                                    .compression = &keeping };
static const gale_websocket_class narrow_class = { .on_message = echo_message,
                                                   .compression = &narrow };
static const gale_handler_class deflating_handler = { .websocket = &deflating };
static const gale_handler_class keeping_handler = { .websocket = &keeping_class };
static const gale_handler_class narrow_handler = { .websocket = &narrow_class };
static const gale_route routes[] = { ROUTE("/", deflating_handler),
                                     ROUTE("/keep", keeping_handler),
                                     ROUTE("/narrow", narrow_handler),
                                     { 0 } };

#define OFFER(path, parameters)                                                                    \
    HANDSHAKE(path) "Sec-WebSocket-Extensions: permessage-deflate" parameters "\r\n"

/* "Hello" compressed, by a client. */
#define HELLO "\xc1\x87" MASK "\xf2\x48\xcd\xc9\xc9\x07\x00"

static void assert_answers(int port, const char *handshake, gale_str frames, gale_str expected)
{
    size_t size;
    char *said = converse(port, handshake, frames, &size);
    assert_bytes(((gale_str){ said, size }), expected);
    free(said);
}

TEST(messages_are_compressed)
{
    int port = serve_routes(routes);
    assert_answers(
        port, OFFER("/", ""), GALE_STR(HELLO HELLO BYE),
        GALE_STR(
            "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00" GOOD_BYE));
    /* The client may send what is not compressed, and in fragments; an empty message is one byte.
     */
    assert_answers(
        port, OFFER("/", ""),
        GALE_STR(SAY("\x85", "Hello") "\x41\x83" MASK "\xf2\x48\xcd\x80\x84" MASK
                                      "\xc9\xc9\x07\x00" SAY("\x80", "") BYE),
        GALE_STR("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"
                 "\xc1\x01\x00" GOOD_BYE));
    stop();
}

TEST(without_an_offer_nothing_is_compressed)
{
    int port = serve_routes(routes);
    assert_conversation(port, "/", GALE_STR(SAY("\x85", "Hello") BYE),
                        GALE_STR(SAID("\x05", "Hello") GOOD_BYE));
    assert_conversation(port, "/", GALE_STR(HELLO),
                        GALE_STR("\x88\x28\x03\xea"
                                 "reserved bits that were not negotiated"));
    stop();
}

static void assert_agreed(int port, const char *handshake, const char *line)
{
    char request[1000];
    snprintf(request, sizeof request, "%s\r\n", handshake);
    gale_str parts[] = { { request, strlen(request) }, GALE_STR(BYE) };
    char *answer = ask_parts(port, parts, 2);
    if (!strstr(answer, line))
        fail_msg("no \"%s\" in %s", line, answer);
    free(answer);
}

TEST(what_is_agreed_on)
{
    int port = serve_routes(routes);
    assert_agreed(port, OFFER("/", "; client_max_window_bits"),
                  "\r\nSec-Websocket-Extensions: permessage-deflate; server_no_context_takeover; "
                  "client_no_context_takeover\r\n");
    assert_agreed(port, OFFER("/keep", "; server_max_window_bits=9"),
                  "\r\nSec-Websocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n");
    assert_agreed(port, OFFER("/narrow", "; client_max_window_bits"),
                  "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                  "server_max_window_bits=10; client_max_window_bits=10\r\n");
    stop();
}

TEST(a_window_that_is_kept)
{
    int port = serve_routes(routes);
    assert_answers(
        port, OFFER("/keep", ""), GALE_STR(HELLO "\xc1\x85" MASK "\xf2\x00\x11\x00\x00" BYE),
        GALE_STR("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00" GOOD_BYE));
    stop();
}

TEST(what_cannot_be_inflated)
{
    int port = serve_routes(routes);
    gale_str corrupt = GALE_STR("\x88\x1c\x03\xef"
                                "corrupt compressed message");
    assert_answers(port, OFFER("/", ""), GALE_STR("\xc1\x81" MASK "\xff"), corrupt);
    assert_answers(port, OFFER("/keep", ""), GALE_STR("\xc1\x85" MASK "\xf2\x00\x11\x00\x00"),
                   corrupt);
    /* "\xff" */
    assert_answers(port, OFFER("/", ""), GALE_STR("\xc1\x83" MASK "\xfa\x0f\x00"),
                   GALE_STR("\x88\x18\x03\xef"
                            "text that is not UTF-8"));
    stop();
}

/* A frame of `size` zeroes, compressed. */
static size_t bomb(char *out, size_t room, size_t size)
{
    gale__websocket_deflater deflater;
    gale__buffer compressed;
    gale__buffer_init(&compressed, SIZE_MAX);
    char *zeroes = calloc(1, size);
    assert_ok(gale__websocket_deflater_begin(&deflater, 15, 9, 8, false));
    assert_ok(gale__websocket_deflater_run(&deflater, (gale_str){ zeroes, size }, &compressed));
    gale__websocket_deflater_end(&deflater);
    free(zeroes);
    const uint32_t mask = 0;
    size_t head = gale__websocket_write_head(out, 2, true, compressed.size, &mask);
    assert_true(head + compressed.size <= room);
    memcpy(out + head, gale__buffer_begin(&compressed), compressed.size);
    size_t total = head + compressed.size;
    gale__buffer_clear(&compressed);
    return total;
}

TEST(a_bomb)
{
    static char frames[20000];
    int port = serve_routes(routes);
    size_t size = bomb(frames, sizeof frames, 100001);
    assert_answers(port, OFFER("/", ""), (gale_str){ frames, size },
                   GALE_STR("\x88\x25\x03\xf1"
                            "message too big after decompression"));
    size = bomb(frames, sizeof frames, 10000000);
    assert_answers(port, OFFER("/", ""), (gale_str){ frames, size },
                   GALE_STR("\x88\x25\x03\xf1"
                            "message too big after decompression"));
    stop();
}

GALE_TEST_MAIN
