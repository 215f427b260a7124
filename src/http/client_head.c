/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request: the lines that gale sends, and those of the caller. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "core/error.h"
#include "http/client_exchange.h"
#include "proto/http1_write.h"

enum { OWN_LINES = 12 };

/* Own lines, with a name as "Host: ", before or behind the caller's. */
typedef struct line {
    gale_str name, value;
} line;

typedef struct request_lines {
    line own[OWN_LINES];
    int count, before; /* of `own`, and how many stand before the caller's */
    uint64_t given;    /* names that the caller has set */
    uint64_t dropped;  /* names of the caller's that are not sent */
    char digits[24], date[GALE_TIMESTAMP_SIZE];
} request_lines;

static gale_str text_of(const char *text)
{
    return (gale_str){ text, strlen(text) };
}

static uint64_t bit_of(const gale_fetch_header *header)
{
    return gale__http_header_bit(gale__http_header_find(header->name, strlen(header->name)));
}

static bool is_given(const request_lines *self, gale__http_header id)
{
    return (self->given & ~self->dropped & gale__http_header_bit(id)) != 0;
}

static void add(request_lines *self, gale_str name, gale_str value)
{
    self->own[self->count++] = (line){ name, value };
}

#define ADD(self, name, value) add(self, GALE_STR(name ": "), value)

/* ---- Which lines ----------------------------------------------------------------------- */

/* What a redirect takes away, and what gale alone decides. */
static void find_given(request_lines *self, const gale__exchange *exchange)
{
    const gale__fetch *fetch = exchange->fetch;
    const gale_fetch_header *header = fetch->options->headers;
    for (; header && header->name; header++)
        self->given |= bit_of(header);
    self->given &= ~gale__http_header_bit(GALE__HTTP_OTHER);
    self->dropped = gale__http_header_bit(GALE__HTTP_CONTENT_LENGTH) |
                    gale__http_header_bit(GALE__HTTP_TRANSFER_ENCODING);
    if (fetch->authorization)
        self->dropped |= gale__http_header_bit(GALE__HTTP_AUTHORIZATION);
    if (fetch->response->times.redirect_count > 0)
        self->dropped |= gale__http_header_bit(GALE__HTTP_HOST);
    if (fetch->elsewhere)
        self->dropped |= gale__http_header_bit(GALE__HTTP_AUTHORIZATION) |
                         gale__http_header_bit(GALE__HTTP_COOKIE);
    if (fetch->bodiless)
        self->dropped |= gale__http_header_bit(GALE__HTTP_CONTENT_TYPE) |
                         gale__http_header_bit(GALE__HTTP_CONTENT_ENCODING) |
                         gale__http_header_bit(GALE__HTTP_EXPECT);
}

static void add_before(request_lines *self, const gale__exchange *exchange)
{
    const gale__fetch *fetch = exchange->fetch;
    const gale_fetch_options *options = fetch->options;
    if (!is_given(self, GALE__HTTP_HOST))
        ADD(self, "Host", fetch->unix_path ? GALE_STR("localhost") : fetch->uri.authority);
    if (!is_given(self, GALE__HTTP_USER_AGENT))
        ADD(self, "User-Agent",
            options->user_agent ? text_of(options->user_agent) : GALE_STR("gale/" GALE_VERSION));
    if (!is_given(self, GALE__HTTP_ACCEPT_ENCODING) && !options->no_decompress)
        ADD(self, "Accept-Encoding", GALE_BROTLI ? GALE_STR("gzip, br") : GALE_STR("gzip"));
    if (!is_given(self, GALE__HTTP_CONNECTION) && options->no_keep_alive)
        ADD(self, "Connection", GALE_STR("close"));
    if (fetch->authorization)
        ADD(self, "Authorization", text_of(fetch->authorization));
    if (fetch->proxy_authorization)
        ADD(self, "Proxy-Authorization", text_of(fetch->proxy_authorization));
    if (fetch->cookies.data && !is_given(self, GALE__HTTP_COOKIE))
        ADD(self, "Cookie", fetch->cookies);
    if (options->if_modified_since != 0 && !is_given(self, GALE__HTTP_IF_MODIFIED_SINCE))
        ADD(self, "If-Modified-Since",
            text_of(gale_format_timestamp(options->if_modified_since, self->date)));
    self->before = self->count;
}

