/* SPDX-License-Identifier: Apache-2.0 */
/* Request bodies in gzip: inflated, limited, refused; taken slowly. */
#include "http/http_test.h"

#include <zlib.h>

/* ---- A delegate that takes the body as slowly as it is told to ------------------------- */

typedef struct taker {
    gale_http_server_connection_delegate server;
    gale_http_message_delegate message;
    gale_http_connection *connection;
    size_t step;    /* bytes taken before a pause; 0: never pauses */
    bool refusing;  /* takes nothing now */
    size_t failing; /* the allocation that fails once the head was seen; 0: none */
    char body[5000000];
    size_t size, pieces, largest;
    size_t turn_size; /* of the pieces in one turn of the loop, if turns are noticed */
    size_t largest_turn;
} taker;

static taker self;

static void go_on(void *arg)
{
    (void)arg;
    self.refusing = false;
    if (self.connection)
        gale_http_connection_resume(self.connection);
}

static int headers_received(gale_http_message_delegate *delegate, gale_http_connection *connection)
{
    (void)delegate;
    gale_http_headers *headers =
        gale_http_server_request_headers(gale_http_connection_request(connection));
    const char *consumed = gale_http_headers_get(headers, "X-Consumed-Content-Encoding");
    note(consumed ? consumed : "plain");
    note(gale_http_headers_has(headers, "Content-Encoding") ? "encoded" : "decoded");
    self.connection = connection;
    self.size = self.pieces = self.largest = 0;
    self.refusing = false;
    if (self.failing)
        test_fail_allocation(self.failing);
    return 0;
}

static ssize_t data_received(gale_http_message_delegate *delegate, const char *data, size_t size)
{
    (void)delegate;
    size_t take = self.step && size > self.step ? self.step : size;
    if (self.refusing)
        return 0;
    assert_true(self.size + take < sizeof self.body);
    memcpy(self.body + self.size, data, take);
    self.size += take;
    self.pieces++;
    self.turn_size += take;
    if (self.turn_size > self.largest_turn)
        self.largest_turn = self.turn_size;
    if (size > self.largest)
        self.largest = size;
    if (self.step) {
        self.refusing = true;
        assert_ok(gale_ioloop_call_later(gale_ioloop_current(), 0, go_on, NULL, NULL));
    }
    return (ssize_t)take;
}

static void finish(gale_http_message_delegate *delegate)
{
    (void)delegate;
    note("finish");
    assert_ok(gale_http_connection_write_headers(self.connection, 200, NULL, NULL, "ok", 2));
    assert_ok(gale_http_connection_finish(self.connection));
    self.connection = NULL;
}

static void on_connection_close(gale_http_message_delegate *delegate)
{
    (void)delegate;
    note("closed");
    self.connection = NULL;
}

static gale_http_message_delegate *start_request(gale_http_server_connection_delegate *delegate,
                                                 gale_http_connection *connection)
{
    (void)delegate;
    (void)connection;
    return &self.message;
}

static int serve_taker(size_t step, int64_t chunk_size, int64_t max_body_size)
{
    static const gale_http_message_delegate_operations message = {
        .headers_received = headers_received,
        .data_received = data_received,
        .finish = finish,
        .on_connection_close = on_connection_close,
    };
    static const gale_http_server_connection_delegate_operations server = { .start_request =
                                                                                start_request };
    self.server.operations = &server;
    self.message.operations = &message;
    self.step = step;
    gale_http_server *made = gale_http_server_new(
        &self.server, &(gale_http_server_options){ .decompress_request = true,
                                                   .chunk_size = chunk_size,
                                                   .max_body_size = max_body_size });
    assert_non_null(made);
    int port = gale_http_server_listen(made, 0, "127.0.0.1");
    assert_true(port > 0);
    return port;
}

static void stop(void)
{
    gale_ioloop_free(gale_ioloop_current());
}

/* ---- Requests -------------------------------------------------------------------------- */

static char message[2000000], compressed[1000000];

