/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/testing.h: tests of programs that use gale. Tornado's counterpart: tornado.testing.
 *
 *     static int the_front_page_greets(gale_test *test)
 *     {
 *         gale_http_response *response;
 *         GALE_TRY(gale_test_fetch(test, "/?name=you", NULL, &response));
 *         GALE_CHECK_STR(gale_http_response_body(response), "Hello, you");
 *         return 0;
 *     }
 *
 * A gale_test is a loop of its own with an application that listens on an unused port. It works
 * under any test library (docs/testing.md has cmocka), and without one: gale_testing_main runs
 * functions as the one above. Nothing here is meant for programs in production.
 */
#ifndef GALE_TESTING_H
#define GALE_TESTING_H

#include <string.h>

#include <gale/core.h>
#include <gale/httpclient.h>
#include <gale/ioloop.h>
#include <gale/log.h>
#include <gale/ssl.h>
#include <gale/web.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- A loop and an application --------------------------------------------------------- */

/** A test in progress. Tornado: testing.AsyncTestCase, testing.AsyncHTTPTestCase. */
typedef struct gale_test gale_test;

/** Options of a test. Zero is the default of each. */
typedef struct gale_test_options {
    /** Seconds that each gale_test_run may take; 0: gale_get_async_test_timeout(), or with a
     * virtual clock a day; GALE_NONE: no limit. */
    double timeout;
    /**
     * Time stands still while there is something to do, and jumps to the next timeout when there is
     * nothing else: a test of a timeout of an hour takes no time, and one of a second does not fail
     * on a busy machine. What other processes do is not seen: they get 2 ms of real time before
     * each jump.
     */
    bool virtual_clock;
    /** Serve with TLS; gale_test_fetch of a path then does not verify the certificate.
     * Tornado: testing.AsyncHTTPSTestCase. */
    bool https;
    /** For https: the server's options; NULL: a certificate is made (gale_ssl_self_signed).
     * Borrowed. Tornado: AsyncHTTPSTestCase.get_ssl_options. */
    const gale_ssl_options *ssl_options;
    /** Of the loop. Tornado: AsyncTestCase.get_new_ioloop. */
    gale_ioloop_options loop;
    void *reserved_[6];
} gale_test_options;

/** Begins a test: makes a loop, which becomes the thread's current one. NULL, with a detail, when
 * the thread has one already or there is no memory. Tornado: AsyncTestCase.setUp. */
GALE_API gale_test *gale_test_new(const gale_test_options *options);
/** Ends it: frees the loop with all that it owns: the application, servers, clients, tasks (which
 * are cancelled). NULL is allowed. Tornado: AsyncTestCase.tearDown. */
GALE_API void gale_test_free(gale_test *test);
/**
 * Runs `function(arg)` in a task, and the loop until it has ended. Returns its result; after
 * `timeout` seconds (0: as the options say; GALE_NONE: no limit) GALE_ETIMEDOUT, "Operation timed
 * out after 5 seconds". gale_error_detail is the one of the function. Inside a task it is just
 * called. Tornado: testing.gen_test, IOLoop.run_sync.
 */
GALE_API int gale_test_run(gale_test *test, gale_task_function function, void *arg, double timeout);
/** Runs the loop for so many seconds of its time; with a virtual clock that takes none. Returns 0
 * or a negative code. Also inside a task. Tornado: IOLoop.call_later and AsyncTestCase.wait. */
GALE_API int gale_test_advance(gale_test *test, double seconds);
/** Serves an application, made on the current loop, on an unused port of 127.0.0.1. NULL is what
 * gale_application_new gives on failure, and is one here. Returns the port, or a negative code.
 * Once a test. Tornado: AsyncHTTPTestCase.get_app, get_http_server. */
GALE_API int gale_test_serve(gale_test *test, gale_application *application);
/** The port; 0 before gale_test_serve. Tornado: AsyncHTTPTestCase.get_http_port. */
GALE_API int gale_test_port(const gale_test *test);
/** "http" or "https". Tornado: AsyncHTTPTestCase.get_protocol. */
GALE_API const char *gale_test_protocol(const gale_test *test);
/** "http://127.0.0.1:PORT" and the path. Valid until the test ends; NULL when out of memory.
 * Tornado: AsyncHTTPTestCase.get_url. */
GALE_API const char *gale_test_url(gale_test *test, const char *path);
/**
 * Fetches a path of the application, or a whole URL, as gale_fetch does; but a status other than
 * 2xx is no error. Outside tasks it runs the loop. The response is valid until the test ends, or
 * the task. Tornado: AsyncHTTPTestCase.fetch.
 */
GALE_API GALE_SUSPENDS int gale_test_fetch(gale_test *test, const char *path,
                                           const gale_fetch_options *options,
                                           gale_http_response **ret_response);

/** A listening socket on an unused port of `address` (NULL: 127.0.0.1), which is the caller's, or a
 * negative error. `reuse_port`: others may bind it, too. *ret_port is the port.
 * Tornado: testing.bind_unused_port. */
