/* SPDX-License-Identifier: Apache-2.0 */
/* Topics through a real Redis: with another process, with a mere observer, and through cuts. */
#include <gale/pubsub.h>

#if GALE_REDIS

#include "core/error.h"
#include "data/redis_connection.h"
#include "data/redis_test.h"
#include "gen/gen_test.h"

#define WAIT_FOR(condition)                                                                        \
    for (int turns_ = 0; !(condition); turns_++) {                                                 \
        assert_true(turns_ < 5000);                                                                \
        assert_ok(gale_sleep(0.002));                                                              \
    }

/* ---- An observer: a plain connection to Redis ------------------------------------------- */

typedef struct observer {
    gale__redis redis;
    bool connected, stopped;
    char replies[2000]; /* all texts and numbers, each with a space */
} observer;

static observer *of(gale__redis *redis)
{
    return GALE__CONTAINER_OF(redis, observer, redis);
}

static void observer_connected(gale__redis *redis)
{
    of(redis)->connected = true;
}

static void describe(observer *self, const gale__redis_reply *reply)
{
    size_t used = strlen(self->replies), room = sizeof self->replies - used;
    if (reply->text.data)
        snprintf(self->replies + used, room, "%s ", reply->text.data);
    else if (reply->type == GALE__REDIS_INTEGER)
        snprintf(self->replies + used, room, "%lld ", reply->integer);
    for (size_t i = 0; i < reply->count; i++)
        describe(self, reply->items[i]);
}

static int observer_received(gale__redis *redis, const gale__redis_reply *reply)
{
    describe(of(redis), reply);
    return 0;
}

static void observer_lost(gale__redis *redis)
{
    of(redis)->connected = false;
}

static void observer_stopped(gale__redis *redis)
{
    of(redis)->stopped = true;
}

static const gale__redis_handlers observer_handlers = { observer_connected, observer_received,
                                                        observer_lost, observer_stopped };

static observer seen;

static void start_observer(void)
{
    memset(&seen, 0, sizeof seen);
    assert_ok(gale__redis_start(&seen.redis, gale_ioloop_current(), "test", redis_url("", 0),
                                &(gale__redis_settings){ 0 }, &observer_handlers));
    WAIT_FOR(seen.connected);
}

static void stop_observer(void)
{
    gale__redis_stop(&seen.redis);
    WAIT_FOR(seen.stopped);
}

/* The replies to a command of three words; the last may hold NULs. */
static const char *ask(const char *a, const char *b, gale_str c)
{
    const gale_str words[] = { { a, strlen(a) }, { b, strlen(b) }, c };
    seen.replies[0] = '\0';
    assert_ok(gale__redis_send(&seen.redis, words, 3));
    WAIT_FOR(seen.replies[0]);
    return seen.replies;
}

/* ---- One process ------------------------------------------------------------------------- */

static gale_topic_message got;

static void expect_message(gale_subscription *subscription, const char *payload)
{
    assert_ok(gale_subscription_next(subscription, &got));
    assert_str(got.payload, payload);
}

/* Waits until Redis has the subscription. */
static void wait_for_subscribers(const char *channel, const char *expected)
{
    char all[100];
    snprintf(all, sizeof all, "%s %s ", channel, expected);
    for (int tries = 0;
         strcmp(ask("PUBSUB", "NUMSUB", (gale_str){ channel, strlen(channel) }), all); tries++) {
        assert_true(tries < 1000);
        assert_ok(gale_sleep(0.005));
    }
}

static void end(void)
{
    assert_ok(gale_topics_use_redis(NULL, NULL));
    stop_observer();
    stop_redis();
}

TASK_TEST(own_messages_come_once_and_in_order)
{
    char text[16];
    gale_subscription *subscription;
    start_redis("");
    start_observer();
    assert_ok(gale_topics_use_redis(redis_url("", 0), NULL));
    assert_ok(gale_subscribe("a", NULL, &subscription));
    wait_for_subscribers("gale:a", "1");
    for (int i = 0; i < 300; i++) {
        snprintf(text, sizeof text, "%d", i);
        assert_ok(gale_publish("a", text));
    }
    for (int i = 0; i < 300; i++) {
        snprintf(text, sizeof text, "%d", i);
        expect_message(subscription, text);
    }
    ask("PUBLISH", "gale:a", GALE_STR("the end"));
    expect_message(subscription, "the end");
    assert_false(got.lost);
    end();
}

