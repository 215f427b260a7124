/* SPDX-License-Identifier: Apache-2.0 */
/* How a client's connection lives: functions of its class, whose it is, pings, its end. */
#include <gale/tcpclient.h>

#include "web/websocket_client_test.h"

/* ---- A server that notes what it hears --------------------------------------------------- */

static gale_websocket *server_side;

static int server_open(gale_websocket *self, gale_handler *handler)
{
    (void)handler;
    server_side = self;
    return 0;
}

static int server_message(gale_websocket *self, gale_str text, bool binary)
{
    (void)binary;
    return gale_write_message_str(self, text);
}

static void server_close(gale_websocket *self)
{
    char text[100];
    snprintf(text, sizeof text, "[closed %d %s]", gale_websocket_close_code(self),
             gale_websocket_close_reason(self));
    note(text);
    server_side = NULL;
}

static int server_ping(gale_websocket *self, gale_str data)
{
    (void)self;
    note("[ping ");
    note(data.data);
    note("]");
    return 0;
}

static int server_pong(gale_websocket *self, gale_str data)
{
    (void)self;
    note("[pong ");
    note(data.data);
    note("]");
    return 0;
}

static const gale_websocket_class server_class = { .open = server_open,
                                                   .on_message = server_message,
                                                   .on_ping = server_ping,
                                                   .on_pong = server_pong,
                                                   .on_close = server_close };
static const gale_handler_class server_handler = { .websocket = &server_class };

/* A handler that is itself a client. */
static int get_through(gale_handler *handler)
{
    gale_websocket *socket;
    gale_websocket_message got;
    GALE_TRY(gale_websocket_connect(ws_url, NULL, &socket));
    GALE_TRY(gale_write_message(socket, "hello"));
    GALE_TRY(gale_read_message(socket, &got));
    GALE_TRY(gale_write(handler, got.data));
    if (*gale_get_argument(handler, "wait", ""))
        return gale_read_message(socket, &got);
    return 0;
}

static const gale_handler_class through_handler = { .get = get_through };
static const gale_route routes[] = { ROUTE("/ws", server_handler),
                                     ROUTE("/through", through_handler),
                                     { 0 } };

static void assert_history(const char *expected)
{
    for (int i = 0; i < 100 && strcmp(history, expected) != 0; i++)
        gale_sleep(0.002);
    assert_string_equal(history, expected);
    *history = '\0';
}

/* ---- Functions of a class ---------------------------------------------------------------- */

static int open_noted(gale_websocket *self, gale_handler *handler)
{
    assert_null(handler);
    assert_string_equal(gale_websocket_arg(self), "arg");
    *(int *)gale_websocket_state(self) = 1;
    note("open ");
    GALE_TRY(gale_moment());
    return gale_write_message(self, "first");
}

static int message_noted(gale_websocket *self, gale_str text, bool binary)
{
    int *state = gale_websocket_state(self);
    note(binary ? "binary " : "text ");
    note(text.data);
    note(" ");
    GALE_TRY(gale_moment());
    return ++*state < 3 ? gale_write_message_binary(self, "more", 4)
                        : gale_websocket_close(self, 3000, "enough");
}

static void close_noted(gale_websocket *self)
{
    note("close ");
    assert_error(gale_write_message(self, "late"), GALE_ECLOSED);
}

static const gale_websocket_class noted = { .name = "noted",
                                            .state_size = sizeof(int),
                                            .open = open_noted,
                                            .on_message = message_noted,
                                            .on_close = close_noted };

/* Tornado: WebSocketTest.test_websocket_callbacks, and on_message_callback */
TASK_TEST(functions_of_a_class)
{
    const gale_websocket_connect_options options = { .websocket_class = &noted, .arg = "arg" };
    serve(routes, "/ws");
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_error(gale_read_message(ws, &message), GALE_ESTATE);
    assert_history("open text first text more [closed 3000 enough]close ");
    assert_int_equal(gale_websocket_close_code(ws), 3000);
    gale_websocket_free(ws);
    gale_sleep(0.005);
    assert_string_equal(history, "");
}

