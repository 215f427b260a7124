/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between the worker processes of one supervisor: one says something, all who want to hear
 * of it get it, once, in the order in which it was said; or are told how much they have missed.
 *
 * Before it forks, the supervisor opens a pair of datagram sockets for each worker, its inbox,
 * which outlives the worker; and a page that all share, in which each worker marks what it wants,
 * so that nobody is woken for what he does not want, and what was marked before something is said
 * counts.
 *
 * Each sender numbers what it has for each receiver. What does not fit into an inbox waits at the
 * sender, up to a limit; what is beyond is left out, and the numbers tell. What was meant for a
 * worker that has died is not given to the next one with its number.
 */
#ifndef GALE_NET_WORKER_MAIL_H
#define GALE_NET_WORKER_MAIL_H

#include "net/net.h"

/* ---- The supervisor, worker_mail.c ------------------------------------------------------ */

/* Before the first child. 0, -ENOMEM or -errno. */
int gale__worker_mail_open(int workers);
/* Gives everything back. */
void gale__worker_mail_close(void);
/* In a child: it is that worker from now on. */
void gale__worker_mail_become(int worker);
/* A worker has ended: it wants nothing any more. */
void gale__worker_mail_ended(int worker);

/* ---- What workers share, worker_mail.c -------------------------------------------------- */

enum { GALE__MAIL_KINDS = 32768 }; /* what is wanted is known by a number below this */

/* How many workers there are, this one included; 0 outside workers. */
int gale__worker_mail_count(void);
/* The same random number in all workers of a supervisor, and in no other process. */
uint64_t gale__worker_mail_family(void);
/* The key of a hash that is the same in all of them. */
const uint64_t *gale__worker_mail_key(void);
/* One reason more, or less, for this worker to want messages of that kind. */
void gale__worker_mail_want(unsigned kind, bool more);
bool gale__worker_mail_wants(int worker, unsigned kind);
/* Changes each time a worker begins anew to receive: begin says so of this one, and returns it. */
uint32_t gale__worker_mail_generation(int worker);
uint32_t gale__worker_mail_begin(void);
/* This worker's number and inbox, and where to put what is for another. */
int gale__worker_mail_self(void);
int gale__worker_mail_inbox(void);
int gale__worker_mail_outbox(int worker);

/* ---- A worker's end, mailbox.c ----------------------------------------------------------- */

typedef struct gale__mailbox gale__mailbox;

typedef struct gale__mailbox_handlers {
    /* A message, valid during the call. */
    void (*received)(void *arg, gale_str message);
    /* So many were missed. */
    void (*missed)(void *arg, uint64_t count);
} gale__mailbox_handlers;

enum {
    GALE__MAILBOX_WAITING = 8388608
}; /* bytes that may wait for each receiver; one always may */

/* The end of this worker, on its loop; one for a process. 0, GALE_ENOTFOUND outside workers,
 * GALE_ESTATE when there is one, -ENOMEM or -errno. */
int gale__mailbox_open(gale_ioloop *loop, const gale__mailbox_handlers *handlers, void *arg,
                       gale__mailbox **ret_mailbox);
/* Sends what can be sent at once. NULL is allowed. */
void gale__mailbox_close(gale__mailbox *self);
/* True when another worker wants messages of that kind. */
bool gale__mailbox_wanted(const gale__mailbox *self, unsigned kind);
/* Sends at the end of this turn. What cannot be kept is told as missed where it was wanted. */
void gale__mailbox_post(gale__mailbox *self, unsigned kind, gale_bytes *message);
/* Receives, as it does from the beginning, or lets it wait. */
void gale__mailbox_listen(gale__mailbox *self, bool on);

#endif
