/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http1_write.h"

#include <stdlib.h>

#include "proto/characters.h"
#include "proto/proto_test.h"
#include "proto/status.h"

typedef struct fixture {
    test_arena memory;
    gale_http_headers headers;
    char out[4096];
} fixture;

static void open_fixture(fixture *f)
{
    test_arena_open(&f->memory);
    gale__http_headers_init(&f->headers, &f->memory.arena);
}

static void close_fixture(fixture *f)
{
    test_arena_close(&f->memory);
}

/* Writes into memory of just the announced size. */
static const char *response(fixture *f, const gale__http1_response_head *head)
{
    size_t size = gale__http1_response_head_size(head);
    char *out = malloc(size);
    assert_non_null(out);
    size_t written = (size_t)(gale__http1_response_head_write(out, head) - out);
    assert_true(written <= size && size <= written + 160);
    memcpy(f->out, out, written);
    f->out[written] = '\0';
    free(out);
    return f->out;
}

static const gale__http1_framing_out no_framing = { .content_length = -1 };

TEST(hello)
{
    fixture f;
    open_fixture(&f);
    assert_ok(gale__http_header_block_init(
        &f.headers.block, GALE_STR("Server: gale\r\nContent-Type: text/html\r\n")));
    gale__http1_response_head head = { .status = 200,
                                       .headers = &f.headers,
                                       .framing = { .content_length = 12 } };
    assert_string_equal(response(&f, &head),
                        "HTTP/1.1 200 OK\r\nServer: gale\r\n"
                        "Content-Type: text/html\r\nContent-Length: 12\r\n\r\n");
    assert_ok(gale_http_headers_set(&f.headers, "x-own", "1"));
    head.framing = (gale__http1_framing_out){ -1, true, GALE__HTTP1_CONNECTION_CLOSE };
    assert_string_equal(response(&f, &head),
                        "HTTP/1.1 200 OK\r\nServer: gale\r\nContent-Type: text/html\r\nX-Own: 1\r\n"
                        "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    close_fixture(&f);
}

TEST(every_standard_status_line)
{
    static const struct {
        int code;
        const char *line;
    } lines[] = {
#define LINE(code, reason) { code, "HTTP/1.1 " #code " " reason "\r\n\r\n" },
        GALE__HTTP_STATUSES(LINE)
#undef LINE
    };
    fixture f;
    open_fixture(&f);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        gale__http1_response_head head = { .status = lines[i].code, .framing = no_framing };
        assert_string_equal(response(&f, &head), lines[i].line);
    }
    close_fixture(&f);
}

TEST(other_status_lines)
{
    static const struct {
        int status;
        const char *reason, *line;
    } cases[] = {
        { 299, NULL, "HTTP/1.1 299 Unknown\r\n\r\n" },
        { 999, NULL, "HTTP/1.1 999 Unknown\r\n\r\n" },
        { 512, NULL, "HTTP/1.1 512 Unknown\r\n\r\n" },
        { 200, "Fine", "HTTP/1.1 200 Fine\r\n\r\n" },
        { 200, "", "HTTP/1.1 200 \r\n\r\n" },
        { 200, "a\r\nX: y", "HTTP/1.1 200 Unknown\r\n\r\n" },
        { 200, "\n", "HTTP/1.1 200 Unknown\r\n\r\n" },
        { 200, "\x7f", "HTTP/1.1 200 Unknown\r\n\r\n" },
        { 200, "\xc3\xa9", "HTTP/1.1 200 \xc3\xa9\r\n\r\n" },
    };
    fixture f;
    open_fixture(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gale__http1_response_head head = { cases[i].status, cases[i].reason, NULL, no_framing };
        assert_string_equal(response(&f, &head), cases[i].line);
    }
    close_fixture(&f);
}

