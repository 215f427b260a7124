/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers write, and what goes out: status, headers, bodies, redirects. */
#include <gale/escape.h>

#include "web/web_test.h"

#include <errno.h>

static void assert_head(int port, const char *request, const char *const *wanted,
                        const char *const *unwanted)
{
    char *answer = ask(port, request);
    for (; *wanted; wanted++)
        if (!strstr(answer, *wanted))
            fail_msg("to %s\nwanted: %s\ngot: %s", request, *wanted, answer);
    for (; *unwanted; unwanted++)
        if (strstr(answer, *unwanted))
            fail_msg("to %s\nnot wanted: %s\ngot: %s", request, *unwanted, answer);
    free(answer);
}

#define LIST(...)                                                                                  \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

#define CLASS(function)                                                                            \
    static const gale_handler_class function##_handler = { .get = function,                        \
                                                           .head = function,                       \
                                                           .post = function }

/* ---- Headers --------------------------------------------------------------------------- */

static int headers(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "x-first", "1"));
    GALE_TRY(gale_add_header(self, "X-Many", "a"));
    GALE_TRY(gale_add_header(self, "x-many", "b"));
    GALE_TRY(gale_set_header(self, "X-Second", "2"));
    GALE_TRY(gale_set_header(self, "X-FIRST", "3"));
    GALE_TRY(gale_set_header(self, "X-Gone", "4"));
    GALE_TRY(gale_clear_header(self, "x-gone"));
    GALE_TRY(gale_clear_header(self, "X-Never"));
    GALE_TRY(gale_set_header(self, "X-Empty", ""));
    GALE_TRY(gale_set_header(self, "X-Latin", "\xE9\t\xFF"));
    return gale_write(self, "ok");
}
CLASS(headers);

static int own_server(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "Server", "mine"));
    GALE_TRY(gale_clear_header(self, "Date"));
    return gale_set_header(self, "Content-Type", "text/plain");
}
CLASS(own_server);

static int cleared(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "X-Lost", "1"));
    GALE_TRY(gale_set_status(self, 404, "Lost"));
    GALE_TRY(gale_write(self, "lost"));
    GALE_TRY(gale_clear(self));
    return gale_write(self, "kept");
}
CLASS(cleared);

static int refused(gale_handler *self)
{
    static const char *const values[] = {
        "a\r\nX-Evil: 1", "a\nb", "a\rb", "a\x01", "\x7F", "a\x0B"
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_error(gale_set_header(self, "X-Foo", values[i]), GALE_EINPUT);
        assert_error(gale_add_header(self, "X-Foo", values[i]), GALE_EINPUT);
    }
    static const char *const names[] = { "", "X Foo", "X:Foo", "X-Foo\r\nY", "X-\xC3\xA9" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_error(gale_set_header(self, names[i], "a"), GALE_EINPUT);
        assert_error(gale_add_header(self, names[i], "a"), GALE_EINPUT);
    }
    assert_error(gale_add_header(self, "X-Foo", " padded"), GALE_EINPUT);
    return gale_write(self, "ok");
}
CLASS(refused);

static int injecting(gale_handler *self)
{
    return gale_set_header(self, "X-Foo", "foo\r\nX-Bar: baz");
}
CLASS(injecting);

TEST(the_head_of_a_response)
{
    static const gale_route routes[] = { ROUTE("/headers", headers_handler),
                                         ROUTE("/own", own_server_handler),
                                         ROUTE("/cleared", cleared_handler),
                                         { 0 } };
    int port = serve_routes(routes);
    char *answer = ask(port, GET("/headers"));
    static const char before[] = "HTTP/1.1 200 OK\r\nServer: gale/" GALE_VERSION "\r\n"
                                 "Content-Type: text/html; charset=UTF-8\r\nDate: ";
    static const char after[] = " GMT\r\nX-First: 3\r\nX-Many: a\r\nX-Many: b\r\nX-Second: 2\r\n"
                                "X-Empty: \r\nX-Latin: \xE9\t\xFF\r\nContent-Length: 2\r\n"
                                "Connection: close\r\n\r\nok";
    assert_memory_equal(answer, before, sizeof before - 1);
    assert_string_equal(answer + sizeof before - 1 + 25, after);
    free(answer);
    assert_head(
        port, GET("/own"),
        LIST("HTTP/1.1 200 OK\r\n", "\r\nServer: mine\r\n", "\r\nContent-Type: text/plain\r\n"),
        LIST("Date", "gale/", "text/html"));
    assert_head(port, GET("/cleared"),
                LIST("HTTP/1.1 200 OK\r\n", "\r\nContent-Type: text/html; charset=UTF-8\r\n",
                     "\r\nContent-Length: 4\r\n", "\r\n\r\nkept"),
                LIST("X-Lost"));
    stop();
}

