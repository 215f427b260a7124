/* SPDX-License-Identifier: Apache-2.0 */
/* Links to other machines, with one that writes down what it is told. */
#include "data/topics_test.h"

#include <errno.h>

typedef struct fake_link {
    gale__topic_link base;
    char told[400];
    char bytes[100]; /* the last that were published */
    size_t size;
    int result;
} fake_link;

static void write_down(gale__topic_link *link, const char *what, gale_str topic)
{
    fake_link *self = (fake_link *)link;
    size_t at = strlen(self->told);
    snprintf(self->told + at, sizeof self->told - at, "%s%.*s ", what, (int)topic.len, topic.data);
}

static int publish(gale__topic_link *link, gale_str topic, gale_str bytes)
{
    fake_link *self = (fake_link *)link;
    write_down(link, "!", topic);
    assert_true(bytes.len <= sizeof self->bytes);
    memcpy(self->bytes, bytes.data, bytes.len);
    self->size = bytes.len;
    return self->result;
}

static void subscribe(gale__topic_link *link, gale_str topic)
{
    write_down(link, "+", topic);
}

static void unsubscribe(gale__topic_link *link, gale_str topic)
{
    write_down(link, "-", topic);
}

static void close_it(gale__topic_link *link)
{
    write_down(link, "closed", GALE_STR(""));
}

static const gale__topic_link_operations fake = { "fake", publish, subscribe, unsubscribe,
                                                  close_it };

static void begin(fake_link *self)
{
    self->base.operations = &fake;
    assert_ok(gale__topics_set_link(gale_ioloop_current(), &self->base));
    assert_ptr_equal(gale__topics_link(gale_ioloop_current()), &self->base);
}

static void receive(fake_link *self, const char *topic, gale_str bytes)
{
    gale__topics_received(&self->base, (gale_str){ topic, strlen(topic) }, bytes);
}

TEST(a_link_is_told_of_the_first_and_the_last_of_a_topic)
{
    listener a = { 0 }, b = { 0 };
    fake_link link = { 0 };
    assert_null(gale__topics_link(gale_ioloop_current()));
    assert_ok(listen_to(&a, "early"));
    begin(&link);
    assert_ok(listen_to(&a, "t"));
    assert_ok(listen_to(&b, "t"));
    assert_ok(gale_publish("t", "x"));
    assert_ok(gale_publish_with("t", GALE_STR("y"), &(gale_publish_options){ .local = true }));
    assert_ok(gale_publish("nobody here", "z"));
    leave_all(&b);
    leave_all(&a);
    assert_ok(listen_to(&a, "t"));
    gale__topics_visit(&link.base, subscribe);
    leave_all(&a);
    end_loop();
    assert_string_equal(link.told, "+early +t !t !nobody here -t -early +t +t -t closed ");
    assert_string_equal(a.heard, "x;y;");
}

TEST(what_comes_back_is_dropped_and_what_others_say_is_heard)
{
    listener a = { 0 };
    fake_link link = { 0 };
    begin(&link);
    assert_ok(listen_to(&a, "t"));
    assert_ok(gale_publish("t", "own"));
    receive(&link, "t", (gale_str){ link.bytes, link.size });
    assert_string_equal(a.heard, "own;");
    link.bytes[5] ^= 1; /* as if it were from elsewhere */
    receive(&link, "t", (gale_str){ link.bytes, link.size });
    receive(&link, "t", GALE_STR("by hand"));
    receive(&link, "other", GALE_STR("not wanted"));
    assert_string_equal(a.heard, "own;own;by hand;");
    leave_all(&a);
    end_loop();
}

TEST(a_link_may_have_no_room)
{
    listener a = { 0 };
    fake_link link = { .result = GALE_EFULL };
    begin(&link);
    assert_ok(listen_to(&a, "t"));
    assert_ok(gale_publish("t", "1"));
    link.result = -ENOMEM;
    test_expect_log(GALE_LOG_ERROR, "fake: a message was not published: ");
    assert_ok(gale_publish("t", "2"));
    assert_string_equal(a.heard, "1;2;");
    assert_ok(gale__topics_set_link(gale_ioloop_current(), NULL));
    assert_string_equal(link.told, "+t !t !t closed ");
    leave_all(&a);
    end_loop();
}

