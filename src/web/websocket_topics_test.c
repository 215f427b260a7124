/* SPDX-License-Identifier: Apache-2.0 */
/* Topics of WebSockets, with clients over TCP. */
#include <errno.h>
#include <sys/socket.h>

#include <gale/pubsub.h>

#include "data/topics.h"
#include "web/websocket.h"
#include "web/websocket_test.h"

/* ---- The server ------------------------------------------------------------------------- */

/* Subscribes to what the query says, as "?t=a,b". */
static int open_topics(gale_websocket *self, gale_handler *handler)
{
    char *names = gale_strdup(gale_get_argument(handler, "t", ""));
    for (char *name = strtok(names, ","); name; name = strtok(NULL, ","))
        GALE_TRY(gale_subscribe_websocket(self, name));
    return 0;
}

/* "-name" unsubscribes; "!" says it to the others; anything else to all. */
static int on_message(gale_websocket *self, gale_str message, bool binary)
{
    gale_publish_options options = { .binary = binary, .except = self };
    if (message.data[0] == '-')
        return gale_unsubscribe_websocket(self, message.data + 1);
    if (message.data[0] == '!')
        return gale_publish_with("room", message, &options);
    if (message.data[0] == '?')
        return gale_subscribe_websocket(self, message.data + 1);
    return binary ? gale_publish_binary("room", message.data, message.len)
                  : gale_publish_str("room", message);
}

static const gale_websocket_compression each = { 0 };
static const gale_websocket_compression keeping = { .context_takeover = true };
static const gale_websocket_class room = { .open = open_topics, .on_message = on_message };
static const gale_websocket_class deflated = { .open = open_topics,
                                               .on_message = on_message,
                                               .compression = &each };
static const gale_websocket_class kept = { .open = open_topics,
                                           .on_message = on_message,
                                           .compression = &keeping };
static const gale_websocket_class small = { .open = open_topics,
                                            .on_message = on_message,
                                            .max_write_buffer = 100000 };
static const gale_websocket_class dropping = { .open = open_topics,
                                               .on_message = on_message,
                                               .max_write_buffer = 100000,
                                               .when_full = GALE_WEBSOCKET_DROP_OLDEST };
static const gale_handler_class room_handler = { .websocket = &room };
static const gale_handler_class deflated_handler = { .websocket = &deflated };
static const gale_handler_class kept_handler = { .websocket = &kept };
static const gale_handler_class small_handler = { .websocket = &small };
static const gale_handler_class dropping_handler = { .websocket = &dropping };
static const gale_route routes[] = {
    ROUTE("/", room_handler),         ROUTE("/deflated", deflated_handler),
    ROUTE("/kept", kept_handler),     ROUTE("/small", small_handler),
    ROUTE("/drop", dropping_handler), { 0 }
};

/* ---- Clients ---------------------------------------------------------------------------- */

static int port;

static gale_iostream *join_with(const char *target, const char *more)
{
    char request[1024];
    gale_iostream *stream;
    gale_str head;
    int size = snprintf(request, sizeof request, HANDSHAKE("%s") "%s\r\n", target, more);
    assert_ok(gale_tcp_client_connect("127.0.0.1", port, NULL, &stream));
    assert_ok(gale_iostream_write(stream, request, (size_t)size));
    assert_ok(gale_iostream_read_until(stream, "\r\n\r\n", 0, &head));
    assert_non_null(strstr(head.data, " 101 "));
    return stream;
}

static gale_iostream *join(const char *target)
{
    return join_with(target, "");
}

static void tell(gale_iostream *stream, const char *text)
{
    char frame[200] = "\x81";
    size_t size = strlen(text);
    frame[1] = (char)(0x80 | size);
    memset(frame + 2, 0, 4);
    memcpy(frame + 6, text, size);
    assert_ok(gale_iostream_write(stream, frame, size + 6));
}

static void hear_bytes(gale_iostream *stream, gale_str expected)
{
    gale_str data;
    assert_ok(gale_iostream_read_bytes(stream, expected.len, false, &data));
    assert_bytes(data, expected);
}

static void hear(gale_iostream *stream, const char *text)
{
    char frame[200] = "\x81";
    size_t size = strlen(text);
    frame[1] = (char)size;
    memcpy(frame + 2, text, size);
    hear_bytes(stream, (gale_str){ frame, size + 2 });
}