TEST(headers_that_could_split_the_response_are_refused)
{
    static const gale_route routes[] = { ROUTE("/refused", refused_handler),
                                         ROUTE("/injecting", injecting_handler),
                                         { 0 } };
    int port = serve_routes(routes);
    assert_head(port, GET("/refused"), LIST("HTTP/1.1 200 OK\r\n", "\r\n\r\nok"),
                LIST("X-Foo", "X-Evil"));
    test_expect_log(GALE_LOG_ERROR, "Uncaught error GET /injecting (127.0.0.1) in handler: ");
    test_expect_log(GALE_LOG_ERROR, "500 GET /injecting ");
    assert_head(port, GET("/injecting"), LIST("HTTP/1.1 500 "), LIST("X-Foo", "X-Bar"));
    stop();
}

/* ---- Status ---------------------------------------------------------------------------- */

static int status(gale_handler *self)
{
    const char *reason = gale_get_argument(self, "reason", "");
    GALE_TRY(gale_set_status(self, atoi(gale_get_argument(self, "code", "200")),
                             *reason ? reason : NULL));
    return gale_write(self, gale_get_argument(self, "body", ""));
}
CLASS(status);

static int bad_statuses(gale_handler *self)
{
    static const int codes[] = { 0, -1, 99, 1000 };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_error(gale_set_status(self, codes[i], NULL), GALE_EINVALID);
    return gale_writef(self, "%d", gale_get_status(self));
}
CLASS(bad_statuses);

static int bad_reasons(gale_handler *self)
{
    static const char *const reasons[] = { "a\nb", "a\rb", "\x01", "\x7F", "<script>" };
    const char *index = gale_get_argument(self, "i", "0");
    return gale_set_status(self, 200, reasons[*index - '0']);
}
CLASS(bad_reasons);

static const gale_route status_routes[] = { ROUTE("/status", status_handler),
                                            ROUTE("/bad", bad_statuses_handler),
                                            ROUTE("/bad_reasons", bad_reasons_handler),
                                            { 0 } };

TEST(status_lines)
{
    int port = serve_routes(status_routes);
    assert_status(port, "/status?code=304", "304 Not Modified");
    assert_status(port, "/status?code=299", "299 Unknown");
    assert_status(port, "/status?code=201&reason=Foo+Bar", "201 Foo Bar");
    assert_status(port, "/status?code=200&reason=%C3%A9", "200 \xC3\xA9");
    assert_body(port, "/bad", "200");
    char target[] = "/bad_reasons?i=0";
    for (; target[sizeof target - 2] < '5'; target[sizeof target - 2]++)
        assert_status(port, target, "200 Unknown");
    stop();
}

/* RFC 9110 §6.4.1, §15.2, §15.3.5, §15.4.5 */
TEST(statuses_without_a_body)
{
    static const char *const targets[] = { "/status?code=204", "/status?code=304",
                                           "/status?code=199" };
    int port = serve_routes(status_routes);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char request[128];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" CLOSE "\r\n", targets[i]);
        assert_head(port, request, LIST("HTTP/1.1 ", "GMT\r\nConnection: close\r\n\r\n"),
                    LIST("Content-Length", "Transfer-Encoding", "Content-Type"));
    }
    stop();
}

TEST(a_body_with_a_status_that_has_none_is_an_error)
{
    int port = serve_routes(status_routes);
    test_expect_log(GALE_LOG_ERROR, "Cannot send body with status 204");
    test_expect_log(GALE_LOG_ERROR, "500 GET /status?code=204&body=x ");
    assert_status(port, "/status?code=204&body=x", "500 Internal Server Error");
    test_expect_log(GALE_LOG_ERROR, "Cannot send body with status 304");
    test_expect_log(GALE_LOG_ERROR, "500 GET /status?code=304&body=x ");
    assert_status(port, "/status?code=304&body=x", "500 Internal Server Error");
    stop();
}

