/* SPDX-License-Identifier: Apache-2.0 */
#include "web/websocket_test.h"

/* ---- The handshake ---------------------------------------------------------------------- */

static int echo_message(gale_websocket *self, gale_str message, bool binary)
{
    return binary ? gale_write_message_binary(self, message.data, message.len)
                  : gale_write_message_str(self, message);
}

static const gale_websocket_class echo = { .name = "echo", .on_message = echo_message };
static const gale_handler_class echo_handler = { .websocket = &echo };

static int refuse_all(gale_handler *self)
{
    return gale_http_error(self, 401, NULL);
}

static const gale_handler_class closed_handler = { .prepare = refuse_all, .websocket = &echo };

static bool any_origin(gale_handler *self, const char *origin)
{
    (void)self;
    return strcmp(origin, "http://evil.example") != 0;
}

static const char *second_protocol(gale_handler *self, const char *const *subprotocols)
{
    (void)self;
    return subprotocols[0] ? subprotocols[1] : NULL;
}

static const char *odd_protocol(gale_handler *self, const char *const *subprotocols)
{
    (void)self;
    (void)subprotocols;
    return "odd";
}

static void default_headers(gale_handler *self)
{
    gale_set_header(self, "X-Ours", "yes");
    gale_set_cookie(self, "seen", "1", NULL);
}

static const gale_websocket_class chosen = { .check_origin = any_origin,
                                             .select_subprotocol = second_protocol };
static const gale_websocket_class odd = { .select_subprotocol = odd_protocol };
static const gale_handler_class chosen_handler = { .websocket = &chosen,
                                                   .set_default_headers = default_headers };
static const gale_handler_class odd_handler = { .websocket = &odd };
static const gale_route handshake_routes[] = { ROUTE("/echo", echo_handler),
                                               ROUTE("/closed", closed_handler),
                                               ROUTE("/chosen", chosen_handler),
                                               ROUTE("/odd", odd_handler),
                                               { 0 } };

