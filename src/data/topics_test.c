/* SPDX-License-Identifier: Apache-2.0 */
#include "data/topics_test.h"

#include <errno.h>
#include <stdlib.h>

/* ---- Names ------------------------------------------------------------------------------ */

TEST(a_message_goes_to_those_who_have_subscribed)
{
    listener a = { 0 }, b = { 0 }, c = { 0 };
    assert_ok(listen_to(&a, "news"));
    assert_ok(listen_to(&b, "news"));
    assert_ok(listen_to(&c, "weather"));
    assert_ok(gale_publish("news", "one"));
    assert_ok(gale_publish("weather", "sun"));
    assert_ok(gale_publish("sports", "nobody hears this"));
    assert_string_equal(a.heard, "one;");
    assert_string_equal(b.heard, "one;");
    assert_string_equal(c.heard, "sun;");
    assert_int_equal(gale_topic_subscribers("news"), 2);
    assert_int_equal(gale_topic_subscribers("sports"), 0);
    assert_int_equal(gale_topic_count(), 2);
    leave_all(&a);
    leave_all(&b);
    leave_all(&c);
    assert_int_equal(gale_topic_count(), 0);
    end_loop();
}

TEST(subscribing_twice_is_once)
{
    listener a = { 0 };
    assert_ok(listen_to(&a, "news"));
    assert_ok(listen_to(&a, "news"));
    assert_ok(gale_publish("news", "one"));
    assert_string_equal(a.heard, "one;");
    assert_ok(gale__topics_unsubscribe(gale__topics_current(), "news", &a.chain));
    assert_error(gale__topics_unsubscribe(gale__topics_current(), "news", &a.chain),
                 GALE_ENOTFOUND);
    assert_ok(gale_publish("news", "two"));
    assert_string_equal(a.heard, "one;");
    end_loop();
}

TEST(names_have_1_to_255_bytes)
{
    listener a = { 0 };
    char name[257];
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    assert_error(listen_to(&a, name), GALE_EINVALID);
    assert_error(gale_publish(name, "x"), GALE_EINVALID);
    assert_string_equal(gale_error_detail(), "the name of a topic has 1 to 255 bytes");
    assert_error(listen_to(&a, ""), GALE_EINVALID);
    assert_error(gale_publish("", "x"), GALE_EINVALID);
    assert_error(gale_publish(NULL, "x"), GALE_EINVALID);
    name[255] = '\0';
    assert_ok(listen_to(&a, name));
    assert_ok(gale_publish(name, "x"));
    assert_string_equal(a.heard, "x;");
    leave_all(&a);
    end_loop();
}

/* ---- What is published ------------------------------------------------------------------ */

static bool last_binary;

static void look(gale__subscriber *self, gale__publication *const *messages, size_t count)
{
    last_binary = messages[count - 1]->binary;
    listener_deliver(self, messages, count);
}

TEST(texts_and_bytes)
{
    static const gale__subscriber_operations looking = { look, NULL };
    gale__topics *topics = gale__topics_current();
    listener a = { 0 };
    assert_ok(gale__topics_subscribe(topics, "t", &a.chain, 1, &looking, &a));
    assert_ok(gale_publish_str("t", GALE_STR("text")));
    assert_false(last_binary);
    assert_ok(gale_publish_binary("t", "\xff", 1));
    assert_true(last_binary);
    assert_string_equal(a.heard, "text;\xff;");
    assert_error(gale_publish("t", "\xff"), GALE_EENCODING);
    assert_error(gale_publish("t", NULL), GALE_EINVALID);
    assert_error(gale_publish_binary("t", NULL, 1), GALE_EINVALID);
    leave_all(&a);
    end_loop();
}

TEST(one_may_be_left_out)
{
    listener a = { 0 }, b = { 0 };
    assert_ok(listen_to(&a, "t"));
    assert_ok(listen_to(&b, "t"));
    const void *who = &a;
    gale_publish_options options = { .except = who };
    assert_ok(gale_publish_with("t", GALE_STR("x"), &options));
    assert_string_equal(a.heard, "");
    assert_string_equal(b.heard, "x;");
    leave_all(&a);
    leave_all(&b);
    end_loop();
}

TEST(a_thread_without_a_loop_publishes_nothing)
{
    assert_error(gale_publish("t", "x"), GALE_ETHREAD);
    assert_int_equal(gale_topic_count(), 0);
    assert_int_equal(gale_topic_subscribers("t"), 0);
    assert_null(gale_ioloop_current_or_null());
}