static int described(gale_handler *self)
{
    GALE_TRY(gale_set_status(self, 304, NULL));
    GALE_TRY(gale_set_header(self, "Content-Language", "en_US"));
    GALE_TRY(gale_set_header(self, "Content-Encoding", "gzip"));
    GALE_TRY(gale_set_header(self, "Etag", "\"x\""));
    const char *length = gale_get_argument(self, "length", "");
    return *length ? gale_set_header(self, "Content-Length", length) : 0;
}
CLASS(described);

/* A Content-Length that the handler gives a 304 is that of the body which is not sent. */
TEST(what_describes_a_body_is_not_sent_with_a_304)
{
    static const gale_route routes[] = { ROUTE("/", described_handler), { 0 } };
    int port = serve_routes(routes);
    assert_head(port, GET("/"), LIST("HTTP/1.1 304 Not Modified\r\n", "\r\nEtag: \"x\"\r\n"),
                LIST("Content-Language", "Content-Encoding", "Content-Length", "Content-Type"));
    assert_head(port, GET("/?length=40"),
                LIST("HTTP/1.1 304 Not Modified\r\n", "\r\nContent-Length: 40\r\n"),
                LIST("\r\n\r\n0"));
    stop();
}

/* ---- Bodies ---------------------------------------------------------------------------- */

static int parts(gale_handler *self)
{
    GALE_TRY(gale_write(self, "a"));
    GALE_TRY(gale_write_bytes(self, "\0b", 2));
    GALE_TRY(gale_writef(self, "%d-%s", 42, "c"));
    GALE_TRY(gale_write(self, ""));
    return gale_write_bytes(self, "", 0);
}
CLASS(parts);

enum { BIG = 3000000 };

static int big(gale_handler *self)
{
    char line[1000];
    memset(line, 'x', sizeof line);
    for (int i = 0; i < BIG / (int)sizeof line; i++)
        GALE_TRY(gale_write_bytes(self, line, sizeof line));
    return 0;
}
CLASS(big);

static int streamed(gale_handler *self)
{
    static char block[100000];
    memset(block, 'y', sizeof block);
    for (int i = 0; i < BIG / (int)sizeof block; i++) {
        GALE_TRY(gale_write_bytes(self, block, sizeof block));
        GALE_TRY(gale_flush(self));
    }
    return 0;
}
CLASS(streamed);

static int limited(gale_handler *self)
{
    assert_ok(gale_write(self, "0123456789"));
    assert_error(gale_write(self, "0123456"), GALE_ETOOBIG);
    assert_ok(gale_write(self, "012345"));
    assert_error(gale_write(self, "0"), GALE_ETOOBIG);
    assert_ok(gale_flush(self));
    assert_ok(gale_write(self, "0123456789012345"));
    return 0;
}
CLASS(limited);

static int late_header(gale_handler *self)
{
    GALE_TRY(gale_flush(self)); /* with nothing written yet */
    assert_error(gale_redirect(self, "/", false), GALE_ESTATE);
    GALE_TRY(gale_write(self, "ok"));
    GALE_TRY(gale_flush(self));
    return gale_flush(self); /* nothing new: no empty chunk, which would end the body */
}
CLASS(late_header);

static const gale_route body_routes[] = {
    ROUTE("/parts", parts_handler),       ROUTE("/big", big_handler),
    ROUTE("/streamed", streamed_handler), ROUTE("/limited", limited_handler),
    ROUTE("/late", late_header_handler),  { 0 }
};

static void assert_filled(const char *body, char with, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (body[i] != with)
            fail_msg("byte %zu is %d", i, body[i]);
}

TEST(bodies)
{
    static const char wanted[] = "\r\n\r\na\0b42-c";
    gale_str request = GALE_STR(GET("/parts"));
    asking self;
    int port = serve_routes(body_routes);
    self = (asking){ .port = port, .parts = &request, .part_count = 1 };
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_task, &self, 10));
    assert_non_null(strstr(self.answer, "\r\nContent-Length: 7\r\n"));
    assert_memory_equal(self.answer + self.size - (sizeof wanted - 1), wanted, sizeof wanted - 1);
    free(self.answer);
    char *answer = ask(port, GET("/big"));
    assert_non_null(strstr(answer, "\r\nContent-Length: 3000000\r\n"));
    const char *body = strstr(answer, "\r\n\r\n") + 4;
    assert_int_equal(strlen(body), BIG);
    assert_filled(body, 'x', BIG);
    free(answer);
    stop();
}

