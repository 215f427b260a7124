/* SPDX-License-Identifier: Apache-2.0 */
/* Subprocesses: Tornado's cases, and what a child gets and does not get. */
#include "net/net_test.h"

#include <dirent.h>
#include <gale/process.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "net/subprocess.h"

static gale_str data;
static gale_subprocess *child;

static int start(const char *script, const gale_subprocess_options *options)
{
    const char *const arguments[] = { "sh", "-c", script, NULL };
    return gale_subprocess_new(arguments, options, &child);
}

/* What a script writes to its standard output. */
static const char *output_of(const char *script, gale_subprocess_options options)
{
    static char text[1024];
    options.stdout_fd = GALE_SUBPROCESS_STREAM;
    assert_ok(start(script, &options));
    assert_ok(gale_iostream_read_until_close(gale_subprocess_stdout(child), &data));
    snprintf(text, sizeof text, "%.*s", (int)data.len, data.data);
    assert_ok(gale_subprocess_wait_for_exit(child, NULL));
    gale_subprocess_free(child);
    return text;
}

/* No child is left, neither running nor as a zombie. */
static void assert_no_children(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* ---- Streams ---------------------------------------------------------------------------- */

/* Tornado: test_subprocess */
TASK_TEST(a_conversation)
{
    gale_subprocess_options options = { .stdin_fd = GALE_SUBPROCESS_STREAM,
                                        .stdout_fd = GALE_SUBPROCESS_STREAM,
                                        .stderr_fd = GALE_SUBPROCESS_STDOUT };
    assert_ok(start("echo ready >&2; read line; echo \"got $line\"", &options));
    gale_iostream *output = gale_subprocess_stdout(child);
    assert_ok(gale_iostream_read_until(output, "\n", 0, &data));
    assert_str(data, "ready\n");
    assert_ok(gale_iostream_write(gale_subprocess_stdin(child), "text\n", 5));
    assert_ok(gale_iostream_read_until(output, "\n", 0, &data));
    assert_str(data, "got text\n");
    assert_ok(gale_iostream_read_until_close(output, &data));
    assert_str(data, "");
    assert_null(gale_subprocess_stderr(child));
    assert_ok(gale_subprocess_wait_for_exit(child, NULL));
    gale_subprocess_free(child);
    assert_no_children();
}

/* Tornado: test_close_stdin */
TASK_TEST(closing_its_input_ends_it)
{
    const char *const arguments[] = { "cat", NULL };
    gale_subprocess_options options = { .stdin_fd = GALE_SUBPROCESS_STREAM,
                                        .stdout_fd = GALE_SUBPROCESS_STREAM };
    assert_ok(gale_subprocess_new(arguments, &options, &child));
    gale_iostream_close(gale_subprocess_stdin(child));
    assert_ok(gale_iostream_read_until_close(gale_subprocess_stdout(child), &data));
    assert_str(data, "");
    assert_ok(gale_subprocess_wait_for_exit(child, NULL));
    gale_subprocess_free(child);
}

/* Tornado: test_stderr */
TASK_TEST(standard_error)
{
    gale_subprocess_options options = { .stderr_fd = GALE_SUBPROCESS_STREAM };
    assert_ok(start("printf hello >&2", &options));
    assert_ok(gale_iostream_read_until_close(gale_subprocess_stderr(child), &data));
    assert_str(data, "hello");
    assert_null(gale_subprocess_stdin(child));
    assert_ok(gale_subprocess_wait_for_exit(child, NULL));
    gale_subprocess_free(child);
}

TASK_TEST(a_megabyte_there_and_back)
{
    enum { SIZE = 1 << 20 };
    static char sent[SIZE];
    const char *const arguments[] = { "cat", NULL };
    gale_subprocess_options options = { .stdin_fd = GALE_SUBPROCESS_STREAM,
                                        .stdout_fd = GALE_SUBPROCESS_STREAM };
    memset(sent, 'x', SIZE);
    assert_ok(gale_subprocess_new(arguments, &options, &child));
    gale_iostream *input = gale_subprocess_stdin(child);
    size_t received = 0;
    for (size_t at = 0; at < SIZE; at += 65536) { /* cat holds what the pipes hold */
        assert_ok(gale_iostream_write(input, sent + at, 65536));
        assert_ok(gale_iostream_read_bytes(gale_subprocess_stdout(child), 65536, false, &data));
        received += data.len;
    }
    assert_int_equal(received, SIZE);
    gale_subprocess_free(child); /* closes its input, which ends it */
    assert_ok(gale_sleep(0.05));
}

TASK_TEST(descriptors_of_ours)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    gale_subprocess_options options = { .stdin_fd = GALE_SUBPROCESS_DEVNULL,
                                        .stdout_fd = ends[1],
                                        .stderr_fd = GALE_SUBPROCESS_DEVNULL };
    assert_ok(start("cat; echo out; echo err >&2", &options));
    close(ends[1]);
    char text[16] = "";
    assert_ok(gale_subprocess_wait_for_exit(child, NULL));
    assert_int_equal(read(ends[0], text, sizeof text), 4);
    assert_string_equal(text, "out\n");
    close(ends[0]);
    gale_subprocess_free(child);
}