TEST(a_handshake)
{
    int port = serve_routes(handshake_routes);
    gale_str parts[] = { GALE_STR(HANDSHAKE("/echo") "\r\n"), GALE_STR(BYE) };
    char *answer = ask_parts(port, parts, 2);
    assert_non_null(strstr(answer, "HTTP/1.1 101 Switching Protocols\r\nServer: "));
    assert_non_null(strstr(answer, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                   "Sec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
    assert_null(strstr(answer, "Content-"));
    assert_null(strstr(answer, "Transfer-"));
    free(answer);
    stop();
}

static void assert_refused(int port, const char *request, const char *status, const char *body)
{
    char start[100], line[200];
    snprintf(start, sizeof start, "HTTP/1.1 %s\r\n", status);
    snprintf(line, sizeof line, "%.3s GET /echo (127.0.0.1) ", status);
    test_expect_log(GALE_LOG_WARNING, line);
    char whole[2000];
    snprintf(whole, sizeof whole, "GET /echo HTTP/1.1\r\nHost: h\r\n%s\r\n", request);
    assert_answer(port, whole, start, body);
}

/* Tornado: websocket_test.WebSocketTest.test_http_request, test_missing_websocket_key and others.
 */
TEST(what_is_no_handshake)
{
    int port = serve_routes(handshake_routes);
    const char *key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    char request[1000];
    assert_refused(port, "Connection: close\r\n", "400 Bad Request",
                   "Can \"Upgrade\" only to \"WebSocket\".");
    assert_refused(port, "Upgrade: h2c\r\nConnection: Upgrade, close\r\n", "400 Bad Request",
                   "Can \"Upgrade\" only to \"WebSocket\".");
    assert_refused(port, "Upgrade: WebSocket\r\nConnection: close\r\n", "400 Bad Request",
                   "\"Connection\" must be \"Upgrade\".");
    snprintf(request, sizeof request,
             "Upgrade: websocket\r\nConnection: close, upgrade\r\n%sSec-WebSocket-Version: 12\r\n",
             key);
    assert_refused(port, request, "426 Upgrade Required", "\r\n\r\n");
    assert_refused(port,
                   "Upgrade: websocket\r\nConnection: close, upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\n",
                   "400 Bad Request", "Missing/Invalid WebSocket headers");
    assert_refused(port,
                   "Upgrade: websocket\r\nConnection: close, upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n",
                   "400 Bad Request", "Missing/Invalid WebSocket headers");
    stop();
}

TEST(the_version_that_is_spoken_is_told)
{
    int port = serve_routes(handshake_routes);
    test_expect_log(GALE_LOG_WARNING, "426 GET /echo (127.0.0.1) ");
    char *answer = ask(port, "GET /echo HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade, close\r\n\r\n");
    assert_non_null(strstr(answer, "\r\nSec-Websocket-Version: 13\r\n"));
    free(answer);
    stop();
}

TEST(other_methods_and_prepare_come_first)
{
    int port = serve_routes(handshake_routes);
    test_expect_log(GALE_LOG_WARNING, "405 POST /echo");
    assert_answer(port, "POST /echo HTTP/1.1\r\n" CLOSE "Content-Length: 0\r\n\r\n",
                  "HTTP/1.1 405 Method Not Allowed\r\n", "");
    test_expect_log(GALE_LOG_WARNING, "401 GET /closed");
    assert_status(port, "/closed", "401 Unauthorized");
    stop();
}

/* Tornado: websocket_test.WebSocketTest.test_check_origin_valid_no_path and others. */
TEST(origins)
{
    static const struct {
        const char *path, *host, *origin;
        bool allowed;
    } cases[] = {
        { "/echo", "localhost:8888", "http://localhost:8888", true },
        { "/echo", "localhost:8888", "http://LOCALHOST:8888/something", true },
        { "/echo", "localhost:8888", "http://localhost", false },
        { "/echo", "localhost:8888", "http://somewhereelse.com", false },
        { "/echo", "localhost:8888", "http://localhost:8888.evil.example", false },
        { "/echo", "localhost:8888", "http://subtenant.localhost:8888", false },
        { "/echo", "localhost:8888", "localhost:8888", false },
        { "/echo", "localhost:8888", "null", false },
        { "/chosen", "h", "http://anywhere.example", true },
        { "/chosen", "h", "http://evil.example", false },
    };
    int port = serve_routes(handshake_routes);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char request[1000];
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nUpgrade: websocket\r\n"
                 "Connection: close, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                 cases[i].path, cases[i].host, cases[i].origin);
        gale_str parts[] = { { request, strlen(request) }, GALE_STR(BYE) };
        if (!cases[i].allowed)
            test_expect_log(GALE_LOG_WARNING, "403 GET ");
        char *answer = ask_parts(port, parts, 2);
        assert_int_equal(strncmp(answer, "HTTP/1.1 101 ", 13) == 0, cases[i].allowed);
        if (!cases[i].allowed)
            assert_non_null(strstr(answer, "\r\n\r\nCross origin websockets not allowed"));
        free(answer);
    }
    stop();
}

static bool answer_has(int port, const char *handshake, const char *text)
{
    char request[1000];
    snprintf(request, sizeof request, "%s\r\n", handshake);
    gale_str parts[] = { { request, strlen(request) }, GALE_STR(BYE) };
    char *answer = ask_parts(port, parts, 2);
    bool found = strstr(answer, text) != NULL;
    free(answer);
    return found;
}

TEST(subprotocols)
{
    int port = serve_routes(handshake_routes);
    assert_true(answer_has(port, HANDSHAKE("/chosen") "Sec-WebSocket-Protocol: a, goodproto ,c\r\n",
                           "\r\nSec-Websocket-Protocol: goodproto\r\n"));
    assert_false(answer_has(port, HANDSHAKE("/chosen") "Sec-WebSocket-Protocol: a\r\n",
                            "Sec-Websocket-Protocol"));
    assert_false(answer_has(port, HANDSHAKE("/chosen"), "Sec-Websocket-Protocol"));
    assert_false(answer_has(port, HANDSHAKE("/echo") "Sec-WebSocket-Protocol: a, b\r\n",
                            "Sec-Websocket-Protocol"));
    test_expect_log(GALE_LOG_ERROR, "select_subprotocol returned \"odd\", which was not offered");
    test_expect_log(GALE_LOG_ERROR, "500 GET /odd");
    assert_true(answer_has(port, HANDSHAKE("/odd") "X: y\r\n", "HTTP/1.1 500 "));
    stop();
}

TEST(headers_of_the_handler_are_sent)
{
    int port = serve_routes(handshake_routes);
    assert_true(answer_has(port, HANDSHAKE("/chosen"), "\r\nX-Ours: yes\r\n"));
    assert_true(answer_has(port, HANDSHAKE("/chosen"), "\r\nSet-Cookie: seen=1; Path=/"));
    stop();
}

/* ---- Messages ---------------------------------------------------------------------------- */

TEST(messages_are_echoed)
{
    int port = serve_routes(handshake_routes);
    assert_conversation(port, "/echo", GALE_STR(SAY("\x85", "Hello") BYE),
                        GALE_STR(SAID("\x05", "Hello") GOOD_BYE));
    assert_conversation(port, "/echo", GALE_STR("\x82\x82" MASK "\0\xff" SAY("\x80", "") BYE),
                        GALE_STR("\x82\x02\0\xff\x81\x00" GOOD_BYE));
    assert_conversation(
        port, "/echo",
        GALE_STR("\x01\x81" MASK "a\x89\x81" MASK "p\x00\x80" MASK "\x80\x81" MASK "b" BYE),
        GALE_STR("\x8a\x01p" SAID("\x02", "ab") GOOD_BYE));
    assert_conversation(port, "/echo", GALE_STR(SAY("\x82", "\xc3\xa9") BYE),
                        GALE_STR(SAID("\x02", "\xc3\xa9") GOOD_BYE));
    stop();
}

TEST(closing)
{
    int port = serve_routes(handshake_routes);
    assert_conversation(port, "/echo", GALE_STR("\x88\x80" MASK), GALE_STR("\x88\x00"));
    assert_conversation(port, "/echo",
                        GALE_STR("\x88\x85" MASK "\x0f\xa0"
                                 "bye"),
                        GALE_STR("\x88\x02\x0f\xa0"));
    assert_conversation(port, "/echo", GALE_STR(BYE SAY("\x81", "x")), GALE_STR(GOOD_BYE));
    assert_conversation(port, "/echo", GALE_STR("\x88\x81" MASK "\x03"),
                        GALE_STR("\x88\x02\x03\xea"));
    assert_conversation(port, "/echo", GALE_STR("\x88\x82" MASK "\x03\xed"),
                        GALE_STR("\x88\x02\x03\xea"));
    assert_conversation(port, "/echo", GALE_STR("\x88\x83" MASK "\x03\xe8\xff"),
                        GALE_STR("\x88\x02\x03\xef"));
    stop();
}

TEST(what_breaks_the_protocol_is_told_so)
{
    int port = serve_routes(handshake_routes);
    assert_conversation(port, "/echo", GALE_STR("\x81\x05Hello"),
                        GALE_STR("\x88\x1e\x03\xea"
                                 "unmasked frame from a client"));
    assert_conversation(port, "/echo", GALE_STR("\x83\x80" MASK),
                        GALE_STR("\x88\x10\x03\xea"
                                 "unknown opcode"));
    assert_conversation(port, "/echo",
                        GALE_STR(SAY("\x81", "x") SAY("\x82", "\xc3(") SAY("\x81", "y")),
                        GALE_STR(SAID("\x01", "x") "\x88\x18\x03\xef"
                                                   "text that is not UTF-8"));
    assert_conversation(port, "/echo", GALE_STR("\x01\x81" MASK "\xff"),
                        GALE_STR("\x88\x18\x03\xef"
                                 "text that is not UTF-8"));
    assert_conversation(port, "/echo", GALE_STR("\x01\x81" MASK "\xc3\x80\x80" MASK),
                        GALE_STR("\x88\x18\x03\xef"
                                 "text that is not UTF-8"));
    stop();
}

static const gale_websocket_class small = { .on_message = echo_message, .max_message_size = 5 };
static const gale_handler_class small_handler = { .websocket = &small };
static const gale_route small_routes[] = { ROUTE("/", small_handler),
                                           ROUTE("/echo", echo_handler),
                                           { 0 } };

TEST(a_message_over_the_limit)
{
    int port;
    gale_application_settings settings = { .websocket_max_message_size = 7 };
    serve(small_routes, &settings, &port);
    gale_str too_big = GALE_STR("\x88\x11\x03\xf1"
                                "message too big");
    assert_conversation(port, "/", GALE_STR("\x81\x86" MASK), too_big);
    assert_conversation(port, "/", GALE_STR("\x01\x83" MASK "abc\x00\x83" MASK), too_big);
    assert_conversation(port, "/", GALE_STR(SAY("\x85", "Hello") BYE),
                        GALE_STR(SAID("\x05", "Hello") GOOD_BYE));
    assert_conversation(port, "/echo", GALE_STR("\x81\x88" MASK), too_big);
    assert_conversation(port, "/echo", GALE_STR(SAY("\x87", "Hello, ") BYE),
                        GALE_STR(SAID("\x07", "Hello, ") GOOD_BYE));
    stop();
}

GALE_TEST_MAIN