/* A chunk for each flush; gale_flush waits until the kernel has the bytes. */
TEST(flushed_bodies)
{
    int port = serve_routes(body_routes);
    char *answer = ask(port, GET("/streamed"));
    const char *at = strstr(answer, "\r\n\r\n") + 4;
    for (int i = 0; i < BIG / 100000; i++) {
        assert_memory_equal(at, "186a0\r\n", 7);
        assert_filled(at + 7, 'y', 100000);
        assert_memory_equal(at + 100007, "\r\n", 2);
        at += 100009;
    }
    assert_string_equal(at, "0\r\n\r\n");
    free(answer);
    assert_answer(port, GET("/late"), "HTTP/1.1 200 OK\r\n", "\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    stop();
}

TEST(the_limit_of_unsent_output)
{
    int port;
    serve(body_routes, &(gale_application_settings){ .max_response_buffer = 16 }, &port);
    assert_answer(port, GET("/limited"), "HTTP/1.1 200 OK\r\n",
                  "\r\n\r\n10\r\n0123456789012345\r\n10\r\n0123456789012345\r\n0\r\n\r\n");
    test_expect_log(GALE_LOG_ERROR, "over the limit: the response is over max_response_buffer");
    test_expect_log(GALE_LOG_ERROR, "Uncaught error in write_error: over the limit"); /* the page */
    test_expect_log(GALE_LOG_ERROR, "500 GET /big ");
    assert_answer(port, GET("/big"), "HTTP/1.1 500 Internal Server Error\r\n", "\r\n\r\n");
    stop();
}

/* ---- A Content-Length of the handler's own --------------------------------------------- */

static int announced(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "Content-Length", gale_get_argument(self, "length", "")));
    GALE_TRY(gale_write(self, "12345"));
    if (*gale_get_argument(self, "flush", ""))
        GALE_TRY(gale_flush(self));
    return 0;
}
CLASS(announced);

static const gale_route length_routes[] = { ROUTE("/", announced_handler), { 0 } };

TEST(an_announced_length_that_is_kept)
{
    int port = serve_routes(length_routes);
    assert_head(port, GET("/?length=5"), LIST("\r\nContent-Length: 5\r\n", "\r\n\r\n12345"),
                LIST("chunked"));
    assert_head(port, GET("/?length=5&flush=1"), LIST("\r\nContent-Length: 5\r\n", "\r\n\r\n12345"),
                LIST("chunked"));
    assert_head(port, "HEAD /?length=40 HTTP/1.1\r\n" CLOSE "\r\n",
                LIST("\r\nContent-Length: 40\r\n"), LIST("12345", "chunked"));
    stop();
}

/* The head may be out already: all that is left is to cut the connection. */
TEST(an_announced_length_that_is_not_kept)
{
    int port = serve_routes(length_routes);
    test_expect_log(GALE_LOG_ERROR, "Tried to write more data than Content-Length");
    test_expect_log(GALE_LOG_ERROR, "GET /?length=4 (127.0.0.1) ");
    char *answer = ask(port, GET("/?length=4"));
    assert_null(strstr(answer, "12345"));
    free(answer);
    test_expect_log(GALE_LOG_ERROR, "Tried to write 1 bytes less than Content-Length");
    test_expect_log(GALE_LOG_ERROR, "GET /?length=6 (127.0.0.1) ");
    free(ask(port, GET("/?length=6")));
    test_expect_log(GALE_LOG_ERROR, "Tried to write 2 bytes less than Content-Length");
    test_expect_log(GALE_LOG_ERROR, "Cannot send error response after headers written");
    assert_head(port, GET("/?length=7&flush=1"), LIST("\r\nContent-Length: 7\r\n", "\r\n\r\n12345"),
                LIST("123456"));
    stop();
}

TEST(an_announced_length_that_is_none)
{
    static const char *const targets[] = { "/?length=foo", "/?length=%2B10", "/?length=1_0",
                                           "/?length=-1" };
    int port = serve_routes(length_routes);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        test_expect_log(GALE_LOG_ERROR, "invalid Content-Length: ");
        test_expect_log(GALE_LOG_ERROR, "500 GET ");
        assert_status(port, targets[i], "500 Internal Server Error");
    }
    stop();
}

/* ---- JSON ------------------------------------------------------------------------------ */

static int json(gale_handler *self)
{
    const char *const *values;
    int count = gale_get_arguments(self, "a", &values);
    GALE_TRY(count);
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_string(values[i]));
    return gale_write_json(self, json_pack("{s:o}", "a", list));
}
CLASS(json);

