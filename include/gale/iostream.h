/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/iostream.h: reading and writing of connections and pipes. Tornado's counterpart:
 * tornado.iostream.
 *
 * A stream belongs to a loop and has at most one read and any number of writes at a time, each
 * in a task. All that suspends here may also return GALE_ENOTASK outside a task.
 *
 * The loop receives for a stream only while a read waits, and once beyond that at most; so a
 * peer that sends faster than it is read is slowed down. The end of the peer's side is seen by a
 * read that finds nothing more, or, with a close callback, once all input has been read. It
 * closes the stream.
 */
#ifndef GALE_IOSTREAM_H
#define GALE_IOSTREAM_H

#include <gale/core.h>
#include <gale/ioloop.h>
#include <gale/netutil.h>
#include <gale/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A connection or one end of a pipe. Tornado: iostream.IOStream, PipeIOStream. */
typedef struct gale_iostream gale_iostream;

/** Options of a stream. Zero is the default of each. */
typedef struct gale_iostream_options {
    /** Bytes of input that a read may gather; 0 means 104857600 (100 MiB). */
    size_t max_buffer_size;
    /** Bytes of output that may wait to be sent; 0 means no limit. */
    size_t max_write_buffer_size;
    void *reserved_[4];
} gale_iostream_options;

/* ---- Making and closing ---------------------------------------------------------------- */

/**
 * A stream on the current loop over `fd`, a stream socket (connected, or to be connected by
 * gale_iostream_connect) or a pipe, which is made non-blocking. Takes `fd` over, on success.
 * NULL when out of memory or out of descriptors. Tornado: iostream.IOStream.
 */
GALE_API gale_iostream *gale_iostream_new(int fd, const gale_iostream_options *options);
/** The same over one end of a pipe; the process ignores SIGPIPE from then on, unless it
 * handles it. Tornado: iostream.PipeIOStream. */
GALE_API gale_iostream *gale_pipe_iostream_new(int fd, const gale_iostream_options *options);
/** Closes and frees; before its loop is freed. What waits on it in other tasks ends with
 * GALE_ECLOSED. NULL is allowed. */
GALE_API void gale_iostream_free(gale_iostream *stream);
/**
 * Connects a new socket, and suspends until it is connected. Writes may be asked for meanwhile.
 * Returns 0, or closes the stream and returns GALE_ECANCELED, GALE_ECLOSED when it was closed
 * meanwhile, or why it failed, as -ECONNREFUSED. Tornado: IOStream.connect.
 */
GALE_API GALE_SUSPENDS int gale_iostream_connect(gale_iostream *stream,
                                                 const gale_address *address);
/** Closes at once: what was not yet sent is dropped; received bytes can still be read.
 * Harmless when it is closed. Tornado: BaseIOStream.close. */
GALE_API void gale_iostream_close(gale_iostream *stream);
/** The same, giving the negative code that gale_iostream_error tells. Tornado:
 * BaseIOStream.close(exc_info). */
GALE_API void gale_iostream_close_error(gale_iostream *stream, int error);
/**
 * Runs `callback(arg)` once, in a turn of the loop after the stream has been closed by
 * whomever, and after a pending read got the remaining bytes. NULL clears it. Tornado:
 * BaseIOStream.set_close_callback.
 */
GALE_API void gale_iostream_set_close_callback(gale_iostream *stream, gale_callback callback,
                                               void *arg);

/* ---- Reading --------------------------------------------------------------------------- */

/*
 * What a read returns in *ret_data belongs to the stream, which keeps it until its next read or
 * its end. It is followed by bytes that are not part of it. All reads return 0, or:
 *   GALE_ECLOSED     the stream was or became closed before the read was satisfied;
 *                    gale_iostream_error tells why
 *   GALE_ECANCELED   the task was cancelled while it waited: no byte is lost, and the stream can
 *                    be read again
 *   GALE_ESTATE      another read is pending
 * Buffered input is returned without waiting, also from a closed stream. More than
 * max_buffer_size bytes that do not satisfy the read close the stream (error -ENOBUFS).
 */

/** Reads `size` bytes; with `partial` at least one and at most `size`, as soon as there are
 * any. Tornado: BaseIOStream.read_bytes. */
GALE_API GALE_SUSPENDS int gale_iostream_read_bytes(gale_iostream *stream, size_t size,
                                                    bool partial, gale_str *ret_data);
/**
 * Reads up to and including the first `delimiter`. When that takes more than `max_bytes` (0: no
 * limit) the stream is closed (error GALE_EUNSATISFIABLE). `delimiter` is borrowed during the
 * call. Tornado: BaseIOStream.read_until.
 */
GALE_API GALE_SUSPENDS int gale_iostream_read_until(gale_iostream *stream, const char *delimiter,
                                                    size_t max_bytes, gale_str *ret_data);
/** The same with a delimiter that may hold NUL bytes. */
GALE_API GALE_SUSPENDS int gale_iostream_read_until_str(gale_iostream *stream, gale_str delimiter,
                                                        size_t max_bytes, gale_str *ret_data);
/**
 * Reads up to the end of the first match of a regular expression (PCRE2 syntax, over bytes).
 * `max_bytes` as in gale_iostream_read_until. GALE_EINVALID for a pattern that does not compile;
 * one that exceeds the match limits closes the stream (error GALE_EUNSATISFIABLE).
 * Tornado: BaseIOStream.read_until_regex.
 */