/* Until the server has heard it. */
static void wait_for_count(const char *topic, size_t count)
{
    for (int i = 0; i < 1000 && gale_topic_subscribers(topic) != count; i++)
        gale_sleep(0.001);
    assert_int_equal(gale_topic_subscribers(topic), count);
}

static int run_body(void *arg)
{
    (*(void (**)(void))arg)();
    return 0;
}

/* Runs the body in a task, with the server. */
static void with_server(void (*body)(void))
{
    port = serve_routes(routes);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), run_body, &body, 20));
    stop();
}

/* ---- Rooms ------------------------------------------------------------------------------ */

static void talk(void)
{
    gale_iostream *a = join("/?t=room"), *b = join("/?t=room,other"), *c = join("/?t=other");
    wait_for_count("room", 2);
    tell(a, "hello");
    hear(a, "hello");
    hear(b, "hello");
    tell(a, "!for the others");
    tell(c, "from outside");
    hear(b, "!for the others");
    hear(b, "from outside");
    hear(a, "from outside");
    tell(b, "-room");
    wait_for_count("room", 1);
    tell(b, "?room");
    wait_for_count("room", 2);
    assert_ok(gale_publish_binary("room", "\xff\0", 2));
    hear_bytes(a, GALE_STR("\x82\x02\xff\0"));
    hear_bytes(b, GALE_STR("\x82\x02\xff\0"));
    gale_iostream_free(a);
    wait_for_count("room", 1);
    assert_ok(gale_publish("room", "still there"));
    hear(b, "still there");
    gale_iostream_free(b);
    gale_iostream_free(c);
    wait_for_count("room", 0);
    wait_for_count("other", 0);
    assert_int_equal(gale_topic_count(), 0);
}

TEST(everyone_in_a_room_hears_what_is_said)
{
    with_server(talk);
}

static int fails;

static int open_too_many(gale_websocket *self, gale_handler *handler)
{
    char name[16];
    (void)handler;
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%d", i);
        fails = gale_subscribe_websocket(self, name);
    }
    assert_error(gale_unsubscribe_websocket(self, "2"), GALE_ENOTFOUND);
    assert_ok(gale_unsubscribe_websocket(self, "0"));
    assert_ok(gale_subscribe_websocket(self, "2"));
    gale_websocket_close(self, 0, NULL);
    assert_error(gale_subscribe_websocket(self, "3"), GALE_ECLOSED);
    return 0;
}

static const gale_websocket_class greedy = { .open = open_too_many };
static const gale_handler_class greedy_handler = { .websocket = &greedy };

TEST(a_connection_has_a_limit_of_topics)
{
    const gale_route greedy_routes[] = { ROUTE("/", greedy_handler), { 0 } };
    port = serve_routes(greedy_routes);
    assert_ok(gale_topics_configure(&(gale_topics_options){ .max_topics_per_connection = 2 }));
    assert_conversation(port, "/", GALE_STR(BYE), GALE_STR("\x88\0"));
    assert_int_equal(fails, GALE_EFULL);
    stop();
}

/* ---- Compression ------------------------------------------------------------------------ */

#define HELLO_DEFLATED "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"
static const char offer[] = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

static void talk_compressed(void)
{
    gale_iostream *plain = join("/?t=room"), *a = join_with("/deflated?t=room", offer),
                  *b = join_with("/deflated?t=room", offer), *c = join_with("/kept?t=room", offer);
    wait_for_count("room", 4);
    size_t before = test_allocations();
    assert_ok(gale_publish("room", "Hello"));
    hear_bytes(a, GALE_STR(HELLO_DEFLATED));
    hear_bytes(b, GALE_STR(HELLO_DEFLATED));
    hear_bytes(c, GALE_STR(HELLO_DEFLATED));
    hear(plain, "Hello");
    assert_true(test_allocations() > before);
    assert_ok(gale_publish("room", "Hello"));
    hear_bytes(a, GALE_STR(HELLO_DEFLATED));
    hear_bytes(c, GALE_STR("\xc1\x05\xf2\x00\x11\x00\x00")); /* as it has said it before */
    gale_iostream_free(a);
    gale_iostream_free(b);
    gale_iostream_free(c);
    gale_iostream_free(plain);
    wait_for_count("room", 0);
}

TEST(a_message_is_compressed_once_for_all_alike)
{
    with_server(talk_compressed);
}

/* ---- Slow connections -------------------------------------------------------------------- */

static char much[50000];

