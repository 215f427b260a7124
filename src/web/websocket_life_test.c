/* SPDX-License-Identifier: Apache-2.0 */
/* How a connection lives: its functions, waiting, limits of what is sent, pings, its end. */
#include <errno.h>
#include <sys/socket.h>

#include "web/websocket_test.h"

static int wait_a_little(void *arg)
{
    return gale_sleep(*(double *)arg);
}

static void let_pass(double seconds)
{
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), wait_a_little, &seconds, 5));
}

/* ---- The functions of the class ---------------------------------------------------------- */

static int noted_open(gale_websocket *self, gale_handler *handler)
{
    int *state = gale_websocket_state(self);
    assert_int_equal(*state, 0);
    *state = 7;
    note("open");
    note(gale_get_argument(handler, "name", "nobody"));
    note(gale_websocket_arg(self));
    GALE_TRY(gale_sleep(0.01));
    note("opened");
    return gale_write_message(self, "welcome");
}

static int noted_message(gale_websocket *self, gale_str message, bool binary)
{
    int *state = gale_websocket_state(self);
    assert_int_equal(*state, 7);
    note(binary ? "binary" : "text");
    note(message.data);
    GALE_TRY(gale_sleep(0.005));
    note("done");
    return gale_write_message_json(self, json_pack("{s:s}", "got", message.data));
}

static int noted_ping(gale_websocket *self, gale_str data)
{
    (void)self;
    note("ping");
    note(data.data);
    return 0;
}

static int noted_pong(gale_websocket *self, gale_str data)
{
    (void)self;
    note("pong");
    note(data.data);
    return 0;
}

static void noted_close(gale_websocket *self)
{
    char text[100];
    assert_true(gale_websocket_is_closing(self));
    assert_error(gale_write_message(self, "late"), GALE_ECLOSED);
    assert_error(gale_websocket_ping(self, "", 0), GALE_ECLOSED);
    assert_ok(gale_websocket_close(self, 1000, NULL));
    snprintf(text, sizeof text, "close %d %s", gale_websocket_close_code(self),
             gale_websocket_close_reason(self));
    note(text);
}

static const gale_websocket_class noted = { .name = "noted",
                                            .state_size = sizeof(int),
                                            .open = noted_open,
                                            .on_message = noted_message,
                                            .on_ping = noted_ping,
                                            .on_pong = noted_pong,
                                            .on_close = noted_close };
static const gale_handler_class noted_handler = { .websocket = &noted };
static const gale_route noted_routes[] = { ROUTE("/", noted_handler, .arg = "routed"), { 0 } };

TEST(one_function_at_a_time_in_order)
{
    int port = serve_routes(noted_routes);
    size_t size;
    char *said =
        converse(port, HANDSHAKE("/?name=Ada"),
                 GALE_STR(SAY("\x81", "a") "\x89\x81" MASK "p" SAY("\x81", "b") "\x8a\x81" MASK "q"
                                                                                "\x88\x85" MASK
                                                                                "\x03\xe8yes"),
                 &size);
    assert_bytes(((gale_str){ said, size }),
                 GALE_STR(SAID("\x07", "welcome") SAID("\x0c", "{\"got\": \"a\"}") "\x8a\x01p" SAID(
                     "\x0c", "{\"got\": \"b\"}") "\x88\x02\x03\xe8"));
    free(said);
    stop();
    assert_trace("open Ada routed opened text a done ping p text b done pong q close 1000 yes");
}

static int leave(void *arg)
{
    gale_iostream *stream;
    gale_str head;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", *(int *)arg, NULL, &stream));
    const char *request = HANDSHAKE("/") "\r\n";
    GALE_TRY(gale_iostream_write(stream, request, strlen(request)));
    GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &head));
    gale_sleep(0.02);
    gale_iostream_write(stream, SAY("\x81", "a"), sizeof SAY("\x81", "a") - 1);
    gale_sleep(0.002);
    gale_iostream_free(stream);
    return 0;
}

TEST(a_client_that_leaves_ends_what_runs)
{
    int port = serve_routes(noted_routes);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), leave, &port, 5));
    let_pass(0.05);
    assert_trace("open nobody routed opened text a close 0 ");
    stop();
}

TEST(a_loop_that_is_freed_closes)
{
    int port = serve_routes(noted_routes);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), leave, &port, 5));
    stop();
    assert_trace("open nobody routed opened text a close 0 ");
}

static int failing_open(gale_websocket *self, gale_handler *handler)
{
    (void)self;
    (void)handler;
    return -EIO;
}

