/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between workers, each of which is a process. */
#include "net/process_test.h"
#include "net/worker_mail.h"

enum { KIND = 5, OTHER_KIND = 6, LONG = 100000 };

static gale__mailbox *mailbox;
static uint64_t missed_count;
static size_t message_count;

static void on_message(void *arg, gale_str message)
{
    (void)arg;
    message_count++;
    if (message.len == LONG)
        say("[%d long %c%c]", gale_task_id(), message.data[0], message.data[LONG - 1]);
    else if (message.len < 20)
        say("[%d %.*s]", gale_task_id(), (int)message.len, message.data);
    if (message.len == 3 && memcmp(message.data, "end", 3) == 0)
        gale_ioloop_stop(gale_ioloop_current());
}

static void on_missed(void *arg, uint64_t count)
{
    (void)arg;
    missed_count += count;
}

static const gale__mailbox_handlers handlers = { on_message, on_missed };

static void open_mailbox(unsigned kind)
{
    int result = gale__mailbox_open(gale_ioloop_current(), &handlers, NULL, &mailbox);
    if (result < 0)
        say("no mailbox: %s\n", gale_strerror(result));
    gale__worker_mail_want(kind, true);
    atomic_fetch_add(&common->loops[gale_task_id()], 1);
}

static void post_bytes(const void *data, size_t size)
{
    gale_bytes *bytes = gale_bytes_new(data, size);
    gale__mailbox_post(mailbox, KIND, bytes);
    gale_bytes_unref(bytes);
}

static void post(const char *text)
{
    post_bytes(text, strlen(text));
}

static void turns(int count)
{
    for (int i = 0; i < count; i++)
        gale__loop_turn(gale_ioloop_current(), false);
}

static int leave(void)
{
    gale__mailbox_close(mailbox);
    gale_ioloop_free(gale_ioloop_current());
    return 0;
}

static int listen_until_end(unsigned kind)
{
    open_mailbox(kind);
    gale_ioloop_start(gale_ioloop_current());
    return leave();
}

/* ---- Order ------------------------------------------------------------------------------ */

static int say_to_all(int id, int start_count)
{
    static char text[LONG];
    (void)start_count;
    if (id > 0)
        return listen_until_end(id == 3 ? OTHER_KIND : KIND);
    for (int i = 1; i < 4; i++)
        wait_for(&common->loops[i]);
    open_mailbox(KIND);
    post("a");
    post("b");
    memset(text, 'x', sizeof text);
    post_bytes(text, sizeof text);
    post("c");
    post("end");
    turns(20);
    kill(common->pids[3], SIGTERM);
    return leave();
}

TEST(those_who_want_it_get_all_of_it_in_order)
{
    assert_int_equal(run(&(supervised){ 4, -1, say_to_all }), 0);
    for (int i = 1; i <= 2; i++) {
        static const char *const said[] = { "a", "b", "long xx", "c", "end" };
        const char *at = output;
        for (size_t n = 0; n < 5; n++) {
            char wanted[32];
            snprintf(wanted, sizeof wanted, "[%d %s]", i, said[n]);
            at = strstr(at, wanted);
            assert_non_null(at);
            assert_int_equal(occurrences(wanted), 1);
        }
    }
    assert_int_equal(occurrences("[0 "), 0);
    assert_int_equal(occurrences("[3 "), 0);
}

/* ---- Too much --------------------------------------------------------------------------- */

enum { MANY = 3000, EACH = 8000 }; /* more than may wait */

static int listen_late(void)
{
    open_mailbox(KIND);
    wait_for(&common->loops[2]);
    gale_ioloop_start(gale_ioloop_current());
    say("missed some: %d, all told: %d\n", missed_count > 0,
        missed_count + message_count == MANY + 1);
    return leave();
}

static int say_too_much(int id, int start_count)
{
    static char text[EACH];
    (void)start_count;
    if (id == 1)
        return listen_late();
    wait_for(&common->loops[1]);
    open_mailbox(KIND);
    for (int i = 0; i < MANY; i++)
        post_bytes(text, sizeof text);
    turns(3);
    atomic_fetch_add(&common->loops[2], 1);
    while (mailbox && missed_count == 0 && atomic_load(&common->loops[3]) == 0) {
        turns(1);
        usleep(1000);
        if (++message_count == 300)
            atomic_fetch_add(&common->loops[3], 1);
    }
    post("end");
    turns(10);
    return leave();
}

