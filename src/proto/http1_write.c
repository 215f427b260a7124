/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http1_write.h"

#include <assert.h>
#include <gale/httputil.h>
#include <string.h>

#include "proto/characters.h"
#include "proto/status.h"

enum {
    /* With the longest standard phrase. */
    STATUS_LINE_SIZE = sizeof "HTTP/1.1 599 \r\n" + 31,
    /* Content-Length with 20 digits, Transfer-Encoding, Connection and the empty line. */
    FRAMING_SIZE = 38 + 28 + 24 + 2
};
_Static_assert(STATUS_LINE_SIZE + FRAMING_SIZE >= GALE__HTTP_READY_SIZE, "room for a ready head");

static inline char *put(char *out, const char *text, size_t size)
{
    memcpy(out, text, size);
    return out + size;
}

#define PUT(out, literal) put(out, literal, sizeof literal - 1)

/* How many decimal digits the number has. */
__attribute__((noinline)) static int count_digits(uint64_t number)
{
    static const uint64_t powers[] = {
        0,
        10,
        100,
        1000,
        10000,
        100000,
        1000000,
        10000000,
        100000000,
        1000000000,
        10000000000,
        100000000000,
        1000000000000,
        10000000000000,
        100000000000000,
        1000000000000000,
        10000000000000000,
        100000000000000000,
        1000000000000000000,
        10000000000000000000u,
    };
    int bits = 64 - __builtin_clzll(number | 1);
    int least = bits * 1233 >> 12; /* bits * log10(2): right, or one too few */
    return least + (number >= powers[least]);
}

char *gale__http_write_int(char *out, uint64_t number)
{
    char *end = out + (number < 10 ? 1 : number < 100 ? 2 : count_digits(number)), *at = end;
    for (; number >= 10; number /= 10)
        *--at = (char)('0' + number % 10);
    *--at = (char)('0' + number);
    return end;
}

char *gale__http1_chunk_head(char out[GALE__HTTP1_CHUNK_HEAD_SIZE], uint64_t size)
{
    static const char hex[] = "0123456789abcdef";
    int shift = 60;
    while (shift > 0 && !(size >> shift))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *out++ = hex[size >> shift & 15];
    return PUT(out, "\r\n");
}

/* The fields that the writer leaves out, because it writes its own. */
static uint64_t replaced(const gale__http1_framing_out *framing)
{
    uint64_t set = 0;
    if (framing->content_length >= 0)
        set |= gale__http_header_bit(GALE__HTTP_CONTENT_LENGTH);
    if (framing->chunked)
        set |= gale__http_header_bit(GALE__HTTP_TRANSFER_ENCODING) |
               gale__http_header_bit(GALE__HTTP_CONTENT_LENGTH);
    if (framing->connection != GALE__HTTP1_CONNECTION_UNSAID)
        set |= gale__http_header_bit(GALE__HTTP_CONNECTION);
    return set;
}

static inline size_t headers_size(const gale_http_headers *headers)
{
    if (!headers)
        return 0;
    size_t size = headers->block.text.len;
    for (uint32_t i = 0; i < headers->count; i++)
        size += (size_t)headers->fields[i].name_size + headers->fields[i].value_size + 4;
    return size;
}

static char *write_field(char *out, const gale__http_header_field *field)
{
    out = put(out, field->name, field->name_size);
    out = PUT(out, ": ");
    out = put(out, field->value, field->value_size);
    return PUT(out, "\r\n");
}

static char *write_fields(char *out, const gale_http_headers *headers, uint64_t without)
{
    for (uint32_t i = 0; i < headers->count; i++)
        if (!(gale__http_header_bit(headers->fields[i].id) & without))
            out = write_field(out, &headers->fields[i]);
    return out;
}

/* In Tornado's order, of which these are the parts before and after Set-Cookie. */
static inline char *write_length(char *out, const gale__http1_framing_out *framing)
{
    if (framing->content_length < 0 || framing->chunked)
        return out;
    out = PUT(out, "Content-Length: ");
    out = gale__http_write_int(out, (uint64_t)framing->content_length);
    return PUT(out, "\r\n");
}

