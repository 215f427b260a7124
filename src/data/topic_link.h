/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link between the topics of this loop and those of other machines: what Redis, or whatever else
 * carries messages, has to do. There is one at most for a loop.
 *
 * The hub gives it bytes (the message with what the hub needs to know of it) under the name of the
 * topic, and is given the same bytes elsewhere; a link neither looks into them nor changes them. It
 * may give back what its own process, or another worker of the same machine, has published: the hub
 * knows, and drops that. Bytes that no gale has made (somebody's PUBLISH) are taken as a text.
 *
 * All on the loop's thread; nothing here suspends. What is published in one turn may leave
 * together.
 */
#ifndef GALE_DATA_TOPIC_LINK_H
#define GALE_DATA_TOPIC_LINK_H

#include <gale/ioloop.h>

typedef struct gale__topic_link gale__topic_link;

typedef struct gale__topic_link_operations {
    const char *name; /* "redis", for log lines */
    /* Sends a message. The bytes are valid during the call. Returns 0; GALE_EFULL when too much
     * waits to be sent, as while the link is cut: then the message goes to this machine only, and
     * the link counts it and reports it when it can. -ENOMEM. */
    int (*publish)(gale__topic_link *link, gale_str topic, gale_str bytes);
    /* The first subscriber of a topic has come, or its last has gone: never twice in a row for the
     * same name. On failure the link goes on trying, as after a cut. */
    void (*subscribe)(gale__topic_link *link, gale_str topic);
    void (*unsubscribe)(gale__topic_link *link, gale_str topic);
    /* The loop ends, or another link takes its place: what can be sent at once is sent. Frees it.
     */
    void (*close)(gale__topic_link *link);
} gale__topic_link_operations;

/* Embedded in the link; `operations` is set by it before gale__topics_set_link. */
struct gale__topic_link {
    const gale__topic_link_operations *operations;
    gale_ioloop *loop; /* set by gale__topics_set_link */
};

/* ---- What a link calls ------------------------------------------------------------------ */

/*
 * Makes `link` that of the loop, from now on owned by it; a former one is closed. NULL: none any
 * more. `subscribe` is called for every topic that has subscribers. Returns 0, or -ENOMEM: then
 * nothing has changed.
 */
int gale__topics_set_link(gale_ioloop *loop, gale__topic_link *link);
/* The link of the loop, or NULL. */
gale__topic_link *gale__topics_link(gale_ioloop *loop);

/* A message has come. `topic` need not end with a NUL. What the hub has no room for is lost, and
 * reported. */
void gale__topics_received(gale__topic_link *link, gale_str topic, gale_str bytes);
/* False while too many messages wait to be delivered: a link that can reads no more until it is
 * true again, which is so in one of the next turns. */
bool gale__topics_have_room(const gale__topic_link *link);

/* Calls `visit` for every topic that has subscribers: what is to be subscribed again after a cut.
 * `visit` may not subscribe or unsubscribe. */
void gale__topics_visit(gale__topic_link *link,
                        void (*visit)(gale__topic_link *link, gale_str topic));

/* Messages from elsewhere were missed, `count` at least, 0: nobody knows how many. To be called
 * when the link is there again after a cut and has subscribed to everything: subscribers are told,
 * and a line is logged. */
void gale__topics_missed(gale__topic_link *link, uint64_t count);

#endif