GALE_API GALE_SUSPENDS int gale_iostream_read_until_regex(gale_iostream *stream,
                                                          const char *pattern, size_t max_bytes,
                                                          gale_str *ret_data);
/** Fills `size` bytes at `memory`, with `partial` at least one of them; *ret_size is how many.
 * Tornado: BaseIOStream.read_into. */
GALE_API GALE_SUSPENDS int gale_iostream_read_into(gale_iostream *stream, void *memory, size_t size,
                                                   bool partial, size_t *ret_size);
/** Reads all that comes until the stream is closed, by whomever and for whatever reason; a
 * closed stream gives what is buffered. Tornado: BaseIOStream.read_until_close. */
GALE_API GALE_SUSPENDS int gale_iostream_read_until_close(gale_iostream *stream,
                                                          gale_str *ret_data);

/* ---- Writing --------------------------------------------------------------------------- */

/**
 * Writes `size` bytes, which are borrowed during the call, and suspends until all of them have
 * reached the kernel. Several tasks may write; the bytes go out in the order of the calls.
 * Returns 0, or:
 *   GALE_EFULL       over max_write_buffer_size: nothing was written
 *   -ENOMEM          nothing was written
 *   GALE_ECLOSED     the stream was or became closed
 *   GALE_ECANCELED   the task was cancelled while it waited: the bytes are sent all the same
 * Tornado: BaseIOStream.write.
 */
GALE_API GALE_SUSPENDS int gale_iostream_write(gale_iostream *stream, const void *data,
                                               size_t size);
/** The same with shared bytes, which are not copied. */
GALE_API GALE_SUSPENDS int gale_iostream_write_bytes(gale_iostream *stream, gale_bytes *bytes);

/* ---- TLS ------------------------------------------------------------------------------- */

/**
 * Goes over to TLS, in place, and suspends until the handshake is over. `context` must be of the
 * same side; NULL means gale_ssl_context_default for a client. `server_hostname` is the name or IP
 * address that a client has connected to: it is asked for (SNI, only names) and looked for in the
 * certificate; only a context that checks no host names goes without. There is no limit of time but
 * that of gale_with_timeout. Returns 0, or
 *   GALE_ESTATE        something is pending, received and not read, or not sent: "IOStream is not
 * idle" GALE_EINVALID      a context of the other side, or no server_hostname GALE_ECLOSED the
 * stream was closed before or meanwhile or, and the stream is closed: GALE_ECERTIFICATE  the peer's
 * certificate is not valid; gale_error_detail tells why: "certificate verify failed: certificate
 * has expired" GALE_ESSL          the handshake failed otherwise: "TLS handshake failed: wrong
 * version number" -ECONNRESET        the peer ended the connection GALE_ECANCELED, -ENOMEM Tornado:
 * IOStream.start_tls, SSLIOStream.wait_for_handshake.
 */
GALE_API GALE_SUSPENDS int gale_iostream_start_tls(gale_iostream *stream, bool server_side,
                                                   gale_ssl_context *context,
                                                   const char *server_hostname);
/** What the handshake has agreed on, while the stream is open. False without TLS. */
GALE_API bool gale_iostream_ssl_info(const gale_iostream *stream, gale_ssl_info *ret_info);
/** The peer's certificate, in the form of Python's getpeercert: subject, issuer, subjectAltName,
 * notBefore, notAfter, serialNumber, version. The caller's to json_decref. NULL without TLS,
 * without a certificate, or when out of memory. Unlike Python's also when it was not verified.
 * Tornado: HTTPServerRequest.get_ssl_certificate. */
GALE_API json_t *gale_iostream_get_ssl_certificate(const gale_iostream *stream);
/** The same as bytes (DER) with one reference. Tornado: get_ssl_certificate(binary_form=True). */
GALE_API gale_bytes *gale_iostream_get_ssl_certificate_der(const gale_iostream *stream);

/* ---- State ----------------------------------------------------------------------------- */

/** True while a read is pending. Tornado: BaseIOStream.reading. */
GALE_API bool gale_iostream_reading(const gale_iostream *stream);
/** True while bytes wait to be sent. Tornado: BaseIOStream.writing. */
GALE_API bool gale_iostream_writing(const gale_iostream *stream);
/** Tornado: BaseIOStream.closed. */
GALE_API bool gale_iostream_closed(const gale_iostream *stream);
/** Why the stream is closed: -errno, GALE_E..., or 0 when it was closed in order or is open.
 * Tornado: BaseIOStream.error, StreamClosedError.real_error. */
GALE_API int gale_iostream_error(const gale_iostream *stream);
/** The descriptor, or -1 when closed. Borrowed. Tornado: BaseIOStream.fileno. */
GALE_API int gale_iostream_fileno(const gale_iostream *stream);
/** Sends small writes at once (true), as accepted connections do, or gathers them. Does nothing
 * on pipes and Unix sockets. Returns 0 or -errno. Tornado: IOStream.set_nodelay. */
GALE_API int gale_iostream_set_nodelay(gale_iostream *stream, bool on);
/** The peer's address; its family is 0 for pipes. Known also when closed, if it was accepted or
 * connected by gale. */
GALE_API gale_address gale_iostream_peer_address(const gale_iostream *stream);

#ifdef __cplusplus
}
#endif

#endif
