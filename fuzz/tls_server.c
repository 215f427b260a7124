/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw bytes on a TLS port: the whole server, from its listener to its handlers, over sockets in
 * memory. The first byte chooses what is done with the others:
 *
 *   bits 0-1   0: they are all that the client sends
 *              1: they follow a handshake, where records should be
 *              2: they follow a handshake, as what is said inside TLS
 *              3: pairs of them (where, what) change the bytes of an honest handshake
 *   bit 2      they come in pieces
 *   bit 3      the client does not end its side, but stays until time is up
 */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <gale/gale.h>

#include "fuzz.h"
#include "memory_backend.h"

enum { RAW, RECORDS, INSIDE, CHANGED };

static int listening;
static char pem[4096];
static SSL_CTX *client_context;

/* ---- The server ------------------------------------------------------------------------- */

static int get(gale_handler *self)
{
    return gale_write(self, gale_get_argument(self, "text", "hello"));
}

static int post(gale_handler *self)
{
    gale_str body = gale_http_server_request_body(gale_handler_request(self));
    return gale_write_bytes(self, body.data, body.len);
}

static const gale_handler_class handler = { .get = get, .post = post };
static const gale_route routes[] = { { .pattern = "/.*", .handler = &handler }, { 0 } };

static void make_certificate(void)
{
    gale_bytes *made;
    CHECK(gale_ioloop_current());
    CHECK(gale_ssl_self_signed(NULL, &made) == 0);
    CHECK(gale_bytes_str(made).len < sizeof pem);
    memcpy(pem, gale_bytes_str(made).data, gale_bytes_str(made).len + 1);
    gale_bytes_unref(made);
    gale_ioloop_free(gale_ioloop_current());
    client_context = SSL_CTX_new(TLS_client_method());
    CHECK(client_context);
}

static void serve(void)
{
    gale_application_settings settings = { 0 };
    gale_ssl_options options = { .server_side = true, .certificate = pem };
    CHECK(memory_loop(NULL));
    gale_log_set_level(GALE_LOG_OFF);
    CHECK(gale_ssl_context_new(&options, &settings.server.ssl_context) == 0);
    listening = memory_listen();
    gale_application *application = gale_application_new(routes, &settings);
    CHECK(application);
    CHECK(gale_application_listen_sockets(application, &listening, 1) == 0);
    gale_ssl_context_unref(settings.server.ssl_context);
    memory_turns();
}

/* ---- The client ------------------------------------------------------------------------- */

typedef struct client {
    memory_peer *peer;
    SSL *ssl;
    BIO *in, *out;
    const uint8_t *changes; /* of CHANGED */
    size_t change_count, sent;
} client;

static void begin(client *self)
{
    self->ssl = SSL_new(client_context);
    self->in = BIO_new(BIO_s_mem());
    self->out = BIO_new(BIO_s_mem());
    CHECK(self->ssl && self->in && self->out);
    SSL_set_bio(self->ssl, self->in, self->out);
    SSL_set_connect_state(self->ssl);
}

static void change(const client *self, char *data, size_t size)
{
    for (size_t i = 0; i < self->change_count; i++) {
        size_t at = (size_t)(self->changes[3 * i] << 8 | self->changes[3 * i + 1]);
        if (at >= self->sent && at < self->sent + size)
            data[at - self->sent] = (char)self->changes[3 * i + 2];
    }
}

/* Sends what OpenSSL has to say, lets the server work, and hands over what it says. */
static void exchange(client *self)
{
    char *data;
    size_t size = (size_t)BIO_get_mem_data(self->out, &data);
    if (size > 0 && !self->peer->closed) {
        change(self, data, size);
        self->sent += size;
        memory_send(self->peer, data, size);
    }
    BIO_reset(self->out);
    memory_turns();
    gale_str received = memory_received(self->peer);
    if (received.len > 0)
        BIO_write(self->in, received.data, (int)received.len);
    memory_forget(self->peer, received.len);
}

static void shake_hands(client *self)
{
    begin(self);
    for (int i = 0; i < 4 && SSL_do_handshake(self->ssl) != 1; i++)
        exchange(self);
    ERR_clear_error();
    exchange(self);
}

/* ---- Checks ----------------------------------------------------------------------------- */

/* The server says nothing, speaks TLS, or answers HTTP where HTTP was spoken. */
static void check_answer(const memory_peer *peer, const char *data, size_t size)
{
    static const char refusal[] = "HTTP/1.1 400 ";
    gale_str said = memory_received(peer);
    if (said.len == 0)
        return;
    CHECK(size > 0);
    if (said.data[0] >= 0x14 && said.data[0] <= 0x17)
        return;
    CHECK(said.len > sizeof refusal && memcmp(said.data, refusal, sizeof refusal - 1) == 0);
    CHECK(data[0] >= 'A' && data[0] <= 'Z');
}

static void finish(client *self, bool stays)
{
    if (!stays && !self->peer->closed)
        memory_end(self->peer);
    memory_turns();
    if (!self->peer->closed)
        memory_advance(stays ? 3700 : 61); /* an idle connection stays for an hour */
    CHECK(self->peer->closed);
    CHECK(memory_open_count() == 0);
    SSL_free(self->ssl);
    ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    if (!client_context)
        make_certificate();
    serve();
    client self = { .peer = memory_connect(listening) };
    CHECK(self.peer);
    int what = data[0] & 3;
    bool stays = data[0] & 8;
    const char *bytes = (const char *)data + 1;
    size_t count = size - 1;
    self.peer->piece = data[0] & 4 ? 1 + count / 7 : 0;
    if (what == CHANGED) {
        self.changes = data + 1;
        self.change_count = count / 3;
    }
    if (what != RAW)
        shake_hands(&self);
    if (what == INSIDE && SSL_is_init_finished(self.ssl) && count > 0) {
        SSL_write(self.ssl, bytes, (int)(count < 100000 ? count : 100000));
        exchange(&self);
    }
    if ((what == RAW || what == RECORDS) && !self.peer->closed) {
        memory_send(self.peer, bytes, count);
        memory_turns();
    }
    if (what == RAW)
        check_answer(self.peer, bytes, count);
    finish(&self, stays);
    gale_ioloop_free(gale_ioloop_current());
    return 0;
}
