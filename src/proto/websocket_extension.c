/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permessage-deflate in Sec-WebSocket-Extensions (RFC 7692 §7.1): a list of extensions, each with
 * parameters, `name; parameter; parameter=value, name`. Values may be quoted.
 */
#include <stdio.h>
#include <string.h>

#include "proto/characters.h"
#include "proto/header_names.h"
#include "proto/websocket_handshake.h"

enum { LEAST_BITS = 8, MOST_BITS = 15 };

/* What is not said is one of these. */
enum { UNSAID = 0, WITHOUT_VALUE = 1 };

/* The parameters of one extension, each as it was said. */
typedef struct parameters {
    bool server_no_context_takeover, client_no_context_takeover;
    uint8_t server_max_window_bits; /* UNSAID, or 8 to 15 */
    uint8_t client_max_window_bits; /* the same, or WITHOUT_VALUE */
    bool unknown;                   /* something else was said, or something twice */
} parameters;

/* ---- The list -------------------------------------------------------------------------- */

static void skip_space(gale_str *rest)
{
    while (rest->len > 0 && gale__http_is_space(*rest->data)) {
        rest->data++;
        rest->len--;
    }
}

/* Takes the byte off the front, and the white space around it; false when it is not there. */
static bool take(gale_str *rest, char byte)
{
    skip_space(rest);
    if (rest->len == 0 || *rest->data != byte)
        return false;
    rest->data++;
    rest->len--;
    skip_space(rest);
    return true;
}

/* Takes a token off the front; empty when there is none. */
static gale_str take_token(gale_str *rest)
{
    gale_str token = { rest->data, 0 };
    while (token.len < rest->len && gale__http_is(rest->data[token.len], GALE__CHARACTER_TOKEN))
        token.len++;
    rest->data += token.len;
    rest->len -= token.len;
    return token;
}

/* A token, quoted or not: §9.1 of RFC 6455 allows no other text in quotes. */
static gale_str take_value(gale_str *rest)
{
    bool quoted = rest->len > 0 && *rest->data == '"';
    if (!quoted)
        return take_token(rest);
    rest->data++;
    rest->len--;
    gale_str value = take_token(rest);
    if (rest->len == 0 || *rest->data != '"')
        return (gale_str){ value.data, 0 };
    rest->data++;
    rest->len--;
    return value;
}

static bool is(gale_str text, const char *literal)
{
    return gale__http_equal(text.data, text.len, literal, strlen(literal));
}

/* 8 to 15 without leading zeroes, or UNSAID for anything else. */
static uint8_t window_bits(gale_str value)
{
    unsigned number = 0;
    if (value.len < 1 || value.len > 2 || value.data[0] == '0')
        return UNSAID;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return UNSAID;
        number = number * 10 + (unsigned)(value.data[i] - '0');
    }
    return number >= LEAST_BITS && number <= MOST_BITS ? (uint8_t)number : UNSAID;
}

static void set_flag(parameters *said, bool *flag, bool has_value)
{
    said->unknown |= *flag || has_value;
    *flag = true;
}

static void set_bits(parameters *said, uint8_t *bits, uint8_t value)
{
    said->unknown |= *bits != UNSAID || value == UNSAID;
    *bits = value;
}

static void set_parameter(parameters *said, gale_str name, bool has_value, gale_str value)
{
    uint8_t bits = has_value ? window_bits(value) : UNSAID;
    if (is(name, "server_no_context_takeover"))
        set_flag(said, &said->server_no_context_takeover, has_value);
    else if (is(name, "client_no_context_takeover"))
        set_flag(said, &said->client_no_context_takeover, has_value);
    else if (is(name, "server_max_window_bits"))
        set_bits(said, &said->server_max_window_bits, bits);
    else if (is(name, "client_max_window_bits"))
        set_bits(said, &said->client_max_window_bits, has_value ? bits : WITHOUT_VALUE);
    else
        said->unknown = true;
}

/* Takes one extension off the front: 1, or 0 when there are no more; GALE_EINPUT. */
static int take_extension(gale_str *rest, gale_str *ret_name, parameters *ret_said)
{
    *ret_said = (parameters){ 0 };
    while (take(rest, ','))
        ; /* empty elements of the list (RFC 9110 §5.6.1.2) */
    if (rest->len == 0)
        return 0;
    *ret_name = take_token(rest);
    if (ret_name->len == 0)
        return GALE_EINPUT;
    while (take(rest, ';')) {
        gale_str name = take_token(rest), value = { NULL, 0 };
        bool has_value = take(rest, '=');
        if (has_value)
            value = take_value(rest);
        if (name.len == 0 || (has_value && value.len == 0))
            return GALE_EINPUT;
        set_parameter(ret_said, name, has_value, value);
    }
    skip_space(rest);
    return rest->len == 0 || *rest->data == ',' ? 1 : GALE_EINPUT;
}

