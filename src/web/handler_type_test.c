/* SPDX-License-Identifier: Apache-2.0 */
/* Handler classes: bases, their state, the way up with gale_super, what Allow says. */
#include "web/web_test.h"

#define REQUEST(method, target) method " " target " HTTP/1.1\r\n" CLOSE "\r\n"

/* ---- A chain of three classes ---------------------------------------------------------- */

struct site {
    int prepared;
    char user[16];
};

struct page {
    double weight;
};

struct story {
    int64_t id;
};

static const gale_handler_class site_handler, page_handler, story_handler;

static int site_prepare(gale_handler *self)
{
    struct site *site = gale_handler_state(self, &site_handler);
    note("site.prepare");
    site->prepared++;
    strcpy(site->user, "anne");
    return 0;
}

static int site_get(gale_handler *self)
{
    note("site.get");
    return gale_write(self, "site");
}

static int site_put(gale_handler *self)
{
    return gale_write(self, "put");
}

static void site_on_finish(gale_handler *self)
{
    (void)self;
    note("site.on_finish");
}

static int page_prepare(gale_handler *self)
{
    struct page *page = gale_handler_state(self, &page_handler);
    GALE_TRY(gale_super(self, &page_handler, prepare));
    note("page.prepare");
    page->weight += 0.5;
    return 0;
}

static int story_prepare(gale_handler *self)
{
    struct story *story = gale_handler_state(self, &story_handler);
    GALE_TRY(gale_super(self, &story_handler, prepare));
    note("story.prepare");
    story->id = 42;
    return 0;
}

static int story_get(gale_handler *self)
{
    const struct site *site = gale_handler_state(self, &site_handler);
    const struct page *page = gale_handler_state(self, &page_handler);
    const struct story *story = gale_handler_state(self, &story_handler);
    note("story.get");
    GALE_TRY(gale_super(self, &story_handler, get));
    return gale_writef(self, " %d %s %.1f %lld", site->prepared, site->user, page->weight,
                       (long long)story->id);
}

/* The next class up that has the slot is not the direct base. */
static const gale_handler_class site_handler = { .name = "site",
                                                 .state_size = sizeof(struct site),
                                                 .prepare = site_prepare,
                                                 .get = site_get,
                                                 .put = site_put,
                                                 .on_finish = site_on_finish };
static const gale_handler_class page_handler = { .name = "page",
                                                 .base = &site_handler,
                                                 .state_size = sizeof(struct page),
                                                 .prepare = page_prepare };
static const gale_handler_class story_handler = { .name = "story",
                                                  .base = &page_handler,
                                                  .state_size = sizeof(struct story),
                                                  .prepare = story_prepare,
                                                  .get = story_get };

TEST(each_class_of_a_chain_has_its_slots_and_its_state)
{
    static const gale_route routes[] = { ROUTE("/story", story_handler),
                                         ROUTE("/page", page_handler),
                                         { 0 } };
    int port = serve_routes(routes);
    for (int i = 0; i < 2; i++) { /* the state is new for each request */
        assert_body(port, "/story", "site 1 anne 0.5 42");
        assert_trace("site.prepare page.prepare story.prepare story.get site.get site.on_finish");
    }
    assert_body(port, "/page", "site");
    assert_trace("site.prepare page.prepare site.get site.on_finish");
    assert_answer(port, REQUEST("PUT", "/story"), "HTTP/1.1 200 OK\r\n", "\r\n\r\nput");
    assert_trace("site.prepare page.prepare story.prepare site.on_finish");
    stop();
}

/* ---- State ----------------------------------------------------------------------------- */

static const gale_handler_class stateless_base, wide_handler;

static int show_state(gale_handler *self)
{
    const char *state = gale_handler_state(self, &wide_handler);
    int zero = 1;
    for (size_t i = 0; i < 100000; i++)
        zero = zero && state[i] == 0;
    memset(gale_handler_state(self, &wide_handler), 'x', 100000);
    return gale_writef(self, "%d %d %d %d", zero, (int)((uintptr_t)state % 16),
                       gale_handler_state(self, &stateless_base) == NULL,
                       gale_handler_state(self, &story_handler) == NULL);
}

static const gale_handler_class stateless_base = { .get = show_state };
static const gale_handler_class wide_handler = { .base = &stateless_base, .state_size = 100000 };

TEST(state_is_zeroed_and_aligned)
{
    static const gale_route routes[] = { ROUTE("/", wide_handler), { 0 } };
    int port = serve_routes(routes);
    for (int i = 0; i < 3; i++)
        assert_body(port, "/", "1 0 1 1");
    stop();
}

/* ---- gale_super at the end of the chain ------------------------------------------------ */

static const gale_handler_class last_handler;

static int last_prepare(gale_handler *self)
{
    return gale_super(self, &last_handler, prepare);
}

static int last_get(gale_handler *self)
{
    return gale_super(self, &last_handler, get);
}

static const gale_handler_class last_handler = { .prepare = last_prepare, .get = last_get };

TEST(above_the_last_class_are_the_defaults)
{
    static const gale_route routes[] = { ROUTE("/", last_handler), { 0 } };
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_WARNING, "405 GET / ");
    assert_status(port, "/", "405 Method Not Allowed");
    stop();
}

/* ---- initialize ------------------------------------------------------------------------ */

static int keep_arg(gale_handler *self, void *arg)
{
    *(void **)gale_handler_state(self, &story_handler) = arg;
    return 0;
}

static int show_kept(gale_handler *self)
{
    return gale_write(self, *(const char **)gale_handler_state(self, &story_handler));
}

