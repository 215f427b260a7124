/* SPDX-License-Identifier: Apache-2.0 */
/* Output transforms, and compressed responses. */
#include <errno.h>
#include <zlib.h>

#include "web/web_test.h"

#if GALE_BROTLI
#include <brotli/decode.h>
#endif

/* ---- Asking ---------------------------------------------------------------------------- */

typedef struct answer {
    char *text; /* of the whole answer */
    char *body;
    size_t body_size;
} answer;

static answer get_accepting(int port, const char *target, const char *accept_encoding)
{
    char request[512];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nAccept-Encoding: %s\r\n" CLOSE "\r\n",
             target, accept_encoding);
    gale_str part = { request, strlen(request) };
    asking self = { .port = port, .parts = &part, .part_count = 1 };
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_task, &self, 10));
    assert_ok(self.result);
    char *end = strstr(self.answer, "\r\n\r\n");
    assert_non_null(end);
    end[2] = '\0';
    return (answer){ self.answer, end + 4, self.size - (size_t)(end + 4 - self.answer) };
}

static void assert_header(const answer *got, const char *line)
{
    if (!strstr(got->text, line))
        fail_msg("no %s in\n%s", line, got->text);
}

static void assert_no_header(const answer *got, const char *name)
{
    if (strstr(got->text, name))
        fail_msg("%s in\n%s", name, got->text);
}

/* Takes chunk framing off, in place. */
static void unchunk(answer *got)
{
    char *from = got->body, *to = got->body;
    for (;;) {
        size_t size = strtoul(from, &from, 16);
        from += 2;
        if (size == 0)
            break;
        memmove(to, from, size);
        to += size;
        from += size + 2;
    }
    got->body_size = (size_t)(to - got->body);
}

static void gunzip(const answer *got, char *out, size_t room)
{
    z_stream zlib = { .next_in = (Bytef *)got->body,
                      .avail_in = (uInt)got->body_size,
                      .next_out = (Bytef *)out,
                      .avail_out = (uInt)room - 1 };
    assert_int_equal(inflateInit2(&zlib, MAX_WBITS + 16), Z_OK);
    assert_int_equal(inflate(&zlib, Z_FINISH), Z_STREAM_END);
    assert_int_equal(zlib.avail_in, 0);
    out[zlib.total_out] = '\0';
    inflateEnd(&zlib);
}

/* ---- The application ------------------------------------------------------------------- */

static char long_text[3001];

static int write_long(gale_handler *self)
{
    const char *type = gale_get_argument(self, "type", "text/plain"),
               *vary = gale_get_argument(self, "vary", "");
    if (*vary)
        GALE_TRY(gale_set_header(self, "Vary", vary));
    if (*gale_get_argument(self, "etag", ""))
        GALE_TRY(gale_set_header(self, "Etag", "\"1\""));
    if (*gale_get_argument(self, "encoded", ""))
        GALE_TRY(gale_set_header(self, "Content-Encoding", "own"));
    GALE_TRY(gale_set_header(self, "Content-Type", type));
    return gale_write(self, long_text);
}

static int write_short(gale_handler *self)
{
    return gale_write(self, "short");
}

static int write_streamed(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "Content-Length", "11"));
    GALE_TRY(gale_write(self, "hello "));
    GALE_TRY(gale_flush(self));
    GALE_TRY(gale_flush(self));
    return gale_write(self, "world");
}

static int fail_late(gale_handler *self)
{
    GALE_TRY(gale_write(self, long_text));
    return gale_http_error(self, 503, NULL);
}

static const gale_handler_class long_handler = { .get = write_long, .head = write_long },
                                short_handler = { .get = write_short },
                                streamed_handler = { .get = write_streamed },
                                failing_handler = { .get = fail_late };
static const gale_route routes[] = { ROUTE("/long", long_handler),
                                     ROUTE("/short", short_handler),
                                     ROUTE("/streamed", streamed_handler),
                                     ROUTE("/failing", failing_handler),
                                     { 0 } };