static int failing_open(gale_websocket *self, gale_handler *handler)
{
    (void)self, (void)handler;
    return -EIO;
}

static int slow_open(gale_websocket *self, gale_handler *handler)
{
    (void)self, (void)handler;
    note("open ");
    note(gale_sleep(*(double *)gale_websocket_arg(self)) == 0 ? "opened " : "cancelled ");
    return 0;
}

TASK_TEST(open_that_fails)
{
    const gale_websocket_class failing = { .open = failing_open, .on_close = close_noted };
    const gale_websocket_connect_options options = { .websocket_class = &failing };
    serve(routes, "/ws");
    assert_error(gale_websocket_connect(ws_url, &options, &ws), -EIO);
    assert_null(ws);
    assert_history("close [closed 1011 ]");
}

/* What has come before is read. */
TASK_TEST(a_server_that_leaves_in_open)
{
    double seconds = 0.01;
    const gale_websocket_class waiting = { .open = slow_open, .on_close = close_noted };
    const gale_websocket_connect_options slow = { .websocket_class = &waiting, .arg = &seconds };
    SCRIPT(ACCEPTED "\r\n", "\x81\x05hello\x88\x02\x03\xe8");
    script.leaves = true;
    assert_ok(gale_websocket_connect(ws_url, &slow, &ws));
    assert_read("hello");
    assert_closed(1000, "");
    assert_history("open opened close ");
    script_stop();
}

static int failing_message(gale_websocket *self, gale_str text, bool binary)
{
    (void)self, (void)binary;
    note(text.data);
    return -EIO;
}

TASK_TEST(on_message_that_fails)
{
    const gale_websocket_class failing = { .on_message = failing_message, .on_close = close_noted };
    const gale_websocket_connect_options options = { .websocket_class = &failing };
    serve(routes, "/ws");
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    test_expect_log(GALE_LOG_ERROR, "Uncaught error in a WebSocket: Input/output error");
    assert_ok(gale_write_message(ws, "x "));
    assert_history("x [closed 1011 ]close ");
}

/* ---- Reading ----------------------------------------------------------------------------- */

static int read_in_vain(void *arg)
{
    (void)arg;
    gale_websocket_message got;
    int result = gale_read_message(ws, &got);
    note(gale_error_detail());
    return result;
}

TASK_TEST(reads_that_cannot_be)
{
    serve(routes, "/ws");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_error(gale_read_message(server_side, &message), GALE_ESTATE);
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, NULL, read_in_vain, NULL));
    gale_moment();
    assert_error(gale_read_message(ws, &message), GALE_ESTATE);
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
    assert_ok(gale_write_message(ws, "hello"));
    assert_read("hello");
}

/* A read that was cancelled has lost nothing. */
TASK_TEST(a_read_in_time)
{
    serve(routes, "/ws");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_error(gale_with_timeout(0.005, read_in_vain, NULL), GALE_ETIMEDOUT);
    assert_ok(gale_write_message(ws, "hello"));
    gale_sleep(0.005);
    assert_read("hello");
    assert_error(gale_with_timeout(0.005, read_in_vain, NULL), GALE_ETIMEDOUT);
}

/* ---- Whose it is -------------------------------------------------------------------------- */

TASK_TEST(it_ends_with_its_scope)
{
    serve(routes, "/ws");
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_ok(gale_write_message(ws, "hello"));
    assert_read("hello");
    gale_scope_close(scope, 0);
    assert_history("[closed 1001 ]");
    scope = gale_scope_open(NULL);
    const gale_websocket_connect_options options = { .scope = scope };
    gale_scope *inner = gale_scope_open(NULL);
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    gale_scope_close(inner, 0);
    assert_ok(gale_write_message(ws, "hello"));
    assert_read("hello");
    gale_scope_close(scope, 0);
    assert_history("[closed 1001 ]");
}

