/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake of a client: what it asks, and servers that answer otherwise than they should. */
#include <sys/socket.h>

#include <gale/httpclient.h>

#include "web/websocket_client_test.h"

#define assert_asked(text) assert_non_null(strstr(script.asked, text))
#define assert_not_asked(text) assert_null(strstr(script.asked, text))

static int connect_with(const gale_websocket_connect_options *options)
{
    return gale_websocket_connect(ws_url, options, &ws);
}

/* ---- What is asked ---------------------------------------------------------------------- */

TASK_TEST(what_is_asked_by_default)
{
    char host[64];
    SCRIPT(ACCEPTED "\r\n", "");
    assert_ok(connect_with(NULL));
    assert_int_equal(strncmp(script.asked, "GET /chat HTTP/1.1\r\n", 20), 0);
    snprintf(host, sizeof host, "\r\nHost: %.*s\r\n", (int)strcspn(ws_url + 5, "/"), ws_url + 5);
    assert_asked(host);
    assert_asked("\r\nUpgrade: websocket\r\n");
    assert_asked("\r\nConnection: Upgrade\r\n");
    assert_asked("\r\nSec-WebSocket-Version: 13\r\n");
    assert_not_asked("Sec-WebSocket-Protocol");
    assert_not_asked("Sec-WebSocket-Extensions");
    assert_not_asked("Origin");
    char *key = strstr(script.asked, "Sec-WebSocket-Key: ");
    assert_true(gale__websocket_key_valid((gale_str){ key + 19, GALE__WEBSOCKET_KEY_SIZE }));
    assert_null(gale_websocket_selected_subprotocol(ws));
    assert_int_equal(gale_websocket_peer_address(ws).family, AF_INET);
    assert_ok(gale_websocket_set_nodelay(ws, true));
    script_stop();
}

