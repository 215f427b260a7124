/* SPDX-License-Identifier: Apache-2.0 */
/* Static files: what is served, with which headers, and what is refused. */
#include "web/static_test.h"

#include <sys/resource.h>

#include "web/static_file.h"

static int start(const gale_static_options *more)
{
    static gale_static_options options;
    static gale_route routes[2];
    make_files();
    options = more ? *more : (gale_static_options){ 0 };
    options.path = root;
    routes[0] = (gale_route)ROUTE("/static/(.*)", gale_static_file_handler, .arg = &options);
    routes[1] = (gale_route){ 0 };
    gale_log_set_level(GALE_LOG_ERROR); /* refusals are warnings */
    return serve_routes(routes);
}

static void end(void)
{
    stop();
    remove_files();
}

/* ---- Headers --------------------------------------------------------------------------- */

TEST(a_file_with_its_headers)
{
    int port = start(NULL);
    char *answer = ask_for(port, "GET", "/static/robots.txt", "");
    assert_true(answer_has(answer, "HTTP/1.1 200 OK\r\n"));
    assert_true(answer_has(answer, "\r\nContent-Type: text/plain\r\n"));
    assert_true(answer_has(answer, "\r\nAccept-Ranges: bytes\r\nEtag: \"" ROBOTS_HASH "\"\r\n"
                                   "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                   "Content-Length: 26\r\n"));
    assert_false(answer_has(answer, "Cache-Control"));
    assert_false(answer_has(answer, "Vary"));
    free(answer);
    assert_file(port, "/static/robots.txt", "", 200, NULL, ROBOTS);
    end();
}

TEST(a_versioned_url_is_cacheable)
{
    int port = start(NULL);
    static const char *const targets[] = { "/static/robots.txt?v=12345",
                                           "/static/robots.txt?v=", "/static/robots.txt?a=1&v" };
    for (size_t i = 0; i < 3; i++) {
        assert_file(port, targets[i], "", 200, "\r\nCache-Control: max-age=315360000\r\n", ROBOTS);
        assert_file(port, targets[i], "", 200, "\r\nExpires: ", ROBOTS);
    }
    end();
}

TEST(compressed_files_have_types_of_their_own)
{
    int port = start(NULL);
    put("sample.xml.gz", "x");
    put("sample.xml.bz2", "x");
    put("sample.xml", "x");
    assert_file(port, "/static/sample.xml.gz", "", 200, "Content-Type: application/gzip\r\n", "x");
    assert_file(port, "/static/sample.xml.bz2", "", 200,
                "Content-Type: application/octet-stream\r\n", "x");
    assert_file(port, "/static/sample.xml", "", 200, "Content-Type: text/xml\r\n", "x");
    end();
}

TEST(head_is_get_without_its_body)
{
    int port = start(NULL);
    char *answer = ask_for(port, "HEAD", "/static/robots.txt", "");
    assert_true(answer_has(answer, "HTTP/1.1 200 OK\r\n"));
    assert_true(answer_has(answer, "\r\nContent-Length: 26\r\n"));
    assert_true(answer_has(answer, "\r\nEtag: \"" ROBOTS_HASH "\"\r\n"));
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
    answer = ask_for(port, "HEAD", "/static/robots.txt", "Range: bytes=1-4\r\n");
    assert_true(answer_has(answer, "HTTP/1.1 206 Partial Content\r\n"));
    assert_true(answer_has(answer, "\r\nContent-Length: 4\r\n"));
    free(answer);
    answer = ask_for(port, "POST", "/static/robots.txt", "Content-Length: 0\r\n");
    assert_true(answer_has(answer, "HTTP/1.1 405 Method Not Allowed\r\n"));
    assert_true(answer_has(answer, "Allow: GET, HEAD\r\n"));
    free(answer);
    end();
}

/* ---- Conditions ------------------------------------------------------------------------ */

#define EQUAL "Sun, 06 Nov 1994 08:49:37 GMT"

TEST(conditional_requests)
{
    static const struct {
        const char *lines;
        int status;
    } cases[] = {
        { "If-Modified-Since: " EQUAL "\r\n", 304 },
        { "If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT\r\n", 304 },
        { "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 200 },
        { "If-Modified-Since: Fri, 01 Jan 1960 00:00:00 GMT\r\n", 200 },
        { "If-Modified-Since: !nv@l!d\r\n", 200 },
        { "If-None-Match: \"" ROBOTS_HASH "\"\r\n", 304 },
        { "If-None-Match: \"a\", W/\"" ROBOTS_HASH "\"\r\n", 304 },
        { "If-None-Match: \"MISMATCH\"\r\nIf-Modified-Since: " EQUAL "\r\n", 200 },
        { "If-None-Match: \"" ROBOTS_HASH "\"\r\nRange: bytes=1-4\r\n", 304 },
        { "If-Match: \"" ROBOTS_HASH "\"\r\n", 200 },
        { "If-Match: \"MISMATCH\"\r\n", 412 },
        { "If-Unmodified-Since: " EQUAL "\r\n", 200 },
        { "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 412 },
        { "If-Range: \"" ROBOTS_HASH "\"\r\nRange: bytes=1-4\r\n", 206 },
        { "If-Range: " EQUAL "\r\nRange: bytes=1-4\r\n", 206 },
        { "If-Range: \"MISMATCH\"\r\nRange: bytes=1-4\r\n", 200 },
        { "If-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\nRange: bytes=1-4\r\n", 200 },
        { "If-Range: \"MISMATCH\"\r\nRange: bytes=26-\r\n", 200 },
    };
    int port = start(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_file(port, "/static/robots.txt", cases[i].lines, cases[i].status, NULL,
                    cases[i].status == 304 ? "" : NULL);
    char *answer = ask_for(port, "GET", "/static/robots.txt", cases[0].lines);
    assert_false(answer_has(answer, "Content-Length"));
    assert_false(answer_has(answer, "Content-Type"));
    assert_true(answer_has(answer, "\r\nEtag: \"" ROBOTS_HASH "\"\r\n"));
    free(answer);
    end();
}

/* ---- Ranges ---------------------------------------------------------------------------- */

TEST(one_range)
{
    int port = start(NULL);
    static const struct {
        const char *range;
        int status;
        const char *line, *body;
    } cases[] = {
        { "bytes=0-9", 206, "\r\nContent-Range: bytes 0-9/26\r\n", "User-agent" },
        { "bytes=22-", 206, "\r\nContent-Range: bytes 22-25/26\r\n", ": /\n" },
        { "bytes=-4", 206, "\r\nContent-Range: bytes 22-25/26\r\n", ": /\n" },
        { "bytes=1-10000000", 206, "\r\nContent-Range: bytes 1-25/26\r\n", &ROBOTS[1] },
        { "bytes=5", 206, "\r\nContent-Range: bytes 5-25/26\r\n", &ROBOTS[5] },
        { "bytes=0-", 200, "\r\nContent-Length: 26\r\n", ROBOTS },
        { "bytes=0-10000000", 200, "\r\nContent-Length: 26\r\n", ROBOTS },
        { "bytes=-1000000", 200, "\r\nContent-Length: 26\r\n", ROBOTS },
        { "asdf", 200, NULL, ROBOTS },
        { "bytes=-0", 416, "\r\nContent-Range: bytes */26\r\n", "" },
        { "bytes=26", 416, "\r\nContent-Type: text/plain\r\n", "" },
        { "bytes=10-3", 416, "\r\nContent-Range: bytes */26\r\n", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char lines[100];
        snprintf(lines, sizeof lines, "Range: %s\r\n", cases[i].range);
        assert_file(port, "/static/robots.txt", lines, cases[i].status, cases[i].line,
                    cases[i].body);
    }
    put("empty", "");
    assert_file(port, "/static/empty", "", 200, "Content-Length: 0\r\n", "");
    assert_file(port, "/static/empty", "Range: bytes=0-\r\n", 416, "bytes */0\r\n", "");
    end();
}

TEST(several_ranges)
{
    char text[5000], expected[1000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 26);
    int port = start(NULL);
    put_bytes("letters.txt", text, sizeof text);
    char *answer =
        ask_for(port, "GET", "/static/letters.txt", "Range: bytes=1000-1003,0-1, -2\r\n");
    assert_true(answer_has(answer, "HTTP/1.1 206 Partial Content\r\n"));
    static const char header[] = "\r\nContent-Type: multipart/byteranges; boundary=";
    const char *type = strstr(answer, header);
    assert_non_null(type);
    char boundary[17] = "";
    memcpy(boundary, type + sizeof header - 1, 16);
    int size = snprintf(expected, sizeof expected,
                        "\r\n--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes "
                        "1000-1003/5000\r\n\r\nmnop\r\n--%s\r\nContent-Type: text/plain\r\n"
                        "Content-Range: bytes 0-1/5000\r\n\r\nab\r\n--%s\r\nContent-Type: "
                        "text/plain\r\nContent-Range: bytes 4998-4999/5000\r\n\r\ngh\r\n--%s--\r\n",
                        boundary, boundary, boundary, boundary);
    assert_string_equal(strstr(answer, "\r\n\r\n") + 4, expected);
    char line[60];
    snprintf(line, sizeof line, "\r\nContent-Length: %d\r\n", size);
    assert_true(answer_has(answer, line));
    assert_false(answer_has(answer, "Content-Range"));
    free(answer);
    assert_file(port, "/static/letters.txt", "Range: bytes=0-1,4-5\r\n", 206,
                "Content-Range: bytes 0-5/5000\r\n", "abcdef");
    end();
}

/* ---- Paths ----------------------------------------------------------------------------- */

TEST(hostile_paths)
{
    static const struct {
        const char *target;
        int status;
    } cases[] = {
        { "/static/../secret.txt", 403 },
        { "/static/%2e%2e/secret.txt", 403 },
        { "/static/..%2fsecret.txt", 403 },
        { "/static/dir/../../secret.txt", 403 },
        { "/static/../root-foo/a.txt", 403 },
        { "/static//etc/passwd", 403 },
        { "/static/%2fetc%2fpasswd", 403 },
        { "/static/../../../../../../../../etc/passwd", 403 },
        { "/static/%252e%252e/secret.txt", 404 },
        { "/static/..%5csecret.txt", 404 },
        { "/static/..\\secret.txt", 404 },
        { "/static/robots.txt%00.html", 404 },
        { "/static/robots.txt/x", 404 },
        { "/static/missing", 404 },
        { "/static/%FF", 400 },
        { "/static/out", 403 },
        { "/static/link/secret.txt", 403 },
        { "/static/absolute", 403 },
        { "/static/circle", 404 },
        { "/static/fifo", 403 },
        { "/static/dir", 403 },
        { "/static/", 403 },
        { "/static/.", 403 },
        { "/static/in", 200 },
        { "/static/dir/../robots.txt", 200 },
        { "/static/./robots.txt", 200 },
        { "/static/dir/./%2e%2e/robots.txt", 200 },
    };
    int port = start(NULL);
    assert_int_equal(mkfifo(at("fifo"), 0644), 0);
    assert_int_equal(symlink("../secret.txt", at("out")), 0);
    assert_int_equal(symlink("..", at("link")), 0);
    assert_int_equal(symlink("/etc/passwd", at("absolute")), 0);
    assert_int_equal(symlink("circle", at("circle")), 0);
    assert_int_equal(symlink("robots.txt", at("in")), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_file(port, cases[i].target, "", cases[i].status, NULL, NULL);
    char target[10000] = "/static/";
    memset(target + 8, 'a', 3000);
    assert_file(port, target, "", 404, NULL, NULL);
    gale__static_file_walks = true; /* where there is no openat2: no links at all */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool link = strstr(cases[i].target, "/in") || strstr(cases[i].target, "/circle") ||
                    strstr(cases[i].target, "/link/");
        if (!link)
            assert_file(port, cases[i].target, "", cases[i].status, NULL, NULL);
    }
    assert_file(port, "/static/in", "", 403, NULL, NULL);
    assert_file(port, "/static/link/secret.txt", "", 404, NULL, NULL);
    gale__static_file_walks = false;
    end();
}

TEST(links_may_be_followed_when_asked_for)
{
    int port = start(&(gale_static_options){ .follow_symlinks = true });
    assert_int_equal(symlink("../secret.txt", at("out")), 0);
    assert_file(port, "/static/out", "", 200, NULL, "secret");
    assert_file(port, "/static/../secret.txt", "", 403, NULL, NULL);
    gale__static_file_walks = true;
    assert_file(port, "/static/out", "", 200, NULL, "secret");
    gale__static_file_walks = false;
    end();
}

TEST(a_directory_has_its_default_file)
{
    int port = start(&(gale_static_options){ .default_filename = "index.html" });
    assert_file(port, "/static/dir/", "", 200, "Content-Type: text/html\r\n",
                "this is the index\n");
    assert_file(port, "/static/dir", "", 301, "\r\nLocation: /static/dir/\r\n", "");
    assert_file(port, "/static/", "", 404, NULL, NULL);
    end();
}

/* Tornado: StaticDefaultFilenameRootTest */
TEST(no_redirect_leads_to_another_host)
{
    make_files();
    gale_static_options options = { .default_filename = "index.html" };
    gale_application_settings settings = { .static_path = root,
                                           .static_url_prefix = "/",
                                           .static_handler_options = &options };
    int port;
    char target[300];
    serve(NULL, &settings, &port);
    snprintf(target, sizeof target, "//evil.com/..%s/dir", root);
    test_expect_log(GALE_LOG_WARNING, "cannot redirect path with two initial slashes");
    test_expect_log(GALE_LOG_WARNING, "403 GET //evil.com");
    assert_file(port, target, "", 403, NULL, NULL);
    test_expect_log(GALE_LOG_WARNING, "cannot redirect path");
    test_expect_log(GALE_LOG_WARNING, "403 GET /\\evil.com");
    assert_file(port, "/\\evil.com/../dir", "", 403, NULL, NULL);
    assert_file(port, "/dir", "", 301, "\r\nLocation: /dir/\r\n", NULL);
    end();
}

TEST(a_file_that_may_not_be_read)
{
    int port = start(NULL);
    bool is_root = geteuid() == 0; /* who reads everything */
    assert_int_equal(chmod(at(".."), 0755), 0);
    assert_int_equal(chmod(at("robots.txt"), 0), 0);
    assert_int_equal(is_root ? seteuid(65534) : 0, 0);
    assert_file(port, "/static/robots.txt", "", 403, NULL, NULL);
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    end();
}

/* ---- Change ---------------------------------------------------------------------------- */

TEST(a_change_is_seen_at_once)
{
    int port = start(NULL);
    char former[200] = "";
    for (int i = 0; i < 20; i++) {
        char text[20];
        snprintf(text, sizeof text, "version %02d", i); /* always of one size */
        put("file.txt", text);
        touch("file.txt", 784111777); /* and, it says, of one time */
        char *answer = ask_for(port, "GET", "/static/file.txt", "");
        assert_string_equal(strstr(answer, "\r\n\r\n") + 4, text);
        const char *tag = strstr(answer, "Etag: ");
        assert_memory_not_equal(tag, former, 136);
        memcpy(former, tag, 136);
        free(answer);
    }
    assert_int_equal(unlink(at("file.txt")), 0);
    assert_file(port, "/static/file.txt", "", 404, NULL, NULL);
    end();
}

/* ---- Large files ----------------------------------------------------------------------- */

TEST(a_large_file_is_sent_whole)
{
    static char text[3000001];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 23);
    int port = start(NULL);
    put_bytes("large.txt", text, sizeof text - 1);
    static const size_t ends[] = { 8191, 65536, 65537, 1048576, 1048577, 1100000, 3000000 };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char lines[60];
        snprintf(lines, sizeof lines, "Range: bytes=1-%zu\r\n", ends[i] - 1);
        char *answer = ask_for(port, "GET", "/static/large.txt", lines);
        const char *body = strstr(answer, "\r\n\r\n") + 4;
        assert_int_equal(strlen(body), ends[i] - 1);
        assert_memory_equal(body, text + 1, ends[i] - 1);
        free(answer);
    }
    char *answer = ask_for(port, "GET", "/static/large.txt",
                           "Range: bytes=0-9, 100000-1500000, 2000000-2000009\r\n");
    const char *part = strstr(answer, "bytes 100000-1500000/3000000\r\n\r\n");
    assert_non_null(part);
    assert_memory_equal(part + 32, text + 100000, 1400001);
    free(answer);
    end();
}

/* Has the file read from the disk when it is next asked for, where it is on one. */
static void forget_contents(const char *name)
{
    int fd = open(at(name), O_RDONLY | O_CLOEXEC);
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    close(fd);
}

TEST(what_is_not_in_memory_is_read_by_threads)
{
    static char text[1500001];
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char)('a' + i % 19);
    int port = start(NULL);
    put_bytes("cold.txt", text, sizeof text - 1);
    assert_file(port, "/static/cold.txt", "", 200, NULL, text); /* the hash is kept or not */
    forget_contents("cold.txt");
    assert_file(port, "/static/cold.txt", "If-None-Match: *\r\n", 304, NULL, "");
    forget_contents("cold.txt");
    assert_file(port, "/static/cold.txt", "", 200, NULL, text);
    forget_contents("cold.txt");
    char expected[20] = "";
    memcpy(expected, text + 1400000, 19);
    assert_file(port, "/static/cold.txt", "Range: bytes=1400000-1400018\r\n", 206, NULL, expected);
    end();
}

TEST(a_file_system_in_memory)
{
    char folder[] = "/dev/shm/gale-XXXXXX", path[60];
    static gale_static_options options;
    static const gale_route routes[] = { ROUTE("/(.*)", gale_static_file_handler, .arg = &options),
                                         { 0 } };
    if (!mkdtemp(folder))
        return; /* there is none */
    snprintf(path, sizeof path, "%s/a.txt", folder);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, "in memory", 9), 9);
    assert_int_equal(ftruncate(fd, 3000000), 0);
    close(fd);
    options.path = folder;
    int port = serve_routes(routes);
    assert_file(port, "/a.txt", "Range: bytes=0-8\r\n", 206, NULL, "in memory");
    assert_file(port, "/a.txt", "", 200, "\r\nContent-Length: 3000000\r\n", NULL);
    stop();
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

TEST(the_end_of_a_file_of_five_gigabytes)
{
    int port = start(NULL);
    put("sparse", "");
    assert_int_equal(truncate(at("sparse"), (off_t)5 << 30), 0);
    char *answer = ask_for(port, "GET", "/static/sparse", "Range: bytes=-100000\r\n");
    assert_true(answer_has(answer, "\r\nContent-Length: 100000\r\n"));
    assert_true(
        answer_has(answer, "\r\nContent-Range: bytes 5368609120-5368709119/5368709120\r\n"));
    assert_true(answer_has(answer, "\r\nEtag: \""));
    free(answer);
    answer = ask_for(port, "HEAD", "/static/sparse", "");
    assert_true(answer_has(answer, "\r\nContent-Length: 5368709120\r\n"));
    free(answer);
    end();
}

TEST(text_is_compressed_where_that_is_asked_for)
{
    static char text[200001];
    memset(text, 'a', sizeof text - 1);
    make_files();
    put("a.txt", text);
    put("a.bin", text);
    gale_application_settings settings = { .static_path = root, .compress_response = true };
    int port;
    serve(NULL, &settings, &port);
    assert_file(port, "/static/a.txt", "", 200, "\r\nContent-Length: 200000\r\n", text);
    assert_file(port, "/static/a.bin", "Accept-Encoding: gzip\r\n", 200,
                "\r\nContent-Length: 200000\r\n", text);
    char *answer = ask_for(port, "GET", "/static/a.txt", "Accept-Encoding: gzip\r\n");
    assert_true(answer_has(answer, "\r\nContent-Encoding: gzip\r\n"));
    assert_true(answer_has(answer, "\r\nEtag: W/\""));
    assert_false(answer_has(answer, "Content-Length"));
    free(answer);
    assert_file(port, "/static/a.txt", "Accept-Encoding: gzip\r\nRange: bytes=1-100000\r\n", 206,
                "\r\nContent-Length: 100000\r\n", text + 100000);
    end();
}

/* Without the time, and without how a body of unknown length is framed (RFC 9110 §9.3.2). */
static char *head_of(int port, const char *method, const char *path, const char *lines)
{
    static const char *const varying[] = { "\r\nDate: ", "\r\nTransfer-Encoding: " };
    char *answer = ask_for(port, method, path, lines);
    char *end = strstr(answer, "\r\n\r\n");
    assert_non_null(end);
    end[2] = '\0';
    for (size_t i = 0; i < sizeof varying / sizeof *varying; i++) {
        char *line = strstr(answer, varying[i]);
        if (line)
            memmove(line, strstr(line + 2, "\r\n"), strlen(strstr(line + 2, "\r\n")) + 1);
    }
    return answer;
}

/* RFC 9110 §9.3.2 */
TEST(head_tells_of_the_coding_that_get_has)
{
    static const char *const paths[] = { "/static/tiny.txt", "/static/small.txt",
                                         "/static/long.txt", "/static/long.bin" };
    static const char *const lines[] = { "", "Accept-Encoding: gzip\r\n",
                                         "Accept-Encoding: br, gzip\r\n",
                                         "Accept-Encoding: gzip\r\nRange: bytes=1-100000\r\n" };
    static char text[200001];
    memset(text, 'a', sizeof text - 1);
    make_files();
    put("long.txt", text);
    put("long.bin", text);
    put("small.txt", text + sizeof text - 5001);
    put("tiny.txt", "tiny");
    gale_application_settings settings = { .static_path = root, .compress_response = true };
    int port;
    serve(NULL, &settings, &port);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (size_t j = 0; j < sizeof lines / sizeof *lines; j++) {
            char *get = head_of(port, "GET", paths[i], lines[j]);
            char *head = head_of(port, "HEAD", paths[i], lines[j]);
            assert_string_equal(head, get);
            free(get);
            free(head);
        }
    end();
}

typedef struct truncation {
    int port;
    int64_t received;
} truncation;

/* Reads a little, cuts the file short, and reads on until the connection is closed. */
static int truncate_while_reading(void *arg)
{
    truncation *self = arg;
    gale_iostream *stream;
    gale_str data;
    static const char request[] = "GET /static/huge HTTP/1.1\r\nHost: h\r\n\r\n";
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", self->port, NULL, &stream));
    GALE_TRY(gale_iostream_write(stream, request, sizeof request - 1));
    int result = gale_iostream_read_until(stream, "\r\n\r\n", 0, &data);
    if (result >= 0 && truncate(at("huge"), 20 << 20) == 0)
        while ((result = gale_iostream_read_bytes(stream, 65536, true, &data)) >= 0)
            self->received += (int64_t)data.len;
    gale_iostream_free(stream);
    return result;
}

TEST(a_file_that_is_truncated_while_it_is_sent_cuts_the_connection)
{
    truncation self = { .port = start(NULL) };
    put("huge", "");
    assert_int_equal(truncate(at("huge"), 200 << 20), 0);
    gale_log_set_level(GALE_LOG_WARNING);
    test_expect_log(GALE_LOG_WARNING, "huge was truncated while it was sent");
    assert_error(gale_ioloop_run_sync(gale_ioloop_current(), truncate_while_reading, &self, 20),
                 GALE_ECLOSED);
    assert_true(self.received <= 20 << 20);
    end();
}

TEST(out_of_descriptors)
{
    int port = start(NULL), taken[4096], count = 0;
    char *answer = ask_for(port, "GET", "/static/robots.txt", "");
    free(answer);
    struct rlimit limit, low;
    getrlimit(RLIMIT_NOFILE, &limit);
    low = limit;
    low.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &low);
    while (count < 64 && (taken[count] = dup(0)) >= 0)
        count++;
    close(taken[--count]); /* for the client */
    close(taken[--count]); /* for the server's side of it */
    test_expect_log(GALE_LOG_ERROR, "accept: Too many open files");
    test_expect_log(GALE_LOG_ERROR, "503 GET /static/robots.txt");
    answer = ask_for(port, "GET", "/static/robots.txt", "");
    while (count > 0)
        close(taken[--count]);
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_true(answer_has(answer, "HTTP/1.1 503 Service Unavailable\r\n"));
    free(answer);
    assert_file(port, "/static/robots.txt", "", 200, NULL, ROBOTS);
    end();
}

/* ---- Compressed neighbours ------------------------------------------------------------- */

TEST(a_compressed_neighbour_is_sent)
{
    int port = start(&(gale_static_options){ .precompressed = true });
    put("app.js", "the script itself");
    touch("app.js", 784111777);
    assert_file(port, "/static/app.js", "Accept-Encoding: br, gzip\r\n", 200,
                "\r\nVary: Accept-Encoding\r\n", "the script itself");
    put("app.js.gz", "gzip");
    put("app.js.br", "brotli");
    assert_file(port, "/static/app.js", "Accept-Encoding: br, gzip\r\n", 200,
                "\r\nContent-Encoding: br\r\n", "brotli");
    assert_file(port, "/static/app.js", "Accept-Encoding: gzip\r\n", 200,
                "\r\nContent-Encoding: gzip\r\n", "gzip");
    assert_file(port, "/static/app.js", "Accept-Encoding: gzip\r\n", 200,
                "\r\nContent-Type: text/javascript\r\n", "gzip");
    assert_file(port, "/static/app.js", "Accept-Encoding: br;q=0, gzip\r\nRange: bytes=1-2\r\n",
                206, "\r\nContent-Range: bytes 1-2/4\r\n", "zi");
    assert_file(port, "/static/app.js", "", 200, "\r\nVary: Accept-Encoding\r\n",
                "the script itself");
    touch("app.js.br", 784111776); /* older than what it was made of */
    assert_file(port, "/static/app.js", "Accept-Encoding: br, gzip\r\n", 200,
                "\r\nContent-Encoding: gzip\r\n", "gzip");
    end();
}

GALE_TEST_MAIN