static int failing_message(gale_websocket *self, gale_str message, bool binary)
{
    (void)binary;
    GALE_TRY(gale_write_message_str(self, message));
    return message.data[0] == 'x' ? -EIO : 0;
}

static const gale_websocket_class bad_open = { .name = "bad",
                                               .open = failing_open,
                                               .on_close = noted_close };
static const gale_websocket_class bad_message = { .on_message = failing_message,
                                                  .on_close = noted_close };
static const gale_handler_class bad_open_handler = { .websocket = &bad_open };
static const gale_handler_class bad_message_handler = { .websocket = &bad_message };
static const gale_route bad_routes[] = { ROUTE("/open", bad_open_handler),
                                         ROUTE("/message", bad_message_handler),
                                         { 0 } };

TEST(a_function_that_fails_closes)
{
    int port = serve_routes(bad_routes);
    test_expect_log(GALE_LOG_ERROR, "Uncaught error in bad: Input/output error");
    assert_conversation(port, "/open", GALE_STR(SAY("\x81", "a")), GALE_STR("\x88\x02\x03\xf3"));
    test_expect_log(GALE_LOG_ERROR, "Uncaught error in a WebSocket: Input/output error");
    assert_conversation(port, "/message",
                        GALE_STR(SAY("\x81", "a") SAY("\x81", "x") SAY("\x81", "b")),
                        GALE_STR(SAID("\x01", "a") SAID("\x01", "x") "\x88\x02\x03\xf3"));
    stop();
    assert_trace("close 0  close 0 ");
}

/* ---- Closing from our side ---------------------------------------------------------------- */

static int closing_message(gale_websocket *self, gale_str message, bool binary)
{
    (void)binary;
    assert_error(gale_websocket_close(self, 1005, NULL), GALE_EINVALID);
    assert_error(gale_websocket_close(self, 999, NULL), GALE_EINVALID);
    assert_error(gale_websocket_close(self, 1000, "\xff"), GALE_EENCODING);
    char long_reason[125];
    memset(long_reason, 'x', 124);
    long_reason[124] = '\0';
    assert_error(gale_websocket_close(self, 1000, long_reason), GALE_EINVALID);
    assert_false(gale_websocket_is_closing(self));
    const char *reason = message.len > 0 ? message.data : NULL;
    assert_ok(gale_websocket_close(self, message.data[0] == 'c' ? 4000 : 0, reason));
    assert_true(gale_websocket_is_closing(self));
    assert_error(gale_write_message(self, "late"), GALE_ECLOSED);
    return 0;
}

static const gale_websocket_class closing = { .on_message = closing_message,
                                              .on_close = noted_close };
static const gale_handler_class closing_handler = { .websocket = &closing };
static const gale_route closing_routes[] = { ROUTE("/", closing_handler), { 0 } };

TEST(a_server_closes)
{
    int port = serve_routes(closing_routes);
    assert_conversation(port, "/", GALE_STR(SAY("\x84", "code") "\x88\x82" MASK "\x0f\xa0"),
                        GALE_STR("\x88\x06\x0f\xa0"
                                 "code"));
    assert_conversation(port, "/", GALE_STR(SAY("\x81", "r") "\x88\x82" MASK "\x03\xe8"),
                        GALE_STR("\x88\x03\x03\xe8r"));
    assert_conversation(port, "/", GALE_STR(SAY("\x80", "") "\x88\x80" MASK), GALE_STR("\x88\x00"));
    stop();
    assert_trace("close 4000  close 1000  close 1005 ");
}

static int late_message(gale_websocket *self, gale_str message, bool binary)
{
    (void)binary;
    if (message.len == 0)
        return gale_websocket_close(self, 1000, NULL);
    return gale_write_message_str(self, message);
}

static const gale_websocket_class late = { .on_message = late_message, .on_close = noted_close };
static const gale_handler_class late_handler = { .websocket = &late };
static const gale_route late_routes[] = { ROUTE("/", late_handler), { 0 } };

TEST(a_message_that_comes_too_late_to_be_answered_is_no_failure)
{
    int port = serve_routes(late_routes);
    assert_conversation(port, "/", GALE_STR(SAY("\x80", "") SAY("\x81", "a") BYE),
                        GALE_STR(GOOD_BYE));
    stop();
    assert_trace("close 1000 ");
}

/* ---- Pings -------------------------------------------------------------------------------- */

