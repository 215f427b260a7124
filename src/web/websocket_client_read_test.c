/* SPDX-License-Identifier: Apache-2.0 */
/* What a server may send to a client: fragments, what RFC 6455 does not allow, too much, and less
 * than it should. */
#include <stdlib.h>
#include <sys/socket.h>

#include "web/websocket_client_test.h"

/* ---- What is allowed ---------------------------------------------------------------------- */

TASK_TEST(fragments_and_control_frames)
{
    SCRIPT(ACCEPTED "\r\n", "\x01\x02He\x89\x01p\x80\x03llo"   /* a ping within a message */
                            "\x01\x01\xc3\x00\x00\x80\x01\xa9" /* a character in two, and nothing */
                            "\x02\x00\x80\x00"
                            "\x8a\x05never\x89\x00"
                            "\x88\x05\x0f\xa0"
                            "bye");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_read("Hello");
    assert_read("\xc3\xa9");
    assert_int_equal(gale_read_message(ws, &message), 1);
    assert_true(message.binary);
    assert_int_equal(message.size, 0);
    assert_closed(4000, "bye");
    assert_heard(GALE_STR("\x8a\x01p\x8a\x00\x88\x02\x0f\xa0"));
    script_stop();
}

/* Two masks are not the same, and none is left out. */
TASK_TEST(frames_are_masked)
{
    enum { FRAMES = 40, SIZE = 2 + 4 + 8 };
    static char masks[FRAMES][4];
    SCRIPT(ACCEPTED "\r\n", "");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    for (int i = 0; i < FRAMES; i++)
        assert_ok(gale_write_message_binary(ws, "\0\0\0\0\0\0\0\0", 8));
    for (int i = 0; i < 1000 && script.heard_size < FRAMES * SIZE; i++)
        gale_sleep(0.002);
    assert_int_equal(script.heard_size, FRAMES * SIZE);
    for (int i = 0; i < FRAMES; i++) {
        const char *frame = script.heard + i * SIZE;
        assert_memory_equal(frame, "\x82\x88", 2);
        memcpy(masks[i], frame + 2, 4);
        assert_memory_equal(frame + 6, masks[i], 4); /* zeroes become the mask */
        assert_memory_equal(frame + 10, masks[i], 4);
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(masks[k], masks[i], 4);
    }
    script_stop();
}

/* ---- What is not -------------------------------------------------------------------------- */

/* The client says `code`, and with `reason` the detail. */
static void assert_breaks(gale_str frames, int error, int code, bool reason, const char *detail)
{
    char said[130];
    const gale_websocket_connect_options options = { .max_message_size = 1024 };
    size_t size = reason ? strlen(detail) : 0;
    said[0] = '\x88';
    said[1] = (char)(size + 2);
    said[2] = (char)(code >> 8);
    said[3] = (char)(code & 0xff);
    memcpy(said + 4, detail, size);
    script_start(ACCEPTED "\r\n", frames);
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_error(gale_read_message(ws, &message), error);
    assert_string_equal(gale_error_detail(), detail);
    assert_error(gale_read_message(ws, &message), error);
    assert_true(gale_websocket_is_closing(ws));
    assert_error(gale_write_message(ws, "x"), GALE_ECLOSED);
    assert_heard(((gale_str){ said, size + 4 }));
    gale_websocket_free(ws);
    script_stop();
}

#define BREAKS(frames, error, code, detail)                                                        \
    assert_breaks(GALE_STR(frames), error, code, true, detail)

