/* SPDX-License-Identifier: Apache-2.0 */
/* What a failing handler is answered with, and what is logged. */
#include <errno.h>

#include "core/error.h"
#include "web/web_test.h"

#define PAGE(status, reason)                                                                       \
    "\r\n\r\n<html><title>" status ": " reason "</title><body>" status ": " reason "</body></"     \
    "html>"

/* ---- HTTP errors ----------------------------------------------------------------------- */

static int silent(gale_handler *self)
{
    return gale_http_error(self, 404, NULL);
}

static int told(gale_handler *self)
{
    GALE_TRY(gale_write(self, "thrown away"));
    GALE_TRY(gale_set_header(self, "X-Lost", "yes"));
    return gale_http_error(self, 403, "no %s for %d%%", "story", 7);
}

static int reasoned(gale_handler *self)
{
    return gale_http_error_reason(self, 682, "Foo");
}

static int escaped(gale_handler *self)
{
    return gale_http_error_reason(self, 400, "a & b");
}

static int unfit(gale_handler *self)
{
    return gale_http_error_reason(self, 418, "a<b");
}

static int no_status(gale_handler *self)
{
    return gale_http_error(self, 42, "strange");
}

static int not_modified(gale_handler *self)
{
    return gale_http_error(self, 304, NULL);
}

/* The code may pass through functions that know nothing of it. */
static int fail_inside(gale_handler *self)
{
    gale_http_error(self, 410, "first");
    return gale_http_error(self, 409, "second");
}

static int deep(gale_handler *self)
{
    GALE_TRY(fail_inside(self));
    return 0;
}

static int system_error(gale_handler *self)
{
    (void)self;
    return -EIO;
}

/* The reason of an earlier, forgotten error is not shown. */
static int other_error(gale_handler *self)
{
    gale_http_error_reason(self, 410, "Forgotten");
    return GALE_ETIMEDOUT;
}

static int sent(gale_handler *self)
{
    GALE_TRY(gale_write(self, "thrown away"));
    GALE_TRY(gale_send_error(self, 503));
    note(gale_handler_finished(self) ? "finished" : "unfinished");
    return gale_send_error(self, 500) == GALE_ESTATE ? 0 : -EIO;
}

static int stopped(gale_handler *self)
{
    GALE_TRY(gale_set_status(self, 202, NULL));
    GALE_TRY(gale_write(self, "kept"));
    return gale_finish_request(self);
}

#define CLASS(function) static const gale_handler_class function##_handler = { .get = function }

CLASS(silent);
CLASS(told);
CLASS(reasoned);
CLASS(escaped);
CLASS(unfit);
CLASS(no_status);
CLASS(not_modified);
CLASS(deep);
CLASS(system_error);
CLASS(other_error);
CLASS(sent);
CLASS(stopped);

static const gale_route routes[] = {
    ROUTE("/silent", silent_handler),
    ROUTE("/told", told_handler),
    ROUTE("/reasoned", reasoned_handler),
    ROUTE("/escaped", escaped_handler),
    ROUTE("/unfit", unfit_handler),
    ROUTE("/no_status", no_status_handler),
    ROUTE("/not_modified", not_modified_handler),
    ROUTE("/deep", deep_handler),
    ROUTE("/system_error", system_error_handler),
    ROUTE("/other_error", other_error_handler),
    ROUTE("/sent", sent_handler),
    ROUTE("/stopped", stopped_handler),
    { 0 },
};

TEST(an_http_error_is_answered_with_its_page)
{
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_WARNING, "404 GET /silent (127.0.0.1) ");
    assert_answer(port, GET("/silent"), "HTTP/1.1 404 Not Found\r\n",
                  "Content-Length: 69\r\nConnection: close" PAGE("404", "Not Found"));
    test_expect_log(GALE_LOG_WARNING, "403 GET /told (127.0.0.1): no story for 7%");
    test_expect_log(GALE_LOG_WARNING, "403 GET /told (127.0.0.1) ");
    char *answer = ask(port, GET("/told"));
    assert_non_null(strstr(answer, PAGE("403", "Forbidden")));
    assert_null(strstr(answer, "X-Lost"));
    assert_null(strstr(answer, "story"));
    free(answer);
    test_expect_log(GALE_LOG_WARNING, "409 GET /deep (127.0.0.1): second");
    test_expect_log(GALE_LOG_WARNING, "409 GET /deep (127.0.0.1) ");
    assert_answer(port, GET("/deep"), "HTTP/1.1 409 Conflict\r\n", PAGE("409", "Conflict"));
    stop();
}

