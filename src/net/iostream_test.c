/* SPDX-License-Identifier: Apache-2.0 */
/* Making, connecting and closing streams. */
#include "net/net_test.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/un.h>

#include "net/iostream_impl.h"

static gale_str data;

static int listening_on_loopback(gale_address *ret_address)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    assert_ok(gale_address_from_ip("127.0.0.1", gale_socket_port(sockets[0]), ret_address));
    return sockets[0];
}

static gale_iostream *unconnected(int family)
{
    gale_iostream *stream = gale_iostream_new(socket(family, SOCK_STREAM, 0), NULL);
    assert_non_null(stream);
    return stream;
}

/* ---- Connecting ------------------------------------------------------------------------ */

TASK_TEST(connect_over_tcp)
{
    gale_address address;
    char text[GALE_ADDRESS_TEXT_MAX], expected[64];
    int listening = listening_on_loopback(&address);
    gale_iostream *stream = unconnected(AF_INET);
    assert_ok(gale_iostream_connect(stream, &address));
    fcntl(listening, F_SETFL, 0);
    int peer = accept(listening, NULL, NULL);
    assert_ok(gale_iostream_write(stream, "hello", 5));
    assert_int_equal(read(peer, text, sizeof text), 5);
    put(peer, "hi");
    assert_ok(gale_iostream_read_bytes(stream, 2, false, &data));
    assert_str(data, "hi");
    gale_address peer_address = gale_iostream_peer_address(stream);
    snprintf(expected, sizeof expected, "127.0.0.1:%d", address.port);
    assert_string_equal(gale_address_text(&peer_address, text), expected);
    assert_error(gale_iostream_connect(stream, &address), GALE_ESTATE);
    close(peer);
    close(listening);
    gale_iostream_free(stream);
}

TASK_TEST(connect_to_a_unix_socket)
{
    gale_address address;
    char text[GALE_ADDRESS_TEXT_MAX];
    assert_ok(gale_address_from_path(own_name(), &address));
    int listening = gale_bind_unix_socket(own_name(), 0, 0);
    assert_true(listening >= 0);
    gale_iostream *stream = unconnected(AF_UNIX);
    assert_ok(gale_iostream_connect(stream, &address));
    gale_address peer = gale_iostream_peer_address(stream);
    assert_int_equal(peer.family, AF_UNIX);
    assert_string_equal(gale_address_text(&peer, text), own_name());
    assert_ok(gale_iostream_set_nodelay(stream, true));
    close(listening);
    gale_iostream_free(stream);
}

/* Tornado: test_connection_refused */
TASK_TEST(connection_refused)
{
    gale_address address;
    close(listening_on_loopback(&address));
    gale_iostream *stream = unconnected(AF_INET);
    assert_error(gale_iostream_connect(stream, &address), -ECONNREFUSED);
    assert_true(gale_iostream_closed(stream));
    assert_int_equal(gale_iostream_error(stream), -ECONNREFUSED);
    assert_error(gale_iostream_connect(stream, &address), GALE_ESTATE);
    gale_iostream_free(stream);
}

typedef struct exchange {
    gale_iostream *stream;
    gale_address address;
    int result;
    char text[8];
} exchange;

static int connect_it(void *arg)
{
    exchange *self = arg;
    self->result = gale_iostream_connect(self->stream, &self->address);
    return 0;
}

/* A listener whose queue is full lets a connect wait. */
static int full_listener(gale_address *ret_address, int *fillers, int count)
{
    int listening = listening_on_loopback(ret_address);
    assert_int_equal(listen(listening, 0), 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)ret_address->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    for (int i = 0; i < count; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(fillers[i], (struct sockaddr *)&address, sizeof address) != 0)
            assert_int_equal(errno, EINPROGRESS);
    }
    return listening;
}

/* Tornado: test_write_while_connecting */
TASK_TEST(write_and_read_while_connecting)
{
    exchange first;
    int fillers[4];
    int listening = full_listener(&first.address, fillers, 4);
    first.stream = unconnected(AF_INET);
    gale_scope *scope = gale_scope_open(NULL);
    SPAWN(connect_it, &first);
    loop_briefly();
    assert_true(((struct gale_iostream *)first.stream)->connecting);
    gale_scope *inner = gale_scope_open(&(gale_scope_options){ .timeout = 0.01 });
    int result = gale_iostream_write(first.stream, "early", 5);
    assert_error(gale_scope_close(inner, result), GALE_ETIMEDOUT);
    gale_close_sockets(fillers, 4);
    char text[8] = "";
    for (int i = 0; i < 400 && !text[0]; i++) { /* its connect is tried again after a second */
        assert_ok(gale_sleep(0.01));
        int peer = accept(listening, NULL, NULL);
        if (peer < 0)
            continue;
        assert_ok(gale_sleep(0.01));
        recv(peer, text, sizeof text - 1, MSG_DONTWAIT);
        close(peer);
    }
    assert_string_equal(text, "early");
    assert_ok(gale_scope_close(scope, 0));
    assert_int_equal(first.result, 0);
    close(listening);
    gale_iostream_free(first.stream);
}

