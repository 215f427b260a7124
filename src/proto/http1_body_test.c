/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http1_body.h"

#include "proto/proto_test.h"

/* A request with these lines; "Host: h" is added when "host:" is not in them. */
static int frame(test_head *head, const char *start_line, const char *lines)
{
    char text[1024];
    test_head_open(head);
    snprintf(text, sizeof text, "%s\r\n%s%s\r\n", start_line,
             strcasestr(lines, "host:") ? "" : "Host: h\r\n", lines);
    return test_head_request(head, str(text));
}

TEST(bodies)
{
    static const struct {
        const char *lines;
        gale__http1_body_kind kind;
        uint64_t length;
    } cases[] = {
        { "", GALE__HTTP1_BODY_NONE, 0 },
        { "Content-Length: 0\r\n", GALE__HTTP1_BODY_LENGTH, 0 },
        { "Content-Length: 42\r\n", GALE__HTTP1_BODY_LENGTH, 42 },
        { "content-length:\t 0042 \t\r\n", GALE__HTTP1_BODY_LENGTH, 42 },
        { "Content-Length: 2, 2\r\n", GALE__HTTP1_BODY_LENGTH, 2 },
        { "Content-Length: 2,2,\t2\r\n", GALE__HTTP1_BODY_LENGTH, 2 },
        { "Content-Length: 2\r\nContent-Length: 2\r\n", GALE__HTTP1_BODY_LENGTH, 2 },
        { "Content-Length: 2\r\nA: b\r\nContent-Length: 2,2\r\n", GALE__HTTP1_BODY_LENGTH, 2 },
        { "Content-Length: 9223372036854775807\r\n", GALE__HTTP1_BODY_LENGTH, INT64_MAX },
        { "Content-Length: 00000000000000000000000000007\r\n", GALE__HTTP1_BODY_LENGTH, 7 },
        { "Transfer-Encoding: chunked\r\n", GALE__HTTP1_BODY_CHUNKED, 0 },
        { "transfer-encoding:ChUnKeD\t\r\n", GALE__HTTP1_BODY_CHUNKED, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_head head;
        assert_ok(frame(&head, "POST / HTTP/1.1", cases[i].lines));
        assert_int_equal(head.body.kind, cases[i].kind);
        assert_int_equal(head.body.length, cases[i].length);
        assert_true(head.body.keep_alive);
        assert_false(head.body.expect_continue);
        assert_int_equal(head.body.status, 0);
        test_head_close(&head);
    }
}

TEST(bodies_that_are_refused)
{
    static const char *const lines[] = {
        "Content-Length:\r\n",
        "Content-Length: \r\n",
        "Content-Length: ,\r\n",
        "Content-Length: 2,\r\n",
        "Content-Length: ,2\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +10\r\n",
        "Content-Length: 0x2\r\n",
        "Content-Length: 1_0\r\n",
        "Content-Length: 1e2\r\n",
        "Content-Length: 1.0\r\n",
        "Content-Length: 1 0\r\n",
        "Content-Length: foo\r\n",
        "Content-Length: \xd9\xa1\r\n",
        "Content-Length: 9223372036854775808\r\n",
        "Content-Length: 18446744073709551617\r\n",
        "Content-Length: 99999999999999999999999999\r\n",
        "Content-Length: 2, 3\r\n",
        "Content-Length: 2, 02\r\n",
        "Content-Length: 2; 2\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2\r\nContent-Length:\r\n",
        "Content-Length:\r\nContent-Length: 2\r\n",
        "Content-Length: 2\r\nA: b\r\nCONTENT-LENGTH: 2,3\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        "Transfer-Encoding: \r\nContent-Length: 0\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked,\r\n",
        "Transfer-Encoding: ,chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked;a=b\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: chun ked\r\n",
        "Transfer-Encoding: chunked\xa0\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        test_head head;
        int result = frame(&head, "POST / HTTP/1.1", lines[i]);
        if (result != GALE_EINPUT || head.request.status != 0 || head.body.status != 400 ||
            !head.body.reason)
            fail_msg("%s: %d, status %d", lines[i], result, head.body.status);
        test_head_close(&head);
    }
}

TEST(no_transfer_coding_in_http_1_0)
{
    test_head head;
    assert_error(frame(&head, "POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n"), GALE_EINPUT);
    assert_int_equal(head.body.status, 400);
    test_head_close(&head);
}

TEST(hosts)
{
    static const struct {
        const char *start_line, *lines;
        int result;
        const char *host;
    } cases[] = {
        { "GET / HTTP/1.1", "Host: example.com:80\r\n", 0, "example.com:80" },
        { "GET / HTTP/1.1", "HOST:127.0.0.1:9001\r\n", 0, "127.0.0.1:9001" },
        { "GET / HTTP/1.1", "Host:\r\n", 0, "" },
        { "GET / HTTP/1.0", "X-Ghost: a\r\n", 0, NULL },
        { "GET / HTTP/1.0", "Host: a\r\n", 0, "a" },
        { "GET / HTTP/1.1", "X-Ghost: a\r\n", GALE_EINPUT, NULL },
        { "GET / HTTP/1.2", "X-Ghost: a\r\n", GALE_EINPUT, NULL },
        { "GET http://b/ HTTP/1.1", "X-Ghost: a\r\n", GALE_EINPUT, NULL },
        { "GET http://b/ HTTP/1.0", "X-Ghost: a\r\n", 0, "b" },
        { "GET http://b/ HTTP/1.1", "Host: a\r\n", 0, "b" },
        { "GET http://b/ HTTP/1.1", "Host: a b\r\n", GALE_EINPUT, NULL },
        { "GET / HTTP/1.1", "Host: a\r\nHost: a\r\n", GALE_EINPUT, NULL },
        { "GET / HTTP/1.0", "Host: a\r\nhost: b\r\n", GALE_EINPUT, NULL },
        { "GET / HTTP/1.1", "Host: a,b\r\n", GALE_EINPUT, NULL },
        { "GET / HTTP/1.1", "Host: a b\r\n", GALE_EINPUT, NULL },
        { "GET / HTTP/1.1", "Host: user@host.example\r\n", GALE_EINPUT, NULL },
        { "GET / HTTP/1.1", "Host: host.example/path\r\n", GALE_EINPUT, NULL },
        { "GET / HTTP/1.0", "Host: a%2\r\n", GALE_EINPUT, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_head head;
        int result = frame(&head, cases[i].start_line, cases[i].lines);
        if (result != cases[i].result || head.body.status != (result ? 400 : 0))
            fail_msg("case %zu: %d", i, result);
        if (!result)
            assert_int_equal(head.body.host.data != NULL, cases[i].host != NULL);
        if (!result && cases[i].host) {
            assert_str(head.body.host, cases[i].host);
            assert_string_equal(head.body.host.data, cases[i].host);
        }
        test_head_close(&head);
    }
}

TEST(keep_alive)
{
    static const struct {
        const char *start_line, *lines;
        bool keep_alive;
    } cases[] = {
        { "GET / HTTP/1.1", "", true },
        { "GET / HTTP/1.2", "", true },
        { "GET / HTTP/1.1", "Connection: keep-alive\r\n", true },
        { "GET / HTTP/1.1", "Connection: close\r\n", false },
        { "GET / HTTP/1.1", "connection:CLOSE\r\n", false },
        { "GET / HTTP/1.1", "Connection: keep-alive, close\r\n", false },
        { "GET / HTTP/1.1", "Connection: close , keep-alive\r\n", false },
        { "GET / HTTP/1.1", "Connection: Upgrade,\tClose,\r\n", false },
        { "GET / HTTP/1.1", "Connection: a\r\nConnection: close\r\n", false },
        { "GET / HTTP/1.1", "Connection: closed\r\n", true },
        { "GET / HTTP/1.1", "Connection: x-close\r\n", true },
        { "GET / HTTP/1.1", "Connection: \"close\"\r\n", true },
        { "GET / HTTP/1.1", "Connection:\r\n", true },
        { "GET / HTTP/1.0", "", false },
        { "GET / HTTP/1.0", "Connection: keep-alive\r\n", true },
        { "HEAD / HTTP/1.0", "Connection: Keep-Alive\r\n", true },
        { "GET / HTTP/1.0", "Connection: keep-alive, close\r\n", false },
        { "GET / HTTP/1.0", "Connection: upgrade\r\n", false },
        { "POST / HTTP/1.0", "Connection: keep-alive\r\n", false },
        { "POST / HTTP/1.0", "Connection: keep-alive\r\nContent-Length: 3\r\n", true },
        { "POST / HTTP/1.1", "Content-Length: 3\r\n", true },
        { "POST / HTTP/1.1", "Content-Length: 3\r\nConnection: close\r\n", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_head head;
        assert_ok(frame(&head, cases[i].start_line, cases[i].lines));
        if (head.body.keep_alive != cases[i].keep_alive)
            fail_msg("%s, %s", cases[i].start_line, cases[i].lines);
        test_head_close(&head);
    }
}

TEST(expectations)
{
    static const struct {
        const char *start_line, *lines;
        int status; /* 0: accepted */
        bool expect_continue;
    } cases[] = {
        { "POST / HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 1\r\n", 0, true },
        { "POST / HTTP/1.1", "Expect: 100-Continue\r\nContent-Length: 1\r\n", 0, true },
        { "POST / HTTP/1.1", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", 0, true },
        { "POST / HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 0\r\n", 0, false },
        { "POST / HTTP/1.1", "Expect: 100-continue\r\n", 0, false },
        { "POST / HTTP/1.0", "Expect: 100-continue\r\nContent-Length: 1\r\n", 0, false },
        { "POST / HTTP/1.1", "Expect: 200-ok\r\n", 417, false },
        { "POST / HTTP/1.1", "Expect:\r\n", 417, false },
        { "POST / HTTP/1.1", "Expect: 100-continue, x\r\n", 417, false },
        { "POST / HTTP/1.1", "Expect: 100-continue\r\nExpect: 100-continue\r\n", 417, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_head head;
        int result = frame(&head, cases[i].start_line, cases[i].lines);
        assert_int_equal(result, cases[i].status ? GALE_EINPUT : 0);
        assert_int_equal(head.body.status, cases[i].status);
        assert_int_equal(head.body.expect_continue, cases[i].expect_continue);
        test_head_close(&head);
    }
}

TEST(parse_int)
{
    uint64_t number = 7;
    assert_ok(gale__http_parse_int(GALE_STR("00"), &number));
    assert_int_equal(number, 0);
    assert_ok(gale__http_parse_int(GALE_STR("9223372036854775807"), &number));
    assert_int_equal(number, INT64_MAX);
    static const char *const wrong[] = { "", " 1", "1 ", "-1", "1a", "9223372036854775808" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_error(gale__http_parse_int(str(wrong[i]), &number), GALE_EINPUT);
    assert_int_equal(number, INT64_MAX);
}

TEST(lists)
{
    assert_true(gale__http_list_has(GALE_STR("a"), GALE_STR("A")));
    assert_true(gale__http_list_has(GALE_STR(",, b ,\tA\t,"), GALE_STR("a")));
    assert_false(gale__http_list_has(GALE_STR("ab, a b"), GALE_STR("a")));
    assert_false(gale__http_list_has(GALE_STR(""), GALE_STR("a")));
}

GALE_TEST_MAIN
