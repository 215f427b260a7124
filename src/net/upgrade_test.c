/* SPDX-License-Identifier: Apache-2.0 */
/* Upgrades of a process without workers; shells play the new program. */
#include "net/net_test.h"

#include <gale/process.h>
#include <gale/tcpserver.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "net/upgrade.h"

static int echo(gale_iostream *stream, const gale_address *address, void *arg)
{
    gale_str data;
    (void)address;
    (void)arg;
    GALE_TRY(gale_iostream_read_until(stream, "\n", 0, &data));
    return gale_iostream_write(stream, data.data, data.len);
}

static gale_tcp_server *server;
static int port;

/* A server that accepts, so that upgrades are possible. */
static void serve(void)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    port = gale_socket_port(sockets[0]);
    server = gale_tcp_server_new(echo, NULL, NULL);
    assert_ok(gale_tcp_server_add_sockets(server, sockets, 1));
    assert_ok(gale_sleep(0.01));
}

/* The new program is a shell with this script. */
static void use(const char *script, double start_timeout)
{
    static const char *arguments[] = { "sh", "-c", NULL, NULL };
    arguments[2] = script;
    gale_upgrade_configure(&(gale_upgrade_options){
        .arguments = arguments, .start_timeout = start_timeout, .idle_timeout = 0.2 });
}

static void end(void)
{
    gale_upgrade_configure(NULL);
    gale_tcp_server_free(server);
    for (int i = 0; i < 500 && waitpid(-1, NULL, WNOHANG) == 0; i++)
        assert_ok(gale_sleep(0.01));
}

static void wait_for_log(const char *text)
{
    for (int i = 0; i < 1000 && !test_logged(text); i++)
        assert_ok(gale_sleep(0.01));
    assert_true(test_logged(text));
}

static int connect_to(int to)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)to),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void assert_serves(void)
{
    char answer[8] = "";
    assert_false(gale_ioloop_is_stopping(gale_ioloop_current()));
    int fd = connect_to(port);
    put(fd, "hello\n");
    while (recv(fd, answer, sizeof answer, MSG_DONTWAIT) < 0)
        assert_ok(gale_sleep(0.005));
    assert_string_equal(answer, "hello\n");
    close(fd);
}

TASK_TEST(only_a_loop_that_serves_is_upgraded)
{
    test_expect_log(GALE_LOG_WARNING, "no upgrade: this thread's loop does not serve");
    assert_error(gale_upgrade(), GALE_ESTATE);
    assert_string_equal(gale_error_detail(), "no upgrade: this thread's loop does not serve");
}

TASK_TEST(a_program_that_fails_changes_nothing)
{
    serve();
    use("exit 7", 10);
    test_expect_log(GALE_LOG_ERROR, "exited with status 7 before it served; this one goes on");
    assert_ok(gale_upgrade());
    wait_for_log("exited with status 7");
    assert_serves();
    use("kill -9 $$", 10);
    test_expect_log(GALE_LOG_ERROR, "was killed by signal 9 before it served; this one goes on");
    assert_ok(gale_upgrade());
    wait_for_log("killed by signal 9");
    assert_serves();
    end();
}

TASK_TEST(a_program_that_is_missing)
{
    serve();
    use("", 10);
    gale_upgrade_options options = *gale__upgrade_options();
    options.path = "/no/such/program";
    gale_upgrade_configure(&options);
    test_expect_log(GALE_LOG_ERROR, "cannot be started: No such file or directory");
    assert_error(gale_upgrade(), -ENOENT);
    assert_serves();
    const char *nothing[] = { NULL };
    options.arguments = nothing;
    gale_upgrade_configure(&options);
    test_expect_log(GALE_LOG_ERROR, "cannot be started: not found");
    assert_error(gale_upgrade(), GALE_ENOTFOUND);
    end();
}

