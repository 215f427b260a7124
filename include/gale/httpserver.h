/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/httpserver.h: the HTTP server, the request, and the seam between a connection and what
 * answers on it. Tornado's counterparts: tornado.httpserver, tornado.http1connection, and
 * httputil's HTTPServerRequest, HTTPConnection and delegates.
 *
 *   gale_http_server  accepts connections and reads requests from them;
 *   for each request it asks its gale_http_server_connection_delegate for a
 *   gale_http_message_delegate, which is told of the head, the body and the end;
 *   the answer goes to the gale_http_connection: headers, chunks, finish.
 *
 * An application (<gale/web.h>) is such a delegate. Delegates are callbacks on the loop's own
 * stack: they never suspend.
 */
#ifndef GALE_HTTPSERVER_H
#define GALE_HTTPSERVER_H

#include <gale/core.h>
#include <gale/httputil.h>
#include <gale/ioloop.h>
#include <gale/iostream.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One request and its response on a connection. It ends with gale_http_connection_finish or
 * with the delegate's on_connection_close, and must not be used afterwards.
 * Tornado: httputil.HTTPConnection, http1connection.HTTP1Connection. */
typedef struct gale_http_connection gale_http_connection;
/** A request as the server received it. Tornado: httputil.HTTPServerRequest. */
typedef struct gale_http_server_request gale_http_server_request;
typedef struct gale_http_server gale_http_server;

/* ---- Delegates ------------------------------------------------------------------------- */

/** Returned by headers_received: the body is not read until gale_http_connection_resume. */
enum { GALE_HTTP_PAUSE = 1 };

typedef struct gale_http_message_delegate gale_http_message_delegate;

/**
 * What happens to one message. After headers_received, exactly one of finish and
 * on_connection_close comes, and ends the delegate. Tornado: httputil.HTTPMessageDelegate.
 */
typedef struct gale_http_message_delegate_operations {
    /** The head is there; gale_http_connection_request has it. Returns 0, GALE_HTTP_PAUSE, or a
     * negative code, which closes the connection (with a 500 if nothing was answered). */
    int (*headers_received)(gale_http_message_delegate *self, gale_http_connection *connection);
    /** A piece of the body, valid during the call. Returns how many bytes it has taken; with
     * fewer than `size` the rest comes again after gale_http_connection_resume. Negative: as
     * above. NULL: the body is thrown away. */
    ssize_t (*data_received)(gale_http_message_delegate *self, const char *data, size_t size);
    /** The message is complete. */
    void (*finish)(gale_http_message_delegate *self);
    /** The connection has gone before the response was finished. NULL: not told. */
    void (*on_connection_close)(gale_http_message_delegate *self);
} gale_http_message_delegate_operations;

/** The base of a message delegate: embed it. */
struct gale_http_message_delegate {
    const gale_http_message_delegate_operations *operations;
};

typedef struct gale_http_server_connection_delegate gale_http_server_connection_delegate;

/** Tornado: httputil.HTTPServerConnectionDelegate. */
typedef struct gale_http_server_connection_delegate_operations {
    /** The message delegate for a request whose head has arrived; NULL answers 500 and closes. */
    gale_http_message_delegate *(*start_request)(gale_http_server_connection_delegate *self,
                                                 gale_http_connection *connection);
} gale_http_server_connection_delegate_operations;

/** The base of a server connection delegate: embed it. */
struct gale_http_server_connection_delegate {
    const gale_http_server_connection_delegate_operations *operations;
};

/* ---- The server ------------------------------------------------------------------------ */

/** How a trusted proxy says who the client is. */
typedef enum gale_proxy_header {
    /** X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host. */
    GALE_PROXY_X_FORWARDED,
    /** Forwarded. RFC 7239. */
    GALE_PROXY_FORWARDED,
    /** By no header: for proxies that only speak the PROXY protocol. */
    GALE_PROXY_NO_HEADER
} gale_proxy_header;