TEST(an_http_error_may_have_its_own_reason)
{
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_ERROR, "682 GET /reasoned ");
    assert_answer(port, GET("/reasoned"), "HTTP/1.1 682 Foo\r\n", PAGE("682", "Foo"));
    test_expect_log(GALE_LOG_WARNING, "400 GET /escaped ");
    assert_answer(port, GET("/escaped"), "HTTP/1.1 400 a & b\r\n", PAGE("400", "a &amp; b"));
    test_expect_log(GALE_LOG_WARNING, "418 GET /unfit ");
    assert_answer(port, GET("/unfit"), "HTTP/1.1 418 Unknown\r\n", PAGE("418", "Unknown"));
    stop();
}

TEST(an_http_error_without_a_real_status_is_a_500)
{
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_WARNING, "42 GET /no_status (127.0.0.1): strange");
    test_expect_log(GALE_LOG_ERROR, "500 GET /no_status ");
    assert_answer(port, GET("/no_status"), "HTTP/1.1 500 ", PAGE("500", "Internal Server Error"));
    stop();
}

TEST(a_304_has_no_page)
{
    int port = serve_routes(routes);
    assert_answer(port, GET("/not_modified"),
                  "HTTP/1.1 304 Not Modified\r\nServer: ", "GMT\r\nConnection: close\r\n\r\n");
    stop();
}

TEST(any_other_error_is_a_500)
{
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_ERROR, "Uncaught error GET /system_error?a=b (127.0.0.1) in handler: "
                                    "Input/output error");
    test_expect_log(GALE_LOG_ERROR, "500 GET /system_error?a=b ");
    assert_answer(port, GET("/system_error?a=b"), "HTTP/1.1 500 Internal Server Error\r\n",
                  "Content-Length: 93\r\nConnection: close" PAGE("500", "Internal Server Error"));
    test_expect_log(GALE_LOG_ERROR,
                    "Uncaught error GET /other_error (127.0.0.1) in handler: timed out");
    test_expect_log(GALE_LOG_ERROR, "500 GET /other_error ");
    assert_answer(port, GET("/other_error"), "HTTP/1.1 500 Internal Server Error\r\n",
                  PAGE("500", "Internal Server Error"));
    stop();
}

TEST(send_error_finishes)
{
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_ERROR, "503 GET /sent ");
    assert_answer(port, GET("/sent"), "HTTP/1.1 503 Service Unavailable\r\n",
                  PAGE("503", "Service Unavailable"));
    assert_trace("finished");
    stop();
}

TEST(finish_request_is_no_error)
{
    int port = serve_routes(routes);
    assert_answer(port, GET("/stopped"), "HTTP/1.1 202 Accepted\r\n", "\r\n\r\nkept");
    stop();
}

/* ---- After a flush --------------------------------------------------------------------- */

static int fail_after_flush(gale_handler *self)
{
    GALE_TRY(gale_write(self, "begun"));
    GALE_TRY(gale_flush(self));
    return -EIO;
}

static int fail_after_length(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "Content-Length", "20"));
    GALE_TRY(gale_write(self, "begun"));
    GALE_TRY(gale_flush(self));
    return gale_http_error(self, 404, NULL);
}

/* The client must not take the part that it has for the whole. */
TEST(an_error_after_a_flush_cuts_the_response)
{
    static const gale_handler_class chunked = { .get = fail_after_flush },
                                    sized = { .get = fail_after_length };
    static const gale_route flushing[] = { ROUTE("/chunked", chunked),
                                           ROUTE("/sized", sized),
                                           { 0 } };
    int port = serve_routes(flushing);
    test_expect_log(GALE_LOG_ERROR, "Uncaught error GET /chunked (127.0.0.1) in handler: ");
    test_expect_log(GALE_LOG_ERROR, "Cannot send error response after headers written");
    assert_answer(port, "GET /chunked HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\n5\r\nbegun\r\n");
    test_expect_log(GALE_LOG_ERROR, "Cannot send error response after headers written");
    assert_answer(port, "GET /sized HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\nbegun");
    stop();
}

/* ---- Overriding ------------------------------------------------------------------------ */

static int own_page(gale_handler *self, int status, int error)
{
    return gale_writef(self, "Status: %d, %s", status, gale_strerror(error));
}

static int failing_page(gale_handler *self, int status, int error)
{
    (void)status;
    (void)error;
    GALE_TRY(gale_write(self, "half a page"));
    return -EIO;
}

static int finishing_page(gale_handler *self, int status, int error)
{
    GALE_TRY(own_page(self, status, error));
    return gale_finish(self);
}

static int waiting_page(gale_handler *self, int status, int error)
{
    GALE_TRY(gale_sleep(0.001));
    return own_page(self, status, error);
}

