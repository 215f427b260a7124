/* SPDX-License-Identifier: Apache-2.0 */
/* gale_iostream: making, connecting, closing, state. */
#include "net/iostream_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

#include "core/error.h"
#include "net/address.h"
#include "net/tls.h"

static const size_t MAX_BUFFER_SIZE = 104857600;

static void on_drained(gale__stream *stream)
{
    gale__iostream_progressed(stream);
}

static void end_connect(gale_iostream *self, int result)
{
    gale__connect *connector = self->connector;
    self->connector = NULL;
    self->connecting = false;
    if (connector)
        gale__wake(&connector->waiter, result);
}

static void on_connected(gale__stream *stream, int error)
{
    gale_iostream *self = GALE__CONTAINER_OF(stream, gale_iostream, stream);
    end_connect(self, error);
    if (error < 0) {
        gale__iostream_close(self, error);
        return;
    }
    gale__iostream_flush(self);
    gale__iostream_watch_end(self);
}

static const gale__stream_handlers handlers = { .received = gale__iostream_received,
                                                .ended = gale__iostream_ended,
                                                .drained = on_drained,
                                                .progressed = gale__iostream_progressed,
                                                .connected = on_connected,
                                                .secured = gale__iostream_secured };

/* ---- Making ---------------------------------------------------------------------------- */

static void run_close_callback(gale__callback *callback)
{
    gale_iostream *self = GALE__CONTAINER_OF(callback, gale_iostream, close_run);
    gale_callback function = self->close_callback;
    self->close_callback = NULL;
    if (function)
        function(self->close_arg);
}

static gale_iostream *make(gale_ioloop *loop, const gale_iostream_options *options)
{
    gale_iostream *self = GALE__NEW(gale_iostream);
    if (!self)
        return NULL;
    gale__stream_init(&self->stream, loop, -1, &handlers);
    gale__buffer_init(&self->input, SIZE_MAX / 2);
    gale__list_init(&self->writers);
    self->close_run.run = run_close_callback;
    self->max_buffer_size =
        options && options->max_buffer_size ? options->max_buffer_size : MAX_BUFFER_SIZE;
    self->max_write_buffer_size =
        options && options->max_write_buffer_size ? options->max_write_buffer_size : SIZE_MAX;
    return self;
}

gale_iostream *gale__iostream_from(gale_ioloop *loop, int fd, const gale__address *address,
                                   gale_str received, const gale_iostream_options *options)
{
    gale_iostream *self = make(loop, options);
    if (!self)
        return NULL;
    if (gale__loop_open_backend(loop) < 0 ||
        gale__buffer_append(&self->input, received.data, received.len) < 0) {
        gale_iostream_free(self);
        return NULL;
    }
    self->stream.io.fd = fd;
    if (address)
        self->stream.peer = *address;
    return self;
}

gale_iostream *gale_iostream_new(int fd, const gale_iostream_options *options)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        gale__fail(-errno, "cannot make a stream of descriptor %d: %s", fd, gale_strerror(-errno));
        return NULL;
    }
    gale_ioloop *loop = gale_ioloop_current();
    return loop ? gale__iostream_from(loop, fd, NULL, (gale_str){ 0 }, options) : NULL;
}

gale_iostream *gale_pipe_iostream_new(int fd, const gale_iostream_options *options)
{
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) &&
        action.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
    return gale_iostream_new(fd, options);
}

/* ---- Closing --------------------------------------------------------------------------- */

int gale__iostream_fail_closed(const gale_iostream *self)
{
    if (!self->error)
        return gale__fail(GALE_ECLOSED, "%s", gale_strerror(GALE_ECLOSED));
    return gale__fail(GALE_ECLOSED, "%s: %s%s%s", gale_strerror(GALE_ECLOSED),
                      gale_strerror(self->error), self->why ? ": " : "",
                      self->why ? self->why : "");
}

void gale__iostream_close(gale_iostream *self, int error)
{
    if (gale__stream_closed(&self->stream))
        return;
    self->error = error;
    self->ended = self->receiving = false;
    self->why = self->stream.tls ? self->stream.tls->why : NULL;
    if (error)
        gale__stream_cut(&self->stream);
    else
        gale__stream_close(&self->stream);
    end_connect(self, GALE_ECLOSED);
    gale__iostream_end_securing(self, GALE_ECLOSED);
    gale__iostream_end_read(self);
    gale__iostream_wake_writers(self, GALE_ECLOSED);
    if (self->close_callback)
        gale__loop_call(self->stream.loop, &self->close_run);
}

