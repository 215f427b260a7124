/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening sockets that were open when the program was started: by a service manager (LISTEN_FDS),
 * or by the process that this one is to succeed (GALE_UPGRADE), or by this process when it executed
 * its program anew (GALE_RELOAD). Who opens a socket for the same address gets the one that is
 * there.
 *
 * The environment is read once, when it is first asked, and what was read is taken out of it, so
 * that no child believes that it was meant. The table is the process's; any thread may ask.
 */
#ifndef GALE_NET_INHERITED_H
#define GALE_NET_INHERITED_H

#include <stdbool.h>
#include <sys/socket.h>

enum { GALE__INHERITED_MAX = 1024, GALE__INHERITED_FIRST = 3 };

/* What the environment says. */
typedef struct gale__inheritance {
    int ready_fd; /* to be told when we serve, or -1 */
    int first;    /* descriptor of the first socket */
    int count;
    const char *names; /* "a:b:": one for each; may be shorter */
} gale__inheritance;

/* Reads the two forms; false when there is nothing, or nonsense. `names` may be NULL. */
bool gale__inheritance_parse_listen(gale__inheritance *self, const char *count, const char *names);
bool gale__inheritance_parse_upgrade(gale__inheritance *self, const char *text);
/* The i-th name; returns its size. */
size_t gale__inheritance_name(const gale__inheritance *self, int i, const char **ret_name);

/* An inherited listening socket on that address, which is the caller's from now on, or -1. For port
 * 0 it is one whose port a predecessor had the system choose. */
int gale__inherited_take(const struct sockaddr *address, socklen_t size);
/* The system has chosen the port of this socket of ours: a successor that asks for port 0 on its
 * address is to get it. */
void gale__inherited_note_any_port(int fd);
/* True when there is one on every IPv6 address that also gets the IPv4 connections of `port`. */
bool gale__inherited_serves_both(int port);
/* True when a predecessor has left sockets that nobody has taken. */
bool gale__inherited_is_left(void);
/* True while a predecessor waits to hear that we serve. */
bool gale__inherited_is_awaited(void);
/* The descriptor on which a predecessor waits for one byte, once; or -1. */
int gale__inherited_ready_fd(void);
/* Closes what a predecessor has given and nobody took, with a line in the log. */
void gale__inherited_close_rest(void);
/* True for a descriptor that is a listening socket. */
bool gale__is_listening(int fd);
/* The name under which a socket was inherited, or "". */
const char *gale__inherited_name(int fd);

#endif
