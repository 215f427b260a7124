/* SPDX-License-Identifier: Apache-2.0 */
/* Responses of every shape, from a server that sends what it is told. */
#include "http/client_test.h"

static gale_http_response *response;

/* ---- Framing --------------------------------------------------------------------------- */

TASK_TEST(a_body_with_a_length)
{
    RAW_SERVER("HTTP/1.1 200 Fine\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello");
    assert_ok(get(NULL, &response));
    assert_int_equal(gale_http_response_code(response), 200);
    assert_string_equal(gale_http_response_reason(response), "Fine");
    assert_string_equal(gale_http_headers_get(gale_http_response_headers(response), "x-a"), "b");
    assert_string_equal(gale_http_response_effective_url(response), raw.url);
    assert_body(response, "hello");
    assert_ok(gale_http_response_error(response));
    assert_ok(gale_http_response_rethrow(response));
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_chunked */
TASK_TEST(a_body_in_chunks)
{
    RAW_SERVER("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX-Trailer: t\r\n\r\n",
               OK("again", "5"));
    assert_ok(get(NULL, &response));
    assert_body(response, "hello");
    assert_ok(get(NULL, &response));
    assert_body(response, "again");
    assert_int_equal(raw.connections, 1);
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_chunked_close. */
TASK_TEST(chunks_and_then_the_end)
{
    RAW_SERVER("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
               "1\r\n1\r\n1\r\n2\r\n0\r\n\r\n" CLOSE);
    assert_ok(get(NULL, &response));
    assert_body(response, "12");
    raw_stop();
}

/* Tornado: SimpleHTTPClientTestMixin.test_no_content_length */
TASK_TEST(a_body_that_ends_with_the_connection)
{
    RAW_SERVER("HTTP/1.1 200 OK\r\n\r\nhello" CLOSE, "HTTP/1.0 200 OK\r\n\r\nhello" CLOSE);
    for (int i = 0; i < 2; i++) {
        assert_ok(get(NULL, &response));
        assert_body(response, "hello");
    }
    assert_int_equal(raw.connections, 2);
    raw_stop();
}

TASK_TEST(byte_by_byte)
{
    RAW_SERVER(DRIP "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
               DRIP OK("hello", "5"), DRIP "HTTP/1.1 200 OK\r\n\r\nhello" CLOSE);
    for (int i = 0; i < 3; i++) {
        assert_ok(get(NULL, &response));
        assert_body(response, "hello");
    }
    raw_stop();
}

/* Tornado: SimpleHTTPClientTestMixin.test_head_request, test_no_content,
 * HTTP204NoContentTestCase.test_204_no_content,
 * HTTPClientCommonTestCase.test_304_with_content_length
 */
TASK_TEST(responses_without_a_body)
{
    gale_fetch_options head = { .method = "HEAD" }, quiet = { .no_raise_error = true };
    RAW_SERVER("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
               "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
               "HTTP/1.1 304 Not Modified\r\nContent-Length: 42\r\n\r\n",
               "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Encoding: gzip\r\n\r\n",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", OK("", "0"));
    assert_ok(get(&head, &response));
    assert_string_equal(
        gale_http_headers_get(gale_http_response_headers(response), "Content-Length"), "7");
    assert_body(response, "");
    for (int i = 0; i < 2; i++) {
        assert_ok(get(NULL, &response));
        assert_int_equal(gale_http_response_code(response), 204);
    }
    assert_ok(get(&quiet, &response));
    assert_int_equal(gale_http_response_code(response), 304);
    assert_string_equal(
        gale_http_headers_get(gale_http_response_headers(response), "Content-Length"), "42");
    assert_ok(get(NULL, &response));
    assert_ok(get(&head, &response));
    assert_ok(get(NULL, &response));
    assert_int_equal(raw.connections, 1);
    raw_stop();
}

/* Tornado: SimpleHTTPClientTestMixin.test_multiple_content_length_accepted. Its test goes on with
 * unequal ones. */
TASK_TEST(several_lengths_that_are_the_same)
{
    RAW_SERVER("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
               "HTTP/1.1 200 OK\r\nContent-Length: 2, 2,3\r\n\r\nok" CLOSE);
    for (int i = 0; i < 2; i++) {
        assert_ok(get(NULL, &response));
        assert_body(response, "ok");
    }
    assert_error(get(NULL, &response), GALE_EINPUT);
    assert_string_equal(gale_error_detail(), "Multiple unequal Content-Lengths");
    assert_null(response);
    raw_stop();
}

/* Tornado: ChunkedWithContentLengthTest.test_chunked_with_content_length,
 * HTTP204NoContentTestCase.test_204_invalid_content_length. */
TASK_TEST(what_is_malformed_or_can_be_read_in_two_ways)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\nA: b\n\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9\r\n\r\n",
        "<html>\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        RAW_SERVER(answers[i]);
        int result = get(NULL, &response);
        if (result != GALE_EINPUT || !gale_error_detail()[0])
            fail_msg("%s: %d %s", answers[i], result, gale_error_detail());
        raw_stop();
    }
}

TASK_TEST(a_response_that_is_cut_short)
{
    static const char *const answers[] = {
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char answer[128];
        snprintf(answer, sizeof answer, "%s" CLOSE, answers[i]);
        RAW_SERVER(answer);
        int result = get(NULL, &response);
        if (result != GALE_ECLOSED || strncmp(gale_error_detail(), "Connection closed ", 18) != 0)
            fail_msg("%s: %d %s", answers[i], result, gale_error_detail());
        assert_null(response);
        raw_stop();
    }
}

/* ---- Responses before the response ----------------------------------------------------- */

TASK_TEST(informational_responses)
{
    char many[2048] = "";
    RAW_SERVER("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" OK(
        "ok", "2"));
    assert_ok(get(NULL, &response));
    assert_body(response, "ok");
    assert_false(gale_http_headers_has(gale_http_response_headers(response), "Link"));
    raw_stop();
    for (int i = 0; i < 40; i++)
        strcat(many, "HTTP/1.1 102 Processing\r\n\r\n");
    RAW_SERVER(many);
    assert_error(get(NULL, &response), GALE_EINPUT);
    assert_string_equal(gale_error_detail(), "too many informational responses");
    raw_stop();
}

/* ---- Limits ---------------------------------------------------------------------------- */

/* Tornado: MaxHeaderSizeTest.test_small_headers, test_large_headers */
TASK_TEST(the_size_of_the_head)
{
    gale_fetch_options options = { .max_header_size = 64 };
    RAW_SERVER("HTTP/1.1 200 OK\r\nA: bbbbbbbbbbb\r\nContent-Length: 2\r\n\r\nok",
               "HTTP/1.1 200 OK\r\nA: bbbbbbbbbbbbbbbbbbbbbbb\r\nContent-Length: 2\r\n\r\nok" HANG);
    assert_ok(get(&options, &response));
    assert_error(get(&options, &response), GALE_ETOOBIG);
    assert_string_equal(gale_error_detail(), "response head too large");
    raw_stop();
}

TASK_TEST(a_head_without_an_end)
{
    static char head[100000];
    memset(head, 'a', sizeof head - 2);
    memcpy(head, "HTTP/1.1 200 OK\r\nA: ", 20);
    head[sizeof head - 2] = *HANG;
    RAW_SERVER(head);
    assert_error(get(NULL, &response), GALE_ETOOBIG);
    raw_stop();
}

/* Tornado: MaxBodySizeTest.test_small_body, test_large_body, MaxBufferSizeTest.test_large_body */
TASK_TEST(the_size_of_the_body)
{
    gale_fetch_options options = { .max_body_size = 5 };
    RAW_SERVER(
        OK("hello", "5"), OK("hello!", "6") CLOSE,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n" CLOSE,
        "HTTP/1.1 200 OK\r\n\r\nabcdef" CLOSE, OK("hello!", "6"));
    assert_ok(get(&options, &response));
    assert_error(get(&options, &response), GALE_ETOOBIG);
    assert_string_equal(gale_error_detail(), "Content-Length too long");
    for (int i = 0; i < 2; i++) {
        assert_error(get(&options, &response), GALE_ETOOBIG);
        assert_string_equal(gale_error_detail(), "body too large");
    }
    options.max_body_size = GALE_NONE;
    assert_ok(get(&options, &response));
    raw_stop();
}

TASK_TEST(a_big_body)
{
    enum { SIZE = 3000000 };
    char *answer = malloc(SIZE + 100);
    int head = snprintf(answer, 100, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", SIZE);
    memset(answer + head, 'x', SIZE);
    answer[head + SIZE] = '\0';
    RAW_SERVER(answer);
    assert_ok(get(NULL, &response));
    assert_int_equal(gale_http_response_body_str(response).len, SIZE);
    assert_int_equal(gale_http_response_body(response)[SIZE - 1], 'x');
    raw_stop();
    free(answer);
}

GALE_TEST_MAIN