void gale_iostream_close_error(gale_iostream *self, int error)
{
    gale__iostream_close(self, error);
}

void gale_iostream_close(gale_iostream *self)
{
    gale__iostream_close(self, 0);
}

void gale_iostream_set_close_callback(gale_iostream *self, gale_callback callback, void *arg)
{
    self->close_callback = callback;
    self->close_arg = arg;
    if (callback && gale__stream_closed(&self->stream))
        gale__loop_call(self->stream.loop, &self->close_run);
    else
        gale__iostream_watch_end(self);
}

void gale_iostream_free(gale_iostream *self)
{
    if (!self)
        return;
    self->close_callback = NULL;
    gale__iostream_close(self, self->error);
    gale__loop_uncall(&self->close_run);
    if (self->read)
        self->read->stream = NULL;
    gale__buffer_clear(&self->input);
    gale__free(self->held);
    gale__pattern_free(self->pattern);
    gale__free(self);
}

void gale__iostream_move(gale_iostream *self, gale__stream *to, gale__buffer *ret_input)
{
    *ret_input = self->input;
    gale__buffer_init(&self->input, SIZE_MAX);
    gale__stream_move(to, &self->stream);
    gale_iostream_free(self);
}

/* ---- Connecting ------------------------------------------------------------------------ */

static void leave_connect(gale__waiter *waiter)
{
    gale_iostream *self = GALE__CONTAINER_OF(waiter, gale__connect, waiter)->stream;
    self->connector = NULL;
    gale__iostream_close(self, GALE_ECANCELED);
}

int gale_iostream_connect(gale_iostream *self, const gale_address *address)
{
    struct sockaddr_storage socket_address;
    gale__connect wait = { 0 };
    GALE_TRY(gale__wait_begin(&wait.waiter, leave_connect));
    if (self->stream.peer.family || gale__stream_closed(&self->stream))
        return gale__fail(GALE_ESTATE, "this stream cannot connect");
    socklen_t size = gale__address_to_socket(address, &socket_address);
    if (!size)
        return gale__fail(GALE_EINVALID, "no address to connect to");
    int result = gale__stream_connect(&self->stream, (struct sockaddr *)&socket_address, size);
    if (result < 0)
        gale__iostream_close(self, result);
    if (result <= 0)
        return result;
    self->connecting = true;
    self->connector = &wait;
    wait.stream = self;
    return gale__wait_end(&wait.waiter); /* `self` may have been freed after that */
}

/* ---- State ----------------------------------------------------------------------------- */

bool gale_iostream_reading(const gale_iostream *self)
{
    return self->read != NULL;
}

bool gale_iostream_writing(const gale_iostream *self)
{
    return gale__stream_queued(&self->stream) > 0;
}

bool gale_iostream_closed(const gale_iostream *self)
{
    return gale__stream_closed(&self->stream);
}

int gale_iostream_error(const gale_iostream *self)
{
    return self->error;
}

int gale_iostream_fileno(const gale_iostream *self)
{
    return self->stream.io.fd;
}

int gale_iostream_set_nodelay(gale_iostream *self, bool on)
{
    int value = on;
    if (gale__stream_closed(&self->stream))
        return gale__iostream_fail_closed(self);
    if (setsockopt(self->stream.io.fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value) == 0)
        return 0;
    switch (errno) {
    case EINVAL: /* the peer is gone already */
    case ECONNRESET:
    case ENOTSOCK:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
        return 0;
    default:
        return -errno;
    }
}

gale_address gale_iostream_peer_address(const gale_iostream *self)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    gale_address address = gale__address_public(&self->stream.peer);
    bool known = address.family == AF_INET || address.family == AF_INET6;
    if (!known && !gale__stream_closed(&self->stream) &&
        getpeername(self->stream.io.fd, (struct sockaddr *)&peer, &size) == 0)
        gale__address_from_socket(&address, (struct sockaddr *)&peer, size);
    return address;
}
