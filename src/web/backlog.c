/* SPDX-License-Identifier: Apache-2.0 */
#include "web/backlog.h"

enum { COPIED_MOST = 2048 }; /* bytes up to which a copy is cheaper */

int gale__backlog_add(gale__backlog *backlog, gale_bytes *message)
{
    gale__backlog_message *added = message ? GALE__NEW(gale__backlog_message) : NULL;
    if (!added) {
        gale_bytes_unref(message);
        return -ENOMEM;
    }
    added->bytes = message;
    if (backlog->last)
        backlog->last->next = added;
    else
        backlog->first = added;
    backlog->last = added;
    backlog->size += gale_bytes_str(message).len;
    return 0;
}

void gale__backlog_drop_first(gale__backlog *backlog)
{
    gale__backlog_message *first = backlog->first;
    backlog->first = first->next;
    if (!backlog->first)
        backlog->last = NULL;
    backlog->size -= gale_bytes_str(first->bytes).len;
    gale_bytes_unref(first->bytes);
    gale__free(first);
}

bool gale__backlog_move_some(gale__backlog *backlog, gale__stream *stream)
{
    bool moved = false;
    while (backlog->first && gale__stream_queued(stream) < GALE__BACKLOG_FROM &&
           gale__stream_queue_bytes(stream, backlog->first->bytes) >= 0) {
        gale__backlog_drop_first(backlog);
        moved = true;
    }
    gale__wake_all(&backlog->writers, 0);
    return moved;
}

void gale__backlog_clear(gale__backlog *backlog)
{
    while (backlog->first)
        gale__backlog_drop_first(backlog);
    gale__wake_all(&backlog->writers, GALE_ECLOSED);
}

int gale__stream_queue_bytes(gale__stream *stream, gale_bytes *bytes)
{
    gale__segments *output = gale__stream_output(stream);
    gale__net *net = gale__net_of(stream->loop);
    gale_str text = gale_bytes_str(bytes);
    if (!output)
        return -ENOMEM;
    return text.len <= COPIED_MOST ? gale__segments_append(output, net, text.data, text.len)
                                   : gale__segments_share(output, net, bytes);
}