static const gale_websocket_class pinging = { .ping_interval = 0.02, .on_close = noted_close };
static const gale_websocket_class patient = { .ping_interval = 0.02, .ping_timeout = GALE_NONE };
static const gale_handler_class pinging_handler = { .websocket = &pinging };
static const gale_handler_class patient_handler = { .websocket = &patient };
static const gale_route pinging_routes[] = { ROUTE("/", pinging_handler),
                                             ROUTE("/patient", patient_handler),
                                             { 0 } };

/* Tornado: websocket_test.ServerPingTimeoutTest. */
TEST(a_ping_that_is_not_answered_closes)
{
    int port = serve_routes(pinging_routes);
    assert_conversation(port, "/", GALE_STR(""),
                        GALE_STR("\x89\x00\x88\x10\x03\xe8"
                                 "ping timed out"));
    stop();
    assert_trace("close 0 ");
}

typedef struct pinged {
    int port;
    const char *request;
    bool answers;
    int pings;
} pinged;

static int answer_pings(void *arg)
{
    pinged *what = arg;
    gale_iostream *stream;
    gale_str data;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", what->port, NULL, &stream));
    GALE_TRY(gale_iostream_write(stream, what->request, strlen(what->request)));
    GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &data));
    int result = 0;
    while (what->pings < 5 && result >= 0) {
        result = gale_iostream_read_bytes(stream, 2, false, &data);
        if (result >= 0 && memcmp(data.data, "\x89\x00", 2) == 0)
            what->pings++;
        if (result >= 0 && what->answers)
            result = gale_iostream_write(stream, "\x8a\x80" MASK, 6);
    }
    gale_iostream_free(stream);
    return result;
}

TEST(pings_go_on_while_they_are_answered)
{
    int port = serve_routes(pinging_routes);
    pinged answered = { port, HANDSHAKE("/") "\r\n", true, 0 };
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), answer_pings, &answered, 5));
    pinged ignored = { port, HANDSHAKE("/patient") "\r\n", false, 0 };
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), answer_pings, &ignored, 5));
    stop();
    assert_trace("close 0 ");
}

static int delayed(gale_websocket *self, gale_handler *handler)
{
    (void)handler;
    assert_ok(gale_websocket_set_nodelay(self, true));
    assert_ok(gale_websocket_set_nodelay(self, false));
    assert_int_equal(gale_websocket_peer_address(self).family, AF_INET);
    return 0;
}

static const gale_websocket_class unset = { .open = delayed };
static const gale_handler_class unset_handler = { .websocket = &unset };
static const gale_route unset_routes[] = { ROUTE("/", unset_handler), { 0 } };

TEST(settings_of_the_application)
{
    int port;
    gale_application_settings settings = { .websocket_ping_interval = 0.02,
                                           .websocket_ping_timeout = 0.01 };
    serve(unset_routes, &settings, &port);
    assert_conversation(port, "/", GALE_STR(""),
                        GALE_STR("\x89\x00\x88\x10\x03\xe8"
                                 "ping timed out"));
    stop();
}

/* ---- What the peer does not take ----------------------------------------------------------- */

enum { FLOOD = 200, PIECE = 100000 };

static int flood_result, flood_sent;

static int flood(gale_websocket *self, gale_handler *handler)
{
    static char text[PIECE + 1];
    (void)handler;
    flood_result = flood_sent = 0;
    for (int i = 0; i < FLOOD && flood_result >= 0; i++) {
        memset(text, 'a' + i % 26, PIECE);
        flood_result = gale_write_message(self, text);
        flood_sent += flood_result >= 0;
    }
    assert_true(gale_websocket_buffered(self) < 3000000);
    return gale_websocket_close(self, 0, NULL);
}

static const gale_websocket_class waiting = { .open = flood, .max_write_buffer = 1000000 };
static const gale_websocket_class dropping = { .open = flood,
                                               .max_write_buffer = 1000000,
                                               .when_full = GALE_WEBSOCKET_DROP_OLDEST };
static const gale_websocket_class cutting = { .open = flood,
                                              .max_write_buffer = 1000000,
                                              .when_full = GALE_WEBSOCKET_CLOSE };
static const gale_handler_class waiting_handler = { .websocket = &waiting };
static const gale_handler_class dropping_handler = { .websocket = &dropping };
static const gale_handler_class cutting_handler = { .websocket = &cutting };
static const gale_route flood_routes[] = { ROUTE("/wait", waiting_handler),
                                           ROUTE("/drop", dropping_handler),
                                           ROUTE("/close", cutting_handler),
                                           { 0 } };

