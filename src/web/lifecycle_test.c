/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a handler: the order of its functions, early ends, the access log, leaving clients.
 */
#include <gale/locks.h>

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "web/web_test.h"

#define FORM(method, target, body)                                                                 \
    method " " target " HTTP/1.1\r\n" CLOSE "Content-Length: 3\r\n"                                \
           "Content-Type: application/x-www-form-urlencoded\r\n\r\n" body
#define POST_FORM(target, body) FORM("POST", target, body)

/* ---- Order ----------------------------------------------------------------------------- */

static int life_initialize(gale_handler *self, void *arg)
{
    (void)self;
    (void)arg;
    note("initialize");
    return 0;
}

static int life_prepare(gale_handler *self)
{
    (void)self;
    note("prepare");
    return 0;
}

static int life_method(gale_handler *self)
{
    note("method");
    return gale_write(self, gale_get_argument(self, "a", "none"));
}

static void life_default_headers(gale_handler *self)
{
    note("set_default_headers");
    gale_set_header(self, "X-Default", "yes");
}

static int life_write_error(gale_handler *self, int status, int error)
{
    note("write_error");
    return gale_writef(self, "error %d %s", status, gale_strerror(error));
}

static void life_log_exception(gale_handler *self, int error)
{
    (void)self;
    (void)error;
    note("log_exception");
}

/* The response is complete by now. */
static void life_on_finish(gale_handler *self)
{
    note(gale_handler_finished(self) ? "on_finish" : "on_finish(unfinished)");
    assert_int_equal(gale_write(self, "late"), GALE_ESTATE);
    assert_int_equal(gale_finish(self), GALE_ESTATE);
}

static const gale_handler_class life_handler = { .initialize = life_initialize,
                                                 .prepare = life_prepare,
                                                 .get = life_method,
                                                 .post = life_method,
                                                 .set_default_headers = life_default_headers,
                                                 .write_error = life_write_error,
                                                 .log_exception = life_log_exception,
                                                 .on_finish = life_on_finish };

static void log_in_trace(gale_handler *self)
{
    char word[32];
    snprintf(word, sizeof word, "log(%d)", gale_get_status(self));
    note(word);
}

static const gale_application_settings traced = { .log_function = log_in_trace };

TEST(the_order_of_a_life)
{
    static const gale_route routes[] = { ROUTE("/", life_handler), { 0 } };
    int port;
    serve(routes, &traced, &port);
    assert_answer(port, GET("/"), "HTTP/1.1 200 OK\r\n", "\r\n\r\nnone");
    assert_trace("set_default_headers initialize prepare method log(200) on_finish");
    assert_answer(port, POST_FORM("/", "a=b"), "HTTP/1.1 200 OK\r\n", "\r\n\r\nb");
    assert_trace("set_default_headers initialize prepare method log(200) on_finish");
    char *answer = ask(port, GET("/"));
    assert_non_null(strstr(answer, "\r\nX-Default: yes\r\n"));
    free(answer);
    trace[0] = '\0';
    stop();
}

TEST(the_order_when_a_method_is_missing)
{
    static const gale_route routes[] = { ROUTE("/", life_handler), { 0 } };
    int port;
    serve(routes, &traced, &port);
    assert_answer(port, "PUT / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 405 ",
                  "\r\n\r\nerror 405 HTTP error");
    assert_trace("set_default_headers initialize prepare log_exception set_default_headers "
                 "write_error log(405) on_finish");
    stop();
}

/* ---- Ending early ---------------------------------------------------------------------- */

static int fail_with_arg(gale_handler *self, void *arg)
{
    note("initialize");
    return arg ? gale_http_error(self, 403, NULL) : -EIO;
}

static int finish_in_prepare(gale_handler *self)
{
    note("prepare");
    GALE_TRY(gale_write(self, "early"));
    return gale_finish(self);
}

static int fail_in_prepare(gale_handler *self)
{
    note("prepare");
    return gale_http_error(self, 401, NULL);
}

static int stop_in_prepare(gale_handler *self)
{
    note("prepare");
    GALE_TRY(gale_set_status(self, 401, NULL));
    GALE_TRY(gale_set_header(self, "WWW-Authenticate", "Basic realm=\"something\""));
    GALE_TRY(gale_write(self, "authentication required"));
    return gale_finish_request(self);
}

static int finish_twice(gale_handler *self)
{
    GALE_TRY(gale_write(self, "once"));
    GALE_TRY(gale_finish(self));
    int again = gale_finish(self);
    note(gale_error_detail());
    int write = gale_write(self, "more");
    note(gale_error_detail());
    return again == GALE_ESTATE && write == GALE_ESTATE ? 0 : -EIO;
}

