/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test support itself: each test below either passes or fails for a stated reason. The
 * program runs itself once for each of them and looks at the exit status and the output.
 */
#include "core/memory.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>

static int leaked_descriptor;
static void *volatile leaked_memory;

TEST(leaves_memory)
{
    leaked_memory = gale__malloc(100);
}

TEST(leaves_memory_after_growing)
{
    leaked_memory = gale__realloc(gale__malloc(10), 1000);
}

TEST(leaves_a_descriptor)
{
    leaked_descriptor = open("/dev/null", O_RDONLY);
}

TEST(logs_a_warning)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "not announced");
}

TEST(logs_at_another_level)
{
    test_expect_log(GALE_LOG_WARNING, "announced");
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "announced");
}

TEST(logs_an_announced_line_twice)
{
    test_expect_log(GALE_LOG_ERROR, "announced");
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "announced");
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "announced");
}

TEST(does_not_log)
{
    test_expect_log(GALE_LOG_INFO, "missing line");
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "missing line"); /* not enabled */
}

TEST(compares_texts)
{
    assert_str(GALE_STR("a\"b"), "a\nb");
}

TEST(compares_codes)
{
    assert_ok(GALE_EFULL);
}

TEST(tidies_up)
{
    void *memory = gale__realloc(gale__malloc(10), 1000);
    assert_int_equal(test_allocations(), 2);
    assert_true(test_allocated_bytes() >= 1000);
    gale__free(memory);
    assert_int_equal(test_allocated_bytes(), 0);
    gale_log_set_level(GALE_LOG_INFO);
    test_expect_log(GALE_LOG_WARNING, "one");
    test_expect_log(GALE_LOG_WARNING, "one");
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "any number of these");
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "line one");
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "line one");
    assert_true(test_logged("any number"));
    assert_false(test_logged("line two"));
    assert_bytes(GALE_STR("a\0b"), GALE_STR("a\0b"));
    assert_error(GALE_EFULL, GALE_EFULL);
}

TEST(counts_to_the_failing_allocation)
{
    test_fail_allocation(2);
    void *first = gale__malloc(1);
    assert_non_null(first);
    assert_false(test_allocation_failed());
    assert_null(gale__malloc(1));
    assert_true(test_allocation_failed());
    void *third = gale__malloc(1);
    assert_non_null(third);
    test_fail_allocation(0);
    assert_false(test_allocation_failed());
    gale__free(first);
    gale__free(third);
}

static const struct {
    const char *test, *output;
    bool passes;
} cases[] = {
    { "leaves_memory", "bytes in 1 blocks", false },
    { "leaves_memory_after_growing", "leaked 1000 bytes in 1 blocks (2 allocations)", false },
    { "leaves_a_descriptor", "/dev/null", false },
    { "logs_a_warning", "unexpected log line (level 30): not announced", false },
    { "logs_at_another_level", "unexpected log line (level 40): announced", false },
    { "logs_an_announced_line_twice", "unexpected log line (level 40): announced", false },
    { "does_not_log", "log line did not come (level 20): missing line", false },
    { "compares_texts", "  actual (3 bytes): \"a\\x22b\"\nexpected (3 bytes): \"a\\x0ab\"", false },
    { "compares_codes", "actual: -10005 (full)", false },
    { "tidies_up", "PASSED", true },
    { "counts_to_the_failing_allocation", "PASSED", true },
    { "no_test_of_this_name", "", false },
};

/* Runs one test in a process of its own; true when it did what is expected of it. */
static bool as_expected(const char *program, size_t number)
{
    char command[1024], output[8192];
    snprintf(command, sizeof command, "'%s' %s 2>&1", program, cases[number].test);
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return false;
    output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
    bool passed = pclose(pipe) == 0;
    bool good = passed == cases[number].passes && strstr(output, cases[number].output);
    printf("%s %s\n%s", good ? "ok" : "FAILED", cases[number].test, good ? "" : output);
    return good;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return test_main(argc, argv);
    int failed = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        failed += !as_expected(argv[0], i);
    return failed;
}
