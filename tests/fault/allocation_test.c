/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each allocation that a request needs fails once, from the making of the loop to its end. The
 * answer is then complete, or a 500 or 503, or the connection is closed without any; at most one
 * line is logged, besides the access log's; nothing leaks; and the next request succeeds.
 */
#include <gale/middleware.h>

#include <errno.h>

#include "fault_test.h"

static int whole(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "X-Long", "a header that is not among the usual ones"));
    const char *name = gale_get_argument(self, "name", "world");
    const char *mood = gale_get_cookie(self, "mood", "");
    return name && mood ? gale_writef(self, "Hello, %s%s", mood, name) : 0;
}

static int json(gale_handler *self)
{
    return gale_write_json(self, json_pack("{s:s}", "path", gale_path_arg(self, "path")));
}

static int sleeping(gale_handler *self)
{
    GALE_TRY(gale_sleep(0.5));
    return gale_write(self, "awake");
}

static int flushing(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "Content-Length", "20000"));
    for (int i = 0; i < 2; i++) {
        GALE_TRY(gale_writef(self, "%010000d", i));
        GALE_TRY(gale_flush(self));
    }
    return 0;
}

static int find_user(gale_handler *self, json_t **ret_user)
{
    const gale_signed_value_options options = { .max_age_days = GALE_NONE };
    const char *name = gale_get_signed_cookie(self, "key", &options);
    if (name && !(*ret_user = json_string(name)))
        return -ENOMEM;
    return 0;
}

static int visited(gale_handler *self)
{
    GALE_TRY(gale_authenticated(self));
    GALE_TRY(gale_clear_all_cookies(self, NULL));
    for (const char *name = "abcde"; *name; name++)
        GALE_TRY(gale_set_cookie(self, name, "a,b", &(gale_cookie_options){ .max_age = 1 }));
    GALE_TRY(gale_set_signed_cookie(self, "user", "somebody", NULL));
    const char *form = gale_xsrf_form_html(self);
    if (!form)
        return GALE_EHTTP;
    return gale_write(self, json_string_value(gale_current_user(self)));
}

static int add_size(gale_handler *self, const char *data, size_t size);
static int answer_size(gale_handler *self);

static const gale_handler_class whole_handler = { .get = whole, .post = whole };
static const gale_handler_class json_handler = { .get = json };
static const gale_handler_class sleeping_handler = { .get = sleeping };
static const gale_handler_class flush_handler = { .get = flushing };
static const gale_handler_class visited_handler = { .get = visited,
                                                    .get_current_user = find_user,
                                                    .compute_etag = gale_compute_etag };
static const gale_handler_class size_handler = { .stream_request_body = true,
                                                 .state_size = sizeof(size_t),
                                                 .data_received = add_size,
                                                 .put = answer_size };

static int add_size(gale_handler *self, const char *data, size_t size)
{
    (void)data;
    *(size_t *)gale_handler_state(self, &size_handler) += size;
    return 0;
}

static int answer_size(gale_handler *self)
{
    return gale_writef(self, "%zu", *(size_t *)gale_handler_state(self, &size_handler));
}

static int filtered(gale_handler *self)
{
    json_t *session = gale_session(self);
    if (!session)
        return GALE_EHTTP;
    if (json_object_set_new(session, "user", json_string("me")) < 0)
        return -ENOMEM;
    GALE_TRY(gale_session_renew(self));
    return gale_write(self, gale_keep(self, gale_linkify("see www.example.com", NULL)));
}

static const gale_handler_class filtered_handler = { .get = filtered };
static const char *const origins[] = { "http://a.example", NULL };
static const gale_cors_options cors = { .allow_origins = origins };
static const gale_rate_limit_options limit = { .rate = 1000 };
static const gale_session_options sessions = { .store = &gale_memory_session_store };
static const gale_filter filters[] = {
    { &gale_request_id_filter, NULL },   { &gale_security_headers_filter, NULL },
    { &gale_cors_filter, &cors },        { &gale_rate_limit_filter, &limit },
    { &gale_session_filter, &sessions }, { 0 }
};

