/* SPDX-License-Identifier: Apache-2.0 */
/* Topics of event streams: a message is made an event once. */
#include <errno.h>

#include <gale/pubsub.h>

#include "core/error.h"
#include "data/topics.h"
#include "web/event_stream.h"
#include "web/topic_forms.h"

/* ---- Delivering ------------------------------------------------------------------------- */

/* NULL when out of memory. */
static gale_bytes *make_event(const gale__publication *message)
{
    gale_str text = gale_bytes_str(message->payload);
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    gale__event_encode(&(gale_server_sent_event){ .data = text.data, .size = text.len }, &out);
    return gale__buffer_take(&out);
}

static int deliver_one(gale_event_stream *stream, gale__publication *message)
{
    gale_bytes *event = gale__publication_find_form(message, GALE__TOPIC_FORM_EVENT);
    if (!event)
        event = gale__publication_add_form(message, GALE__TOPIC_FORM_EVENT, make_event(message));
    return event ? gale__event_stream_send_bytes(stream, event) : -ENOMEM;
}

/* One that has missed something is closed: the browser comes back, and tells what it has. */
static void deliver(gale__subscriber *subscriber, gale__publication *const *messages, size_t count)
{
    gale_event_stream *stream = subscriber->owner;
    for (size_t i = 0; i < count; i++) {
        if (messages[i]->binary)
            continue; /* events are texts */
        if (deliver_one(stream, messages[i]) < 0) {
            gale_event_stream_close(stream);
            return;
        }
    }
}

static const gale__subscriber_operations operations = { .deliver = deliver };

/* ---- Subscribing ------------------------------------------------------------------------ */

int gale_subscribe_event_stream(gale_event_stream *stream, const char *topic)
{
    if (stream->state != GALE__EVENT_STREAM_OPEN)
        return gale__fail(GALE_ECLOSED, "the event stream is closed");
    gale__topics *topics = gale__topics_of(stream->stream.loop);
    if (!topics)
        return -ENOMEM;
    return gale__topics_subscribe(topics, topic, &stream->topics,
                                  (size_t)topics->options.max_topics_per_connection, &operations,
                                  stream);
}

int gale_unsubscribe_event_stream(gale_event_stream *stream, const char *topic)
{
    return gale__topics_unsubscribe(gale__topics_of(stream->stream.loop), topic, &stream->topics);
}

void gale__event_stream_leave_topics(gale_event_stream *stream)
{
    if (stream->topics)
        gale__topics_unsubscribe_all(gale__topics_of(stream->stream.loop), &stream->topics);
}
