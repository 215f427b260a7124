/* SPDX-License-Identifier: Apache-2.0 */
/* Forms whose files do not stay in memory. */
#include "web/uploads.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gale/locks.h>

#include "web/web_test.h"

#define TYPE "Content-Type: multipart/form-data; boundary=1234\r\n"
#define PART(parameters, content)                                                                  \
    "--1234\r\nContent-Disposition: form-data; " parameters "\r\n\r\n" content "\r\n"
#define LAST "--1234--\r\n"
#define FORM PART("name=a", " 1") PART("name=f; filename=x.txt", "one\r\ntwo") PART("name=a", "2")

/* The answer has that status, and both log lines come. */
static void refuses(int port, const char *target, const char *headers, const char *body,
                    const char *status, const char *log)
{
    if (log)
        test_expect_log(GALE_LOG_WARNING, log);
    char line[100];
    snprintf(line, sizeof line, "%.3s POST %s (127.0.0.1) ", status, target);
    test_expect_log(*status == '5' ? GALE_LOG_ERROR : GALE_LOG_WARNING, line);
    char *answer = ask_post(port, target, headers, body);
    if (strncmp(answer + 9, status, strlen(status)) != 0)
        fail_msg("POST %s %s\nwanted: %s\ngot: %s", target, body, status, answer);
    free(answer);
}

/* ---- What has come --------------------------------------------------------------------- */

static int show_content(gale_handler *self, const gale_http_file *file)
{
    char content[100];
    if (file->fd < 0)
        return gale_writef(self, "%.*s", (int)file->body.len, file->body.data);
    assert_null(file->body.data);
    struct stat status;
    assert_int_equal(fstat(file->fd, &status), 0);
    assert_int_equal(status.st_nlink, 0);
    assert_int_equal(status.st_size, file->size);
    ssize_t size = pread(file->fd, content, sizeof content, 0);
    return gale_write_bytes(self, content, (size_t)(size < 0 ? 0 : size));
}

static int show(gale_handler *self)
{
    const gale_http_files *files = gale_http_server_request_files(gale_handler_request(self));
    const gale_http_file *file;
    const char *const *values;
    int count = gale_get_body_arguments(self, "a", &values);
    GALE_TRY(count);
    for (int i = 0; i < count; i++)
        GALE_TRY(gale_writef(self, "%s;", values[i]));
    for (size_t i = 0; (file = gale_http_files_at(files, i)); i++) {
        GALE_TRY(gale_writef(self, "[%s %s %d ", file->name ? file->name : "-",
                             file->filename ? file->filename : "-", (int)file->size));
        GALE_TRY(show_content(self, file));
        GALE_TRY(gale_writef(self, " %.8s]", file->sha256 ? file->sha256 : ""));
    }
    return 0;
}

static int refuse(gale_handler *self)
{
    return gale_http_error(self, 401, NULL);
}

static const gale_upload_options plain = { 0 }, digests = { .sha256 = true };
static const gale_handler_class plain_handler = { .uploads = &plain, .get = show, .post = show };
static const gale_handler_class digest_handler = { .base = &plain_handler, .uploads = &digests };
static const gale_handler_class refusing_handler = { .base = &plain_handler, .prepare = refuse };
static const gale_upload_options everything = { .any_body = true, .arguments_as_files = true };
static const gale_handler_class everything_handler = { .base = &plain_handler,
                                                       .uploads = &everything };
static const gale_route routes[] = { ROUTE("/", plain_handler),
                                     ROUTE("/digest", digest_handler),
                                     ROUTE("/refuse", refusing_handler),
                                     ROUTE("/everything", everything_handler),
                                     { 0 } };

TEST(files_go_to_temporary_files)
{
    int port = serve_routes(routes);
    assert_post(port, "/", TYPE, FORM LAST, "1;2;[f x.txt 8 one\r\ntwo ]");
    assert_post(port, "/", TYPE, LAST, "");
    assert_post(port, "/", TYPE, PART("name=f; filename=x", "") LAST, "[f x 0  ]");
    assert_post(port, "/digest", TYPE,
                PART("name=f; filename=x", "abc") PART("name=g; filename=y", "") LAST,
                "[f x 3 abc ba7816bf][g y 0  e3b0c442]");
    assert_body(port, "/", "");
    stop();
}