TEST(initialize_gets_the_argument_of_the_route)
{
    static const gale_handler_class keeping = {
        .base = &story_handler, .initialize = keep_arg, .prepare = show_kept, .get = show_kept
    };
    static const gale_route routes[] = { ROUTE("/one", keeping, .arg = "1"),
                                         ROUTE("/two", keeping, .arg = "2"),
                                         { 0 } };
    int port = serve_routes(routes);
    assert_body(port, "/one", "11");
    assert_body(port, "/two", "22");
    trace[0] = '\0';
    stop();
}

/* ---- Methods --------------------------------------------------------------------------- */

static int echo_method(gale_handler *self)
{
    return gale_write(self, gale_http_server_request_method(gale_handler_request(self)));
}

static int no_answer(gale_handler *self)
{
    (void)self;
    return 0;
}

static const gale_handler_class every_handler = { .get = echo_method,
                                                  .head = no_answer,
                                                  .post = echo_method,
                                                  .delete_ = echo_method,
                                                  .patch = echo_method,
                                                  .put = echo_method,
                                                  .options = echo_method };

TEST(every_method_has_its_slot)
{
    static const char *const methods[] = { "GET", "POST", "DELETE", "PATCH", "PUT", "OPTIONS" };
    static const gale_route routes[] = { ROUTE("/", every_handler), { 0 } };
    int port = serve_routes(routes);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        char request[128], end[32];
        snprintf(request, sizeof request, REQUEST("%s", "/"), methods[i]);
        snprintf(end, sizeof end, "\r\n\r\n%s", methods[i]);
        assert_answer(port, request, "HTTP/1.1 200 OK\r\n", end);
    }
    assert_answer(port, REQUEST("HEAD", "/"), "HTTP/1.1 200 OK\r\n",
                  "Content-Length: 0\r\nConnection: close\r\n\r\n");
    stop();
}

static void assert_allow(int port, const char *method, const char *target, const char *allow)
{
    char request[128], line[64];
    snprintf(request, sizeof request, REQUEST("%s", "%s"), method, target);
    snprintf(line, sizeof line, "\r\nAllow: %s\r\n", allow);
    test_expect_log(GALE_LOG_WARNING, "405 ");
    char *answer = ask(port, request);
    assert_memory_equal(answer, "HTTP/1.1 405 Method Not Allowed\r\n", 33);
    if (!strstr(answer, line))
        fail_msg("wanted Allow: %s, got: %s", allow, answer);
    free(answer);
}

/* Methods are case-sensitive (RFC 9110 §9.1); HEAD is not derived from GET, as in Tornado. */
TEST(other_methods_are_answered_405_with_allow)
{
    static const gale_handler_class getter = { .get = echo_method };
    static const gale_handler_class poster = { .base = &getter, .post = echo_method };
    static const gale_handler_class mute = { .name = "mute" };
    static const gale_route routes[] = { ROUTE("/every", every_handler),
                                         ROUTE("/getter", getter),
                                         ROUTE("/poster", poster),
                                         ROUTE("/mute", mute),
                                         { 0 } };
    int port = serve_routes(routes);
    assert_allow(port, "BREW", "/every", "GET, HEAD, POST, DELETE, PATCH, PUT, OPTIONS");
    assert_allow(port, "get", "/every", "GET, HEAD, POST, DELETE, PATCH, PUT, OPTIONS");
    assert_allow(port, "HEAD", "/getter", "GET");
    assert_allow(port, "TRACE", "/getter", "GET");
    assert_allow(port, "PATCH", "/poster", "GET, POST");
    assert_allow(port, "GET", "/mute", "");
    stop();
}

/* ---- The default handler class --------------------------------------------------------- */

static int forbidden(gale_handler *self, void *arg)
{
    return gale_http_error(self, *(int *)arg, NULL);
}

static int custom_404(gale_handler *self)
{
    gale_set_status(self, 404, NULL);
    return gale_write(self, "custom 404 response");
}

TEST(the_default_handler_class_answers_what_no_route_matches)
{
    static const gale_handler_class error_handler = { .initialize = forbidden };
    static const gale_handler_class custom_handler = { .get = custom_404 };
    static const gale_route routes[] = { ROUTE("/", every_handler), { 0 } };
    static int status = 403;
    int port;
    serve(routes,
          &(gale_application_settings){ .default_handler_class = &error_handler,
                                        .default_handler_arg = &status },
          &port);
    assert_body(port, "/", "GET");
    test_expect_log(GALE_LOG_WARNING, "403 GET /abcde ");
    assert_status(port, "/abcde", "403 Forbidden");
    stop();
    serve(routes, &(gale_application_settings){ .default_handler_class = &custom_handler }, &port);
    test_expect_log(GALE_LOG_WARNING, "404 GET /abcde ");
    assert_answer(port, GET("/abcde"), "HTTP/1.1 404 Not Found\r\n", "\r\n\r\ncustom 404 response");
    stop();
}

/* ---- Chains that cannot be resolved ---------------------------------------------------- */

TEST(a_chain_that_runs_in_a_circle_is_refused)
{
    gale_handler_class first = { .name = "first" };
    gale_handler_class second = { .name = "second", .base = &first };
    first.base = &second;
    test_expect_log(GALE_LOG_ERROR, "handler class second: its chain of bases never ends");
    assert_null(gale_application_new((gale_route[]){ ROUTE("/", second), { 0 } }, NULL));
    stop();
}

GALE_TEST_MAIN