static int leave_a_request(void *arg)
{
    gale_iostream *stream;
    char request[] = "GET /through?wait=1 HTTP/1.1\r\nHost: h\r\n\r\n";
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", *(int *)arg, NULL, &stream));
    GALE_TRY(gale_iostream_write(stream, request, sizeof request - 1));
    for (int i = 0; i < 100 && !server_side; i++)
        gale_sleep(0.002);
    gale_iostream_free(stream);
    return 0;
}

TASK_TEST(a_handler_closes_what_it_has_opened)
{
    gale_http_response *response;
    char url[128];
    int port = serve(routes, "/ws");
    snprintf(url, sizeof url, "http://127.0.0.1:%d/through", port);
    assert_ok(gale_fetch(url, NULL, &response));
    assert_string_equal(gale_http_response_body(response), "hello");
    assert_history("[closed 1001 ]");
    assert_ok(leave_a_request(&port));
    assert_history("[closed 1001 ]");
}

TASK_TEST(it_belongs_to_the_caller)
{
    const gale_websocket_connect_options options = { .detached = true };
    serve(routes, "/ws");
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    gale_scope_close(scope, 0);
    assert_ok(gale_write_message(ws, "hello"));
    assert_read("hello");
    gale_websocket_free(ws);
    assert_history("[closed 1001 ]");
    gale_websocket_free(NULL);
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    gale_websocket_free(ws); /* before its scope ends */
    assert_history("[closed 1001 ]");
}

static int free_it(void *arg)
{
    gale_websocket_free(arg);
    return 0;
}

TASK_TEST(freeing_ends_a_read)
{
    const gale_websocket_connect_options options = { .detached = true };
    serve(routes, "/ws");
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, NULL, free_it, ws));
    assert_error(gale_read_message(ws, &message), GALE_ECLOSED);
    assert_string_equal(gale_error_detail(), "the WebSocket was freed");
    gale_scope_close(scope, 0);
    assert_history("[closed 1001 ]");
}

static int noted_message(gale_websocket *self, gale_str text, bool binary)
{
    (void)self, (void)binary;
    note(text.data);
    note(" ");
    return 0;
}

static const gale_websocket_class noting = { .on_message = noted_message,
                                             .on_close = server_close };
static const gale_handler_class noting_handler = { .websocket = &noting };
static const gale_route noting_routes[] = { ROUTE("/", noting_handler), { 0 } };

/* Tornado: WebSocketTest.test_websocket_close_buffered_data */
TASK_TEST(what_was_written_before_freeing_is_sent)
{
    serve(noting_routes, "/");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_ok(gale_write_message(ws, "hello"));
    assert_ok(gale_write_message(ws, "world"));
    gale_websocket_free(ws);
    assert_history("hello world [closed 1001 ]");
}

/* What came and was not read does not keep it. */
TASK_TEST(freeing_with_messages_that_wait)
{
    SCRIPT(ACCEPTED "\r\n", "\x81\x01x\x81\x01y\x81\x01z");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_read("x");
    gale_sleep(0.002);
    gale_websocket_free(ws);
    assert_heard(GALE_STR("\x88\x02\x03\xe9"));
    script_stop();
    SCRIPT(ACCEPTED "\r\n", "\x81\x01x\x81\x01y\x81\x01z");
    script.leaves = true;
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_read("x");
    gale_sleep(0.002);
    gale_websocket_free(ws);
    script_stop();
}

static int free_in_message(gale_websocket *self, gale_str text, bool binary)
{
    (void)binary;
    note(text.data);
    gale_websocket_free(self);
    assert_error(gale_write_message(self, "late"), GALE_ECLOSED);
    note(gale_moment() == 0 ? " on " : " cancelled ");
    return 0;
}

static void free_in_close(gale_websocket *self)
{
    note("close ");
    gale_websocket_free(self);
    note(gale_moment() == 0 ? "on " : "cancelled ");
}