TEST(a_body_cut_anywhere)
{
    int port = serve_routes(routes);
    size_t size;
    char *request = make_post("/", TYPE, FORM LAST, &size);
    size_t head = (size_t)(strstr(request, "\r\n\r\n") + 4 - request);
    for (size_t cut = head; cut < size; cut++) {
        const gale_str parts[] = { { request, cut }, { request + cut, size - cut } };
        char *answer = ask_parts(port, parts, 2);
        assert_string_equal(strstr(answer, "\r\n\r\n") + 4, "1;2;[f x.txt 8 one\r\ntwo ]");
        free(answer);
    }
    free(request);
    stop();
}

TEST(other_forms)
{
    int port = serve_routes(routes);
    const char *form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_post(port, "/", form, "a=%C3%A9&a=x+y", "\xC3\xA9;x y;");
    assert_post(port, "/", form, "", "");
    assert_post(port, "/", "", "", "");
    refuses(port, "/", "Content-Type: image/png\r\n", "x", "415 Unsupported Media Type", NULL);
    refuses(port, "/", "", "x", "415 ", NULL);
    refuses(port, "/",
            "Content-Type: application/x-www-form-urlencoded\r\n"
            "Content-Encoding: gzip\r\n",
            "x", "400 ", "Invalid body: Unsupported Content-Encoding: gzip");
    stop();
}

TEST(everything_is_a_file)
{
    int port = serve_routes(routes);
    assert_post(port, "/everything", TYPE, FORM LAST,
                "[a - 2  1 ][f x.txt 8 one\r\ntwo ][a - 1 2 ]");
    assert_post(port, "/everything", "", "raw", "[- - 3 raw ]");
    assert_post(port, "/everything", "Content-Type: application/x-www-form-urlencoded\r\n", "a=b",
                "[- - 3 a=b ]");
    assert_post(port, "/everything", "", "", "[- - 0  ]");
    assert_body(port, "/everything", "");
    stop();
}

TEST(prepare_refuses_before_the_body)
{
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_WARNING, "401 POST /refuse ");
    assert_answer(port,
                  "POST /refuse HTTP/1.1\r\n" CLOSE TYPE
                  "Expect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n",
                  "HTTP/1.1 401 Unauthorized\r\n", "");
    stop();
}

TEST(malformed_forms)
{
    int port = serve_routes(routes);
    refuses(port, "/", TYPE, "", "400 ",
            "Invalid body: Invalid multipart/form-data: Invalid multipart/form-data: no final "
            "boundary found");
    refuses(port, "/", TYPE, FORM, "400 ", "no final boundary found");
    refuses(port, "/", TYPE, PART("filename=f", "x") LAST, "400 ",
            "Invalid body: Invalid multipart/form-data: multipart/form-data missing name");
    refuses(port, "/", TYPE, FORM "--1234\r\n\r\n", "400 ", "multipart/form-data missing headers");
    refuses(port, "/", "Content-Type: multipart/form-data\r\n", "x", "400 ",
            "Invalid body: Invalid multipart/form-data: multipart boundary not found");
    refuses(port, "/", "Content-Type: multipart/form-data; boundary=\"\"\r\n", "x", "400 ",
            "bad boundary");
    stop();
}

/* ---- Limits ---------------------------------------------------------------------------- */