static void publish_until_it_is_gone(void)
{
    gale_iostream *fast = join("/?t=room"), *slow = join("/small?t=room");
    gale_str data;
    int count = 0;
    wait_for_count("room", 2);
    memset(much, 'm', sizeof much);
    for (; gale_topic_subscribers("room") == 2 && count < 1000; count++) {
        assert_ok(gale_publish_str("room", (gale_str){ much, sizeof much }));
        assert_ok(gale_iostream_read_bytes(fast, sizeof much + 4, false, &data));
    }
    if (count == 1000)
        fail_msg("it was not closed");
    assert_ok(gale_iostream_read_until(slow, "\x88\x0a\x03\xf0too slow", 0, &data));
    assert_true(data.len > sizeof much);
    gale_iostream_free(fast);
    gale_iostream_free(slow);
}

TEST(one_that_is_too_slow_is_closed_and_holds_nobody_up)
{
    with_server(publish_until_it_is_gone);
}

static void publish_and_drop(void)
{
    gale_iostream *slow = join("/drop?t=room");
    gale_str data;
    wait_for_count("room", 1);
    memset(much, 'm', sizeof much);
    for (int i = 0; i < 300; i++) {
        much[0] = (char)i;
        assert_ok(gale_publish_binary("room", much, sizeof much));
        gale_moment();
    }
    for (int i = -1; i < 299;) {
        assert_ok(gale_iostream_read_bytes(slow, sizeof much + 4, false, &data));
        int number = (unsigned char)data.data[4];
        assert_true(((number - i) & 255) > 0);
        i += (number - i) & 255;
        if (i == 299 % 256 && i < 299)
            break;
    }
    gale_iostream_free(slow);
    wait_for_count("room", 0);
}

TEST(one_that_drops_its_oldest_messages_gets_the_newest)
{
    with_server(publish_and_drop);
}

/* ---- Very many -------------------------------------------------------------------------- */

static void publish_to_many(void)
{
    enum { MANY = 400 };
    gale_iostream *all[MANY];
    for (size_t i = 0; i < MANY; i++)
        all[i] = join("/?t=room");
    wait_for_count("room", MANY);
    assert_ok(gale_publish("room", "1"));
    assert_ok(gale_publish("room", "2"));
    gale_iostream_free(all[300]);
    assert_ok(gale_publish("room", "3"));
    for (size_t i = 0; i < MANY; i++) {
        if (i == 300)
            continue;
        hear(all[i], "1");
        hear(all[i], "2");
        hear(all[i], "3");
        gale_iostream_free(all[i]);
    }
    wait_for_count("room", 0);
}

TEST(all_of_very_many_hear_everything_in_order)
{
    with_server(publish_to_many);
}

/* ---- Memory ----------------------------------------------------------------------------- */

/* A connection has either all that was published, or is gone. */
static bool hears_or_is_gone(gale_iostream *stream, gale_str expected)
{
    gale_str data;
    int result = gale_iostream_read_bytes(stream, expected.len, false, &data);
    if (result == 0)
        assert_bytes(data, expected);
    return result == 0 || result == GALE_ECLOSED || result == -ECONNRESET;
}

static void publish_without_memory(void)
{
    bool failed = true;
    for (size_t n = 1; failed && n < 100; n++) {
        gale_iostream *a = join("/?t=room"), *b = join_with("/deflated?t=room", offer);
        wait_for_count("room", 2);
        test_fail_allocation(n);
        int result = gale_publish("room", "Hello");
        for (int i = 0; i < 3; i++)
            gale_moment();
        failed = test_allocation_failed();
        test_fail_allocation(0);
        if (result == 0) {
            assert_true(hears_or_is_gone(a, GALE_STR("\x81\x05Hello")));
            assert_true(hears_or_is_gone(b, GALE_STR(HELLO_DEFLATED)));
        } else {
            assert_int_equal(result, -ENOMEM);
        }
        gale_iostream_free(a);
        gale_iostream_free(b);
        wait_for_count("room", 0);
    }
    assert_false(failed);
}

TEST(without_memory_nobody_misses_a_message_unknowingly)
{
    with_server(publish_without_memory);
}

TEST(json_is_published_as_a_text)
{
    assert_non_null(gale_ioloop_current());
    assert_ok(gale_publish_json("room", json_pack("{s:i}", "n", 1)));
    assert_error(gale_publish_json("room", NULL), GALE_EINVALID);
    assert_error(gale_publish_json("", json_true()), GALE_EINVALID);
    stop();
}

GALE_TEST_MAIN
