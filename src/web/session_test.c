/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions, in a signed cookie and in a store. */
#include <gale/middleware.h>

#include <errno.h>

#include "web/web_test.h"

/* ?set=x, ?clear=1, ?renew=1, ?fail=1; answers with what the session had. */
static int get(gale_handler *self)
{
    json_t *session = gale_session(self);
    const char *set = gale_get_query_argument(self, "set", "");
    const char *old = json_string_value(json_object_get(session, "value"));
    if (!session)
        return GALE_EHTTP;
    GALE_TRY(gale_writef(self, "had %s", old ? old : "nothing"));
    if (*set)
        json_object_set_new(session, "value", json_string(set));
    if (*gale_get_query_argument(self, "clear", ""))
        json_object_clear(session);
    if (*gale_get_query_argument(self, "renew", ""))
        GALE_TRY(gale_session_renew(self));
    if (*gale_get_query_argument(self, "fail", ""))
        return gale_http_error(self, atoi(gale_get_query_argument(self, "fail", "")), NULL);
    return 0;
}

static int ignore(gale_handler *self)
{
    return gale_write(self, "ignored");
}

static int big(gale_handler *self)
{
    char text[5000];
    memset(text, 'x', sizeof text);
    json_object_set_new(gale_session(self), "value", json_stringn(text, sizeof text));
    return 0;
}

static const gale_handler_class main_handler = { .get = get };
static const gale_handler_class ignore_handler = { .get = ignore };
static const gale_handler_class big_handler = { .get = big };

static char cookie[5000]; /* what the browser would send */

static void keep_cookie(const char *answer)
{
    const char *line = strstr(answer, "\r\nSet-Cookie: ");
    if (!line)
        return;
    line += strlen("\r\nSet-Cookie: ");
    snprintf(cookie, sizeof cookie, "%.*s", (int)strcspn(line, ";"), line);
    if (strstr(line, "session=;") == line || strstr(line, "session=\"\"") == line)
        cookie[0] = '\0';
}

/* Returns whether a cookie was set. */
static bool assert_session(int port, const char *target, const char *body)
{
    char request[6000], end[100];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nCookie: %s\r\n" CLOSE "\r\n", target,
             cookie);
    char *answer = ask(port, request);
    snprintf(end, sizeof end, "\r\n\r\n%s", body);
    if (!strstr(answer, end))
        fail_msg("wanted %s, got %s", body, answer);
    bool set = strstr(answer, "Set-Cookie") != NULL;
    assert_true(!set || strstr(answer, "session"));
    keep_cookie(answer);
    free(answer);
    return set;
}

static int serve_sessions(const gale_session_options *options)
{
    int port;
    cookie[0] = '\0';
    serve((gale_route[]){ ROUTE("/", main_handler),
                          ROUTE("/ignore", ignore_handler),
                          ROUTE("/big", big_handler),
                          { 0 } },
          &(gale_application_settings){
              .cookie_secret = "a long random text",
              .filters = (gale_filter[]){ { &gale_session_filter, options }, { 0 } } },
          &port);
    return port;
}

/* What is the same in both kinds. */
static void assert_life(int port)
{
    assert_false(assert_session(port, "/", "had nothing"));
    assert_true(assert_session(port, "/?set=a", "had nothing"));
    assert_false(assert_session(port, "/", "had a"));
    assert_false(assert_session(port, "/?set=a", "had a"));
    assert_false(assert_session(port, "/ignore", "ignored"));
    assert_true(assert_session(port, "/?renew=1", "had a"));
    assert_session(port, "/?set=b", "had a");
    test_expect_log(GALE_LOG_ERROR, "500 GET /?set=c&fail=500");
    assert_false(assert_session(port, "/?set=c&fail=500", "<html>"));
    assert_session(port, "/", "had b");
    test_expect_log(GALE_LOG_WARNING, "404 GET /?set=d&fail=404");
    assert_session(port, "/?set=d&fail=404", "<html>");
    assert_session(port, "/", "had d");
    assert_true(assert_session(port, "/?clear=1", "had d"));
    assert_string_equal(cookie, "");
    assert_session(port, "/", "had nothing");
}

