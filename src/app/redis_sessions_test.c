/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions in a real Redis. */
#include <gale/middleware.h>

#include "core/error.h"

#if GALE_REDIS

#include "data/redis_test.h"
#include "web/web_test.h"

/* ?set=x, ?clear=1; answers with what the session had. */
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
    return 0;
}

static const gale_handler_class main_handler = { .get = get };
static gale_redis_session_store_options store_options;
static const gale_session_options options = { .store = &gale_redis_session_store,
                                              .store_options = &store_options };

/* Returns the port. */
static int serve_sessions(const char *url)
{
    int port;
    store_options.url = url;
    serve((gale_route[]){ ROUTE("/", main_handler), { 0 } },
          &(gale_application_settings){
              .filters = (gale_filter[]){ { &gale_session_filter, &options }, { 0 } } },
          &port);
    return port;
}

static char cookie[100];

static void expect(int port, const char *target, const char *body)
{
    char request[300], end[100];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nCookie: %s\r\n" CLOSE "\r\n", target,
             cookie);
    char *answer = ask(port, request);
    snprintf(end, sizeof end, "\r\n\r\n%s", body);
    if (!strstr(answer, end))
        fail_msg("wanted %s, got %s", body, answer);
    const char *line = strstr(answer, "\r\nSet-Cookie: ");
    if (line)
        snprintf(cookie, sizeof cookie, "%.*s", (int)strcspn(line + 14, ";"), line + 14);
    free(answer);
}

TEST(a_session_lives_in_redis)
{
    start_redis("");
    cookie[0] = '\0';
    int port = serve_sessions(redis_url("", 2));
    expect(port, "/", "had nothing");
    expect(port, "/?set=a", "had nothing");
    expect(port, "/", "had a");
    expect(port, "/?set=b", "had a");
    stop();
    port = serve_sessions(redis_url("", 2)); /* another process */
    expect(port, "/", "had b");
    expect(port, "/?clear=1", "had b");
    expect(port, "/", "had nothing");
    snprintf(cookie, sizeof cookie, "session=0123456789abcdef0123456789abcdef"); /* planted */
    expect(port, "/?set=c", "had nothing");
    assert_null(strstr(cookie, "0123456789abcdef"));
    stop();
    stop_redis();
}

TEST(redis_starts_again)
{
    start_redis("");
    cookie[0] = '\0';
    int port = serve_sessions(redis_url("", 0));
    expect(port, "/?set=a", "had nothing");
    test_expect_log(GALE_LOG_WARNING, "(sessions): connection lost");
    stop_redis();
    start_redis("");
    expect(port, "/?set=b", "had nothing"); /* it keeps nothing over a restart */
    expect(port, "/", "had b");
    stop();
    stop_redis();
}

TEST(without_redis_it_is_a_500)
{
    start_redis("");
    stop_redis();
    cookie[0] = '\0';
    store_options.timeout = 0.2;
    int port = serve_sessions(redis_url("", 0));
    test_expect_log(GALE_LOG_WARNING, "(sessions): cannot connect");
    expect(port, "/", "had nothing"); /* no cookie: nothing to ask for */
    snprintf(cookie, sizeof cookie, "session=0123456789abcdef0123456789abcdef");
    test_expect_log(GALE_LOG_WARNING, "0: no answer within 0.2 s: cannot connect to 127.0.0.1");
    test_expect_log(GALE_LOG_ERROR, "500 GET /");
    expect(port, "/", "<html>");
    store_options.timeout = 0;
    stop();
}

TEST(a_password_that_is_wrong_is_a_500)
{
    start_redis("secret");
    snprintf(cookie, sizeof cookie, "session=0123456789abcdef0123456789abcdef");
    store_options.timeout = 0.2;
    int port = serve_sessions(redis_url(":wrong@", 0));
    test_expect_log(GALE_LOG_WARNING, "(sessions): cannot connect: AUTH: WRONGPASS");
    test_expect_log(GALE_LOG_WARNING, "0: no answer within 0.2 s: AUTH: WRONGPASS");
    test_expect_log(GALE_LOG_ERROR, "500 GET /");
    expect(port, "/", "<html>");
    store_options.timeout = 0;
    stop();
    stop_redis();
}

