/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies both ways, piece by piece. */
#include <unistd.h>

#include "http/client_test.h"
#include "net/tls_test.h"

static gale_http_response *response;

/* ---- The body of a request ------------------------------------------------------------- */

static int produce(gale_body_writer *writer, void *arg)
{
    double *pause = arg;
    GALE_TRY(gale_body_write(writer, "1234", 4));
    if (pause)
        GALE_TRY(gale_sleep(*pause));
    GALE_TRY(gale_body_write(writer, "", 0));
    return gale_body_write(writer, "5678", 4);
}

/* Tornado: SimpleHTTPClientTestMixin.test_sync_body_producer_chunked,
 * test_async_body_producer_chunked, test_native_body_producer_chunked, and the same three with
 * _content_length */
TASK_TEST(a_body_that_is_produced)
{
    double pauses[] = { 0, 0.005 };
    gale_fetch_header length[] = { { "Content-Length", "8" }, { 0 } };
    for (int i = 0; i < 4; i++) {
        gale_fetch_options options = { .method = "POST",
                                       .body_producer = produce,
                                       .arg = i & 1 ? &pauses[1] : NULL,
                                       .headers = i & 2 ? length : NULL };
        RAW_SERVER(OK("ok", "2"), OK("ok", "2"));
        assert_ok(get(&options, &response));
        assert_body(response, "ok");
        if (i & 2) {
            assert_sent("\r\nContent-Length: 8\r\n\r\n12345678");
            assert_not_sent("chunked");
        } else {
            assert_sent(
                "\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n");
            assert_not_sent("Content-Length");
        }
        assert_ok(get(NULL, &response));
        assert_int_equal(raw.connections, 1);
        raw_stop();
    }
}

static int fail_producing(gale_body_writer *writer, void *arg)
{
    (void)arg;
    GALE_TRY(gale_body_write(writer, "12", 2));
    return -EDOM;
}

TASK_TEST(a_producer_that_fails)
{
    static const char *const lengths[] = { "7", "9", "x" };
    gale_fetch_header headers[] = { { "Content-Length", "7" }, { 0 } };
    gale_fetch_options options = { .method = "POST", .body_producer = fail_producing };
    RAW_SERVER(NULL);
    assert_error(get(&options, &response), -EDOM);
    raw_stop();
    options.body_producer = produce;
    options.headers = headers;
    for (int i = 0; i < 3; i++) {
        RAW_SERVER(NULL);
        headers[0].value = lengths[i];
        assert_error(get(&options, &response), i < 2 ? GALE_EOUTPUT : GALE_EINVALID);
        assert_string_equal(gale_error_detail(),
                            i == 0   ? "Tried to write more data than Content-Length"
                            : i == 1 ? "Tried to write 1 bytes less than Content-Length"
                                     : "malformed Content-Length");
        raw_stop();
    }
}

static int produce_for_ever(gale_body_writer *writer, void *arg)
{
    (void)arg;
    for (;;)
        GALE_TRY(gale_body_write(writer, "12345678", 8));
}

static int answer_at_once(gale_iostream *stream, const gale_address *address, void *arg)
{
    static const char answer[] = "HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno";
    gale_str head;
    (void)address, (void)arg;
    GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &head));
    GALE_TRY(gale_iostream_write(stream, answer, sizeof answer - 1));
    return gale_sleep(3600);
}

TASK_TEST(an_answer_before_the_body_was_sent)
{
    enum { SIZE = 20000000 };
    char *body = malloc(SIZE);
    memset(body, 'b', SIZE);
    RAW_SERVER(NULL);
    gale_tcp_server_free(raw.server);
    raw.server = gale_tcp_server_new(answer_at_once, NULL, NULL);
    gale_bind_options bind = { .address = "127.0.0.1" };
    assert_ok(gale_tcp_server_listen(raw.server, raw.port, &bind));
    gale_fetch_options options[] = { { .method = "POST", .body_producer = produce_for_ever },
                                     { .method = "POST", .body = body, .body_size = SIZE } };
    for (int i = 0; i < 2; i++) {
        assert_error(get(&options[i], &response), GALE_EHTTP);
        assert_int_equal(gale_http_response_code(response), 413);
        assert_body(response, "no");
    }
    raw_stop();
    free(body);
}

