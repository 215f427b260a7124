/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake (RFC 6455 §4.2): what is checked, in Tornado's order, and what is answered. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "proto/http1_write.h"
#include "web/application.h"
#include "web/visitor.h"
#include "web/websocket.h"

/* ---- Checks ----------------------------------------------------------------------------- */

static const char *header(gale_handler *handler, gale__http_header id)
{
    const char *value = gale__http_headers_get(&handler->request->headers, id);
    return value ? value : "";
}

static int refuse(gale_handler *handler, int status, const char *text)
{
    GALE_TRY(gale_set_status(handler, status, NULL));
    GALE_TRY(gale_write(handler, text));
    return gale_finish(handler);
}

bool gale_check_origin(gale_handler *handler, const char *origin)
{
    const char *authority = strstr(origin, "://"), *host = header(handler, GALE__HTTP_HOST);
    if (!authority)
        return false;
    authority += 3;
    size_t size = strcspn(authority, "/?#");
    return strlen(host) == size && strncasecmp(authority, host, size) == 0;
}

static bool origin_allowed(gale_handler *handler, const gale_websocket_class *slots)
{
    const char *origin = gale_http_headers_get(&handler->request->headers, "Origin");
    if (!origin)
        return true;
    return slots->check_origin ? slots->check_origin(handler, origin)
                               : gale_check_origin(handler, origin);
}

static bool has_token(const char *list, const char *token)
{
    return gale__http_list_has((gale_str){ list, strlen(list) },
                               (gale_str){ token, strlen(token) });
}

/* Returns 1 when the handshake may go on; otherwise the request has been answered, or cannot be. */
static int check(gale_handler *handler, const gale_websocket_class *slots)
{
    const char *key = header(handler, GALE__HTTP_SEC_WEBSOCKET_KEY);
    if (!has_token(header(handler, GALE__HTTP_UPGRADE), "websocket"))
        return refuse(handler, 400, "Can \"Upgrade\" only to \"WebSocket\".");
    if (!has_token(header(handler, GALE__HTTP_CONNECTION), "upgrade"))
        return refuse(handler, 400, "\"Connection\" must be \"Upgrade\".");
    if (!origin_allowed(handler, slots))
        return refuse(handler, 403, "Cross origin websockets not allowed");
    if (strcmp(header(handler, GALE__HTTP_SEC_WEBSOCKET_VERSION), "13") != 0) {
        GALE_TRY(gale_set_header(handler, "Upgrade", "websocket")); /* RFC 9110 §15.5.22 */
        GALE_TRY(gale_set_header(handler, "Connection", "Upgrade"));
        GALE_TRY(gale_set_header(handler, "Sec-WebSocket-Version", "13"));
        return refuse(handler, 426, "");
    }
    if (!gale__websocket_key_valid((gale_str){ key, strlen(key) }) ||
        handler->request->head.minor < 1)
        return refuse(handler, 400, "Missing/Invalid WebSocket headers");
    return 1;
}

/* ---- Subprotocols ------------------------------------------------------------------------ */

/* The elements of the header, as a list that ends with NULL; NULL when out of memory. */
static const char *const *offered_subprotocols(gale_handler *handler)
{
    gale__arena *arena = gale__handler_arena(handler);
    const char *text = header(handler, GALE__HTTP_SEC_WEBSOCKET_PROTOCOL);
    size_t most = 2, count = 0;
    for (const char *at = text; *at; at++)
        most += *at == ',';
    const char **list = gale__arena_calloc(arena, most * sizeof *list);
    for (const char *at = text; list && *at;) {
        at += strspn(at, " \t,");
        size_t size = strcspn(at, " \t,");
        if (size > 0 && !(list[count++] = gale__arena_strdup(arena, at, size)))
            return NULL;
        at += size;
    }
    return list;
}

static int select_subprotocol(gale_handler *handler, const gale_websocket_class *slots,
                              const char **ret_selected)
{
    *ret_selected = NULL;
    if (!slots->select_subprotocol)
        return 0;
    const char *const *offered = offered_subprotocols(handler);
    if (!offered)
        return -ENOMEM;
    const char *selected = slots->select_subprotocol(handler, offered);
    if (!selected)
        return 0;
    for (size_t i = 0; offered[i]; i++)
        if (strcmp(offered[i], selected) == 0) {
            *ret_selected = offered[i];
            return gale_set_header(handler, "Sec-WebSocket-Protocol", selected);
        }
    return gale__fail(GALE_EINVALID, "select_subprotocol returned \"%s\", which was not offered",
                      selected);
}

/* ---- Compression ------------------------------------------------------------------------ */

static gale__websocket_deflate wanted_compression(const gale_websocket_compression *options)
{
    uint8_t bits = options->max_window_bits ? (uint8_t)options->max_window_bits : 15;
    return (gale__websocket_deflate){ .server_no_context_takeover = !options->context_takeover,
                                      .client_no_context_takeover = !options->context_takeover,
                                      .server_max_window_bits = bits,
                                      .client_max_window_bits = bits };
}