/* How many whole messages there are, and what the last one was. */
static int count_messages(const char *said, size_t size, char *ret_last)
{
    int count = 0;
    size_t at = 0;
    while (at + 10 + PIECE <= size &&
           memcmp(said + at, "\x81\x7f\0\0\0\0\0\x01\x86\xa0", 10) == 0) {
        *ret_last = said[at + 10];
        for (size_t i = 0; i < PIECE; i++)
            assert_int_equal(said[at + 10 + i], *ret_last);
        at += 10 + PIECE;
        count++;
    }
    assert_int_equal(said[at], '\x88');
    return count;
}

static int flooded(int port, const char *handshake, char *ret_last)
{
    size_t size;
    char *said = converse(port, handshake, GALE_STR("\x88\x80" MASK), &size);
    int count = count_messages(said, size, ret_last);
    free(said);
    return count;
}

enum { LARGE = 10000000 };

static int write_large(gale_websocket *self, gale_handler *handler)
{
    static char text[LARGE + 1];
    (void)handler;
    memset(text, 'a', LARGE);
    GALE_TRY(gale_write_message(self, text));
    GALE_TRY(gale_write_message(self, "next"));
    return gale_websocket_close(self, 0, NULL);
}

static const gale_websocket_class large = { .open = write_large, .max_write_buffer = 1000 };
static const gale_handler_class large_handler = { .websocket = &large };
static const gale_route large_routes[] = { ROUTE("/", large_handler), { 0 } };

TEST(a_message_behind_one_that_is_over_the_limit_alone)
{
    static const char end[] = SAID("\x04", "next") "\x88\x00";
    int port = serve_routes(large_routes);
    size_t size;
    char *said = converse(port, HANDSHAKE("/"), GALE_STR("\x88\x80" MASK), &size);
    assert_int_equal(size, 10 + LARGE + sizeof end - 1);
    assert_memory_equal(said + 10 + LARGE, end, sizeof end - 1);
    free(said);
    stop();
}

TEST(a_peer_that_is_slow)
{
    int port = serve_routes(flood_routes);
    char last;
    assert_int_equal(flooded(port, HANDSHAKE("/wait"), &last), FLOOD);
    assert_int_equal(flood_sent, FLOOD);
    int count = flooded(port, HANDSHAKE("/drop"), &last);
    assert_int_equal(flood_sent, FLOOD);
    assert_true(count < FLOOD);
    assert_int_equal(last, 'a' + (FLOOD - 1) % 26); /* the newest has come */
    count = flooded(port, HANDSHAKE("/close"), &last);
    assert_int_equal(flood_result, GALE_EFULL);
    assert_int_equal(count, flood_sent);
    assert_true(count < FLOOD);
    stop();
}

/* ---- Many messages at once --------------------------------------------------------------- */

static const char key;

static void note_later(void *text)
{
    note(text);
}

static int note_child(void *text)
{
    note(text);
    return 0;
}

/* Does what its text says, and tells what is left of the messages before. */
static int begin_anew(gale_websocket *self, gale_str message, bool binary)
{
    (void)binary;
    note(message.data);
    if (gale_task_local(&key) || *gale_error_detail() || gale_task_canceled())
        note("something is left");
    switch (message.data[0]) {
    case 'd':
        return gale_defer(note_later, "deferred");
    case 'l':
        return gale_task_set_local(&key, self);
    case 's':
        return gale_spawn(note_child, "child");
    case 'w':
        return gale_sleep(0.001);
    case 'e':
        assert_error(gale_write_message(self, "\xff"), GALE_EENCODING);
        return 0;
    case 'm':
        memset(gale_alloc(5000), 'x', 5000);
        return 0;
    default:
        return 0;
    }
}

static const gale_websocket_class anew = { .on_message = begin_anew, .on_ping = noted_ping };
static const gale_handler_class anew_handler = { .websocket = &anew };
static const gale_route anew_routes[] = { ROUTE("/", anew_handler), { 0 } };

TEST(each_message_begins_anew)
{
    int port = serve_routes(anew_routes);
    assert_conversation(port, "/",
                        GALE_STR(SAY("\x81", "a") SAY("\x81", "d") SAY("\x81", "l") SAY("\x81", "b")
                                     SAY("\x81", "s") SAY("\x81", "e") SAY("\x81", "m")
                                         SAY("\x81", "c") "\x89\x81" MASK "p" SAY("\x81", "w")
                                             SAY("\x81", "z") BYE),
                        GALE_STR("\x8a\x01p" GOOD_BYE));
    assert_trace("a d deferred l b s e m c ping p w child z");
    stop();
}

GALE_TEST_MAIN
