/* SPDX-License-Identifier: Apache-2.0 */
/* Topics of event streams: a message is made an event once. */
#include <errno.h>

#include <gale/pubsub.h>

#include "core/error.h"
#include "data/topics.h"
#include "web/event_stream.h"
#include "web/topic_forms.h"

/* What a stream has subscribed to; made when it first does. */
typedef struct stream_topics {
    gale__event_stream_watcher watcher;
    gale_event_stream *stream;
    gale__subscriber *chain;
} stream_topics;

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
    gale_event_stream *stream = ((stream_topics *)subscriber->owner)->stream;
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

static void ended(gale__event_stream_watcher *watcher)
{
    stream_topics *self = GALE__CONTAINER_OF(watcher, stream_topics, watcher);
    gale__topics_unsubscribe_all(gale__topics_of(self->stream->stream.loop), &self->chain);
    gale__free(self);
}

/* NULL when it has none. */
static stream_topics *topics_of_stream(gale_event_stream *stream)
{
    for (gale__list *link = stream->watchers.next; link != &stream->watchers; link = link->next) {
        gale__event_stream_watcher *watcher =
            GALE__CONTAINER_OF(link, gale__event_stream_watcher, link);
        if (watcher->ended == ended)
            return GALE__CONTAINER_OF(watcher, stream_topics, watcher);
    }
    return NULL;
}

static stream_topics *make_topics_of_stream(gale_event_stream *stream)
{
    stream_topics *self = topics_of_stream(stream);
    if (self)
        return self;
    self = GALE__NEW(stream_topics);
    if (!self)
        return NULL;
    self->stream = stream;
    self->watcher.ended = ended;
    gale__event_stream_watch(stream, &self->watcher);
    return self;
}

int gale_subscribe_event_stream(gale_event_stream *stream, const char *topic)
{
    if (stream->state != GALE__EVENT_STREAM_OPEN)
        return gale__fail(GALE_ECLOSED, "the event stream is closed");
    gale__topics *topics = gale__topics_of(stream->stream.loop);
    stream_topics *self = topics ? make_topics_of_stream(stream) : NULL;
    if (!self)
        return -ENOMEM;
    return gale__topics_subscribe(topics, topic, &self->chain,
                                  (size_t)topics->options.max_topics_per_connection, &operations,
                                  self);
}

int gale_unsubscribe_event_stream(gale_event_stream *stream, const char *topic)
{
    stream_topics *self = topics_of_stream(stream);
    gale__subscriber *none = NULL;
    return gale__topics_unsubscribe(gale__topics_of(stream->stream.loop), topic,
                                    self ? &self->chain : &none);
}
