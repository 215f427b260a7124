/* SPDX-License-Identifier: Apache-2.0 */
/* Slots of static files, URLs with versions, the setting static_path. */
#include "web/static_test.h"

/* ---- URLs ------------------------------------------------------------------------------ */

static int show_url(gale_handler *self)
{
    gale_static_url_options options = {
        .include_host = *gale_get_argument(self, "include_host", ""),
        .no_version = *gale_get_argument(self, "no_version", ""),
    };
    const char *url = gale_static_url(self, gale_path_arg_at(self, 0), &options);
    return url ? gale_write(self, url) : 0;
}

static const gale_handler_class url_handler = { .get = show_url };
static const gale_route url_routes[] = { ROUTE("/static_url/(.*)", url_handler), { 0 } };

static int start(const gale_route *routes, gale_application_settings *settings)
{
    int port;
    make_files();
    put("favicon.ico", "icon");
    settings->static_path = root;
    serve(routes, settings, &port);
    return port;
}

static void end(void)
{
    stop();
    remove_files();
}

/* Tornado: StaticFileTest */
TEST(static_urls)
{
    gale_application_settings settings = { 0 };
    int port = start(url_routes, &settings);
    assert_body(port, "/static_url/robots.txt", "/static/robots.txt?v=" ROBOTS_HASH);
    assert_body(port, "/static_url/robots.txt", "/static/robots.txt?v=" ROBOTS_HASH);
    assert_body(port, "/static_url/robots.txt?no_version=1", "/static/robots.txt");
    assert_body(port, "/static_url/robots.txt?include_host=1",
                "http://h/static/robots.txt?v=" ROBOTS_HASH);
    assert_body(port, "/static_url/robots.txt?include_host=1&no_version=1",
                "http://h/static/robots.txt");
    test_expect_log(GALE_LOG_ERROR, "Could not open static file ");
    assert_body(port, "/static_url/missing.css", "/static/missing.css");
    test_expect_log(GALE_LOG_ERROR, "Could not open static file ");
    assert_body(port, "/static_url/../secret.txt", "/static/../secret.txt");
    put("robots.txt", "User-agent: a\nDisallow: /\n");
    touch("robots.txt", 784111777);
    char *answer = ask_for(port, "GET", "/static_url/robots.txt", "");
    assert_null(strstr(answer, ROBOTS_HASH));
    assert_non_null(strstr(answer, "/static/robots.txt?v="));
    free(answer);
    end();
}

TEST(static_urls_need_the_setting)
{
    int port = serve_routes(url_routes);
    test_expect_log(GALE_LOG_WARNING, "You must define the 'static_path' setting");
    test_expect_log(GALE_LOG_ERROR, "500 GET /static_url/a");
    assert_status(port, "/static_url/a", "500 Internal Server Error");
    stop();
}

TEST(hashes_may_be_made_anew_each_time)
{
    gale_application_settings settings = { .no_static_hash_cache = true };
    int port = start(url_routes, &settings);
    assert_body(port, "/static_url/robots.txt", "/static/robots.txt?v=" ROBOTS_HASH);
    assert_body(port, "/static_url/robots.txt", "/static/robots.txt?v=" ROBOTS_HASH);
    end();
}

/* ---- The setting ----------------------------------------------------------------------- */

static int never(gale_handler *self)
{
    return gale_write(self, "the application's");
}

TEST(the_routes_of_static_path_come_first)
{
    static const gale_handler_class own = { .get = never };
    static const gale_route routes[] = { ROUTE("/.*", own), { 0 } };
    gale_application_settings settings = { .static_url_prefix = "/s.+/" };
    int port = start(routes, &settings);
    assert_body(port, "/robots.txt", ROBOTS);
    assert_body(port, "/favicon.ico", "icon");
    assert_body(port, "/s.+/robots.txt", ROBOTS);
    assert_body(port, "/static/robots.txt", "the application's");
    assert_body(port, "/", "the application's");
    end();
}

TEST(relative_paths_and_the_root)
{
    make_files();
    char former[512], target[300];
    assert_non_null(getcwd(former, sizeof former));
    assert_int_equal(chdir(at("..")), 0);
    static const gale_static_options relative = { .path = "root/./" }, whole = { .path = "/" };
    static const gale_route routes[] = {
        ROUTE("/relative/(.*)", gale_static_file_handler, .arg = &relative),
        ROUTE("/root_static(.*)", gale_static_file_handler, .arg = &whole),
        { 0 },
    };
    int port = serve_routes(routes);
    assert_body(port, "/relative/robots.txt", ROBOTS);
    snprintf(target, sizeof target, "/root_static%s/robots.txt", root);
    assert_body(port, target, ROBOTS);
    assert_int_equal(chdir(former), 0);
    end();
}

