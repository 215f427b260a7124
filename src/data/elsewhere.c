/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topics of other processes: the other workers of this supervisor, by mail, and other machines by a
 * link. What workers have told each other by mail comes back by a link as well, and is dropped
 * there: each message says which family of processes it is from.
 */
#include "data/topics.h"

#include <errno.h>
#include <string.h>

#include <gale/log.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/siphash.h"
#include "core/utf8.h"
#include "net/worker_mail.h"

static const double REPORT_EVERY = 0.1; /* seconds between two reports of what was missed */

/* ---- What was missed -------------------------------------------------------------------- */

static void tell_topic(gale__topics *self, gale__topic *topic, void *arg)
{
    uint64_t count = *(const uint64_t *)arg;
    for (gale__list *link = topic->subscribers.next; link != &topic->subscribers;
         link = link->next) {
        gale__subscriber *one = GALE__CONTAINER_OF(link, gale__subscriber, link);
        if (one->topic && one->operations->missed)
            one->operations->missed(one, count);
    }
    if (self->options.on_loss)
        self->options.on_loss(topic->name, count, self->options.arg);
}

static void report(gale__topics *self)
{
    uint64_t count = self->missed_unknown ? 0 : self->missed_count;
    self->missed = self->missed_unknown = false;
    self->missed_count = 0;
    if (count > 0)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING,
                 "topics: %llu messages from elsewhere were lost", (unsigned long long)count);
    else
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "topics: messages from elsewhere were lost");
    gale__topics_each(self, tell_topic, &count);
    gale__loop_add_timer(self->loop, &self->missed_timer, REPORT_EVERY);
}

static void report_again(gale__timer *timer)
{
    gale__topics *self = GALE__CONTAINER_OF(timer, gale__topics, missed_timer);
    if (self->missed)
        report(self);
}

static void missed(gale__topics *self, uint64_t count)
{
    self->missed = true;
    self->missed_count += count;
    if (count == 0)
        self->missed_unknown = true;
    self->missed_timer.fire = report_again;
    if (!gale__timer_pending(&self->missed_timer))
        report(self);
}

/* ---- What comes ------------------------------------------------------------------------- */

static void take(gale__topics *self, gale_str name, gale_str payload, bool binary)
{
    gale__topic *topic = gale__topics_find(self, name);
    if (!topic || topic->count == 0)
        return;
    gale__publication *publication = gale__topics_has_room(self, payload.len)
                                         ? gale__publication_new(name, payload, binary)
                                         : NULL;
    if (publication)
        gale__topics_deliver(self, topic, publication);
    else
        missed(self, 1);
}

/* ---- By mail ---------------------------------------------------------------------------- */

/* A kind, the size of the name, the name, the payload. */
enum { MAIL_HEAD = 2 };

static void mail_received(void *arg, gale_str message)
{
    const unsigned char *head = (const unsigned char *)message.data;
    if (message.len < MAIL_HEAD || message.len - MAIL_HEAD < head[1])
        return;
    gale_str name = { message.data + MAIL_HEAD, head[1] };
    size_t before = MAIL_HEAD + name.len;
    take(arg, name, (gale_str){ message.data + before, message.len - before }, head[0] != 0);
}

static void mail_missed(void *arg, uint64_t count)
{
    missed(arg, count);
}

static const gale__mailbox_handlers mail_handlers = { mail_received, mail_missed };

/* All workers agree on what they call a topic. */
static unsigned mail_kind(gale_str name)
{
    return (unsigned)(gale__siphash(gale__worker_mail_key(), name) % GALE__MAIL_KINDS);
}

static gale_str name_of(const gale__topic *topic)
{
    return (gale_str){ topic->name, topic->name_size };
}

static void want(gale__topics *self, gale__topic *topic, void *arg)
{
    (void)self;
    (void)arg;
    gale__worker_mail_want(mail_kind(name_of(topic)), true);
}

int gale__topics_join_workers(gale__topics *self)
{
    if (self->mailbox || gale__worker_mail_count() == 0)
        return 0;
    int result = gale__mailbox_open(self->loop, &mail_handlers, self, &self->mailbox);
    if (result == GALE_ESTATE) /* another loop of this process has it */
        return 0;
    GALE_TRY(result);
    self->listening = true;
    self->family = gale__worker_mail_family();
    gale__topics_each(self, want, NULL);
    return 0;
}

static gale_bytes *make_mail(gale_str name, gale_str payload, bool binary)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    gale__buffer_reserve(&out, MAIL_HEAD + name.len + payload.len);
    gale__buffer_append_char(&out, binary);
    gale__buffer_append_char(&out, (char)name.len);
    gale__buffer_append(&out, name.data, name.len);
    gale__buffer_append(&out, payload.data, payload.len);
    return gale__buffer_take(&out);
}

/* ---- By a link -------------------------------------------------------------------------- */

/* What no text begins with, the family, a kind. Then comes the payload. */
static const char LINK_MARK[] = { '\0', 'g', '1', ':' };
enum { LINK_FAMILY = sizeof LINK_MARK, LINK_KIND = LINK_FAMILY + 8, LINK_HEAD };

static bool is_ours(gale_str bytes)
{
    return bytes.len >= LINK_HEAD && memcmp(bytes.data, LINK_MARK, sizeof LINK_MARK) == 0;
}