/* Hashes are made by threads, which the backend in memory does not wait for. */
static const char *no_hash(gale_handler *self, const char *absolute_path)
{
    (void)self;
    (void)absolute_path;
    return "1";
}

static const gale_static_slots file_slots = { .get_content_version = no_hash };
static const gale_handler_class file_handler = { .base = &gale_static_file_handler,
                                                 .static_slots = &file_slots };
static const gale_static_options files = { .path = GALE_SOURCE_DIR "/tests/interop/twin/files",
                                           .precompressed = true };

static int rendered(gale_handler *self)
{
    return gale_render(
        self, gale_path_arg_at(self, 0),
        json_pack("{s:[{s:s, s:f, s:s}]}", "entries", "title", "<1>", "price", 1.5, "html", "<b>"));
}

static int entry(gale_handler *self, gale_template_call *call)
{
    return gale_ui_module_render(self, call, "base.html", NULL);
}

static const char *entry_css(gale_handler *self)
{
    (void)self;
    return ".entry {}";
}

static int shout(gale_template_call *call)
{
    call->result = json_string("HI");
    return call->result ? 0 : -ENOMEM;
}

static const gale_ui_module modules[] = {
    { .name = "Entry", .render = entry, .embedded_css = entry_css }, { 0 }
};
static const gale_template_function methods[] = { { "shout", shout, NULL }, { 0 } };
static const gale_handler_class rendered_handler = { .get = rendered };

static const gale_route routes[] = {
    { .pattern = "/page/(.*)", .handler = &rendered_handler },
    { .pattern = "/(.*)/(.*)/reversed", .handler = &rendered_handler, .name = "reversed" },
    { .pattern = "/files/(.*)", .handler = &file_handler, .arg = &files },
    { .pattern = "/filtered", .handler = &filtered_handler, .filters = filters },
    { .pattern = "/", .handler = &hello_handler },
    { .pattern = "/echo", .handler = &echo_handler },
    { .pattern = "/whole", .handler = &whole_handler },
    { .pattern = "/json/(?P<path>.*)", .handler = &json_handler },
    { .pattern = "/sleep", .handler = &sleeping_handler },
    { .pattern = "/size", .handler = &size_handler },
    { .pattern = "/flush", .handler = &flush_handler },
    { .pattern = "/visited", .handler = &visited_handler },
    { 0 }
};

/* ---- The log ---- */

static int lines;
static char last_line[200];

static void count_line(const gale_log_record *record, void *arg)
{
    (void)arg;
    if (record->level < GALE_LOG_WARNING || record->logger == GALE_LOG_ACCESS)
        return;
    lines++;
    snprintf(last_line, sizeof last_line, "%.*s", (int)record->size, record->message);
}

/* ---- One attempt ---- */

typedef struct asked {
    const char *text;
    int status;
    const char *body; /* of the answer; NULL: not looked at */
    size_t size;      /* of the text; 0: up to its NUL */
    bool cut;         /* an answer that has begun may be cut off; that is a line of its own */
} asked;

/* Without memory the application may not come to be. */
static int try_to_serve(void)
{
    int listening = memory_listen();
    gale_application *application = gale_application_new(
        routes,
        &(gale_application_settings){ .server = { .chunk_size = 4, .decompress_request = true },
                                      .cookie_secret = "It's a secret to everybody",
                                      .login_url = "/login",
                                      .static_path = files.path,
                                      .static_handler_class = &file_handler,
                                      .template_path = GALE_SOURCE_DIR "/tests/interop/twin/pages",
                                      .ui_modules = modules,
                                      .ui_methods = methods });
    return gale_application_listen_sockets(application, &listening, 1) < 0 ? -1 : listening;
}

