/* SPDX-License-Identifier: Apache-2.0 */
/* TLS connections whose bytes come and go in any pieces, break at any byte, or lack memory. The
 * client is OpenSSL's, over memory. */
#include <errno.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "fault_test.h"

static const gale_route routes[] = { { .pattern = "/", .handler = &hello_handler },
                                     { .pattern = "/echo", .handler = &echo_handler },
                                     { 0 } };
static SSL_CTX *client_context; /* for the life of the process */
static char pem[4096];          /* of the server's certificate */

static int serve_tls(void)
{
    gale_ioloop_free(gale_ioloop_current_or_null());
    assert_non_null(memory_loop(NULL));
    if (!*pem) {
        gale_bytes *made;
        assert_ok(gale_ssl_self_signed(NULL, &made));
        snprintf(pem, sizeof pem, "%s", gale_bytes_str(made).data);
        gale_bytes_unref(made);
        client_context = SSL_CTX_new(TLS_client_method());
    }
    gale_application_settings settings = { 0 };
    gale_ssl_options options = { .server_side = true, .certificate = pem };
    assert_ok(gale_ssl_context_new(&options, &settings.server.ssl_context));
    int listening = memory_listen();
    gale_application *application = gale_application_new(routes, &settings);
    assert_ok(gale_application_listen_sockets(application, &listening, 1));
    gale_ssl_context_unref(settings.server.ssl_context);
    memory_turns();
    return listening;
}

typedef struct client {
    memory_peer *peer;
    SSL *ssl;
    BIO *in, *out;
} client;

static client client_of(memory_peer *peer)
{
    client self = { .peer = peer, .ssl = SSL_new(client_context) };
    self.in = BIO_new(BIO_s_mem());
    self.out = BIO_new(BIO_s_mem());
    SSL_set_bio(self.ssl, self.in, self.out);
    SSL_set_connect_state(self.ssl);
    return self;
}

/* Sends what OpenSSL has to say, lets the server work, and hands over what it says. */
static void exchange(client *self)
{
    char *data;
    long size = BIO_get_mem_data(self->out, &data);
    if (size > 0 && !self->peer->closed)
        memory_send(self->peer, data, (size_t)size);
    BIO_reset(self->out);
    memory_turns();
    gale_str received = memory_received(self->peer);
    if (received.len > 0)
        BIO_write(self->in, received.data, (int)received.len);
    memory_forget(self->peer, received.len);
}

static bool shake_hands(client *self)
{
    for (int i = 0; i < 10 && SSL_do_handshake(self->ssl) != 1; i++)
        exchange(self);
    return SSL_is_init_finished(self->ssl);
}

/* The answer to a request, as far as it comes. */
static int ask_for(client *self, const char *request, char *out, int size)
{
    int got = 0, now;
    SSL_write(self->ssl, request, (int)strlen(request));
    for (int i = 0; i < 5; i++) {
        exchange(self);
        while ((now = SSL_read(self->ssl, out + got, size - 1 - got)) > 0)
            got += now;
    }
    out[got] = '\0';
    ERR_clear_error();
    return got;
}

static void assert_asks(client *self)
{
    char answer[20000];
    assert_true(ask_for(self, HELLO_REQUEST CHUNKED_REQUEST SIZED_REQUEST, answer, sizeof answer) >
                0);
    response got = { 0 };
    const char *bodies[] = { "Hello, world", "hello world", "hello" };
    gale_str rest = { answer, strlen(answer) };
    for (int i = 0; i < 3; i++) {
        assert_true(response_read(rest, &got));
        assert_str(got.body, bodies[i]);
        rest = (gale_str){ rest.data + got.size, rest.len - got.size };
    }
    assert_int_equal(rest.len, 0);
}

TEST(records_in_pieces_of_every_size)
{
    int listening = serve_tls();
    for (size_t piece = 1; piece < 600; piece = piece * 3 / 2 + 1)
        for (int waits = 0; waits < 2; waits++) {
            client self = client_of(connected(listening));
            self.peer->piece = piece;
            self.peer->send_limit = piece;
            self.peer->sends_wait = waits;
            assert_true(shake_hands(&self));
            assert_asks(&self);
            assert_asks(&self);
            SSL_free(self.ssl);
            memory_end(self.peer);
            memory_turns();
            assert_true(self.peer->closed);
        }
    stop();
}

/* Whatever the byte at which it breaks: nothing is left behind. */
TEST(a_connection_that_breaks_at_every_byte)
{
    int listening = serve_tls();
    for (size_t limit = 0; limit < 700; limit += 7) {
        char *data;
        client self = client_of(connected(listening));
        SSL_do_handshake(self.ssl);
        size_t size = (size_t)BIO_get_mem_data(self.out, &data);
        memory_send(self.peer, data, limit < size ? limit : size);
        memory_turns();
        if (limit % 2)
            memory_break(self.peer, -ECONNRESET);
        else
            memory_end(self.peer);
        memory_turns();
        assert_true(self.peer->closed);
        SSL_free(self.ssl);
    }
    stop();
}

/* A client that takes nothing is not waited for, and holds no more than its share. */
TEST(a_client_that_takes_nothing)
{
    client self = client_of(connected(serve_tls()));
    assert_true(shake_hands(&self));
    memory_take(self.peer, 0);
    size_t before = test_allocated_bytes();
    for (int i = 0; i < 200; i++)
        SSL_write(self.ssl, HELLO_REQUEST, sizeof HELLO_REQUEST - 1);
    exchange(&self);
    assert_true(test_allocated_bytes() - before < 400000);
    memory_advance(61);
    assert_true(self.peer->closed);
    SSL_free(self.ssl);
    stop();
}

TEST(each_allocation_may_fail)
{
    int listening = serve_tls();
    client first = client_of(connected(listening)); /* fills the pools that stay */
    assert_true(shake_hands(&first));
    gale_log_set_level(GALE_LOG_OFF);
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        char answer[2000];
        test_fail_allocation(n);
        client self = client_of(connected(listening));
        if (shake_hands(&self))
            ask_for(&self, HELLO_REQUEST, answer, sizeof answer);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        SSL_free(self.ssl);
        if (!self.peer->closed)
            memory_end(self.peer);
        memory_turns();
        assert_true(self.peer->closed);
    }
    assert_asks(&first); /* others go on */
    SSL_free(first.ssl);
    stop();
}

GALE_TEST_MAIN