static int make_link_bytes(const gale__topics *self, gale_str payload, bool binary,
                           gale__buffer *out)
{
    gale__buffer_reserve(out, LINK_HEAD + payload.len);
    gale__buffer_append(out, LINK_MARK, sizeof LINK_MARK);
    gale__buffer_append(out, &self->family, sizeof self->family);
    gale__buffer_append_char(out, binary);
    return gale__buffer_append(out, payload.data, payload.len);
}

void gale__topics_received(gale__topic_link *link, gale_str topic, gale_str bytes)
{
    gale__topics *self = gale__loop_part(link->loop, GALE__LOOP_DATA);
    if (!is_ours(bytes)) {
        take(self, topic, bytes, !gale__utf8_valid(bytes.data, bytes.len));
        return;
    }
    if (memcmp(bytes.data + LINK_FAMILY, &self->family, sizeof self->family) == 0)
        return;
    gale_str payload = { bytes.data + LINK_HEAD, bytes.len - LINK_HEAD };
    take(self, topic, payload, bytes.data[LINK_KIND] != 0);
}

bool gale__topics_have_room(const gale__topic_link *link)
{
    const gale__topics *self = gale__loop_part(link->loop, GALE__LOOP_DATA);
    return self->pending_size <= (size_t)self->options.max_pending / 2;
}

void gale__topics_missed(gale__topic_link *link, uint64_t count)
{
    missed(gale__loop_part(link->loop, GALE__LOOP_DATA), count);
}

typedef struct link_visit {
    gale__topic_link *link;
    void (*visit)(gale__topic_link *link, gale_str topic);
} link_visit;

static void visit_for_link(gale__topics *self, gale__topic *topic, void *arg)
{
    const link_visit *what = arg;
    (void)self;
    what->visit(what->link, name_of(topic));
}

void gale__topics_visit(gale__topic_link *link,
                        void (*visit)(gale__topic_link *link, gale_str topic))
{
    gale__topics *self = gale__loop_part(link->loop, GALE__LOOP_DATA);
    gale__topics_each(self, visit_for_link, &(link_visit){ link, visit });
}

static void close_link(gale__topics *self)
{
    gale__topic_link *link = self->link;
    self->link = NULL;
    if (link)
        link->operations->close(link);
}

int gale__topics_set_link(gale_ioloop *loop, gale__topic_link *link)
{
    gale__topics *self = gale__topics_of(loop);
    if (!self)
        return -ENOMEM;
    close_link(self);
    if (!link)
        return 0;
    link->loop = loop;
    self->link = link;
    gale__topics_visit(link, link->operations->subscribe);
    return 0;
}

gale__topic_link *gale__topics_link(gale_ioloop *loop)
{
    const gale__topics *self = gale__loop_part(loop, GALE__LOOP_DATA);
    return self ? self->link : NULL;
}

/* ---- Both ------------------------------------------------------------------------------- */

void gale__topics_tell_elsewhere(gale__topics *self, const gale__topic *topic, bool more)
{
    gale_str name = name_of(topic);
    if (self->mailbox)
        gale__worker_mail_want(mail_kind(name), more);
    if (self->link && more)
        self->link->operations->subscribe(self->link, name);
    else if (self->link)
        self->link->operations->unsubscribe(self->link, name);
}

static void send_by_link(gale__topics *self, gale_str name, gale_str payload, bool binary)
{
    gale__buffer bytes;
    gale__buffer_init(&bytes, SIZE_MAX);
    int result = make_link_bytes(self, payload, binary, &bytes);
    if (result >= 0)
        result = self->link->operations->publish(self->link, name, gale__buffer_str(&bytes));
    gale__buffer_clear(&bytes);
    if (result < 0 && result != GALE_EFULL) /* it tells about that itself */
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%s: a message was not published: %s",
                 self->link->operations->name, gale_strerror(result));
}

int gale__topics_send_elsewhere(gale__topics *self, gale_str name, gale_str payload, bool binary)
{
    unsigned kind = self->mailbox ? mail_kind(name) : 0;
    if (self->mailbox && gale__mailbox_wanted(self->mailbox, kind)) {
        gale_bytes *mail = make_mail(name, payload, binary);
        if (!mail)
            return -ENOMEM;
        gale__mailbox_post(self->mailbox, kind, mail);
        gale_bytes_unref(mail);
    }
    if (self->link)
        send_by_link(self, name, payload, binary);
    return 0;
}

void gale__topics_listen(gale__topics *self, bool on)
{
    if (self->mailbox && self->listening != on)
        gale__mailbox_listen(self->mailbox, on);
    self->listening = on;
}

static void want_no_more(gale__topics *self, gale__topic *topic, void *arg)
{
    (void)self;
    (void)arg;
    gale__worker_mail_want(mail_kind(name_of(topic)), false);
}

void gale__topics_leave_elsewhere(gale__topics *self)
{
    gale__loop_remove_timer(self->loop, &self->missed_timer);
    close_link(self);
    if (!self->mailbox)
        return;
    gale__topics_each(self, want_no_more, NULL);
    gale__mailbox_close(self->mailbox);
    self->mailbox = NULL;
}