TEST(what_does_not_fit_is_told_as_missed)
{
    assert_int_equal(run(&(supervised){ 2, -1, say_too_much }), 0);
    assert_int_equal(occurrences("missed some: 1, all told: 1"), 1);
}

static int miss_the_last(int id, int start_count)
{
    static char text[EACH];
    (void)start_count;
    if (id == 1) {
        open_mailbox(KIND);
        wait_for(&common->loops[2]);
        for (int i = 0; i < 3000 && missed_count == 0; i++) {
            turns(1);
            usleep(1000);
        }
        say("all told: %d\n", missed_count + message_count == MANY);
        atomic_fetch_add(&common->loops[3], 1);
        return leave();
    }
    wait_for(&common->loops[1]);
    open_mailbox(KIND);
    for (int i = 0; i < MANY; i++)
        post_bytes(text, sizeof text);
    turns(3);
    atomic_fetch_add(&common->loops[2], 1);
    while (atomic_load(&common->loops[3]) == 0) {
        turns(1);
        usleep(1000);
    }
    return leave();
}

TEST(it_is_told_also_when_nothing_follows)
{
    assert_int_equal(run(&(supervised){ 2, -1, miss_the_last }), 0);
    assert_int_equal(occurrences("all told: 1"), 1);
}

/* ---- Death ------------------------------------------------------------------------------ */

static int die_and_return(int id, int start_count)
{
    if (id == 1) {
        open_mailbox(KIND);
        if (start_count > 0)
            gale_ioloop_start(gale_ioloop_current());
        else
            pause();
        say("second life: %d messages, %d missed\n", (int)message_count, (int)missed_count);
        return leave();
    }
    wait_for(&common->loops[1]);
    open_mailbox(KIND);
    post("for the dead");
    turns(3);
    kill(common->pids[1], SIGKILL);
    while (atomic_load(&common->loops[1]) < 2)
        usleep(1000);
    post("end");
    turns(3);
    return leave();
}

TEST(what_was_meant_for_a_worker_dies_with_it)
{
    assert_int_equal(run(&(supervised){ 2, -1, die_and_return }), 0);
    assert_int_equal(occurrences("second life: 1 messages, 0 missed"), 1);
    assert_int_equal(occurrences("[1 for the dead]"), 0);
}

static int begin_again(int id, int start_count)
{
    (void)start_count;
    if (id == 1)
        return listen_until_end(KIND);
    wait_for(&common->loops[1]);
    for (int i = 0; i < 3; i++) {
        open_mailbox(OTHER_KIND);
        post(i < 2 ? "one" : "end");
        turns(3);
        leave();
    }
    return 0;
}

static int hear_again(int id, int start_count)
{
    (void)start_count;
    if (id == 0) {
        wait_for(&common->loops[1]);
        open_mailbox(OTHER_KIND);
        post("end");
        turns(3);
        while (atomic_load(&common->loops[1]) < 2)
            usleep(1000);
        post("end");
        turns(3);
        return leave();
    }
    listen_until_end(KIND);
    gale__worker_mail_want(KIND, false);
    listen_until_end(KIND);
    say("missed: %d\n", (int)missed_count);
    return 0;
}

TEST(a_worker_may_have_one_loop_after_the_other)
{
    assert_int_equal(run(&(supervised){ 2, -1, begin_again }), 0);
    assert_int_equal(occurrences("[1 one]"), 2);
    assert_int_equal(run(&(supervised){ 2, -1, hear_again }), 0);
    assert_int_equal(occurrences("[1 end]"), 2);
    assert_int_equal(occurrences("missed: 0"), 1);
}

/* ---- Without ---------------------------------------------------------------------------- */

TEST(there_is_no_mailbox_outside_workers)
{
    assert_error(gale__mailbox_open(gale_ioloop_current(), &handlers, NULL, &mailbox),
                 GALE_ENOTFOUND);
    gale_ioloop_free(gale_ioloop_current());
}

GALE_TEST_MAIN
