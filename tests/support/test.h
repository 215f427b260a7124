/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit tests on top of cmocka:
 *
 *     #include "test.h"
 *
 *     TEST(buffer_keeps_its_limit)
 *     {
 *         assert_error(gale__buffer_append(&buffer, "abc", 3), GALE_ETOOBIG);
 *     }
 *
 *     GALE_TEST_MAIN
 *
 * Tests run in the order in which they stand. `./buffer_test limit` runs only those whose name
 * contains "limit". Apart from its own assertions a test fails when it leaves memory of
 * gale's allocator or a descriptor behind, when a WARNING or ERROR line is logged that it did not
 * announce, and when an announced line does not come. The assertions may be used in the thread of
 * the test only.
 */
#ifndef GALE_TEST_H
#define GALE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <gale/core.h>
#include <gale/log.h>

typedef struct test_case {
    const char *name;
    void (*function)(void);
    struct test_case *next;
} test_case;

void test_register(test_case *test);
int test_main(int argc, char **argv);

#define TEST(test_name)                                                                            \
    static void test_name(void);                                                                   \
    __attribute__((constructor)) static void test_register_##test_name(void)                       \
    {                                                                                              \
        static test_case registered = { #test_name, test_name, NULL };                             \
        test_register(&registered);                                                                \
    }                                                                                              \
    static void test_name(void)

#define GALE_TEST_MAIN                                                                             \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return test_main(argc, argv);                                                              \
    }

/* ---- Memory ---- */

/*
 * Makes the n-th allocation from now on fail (1: the next one), once; 0: none. To fail each
 * allocation of an operation in turn:
 *
 *     size_t n = 0;
 *     do {
 *         test_fail_allocation(++n);
 *         result = operation();
 *     } while (test_allocation_failed());
 */
void test_fail_allocation(size_t n);
/* True when the allocation chosen by the last test_fail_allocation has been reached. */
bool test_allocation_failed(void);
/* How many allocations (malloc, realloc) the test has asked for so far. */
size_t test_allocations(void);
/* How many bytes it holds at the moment. */
size_t test_allocated_bytes(void);

/* ---- Log ---- */

/*
 * Announces one line of that level which contains `substring`. Lines below WARNING may come
 * without being announced; gale_log_set_level makes them come at all (WARNING at the start).
 */
void test_expect_log(gale_log_level level, const char *substring);
/* True when an enabled line with `substring` was logged in this test. */
bool test_logged(const char *substring);

/* ---- Assertions, besides cmocka's. All print both sides. ---- */

#define assert_str(actual, expected) test_assert_str(actual, expected, __FILE__, __LINE__)
#define assert_bytes(actual, expected) test_assert_bytes(actual, expected, __FILE__, __LINE__)
/* The call returned 0. */
#define assert_ok(call) test_assert_code(call, 0, #call, __FILE__, __LINE__)
/* The call returned this code. */
#define assert_error(call, code) test_assert_code(call, code, #call, __FILE__, __LINE__)

void test_assert_str(gale_str actual, const char *expected, const char *file, int line);
void test_assert_bytes(gale_str actual, gale_str expected, const char *file, int line);
void test_assert_code(int actual, int expected, const char *call, const char *file, int line);

#endif
