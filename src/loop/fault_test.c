/* SPDX-License-Identifier: Apache-2.0 */
/* Each fault happens in a process of its own, whose standard error is a pipe. Sanitizers have
 * handlers of their own, which are left alone; there only that is tested. */
#include "loop/fault.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/context.h"
#include "platform/stack.h"
#include "test.h"

static bool fault_is_default(void)
{
    struct sigaction action;
    sigaction(SIGSEGV, NULL, &action);
    return !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_DFL;
}

static void *volatile nowhere = (void *)8;

static void read_nowhere(void *arg)
{
    (void)arg;
    (void)*(volatile char *)nowhere;
}

static void read_past_the_end_of_a_file(void *arg)
{
    (void)arg;
    int file = memfd_create("empty", MFD_CLOEXEC);
    char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    (void)*(volatile char *)map;
}

static void raise_fault(void *arg)
{
    (void)arg;
    raise(SIGSEGV);
}

static gale__context loop_context, task_context;

static int dig(int depth)
{
    volatile char frame[512];
    frame[0] = (char)depth;
    return depth < 0 ? 0 : dig(depth + 1) + frame[0];
}

static void dig_for_ever(void *arg)
{
    exit(dig(*(int *)arg));
}

static void overflow_a_stack(void *arg)
{
    (void)arg;
    static int start = 1;
    gale__stack_pool pool;
    gale__stack_pool_init(&pool, 64 * 1024);
    gale__stack *stack = gale__stack_get(&pool);
    stack->owner = &start;
    gale__context_make(&task_context, stack->low, stack->size, dig_for_ever, &start);
    gale__context_switch(&loop_context, &task_context);
}

static const char *describe(void *owner)
{
    return owner ? "digger" : "GET /story";
}

/* Runs `fault` on a loop; returns how the process ended, and its standard error. */
static int run(gale_callback fault, const char *(*describer)(void *),
               const gale_ioloop_options *options, char *out, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        dup2(ends[1], STDERR_FILENO);
        gale__fault_set_describe(describer);
        gale_ioloop *loop = gale_ioloop_new(options);
        gale_ioloop_add_callback(loop, fault, NULL);
        gale_ioloop_start(loop);
        _exit(0);
    }
    close(ends[1]);
    size_t got = 0;
    for (ssize_t n; (n = read(ends[0], out + got, size - 1 - got)) > 0;)
        got += (size_t)n;
    out[got] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void check(gale_callback fault, const char *(*describer)(void *), int number,
                  const char *expected)
{
    char out[512];
    if (!fault_is_default())
        return;
    int status =
        run(fault, describer, &(gale_ioloop_options){ .stack_size = 65536 }, out, sizeof out);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), number);
    assert_string_equal(out, expected);
}

TEST(segmentation_fault_tells_its_address)
{
    check(read_nowhere, NULL, SIGSEGV, "gale: segmentation fault at 0x8\n");
}

TEST(segmentation_fault_tells_its_task)
{
    check(read_nowhere, describe, SIGSEGV, "gale: segmentation fault at 0x8 in task GET /story\n");
}

TEST(signal_that_a_process_sent_ends_this_one)
{
    check(raise_fault, NULL, SIGSEGV, "gale: segmentation fault at 0x0\n");
}

TEST(bus_error_tells_so)
{
    char out[512];
    if (!fault_is_default())
        return;
    int status = run(read_past_the_end_of_a_file, NULL, NULL, out, sizeof out);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGBUS);
    assert_ptr_equal(strstr(out, "gale: bus error at 0x"), out);
}

TEST(stack_overflow_tells_its_task)
{
    check(overflow_a_stack, describe, SIGSEGV,
          "gale: stack overflow in task digger (stack_size 65536)\n");
}

TEST(stack_overflow_is_told_without_names)
{
    check(overflow_a_stack, NULL, SIGSEGV, "gale: stack overflow (stack_size 65536)\n");
}

TEST(option_turns_the_report_off)
{
    char out[512];
    if (!fault_is_default())
        return;
    int status = run(read_nowhere, describe, &(gale_ioloop_options){ .no_fault_report = true }, out,
                     sizeof out);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    assert_string_equal(out, "");
}

static void foreign(int number)
{
    (void)number;
}

TEST(handling_of_others_is_left_alone)
{
    struct sigaction before, action = { .sa_handler = foreign };
    gale_ioloop *loop = gale_ioloop_new(NULL);
    sigaction(SIGSEGV, &action, &before);
    assert_ok(gale__fault_start(loop));
    sigaction(SIGSEGV, NULL, &action);
    assert_true(action.sa_handler == foreign);
    gale__fault_stop();
    sigaction(SIGSEGV, &before, &action);
    assert_true(action.sa_handler == foreign);
    gale_ioloop_free(loop);
}

TEST(stop_restores_the_default_and_the_stack)
{
    stack_t before, after;
    bool was_default = fault_is_default();
    gale_ioloop *loop = gale_ioloop_new(NULL);
    sigaltstack(NULL, &before);
    gale__fault_stop(); /* harmless */
    assert_ok(gale__fault_start(loop));
    assert_false(fault_is_default());
    gale__fault_stop();
    sigaltstack(NULL, &after);
    assert_int_equal(fault_is_default(), was_default);
    assert_int_equal(before.ss_flags, after.ss_flags);
    gale_ioloop_free(loop);
}

GALE_TEST_MAIN