/* ---- Losses ----------------------------------------------------------------------------- */

static char losses[200];

static void on_loss(const char *topic, uint64_t count, void *arg)
{
    size_t at = strlen(losses);
    snprintf(losses + at, sizeof losses - at, "%s:%d%s ", topic, (int)count, (const char *)arg);
    assert_ok(gale_publish_with(topic, GALE_STR("look"), &(gale_publish_options){ .local = true }));
}

static void let_pass(double seconds)
{
    gale_ioloop *loop = gale_ioloop_current();
    int64_t end = gale__loop_update_time(loop) + (int64_t)(seconds * 1e9);
    while (gale__loop_update_time(loop) < end)
        gale__loop_turn(loop, false);
}

TEST(what_was_missed_is_told_to_all)
{
    listener a = { 0 }, b = { 0 };
    fake_link link = { 0 };
    static char mark[] = "!";
    losses[0] = '\0';
    begin(&link);
    assert_ok(gale_topics_configure(&(gale_topics_options){ .on_loss = on_loss, .arg = mark }));
    assert_ok(listen_to(&a, "t"));
    assert_ok(listen_to(&b, "t"));
    test_expect_log(GALE_LOG_WARNING, "topics: 7 messages from elsewhere were lost");
    gale__topics_missed(&link.base, 7);
    assert_int_equal(a.missed, 7);
    assert_int_equal(b.missed, 7);
    assert_string_equal(losses, "t:7! ");
    assert_string_equal(a.heard, "look;");
    /* More of it is told together. */
    gale__topics_missed(&link.base, 1);
    gale__topics_missed(&link.base, 0);
    assert_int_equal(a.missed, 7);
    a.told_missed = false;
    test_expect_log(GALE_LOG_WARNING, "topics: messages from elsewhere were lost");
    let_pass(0.15);
    assert_true(a.told_missed);
    assert_string_equal(losses, "t:7! t:0! ");
    let_pass(0.15);
    leave_all(&a);
    leave_all(&b);
    end_loop();
}

static void leave_on_loss(const char *topic, uint64_t count, void *arg)
{
    (void)topic;
    (void)count;
    leave_all(arg);
}

TEST(subscribers_may_leave_when_they_hear_of_a_loss)
{
    listener a = { 0 };
    fake_link link = { 0 };
    char name[16];
    begin(&link);
    assert_ok(gale_topics_configure(&(gale_topics_options){ .on_loss = leave_on_loss, .arg = &a }));
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_ok(listen_to(&a, name));
    }
    test_expect_log(GALE_LOG_WARNING, "topics: 1 messages from elsewhere were lost");
    gale__topics_missed(&link.base, 1);
    assert_int_equal(gale_topic_count(), 0);
    assert_int_equal(gale__topics_current()->stored, 0);
    end_loop();
}

TEST(what_there_is_no_room_for_is_a_loss)
{
    enum { MANY = 300 };
    static listener all[MANY];
    fake_link link = { 0 };
    memset(all, 0, sizeof all);
    begin(&link);
    assert_ok(gale_topics_configure(&(gale_topics_options){ .max_pending = 1000 }));
    for (size_t i = 0; i < MANY; i++)
        assert_ok(listen_to(&all[i], "t"));
    assert_true(gale__topics_have_room(&link.base));
    test_expect_log(GALE_LOG_WARNING, "topics: 1 messages from elsewhere were lost");
    for (int i = 0; i < 20 && all[0].missed == 0; i++)
        receive(&link, "t", GALE_STR("x"));
    assert_int_equal(all[0].missed, 1);
    assert_false(gale__topics_have_room(&link.base));
    run_turns(50);
    assert_true(gale__topics_have_room(&link.base));
    assert_int_equal(all[MANY - 1].count, all[0].count);
    for (size_t i = 0; i < MANY; i++)
        leave_all(&all[i]);
    end_loop();
}

GALE_TEST_MAIN
