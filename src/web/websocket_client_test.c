/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of servers of our own: messages, control frames, compression, the end. */
#include "web/websocket_client_test.h"

/* ---- Servers ---------------------------------------------------------------------------- */

static int echo_message(gale_websocket *self, gale_str text, bool binary)
{
    return binary ? gale_write_message_binary(self, text.data, text.len)
                  : gale_write_message_str(self, text);
}

static const gale_websocket_class echo = { .on_message = echo_message };
static const gale_handler_class echo_handler = { .websocket = &echo };

static const gale_websocket_compression plain = { 0 };
static const gale_websocket_class deflating = { .on_message = echo_message, .compression = &plain };
static const gale_handler_class deflating_handler = { .websocket = &deflating };

static const gale_route routes[] = { ROUTE("/echo", echo_handler),
                                     ROUTE("/deflate", deflating_handler),
                                     { 0 } };

/* ---- Messages --------------------------------------------------------------------------- */

TASK_TEST(messages_in_a_straight_line)
{
    serve(routes, "/echo");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_ok(gale_write_message(ws, "hello"));
    assert_read("hello");
    assert_ok(gale_write_message(ws, "one"));
    assert_ok(gale_write_message(ws, ""));
    assert_ok(gale_write_message_binary(ws, "\0\xff", 2));
    assert_ok(gale_write_message_json(ws, json_pack("{s:i}", "n", 1)));
    assert_read("one");
    assert_read("");
    assert_int_equal(gale_read_message(ws, &message), 1);
    assert_true(message.binary);
    assert_bytes(((gale_str){ message.data, message.size }), GALE_STR("\0\xff"));
    assert_read("{\"n\": 1}");
    assert_ok(gale_websocket_close(ws, 0, NULL));
    assert_closed(1005, "");
    assert_error(gale_write_message(ws, "late"), GALE_ECLOSED);
}

GALE_TEST_MAIN