TASK_TEST(a_program_that_does_not_serve_in_time_is_ended)
{
    serve();
    use("exec 3>&-; exec sleep 100", 0.1);
    test_expect_log(GALE_LOG_ERROR, "did not serve within 0.1 s and is ended; this one goes on");
    assert_ok(gale_upgrade());
    assert_ok(gale_sleep(0.02));
    test_expect_log(GALE_LOG_WARNING, "no upgrade: another one is under way");
    assert_error(gale_upgrade(), GALE_ESTATE);
    wait_for_log("did not serve within");
    assert_ok(gale_sleep(0.1));
    assert_serves();
    use("exit 0", 10); /* the way is free for the next one */
    test_expect_log(GALE_LOG_ERROR, "exited with status 0 before it served");
    assert_ok(gale_upgrade());
    wait_for_log("exited with status 0");
    end();
}

TASK_TEST(a_loop_that_ends_ends_the_upgrade)
{
    serve();
    use("exec sleep 100", 10);
    assert_ok(gale_upgrade());
}

TEST(and_leaves_no_process)
{
    int status;
    assert_true(waitpid(-1, &status, 0) > 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    gale_upgrade_configure(NULL);
}

/* ---- Success ---------------------------------------------------------------------------- */

/* Says what it got, then that it serves. */
static const char report[] = "echo \"$GALE_UPGRADE $(ls /proc/self/fd | tr '\\n' ' ')\" "
                             ">\"$REPORT\"; printf s >&3; exec sleep 0.5";

static void assert_report(const char *path, const char *expected)
{
    char text[256];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    if (strncmp(text, expected, strlen(expected)) != 0)
        fail_msg("%s, not %s", text, expected);
}

static int client = -1;

/* Connects, has the program replaced, and only then sends its request. */
static int connect_upgrade_ask(void *arg)
{
    (void)arg;
    serve();
    client = connect_to(port);
    assert_ok(gale_sleep(0.02));
    assert_ok(gale_upgrade());
    while (!gale_ioloop_is_stopping(gale_ioloop_current()))
        assert_ok(gale_sleep(0.005));
    put(client, "hello\n");
    return 0;
}

static void retire(gale_ioloop *loop)
{
    assert_ok(gale_ioloop_spawn_callback(loop, "test", connect_upgrade_ask, NULL));
    assert_int_equal(gale_ioloop_start(loop), 0); /* it ends by itself */
    char answer[8] = "";
    assert_int_equal(recv(client, answer, sizeof answer, 0), 6);
    assert_string_equal(answer, "hello\n");
    close(client);
}

/* A connection that was there before is answered before the loop ends. */
TEST(the_old_one_retires)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/gale-upgrade-%d", getpid());
    setenv("REPORT", path, 1);
    gale_ioloop *loop = gale_ioloop_new(NULL);
    assert_non_null(loop);
    use(report, 10);
    gale_log_set_level(GALE_LOG_INFO);
    retire(loop);
    gale_log_set_level(GALE_LOG_WARNING);
    assert_true(test_logged("serves; this one ends with what is in flight"));
    assert_report(path, "1:.any-port: 0 1 2 3 4 ");
    unlink(path);
    unsetenv("REPORT");
    gale_upgrade_configure(NULL);
    gale_ioloop_free(loop);
}

TASK_TEST(out_of_descriptors)
{
    struct rlimit former, low;
    serve();
    use("exit 0", 10);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &former), 0);
    int next = dup(0);
    close(next);
    for (int spare = 0; spare < 8; spare++) {
        low = former;
        low.rlim_cur = (rlim_t)(next + spare);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        test_expect_log(GALE_LOG_ERROR, "upgrade: ");
        int result = gale_upgrade();
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &former), 0);
        assert_true(result == 0 || result == -EMFILE);
        if (result == 0) {
            wait_for_log("exited with status 0");
            break;
        }
        assert_serves();
    }
    end();
}

TASK_TEST(each_allocation_may_fail)
{
    serve();
    use("exit 0", 10);
    size_t before = test_allocations();
    test_expect_log(GALE_LOG_ERROR, "exited with status 0 before it served");
    assert_ok(gale_upgrade());
    size_t count = test_allocations() - before;
    wait_for_log("exited with status 0");
    for (size_t n = 1; n <= count; n++) {
        test_expect_log(GALE_LOG_ERROR, "upgrade: the new program cannot be");
        test_fail_allocation(n);
        assert_error(gale_upgrade(), -ENOMEM);
        assert_true(test_allocation_failed());
        test_fail_allocation(0);
        assert_serves();
    }
    end();
}

GALE_TEST_MAIN
