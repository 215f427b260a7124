/* SPDX-License-Identifier: Apache-2.0 */
/* The TCP server, with streams as clients. */
#include "net/net_test.h"

#include <gale/tcpserver.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "loop/loop.h"

static gale_str data;

typedef struct server {
    gale_tcp_server *server;
    gale_address address;
} server;

static server serve(gale_stream_handler handle_stream, void *arg)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    server self;
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    assert_ok(gale_address_from_ip("127.0.0.1", gale_socket_port(sockets[0]), &self.address));
    self.server = gale_tcp_server_new(handle_stream, arg, NULL);
    assert_non_null(self.server);
    assert_ok(gale_tcp_server_add_sockets(self.server, sockets, 1));
    return self;
}

static gale_iostream *client_of(const server *self)
{
    gale_iostream *stream = gale_iostream_new(socket(AF_INET, SOCK_STREAM, 0), NULL);
    assert_non_null(stream);
    assert_ok(gale_iostream_connect(stream, &self->address));
    return stream;
}

/* ---- Handlers -------------------------------------------------------------------------- */

static int running;
static int last_result;

static int say_data(gale_iostream *stream, const gale_address *address, void *arg)
{
    assert_int_equal(address->family, AF_INET);
    assert_string_equal(gale_task_name(), "tcp_server");
    return gale_iostream_write(stream, arg, strlen(arg));
}

static int read_then_fail(gale_iostream *stream, const gale_address *address, void *arg)
{
    gale_str hello;
    (void)address;
    (void)arg;
    GALE_TRY(gale_iostream_read_bytes(stream, 5, false, &hello));
    gale_iostream_close(stream);
    return -EDOM;
}

static int echo(gale_iostream *stream, const gale_address *address, void *arg)
{
    gale_str line;
    (void)address;
    (void)arg;
    running++;
    int result = 0;
    while (result == 0) {
        result = gale_iostream_read_until(stream, "\n", 0, &line);
        if (result == 0)
            result = gale_iostream_write(stream, line.data, line.len);
    }
    running--;
    last_result = result;
    return result;
}

/* ---- One connection -------------------------------------------------------------------- */

/* Tornado: test_handle_stream_native_coroutine */
TASK_TEST(the_stream_is_closed_when_the_handler_returns)
{
    server self = serve(say_data, "data");
    gale_iostream *client = client_of(&self);
    assert_ok(gale_iostream_read_until_close(client, &data));
    assert_str(data, "data");
    gale_iostream_free(client);
    gale_tcp_server_free(self.server);
}

/* Tornado: test_handle_stream_coroutine_logging */
TASK_TEST(a_failing_handler_is_logged)
{
    server self = serve(read_then_fail, NULL);
    gale_iostream *client = client_of(&self);
    test_expect_log(GALE_LOG_ERROR, "Error in connection callback (127.0.0.1:");
    assert_ok(gale_iostream_write(client, "hello", 5));
    assert_ok(gale_iostream_read_until_close(client, &data));
    assert_str(data, "");
    gale_iostream_free(client);
    gale_tcp_server_free(self.server);
}

TASK_TEST(a_peer_that_leaves_is_no_error)
{
    server self = serve(echo, NULL);
    gale_iostream *client = client_of(&self);
    assert_ok(gale_iostream_write(client, "a line\nhalf", 11));
    assert_ok(gale_iostream_read_until(client, "\n", 0, &data));
    assert_str(data, "a line\n");
    assert_int_equal(running, 1);
    gale_iostream_free(client);
    assert_ok(gale_sleep(0.01));
    assert_int_equal(running, 0);
    assert_int_equal(last_result, GALE_ECLOSED);
    gale_tcp_server_free(self.server);
}

static int write_later(void *arg)
{
    assert_ok(gale_sleep(0.01));
    return gale_iostream_write(arg, "later", 5);
}

