/* SPDX-License-Identifier: Apache-2.0 */
#include <gale/testing.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <gale/gen.h>
#include <gale/locks.h>
#include <gale/netutil.h>

#include "app/child_test.h"
#include "core/error.h"
#include "test.h"

/* ---- Timeouts ---- */

static int sleep_for(void *arg)
{
    return gale_sleep(*(const double *)arg);
}

static int return_argument(void *arg)
{
    return *(const int *)arg;
}

static double seconds_of(double seconds)
{
    return seconds;
}

#define SLEEP(test, seconds, timeout)                                                              \
    gale_test_run((test), sleep_for, &(double){ seconds_of(seconds) }, (timeout))

TEST(a_test_has_a_timeout)
{
    gale_test *test = gale_test_new(NULL);
    assert_ok(SLEEP(test, 0.01, 0));
    assert_error(SLEEP(test, 5, 0.01), GALE_ETIMEDOUT);
    assert_string_equal(gale_error_detail(), "Operation timed out after 0.01 seconds");
    setenv("ASYNC_TEST_TIMEOUT", "0.01", 1);
    assert_error(SLEEP(test, 5, 0), GALE_ETIMEDOUT);
    assert_ok(SLEEP(test, 0.05, 1)); /* what the test says itself goes before */
    assert_ok(SLEEP(test, 0.05, GALE_NONE));
    unsetenv("ASYNC_TEST_TIMEOUT");
    assert_ok(SLEEP(test, 0, 0.1)); /* the former deadline does not count any more */
    assert_ok(SLEEP(test, 0.2, 0.4));
    gale_test_free(test);
}

TEST(the_timeout_of_the_environment)
{
    static const struct {
        const char *text;
        double seconds;
    } cases[] = { { "0.5", 0.5 }, { "10", 10 }, { "x", 5 }, { "", 5 }, { "-1", 5 } };
    unsetenv("ASYNC_TEST_TIMEOUT");
    assert_true(gale_get_async_test_timeout() == 5);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("ASYNC_TEST_TIMEOUT", cases[i].text, 1);
        assert_true(gale_get_async_test_timeout() == cases[i].seconds);
    }
    unsetenv("ASYNC_TEST_TIMEOUT");
}

static int fail_with_detail(void *arg)
{
    (void)arg;
    return gale__fail(GALE_EINPUT, "the third byte");
}

TEST(what_a_test_returns)
{
    gale_test *test = gale_test_new(NULL);
    assert_int_equal(gale_test_run(test, return_argument, &(int){ 42 }, 0), 42);
    assert_error(gale_test_run(test, fail_with_detail, NULL, 0), GALE_EINPUT);
    assert_string_equal(gale_error_detail(), "the third byte");
    assert_null(gale_test_new(NULL)); /* one at a time */
    assert_string_equal(gale_error_detail(), "this thread has a loop already");
    gale_test_free(test);
    gale_test_free(NULL);
}

TEST(days_take_no_time_with_a_virtual_clock)
{
    gale_test *test = gale_test_new(&(gale_test_options){ .virtual_clock = true });
    assert_ok(SLEEP(test, 86399, 0));
    assert_error(SLEEP(test, 86401, 0), GALE_ETIMEDOUT);
    assert_ok(gale_test_advance(test, 86400));
    gale_test_free(test);
}

/* ---- What is left behind ---- */

static bool cancelled;

static int wait_for_ever(void *arg)
{
    int result = gale_event_wait(arg);
    cancelled = result == GALE_ECANCELED;
    return result;
}

TEST(leaked_tasks_are_cancelled)
{
    cancelled = false;
    gale_test *test = gale_test_new(NULL);
    gale_event *event = gale_event_new();
    assert_ok(gale_ioloop_spawn_callback(gale_ioloop_current(), NULL, wait_for_ever, event));
    assert_ok(SLEEP(test, 0, 0));
    assert_false(cancelled);
    gale_test_free(test);
    assert_true(cancelled);
    gale_event_free(event);
}