GALE_API int gale_bind_unused_port(const char *address, bool reuse_port, int *ret_port);
/** Seconds: ASYNC_TEST_TIMEOUT of the environment, 5 when that is no number.
 * Tornado: testing.get_async_test_timeout. */
GALE_API double gale_get_async_test_timeout(void);

/* ---- Log lines ------------------------------------------------------------------------- */

/** An expected log line. Tornado: testing.ExpectLog. */
typedef struct gale_expect_log gale_expect_log;

/** Options of it. Zero is the default of each. */
typedef struct gale_expect_log_options {
    /** Only lines of this level match; it is enabled meanwhile. 0: any that is enabled. */
    gale_log_level level;
    /** No such line is no error. Tornado: required=False. */
    bool not_required;
    /** Lines of all loggers. Tornado: the root logger. */
    bool any_logger;
    void *reserved_[4];
} gale_expect_log_options;

/**
 * From now on lines of `logger` that begin with what the regular expression matches are kept from
 * the log. NULL, with a detail, for a bad expression or when out of memory.
 *
 *     gale_expect_log *expected = gale_expect_log_begin(GALE_LOG_APPLICATION, "Uncaught", NULL);
 *     ... gale_test_fetch(test, "/broken", NULL, &response) ...
 *     GALE_TRY(gale_expect_log_end(expected));
 */
GALE_API gale_expect_log *gale_expect_log_begin(gale_logger logger, const char *regex,
                                                const gale_expect_log_options *options);
/** How many lines have matched so far. Tornado: ExpectLog.matched. */
GALE_API size_t gale_expect_log_matched(const gale_expect_log *expected);
/** Ends it, and frees. 0; or GALE_ENOTFOUND, "did not get expected log message ...", when it was
 * required. NULL gives -ENOMEM. */
GALE_API int gale_expect_log_end(gale_expect_log *expected);

/* ---- Tests without a test library ------------------------------------------------------ */

/** Returns GALE_ECHECK from a test, with file, line and condition as the detail, unless `condition`
 * holds. */
#define GALE_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return gale_check_failed(GALE_LOG_FILE_, __LINE__, "%s", #condition);                  \
    } while (0)
/** The same for two whole numbers that must be equal; both are shown. */
#define GALE_CHECK_INT(actual, expected)                                                           \
    do {                                                                                           \
        long long gale_actual_ = (actual), gale_expected_ = (expected);                            \
        if (gale_actual_ != gale_expected_)                                                        \
            return gale_check_failed(GALE_LOG_FILE_, __LINE__, "%s is %lld, not %lld", #actual,    \
                                     gale_actual_, gale_expected_);                                \
    } while (0)
/** The same for two texts, of which `actual` may be NULL. */
#define GALE_CHECK_STR(actual, expected)                                                           \
    do {                                                                                           \
        const char *gale_actual_ = (actual), *gale_expected_ = (expected);                         \
        if (!gale_actual_ || strcmp(gale_actual_, gale_expected_) != 0)                            \
            return gale_check_failed(GALE_LOG_FILE_, __LINE__, "%s is \"%s\", not \"%s\"",         \
                                     #actual, gale_actual_ ? gale_actual_ : "(NULL)",              \
                                     gale_expected_);                                              \
    } while (0)
/** The function behind them: sets the detail and returns GALE_ECHECK. */
GALE_API int gale_check_failed(const char *file, int line, const char *format, ...)
    GALE_PRINTF(3, 4);

/** Returns GALE_ESKIPPED, with the reason as the detail: a test, or its set_up, that returns it
 * cannot run here, and counts as neither passed nor failed. Python: unittest.SkipTest. */
GALE_API int gale_skip_test(const char *reason, ...) GALE_PRINTF(1, 2);

/** A test. A list of them ends with a zeroed one. */
typedef struct gale_test_case {
    const char *name;
    /** Runs in a task. A negative result, with its detail, is a failure (but for that of
     * gale_skip_test). */
    int (*run)(gale_test *test);
    /** See gale_test_run; 0: as the suite's options say. */
    double timeout;
} gale_test_case;

/** Tests that begin alike. A list of suites ends with a zeroed one. Python: unittest.TestCase. */
typedef struct gale_test_suite {
    const char *name;
    const gale_test_case *cases;
    /** Before each test, outside tasks: makes the application, and hands it to gale_test_serve. A
     * negative result fails the test. NULL: nothing. */
    int (*set_up)(gale_test *test);
    /** After each test that was set up. NULL: nothing. */
    void (*tear_down)(gale_test *test);
    gale_test_options options;
    void *reserved_[4];
} gale_test_suite;

/**
 * Runs tests, and returns the exit status: 0, or 1 when one has failed or none was asked for. With
 * arguments on the command line only tests whose "suite.name" contains one of them. Options:
 * --verbose names each test, --quiet only tells what has failed, --failfast ends with the first
 * that fails; and those of the log, which is shown from level WARNING. Tornado: testing.main.
 */
GALE_API int gale_testing_main(int argc, char **argv, const gale_test_suite *suites);

#ifdef __cplusplus
}
#endif

#endif