static void add_behind(request_lines *self, const gale__exchange *exchange)
{
    const gale__fetch *fetch = exchange->fetch;
    bool post = fetch->method.len == 4 && memcmp(fetch->method.data, "POST", 4) == 0;
    if (!gale__fetch_has_body(fetch))
        return;
    if (fetch->options->expect_100_continue)
        ADD(self, "Expect", GALE_STR("100-continue"));
    if (post && !is_given(self, GALE__HTTP_CONTENT_TYPE))
        ADD(self, "Content-Type", GALE_STR("application/x-www-form-urlencoded"));
    if (exchange->length < 0) {
        ADD(self, "Transfer-Encoding", GALE_STR("chunked"));
        return;
    }
    char *end = gale__http_write_int(self->digits, (uint64_t)exchange->length);
    ADD(self, "Content-Length", ((gale_str){ self->digits, (size_t)(end - self->digits) }));
}

/* ---- Writing --------------------------------------------------------------------------- */

/* A proxy is told the whole URL (RFC 9112 §3.2.2). */
static gale_str target_of(const gale__fetch *fetch)
{
    return fetch->forwarded ? fetch->uri.text : fetch->uri.target;
}

static size_t measure(const request_lines *self, const gale__fetch *fetch)
{
    size_t size = fetch->method.len + target_of(fetch).len + sizeof "  HTTP/1.1\r\n\r\n";
    for (int i = 0; i < self->count; i++)
        size += self->own[i].name.len + self->own[i].value.len + 2;
    const gale_fetch_header *header = fetch->options->headers;
    for (; header && header->name; header++)
        size += strlen(header->name) + (header->value ? strlen(header->value) : 0) + 4;
    return size;
}

static char *put(char *out, gale_str text)
{
    memcpy(out, text.data, text.len);
    return out + text.len;
}

static char *put_own(char *out, const request_lines *self, int from, int to)
{
    for (int i = from; i < to; i++) {
        out = put(put(out, self->own[i].name), self->own[i].value);
        out = put(out, GALE_STR("\r\n"));
    }
    return out;
}

static char *put_given(char *out, const request_lines *self, const gale_fetch_header *header)
{
    for (; header && header->name; header++) {
        if (bit_of(header) & self->dropped)
            continue;
        out = put(put(out, text_of(header->name)), GALE_STR(": "));
        out = put(put(out, text_of(header->value ? header->value : "")), GALE_STR("\r\n"));
    }
    return out;
}

int gale__request_head(const gale__exchange *exchange, char *room, size_t size, gale_str *ret_head)
{
    const gale__fetch *fetch = exchange->fetch;
    request_lines lines;
    lines.count = 0;
    lines.given = 0;
    find_given(&lines, exchange);
    add_before(&lines, exchange);
    add_behind(&lines, exchange);
    size_t needed = measure(&lines, fetch);
    char *head = needed <= size ? room : gale__arena_alloc(fetch->arena, needed), *at = head;
    if (!head)
        return -ENOMEM;
    at = put(put(at, fetch->method), GALE_STR(" "));
    at = put(put(at, target_of(fetch)), GALE_STR(" HTTP/1.1\r\n"));
    at = put_own(at, &lines, 0, lines.before);
    at = put_given(at, &lines, fetch->options->headers);
    at = put(put_own(at, &lines, lines.before, lines.count), GALE_STR("\r\n"));
    *ret_head = (gale_str){ head, (size_t)(at - head) };
    return 0;
}
