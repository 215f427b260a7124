/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of servers of our own: messages, control frames, compression, refusals, the end. */
#include <gale/httpclient.h>
#include <gale/template.h>

#include "web/websocket_client_test.h"

/* ---- Servers ---------------------------------------------------------------------------- */

static int echo_message(gale_websocket *self, gale_str text, bool binary)
{
    return binary ? gale_write_message_binary(self, text.data, text.len)
                  : gale_write_message_str(self, text);
}

static const gale_websocket_class echo = { .on_message = echo_message };
static const gale_handler_class echo_handler = { .websocket = &echo };

static const gale_websocket_compression anew = { 0 }, kept = { .context_takeover = true },
                                        narrow = { .context_takeover = true, .max_window_bits = 9 };
static const gale_websocket_class echo_anew = { .on_message = echo_message, .compression = &anew },
                                  echo_kept = { .on_message = echo_message, .compression = &kept },
                                  echo_narrow = { .on_message = echo_message,
                                                  .compression = &narrow };
static const gale_handler_class anew_handler = { .websocket = &echo_anew };
static const gale_handler_class kept_handler = { .websocket = &echo_kept };
static const gale_handler_class narrow_handler = { .websocket = &echo_narrow };

static int say_header(gale_websocket *self, gale_handler *handler)
{
    const char *header = gale_http_headers_get(
        gale_http_server_request_headers(gale_handler_request(handler)), "X-Test");
    return gale_write_message(self, header ? header : "none");
}

static int slow_prepare(gale_handler *handler)
{
    GALE_TRY(gale_moment());
    return gale_set_header(handler, "X-Prepared", "yes");
}

static const gale_websocket_class header_class = { .open = say_header, .on_message = echo_message };
static const gale_handler_class header_handler = { .prepare = slow_prepare,
                                                   .websocket = &header_class };

static int say_goodbye(gale_websocket *self, gale_handler *handler)
{
    (void)handler;
    return gale_websocket_close(self, 1001, "goodbye");
}

static const gale_websocket_class goodbye = { .open = say_goodbye };
static const gale_handler_class goodbye_handler = { .websocket = &goodbye };

static const char *select_good(gale_handler *handler, const char *const *subprotocols)
{
    (void)handler;
    for (; *subprotocols; subprotocols++)
        if (strcmp(*subprotocols, "goodproto") == 0)
            return *subprotocols;
    return NULL;
}

static const gale_websocket_class choosing = { .select_subprotocol = select_good,
                                               .on_message = echo_message };
static const gale_handler_class choosing_handler = { .websocket = &choosing };

static int get_text(gale_handler *handler)
{
    return gale_write(handler, "ok");
}

static int get_elsewhere(gale_handler *handler)
{
    return gale_redirect(handler, "/echo", false);
}

static const gale_handler_class text_handler = { .get = get_text };
static const gale_handler_class redirect_handler = { .get = get_elsewhere };

static char closed_with[200];

static void note_close(gale_websocket *self)
{
    snprintf(closed_with, sizeof closed_with, "%d %s", gale_websocket_close_code(self),
             gale_websocket_close_reason(self));
}

static const gale_websocket_class listening = { .on_message = echo_message,
                                                .on_close = note_close };
static const gale_handler_class listening_handler = { .websocket = &listening };

static const gale_route routes[] = { ROUTE("/echo", echo_handler),
                                     ROUTE("/anew", anew_handler),
                                     ROUTE("/kept", kept_handler),
                                     ROUTE("/narrow", narrow_handler),
                                     ROUTE("/header", header_handler),
                                     ROUTE("/goodbye", goodbye_handler),
                                     ROUTE("/choose", choosing_handler),
                                     ROUTE("/text", text_handler),
                                     ROUTE("/redirect", redirect_handler),
                                     ROUTE("/listen", listening_handler),
                                     { 0 } };

/* ---- Messages --------------------------------------------------------------------------- */

/* Tornado: WebSocketTest.test_websocket_gen, test_binary_message, test_unicode_message,
 * test_error_in_closed_client_write_message */