static int answer_and_close(gale_iostream *stream, const gale_address *address, void *arg)
{
    static const char answer[] = "HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno";
    gale_str head;
    (void)address, (void)arg;
    GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &head));
    return gale_iostream_write(stream, answer, sizeof answer - 1);
}

/* The kernel answers what still comes with a reset, which must not hide the answer. */
TASK_TEST(an_answer_and_then_a_reset)
{
    enum { SIZE = 20000000 };
    char *body = calloc(1, SIZE);
    gale_fetch_options options = { .method = "POST", .body = body, .body_size = SIZE };
    RAW_SERVER(NULL);
    gale_tcp_server_free(raw.server);
    raw.server = gale_tcp_server_new(answer_and_close, NULL, NULL);
    gale_bind_options bind = { .address = "127.0.0.1" };
    assert_ok(gale_tcp_server_listen(raw.server, raw.port, &bind));
    for (int i = 0; i < 10; i++) {
        assert_error(get(&options, &response), GALE_EHTTP);
        assert_body(response, "no");
    }
    raw_stop();
    free(body);
}

TASK_TEST(a_canceled_producer)
{
    gale_fetch_options options = { .method = "POST",
                                   .body_producer = produce_for_ever,
                                   .request_timeout = 0.02 };
    RAW_SERVER(NULL);
    assert_error(get(&options, &response), GALE_ETIMEDOUT);
    raw_stop();
}

static size_t body_in_last(void)
{
    return strlen(strstr(raw.last, "\r\n\r\n") + 4);
}

TASK_TEST(a_file_that_is_the_body)
{
    char path[] = "/tmp/gale-body-XXXXXX";
    int fd = mkstemp(path);
    gale_fetch_options options = { .method = "PUT", .body_file = path };
    assert_int_equal(write(fd, "from a file", 11), 11);
    close(fd);
    RAW_SERVER(OK("", "0"), "HTTP/1.1 307 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
               OK("", "0"));
    assert_ok(get(&options, &response));
    assert_sent("\r\nContent-Length: 11\r\n\r\nfrom a file");
    assert_ok(get(&options, &response)); /* redirected */
    assert_sent("\r\nContent-Length: 11\r\n\r\nfrom a file");
    assert_int_equal(truncate(path, 7000), 0);
    raw.answers[3] = OK("", "0");
    assert_ok(get(&options, &response));
    assert_int_equal(body_in_last(), 11); /* NULs follow */
    unlink(path);
    assert_error(get(&options, &response), -ENOENT);
    options.body_file = "/tmp";
    assert_error(get(&options, &response), GALE_EINVALID);
    raw_stop();
}

static int count_body(gale_iostream *stream, const gale_address *address, void *arg)
{
    size_t *total = arg;
    gale_str data;
    (void)address;
    GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &data));
    size_t left = strtoul(strstr(data.data, "Content-Length: ") + 16, NULL, 10);
    for (; left > 0; left -= data.len, *total += data.len)
        GALE_TRY(gale_iostream_read_bytes(stream, left, true, &data));
    return gale_iostream_write(stream, OK("ok", "2"), strlen(OK("ok", "2")));
}

TASK_TEST(a_big_body_is_sent)
{
    enum { SIZE = 5000000 };
    size_t total = 0;
    char *body = calloc(1, SIZE);
    RAW_SERVER(NULL);
    gale_tcp_server_free(raw.server);
    raw.server = gale_tcp_server_new(count_body, &total, NULL);
    gale_bind_options bind = { .address = "127.0.0.1" };
    assert_ok(gale_tcp_server_listen(raw.server, raw.port, &bind));
    assert_ok(
        get(&(gale_fetch_options){ .method = "POST", .body = body, .body_size = SIZE }, &response));
    assert_body(response, "ok");
    assert_int_equal(total, SIZE);
    raw_stop();
    free(body);
}

