/* SPDX-License-Identifier: Apache-2.0 */
/* Writes: queued below, counted here; a writer waits until the count of sent bytes reaches its
 * place. */
#include <errno.h>
#include <unistd.h>

#include <gale/log.h>

#include "core/error.h"
#include "net/iostream_impl.h"

typedef struct writer {
    gale__waiter waiter;
    uint64_t place; /* bytes that must have been sent */
} writer;

void gale__iostream_wake_writers(gale_iostream *self, int error)
{
    uint64_t sent = self->queued - gale__stream_queued(&self->stream);
    while (!gale__list_empty(&self->writers)) {
        gale__list *first = self->writers.next;
        gale__waiter *waiter = GALE__CONTAINER_OF(first, gale__waiter, link);
        if (error == 0 && GALE__CONTAINER_OF(waiter, writer, waiter)->place > sent)
            return;
        gale__list_remove(first);
        gale__wake(waiter, error);
    }
}

void gale__iostream_progressed(gale__stream *stream)
{
    gale__iostream_wake_writers(GALE__CONTAINER_OF(stream, gale_iostream, stream), 0);
}

/* A peer that has left may have said why, as a server that refuses an upload. */
bool gale__iostream_hears_on(gale_iostream *self, int error)
{
    bool left = error == -EPIPE || error == -ECONNRESET;
    if (!left || !self->read || self->read->done || self->ended || self->stream.tls)
        return false;
    self->deaf = true;
    if (self->stream.output)
        gale__stream_release_output(&self->stream);
    gale__iostream_wake_writers(self, GALE_ECLOSED);
    return true;
}

void gale__iostream_flush(gale_iostream *self)
{
    int result = self->connecting ? 1 : gale__stream_flush(&self->stream);
    if (result >= 0)
        gale__iostream_wake_writers(self, 0);
    else if (!gale__iostream_hears_on(self, result))
        gale__iostream_close_broken(self, "Write error", result);
}

static int wait_until_sent(gale_iostream *self)
{
    writer own = { .place = self->queued };
    GALE_TRY(gale__wait_begin(&own.waiter, gale__waiter_unlink));
    gale__list_append(&self->writers, &own.waiter.link);
    int result = gale__wait_end(&own.waiter); /* `self` may have been freed after that */
    return result == GALE_ECLOSED ? gale__fail(result, "%s", gale_strerror(result)) : result;
}

/* Room in the queue for `size` more bytes. */
static int prepare(gale_iostream *self, size_t size, gale__segments **ret_segments)
{
    if (!gale__task_current)
        return gale__fail(GALE_ENOTASK, "a stream is written in a task only");
    if (gale__stream_closed(&self->stream) || self->deaf)
        return gale__iostream_fail_closed(self);
    size_t queued = gale__stream_queued(&self->stream);
    if (size > self->max_write_buffer_size || queued > self->max_write_buffer_size - size)
        return gale__fail(GALE_EFULL, "Reached maximum write buffer size");
    *ret_segments = gale__stream_output(&self->stream);
    return *ret_segments ? 0 : -ENOMEM;
}

static int send_queued(gale_iostream *self, size_t size)
{
    self->queued += size;
    gale__iostream_flush(self);
    if (gale__stream_closed(&self->stream) || self->deaf)
        return gale__iostream_fail_closed(self);
    return gale_iostream_writing(self) ? wait_until_sent(self) : 0;
}

int gale_iostream_write(gale_iostream *self, const void *data, size_t size)
{
    gale__segments *segments = NULL;
    GALE_TRY(prepare(self, size, &segments));
    GALE_TRY(gale__segments_append(segments, gale__net_of(self->stream.loop), data, size));
    return send_queued(self, size);
}

int gale__iostream_write_parts(gale_iostream *self, const gale_str *parts, size_t count)
{
    size_t size = 0;
    gale__segments *segments = NULL;
    for (size_t i = 0; i < count; i++)
        size += parts[i].len;
    GALE_TRY(prepare(self, size, &segments));
    for (size_t i = 0; i < count; i++)
        GALE_TRY(gale__segments_append(segments, gale__net_of(self->stream.loop), parts[i].data,
                                       parts[i].len));
    return send_queued(self, size);
}

int gale__iostream_write_file(gale_iostream *self, int fd, int64_t offset, size_t size)
{
    gale__segments *segments = NULL;
    int result = prepare(self, size, &segments);
    if (result < 0) {
        close(fd);
        return result;
    }
    GALE_TRY(gale__segments_file(segments, gale__net_of(self->stream.loop), fd, offset, size));
    return send_queued(self, size);
}

int gale_iostream_write_bytes(gale_iostream *self, gale_bytes *bytes)
{
    size_t size = gale_bytes_str(bytes).len;
    gale__segments *segments = NULL;
    GALE_TRY(prepare(self, size, &segments));
    GALE_TRY(gale__segments_share(segments, gale__net_of(self->stream.loop), bytes));
    return send_queued(self, size);
}