TASK_TEST(only_topics_with_subscribers_are_subscribed)
{
    gale_subscription *subscription;
    start_redis("");
    start_observer();
    assert_ok(gale_topics_use_redis(redis_url("", 0), NULL));
    assert_ok(gale_subscribe("a", NULL, &subscription));
    wait_for_subscribers("gale:a", "1");
    assert_ok(gale_publish("b", "nobody is here"));
    assert_ok(gale_subscription_add(subscription, "b"));
    wait_for_subscribers("gale:b", "1");
    assert_ok(gale_subscription_remove(subscription, "a"));
    wait_for_subscribers("gale:a", "0");
    gale_unsubscribe(subscription);
    wait_for_subscribers("gale:b", "0");
    assert_ok(gale_topics_use_redis(NULL, NULL));
    wait_for_subscribers("gale:", "0");
    end();
}

TASK_TEST(whoever_else_publishes_is_heard)
{
    gale_subscription *subscription;
    start_redis("");
    start_observer();
    assert_ok(
        gale_topics_use_redis(redis_url("", 0), &(gale_topics_redis_options){ .prefix = "" }));
    assert_ok(gale_subscribe("a", NULL, &subscription));
    wait_for_subscribers("a", "1");
    ask("PUBLISH", "a", GALE_STR("h\xc3\xa9llo"));
    expect_message(subscription, "h\xc3\xa9llo");
    assert_false(got.binary);
    ask("PUBLISH", "a", GALE_STR("\xff\0\1"));
    assert_ok(gale_subscription_next(subscription, &got));
    assert_bytes(got.payload, GALE_STR("\xff\0\1"));
    assert_true(got.binary);
    ask("PUBLISH", "a", GALE_STR(""));
    expect_message(subscription, "");
    ask("PUBLISH", "a", GALE_STR("\0gr:short"));
    assert_ok(gale_subscription_next(subscription, &got));
    assert_bytes(got.payload, GALE_STR("\0gr:short"));
    end();
}

/* A message that was sent again, as its publisher did not know whether it had arrived. */
TASK_TEST(a_repeated_message_is_delivered_once)
{
#define FROM(origin, number) "\0gr:" origin "\0\0\0\0\0\0\0" number
    gale_subscription *subscription;
    start_redis("");
    start_observer();
    assert_ok(gale_topics_use_redis(redis_url("", 0), NULL));
    assert_ok(gale_subscribe("a", NULL, &subscription));
    wait_for_subscribers("gale:a", "1");
    ask("PUBLISH", "gale:a", GALE_STR(FROM("machine1", "\1") "one"));
    ask("PUBLISH", "gale:a", GALE_STR(FROM("machine1", "\2") "two"));
    ask("PUBLISH", "gale:a", GALE_STR(FROM("machine1", "\1") "one"));
    ask("PUBLISH", "gale:a", GALE_STR(FROM("machine1", "\2") "two"));
    ask("PUBLISH", "gale:a", GALE_STR(FROM("machine2", "\2") "of the other"));
    ask("PUBLISH", "gale:a", GALE_STR(FROM("machine1", "\3") "three"));
    expect_message(subscription, "one");
    expect_message(subscription, "two");
    expect_message(subscription, "of the other");
    expect_message(subscription, "three");
    end();
}

TASK_TEST(what_others_could_not_publish_is_reported)
{
    gale_subscription *subscription;
    start_redis("");
    start_observer();
    assert_ok(gale_topics_use_redis(redis_url("", 0), NULL));
    assert_ok(gale_subscribe("a", NULL, &subscription));
    wait_for_subscribers("gale:a", "1");
    test_expect_log(GALE_LOG_WARNING, "7 messages from elsewhere were lost");
    ask("PUBLISH", "gale:", GALE_STR(FROM("machine1", "\1") "missed 7"));
    ask("PUBLISH", "gale:", GALE_STR("missed 99")); /* who says so? */
    ask("PUBLISH", "gale:", GALE_STR(FROM("machine1", "\2") "nonsense"));
    ask("PUBLISH", "gale:a", GALE_STR("next"));
    expect_message(subscription, "next");
    assert_true(got.lost);
    assert_int_equal(got.lost_count, 7);
    end();
}

TASK_TEST(bad_settings)
{
    assert_error(gale_topics_use_redis("localhost:6379", NULL), GALE_EINVALID);
    assert_string_equal(gale_error_detail(),
                        "the URL of Redis: it begins with redis://, rediss:// or unix://");
    assert_ok(gale_topics_use_redis(NULL, NULL));
}

