/* SPDX-License-Identifier: Apache-2.0 */
/* TLS beneath a stream: its life, the handshake, receiving. */
#include "net/tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "core/error.h"

static gale__net *net_of(const gale__tls *self)
{
    return gale__net_of(self->stream->loop);
}

/* ---- The BIO --------------------------------------------------------------------------- */

static int read_bio(BIO *bio, char *out, size_t size, size_t *ret_size)
{
    gale__tls *self = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *ret_size = size < self->input_size ? size : self->input_size;
    if (*ret_size == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(out, self->input, *ret_size);
    self->input += *ret_size;
    self->input_size -= *ret_size;
    return 1;
}

static long control_bio(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int create_bio(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *bio_method;

/* It stays for the life of the process. NULL when out of memory. */
static void make_bio_method(void)
{
    bio_method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "gale");
    if (!bio_method)
        return;
    BIO_meth_set_read_ex(bio_method, read_bio);
    BIO_meth_set_write_ex(bio_method, gale__tls_write_bio);
    BIO_meth_set_ctrl(bio_method, control_bio);
    BIO_meth_set_create(bio_method, create_bio);
}

void gale__tls_enter(gale__tls *self)
{
    BIO_set_data(net_of(self)->tls->bio, self);
    ERR_clear_error();
}

/* ---- What the loop's connections share -------------------------------------------------- */

static struct gale__tls_shared *shared_of(gale__net *net)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (net->tls)
        return net->tls;
    pthread_once(&once, make_bio_method);
    struct gale__tls_shared *shared = gale__malloc(sizeof *shared);
    if (!shared)
        return NULL;
    shared->bio = bio_method ? BIO_new(bio_method) : NULL;
    if (!shared->bio) {
        gale__free(shared);
        return NULL;
    }
    gale__pool_init(&shared->connections, sizeof(gale__tls), 0);
    gale__pool_init(&shared->handshakes, sizeof(gale__handshake), 0);
    net->tls = shared;
    return shared;
}

void gale__tls_shared_free(struct gale__tls_shared *shared)
{
    if (!shared)
        return;
    BIO_free(shared->bio);
    gale__pool_close(&shared->connections);
    gale__pool_close(&shared->handshakes);
    gale__free(shared);
}

/* ---- Making and freeing ---------------------------------------------------------------- */

static const gale__io_handlers tls_handlers;
static void on_resume(gale__callback *callback);

static int make_ssl(gale__tls *self, const gale_ssl_context *context, const char *hostname)
{
    BIO *bio = net_of(self)->tls->bio;
    GALE_TRY(gale__ssl_new(context, hostname, &self->ssl));
    BIO_up_ref(bio);
    SSL_set_bio(self->ssl, bio, bio);
    SSL_set_app_data(self->ssl, self);
    return 0;
}

static void end_handshake(gale__tls *self, struct gale__tls_shared *shared)
{
    if (!self->handshake)
        return;
    gale__handshakes_remove(self->handshake);
    gale__pool_put(&shared->handshakes, self->handshake);
    self->handshake = NULL;
}

static void destroy(gale__tls *self, struct gale__tls_shared *shared)
{
    /* Else OpenSSL takes the session for a bad one. */
    if (self->ssl && !self->broken)
        SSL_set_shutdown(self->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(self->ssl);
    gale__ssl_setup_unref(self->setup);
    gale__pool_put(&shared->connections, self);
}

static uint64_t session_key(const gale__tls *self, const gale__stream *stream, const char *hostname)
{
    char text[320];
    const gale__address *peer = &stream->peer;
    int size = snprintf(text, sizeof text, "%s:%u", hostname, peer->port);
    return gale__recent_hash(&self->setup->sessions, (gale_str){ text, (size_t)size });
}

static int count_handshake(gale__tls *self, gale__handshakes *handshakes)
{
    self->handshake = gale__pool_get(&net_of(self)->tls->handshakes);
    if (!self->handshake)
        return gale__fail(-ENOMEM, "%s", gale_strerror(-ENOMEM));
    gale__handshakes_add(handshakes, self->handshake, self->stream);
    return 0;
}

static int begin(gale__tls *self, const gale_ssl_context *context, const gale__tls_options *options)
{
    bool server = context->options.server_side;
    self->resume.run = on_resume;
    self->http = options->http;
    self->setup = gale__ssl_setup_ref(context->setup);
    GALE_TRY(make_ssl(self, context, options->server_hostname));
    if (options->handshakes)
        GALE_TRY(count_handshake(self, options->handshakes));
    if (server || context->options.no_session_resumption || !options->server_hostname)
        return 0;
    self->session_key = session_key(self, self->stream, options->server_hostname);
    gale__ssl_resume(self->setup, self->ssl, self->session_key);
    return 0;
}

/* The hello goes out with the rest of the turn's work: `secured` must not come from within
 * gale__tls_start. */
int gale__tls_start(gale__stream *stream, const gale_ssl_context *context,
                    const gale__tls_options *options)
{
    gale__net *net = gale__net_of(stream->loop);
    struct gale__tls_shared *shared = net ? shared_of(net) : NULL;
    gale__tls *self = shared ? gale__pool_get(&shared->connections) : NULL;
    if (!self)
        return gale__fail(-ENOMEM, "%s", gale_strerror(-ENOMEM));
    *self = (gale__tls){ .stream = stream };
    int result = begin(self, context, options);
    if (result < 0) {
        destroy(self, shared);
        return result;
    }
    stream->tls = self;
    stream->io.handlers = &tls_handlers;
    if (!context->options.server_side)
        gale__loop_call(stream->loop, &self->resume);
    return 0;
}

/* The stream lets go. */
static void release(gale__stream *stream)
{
    gale__tls *self = stream->tls;
    gale__net *net = net_of(self);
    gale__loop_uncall(&self->resume);
    gale__segments_clear(&self->sealed, net);
    end_handshake(self, net->tls);
    stream->tls = NULL;
    self->stream = NULL;
    if (!self->busy)
        destroy(self, net->tls);
}

void gale__tls_free(gale__stream *stream)
{
    release(stream);
}

void gale__tls_remove(gale__stream *stream)
{
    release(stream);
    gale__stream_handle_plain(stream);
}

void gale__tls_move(gale__stream *to, gale__stream *from)
{
    to->tls = from->tls;
    to->tls->stream = to;
    to->io.handlers = from->io.handlers;
    from->tls = NULL;
}

/* ---- Telling the stream's owner --------------------------------------------------------- */

static void stop_receiving(gale__tls *self)
{
    gale__stream *stream = self->stream;
    self->mode = GALE__RECEIVE_OFF;
    stream->loop->operations->receive(stream->loop->backend, &stream->io, GALE__RECEIVE_OFF);
}

static void tell_end(gale__tls *self, int error)
{
    gale__stream *stream = self->stream;
    stop_receiving(self);
    if (error)
        stream->error = error;
    if (self->established)
        stream->handlers->ended(stream, error);
    else
        stream->handlers->secured(stream, error);
}

/* Sends what there is. An owner whose queue had to wait is told of what has become of it. */
static void go_on(gale__tls *self)
{
    gale__stream *stream = self->stream;
    bool waited = self->waiting;
    int result = gale__tls_send(self);
    if (result < 0)
        tell_end(self, result);
    else if (result == 0 && waited)
        stream->handlers->drained(stream);
    else if (result > 0 && stream->handlers->progressed)
        stream->handlers->progressed(stream);
}

int gale__tls_receive_mode(gale__stream *stream, gale__receive_mode mode)
{
    gale_ioloop *loop = stream->loop;
    gale__tls *self = stream->tls;
    self->mode = (uint8_t)mode;
    if (self->ended && mode != GALE__RECEIVE_OFF) {
        gale__loop_call(loop, &self->resume);
        return 0;
    }
    return loop->operations->receive(loop->backend, &stream->io, mode);
}

/* ---- The handshake --------------------------------------------------------------------- */

int gale__tls_fail(gale__tls *self, const char *what)
{
    unsigned long error = ERR_peek_error();
    self->broken = true;
    self->why = gale__ssl_reason();
    if (self->no_memory)
        return gale__fail(-ENOMEM, "%s: %s", what, gale_strerror(-ENOMEM));
    if (ERR_GET_REASON(error) != SSL_R_CERTIFICATE_VERIFY_FAILED)
        return gale__ssl_fail(what);
    long result = SSL_get_verify_result(self->ssl);
    return gale__fail(GALE_ECERTIFICATE, "%s: %s", gale_strerror(GALE_ECERTIFICATE),
                      X509_verify_cert_error_string(result));
}

bool gale__tls_met_http(const gale__stream *stream)
{
    return stream->tls->met_http;
}

/* True when it is over, and the stream still there. */
static bool shake_hands(gale__tls *self)
{
    gale__stream *stream = self->stream;
    gale__tls_enter(self);
    int result = SSL_do_handshake(self->ssl);
    if (result == 1) {
        self->established = true;
        SSL_set_tlsext_status_ocsp_resp(self->ssl, NULL, 0); /* else the copy stays */
        end_handshake(self, net_of(self)->tls);
        stream->handlers->secured(stream, 0);
        return self->stream != NULL;
    }
    if (SSL_get_error(self->ssl, result) == SSL_ERROR_WANT_READ)
        return false;
    int reason = ERR_GET_REASON(ERR_peek_error());
    self->met_http = reason == SSL_R_HTTP_REQUEST;
    int error = gale__tls_fail(self, "TLS handshake failed");
    if (!self->met_http)
        gale__tls_send(self); /* the alert */
    tell_end(self, error);
    return false;
}

/* ---- Receiving ------------------------------------------------------------------------- */

/* Why a read has given nothing: 0 when more has to come, 1 for the end, or negative. */
static int read_failed(gale__tls *self)
{
    int error = SSL_get_error(self->ssl, 0);
    if (error == SSL_ERROR_WANT_READ)
        return 0;
    if (error == SSL_ERROR_ZERO_RETURN)
        return 1;
    return gale__tls_fail(self, "TLS failure");
}

/* Decrypts into the shared buffer; *ret_size is how much. Returns as read_failed. */
static int decrypt(gale__tls *self, struct gale__tls_shared *shared, size_t *ret_size)
{
    size_t got, *size = ret_size;
    *size = 0;
    gale__tls_enter(self);
    while (self->input_size > 0 && *size < sizeof shared->plain) {
        if (!SSL_read_ex(self->ssl, shared->plain + *size, sizeof shared->plain - *size, &got))
            return read_failed(self);
        *size += got;
    }
    return 0;
}

static void read_records(gale__tls *self)
{
    gale__stream *stream = self->stream;
    struct gale__tls_shared *shared = net_of(self)->tls;
    size_t size;
    int result;
    do { /* once, since the buffer holds more than one receive gives */
        result = decrypt(self, shared, &size);
        if (size > 0)
            stream->handlers->received(stream, shared->plain, size);
        stream = self->stream; /* it may have moved, or be gone */
    } while (stream && size == sizeof shared->plain);
    if (!stream || result == 0)
        return;
    self->ended = result > 0;
    if (result < 0)
        gale__tls_send(self); /* the alert */
    if (result < 0 || self->mode != GALE__RECEIVE_OFF)
        tell_end(self, result < 0 ? result : 0);
}

/* What the callbacks above have left to do. */
static void leave(gale__tls *self, struct gale__tls_shared *shared)
{
    self->busy = false;
    self->input = NULL;
    self->input_size = 0;
    if (!self->stream)
        destroy(self, shared);
    else if (!self->broken && (self->sealed.size > 0 || self->stream->output))
        go_on(self);
}

static void receive(gale__tls *self, const char *data, size_t size)
{
    struct gale__tls_shared *shared = net_of(self)->tls;
    if (self->broken)
        return;
    self->input = data;
    self->input_size = size;
    self->busy = true;
    if (self->established || shake_hands(self))
        read_records(self);
    leave(self, shared);
}

void gale__tls_feed(gale__stream *stream, const char *data, size_t size)
{
    receive(stream->tls, data, size);
}

/* The connection below has ended, or broken. */
static void ended_below(gale__tls *self, int error)
{
    bool hang_up = self->mode == GALE__RECEIVE_HANG_UP;
    if (error == 0 && !self->established)
        error = gale__fail(-ECONNRESET, "the peer has ended the connection during the handshake");
    else if (error == 0 && !self->ended && !hang_up)
        error = GALE_ETRUNCATED;
    tell_end(self, error);
}

static void on_received(gale__io *io, const char *data, ssize_t size)
{
    gale__tls *self = GALE__CONTAINER_OF(io, gale__stream, io)->tls;
    if (GALE__LIKELY(size > 0))
        receive(self, data, (size_t)size);
    else
        ended_below(self, (int)size);
}

static void on_sent(gale__io *io, ssize_t size)
{
    gale__tls *self = GALE__CONTAINER_OF(io, gale__stream, io)->tls;
    if (size < 0) {
        tell_end(self, (int)size);
        return;
    }
    gale__tls_sent(self, (size_t)size);
    go_on(self);
}

static const gale__io_handlers tls_handlers = { .received = on_received, .sent = on_sent };

/* Begins a client's handshake, tells of an end that was not told yet, or goes on sending. */
static void on_resume(gale__callback *callback)
{
    gale__tls *self = GALE__CONTAINER_OF(callback, gale__tls, resume);
    struct gale__tls_shared *shared = net_of(self)->tls;
    if (self->ended && self->mode != GALE__RECEIVE_OFF) {
        tell_end(self, 0);
        return;
    }
    self->busy = true;
    if (!self->established)
        shake_hands(self);
    leave(self, shared);
}

/* ---- Callbacks of OpenSSL, and questions ----------------------------------------------- */

int gale__tls_new_session(SSL *ssl, SSL_SESSION *session)
{
    gale__tls *self = SSL_get_app_data(ssl);
    if (self->session_key)
        gale__ssl_keep_session(self->setup, session, self->session_key);
    return 0;
}

bool gale__tls_is_http(const SSL *ssl)
{
    const gale__tls *self = SSL_get_app_data(ssl);
    return self->http;
}

/* The protocol among our own, NUL-terminated. */
static const char *alpn_text(const gale__tls *self)
{
    const unsigned char *name;
    unsigned size;
    SSL_get0_alpn_selected(self->ssl, &name, &size);
    const char *own = self->setup->alpn_names;
    while (size > 0 && *own && (strlen(own) != size || memcmp(own, name, size) != 0))
        own += strlen(own) + 1;
    return size == 0 ? "" : *own ? own : "http/1.1";
}

bool gale__tls_info(const gale__tls *self, gale_ssl_info *ret_info)
{
    *ret_info = (gale_ssl_info){ 0 };
    if (!self || !self->established)
        return false;
    const char *name = SSL_get_servername(self->ssl, TLSEXT_NAMETYPE_host_name);
    ret_info->version = SSL_get_version(self->ssl);
    ret_info->cipher = SSL_get_cipher_name(self->ssl);
    ret_info->server_name = name ? name : "";
    ret_info->session_reused = SSL_session_reused(self->ssl);
    ret_info->alpn = alpn_text(self);
    return true;
}
