/* SPDX-License-Identifier: Apache-2.0 */
/* Digest in fetches. Basic is in client_fetch_test.c. */
#include "http/client_test.h"

static gale_http_response *response;

#define CHALLENGE(nonce, more)                                                                     \
    "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"b\"\r\nWWW-Authenticate: Digest "         \
    "realm=\"r\", nonce=\"" nonce "\", qop=\"auth\"" more "\r\nContent-Length: 2\r\n\r\nno"

static const gale_fetch_options user = { .auth_username = "u",
                                         .auth_password = "p",
                                         .auth_mode = GALE_AUTH_DIGEST };

/* Tornado: CurlHTTPClientTestCase.test_digest_auth, test_custom_reason */
TASK_TEST(a_challenge_is_answered)
{
    RAW_SERVER(CHALLENGE("n1", ", opaque=\"o\""), OK("ok", "2"));
    assert_ok(get(&user, &response));
    assert_body(response, "ok");
    assert_sent("\r\nAuthorization: Digest username=\"u\", realm=\"r\", nonce=\"n1\", uri=\"/\", "
                "response=\"");
    assert_sent(", opaque=\"o\", qop=auth, nc=00000001, cnonce=\"");
    assert_int_equal(raw.connections, 1);
    raw_stop();
}

/* Tornado: CurlHTTPClientTestCase.test_digest_auth_non_ascii, test_failed_setup */
TASK_TEST(refused_credentials_are_a_response)
{
    RAW_SERVER(CHALLENGE("n1", ""), CHALLENGE("n2", ""), OK("", "0"));
    assert_error(get(&user, &response), GALE_EHTTP);
    assert_int_equal(gale_http_response_code(response), 401);
    assert_body(response, "no");
    assert_int_equal(raw.requests, 2);
    raw_stop();
}

TASK_TEST(a_stale_nonce_is_replaced)
{
    RAW_SERVER(CHALLENGE("n1", ""), CHALLENGE("n2", ", stale=true"), OK("ok", "2"));
    assert_ok(get(&user, &response));
    assert_sent("nonce=\"n2\"");
    assert_sent("nc=00000001");
    raw_stop();
}

TASK_TEST(nonces_that_are_always_stale)
{
    const char *answers[RAW_ANSWERS];
    for (int i = 0; i < RAW_ANSWERS; i++)
        answers[i] = CHALLENGE("n", ", stale=true");
    raw_start(answers, RAW_ANSWERS);
    assert_error(get(&user, &response), GALE_EHTTP);
    assert_int_equal(raw.requests, 5);
    raw_stop();
}

TASK_TEST(a_redirect_uses_the_nonce_again)
{
    RAW_SERVER(CHALLENGE("n1", ""),
               "HTTP/1.1 302 Found\r\nLocation: /x?y\r\nContent-Length: 0\r\n\r\n", OK("ok", "2"));
    assert_ok(get(&user, &response));
    assert_sent("uri=\"/x?y\"");
    assert_sent("nc=00000002");
    raw_stop();
}

/* RFC 7616 §3.4: nc counts the requests with a nonce. */
TASK_TEST(a_nonce_serves_later_fetches)
{
    gale_fetch_options other = user;
    other.auth_password = "q";
    RAW_SERVER(CHALLENGE("n1", ", opaque=\"o\""), OK("ok", "2"), OK("ok", "2"), OK("ok", "2"),
               CHALLENGE("n2", ""), OK("ok", "2"), OK("ok", "2"));
    assert_ok(get(&user, &response));
    for (int i = 2; i <= 3; i++) {
        assert_ok(get(&user, &response));
        assert_sent(i == 2 ? "nc=00000002" : "nc=00000003");
        assert_sent("realm=\"r\", nonce=\"n1\"");
        assert_sent("opaque=\"o\"");
    }
    assert_int_equal(raw.requests, 4);
    assert_ok(get(&other, &response)); /* whose nonce is its own */
    assert_sent("nonce=\"n2\"");
    assert_ok(get(&user, &response));
    assert_sent("nc=00000004");
    assert_int_equal(raw.requests, 7);
    raw_stop();
}

/* A server that has started again does not know it, and may not say that it is stale. */
TASK_TEST(a_nonce_that_is_not_known_any_more)
{
    RAW_SERVER(CHALLENGE("n1", ""), OK("ok", "2"), CHALLENGE("n2", ""), OK("ok", "2"),
               CHALLENGE("n3", ", stale=true"), OK("ok", "2"), OK("ok", "2"));
    for (int i = 1; i <= 3; i++) {
        assert_ok(get(&user, &response));
        assert_int_equal(raw.requests, 2 * i);
        assert_sent("nc=00000001");
    }
    assert_ok(get(&user, &response));
    assert_sent("nonce=\"n3\"");
    assert_sent("nc=00000002");
    raw_stop();
}

TASK_TEST(a_nonce_that_was_refused_is_forgotten)
{
    RAW_SERVER(CHALLENGE("n1", ""), OK("ok", "2"), CHALLENGE("n2", ""), CHALLENGE("n3", ""),
               OK("ok", "2"));
    assert_ok(get(&user, &response));
    assert_error(get(&user, &response), GALE_EHTTP);
    assert_int_equal(raw.requests, 4);
    assert_ok(get(&user, &response));
    assert_not_sent("Authorization");
    raw_stop();
}

/* RFC 7616 §3.5 */
TASK_TEST(the_next_nonce)
{
    RAW_SERVER(CHALLENGE("n1", ""),
               "HTTP/1.1 200 OK\r\nAuthentication-Info: qop=auth, nextnonce=\"n2\"\r\n"
               "Content-Length: 0\r\n\r\n",
               OK("ok", "2"), OK("ok", "2"));
    assert_ok(get(&user, &response));
    assert_sent("nonce=\"n1\"");
    for (int i = 1; i <= 2; i++) {
        assert_ok(get(&user, &response));
        assert_sent("nonce=\"n2\"");
        assert_sent(i == 1 ? "nc=00000001" : "nc=00000002");
    }
    raw_stop();
}

static int count_pieces(const char *data, size_t size, void *arg)
{
    (void)data;
    *(size_t *)arg += size;
    return 0;
}

TASK_TEST(callbacks_do_not_hear_of_challenges)
{
    size_t streamed = 0;
    gale_fetch_options options = user;
    options.streaming_callback = count_pieces;
    options.arg = &streamed;
    options.method = "POST";
    options.body = "form";
    RAW_SERVER(CHALLENGE("n1", ""), OK("okay", "4"));
    assert_ok(get(&options, &response));
    assert_int_equal(streamed, 4);
    assert_sent("\r\n\r\nform");
    raw_stop();
}

TASK_TEST(challenges_that_are_not_answered)
{
    static const char *const challenges[] = {
        "HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"b\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm=\"b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 407 Who\r\nProxy-Authenticate: Digest realm=r, nonce=n\r\n\r\n\1",
    };
    for (size_t i = 0; i < sizeof challenges / sizeof *challenges; i++) {
        RAW_SERVER(challenges[i], OK("", "0"));
        assert_error(get(&user, &response), GALE_EHTTP);
        assert_int_equal(raw.requests, 1);
        raw_stop();
    }
    RAW_SERVER(CHALLENGE("n1", ""), OK("", "0"));
    assert_error(get(NULL, &response), GALE_EHTTP);
    assert_int_equal(raw.requests, 1);
    raw_stop();
}

GALE_TEST_MAIN
