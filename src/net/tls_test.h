/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for tests, made when first needed, and pairs of streams with TLS. */
#ifndef GALE_NET_TLS_TEST_H
#define GALE_NET_TLS_TEST_H

#include <stdlib.h>

#include <gale/gen.h>
#include <gale/ssl.h>

#include "net/net_test.h"
#include "net/ssl_make.h"

/* What is made stays for the life of the process, outside the allocator that is counted. */
static inline char *make_pem(const gale__ssl_request *request)
{
    gale_bytes *pem;
    assert_ok(gale__ssl_make(request, &pem));
    char *text = strdup(gale_bytes_str(pem).data);
    gale_bytes_unref(pem);
    return text;
}

/* The authority of all that follow. */
static inline const char *authority(void)
{
    static char *pem;
    if (!pem)
        pem = make_pem(&(gale__ssl_request){
            .common_name = "test authority", .authority = true, .first_day = -1, .last_day = 30 });
    return pem;
}

/* A certificate of the authority; `names` also tells what is kept. */
static inline const char *certificate_for(const char *names)
{
    static struct {
        const char *names;
        char *pem;
    } made[16];
    int i = 0;
    while (made[i].names && strcmp(made[i].names, names) != 0)
        i++;
    if (!made[i].names) {
        made[i].names = names;
        made[i].pem = make_pem(&(gale__ssl_request){ .common_name = "test",
                                                     .names = names,
                                                     .issuer = authority(),
                                                     .first_day = -1,
                                                     .last_day = 30 });
    }
    return made[i].pem;
}

static inline gale_ssl_context *context_of(const gale_ssl_options *options)
{
    gale_ssl_context *context;
    assert_ok(gale_ssl_context_new(options, &context));
    return context;
}

static inline gale_ssl_context *server_context(void)
{
    return context_of(&(gale_ssl_options){ .server_side = true,
                                           .certificate = certificate_for("localhost,127.0.0.1") });
}

static inline gale_ssl_context *client_context(void)
{
    return context_of(&(gale_ssl_options){ .ca_data = authority() });
}

/* A handshake on one end, in a task of its own. */
typedef struct handshake {
    gale_iostream *stream;
    bool server_side;
    gale_ssl_context *context;
    const char *hostname;
    int result;
    char detail[200];
} handshake;

static inline int shake(void *arg)
{
    handshake *self = arg;
    self->result =
        gale_iostream_start_tls(self->stream, self->server_side, self->context, self->hostname);
    snprintf(self->detail, sizeof self->detail, "%s", self->result < 0 ? gale_error_detail() : "");
    if (self->result < 0 && self->result != GALE_ECLOSED) /* it may be gone */
        gale_iostream_close(self->stream);                /* so that the peer does not wait */
    return 0;
}

/* Handshakes on both ends: `writer` is the client. */
static inline void shake_both(stream_pair *pair, handshake *client, handshake *server)
{
    client->stream = pair->writer;
    server->stream = pair->reader;
    server->server_side = true;
    gale_scope *scope = gale_scope_open(NULL);
    assert_non_null(scope);
    assert_ok(gale_scope_spawn(scope, "client", shake, client));
    assert_ok(gale_scope_spawn(scope, "server", shake, server));
    assert_ok(gale_scope_close(scope, 0));
}

/* A handshake with contexts of these options; its result for the client. */
static inline int attempt(const gale_ssl_options *client_options,
                          const gale_ssl_options *server_options, const char *hostname,
                          handshake *client, handshake *server)
{
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    *client = (handshake){ .context = context_of(client_options), .hostname = hostname };
    *server = (handshake){ .context = context_of(server_options) };
    shake_both(&pair, client, server);
    if (client->result < 0) {
        assert_true(gale_iostream_closed(pair.writer));
        assert_int_equal(gale_iostream_error(pair.writer), client->result);
    }
    free_pair(&pair);
    gale_ssl_context_unref(client->context);
    gale_ssl_context_unref(server->context);
    return client->result;
}

/* A pair that speaks TLS. */
static inline stream_pair open_tls_pair(pair_kind kind, const gale_iostream_options *options)
{
    stream_pair pair = open_pair(kind, options);
    handshake client = { .context = client_context(), .hostname = "localhost" };
    handshake server = { .context = server_context() };
    shake_both(&pair, &client, &server);
    if (client.result < 0 || server.result < 0)
        fail_msg("client: %s, server: %s", client.detail, server.detail);
    gale_ssl_context_unref(client.context);
    gale_ssl_context_unref(server.context);
    return pair;
}

#endif