TEST(cookies_stand_behind_the_length)
{
    fixture f;
    open_fixture(&f);
    assert_ok(gale_http_headers_add(&f.headers, "Set-Cookie", "a=1"));
    assert_ok(gale_http_headers_add(&f.headers, "X", "y"));
    assert_ok(gale_http_headers_add(&f.headers, "Set-Cookie", "b=2"));
    gale__http1_response_head head = { .status = 200,
                                       .headers = &f.headers,
                                       .framing = { .content_length = 12,
                                                    .connection = GALE__HTTP1_CONNECTION_CLOSE } };
    assert_string_equal(response(&f, &head),
                        "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 12\r\nSet-Cookie: a=1\r\n"
                        "Set-Cookie: b=2\r\nConnection: close\r\n\r\n");
    head.framing = (gale__http1_framing_out){ .content_length = -1, .chunked = true };
    assert_string_equal(response(&f, &head),
                        "HTTP/1.1 200 OK\r\nX: y\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n");
    close_fixture(&f);
}

/* A block that comes with its status line is used for 200 only, and says the same. */
TEST(a_ready_head)
{
    fixture f;
    open_fixture(&f);
    static const char ready[GALE__HTTP_READY_SIZE] = GALE__HTTP_OK_LINE "Server: gale\r\n";
    assert_ok(gale__http_header_block_init(&f.headers.block,
                                           ((gale_str){ ready + GALE__HTTP_OK_SIZE, 14 })));
    f.headers.block.ready = ready;
    gale__http1_response_head head = { .status = 200,
                                       .headers = &f.headers,
                                       .framing = { .content_length = 12 } };
    assert_string_equal(response(&f, &head),
                        "HTTP/1.1 200 OK\r\nServer: gale\r\nContent-Length: 12\r\n\r\n");
    head.reason = "Fine";
    assert_string_equal(response(&f, &head),
                        "HTTP/1.1 200 Fine\r\nServer: gale\r\nContent-Length: 12\r\n\r\n");
    head = (gale__http1_response_head){ .status = 404, .headers = &f.headers };
    assert_string_equal(response(&f, &head),
                        "HTTP/1.1 404 Not Found\r\nServer: gale\r\nContent-Length: 0\r\n\r\n");
    head.status = 200;
    assert_ok(gale_http_headers_set(&f.headers, "server", "other"));
    assert_string_equal(response(&f, &head),
                        "HTTP/1.1 200 OK\r\nServer: other\r\nContent-Length: 0\r\n\r\n");
    close_fixture(&f);
}