/* ---- Portions --------------------------------------------------------------------------- */

enum { MANY = 1000 };

static listener *crowd(void)
{
    listener *all = calloc(MANY, sizeof *all);
    assert_non_null(all);
    for (size_t i = 0; i < MANY; i++)
        assert_ok(listen_to(&all[i], "crowd"));
    return all;
}

static void disperse(listener *all)
{
    for (size_t i = 0; i < MANY; i++)
        leave_all(&all[i]);
    free(all);
    end_loop();
}

static size_t all_heard(const listener *all, const char *what)
{
    size_t count = 0;
    for (size_t i = 0; i < MANY; i++)
        count += strcmp(all[i].heard, what) == 0;
    return count;
}

TEST(a_message_to_many_comes_in_portions)
{
    listener *all = crowd();
    assert_ok(gale_publish("crowd", "1"));
    size_t at_once = all_heard(all, "1;");
    assert_true(at_once > 0 && at_once <= 256);
    assert_ok(gale_publish("crowd", "2"));
    assert_ok(gale_publish("crowd", "3"));
    assert_int_equal(all_heard(all, "1;"), at_once);
    run_turns(1);
    assert_true(all_heard(all, "1;") <= 512);
    run_turns(100);
    assert_int_equal(all_heard(all, "1;2;3;"), MANY);
    disperse(all);
}

TEST(who_comes_later_does_not_get_what_was_published_before)
{
    listener *all = crowd(), late = { 0 };
    assert_ok(gale_publish("crowd", "1"));
    assert_ok(listen_to(&late, "crowd"));
    assert_ok(gale_publish("crowd", "2"));
    run_turns(100);
    assert_string_equal(late.heard, "2;");
    assert_int_equal(all_heard(all, "1;2;"), MANY);
    leave_all(&late);
    disperse(all);
}

TEST(who_leaves_meanwhile_gets_no_more)
{
    listener *all = crowd();
    assert_ok(gale_publish("crowd", "1"));
    for (size_t i = 1; i < MANY; i++)
        leave_all(&all[i]);
    run_turns(3);
    assert_string_equal(all[0].heard, "1;");
    assert_string_equal(all[MANY - 1].heard, "");
    assert_int_equal(gale_topic_subscribers("crowd"), 1);
    disperse(all);
}

TEST(a_topic_may_lose_all_its_subscribers_meanwhile)
{
    listener *all = crowd();
    gale__topics *topics = gale__topics_current();
    assert_ok(gale_publish("crowd", "1"));
    assert_ok(gale_publish("crowd", "2"));
    for (size_t i = 0; i < MANY; i++)
        leave_all(&all[i]);
    assert_int_equal(gale_topic_count(), 0);
    assert_non_null(gale__topics_find(topics, GALE_STR("crowd")));
    assert_ok(listen_to(&all[0], "crowd"));
    run_turns(3);
    assert_ok(gale_publish("crowd", "3"));
    assert_true(strcmp(all[0].heard, "3;") == 0 || strcmp(all[0].heard, "1;3;") == 0);
    leave_all(&all[0]);
    assert_null(gale__topics_find(topics, GALE_STR("crowd")));
    disperse(all);
}

TEST(topics_take_turns)
{
    listener *all = crowd(), other = { 0 };
    assert_ok(listen_to(&other, "quiet"));
    assert_ok(gale_publish("crowd", "1"));
    assert_ok(gale_publish("quiet", "a"));
    assert_ok(gale_publish("crowd", "2"));
    run_turns(100);
    assert_string_equal(other.heard, "a;");
    assert_int_equal(all_heard(all, "1;2;"), MANY);
    leave_all(&other);
    disperse(all);
}

TEST(a_loop_may_end_with_messages_on_their_way)
{
    listener *all = crowd();
    assert_ok(gale_publish("crowd", "1"));
    assert_ok(gale_publish("crowd", "2"));
    for (size_t i = 0; i < MANY; i++)
        leave_all(&all[i]);
    free(all);
    end_loop();
}

/* ---- While it is delivered -------------------------------------------------------------- */

static void leave_it(listener *self)
{
    leave_all(self);
}

static void answer(listener *self)
{
    self->then = NULL;
    assert_ok(gale_publish("t", "answer"));
}

