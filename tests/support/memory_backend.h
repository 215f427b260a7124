/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backend without a kernel: sockets are memory, and time is a number. What the network may do
 * to a connection, a test does to its peer, at the byte where it wants it.
 *
 *     gale_ioloop *loop = memory_loop(NULL);
 *     int listening = memory_listen();
 *     ... serve `listening` ...
 *     memory_peer *peer = memory_connect(listening);
 *     memory_send(peer, "GET / HTTP/1.1\r\n\r\n", 18);
 *     memory_turns();
 *     ... look at memory_received(peer) ...
 *     gale_ioloop_free(loop);
 *
 * Time stands still but for memory_advance, and but for a loop that runs (gale_ioloop_run_sync)
 * and would wait: then it jumps to the next timeout. With nothing to wait for, the run fails.
 * Descriptors begin where no real one can be, and are never used twice: a call with one that was
 * closed ends the program. A turn costs what is active in it, however many peers there are.
 *
 * One loop at a time. Peers live until it is freed. Their memory is not gale's, and not counted.
 */
#ifndef GALE_MEMORY_BACKEND_H
#define GALE_MEMORY_BACKEND_H

#include "loop/loop.h"

typedef struct memory_peer {
    /* How the network behaves; may be set at any time. */
    size_t piece;      /* bytes that arrive at once at most; 0: all there are */
    size_t send_limit; /* bytes that one send takes at most; 0: all that fits */
    bool sends_wait;   /* each send has to wait for the next turn */
    bool discard;      /* what is sent is counted only */
    /* What has happened. */
    bool closed;   /* gale has closed the connection */
    bool shut;     /* gale has ended its side */
    uint64_t sent; /* bytes that gale has sent */
    /* The rest is private. */
    bool listening, accepting, ended;
    uint8_t mode; /* gale__receive_mode */
    int error;    /* negative: the connection is broken */
    int fd;
    size_t window;      /* bytes that may still be sent */
    gale__io *io;       /* NULL until gale has made use of the descriptor */
    gale__list active;  /* in the list of those that may have something to report */
    gale__list waiting; /* of a listener: peers to be accepted; of a peer: its link there */
    struct memory_bytes {
        char *data;
        size_t begin, end, capacity;
    } incoming, outgoing;
} memory_peer;

extern const gale__backend_operations memory_backend;

/* A new loop, the current one, on this backend; NULL when there is one, or no memory. */
gale_ioloop *memory_loop(const gale_ioloop_options *options);
/* Runs turns until there is nothing left to do now. */
void memory_turns(void);
/* The same, while so many seconds go by. */
void memory_advance(double seconds);
/* The time in nanoseconds. */
int64_t memory_now(void);

/* A listening descriptor. */
int memory_listen(void);
/* From now on accepting from it fails with `error` (-EMFILE), while peers wait; 0: no longer. */
void memory_fail_accepting(int listening, int error);
/* A peer that connects to it; NULL when it is refused, since the socket was closed. */
memory_peer *memory_connect(int listening);
/* Sends bytes, which arrive in the next turns. */
void memory_send(memory_peer *peer, const void *data, size_t size);
/* Ends the peer's side, after what was sent. */
void memory_end(memory_peer *peer);
/* Breaks the connection, after what was sent: gale gets `error` (-ECONNRESET) from it. */
void memory_break(memory_peer *peer, int error);
/* From now on the peer takes only so many bytes more; SIZE_MAX (at first): all. */
void memory_take(memory_peer *peer, size_t bytes);
/* What gale has sent and was not forgotten, NUL-terminated; valid until more comes. */
gale_str memory_received(const memory_peer *peer);
/* Forgets bytes from its front, and the memory when none are left. */
void memory_forget(memory_peer *peer, size_t size);
/* Connections that gale has not closed. */
size_t memory_open_count(void);

#endif