static int serve_compressed(void)
{
    int port;
    memset(long_text, 'a', sizeof long_text - 1);
    serve(routes, &(gale_application_settings){ .compress_response = true }, &port);
    return port;
}

/* ---- Compression ----------------------------------------------------------------------- */

/* Tornado: GzipTestCase.test_gzip */
TEST(gzip)
{
    int port = serve_compressed();
    char text[4000];
    answer got = get_accepting(port, "/long", "gzip");
    assert_header(&got, "\r\nContent-Encoding: gzip\r\n");
    assert_header(&got, "\r\nVary: Accept-Encoding\r\n");
    char length[40];
    snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", got.body_size);
    assert_header(&got, length);
    assert_true(got.body_size < 100);
    gunzip(&got, text, sizeof text);
    assert_string_equal(text, long_text);
    free(got.text);
    stop();
}

#if GALE_BROTLI
TEST(brotli)
{
    int port = serve_compressed();
    uint8_t text[4000];
    size_t size = sizeof text;
    answer got = get_accepting(port, "/long", "gzip, deflate, br, zstd");
    assert_header(&got, "\r\nContent-Encoding: br\r\n");
    assert_int_equal(BrotliDecoderDecompress(got.body_size, (const uint8_t *)got.body, &size, text),
                     BROTLI_DECODER_RESULT_SUCCESS);
    assert_int_equal(size, strlen(long_text));
    assert_memory_equal(text, long_text, size);
    free(got.text);
    stop();
}
#endif

/* Tornado: GzipTestCase.test_gzip_not_requested */
TEST(what_is_not_compressed)
{
    static const char *const cases[][2] = {
        { "/long", "" },
        { "/long", "gzip;q=0" },
        { "/long", "x-gzip-no" },
        { "/long", "gzip;q=0.5, identity" },
        { "/long?type=image/png", "gzip" },
        { "/long?encoded=1", "gzip" },
        { "/short", "gzip" },
    };
    int port = serve_compressed();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer got = get_accepting(port, cases[i][0], cases[i][1]);
        assert_header(&got, "HTTP/1.1 200 OK\r\n");
        assert_no_header(&got, "Content-Encoding: gzip");
        assert_header(&got, "\r\nVary: Accept-Encoding\r\n");
        free(got.text);
    }
    stop();
}

/* Tornado: GzipTestCase.test_vary_already_present, test_vary_already_present_multiple */
TEST(vary)
{
    int port = serve_compressed();
    answer got = get_accepting(port, "/long?vary=Cookie", "gzip");
    assert_header(&got, "\r\nVary: Cookie, Accept-Encoding\r\n");
    free(got.text);
    got = get_accepting(port, "/long?vary=accept-encoding,Cookie", "gzip");
    assert_header(&got, "\r\nVary: accept-encoding,Cookie\r\n");
    free(got.text);
    got = get_accepting(port, "/long?vary=*", "gzip");
    assert_header(&got, "\r\nVary: *\r\n");
    free(got.text);
    stop();
}

TEST(a_strong_tag_becomes_weak)
{
    int port = serve_compressed();
    answer got = get_accepting(port, "/long?etag=1", "gzip");
    assert_header(&got, "\r\nEtag: W/\"1\"\r\n");
    free(got.text);
    got = get_accepting(port, "/long?etag=1", "");
    assert_header(&got, "\r\nEtag: \"1\"\r\n");
    free(got.text);
    stop();
}

TEST(a_streamed_response)
{
    int port = serve_compressed();
    char text[100];
    answer got = get_accepting(port, "/streamed", "gzip");
    assert_header(&got, "\r\nContent-Encoding: gzip\r\n");
    assert_header(&got, "\r\nTransfer-Encoding: chunked\r\n");
    assert_no_header(&got, "Content-Length");
    unchunk(&got);
    gunzip(&got, text, sizeof text);
    assert_string_equal(text, "hello world");
    free(got.text);
    stop();
}

