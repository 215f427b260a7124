/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of a client fails once: the call says so, or the connection ends, and the next
 * one is as good as new. The server is another process, whose memory does not count. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "web/websocket_client_test.h"

static int echo_message(gale_websocket *self, gale_str text, bool binary)
{
    (void)binary;
    if (gale_websocket_ping(self, "p", 1) < 0)
        return 0;
    return gale_write_message_str(self, text);
}

static const gale_websocket_compression anew = { 0 }, kept = { .context_takeover = true };
static const gale_websocket_class plain = { .on_message = echo_message },
                                  echo_anew = { .on_message = echo_message, .compression = &anew },
                                  echo_kept = { .on_message = echo_message, .compression = &kept };
static const gale_handler_class plain_handler = { .websocket = &plain },
                                anew_handler = { .websocket = &echo_anew },
                                kept_handler = { .websocket = &echo_kept };
static const gale_route routes[] = { ROUTE("/plain", plain_handler),
                                     ROUTE("/anew", anew_handler),
                                     ROUTE("/kept", kept_handler),
                                     { 0 } };

static pid_t server;
static int port;

static void start_server(void)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    port = gale_socket_port(sockets[0]);
    server = fork();
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        gale_log_set_level(GALE_LOG_OFF);
        gale_application_listen_sockets(gale_application_new(routes, NULL), sockets, 1);
        _exit(gale_ioloop_start(gale_ioloop_current()));
    }
    close(sockets[0]);
}

static void stop_server(void)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

/* ---- In a straight line ------------------------------------------------------------------- */

static char long_text[100000];

/* A message that has to come. */
static int read_one(gale_websocket *socket, gale_websocket_message *ret_message)
{
    int result = gale_read_message(socket, ret_message);
    if (result == 0)
        fail_msg("closed: %d %s", gale_websocket_close_code(socket),
                 gale_websocket_close_reason(socket));
    return result;
}

/* What a program does: it goes on while all is well. */
static int converse(const gale_websocket_connect_options *options)
{
    gale_websocket *socket;
    gale_websocket_message got;
    GALE_TRY(gale_websocket_connect(ws_url, options, &socket));
    for (int i = 0; i < 2; i++) {
        GALE_TRY(gale_write_message(socket, "hello"));
        GALE_TRY(gale_write_message(socket, long_text));
        GALE_TRY(gale_write_message_json(socket, json_pack("{s:i}", "n", 1)));
        GALE_TRY(read_one(socket, &got));
        GALE_TRY(read_one(socket, &got));
        if (got.size != sizeof long_text - 1 || memcmp(got.data, long_text, got.size) != 0)
            return GALE_ECHECK;
        GALE_TRY(read_one(socket, &got));
        if (strcmp(got.data, "{\"n\": 1}") != 0)
            return GALE_ECHECK;
    }
    GALE_TRY(gale_websocket_close(socket, 1000, "done"));
    int result = gale_read_message(socket, &got);
    return result == 0 && gale_websocket_close_code(socket) != 1000 ? GALE_ECHECK : result;
}

static int converse_failing(void *arg)
{
    size_t n = 0;
    bool failed;
    do {
        gale_scope *scope = gale_scope_open(NULL);
        test_fail_allocation(++n);
        int result = converse(arg);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        if (result != 0 && !(failed && (result == -ENOMEM || result == GALE_ECLOSED)))
            fail_msg("allocation %zu: %d %s", n, result, gale_error_detail());
        gale_scope_close(scope, 0);
    } while (failed);
    assert_true(n > 20);
    return 0;
}

static void converse_with(const char *path, const gale_websocket_connect_options *options)
{
    snprintf(ws_url, sizeof ws_url, "ws://127.0.0.1:%d%s", port, path);
    assert_ok(run_in_loop(converse_failing, (void *)(uintptr_t)options));
}

static int ignore_ping(gale_websocket *self, gale_str data)
{
    (void)self, (void)data;
    return 0;
}

TEST(a_client_without_memory)
{
    const char *const subprotocols[] = { "a", "b", NULL };
    const gale_fetch_options request = { .headers =
                                             (gale_fetch_header[]){ { "X-Test", "1" }, { 0 } } };
    const gale_websocket_class pinged = { .state_size = 10, .on_ping = ignore_ping };
    gale_http_response *response;
    memset(long_text, 'l', sizeof long_text - 1);
    start_server();
    converse_with("/plain", &(gale_websocket_connect_options){ .websocket_class = &pinged });
    converse_with("/plain", &(gale_websocket_connect_options){ .request = &request,
                                                               .subprotocols = subprotocols,
                                                               .ret_response = &response });
    converse_with("/anew", &(gale_websocket_connect_options){ .compression = &anew });
    converse_with("/kept", &(gale_websocket_connect_options){ .compression = &kept });
    stop_server();
}

/* ---- With functions ----------------------------------------------------------------------- */

static int got, closed;

static int count_message(gale_websocket *self, gale_str text, bool binary)
{
    (void)text, (void)binary;
    if (++got == 3)
        return gale_websocket_close(self, 1000, NULL);
    return gale_write_message(self, "more");
}

static void count_close(gale_websocket *self)
{
    (void)self;
    closed++;
}

static const gale_websocket_class counting = { .on_message = count_message,
                                               .on_ping = ignore_ping,
                                               .on_close = count_close };

static int count_failing(void *arg)
{
    const gale_websocket_connect_options options = { .websocket_class = &counting,
                                                     .detached = true };
    size_t n = 0;
    bool failed;
    (void)arg;
    do {
        got = closed = 0;
        test_fail_allocation(++n);
        int result = gale_websocket_connect(ws_url, &options, &ws);
        if (result == 0) {
            gale_write_message(ws, "first");
            for (int i = 0; i < 1000 && !closed; i++)
                gale_sleep(0.001);
        }
        failed = test_allocation_failed();
        test_fail_allocation(0);
        if (result == 0)
            gale_websocket_free(ws);
        if (failed ? closed > 1 : got != 3 || closed != 1)
            fail_msg("allocation %zu: %d, %d messages, closed %d", n, result, got, closed);
    } while (failed);
    assert_true(n > 5);
    return 0;
}

TEST(functions_without_memory)
{
    start_server();
    gale_log_set_level(GALE_LOG_OFF);
    snprintf(ws_url, sizeof ws_url, "ws://127.0.0.1:%d/plain", port);
    assert_ok(run_in_loop(count_failing, NULL));
    stop_server();
}

GALE_TEST_MAIN
