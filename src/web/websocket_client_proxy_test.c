/* SPDX-License-Identifier: Apache-2.0 */
/* Clients over TLS, through proxies, and over a Unix socket: by the settings of the HTTP client. */
#include <stdlib.h>
#include <unistd.h>

#include <gale/tcpclient.h>

#include "net/tls_test.h"
#include "web/websocket_client_test.h"

/* ---- A server over TLS, and one without -------------------------------------------------- */

static int echo_message(gale_websocket *self, gale_str text, bool binary)
{
    (void)binary;
    return gale_write_message_str(self, text);
}

static const gale_websocket_class echo = { .on_message = echo_message };
static const gale_handler_class echo_handler = { .websocket = &echo };
static const gale_route routes[] = { ROUTE("/", echo_handler), { 0 } };

/* Returns the port. */
static int serve_tls(void)
{
    gale_application_settings settings = { .server.ssl_context = server_context() };
    gale_application *application = gale_application_new(routes, &settings);
    int port = gale_application_listen_address(application, 0, "127.0.0.1");
    gale_ssl_context_unref(settings.server.ssl_context);
    assert_true(port > 0);
    snprintf(ws_url, sizeof ws_url, "wss://localhost:%d/", port);
    return port;
}

static int connect_with(const gale_fetch_options *request)
{
    return gale_websocket_connect(
        ws_url, &(gale_websocket_connect_options){ .request = request, .connect_timeout = 5 }, &ws);
}

static void assert_echo(void)
{
    static char much[200000];
    memset(much, 'm', sizeof much - 1);
    assert_ok(gale_write_message(ws, "hello"));
    assert_ok(gale_write_message(ws, much));
    assert_read("hello");
    assert_read(much);
    assert_ok(gale_websocket_close(ws, 1000, NULL));
    assert_closed(1000, "");
    gale_websocket_free(ws);
}

TASK_TEST(over_tls)
{
    gale_fetch_options request = { .ssl_context = client_context() };
    serve_tls();
    assert_ok(connect_with(&request));
    assert_echo();
    assert_ok(connect_with(&(gale_fetch_options){ .no_validate_cert = true }));
    assert_echo();
    test_expect_log(GALE_LOG_WARNING, "unknown ca");
    assert_error(connect_with(NULL), GALE_ECERTIFICATE);
    assert_null(ws);
    gale_sleep(0.01); /* the server hears of it */
    gale_ssl_context_unref(request.ssl_context);
}

/* The server's first messages, and its end, come together with the answer. */
static int say_at_once(gale_websocket *self, gale_handler *handler)
{
    (void)handler;
    GALE_TRY(gale_write_message(self, "first"));
    return gale_websocket_close(self, 1000, "and last");
}

static const gale_websocket_class hasty = { .open = say_at_once };
static const gale_handler_class hasty_handler = { .websocket = &hasty };
static const gale_route hasty_routes[] = { ROUTE("/", hasty_handler), { 0 } };

TASK_TEST(over_tls_all_at_once)
{
    gale_application_settings settings = { .server.ssl_context = server_context() };
    gale_application *application = gale_application_new(hasty_routes, &settings);
    gale_fetch_options request = { .ssl_context = client_context() };
    int port = gale_application_listen_address(application, 0, "127.0.0.1");
    snprintf(ws_url, sizeof ws_url, "wss://127.0.0.1:%d/", port);
    assert_ok(connect_with(&request));
    assert_read("first");
    assert_closed(1000, "and last");
    gale_websocket_free(ws);
    gale_ssl_context_unref(settings.server.ssl_context);
    gale_ssl_context_unref(request.ssl_context);
}

static int connect_in_vain(void *arg)
{
    return connect_with(arg);
}

TASK_TEST(a_tls_handshake_that_takes_too_long)
{
    const gale_fetch_options request = { .no_validate_cert = true, .handshake_timeout = 0.02 };
    gale_bind_options bind = { .address = "127.0.0.1" };
    int sockets[GALE_BIND_SOCKETS_MAX];
    assert_int_equal(gale_bind_sockets(0, &bind, sockets), 1); /* it accepts, and says nothing */
    snprintf(ws_url, sizeof ws_url, "wss://127.0.0.1:%d/", gale_socket_port(sockets[0]));
    assert_error(connect_with(&request), GALE_ETIMEDOUT_HANDSHAKE);
    assert_error(gale_with_timeout(0.02, connect_in_vain, NULL), GALE_ETIMEDOUT);
    close(sockets[0]);
}