TASK_TEST(a_connect_that_waits_ends_with_its_scope_or_its_stream)
{
    for (int way = 0; way < 3; way++) {
        exchange waiting;
        int fillers[4];
        int listening = full_listener(&waiting.address, fillers, 4);
        waiting.stream = unconnected(AF_INET);
        gale_scope *scope = gale_scope_open(NULL);
        SPAWN(connect_it, &waiting);
        loop_briefly();
        if (way == 0)
            gale_scope_cancel(scope);
        else if (way == 1)
            gale_iostream_close(waiting.stream);
        else
            gale_iostream_free(waiting.stream);
        gale_scope_close(scope, 0);
        assert_int_equal(waiting.result, way == 0 ? GALE_ECANCELED : GALE_ECLOSED);
        if (way < 2) {
            assert_true(gale_iostream_closed(waiting.stream));
            gale_iostream_free(waiting.stream);
        }
        gale_close_sockets(fillers, 4);
        close(listening);
    }
}

/* ---- The close callback ---------------------------------------------------------------- */

static int closings;

static void on_close(void *arg)
{
    note(arg);
    closings++;
}

/* Tornado: test_future_close_callback */
TASK_TEST(close_callback_runs_once_and_later)
{
    closings = 0;
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    gale_iostream_set_close_callback(pair.reader, on_close, "closed");
    gale_iostream_close(pair.writer);
    assert_ok(gale_sleep(0.01)); /* without a read, as the buffer is empty */
    assert_true(gale_iostream_closed(pair.reader));
    assert_int_equal(closings, 1);
    gale_iostream_close(pair.reader);
    loop_briefly();
    assert_int_equal(closings, 1);
    gale_iostream_set_close_callback(pair.reader, on_close, " late");
    assert_int_equal(closings, 1);
    loop_briefly();
    assert_string_equal(history, "closed late");
    free_pair(&pair);
}

TASK_TEST(close_callback_is_not_run_when_cleared_or_freed)
{
    closings = 0;
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    gale_iostream_set_close_callback(pair.reader, on_close, "");
    gale_iostream_set_close_callback(pair.reader, NULL, NULL);
    gale_iostream_close(pair.reader);
    gale_iostream_set_close_callback(pair.writer, on_close, "");
    gale_iostream_close(pair.writer);
    free_pair(&pair);
    loop_briefly();
    assert_int_equal(closings, 0);
}

static int read_rest(void *arg)
{
    assert_ok(gale_iostream_read_until_close(arg, &data));
    note("read ");
    return 0;
}

/* Tornado: test_close_callback_with_pending_read */
TASK_TEST(close_callback_comes_after_a_pending_read)
{
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    gale_iostream_set_close_callback(pair.reader, on_close, "closed");
    gale_scope *scope = gale_scope_open(NULL);
    SPAWN(read_rest, pair.reader);
    assert_ok(gale_iostream_write(pair.writer, "ok", 2));
    gale_iostream_close(pair.writer);
    assert_ok(gale_scope_close(scope, 0));
    loop_briefly();
    assert_str(data, "ok");
    assert_string_equal(history, "read closed");
    free_pair(&pair);
}

/* Tornado: test_future_delayed_close_callback, test_close_buffered_data */
TASK_TEST(close_callback_waits_for_unread_bytes)
{
    closings = 0;
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    gale_iostream_set_close_callback(pair.reader, on_close, "");
    assert_ok(gale_iostream_write(pair.writer, "12", 2));
    gale_iostream_close(pair.writer);
    assert_ok(gale_iostream_read_bytes(pair.reader, 1, false, &data));
    assert_str(data, "1");
    assert_ok(gale_sleep(0.01));
    assert_int_equal(closings, 0);
    assert_false(gale_iostream_closed(pair.reader));
    assert_ok(gale_iostream_read_bytes(pair.reader, 1, false, &data));
    assert_str(data, "2");
    assert_ok(gale_sleep(0.01));
    assert_int_equal(closings, 1);
    assert_str(data, "2");
    free_pair(&pair);
}