TASK_TEST(functions_that_free)
{
    const gale_websocket_class first = { .on_message = free_in_message, .on_close = close_noted };
    const gale_websocket_class second = { .on_message = message_noted, .on_close = free_in_close };
    gale_websocket_connect_options options = { .detached = true, .websocket_class = &first };
    serve(routes, "/ws");
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_ok(gale_write_message(ws, "x"));
    assert_ok(gale_write_message(ws, "y"));
    assert_history("x on close [closed 1001 ]");
    options.websocket_class = &second;
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_ok(gale_websocket_close(server_side, 1000, NULL));
    assert_history("[closed 1000 ]close on ");
}

static int wait_in_message(gale_websocket *self, gale_str text, bool binary)
{
    (void)self, (void)text, (void)binary;
    note("waits ");
    note(gale_sleep(5) == GALE_ECANCELED ? "cancelled " : "on ");
    gale_sleep(0.001);
    note("done ");
    return 0;
}

static void wait_in_close(gale_websocket *self)
{
    (void)self;
    note("closing ");
    note(gale_sleep(0.005) == 0 ? "closed " : "cancelled ");
}

/* Whatever its functions use is no longer used when it has been freed. */
TASK_TEST(freeing_waits_for_functions)
{
    const gale_websocket_class slow = { .on_message = wait_in_message, .on_close = wait_in_close };
    const gale_websocket_connect_options options = { .websocket_class = &slow };
    serve(routes, "/ws");
    for (int i = 0; i < 2; i++) {
        gale_scope *scope = gale_scope_open(NULL);
        assert_ok(gale_websocket_connect(ws_url, &options, &ws));
        assert_ok(gale_write_message(ws, "x"));
        assert_history("waits ");
        if (i == 0)
            gale_websocket_free(ws);
        gale_scope_close(scope, 0);
        assert_int_equal(strncmp(history, "cancelled done ", 15), 0);
        assert_non_null(strstr(history, "closing closed "));
        for (int k = 0; k < 1000 && !strstr(history, "[closed 1001 ]"); k++)
            gale_sleep(0.002);
        *history = '\0';
    }
}

/* ---- Loops that end ----------------------------------------------------------------------- */

static int connect_and_hang(void *arg)
{
    GALE_TRY(gale_websocket_connect(ws_url, arg, &ws));
    gale_write_message(ws, "x");
    note("open ");
    if (arg)
        return gale_sleep(5);
    assert_read("x");
    note(gale_read_message(ws, &message) == GALE_ECLOSED ? "ended " : "other ");
    return 0;
}

static int wait_for_history(void *arg)
{
    for (int i = 0; i < 1000 && strncmp(history, arg, strlen(arg)) != 0; i++)
        gale_sleep(0.002);
    return gale_sleep(0.01);
}

/* Once `before` has happened. */
static void end_loop_with(const gale_websocket_connect_options *options, char *before,
                          const char *expected)
{
    *history = '\0';
    gale_ioloop *loop = gale_ioloop_new(NULL);
    serve(routes, "/ws");
    assert_ok(
        gale_ioloop_spawn_callback(loop, "client", connect_and_hang, (void *)(uintptr_t)options));
    assert_ok(gale_ioloop_run_sync(loop, wait_for_history, before, 5));
    gale_ioloop_free(loop);
    assert_string_equal(history, expected);
}

TEST(a_loop_that_ends_closes)
{
    const gale_websocket_class slow = { .on_message = wait_in_message, .on_close = wait_in_close };
    const gale_websocket_connect_options options = { .websocket_class = &slow };
    double seconds = 5;
    const gale_websocket_class waiting = { .open = slow_open, .on_close = close_noted };
    const gale_websocket_connect_options opening = { .websocket_class = &waiting, .arg = &seconds };
    end_loop_with(NULL, "open ", "open [closed 0 ]ended ");
    end_loop_with(&options, "open waits ",
                  "open waits [closed 0 ]cancelled done closing cancelled ");
    end_loop_with(&opening, "open ", "open [closed 0 ]cancelled open close ");
}

static int connect_and_free(void *arg)
{
    GALE_TRY(gale_websocket_connect(ws_url, arg, &ws));
    gale_websocket_free(ws);
    return 0;
}