/* ---- Two processes ------------------------------------------------------------------------ */

static const gale_subscription_options many = { .max_messages = 9999 };
static const char *child_url;

static void note_loss(const char *topic, uint64_t count, void *arg)
{
    if (strcmp(topic, "request") == 0)
        snprintf(arg, 32, " lost %d", (int)count);
}

/* Sends back what it gets, and whether it has missed something. */
static int echo(void *arg)
{
    static char loss[32];
    char text[64];
    gale_subscription *subscription;
    gale_topic_message message;
    (void)arg;
    gale_topics_configure(&(gale_topics_options){ .on_loss = note_loss, .arg = loss });
    GALE_TRY(gale_topics_use_redis(child_url, NULL));
    GALE_TRY(gale_subscribe("request", &many, &subscription));
    for (;;) {
        GALE_TRY(gale_subscription_next(subscription, &message));
        snprintf(text, sizeof text, "%s%s", message.payload.data, loss);
        GALE_TRY(gale_publish("reply", text));
    }
}

static pid_t start_echo(void)
{
    child_url = redis_url("", 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        gale_log_set_level(GALE_LOG_OFF);
        run_in_loop(echo, NULL);
        _exit(0);
    }
    return pid;
}

static void stop_echo(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void in_a_loop(gale_task_function function)
{
    start_redis("");
    pid_t pid = start_echo();
    assert_ok(run_in_loop(function, NULL));
    stop_echo(pid);
    stop_redis();
}

/* Publishes until the other process answers. */
static void meet(gale_subscription *replies)
{
    for (int tries = 0; gale_subscription_next_nowait(replies, &got) != 0; tries++) {
        assert_true(tries < 1000);
        assert_ok(gale_publish("request", "0"));
        assert_ok(gale_sleep(0.01));
    }
    assert_ok(gale_publish("request", "met"));
    do
        assert_ok(gale_subscription_next(replies, &got));
    while (strcmp(got.payload.data, "met") != 0);
}

static int publish_number(int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    return gale_publish("request", text);
}

static int exchange(void *arg)
{
    gale_subscription *replies;
    (void)arg;
    assert_ok(gale_topics_use_redis(redis_url("", 0), NULL));
    assert_ok(gale_subscribe("reply", &many, &replies));
    meet(replies);
    for (int i = 1; i <= 2000; i++)
        assert_ok(publish_number(i));
    for (int i = 1; i <= 2000; i++) {
        assert_ok(gale_subscription_next(replies, &got));
        assert_int_equal(atoi(got.payload.data), i);
    }
    return 0;
}

TEST(two_processes)
{
    in_a_loop(exchange);
}

static bool enough;

static int publish_through_a_restart(void *arg)
{
    (void)arg;
    for (int i = 1; !enough; i++) {
        assert_ok(publish_number(i));
        assert_ok(gale_sleep(0.001));
        if (i == 200)
            stop_redis();
        if (i == 400)
            start_redis("");
    }
    return 0;
}

/* Order is kept, nothing comes twice; that something was missed is said in both processes. */
static int restart(void *arg)
{
    gale_subscription *replies;
    (void)arg;
    assert_ok(gale_topics_use_redis(redis_url("", 0), NULL));
    assert_ok(gale_subscribe("reply", &many, &replies));
    meet(replies);
    test_expect_log(GALE_LOG_WARNING, "(publish): connection lost");
    test_expect_log(GALE_LOG_WARNING, "(subscribe): connection lost");
    test_expect_log(GALE_LOG_WARNING, "(publish): cannot connect");
    test_expect_log(GALE_LOG_WARNING, "(subscribe): cannot connect");
    test_expect_log(GALE_LOG_WARNING, "messages from elsewhere were lost");
    assert_ok(gale_spawn(publish_through_a_restart, NULL));
    int last = 0, before = 0, after = 0;
    bool lost_here = false, lost_there = false;
    while (after < 100 || !lost_here || !lost_there) {
        assert_ok(gale_subscription_next(replies, &got));
        lost_here = lost_here || got.lost;
        lost_there = lost_there || strstr(got.payload.data, "lost");
        assert_true(atoi(got.payload.data) > last);
        last = atoi(got.payload.data);
        before += last <= 200;
        after += last > 400;
    }
    assert_true(before > 150);
    enough = true;
    return 0;
}

TEST(redis_is_killed_and_started_again)
{
    in_a_loop(restart);
}

/* Redis stands still: no connection is cut, but no more than max_waiting bytes wait. */
static int overflow(void *arg)
{
    gale_subscription *replies;
    (void)arg;
    assert_ok(gale_topics_use_redis(redis_url("", 0),
                                    &(gale_topics_redis_options){ .max_waiting = 100000 }));
    assert_ok(gale_subscribe("reply", &many, &replies));
    meet(replies);
    kill(redis_pid, SIGSTOP);
    size_t before = test_allocated_bytes();
    test_expect_log(GALE_LOG_WARNING, "too much waits to be published");
    for (int i = 1; i <= 5000; i++)
        assert_ok(publish_number(i));
    assert_ok(gale_sleep(0.05));
    assert_true(test_allocated_bytes() - before < 400000);
    kill(redis_pid, SIGCONT);
    test_expect_log(GALE_LOG_WARNING, "messages were not published");
    int count = 0, lost = 0, number = 0, published = 5000;
    for (;; published++) { /* it goes on */
        while (gale_subscription_next_nowait(replies, &got) == 0) {
            sscanf(got.payload.data, "%d lost %d", &number, &lost);
            if (number <= 5000)
                assert_int_equal(number, ++count);
        }
        if (number > 5000 && lost > 0)
            break;
        assert_ok(publish_number(5001));
        assert_ok(gale_sleep(0.01));
    }
    assert_true(count + lost >= 5000 && count + lost <= published);
    assert_true(count > 100 && lost > 100);
    return 0;
}

TEST(too_much_while_redis_stands_still)
{
    in_a_loop(overflow);
}

/* ---- Trouble ------------------------------------------------------------------------------ */

/* A subscriber gets an answer that is none. */
static int confuse(gale_iostream *stream, const gale_address *address, void *arg)
{
    gale_str bytes;
    (void)address;
    ((fake_redis *)arg)->connections++;
    GALE_TRY(gale_iostream_read_until(stream, "PING\r\n", 0, &bytes));
    GALE_TRY(gale_iostream_write(stream, "+PONG\r\n", 7));
    int result = gale_iostream_read_until(stream, "SUBSCRIBE", 0, &bytes);
    if (result == 0)
        result = gale_iostream_write(stream, "*2\r\n+a\r\n+b\r\n", 12);
    if (result == 0)
        result = gale_iostream_read_until_close(stream, &bytes);
    return result == GALE_ECLOSED ? 0 : result;
}

TASK_TEST(a_server_that_is_confused)
{
    fake_redis fake;
    start_fake(&fake, confuse);
    test_expect_log(GALE_LOG_WARNING, "connection lost: this is no message of a channel");
    assert_ok(gale_topics_use_redis(fake.url, NULL));
    WAIT_FOR(test_logged("no message of a channel"));
    assert_ok(gale_topics_use_redis(NULL, NULL));
    gale_tcp_server_free(fake.server);
}

static int use_redis_and_publish(void *arg)
{
    gale_subscription *subscription;
    (void)arg;
    GALE_TRY(gale_topics_use_redis(redis_url("", 0), NULL));
    GALE_TRY(gale_subscribe("a", NULL, &subscription));
    for (int i = 0; i < 12; i++) {
        int result = gale_publish("a", "x");
        if (result < 0 && result != -ENOMEM)
            return result;
        GALE_TRY(gale_sleep(0.001));
    }
    return gale_topics_use_redis(NULL, NULL);
}

TEST(out_of_memory)
{
    start_redis("");
    gale_log_set_level(GALE_LOG_OFF);
    for (size_t n = 1; n < 1000; n++) {
        gale_ioloop *loop = gale_ioloop_new(NULL);
        test_fail_allocation(n);
        int result = gale_ioloop_run_sync(loop, use_redis_and_publish, NULL, 20);
        assert_true(result == 0 || result == -ENOMEM);
        bool failed = test_allocation_failed();
        test_fail_allocation(0);
        gale_ioloop_free(loop);
        if (!failed)
            break;
    }
    gale_log_set_level(GALE_LOG_WARNING);
    stop_redis();
}

int main(int argc, char **argv)
{
    return redis_is_installed() ? test_main(argc, argv) : 77;
}

#else

#include "test.h"

TEST(without_hiredis_it_is_said)
{
    assert_error(gale_topics_use_redis("redis://localhost", NULL), GALE_ENOTSUP);
    assert_non_null(strstr(gale_error_detail(), "without Redis"));
}

GALE_TEST_MAIN

#endif