TASK_TEST(what_is_asked_with_options)
{
    const gale_websocket_compression kept = { .context_takeover = true, .max_window_bits = 10 };
    const gale_fetch_header headers[] = { { "Origin", "http://a.org" }, { "X-Test", "1" }, { 0 } };
    const gale_fetch_options request = { .headers = headers,
                                         .auth_username = "Aladdin",
                                         .auth_password = "open sesame",
                                         .user_agent = "agent" };
    const char *const subprotocols[] = { "v2.chat", "v1.chat", NULL };
    SCRIPT(ACCEPTED "Sec-WebSocket-Protocol: v1.chat\r\n"
                    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9; "
                    "server_max_window_bits=9\r\n\r\n",
           "");
    assert_ok(connect_with(&(gale_websocket_connect_options){
        .request = &request, .subprotocols = subprotocols, .compression = &kept }));
    assert_asked("\r\nOrigin: http://a.org\r\n");
    assert_asked("\r\nX-Test: 1\r\n");
    assert_asked("\r\nUser-Agent: agent\r\n");
    assert_asked("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
    assert_asked("\r\nSec-WebSocket-Protocol: v2.chat, v1.chat\r\n");
    assert_asked("\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10; "
                 "client_max_window_bits=10\r\n");
    assert_string_equal(gale_websocket_selected_subprotocol(ws), "v1.chat");
    script_stop();
}

/* Without context takeover nothing is kept here, and the server is asked to do the same. */
TASK_TEST(compression_without_windows)
{
    const gale_websocket_compression anew = { 0 };
    SCRIPT(ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "");
    assert_ok(connect_with(&(gale_websocket_connect_options){ .compression = &anew }));
    assert_asked("\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                 "client_no_context_takeover; client_max_window_bits\r\n");
    script_stop();
}

static void assert_refused(gale_websocket_connect_options options, const char *detail)
{
    assert_error(connect_with(&options), GALE_EINVALID);
    assert_string_equal(gale_error_detail(), detail);
    assert_null(ws);
}

TASK_TEST(options_that_cannot_be)
{
    const gale_websocket_compression level = { .compression_level = 10 },
                                     bits = { .max_window_bits = 7 };
    const gale_fetch_options post = { .method = "POST", .body = "x" };
    const gale_fetch_options body = { .body = "x" };
    const gale_fetch_options key = { .headers = (gale_fetch_header[]){ { "sec-websocket-key", "x" },
                                                                       { 0 } } };
    const gale_fetch_options bad = { .headers =
                                         (gale_fetch_header[]){ { "X", "a\r\nB: c" }, { 0 } } };
    gale_websocket_connect_options options = { 0 };
    SCRIPT(ACCEPTED "\r\n", "");
    options.subprotocols = (const char *const[]){ "a", "b c", NULL };
    assert_refused(options, "the subprotocol \"b c\" is no token");
    options.subprotocols = (const char *const[]){ "", NULL };
    assert_refused(options, "the subprotocol \"\" is no token");
    options.subprotocols = (const char *const[]){ "a", "b", "a", NULL };
    assert_refused(options, "the subprotocol \"a\" is offered twice");
    options.subprotocols = NULL;
    options.compression = &level;
    assert_refused(options, "options of the compression are out of range");
    options.compression = &bits;
    assert_refused(options, "options of the compression are out of range");
    options.compression = NULL;
    options.request = &post;
    assert_refused(options, "a handshake is a GET");
    options.request = &key;
    assert_refused(options, "the header sec-websocket-key is the handshake's");
    options.request = &bad;
    assert_refused(options, "control character in the header X");
    options.request = &body;
    assert_error(connect_with(&options), GALE_EINVALID);
    assert_int_equal(script.connections, 0);
    script_stop();
}

TASK_TEST(urls)
{
    static const struct {
        const char *url;
        int error;
    } cases[] = {
        { "", GALE_ENOTSUP },
        { "http://127.0.0.1/", GALE_ENOTSUP },
        { "wsx://127.0.0.1/", GALE_ENOTSUP },
        { "ws:/127.0.0.1/", GALE_EINVALID },
        { "ws://", GALE_EINVALID },
        { "ws://127.0.0.1:99999/", GALE_EINVALID },
        { "ws://127.0.0.1/a b", GALE_EINVALID },
        { "ws+unix://%2Fnonexistent%2Fsocket/", -ENOENT },
        { "WS+unix://%2Fnonexistent%2Fsocket/", -ENOENT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_error(gale_websocket_connect(cases[i].url, NULL, &ws), cases[i].error);
    assert_error(gale_websocket_connect("ftp://x/", NULL, &ws), GALE_ENOTSUP);
    assert_string_equal(gale_error_detail(), "Unsupported url scheme: ftp");
}

TEST(outside_tasks)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_error(gale_websocket_connect("ws://127.0.0.1/", NULL, &ws), GALE_ENOTASK);
    gale_ioloop_free(loop);
}

/* A challenge is answered with a key of its own. */
TASK_TEST(a_server_that_wants_digest)
{
    static char first[64];
    const gale_fetch_options request = { .auth_username = "u",
                                         .auth_password = "p",
                                         .auth_mode = GALE_AUTH_DIGEST };
    const gale_websocket_connect_options options = { .request = &request };
    SCRIPT("HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"
           "Content-Length: 0\r\n\r\n",
           "");
    assert_error(connect_with(&options), GALE_EHTTP);
    assert_int_equal(script.connections, 2);
    assert_asked("\r\nAuthorization: Digest username=\"u\", realm=\"r\"");
    memcpy(first, strstr(script.asked, "Sec-WebSocket-Key: "), 43);
    assert_error(connect_with(&options), GALE_EHTTP);
    assert_null(strstr(script.asked, first));
    script_stop();
}

/* ---- What is answered ------------------------------------------------------------------- */

static int connect_to(const char *head)
{
    const char *const subprotocols[] = { "a", "b", NULL };
    const gale_websocket_connect_options options = { .subprotocols = subprotocols,
                                                     .connect_timeout = 2 };
    script_start(head, (gale_str){ "", 0 });
    script.leaves = true;
    int result = connect_with(&options);
    assert_true((result == 0) == (ws != NULL));
    script_stop();
    return result;
}

static void assert_malformed(const char *head, const char *detail)
{
    assert_error(connect_to(head), GALE_EINPUT);
    assert_string_equal(gale_error_detail(), detail);
}

TASK_TEST(answers_that_are_right)
{
    static const char *const heads[] = {
        ACCEPTED "\r\n",
        ACCEPTED "Sec-WebSocket-Protocol: b\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Extensions: \r\n\r\n",
        ACCEPTED "Content-Length: 0\r\nSet-Cookie: a=b\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" ACCEPTED "\r\n",
        ("HTTP/1.1 101 \r\nupgrade: WebSocket\r\nconnection: keep-alive, UPGRADE\r\n"
         "sec-websocket-accept:   %s  \r\n\r\n"),
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        assert_ok(connect_to(heads[i]));
}

/* RFC 6455 §4.1, of the server's answer. */
TASK_TEST(answers_that_are_wrong)
{
    assert_malformed("HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     "malformed handshake: Upgrade is not \"websocket\"");
    assert_malformed("HTTP/1.1 101 OK\r\nUpgrade: websockets\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: %s\r\n\r\n",
                     "malformed handshake: Upgrade is not \"websocket\"");
    assert_malformed("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     "malformed handshake: Upgrade is not \"websocket\"");
    assert_malformed("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     "malformed handshake: Connection is not \"Upgrade\"");
    assert_malformed("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: close\r\n"
                     "Sec-WebSocket-Accept: %s\r\n\r\n",
                     "malformed handshake: Connection is not \"Upgrade\"");
    static const char *const accepts[] = {
        UPGRADED "\r\n",
        UPGRADED "Sec-WebSocket-Accept:\r\n\r\n",
        UPGRADED "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        UPGRADED "Sec-WebSocket-Accept: x%s\r\n\r\n",
        UPGRADED "Sec-WebSocket-Accept: %s=\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof accepts / sizeof *accepts; i++)
        assert_malformed(accepts[i],
                         "malformed handshake: Sec-WebSocket-Accept does not fit the key");
    static const char *const protocols[] = {
        ACCEPTED "Sec-WebSocket-Protocol: c\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Protocol: A\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Protocol: a, b\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Protocol:\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        assert_malformed(protocols[i],
                         "malformed handshake: Sec-WebSocket-Protocol is none that was offered");
    assert_malformed(ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
                     "malformed handshake: Sec-WebSocket-Extensions has what was not offered");
}

TASK_TEST(extensions_that_were_not_offered)
{
    static const char *const heads[] = {
        ACCEPTED "Sec-WebSocket-Extensions: x-webkit-deflate-frame\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate; foo\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=13\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                 "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate, x\r\n\r\n",
        ACCEPTED "Sec-WebSocket-Extensions: \"\r\n\r\n",
    };
    const gale_websocket_compression compression = { .max_window_bits = 12 };
    const gale_websocket_connect_options options = { .compression = &compression };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        script_start(heads[i], (gale_str){ "", 0 });
        assert_error(connect_with(&options), GALE_EINPUT);
        assert_non_null(strstr(gale_error_detail(), "Sec-WebSocket-Extensions"));
        script_stop();
    }
}

TASK_TEST(answers_that_are_no_http)
{
    assert_error(connect_to("\x81\x05hello"), GALE_EINPUT);
    assert_error(connect_to("\x81\x05hello\r\n\r\n"), GALE_EINPUT);
    assert_error(connect_to("HTTP/1.1 101"), GALE_ECLOSED);
    assert_error(connect_to("HTTP/1.1 101 OK\r\nUpgrade\r\n\r\n"), GALE_EINPUT);
    assert_error(connect_to("HTTP/1.1 1 OK\r\n\r\n"), GALE_EINPUT);
    assert_error(connect_to(""), GALE_ECLOSED);
    assert_error(connect_to("HTTP/1.1 204 No Content\r\n\r\n"), GALE_EHTTP);
    assert_error(connect_to("HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!"), GALE_EHTTP);
    assert_error(connect_to("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno!"),
                 GALE_ECLOSED);
    assert_error(connect_to("HTTP/1.1 308 Go\r\nLocation: /there\r\n\r\n"), GALE_EHTTP);
}

TASK_TEST(a_head_that_does_not_end)
{
    static char head[30000];
    gale_fetch_options request = { .max_header_size = 20000 };
    memset(head, 'a', sizeof head - 1);
    memcpy(head, "HTTP/1.1 101 OK\r\nA: ", 20);
    script_start(head, (gale_str){ "", 0 });
    assert_error(connect_with(&(gale_websocket_connect_options){ .request = &request }),
                 GALE_ETOOBIG);
    script_stop();
}

/* ---- Time ------------------------------------------------------------------------------- */

TASK_TEST(a_server_that_does_not_answer)
{
    gale_fetch_options request = { .request_timeout = 0.02 };
    SCRIPT("", "");
    assert_error(connect_with(&(gale_websocket_connect_options){ .connect_timeout = 0.02 }),
                 GALE_ETIMEDOUT);
    assert_string_equal(gale_error_detail(), "Timeout during request");
    assert_error(connect_with(&(gale_websocket_connect_options){ .request = &request }),
                 GALE_ETIMEDOUT);
    script.head = "HTTP/1.1 101 OK\r\n";
    assert_error(connect_with(&(gale_websocket_connect_options){ .connect_timeout = 0.02 }),
                 GALE_ETIMEDOUT);
    script_stop();
}

static int connect_slowly(void *arg)
{
    return connect_with(arg);
}

TASK_TEST(connecting_is_cancelled)
{
    SCRIPT("", "");
    assert_error(gale_with_timeout(0.02, connect_slowly, NULL), GALE_ETIMEDOUT);
    assert_null(ws);
    gale_moment();
    script_stop();
}

/* The end of the head, and the first frames, come in any pieces. */
TASK_TEST(an_answer_in_pieces)
{
    for (size_t piece = 1; piece < 5; piece++) {
        SCRIPT(ACCEPTED "\r\n", "\x81\x05hello\x82\x01x\x88\x02\x03\xe8");
        script.piece = piece;
        assert_ok(connect_with(NULL));
        assert_read("hello");
        assert_int_equal(gale_read_message(ws, &message), 1);
        assert_true(message.binary);
        assert_closed(1000, "");
        gale_websocket_free(ws);
        script_stop();
    }
}

GALE_TEST_MAIN