/* ---- Ports ---- */

TEST(unused_ports)
{
    int first, second, third;
    int a = gale_bind_unused_port(NULL, false, &first);
    int b = gale_bind_unused_port(NULL, true, &second);
    int c = gale_bind_unused_port("::1", false, &third);
    assert_true(a >= 0 && b >= 0 && first > 0 && second > 0 && first != second);
    assert_int_equal(gale_socket_port(a), first);
    assert_true(c < 0 || third > 0);
    gale_close_sockets(&a, 1);
    gale_close_sockets(&b, 1);
    if (c >= 0)
        gale_close_sockets(&c, 1);
    assert_true(gale_bind_unused_port("300.1.1.1", false, &first) < 0);
}

TEST(serving_needs_an_application_and_happens_once)
{
    gale_test *test = gale_test_new(NULL);
    assert_int_equal(gale_test_port(test), 0);
    assert_string_equal(gale_test_protocol(test), "http");
    assert_error(gale_test_serve(test, NULL), GALE_EINVALID);
    gale_application *app = gale_application_new((gale_route[]){ { 0 } }, NULL);
    int port = gale_test_serve(test, app);
    assert_true(port > 0);
    assert_int_equal(gale_test_port(test), port);
    assert_error(gale_test_serve(test, app), GALE_EINVALID);
    char expected[64];
    snprintf(expected, sizeof expected, "http://127.0.0.1:%d/a?b", port);
    assert_string_equal(gale_test_url(test, "/a?b"), expected);
    gale_test_free(test);
}

TEST(each_allocation_of_the_beginning_may_fail)
{
    size_t n = 0;
    int port;
    gale_log_set_level(GALE_LOG_OFF); /* each failure is told, in many ways */
    do {
        test_fail_allocation(++n);
        gale_test *test = gale_test_new(&(gale_test_options){ .virtual_clock = n % 2 });
        port = test ? gale_test_serve(test, gale_application_new((gale_route[]){ { 0 } }, NULL))
                    : -ENOMEM;
        const char *url = port > 0 ? gale_test_url(test, "/") : NULL;
        if (!test_allocation_failed())
            assert_non_null(url);
        gale_test_free(test);
    } while (test_allocation_failed());
    assert_true(port > 0 && n > 5);
}

/* ---- Fetching ---- */

static int greet(gale_handler *self)
{
    const char *seconds = gale_get_argument(self, "seconds", "0");
    GALE_TRY(gale_sleep(seconds ? strtod(seconds, NULL) : 0));
    return gale_write(self, "Hello");
}

static const gale_handler_class greeting_handler = { .name = "greeting", .get = greet };

static const gale_route greeting_routes[] = { { .pattern = "/path", .handler = &greeting_handler },
                                              { 0 } };

static gale_test *greeting_test(const gale_test_options *options)
{
    gale_test *test = gale_test_new(options);
    assert_non_null(test);
    assert_true(gale_test_serve(test, gale_application_new(greeting_routes, NULL)) > 0);
    return test;
}

TEST(a_path_or_a_whole_url_is_fetched)
{
    int port;
    gale_http_response *first, *second, *missing;
    gale_test *test = greeting_test(NULL);
    gale_application *other = gale_application_new((gale_route[]){ { 0 } }, NULL);
    int socket = gale_bind_unused_port(NULL, false, &port);
    assert_ok(gale_application_listen_sockets(other, &socket, 1));
    assert_ok(gale_test_fetch(test, "/path", NULL, &first));
    assert_string_equal(gale_http_response_effective_url(first), gale_test_url(test, "/path"));
    char url[64];
    snprintf(url, sizeof url, "http://localhost:%d/path", port);
    test_expect_log(GALE_LOG_WARNING, "404 GET /path (127.0.0.1)");
    assert_ok(gale_test_fetch(test, url, NULL, &second));
    assert_string_equal(gale_http_response_effective_url(second), url);
    assert_int_equal(gale_http_response_code(second), 404);
    assert_string_equal(gale_http_response_body(first), "Hello"); /* it is still there */
    assert_error(gale_test_fetch(test, "ftp://h/", NULL, &missing), GALE_EINVALID);
    assert_null(missing);
    gale_test_free(test);
}