/* Standard output to where standard error goes, and the other way round. */
TASK_TEST(descriptors_may_be_swapped)
{
    int out[2], err[2], saved[2] = { dup(1), dup(2) };
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    fflush(NULL);
    dup2(out[1], 1);
    dup2(err[1], 2);
    int result = start("printf o; printf e >&2",
                       &(gale_subprocess_options){ .stdout_fd = 2, .stderr_fd = 1 });
    dup2(saved[0], 1);
    dup2(saved[1], 2);
    assert_ok(result);
    assert_ok(gale_subprocess_wait_for_exit(child, NULL));
    char text[2];
    assert_int_equal(read(out[0], text, 1), 1);
    assert_int_equal(read(err[0], text + 1, 1), 1);
    assert_memory_equal(text, "eo", 2);
    gale_close_sockets(out, 2);
    gale_close_sockets(err, 2);
    gale_close_sockets(saved, 2);
    gale_subprocess_free(child);
}

/* ---- What it gets ----------------------------------------------------------------------- */

TASK_TEST(environment_and_directory)
{
    const char *const environment[] = { "WORD=hello", "PATH=/usr/bin:/bin", NULL };
    assert_string_equal(
        output_of("echo $WORD in $PWD",
                  (gale_subprocess_options){ .environment = environment, .directory = "/usr" }),
        "hello in /usr\n");
    setenv("GALE_TEST_WORD", "inherited", 1);
    assert_string_equal(output_of("echo $GALE_TEST_WORD", (gale_subprocess_options){ 0 }),
                        "inherited\n");
    unsetenv("GALE_TEST_WORD");
}

TASK_TEST(no_other_descriptor_gets_into_it)
{
    int leak = dup(0); /* not close-on-exec */
    char expected[16];
    /* /proc/self/fd itself is one more while it is listed. */
    const char *script = "ls /proc/self/fd | tr '\\n' ' '";
    assert_string_equal(output_of(script, (gale_subprocess_options){ 0 }), "0 1 2 3 ");
    snprintf(expected, sizeof expected, " %d ", leak);
    assert_non_null(
        strstr(output_of(script, (gale_subprocess_options){ .inherit_fds = true }), expected));
    close(leak);
}

TASK_TEST(signals_are_as_by_default_in_it)
{
    const char *script = "grep -E 'SigBlk|SigIgn' /proc/self/status | tr -d '\\t\\n'";
    sigset_t blocked, former;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &former);
    signal(SIGPIPE, SIG_IGN);
    const char *text = output_of(script, (gale_subprocess_options){ 0 });
    assert_non_null(strstr(text, "SigBlk:0000000000000000SigIgn:"));
    unsigned long long ignored = strtoull(strstr(text, "SigIgn:") + 7, NULL, 16);
    assert_int_equal(ignored >> (SIGPIPE - 1) & 1, 0);
    sigprocmask(SIG_SETMASK, &former, NULL);
}

TASK_TEST(a_session_of_its_own)
{
    assert_ok(start("exec sleep 100", &(gale_subprocess_options){ .start_new_session = true }));
    assert_int_equal(getsid(gale_subprocess_pid(child)), gale_subprocess_pid(child));
    assert_ok(gale_subprocess_send_signal(child, SIGKILL));
    assert_ok(gale_subprocess_wait_for_exit(child, &(int){ 0 }));
    gale_subprocess_free(child);
}