/* ---- A proxy ------------------------------------------------------------------------------ */

static char asked[1024];
static const char *refusal; /* what it says instead; NULL: it connects */

typedef struct relay {
    gale_iostream *from, *to;
} relay;

static int run_relay(void *arg)
{
    relay *self = arg;
    gale_str data;
    while (gale_iostream_read_bytes(self->from, 65536, true, &data) >= 0 &&
           gale_iostream_write(self->to, data.data, data.len) >= 0)
        ;
    gale_iostream_close(self->to);
    return 0;
}

static int connect_through(gale_iostream *client, int port, gale_str yes)
{
    relay both[2] = { { .from = client }, { .to = client } };
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", port, NULL, &both[0].to));
    both[1].from = both[0].to;
    int result = gale_iostream_write(client, yes.data, yes.len);
    gale_scope *scope = gale_scope_open(NULL);
    for (int i = 0; i < 2 && result >= 0; i++)
        result = gale_scope_spawn(scope, "relay", run_relay, &both[i]);
    gale_scope_close(scope, 0);
    gale_iostream_free(both[0].to);
    return result;
}

static int serve_connect(gale_iostream *stream, const gale_address *address, void *arg)
{
    gale_str head;
    (void)address, (void)arg;
    GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &head));
    snprintf(asked, sizeof asked, "%.*s", (int)head.len, head.data);
    if (refusal)
        return gale_iostream_write(stream, refusal, strlen(refusal));
    const char *port = strchr(asked, ':');
    return connect_through(stream, atoi(port + 1), GALE_STR("HTTP/1.1 200 OK\r\n\r\n"));
}

static int serve_socks(gale_iostream *stream, const gale_address *address, void *arg)
{
    gale_str data;
    (void)address, (void)arg;
    GALE_TRY(gale_iostream_read_bytes(stream, 3, false, &data));
    GALE_TRY(gale_iostream_write(stream, "\5\0", 2));
    GALE_TRY(gale_iostream_read_bytes(stream, 5, false, &data));
    size_t size = (unsigned char)data.data[4];
    bool named = data.data[3] == 3;
    GALE_TRY(gale_iostream_read_bytes(stream, named ? size + 2 : 5, false, &data));
    const unsigned char *port = (const unsigned char *)data.data + data.len - 2;
    snprintf(asked, sizeof asked, "%.*s", named ? (int)size : 0, data.data);
    return connect_through(stream, port[0] << 8 | port[1], GALE_STR("\5\0\0\1\0\0\0\0\0\0"));
}

static gale_tcp_server *proxy;

static int start_proxy(gale_stream_handler serve_one)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    int port = gale_socket_port(sockets[0]);
    proxy = gale_tcp_server_new(serve_one, NULL, NULL);
    assert_ok(gale_tcp_server_add_sockets(proxy, sockets, 1));
    *asked = '\0';
    refusal = NULL;
    return port;
}