static int leave_a_task(gale_iostream *stream, const gale_address *address, void *arg)
{
    (void)address;
    (void)arg;
    return gale_spawn(write_later, stream);
}

TASK_TEST(the_stream_lives_as_long_as_the_tasks_of_the_handler)
{
    server self = serve(leave_a_task, NULL);
    gale_iostream *client = client_of(&self);
    assert_ok(gale_iostream_read_until_close(client, &data));
    assert_str(data, "later");
    gale_iostream_free(client);
    gale_tcp_server_free(self.server);
}

TASK_TEST(a_unix_socket_is_served)
{
    gale_address address;
    gale_tcp_server *own = gale_tcp_server_new(
        echo, NULL, &(gale_tcp_server_options){ .name = "echo", .stream.max_buffer_size = 100 });
    assert_ok(gale_tcp_server_add_socket(own, gale_bind_unix_socket(own_name(), 0, 0)));
    assert_ok(gale_address_from_path(own_name(), &address));
    gale_iostream *client = gale_iostream_new(socket(AF_UNIX, SOCK_STREAM, 0), NULL);
    assert_ok(gale_iostream_connect(client, &address));
    assert_ok(gale_iostream_write(client, "unix\n", 5));
    assert_ok(gale_iostream_read_until(client, "\n", 0, &data));
    assert_str(data, "unix\n");
    gale_iostream_free(client);
    gale_tcp_server_free(own);
}

/* ---- Stopping -------------------------------------------------------------------------- */

/* Tornado: test_stop_twice */
TASK_TEST(stop_twice)
{
    server self = serve(echo, NULL);
    gale_tcp_server_stop(self.server);
    gale_tcp_server_stop(self.server);
    gale_iostream *client = gale_iostream_new(socket(AF_INET, SOCK_STREAM, 0), NULL);
    assert_error(gale_iostream_connect(client, &self.address), -ECONNREFUSED);
    gale_iostream_free(client);
    gale_tcp_server_free(self.server);
}

static int stop_server(gale_iostream *stream, const gale_address *address, void *arg)
{
    gale_str rest;
    (void)address;
    gale_tcp_server_stop(*(gale_tcp_server **)arg);
    return gale_iostream_read_until_close(stream, &rest);
}

/* Tornado: test_stop_in_callback */
TASK_TEST(stop_in_a_handler)
{
    enum { CLIENTS = 40 };
    gale_tcp_server *stopped;
    server self = serve(stop_server, &stopped);
    stopped = self.server;
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    int clients[CLIENTS];
    gale_iostream *first = client_of(&self);
    assert_int_equal(getpeername(gale_iostream_fileno(first), (struct sockaddr *)&address, &size),
                     0);
    for (int i = 0; i < CLIENTS; i++) { /* some wait, some are refused */
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(clients[i], (struct sockaddr *)&address, size) != 0)
            assert_int_equal(errno, ECONNREFUSED);
    }
    assert_ok(gale_sleep(0.01));
    gale_close_sockets(clients, CLIENTS);
    gale_iostream_free(first);
    assert_ok(gale_sleep(0.01));
    gale_tcp_server_free(self.server);
}

TASK_TEST(free_cancels_the_handlers)
{
    server self = serve(echo, NULL);
    gale_iostream *client = client_of(&self);
    assert_ok(gale_iostream_write(client, "x\n", 2));
    assert_ok(gale_iostream_read_until(client, "\n", 0, &data));
    gale_tcp_server_free(self.server);
    assert_ok(gale_iostream_read_until_close(client, &data));
    assert_int_equal(running, 0);
    assert_int_equal(last_result, GALE_ECANCELED);
    gale_iostream_free(client);
}

static int connect_and_leave_open(void *arg)
{
    gale_iostream **client = arg;
    server self = serve(echo, NULL);
    *client = client_of(&self);
    GALE_TRY(gale_iostream_write(*client, "x\n", 2));
    return gale_iostream_read_until(*client, "\n", 0, &data);
}

