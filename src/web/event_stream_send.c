/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as they are sent, and their queue. What the connection can take soon goes to the queue of
 * the stream; more than that waits as whole events, so that some can be dropped.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/utf8.h"
#include "web/event_stream.h"

/* ---- The format ------------------------------------------------------------------------ */

static int check_text(const char *what, gale_str text)
{
    return gale__utf8_valid(text.data, text.len)
               ? 0
               : gale__fail(GALE_EENCODING, "%s is not UTF-8", what);
}

/* A field of one line. */
static int append_field(gale__buffer *out, const char *name, const char *value)
{
    if (!value)
        return 0;
    GALE_TRY(check_text(name, (gale_str){ value, strlen(value) }));
    if (value[strcspn(value, "\r\n")])
        return gale__fail(GALE_EINVALID, "%s has a line break", name);
    return gale__buffer_printf(out, "%s: %s\n", name, value);
}

/* The length of the line at the front of `text`; *ret_end is where the next one begins, or its
 * length when there is none. */
static size_t line_length(gale_str text, size_t *ret_next)
{
    size_t size = 0;
    while (size < text.len && text.data[size] != '\r' && text.data[size] != '\n')
        size++;
    *ret_next = size;
    if (size < text.len)
        *ret_next += size + 1 < text.len && memcmp(text.data + size, "\r\n", 2) == 0 ? 2 : 1;
    return size;
}

/* A field for each line, also for the empty one behind a line break at the end. */
static int append_lines(gale__buffer *out, const char *name, gale_str text)
{
    GALE_TRY(check_text(*name ? name : "comment", text));
    for (size_t size, next;; text = (gale_str){ text.data + next, text.len - next }) {
        size = line_length(text, &next);
        gale__buffer_append(out, name, strlen(name));
        gale__buffer_append(out, ": ", 2);
        gale__buffer_append(out, text.data, size);
        GALE_TRY(gale__buffer_append_char(out, '\n'));
        if (next == size)
            return 0;
    }
}

int gale__event_check_retry(double seconds)
{
    if (seconds >= 0 && seconds < 1e9)
        return 0;
    return gale__fail(GALE_EINVALID, "retry after %g seconds", seconds);
}

static int append_retry(gale__buffer *out, double seconds)
{
    if (seconds == 0)
        return 0;
    GALE_TRY(gale__event_check_retry(seconds));
    return gale__buffer_printf(out, "retry: %.0f\n", ceil(seconds * 1000));
}

int gale__event_encode(const gale_server_sent_event *event, gale__buffer *out)
{
    gale_str data = { event->data, event->size };
    if (event->data && event->size == 0)
        data.len = strlen(event->data);
    if (event->event && !event->data)
        return gale__fail(GALE_EINVALID, "an event without data is not dispatched");
    if (event->comment)
        GALE_TRY(append_lines(out, "", (gale_str){ event->comment, strlen(event->comment) }));
    GALE_TRY(append_field(out, "id", event->id));
    GALE_TRY(append_field(out, "event", event->event));
    GALE_TRY(append_retry(out, event->retry));
    if (event->data)
        GALE_TRY(append_lines(out, "data", data));
    if (out->size == 0)
        return gale__fail(GALE_EINVALID, "nothing to send");
    return gale__buffer_append_char(out, '\n');
}

/* ---- What waits ------------------------------------------------------------------------ */

static gale__backlog *attach_backlog(gale_event_stream *self)
{
    if (!self->backlog && (self->backlog = GALE__NEW(gale__backlog)))
        gale__backlog_init(self->backlog);
    return self->backlog;
}

static void release_backlog(gale_event_stream *self)
{
    if (!gale__backlog_is_idle(self->backlog))
        return;
    gale__free(self->backlog);
    self->backlog = NULL;
}

bool gale__event_stream_move_backlog(gale_event_stream *self)
{
    if (!self->backlog)
        return false;
    bool moved = gale__backlog_move(self->backlog, &self->stream);
    release_backlog(self);
    return moved;
}

void gale__event_stream_drop_backlog(gale_event_stream *self)
{
    if (!self->backlog)
        return;
    gale__backlog_clear(self->backlog);
    release_backlog(self);
}