TASK_TEST(through_a_proxy)
{
    char text[200];
    int port = serve(routes, "/");
    gale_fetch_options request = { .proxy_host = "127.0.0.1",
                                   .proxy_port = start_proxy(serve_connect),
                                   .proxy_username = "Aladdin",
                                   .proxy_password = "open sesame" };
    assert_ok(connect_with(&request));
    snprintf(text, sizeof text, "CONNECT 127.0.0.1:%d HTTP/1.1\r\n", port);
    assert_int_equal(strncmp(asked, text, strlen(text)), 0);
    assert_non_null(
        strstr(asked, "\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    assert_echo();
    refusal = "HTTP/1.1 403 Forbidden\r\n\r\n";
    assert_error(connect_with(&request), -ECONNREFUSED);
    gale_tcp_server_free(proxy);
}

TASK_TEST(over_tls_through_a_proxy)
{
    gale_fetch_options request = { .proxy_host = "127.0.0.1",
                                   .proxy_port = start_proxy(serve_connect),
                                   .ssl_context = client_context() };
    serve_tls();
    assert_ok(connect_with(&request));
    assert_int_equal(strncmp(asked, "CONNECT localhost:", 18), 0);
    assert_echo();
    gale_tcp_server_free(proxy);
    gale_ssl_context_unref(request.ssl_context);
}

TASK_TEST(through_socks)
{
    gale_fetch_options request = { .proxy_host = "127.0.0.1",
                                   .proxy_type = GALE_PROXY_SOCKS5H,
                                   .proxy_port = start_proxy(serve_socks),
                                   .ssl_context = client_context() };
    serve_tls();
    assert_ok(connect_with(&request));
    assert_string_equal(asked, "localhost");
    assert_echo();
    request.proxy_type = GALE_PROXY_SOCKS5;
    assert_ok(connect_with(&request));
    assert_string_equal(asked, "");
    assert_echo();
    gale_tcp_server_free(proxy);
    gale_ssl_context_unref(request.ssl_context);
}

TASK_TEST(through_the_proxy_of_the_environment)
{
    char text[64];
    serve(routes, "/");
    snprintf(text, sizeof text, "http://127.0.0.1:%d", start_proxy(serve_connect));
    setenv("http_proxy", text, 1);
    gale_http_client *client = gale_http_client_new(NULL);
    gale_websocket_connect_options options = { .client = client };
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_int_equal(strncmp(asked, "CONNECT 127.0.0.1:", 18), 0);
    assert_echo();
    *asked = '\0';
    options.request = &(gale_fetch_options){ .no_environment_proxy = true };
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_string_equal(asked, "");
    assert_echo();
    unsetenv("http_proxy");
    gale_http_client_free(client);
    gale_tcp_server_free(proxy);
}

/* ---- Names, clients, Unix sockets --------------------------------------------------------- */

TASK_TEST(names_of_ones_own)
{
    char url[64];
    const gale_override names[] = { { .host = "chat.invalid", .to_host = "127.0.0.1" }, { 0 } };
    int port = serve(routes, "/");
    snprintf(url, sizeof url, "ws://chat.invalid:%d/", port);
    gale_resolver *resolver = gale_override_resolver_new(NULL, names);
    gale_websocket_connect_options options = { .resolver = resolver };
    assert_ok(gale_websocket_connect(url, &options, &ws));
    assert_echo();
    gale_fetch_options defaults = { .headers = (gale_fetch_header[]){
                                        { "Origin", "http://elsewhere" }, { 0 } } };
    gale_http_client *client = gale_http_client_new(
        &(gale_http_client_options){ .hostname_mapping = names, .defaults = &defaults });
    options = (gale_websocket_connect_options){ .client = client };
    test_expect_log(GALE_LOG_WARNING, "403 GET /");
    assert_error(gale_websocket_connect(url, &options, &ws), GALE_EHTTP);
    assert_string_equal(gale_error_detail(), "HTTP 403: Forbidden");
    options.request =
        &(gale_fetch_options){ .headers = (gale_fetch_header[]){ { "X", "y" }, { 0 } } };
    assert_ok(gale_websocket_connect(url, &options, &ws));
    assert_echo();
    gale_http_client_free(client);
    gale_resolver_free(resolver);
}

/* It takes no place of those that fetch. */
TASK_TEST(a_client_that_is_busy)
{
    gale_http_client *client =
        gale_http_client_new(&(gale_http_client_options){ .max_clients = 1 });
    gale_websocket_connect_options options = { .client = client };
    serve(routes, "/");
    for (int i = 0; i < 3; i++)
        assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_echo();
    gale_http_client_free(client);
    assert_error(gale_websocket_connect("ws+unix://%2Fnonexistent/", NULL, &ws), -ENOENT);
}

TASK_TEST(over_a_unix_socket)
{
    char path[] = "/tmp/gale-ws-XXXXXX", url[100];
    assert_non_null(mkdtemp(path));
    char name[64];
    snprintf(name, sizeof name, "%s/s", path);
    int fd = gale_bind_unix_socket(name, 0, 0);
    assert_true(fd >= 0);
    gale_application *application = gale_application_new(routes, NULL);
    assert_ok(gale_application_listen_sockets(application, &fd, 1));
    snprintf(url, sizeof url, "ws+unix://%%2Ftmp%%2F%s%%2Fs/", path + 5);
    assert_ok(gale_websocket_connect(url, NULL, &ws));
    assert_echo();
    unlink(name);
    rmdir(path);
}

GALE_TEST_MAIN