/* The writing end of a pipe learns that its reader has gone. */
TASK_TEST(close_callback_of_a_pipe)
{
    closings = 0;
    stream_pair pair = open_pair(PAIR_PIPES, NULL);
    gale_iostream_set_close_callback(pair.writer, on_close, "");
    assert_ok(gale_sleep(0.01));
    assert_int_equal(closings, 0);
    gale_iostream_close(pair.reader);
    assert_ok(gale_sleep(0.01));
    assert_int_equal(closings, 1);
    free_pair(&pair);
}

/* ---- The rest -------------------------------------------------------------------------- */

TASK_TEST(set_nodelay)
{
    int ends[2], on = 0;
    socklen_t size = sizeof on;
    tcp_pair(ends);
    gale_iostream *stream = gale_iostream_new(ends[0], NULL);
    assert_int_equal(gale_iostream_fileno(stream), ends[0]);
    assert_ok(gale_iostream_set_nodelay(stream, true));
    assert_int_equal(getsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
    assert_true(on);
    gale_iostream_close(stream);
    assert_error(gale_iostream_set_nodelay(stream, true), GALE_ECLOSED);
    gale_iostream_free(stream);
    close(ends[1]);
}

TASK_TEST(no_stream_of_a_bad_descriptor)
{
    assert_null(gale_iostream_new(-1, NULL));
    assert_non_null(strstr(gale_error_detail(), "Bad file descriptor"));
    gale_iostream_free(NULL);
}

TASK_TEST(a_stream_may_begin_with_received_bytes)
{
    int ends[2];
    socket_pair(PAIR_UNIX, ends);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    gale__address address = { .family = AF_INET, .port = 7, .ip = { 10, 0, 0, 1 } };
    gale_iostream *stream =
        gale__iostream_from(gale_ioloop_current(), ends[0], &address, GALE_STR("first "), NULL);
    put(ends[1], "second");
    assert_ok(gale_iostream_read_bytes(stream, 12, false, &data));
    assert_str(data, "first second");
    char text[GALE_ADDRESS_TEXT_MAX];
    gale_address peer = gale_iostream_peer_address(stream);
    assert_string_equal(gale_address_text(&peer, text), "10.0.0.1:7");
    gale_iostream_free(stream);
    close(ends[1]);
}

/* Of each exchange under a failing allocation: it succeeds, or fails with a known code. */
static int echo_once(void *arg)
{
    stream_pair *pair = arg;
    gale_str line;
    int result = gale_iostream_read_until_regex(pair->reader, "\\n", 0, &line);
    if (result == 0)
        result = gale_iostream_write(pair->reader, line.data, line.len);
    if (result < 0)
        gale_iostream_close(pair->reader);
    return result;
}

static int exchange_once(void *arg)
{
    int *ends = arg;
    stream_pair pair = { gale_iostream_new(ends[0], NULL), gale_iostream_new(ends[1], NULL) };
    int result = pair.reader && pair.writer ? gale_spawn(echo_once, &pair) : -ENOMEM;
    gale_str line = { 0 };
    if (result == 0)
        result = gale_iostream_write(pair.writer, "ping\n", 5);
    if (result == 0)
        result = gale_iostream_read_until(pair.writer, "\n", 0, &line);
    if (result == 0)
        assert_str(line, "ping\n");
    if (pair.reader)
        gale_iostream_close(pair.reader);
    if (pair.writer)
        gale_iostream_close(pair.writer);
    assert_true(result == 0 || result == -ENOMEM || result == GALE_ECLOSED);
    gale_sleep(0.001);
    gale_iostream_free(pair.reader);
    gale_iostream_free(pair.writer);
    return result;
}

TEST(each_allocation_of_an_exchange_may_fail)
{
    size_t n = 0;
    int result;
    do {
        int ends[2];
        socket_pair(PAIR_UNIX, ends);
        gale_ioloop *loop = gale_ioloop_new(NULL);
        test_fail_allocation(++n);
        result = gale_ioloop_run_sync(loop, exchange_once, ends, 5);
        if (!test_allocation_failed())
            assert_int_equal(result, 0);
        else
            assert_true(result == 0 || result == -ENOMEM || result == GALE_ECLOSED);
        bool reached = test_allocation_failed();
        test_fail_allocation(0);
        gale_ioloop_free(loop);
        for (int i = 0; i < 2; i++)
            close(ends[i]); /* those that no stream took */
        if (!reached)
            break;
    } while (true);
    assert_true(n > 10);
}

GALE_TEST_MAIN
