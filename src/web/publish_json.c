/* SPDX-License-Identifier: Apache-2.0 */
/* Here, since this is the floor that writes JSON. */
#include <gale/pubsub.h>

#include <errno.h>

#include "core/error.h"

int gale_publish_json(const char *topic, json_t *value)
{
    if (!value)
        return gale__fail(GALE_EINVALID, "gale_publish_json got NULL");
    gale_bytes *text = gale_json_encode(value);
    json_decref(value);
    if (!text)
        return -ENOMEM;
    int result = gale_publish_with(topic, gale_bytes_str(text), NULL);
    gale_bytes_unref(text);
    return result;
}