TEST(the_loop_frees_its_servers_and_their_handlers)
{
    gale_iostream *client;
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_ok(gale_ioloop_run_sync(loop, connect_and_leave_open, &client, 5));
    assert_int_equal(running, 1);
    gale_iostream_free(client);
    gale_ioloop_free(loop);
    assert_int_equal(running, 0);
}

typedef struct stopping {
    gale_iostream *client;
    bool answered;
} stopping;

static int one_answer(gale_iostream *stream, const gale_address *address, void *arg)
{
    gale_str line;
    (void)address;
    (void)arg;
    GALE_TRY(gale_iostream_read_until(stream, "\n", 0, &line));
    GALE_TRY(gale_sleep(0.05));
    return gale_iostream_write(stream, line.data, line.len);
}

static int ask_while_stopping(void *arg)
{
    stopping *self = arg;
    server own = serve(one_answer, NULL);
    self->client = client_of(&own);
    GALE_TRY(gale_iostream_write(self->client, "question\n", 9));
    GALE_TRY(gale_sleep(0.01));
    gale_ioloop_shutdown(gale_ioloop_current());
    gale_iostream *late = gale_iostream_new(socket(AF_INET, SOCK_STREAM, 0), NULL);
    assert_error(gale_iostream_connect(late, &own.address), -ECONNREFUSED);
    gale_iostream_free(late);
    GALE_TRY(gale_iostream_read_until(self->client, "\n", 0, &data));
    self->answered = true;
    return 0;
}

TEST(a_graceful_stop_lets_handlers_finish)
{
    stopping self = { 0 };
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_ok(gale_ioloop_spawn_callback(loop, "ask", ask_while_stopping, &self));
    assert_int_equal(gale_ioloop_start(loop), 0);
    int left = 10;
    while (!self.answered && left-- > 0)
        gale__loop_turn(loop, false);
    assert_true(self.answered);
    gale_iostream_free(self.client);
    gale_ioloop_free(loop);
}

static int hang_while_stopping(void *arg)
{
    stopping *self = arg;
    server own = serve(echo, NULL);
    self->client = client_of(&own);
    GALE_TRY(gale_iostream_write(self->client, "x\n", 2));
    GALE_TRY(gale_iostream_read_until(self->client, "\n", 0, &data));
    gale_ioloop_shutdown(gale_ioloop_current());
    return 0;
}

TEST(a_graceful_stop_cancels_handlers_at_last)
{
    stopping self = { 0 };
    gale_ioloop *loop = gale_ioloop_new(&(gale_ioloop_options){ .shutdown_timeout = 0.05 });
    test_expect_log(GALE_LOG_WARNING, "graceful stop: cancelling what is still in flight");
    assert_ok(gale_ioloop_spawn_callback(loop, "hang", hang_while_stopping, &self));
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_int_equal(running, 0);
    assert_int_equal(last_result, GALE_ECANCELED);
    gale_iostream_free(self.client);
    gale_ioloop_free(loop);
}

/* ---- Listening ------------------------------------------------------------------------- */

static int busy_port(int *sockets)
{
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    return gale_socket_port(sockets[0]);
}

TEST(a_failed_listen_is_logged_and_remembered)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    char expected[128];
    gale_bind_options options = { .address = "127.0.0.1" };
    int port = busy_port(sockets);
    for (int with_bind = 0; with_bind < 2; with_bind++) {
        gale_ioloop *loop = gale_ioloop_new(NULL);
        gale_tcp_server *own = gale_tcp_server_new(echo, NULL, NULL);
        snprintf(expected, sizeof expected,
                 "cannot listen on 127.0.0.1 port %d: Address already in use", port);
        test_expect_log(GALE_LOG_ERROR, expected);
        assert_error(
            (with_bind ? gale_tcp_server_bind : gale_tcp_server_listen)(own, port, &options),
            -EADDRINUSE);
        assert_int_equal(gale_ioloop_start(loop), 1);
        gale_ioloop_free(loop);
    }
    gale_close_sockets(sockets, 1);
}

