/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads. Bytes that come are tried on the pending read at once, in the loop; its task only
 * fetches the result. Receiving is not turned off when a read is satisfied, since the next read
 * usually follows: that would cost two system calls a read. Instead the first bytes that come
 * while nobody reads turn it off.
 */
#include <errno.h>
#include <string.h>

#include <gale/log.h>

#include "core/error.h"
#include "net/iostream_impl.h"

/* ---- The buffer ------------------------------------------------------------------------ */

static size_t unread_size(const gale_iostream *self)
{
    return self->input.size - self->lent;
}

void gale__read_take(gale__read *read, size_t size)
{
    gale_iostream *self = read->stream;
    read->result = (gale_str){ gale__iostream_unread(self).data, size };
    self->lent = size;
}

/* What the last read gave out is no longer needed. */
static void drop_lent(gale_iostream *self)
{
    gale__free(self->held);
    self->held = NULL;
    if (self->lent) {
        gale__buffer_consume(&self->input, self->lent);
        self->lent = 0;
    }
    if (self->input.size == 0)
        gale__buffer_clear(&self->input);
}

/* Moves the unread bytes to memory of their own, so that the lent ones are not disturbed. */
static int hold_lent(gale_iostream *self)
{
    gale_str unread = gale__iostream_unread(self);
    gale__buffer fresh;
    gale__buffer_init(&fresh, self->input.limit);
    GALE_TRY(gale__buffer_append(&fresh, unread.data, unread.len));
    self->held = self->input.data;
    self->input = fresh;
    self->lent = 0;
    return 0;
}

static int append(gale_iostream *self, const char *data, size_t size)
{
    if (self->lent)
        GALE_TRY(hold_lent(self));
    return gale__buffer_append(&self->input, data, size);
}

/* ---- Receiving ------------------------------------------------------------------------- */

void gale__iostream_receive(gale_iostream *self, bool on)
{
    if (self->receiving == on || self->ended || self->connecting ||
        gale__stream_closed(&self->stream))
        return;
    int result = gale__stream_receive(&self->stream, on ? GALE__RECEIVE_ON : GALE__RECEIVE_OFF);
    if (result < 0)
        gale__iostream_close(self, result);
    else
        self->receiving = on;
}

static bool quiet(int error)
{
    return error >= 0 || error == -ECONNRESET || error == -ECONNABORTED || error == -EPIPE ||
           error == -ETIMEDOUT || error == -EBADF || error == GALE_ETRUNCATED;
}

void gale__iostream_close_broken(gale_iostream *self, const char *what, int error)
{
    if (!quiet(error))
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "%s on %d: %s", what, self->stream.io.fd,
                 gale_strerror(error));
    gale__iostream_close(self, error);
}

static bool pending(const gale_iostream *self)
{
    return self->read && !self->read->done;
}

void gale__iostream_watch_end(gale_iostream *self)
{
    bool wanted = pending(self) || (self->close_callback && unread_size(self) == 0);
    if (!wanted || gale__stream_closed(&self->stream))
        return;
    if (self->ended)
        gale__iostream_close_broken(self, "error on read", self->end_error);
    else
        gale__iostream_receive(self, true);
}

/* The end waits until what came before it was read; but not when output waits for a peer that
 * is gone. */
void gale__iostream_ended(gale__stream *stream, int error)
{
    gale_iostream *self = GALE__CONTAINER_OF(stream, gale_iostream, stream);
    bool sent = gale_iostream_writing(self) && !stream->io.sending; /* and that has failed */
    if (error < 0 && sent && gale__iostream_hears_on(self, error))
        return;
    self->receiving = false;
    if (error < 0 && gale_iostream_writing(self)) {
        gale__iostream_close_broken(self, "Write error", error);
        return;
    }
    self->ended = true;
    self->end_error = error;
    gale__iostream_watch_end(self);
}

static void complete(gale__read *read, int result)
{
    read->done = true;
    if (read->waits)
        gale__wake(&read->waiter, result);
    else
        read->waiter.result = result;
}

/* 1 when the read is done, one way or the other. */
static int try_read(gale__read *read)
{
    int result = read->step ? read->step(read) : 0;
    if (result > 0)
        complete(read, 0);
    if (result >= 0)
        return result;
    gale__iostream_close(read->stream, result);
    if (!read->done)
        complete(read, GALE_ECLOSED);
    return 1;
}

static size_t receive_into(gale__read *read, const char *data, size_t size)
{
    size_t left = read->size - read->filled;
    size_t taken = size < left ? size : left;
    if (taken)
        memcpy(read->into + read->filled, data, taken);
    read->filled += taken;
    return taken;
}

static bool run_consumer(gale__read *read, const char *data, size_t size, size_t *ret_used)
{
    bool done = false;
    *ret_used = read->consume(read->arg, data, size, &done);
    return done;
}

/* The consumer sees the bytes where they are; only what it leaves is kept. */
static void hand_over(gale_iostream *self, const char *data, size_t size)
{
    size_t used;
    bool done = run_consumer(self->read, data, size, &used);
    int result = append(self, data + used, size - used);
    if (result < 0)
        gale__iostream_close(self, result);
    else if (done)
        complete(self->read, 0);
}

void gale__iostream_received(gale__stream *stream, const char *data, size_t size)
{
    gale_iostream *self = GALE__CONTAINER_OF(stream, gale_iostream, stream);
    bool wanted = pending(self);
    if (wanted && self->read->consume && self->input.size == 0) {
        hand_over(self, data, size);
        return;
    }
    size_t taken = wanted && self->read->into ? receive_into(self->read, data, size) : 0;
    int result = append(self, data + taken, size - taken);
    if (result < 0) {
        gale__iostream_close(self, result);
        return;
    }
    if (!wanted) {
        gale__iostream_receive(self, false);
        return;
    }
    if (!try_read(self->read) && self->input.size > self->max_buffer_size) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "Reached maximum read buffer size");
        gale__iostream_close(self, -ENOBUFS);
    }
}

