/* SPDX-License-Identifier: Apache-2.0 */
/* Runs lists of tests, and tells how they ended. */
#include <stdio.h>
#include <string.h>

#include <gale/options.h>

#include "app/fixture.h"
#include "core/error.h"
#include "platform/clock.h"

typedef struct runner {
    bool verbose, quiet, failfast;
    char **words; /* a test's name must contain one of them; none: any */
    int word_count;
    int run, failed, skipped;
} runner;

int gale_check_failed(const char *file, int line, const char *format, ...)
{
    char text[GALE__ERROR_DETAIL_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return gale__fail(GALE_ECHECK, "%s:%d: %s", file, line, text);
}

int gale_skip_test(const char *reason, ...)
{
    char text[GALE__ERROR_DETAIL_MAX + 1];
    va_list arguments;
    va_start(arguments, reason);
    vsnprintf(text, sizeof text, reason, arguments);
    va_end(arguments);
    return gale__fail(GALE_ESKIPPED, "%s", text);
}

/* ---- One test ---- */

typedef struct call {
    const gale_test_case *of;
    gale_test *test;
} call;

static int run_case(void *arg)
{
    const call *self = arg;
    return self->of->run(self->test);
}

static int run_one(const gale_test_suite *suite, const gale_test_case *of)
{
    gale_test *test = gale_test_new(&suite->options);
    if (!test)
        return GALE_ESTATE;
    int result = suite->set_up ? suite->set_up(test) : 0;
    if (result >= 0) {
        result = gale_test_run(test, run_case, &(call){ of, test }, of->timeout);
        if (suite->tear_down) {
            char detail[GALE__ERROR_DETAIL_MAX + 1];
            snprintf(detail, sizeof detail, "%s", gale_error_detail());
            suite->tear_down(test);
            gale__fail(0, "%s", detail);
        }
    }
    gale_test_free(test);
    gale_log_flush();
    return result;
}

/* ---- All of them ---- */

static bool is_wanted(const runner *self, const char *name)
{
    for (int i = 0; i < self->word_count; i++)
        if (strstr(name, self->words[i]))
            return true;
    return self->word_count == 0;
}

static void tell(const runner *self, const char *name, int result)
{
    const char *detail = *gale_error_detail() ? gale_error_detail() : gale_strerror(result);
    if (result < 0 && result != GALE_ESKIPPED)
        fprintf(stderr, "%s%s: %s\n", self->verbose ? "FAIL\n" : "\nFAIL: ", name, detail);
    else if (self->verbose && result < 0)
        fprintf(stderr, "skipped '%s'\n", detail);
    else if (self->verbose)
        fputs("ok\n", stderr);
    else if (!self->quiet)
        fputs(result < 0 ? "s" : ".", stderr);
}

/* False when no further test shall run. */
static bool run_and_tell(runner *self, const gale_test_suite *suite, const gale_test_case *of)
{
    char name[256];
    snprintf(name, sizeof name, "%s.%s", suite->name, of->name);
    if (!is_wanted(self, name))
        return true;
    if (self->verbose)
        fprintf(stderr, "%s ... ", name);
    int result = run_one(suite, of);
    self->run++;
    self->skipped += result == GALE_ESKIPPED;
    self->failed += result < 0 && result != GALE_ESKIPPED;
    tell(self, name, result);
    return self->failed == 0 || !self->failfast;
}

static void run_all(runner *self, const gale_test_suite *suites)
{
    for (const gale_test_suite *suite = suites; suite->cases; suite++)
        for (const gale_test_case *of = suite->cases; of->run; of++)
            if (!run_and_tell(self, suite, of))
                return;
}

static int tell_result(const runner *self, double seconds)
{
    if (!self->quiet || self->failed)
        fprintf(stderr, "\nRan %d test%s in %.3fs\n\n", self->run, self->run == 1 ? "" : "s",
                seconds);
    if (self->failed && self->skipped)
        fprintf(stderr, "FAILED (failures=%d, skipped=%d)\n", self->failed, self->skipped);
    else if (self->failed)
        fprintf(stderr, "FAILED (failures=%d)\n", self->failed);
    else if (self->run == 0)
        fputs("NO TESTS RAN\n", stderr);
    else if (self->skipped)
        fprintf(stderr, "OK (skipped=%d)\n", self->skipped);
    else if (!self->quiet)
        fputs("OK\n", stderr);
    return self->failed || self->run == 0;
}

int gale_testing_main(int argc, char **argv, const gale_test_suite *suites)
{
    runner self = { 0 };
    gale_define_bool("verbose", &self.verbose, "name each test");
    gale_define_bool("quiet", &self.quiet, "only tell what has failed");
    gale_define_bool("failfast", &self.failfast, "end with the first test that fails");
    if (gale_options())
        gale_option_parser_set(gale_options(), "logging", "warning");
    int rest = gale_parse_command_line(argc, argv);
    self.words = argv + rest;
    self.word_count = argc - rest;
    int64_t start = gale__clock_monotonic();
    run_all(&self, suites);
    int status = tell_result(&self, (double)(gale__clock_monotonic() - start) / 1e9);
    gale_option_parser_free(gale_options()); /* its variables are these */
    return status;
}
