/* SPDX-License-Identifier: Apache-2.0 */
#include <cmocka.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static const char *running = "";

void print_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}

_Noreturn void _fail(const char *file, int line)
{
    print_error("%s:%d: %s failed\n", file, line, running);
    exit(1);
}

void arm64_assert(int holds, const char *text, const char *file, int line)
{
    if (holds)
        return;
    print_error("does not hold: %s\n", text);
    _fail(file, line);
}

void arm64_assert_integers(int holds, const char *text, uintmax_t a, uintmax_t b, const char *file,
                           int line)
{
    if (holds)
        return;
    print_error("does not hold: %s (%" PRIdMAX ", %" PRIdMAX ")\n", text, (intmax_t)a, (intmax_t)b);
    _fail(file, line);
}

int _cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                            int (*setup)(void **state), int (*teardown)(void **state))
{
    (void)group, (void)setup, (void)teardown;
    for (size_t i = 0; i < count; i++) {
        running = tests[i].name;
        void *state = tests[i].initial_state;
        tests[i].test_func(&state);
    }
    printf("%zu tests\n", count);
    return 0;
}
