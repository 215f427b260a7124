/* SPDX-License-Identifier: Apache-2.0 */
/* Multipart forms whose body is collected: arguments and files. */
#include "web/web_test.h"

#define TYPE "Content-Type: multipart/form-data; boundary=1234\r\n"
#define PART(parameters, content)                                                                  \
    "--1234\r\nContent-Disposition: form-data; " parameters "\r\n\r\n" content "\r\n"
#define LAST "--1234--\r\n"

static int show_form(gale_handler *self)
{
    const gale_http_file *file = gale_get_file(self, "files");
    GALE_TRY(gale_writef(self, "%s ", gale_get_argument(self, "argument", "none")));
    if (!file)
        return gale_write(self, "no file");
    assert_null(gale_get_file(self, "other"));
    return gale_writef(self, "%s=%s (%s) %.*s", file->name, file->filename, file->content_type,
                       (int)file->body.len, file->body.data);
}

static int show_values(gale_handler *self)
{
    const char *const *values;
    int count = gale_get_arguments(self, "a", &values);
    for (int i = 0; i < count; i++)
        GALE_TRY(gale_writef(self, "[%s]", values[i]));
    return 0;
}

static int show_files(gale_handler *self)
{
    const gale_http_files *files = gale_http_server_request_files(gale_handler_request(self));
    const gale_http_file *file;
    for (size_t i = 0; (file = gale_http_files_at(files, i)); i++)
        GALE_TRY(gale_writef(self, "%s/%s/%d ", file->name, file->filename, (int)file->size));
    return gale_writef(self, "%zu", gale_http_server_request_body(gale_handler_request(self)).len);
}

static int note_initialize(gale_handler *self, void *arg)
{
    (void)self;
    (void)arg;
    note("initialize");
    return 0;
}

static int note_prepare(gale_handler *self)
{
    (void)self;
    note("prepare");
    return 0;
}

static int take_piece(gale_handler *self, const char *data, size_t size)
{
    (void)self;
    (void)data;
    (void)size;
    return 0;
}

static const gale_handler_class form_handler = { .get = show_form, .post = show_form };
static const gale_handler_class values_handler = { .post = show_values };
static const gale_handler_class files_handler = { .post = show_files };
static const gale_handler_class noting_handler = { .base = &form_handler,
                                                   .initialize = note_initialize,
                                                   .prepare = note_prepare };
static const gale_handler_class stream_handler = { .base = &form_handler,
                                                   .stream_request_body = true,
                                                   .data_received = take_piece };
static const gale_route routes[] = {
    ROUTE("/", form_handler),         ROUTE("/values", values_handler),
    ROUTE("/files", files_handler),   ROUTE("/note", noting_handler),
    ROUTE("/stream", stream_handler), { 0 }
};

TEST(an_argument_and_a_file)
{
    int port = serve_routes(routes);
    assert_post(port, "/", TYPE,
                PART("name=argument", "\xC3\xA1")
                    PART("name=\"files\"; filename=\"\xC3\xB3\"", "\xC3\xBA") LAST,
                "\xC3\xA1 files=\xC3\xB3 (application/unknown) \xC3\xBA");
    assert_post(port, "/", TYPE, PART("name=argument", " 1 ") LAST, "1 no file");
    assert_post(port, "/", TYPE, LAST, "none no file");
    assert_post(port, "/", TYPE,
                "--1234\r\nContent-Disposition: form-data; name=files; filename=a\r\n"
                "Content-Type: image/png\r\n\r\nx\r\n" LAST,
                "none files=a (image/png) x");
    assert_post(port, "/", "", PART("name=argument", "1") LAST, "none no file");
    stop();
}

TEST(arguments_come_after_those_of_the_query)
{
    int port = serve_routes(routes);
    assert_post(port, "/values?a=1&a=2", TYPE,
                PART("name=a", "3") PART("name=b", "x") PART("name=a", "4") LAST, "[1][2][3][4]");
    stop();
}

TEST(several_files)
{
    int port = serve_routes(routes);
    assert_post(port, "/files", TYPE,
                PART("name=a; filename=x", "1") PART("name=a; filename=y", "22")
                    PART("name=b; filename=x", "") LAST,
                "a/x/1 a/y/2 b/x/0 205");
    stop();
}