/* Returns 1 when both sides compress. May refuse the handshake. */
static int agree_on_compression(gale_handler *handler, const gale_websocket_class *slots,
                                gale__websocket_deflate *ret_agreed)
{
    const char *offers = header(handler, GALE__HTTP_SEC_WEBSOCKET_EXTENSIONS);
    gale__websocket_deflate wanted = { 0 };
    if (!*offers)
        return 0;
    if (slots->compression)
        wanted = wanted_compression(slots->compression);
    int accepted = gale__websocket_deflate_accept((gale_str){ offers, strlen(offers) },
                                                  slots->compression ? &wanted : NULL, ret_agreed);
    if (accepted < 0)
        return refuse(handler, 400, "Malformed Sec-WebSocket-Extensions");
    if (accepted == 0)
        return 0;
    char answer[GALE__WEBSOCKET_DEFLATE_TEXT_MAX];
    gale__websocket_deflate_answer(ret_agreed, answer);
    int result = gale_set_header(handler, "Sec-WebSocket-Extensions", answer);
    return result < 0 ? result : 1;
}

/* ---- The answer -------------------------------------------------------------------------- */

static int set_headers(gale_handler *handler)
{
    char accept[GALE__WEBSOCKET_ACCEPT_SIZE + 1];
    const char *key = header(handler, GALE__HTTP_SEC_WEBSOCKET_KEY);
    GALE_TRY(gale__websocket_accept((gale_str){ key, strlen(key) }, accept));
    GALE_TRY(gale_set_status(handler, 101, NULL));
    GALE_TRY(gale__http_headers_remove(&handler->headers, GALE__HTTP_CONTENT_TYPE));
    GALE_TRY(gale_set_header(handler, "Upgrade", "websocket"));
    GALE_TRY(gale_set_header(handler, "Connection", "Upgrade"));
    GALE_TRY(gale_set_header(handler, "Sec-WebSocket-Accept", accept));
    if (handler->filters)
        GALE_TRY(gale__filters_before_headers(handler));
    return handler->visitor ? gale__visitor_add_cookies(handler) : 0;
}

static int write_head(gale_websocket *self, gale_handler *handler)
{
    gale__http1_response_head head = { .status = 101,
                                       .reason = handler->reason,
                                       .headers = &handler->headers,
                                       .framing = { .content_length = -1 } };
    gale__segments *output = gale__stream_output(&self->stream);
    size_t room = gale__http1_response_head_size(&head);
    char *out = output ? gale__segments_reserve(output, handler->net, room) : NULL;
    if (!out)
        return -ENOMEM;
    gale__segments_commit(output, (size_t)(gale__http1_response_head_write(out, &head) - out));
    return 0;
}

/* From here on the request has been answered. */
static void hand_over(gale_handler *handler)
{
    handler->connection = NULL;
    handler->finished = true;
    gale__handler_log_request(handler);
    handler->given_away = true;
}

static int make_ready(gale_websocket *self, gale_handler *handler,
                      const gale__websocket_deflate *agreed, const char *subprotocol)
{
    if (agreed)
        GALE_TRY(gale__websocket_keep_windows(self, agreed));
    if (subprotocol && !(self->subprotocol = gale__strdup(subprotocol, strlen(subprotocol))))
        return -ENOMEM;
    self->active->reader.deflate = self->compressed;
    return write_head(self, handler);
}

/* What is gone before `open` could be called is not told of. */
static int open_connection(gale_websocket *self, gale_handler *handler)
{
    const gale_websocket_class *slots = self->type->slots;
    gale__websocket_start(self);
    self->told_close = self->state != GALE__WEBSOCKET_OPEN;
    return slots->open && !self->told_close ? slots->open(self, handler) : 0;
}

static gale__websocket_type *type_of(gale_handler *handler)
{
    gale__handler_type *type = (gale__handler_type *)(uintptr_t)handler->type;
    if (!type->websocket)
        type->websocket =
            gale__websocket_type_new(type->slots.websocket, &handler->application->settings);
    return type->websocket;
}

int gale__websocket_get(gale_handler *handler)
{
    const gale_websocket_class *slots = handler->type->slots.websocket;
    const char *subprotocol;
    gale__websocket_deflate agreed;
    int result = check(handler, slots);
    if (result <= 0 || handler->finished)
        return result < 0 ? result : 0;
    int compressed = agree_on_compression(handler, slots, &agreed);
    if (compressed < 0 || handler->finished)
        return compressed;
    GALE_TRY(select_subprotocol(handler, slots, &subprotocol));
    GALE_TRY(set_headers(handler));
    if (!handler->connection)
        return GALE_ECLOSED;
    gale__websocket_type *type = type_of(handler);
    gale_websocket *self = type ? gale__websocket_new(handler->application->loop,
                                                      handler->application, type, handler->scope)
                                : NULL;
    if (!self)
        return -ENOMEM;
    self->arg = handler->arg;
    result =
        gale__http_exchange_take_stream(handler->connection, &self->stream, &self->active->input);
    if (result < 0) {
        gale__websocket_discard(self);
        return result;
    }
    hand_over(handler);
    result = make_ready(self, handler, compressed ? &agreed : NULL, subprotocol);
    if (result < 0) {
        self->told_close = true;
        gale__websocket_lost(self);
    } else {
        result = open_connection(self, handler);
    }
    gale__websocket_function_ended(self, result);
    return 0;
}
