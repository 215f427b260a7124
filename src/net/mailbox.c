/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's end of the messages between workers. A datagram has a head and as many messages as
 * fit; a message that is too long for one goes in pieces, which nothing of the same sender comes
 * between.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/buffer.h"
#include "core/error.h"
#include "net/worker_mail.h"

enum {
    PIECE = 32768,       /* bytes of messages in a datagram */
    MOST_MESSAGES = 64,  /* in a datagram */
    MOST_DATAGRAMS = 16, /* read in one go */
    FIRST_CAPACITY = 16, /* of a queue */
    ROOM = PIECE + MOST_MESSAGES * 16 + 16
};

typedef struct datagram_head {
    uint32_t sender, sender_generation, receiver_generation;
} datagram_head;

/* Before each message, or piece of one. `total` 0: there is none, but so many were sent before. */
typedef struct message_head {
    uint32_t number; /* of the message, counted for this sender and receiver */
    uint32_t total, offset, size;
} message_head;

typedef struct waiting_message {
    gale_bytes *bytes;
    uint32_t number;
} waiting_message;

/* What waits for a receiver: a ring. */
typedef struct outbox {
    gale__io io; /* its descriptor is shared, and is not ours to close */
    gale__mailbox *mailbox;
    uint32_t generation; /* of the receiver that the numbers are for */
    uint32_t next_number;
    waiting_message *messages;
    size_t first, count, capacity; /* 0 or a power of two */
    size_t size;                   /* bytes of messages */
    size_t sent;                   /* bytes of the first one */
    bool blocked;                  /* until its descriptor can be written */
    bool gap;                      /* the last ones were left out */
} outbox;

/* What is known of a sender. */
typedef struct sender {
    uint32_t generation, expected;
    gale__buffer partial; /* of a message that comes in pieces */
} sender;

struct gale__mailbox {
    gale__io io;
    gale_ioloop *loop;
    const gale__mailbox_handlers *handlers;
    void *arg;
    gale__callback flush;
    uint32_t generation;
    int count;
    bool listens;
    sender *senders;
    outbox *outboxes;
    char datagram[ROOM];
};

static gale__mailbox *the_mailbox;

/* ---- Sending --------------------------------------------------------------------------- */

static waiting_message *message_at(const outbox *self, size_t i)
{
    return &self->messages[(self->first + i) & (self->capacity - 1)];
}

static void drop_first(outbox *self)
{
    waiting_message *first = message_at(self, 0);
    self->size -= gale_bytes_str(first->bytes).len;
    gale_bytes_unref(first->bytes);
    self->first = (self->first + 1) & (self->capacity - 1);
    self->count--;
    self->sent = 0;
}

static void empty(outbox *self)
{
    while (self->count > 0)
        drop_first(self);
    gale__free(self->messages);
    self->messages = NULL;
    self->first = self->capacity = 0;
}

static int grow(outbox *self)
{
    size_t capacity = self->capacity ? self->capacity * 2 : FIRST_CAPACITY;
    waiting_message *messages = gale__calloc(capacity, sizeof *messages);
    if (!messages)
        return -ENOMEM;
    for (size_t i = 0; i < self->count; i++)
        messages[i] = *message_at(self, i);
    gale__free(self->messages);
    self->messages = messages;
    self->first = 0;
    self->capacity = capacity;
    return 0;
}

/* Numbers are counted anew for a worker that has taken the place of another. */
static void look_at_receiver(outbox *self)
{
    uint32_t generation = gale__worker_mail_generation((int)(self - self->mailbox->outboxes));
    if (generation == self->generation)
        return;
    empty(self);
    self->generation = generation;
    self->next_number = 0;
    self->gap = false;
}

static void append(outbox *self, gale_bytes *message)
{
    size_t size = gale_bytes_str(message).len;
    uint32_t number = self->next_number++;
    bool room = self->count == 0 || self->size + size <= GALE__MAILBOX_WAITING;
    if (!room || (self->count == self->capacity && grow(self) < 0)) {
        self->gap = true;
        return;
    }
    self->gap = false;
    self->count++;
    self->size += size;
    *message_at(self, self->count - 1) = (waiting_message){ gale_bytes_ref(message), number };
}

/* A datagram while it is put together. */
typedef struct gathering {
    datagram_head head;
    message_head heads[MOST_MESSAGES];
    struct iovec vectors[1 + 2 * MOST_MESSAGES];
    int vector_count;
    size_t messages, size;
} gathering;

