/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of this floor's unit tests: tests that run inside a task, and a history of what
 * happened in which order. */
#ifndef GALE_GEN_GEN_TEST_H
#define GALE_GEN_GEN_TEST_H

#include "test.h"

#include <gale/gen.h>

/* Runs `function(arg)` in a task of a new loop, which is freed with all that is left in it. */
static inline int run_in_loop(gale_task_function function, void *arg)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    if (!loop)
        return GALE_ESTATE;
    int result = gale_ioloop_run_sync(loop, function, arg, 60);
    gale_ioloop_free(loop);
    return result;
}

/* A test whose body runs inside a task. */
#define TASK_TEST(test_name)                                                                       \
    static void test_name##_body(void);                                                            \
    static int test_name##_task(void *arg)                                                         \
    {                                                                                              \
        (void)arg;                                                                                 \
        test_name##_body();                                                                        \
        return 0;                                                                                  \
    }                                                                                              \
    TEST(test_name)                                                                                \
    {                                                                                              \
        history[0] = '\0';                                                                         \
        assert_ok(run_in_loop(test_name##_task, NULL));                                            \
    }                                                                                              \
    static void test_name##_body(void)

static char history[512];

/* Appends to the history. */
__attribute__((unused)) static void note(const char *what)
{
    size_t used = strlen(history), size = strlen(what);
    assert_true(used + size < sizeof history);
    memcpy(history + used, what, size + 1);
}

/* Lets everything that is ready, and what becomes ready by that, run. */
__attribute__((unused)) static void loop_briefly(void)
{
    for (int i = 0; i < 3; i++)
        assert_ok(gale_moment());
}

#endif