static void exchange(memory_peer *peer, const asked *request)
{
    memory_send(peer, request->text, request->size ? request->size : strlen(request->text));
    memory_advance(1);
}

static void assert_exchange(memory_peer *peer, const asked *request)
{
    exchange(peer, request);
    assert_response(peer, request->status, request->body);
}

/* The answer is complete, or a 500 or 503, or there is none and the connection is closed. */
static void assert_answer_or_refusal(memory_peer *peer, const asked *request)
{
    response got = { 0 };
    gale_str received = memory_received(peer);
    if (received.len == 0) {
        assert_true(peer->closed);
        return;
    }
    bool whole = response_read(received, &got) && got.size == received.len;
    if (request->cut && !whole && peer->closed)
        return;
    if (!whole)
        fail_msg("not one response: %.*s", (int)received.len, received.data);
    bool empty_page = got.status >= 400 && got.body.len == 0;
    if (got.status == request->status && !empty_page && request->body)
        assert_str(got.body, request->body);
    else if (got.status != request->status && got.status != 500 && got.status != 503)
        fail_msg("unexpected: %.*s", (int)received.len, received.data);
    memory_forget(peer, got.size);
    if (got.closes) {
        memory_end(peer);
        memory_turns();
        assert_true(peer->closed);
    }
}

/* Returns a listening descriptor whatever has failed before. */
static int serve_again(int listening)
{
    if (!gale_ioloop_current_or_null())
        assert_non_null(memory_loop(NULL));
    return listening < 0 ? try_to_serve() : listening;
}

/* False when the request needs less than n allocations. */
static bool nth_allocation_fails(const asked *request, size_t n)
{
    lines = 0;
    gale_ioloop_free(gale_ioloop_current_or_null()); /* of a test that has failed */
    test_fail_allocation(n);
    int listening = memory_loop(NULL) ? try_to_serve() : -1;
    memory_peer *peer = listening < 0 ? NULL : memory_connect(listening);
    if (peer) {
        exchange(peer, request);
        assert_answer_or_refusal(peer, request);
    }
    bool failed = test_allocation_failed();
    test_fail_allocation(0);
    if (lines > (request->cut ? 2 : 1))
        fail_msg("one line too many: %s", last_line);
    if (peer && !peer->closed)
        assert_exchange(peer, request);
    assert_exchange(memory_connect(serve_again(listening)), request);
    gale_ioloop_free(gale_ioloop_current());
    assert_int_equal(test_allocated_bytes(), 0);
    return failed;
}

static void each_allocation_fails(const asked *request)
{
    size_t n = 0;
    gale_log_set_hook(count_line, NULL);
    while (nth_allocation_fails(request, ++n)) {
    }
    assert_true(n > 5);
}

static void each_fails(const char *text, int status, const char *body)
{
    each_allocation_fails(&(asked){ .text = text, .status = status, .body = body });
}

TEST(a_plain_request)
{
    each_fails(HELLO_REQUEST, 200, "Hello, world");
}

TEST(a_chunked_body)
{
    each_fails(CHUNKED_REQUEST, 200, "hello world");
}

TEST(a_body_of_known_length)
{
    each_fails(SIZED_REQUEST, 200, "hello");
}

TEST(a_body_that_is_streamed)
{
    each_fails("PUT /size HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\n"
               "123456789012345678901234567890",
               200, "30");
}

TEST(headers_and_arguments)
{
    each_fails("GET /whole?name=J%C3%BCrgen HTTP/1.1\r\nHost: h\r\n"
               "Cookie: a=b; mood=\"dear \"\r\n\r\n",
               200, "Hello, dear J\xC3\xBCrgen");
}

TEST(a_form)
{
    each_fails("POST /whole HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n"
               "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
               "name=you",
               200, "Hello, you");
}

TEST(a_path_argument_and_json)
{
    each_fails("GET /json/to%20you HTTP/1.1\r\nHost: h\r\n\r\n", 200, "{\"path\": \"to you\"}");
}

