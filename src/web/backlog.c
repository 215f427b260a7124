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
    backlog->size += gale_bytes_str(message).len + GALE__BACKLOG_EACH;
    return 0;
}

void gale__backlog_drop_first(gale__backlog *backlog)
{
    gale__backlog_message *first = backlog->first;
    backlog->first = first->next;
    if (!backlog->first)
        backlog->last = NULL;
    backlog->size -= gale_bytes_str(first->bytes).len + GALE__BACKLOG_EACH;
    gale_bytes_unref(first->bytes);
    gale__free(first);
}

/* A task that waits, on its stack. It stays in the list until it has resumed, since much may happen
 * between its being woken and that. */
typedef struct writer {
    gale__waiter waiter;
    gale__list link; /* in backlog->writers */
    bool turned_away;
} writer;

static void wake_all(gale__backlog *backlog, bool turn_away)
{
    for (gale__list *link = backlog->writers.next, *next; link != &backlog->writers; link = next) {
        writer *one = GALE__CONTAINER_OF(link, writer, link);
        next = link->next;
        one->turned_away = turn_away;
        if (turn_away)
            gale__list_remove(link);
        gale__wake(&one->waiter, 0);
    }
}

static void abandon(gale__waiter *waiter)
{
    (void)waiter; /* it leaves the list when it resumes */
}

int gale__backlog_wait(gale__backlog *backlog)
{
    writer self;
    GALE_TRY(gale__wait_begin(&self.waiter, abandon));
    self.turned_away = false;
    gale__list_append(&backlog->writers, &self.link);
    int result = gale__wait_end(&self.waiter);
    if (self.turned_away)
        return gale__fail(GALE_ECLOSED, "the connection is closed");
    gale__list_remove(&self.link);
    return result;
}

void gale__backlog_turn_away(gale__backlog *backlog)
{
    wake_all(backlog, true);
}

bool gale__backlog_move_some(gale__backlog *backlog, gale__stream *stream)
{
    bool moved = false;
    while (backlog->first && gale__stream_queued(stream) < GALE__BACKLOG_FROM &&
           gale__stream_queue_bytes(stream, backlog->first->bytes) >= 0) {
        gale__backlog_drop_first(backlog);
        moved = true;
    }
    wake_all(backlog, false);
    return moved;
}

void gale__backlog_clear(gale__backlog *backlog)
{
    while (backlog->first)
        gale__backlog_drop_first(backlog);
    wake_all(backlog, true);
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
