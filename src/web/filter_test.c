/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: their order, what they can do, and that they end. */
#include <errno.h>

#include "web/web_test.h"

static int opened;

static int open_named(const void *options, void **ret_instance)
{
    opened++;
    *ret_instance = (void *)(uintptr_t)options;
    return 0;
}

static void close_named(void *instance)
{
    (void)instance;
    opened--;
}

static void note_with(const char *what, void *instance)
{
    char word[40];
    snprintf(word, sizeof word, "%s-%s", (const char *)instance, what);
    note(word);
}

static void default_headers(gale_handler *self, void *instance)
{
    gale_add_header(self, "X-Default", instance);
}

static int before_headers(gale_handler *self, void *instance)
{
    note_with("headers", instance);
    gale_sleep(0.001);
    return gale_add_header(self, "X-Last", instance);
}

static void on_finish(gale_handler *self, void *instance)
{
    (void)self;
    note_with("finish", instance);
}

static int prepare(gale_handler *self, void *instance)
{
    const char *word = gale_get_query_argument(self, "word", "");
    note_with("prepare", instance);
    if (strcmp(word, "answer") == 0) {
        GALE_TRY(gale_write(self, "filtered"));
        return gale_finish(self);
    }
    return strcmp(word, "refuse") == 0 ? gale_http_error(self, 403, NULL) : 0;
}

static const gale_filter_class named = { .name = "named",
                                         .open = open_named,
                                         .close = close_named,
                                         .set_default_headers = default_headers,
                                         .prepare = prepare,
                                         .before_headers = before_headers,
                                         .on_finish = on_finish };

static int get(gale_handler *self)
{
    note("get");
    return gale_write(self, "handled");
}

static int get_flushed(gale_handler *self)
{
    GALE_TRY(gale_write(self, "a"));
    GALE_TRY(gale_flush(self));
    return gale_write(self, "b");
}

static int get_failed(gale_handler *self)
{
    return gale_http_error(self, 404, NULL);
}

static void class_finish(gale_handler *self)
{
    (void)self;
    note("class-finish");
}

static const gale_handler_class main_handler = { .get = get, .on_finish = class_finish };
static const gale_handler_class flush_handler = { .get = get_flushed };
static const gale_handler_class fail_handler = { .get = get_failed };

static int serve_filtered(void)
{
    int port;
    const gale_filter inner[] = { { &named, "in" }, { 0 } };
    const gale_filter outer[] = { { &named, "a" }, { &named, "b" }, { 0 } };
    const gale_route nested[] = { ROUTE("/nested", main_handler, .filters = inner), { 0 } };
    serve((gale_route[]){ ROUTE("/", main_handler),
                          ROUTE("/flush", flush_handler),
                          ROUTE("/fail", fail_handler),
                          ROUTE("/inner", main_handler, .filters = inner),
                          { .pattern = "/nested", .routes = nested, .filters = inner },
                          { 0 } },
          &(gale_application_settings){ .filters = outer }, &port);
    return port;
}

TEST(filters_are_around_handlers)
{
    int port = serve_filtered();
    assert_answer(port, GET("/"), "HTTP/1.1 200 OK\r\n", "\r\n\r\nhandled");
    assert_trace("a-prepare b-prepare get b-headers a-headers class-finish b-finish a-finish");
    assert_body(port, "/inner", "handled");
    assert_trace("a-prepare b-prepare in-prepare get in-headers b-headers a-headers class-finish "
                 "in-finish b-finish a-finish");
    assert_body(port, "/nested", "handled");
    assert_trace("a-prepare b-prepare in-prepare in-prepare get in-headers in-headers b-headers "
                 "a-headers class-finish in-finish in-finish b-finish a-finish");
    assert_int_equal(opened, 5);
    stop();
    assert_int_equal(opened, 0);
}

TEST(a_filter_answers_or_refuses)
{
    int port = serve_filtered();
    test_expect_log(GALE_LOG_WARNING, "403 GET /?word=refuse");
    assert_body(port, "/?word=answer", "filtered");
    assert_trace("a-prepare a-headers class-finish a-finish");
    assert_status(port, "/?word=refuse", "403 Forbidden");
    assert_trace("a-prepare a-headers class-finish a-finish");
    stop();
}

TEST(headers_of_every_answer)
{
    int port = serve_filtered();
    char *answer = ask(port, GET("/flush"));
    assert_non_null(strstr(answer, "X-Default: a\r\nX-Default: b\r\nX-Last: b\r\nX-Last: a\r\n"));
    free(answer);
    test_expect_log(GALE_LOG_WARNING, "404 GET /fail");
    answer = ask(port, GET("/fail"));
    assert_non_null(strstr(answer, "X-Default: a\r\nX-Default: b\r\nX-Last: b\r\nX-Last: a\r\n"));
    free(answer);
    test_expect_log(GALE_LOG_WARNING, "404 GET /nowhere");
    answer = ask(port, GET("/nowhere"));
    assert_non_null(strstr(answer, "X-Last: a\r\n"));
    free(answer);
    trace[0] = '\0';
    stop();
}

/* ---- Failures -------------------------------------------------------------------------- */

static int fail_headers(gale_handler *self, void *instance)
{
    (void)self;
    (void)instance;
    note("failing");
    return -EIO;
}

static const gale_filter_class failing = { .before_headers = fail_headers };

TEST(before_headers_may_fail)
{
    int port;
    serve((gale_route[]){ ROUTE("/", main_handler), { 0 } },
          &(gale_application_settings){ .filters = (gale_filter[]){ { &failing, NULL }, { 0 } } },
          &port);
    test_expect_log(GALE_LOG_ERROR, "Uncaught error GET /");
    test_expect_log(GALE_LOG_ERROR, "500 GET /");
    assert_status(port, "/", "500 Internal Server Error");
    assert_trace("get failing class-finish");
    stop();
}

static int refuse_to_open(const void *options, void **ret_instance)
{
    (void)options;
    (void)ret_instance;
    return GALE_EINVALID;
}

static const gale_filter_class unopened = { .open = refuse_to_open };

TEST(a_filter_that_cannot_be_opened)
{
    const gale_filter filters[] = { { &named, "a" }, { &unopened, NULL }, { 0 } };
    test_expect_log(GALE_LOG_ERROR, "");
    assert_null(gale_application_new((gale_route[]){ ROUTE("/", main_handler), { 0 } },
                                     &(gale_application_settings){ .filters = filters }));
    test_expect_log(GALE_LOG_ERROR, "");
    assert_null(gale_application_new(
        (gale_route[]){ ROUTE("/", main_handler, .filters = filters), { 0 } }, NULL));
    assert_int_equal(opened, 0);
    stop();
}

GALE_TEST_MAIN