/* Tornado: test_bind_start, in one process; the rest of it is in process_test.c */
TASK_TEST(bind_then_start)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "127.0.0.1" };
    int ports[2];
    for (int i = 0; i < 2; i++) { /* ports that are free now */
        ports[i] = busy_port(sockets);
        gale_close_sockets(sockets, 1);
    }
    server self = { .server = gale_tcp_server_new(say_data, "ok", NULL) };
    assert_ok(gale_tcp_server_bind(self.server, ports[0], &options));
    assert_ok(gale_tcp_server_start(self.server, 1, -1));
    assert_error(gale_tcp_server_start(self.server, 1, -1), GALE_ESTATE);
    assert_ok(gale_tcp_server_bind(self.server, ports[1], &options)); /* serves at once */
    for (int i = 0; i < 2; i++) {
        assert_ok(gale_address_from_ip("127.0.0.1", ports[i], &self.address));
        gale_iostream *client = client_of(&self);
        assert_ok(gale_iostream_read_until_close(client, &data));
        assert_str(data, "ok");
        gale_iostream_free(client);
    }
    gale_tcp_server_free(self.server);
}

TASK_TEST(bound_sockets_are_closed_with_the_server)
{
    gale_tcp_server *own = gale_tcp_server_new(say_data, "ok", NULL);
    assert_ok(gale_tcp_server_bind(own, 0, NULL));
    gale_tcp_server_free(own);
    gale_tcp_server_free(NULL);
    own = gale_tcp_server_new(say_data, "ok", NULL);
    assert_error(gale_tcp_server_add_socket(own, -1), -EBADF);
    gale_tcp_server_free(own);
}

/* ---- Memory ---------------------------------------------------------------------------- */

static int exchange_with(void *arg)
{
    int *fd = arg;
    gale_str line;
    gale_iostream *client = gale_iostream_new(*fd, NULL);
    if (!client)
        return -ENOMEM;
    *fd = -1; /* it belongs to the stream */
    int result = gale_iostream_write(client, "ping\n", 5);
    if (result == 0)
        result = gale_iostream_read_until(client, "\n", 0, &line);
    if (result == 0)
        assert_str(line, "ping\n");
    gale_iostream_free(client);
    return result;
}

static void ignore_lines(const gale_log_record *record, void *arg)
{
    (void)arg;
    assert_true(record->level < GALE_LOG_ERROR || strstr(record->message, "memory"));
}

/* The server outlives every failed allocation: the next client is served. */
TEST(each_allocation_of_an_echo_exchange_may_fail)
{
    bool reached = true;
    gale_log_set_hook(ignore_lines, NULL);
    for (size_t n = 1; reached; n++) {
        assert_true(n < 500);
        gale_ioloop *loop = gale_ioloop_new(NULL);
        server self = serve(echo, NULL);
        for (int i = 0; i < 2; i++) {
            struct sockaddr_storage address = { 0 };
            int fd = socket(AF_INET, SOCK_STREAM, 0);
            struct sockaddr_in *ipv4 = (struct sockaddr_in *)&address;
            *ipv4 = (struct sockaddr_in){ .sin_family = AF_INET,
                                          .sin_port = htons((uint16_t)self.address.port),
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
            assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof *ipv4), 0);
            test_fail_allocation(i == 0 ? n : 0);
            int result = gale_ioloop_run_sync(loop, exchange_with, &fd, 5);
            if (i == 0)
                reached = test_allocation_failed();
            if (fd >= 0)
                close(fd);
            bool fine =
                result == 0 || (i == 0 && reached && (result == -ENOMEM || result == GALE_ECLOSED));
            if (!fine)
                fail_msg("allocation %zu, exchange %d: %s", n, i, gale_strerror(result));
        }
        test_fail_allocation(0);
        gale_ioloop_free(loop);
    }
}

GALE_TEST_MAIN