static int bad_json(gale_handler *self)
{
    return gale_write_json(self, NULL);
}
CLASS(bad_json);

static const gale_route json_routes[] = { ROUTE("/json", json_handler),
                                          ROUTE("/bad_json", bad_json_handler),
                                          { 0 } };

/* As Python's json.dumps: a space behind separators, ASCII only, no "</". */
TEST(json_is_written_as_by_tornado)
{
    int port = serve_routes(json_routes);
    assert_head(port,
                "POST /json HTTP/1.1\r\n" CLOSE "Content-Length: 7\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n\r\na=1&a=2",
                LIST("\r\nContent-Type: application/json; charset=UTF-8\r\n",
                     "\r\nContent-Length: 17\r\n", "\r\n\r\n{\"a\": [\"1\", \"2\"]}"),
                LIST("text/html"));
    assert_body(port, "/json?a=%3C%2Fscript%3E%C3%A9%F0%9F%98%80%22",
                "{\"a\": [\"<\\/script>\\u00e9\\ud83d\\ude00\\\"\"]}");
    assert_body(port, "/json?a=%01%7F/%5C", "{\"a\": [\"\\u007f/\\\\\"]}");
    assert_body(port, "/json", "{\"a\": []}");
    test_expect_log(GALE_LOG_ERROR, "Uncaught error GET /bad_json ");
    test_expect_log(GALE_LOG_ERROR, "500 GET /bad_json ");
    assert_status(port, "/bad_json", "500 Internal Server Error");
    stop();
}

/* ---- Redirects ------------------------------------------------------------------------- */

static int redirect(gale_handler *self)
{
    const char *code = gale_get_argument(self, "status", "");
    const char *to = gale_get_argument(self, "to", "/a?b=c d");
    if (*code)
        return gale_redirect_status(self, to, atoi(code));
    return gale_redirect(self, to, *gale_get_argument(self, "permanent", "") != '\0');
}
CLASS(redirect);

static const gale_route redirect_routes[] = { ROUTE("/", redirect_handler), { 0 } };

TEST(redirects)
{
    int port = serve_routes(redirect_routes);
    assert_answer(port, GET("/"), "HTTP/1.1 302 Found\r\n",
                  "GMT\r\nLocation: /a?b=c d\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_status(port, "/?permanent=1", "301 Moved Permanently");
    assert_status(port, "/?status=307", "307 Temporary Redirect");
    assert_head(port, GET("/?to=http://other.example/%C3%A9"),
                LIST("\r\nLocation: http://other.example/\xC3\xA9\r\n"), LIST("<html>"));
    stop();
}

TEST(redirects_that_are_refused)
{
    int port = serve_routes(redirect_routes);
    static const char *const targets[] = { "/?status=200", "/?status=400", "/?to=a%0D%0Ab" };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        test_expect_log(GALE_LOG_ERROR, "Uncaught error GET /?");
        test_expect_log(GALE_LOG_ERROR, "500 GET /?");
        assert_status(port, targets[i], "500 Internal Server Error");
    }
    stop();
}

/* ---- Keeping --------------------------------------------------------------------------- */

static int keep_text(gale_handler *self)
{
    const char *text = gale_keep(self, gale_xhtml_escape("<b>"));
    return gale_write(self, text);
}

static int keep_nothing(gale_handler *self)
{
    return gale_write(self, gale_keep(self, NULL));
}

static int write_null(gale_handler *self)
{
    return gale_write(self, NULL);
}

TEST(what_is_kept_lives_with_the_request)
{
    static const gale_handler_class text_handler = { .get = keep_text };
    static const gale_handler_class nothing_handler = { .get = keep_nothing };
    static const gale_handler_class null_handler = { .get = write_null };
    int port = serve_routes((gale_route[]){ ROUTE("/", text_handler),
                                            ROUTE("/nothing", nothing_handler),
                                            ROUTE("/null", null_handler),
                                            { 0 } });
    assert_body(port, "/", "&lt;b&gt;");
    test_expect_log(GALE_LOG_WARNING, "500 GET /nothing (127.0.0.1): out of memory");
    test_expect_log(GALE_LOG_ERROR, "500 GET /nothing");
    assert_status(port, "/nothing", "500 Internal Server Error");
    test_expect_log(GALE_LOG_ERROR, "Uncaught error GET /null");
    test_expect_log(GALE_LOG_ERROR, "500 GET /null");
    assert_status(port, "/null", "500 Internal Server Error");
    stop();
}

GALE_TEST_MAIN
