/* SPDX-License-Identifier: Apache-2.0 */
#include "net/handshakes.h"

#include <sys/ioctl.h>

#include <gale/log.h>

#include "core/error.h"

enum { MOST = 1000 };

static const int64_t PATIENCE = 250000000;      /* ns for a peer that sends nothing */
static const int64_t ALL_PATIENCE = 1000000000; /* ns for one that does */
static const int64_t LOG_EVERY = 1000000000;

void gale__handshakes_init(gale__handshakes *self, int most)
{
    gale__list_init(&self->list);
    self->count = 0;
    self->most = most == 0 ? MOST : most < 0 ? SIZE_MAX : (size_t)most;
    self->next_line = 0;
}

static gale__handshake *oldest(const gale__handshakes *self)
{
    return GALE__CONTAINER_OF(self->list.next, gale__handshake, link);
}

/* What has come and was not read yet waits for us. */
static bool is_stalled(const gale__handshake *self)
{
    int unread = 0;
    int64_t age = self->stream->loop->now - self->begun;
    if (age < PATIENCE)
        return false;
    return age >= ALL_PATIENCE ||
           (ioctl(self->stream->io.fd, FIONREAD, &unread) == 0 && unread == 0);
}

bool gale__handshakes_full(const gale__handshakes *self)
{
    return self->count >= self->most && !is_stalled(oldest(self));
}

static void log_full(gale__handshakes *self, int64_t now)
{
    if (now < self->next_line)
        return;
    self->next_line = now + LOG_EVERY;
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING,
             "%zu TLS handshakes are in progress, the most allowed: the oldest are closed",
             self->most);
}

static void close_oldest(gale__handshakes *self)
{
    gale__stream *stream = oldest(self)->stream;
    log_full(self, stream->loop->now);
    stream->handlers->secured(stream,
                              gale__fail(GALE_ETIMEDOUT_HANDSHAKE, "too many TLS handshakes"));
}

void gale__handshakes_add(gale__handshakes *self, gale__handshake *handshake, gale__stream *stream)
{
    while (self->count >= self->most && is_stalled(oldest(self)))
        close_oldest(self);
    *handshake = (gale__handshake){ .owner = self, .stream = stream, .begun = stream->loop->now };
    gale__list_append(&self->list, &handshake->link);
    self->count++;
}

void gale__handshakes_remove(gale__handshake *handshake)
{
    gale__list_remove(&handshake->link);
    handshake->owner->count--;
}
