/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lower half of a stream: callbacks only. An idle stream owns no buffer: received bytes are
 * handed over in the loop's receive buffer, and the write queue exists while it holds something.
 *
 * It is embedded in its owner (an HTTP connection, a gale_iostream), which is told what happens
 * and decides when to close.
 */
#ifndef GALE_NET_STREAM_H
#define GALE_NET_STREAM_H

#include <sys/uio.h>

#include "net/segments.h"

typedef struct gale__stream gale__stream;

/* Each may close the stream and free its owner. The last three may be NULL. */
typedef struct gale__stream_handlers {
    /* Bytes, valid during the call. */
    void (*received)(gale__stream *stream, const char *data, size_t size);
    /* The peer has ended its side (0), or the connection broke (negative). */
    void (*ended)(gale__stream *stream, int error);
    /* A queue that had to wait has become empty. */
    void (*drained)(gale__stream *stream);
    /* A queue that had to wait has become shorter. */
    void (*progressed)(gale__stream *stream);
    /* A connection that had to wait is there (0), or was refused (negative). */
    void (*connected)(gale__stream *stream, int error);
    /* The TLS handshake is over (0), or has failed (negative; gale_error_detail tells why). */
    void (*secured)(gale__stream *stream, int error);
} gale__stream_handlers;

enum { GALE__OUTPUT_VECTORS = 16 };

/* The write queue. With TLS its size also counts what was taken out of it, but is not sent yet. */
typedef struct gale__output {
    gale__segments segments;
    struct iovec vectors[GALE__OUTPUT_VECTORS]; /* of the send that waits */
} gale__output;

struct gale__stream {
    gale__io io;
    gale_ioloop *loop;
    const gale__stream_handlers *handlers;
    gale__output *output;  /* NULL when nothing is queued */
    struct gale__tls *tls; /* NULL: plain bytes (tls.h) */
    int error;             /* why it broke, or 0 */
    gale__address peer;
};

/* Takes `fd` over. Receiving is off. */
void gale__stream_init(gale__stream *stream, gale_ioloop *loop, int fd,
                       const gale__stream_handlers *handlers);
/*
 * Connects the stream's socket. Returns 0 when it is connected, 1 when that has to wait (then
 * `connected` will come; until then neither receive nor flush), or a negative error.
 */
int gale__stream_connect(gale__stream *stream, const struct sockaddr *address, socklen_t size);
/* Closes at once; what is queued is dropped. Harmless when it is closed. With TLS the peer is told
 * that this is the end, unless something was dropped or the stream is broken. */
void gale__stream_close(gale__stream *stream);
/* The same, so that the peer sees a connection that was cut. */
void gale__stream_cut(gale__stream *stream);
/* Moves the connection to a stream that has none, whose handlers are told from now on. */
void gale__stream_move(gale__stream *to, gale__stream *from);

static inline bool gale__stream_closed(const gale__stream *stream)
{
    return stream->io.fd < 0;
}

/* The slow path of gale__stream_receive. */
GALE__APART int gale__tls_receive_mode(gale__stream *stream, gale__receive_mode mode);

static inline int gale__stream_receive(gale__stream *stream, gale__receive_mode mode)
{
    gale_ioloop *loop = stream->loop;
    if (GALE__UNLIKELY(stream->tls != NULL))
        return gale__tls_receive_mode(stream, mode);
    return loop->operations->receive(loop->backend, &stream->io, mode);
}

/* The queue to append to, made when there is none; NULL when out of memory or closed. */
gale__segments *gale__stream_output(gale__stream *stream);

static inline size_t gale__stream_queued(const gale__stream *stream)
{
    return stream->output ? stream->output->segments.size : 0;
}

/* Gives the queue back, with whatever is in it. */
static inline void gale__stream_release_output(gale__stream *stream)
{
    gale__net *net = gale__net_of(stream->loop);
    gale__output *output = stream->output;
    stream->output = NULL;
    gale__segments_clear(&output->segments, net);
    gale__pool_put(&net->outputs, output);
}

/* Reports what the backend tells as it is. */
void gale__stream_handle_plain(gale__stream *stream);
/* The vectors of the next send: memory from the front of `segments`, up to the first file. */
static inline int gale__output_fill_vectors(gale__output *output, const gale__segments *segments)
{
    int count = 0;
    for (gale__segment *segment = segments->first;
         segment && count < GALE__OUTPUT_VECTORS && segment->data; segment = segment->next)
        output->vectors[count++] =
            (struct iovec){ (void *)(uintptr_t)segment->data, segment->size };
    return count;
}

/* Sends what is queued. Returns 0 when the queue is empty, 1 when the rest has to wait (then
 * `drained` will come), or a negative error (`ended` does not come). */
int gale__stream_flush(gale__stream *stream);
/* Ends our side: no more bytes will be sent. */
void gale__stream_shut(gale__stream *stream);

#endif