/* The close handshake is under way, or not even begun. */
TEST(a_loop_that_ends_with_what_is_closing)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    SCRIPT(ACCEPTED "\r\n", "");
    assert_ok(gale_ioloop_run_sync(loop, connect_and_free, NULL, 5));
    gale_ioloop_free(loop);
    loop = gale_ioloop_new(NULL);
    SCRIPT(ACCEPTED "\r\n", "");
    assert_ok(gale_ioloop_run_sync(loop, connect_and_free, NULL, 5));
    assert_ok(gale_ioloop_run_sync(loop, wait_for_history, (void *)"", 5));
    gale_ioloop_free(loop);
}

/* ---- Pings -------------------------------------------------------------------------------- */

static int pong_noted(gale_websocket *self, gale_str data)
{
    (void)self;
    note("pong ");
    note(data.data);
    note(" ");
    return 0;
}

static int ping_noted(gale_websocket *self, gale_str data)
{
    (void)self;
    note("ping ");
    note(data.data);
    note(" ");
    return 0;
}

/* Tornado: ManualPingTest.test_manual_ping */
TASK_TEST(pings_by_hand)
{
    char much[126] = { 0 };
    const gale_websocket_class class = { .on_pong = pong_noted, .on_ping = ping_noted };
    const gale_websocket_connect_options options = { .websocket_class = &class };
    serve(routes, "/ws");
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_error(gale_websocket_ping(ws, much, 126), GALE_EINVALID);
    assert_ok(gale_websocket_ping(ws, "hello", 5));
    assert_history("[ping hello]pong hello ");
    assert_ok(gale_websocket_ping(ws, "", 0));
    assert_history("[ping ]pong  ");
    assert_ok(gale_websocket_ping(server_side, "you", 3));
    assert_history("ping you [pong you]");
    /* Also while it is read, in the middle of a task. */
    assert_ok(gale_write_message(server_side, "a"));
    assert_ok(gale_websocket_ping(server_side, "b", 1));
    assert_ok(gale_write_message(server_side, "c"));
    gale_sleep(0.005);
    assert_read("a");
    assert_read("c");
    assert_history("[pong b]ping b ");
}

/* Tornado: ClientPeriodicPingTest.test_client_ping */
TASK_TEST(a_client_pings)
{
    const gale_websocket_class class = { .on_pong = pong_noted };
    const gale_websocket_connect_options options = { .websocket_class = &class,
                                                     .ping_interval = 0.01 };
    serve(routes, "/ws");
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_history("[ping ]pong  [ping ]pong  [ping ]pong  ");
    assert_ok(gale_websocket_close(ws, 0, NULL));
    for (int i = 0; i < 1000 && !strstr(history, "[closed 1005 ]"); i++)
        gale_sleep(0.002);
    *history = '\0';
    gale_sleep(0.03);
    assert_string_equal(history, "");
}

/* A server that does not answer is closed. */
TASK_TEST(a_ping_that_is_not_answered)
{
    const gale_websocket_connect_options options = { .ping_interval = 0.01 };
    SCRIPT(ACCEPTED "\r\n", "");
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_heard(GALE_STR("\x89\x00\x88\x10\x03\xe8ping timed out"));
    assert_true(gale_websocket_is_closing(ws));
    script_stop();
    assert_error(gale_read_message(ws, &message), GALE_ECLOSED);
}

/* The class of a connection may say as much as its options, which come first. */
TASK_TEST(limits_of_the_class)
{
    const gale_websocket_class class = { .ping_interval = 0.01, .max_message_size = 4 };
    gale_websocket_connect_options options = { .websocket_class = &class };
    SCRIPT(ACCEPTED "\r\n", "\x81\x05hello");
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_error(gale_read_message(ws, &message), GALE_ETOOBIG);
    options.ping_interval = GALE_NONE;
    options.max_message_size = 5;
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_read("hello");
    gale_sleep(0.03);
    assert_int_equal(script.heard_size, 0);
    script_stop();
}

GALE_TEST_MAIN
