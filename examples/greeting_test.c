/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of an application, which would stand in a file of its own. docs/testing.md explains it.
 *
 *   greeting_test --verbose */
#include <gale/gale.h>

/* ---- What is tested ---- */

static int greet(gale_handler *self)
{
    const char *name = gale_get_argument(self, "name", "world");
    return name ? gale_writef(self, "Hello, %s", name) : 0;
}

static int greet_late(gale_handler *self)
{
    GALE_TRY(gale_sleep(3600));
    return gale_write(self, "Hello, at last");
}

static int fail(gale_handler *self)
{
    (void)self;
    return GALE_EINVALID;
}

static const gale_handler_class greeting_handler = { .name = "greeting", .get = greet };
static const gale_handler_class late_handler = { .name = "late", .get = greet_late };
static const gale_handler_class broken_handler = { .name = "broken", .get = fail };

static const gale_route routes[] = { { .pattern = "/", .handler = &greeting_handler },
                                     { .pattern = "/late", .handler = &late_handler },
                                     { .pattern = "/broken", .handler = &broken_handler },
                                     { 0 } };

/* ---- The tests ---- */

static int it_greets_by_name(gale_test *test)
{
    gale_http_response *response;
    GALE_TRY(gale_test_fetch(test, "/?name=you", NULL, &response));
    GALE_CHECK_INT(gale_http_response_code(response), 200);
    GALE_CHECK_STR(gale_http_response_body(response), "Hello, you");
    return 0;
}

static int it_takes_its_time(gale_test *test)
{
    gale_http_response *response;
    const gale_fetch_options patient = { .request_timeout = 4000 },
                             hasty = { .request_timeout = 5 };
    GALE_TRY(gale_test_fetch(test, "/late", &patient, &response));
    GALE_CHECK_STR(gale_http_response_body(response), "Hello, at last");
    GALE_CHECK_INT(gale_test_fetch(test, "/late", &hasty, &response), GALE_ETIMEDOUT);
    return 0;
}

static int it_logs_what_is_broken(gale_test *test)
{
    gale_http_response *response;
    gale_expect_log *uncaught =
        gale_expect_log_begin(GALE_LOG_APPLICATION, "Uncaught error GET /broken", NULL);
    gale_expect_log *access = gale_expect_log_begin(GALE_LOG_ACCESS, "500 GET /broken", NULL);
    GALE_TRY(gale_test_fetch(test, "/broken", NULL, &response));
    GALE_CHECK_INT(gale_http_response_code(response), 500);
    GALE_TRY(gale_expect_log_end(uncaught));
    return gale_expect_log_end(access);
}

static int serve(gale_test *test)
{
    return gale_test_serve(test, gale_application_new(routes, NULL));
}

static const gale_test_case greeting_tests[] = {
    { "it_greets_by_name", it_greets_by_name, 0 },
    { "it_takes_its_time", it_takes_its_time, 0 },
    { "it_logs_what_is_broken", it_logs_what_is_broken, 0 },
    { 0 },
};

static const gale_test_suite suites[] = {
    { .name = "greeting",
      .cases = greeting_tests,
      .set_up = serve,
      .options = { .virtual_clock = true } },
    { 0 },
};

int main(int argc, char **argv)
{
    return gale_testing_main(argc, argv, suites);
}
