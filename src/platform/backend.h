/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of operations behind the loop: how bytes come in and go out. It is shaped after
 * completions (what has happened), not readiness, so that epoll and io_uring both fit: epoll
 * reads when the kernel says ready and then reports the bytes.
 *
 * A backend belongs to one loop and is used by its thread only, but for `wake`.
 * Callbacks run from within `wait` only, never from within the call that asks for them.
 */
#ifndef GALE_PLATFORM_BACKEND_H
#define GALE_PLATFORM_BACKEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <gale/core.h>

typedef struct gale__backend gale__backend;
typedef struct gale__io gale__io;

/* What a descriptor's owner is told. Each may end the descriptor with `end`. */
typedef struct gale__io_handlers {
    /* size > 0: bytes, valid during the call only. 0: the peer has ended its side (reported
     * once). Negative: the error that ended the connection. */
    void (*received)(gale__io *io, const char *data, ssize_t size);
    /* A send that had to wait has made progress: bytes sent, or a negative error. */
    void (*sent)(gale__io *io, ssize_t size);
    /* A listening socket has a new connection, or a negative error. */
    void (*accepted)(gale__io *io, int fd, const struct sockaddr *address, socklen_t size);
    /* A watched descriptor is ready for what it was watched for (GALE__WATCH_...). */
    void (*ready)(gale__io *io, unsigned events);
} gale__io_handlers;

enum { GALE__WATCH_READ = 1, GALE__WATCH_WRITE = 4, GALE__WATCH_ERROR = 0x18 };

typedef enum gale__receive_mode {
    GALE__RECEIVE_OFF,
    GALE__RECEIVE_HANG_UP, /* no bytes; only `received` with size <= 0 when the peer leaves */
    GALE__RECEIVE_ON
} gale__receive_mode;

/* Bytes of a file. */
typedef struct gale__file_range {
    int fd;
    int64_t offset;
    size_t size;
} gale__file_range;

struct gale__io {
    const gale__io_handlers *handlers;
    int fd;
    uint16_t wanted; /* private to the backend: what is asked for */
    uint16_t armed;  /* private to the backend: what the kernel was told */
    union {
        const struct iovec *sending; /* the send that waits; NULL when none does */
        const gale__file_range *sending_file;
    };
    int sending_count;   /* of vectors; 0: it is the file that is sent */
    unsigned owner_bits; /* for the owner */
};

enum { GALE__SEND_PENDING = -20000 }; /* a send has to wait; `sent` will report */

typedef struct gale__backend_operations {
    const char *name;
    int (*open)(gale__backend **ret_backend);
    void (*close)(gale__backend *backend);
    /* Monotonic nanoseconds. */
    int64_t (*now)(gale__backend *backend);
    /* Starts or stops reporting connections of a listening socket. */
    int (*accept)(gale__backend *backend, gale__io *io, bool on);
    int (*receive)(gale__backend *backend, gale__io *io, gale__receive_mode mode);
    /* Returns the bytes that were taken at once, or GALE__SEND_PENDING: then `vectors` and
     * what they point to must stay until `sent` or `end`. */
    ssize_t (*send)(gale__backend *backend, gale__io *io, const struct iovec *vectors, int count);
    /* The same for bytes of a regular file, without reading them into the process. GALE_EOUTPUT
     * when the file has become too short. */
    ssize_t (*send_file)(gale__backend *backend, gale__io *io, const gale__file_range *range);
    /* Level-triggered readiness of any pollable descriptor; 0 stops. */
    int (*watch)(gale__backend *backend, gale__io *io, unsigned events);
    /* Half-closes: no more bytes will be sent. */
    void (*shut)(gale__backend *backend, gale__io *io);
    /* Forgets the descriptor, and closes it when `close_it`. No callback comes after that. */
    void (*end)(gale__backend *backend, gale__io *io, bool close_it);
    /* Waits at most `timeout` nanoseconds (negative: for ever), stores the time in *now, and
     * runs callbacks. Returns a count of events or a negative error. */
    int (*wait)(gale__backend *backend, int64_t timeout, int64_t *now);
    /* Ends the current or next wait. From any thread and from signal handlers. */
    void (*wake)(gale__backend *backend);
} gale__backend_operations;

struct gale__backend {
    const gale__backend_operations *operations;
};

extern const gale__backend_operations gale__epoll_backend;

/* The peer's address of an accepted descriptor or a connecting one is compacted to this. */
typedef struct gale__address {
    uint16_t family; /* AF_INET, AF_INET6, AF_UNIX, or 0 */
    uint16_t port;   /* host order */
    uint8_t ip[16];  /* IPv4 uses the first four */
} gale__address;

void gale__address_from(gale__address *address, const struct sockaddr *from, socklen_t size);
/* Writes the literal IP address ("0.0.0.0" for Unix and other sockets) and a NUL; returns its
 * length. `out` holds at least 46 bytes. */
size_t gale__address_text(const gale__address *address, char *out);

#endif