TASK_TEST(messages_in_a_straight_line)
{
    serve(routes, "/echo");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_ok(gale_write_message(ws, "hello"));
    assert_read("hello");
    assert_ok(gale_write_message(ws, "hello \xc3\xa9"));
    assert_ok(gale_write_message(ws, ""));
    assert_ok(gale_write_message_binary(ws, "\0\xff", 2));
    assert_ok(gale_write_message_json(ws, json_pack("{s:i}", "n", 1)));
    assert_read("hello \xc3\xa9");
    assert_read("");
    assert_int_equal(gale_read_message(ws, &message), 1);
    assert_true(message.binary);
    assert_bytes(((gale_str){ message.data, message.size }), GALE_STR("\0\xff"));
    assert_read("{\"n\": 1}");
    assert_error(gale_write_message(ws, "\xff"), GALE_EENCODING);
    assert_ok(gale_websocket_close(ws, 0, NULL));
    assert_error(gale_write_message(ws, "hello \xc3\xa9"), GALE_ECLOSED);
    assert_closed(1005, "");
    assert_closed(1005, "");
    assert_error(gale_write_message(ws, "late"), GALE_ECLOSED);
}

/* All forms of the length, and more than a socket takes at once. */
TASK_TEST(messages_of_all_sizes)
{
    static const size_t sizes[] = { 0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 5000000 };
    char *data = malloc(5000000);
    for (size_t i = 0; i < 5000000; i++)
        data[i] = (char)(i * 7 + i / 251);
    serve(routes, "/echo");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_ok(gale_write_message_binary(ws, data, sizes[i]));
        assert_int_equal(gale_read_message(ws, &message), 1);
        assert_int_equal(message.size, sizes[i]);
        assert_memory_equal(message.data, data, sizes[i]);
        assert_int_equal(message.data[sizes[i]], 0);
    }
    free(data);
}

TASK_TEST(several_messages_at_once)
{
    char text[20];
    serve(routes, "/echo");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "message %d", i);
        assert_ok(gale_write_message(ws, text));
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "message %d", i);
        assert_read(text);
    }
}

static int render_message(gale_websocket *self, gale_str text, bool binary)
{
    gale_template_loader *loader = gale_websocket_arg(self);
    gale_template *page = gale_template_loader_load(loader, "message.html", NULL);
    (void)binary;
    if (!page)
        return GALE_EINPUT;
    gale_bytes *made = gale_template_generate(page, json_pack("{s:s}", "message", text.data), NULL);
    if (!made)
        return GALE_EINPUT;
    int result = gale_write_message_str(self, gale_bytes_str(made));
    gale_bytes_unref(made);
    return result;
}

static const gale_websocket_class rendering = { .on_message = render_message };
static const gale_handler_class rendering_handler = { .websocket = &rendering };

/* Tornado: WebSocketTest.test_render_message */
TASK_TEST(a_message_that_is_rendered)
{
    gale_template_loader *loader = gale_template_dict_loader_new(
        json_pack("{s:s}", "message.html", "<b>{{ message }}</b>"), NULL);
    const gale_route rendered[] = { ROUTE("/", rendering_handler, .arg = loader), { 0 } };
    serve(rendered, "/");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_ok(gale_write_message(ws, "hello"));
    assert_read("<b>hello</b>");
    assert_ok(gale_websocket_close(ws, 1000, NULL));
    assert_closed(1000, "");
    gale_template_loader_free(loader);
}

/* ---- Refusals --------------------------------------------------------------------------- */

static int connect_for_response(const char *path, gale_http_response **ret_response)
{
    char url[200];
    gale_websocket_connect_options options = { .ret_response = ret_response };
    snprintf(url, sizeof url, "%.*s%s", (int)strcspn(ws_url + 5, "/") + 5, ws_url, path);
    return gale_websocket_connect(url, &options, &ws);
}

/* Tornado: WebSocketTest.test_websocket_http_fail, test_websocket_http_success,
 * test_websocket_http_redirect */
TASK_TEST(servers_that_refuse)
{
    gale_http_response *response;
    serve(routes, "/");
    test_expect_log(GALE_LOG_WARNING, "404 GET /nothing");
    assert_error(connect_for_response("/nothing", &response), GALE_EHTTP);
    assert_string_equal(gale_error_detail(), "HTTP 404: Not Found");
    assert_null(ws);
    assert_int_equal(gale_http_response_code(response), 404);
    assert_non_null(strstr(gale_http_response_body(response), "404: Not Found"));
    assert_error(connect_for_response("/text", &response), GALE_EHTTP);
    assert_string_equal(gale_error_detail(), "HTTP 200: OK");
    assert_string_equal(gale_http_response_body(response), "ok");
    assert_error(connect_for_response("/redirect", &response), GALE_EHTTP);
    assert_int_equal(gale_http_response_code(response), 302);
    assert_string_equal(gale_http_headers_get(gale_http_response_headers(response), "Location"),
                        "/echo");
}

