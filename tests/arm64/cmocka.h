/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much of cmocka as the unit tests of the lower floors use, so that scripts/check-arm64 can
 * run them without a cmocka for AArch64. The first failure ends the program with status 1.
 */
#ifndef GALE_TESTS_ARM64_CMOCKA_H
#define GALE_TESTS_ARM64_CMOCKA_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*test_func)(void **state);
    int (*setup_func)(void **state);
    int (*teardown_func)(void **state);
    void *initial_state;
};

int _cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                            int (*setup)(void **state), int (*teardown)(void **state));
void print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void _fail(const char *file, int line);
void arm64_assert(int holds, const char *text, const char *file, int line);
void arm64_assert_integers(int holds, const char *text, uintmax_t a, uintmax_t b, const char *file,
                           int line);

#define ARM64_ASSERT(condition) arm64_assert(!!(condition), #condition, __FILE__, __LINE__)
#define ARM64_COMPARE(a, relation, b)                                                              \
    do {                                                                                           \
        uintmax_t arm64_a = (uintmax_t)(a), arm64_b = (uintmax_t)(b);                              \
        arm64_assert_integers(arm64_a relation arm64_b, #a " " #relation " " #b, arm64_a, arm64_b, \
                              __FILE__, __LINE__);                                                 \
    } while (0)

#define assert_true(condition) ARM64_ASSERT(condition)
#define assert_false(condition) ARM64_ASSERT(!(condition))
#define assert_null(pointer) ARM64_ASSERT((pointer) == NULL)
#define assert_non_null(pointer) ARM64_ASSERT((pointer) != NULL)
#define assert_ptr_equal(a, b) ARM64_COMPARE((uintptr_t)(a), ==, (uintptr_t)(b))
#define assert_ptr_not_equal(a, b) ARM64_COMPARE((uintptr_t)(a), !=, (uintptr_t)(b))
#define assert_int_equal(a, b) ARM64_COMPARE(a, ==, b)
#define assert_int_not_equal(a, b) ARM64_COMPARE(a, !=, b)
#define assert_string_equal(a, b) ARM64_ASSERT(strcmp((a), (b)) == 0)
#define assert_string_not_equal(a, b) ARM64_ASSERT(strcmp((a), (b)) != 0)
#define assert_memory_equal(a, b, size) ARM64_ASSERT(memcmp((a), (b), (size)) == 0)
#define assert_memory_not_equal(a, b, size) ARM64_ASSERT(memcmp((a), (b), (size)) != 0)
#define assert_in_range(value, low, high)                                                          \
    do {                                                                                           \
        ARM64_COMPARE(value, >=, low);                                                             \
        ARM64_COMPARE(value, <=, high);                                                            \
    } while (0)
#define assert_float_equal(a, b, epsilon)                                                          \
    ARM64_ASSERT((a) - (b) <= (epsilon) && (b) - (a) <= (epsilon))
#define skip() exit(0)
#define fail() _fail(__FILE__, __LINE__)
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#endif