/* Over TCP with sendfile, and over TLS without. */
TASK_TEST(a_big_file_is_sent)
{
    enum { SIZE = 5000000 };
    size_t total = 0;
    char path[] = "/tmp/gale-body-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(ftruncate(fd, SIZE), 0);
    close(fd);
    RAW_SERVER(NULL);
    gale_tcp_server_free(raw.server);
    raw.server = gale_tcp_server_new(count_body, &total, NULL);
    gale_bind_options bind = { .address = "127.0.0.1" };
    assert_ok(gale_tcp_server_listen(raw.server, raw.port, &bind));
    assert_ok(get(&(gale_fetch_options){ .method = "PUT", .body_file = path }, &response));
    assert_body(response, "ok");
    assert_int_equal(total, SIZE);
    raw_stop();
    gale_tcp_server_options tls = { .ssl_context = server_context() };
    raw.server = gale_tcp_server_new(count_body, &total, &tls);
    gale_ssl_context_unref(tls.ssl_context);
    assert_ok(gale_tcp_server_listen(raw.server, raw.port, &bind));
    snprintf(raw.url, sizeof raw.url, "https://127.0.0.1:%d/", raw.port);
    assert_ok(
        get(&(gale_fetch_options){ .method = "PUT", .body_file = path, .no_validate_cert = true },
            &response));
    assert_int_equal(total, 2 * SIZE);
    raw_stop();
    unlink(path);
}

/* ---- 100-continue ---------------------------------------------------------------------- */

/* Tornado: SimpleHTTPClientTestMixin.test_100_continue, HTTP100ContinueTestCase.test_100_continue
 */
TASK_TEST(asking_before_the_body)
{
    gale_fetch_options options = { .method = "POST", .body = "1234", .expect_100_continue = true };
    RAW_SERVER("HTTP/1.1 100 Continue\r\n\r\n" OK("A", "1"));
    assert_ok(get(&options, &response));
    assert_body(response, "A");
    assert_sent("\r\nExpect: 100-continue\r\n");
    raw_stop();
}

static int answer_slowly(gale_iostream *stream, const gale_address *address, void *arg)
{
    const char *first = arg;
    gale_str data;
    (void)address;
    GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &data));
    GALE_TRY(gale_iostream_write(stream, first, strlen(first)));
    GALE_TRY(gale_iostream_read_bytes(stream, 4, false, &data));
    snprintf(raw.last, sizeof raw.last, "%.4s", data.data);
    return gale_iostream_write(stream, OK("A", "1"), strlen(OK("A", "1")));
}

static void serve_slowly(const char *first)
{
    RAW_SERVER(NULL);
    gale_tcp_server_free(raw.server);
    raw.server = gale_tcp_server_new(answer_slowly, (void *)(uintptr_t)first, NULL);
    gale_bind_options bind = { .address = "127.0.0.1" };
    assert_ok(gale_tcp_server_listen(raw.server, raw.port, &bind));
}

TASK_TEST(the_body_follows_a_100_or_a_second)
{
    static const char *const firsts[] = { "HTTP/1.1 100 Continue\r\n\r\n", "" };
    gale_fetch_options options = { .method = "POST", .body = "1234", .expect_100_continue = true };
    for (int i = 0; i < 2; i++) {
        serve_slowly(firsts[i]);
        assert_ok(get(&options, &response));
        assert_body(response, "A");
        assert_string_equal(raw.last, "1234");
        raw_stop();
    }
}

/* Tornado: SimpleHTTPClientTestMixin.test_100_continue_early_response */
TASK_TEST(the_body_is_not_wanted)
{
    gale_fetch_options options = { .method = "POST",
                                   .body_producer = produce,
                                   .expect_100_continue = true };
    RAW_SERVER("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", OK("", "0"));
    assert_error(get(&options, &response), GALE_EHTTP);
    assert_body(response, "no");
    assert_ok(get(NULL, &response));
    assert_int_equal(raw.connections, 2); /* the first one waits for a body */
    raw_stop();
}

/* ---- The body of a response ------------------------------------------------------------ */

static char pieces[256];

static int collect(const char *data, size_t size, void *arg)
{
    double *pause = arg;
    size_t used = strlen(pieces);
    if (pause)
        GALE_TRY(gale_sleep(*pause));
    snprintf(pieces + used, sizeof pieces - used, "%.*s|", (int)size, data);
    return 7;
}

/* Tornado: HTTPClientCommonTestCase.test_streaming_callback,
 * SimpleHTTPClientTestMixin.test_streaming_callback_coroutine */