/* ---- Its end ---------------------------------------------------------------------------- */

static int last_returncode;

static void on_exit_of_child(int returncode, void *arg)
{
    note(arg);
    last_returncode = returncode;
}

static void callback_runs(void)
{
    history[0] = '\0';
    assert_ok(start("exit 3", NULL));
    gale_subprocess_set_exit_callback(child, on_exit_of_child, "a");
    gale_subprocess_set_exit_callback(child, on_exit_of_child, "b");
    int returncode = -1;
    assert_ok(gale_subprocess_wait_for_exit(child, &returncode));
    assert_int_equal(returncode, 3);
    loop_briefly();
    assert_string_equal(history, "b");
    assert_int_equal(last_returncode, 3);
    gale_subprocess_set_exit_callback(child, on_exit_of_child, "c"); /* it has ended already */
    loop_briefly();
    assert_string_equal(history, "bc");
    gale_subprocess_free(child);
    assert_no_children();
}

/* Tornado: test_sigchild, test_sigchild_future */
TASK_TEST(exit_callback)
{
    callback_runs();
}

/* Tornado: test_sigchild_signal */
TASK_TEST(killed_by_a_signal)
{
    gale_subprocess_options options = { .stdout_fd = GALE_SUBPROCESS_STREAM };
    const char *const arguments[] = { "sleep", "100", NULL };
    int returncode = 0;
    assert_ok(gale_subprocess_new(arguments, &options, &child));
    assert_false(gale_subprocess_returncode(child, NULL));
    assert_ok(gale_subprocess_send_signal(child, SIGTERM));
    assert_ok(gale_subprocess_wait_for_exit(child, &returncode));
    assert_int_equal(returncode, -SIGTERM);
    assert_error(gale_subprocess_wait_for_exit(child, NULL), GALE_EPROCESS);
    assert_string_equal(gale_error_detail(), "'sleep' was killed by signal 15");
    assert_error(gale_subprocess_send_signal(child, SIGTERM), -ESRCH);
    gale_subprocess_free(child);
}

/* Tornado: test_wait_for_exit_raise, test_wait_for_exit_raise_disabled */
TASK_TEST(a_failing_child)
{
    const char *const arguments[] = { "false", NULL };
    int returncode = 0;
    assert_ok(gale_subprocess_new(arguments, NULL, &child));
    assert_error(gale_subprocess_wait_for_exit(child, NULL), GALE_EPROCESS);
    assert_string_equal(gale_error_detail(), "'false' exited with status 1");
    assert_ok(gale_subprocess_wait_for_exit(child, &returncode));
    assert_int_equal(returncode, 1);
    returncode = 0;
    assert_true(gale_subprocess_returncode(child, &returncode));
    assert_int_equal(returncode, 1);
    gale_subprocess_free(child);
}

TASK_TEST(without_pidfd)
{
    gale__subprocess_without_pidfd = true;
    callback_runs();
    struct sigaction action;
    assert_int_equal(sigaction(SIGCHLD, NULL, &action), 0);
    assert_ptr_equal(action.sa_handler, SIG_DFL);
    gale_subprocess *first;
    assert_ok(start("exit 0", NULL)); /* several at once, one of them nobody's any more */
    first = child;
    assert_ok(start("exit 0", NULL));
    gale_subprocess_free(child);
    assert_ok(start("exit 0", NULL));
    assert_ok(gale_subprocess_wait_for_exit(first, NULL));
    assert_ok(gale_subprocess_wait_for_exit(child, NULL));
    gale_subprocess_free(first);
    gale_subprocess_free(child);
    assert_ok(gale_sleep(0.05));
    assert_no_children();
    gale__subprocess_without_pidfd = false;
}

/* ---- Without it ------------------------------------------------------------------------- */

static int wait_for(void *arg)
{
    return gale_subprocess_wait_for_exit(arg, NULL);
}

TASK_TEST(a_cancelled_wait_leaves_the_child_alone)
{
    assert_ok(start("exec sleep 100", NULL));
    assert_error(gale_with_timeout(0.01, wait_for, child), GALE_ETIMEDOUT);
    assert_false(gale_subprocess_returncode(child, NULL));
    assert_int_equal(kill(gale_subprocess_pid(child), SIGKILL), 0);
    assert_error(gale_subprocess_wait_for_exit(child, NULL), GALE_EPROCESS);
    gale_subprocess_free(child);
}

