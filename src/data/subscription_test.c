/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions of tasks. */
#include "data/topics_test.h"

#include <errno.h>

static int run_body(void *arg)
{
    (*(void (**)(void))arg)();
    return 0;
}

/* A test whose body runs in a task. */
#define TASK_TEST(name)                                                                            \
    static void name##_body(void);                                                                 \
    TEST(name)                                                                                     \
    {                                                                                              \
        void (*body)(void) = name##_body;                                                          \
        assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), run_body, &body, 10));               \
        assert_int_equal(gale_topic_count(), 0);                                                   \
        end_loop();                                                                                \
    }                                                                                              \
    static void name##_body(void)

static gale_subscription *subscribe(const char *topic, const gale_subscription_options *options)
{
    gale_subscription *subscription = NULL;
    assert_ok(gale_subscribe(topic, options, &subscription));
    return subscription;
}

static void assert_next(gale_subscription *self, const char *topic, const char *text, int lost)
{
    gale_topic_message message;
    assert_ok(gale_subscription_next(self, &message));
    assert_string_equal(message.topic, topic);
    assert_string_equal(message.payload.data, text);
    assert_int_equal(message.payload.len, strlen(text));
    assert_int_equal(message.lost, lost > 0);
    assert_int_equal(message.lost_count, lost);
}

static void assert_none(gale_subscription *self)
{
    gale_topic_message message;
    assert_error(gale_subscription_next_nowait(self, &message), GALE_EEMPTY);
}

TASK_TEST(messages_come_one_after_the_other)
{
    gale_subscription *news = subscribe("news", NULL);
    gale_topic_message message;
    assert_none(news);
    assert_ok(gale_publish("news", "one"));
    assert_ok(gale_publish_binary("news", "two", 3));
    assert_next(news, "news", "one", 0);
    assert_ok(gale_subscription_next(news, &message));
    assert_true(message.binary);
    assert_ok(gale_subscription_add(news, "weather"));
    assert_ok(gale_subscription_add(news, "weather"));
    assert_ok(gale_publish("weather", "sun"));
    assert_ok(gale_subscription_remove(news, "news"));
    assert_error(gale_subscription_remove(news, "news"), GALE_ENOTFOUND);
    assert_ok(gale_publish("news", "three"));
    assert_next(news, "weather", "sun", 0);
    assert_none(news);
}

static int publish_later(void *arg)
{
    GALE_TRY(gale_sleep(0.002));
    return gale_publish("news", arg);
}

TASK_TEST(next_waits)
{
    gale_subscription *news = subscribe("news", NULL);
    static char text[] = "late";
    assert_ok(gale_spawn(publish_later, text));
    assert_next(news, "news", "late", 0);
}

static int wait_for_next(void *arg)
{
    gale_topic_message message;
    return gale_subscription_next(arg, &message);
}

TASK_TEST(waiting_may_have_a_deadline)
{
    gale_subscription *news = subscribe("news", NULL);
    assert_error(gale_with_timeout(0.002, wait_for_next, news), GALE_ETIMEDOUT);
    assert_ok(gale_publish("news", "x"));
    assert_next(news, "news", "x", 0);
}

static int end_later(void *arg)
{
    GALE_TRY(gale_sleep(0.002));
    gale_unsubscribe(arg);
    return 0;
}

TASK_TEST(ending_a_subscription_ends_the_wait)
{
    gale_subscription *news = subscribe("news", NULL);
    assert_ok(gale_publish("news", "not taken"));
    assert_next(news, "news", "not taken", 0);
    assert_ok(gale_spawn(end_later, news));
    assert_error(wait_for_next(news), GALE_ECLOSED);
    assert_int_equal(gale_topic_count(), 0);
    assert_error(wait_for_next(news), GALE_ECLOSED);
    assert_error(gale_subscription_add(news, "x"), GALE_ECLOSED);
    gale_unsubscribe(news);
    gale_unsubscribe(NULL);
}

static int subscribe_and_leave(void *arg)
{
    (void)arg;
    gale_subscription *news = subscribe("news", NULL);
    assert_ok(gale_publish("news", "never taken"));
    (void)news;
    return 0;
}