__attribute__((noinline)) static char *
write_fields_and_length(char *out, const gale_http_headers *headers,
                        const gale__http1_framing_out *framing)
{
    const uint64_t cookies = gale__http_header_bit(GALE__HTTP_SET_COOKIE);
    out = write_fields(out, headers, replaced(framing) | cookies);
    out = write_length(out, framing);
    return headers->present & cookies ? write_fields(out, headers, ~cookies) : out;
}

static inline char *write_end(char *out, const gale__http1_framing_out *framing)
{
    if (framing->connection == GALE__HTTP1_CONNECTION_CLOSE)
        out = PUT(out, "Connection: close\r\n");
    else if (framing->connection == GALE__HTTP1_CONNECTION_KEEP_ALIVE)
        out = PUT(out, "Connection: Keep-Alive\r\n");
    if (framing->chunked)
        out = PUT(out, "Transfer-Encoding: chunked\r\n");
    return PUT(out, "\r\n");
}

static inline char *write_block(char *out, const gale_http_headers *headers)
{
    return headers && headers->block.text.len
               ? put(out, headers->block.text.data, headers->block.text.len)
               : out;
}

static inline char *write_rest(char *out, const gale_http_headers *headers,
                               const gale__http1_framing_out *framing)
{
    out = headers && headers->count ? write_fields_and_length(out, headers, framing)
                                    : write_length(out, framing);
    return write_end(out, framing);
}

static const char *reason_of(const gale__http1_response_head *head)
{
    if (!head->reason)
        return gale_http_reason(head->status);
    return gale__http_all(head->reason, strlen(head->reason), GALE__CHARACTER_FIELD) ? head->reason
                                                                                     : "Unknown";
}

__attribute__((noinline)) static char *write_status_line(char *out,
                                                         const gale__http1_response_head *head)
{
    const char *reason = reason_of(head);
    out = PUT(out, "HTTP/1.1 ");
    *out++ = (char)('0' + head->status / 100 % 10);
    *out++ = (char)('0' + head->status / 10 % 10);
    *out++ = (char)('0' + head->status % 10);
    *out++ = ' ';
    out = put(out, reason, strlen(reason));
    return PUT(out, "\r\n");
}

size_t gale__http1_response_head_size(const gale__http1_response_head *head)
{
    size_t line = STATUS_LINE_SIZE;
    if (GALE__UNLIKELY(head->reason != NULL))
        line += strlen(head->reason);
    return line + headers_size(head->headers) + FRAMING_SIZE;
}

static inline bool is_ready(const gale__http1_response_head *head)
{
    return head->status == 200 && !head->reason && head->headers && head->headers->block.ready;
}

static char *write_ready_lines(char *out, const gale__http_header_block *block)
{
    memcpy(out, block->ready, GALE__HTTP_READY_SIZE); /* what is behind them is overwritten */
    return out + GALE__HTTP_OK_SIZE + block->text.len;
}

char *gale__http1_response_head_write(char *out, const gale__http1_response_head *head)
{
    assert(head->status >= 100 && head->status <= 999);
    out = is_ready(head) ? write_ready_lines(out, &head->headers->block)
                         : write_block(write_status_line(out, head), head->headers);
    return write_rest(out, head->headers, &head->framing);
}

size_t gale__http1_request_head_size(const gale__http1_request_head *head)
{
    if (!gale__http_is_token(head->method.data, head->method.len) || !head->target.len ||
        !gale__http_all(head->target.data, head->target.len, GALE__CHARACTER_VISIBLE))
        return 0;
    return head->method.len + head->target.len + sizeof "  HTTP/1.1\r\n" +
           headers_size(head->headers) + FRAMING_SIZE;
}

char *gale__http1_request_head_write(char *out, const gale__http1_request_head *head)
{
    out = put(out, head->method.data, head->method.len);
    *out++ = ' ';
    out = put(out, head->target.data, head->target.len);
    out = write_block(PUT(out, " HTTP/1.1\r\n"), head->headers);
    return write_rest(out, head->headers, &head->framing);
}