/** Options of a server. Zero is the default of each; GALE_NONE means no limit. */
typedef struct gale_http_server_options {
    /** Close after each response. */
    bool no_keep_alive;
    /** A client that has ended its side still gets its answer, instead of being taken as gone. */
    bool allow_half_close;
    /** What gale_http_server_request_protocol says; NULL: "https" with TLS, else "http". Borrowed.
     */
    const char *protocol;
    /** The client's address and scheme are what the headers X-Real-Ip (else X-Forwarded-For) and
     * X-Scheme (else X-Forwarded-Proto) say. Only for a server that nobody reaches but through
     * proxies which set them. Tornado: xheaders. */
    bool xheaders;
    /** Addresses of proxies that X-Forwarded-For may end with: the last one that is not among
     * them is the client's. A list that ends with NULL, or NULL for none; borrowed. */
    const char *const *trusted_downstream;
    /**
     * The networks of proxies that are believed: "10.0.0.0/8", "::1", or "unix" for every peer on a
     * Unix socket; a list that ends with NULL. When one of them sends a request, its header (see
     * proxy_header) says who the client is: of a chain of proxies the first address from the right
     * that is not of these networks, or the last before one that is no address ("unknown"). It
     * also says the scheme and the host. A malformed Forwarded is ignored. Not together with
     * xheaders.
     */
    const char *const *trusted_proxies;
    /** The one kind of header that those proxies set; the other is the client's and ignored. */
    gale_proxy_header proxy_header;
    /** Each connection begins with a PROXY protocol header (version 1 or 2), whose client takes the
     * place of the peer; it must come from a trusted proxy, and others are closed. HAProxy: "The
     * PROXY protocol". */
    bool proxy_protocol;
    /** Bodies with Content-Encoding: gzip arrive inflated; max_body_size then counts before and
     * after. Tornado: decompress_request. */
    bool decompress_request;
    /** Bytes of the body handed to data_received at once; 0: 65536. */
    int64_t chunk_size;
    /** Bytes of a request's head; 0: 65536. Over it: 431 (414 for the request line alone). */
    int64_t max_header_size;
    /** Bytes of a body; 0: 104857600. Over it: 413. GALE_HTTP_NO_BODY forbids any body. */
    int64_t max_body_size;
    /** Seconds that a connection may be idle between requests; 0: 3600. Then it is closed. */
    double idle_connection_timeout;
    /** Seconds from a head's first byte to its end; 0: 60. Then 408. */
    double header_timeout;
    /** Seconds for one whole body; 0: no limit. Then 408. */
    double body_timeout;
    /** Seconds without a byte of an expected body; 0: 60. Then 408. */
    double body_idle_timeout;
    /** Seconds in which a client takes no byte of what is waiting for it; 0: 60. Then the
     * connection is closed. */
    double write_timeout;
    /** The server speaks TLS. It takes a reference. NULL: it does not. Tornado: ssl_options. */
    gale_ssl_context *ssl_context;
    /** Seconds for a TLS handshake; 0: 60. Then the connection is closed. */
    double ssl_handshake_timeout;
    /** TLS handshakes in progress at once; 0: 1000, GALE_NONE: no limit. Each may hold 75 KB. When
     * one more begins, the oldest is closed if it has had a quarter of a second and waits for its
     * peer; else no connection is accepted for a moment. So a flood of handshakes that do not go on
     * locks nobody out. */
    int max_ssl_handshakes;
    void *reserved_[3];
} gale_http_server_options;

/** For max_body_size: no body at all. */
#define GALE_HTTP_NO_BODY (-2)

/**
 * A server on the current loop that answers through `delegate` (borrowed). `options` are copied.
 * Returns NULL when out of memory, or, with gale_error_detail, when trusted_proxies names no
 * network or does not go with another option. Tornado: httpserver.HTTPServer.
 */
GALE_API gale_http_server *gale_http_server_new(gale_http_server_connection_delegate *delegate,
                                                const gale_http_server_options *options);
/** Called in a task of its own, once the whole body is there; answers on
 * gale_http_server_request_connection before it returns. A negative result is logged and answered
 * with 500, and so is a return without an answer. */
typedef int (*gale_http_request_callback)(gale_http_server_request *request, void *arg);
/** A server that calls a function for each request. Tornado: HTTPServer(request_callback). */
GALE_API gale_http_server *gale_http_server_new_callback(gale_http_request_callback callback,
                                                         void *arg,
                                                         const gale_http_server_options *options);