TEST(head_says_what_get_would)
{
    int port = serve_compressed();
    char *text = ask(port, "HEAD /long HTTP/1.1\r\nAccept-Encoding: gzip\r\n" CLOSE "\r\n");
    assert_non_null(strstr(text, "\r\nContent-Encoding: gzip\r\n"));
    assert_non_null(strstr(text, "\r\n\r\n"));
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    free(text);
    stop();
}

TEST(an_error_page_after_a_long_body)
{
    int port = serve_compressed();
    test_expect_log(GALE_LOG_ERROR, "503 GET /failing ");
    answer got = get_accepting(port, "/failing", "gzip");
    assert_header(&got, "HTTP/1.1 503 Service Unavailable\r\n");
    assert_no_header(&got, "Content-Encoding");
    free(got.text);
    stop();
}

/* ---- Transforms of one's own ----------------------------------------------------------- */

typedef struct counter {
    int chunks;
} counter;

static int released;

static int refuse_posts(gale_handler *self, void *state, uint64_t size, bool finishing)
{
    (void)state;
    (void)size;
    (void)finishing;
    GALE_TRY(gale_set_header(self, "X-Seen", "1"));
    const char *method = gale_http_server_request_method(gale_handler_request(self));
    return strcmp(method, "POST") != 0;
}

/* Puts each chunk in brackets, with its number. */
static int bracket(gale_handler *self, void *state, gale_str chunk, bool finishing,
                   gale_output *output)
{
    counter *count = state;
    char head[40];
    if (count->chunks == 0)
        GALE_TRY(gale_set_header(self, "X-First", "1"));
    int size = snprintf(head, sizeof head, "[%d%s:", ++count->chunks, finishing ? "!" : "");
    GALE_TRY(gale_output_write(output, head, (size_t)size));
    GALE_TRY(gale_output_write(output, chunk.data, chunk.len));
    return gale_output_write(output, "]", 1);
}

static void count_release(void *state)
{
    (void)state;
    released++;
}

static int break_down(gale_handler *self, void *state, gale_str chunk, bool finishing,
                      gale_output *output)
{
    (void)state;
    (void)chunk;
    (void)finishing;
    (void)output;
    return gale_get_status(self) == 200 ? -EIO : 0;
}

static const gale_output_transform bracketing = { .state_size = sizeof(counter),
                                                  .begin = refuse_posts,
                                                  .chunk = bracket,
                                                  .release = count_release },
                                   breaking = { .chunk = break_down };

/* Tornado: Application.add_transform */
TEST(transforms_one_after_the_other)
{
    static const gale_handler_class both_handler = { .get = write_short, .post = write_short };
    static const gale_route own[] = { ROUTE("/", both_handler),
                                      ROUTE("/streamed", streamed_handler),
                                      { 0 } };
    int port;
    gale_application *application = serve(own, NULL, &port);
    assert_ok(gale_application_add_transform(application, &bracketing));
    released = 0;
    assert_answer(
        port, GET("/"), "HTTP/1.1 200 OK\r\n",
        "\r\nX-Seen: 1\r\nX-First: 1\r\nContent-Length: 10\r\nConnection: close\r\n\r\n[1!:short]");
    assert_int_equal(released, 1);
    assert_answer(port, "POST / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nshort");
    assert_int_equal(released, 1);
    assert_ok(gale_application_add_transform(application, &bracketing));
    assert_answer(port, GET("/"), "HTTP/1.1 200 OK\r\n", "\r\n\r\n[1!:[1!:short]]");
    stop();
}

TEST(a_transform_that_fails)
{
    static const gale_route own[] = { ROUTE("/", short_handler), { 0 } };
    int port;
    gale_application *application = serve(own, NULL, &port);
    assert_ok(gale_application_add_transform(application, &breaking));
    test_expect_log(GALE_LOG_ERROR, "Uncaught error GET / ");
    test_expect_log(GALE_LOG_ERROR, "500 GET / ");
    assert_status(port, "/", "500 Internal Server Error");
    stop();
}

GALE_TEST_MAIN