/* Tornado: WebSocketTest.test_websocket_network_fail */
TASK_TEST(nobody_listens)
{
    gale_http_response *response = (gale_http_response *)"";
    gale_websocket_connect_options options = { .connect_timeout = 3600, .ret_response = &response };
    SCRIPT("", "");
    script_stop();
    assert_error(gale_websocket_connect(ws_url, &options, &ws), -ECONNREFUSED);
    assert_null(ws);
    assert_null(response);
}

/* ---- The handshake ---------------------------------------------------------------------- */

/* Tornado: WebSocketTest.test_websocket_headers, test_websocket_header_echo, test_async_prepare */
TASK_TEST(headers_both_ways)
{
    gale_fetch_options request = { .headers =
                                       (gale_fetch_header[]){ { "X-Test", "hello" }, { 0 } } };
    gale_http_response *response;
    gale_websocket_connect_options options = { .request = &request, .ret_response = &response };
    serve(routes, "/header");
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_read("hello");
    assert_int_equal(gale_http_response_code(response), 101);
    assert_string_equal(gale_http_headers_get(gale_http_response_headers(response), "X-Prepared"),
                        "yes");
    assert_ok(gale_write_message(ws, "on"));
    assert_read("on");
}

/* Tornado: WebSocketTest.test_subprotocols, test_subprotocols_not_offered */
TASK_TEST(subprotocols)
{
    gale_websocket_connect_options options = { .subprotocols = (const char *const[]){
                                                   "badproto", "goodproto", NULL } };
    serve(routes, "/choose");
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_string_equal(gale_websocket_selected_subprotocol(ws), "goodproto");
    options.subprotocols = (const char *const[]){ "badproto", NULL };
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_null(gale_websocket_selected_subprotocol(ws));
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_null(gale_websocket_selected_subprotocol(ws));
}

/* ---- Compression ------------------------------------------------------------------------ */

static void converse_compressed(const char *path, const gale_websocket_compression *compression,
                                const char *expected)
{
    gale_http_response *response;
    gale_websocket_connect_options options = { .compression = compression,
                                               .ret_response = &response };
    char long_text[2000];
    strcpy(strrchr(ws_url, '/'), path);
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    const char *agreed =
        gale_http_headers_get(gale_http_response_headers(response), "Sec-WebSocket-Extensions");
    assert_string_equal(agreed ? agreed : "", expected);
    for (int i = 0; i < 3; i++) {
        assert_ok(gale_write_message(ws, "hello"));
        assert_ok(gale_write_message(ws, long_text));
        assert_ok(gale_write_message(ws, ""));
        assert_read("hello");
        assert_read(long_text);
        assert_read("");
    }
    assert_ok(gale_websocket_close(ws, 1000, path));
    assert_closed(1000, "");
}

TASK_TEST(messages_are_compressed)
{
    serve(routes, "/");
    converse_compressed("/echo", &anew, "");
    converse_compressed("/anew", NULL, "");
    converse_compressed("/anew", &anew,
                        "permessage-deflate; server_no_context_takeover; "
                        "client_no_context_takeover");
    converse_compressed("/anew", &kept,
                        "permessage-deflate; server_no_context_takeover; "
                        "client_no_context_takeover");
    converse_compressed("/kept", &kept, "permessage-deflate");
    converse_compressed("/kept", &narrow,
                        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9");
    converse_compressed("/narrow", &kept,
                        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9");
    gale_websocket_compression most = { 9, 9, false, 8, { NULL } };
    converse_compressed("/kept", &most,
                        "permessage-deflate; server_no_context_takeover; "
                        "client_no_context_takeover; server_max_window_bits=8; "
                        "client_max_window_bits=8");
}

/* ---- The end ---------------------------------------------------------------------------- */

/* Tornado: WebSocketTest.test_server_close_reason */
TASK_TEST(a_server_closes)
{
    serve(routes, "/goodbye");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_closed(1001, "goodbye");
}

/* Tornado: WebSocketTest.test_client_close_reason */
TASK_TEST(a_client_closes)
{
    serve(routes, "/listen");
    *closed_with = '\0';
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_error(gale_websocket_close(ws, 1005, NULL), GALE_EINVALID);
    assert_ok(gale_websocket_close(ws, 1001, "goodbye"));
    assert_closed(1001, "");
    for (int i = 0; i < 1000 && !*closed_with; i++)
        gale_sleep(0.002);
    assert_string_equal(closed_with, "1001 goodbye");
}

GALE_TEST_MAIN
