/* SPDX-License-Identifier: Apache-2.0 */
/* gale_websocket_connect: from a URL to an open connection, over the HTTP client. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "http/client.h"
#include "net/iostream_impl.h"
#include "proto/characters.h"
#include "web/websocket_client.h"

enum { OWN_HEADERS = 6, MOST_BITS = 15 };

/* One handshake; in its own arena. */
typedef struct connecting {
    gale__upgrade upgrade;
    gale__arena arena;
    const gale_websocket_connect_options *options;
    gale_http_client *http;
    gale_fetch_options request;
    gale__websocket_question asked;
    gale__websocket_deflate deflate; /* that is offered, with compression */
    gale__websocket_client *client;
    gale_http_response *response;
    gale__websocket_answer answer;
    char key[GALE__WEBSOCKET_KEY_SIZE + 1];
    char extensions[GALE__WEBSOCKET_DEFLATE_TEXT_MAX];
} connecting;

/* ---- What is asked ---------------------------------------------------------------------- */

/* ws:, wss: and ws+unix: are http:, https: and http+unix: for the HTTP client. */
static int find_url(connecting *self, const char *url, const char **ret_url)
{
    static const char *const schemes[] = { "ws:", "wss:", "ws+unix:" };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0) {
            *ret_url = gale__arena_printf(&self->arena, NULL, "http%s", url + strlen("ws"));
            return *ret_url ? 0 : -ENOMEM;
        }
    return gale__fail(GALE_ENOTSUP, "Unsupported url scheme: %.*s", (int)strcspn(url, ":"), url);
}

static int renew_key(gale__upgrade *upgrade)
{
    return gale__websocket_make_key(GALE__CONTAINER_OF(upgrade, connecting, upgrade)->key);
}

static bool is_valid(int option, int least, int most)
{
    return option == 0 || (option >= least && option <= most);
}

static int offer_compression(connecting *self, const gale_websocket_compression *compression)
{
    int bits = compression->max_window_bits;
    if (!is_valid(compression->compression_level, 1, 9) ||
        !is_valid(compression->mem_level, 1, 9) || !is_valid(bits, 8, MOST_BITS))
        return gale__fail(GALE_EINVALID, "options of the compression are out of range");
    uint8_t most = bits ? (uint8_t)bits : MOST_BITS;
    self->deflate =
        (gale__websocket_deflate){ .server_no_context_takeover = !compression->context_takeover,
                                   .client_no_context_takeover = !compression->context_takeover,
                                   .server_max_window_bits = most,
                                   .client_max_window_bits = most };
    self->asked.deflate = &self->deflate;
    gale__websocket_deflate_offer(&self->deflate, self->extensions);
    return 0;
}

/* RFC 6455 §4.1: tokens, each once. */
static int check_subprotocol(const char *const *all, const char *const *one)
{
    if (!gale__http_is_token(*one, strlen(*one)))
        return gale__fail(GALE_EINVALID, "the subprotocol \"%s\" is no token", *one);
    for (; all != one; all++)
        if (strcmp(*all, *one) == 0)
            return gale__fail(GALE_EINVALID, "the subprotocol \"%s\" is offered twice", *one);
    return 0;
}

/* *ret is NULL when there are none. */
static int join_subprotocols(connecting *self, const char **ret)
{
    const char *const *all = self->options->subprotocols;
    *ret = NULL;
    for (const char *const *at = all; at && *at; at++) {
        GALE_TRY(check_subprotocol(all, at));
        *ret = *ret ? gale__arena_printf(&self->arena, NULL, "%s, %s", *ret, *at) : *at;
        if (!*ret)
            return -ENOMEM;
    }
    self->asked.subprotocols = all;
    return 0;
}

static bool is_of_handshake(const char *name)
{
    switch (gale__http_header_find(name, strlen(name))) {
    case GALE__HTTP_UPGRADE:
    case GALE__HTTP_CONNECTION:
    case GALE__HTTP_SEC_WEBSOCKET_KEY:
    case GALE__HTTP_SEC_WEBSOCKET_VERSION:
    case GALE__HTTP_SEC_WEBSOCKET_PROTOCOL:
    case GALE__HTTP_SEC_WEBSOCKET_EXTENSIONS:
        return true;
    default:
        return false;
    }
}

/* The caller's headers, with room for our own behind them. */
static int copy_headers(connecting *self, gale_fetch_header **ret, gale_fetch_header **ret_end)
{
    const gale_fetch_header *given = self->request.headers;
    size_t count = 0;
    if (!given && self->http->options.defaults)
        given = self->http->options.defaults->headers;
    while (given && given[count].name)
        if (is_of_handshake(given[count++].name))
            return gale__fail(GALE_EINVALID, "the header %s is the handshake's",
                              given[count - 1].name);
    *ret = gale__arena_calloc(&self->arena, (count + OWN_HEADERS + 1) * sizeof **ret);
    if (!*ret)
        return -ENOMEM;
    if (count > 0)
        memcpy(*ret, given, count * sizeof **ret);
    *ret_end = *ret + count;
    return 0;
}