static int fetch_twice(void *arg)
{
    gale_http_response *response;
    for (int i = 0; i < 2; i++) {
        GALE_TRY(gale_test_fetch(arg, "/path", NULL, &response));
        GALE_CHECK_STR(gale_http_response_body(response), "Hello");
    }
    return gale_test_run(arg, return_argument, &(int){ 7 }, 0);
}

TEST(inside_tasks_a_fetch_just_waits)
{
    gale_test *test = greeting_test(NULL);
    assert_int_equal(gale_test_run(test, fetch_twice, test, 0), 7);
    gale_test_free(test);
}

TEST(timeouts_of_client_and_server_take_no_time_with_a_virtual_clock)
{
    gale_http_response *response;
    const gale_fetch_options patient = { .request_timeout = 10000 };
    gale_test *test = greeting_test(&(gale_test_options){ .virtual_clock = true });
    assert_ok(gale_test_fetch(test, "/path?seconds=3600", &patient, &response));
    assert_string_equal(gale_http_response_body(response), "Hello");
    assert_error(gale_test_fetch(test, "/path?seconds=3600", NULL, &response), GALE_ETIMEDOUT);
    gale_test_free(test);
}

TEST(an_application_over_https)
{
    gale_http_response *response;
    gale_test *test = greeting_test(&(gale_test_options){ .https = true });
    assert_string_equal(gale_test_protocol(test), "https");
    const char *url = gale_test_url(test, "/path");
    assert_memory_equal(url, "https://127.0.0.1:", 18);
    assert_ok(gale_test_fetch(test, "/path", NULL, &response));
    assert_string_equal(gale_http_response_body(response), "Hello");
    test_expect_log(GALE_LOG_WARNING, "unknown ca"); /* what the client says of it */
    assert_error(gale_test_fetch(test, url, NULL, &response), GALE_ECERTIFICATE);
    gale_test_free(test);

    const gale_ssl_options none = { .certfile = "/nonexistent" };
    test = gale_test_new(&(gale_test_options){ .https = true, .ssl_options = &none });
    assert_error(gale_test_serve(test, gale_application_new(greeting_routes, NULL)), -ENOENT);
    gale_test_free(test);
}

/* ---- Log lines ---- */

TEST(expected_lines_are_kept_from_the_log)
{
    gale_expect_log *expected = gale_expect_log_begin(GALE_LOG_GENERAL, "no (story|page) ", NULL);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "no story 3\nat all");
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "no page 4");
    test_expect_log(GALE_LOG_WARNING, "there is no story 5"); /* does not begin with it */
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "there is no story 5");
    test_expect_log(GALE_LOG_WARNING, "no story 6"); /* of another logger */
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_WARNING, "no story 6");
    assert_int_equal(gale_expect_log_matched(expected), 2);
    assert_ok(gale_expect_log_end(expected));
    assert_false(test_logged("no story 3") || test_logged("no page 4"));
    test_expect_log(GALE_LOG_WARNING, "no story 7");
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "no story 7");
}

TEST(expected_lines_that_do_not_come)
{
    gale_expect_log *expected = gale_expect_log_begin(GALE_LOG_GENERAL, "x", NULL);
    assert_error(gale_expect_log_end(expected), GALE_ENOTFOUND);
    assert_string_equal(gale_error_detail(), "did not get expected log message: x");
    const gale_expect_log_options not_required = { .not_required = true };
    assert_ok(gale_expect_log_end(gale_expect_log_begin(GALE_LOG_GENERAL, "x", &not_required)));
    assert_null(gale_expect_log_begin(GALE_LOG_GENERAL, "(", NULL));
    assert_error(gale_expect_log_end(NULL), -ENOMEM);
    size_t n = 0;
    do {
        test_fail_allocation(++n);
        expected = gale_expect_log_begin(GALE_LOG_GENERAL, "x", &not_required);
        gale_expect_log_end(expected);
    } while (test_allocation_failed());
    assert_true(n > 2 && expected);
}