TEST(options_that_are_missing)
{
    static const gale_static_options options = { .path = "/" };
    static const gale_route routes[] = {
        ROUTE("/a/(.*)", gale_static_file_handler),
        ROUTE("/b", gale_static_file_handler, .arg = &options),
        { 0 },
    };
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_ERROR, "static files need a path");
    test_expect_log(GALE_LOG_ERROR, "500 GET /a/b");
    assert_status(port, "/a/b", "500 Internal Server Error");
    test_expect_log(GALE_LOG_ERROR, "needs a group");
    test_expect_log(GALE_LOG_ERROR, "500 GET /b");
    assert_status(port, "/b", "500 Internal Server Error");
    stop();
}

/* ---- Slots ----------------------------------------------------------------------------- */

/* Tornado: CustomStaticFileTest. "foo.txt" has the URL "/static/foo.42.txt", and is no file. */
static const char *custom_static_url(gale_handler *self, const char *path, bool include_version)
{
    const char *dot = strrchr(path, '.');
    (void)self;
    (void)include_version;
    return gale_sprintf("/static/%.*s.%s%s", (int)(dot - path), path, "42", dot);
}

static const char *custom_parse_url_path(gale_handler *self, const char *url_path)
{
    const char *dot = strrchr(url_path, '.');
    (void)self;
    return gale_sprintf("%.*s%s", (int)(dot - url_path) - 3, url_path, dot);
}

static const char *custom_absolute_path(gale_handler *self, const char *of, const char *path)
{
    (void)self;
    (void)of;
    return gale_sprintf("CustomStaticFileTest:%s", path);
}

static int custom_validate(gale_handler *self, const char *of, const char *absolute_path,
                           const char **ret_path)
{
    (void)of;
    *ret_path = absolute_path;
    return strcmp(absolute_path, "CustomStaticFileTest:foo.txt") == 0
               ? 0
               : gale_http_error(self, 404, NULL);
}

static int custom_content(gale_handler *self, const char *absolute_path, int64_t from, int64_t to,
                          gale_content_sink sink, void *arg)
{
    static const char text[] = "bar";
    (void)self;
    assert_string_equal(absolute_path, "CustomStaticFileTest:foo.txt");
    return sink(arg, text + from, (size_t)((to < 0 ? 3 : to) - from));
}

static int64_t custom_size(gale_handler *self)
{
    (void)self;
    return 3;
}

static int custom_modified(gale_handler *self, int64_t *ret_seconds)
{
    (void)self;
    (void)ret_seconds;
    return 0;
}

static const gale_static_slots custom_slots = {
    .parse_url_path = custom_parse_url_path,
    .get_absolute_path = custom_absolute_path,
    .validate_absolute_path = custom_validate,
    .get_content = custom_content,
    .get_content_size = custom_size,
    .get_modified_time = custom_modified,
    .make_static_url = custom_static_url,
};
static const gale_handler_class custom_class = { .base = &gale_static_file_handler,
                                                 .static_slots = &custom_slots };

TEST(content_that_is_no_file)
{
    gale_application_settings settings = { .static_handler_class = &custom_class };
    int port = start(url_routes, &settings);
    assert_body(port, "/static_url/foo.txt", "/static/foo.42.txt");
    assert_file(port, "/static/foo.42.txt", "", 200, "\r\nContent-Type: text/plain\r\n", "bar");
    assert_file(port, "/static/foo.42.txt", "", 200, "\r\nEtag: \"d82c4eb5261cb9c8", "bar");
    assert_file(port, "/static/foo.42.txt", "Range: bytes=1-1\r\n", 206,
                "\r\nContent-Range: bytes 1-1/3\r\n", "a");
    char *answer = ask_for(port, "GET", "/static/foo.42.txt", "");
    assert_false(answer_has(answer, "Last-Modified"));
    free(answer);
    test_expect_log(GALE_LOG_WARNING, "404 GET /static/b.42.txt");
    assert_status(port, "/static/b.42.txt", "404 Not Found");
    end();
}

/* A subclass, and one of it. */
static const char *story_type(gale_handler *self)
{
    const char *path = gale_static_absolute_path(self), *dot = strrchr(path, '.');
    return strcmp(dot, ".story") == 0 ? "text/x-story"
                                      : gale_static_default_slots.get_content_type(self);
}

static int64_t an_hour(gale_handler *self, const char *path, int64_t modified,
                       const char *content_type)
{
    assert_string_equal(path, gale_static_path(self));
    assert_true(modified > 0);
    assert_non_null(content_type);
    return 3600;
}

static int say_whose(gale_handler *self, const char *path)
{
    (void)path;
    return gale_set_header(self, "X-Whose", "mine");
}

static bool always(gale_handler *self)
{
    return gale_get_argument(self, "same", NULL) != NULL;
}

/* Another file, which the directory does not have. */
static int show_secret(gale_handler *self, const char *of, const char *absolute_path,
                       const char **ret_path)
{
    GALE_TRY(gale_static_default_slots.validate_absolute_path(self, of, absolute_path, ret_path));
    if (strstr(absolute_path, "robots"))
        *ret_path = gale_sprintf("%s/../secret.txt", of);
    return 0;
}