static int wait_and_note(void *arg)
{
    note(wait_for(arg) == GALE_ECLOSED ? "closed" : "?");
    return 0;
}

TASK_TEST(freed_while_it_runs_it_goes_on_and_leaves_no_zombie)
{
    assert_ok(start("exec sleep 0.05", NULL));
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, "wait", wait_and_note, child));
    loop_briefly();
    pid_t pid = gale_subprocess_pid(child);
    gale_subprocess_free(child);
    assert_int_equal(kill(pid, 0), 0);
    assert_ok(gale_scope_close(scope, 0));
    assert_string_equal(history, "closed");
    for (int i = 0; i < 500 && kill(pid, 0) == 0; i++)
        assert_ok(gale_sleep(0.01));
    assert_no_children();
}

static pid_t left_behind;

TASK_TEST(a_loop_that_ends_forgets_its_children)
{
    assert_ok(start("exec sleep 100", NULL));
    left_behind = gale_subprocess_pid(child);
    gale_subprocess_free(child);
}

TEST(as_above_continued)
{
    assert_int_equal(kill(left_behind, SIGKILL), 0);
    assert_int_equal(waitpid(left_behind, NULL, 0), left_behind);
}

TASK_TEST(somebody_else_has_waited_for_it)
{
    int returncode;
    assert_ok(start("exit 0", NULL));
    assert_int_equal(waitpid(gale_subprocess_pid(child), NULL, 0), gale_subprocess_pid(child));
    test_expect_log(GALE_LOG_WARNING, "somebody else has waited for it");
    assert_ok(gale_subprocess_wait_for_exit(child, &returncode));
    assert_int_equal(returncode, 255);
    gale_subprocess_free(child);
}

/* ---- No child --------------------------------------------------------------------------- */

TASK_TEST(programs_that_cannot_be_run)
{
    const char *const missing[] = { "no-such-program", NULL };
    const char *const folder[] = { "/usr", NULL };
    const char *const nothing[] = { NULL };
    gale_subprocess_options all = { .stdin_fd = GALE_SUBPROCESS_STREAM,
                                    .stdout_fd = GALE_SUBPROCESS_STREAM,
                                    .stderr_fd = GALE_SUBPROCESS_STREAM };
    assert_error(gale_subprocess_new(missing, &all, &child), -ENOENT);
    assert_string_equal(gale_error_detail(),
                        "cannot run 'no-such-program': No such file or directory");
    assert_error(gale_subprocess_new(folder, &all, &child), -EACCES);
    assert_error(gale_subprocess_new(nothing, NULL, &child), GALE_EINVALID);
    assert_error(start("true", &(gale_subprocess_options){ .directory = "/none" }), -ENOENT);
    assert_error(start("true", &(gale_subprocess_options){ .stdin_fd = -7 }), GALE_EINVALID);
    assert_error(start("true", &(gale_subprocess_options){ .stdin_fd = GALE_SUBPROCESS_STDOUT }),
                 GALE_EINVALID);
    assert_error(start("true", &(gale_subprocess_options){ .stdout_fd = 999 }), -EBADF);
    assert_no_children();
}

TASK_TEST(each_allocation_may_fail)
{
    gale_subprocess_options all = { .stdin_fd = GALE_SUBPROCESS_STREAM,
                                    .stdout_fd = GALE_SUBPROCESS_STREAM,
                                    .stderr_fd = GALE_SUBPROCESS_STREAM };
    for (int pass = 0; pass < 2; pass++) {
        gale__subprocess_without_pidfd = pass == 1;
        for (size_t n = 1;; n++) {
            test_fail_allocation(n);
            int result = start("true", &all);
            assert_true(result == 0 || result == -ENOMEM);
            bool failed = test_allocation_failed();
            test_fail_allocation(0);
            if (result == 0) {
                assert_ok(gale_subprocess_wait_for_exit(child, NULL));
                gale_subprocess_free(child);
            }
            assert_no_children();
            if (!failed)
                break;
        }
    }
    gale__subprocess_without_pidfd = false;
}

GALE_TEST_MAIN