TEST(expected_lines_of_a_level)
{
    const gale_expect_log_options info = { .level = GALE_LOG_INFO, .any_logger = true };
    gale_expect_log *expected = gale_expect_log_begin(GALE_LOG_GENERAL, "a", &info);
    assert_true(gale_log_enabled(GALE_LOG_ACCESS, GALE_LOG_INFO));
    gale_log(GALE_LOG_ACCESS, GALE_LOG_INFO, "a");
    assert_ok(gale_expect_log_end(expected));
    assert_false(test_logged("a"));
    assert_false(gale_log_enabled(GALE_LOG_ACCESS, GALE_LOG_INFO));

    expected = gale_expect_log_begin(GALE_LOG_GENERAL, "b", &info);
    test_expect_log(GALE_LOG_ERROR, "b");
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "b");
    assert_error(gale_expect_log_end(expected), GALE_ENOTFOUND);
    assert_string_equal(gale_error_detail(),
                        "did not get expected log message: b (it came at another level)");
}

/* ---- The runner ---- */

static int runs;
static char events[128];

static void add_event(const char *event)
{
    strncat(events, event, sizeof events - strlen(events) - 1);
}

static int set_up(gale_test *test)
{
    add_event("setUp ");
    return gale_test_serve(test, gale_application_new((gale_route[]){ { 0 } }, NULL));
}

static void tear_down(gale_test *test)
{
    (void)test;
    add_event("tearDown ");
}

static int passes(gale_test *test)
{
    runs++;
    add_event("test ");
    GALE_CHECK(gale_test_port(test) > 0);
    GALE_CHECK_INT(1 + 1, 2);
    GALE_CHECK_STR("a", "a");
    return 42;
}

static int fails(gale_test *test)
{
    (void)test;
    GALE_CHECK_INT(1 + 1, 3);
    return 0;
}

static int fails_with_text(gale_test *test)
{
    GALE_CHECK_STR(test ? NULL : "", "a");
    return 0;
}

static int fails_with_condition(gale_test *test)
{
    GALE_CHECK(test == NULL);
    return 0;
}

static int hangs(gale_test *test)
{
    (void)test;
    return gale_sleep(10);
}

static int skips(gale_test *test)
{
    GALE_CHECK(gale_test_port(test) == 0);
    return gale_skip_test("no %s here", "database");
}

static int waits_and_fails(gale_test *test)
{
    (void)test;
    GALE_TRY(gale_sleep(0.001));
    add_event("waited ");
    return gale_moment() < 0 ? 0 : -EPIPE;
}

static int waits_and_passes(gale_test *test)
{
    (void)test;
    GALE_TRY(gale_sleep(0.001));
    add_event("waited ");
    return 0;
}

static const gale_test_suite suites[] = {
    { .name = "good",
      .cases = (const gale_test_case[]){ { "passes", passes, 0 }, { 0 } },
      .set_up = set_up,
      .tear_down = tear_down },
    { .name = "bad",
      .cases = (const gale_test_case[]){ { "fails", fails, 0 },
                                         { "text", fails_with_text, 0 },
                                         { "condition", fails_with_condition, 0 },
                                         { "hangs", hangs, 0.01 },
                                         { 0 } } },
    { 0 }
};

static int run_all(void *words)
{
    char *arguments[] = { "tests", ((char **)words)[0], ((char **)words)[1], NULL };
    *events = '\0';
    int status =
        gale_testing_main(1 + (arguments[1] != NULL) + (arguments[2] != NULL), arguments, suites);
    fprintf(stderr, "events: %s\n", events);
    return status;
}

