/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/pubsub.h: topics. What is published to a topic reaches everyone who has subscribed to it: a
 * WebSocket, a stream of server-sent events or a task. Tornado has no counterpart.
 *
 *     static int open_room(gale_websocket *self, gale_handler *handler)
 *     {
 *         return gale_subscribe_websocket(self, "room/7");
 *     }
 *
 *     static int on_message(gale_websocket *self, gale_str message, bool binary)
 *     {
 *         return gale_publish_str("room/7", message);
 *     }
 *
 * A topic is a name, of 1 to 255 bytes. It is there while somebody has subscribed to it; publishing
 * to one that nobody has is no error. A message is published once, made a frame once, compressed
 * once, and sent to all.
 *
 * The same calls reach:
 *   - this process: everything on this thread's loop;
 *   - the other worker processes of gale_fork_processes, without anything being set up;
 *   - other machines, when gale_topics_use_redis was called.
 *
 * What is promised:
 *   - What one process publishes to a topic arrives in that order with each subscriber.
 *   - Publishing never waits. A subscriber who is slow has a budget of his own, and a policy for
 * when that is used up: nobody else waits for him.
 *   - A message is delivered at most once. One that is lost on the way is reported, never silently
 *     left out: to tasks with the next message, to the program by `on_loss`, in the log, and a
 *     WebSocket that is too slow is closed with code 1008 (or drops its oldest messages, if its
 * class says so).
 *   - A message with many subscribers is delivered in portions, between which the loop does other
 *     work. What is written to a connection directly may then be ahead of it.
 */
#ifndef GALE_PUBSUB_H
#define GALE_PUBSUB_H

#include <gale/core.h>
#include <gale/json.h>
#include <gale/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gale_websocket gale_websocket;
typedef struct gale_event_stream gale_event_stream;

/* ---- Publishing ------------------------------------------------------------------------ */

/*
 * From anywhere on the loop's thread; these never suspend. They return 0, also when there is no
 * subscriber, or, when the message was given to nobody:
 *   GALE_EINVALID   a name that is empty or has more than 255 bytes; NULL
 *   GALE_EENCODING  text that is not UTF-8
 *   GALE_ETOOBIG    over max_message_size
 *   GALE_EFULL      over max_pending: more is published than can be delivered
 *   GALE_ETHREAD    this thread has no loop
 *   -ENOMEM
 */

/** Publishes a text (UTF-8). */
GALE_API int gale_publish(const char *topic, const char *text);
/** The same with its length; it may hold NULs. */
GALE_API int gale_publish_str(const char *topic, gale_str text);
/** Publishes bytes. Streams of server-sent events, which have no bytes, do not get them. */
GALE_API int gale_publish_binary(const char *topic, const void *data, size_t size);
/** Publishes a value as JSON, a text; takes its reference. */
GALE_API int gale_publish_json(const char *topic, json_t *value);

/** Options of a publication. Zero is the default of each. */
typedef struct gale_publish_options {
    /** Bytes, not a text. */
    bool binary;
    /** This connection does not get it: the publisher's own, who knows what it has said. */
    const gale_websocket *except;
    /** Only subscribers of this process get it. */
    bool local;
    void *reserved_[4];
} gale_publish_options;

/** Publishes with options; NULL: a text for everyone. */
GALE_API int gale_publish_with(const char *topic, gale_str payload,
                               const gale_publish_options *options);

/** How many have subscribed to a topic in this process. */
GALE_API size_t gale_topic_subscribers(const char *topic);
/** How many topics have subscribers in this process. */
GALE_API size_t gale_topic_count(void);

/* ---- Connections ----------------------------------------------------------------------- */

/**
 * Subscribes a connection to a topic, as often as it likes, once each; it ends with the connection.
 * Returns 0, also when it has subscribed already; GALE_EINVALID for such a name; GALE_ECLOSED when
 * the connection is closing; GALE_EFULL over max_topics_per_connection or max_topics; -ENOMEM.
 */
GALE_API int gale_subscribe_websocket(gale_websocket *self, const char *topic);
/** Ends that: not even what was published before is sent any more, unless it is on its way to the
 * peer. Returns 0, or GALE_ENOTFOUND when it had not subscribed. */
GALE_API int gale_unsubscribe_websocket(gale_websocket *self, const char *topic);

/** The same for a stream of server-sent events: each text becomes an event with nothing but its
 * data. */
GALE_API int gale_subscribe_event_stream(gale_event_stream *stream, const char *topic);
/** The same for a stream of server-sent events. */
GALE_API int gale_unsubscribe_event_stream(gale_event_stream *stream, const char *topic);

/* ---- Tasks ----------------------------------------------------------------------------- */

/** A task's subscription, to one topic or several, with a queue of what has come. */
typedef struct gale_subscription gale_subscription;

/** What happens when its queue is full. What is lost is counted in the next message. */
typedef enum gale_subscription_full {
    GALE_SUBSCRIPTION_DROP_OLDEST,
    GALE_SUBSCRIPTION_DROP_NEWEST
} gale_subscription_full;

/** Options of a subscription. Zero is the default of each. */
typedef struct gale_subscription_options {
    /** Messages that may wait; 0 means 1000. */
    int max_messages;
    /** Bytes of messages that may wait; 0 means 16777216 (16 MiB). One always may. */
    int64_t max_size;
    gale_subscription_full when_full;
    void *reserved_[4];
} gale_subscription_options;

