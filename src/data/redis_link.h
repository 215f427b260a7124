/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link of the topics through Redis' publish and subscribe: a channel for each topic, its name
 * behind the prefix. One connection publishes, the other one has subscribed to what the process has
 * subscribers for.
 *
 * A message waits here until Redis has acknowledged it; after a cut those that wait are sent
 * (again), in their order. Each carries who publishes it and a number, so that one that arrives
 * twice is known. What finds the room full is counted, and the count is published on the channel of
 * the empty topic once that is possible: so the subscribers of other machines hear of it. What was
 * published elsewhere while this process was cut off cannot be had again: its own subscribers are
 * told, once all topics are subscribed again.
 */
#ifndef GALE_DATA_REDIS_LINK_H
#define GALE_DATA_REDIS_LINK_H

#include "core/recent.h"
#include "data/redis_connection.h"
#include "data/topic_link.h"

/* Who publishes: a random number of each link. */
enum { GALE__REDIS_ORIGIN = 8 };

typedef struct gale__redis_link {
    gale__topic_link base;
    gale__redis publisher, subscriber;
    int connections; /* that were started and have not stopped */
    char *prefix;
    /* Publishing. */
    unsigned char origin[GALE__REDIS_ORIGIN];
    uint64_t sequence;  /* of the last message; 0: there is no origin yet */
    gale__list waiting; /* messages, the oldest first */
    size_t waiting_bytes, max_bytes;
    uint64_t dropped; /* and not told to others yet */
    /* Subscribing. */
    gale__recent origins; /* the last number of each */
    size_t unconfirmed;   /* SUBSCRIBEs without an answer */
    bool missed;          /* messages, since it was cut off */
} gale__redis_link;

/* Before the bytes of the hub: a mark, the origin, the number. What does not begin so was published
 * by somebody else, and is passed on as it is. */
typedef struct gale__redis_head {
    char mark[4];
    unsigned char origin[GALE__REDIS_ORIGIN];
    unsigned char sequence[8]; /* the most significant byte first */
} gale__redis_head;
#define GALE__REDIS_MARK "\0gr:"

/* The handlers of the two connections. */
extern const gale__redis_handlers gale__redis_publisher, gale__redis_subscriber;

/* Publishing (redis_publisher.c). */
int gale__redis_link_publish(gale__topic_link *link, gale_str topic, gale_str bytes);
void gale__redis_link_forget_waiting(gale__redis_link *link);
/* Subscribing (redis_subscriber.c). */
void gale__redis_link_subscribe(gale__topic_link *link, gale_str topic);
void gale__redis_link_unsubscribe(gale__topic_link *link, gale_str topic);
int gale__redis_link_init_origins(gale__redis_link *link);
/* A connection has stopped; the last one takes the link with it. */
void gale__redis_link_stopped(gale__redis_link *link);

#endif