TASK_TEST(a_subscription_ends_with_its_scope)
{
    assert_ok(gale_shield(subscribe_and_leave, NULL, 0));
    assert_int_equal(gale_topic_subscribers("news"), 0);
}

static int wait_for_ever(void *arg)
{
    (void)arg;
    return wait_for_next(subscribe("news", NULL));
}

TEST(a_loop_may_end_while_a_task_waits)
{
    assert_ok(gale_ioloop_spawn_callback(gale_ioloop_current(), "waits", wait_for_ever, NULL));
    run_turns(3);
    assert_int_equal(gale_topic_subscribers("news"), 1);
    end_loop();
}

/* ---- Losses ----------------------------------------------------------------------------- */

static void publish_numbers(int from, int to)
{
    char text[16];
    for (int i = from; i <= to; i++) {
        snprintf(text, sizeof text, "%d", i);
        assert_ok(gale_publish("news", text));
    }
}

TASK_TEST(the_oldest_are_dropped)
{
    gale_subscription *news = subscribe("news", &(gale_subscription_options){ .max_messages = 3 });
    publish_numbers(1, 5);
    assert_next(news, "news", "3", 2);
    assert_next(news, "news", "4", 0);
    publish_numbers(6, 8);
    assert_next(news, "news", "6", 1);
    assert_next(news, "news", "7", 0);
    assert_next(news, "news", "8", 0);
    assert_none(news);
}

TASK_TEST(or_the_newest)
{
    gale_subscription *news =
        subscribe("news", &(gale_subscription_options){
                              .max_messages = 3, .when_full = GALE_SUBSCRIPTION_DROP_NEWEST });
    publish_numbers(1, 5);
    assert_next(news, "news", "1", 0);
    publish_numbers(6, 6);
    assert_next(news, "news", "2", 0);
    assert_next(news, "news", "3", 0);
    assert_next(news, "news", "6", 2);
}

TASK_TEST(bytes_are_limited_too)
{
    gale_subscription *news = subscribe("news", &(gale_subscription_options){ .max_size = 5 });
    assert_ok(gale_publish("news", "more than that"));
    assert_next(news, "news", "more than that", 0);
    assert_ok(gale_publish("news", "123"));
    assert_ok(gale_publish("news", "45"));
    assert_ok(gale_publish("news", "6"));
    assert_next(news, "news", "45", 1);
    assert_next(news, "news", "6", 0);
}

/* ---- Errors ----------------------------------------------------------------------------- */

TEST(only_tasks_subscribe_so)
{
    gale_subscription *news;
    assert_error(gale_subscribe("news", NULL, &news), GALE_ENOTASK);
    assert_int_equal(gale_topic_count(), 0);
    end_loop();
}

static int try_everything(void *arg)
{
    gale_subscription *news;
    gale_topic_message message;
    (void)arg;
    GALE_TRY(gale_subscribe("news", NULL, &news));
    GALE_TRY(gale_subscription_add(news, "weather"));
    for (int i = 0; i < 10; i++)
        GALE_TRY(gale_publish("news", "x"));
    uint64_t count = 0;
    while (gale_subscription_next_nowait(news, &message) == 0)
        count += 1 + message.lost_count;
    /* What could not be queued last is told with the next one. */
    GALE_TRY(gale_publish("news", "x"));
    GALE_TRY(gale_subscription_next_nowait(news, &message));
    assert_int_equal(count + 1 + message.lost_count, 11);
    return 0;
}

TEST(each_allocation_of_a_subscription_may_fail)
{
    size_t n = 0;
    for (bool failed = true; failed && n < 200;) {
        gale_ioloop *loop = gale_ioloop_current();
        assert_ok(gale_ioloop_run_sync(loop, subscribe_and_leave, NULL, 10));
        test_fail_allocation(++n);
        int result = gale_ioloop_run_sync(loop, try_everything, NULL, 10);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        assert_true(result == 0 || result == -ENOMEM);
        assert_int_equal(gale_topic_count(), 0);
        end_loop();
    }
    assert_true(n > 5 && n < 200);
}

GALE_TEST_MAIN