TASK_TEST(what_breaks_the_protocol)
{
    static const struct {
        gale_str frames;
        const char *detail;
    } cases[] = {
        { GALE_STR("\x81\x85\1\2\3\4abcde"), "masked frame from a server" },
        { GALE_STR("\xc1\x01x"), "reserved bits that were not negotiated" },
        { GALE_STR("\x83\x01x"), "unknown opcode" },
        { GALE_STR("\x8b\x01x"), "unknown opcode" },
        { GALE_STR("\x80\x01x"), "continuation without a message" },
        { GALE_STR("\x01\x01x\x81\x01y"), "a new message within another" },
        { GALE_STR("\x09\x01x"), "fragmented control frame" },
        { GALE_STR("\x89\x7e\x00\x7e"), "control frame of more than 125 bytes" },
        { GALE_STR("\x81\x7e\x00\x01x"), "frame length is not in its shortest form" },
        { GALE_STR("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), "frame length over 2^63 - 1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_breaks(cases[i].frames, GALE_EINPUT, 1002, true, cases[i].detail);
}

TASK_TEST(what_breaks_a_message)
{
    BREAKS("\x81\x01\xff", GALE_EINPUT, 1007, "text that is not UTF-8");
    BREAKS("\x01\x01\xc3\x80\x01x", GALE_EINPUT, 1007, "text that is not UTF-8");
    BREAKS("\x81\x02x\xc3", GALE_EINPUT, 1007, "text that is not UTF-8");
    BREAKS("\x82\x7e\x04\x01", GALE_ETOOBIG, 1009, "message too big");
    BREAKS("\x02\x01x\x80\x7e\x04\x00", GALE_ETOOBIG, 1009, "message too big");
    const char *detail = "malformed close frame";
    assert_breaks(GALE_STR("\x88\x01x"), GALE_EINPUT, 1002, false, detail);
    assert_breaks(GALE_STR("\x88\x02\x03\xed"), GALE_EINPUT, 1002, false, detail);
    assert_breaks(GALE_STR("\x88\x03\x03\xe8\xff"), GALE_EINPUT, 1007, false, detail);
}

static void assert_deflate_breaks(gale_str frames, int error, const char *detail)
{
    const gale_websocket_compression anew = { 0 };
    const gale_websocket_connect_options options = { .max_message_size = 1024,
                                                     .compression = &anew };
    script_start(ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate; "
                          "server_no_context_takeover\r\n\r\n",
                 frames);
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_read("Hello");
    assert_error(gale_read_message(ws, &message), error);
    assert_string_equal(gale_error_detail(), detail);
    script_stop();
}

#define HELLO_DEFLATED "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"

TASK_TEST(what_breaks_the_compression)
{
    assert_deflate_breaks(GALE_STR(HELLO_DEFLATED "\xc1\x05\xff\xff\xff\xff\xff"), GALE_EINPUT,
                          "corrupt compressed message");
    assert_deflate_breaks(GALE_STR(HELLO_DEFLATED "\xc1\x03\xf2\x48\xcd"), GALE_EINPUT,
                          "corrupt compressed message");
    /* "Hello" again, out of a window that is not kept */
    assert_deflate_breaks(GALE_STR(HELLO_DEFLATED "\xc1\x05\xf2\x00\x11\x00\x00"), GALE_EINPUT,
                          "corrupt compressed message");
    /* \xff in a stored block */
    assert_deflate_breaks(GALE_STR(HELLO_DEFLATED "\xc1\x07\x00\x01\x00\xfe\xff\xff\x00"),
                          GALE_EINPUT, "text that is not UTF-8");
    /* 3000 "a" */
    assert_deflate_breaks(
        GALE_STR(HELLO_DEFLATED "\xc1\x15\xec\xc1\x31\x01\x00\x00\x00\xc2\xa0\xac\xeb\x5f\xc2\x1a"
                                "\x1e\x40\x01\x00\x00\xef\x06"),
        GALE_ETOOBIG, "message too big after decompression");
}

/* ---- The end without a close frame -------------------------------------------------------- */

TASK_TEST(what_was_said_before_the_end)
{
    SCRIPT(ACCEPTED "\r\n", "\x81\x01x\x81\x01y\x81\x01z\x81\x05unf");
    script.leaves = true;
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_read("x");
    gale_sleep(0.005);
    assert_read("y");
    assert_read("z");
    assert_error(gale_read_message(ws, &message), GALE_ECLOSED);
    assert_string_equal(gale_error_detail(), "the connection ended without a close frame");
    assert_int_equal(gale_websocket_close_code(ws), 0);
    assert_error(gale_read_message(ws, &message), GALE_ECLOSED);
    script_stop();
}

/* Also when sending to it has failed, and with a close frame at its end. */
TASK_TEST(what_was_said_before_a_reset)
{
    SCRIPT(ACCEPTED "\r\n", "\x81\x01x\x89\x00\x81\x01y\x89\x00\x88\x02\x03\xe8");
    script.leaves = true;
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_read("x");
    for (int i = 0; i < 1000 && gale_write_message(ws, "to nobody") == 0; i++)
        gale_sleep(0.002);
    assert_error(gale_write_message(ws, "to nobody"), GALE_ECLOSED);
    assert_read("y");
    assert_closed(1000, "");
    script_stop();
}

/* Wherever it ends, there is a clear answer, and the whole messages before. */
TASK_TEST(cut_at_every_byte)
{
    static const char head[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Accept: ............"
                               "................\r\n\r\n";
    static const char frames[] = "\x81\x02hi\x89\x01p\x02\x01x\x80\x01y\x88\x02\x03\xe8";
    const size_t first = sizeof head - 1 + 4, second = first + 9, last = second + 4;
    SCRIPT(ACCEPTED "\r\n", "");
    script.frames = (gale_str){ frames, sizeof frames - 1 };
    script.leaves = true;
    for (script.cut = 1; script.cut <= last; script.cut++) {
        int result = gale_websocket_connect(ws_url, NULL, &ws);
        assert_int_equal(result, script.cut < sizeof head - 1 ? GALE_ECLOSED : 0);
        if (result < 0)
            continue;
        if (script.cut >= first)
            assert_read("hi");
        if (script.cut >= second)
            assert_int_equal(gale_read_message(ws, &message), 1);
        assert_int_equal(gale_read_message(ws, &message), script.cut >= last ? 0 : GALE_ECLOSED);
        gale_websocket_free(ws);
    }
    script_stop();
}

/* ---- Close handshakes --------------------------------------------------------------------- */

TASK_TEST(messages_come_until_the_answer)
{
    SCRIPT(ACCEPTED "\r\n", "\x81\x01x\x81\x01y");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_ok(gale_websocket_close(ws, 1000, "done"));
    assert_read("x");
    assert_read("y");
    script_stop();
    assert_error(gale_read_message(ws, &message), GALE_ECLOSED);
}

/* ---- Back-pressure ------------------------------------------------------------------------ */

enum { PIECES = 400, PIECE = 65536 };
static int sent;

static int send_much(gale_websocket *self, gale_handler *handler)
{
    static char piece[PIECE];
    (void)handler;
    for (sent = 0; sent < PIECES; sent++) {
        memset(piece, sent, sizeof piece);
        GALE_TRY(gale_write_message_binary(self, piece, sizeof piece));
    }
    return 0;
}

static const gale_websocket_class talkative = { .open = send_much, .max_write_buffer = 100000 };
static const gale_handler_class talkative_handler = { .websocket = &talkative };
static const gale_route routes[] = { ROUTE("/", talkative_handler), { 0 } };

/* A client that does not read stops the server, and holds little itself. */
TASK_TEST(a_client_that_does_not_read)
{
    serve(routes, "/");
    size_t before = test_allocated_bytes();
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    int reached = -1;
    for (int i = 0; i < 100 && reached != sent; i++) {
        reached = sent;
        gale_sleep(0.01);
    }
    assert_true(sent < PIECES); /* the kernel's buffers are full */
    assert_true(test_allocated_bytes() - before < 1000000);
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal(gale_read_message(ws, &message), 1);
        assert_int_equal(message.size, PIECE);
        assert_int_equal((unsigned char)message.data[PIECE - 1], i % 256);
    }
    assert_int_equal(sent, PIECES);
}

/* The same when its function does not return. */
static int taken;

static int take_slowly(gale_websocket *self, gale_str text, bool binary)
{
    (void)self, (void)text, (void)binary;
    taken++;
    return taken == 1 ? gale_sleep(0.1) : 0;
}

TASK_TEST(a_function_that_waits)
{
    const gale_websocket_class class = { .on_message = take_slowly };
    const gale_websocket_connect_options options = { .websocket_class = &class };
    serve(routes, "/");
    taken = 0;
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    gale_sleep(0.05);
    assert_int_equal(taken, 1);
    assert_true(sent < PIECES);
    for (int i = 0; i < 100 && taken < PIECES; i++)
        gale_sleep(0.01);
    assert_int_equal(taken, PIECES);
}

static int write_much(void *arg)
{
    static char piece[PIECE];
    (void)arg;
    for (int i = 0; i < PIECES; i++)
        GALE_TRY(gale_write_message_binary(ws, piece, sizeof piece));
    return 0;
}

/* A server that does not read stops the writer, by the policy of the class. */
TASK_TEST(a_server_that_does_not_read)
{
    const gale_websocket_class waiting = { .max_write_buffer = 100000 };
    const gale_websocket_class closing = { .max_write_buffer = 100000,
                                           .when_full = GALE_WEBSOCKET_CLOSE };
    gale_websocket_connect_options options = { .websocket_class = &waiting };
    SCRIPT(ACCEPTED "\r\n", "");
    script.deaf = true;
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_error(gale_with_timeout(0.1, write_much, NULL), GALE_ETIMEDOUT);
    assert_true(gale_websocket_buffered(ws) <= 100000);
    gale_websocket_free(ws);
    options.websocket_class = &closing;
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_error(write_much(NULL), GALE_EFULL);
    assert_true(gale_websocket_is_closing(ws));
    gale_websocket_free(ws);
    script_stop();
}

/* ---- Pings to one whose messages are not taken -------------------------------------------- */

static int ping_thrice(gale_websocket *self, gale_str text, bool binary)
{
    (void)text, (void)binary;
    if (taken++ > 0)
        return 0;
    GALE_TRY(gale_sleep(0.05)); /* meanwhile it sends on */
    GALE_TRY(gale_websocket_ping(self, "a", 1));
    GALE_TRY(gale_websocket_ping(self, "b", 1));
    GALE_TRY(gale_websocket_ping(self, "c", 1));
    return gale_sleep(0.05);
}

static int note_pong(gale_websocket *self, gale_str data)
{
    (void)self;
    note(data.data);
    return 0;
}

static const gale_websocket_class pinging = { .on_message = ping_thrice, .on_pong = note_pong };
static const gale_handler_class pinging_handler = { .websocket = &pinging };
static const gale_route pinging_routes[] = { ROUTE("/", pinging_handler), { 0 } };

/* RFC 6455 §5.5.3: the last one is answered, as soon as there is room. */
TASK_TEST(pings_while_nothing_is_taken)
{
    serve(pinging_routes, "/");
    taken = 0;
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_ok(write_much(NULL));
    assert_true(gale_websocket_buffered(ws) > 1 << 20);
    for (int i = 0; i < 1000 && taken < PIECES; i++)
        gale_sleep(0.005);
    for (int i = 0; i < 1000 && !*history; i++)
        gale_sleep(0.002);
    assert_string_equal(history, "c");
}

/* ---- Idle --------------------------------------------------------------------------------- */

static int read_once(void *arg)
{
    (void)arg;
    return gale_read_message(ws, &message);
}

TASK_TEST(an_idle_client_is_small)
{
    const gale_websocket_compression anew = { 0 };
    const gale_websocket_connect_options options = { .compression = &anew };
    SCRIPT(ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate; "
                    "server_no_context_takeover\r\n\r\n",
           HELLO_DEFLATED HELLO_DEFLATED);
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_websocket_connect(ws_url, &options, &ws)); /* what the loop keeps is made */
    gale_scope_close(scope, 0);
    gale_sleep(0.01);
    size_t before = test_allocated_bytes();
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_ok(gale_write_message(ws, "hello"));
    assert_read("Hello");
    assert_read("Hello");
    assert_error(gale_with_timeout(0.01, read_once, NULL), GALE_ETIMEDOUT);
    assert_true(test_allocated_bytes() - before < 1500);
    script_stop();
}

GALE_TEST_MAIN
