/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_backend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_DESCRIPTOR = 1 << 24, MOST_TURNS = 10000000 };

static const int64_t BEGINNING = 1000000000000; /* ns: any time but 0 */

static struct {
    gale__backend base;
    gale_ioloop *loop;
    memory_peer **peers; /* by descriptor */
    size_t count, capacity, open;
    gale__list active;
    int64_t now, latest; /* the clock does not jump past `latest` */
    bool woken;
} network;

static _Noreturn void give_up(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

static void *need(void *memory)
{
    if (!memory)
        give_up("memory backend: out of memory");
    return memory;
}

/* ---- Bytes on their way ---------------------------------------------------------------- */

static size_t bytes_size(const struct memory_bytes *bytes)
{
    return bytes->end - bytes->begin;
}

/* There is always room for a NUL behind the bytes. */
static void bytes_append(struct memory_bytes *bytes, const void *data, size_t size)
{
    if (bytes->end + size + 1 > bytes->capacity) {
        bytes->capacity = (bytes->end + size + 1) * 2;
        bytes->data = need(realloc(bytes->data, bytes->capacity));
    }
    if (size > 0)
        memcpy(bytes->data + bytes->end, data, size);
    bytes->end += size;
    bytes->data[bytes->end] = '\0';
}

static void bytes_consume(struct memory_bytes *bytes, size_t size)
{
    bytes->begin += size;
    if (bytes->begin < bytes->end)
        return;
    free(bytes->data);
    *bytes = (struct memory_bytes){ 0 };
}

/* ---- Peers ----------------------------------------------------------------------------- */

static memory_peer *peer_new(void)
{
    if (network.count == network.capacity) {
        network.capacity = network.capacity * 2 + 64;
        network.peers = need(realloc(network.peers, network.capacity * sizeof(memory_peer *)));
    }
    memory_peer *peer = need(calloc(1, sizeof *peer));
    peer->fd = FIRST_DESCRIPTOR + (int)network.count;
    peer->window = SIZE_MAX;
    gale__list_init(&peer->active);
    gale__list_init(&peer->waiting);
    network.peers[network.count++] = peer;
    return peer;
}

static memory_peer *peer_of(int fd)
{
    size_t index = (size_t)fd - FIRST_DESCRIPTOR;
    if (fd < FIRST_DESCRIPTOR || index >= network.count || network.peers[index]->closed)
        give_up("memory backend: descriptor %d is not open", fd);
    return network.peers[index];
}

static memory_peer *adopt(gale__io *io)
{
    memory_peer *peer = peer_of(io->fd);
    peer->io = io;
    return peer;
}

static void activate(memory_peer *peer)
{
    if (peer->io && !gale__list_linked(&peer->active))
        gale__list_append(&network.active, &peer->active);
}

static void peer_free(memory_peer *peer)
{
    free(peer->incoming.data);
    free(peer->outgoing.data);
    free(peer);
}

/* ---- The operations -------------------------------------------------------------------- */

static int backend_open(gale__backend **ret_backend)
{
    network.base.operations = &memory_backend;
    *ret_backend = &network.base;
    return 0;
}

static void backend_close(gale__backend *backend)
{
    (void)backend;
    if (network.open > 0)
        give_up("memory backend: %zu connections were not closed", network.open);
}

static int64_t backend_now(gale__backend *backend)
{
    (void)backend;
    return network.now;
}

static int backend_accept(gale__backend *backend, gale__io *io, bool on)
{
    (void)backend;
    memory_peer *listener = adopt(io);
    listener->accepting = on;
    activate(listener);
    return 0;
}

static int backend_receive(gale__backend *backend, gale__io *io, gale__receive_mode mode)
{
    (void)backend;
    memory_peer *peer = adopt(io);
    peer->mode = (uint8_t)mode;
    activate(peer);
    return 0;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Takes what the peer takes. */
static ssize_t take(memory_peer *peer, const struct iovec *vectors, int count)
{
    size_t room = least(peer->window, peer->send_limit ? peer->send_limit : SIZE_MAX);
    size_t taken = 0;
    for (int i = 0; i < count && taken < room; i++) {
        size_t size = least(vectors[i].iov_len, room - taken);
        if (!peer->discard)
            bytes_append(&peer->outgoing, vectors[i].iov_base, size);
        taken += size;
    }
    peer->sent += taken;
    if (peer->window != SIZE_MAX)
        peer->window -= taken;
    return (ssize_t)taken;
}

static ssize_t backend_send(gale__backend *backend, gale__io *io, const struct iovec *vectors,
                            int count)
{
    (void)backend;
    memory_peer *peer = adopt(io);
    if (peer->shut || io->sending)
        give_up("memory backend: a send after shut, or while another waits");
    if (peer->error)
        return -EPIPE;
    if (!peer->sends_wait && peer->window > 0)
        return take(peer, vectors, count);
    io->sending = vectors;
    io->sending_count = count;
    activate(peer);
    return GALE__SEND_PENDING;
}

/* What the peer takes of a file. */
static ssize_t take_file(memory_peer *peer, const gale__file_range *range)
{
    char data[65536];
    size_t size = least(range->size, sizeof data);
    ssize_t got = pread(range->fd, data, size, range->offset);
    if (got <= 0 && size > 0)
        return got < 0 ? -errno : GALE_EOUTPUT;
    struct iovec vector = { data, (size_t)got };
    return take(peer, &vector, 1);
}

static ssize_t backend_send_file(gale__backend *backend, gale__io *io,
                                 const gale__file_range *range)
{
    (void)backend;
    memory_peer *peer = adopt(io);
    if (peer->shut || io->sending)
        give_up("memory backend: a send after shut, or while another waits");
    if (peer->error)
        return -EPIPE;
    if (!peer->sends_wait && peer->window > 0)
        return take_file(peer, range);
    io->sending_file = range;
    io->sending_count = 0;
    activate(peer);
    return GALE__SEND_PENDING;
}

static int backend_watch(gale__backend *backend, gale__io *io, unsigned events)
{
    (void)backend;
    (void)io;
    return events ? GALE_ENOTSUP : 0;
}

static void backend_shut(gale__backend *backend, gale__io *io)
{
    (void)backend;
    adopt(io)->shut = true;
}

static void refuse_waiting(memory_peer *listener)
{
    for (gale__list *link; (link = gale__list_pop(&listener->waiting));) {
        GALE__CONTAINER_OF(link, memory_peer, waiting)->closed = true;
        network.open--;
    }
}

static void backend_end(gale__backend *backend, gale__io *io, bool close_it)
{
    (void)backend;
    memory_peer *peer = adopt(io);
    gale__list_remove(&peer->active);
    if (peer->listening)
        refuse_waiting(peer);
    else if (close_it)
        network.open--;
    peer->closed = close_it || peer->listening; /* a listener closes its socket itself */
    peer->io = NULL;
    io->fd = -1;
    io->sending = NULL;
}

static void backend_wake(gale__backend *backend)
{
    (void)backend;
    __atomic_store_n(&network.woken, true, __ATOMIC_SEQ_CST);
}

/* ---- What is reported in a turn -------------------------------------------------------- */

static void report_accepted(memory_peer *listener)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    while (listener->io && listener->accepting) {
        if (gale__list_empty(&listener->waiting))
            return;
        if (listener->error) {
            listener->io->handlers->accepted(listener->io, listener->error, NULL, 0);
            return;
        }
        gale__list *link = gale__list_pop(&listener->waiting);
        int fd = GALE__CONTAINER_OF(link, memory_peer, waiting)->fd;
        address.sin_port = htons((uint16_t)fd);
        listener->io->handlers->accepted(listener->io, fd, (struct sockaddr *)&address,
                                         sizeof address);
    }
}

static void report_sent(memory_peer *peer)
{
    gale__io *io = peer->io;
    if (!io->sending || (peer->window == 0 && !peer->error))
        return;
    ssize_t sent = peer->error             ? -EPIPE
                   : io->sending_count > 0 ? take(peer, io->sending, io->sending_count)
                                           : take_file(peer, io->sending_file);
    io->sending = NULL;
    io->handlers->sent(io, sent);
}

/* The bytes get memory of their own, so that a use of them after the call is seen. */
static void report_bytes(memory_peer *peer)
{
    size_t size = bytes_size(&peer->incoming);
    if (peer->piece)
        size = least(size, peer->piece);
    size = least(size, 65536);
    char *data = need(malloc(size));
    memcpy(data, peer->incoming.data + peer->incoming.begin, size);
    bytes_consume(&peer->incoming, size);
    peer->io->handlers->received(peer->io, data, (ssize_t)size);
    free(data);
}

static void report_received(memory_peer *peer)
{
    bool on = peer->mode == GALE__RECEIVE_ON;
    if (on && bytes_size(&peer->incoming) > 0) {
        report_bytes(peer);
    } else if (peer->mode != GALE__RECEIVE_OFF && (peer->ended || peer->error)) {
        peer->mode = GALE__RECEIVE_OFF;
        peer->io->handlers->received(peer->io, NULL, peer->error);
    }
}

/* True when another turn would report something, too. */
static bool has_more(const memory_peer *peer)
{
    if (peer->listening)
        return peer->accepting && !gale__list_empty(&peer->waiting);
    if (peer->io->sending && (peer->window > 0 || peer->error))
        return true;
    if (peer->mode == GALE__RECEIVE_ON && bytes_size(&peer->incoming) > 0)
        return true;
    return peer->mode != GALE__RECEIVE_OFF && (peer->ended || peer->error);
}

static void report(memory_peer *peer)
{
    if (peer->listening) {
        report_accepted(peer);
    } else {
        report_sent(peer);
        if (peer->io)
            report_received(peer);
    }
    if (peer->io && has_more(peer))
        activate(peer);
}

static int report_all(void)
{
    int count = 0;
    gale__list batch;
    gale__list_init(&batch);
    gale__list_splice(&batch, &network.active);
    for (gale__list *link; (link = gale__list_pop(&batch)); count++)
        report(GALE__CONTAINER_OF(link, memory_peer, active));
    return count;
}

static int backend_wait(gale__backend *backend, int64_t timeout, int64_t *now)
{
    (void)backend;
    bool woken = __atomic_exchange_n(&network.woken, false, __ATOMIC_SEQ_CST);
    if (!woken && timeout != 0 && gale__list_empty(&network.active)) {
        if (timeout < 0 && network.latest == INT64_MAX)
            return -EDEADLK; /* nothing can ever happen */
        bool beyond = timeout < 0 || timeout > network.latest - network.now;
        network.now = beyond ? network.latest : network.now + timeout;
    }
    *now = network.now;
    return report_all();
}

const gale__backend_operations memory_backend = {
    .name = "memory",
    .open = backend_open,
    .close = backend_close,
    .now = backend_now,
    .accept = backend_accept,
    .receive = backend_receive,
    .send = backend_send,
    .send_file = backend_send_file,
    .watch = backend_watch,
    .shut = backend_shut,
    .end = backend_end,
    .wait = backend_wait,
    .wake = backend_wake,
};

/* ---- The test's side ------------------------------------------------------------------- */

/* What an earlier loop has left is looked at until here. */
static void forget_everything(void)
{
    for (size_t i = 0; i < network.count; i++)
        peer_free(network.peers[i]);
    free(network.peers);
    memset(&network, 0, sizeof network);
    gale__list_init(&network.active);
    network.now = BEGINNING;
    network.latest = INT64_MAX;
}

gale_ioloop *memory_loop(const gale_ioloop_options *options)
{
    if (gale_ioloop_current_or_null())
        return NULL;
    forget_everything();
    gale_ioloop *loop = gale_ioloop_new(options);
    if (loop)
        gale__loop_use_backend(loop, &memory_backend);
    return network.loop = loop;
}

static void turn(bool block)
{
    int result = gale__loop_turn(network.loop, block);
    if (result < 0)
        give_up("memory backend: a turn failed: %s", gale_strerror(result));
}

static bool something_to_do(void)
{
    gale_ioloop *loop = network.loop;
    return !gale__list_empty(&loop->callbacks) || !gale__list_empty(&network.active) ||
           gale__wheel_next(&loop->wheel) <= network.now;
}

void memory_turns(void)
{
    int turns = 0;
    do {
        turn(false);
        if (++turns == MOST_TURNS)
            give_up("memory backend: the loop does not come to rest");
    } while (something_to_do());
}

void memory_advance(double seconds)
{
    network.latest = network.now + gale__seconds(seconds);
    do {
        memory_turns();
        turn(true);
    } while (network.now < network.latest);
    memory_turns();
    network.latest = INT64_MAX;
}

int64_t memory_now(void)
{
    return network.now;
}

int memory_listen(void)
{
    memory_peer *listener = peer_new();
    listener->listening = true;
    return listener->fd;
}

void memory_fail_accepting(int listening, int error)
{
    memory_peer *listener = peer_of(listening);
    listener->error = error;
    activate(listener);
}

memory_peer *memory_connect(int listening)
{
    memory_peer *listener = network.peers[listening - FIRST_DESCRIPTOR];
    if (listener->closed)
        return NULL;
    memory_peer *peer = peer_new();
    gale__list_append(&listener->waiting, &peer->waiting);
    activate(listener);
    network.open++;
    return peer;
}

void memory_send(memory_peer *peer, const void *data, size_t size)
{
    bytes_append(&peer->incoming, data, size);
    activate(peer);
}

void memory_end(memory_peer *peer)
{
    peer->ended = true;
    activate(peer);
}

void memory_break(memory_peer *peer, int error)
{
    peer->error = error;
    activate(peer);
}

void memory_take(memory_peer *peer, size_t bytes)
{
    peer->window = bytes;
    activate(peer);
}

gale_str memory_received(const memory_peer *peer)
{
    if (!peer->outgoing.data)
        return GALE_STR("");
    return (gale_str){ peer->outgoing.data + peer->outgoing.begin, bytes_size(&peer->outgoing) };
}

void memory_forget(memory_peer *peer, size_t size)
{
    bytes_consume(&peer->outgoing, size);
}

size_t memory_open_count(void)
{
    return network.open;
}