/* With these arguments, NULL: none. */
static int run_suites(char *first, char *second, char said[CHILD_SAID_MAX])
{
    return run_child(run_all, (char *[]){ first, second }, said);
}

TEST(the_runner_tells_what_has_failed)
{
    char said[CHILD_SAID_MAX];
    assert_int_equal(run_suites(NULL, NULL, said), 1);
    static const char *const parts[] = {
        ".\nFAIL: bad.fails: testing_test.c:",
        ": 1 + 1 is 2, not 3\n",
        "FAIL: bad.text: testing_test.c:",
        "is \"(NULL)\", not \"a\"\n",
        ": test == NULL\n",
        "FAIL: bad.hangs: Operation timed out after 0.01 seconds\n",
        "\nRan 5 tests in ",
        "\nFAILED (failures=4)\n",
        "events: setUp test tearDown \n"
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(said, parts[i]))
            fail_msg("%s is missing in %s", parts[i], said);
}

static const gale_test_suite waiting_suites[] = {
    { .name = "waiting",
      .cases = (const gale_test_case[]){ { "passes", waits_and_passes, 0 },
                                         { "fails", waits_and_fails, 0 },
                                         { 0 } } },
    { .name = "skipped", .cases = (const gale_test_case[]){ { "skips", skips, 0 }, { 0 } } },
    { 0 }
};

static int run_waiting(void *word)
{
    char *arguments[] = { "tests", "--verbose", word, NULL };
    *events = '\0';
    int status = gale_testing_main(3, arguments, waiting_suites);
    fprintf(stderr, "events: %s\n", events);
    return status;
}

/* No test passes because nobody has waited for it. Tornado: AsyncTestCaseReturnAssertionsTest */
TEST(tests_that_wait_are_run_to_their_end)
{
    char said[CHILD_SAID_MAX];
    assert_int_equal(run_child(run_waiting, "waiting", said), 1);
    assert_non_null(strstr(said, "waiting.passes ... ok\n"));
    assert_non_null(strstr(said, "waiting.fails ... FAIL\nwaiting.fails: Broken pipe\n"));
    assert_non_null(strstr(said, "\nFAILED (failures=1)\nevents: waited waited \n"));
}

/* Tornado: AsyncTestCaseReturnAssertionsTest.test_undecorated_generator_with_skip */
TEST(a_skipped_test_is_no_failure)
{
    char said[CHILD_SAID_MAX];
    assert_int_equal(run_child(run_waiting, "skipped", said), 0);
    assert_non_null(strstr(said, "skipped.skips ... skipped 'no database here'\n"));
    assert_non_null(strstr(said, "\nOK (skipped=1)\n"));
    assert_int_equal(run_child(run_waiting, "s", said), 1);
    assert_non_null(strstr(said, "\nFAILED (failures=1, skipped=1)\n"));
}

TEST(the_runner_runs_what_it_is_asked_for)
{
    char said[CHILD_SAID_MAX];
    assert_int_equal(run_suites((char[]){ "good" }, NULL, said), 0);
    assert_memory_equal(said, ".\nRan 1 test in 0.", 17);
    assert_non_null(strstr(said, "\nOK\n"));
    assert_int_equal(run_suites((char[]){ "--verbose" }, (char[]){ "d.pass" }, said), 0);
    assert_memory_equal(said, "good.passes ... ok\n", 19);
    assert_int_equal(run_suites((char[]){ "--quiet" }, (char[]){ "good" }, said), 0);
    assert_string_equal(said, "events: setUp test tearDown \n");
    assert_int_equal(run_suites((char[]){ "--failfast" }, (char[]){ "bad" }, said), 1);
    assert_non_null(strstr(said, "Ran 1 test in "));
    assert_int_equal(run_suites((char[]){ "nothing" }, NULL, said), 1);
    assert_non_null(strstr(said, "NO TESTS RAN"));
}

GALE_TEST_MAIN