static void own_log(gale_handler *self, int error)
{
    (void)self;
    note(gale_strerror(error));
}

static const gale_handler_class
    own_page_handler = { .get = system_error, .write_error = own_page, .log_exception = own_log },
    failing_page_handler = { .get = silent, .write_error = failing_page },
    finishing_page_handler = { .get = silent, .write_error = finishing_page },
    waiting_page_handler = { .get = silent, .write_error = waiting_page };

static const gale_route overriding[] = { ROUTE("/own", own_page_handler),
                                         ROUTE("/failing", failing_page_handler),
                                         ROUTE("/finishing", finishing_page_handler),
                                         ROUTE("/waiting", waiting_page_handler),
                                         { 0 } };

TEST(write_error_may_be_overridden)
{
    int port = serve_routes(overriding);
    test_expect_log(GALE_LOG_ERROR, "500 GET /own ");
    assert_answer(port, GET("/own"), "HTTP/1.1 500 ", "\r\n\r\nStatus: 500, Input/output error");
    assert_trace("Input/output error");
    test_expect_log(GALE_LOG_WARNING, "404 GET /finishing ");
    assert_answer(port, GET("/finishing"), "HTTP/1.1 404 ", "\r\n\r\nStatus: 404, HTTP error");
    test_expect_log(GALE_LOG_WARNING, "404 GET /waiting ");
    assert_answer(port, GET("/waiting"), "HTTP/1.1 404 ", "\r\n\r\nStatus: 404, HTTP error");
    stop();
}

/* ---- What slots know of an error -------------------------------------------------------- */

static int note_detail(gale_handler *self, int status, int error)
{
    (void)status;
    assert_int_equal(error, GALE_EHTTP);
    return gale_write(self, gale_error_detail());
}

static int missing_argument(gale_handler *self)
{
    return gale_get_argument(self, "foo", NULL) ? 0 : -EIO;
}

/* Wants an argument, and asks for another one that is missing, too. */
static int ask_in_vain(gale_handler *self)
{
    return gale_get_argument(self, "foo", NULL) ? 0 : gale_http_error(self, 409, NULL);
}

static void buggy_log(gale_handler *self, int error)
{
    (void)error;
    assert_null(gale_get_argument(self, "bar", NULL));
    gale__fail(-EIO, "a bug");
}

static int forget_argument(gale_handler *self)
{
    gale_get_argument(self, "foo", NULL);
    return 0;
}

#define TELLING(function)                                                                          \
    static const gale_handler_class telling_##function = { .get = (function),                      \
                                                           .write_error = note_detail }

TELLING(reasoned);
TELLING(told);
TELLING(silent);
TELLING(forget_argument);
TELLING(ask_in_vain);

static int unknown_status(gale_handler *self)
{
    return gale_http_error(self, 682, NULL);
}

TELLING(unknown_status);

/* Tornado: RaiseWithReasonTest.test_httperror_str, test_httperror_str_from_httputil;
 * GetArgumentErrorTest.test_catch_error */
TEST(slots_are_told_of_an_http_error)
{
    static const gale_route telling[] = { ROUTE("/reasoned", telling_reasoned),
                                          ROUTE("/told", telling_told),
                                          ROUTE("/silent", telling_silent),
                                          ROUTE("/unknown", telling_unknown_status),
                                          ROUTE("/argument", telling_forget_argument),
                                          ROUTE("/vain", telling_ask_in_vain),
                                          { 0 } };
    static const struct {
        const char *request, *start, *body, *line;
    } table[] = {
        { GET("/reasoned"), "HTTP/1.1 682 Foo\r\n", "\r\n\r\nHTTP 682: Foo", NULL },
        { GET("/unknown"), "HTTP/1.1 682 Unknown\r\n", "\r\n\r\nHTTP 682: Unknown", NULL },
        { GET("/silent"), "HTTP/1.1 404 ", "\r\n\r\nHTTP 404: Not Found", NULL },
        { GET("/told"), "HTTP/1.1 403 ", "\r\n\r\nHTTP 403: Forbidden (no story for 7%)",
          "no story for 7%" },
        { GET("/argument"), "HTTP/1.1 400 ", "\r\n\r\nHTTP 400: Bad Request (Missing argument foo)",
          "Missing argument foo" },
        { GET("/vain"), "HTTP/1.1 409 ", "\r\n\r\nHTTP 409: Conflict", NULL },
    };
    int port = serve_routes(telling);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bool server_error = strncmp(table[i].start, "HTTP/1.1 682 ", 13) == 0;
        if (table[i].line)
            test_expect_log(GALE_LOG_WARNING, table[i].line);
        test_expect_log(server_error ? GALE_LOG_ERROR : GALE_LOG_WARNING, " GET /");
        assert_answer(port, table[i].request, table[i].start, table[i].body);
    }
    stop();
}