size_t gale_event_stream_buffered(const gale_event_stream *self)
{
    return gale__stream_queued(&self->stream) + (self->backlog ? self->backlog->size : 0);
}

/* ---- Room ------------------------------------------------------------------------------ */

static int closed(void)
{
    return gale__fail(GALE_ECLOSED, "the event stream is closed");
}

static bool over_limit(const gale_event_stream *self, size_t size)
{
    return gale__backlog_over_limit(gale_event_stream_buffered(self), size, self->max_write_buffer);
}

static int wait_for_room(gale_event_stream *self, size_t size, bool may_wait)
{
    while (over_limit(self, size)) {
        if (!may_wait || !gale__task_current)
            return gale__fail(GALE_EFULL, "%zu bytes wait to be sent",
                              gale_event_stream_buffered(self));
        if (!attach_backlog(self))
            return -ENOMEM;
        self->waiting++;
        int result = gale__backlog_wait(self->backlog);
        self->waiting--;
        if (self->state != GALE__EVENT_STREAM_OPEN) {
            gale__event_stream_release(self);
            return closed();
        }
        GALE_TRY(result);
    }
    return 0;
}

/* Room for an event of that size, by the policy of the stream. */
static int make_room(gale_event_stream *self, size_t size, bool may_wait)
{
    switch ((gale_event_stream_full)self->when_full) {
    case GALE_EVENT_STREAM_WAIT:
        return wait_for_room(self, size, may_wait);
    case GALE_EVENT_STREAM_DROP_OLDEST:
        while (self->backlog && self->backlog->first && over_limit(self, size))
            gale__backlog_drop_first(self->backlog);
        return 0;
    case GALE_EVENT_STREAM_CLOSE:
        break;
    }
    gale_event_stream_close(self);
    return gale__fail(GALE_ECLOSED, "the client was too slow: its event stream is closed");
}

/* ---- Sending --------------------------------------------------------------------------- */

static int send_bytes(gale_event_stream *self, gale_bytes *encoded, bool may_wait)
{
    size_t size = gale_bytes_str(encoded).len;
    if (self->state != GALE__EVENT_STREAM_OPEN)
        return closed();
    if (GALE__UNLIKELY(over_limit(self, size)))
        GALE_TRY(make_room(self, size, may_wait));
    bool waits = self->backlog && self->backlog->first;
    if (GALE__UNLIKELY(waits || gale__stream_queued(&self->stream) >= GALE__BACKLOG_FROM)) {
        if (!attach_backlog(self))
            return -ENOMEM;
        GALE_TRY(gale__backlog_add(self->backlog, gale_bytes_ref(encoded)));
    } else {
        GALE_TRY(gale__stream_queue_bytes(&self->stream, encoded));
    }
    gale__event_stream_flush_later(self);
    return 0;
}

int gale__event_stream_send_bytes(gale_event_stream *self, gale_bytes *encoded)
{
    return send_bytes(self, encoded, false);
}

int gale_event_stream_send(gale_event_stream *self, const gale_server_sent_event *event)
{
    gale__buffer text;
    gale__buffer_init(&text, SIZE_MAX);
    int result = gale__event_encode(event, &text);
    if (result < 0) {
        gale__buffer_clear(&text);
        return result;
    }
    gale_bytes *encoded = gale__buffer_take(&text);
    if (!encoded)
        return -ENOMEM;
    result = send_bytes(self, encoded, true);
    gale_bytes_unref(encoded);
    return result;
}

int gale_event_stream_send_json(gale_event_stream *self, const gale_server_sent_event *event,
                                json_t *value)
{
    gale_server_sent_event with_data = { 0 };
    if (event)
        with_data = *event;
    gale_bytes *text = gale_json_encode(value);
    json_decref(value);
    if (!text)
        return value ? -ENOMEM : gale__fail(GALE_EINVALID, "gale_event_stream_send_json of NULL");
    with_data.data = gale_bytes_str(text).data;
    with_data.size = gale_bytes_str(text).len;
    int result = gale_event_stream_send(self, &with_data);
    gale_bytes_unref(text);
    return result;
}