static const gale_static_slots story_slots = { .get_content_type = story_type,
                                               .get_cache_time = an_hour,
                                               .set_extra_headers = say_whose };
static const gale_handler_class story_class = { .base = &gale_static_file_handler,
                                                .static_slots = &story_slots };
static const gale_static_slots more_slots = { .should_return_304 = always };
static const gale_handler_class more_class = { .base = &story_class, .static_slots = &more_slots };
static const gale_static_slots secret_slots = { .validate_absolute_path = show_secret };
static const gale_handler_class secret_class = { .base = &gale_static_file_handler,
                                                 .static_slots = &secret_slots };

TEST(slots_are_inherited)
{
    static gale_static_options options;
    static const gale_route routes[] = {
        ROUTE("/more/(.*)", more_class, .arg = &options),
        ROUTE("/secret/(.*)", secret_class, .arg = &options),
        { 0 },
    };
    make_files();
    put("one.story", "once upon a time");
    options.path = root;
    int port = serve_routes(routes);
    assert_file(port, "/more/one.story?same=1", "", 304, "\r\nX-Whose: mine\r\n", "");
    assert_file(port, "/secret/robots.txt", "", 200, "\r\nContent-Length: 6\r\n", "secret");
    assert_file(port, "/secret/one.story", "", 200, NULL, "once upon a time");
    end();
}

TEST(slots_of_a_subclass)
{
    static gale_static_options options;
    static const gale_route routes[] = { ROUTE("/(.*)", story_class, .arg = &options), { 0 } };
    make_files();
    put("one.story", "once upon a time");
    options.path = root;
    int port = serve_routes(routes);
    assert_file(port, "/one.story", "", 200, "\r\nContent-Type: text/x-story\r\n", NULL);
    assert_file(port, "/one.story", "", 200, "\r\nCache-Control: max-age=3600\r\n", NULL);
    assert_file(port, "/one.story", "", 200, "\r\nX-Whose: mine\r\n", NULL);
    assert_file(port, "/robots.txt", "", 200, "\r\nContent-Type: text/plain\r\n", ROBOTS);
    end();
}

/* ---- The cache of versions ------------------------------------------------------------- */

static int computed;

static const char *slow_version(gale_handler *self, const char *absolute_path)
{
    (void)self;
    (void)absolute_path;
    gale_sleep(0.02);
    computed++;
    return "7";
}

static const gale_static_slots slow_slots = { .get_content_version = slow_version };
static const gale_handler_class slow_class = { .base = &gale_static_file_handler,
                                               .static_slots = &slow_slots };

typedef struct crowd {
    int port;
    gale_call calls[5];
} crowd;

static int ask_one(void *arg)
{
    static const char request[] = GET("/robots.txt");
    crowd *self = arg;
    gale_iostream *stream;
    gale_str answer;
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", self->port, NULL, &stream));
    GALE_TRY(gale_iostream_write(stream, request, sizeof request - 1));
    int result = gale_iostream_read_until_close(stream, &answer);
    bool tagged = result >= 0 && memmem(answer.data, answer.len, "Etag: \"7\"\r\n", 11);
    gale_iostream_free(stream);
    return tagged ? 0 : GALE_EINPUT;
}

static int ask_all(void *arg)
{
    crowd *self = arg;
    for (size_t i = 0; i < 5; i++)
        self->calls[i] = (gale_call){ .function = ask_one, .arg = self };
    return gale_multi(self->calls, 5);
}

TEST(a_version_is_computed_once_for_all_who_wait)
{
    static gale_static_options options;
    static const gale_route routes[] = { ROUTE("/(.*)", slow_class, .arg = &options), { 0 } };
    make_files();
    options.path = root;
    crowd self = { .port = serve_routes(routes) };
    computed = 0;
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_all, &self, 10));
    assert_int_equal(computed, 1);
    put("robots.txt", "another");
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_all, &self, 10));
    assert_int_equal(computed, 2);
    end();
}

static int ask_for_many_urls(gale_handler *self)
{
    for (int i = 0; i < 12000; i++)
        if (!gale_static_url(self, gale_sprintf("%d.txt", i), NULL))
            return GALE_EHTTP;
    return gale_write(self, gale_static_url(self, "1.txt", NULL));
}

static const char *any_version(gale_handler *self, const char *absolute_path)
{
    (void)self;
    (void)absolute_path;
    return "9";
}

TEST(the_cache_of_versions_is_bounded)
{
    static const gale_static_slots slots = { .get_content_version = any_version };
    static const gale_handler_class of_class = { .base = &gale_static_file_handler,
                                                 .static_slots = &slots };
    static const gale_handler_class many_class = { .get = ask_for_many_urls };
    static const gale_route routes[] = { ROUTE("/many", many_class), { 0 } };
    gale_application_settings settings = { .static_handler_class = &of_class };
    int port = start(routes, &settings);
    size_t before = test_allocated_bytes();
    assert_body(port, "/many", "/static/1.txt?v=9");
    assert_true(test_allocated_bytes() < before + 4096 * 500);
    end();
}

GALE_TEST_MAIN