TASK_TEST(a_body_piece_by_piece)
{
    double pause = 0.002;
    for (int i = 0; i < 2; i++) {
        gale_fetch_options options = { .streaming_callback = collect, .arg = i ? &pause : NULL };
        pieces[0] = '\0';
        RAW_SERVER(OK("Hello world!", "12"), OK("", "0"),
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "1\r\n1\r\n1\r\n2\r\n0\r\n\r\n",
                   "HTTP/1.1 200 OK\r\n\r\nend" CLOSE);
        assert_ok(get(&options, &response));
        assert_string_equal(pieces, "Hello world!|");
        assert_body(response, "");
        assert_ok(get(&options, &response));
        assert_ok(get(&options, &response));
        assert_string_equal(pieces, "Hello world!|12|");
        assert_ok(get(&options, &response));
        assert_string_equal(pieces, "Hello world!|12|end|");
        assert_int_equal(raw.connections, 1);
        raw_stop();
    }
}

static int refuse(const char *data, size_t size, void *arg)
{
    (void)data, (void)size, (void)arg;
    return -EDOM;
}

TASK_TEST(a_callback_ends_the_fetch)
{
    RAW_SERVER(OK("hello", "5"), OK("", "0"));
    assert_error(get(&(gale_fetch_options){ .streaming_callback = refuse }, &response), -EDOM);
    assert_null(response);
    assert_ok(get(NULL, &response));
    assert_int_equal(raw.connections, 2);
    raw_stop();
}

/* Tornado: SimpleHTTPClientTestMixin.test_streaming_follow_redirects */
TASK_TEST(no_callback_sees_a_redirect)
{
    gale_fetch_options options = { .streaming_callback = collect };
    pieces[0] = '\0';
    RAW_SERVER("HTTP/1.1 302 X\r\nLocation: /hello\r\nContent-Length: 3\r\n\r\nsee",
               OK("Hello world!", "12"));
    assert_ok(get(&options, &response));
    assert_string_equal(pieces, "Hello world!|");
    raw_stop();
}

static int collect_line(const char *line, void *arg)
{
    (void)arg;
    strcat(pieces, line);
    return 0;
}

/* Tornado: HTTPClientCommonTestCase.test_header_callback, test_header_callback_to_parse_line,
 * test_streaming_follow_redirects */
TASK_TEST(the_lines_of_the_head)
{
    gale_fetch_options options = { .header_callback = collect_line };
    pieces[0] = '\0';
    RAW_SERVER("HTTP/1.1 302 X\r\nLocation: /hello\r\nContent-Length: 3\r\n\r\nsee",
               "HTTP/1.1 200 Fine\r\nA: b\r\nA:c\r\nContent-Length: 2\r\n\r\nok");
    assert_ok(get(&options, &response));
    assert_string_equal(pieces, "HTTP/1.1 200 Fine\r\nA: b\r\nA: c\r\nContent-Length: 2\r\n\r\n");
    assert_string_equal(gale_http_headers_get(gale_http_response_headers(response), "A"), "b,c");
    assert_body(response, "ok");
    raw_stop();
}

static int64_t received;
static int64_t most;

static int send_endlessly(gale_iostream *stream, const gale_address *address, void *arg)
{
    static char piece[65536];
    gale_str head;
    int64_t *sent = arg;
    (void)address;
    GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &head));
    GALE_TRY(gale_iostream_write(stream, "HTTP/1.1 200 OK\r\n\r\n", 19));
    for (;;) {
        GALE_TRY(gale_iostream_write(stream, piece, sizeof piece));
        *sent += (int64_t)sizeof piece;
        if (*sent - received > most)
            most = *sent - received;
    }
}

static int take_slowly(const char *data, size_t size, void *arg)
{
    (void)data, (void)arg;
    received += (int64_t)size;
    return received > 16000000 ? -EDOM : gale_sleep(0.0005);
}

TASK_TEST(a_slow_reader_slows_the_server_down)
{
    int64_t sent = 0;
    RAW_SERVER(NULL);
    gale_tcp_server_free(raw.server);
    raw.server = gale_tcp_server_new(send_endlessly, &sent, NULL);
    gale_bind_options bind = { .address = "127.0.0.1" };
    assert_ok(gale_tcp_server_listen(raw.server, raw.port, &bind));
    size_t before = test_allocated_bytes();
    assert_error(get(&(gale_fetch_options){ .streaming_callback = take_slowly }, &response), -EDOM);
    assert_true(most < 12000000); /* what the two sockets hold */
    assert_true(test_allocated_bytes() < before + 1000000);
    raw_stop();
}

GALE_TEST_MAIN