/* The answer is the error's, whatever becomes of its log line. Tornado: BuggyLoggingTest */
TEST(a_buggy_log_exception_changes_nothing)
{
    static const gale_handler_class buggy_class = { .get = system_error,
                                                    .log_exception = buggy_log };
    static const gale_handler_class buggy_argument = { .get = missing_argument,
                                                       .log_exception = buggy_log };
    static const gale_route buggy[] = { ROUTE("/", buggy_class),
                                        ROUTE("/argument", buggy_argument),
                                        { 0 } };
    int port = serve_routes(buggy);
    test_expect_log(GALE_LOG_ERROR, "500 GET / ");
    assert_answer(port, GET("/"), "HTTP/1.1 500 ", PAGE("500", "Internal Server Error"));
    test_expect_log(GALE_LOG_ERROR, "500 GET /argument ");
    assert_answer(port, GET("/argument"), "HTTP/1.1 500 ", PAGE("500", "Internal Server Error"));
    stop();
}

TEST(a_failing_write_error_is_logged)
{
    int port = serve_routes(overriding);
    test_expect_log(GALE_LOG_ERROR, "Uncaught error in write_error: Input/output error");
    test_expect_log(GALE_LOG_WARNING, "404 GET /failing ");
    assert_answer(port, GET("/failing"), "HTTP/1.1 404 Not Found\r\n", "\r\n\r\nhalf a page");
    stop();
}

static int log_and_fail(gale_handler *self)
{
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_WARNING, "looking for %s", gale_path_arg(self, "id"));
    return gale__fail(-EIO, "the disk is on fire");
}

static const gale_handler_class based_class = { .name = "story", .get = log_and_fail };
static const gale_handler_class derived_class = { .name = "long story", .base = &based_class };

/* The rest of an answer behind `text`, which must be in it. */
static const char *behind(const char *answer, const char *text)
{
    const char *at = strstr(answer, text);
    if (!at)
        fail_msg("%s is missing in %s", text, answer);
    return at + strlen(text);
}

TEST(serve_traceback_tells_what_went_wrong)
{
    int port;
    const gale_route own_routes[] = { ROUTE("/story/(?P<id>.*)", derived_class, .name = "s"),
                                      ROUTE("/told", told_handler),
                                      ROUTE("/silent", silent_handler),
                                      { 0 } };
    serve(own_routes, &(gale_application_settings){ .debug = true }, &port);
    test_expect_log(GALE_LOG_WARNING, "looking for 3 4");
    test_expect_log(GALE_LOG_ERROR, "Uncaught error ");
    test_expect_log(GALE_LOG_ERROR, "500 GET /story/3%204?x ");
    char *answer = ask(port, GET("/story/3%204?x"));
    const char *at = behind(answer, "\r\nContent-Type: text/plain; charset=UTF-8\r\n");
    at = behind(at, "\r\n\r\n500: Internal Server Error\n\n"
                    "Input/output error (-5): the disk is on fire\n\n"
                    "request     GET /story/3%204?x from 127.0.0.1\n"
                    "route       /story/(?P<id>.*), named s\n"
                    "            id = \"3 4\"\n"
                    "handler     long story, based on story\n\n"
                    "logged:\n[W ");
    at = behind(at, "] looking for 3 4\n[E ");
    behind(at, "] Uncaught error GET /story/3%204?x (127.0.0.1) in long story: Input/output error: "
               "the disk is on fire\n");
    free(answer);
    test_expect_log(GALE_LOG_WARNING, "403 GET /told (127.0.0.1): no story for 7%");
    test_expect_log(GALE_LOG_WARNING, "403 GET /told (127.0.0.1) ");
    answer = ask(port, GET("/told"));
    behind(answer, "\r\n\r\n403: Forbidden\n\nno story for 7%\n\nrequest     GET /told from ");
    free(answer);
    test_expect_log(GALE_LOG_WARNING, "404 GET /silent ");
    assert_answer(port, GET("/silent"), "HTTP/1.1 404 ", PAGE("404", "Not Found"));
    stop();
}

TEST(debug_stands_for_several_settings)
{
    gale_application *application = gale_application_new(
        (gale_route[]){ { 0 } }, &(gale_application_settings){ .debug = true });
    const gale_application_settings *settings = gale_application_get_settings(application);
    assert_true(settings->serve_traceback && settings->autoreload);
    assert_true(settings->no_compiled_template_cache && settings->no_static_hash_cache);
    stop();
}

GALE_TEST_MAIN