TEST(no_application_with_a_bad_url)
{
    store_options.url = "localhost";
    test_expect_log(GALE_LOG_ERROR, "it begins with redis://");
    assert_null(gale_application_new(
        (gale_route[]){ ROUTE("/", main_handler), { 0 } },
        &(gale_application_settings){
            .filters = (gale_filter[]){ { &gale_session_filter, &options }, { 0 } } }));
    stop();
}

/* ---- The store alone ------------------------------------------------------------------- */

static int keep_and_forget(void *arg)
{
    void *store = NULL;
    gale_bytes *text = NULL;
    GALE_TRY(gale_redis_session_store.open(arg, &store));
    int result = gale_redis_session_store.save(store, "id", GALE_STR("text\r\n\0x"), 100);
    if (result == 0)
        result = gale_redis_session_store.load(store, "id", &text);
    if (result == 0)
        assert_bytes(gale_bytes_str(text), GALE_STR("text\r\n\0x"));
    gale_bytes_unref(text);
    text = NULL;
    if (result == 0)
        result = gale_redis_session_store.remove(store, "id");
    if (result == 0)
        result = gale_redis_session_store.load(store, "id", &text);
    assert_null(text);
    gale_redis_session_store.close(store);
    return result;
}

TEST(it_ends_with_its_lifetime)
{
    char command[200];
    start_redis("");
    int port = serve_sessions(redis_url("", 0));
    cookie[0] = '\0';
    expect(port, "/?set=a", "had nothing");
    stop();
    snprintf(command, sizeof command,
             "test $(redis-cli -p %d TTL gale:session:%s) -gt 1209500 2>/dev/null", redis_port,
             strchr(cookie, '=') + 1);
    assert_int_equal(system(command), 0);
    stop_redis();
}

/* A request is cancelled while it waits for Redis: the replies of the others stay theirs. */
static void *shared;

static int load_one(void *arg)
{
    gale_bytes *text = NULL;
    int result = gale_redis_session_store.load(shared, arg, &text);
    if (result == 0)
        assert_str(gale_bytes_str(text), arg);
    gale_bytes_unref(text);
    return result;
}

static int leave_one(void *arg)
{
    static char *const ids[] = { "a", "b", "c" };
    assert_ok(gale_redis_session_store.open(arg, &shared));
    for (int i = 0; i < 3; i++)
        assert_ok(gale_redis_session_store.save(shared, ids[i], (gale_str){ ids[i], 1 }, 100));
    kill(redis_pid, SIGSTOP);
    gale_scope *staying = gale_scope_open(NULL), *leaving = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(staying, NULL, load_one, ids[0]));
    assert_ok(gale_scope_spawn(leaving, NULL, load_one, ids[1]));
    assert_ok(gale_scope_spawn(staying, NULL, load_one, ids[2]));
    assert_ok(gale_sleep(0.02));
    gale_scope_cancel(leaving);
    assert_ok(gale_scope_close(leaving, 0));
    kill(redis_pid, SIGCONT);
    assert_ok(gale_scope_close(staying, 0));
    gale_redis_session_store.close(shared);
    return 0;
}

TEST(who_leaves_does_not_disturb_the_others)
{
    start_redis("");
    store_options = (gale_redis_session_store_options){ .url = redis_url("", 0) };
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_ok(gale_ioloop_run_sync(loop, leave_one, &store_options, 20));
    gale_ioloop_free(loop);
    stop_redis();
}

TEST(out_of_memory)
{
    start_redis("");
    store_options = (gale_redis_session_store_options){ .url = redis_url("", 0) };
    gale_log_set_level(GALE_LOG_OFF);
    bool failed = true;
    for (size_t n = 1; failed && n < 1000; n++) {
        gale_ioloop *loop = gale_ioloop_new(NULL);
        test_fail_allocation(n);
        int result = gale_ioloop_run_sync(loop, keep_and_forget, &store_options, 20);
        assert_true(result == 0 || result == -ENOMEM);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        gale_ioloop_free(loop);
    }
    gale_log_set_level(GALE_LOG_WARNING);
    stop_redis();
}

int main(int argc, char **argv)
{
    return redis_is_installed() ? test_main(argc, argv) : 77;
}

#else

#include "test.h"

TEST(without_hiredis_it_is_said)
{
    void *store;
    assert_error(gale_redis_session_store.open(NULL, &store), GALE_ENOTSUP);
    assert_non_null(strstr(gale_error_detail(), "without Redis"));
}

GALE_TEST_MAIN

#endif
