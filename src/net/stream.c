/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream.h"

#include <errno.h>

#include "net/tls.h"

static void on_received(gale__io *io, const char *data, ssize_t size)
{
    gale__stream *stream = GALE__CONTAINER_OF(io, gale__stream, io);
    if (GALE__LIKELY(size > 0)) {
        stream->handlers->received(stream, data, (size_t)size);
        return;
    }
    stream->error = (int)size;
    stream->handlers->ended(stream, stream->error);
}

static void on_sent(gale__io *io, ssize_t size)
{
    gale__stream *stream = GALE__CONTAINER_OF(io, gale__stream, io);
    int result = (int)size;
    if (size >= 0) {
        gale__segments_consume(&stream->output->segments, gale__net_of(stream->loop), (size_t)size);
        result = gale__stream_flush(stream);
    }
    if (result < 0) {
        stream->error = result;
        stream->handlers->ended(stream, result);
    } else if (result == 0) {
        stream->handlers->drained(stream);
    } else if (stream->handlers->progressed) {
        stream->handlers->progressed(stream);
    }
}

static void on_connected(gale__io *io, unsigned events)
{
    gale__stream *stream = GALE__CONTAINER_OF(io, gale__stream, io);
    (void)events;
    stream->loop->operations->watch(stream->loop->backend, io, 0);
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    stream->error = -error;
    stream->handlers->connected(stream, -error);
}

static const gale__io_handlers io_handlers = { .received = on_received,
                                               .sent = on_sent,
                                               .ready = on_connected };

void gale__stream_init(gale__stream *stream, gale_ioloop *loop, int fd,
                       const gale__stream_handlers *handlers)
{
    *stream = (gale__stream){ .io = { .handlers = &io_handlers, .fd = fd },
                              .loop = loop,
                              .handlers = handlers };
}

void gale__stream_handle_plain(gale__stream *stream)
{
    stream->io.handlers = &io_handlers;
}

int gale__stream_connect(gale__stream *stream, const struct sockaddr *address, socklen_t size)
{
    gale_ioloop *loop = stream->loop;
    gale__address_from(&stream->peer, address, size);
    if (connect(stream->io.fd, address, size) == 0)
        return 0;
    stream->error = -errno;
    if (stream->error != -EINPROGRESS && stream->error != -EINTR)
        return stream->error;
    stream->error = loop->operations->watch(loop->backend, &stream->io, GALE__WATCH_WRITE);
    return stream->error < 0 ? stream->error : 1;
}

static void end(gale__stream *stream, bool close_it)
{
    gale_ioloop *loop = stream->loop;
    loop->operations->end(loop->backend, &stream->io, close_it);
    if (stream->output)
        gale__stream_release_output(stream);
}

void gale__stream_cut(gale__stream *stream)
{
    if (gale__stream_closed(stream))
        return;
    if (stream->tls)
        gale__tls_free(stream);
    end(stream, true);
}

void gale__stream_close(gale__stream *stream)
{
    if (stream->tls)
        gale__tls_say_goodbye(stream);
    gale__stream_cut(stream);
}

void gale__stream_move(gale__stream *to, gale__stream *from)
{
    int fd = from->io.fd;
    if (from->tls)
        gale__tls_move(to, from);
    end(from, false);
    to->io.fd = fd;
    to->peer = from->peer;
}

static gale__segments *make_output(gale__stream *stream)
{
    gale__net *net = gale__net_of(stream->loop);
    gale__output *output = net ? gale__pool_get(&net->outputs) : NULL;
    if (!output)
        return NULL;
    output->segments = (gale__segments){ 0 };
    stream->output = output;
    return &output->segments;
}

gale__segments *gale__stream_output(gale__stream *stream)
{
    if (GALE__UNLIKELY(gale__stream_closed(stream)))
        return NULL;
    return stream->output ? &stream->output->segments : make_output(stream);
}

static ssize_t send_front(gale__stream *stream)
{
    gale_ioloop *loop = stream->loop;
    gale__output *output = stream->output;
    int count = gale__output_fill_vectors(output, &output->segments);
    if (GALE__LIKELY(count > 0))
        return loop->operations->send(loop->backend, &stream->io, output->vectors, count);
    return loop->operations->send_file(loop->backend, &stream->io,
                                       gale__segment_file(output->segments.first));
}

int gale__stream_flush(gale__stream *stream)
{
    gale_ioloop *loop = stream->loop;
    gale__output *output = stream->output;
    if (!output)
        return 0;
    if (GALE__UNLIKELY(stream->tls != NULL))
        return gale__tls_flush(stream);
    if (stream->io.sending)
        return 1;
    while (output->segments.size > 0) {
        ssize_t sent = send_front(stream);
        if (sent == GALE__SEND_PENDING)
            return 1;
        if (sent < 0) {
            stream->error = (int)sent;
            return stream->error;
        }
        if (GALE__LIKELY((size_t)sent == output->segments.size))
            break;
        gale__segments_consume(&output->segments, gale__net_of(loop), (size_t)sent);
    }
    gale__stream_release_output(stream);
    return 0;
}

void gale__stream_shut(gale__stream *stream)
{
    gale_ioloop *loop = stream->loop;
    if (gale__stream_closed(stream))
        return;
    if (stream->tls)
        gale__tls_shut(stream);
    else
        loop->operations->shut(loop->backend, &stream->io);
}