static int set_headers(connecting *self)
{
    gale_fetch_header *all = NULL, *at = NULL;
    const char *subprotocols;
    GALE_TRY(join_subprotocols(self, &subprotocols));
    GALE_TRY(copy_headers(self, &all, &at));
    *at++ = (gale_fetch_header){ "Upgrade", "websocket" };
    *at++ = (gale_fetch_header){ "Connection", "Upgrade" };
    *at++ = (gale_fetch_header){ "Sec-WebSocket-Key", self->key };
    *at++ = (gale_fetch_header){ "Sec-WebSocket-Version", "13" };
    if (subprotocols)
        *at++ = (gale_fetch_header){ "Sec-WebSocket-Protocol", subprotocols };
    if (self->asked.deflate)
        *at = (gale_fetch_header){ "Sec-WebSocket-Extensions", self->extensions };
    self->request.headers = all;
    return 0;
}

static int prepare(connecting *self)
{
    const gale_websocket_connect_options *options = self->options;
    const gale_websocket_class *slots = options->websocket_class;
    const gale_websocket_compression *compression = options->compression ? options->compression
                                                    : slots              ? slots->compression
                                                                         : NULL;
    self->http = options->client ? options->client : gale_http_client_current();
    if (!self->http)
        return -ENOMEM;
    if (options->request)
        self->request = *options->request;
    if (self->request.method && strcmp(self->request.method, "GET") != 0)
        return gale__fail(GALE_EINVALID, "a handshake is a GET");
    self->request.no_follow_redirects = true;
    if (options->connect_timeout != 0) {
        self->request.request_timeout = options->connect_timeout;
        self->request.connect_timeout = GALE_NONE;
    }
    self->upgrade = (gale__upgrade){ .renew = renew_key, .resolver = options->resolver };
    self->asked.key = self->key;
    if (compression)
        GALE_TRY(offer_compression(self, compression));
    return set_headers(self);
}

/* ---- What is answered ------------------------------------------------------------------- */

static int check_answer(connecting *self)
{
    int result = gale__websocket_check_answer(
        &self->asked, gale_http_response_headers(self->response), &self->answer);
    return result == GALE_EINPUT
               ? gale__fail(result, "malformed handshake: %s", self->answer.reason)
               : result;
}

/* Everything that can fail. */
static int make_ready(connecting *self)
{
    gale_websocket *socket = self->client->websocket;
    const char *subprotocol = self->answer.subprotocol;
    if (self->answer.compressed)
        GALE_TRY(gale__websocket_keep_windows(socket, &self->answer.deflate));
    if (subprotocol && !(socket->subprotocol = gale__strdup(subprotocol, strlen(subprotocol))))
        return -ENOMEM;
    socket->active->reader.deflate = socket->compressed;
    return 0;
}

static int shake_hands(connecting *self, const char *url)
{
    const char *http_url = NULL;
    GALE_TRY(find_url(self, url, &http_url));
    GALE_TRY(prepare(self));
    GALE_TRY(gale__client_upgrade(self->http, http_url, &self->request, &self->upgrade,
                                  &self->response));
    GALE_TRY(check_answer(self));
    self->client = gale__websocket_client_new(self->http->loop, self->options);
    return self->client ? make_ready(self) : -ENOMEM;
}

/* ---- The connection --------------------------------------------------------------------- */

/* In the calling task. */
static int call_open(gale_websocket *socket)
{
    const gale_websocket_class *slots = socket->type->slots;
    if (!slots->open)
        return 0;
    gale_scope *scope = gale_scope_open(NULL);
    socket->active->running = scope;
    int result = gale_scope_close(scope, scope ? slots->open(socket, NULL) : -ENOMEM);
    socket->active->running = NULL;
    return result;
}

static int open_connection(connecting *self, gale_scope *scope, gale_websocket **ret_socket)
{
    gale_websocket *socket = self->client->websocket;
    gale__iostream_move(self->upgrade.stream, &socket->stream, &socket->active->input);
    self->upgrade.stream = NULL;
    if (!self->options->detached)
        gale__websocket_client_adopt(self->client, scope);
    self->client = NULL;
    gale__websocket_start(socket);
    int result = call_open(socket);
    if (result < 0)
        gale__websocket_fail(socket, GALE__WEBSOCKET_INTERNAL_ERROR, "");
    gale__websocket_function_ended(socket, 0);
    if (result < 0)
        gale_websocket_free(socket);
    else
        *ret_socket = socket;
    return result < 0 ? result : 0;
}

static void give_response(connecting *self, gale_scope *scope)
{
    if (!self->options->ret_response || !self->response) {
        gale_http_response_free(self->response);
        return;
    }
    gale__http_response_adopt(self->response, scope);
    *self->options->ret_response = self->response;
}

static int connect_to(connecting *self, const char *url, gale_websocket **ret_socket)
{
    gale_scope *scope = self->options->scope ? self->options->scope : gale__task_current->scope;
    int result = shake_hands(self, url);
    give_response(self, scope);
    if (result >= 0)
        return open_connection(self, scope, ret_socket);
    gale_iostream_free(self->upgrade.stream);
    if (self->client)
        gale__websocket_discard(self->client->websocket);
    return result;
}

int gale_websocket_connect(const char *url, const gale_websocket_connect_options *options,
                           gale_websocket **ret_socket)
{
    static const gale_websocket_connect_options none;
    gale__arena arena;
    *ret_socket = NULL;
    if (!options)
        options = &none;
    if (options->ret_response)
        *options->ret_response = NULL;
    if (!gale__task_current)
        return gale__fail(GALE_ENOTASK, "connecting is possible in a task only");
    connecting *self = gale__arena_begin(&arena, &gale_ioloop_current()->blocks, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (connecting){ .arena = arena, .options = options };
    int result = connect_to(self, url, ret_socket);
    arena = self->arena; /* it lies in it */
    gale__arena_end(&arena);
    return result;
}