/** A message, as a task gets it. It is valid until the next call for the same subscription. */
typedef struct gale_topic_message {
    const char *topic;
    gale_str payload; /**< followed by a NUL */
    bool binary;      /**< bytes, not a text */
    /** Something was lost between the message before and this one: */
    bool lost;
    /** how much at least; 0 when nobody knows. */
    uint64_t lost_count;
    void *reserved_[2];
} gale_topic_message;

/**
 * Subscribes the calling task; `options` NULL: all defaults. It ends with the innermost scope.
 * Returns 0 and *ret_subscription; GALE_ENOTASK outside a task, GALE_EINVALID for such a name,
 * GALE_EFULL over max_topics, -ENOMEM.
 */
GALE_API int gale_subscribe(const char *topic, const gale_subscription_options *options,
                            gale_subscription **ret_subscription);
/** Adds a topic. Returns 0, also when it is in it already; GALE_ECLOSED after gale_unsubscribe; or
 * an error as above. */
GALE_API int gale_subscription_add(gale_subscription *self, const char *topic);
/** Takes a topic out; what has come stays. Returns 0 or GALE_ENOTFOUND. */
GALE_API int gale_subscription_remove(gale_subscription *self, const char *topic);
/** Waits for the next message. Returns 0 and *ret_message; GALE_ECANCELED, GALE_ENOTASK, or
 * GALE_ECLOSED after gale_unsubscribe. */
GALE_API GALE_SUSPENDS int gale_subscription_next(gale_subscription *self,
                                                  gale_topic_message *ret_message);
/** The next message, if one is there; else GALE_EEMPTY. */
GALE_API int gale_subscription_next_nowait(gale_subscription *self,
                                           gale_topic_message *ret_message);
/** Ends a subscription before its scope does; waits for it end with GALE_ECLOSED. NULL is allowed.
 */
GALE_API void gale_unsubscribe(gale_subscription *self);

/* ---- All topics ------------------------------------------------------------------------ */

/** Messages for subscribers of `topic` were lost on their way from another process: `count` at
 * least, or 0 when nobody knows. Some of them may have been for other topics. */
typedef void (*gale_topic_loss)(const char *topic, uint64_t count, void *arg);

/** Options of the topics of a loop. Zero is the default of each. */
typedef struct gale_topics_options {
    /** Topics with subscribers; 0 means 1,000,000. */
    int max_topics;
    /** Topics of one connection; 0 means 1000. */
    int max_topics_per_connection;
    /** Bytes of a message; 0 means 16777216 (16 MiB). */
    int64_t max_message_size;
    /** Bytes of messages that are published and not delivered yet, as they are many or have very
     * many subscribers; 0 means 67108864 (64 MiB). */
    int64_t max_pending;
    /** Called for each topic with subscribers in this process when something was lost; may publish
     * (`local`: that they look again, for example), but may not wait. */
    gale_topic_loss on_loss;
    void *arg; /**< of on_loss */
    void *reserved_[8];
} gale_topics_options;

/** Sets the options of this thread's loop; copied. NULL brings the defaults back. Returns 0 or
 * -ENOMEM. */
GALE_API int gale_topics_configure(const gale_topics_options *options);

/* ---- Other machines --------------------------------------------------------------------- */

/** Options of gale_topics_use_redis. Zero is the default of each. */
typedef struct gale_topics_redis_options {
    /** What the names of channels begin with; NULL means "gale:". Programs with the same prefix
     * have the same topics: channels belong to no database. Copied. */
    const char *prefix;
    /** Bytes of messages that may wait until Redis has acknowledged them, as while it cannot be
     * reached; 0 means 8388608 (8 MiB). Beyond that messages reach this machine only; they are
     * counted, and subscribers on other machines are told once that is possible. */
    int64_t max_waiting;
    /** Bytes of a message that comes; 0 means 16777216 (16 MiB). A larger one cuts the connection.
     */
    int64_t max_message_size;
    /** Seconds for connecting, with TLS and password; 0 means 5. */
    double connect_timeout;
    /** Seconds without a word after which Redis is asked whether it is there, and after as many
     * again given up; 0 means 15. */
    double ping_interval;
    /** TLS of rediss://; NULL means gale_ssl_context_default. The topics take a reference. */
    gale_ssl_context *ssl_context;
    void *reserved_[6];
} gale_topics_redis_options;

/**
 * Connects the topics of this thread's loop with those of all programs that use the same Redis:
 * from now on what is published here arrives there, and the other way round. `url` is one of
 *
 *     redis://localhost:6379      redis://user:password@host/0    rediss://... (TLS)
 *     unix:///run/redis.sock      unix://user:password@/run/redis.sock?db=0
 *
 * NULL ends that. Call it after gale_fork_processes: each worker process has connections of its
 * own. It never waits: the connections are made as the loop runs, and again whenever they
 * are lost, at once, then after 0.1 seconds, then twice as long each time, up to 30. While there is
 * no connection messages wait to be sent (max_waiting), and once there is one again subscribers are
 * told that others' messages may be missing (on_loss, gale_topic_message.lost). A message published
 * by something else, as `redis-cli PUBLISH gale:news hello`, arrives as a text, or, when it is not
 * UTF-8, as bytes. Returns 0, GALE_EINVALID for a URL that is none, GALE_ENOTSUP when gale was
 * built without Redis, or -ENOMEM. docs/topics.md
 */
GALE_API int gale_topics_use_redis(const char *url, const gale_topics_redis_options *options);

#ifdef __cplusplus
}
#endif

#endif
