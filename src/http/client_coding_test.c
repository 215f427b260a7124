/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of responses in gzip and br: right, wrong, and larger than they look. */
#include "http/client_test.h"
#include "proto/encoder.h"

static gale_http_response *response;

static char coded[400000];
static size_t coded_size;

static void encode(gale__coding coding, const char *text, size_t size)
{
    gale__encoder encoder;
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX / 2);
    assert_ok(gale__encoder_begin(&encoder, coding, size));
    assert_ok(gale__encoder_encode(&encoder, (gale_str){ text, size }, true, &out));
    gale__encoder_end(&encoder);
    assert_true(out.size < sizeof coded);
    memcpy(coded, gale__buffer_begin(&out), out.size);
    coded_size = out.size;
    gale__buffer_clear(&out);
}

/* Sends the coded body; `arg`: byte by byte. */
static int serve_coded(gale_iostream *stream, const gale_address *address, void *arg)
{
    char head[128];
    gale_str request;
    (void)address;
    for (;;) {
        GALE_TRY(gale_iostream_read_until(stream, "\r\n\r\n", 0, &request));
        int size =
            snprintf(head, sizeof head,
                     "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
                     raw.last, coded_size);
        GALE_TRY(gale_iostream_write(stream, head, (size_t)size));
        GALE_TRY(arg ? raw_drip(stream, coded, coded_size)
                     : gale_iostream_write(stream, coded, coded_size));
    }
}

static void start_coded(const char *coding, bool drip)
{
    RAW_SERVER(NULL);
    gale_tcp_server_free(raw.server);
    strcpy(raw.last, coding);
    raw.server = gale_tcp_server_new(serve_coded, drip ? &raw : NULL, NULL);
    gale_bind_options bind = { .address = "127.0.0.1" };
    assert_ok(gale_tcp_server_listen(raw.server, raw.port, &bind));
}

static const struct {
    const char *name;
    gale__coding coding;
} codings[] = {
    { "gzip", GALE__CODING_GZIP },
    { "X-Gzip", GALE__CODING_GZIP },
#if GALE_BROTLI
    { "br", GALE__CODING_BROTLI },
#endif
};

enum { CODINGS = sizeof codings / sizeof *codings };

/* Tornado: HTTPClientCommonTestCase.test_gzip */
TASK_TEST(a_coded_body_is_decoded)
{
    for (size_t i = 0; i < 2 * CODINGS; i++) {
        encode(codings[i / 2].coding, "asdfqwer", 8);
        start_coded(codings[i / 2].name, i % 2);
        assert_ok(get(NULL, &response));
        assert_body(response, "asdfqwer");
        gale_http_headers *headers = gale_http_response_headers(response);
        assert_false(gale_http_headers_has(headers, "Content-Encoding"));
        assert_string_equal(gale_http_headers_get(headers, "X-Consumed-Content-Encoding"),
                            codings[i / 2].name);
        assert_ok(get(&(gale_fetch_options){ .no_decompress = true }, &response));
        assert_bytes(gale_http_response_body_str(response), ((gale_str){ coded, coded_size }));
        assert_string_equal(
            gale_http_headers_get(gale_http_response_headers(response), "Content-Encoding"),
            codings[i / 2].name);
        raw_stop();
    }
}

/* Tornado: HTTPClientCommonTestCase.test_invalid_gzip */
TASK_TEST(a_coded_body_that_is_wrong)
{
    for (size_t i = 0; i < CODINGS; i++) {
        encode(codings[i].coding, "asdfqwer", 8);
        start_coded(codings[i].name, false);
        coded_size--;
        assert_error(get(NULL, &response), GALE_EINPUT);
        assert_string_equal(gale_error_detail(), "truncated compressed body");
        coded_size++;
        memset(coded, 0xff, coded_size);
        assert_error(get(NULL, &response), GALE_EINPUT);
        assert_string_equal(gale_error_detail(), "malformed compressed body");
        encode(codings[i].coding, "asdfqwer", 8);
        memset(coded + coded_size, 'x', 20);
        coded_size += 20;
        assert_error(get(NULL, &response), GALE_EINPUT);
        raw_stop();
    }
}

TASK_TEST(a_coding_that_nobody_knows)
{
    start_coded("what, gzip", false);
    strcpy(coded, "as it is");
    coded_size = 8;
    assert_ok(get(NULL, &response));
    assert_body(response, "as it is");
    assert_string_equal(
        gale_http_headers_get(gale_http_response_headers(response), "Content-Encoding"),
        "what, gzip");
    raw_stop();
}

static size_t streamed;

static int count(const char *data, size_t size, void *arg)
{
    (void)data, (void)arg;
    assert_true(size <= 65536 + 16384);
    streamed += size;
    return gale_moment();
}

static bool stop_turning;
static int turns;

static int take_turns(void *arg)
{
    (void)arg;
    for (; !stop_turning; turns++)
        GALE_TRY(gale_moment());
    return 0;
}

/* However small what comes is, the loop is not held while it is decoded. */
TASK_TEST(others_have_their_turn_while_a_bomb_is_decoded)
{
    enum { SIZE = 10000000 };
    char *zeros = calloc(1, SIZE);
    encode(GALE__CODING_GZIP, zeros, SIZE);
    start_coded("gzip", false);
    stop_turning = false;
    assert_ok(gale_spawn(take_turns, NULL));
    assert_ok(get(NULL, &response)); /* connects */
    turns = 0;
    assert_ok(get(NULL, &response));
    assert_int_equal(gale_http_response_body_str(response).len, SIZE);
    assert_true(turns >= 9);
    stop_turning = true;
    raw_stop();
    free(zeros);
}

TASK_TEST(bombs)
{
    enum { SIZE = 10000000 };
    char *zeros = calloc(1, SIZE);
    for (size_t i = 0; i < CODINGS; i++) {
        encode(codings[i].coding, zeros, SIZE);
        start_coded(codings[i].name, false);
        gale_fetch_options options = { .max_body_size = SIZE - 1 };
        size_t before = test_allocated_bytes();
        assert_error(get(&options, &response), GALE_ETOOBIG);
        assert_string_equal(gale_error_detail(), "decompressed body too large");
        assert_true(test_allocated_bytes() < before + 1000000);
        options = (gale_fetch_options){ .max_body_size = SIZE, .streaming_callback = count };
        streamed = 0;
        assert_ok(get(&options, &response));
        assert_int_equal(streamed, SIZE);
        raw_stop();
    }
    free(zeros);
}

GALE_TEST_MAIN