TEST(limits)
{
    static const gale_upload_options tight = { .max_body_size = 300,
                                               .max_file_size = 5,
                                               .max_arguments_size = 4,
                                               .max_files = 2,
                                               .multipart = { .max_parts = 4 } };
    static const gale_handler_class tight_handler = { .base = &plain_handler, .uploads = &tight };
    static const gale_route tight_routes[] = { ROUTE("/", tight_handler), { 0 } };
    int port;
    serve(tight_routes, &(gale_application_settings){ .server.max_body_size = 10 }, &port);
    assert_post(port, "/", TYPE, PART("name=f; filename=x", "12345") PART("name=a", "1234") LAST,
                "1234;[f x 5 12345 ]");
    refuses(port, "/", TYPE, PART("name=f; filename=x", "123456") LAST,
            "413 Request Entity Too Large", "a file over the limit of uploads");
    refuses(port, "/", TYPE, PART("name=a", "12") PART("name=b", "345") LAST, "413 ",
            "arguments over the limit of uploads");
    refuses(port, "/", "Content-Type: application/x-www-form-urlencoded\r\n", "a=345", "413 ",
            "arguments over the limit of uploads");
#define EMPTY PART("name=f; filename=x", "")
    assert_post(port, "/", TYPE, EMPTY EMPTY LAST, "[f x 0  ][f x 0  ]");
    refuses(port, "/", TYPE, EMPTY EMPTY EMPTY LAST, "400 ", "Invalid body: too many files");
    refuses(port, "/", TYPE,
            PART("name=a", "") PART("name=a", "") PART("name=a", "") PART("name=a", "") LAST,
            "400 ", "multipart/form-data has too many parts");
    char body[302];
    memset(body, 'x', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    char *answer = ask_post(port, "/", TYPE, body);
    assert_memory_equal(answer, "HTTP/1.1 413 ", 13);
    free(answer);
    stop();
}

/* ---- The handler's functions ----------------------------------------------------------- */

static int note_began(gale_handler *self, const gale_http_file *file)
{
    (void)self;
    note(file->filename);
    return strcmp(file->filename, "refused") ? 0 : gale_http_error(self, 403, NULL);
}

static int note_data(gale_handler *self, const gale_http_file *file, const char *data, size_t size)
{
    char word[64];
    (void)self;
    snprintf(word, sizeof word, "%d:%.*s", (int)file->size, (int)size, data);
    GALE_TRY(gale_sleep(0.001));
    assert_memory_equal(strchr(word, ':') + 1, data, size);
    note(word);
    return 0;
}

static int note_ended(gale_handler *self, const gale_http_file *file)
{
    char word[64];
    (void)self;
    snprintf(word, sizeof word, "%d.", (int)file->size);
    note(word);
    return 0;
}

static int note_post(gale_handler *self)
{
    note("post");
    assert_int_equal(gale_get_file(self, "f")->fd, -1);
    return gale_write(self, gale_get_file(self, "f")->sha256);
}

TEST(files_are_handed_over)
{
    static const gale_upload_options functions = { .file_began = note_began,
                                                   .file_data = note_data,
                                                   .file_ended = note_ended,
                                                   .max_files = 1,
                                                   .sha256 = true };
    static const gale_handler_class function_handler = { .uploads = &functions, .post = note_post };
    static const gale_route function_routes[] = { ROUTE("/", function_handler), { 0 } };
    int port = serve_routes(function_routes);
    assert_post(port, "/", TYPE, PART("name=f; filename=x", "abc") EMPTY LAST,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_trace("x 0:abc 3. x 0. post");
    const gale_str parts[] = {
        GALE_STR("POST / HTTP/1.1\r\n" CLOSE TYPE "Transfer-Encoding: chunked\r\n\r\n"),
        GALE_STR("40\r\n--1234\r\nContent-Disposition: form-data; name=f; filename=y\r\n\r\nab"),
        GALE_STR("\r\n4\r\nc\r\n-\r\n"), GALE_STR("6\r\n-1234-\r\n1\r\n-\r\n0\r\n\r\n")
    };
    char *answer = ask_parts(port, parts, 4);
    assert_non_null(strstr(answer, "\r\n\r\nba7816bf"));
    free(answer);
    assert_trace("y 0:ab 2:c 3. post");
    refuses(port, "/", TYPE, PART("name=f; filename=refused", "abc") LAST, "403 Forbidden", NULL);
    assert_trace("refused");
    stop();
}

/* ---- Keeping a file -------------------------------------------------------------------- */

static char kept[100];

static int save(gale_handler *self)
{
    int result = gale_save_file(gale_get_file(self, "f"), kept);
    if (result < 0)
        return gale_writef(self, "%s", gale_error_detail());
    return gale_write(self, "saved");
}

static void assert_kept(const char *content)
{
    char got[100] = "";
    int fd = open(kept, O_RDONLY);
    assert_true(fd >= 0);
    assert_true(read(fd, got, sizeof got - 1) >= 0);
    assert_string_equal(got, content);
    close(fd);
}

TEST(a_file_is_kept)
{
    static const gale_handler_class saving_handler = { .base = &plain_handler, .post = save };
    static const gale_handler_class memory_handler = { .post = save };
    static const gale_upload_options elsewhere = { .directory = "/dev/shm" };
    static const gale_handler_class elsewhere_handler = { .base = &saving_handler,
                                                          .uploads = &elsewhere };
    static const gale_route saving_routes[] = { ROUTE("/", saving_handler),
                                                ROUTE("/memory", memory_handler),
                                                ROUTE("/elsewhere", elsewhere_handler),
                                                { 0 } };
    int port = serve_routes(saving_routes);
    static const char *const targets[] = { "/", "/memory", "/elsewhere" };
    for (size_t i = 0; i < 3; i++) {
        snprintf(kept, sizeof kept, "/tmp/gale-kept-%d", (int)getpid());
        assert_post(port, targets[i], TYPE, FORM LAST, "saved");
        assert_kept("one\r\ntwo");
        char wanted[200];
        snprintf(wanted, sizeof wanted, "cannot save %s: File exists", kept);
        assert_post(port, targets[i], TYPE, FORM LAST, wanted);
        assert_kept("one\r\ntwo");
        assert_int_equal(unlink(kept), 0);
        strcpy(kept, "/no/such/directory");
        assert_post(port, targets[i], TYPE, FORM LAST,
                    "cannot save /no/such/directory: No such file or directory");
    }
    stop();
}

/* ---- Disks ----------------------------------------------------------------------------- */

static char *large_form(size_t size)
{
    static const char start[] = PART("name=f; filename=x", "");
    char *form = malloc(size + sizeof start + sizeof LAST);
    memset(form, 'x', size);
    memcpy(form, start, sizeof start - 3);
    strcpy(form + size, "\r\n" LAST);
    return form;
}

TEST(a_full_disk)
{
    int port = serve_routes(routes);
    char *form = large_form(300000);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){ 100000, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    refuses(port, "/", TYPE, form, "507 Insufficient Storage", "cannot store an upload in /");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    free(form);
    assert_post(port, "/", TYPE, FORM LAST, "1;2;[f x.txt 8 one\r\ntwo ]");
    stop();
}

TEST(a_directory_that_is_not_there)
{
    static const gale_upload_options nowhere = { .directory = "/no/such/directory" };
    static const gale_handler_class nowhere_handler = { .base = &plain_handler,
                                                        .uploads = &nowhere };
    static const gale_route nowhere_routes[] = { ROUTE("/", nowhere_handler), { 0 } };
    int port = serve_routes(nowhere_routes);
    test_expect_log(GALE_LOG_ERROR, "cannot store an upload in /no/such/directory: No such file");
    refuses(port, "/", TYPE, FORM LAST, "500 Internal Server Error", NULL);
    stop();
}

TEST(a_file_system_that_needs_names)
{
    struct stat status;
    int fd = gale__named_temporary_file("/tmp");
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_nlink, 0);
    assert_ok(gale__write_file(fd, GALE_STR("abc"), 0));
    close(fd);
    assert_error(gale__named_temporary_file("/no/such/directory"), -ENOENT);
    assert_error(gale__temporary_file("/no/such/directory"), -ENOENT);
    assert_error(gale__temporary_file("/dev/null"), -ENOTDIR);
}

/* ---- Clients --------------------------------------------------------------------------- */

static gale_event *gone;

static void note_gone(gale_handler *self)
{
    const gale_http_file *file = gale_get_file(self, "f");
    assert_true(file && file->fd >= 0);
    gale_event_set(gone);
}

static int leave(void *arg)
{
    const asking *self = arg;
    gale_iostream *stream;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", self->port, NULL, &stream));
    GALE_TRY(gale_iostream_write(stream, self->parts->data, self->parts->len));
    GALE_TRY(gale_sleep(0.02));
    gale_iostream_free(stream);
    GALE_TRY(gale_event_wait(gone));
    return gale_sleep(0.02);
}

TEST(a_client_that_leaves_in_the_middle)
{
    static const gale_handler_class leaving_handler = { .base = &digest_handler,
                                                        .on_finish = note_gone };
    static const gale_route leaving_routes[] = { ROUTE("/", leaving_handler), { 0 } };
    int port = serve_routes(leaving_routes);
    char *form = large_form(200000);
    size_t size;
    char *request = make_post("/", TYPE, form, &size);
    gale_str part = { request, size - 100 };
    asking what = { .port = port, .parts = &part };
    gone = gale_event_new();
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), leave, &what, 10));
    gale_event_free(gone);
    free(request);
    free(form);
    stop(); /* and no descriptor is left */
}

TEST(each_allocation_may_fail)
{
    size_t n = 0, answered = 0, size;
    char *request = make_post("/digest", TYPE, FORM LAST, &size);
    gale_str part = { request, size };
    do {
        int port = serve_routes(routes);
        gale_log_set_level(GALE_LOG_ERROR + 1);
        asking self = { .port = port, .parts = &part, .part_count = 1 };
        test_fail_allocation(++n);
        gale_ioloop_run_sync(gale_ioloop_current(), ask_task, &self, 10);
        if (self.answer && self.answer[0]) {
            bool whole = strstr(self.answer, "1;2;[f x.txt 8 one") != NULL;
            assert_true(whole || strstr(self.answer, " 500 ") || strstr(self.answer, " 503 "));
            answered += whole;
        }
        free(self.answer);
        stop();
        gale_log_set_level(GALE_LOG_WARNING);
    } while (test_allocation_failed());
    free(request);
    assert_true(n > 20 && answered > 0);
}

GALE_TEST_MAIN