static void put(gathering *self, const void *data, size_t size)
{
    self->vectors[self->vector_count++] = (struct iovec){ (void *)(uintptr_t)data, size };
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Puts in what comes next; false when the datagram is full. */
static bool gather_next(gathering *self, const outbox *from)
{
    if (self->messages == from->count || self->messages == MOST_MESSAGES)
        return false;
    const waiting_message *message = message_at(from, self->messages);
    gale_str text = gale_bytes_str(message->bytes);
    size_t offset = self->messages == 0 ? from->sent : 0, left = text.len - offset;
    if (self->size > 0 && left > PIECE - self->size)
        return false;
    size_t size = least(left, PIECE);
    message_head *head = &self->heads[self->messages++];
    *head = (message_head){ message->number, (uint32_t)text.len, (uint32_t)offset, (uint32_t)size };
    put(self, head, sizeof *head);
    put(self, text.data + offset, size);
    self->size += size;
    return true;
}

static void gather(gathering *self, const outbox *from)
{
    self->vector_count = 0;
    self->messages = self->size = 0;
    self->head = (datagram_head){ (uint32_t)gale__worker_mail_self(), from->mailbox->generation,
                                  from->generation };
    put(self, &self->head, sizeof self->head);
    while (gather_next(self, from))
        continue;
    if (self->messages > 0)
        return;
    self->heads[0] = (message_head){ .number = from->next_number };
    put(self, &self->heads[0], sizeof self->heads[0]);
}

static void sent(outbox *self, const gathering *what)
{
    const message_head *head = what->heads;
    if (what->messages == 0) {
        self->gap = false;
    } else if (head->offset + head->size < head->total) {
        self->sent = head->offset + head->size;
    } else {
        for (size_t i = 0; i < what->messages; i++)
            drop_first(self);
    }
}

/* False when it has to wait. Whoever is gone gets nothing. */
static bool send_one(outbox *self)
{
    gathering what;
    gather(&what, self);
    struct msghdr message = { .msg_iov = what.vectors, .msg_iovlen = (size_t)what.vector_count };
    ssize_t result = sendmsg(self->io.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (result < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == EINTR))
        return false;
    sent(self, &what);
    return true;
}

static void watch(outbox *self, bool on)
{
    gale_ioloop *loop = self->mailbox->loop;
    unsigned events = on ? GALE__WATCH_WRITE : 0;
    if (self->blocked != on)
        self->blocked = loop->operations->watch(loop->backend, &self->io, events) >= 0 && on;
}

static void send_all(outbox *self)
{
    bool more = true;
    look_at_receiver(self);
    while (more && (self->count > 0 || self->gap))
        more = send_one(self);
    watch(self, !more);
    if (self->count == 0)
        empty(self);
}

static void can_send(gale__io *io, unsigned events)
{
    (void)events;
    send_all(GALE__CONTAINER_OF(io, outbox, io));
}

static void flush(gale__callback *callback)
{
    gale__mailbox *self = GALE__CONTAINER_OF(callback, gale__mailbox, flush);
    for (int i = 0; i < self->count; i++)
        if (self->outboxes[i].count > 0 && !self->outboxes[i].blocked)
            send_all(&self->outboxes[i]);
}

static bool is_wanted(int worker, unsigned kind)
{
    return worker != gale__worker_mail_self() && gale__worker_mail_wants(worker, kind);
}

bool gale__mailbox_wanted(const gale__mailbox *self, unsigned kind)
{
    for (int i = 0; i < self->count; i++)
        if (is_wanted(i, kind))
            return true;
    return false;
}

void gale__mailbox_post(gale__mailbox *self, unsigned kind, gale_bytes *message)
{
    for (int i = 0; i < self->count; i++) {
        if (!is_wanted(i, kind))
            continue;
        look_at_receiver(&self->outboxes[i]);
        append(&self->outboxes[i], message);
        gale__loop_call(self->loop, &self->flush);
    }
}

/* ---- Receiving ------------------------------------------------------------------------- */

static void count_missed(gale__mailbox *self, sender *from, uint32_t number)
{
    uint32_t missed = number - from->expected;
    if (missed == 0)
        return;
    from->expected = number;
    gale__buffer_clear(&from->partial);
    self->handlers->missed(self->arg, missed);
}

/* Out of memory it is as if it had not come: the next number tells. */
static void take_piece(gale__mailbox *self, sender *from, const message_head *head,
                       const char *data)
{
    if (from->partial.size != head->offset ||
        gale__buffer_append(&from->partial, data, head->size) < 0) {
        gale__buffer_clear(&from->partial);
        return;
    }
    if (from->partial.size < head->total)
        return;
    from->expected++;
    self->handlers->received(self->arg, gale__buffer_str(&from->partial));
    gale__buffer_clear(&from->partial);
}

static void take_message(gale__mailbox *self, sender *from, const message_head *head,
                         const char *data)
{
    count_missed(self, from, head->number);
    if (head->total == 0)
        return;
    if (head->size < head->total) {
        take_piece(self, from, head, data);
        return;
    }
    from->expected++;
    self->handlers->received(self->arg, (gale_str){ data, head->size });
}

static sender *sender_of(gale__mailbox *self, const datagram_head *head)
{
    if (head->receiver_generation != self->generation || head->sender >= (uint32_t)self->count)
        return NULL;
    sender *from = &self->senders[head->sender];
    if (from->generation != head->sender_generation) {
        from->generation = head->sender_generation;
        from->expected = 0;
        gale__buffer_clear(&from->partial);
    }
    return from;
}

static void take_datagram(gale__mailbox *self, const char *data, size_t size)
{
    datagram_head head;
    message_head message;
    if (size < sizeof head)
        return;
    memcpy(&head, data, sizeof head);
    sender *from = sender_of(self, &head);
    for (size_t at = sizeof head; from && size - at >= sizeof message; at += message.size) {
        memcpy(&message, data + at, sizeof message);
        at += sizeof message;
        if (message.size > size - at)
            return;
        take_message(self, from, &message, data + at);
    }
}

static void can_receive(gale__io *io, unsigned events)
{
    gale__mailbox *self = GALE__CONTAINER_OF(io, gale__mailbox, io);
    (void)events;
    for (int i = 0; i < MOST_DATAGRAMS && self->listens; i++) {
        ssize_t size = recv(io->fd, self->datagram, sizeof self->datagram, MSG_DONTWAIT);
        if (size < 0)
            return;
        take_datagram(self, self->datagram, (size_t)size);
    }
}

void gale__mailbox_listen(gale__mailbox *self, bool on)
{
    gale_ioloop *loop = self->loop;
    unsigned events = on ? GALE__WATCH_READ : 0;
    if (self->listens != on && loop->operations->watch(loop->backend, &self->io, events) >= 0)
        self->listens = on;
}

/* ---- Life ------------------------------------------------------------------------------ */

static const gale__io_handlers outbox_handlers = { .ready = can_send };
static const gale__io_handlers inbox_handlers = { .ready = can_receive };

static int init(gale__mailbox *self)
{
    self->senders = gale__calloc((size_t)self->count, sizeof *self->senders);
    self->outboxes = gale__calloc((size_t)self->count, sizeof *self->outboxes);
    if (!self->senders || !self->outboxes)
        return -ENOMEM;
    for (int i = 0; i < self->count; i++) {
        self->outboxes[i].mailbox = self;
        self->outboxes[i].io.handlers = &outbox_handlers;
        self->outboxes[i].io.fd = gale__worker_mail_outbox(i);
        gale__buffer_init(&self->senders[i].partial, SIZE_MAX);
    }
    GALE_TRY(gale__loop_open_backend(self->loop));
    self->listens = true;
    return self->loop->operations->watch(self->loop->backend, &self->io, GALE__WATCH_READ);
}

static void mailbox_free(gale__mailbox *self)
{
    gale_ioloop *loop = self->loop;
    for (int i = 0; self->outboxes && i < self->count; i++) {
        empty(&self->outboxes[i]);
        if (self->outboxes[i].blocked)
            loop->operations->end(loop->backend, &self->outboxes[i].io, false);
    }
    for (int i = 0; self->senders && i < self->count; i++)
        gale__buffer_clear(&self->senders[i].partial);
    gale__loop_uncall(&self->flush);
    gale__free(self->outboxes);
    gale__free(self->senders);
    gale__free(self);
    the_mailbox = NULL;
}

int gale__mailbox_open(gale_ioloop *loop, const gale__mailbox_handlers *handlers, void *arg,
                       gale__mailbox **ret_mailbox)
{
    int count = gale__worker_mail_count();
    if (count == 0)
        return GALE_ENOTFOUND;
    if (the_mailbox)
        return GALE_ESTATE;
    gale__mailbox *self = GALE__NEW(gale__mailbox);
    if (!self)
        return -ENOMEM;
    self->loop = loop;
    self->handlers = handlers;
    self->arg = arg;
    self->count = count;
    self->flush.run = flush;
    self->generation = gale__worker_mail_begin();
    self->io.handlers = &inbox_handlers;
    self->io.fd = gale__worker_mail_inbox();
    int result = init(self);
    if (result < 0) {
        mailbox_free(self);
        return result;
    }
    *ret_mailbox = the_mailbox = self;
    return 0;
}

void gale__mailbox_close(gale__mailbox *self)
{
    if (!self)
        return;
    flush(&self->flush);
    self->loop->operations->end(self->loop->backend, &self->io, false);
    mailbox_free(self);
}