/* ---- One read -------------------------------------------------------------------------- */

static void give_rest(gale__read *read)
{
    if (read->into)
        read->result.len = read->filled;
    else
        gale__read_take(read, unread_size(read->stream));
}

void gale__iostream_end_read(gale_iostream *self)
{
    if (!pending(self))
        return;
    gale__read *read = self->read;
    if (!read->step)
        give_rest(read);
    complete(read, read->step ? GALE_ECLOSED : 0);
}

/* What read_into has filled goes back to the front of the buffer, which is empty then. */
static void leave_read(gale__waiter *waiter)
{
    gale__read *read = GALE__CONTAINER_OF(waiter, gale__read, waiter);
    gale_iostream *self = read->stream;
    self->read = NULL;
    if (append(self, read->into, read->filled) < 0)
        gale__iostream_close(self, -ENOMEM);
}

/* Returns with the read done, or cancelled. */
static int wait_for_bytes(gale_iostream *self, gale__read *read)
{
    GALE_TRY(gale__wait_begin(&read->waiter, leave_read));
    read->waits = true;
    self->read = read;
    gale__iostream_watch_end(self);
    return gale__wait_end(&read->waiter);
}

static int run_read(gale_iostream *self, gale__read *read)
{
    if (try_read(read))
        return read->waiter.result;
    if (gale__stream_closed(&self->stream)) {
        gale__iostream_end_read(self);
        return read->waiter.result;
    }
    self->read = NULL; /* a wait that does not begin leaves nothing behind */
    return wait_for_bytes(self, read);
}

static int start_read(gale_iostream *self, gale__read *read)
{
    if (!gale__task_current)
        return gale__fail(GALE_ENOTASK, "a stream is read in a task only");
    if (self->read)
        return gale__fail(GALE_ESTATE, "Already reading");
    drop_lent(self);
    read->stream = self;
    self->read = read;
    int result = run_read(self, read);
    if (result == GALE_ECANCELED && !read->done)
        return result; /* `self` may be gone */
    self = read->stream;
    if (!self)
        return gale__fail(GALE_ECLOSED, "the stream was freed");
    self->read = NULL;
    gale__iostream_watch_end(self);
    return result == GALE_ECLOSED ? gale__iostream_fail_closed(self) : result;
}

static int read_text(gale_iostream *self, gale__read *read, gale_str *ret_data)
{
    GALE_TRY(start_read(self, read));
    *ret_data = read->result;
    return 0;
}

/* ---- The kinds of reads ---------------------------------------------------------------- */

static int step_bytes(gale__read *read)
{
    size_t unread = unread_size(read->stream);
    if (unread < read->size && !(read->partial && unread > 0))
        return 0;
    gale__read_take(read, unread < read->size ? unread : read->size);
    return 1;
}

int gale_iostream_read_bytes(gale_iostream *self, size_t size, bool partial, gale_str *ret_data)
{
    gale__read read = { .step = step_bytes, .size = size, .partial = partial };
    return read_text(self, &read, ret_data);
}

int gale_iostream_read_until_str(gale_iostream *self, gale_str delimiter, size_t max_bytes,
                                 gale_str *ret_data)
{
    gale__read read = { .step = gale__iostream_find,
                        .delimiter = delimiter,
                        .max_bytes = max_bytes ? max_bytes : SIZE_MAX };
    if (delimiter.len == 0)
        return gale__fail(GALE_EINVALID, "the delimiter is empty");
    return read_text(self, &read, ret_data);
}

int gale_iostream_read_until(gale_iostream *self, const char *delimiter, size_t max_bytes,
                             gale_str *ret_data)
{
    gale_str text = { delimiter, strlen(delimiter) };
    return gale_iostream_read_until_str(self, text, max_bytes, ret_data);
}

int gale_iostream_read_until_regex(gale_iostream *self, const char *pattern, size_t max_bytes,
                                   gale_str *ret_data)
{
    gale__read read = { .step = gale__iostream_match,
                        .max_bytes = max_bytes ? max_bytes : SIZE_MAX };
    if (self->read)
        return gale__fail(GALE_ESTATE, "Already reading");
    GALE_TRY(gale__iostream_compile(self, pattern));
    return read_text(self, &read, ret_data);
}

static int step_into(gale__read *read)
{
    gale_str unread = gale__iostream_unread(read->stream);
    size_t taken = receive_into(read, unread.data, unread.len);
    if (taken)
        gale__buffer_consume(&read->stream->input, taken);
    if (read->filled < read->size && !(read->partial && read->filled > 0))
        return 0;
    read->result.len = read->filled;
    return 1;
}

int gale_iostream_read_into(gale_iostream *self, void *memory, size_t size, bool partial,
                            size_t *ret_size)
{
    gale__read read = { .step = step_into, .into = memory, .size = size, .partial = partial };
    GALE_TRY(start_read(self, &read));
    *ret_size = read.result.len;
    return 0;
}

int gale_iostream_read_until_close(gale_iostream *self, gale_str *ret_data)
{
    gale__read read = { 0 };
    return read_text(self, &read, ret_data);
}

static int step_consume(gale__read *read)
{
    gale_str unread = gale__iostream_unread(read->stream);
    size_t used;
    bool done = run_consumer(read, unread.data, unread.len, &used);
    if (used)
        gale__buffer_consume(&read->stream->input, used);
    return done;
}

int gale__iostream_consume(gale_iostream *self, gale__consume consume, void *arg)
{
    gale__read read = { .step = step_consume, .consume = consume, .arg = arg };
    return start_read(self, &read);
}
