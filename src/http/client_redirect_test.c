/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects, and what does not go along. */
#include "http/client_test.h"

static gale_http_response *response;

#define TO(code, location)                                                                         \
    "HTTP/1.1 " code " Moved\r\nLocation: " location "\r\nContent-Length: 4\r\n\r\nbody"

/* Tornado: HTTPClientCommonTestCase.test_follow_redirect,
 * SimpleHTTPClientTestMixin.test_max_redirects, test_see_other_redirect */
TASK_TEST(redirects_are_followed)
{
    char url[80];
    RAW_SERVER(TO("302", "/a/b"), TO("301", "../c?d#e"), TO("307", "f"), OK("there", "5"));
    assert_ok(get(NULL, &response));
    assert_body(response, "there");
    assert_sent("GET /f HTTP/1.1\r\n");
    snprintf(url, sizeof url, "%sf", raw.url);
    assert_string_equal(gale_http_response_effective_url(response), url);
    assert_int_equal(gale_http_response_time_info(response)->redirect_count, 3);
    assert_int_equal(raw.connections, 1);
    raw_stop();
}

TASK_TEST(redirects_that_are_not_followed)
{
    gale_fetch_options options = { .no_follow_redirects = true };
    RAW_SERVER(TO("302", "/a"), TO("302", "/b"), TO("302", "/c"), TO("302", "/d"), TO("300", "/e"));
    assert_error(get(&options, &response), GALE_EHTTP);
    assert_int_equal(gale_http_response_code(response), 302);
    assert_body(response, "body");
    options = (gale_fetch_options){ .max_redirects = GALE_NONE };
    assert_error(get(&options, &response), GALE_EHTTP);
    options.max_redirects = 1;
    assert_error(get(&options, &response), GALE_EHTTP);
    assert_string_equal(gale_error_detail(), "HTTP 302: Moved");
    assert_sent("GET /c ");
    assert_error(get(NULL, &response), GALE_EHTTP); /* 300 */
    raw_stop();
}

