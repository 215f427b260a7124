/* SPDX-License-Identifier: Apache-2.0 */
#include <gale/httputil.h>

#include "proto/proto_test.h"

TEST(request_line)
{
    gale_request_start_line line;
    assert_ok(gale_parse_request_start_line(GALE_STR("GET /foo?a=1 HTTP/1.1"), &line));
    assert_str(line.method, "GET");
    assert_str(line.path, "/foo?a=1");
    assert_str(line.version, "HTTP/1.1");
    assert_ok(gale_parse_request_start_line(GALE_STR("M-SEARCH * HTTP/1.0"), &line));
    assert_str(line.method, "M-SEARCH");
    assert_str(line.path, "*");
}

TEST(malformed_request_lines)
{
    static const char *const lines[] = {
        "",
        "GET",
        "GET /",
        "GET / ",
        "GET  / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET /  HTTP/1.1",
        " GET / HTTP/1.1",
        "GET / HTTP/1.10",
        "GET / HTTP/2.0",
        "GET / http/1.1",
        "GET / HTTP/1.x",
        "GET /a b HTTP/1.1",
        "GET /\x7f HTTP/1.1",
        "GET /\t HTTP/1.1",
        "G,T / HTTP/1.1",
        "GET / HTTP/1.1\r\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        gale_request_start_line line = { .method = GALE_STR("unset") };
        assert_error(gale_parse_request_start_line(str(lines[i]), &line), GALE_EINPUT);
        assert_str(line.method, "unset");
    }
}

TEST(status_line)
{
    gale_response_start_line line;
    assert_ok(gale_parse_response_start_line(GALE_STR("HTTP/1.1 200 OK"), &line));
    assert_str(line.version, "HTTP/1.1");
    assert_int_equal(line.code, 200);
    assert_str(line.reason, "OK");
    assert_ok(gale_parse_response_start_line(GALE_STR("HTTP/1.0 404 Not  \tFound\xff"), &line));
    assert_int_equal(line.code, 404);
    assert_str(line.reason, "Not  \tFound\xff");
    assert_ok(gale_parse_response_start_line(GALE_STR("HTTP/1.1 099 "), &line));
    assert_int_equal(line.code, 99);
    assert_null(line.reason.data);
}

TEST(malformed_status_lines)
{
    static const char *const lines[] = {
        "",
        "HTTP/1.1",
        "HTTP/1.1 200",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 2x0 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/2.0 200 OK",
        "http/1.1 200 OK",
        "HTTP/1.1 200 O\nK",
        "HTTP/1.1 200 OK\r\n",
        " HTTP/1.1 200 OK",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        gale_response_start_line line;
        assert_error(gale_parse_response_start_line(str(lines[i]), &line), GALE_EINPUT);
    }
}

GALE_TEST_MAIN