/** Closes everything and frees. NULL is allowed. A loop frees the servers that are left. */
GALE_API void gale_http_server_free(gale_http_server *server);
/** Listens on `port` of all interfaces, or of `address`; 0 takes a free port. Returns the port, or
 * a negative error, which gale_error_detail explains. Tornado: HTTPServer.listen. */
GALE_API int gale_http_server_listen(gale_http_server *server, int port, const char *address);
/** Serves a listening socket, which the server owns from now on. Returns 0 or -ENOMEM.
 * Tornado: HTTPServer.add_socket, add_sockets. */
GALE_API int gale_http_server_add_socket(gale_http_server *server, int fd);
/** Closes the listening sockets; connections go on. Tornado: HTTPServer.stop. */
GALE_API void gale_http_server_stop(gale_http_server *server);
/** Closes all connections: idle ones at once, others after their response. Suspends until all are
 * closed; a handler of this server would wait for itself, so call it from another task. Returns 0
 * or GALE_ECANCELED. Tornado: HTTPServer.close_all_connections. */
GALE_API GALE_SUSPENDS int gale_http_server_close_all_connections(gale_http_server *server);
/** How many connections are open. */
GALE_API size_t gale_http_server_connection_count(const gale_http_server *server);

/* ---- The connection, seen from one request --------------------------------------------- */

/** The request. Borrowed until the connection's end. */
GALE_API gale_http_server_request *gale_http_connection_request(gale_http_connection *connection);
/**
 * Queues the status line and headers, and a first piece of the body, which is copied. `reason`
 * NULL: the standard phrase. Without a Content-Length among `headers` (borrowed during the call,
 * may be NULL) the body is chunked for HTTP/1.1 and ends with the connection for HTTP/1.0.
 * Returns 0; GALE_ESTATE when the headers were written; GALE_EOUTPUT for an invalid
 * Content-Length or more data than it says; -ENOMEM; GALE_ECLOSED.
 * Tornado: HTTPConnection.write_headers.
 */
GALE_API int gale_http_connection_write_headers(gale_http_connection *connection, int status,
                                                const char *reason, gale_http_headers *headers,
                                                const void *data, size_t size);
/** Queues a piece of the body, which is copied. Errors as above. Tornado: HTTPConnection.write. */
GALE_API int gale_http_connection_write(gale_http_connection *connection, const void *data,
                                        size_t size);
/** Sends what is queued, and suspends until the kernel has it all. Returns 0, GALE_ECLOSED or
 * GALE_ECANCELED. */
GALE_API GALE_SUSPENDS int gale_http_connection_flush(gale_http_connection *connection);
/** Ends the response, and this object. GALE_EOUTPUT when less than Content-Length was written:
 * the connection is then cut. Tornado: HTTPConnection.finish. */
GALE_API int gale_http_connection_finish(gale_http_connection *connection);
/** Goes on with a body that was paused. From the loop's thread, not from within a delegate. */
GALE_API void gale_http_connection_resume(gale_http_connection *connection);
/** The limit of this request's body instead of the server's; only in headers_received or while
 * the body is paused there. Tornado: HTTP1Connection.set_max_body_size. */
GALE_API void gale_http_connection_set_max_body_size(gale_http_connection *connection,
                                                     int64_t size);
/** Seconds for this request's whole body; the same rule. Tornado: set_body_timeout. */
GALE_API void gale_http_connection_set_body_timeout(gale_http_connection *connection,
                                                    double seconds);
/** Cuts the connection. on_connection_close follows in the next turn, if the message has not
 * ended. Tornado: HTTP1Connection.close. */
GALE_API void gale_http_connection_close(gale_http_connection *connection);

/**
 * Takes the connection out of HTTP: *ret_stream is its socket, with whatever the client has sent
 * after what was read of the request; free it with gale_iostream_free. Before the headers are
 * written. Suspends until earlier responses are sent. The connection object ends;
 * on_connection_close does not come. Returns 0; GALE_ESTATE once headers were written;
 * GALE_ECLOSED; GALE_ECANCELED; -ENOMEM. Tornado: HTTP1Connection.detach.
 */