static int fail_after_finish(gale_handler *self)
{
    GALE_TRY(gale_write(self, "done"));
    GALE_TRY(gale_finish(self));
    return -EIO;
}

static const gale_handler_class
    failing_initialize = { .base = &life_handler, .initialize = fail_with_arg },
    finishing_prepare = { .base = &life_handler, .prepare = finish_in_prepare },
    failing_prepare = { .base = &life_handler, .prepare = fail_in_prepare },
    stopping_prepare = { .base = &life_handler, .prepare = stop_in_prepare },
    finishing_twice = { .get = finish_twice }, failing_late = { .get = fail_after_finish };

static const gale_route early_routes[] = {
    ROUTE("/initialize-error", failing_initialize),
    ROUTE("/initialize-403", failing_initialize, .arg = ""),
    ROUTE("/prepare-finish", finishing_prepare),
    ROUTE("/prepare-error", failing_prepare),
    ROUTE("/prepare-stop", stopping_prepare),
    ROUTE("/twice", finishing_twice),
    ROUTE("/late", failing_late),
    { 0 },
};

/* Each step of a handler may wait. Tornado: GenWebTest.test_coroutine_sequence_handler,
 * test_async_prepare_error_handler */
static int wait_and_write(gale_handler *self)
{
    for (int i = 1; i <= 3; i++) {
        GALE_TRY(gale_moment());
        GALE_TRY(gale_writef(self, "%d", i));
    }
    return 0;
}

static int wait_and_fail(gale_handler *self)
{
    GALE_TRY(gale_sleep(0.001));
    return gale_http_error(self, 403, NULL);
}

TEST(nothing_but_initialize_runs_for_a_method_that_no_class_can_have)
{
    static const gale_route routes[] = { ROUTE("/", life_handler), { 0 } };
    static const gale_handler_class quiet = { .prepare = life_prepare };
    gale_application_settings settings = { .log_function = log_in_trace,
                                           .default_handler_class = &quiet,
                                           .xsrf_cookies = true };
    int port;
    serve(routes, &settings, &port);
    assert_answer(port, "BREW / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 405 ",
                  "\r\n\r\nerror 405 HTTP error");
    assert_trace("set_default_headers initialize log_exception set_default_headers write_error "
                 "log(405) on_finish");
    assert_answer(port, "TRACE /nowhere HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 405 ", "");
    assert_trace("log(405)");
    stop();
}

static int other_method(gale_handler *self)
{
    const char *method = gale_http_server_request_method(gale_handler_request(self));
    if (strcmp(method, "OTHER") != 0)
        return gale_http_error(self, 405, NULL);
    note("other");
    return gale_writef(self, "other %s", gale_get_body_argument(self, "a", "none"));
}

/* Tornado: PatchMethodTest.test_other */
TEST(methods_beside_the_seven)
{
    static const gale_handler_class other_handler = { .base = &life_handler,
                                                      .other = other_method },
                                    derived_handler = { .base = &other_handler };
    static const gale_route routes[] = { ROUTE("/", derived_handler), { 0 } };
    int port;
    serve(routes, &traced, &port);
    assert_answer(port, FORM("OTHER", "/", "a=b"), "HTTP/1.1 200 OK\r\n", "\r\n\r\nother b");
    assert_trace("set_default_headers initialize prepare other log(200) on_finish");
    char *answer = ask(port, "BREW / HTTP/1.1\r\n" CLOSE "\r\n");
    assert_memory_equal(answer, "HTTP/1.1 405 ", 13);
    assert_non_null(strstr(answer, "\r\nAllow: GET, POST\r\n"));
    free(answer);
    trace[0] = '\0';
    stop();
}

TEST(an_other_method_is_checked_for_its_origin)
{
    static const gale_handler_class other_handler = { .other = other_method };
    static const gale_route routes[] = { ROUTE("/", other_handler), { 0 } };
    gale_application_settings settings = { .xsrf_cookies = true };
    int port;
    serve(routes, &settings, &port);
    test_expect_log(GALE_LOG_WARNING, "'_xsrf' argument missing from POST");
    test_expect_log(GALE_LOG_WARNING, "403 OTHER / ");
    assert_answer(port, "OTHER / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 403 ", "");
    stop();
}