TEST(the_writer_s_framing_replaces_the_handler_s)
{
    static const struct {
        gale__http1_framing_out framing;
        const char *text;
    } cases[] = {
        { { -1, false, GALE__HTTP1_CONNECTION_UNSAID },
          "Content-Length: 5\r\nA: b\r\nTransfer-Encoding: gzip\r\nConnection: upgrade\r\n" },
        { { 3, false, GALE__HTTP1_CONNECTION_UNSAID },
          "A: b\r\nTransfer-Encoding: gzip\r\nConnection: upgrade\r\nContent-Length: 3\r\n" },
        { { -1, true, GALE__HTTP1_CONNECTION_UNSAID },
          "A: b\r\nConnection: upgrade\r\nTransfer-Encoding: chunked\r\n" },
        { { 3, true, GALE__HTTP1_CONNECTION_CLOSE },
          "A: b\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n" },
        { { 0, false, GALE__HTTP1_CONNECTION_KEEP_ALIVE },
          "A: b\r\nTransfer-Encoding: gzip\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n" },
    };
    fixture f;
    open_fixture(&f);
    assert_ok(gale_http_headers_add(&f.headers, "content-length", "5"));
    assert_ok(gale_http_headers_add(&f.headers, "a", "b"));
    assert_ok(gale_http_headers_add(&f.headers, "transfer-encoding", "gzip"));
    assert_ok(gale_http_headers_add(&f.headers, "connection", "upgrade"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[256];
        gale__http1_response_head head = { 204, NULL, &f.headers, cases[i].framing };
        snprintf(expected, sizeof expected, "HTTP/1.1 204 No Content\r\n%s\r\n", cases[i].text);
        assert_string_equal(response(&f, &head), expected);
    }
    close_fixture(&f);
}

TEST(requests)
{
    fixture f;
    open_fixture(&f);
    assert_ok(gale_http_headers_add(&f.headers, "host", "a"));
    gale__http1_request_head head = { GALE_STR("POST"),
                                      GALE_STR("/a?b"),
                                      &f.headers,
                                      { 1234567, false, GALE__HTTP1_CONNECTION_CLOSE } };
    size_t size = gale__http1_request_head_size(&head);
    char *out = malloc(size);
    assert_non_null(out);
    size_t written = (size_t)(gale__http1_request_head_write(out, &head) - out);
    assert_true(written <= size && size <= written + 160);
    assert_str(((gale_str){ out, written }),
               "POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 1234567\r\n"
               "Connection: close\r\n\r\n");
    free(out);
    close_fixture(&f);
}

TEST(requests_that_must_not_be_written)
{
    for (int byte = 0; byte < 256; byte++) {
        char method[] = "G_T", target[] = "/_a";
        method[1] = target[1] = (char)byte;
        gale__http1_request_head head = { { method, 3 }, GALE_STR("/"), NULL, no_framing };
        assert_int_equal(gale__http1_request_head_size(&head) != 0,
                         gale__http_is((char)byte, GALE__CHARACTER_TOKEN));
        head = (gale__http1_request_head){ GALE_STR("GET"), { target, 3 }, NULL, no_framing };
        assert_int_equal(gale__http1_request_head_size(&head) != 0,
                         gale__http_is((char)byte, GALE__CHARACTER_VISIBLE));
    }
    gale__http1_request_head head = { GALE_STR("GET"), GALE_STR(""), NULL, no_framing };
    assert_int_equal(gale__http1_request_head_size(&head), 0);
    head = (gale__http1_request_head){ GALE_STR(""), GALE_STR("/"), NULL, no_framing };
    assert_int_equal(gale__http1_request_head_size(&head), 0);
}

TEST(numbers)
{
    uint64_t number = 1;
    for (int digits = 1; digits <= 20; digits++, number *= 10) {
        const uint64_t near[] = { number - 1, number, number + 1 };
        for (int i = 0; i < 3; i++) {
            char out[20], expected[32];
            int size = snprintf(expected, sizeof expected, "%llu", (unsigned long long)near[i]);
            assert_int_equal(gale__http_write_int(out, near[i]) - out, size);
            assert_memory_equal(out, expected, (size_t)size);
        }
    }
    char out[20];
    assert_int_equal(gale__http_write_int(out, UINT64_MAX) - out, 20);
    assert_memory_equal(out, "18446744073709551615", 20);
}

TEST(chunk_heads)
{
    static const struct {
        uint64_t size;
        const char *text;
    } cases[] = {
        { 0, "0\r\n" },
        { 1, "1\r\n" },
        { 15, "f\r\n" },
        { 16, "10\r\n" },
        { 0xabc, "abc\r\n" },
        { 65536, "10000\r\n" },
        { UINT64_MAX, "ffffffffffffffff\r\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[GALE__HTTP1_CHUNK_HEAD_SIZE];
        size_t size = (size_t)(gale__http1_chunk_head(out, cases[i].size) - out);
        assert_str(((gale_str){ out, size }), cases[i].text);
    }
}

/* What the writer writes, the parser reads. */
TEST(round_trip)
{
    fixture f;
    open_fixture(&f);
    assert_ok(gale_http_headers_add(&f.headers, "X-A", "b c"));
    assert_ok(gale_http_headers_add(&f.headers, "X-Empty", ""));
    gale__http1_response_head head = { 206, NULL, &f.headers, { 7, false, 0 } };
    test_head parsed;
    test_head_open(&parsed);
    assert_ok(test_head_response(&parsed, str(response(&f, &head))));
    assert_int_equal(parsed.response.code, 206);
    assert_str(parsed.response.phrase, "Partial Content");
    assert_string_equal(gale_http_headers_str(&parsed.headers),
                        "X-A: b c\nX-Empty: \nContent-Length: 7\n");
    test_head_close(&parsed);
    close_fixture(&f);
}

GALE_TEST_MAIN
