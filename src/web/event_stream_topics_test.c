/* SPDX-License-Identifier: Apache-2.0 */
/* Topics of event streams. */
#include <gale/eventsource.h>
#include <gale/pubsub.h>

#include "web/web_test.h"

static gale_event_stream *other;

static int hear_oneself(gale_handler *self)
{
    gale_event_stream *stream;
    GALE_TRY(gale_event_stream_open(self, NULL, &stream));
    assert_error(gale_unsubscribe_event_stream(stream, "a"), GALE_ENOTFOUND);
    assert_ok(gale_subscribe_event_stream(stream, "a"));
    assert_ok(gale_subscribe_event_stream(stream, "b"));
    assert_ok(gale_subscribe_event_stream(stream, "a"));
    assert_error(gale_subscribe_event_stream(stream, ""), GALE_EINVALID);
    assert_ok(gale_publish("a", "one\ntwo"));
    assert_ok(gale_publish_binary("a", "\xff", 1));
    assert_ok(gale_publish("b", "three"));
    assert_ok(gale_unsubscribe_event_stream(stream, "b"));
    assert_ok(gale_publish("b", "nobody"));
    assert_ok(gale_publish_str("a", GALE_STR("f\0ur")));
    assert_ok(gale_publish("a", ""));
    return 0;
}

static int keep(gale_handler *self)
{
    GALE_TRY(gale_event_stream_open(self, NULL, &other));
    GALE_TRY(gale_subscribe_event_stream(other, "a"));
    assert_ok(gale_publish("a", "kept"));
    gale_event_stream_close(other);
    assert_int_equal(gale_topic_subscribers("a"), 0);
    assert_error(gale_subscribe_event_stream(other, "a"), GALE_ECLOSED);
    return 0;
}

static int overrun(gale_handler *self)
{
    static char much[100000];
    gale_event_stream *stream;
    gale_event_stream_options options = { .max_write_buffer = 150000 };
    memset(much, 'm', sizeof much);
    GALE_TRY(gale_event_stream_open(self, &options, &stream));
    GALE_TRY(gale_subscribe_event_stream(stream, "a"));
    assert_ok(gale_publish_str("a", (gale_str){ much, sizeof much }));
    assert_ok(gale_publish_str("a", (gale_str){ much, sizeof much }));
    assert_int_equal(gale_topic_subscribers("a"), 0);
    return gale_event_stream_is_closing(stream) ? 0 : GALE_ESTATE;
}

static const gale_handler_class hearing = { .get = hear_oneself };
static const gale_handler_class keeping = { .get = keep };
static const gale_handler_class overrunning = { .get = overrun };
static const gale_route routes[] = {
    ROUTE("/", hearing), ROUTE("/keep", keeping), ROUTE("/overrun", overrunning), { 0 }
};

static void assert_events(int port, const char *target, gale_str expected)
{
    char request[200];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
    char *all = ask(port, request), *end = strstr(all, "\r\n\r\n");
    assert_non_null(end);
    assert_memory_equal(end + 4, expected.data, expected.len + 1);
    free(all);
}

TEST(texts_become_events)
{
    int port = serve_routes(routes);
    assert_events(port, "/",
                  GALE_STR("data: one\ndata: two\n\ndata: three\n\ndata: f\0ur\n\ndata: \n\n"));
    assert_int_equal(gale_topic_count(), 0);
    stop();
}

TEST(a_subscription_ends_with_its_stream)
{
    int port = serve_routes(routes);
    assert_events(port, "/keep", GALE_STR("data: kept\n\n"));
    assert_int_equal(gale_topic_count(), 0);
    stop();
}

TEST(a_stream_that_is_too_slow_is_closed)
{
    int port = serve_routes(routes);
    char *all = ask(port, "GET /overrun HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_in_range(strlen(all), 100000, 101000);
    free(all);
    stop();
}

GALE_TEST_MAIN