TEST(each_step_may_wait)
{
    static const gale_handler_class sequence_handler = { .prepare = wait_and_write,
                                                         .get = wait_and_write },
                                    failing_handler = { .prepare = wait_and_fail,
                                                        .get = wait_and_write };
    static const gale_route routes[] = { ROUTE("/sequence", sequence_handler),
                                         ROUTE("/failing", failing_handler),
                                         { 0 } };
    int port = serve_routes(routes);
    assert_body(port, "/sequence", "123123");
    test_expect_log(GALE_LOG_WARNING, "403 GET /failing ");
    assert_status(port, "/failing", "403 Forbidden");
    stop();
}

TEST(initialize_may_fail)
{
    int port;
    serve(early_routes, &traced, &port);
    assert_status(port, "/initialize-error", "500 Internal Server Error");
    assert_trace("set_default_headers initialize log_exception set_default_headers write_error "
                 "log(500) on_finish");
    assert_status(port, "/initialize-403", "403 Forbidden");
    assert_trace("set_default_headers initialize log_exception set_default_headers write_error "
                 "log(403) on_finish");
    stop();
}

TEST(prepare_may_end_the_request)
{
    int port;
    serve(early_routes, &traced, &port);
    assert_body(port, "/prepare-finish", "early");
    assert_trace("set_default_headers initialize prepare log(200) on_finish");
    assert_status(port, "/prepare-error", "401 Unauthorized");
    assert_trace("set_default_headers initialize prepare log_exception set_default_headers "
                 "write_error log(401) on_finish");
    char *answer = ask(port, GET("/prepare-stop"));
    assert_memory_equal(answer, "HTTP/1.1 401 Unauthorized\r\n", 27);
    assert_non_null(strstr(answer, "\r\nWww-Authenticate: Basic realm=\"something\"\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\nauthentication required"));
    free(answer);
    assert_trace("set_default_headers initialize prepare log(401) on_finish");
    stop();
}

TEST(a_response_is_finished_once)
{
    int port = serve_routes(early_routes);
    assert_body(port, "/twice", "once");
    assert_trace("finish() called twice Cannot write() after finish()");
    test_expect_log(GALE_LOG_ERROR, "Uncaught error GET /late (127.0.0.1) in handler: "
                                    "Input/output error");
    assert_body(port, "/late", "done");
    stop();
}

/* ---- The access log -------------------------------------------------------------------- */

static int given_status(gale_handler *self)
{
    return gale_set_status(self, atoi(gale_path_arg_at(self, 0)), NULL);
}

/* As Tornado's: `200 GET /x?y=1 (127.0.0.1) 0.38ms`. */
TEST(the_access_log_line)
{
    static const gale_handler_class status_handler = { .get = given_status };
    static const gale_route routes[] = { ROUTE("/([0-9]+)", status_handler), { 0 } };
    int port = serve_routes(routes);
    assert_status(port, "/200?quiet", "200 OK");
    assert_false(test_logged("quiet"));
    gale_log_set_level(GALE_LOG_INFO);
    assert_status(port, "/200?y=1", "200 OK");
    assert_true(test_logged("200 GET /200?y=1 (127.0.0.1) "));
    assert_true(test_logged("ms"));
    assert_status(port, "/302", "302 Found");
    assert_true(test_logged("302 GET /302 (127.0.0.1) "));
    gale_log_set_level(GALE_LOG_WARNING);
    test_expect_log(GALE_LOG_WARNING, "499 GET /499 (127.0.0.1) ");
    assert_status(port, "/499", "499 Unknown");
    test_expect_log(GALE_LOG_ERROR, "500 GET /500 (127.0.0.1) ");
    assert_status(port, "/500", "500 Internal Server Error");
    stop();
}

static int busy(gale_handler *self)
{
    struct timespec time = { .tv_nsec = 20000000 };
    nanosleep(&time, NULL); /* not gale_sleep: it holds the loop */
    return gale_write(self, "ok");
}

static void log_time(gale_handler *self)
{
    double time = gale_http_server_request_time(gale_handler_request(self));
    note(time >= 0.02 && time < 5 ? "measured" : "wrong");
}

TEST(the_time_of_a_handler_that_never_waits)
{
    static const gale_handler_class busy_handler = { .get = busy };
    static const gale_route routes[] = { ROUTE("/", busy_handler), { 0 } };
    int port;
    serve(routes, &(gale_application_settings){ .log_function = log_time }, &port);
    assert_body(port, "/", "ok");
    assert_trace("measured");
    stop();
}

/* ---- A client that leaves -------------------------------------------------------------- */

static gale_event *gone;

static int wait_long(gale_handler *self)
{
    note("wait");
    int result = gale_sleep(60);
    note(gale_strerror(result));
    note(gale_handler_disconnected(self) ? "disconnected" : "connected");
    note(gale_strerror(gale_write(self, "late")));
    return result;
}