TEST(a_handler_that_waits)
{
    each_fails("GET /sleep HTTP/1.1\r\nHost: h\r\n\r\n", 200, "awake");
}

TEST(a_large_body)
{
    enum { SIZE = 100000 };
    static char text[SIZE + 100];
    int head = snprintf(text, sizeof text,
                        "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", SIZE);
    memset(text + head, 'b', SIZE);
    each_fails(text, 200, text + head);
}

TEST(a_compressed_body)
{
    static const char text[] = "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n"
                               "Content-Length: 31\r\n\r\n"
                               "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57"
                               "\x28\xcf\x2f\xca\x49\x01\x00\x85\x11\x4a\x0d\x0b\x00\x00\x00";
    each_allocation_fails(
        &(asked){ .text = text, .status = 200, .body = "hello world", .size = sizeof text - 1 });
}

TEST(a_response_in_pieces)
{
    each_allocation_fails(
        &(asked){ .text = "GET /flush HTTP/1.1\r\nHost: h\r\n\r\n", .status = 200, .cut = true });
}

TEST(a_body_that_is_waited_for)
{
    each_fails("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n"
               "Expect: 100-continue\r\n\r\n",
               200, "");
}

TEST(filters_around_a_handler)
{
    each_fails("GET /filtered HTTP/1.1\r\nHost: h\r\nOrigin: http://a.example\r\n\r\n", 200,
               "see <a href=\"http://www.example.com\">www.example.com</a>");
}

#define SIGNED                                                                                     \
    "2|1:0|10:1300000000|3:key|8:dmFsdWU=|"                                                        \
    "3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152"

TEST(cookies_users_and_tokens)
{
    each_fails("GET /visited HTTP/1.1\r\nHost: h\r\nCookie: key=" SIGNED "; a=1\r\n\r\n", 200,
               "value");
    each_fails("GET /visited?a HTTP/1.1\r\nHost: h\r\n\r\n", 302, "");
}

/* Has what is asked for in the kernel's memory, so that no thread has to wait for the disk. */
static void read_file(const char *name)
{
    char path[500], text[10000];
    snprintf(path, sizeof path, "%s/%s", files.path, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text, file) > 0);
    fclose(file);
}

TEST(a_static_file)
{
    read_file("numbers.txt");
    read_file("robots.txt");
    each_fails("GET /files/robots.txt?v=1 HTTP/1.1\r\nHost: h\r\n\r\n", 200,
               "User-agent: *\nDisallow: /\n");
    each_fails("GET /files/numbers.txt HTTP/1.1\r\nHost: h\r\nRange: bytes=6-10\r\n\r\n", 206,
               "00001");
    each_fails("GET /files/numbers.txt HTTP/1.1\r\nHost: h\r\nRange: bytes=0-4,1000-1005\r\n\r\n",
               206, NULL);
}

TEST(a_template)
{
    each_fails("GET /page/modules.html HTTP/1.1\r\nHost: h\r\n\r\n", 200, NULL);
    each_fails("GET /page/base.html HTTP/1.1\r\nHost: h\r\n\r\n", 200,
               "<html>\n<head>\n<title>Twin</title>\n</head>\n<body>\nnothing\n"
               "<p>GET /page/base.html h HTTP/1.1</p>\n</body>\n</html>\n");
    each_fails("GET /page/list.html HTTP/1.1\r\nHost: h\r\n\r\n", 200, NULL);
}

TEST(an_error_page)
{
    each_fails("DELETE / HTTP/1.1\r\nHost: h\r\n\r\n", 405,
               "<html><title>405: Method Not Allowed</title>"
               "<body>405: Method Not Allowed</body></html>");
}

TEST(a_bad_request)
{
    each_fails("GET / HTTP/1.1\r\n\r\n", 400,
               "<html><title>400: Bad Request</title>"
               "<body>400: Bad Request</body></html>");
}

GALE_TEST_MAIN