/* Appends a gzip member to `compressed`, which holds `at` bytes; returns how many it then holds. */
static size_t compress_to(size_t at, const char *data, size_t size)
{
    z_stream zlib = { 0 };
    assert_int_equal(deflateInit2(&zlib, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    zlib.next_in = (Bytef *)(uintptr_t)data;
    zlib.avail_in = (uInt)size;
    zlib.next_out = (Bytef *)compressed + at;
    zlib.avail_out = (uInt)(sizeof compressed - at);
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    size_t end = sizeof compressed - zlib.avail_out;
    deflateEnd(&zlib);
    return end;
}

/* Posts the first `size` bytes of `compressed`. */
static char *post(int port, const char *headers, size_t size)
{
    size_t head = (size_t)snprintf(message, sizeof message,
                                   "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s"
                                   "Content-Length: %zu\r\n\r\n",
                                   headers, size);
    memcpy(message + head, compressed, size);
    gale_str part = { message, head + size };
    return ask_parts(port, &part, 1);
}

static void assert_post(int port, const char *headers, size_t size, const char *start)
{
    char *answer = post(port, headers, size);
    if (strncmp(answer, start, strlen(start)) != 0)
        fail_msg("wanted: %s\ngot: %s", start, answer);
    free(answer);
}

static void assert_taken(const char *body, size_t size)
{
    assert_bytes(((gale_str){ self.body, self.size }), ((gale_str){ body, size }));
}

#define GZIP "Content-Encoding: gzip\r\n"

/* ---- Bodies that are well -------------------------------------------------------------- */

TEST(a_body_in_gzip_arrives_inflated)
{
    int port = serve_taker(0, 0, 0);
    size_t size = compress_to(0, "foo=bar", 7);
    assert_post(port, GZIP, size, "HTTP/1.1 200 OK\r\n");
    assert_taken("foo=bar", 7);
    assert_trace("gzip decoded finish");
    assert_post(port, "Content-Encoding: GZIP\r\n", size, "HTTP/1.1 200 OK\r\n");
    assert_taken("foo=bar", 7);
    assert_trace("gzip decoded finish");
    stop();
}

TEST(other_bodies_stay_as_they_are)
{
    int port = serve_taker(0, 0, 0);
    size_t size = compress_to(0, "foo=bar", 7);
    assert_post(port, "", size, "HTTP/1.1 200 OK\r\n");
    assert_taken(compressed, size);
    assert_trace("plain decoded finish");
    assert_post(port, "Content-Encoding: deflate\r\n", size, "HTTP/1.1 200 OK\r\n");
    assert_taken(compressed, size);
    assert_trace("plain encoded finish");
    assert_post(port, GZIP, 0, "HTTP/1.1 200 OK\r\n"); /* no body at all */
    assert_trace("gzip decoded finish");
    stop();
}

static void fill(char *data, size_t size)
{
    unsigned state = 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1103515245 + 12345;
        data[i] = (char)('a' + (state >> 16) % 16);
    }
}

TEST(pieces_of_at_most_chunk_size)
{
    static char data[300000];
    fill(data, sizeof data);
    int port = serve_taker(0, 1000, 0);
    assert_post(port, GZIP, compress_to(0, data, sizeof data), "HTTP/1.1 200 OK\r\n");
    assert_taken(data, sizeof data);
    assert_true(self.largest <= 1000);
    trace[0] = '\0';
    stop();
}

/* Pauses at every place: in the middle of output, with all input used, at the end. */
TEST(a_body_that_is_taken_slowly)
{
    static const size_t steps[] = { 1, 7, 999, 1000, 1001, 5000 };
    static char data[3000];
    fill(data, sizeof data);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int port = serve_taker(steps[i], 1000, 0);
        assert_post(port, GZIP, compress_to(0, data, sizeof data), "HTTP/1.1 200 OK\r\n");
        assert_taken(data, sizeof data);
        assert_trace("gzip decoded finish");
        stop();
    }
}

static void notice_turn(void *arg)
{
    (void)arg;
    self.turn_size = 0;
    assert_ok(gale_ioloop_add_callback(gale_ioloop_current(), notice_turn, NULL));
}

TEST(what_becomes_large_leaves_the_loop_to_others_meanwhile)
{
    static char data[4500000];
    int port = serve_taker(0, 0, 0);
    size_t size = compress_to(0, data, sizeof data);
    assert_true(size < 65536);
    self.largest_turn = 0;
    notice_turn(NULL);
    assert_post(port, GZIP, size, "HTTP/1.1 200 OK\r\n");
    assert_taken(data, sizeof data);
    assert_true(self.largest_turn <= (1 << 20) + 65536);
    trace[0] = '\0';
    stop();
}