static int wait_short(gale_handler *self)
{
    note("wait");
    int result = gale_sleep(0.05);
    note(result == 0 ? "slept" : "canceled");
    note(gale_handler_disconnected(self) ? "disconnected" : "connected");
    return gale_write(self, "late");
}

static int leaving_fd;

/* The send fails before the loop has heard of the reset. */
static int flush_too_late(gale_handler *self)
{
    note("wait");
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    assert_int_equal(setsockopt(leaving_fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    close(leaving_fd);
    gale_write(self, "late");
    int result = gale_flush(self);
    note(gale_strerror(result));
    note(gale_handler_disconnected(self) ? "disconnected" : "connected");
    return result;
}

static void on_leaving(gale_handler *self)
{
    int result = gale_sleep(0.001); /* it is not cancelled */
    note(result == 0 ? "on_connection_close" : "canceled");
    note(gale_strerror(gale_finish(self)));
}

static void on_end(gale_handler *self)
{
    (void)self;
    note(gale_sleep(0.001) == 0 ? "on_finish" : "canceled");
    gale_event_set(gone);
}

static const gale_handler_class waiting_handler = { .get = wait_long,
                                                    .post = wait_long,
                                                    .on_finish = on_end };
static const gale_handler_class told_handler = { .base = &waiting_handler,
                                                 .on_connection_close = on_leaving };
static const gale_handler_class patient_handler = { .get = wait_short,
                                                    .on_finish = on_end,
                                                    .ignore_disconnect = true };

static const gale_handler_class late_handler = { .base = &told_handler, .get = flush_too_late };

static const gale_route leaving_routes[] = { ROUTE("/wait", waiting_handler),
                                             ROUTE("/told", told_handler),
                                             ROUTE("/patient", patient_handler),
                                             ROUTE("/late", late_handler),
                                             { 0 } };

/* Sends a request, leaves once its handler waits, and waits until that has ended. */
static int leave(void *arg)
{
    const asking *self = arg;
    gale_iostream *stream;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", self->port, NULL, &stream));
    GALE_TRY(gale_iostream_write(stream, self->parts->data, self->parts->len));
    while (!strstr(trace, "wait"))
        GALE_TRY(gale_sleep(0.001));
    gale_iostream_free(stream);
    return gale_event_wait(gone);
}

static void leave_after(const char *request)
{
    int port = serve_routes(leaving_routes);
    gone = gale_event_new();
    gale_str part = { request, strlen(request) };
    asking what = { .port = port, .parts = &part };
    gale_log_set_level(GALE_LOG_INFO);
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), leave, &what, 10));
    gale_event_free(gone);
}

TEST(a_waiting_handler_is_cancelled_when_its_client_leaves)
{
    leave_after(GET("/wait"));
    assert_trace("wait canceled disconnected stream is closed on_finish");
    assert_true(test_logged("499 GET /wait (127.0.0.1) "));
    stop();
    leave_after("POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    assert_trace("wait canceled disconnected stream is closed on_finish");
    stop();
}

static void connect_and_ask(int port, const char *request)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    leaving_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(leaving_fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(write(leaving_fd, request, strlen(request)), (ssize_t)strlen(request));
}

static int wait_until_gone(void *arg)
{
    (void)arg;
    return gale_event_wait(gone);
}

TEST(a_client_that_is_found_to_have_left_by_a_flush_is_no_error)
{
    int port = serve_routes(leaving_routes);
    gone = gale_event_new();
    gale_log_set_level(GALE_LOG_INFO);
    connect_and_ask(port, GET("/late"));
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), wait_until_gone, NULL, 10));
    gale_event_free(gone);
    assert_non_null(strstr(trace, "wait stream is closed disconnected"));
    assert_non_null(strstr(trace, "on_connection_close stream is closed"));
    assert_non_null(strstr(trace, "on_finish"));
    trace[0] = '\0';
    assert_true(test_logged("499 GET /late (127.0.0.1) "));
    stop();
}

TEST(a_handler_may_be_told_that_its_client_left)
{
    leave_after(GET("/told"));
    assert_non_null(strstr(trace, "on_connection_close stream is closed"));
    assert_non_null(strstr(trace, "wait canceled disconnected"));
    trace[0] = '\0';
    stop();
}

TEST(a_handler_may_go_on_without_its_client)
{
    leave_after(GET("/patient"));
    assert_trace("wait slept disconnected on_finish");
    assert_true(test_logged("499 GET /patient (127.0.0.1) "));
    stop();
}

GALE_TEST_MAIN