TEST(a_subscriber_may_leave_or_publish_when_it_gets_something)
{
    listener a = { .then = leave_it }, b = { .then = answer }, c = { 0 };
    assert_ok(listen_to(&a, "t"));
    assert_ok(listen_to(&b, "t"));
    assert_ok(listen_to(&c, "t"));
    assert_ok(gale_publish("t", "1"));
    assert_string_equal(a.heard, "1;");
    assert_string_equal(b.heard, "1;answer;");
    assert_string_equal(c.heard, "1;answer;");
    assert_int_equal(gale_topic_subscribers("t"), 2);
    leave_all(&b);
    leave_all(&c);
    end_loop();
}

/* ---- Limits ----------------------------------------------------------------------------- */

TEST(topics_and_messages_have_limits)
{
    listener a = { 0 };
    gale_topics_options options = { .max_topics = 3, .max_message_size = 10 };
    assert_ok(gale_topics_configure(&options));
    assert_ok(listen_to(&a, "1"));
    assert_ok(listen_to(&a, "2"));
    assert_ok(listen_to(&a, "3"));
    assert_error(listen_to(&a, "4"), GALE_EFULL);
    assert_string_equal(gale_error_detail(), "there are 3 topics");
    assert_ok(listen_to(&a, "3"));
    assert_error(gale_publish("1", "12345678901"), GALE_ETOOBIG);
    assert_string_equal(gale_error_detail(), "a message of 11 bytes; 10 is the most");
    assert_ok(gale_topics_configure(NULL));
    assert_ok(gale_publish("1", "12345678901"));
    assert_error(
        gale__topics_subscribe(gale__topics_current(), "5", &a.chain, 3, &listener_operations, &a),
        GALE_EFULL);
    leave_all(&a);
    end_loop();
}

TEST(publishing_too_much_is_told_to_the_publisher)
{
    listener *all = crowd();
    int result = 0, count = 0;
    gale_topics_options options = { .max_pending = 100000 };
    assert_ok(gale_topics_configure(&options));
    for (; result == 0 && count < 1000; count++)
        result = gale_publish("crowd", "x");
    assert_int_equal(result, GALE_EFULL);
    assert_true(count > 100);
    run_turns(2000);
    assert_int_equal(all[MANY - 1].count, count - 1);
    assert_ok(gale_publish("crowd", "x"));
    disperse(all);
}

TEST(ten_thousand_topics_come_and_go)
{
    enum { TOPICS = 10000 };
    listener a = { 0 };
    char name[32];
    gale__topics *topics = gale__topics_current();
    gale__subscriber *chains[TOPICS] = { 0 };
    for (int i = 0; i < TOPICS; i++) {
        snprintf(name, sizeof name, "room/%d", i);
        assert_ok(gale__topics_subscribe(topics, name, &chains[i], 1, &listener_operations, &a));
    }
    assert_int_equal(gale_topic_count(), TOPICS);
    assert_ok(gale_publish("room/1234", "x"));
    assert_int_equal(a.count, 1);
    assert_true(test_allocated_bytes() < TOPICS * 200);
    for (int i = 0; i < TOPICS; i++)
        gale__topics_unsubscribe_all(topics, &chains[i]);
    assert_int_equal(gale_topic_count(), 0);
    assert_true(topics->bucket_count <= 64);
    end_loop();
}

/* ---- Memory ----------------------------------------------------------------------------- */

static int subscribe_and_publish(void)
{
    listener a = { 0 }, b = { 0 };
    int result = listen_to(&a, "t");
    if (result == 0)
        result = listen_to(&b, "t");
    if (result == 0)
        result = gale_publish("t", "x");
    if (result == 0) {
        assert_string_equal(a.heard, "x;");
        assert_string_equal(b.heard, "x;");
    }
    if (gale_ioloop_current()) {
        if (a.chain)
            leave_all(&a);
        if (b.chain)
            leave_all(&b);
        end_loop();
    }
    return result;
}

TEST(each_allocation_may_fail)
{
    size_t n = 0;
    int result;
    do {
        test_fail_allocation(++n);
        result = subscribe_and_publish();
        bool failed = test_allocation_failed();
        test_fail_allocation(0);
        assert_true(failed ? result == -ENOMEM || result == 0 : result == 0);
        if (!failed)
            break;
    } while (n < 100);
    assert_true(n > 5 && n < 100);
}

GALE_TEST_MAIN
