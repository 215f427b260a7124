/* SPDX-License-Identifier: Apache-2.0 */
/* TLS beneath a stream: sending. Records are made from the stream's queue a few at a time, when
 * those before them have been taken. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "core/error.h"
#include "gen/task.h"
#include "net/tls.h"

enum {
    GATHER_BELOW = 4096, /* smaller segments are put together, so that they share a record */
    TURN_MOST = 1 << 20  /* bytes that one connection may send in a turn of the loop */
};

int gale__tls_write_bio(BIO *bio, const char *data, size_t size, size_t *ret_size)
{
    gale__tls *self = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *ret_size = size;
    if (!self->stream || self->shut) /* nobody listens any more */
        return 1;
    if (gale__segments_append(&self->sealed, gale__net_of(self->stream->loop), data, size) == 0)
        return 1;
    self->no_memory = true;
    *ret_size = 0;
    return 0;
}

/* ---- Sealing --------------------------------------------------------------------------- */

static bool is_small(const gale__segment *segment)
{
    return segment->data && segment->size < GATHER_BELOW;
}

/* Copies segments from the front, up to a file. */
static size_t gather(const gale__segments *segments, char *out)
{
    size_t size = 0;
    for (gale__segment *one = segments->first; one && one->data && size < GALE__TLS_PIECE;
         one = one->next) {
        size_t room = GALE__TLS_PIECE - size;
        size_t taken = one->size < room ? one->size : room;
        memcpy(out + size, one->data, taken);
        size += taken;
    }
    return size;
}

static ssize_t read_file(const gale__file_range *range, char *out)
{
    size_t size = range->size < GALE__TLS_PIECE ? range->size : GALE__TLS_PIECE;
    ssize_t got;
    do
        got = pread(range->fd, out, size, range->offset);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return GALE_EOUTPUT; /* the file has become too short */
    return got < 0 ? -errno : got;
}

/* What to seal next; returns its size, or a negative error. */
static ssize_t next_piece(const gale__segments *segments, char *room, const char **ret_data)
{
    gale__segment *first = segments->first;
    gale__file_range *range = gale__segment_file(first);
    *ret_data = room;
    if (range)
        return read_file(range, room);
    if (first->next && is_small(first))
        return (ssize_t)gather(segments, room);
    *ret_data = first->data;
    return (ssize_t)(first->size < GALE__TLS_PIECE ? first->size : GALE__TLS_PIECE);
}

static int seal_piece(gale__tls *self, gale__segments *segments)
{
    gale__net *net = gale__net_of(self->stream->loop);
    const char *data;
    size_t written;
    ssize_t size = next_piece(segments, net->tls->gathered, &data);
    if (size < 0)
        return (int)size;
    gale__tls_enter(self);
    if (!SSL_write_ex(self->ssl, data, (size_t)size, &written))
        return gale__tls_fail(self, "TLS failure");
    gale__segments_consume(segments, net, written);
    segments->size += written;
    self->kept += written;
    return 0;
}

/* Keeps a few records ready. */
static int seal(gale__tls *self)
{
    gale__output *output = self->stream->output;
    if (!self->established || !output)
        return 0;
    while (output->segments.first && self->sealed.size < GALE__TLS_PIECE) {
        if (self->broken)
            return -EPIPE;
        GALE_TRY(seal_piece(self, &output->segments));
    }
    return 0;
}

/* ---- Sending --------------------------------------------------------------------------- */

void gale__tls_sent(gale__tls *self, size_t size)
{
    gale__stream *stream = self->stream;
    gale__segments_consume(&self->sealed, gale__net_of(stream->loop), size);
    if (self->kept <= self->sealed.size)
        return;
    stream->output->segments.size -= self->kept - self->sealed.size;
    self->kept = self->sealed.size;
}

static ssize_t send_sealed(gale__tls *self)
{
    gale__stream *stream = self->stream;
    gale_ioloop *loop = stream->loop;
    if (!gale__stream_output(stream))
        return -ENOMEM;
    int count = gale__output_fill_vectors(stream->output, &self->sealed);
    return loop->operations->send(loop->backend, &stream->io, stream->output->vectors, count);
}

static int all_sent(gale__tls *self)
{
    gale__stream *stream = self->stream;
    gale_ioloop *loop = stream->loop;
    if (stream->output && stream->output->segments.first)
        return 1; /* until the handshake is over */
    if (stream->output)
        gale__stream_release_output(stream);
    if (self->shutting && !self->shut) {
        self->shut = true;
        loop->operations->shut(loop->backend, &stream->io);
    }
    return 0;
}

static int fail(gale__tls *self, int error)
{
    self->stream->error = error;
    return error;
}

static int send_all(gale__tls *self)
{
    gale__stream *stream = self->stream;
    if (stream->io.sending || gale__list_linked(&self->resume.link))
        return 1;
    for (size_t total = 0;;) {
        int result = seal(self);
        if (result < 0)
            return fail(self, result);
        if (self->sealed.size == 0)
            return all_sent(self);
        ssize_t sent = send_sealed(self);
        if (sent == GALE__SEND_PENDING)
            return 1;
        if (sent < 0)
            return fail(self, (int)sent);
        gale__tls_sent(self, (size_t)sent);
        total += (size_t)sent;
        if (total >= TURN_MOST) {
            gale__loop_call(stream->loop, &self->resume);
            return 1;
        }
    }
}

int gale__tls_send(gale__tls *self)
{
    int result = send_all(self);
    self->waiting = result > 0 && self->waiting;
    return result;
}

/* ---- From tasks ------------------------------------------------------------------------ */

typedef struct call {
    gale__tls *self;
    int result;
} call;

static void flush(void *arg)
{
    call *self = arg;
    self->result = gale__tls_send(self->self);
}

int gale__tls_flush(gale__stream *stream)
{
    call self = { .self = stream->tls };
    gale__on_loop_stack(flush, &self);
    self.self->waiting = self.result > 0;
    return self.result;
}

static void shut_down(void *arg)
{
    call *self = arg;
    gale__tls_enter(self->self);
    self->self->shutting = true;
    if (self->self->established && !self->self->broken)
        SSL_shutdown(self->self->ssl);
    self->result = gale__tls_send(self->self);
}

void gale__tls_shut(gale__stream *stream)
{
    call self = { .self = stream->tls };
    if (!self.self->shutting)
        gale__on_loop_stack(shut_down, &self);
}

/* One attempt, in order that the peer can tell the end from a cut. */
static void say_goodbye(void *arg)
{
    gale__tls *self = ((call *)arg)->self;
    gale__tls_enter(self);
    SSL_shutdown(self->ssl);
    if (self->sealed.size > 0)
        send_sealed(self);
}

void gale__tls_say_goodbye(gale__stream *stream)
{
    gale__tls *self = stream->tls;
    bool whole = gale__stream_queued(stream) == 0 && self->sealed.size == 0 && !stream->io.sending;
    if (self->established && !self->broken && !self->shutting && !stream->error && whole)
        gale__on_loop_stack(say_goodbye, &(call){ .self = self });
}