TEST(malformed_forms_are_refused_before_prepare)
{
    int port = serve_routes(routes);
    static const struct {
        const char *headers, *body, *log;
    } cases[] = {
        { TYPE, "",
          "400 POST /note (127.0.0.1): Invalid body: Invalid multipart/form-data: "
          "Invalid multipart/form-data: no final boundary found" },
        { TYPE, "--1234\r\n\r\nFoo\r\n" LAST,
          "Invalid body: Invalid multipart/form-data: multipart/form-data missing headers" },
        { TYPE, PART("filename=a", "b") LAST,
          "Invalid body: Invalid multipart/form-data: multipart/form-data missing name" },
        { "Content-Type: multipart/form-data\r\n", LAST,
          "Invalid body: Invalid multipart/form-data: multipart boundary not found" },
        { TYPE "Content-Encoding: gzip\r\n", LAST,
          "Invalid body: Unsupported Content-Encoding: gzip" },
        { "Content-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip\r\n", "a=b",
          "Invalid body: Unsupported Content-Encoding: gzip" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_expect_log(GALE_LOG_WARNING, cases[i].log);
        test_expect_log(GALE_LOG_WARNING, "400 POST /note (127.0.0.1) ");
        char *answer = ask_post(port, "/note", cases[i].headers, cases[i].body);
        assert_memory_equal(answer, "HTTP/1.1 400 Bad Request\r\n", 26);
        assert_trace("initialize");
        free(answer);
    }
    assert_post(port, "/note", TYPE, LAST, "none no file");
    assert_trace("initialize prepare");
    stop();
}

TEST(the_xsrf_token_of_a_form)
{
    int port;
    serve(routes, &(gale_application_settings){ .xsrf_cookies = true }, &port);
    assert_post(port, "/", TYPE "Cookie: _xsrf=deadbeef\r\n",
                PART("name=_xsrf", "deadbeef") PART("name=argument", "1") LAST, "1 no file");
    test_expect_log(GALE_LOG_WARNING, "403 POST / (127.0.0.1): ");
    test_expect_log(GALE_LOG_WARNING, "403 POST / (127.0.0.1) ");
    char *answer =
        ask_post(port, "/", TYPE "Cookie: _xsrf=deadbeef\r\n", PART("name=argument", "1") LAST);
    assert_memory_equal(answer, "HTTP/1.1 403 ", 13);
    free(answer);
    test_expect_log(GALE_LOG_WARNING, "400 POST / (127.0.0.1): Invalid body: ");
    test_expect_log(GALE_LOG_WARNING, "400 POST / (127.0.0.1) "); /* it comes first */
    answer = ask_post(port, "/", TYPE, "no form");
    assert_memory_equal(answer, "HTTP/1.1 400 ", 13);
    free(answer);
    stop();
}

TEST(a_form_of_100_parts)
{
    enum { PARTS = 100, MORE = 128 };
    static const char part[] = PART("name=a; filename=x", "1");
    char *request = malloc(PARTS * sizeof part + 1000), *answer;
    int port = serve_routes(routes);
    for (int parts = PARTS - 1; parts <= PARTS; parts++) {
        size_t size = (size_t)parts * (sizeof part - 1) + strlen(LAST);
        char *at =
            request + sprintf(request,
                              "POST /files HTTP/1.1\r\n" CLOSE TYPE "Content-Length: %zu\r\n\r\n",
                              size);
        for (int i = 0; i < parts; i++)
            at = stpcpy(at, part);
        strcpy(at, LAST);
        if (parts == PARTS) {
            test_expect_log(GALE_LOG_WARNING, "multipart/form-data has too many parts");
            test_expect_log(GALE_LOG_WARNING, "400 POST /files (127.0.0.1) ");
        }
        answer = ask(port, request);
        assert_memory_equal(answer, parts < PARTS ? "HTTP/1.1 200 " : "HTTP/1.1 400 ", 13);
        free(answer);
    }
    free(request);
    stop();
}

TEST(a_streamed_body_is_nobodys_form)
{
    int port = serve_routes(routes);
    assert_post(port, "/stream", TYPE, PART("name=argument", "1") LAST, "none no file");
    assert_post(port, "/stream", TYPE, "no form", "none no file");
    stop();
}

TEST(each_allocation_may_fail)
{
    static const char form[] =
        PART("name=argument", "1") PART("name=files; filename=\"x\"", "2") LAST;
    size_t n = 0, answered = 0;
    do {
        int port = serve_routes(routes);
        gale_log_set_level(GALE_LOG_ERROR + 1);
        char request[1024];
        snprintf(request, sizeof request,
                 "POST / HTTP/1.1\r\n" CLOSE TYPE "Content-Length: %zu\r\n\r\n%s", sizeof form - 1,
                 form);
        gale_str part = { request, strlen(request) };
        asking self = { .port = port, .parts = &part, .part_count = 1 };
        test_fail_allocation(++n);
        gale_ioloop_run_sync(gale_ioloop_current(), ask_task, &self, 10);
        if (self.answer && self.answer[0]) {
            bool whole = strstr(self.answer, "1 files=x (application/unknown) 2") != NULL;
            assert_true(whole || strstr(self.answer, " 500 ") || strstr(self.answer, " 503 "));
            answered += whole;
        }
        free(self.answer);
        stop();
        gale_log_set_level(GALE_LOG_WARNING);
    } while (test_allocation_failed());
    assert_true(n > 20 && answered > 0);
}

GALE_TEST_MAIN
