/* SPDX-License-Identifier: Apache-2.0 */
/* Upgrades of a supervisor with its workers, from both sides. */
#include "net/process_test.h"

/* ---- As successors ---------------------------------------------------------------------- */

/* A supervisor whose predecessor waits at the other end of a pipe; returns its exit status, and in
 * *ret_word what it said. */
static int succeed(const supervised *self, char *ret_word)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t supervisor;
    setenv("GALE_UPGRADE", "0:", 1);
    ready_fd = ends[1];
    supervisor = start(self);
    ready_fd = -1;
    unsetenv("GALE_UPGRADE");
    close(ends[1]);
    *ret_word = '-';
    if (read(ends[0], ret_word, 1) == 1)
        kill(supervisor, SIGTERM);
    close(ends[0]);
    return finish(supervisor);
}

TEST(a_successor_says_when_all_its_workers_serve)
{
    char word;
    assert_int_equal(succeed(&(supervised){ 3, -1, serve_until_stopped }, &word), 0);
    assert_int_equal(word, 's');
    assert_int_equal(occurrences("stopped: 0"), 3);
}

/* A worker without sockets says itself that it is ready. */
static int one_of_two_serves(int id, int start_count)
{
    if (id == 1)
        return serve_until_stopped(id, start_count);
    say("told: %d\n", gale_notify("STATUS=fine\nREADY=1"));
    run_loop(id, 0);
    return 0;
}

TEST(a_worker_without_sockets_says_that_it_is_ready)
{
    char word;
    assert_int_equal(succeed(&(supervised){ 2, -1, one_of_two_serves }, &word), 0);
    assert_int_equal(word, 's');
    assert_int_equal(occurrences("told: 1"), 1);
    assert_int_equal(occurrences("stopped: 0"), 2);
}

static int fail_to_serve(int id, int start_count)
{
    return id == 1 ? 4 : serve_until_stopped(id, start_count);
}

TEST(a_successor_gives_up_when_a_worker_ends_before)
{
    char word;
    assert_int_equal(succeed(&(supervised){ 2, -1, fail_to_serve }, &word), 1);
    assert_int_equal(word, '-');
    assert_int_equal(
        occurrences("[40] A child of this upgrade has ended before all were ready, giving up"), 1);
}

/* Waits until a line has come once more. */
static void wait_for_line(const char *text, int before)
{
    while (occurrences(text) == before)
        assert_true(read_more());
}

/* Asks again and again until the workers are ready and nothing else is under way. */
static void begin_upgrade(pid_t supervisor)
{
    for (int before = occurrences("is starting"); occurrences("is starting") == before;) {
        int refused = occurrences("no upgrade");
        kill(supervisor, SIGUSR2);
        while (occurrences("is starting") == before && occurrences("no upgrade") == refused)
            assert_true(read_more());
        usleep(5000);
    }
}

/* Workers that serve, and a new program that is a shell with this script. */
static pid_t start_with_successor(const char *script)
{
    static const char *arguments[] = { "sh", "-c", NULL, NULL };
    arguments[2] = script;
    gale_upgrade_configure(&(gale_upgrade_options){
        .arguments = arguments, .start_timeout = 0.2, .idle_timeout = 0.1 });
    pid_t supervisor = start(&(supervised){ 2, -1, serve_until_stopped });
    gale_upgrade_configure(NULL);
    wait_for(&common->loops[0]); /* only then are the signals blocked */
    begin_upgrade(supervisor);
    return supervisor;
}

TEST(a_successor_that_does_not_serve_in_time_is_ended)
{
    pid_t supervisor = start_with_successor("exec 3>&-; exec sleep 100");
    wait_for_line("did not serve within 0.2 s and is ended; this one goes on", 0);
    begin_upgrade(supervisor); /* the way is free for another one, which ends with the supervisor */
    kill(supervisor, SIGTERM);
    assert_int_equal(finish(supervisor), 0);
    assert_int_equal(occurrences("did not serve within"), 1);
    assert_int_equal(occurrences("is starting"), 2);
    assert_int_equal(occurrences("stopped: 0"), 2);
}

TEST(workers_retire_when_a_successor_serves)
{
    pid_t supervisor = start_with_successor("printf s >&3; exec sleep 0.5");
    assert_int_equal(finish(supervisor), 0);
    assert_int_equal(occurrences("serves; this one ends with what is in flight"), 1);
    assert_int_equal(occurrences("stopped: 0"), 2);
    assert_int_equal(occurrences("restarting"), 0);
}

TEST(no_supervisor_without_memory)
{
    for (size_t n = 1; n <= 2; n++) {
        test_fail_allocation(n);
        assert_error(gale_fork_processes(2, -1), -ENOMEM);
    }
    test_fail_allocation(0);
}

static int ask_for_an_upgrade(int id, int start_count)
{
    (void)start_count;
    if (id == 0)
        say("asked: %d\n", gale_upgrade());
    usleep(100000);
    return 0;
}

TEST(no_upgrade_before_all_workers_are_ready)
{
    assert_int_equal(run(&(supervised){ 2, -1, ask_for_an_upgrade }), 0);
    assert_int_equal(occurrences("asked: 0"), 1);
    assert_int_equal(occurrences("[30] no upgrade: not all children are ready yet"), 1);
}

GALE_TEST_MAIN