TASK_TEST(a_loop_of_redirects_ends)
{
    RAW_SERVER(TO("302", "/"), TO("302", "/"), TO("302", "/"), TO("302", "/"), TO("302", "/"),
               TO("302", "/"), OK("", "0"));
    assert_error(get(NULL, &response), GALE_EHTTP);
    assert_int_equal(raw.requests, 6);
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_redirect_without_location */
TASK_TEST(a_redirect_without_location)
{
    RAW_SERVER("HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n");
    assert_error(get(NULL, &response), GALE_EHTTP);
    assert_int_equal(gale_http_response_code(response), 301);
    raw_stop();
}

TASK_TEST(where_a_redirect_may_not_lead)
{
    static const char *const locations[] = { "http://a b:x/",      "http://[",
                                             "http+unix://%2Fa/b", "ftp://a/",
                                             "file:///etc/passwd", "javascript:1",
                                             "http://a/\tb" };
    for (size_t i = 0; i < sizeof locations / sizeof *locations; i++) {
        char answer[160];
        snprintf(answer, sizeof answer, TO("302", "%s"), locations[i]);
        RAW_SERVER(answer);
        int result = get(NULL, &response);
        if (result != GALE_EINVALID && result != GALE_ENOTSUP)
            fail_msg("%s: %d %s", locations[i], result, gale_error_detail());
        assert_null(response);
        raw_stop();
    }
}

/* Tornado: HTTPClientCommonTestCase.test_method_after_redirect */
TASK_TEST(the_method_after_a_redirect)
{
    static const struct {
        const char *method, *code, *then;
    } cases[] = {
        { "GET", "301", "GET" },   { "GET", "303", "GET" },   { "GET", "308", "GET" },
        { "POST", "301", "GET" },  { "POST", "302", "GET" },  { "POST", "303", "GET" },
        { "POST", "307", "POST" }, { "POST", "308", "POST" }, { "PUT", "301", "PUT" },
        { "PUT", "302", "PUT" },   { "PUT", "303", "GET" },   { "PUT", "307", "PUT" },
        { "HEAD", "302", "HEAD" }, { "HEAD", "303", "HEAD" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char answer[128], line[64];
        bool has_body = *cases[i].method == 'P';
        gale_fetch_header headers[] = { { "Content-Type", "a/b" }, { 0 } };
        gale_fetch_options options = { .method = cases[i].method,
                                       .body = has_body ? "hi" : NULL,
                                       .headers = has_body ? headers : NULL };
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 %s X\r\nLocation: /n\r\nContent-Length: 0\r\n\r\n", cases[i].code);
        RAW_SERVER(answer, OK("", "0"));
        assert_ok(get(&options, &response));
        snprintf(line, sizeof line, "%s /n HTTP/1.1\r\n", cases[i].then);
        assert_sent(line);
        bool still = has_body && strcmp(cases[i].then, "GET") != 0;
        assert_int_equal(strstr(raw.last, "\r\nContent-Length: 2\r\n\r\nhi") != NULL, still);
        assert_int_equal(strstr(raw.last, "Content-Type: a/b") != NULL, still);
        raw_stop();
    }
}

/* Tornado: HTTPClientCommonTestCase.test_put_307, test_redirect_put_with_body */
TASK_TEST(a_body_is_sent_again)
{
    gale_fetch_options options = { .method = "PUT", .body = "hello" };
    RAW_SERVER(TO("307", "/put"), OK("Put body: hello", "15"));
    assert_ok(get(&options, &response));
    assert_body(response, "Put body: hello");
    assert_sent("\r\n\r\nhello");
    raw_stop();
}

/* ---- Credentials ----------------------------------------------------------------------- */

/* Tornado: HTTPClientCommonTestCase.test_strip_headers_on_redirect */
TASK_TEST(credentials_stay_at_their_server)
{
    gale_fetch_header headers[] = {
        { "Cookie", "a=b" }, { "Authorization", "x" }, { "Host", "mine" }, { "X", "y" }, { 0 }
    };
    gale_fetch_options options = { .headers = headers };
    char away[128], back[128];
    RAW_SERVER(TO("302", "/same"), NULL, NULL, OK("", "0"));
    snprintf(away, sizeof away, TO("302", "http://localhost:%d/away"), raw.port);
    snprintf(back, sizeof back, TO("302", "http://127.0.0.1:%d/back"), raw.port);
    raw.answers[0] = OK("", "0");
    assert_ok(get(&options, &response));
    assert_sent("Host: mine\r\n");
    raw.answers[1] = TO("302", "/same");
    raw.answers[2] = OK("", "0");
    assert_ok(get(&options, &response));
    assert_sent("\r\nCookie: a=b\r\nAuthorization: x\r\nX: y\r\n");
    assert_not_sent("mine");
    raw.answers[3] = away;
    raw.answers[4] = back;
    raw.answers[5] = OK("", "0");
    assert_ok(get(&options, &response));
    assert_sent("GET /back ");
    assert_sent("X: y\r\n");
    assert_not_sent("Cookie");
    assert_not_sent("Authorization");
    raw_stop();
}

TASK_TEST(a_password_stays_at_its_server)
{
    gale_fetch_options options = { .auth_username = "me", .auth_password = "secret" };
    char away[128], url[64];
    RAW_SERVER(TO("302", "/same"), OK("", "0"), NULL, OK("", "0"), NULL, OK("", "0"));
    snprintf(away, sizeof away, TO("302", "http://me:x@localhost:%d/away"), raw.port);
    raw.answers[2] = raw.answers[4] = away;
    assert_ok(get(&options, &response));
    assert_sent("\r\nAuthorization: Basic ");
    assert_ok(get(&options, &response));
    assert_not_sent("Authorization");
    snprintf(url, sizeof url, "http://me:secret@127.0.0.1:%d/", raw.port);
    assert_ok(gale_fetch(url, NULL, &response));
    assert_sent("GET /away ");
    assert_not_sent("Authorization");
    raw_stop();
}

/* ---- The body of a redirect ------------------------------------------------------------ */

TASK_TEST(a_redirect_with_a_long_body)
{
    static char answers[2][200100];
    memset(answers, 'x', sizeof answers);
    int head =
        sprintf(answers[0], "HTTP/1.1 302 X\r\nLocation: /\r\nContent-Length: 200000\r\n\r\n");
    answers[0][head] = 'x';
    answers[0][head + 200000] = '\0';
    head = sprintf(answers[1], "HTTP/1.1 302 X\r\nLocation: /\r\n\r\n");
    answers[1][head] = 'x';
    strcpy(answers[1] + sizeof answers[1] - 3, "x" HANG);
    RAW_SERVER(answers[0], answers[1], OK("ok", "2"));
    assert_ok(get(NULL, &response));
    assert_body(response, "ok");
    assert_int_equal(raw.connections, 3);
    raw_stop();
}

GALE_TEST_MAIN