TEST(a_session_in_the_cookie)
{
    int port = serve_sessions(NULL);
    assert_life(port);
    assert_session(port, "/?set=a", "had nothing");
    cookie[strlen(cookie) - 1] ^= 1;
    assert_session(port, "/", "had nothing");
    strcpy(cookie, "session=x");
    assert_session(port, "/", "had nothing");
    test_expect_log(GALE_LOG_ERROR, "too large for a cookie");
    test_expect_log(GALE_LOG_ERROR, "500 GET /big");
    assert_session(port, "/big", "<html>");
    stop();
}

TEST(a_session_in_memory)
{
    static const gale_session_options options = { .store = &gale_memory_session_store };
    int port = serve_sessions(&options);
    assert_life(port);
    assert_session(port, "/big", "");
    assert_session(port, "/?set=a", "had xxx");
    char old[100];
    strcpy(old, cookie);
    assert_session(port, "/?renew=1", "had a");
    assert_string_not_equal(old, cookie);
    assert_session(port, "/", "had a");
    strcpy(cookie, old); /* the id from before the login */
    assert_session(port, "/", "had nothing");
    strcpy(cookie, "session=0123456789abcdef0123456789abcdef"); /* a planted one */
    assert_session(port, "/?set=a", "had nothing");
    assert_null(strstr(cookie, "0123456789abcdef0123"));
    stop();
}

TEST(attributes_of_the_cookie)
{
    static const gale_session_options options = { .cookie_name = "session-id",
                                                  .lifetime = 86400,
                                                  .store = &gale_memory_session_store,
                                                  .cookie = { .secure = true } };
    int port = serve_sessions(&options);
    char *answer = ask(port, GET("/?set=a"));
    const char *line = strstr(answer, "\r\nSet-Cookie: session-id=");
    assert_non_null(line);
    assert_non_null(strstr(line, "HttpOnly"));
    assert_non_null(strstr(line, "Secure"));
    assert_non_null(strstr(line, "SameSite=Lax"));
    assert_non_null(strstr(line, "expires="));
    free(answer);
    stop();
}

static int rest(void *arg)
{
    return gale_sleep(*(const double *)arg);
}

TEST(sessions_end)
{
    static const gale_session_options options = { .lifetime = 1.0,
                                                  .store = &gale_memory_session_store };
    int port = serve_sessions(&options);
    assert_session(port, "/?set=a", "had nothing");
    double seconds = 1.1;
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), rest, &seconds, 10));
    assert_session(port, "/", "had nothing");
    stop();
}

TEST(the_oldest_sessions_make_room)
{
    static const gale_memory_session_store_options two = { .max_sessions = 2 };
    static const gale_session_options options = { .store = &gale_memory_session_store,
                                                  .store_options = &two };
    int port = serve_sessions(&options);
    char first[100];
    assert_session(port, "/?set=a", "had nothing");
    strcpy(first, cookie);
    for (int i = 0; i < 2; i++) {
        cookie[0] = '\0';
        assert_session(port, "/?set=b", "had nothing");
    }
    assert_session(port, "/", "had b");
    strcpy(cookie, first);
    assert_session(port, "/", "had nothing");
    stop();
}

TEST(without_the_filter_there_is_no_session)
{
    int port = serve_routes((gale_route[]){ ROUTE("/", main_handler), { 0 } });
    test_expect_log(GALE_LOG_WARNING, "gale_session_filter is not in the list");
    test_expect_log(GALE_LOG_ERROR, "500 GET /");
    assert_status(port, "/", "500 Internal Server Error");
    stop();
}

/* ---- A store that fails ---------------------------------------------------------------- */

static int fail_to_load(void *store, const char *id, gale_bytes **ret_text)
{
    (void)store;
    (void)id;
    (void)ret_text;
    gale_sleep(0.001);
    return -EIO;
}

static const gale_session_store_class broken = { .load = fail_to_load };

TEST(a_store_that_fails)
{
    static const gale_session_options options = { .store = &broken };
    int port = serve_sessions(&options);
    strcpy(cookie, "session=0123456789abcdef0123456789abcdef");
    test_expect_log(GALE_LOG_WARNING, "no session: ");
    test_expect_log(GALE_LOG_ERROR, "500 GET /");
    assert_session(port, "/", "<html>");
    stop();
}

GALE_TEST_MAIN