TEST(a_chunked_body_byte_by_byte)
{
    static char chunks[4096];
    size_t size = compress_to(0, "foo=bar", 7), at = 0;
    for (size_t i = 0; i < size; i++) {
        at += (size_t)snprintf(chunks + at, sizeof chunks - at, "1\r\n");
        chunks[at++] = compressed[i];
        at += (size_t)snprintf(chunks + at, sizeof chunks - at, "\r\n");
    }
    at += (size_t)snprintf(chunks + at, sizeof chunks - at, "0\r\n\r\n");
    const gale_str parts[] = { GALE_STR("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" GZIP
                                        "Transfer-Encoding: chunked\r\n\r\n"),
                               { chunks, at } };
    for (size_t step = 0; step < 3; step++) {
        int port = serve_taker(step, 0, 0);
        free(ask_parts(port, parts, 2));
        assert_taken("foo=bar", 7);
        assert_trace("gzip decoded finish");
        stop();
    }
}

/* RFC 1952 §2.2 */
TEST(several_members)
{
    int port = serve_taker(0, 0, 0);
    size_t size = compress_to(0, "foo", 3);
    size = compress_to(size, "", 0);
    size = compress_to(size, "bar", 3);
    assert_post(port, GZIP, size, "HTTP/1.1 200 OK\r\n");
    assert_taken("foobar", 6);
    trace[0] = '\0';
    stop();
}

/* ---- Bodies that are refused ----------------------------------------------------------- */

TEST(the_limit_counts_for_the_inflated_body)
{
    static char data[1000000];
    memset(data, 'x', sizeof data);
    int port = serve_taker(0, 0, 100);
    assert_post(port, GZIP, compress_to(0, data, 100), "HTTP/1.1 200 OK\r\n");
    assert_trace("gzip decoded finish");
    assert_post(port, GZIP, compress_to(0, data, 101), "HTTP/1.1 413 ");
    assert_trace("gzip decoded closed");
    stop();
    port = serve_taker(3, 0, 100000);
    size_t size = compress_to(0, data, sizeof data); /* about a thousand bytes */
    assert_true(size < 2000);
    assert_post(port, GZIP, size, "HTTP/1.1 413 ");
    assert_trace("gzip decoded closed");
    stop();
}

TEST(the_limit_counts_for_the_deflated_body_too)
{
    int port = serve_taker(0, 0, 10);
    assert_post(port, GZIP, compress_to(0, "a", 1), "HTTP/1.1 413 ");
    assert_trace("gzip decoded closed");
    stop();
}

TEST(malformed_bodies)
{
    int port = serve_taker(0, 0, 0);
    memcpy(compressed, "this is no gzip", 15);
    assert_post(port, GZIP, 15, "HTTP/1.1 400 ");
    assert_trace("gzip decoded closed");
    size_t size = compress_to(0, "foo=bar", 7);
    for (size_t cut = 1; cut < size; cut++) { /* truncated anywhere */
        assert_post(port, GZIP, cut, "HTTP/1.1 400 ");
        assert_trace("gzip decoded closed");
    }
    memcpy(compressed + size, "garbage", 7);
    assert_post(port, GZIP, size + 7, "HTTP/1.1 400 ");
    assert_trace("gzip decoded closed");
    compressed[size - 6] ^= 1; /* the check sum */
    assert_post(port, GZIP, size, "HTTP/1.1 400 ");
    assert_trace("gzip decoded closed");
    stop();
}

/* ---- Faults ---------------------------------------------------------------------------- */

TEST(a_client_that_leaves_in_the_middle)
{
    int port = serve_taker(0, 0, 0);
    size_t size = compress_to(0, "foo=bar", 7);
    memcpy(compressed + size, compressed, size);
    size_t head =
        (size_t)snprintf(message, sizeof message,
                         "POST / HTTP/1.1\r\nHost: h\r\n" GZIP "Content-Length: 1000\r\n\r\n");
    memcpy(message + head, compressed, size - 3);
    gale_str part = { message, head + size - 3 };
    asking what = { .port = port, .parts = &part, .part_count = 1 };
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_task, &what, 0.05));
    free(what.answer);
    stop(); /* the connection is still open here */
    assert_trace("gzip decoded closed");
}

TEST(no_memory_to_inflate_with)
{
    int port = serve_taker(0, 0, 0);
    size_t size = compress_to(0, "foo=bar", 7);
    for (self.failing = 1; self.failing <= 2; self.failing++) { /* the output, zlib's state */
        test_expect_log(GALE_LOG_ERROR, "Uncaught error in a delegate: Cannot allocate memory");
        assert_post(port, GZIP, size, "HTTP/1.1 500 ");
        assert_trace("gzip decoded closed");
    }
    self.failing = 0;
    assert_post(port, GZIP, size, "HTTP/1.1 200 OK\r\n");
    trace[0] = '\0';
    stop();
}

GALE_TEST_MAIN
