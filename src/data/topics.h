/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The topics of a loop, and who has subscribed to them; nothing of the web is known here.
 *
 * A publication is delivered to all subscribers of its topic, in portions. It stands in a queue of
 * all publications that are not yet delivered, and a mark in its topic's list of subscribers says
 * who was there when it was published: those before the mark. A cursor in the list of the first
 * publication separates those who have it from those who have not. So anybody may come or go at any
 * time, and everything is delivered in the order in which it was published.
 */
#ifndef GALE_DATA_TOPICS_H
#define GALE_DATA_TOPICS_H

#include <gale/pubsub.h>

#include "core/list.h"
#include "data/topic_link.h"
#include "loop/loop.h"

typedef struct gale__topics gale__topics;
typedef struct gale__topic gale__topic;
typedef struct gale__publication gale__publication;
typedef struct gale__subscriber gale__subscriber;

typedef struct gale__subscriber_operations {
    /* Messages for it, in order. It may end subscriptions, its own and those of others. */
    void (*deliver)(gale__subscriber *self, gale__publication *const *messages, size_t count);
    /* Something was lost on its way from elsewhere: so much at least, 0: unknown. May be NULL. */
    void (*missed)(gale__subscriber *self, uint64_t count);
} gale__subscriber_operations;

/* One subscription to one topic. */
struct gale__subscriber {
    gale__list link;    /* in topic->subscribers */
    gale__topic *topic; /* NULL: it is a mark, or the cursor */
    const gale__subscriber_operations *operations;
    void *owner;
    gale__subscriber *next; /* of the same owner */
};
_Static_assert(sizeof(gale__subscriber) <= 48, "a million of them have to be small");

/* ---- Publications, publication.c -------------------------------------------------------- */

/* What a publication was made into: a frame. */
typedef struct gale__publication_form {
    struct gale__publication_form *next;
    uint32_t kind;
    gale_bytes *bytes;
} gale__publication_form;

struct gale__publication {
    size_t references;
    gale__publication *next; /* in the queue */
    gale__topic *topic;      /* while it is there */
    gale__subscriber end;    /* the mark */
    const void *except;      /* an owner who does not get it, or NULL */
    gale_bytes *payload;
    gale__publication_form *forms;
    bool binary;
    char name[]; /* of the topic */
};

/* One reference; NULL when out of memory. */
gale__publication *gale__publication_new(gale_str name, gale_str payload, bool binary);
void gale__publication_unref(gale__publication *self);
/* What it was made into, or NULL. Kinds are numbers that those who deliver agree on. */
gale_bytes *gale__publication_find_form(const gale__publication *self, uint32_t kind);
/* Keeps a form; takes the reference, also when it fails: NULL when out of memory, or `bytes` is. */
gale_bytes *gale__publication_add_form(gale__publication *self, uint32_t kind, gale_bytes *bytes);
/* Bytes that it counts for while it waits. */
size_t gale__publication_cost(const gale__publication *self);

/* ---- Topics, topics.c ------------------------------------------------------------------- */

struct gale__topic {
    gale__topic *next; /* in its bucket */
    uint64_t hash;
    gale__list subscribers; /* and marks */
    size_t count;           /* of subscribers */
    uint32_t pending;       /* publications that are not delivered */
    uint8_t name_size;
    char name[];
};

enum { GALE__TOPIC_NAME_MAX = 255 };

struct gale__topics {
    gale_ioloop *loop;
    gale_topics_options options; /* with the defaults filled in */
    uint64_t key[2];             /* of the hash */
    gale__topic **buckets;
    size_t bucket_count; /* a power of two, or 0 */
    size_t stored;       /* topics in the buckets */
    size_t topic_count;  /* of these with subscribers */
    bool visiting;       /* the buckets, and what is in them, must stay */
    bool unswept;        /* some in them are needed no more */
    gale__pool subscribers;
    gale__list subscriptions; /* of tasks: gale_subscription.link */

    /* deliver.c */
    gale__publication *first, *last;
    size_t pending_size;
    gale__subscriber cursor;
    size_t batch; /* of the first publications, which the cursor is about; 0: it is nowhere */
    int left;     /* deliveries that are left in this turn */
    bool delivering;
    gale__callback turn;

    /* elsewhere.c */
    struct gale__mailbox *mailbox;
    bool listening;
    gale__topic_link *link;
    uint64_t family; /* of the processes that hear of each other without the link */
    uint64_t missed_count;
    bool missed, missed_unknown;
    gale__timer missed_timer;
};

/* Those of the loop, made on first use; NULL when out of memory. */
gale__topics *gale__topics_of(gale_ioloop *loop);
/* Those of this thread's loop. */
gale__topics *gale__topics_current(void);

/* 0 and *ret_name, or GALE_EINVALID. */
int gale__topic_name(const char *text, gale_str *ret_name);
/* NULL when nobody has subscribed, and nothing is pending. */
gale__topic *gale__topics_find(gale__topics *self, gale_str name);
/* Frees a topic that nobody needs any more. */
void gale__topic_release(gale__topics *self, gale__topic *topic);
/* Calls `visit` for each topic that has subscribers. It may publish, subscribe and unsubscribe. */
void gale__topics_each(gale__topics *self,
                       void (*visit)(gale__topics *self, gale__topic *topic, void *arg), void *arg);

/*
 * Subscribes an owner, all of whose subscriptions are linked in *chain. Returns 0, also when it has
 * subscribed already; GALE_EINVALID, GALE_EFULL over max_topics or when the owner has `most`
 * topics, or -ENOMEM.
 */
int gale__topics_subscribe(gale__topics *self, const char *name, gale__subscriber **chain,
                           size_t most, const gale__subscriber_operations *operations, void *owner);
/* Returns 0 or GALE_ENOTFOUND. */
int gale__topics_unsubscribe(gale__topics *self, const char *name, gale__subscriber **chain);
/* All of an owner's. */
void gale__topics_unsubscribe_all(gale__topics *self, gale__subscriber **chain);

/* ---- Delivering, deliver.c -------------------------------------------------------------- */

void gale__topics_init_turn(gale__topics *self);
/* True while another message may be published. */
bool gale__topics_has_room(const gale__topics *self, size_t size);
/* Queues it, with its own reference, and delivers what this turn allows. */
void gale__topics_deliver(gale__topics *self, gale__topic *topic, gale__publication *publication);
/* Looks after what has to be done in the next turn. */
void gale__topics_turn_later(gale__topics *self);
void gale__topics_drop_pending(gale__topics *self);

/* ---- Other processes, elsewhere.c ------------------------------------------------------- */

/* Opens the mailbox, when this is a worker and it is not open. 0 or a negative error. */
int gale__topics_join_workers(gale__topics *self);
/* Sends it to those who want it. 0, or -ENOMEM: then nothing was sent. */
int gale__topics_send_elsewhere(gale__topics *self, gale_str name, gale_str payload, bool binary);
/* The first subscriber of a topic has come, or the last has gone. */
void gale__topics_tell_elsewhere(gale__topics *self, const gale__topic *topic, bool more);
/* There is room again, or none. */
void gale__topics_listen(gale__topics *self, bool on);
void gale__topics_leave_elsewhere(gale__topics *self);

/* ---- Tasks, subscription.c -------------------------------------------------------------- */

/* The loop ends. */
void gale__subscriptions_free(gale__topics *self);

#endif