/* ---- Both sides ------------------------------------------------------------------------ */

static uint8_t lesser(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

/* False when the client cannot do what we want: it does not say that it knows of a window. */
static bool accept_one(const parameters *said, const gale__websocket_deflate *wanted,
                       gale__websocket_deflate *agreed)
{
    uint8_t server = said->server_max_window_bits, client = said->client_max_window_bits;
    if (said->unknown)
        return false;
    *agreed = *wanted;
    agreed->server_no_context_takeover |= said->server_no_context_takeover;
    agreed->client_no_context_takeover |= said->client_no_context_takeover;
    if (server != UNSAID)
        agreed->server_max_window_bits = lesser(server, wanted->server_max_window_bits);
    if (client == UNSAID)
        agreed->client_max_window_bits = MOST_BITS;
    else if (client != WITHOUT_VALUE)
        agreed->client_max_window_bits = lesser(client, wanted->client_max_window_bits);
    return true;
}

int gale__websocket_deflate_accept(gale_str offers, const gale__websocket_deflate *wanted,
                                   gale__websocket_deflate *ret_agreed)
{
    gale_str name;
    parameters said;
    int accepted = 0, result;
    while ((result = take_extension(&offers, &name, &said)) > 0)
        if (!accepted && wanted && is(name, "permessage-deflate"))
            accepted = accept_one(&said, wanted, ret_agreed);
    return result < 0 ? result : accepted;
}

int gale__websocket_deflate_agree(gale_str answer, const gale__websocket_deflate *offered,
                                  gale__websocket_deflate *ret_agreed)
{
    gale_str name;
    parameters said;
    skip_space(&answer);
    if (answer.len == 0)
        return 0;
    if (take_extension(&answer, &name, &said) <= 0 || answer.len > 0 ||
        !is(name, "permessage-deflate") || said.unknown ||
        said.client_max_window_bits == WITHOUT_VALUE)
        return GALE_EINPUT;
    *ret_agreed = (gale__websocket_deflate){
        .server_no_context_takeover = said.server_no_context_takeover,
        .client_no_context_takeover =
            said.client_no_context_takeover || offered->client_no_context_takeover,
        .server_max_window_bits =
            said.server_max_window_bits ? said.server_max_window_bits : MOST_BITS,
        .client_max_window_bits =
            lesser(said.client_max_window_bits ? said.client_max_window_bits : (uint8_t)MOST_BITS,
                   offered->client_max_window_bits),
    };
    return ret_agreed->server_max_window_bits > offered->server_max_window_bits ? GALE_EINPUT : 1;
}

static size_t put(char *out, size_t at, const char *format, int bits)
{
    int size = snprintf(out + at, GALE__WEBSOCKET_DEFLATE_TEXT_MAX - at, format, bits);
    return at + (size_t)size;
}

static const char *write_text(const gale__websocket_deflate *deflate, bool is_offer, char *out)
{
    size_t at = put(out, 0, "permessage-deflate", 0);
    if (deflate->server_no_context_takeover)
        at = put(out, at, "; server_no_context_takeover", 0);
    if (deflate->client_no_context_takeover)
        at = put(out, at, "; client_no_context_takeover", 0);
    if (deflate->server_max_window_bits < MOST_BITS)
        at = put(out, at, "; server_max_window_bits=%d", deflate->server_max_window_bits);
    if (deflate->client_max_window_bits < MOST_BITS)
        at = put(out, at, "; client_max_window_bits=%d", deflate->client_max_window_bits);
    else if (is_offer)
        put(out, at, "; client_max_window_bits", 0);
    return out;
}

const char *gale__websocket_deflate_answer(const gale__websocket_deflate *agreed,
                                           char out[GALE__WEBSOCKET_DEFLATE_TEXT_MAX])
{
    return write_text(agreed, false, out);
}

const char *gale__websocket_deflate_offer(const gale__websocket_deflate *wanted,
                                          char out[GALE__WEBSOCKET_DEFLATE_TEXT_MAX])
{
    return write_text(wanted, true, out);
}
