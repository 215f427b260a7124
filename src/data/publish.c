/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that publish. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/utf8.h"
#include "data/topics.h"

/* A message that nobody here waits for is not even copied. */
static int publish(gale__topics *self, gale_str name, gale_str payload,
                   const gale_publish_options *options)
{
    gale__topic *topic = gale__topics_find(self, name);
    gale__publication *publication = NULL;
    if (topic && topic->count > 0) {
        publication = gale__publication_new(name, payload, options->binary);
        if (!publication)
            return -ENOMEM;
        publication->except = options->except;
    }
    int result =
        options->local ? 0 : gale__topics_send_elsewhere(self, name, payload, options->binary);
    if (result >= 0 && publication)
        gale__topics_deliver(self, topic, publication);
    else if (publication)
        gale__publication_unref(publication);
    return result;
}

static int check_payload(const gale__topics *self, gale_str payload, bool binary)
{
    if (!payload.data && payload.len > 0)
        return gale__fail(GALE_EINVALID, "nothing to publish: NULL");
    if (payload.len > (size_t)self->options.max_message_size)
        return gale__fail(GALE_ETOOBIG, "a message of %zu bytes; %lld is the most", payload.len,
                          (long long)self->options.max_message_size);
    if (!binary && !gale__utf8_valid(payload.data, payload.len))
        return gale__fail(GALE_EENCODING,
                          "the message is not UTF-8; gale_publish_binary publishes any bytes");
    if (!gale__topics_has_room(self, payload.len))
        return gale__fail(GALE_EFULL, "%zu bytes of messages wait to be delivered",
                          self->pending_size);
    return 0;
}

int gale_publish_with(const char *topic, gale_str payload, const gale_publish_options *options)
{
    static const gale_publish_options defaults;
    gale_ioloop *loop = gale_ioloop_current_or_null();
    gale_str name;
    if (!loop)
        return gale__fail(GALE_ETHREAD, "this thread has no loop: publish on that which has "
                                        "(gale_ioloop_add_callback)");
    gale__topics *self = gale__topics_of(loop);
    if (!self)
        return -ENOMEM;
    if (!options)
        options = &defaults;
    GALE_TRY(gale__topic_name(topic, &name));
    GALE_TRY(check_payload(self, payload, options->binary));
    GALE_TRY(gale__topics_join_workers(self));
    return publish(self, name, payload, options);
}

int gale_publish(const char *topic, const char *text)
{
    if (!text)
        return gale__fail(GALE_EINVALID, "gale_publish got NULL");
    return gale_publish_with(topic, (gale_str){ text, strlen(text) }, NULL);
}

int gale_publish_str(const char *topic, gale_str text)
{
    return gale_publish_with(topic, text, NULL);
}

int gale_publish_binary(const char *topic, const void *data, size_t size)
{
    return gale_publish_with(topic, (gale_str){ data, size },
                             &(gale_publish_options){ .binary = true });
}
