/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS beneath a stream: what is above it does not notice, once the handshake is over.
 *
 * OpenSSL reads what the loop has received from where it lies, by a BIO of our own, and its
 * plaintext goes to a buffer; all connections of the loop share both. On the way out the stream's
 * queue is sealed, no more than some records ahead of what the peer takes; these wait in the
 * connection's own list of segments. So an idle connection owns nothing but OpenSSL's own state.
 *
 * OpenSSL always runs on the loop's stack.
 */
#ifndef GALE_NET_TLS_H
#define GALE_NET_TLS_H

#include "net/handshakes.h"
#include "net/ssl_context.h"

typedef struct gale__tls {
    SSL *ssl;
    gale__stream *stream; /* NULL once it was closed; then it is freed when it is not busy */
    gale__ssl_setup *setup;
    gale__handshake *handshake; /* of a server, until it is over; NULL: it is not counted */
    const char *input;          /* received and not read by OpenSSL yet; only while it is busy */
    size_t input_size;
    gale__segments sealed; /* records to be sent */
    size_t kept; /* bytes that the stream's queue counts, and whose records are in `sealed` */
    gale__callback resume;
    const char *why;      /* a static text, when it is broken */
    uint64_t session_key; /* of a client; 0: its sessions are not kept */
    uint8_t mode;         /* gale__receive_mode that is asked for */
    bool established;     /* the handshake is over */
    bool ended;           /* the peer has said that this is the end */
    bool broken;          /* OpenSSL must not be used any more */
    bool no_memory;       /* the reason why */
    bool waiting;         /* the owner of the queue was told that it has to wait */
    bool busy;            /* it is being used further down on the stack */
    bool shutting;        /* our side ends once everything is sent */
    bool shut;            /* it has ended */
    bool http;            /* it carries HTTP */
    bool met_http;        /* the peer has begun with HTTP, without TLS */
} gale__tls;

typedef struct gale__tls_options {
    const char *server_hostname;  /* of a client */
    bool http;                    /* a server's: ALPN agrees to "http/1.1" unasked */
    gale__handshakes *handshakes; /* a server's: it is one of these; NULL: it is not counted */
} gale__tls_options;

/*
 * Goes over to TLS. From now on the handlers are told of plaintext, and by `secured` of the
 * handshake's end; no bytes are reported before that. Nothing may be queued. A client begins at
 * once. Then gale__stream_receive has to be called. 0, GALE_EINVALID, GALE_ESSL, -ENOMEM.
 */
int gale__tls_start(gale__stream *stream, const gale_ssl_context *context,
                    const gale__tls_options *options);
/* Bytes of the handshake that came before TLS was started, after gale__stream_receive. */
void gale__tls_feed(gale__stream *stream, const char *data, size_t size);
/* Goes back to plain bytes, for a peer that does not speak TLS; in `secured` with an error. */
void gale__tls_remove(gale__stream *stream);
/* The peer has begun with an HTTP request without TLS; in `secured` with an error. */
bool gale__tls_met_http(const gale__stream *stream);

/* For stream.c, whose functions have the same names. */
GALE__APART int gale__tls_flush(gale__stream *stream);
void gale__tls_shut(gale__stream *stream);
void gale__tls_say_goodbye(gale__stream *stream);
void gale__tls_move(gale__stream *to, gale__stream *from);
void gale__tls_free(gale__stream *stream);

/* What the loop's connections share. */
enum { GALE__TLS_PIECE = 4 * 16128 /* that is sealed at once: four records */ };

struct gale__tls_shared {
    BIO *bio;                         /* of the connection that OpenSSL was entered for */
    gale__pool connections;           /* gale__tls */
    gale__pool handshakes;            /* gale__handshake */
    char plain[65536 + 16384 + 4096]; /* what one receive may give, and half a record from before */
    char gathered[GALE__TLS_PIECE];   /* small segments, and pieces of files, to be sealed */
};

void gale__tls_shared_free(struct gale__tls_shared *shared);

/* Before each call that may read or write: OpenSSL's BIO is this connection's, and its queue of
 * errors empty. */
void gale__tls_enter(gale__tls *self);

/* The half that sends (tls_output.c). Seals and sends what there is: 0, 1 when something has to
 * wait, or negative. */
int gale__tls_send(gale__tls *self);
/* A send has ended: -error or what was sent. */
void gale__tls_sent(gale__tls *self, size_t size);
/* For OpenSSL: a record, or several. */
int gale__tls_write_bio(BIO *bio, const char *data, size_t size, size_t *ret_size);
/* After OpenSSL has failed: GALE_ESSL or -ENOMEM, with a detail. */
int gale__tls_fail(gale__tls *self, const char *what);

/* What a handshake has agreed on; false when there was none. */
bool gale__tls_info(const gale__tls *self, gale_ssl_info *ret_info);
/* The peer's certificate (ssl_certificate.c); NULL as gale_iostream_get_ssl_certificate. */
json_t *gale__tls_certificate(const gale__tls *self);
gale_bytes *gale__tls_certificate_der(const gale__tls *self);

#endif
