/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/proxy_protocol.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/error.h"
#include "proto/characters.h"

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n"; /* of version 2 */
enum { V2_HEAD = 16, V2_COMMAND_LOCAL = 0, V2_COMMAND_PROXY = 1 };

static int malformed(void)
{
    return gale__fail(GALE_EINPUT, "malformed PROXY protocol header");
}

/* The data begins as `text` does, as far as both go. */
static bool agrees(gale_str data, const char *text, size_t size)
{
    return memcmp(data.data, text, data.len < size ? data.len : size) == 0;
}

/* ---- Version 1: a line of text --------------------------------------------------------- */

/* The word before the next space, which is cut off with it. */
static gale_str cut_word(gale_str *line)
{
    const char *space = line->len ? memchr(line->data, ' ', line->len) : NULL;
    gale_str word = { line->data, space ? (size_t)(space - line->data) : line->len };
    size_t size = word.len + (space != NULL);
    line->data += size;
    line->len -= size;
    return word;
}

static bool parse_ip(gale_str word, int version, uint8_t out[16])
{
    char text[INET6_ADDRSTRLEN];
    if (word.len == 0 || word.len >= sizeof text || memchr(word.data, '\0', word.len))
        return false;
    memcpy(text, word.data, word.len);
    text[word.len] = '\0';
    return inet_pton(version == 4 ? AF_INET : AF_INET6, text, out) == 1;
}

/* A decimal number without leading zeros. */
static bool parse_port(gale_str word, uint16_t *ret_port)
{
    unsigned port = 0;
    if (word.len == 0 || word.len > 5 || (word.len > 1 && *word.data == '0'))
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (!gale__http_is_digit(word.data[i]))
            return false;
        port = port * 10 + (unsigned)(word.data[i] - '0');
    }
    *ret_port = (uint16_t)port;
    return port <= UINT16_MAX;
}

static bool is(gale_str word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.data, text, word.len) == 0;
}

/* The words behind "PROXY ". */
static int parse_words(gale_str line, gale__proxied *client)
{
    gale_str family = cut_word(&line);
    if (is(family, "UNKNOWN"))
        return 0; /* what follows is to be ignored */
    int version = is(family, "TCP4") ? 4 : is(family, "TCP6") ? 6 : 0;
    uint8_t destination[16];
    uint16_t port;
    gale_str words[4];
    for (size_t i = 0; i < 4; i++)
        words[i] = cut_word(&line);
    if (!version || line.len || words[3].data + words[3].len != line.data ||
        !parse_ip(words[0], version, client->ip) || !parse_ip(words[1], version, destination) ||
        !parse_port(words[2], &client->port) || !parse_port(words[3], &port))
        return malformed();
    client->version = version;
    return 0;
}

static int parse_text(gale_str data, gale__proxied *client)
{
    size_t limit = data.len < GALE__PROXY_V1_MAX ? data.len : GALE__PROXY_V1_MAX;
    const char *end = memchr(data.data, '\r', limit);
    size_t size = end ? (size_t)(end - data.data) : limit;
    if (!end || size + 1 == data.len)
        return size + 1 < GALE__PROXY_V1_MAX ? 0 : malformed();
    if (size < 6 || end[1] != '\n' || size + 2 > GALE__PROXY_V1_MAX)
        return malformed();
    GALE_TRY(parse_words((gale_str){ data.data + 6, size - 6 }, client));
    return (int)size + 2;
}

/* ---- Version 2: binary ----------------------------------------------------------------- */

static unsigned number_at(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static int parse_addresses(const unsigned char *at, size_t size, unsigned family,
                           gale__proxied *client)
{
    size_t ip_size = family == 1 ? 4 : family == 2 ? 16 : 0;
    if (ip_size == 0)
        return 0; /* Unix sockets, or unspecified */
    if (size < 2 * ip_size + 4)
        return malformed();
    memcpy(client->ip, at, ip_size);
    client->port = (uint16_t)number_at(at + 2 * ip_size);
    client->version = family == 1 ? 4 : 6;
    return 0;
}

static int parse_binary(gale_str data, gale__proxied *client)
{
    const unsigned char *at = (const unsigned char *)data.data;
    if (data.len < V2_HEAD)
        return 0;
    unsigned command = at[12] & 15, family = at[13] >> 4, transport = at[13] & 15;
    size_t size = number_at(at + 14);
    if (at[12] >> 4 != 2 || command > V2_COMMAND_PROXY || family > 3 || transport > 2 ||
        V2_HEAD + size > GALE__PROXY_V2_MAX)
        return malformed();
    if (data.len < V2_HEAD + size)
        return 0;
    if (command == V2_COMMAND_PROXY && transport == 1)
        GALE_TRY(parse_addresses(at + V2_HEAD, size, family, client));
    return V2_HEAD + (int)size;
}

int gale__proxy_protocol_parse(gale_str data, gale__proxied *ret_client)
{
    *ret_client = (gale__proxied){ 0 };
    if (data.len == 0)
        return 0;
    if (agrees(data, signature, sizeof signature))
        return parse_binary(data, ret_client);
    return agrees(data, "PROXY ", 6) ? parse_text(data, ret_client) : malformed();
}
