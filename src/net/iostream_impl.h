/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of gale_iostream. The buffer `input` begins with the `lent` bytes that the last read
 * gave out; what follows is unread. When bytes come while some are lent, the lent memory moves to
 * `held`, so that it stays where it is. A read that waits lives on its task's stack.
 */
#ifndef GALE_NET_IOSTREAM_IMPL_H
#define GALE_NET_IOSTREAM_IMPL_H

#include <gale/iostream.h>

#include "core/buffer.h"
#include "gen/task.h"
#include "net/handshakes.h"

typedef struct gale__pattern gale__pattern;

/*
 * Gets bytes in place as they come, in the loop or in the reading task; it must not wait, nor
 * touch the stream. Returns how many it has used; the others come again, together with more.
 * *ret_done ends the read; the rest then stays unread.
 */
typedef size_t (*gale__consume)(void *arg, const char *data, size_t size, bool *ret_done);

typedef struct gale__read {
    gale__waiter waiter;
    gale_iostream *stream; /* NULL once the stream was freed */
    /* Looks whether the unread bytes satisfy the read: 1 and it has taken them, 0 when it needs
     * more, or a negative error. NULL: only the end of the stream satisfies it. */
    int (*step)(struct gale__read *read);
    bool waits, done, partial;
    size_t size;      /* wanted bytes, of read_bytes and read_into */
    size_t max_bytes; /* of a delimited read; SIZE_MAX for none */
    gale_str delimiter;
    size_t searched; /* where in the unread bytes the search goes on */
    char *into;      /* of read_into, or NULL */
    size_t filled;   /* bytes there */
    gale__consume consume;
    void *arg; /* of `consume` */
    gale_str result;
} gale__read;

/* A connect that waits; on its task's stack. */
typedef struct gale__connect {
    gale__waiter waiter;
    gale_iostream *stream;
} gale__connect;

/* A TLS handshake that waits; on its task's stack. */
typedef struct gale__securing {
    gale__waiter waiter;
    gale_iostream *stream;
    char detail[GALE__ERROR_DETAIL_MAX + 1];
} gale__securing;

struct gale_iostream {
    gale__stream stream;
    gale__buffer input;
    size_t lent;
    char *held;
    gale__read *read; /* until its task has resumed */
    gale__list writers;
    uint64_t queued; /* bytes that were ever queued */
    gale__connect *connector;
    gale__securing *securing;
    size_t max_buffer_size, max_write_buffer_size;
    gale_callback close_callback;
    void *close_arg;
    gale__callback close_run;
    gale__pattern *pattern; /* the last one */
    int error;
    const char *why; /* of an error of TLS: a static text; else NULL */
    int end_error;   /* with `ended` */
    bool deaf;       /* the peer takes nothing more; what it has said is still read */
    bool ended;      /* nothing more will be received, and the stream is not closed yet */
    bool receiving, connecting;
};

/*
 * A stream over a connected, non-blocking descriptor whose first bytes were received already.
 * Takes `fd` over, on success. NULL when out of memory.
 */
gale_iostream *gale__iostream_from(gale_ioloop *loop, int fd, const gale__address *address,
                                   gale_str received, const gale_iostream_options *options);

/* Moves the connection to a stream that has none, together with what is unread, and frees. Nothing
 * may wait on it, or be lent by it. */
void gale__iostream_move(gale_iostream *self, gale__stream *to, gale__buffer *ret_input);

/* Closes, with the reason. Ends everything that waits. */
void gale__iostream_close(gale_iostream *self, int error);
/* The same, with a log line unless peers often end so. */
void gale__iostream_close_broken(gale_iostream *self, const char *what, int error);
/* GALE_ECLOSED, with the reason as detail. */
int gale__iostream_fail_closed(const gale_iostream *self);

/* The handlers of the stream below, in iostream_read.c and iostream_write.c. */
void gale__iostream_received(gale__stream *stream, const char *data, size_t size);
void gale__iostream_ended(gale__stream *stream, int error);
void gale__iostream_progressed(gale__stream *stream);

/* The handshake has ended (iostream_tls.c). */
void gale__iostream_secured(gale__stream *stream, int error);
void gale__iostream_end_securing(gale_iostream *self, int result);

/* Asks the backend for bytes, or no longer. */
void gale__iostream_receive(gale_iostream *self, bool on);
/* After a change of what is read or wanted: receives or closes for the close callback. */
void gale__iostream_watch_end(gale_iostream *self);
/* The stream is closed: the pending read gets what there is, or fails. */
void gale__iostream_end_read(gale_iostream *self);
/* Wakes the writers whose bytes have reached the kernel; all of them with `error` when it is
 * negative. */
void gale__iostream_wake_writers(gale_iostream *self, int error);
/* Sending has failed with `error`. True when what the peer has said before is still read: then the
 * stream is not closed yet. */
bool gale__iostream_hears_on(gale_iostream *self, int error);
/* Sends what was queued while the stream was connecting. */
void gale__iostream_flush(gale_iostream *self);

static inline gale_str gale__iostream_unread(const gale_iostream *self)
{
    gale_str all = gale__buffer_str(&self->input);
    return (gale_str){ all.data + self->lent, all.len - self->lent };
}

/* Reads until `consume` is done; first it gets what is there already, also when that is nothing.
 * Returns as the reads of <gale/iostream.h>. Suspends. */
int gale__iostream_consume(gale_iostream *self, gale__consume consume, void *arg);
/* As gale_iostream_write with the bytes of all parts, one after the other. Suspends. */
int gale__iostream_write_parts(gale_iostream *self, const gale_str *parts, size_t count);

/* The same with `size` bytes of a regular file, GALE__SEGMENT_FILE_LEAST or more. Takes `fd` over,
 * also when it fails. Suspends. */
int gale__iostream_write_file(gale_iostream *self, int fd, int64_t offset, size_t size);

/* As gale_iostream_start_tls for a server, whose handshakes are counted. Suspends. */
int gale__iostream_serve_tls(gale_iostream *self, gale_ssl_context *context,
                             gale__handshakes *handshakes);

/* A delimited read's step (iostream_search.c). */
int gale__iostream_find(gale__read *read);
int gale__iostream_match(gale__read *read);
/* Makes self->pattern the compiled `pattern`: 0, GALE_EINVALID or -ENOMEM. */
int gale__iostream_compile(gale_iostream *self, const char *pattern);
void gale__pattern_free(gale__pattern *pattern);
/* Gives the first `size` unread bytes out. */
void gale__read_take(gale__read *read, size_t size);

#endif