GALE_API GALE_SUSPENDS int gale_http_connection_detach(gale_http_connection *connection,
                                                       gale_iostream **ret_stream);

/* ---- The request ----------------------------------------------------------------------- */

/* All results are borrowed for the request's life, and NUL-terminated. */

/** The method as received. Tornado: HTTPServerRequest.method. */
GALE_API const char *gale_http_server_request_method(const gale_http_server_request *request);
/** The request target as received. Tornado: HTTPServerRequest.uri. */
GALE_API const char *gale_http_server_request_uri(const gale_http_server_request *request);
/** The target before the first "?", still percent-encoded. */
GALE_API const char *gale_http_server_request_path(const gale_http_server_request *request);
/** The target after the first "?", or "". */
GALE_API const char *gale_http_server_request_query(const gale_http_server_request *request);
/** "HTTP/1.1". */
GALE_API const char *gale_http_server_request_version(const gale_http_server_request *request);
/** Its headers. Tornado: HTTPServerRequest.headers. */
GALE_API gale_http_headers *gale_http_server_request_headers(gale_http_server_request *request);
/** The body received so far: all of it, unless the handler streams it. */
GALE_API gale_str gale_http_server_request_body(const gale_http_server_request *request);
/** The client's address ("0.0.0.0" on Unix sockets). */
GALE_API const char *gale_http_server_request_remote_ip(gale_http_server_request *request);
/** "http" or "https". */
GALE_API const char *gale_http_server_request_protocol(const gale_http_server_request *request);
/** The Host header; "127.0.0.1" for HTTP/1.0 without one. */
GALE_API const char *gale_http_server_request_host(const gale_http_server_request *request);
/** The host in lower case without its port; NULL when out of memory. */
GALE_API const char *gale_http_server_request_host_name(gale_http_server_request *request);
/** Protocol, host and target as one URL; NULL when out of memory. */
GALE_API const char *gale_http_server_request_full_url(gale_http_server_request *request);
/** Seconds since the head arrived; once the response is finished, until then. */
GALE_API double gale_http_server_request_time(const gale_http_server_request *request);
/** The arguments of the query. Parsed when first asked for; NULL when there are too many (over
 * 1000) or memory is out. Tornado: HTTPServerRequest.query_arguments. */
GALE_API const gale_http_arguments *
gale_http_server_request_query_arguments(gale_http_server_request *request);
/** The arguments of a form body (application/x-www-form-urlencoded or multipart/form-data), once
 * the body is there. NULL as above, or for a malformed form or one with a Content-Encoding;
 * gale_error_detail tells. Tornado: body_arguments. */
GALE_API const gale_http_arguments *
gale_http_server_request_body_arguments(gale_http_server_request *request);
/** The files of a form body (multipart/form-data). NULL as above; without files it is empty.
 * Tornado: HTTPServerRequest.files. */
GALE_API const gale_http_files *gale_http_server_request_files(gale_http_server_request *request);
/** The cookies sent. Tornado: HTTPServerRequest.cookies. */
GALE_API const gale_http_arguments *
gale_http_server_request_cookies(gale_http_server_request *request);
/** What TLS has agreed on with the client; false without TLS, or once the response is finished. */
GALE_API bool gale_http_server_request_ssl_info(const gale_http_server_request *request,
                                                gale_ssl_info *ret_info);
/** The client's certificate, as gale_iostream_get_ssl_certificate; NULL also once the response is
 * finished. Tornado: HTTPServerRequest.get_ssl_certificate. */
GALE_API json_t *
gale_http_server_request_get_ssl_certificate(const gale_http_server_request *request);
/** The same as bytes (DER) with one reference. */
GALE_API gale_bytes *
gale_http_server_request_get_ssl_certificate_der(const gale_http_server_request *request);
/** Where to answer. NULL once the response is finished or the client has gone. */
GALE_API gale_http_connection *
gale_http_server_request_connection(gale_http_server_request *request);

#ifdef __cplusplus
}
#endif

#endif
