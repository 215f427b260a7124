/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http1_body.h"

#include <string.h>

#include "proto/characters.h"
#include "proto/host.h"
#include "proto/scan.h"

static int refuse(gale__http1_body *out, int status, const char *reason)
{
    out->status = status;
    out->reason = reason;
    return GALE_EINPUT;
}

static bool equal(gale_str a, gale_str b)
{
    return gale__http_equal(a.data, a.len, b.data, b.len);
}

static gale_str value_of(const gale__http_header_field *field)
{
    return (gale_str){ field->value, field->value_size };
}

/* Cuts the first element, trimmed, off a comma-separated list. False when none is left. */
static bool next_element(gale_str *list, gale_str *ret_element)
{
    if (!list->data)
        return false;
    const char *comma = list->len ? (const char *)memchr(list->data, ',', list->len) : NULL;
    size_t size = comma ? (size_t)(comma - list->data) : list->len;
    *ret_element = gale__http_trim((gale_str){ list->data, size });
    *list = comma ? (gale_str){ comma + 1, list->len - size - 1 } : (gale_str){ NULL, 0 };
    return true;
}

bool gale__http_list_has(gale_str list, gale_str token)
{
    gale_str element;
    while (next_element(&list, &element))
        if (equal(element, token))
            return true;
    return false;
}

int gale__http_parse_int(gale_str text, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (!text.len)
        return GALE_EINPUT;
    for (size_t i = 0; i < text.len; i++) {
        if (!gale__http_is_digit(text.data[i]))
            return GALE_EINPUT;
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (number > ((uint64_t)INT64_MAX - digit) / 10)
            return GALE_EINPUT;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return 0;
}

static bool has(const gale_http_headers *headers, gale__http_header id)
{
    return (headers->present & gale__http_header_bit(id)) != 0;
}

static bool repeated(const gale_http_headers *headers, gale__http_header id)
{
    return (headers->repeated & gale__http_header_bit(id)) != 0;
}

/* True when some Connection field lists the option. */
static bool connection_has(const gale_http_headers *headers, gale_str option)
{
    for (uint32_t i = headers->first[GALE__HTTP_CONNECTION]; i < headers->count; i++)
        if (headers->fields[i].id == GALE__HTTP_CONNECTION &&
            gale__http_list_has(value_of(&headers->fields[i]), option))
            return true;
    return false;
}

/* Quick for names of the usual length, with or without a port of four or five digits. */
static inline bool host_valid(gale_str host)
{
    const char *end = host.data + host.len;
    size_t size = host.len;
    if (size > 6 && end[-5] == ':')
        size = gale__scan_four_digits(end - 4) ? size - 5 : 0;
    else if (size > 6 && end[-6] == ':')
        size = gale__scan_four_digits(end - 4) && end[-5] >= '1' && end[-5] <= '5' ? size - 6 : 0;
    return gale__scan_is_plain_name(host.data, size) || gale__http_host_valid(host);
}

static inline int find_host(gale__http1_body *out, const gale__http1_request *request,
                            const gale_http_headers *headers)
{
    const gale__http_header_field *host = gale__http_headers_first(headers, GALE__HTTP_HOST);
    if (GALE__UNLIKELY(!host)) {
        out->host = request->authority;
        return request->minor == 0 ? 0 : refuse(out, 400, "Missing Host header");
    }
    if (GALE__UNLIKELY(repeated(headers, GALE__HTTP_HOST)))
        return refuse(out, 400, "Multiple Host headers");
    out->host = value_of(host);
    if (GALE__UNLIKELY(!host_valid(out->host)))
        return refuse(out, 400, "Invalid Host header");
    if (GALE__UNLIKELY(request->authority.data != NULL))
        out->host = request->authority;
    return 0;
}

/* One length for all elements of all Content-Length fields; they must be the same text. */
static int find_length(gale__http1_body *out, const gale_http_headers *headers)
{
    gale_str length = { NULL, 0 }, element;
    for (uint32_t i = headers->first[GALE__HTTP_CONTENT_LENGTH]; i < headers->count; i++) {
        if (headers->fields[i].id != GALE__HTTP_CONTENT_LENGTH)
            continue;
        gale_str list = value_of(&headers->fields[i]);
        while (next_element(&list, &element)) {
            if (length.data && !equal(length, element))
                return refuse(out, 400, "Multiple unequal Content-Lengths");
            length = element;
        }
    }
    out->kind = GALE__HTTP1_BODY_LENGTH;
    if (gale__http_parse_int(length, &out->length) < 0)
        return refuse(out, 400, "Invalid Content-Length");
    return 0;
}

static int find_coding(gale__http1_body *out, int minor, const gale_http_headers *headers)
{
    const gale__http_header_field *coding =
        gale__http_headers_first(headers, GALE__HTTP_TRANSFER_ENCODING);
    if (has(headers, GALE__HTTP_CONTENT_LENGTH))
        return refuse(out, 400, "Both Content-Length and Transfer-Encoding");
    if (minor == 0)
        return refuse(out, 400, "Transfer-Encoding in HTTP/1.0");
    if (repeated(headers, GALE__HTTP_TRANSFER_ENCODING) ||
        !equal(value_of(coding), GALE_STR("chunked")))
        return refuse(out, 400, "Unsupported Transfer-Encoding");
    out->kind = GALE__HTTP1_BODY_CHUNKED;
    return 0;
}

static int find_expectation(gale__http1_body *out, const gale__http1_request *request,
                            const gale_http_headers *headers)
{
    const gale__http_header_field *expect = gale__http_headers_first(headers, GALE__HTTP_EXPECT);
    if (repeated(headers, GALE__HTTP_EXPECT) || !equal(value_of(expect), GALE_STR("100-continue")))
        return refuse(out, 417, "Unknown expectation");
    /* An HTTP/1.0 client cannot wait (RFC 9110 §10.1.1). */
    out->expect_continue =
        request->minor > 0 && (out->kind == GALE__HTTP1_BODY_CHUNKED || out->length > 0);
    return 0;
}

/* With HTTP/1.0 and no length, only methods without a body leave no doubt where a request ends. */
static bool keeps_alive(const gale__http1_body *body, const gale__http1_request *request,
                        const gale_http_headers *headers)
{
    bool said = has(headers, GALE__HTTP_CONNECTION);
    if (said && connection_has(headers, GALE_STR("close")))
        return false;
    if (request->minor > 0)
        return true;
    return said && connection_has(headers, GALE_STR("keep-alive")) &&
           (body->kind == GALE__HTTP1_BODY_LENGTH || request->method_id == GALE__HTTP_METHOD_GET ||
            request->method_id == GALE__HTTP_METHOD_HEAD);
}

/* What the headers that few requests have say. Apart, so that the others pay nothing for it. */
__attribute__((noinline)) static int
examine(gale__http1_body *out, const gale__http1_request *request, const gale_http_headers *headers)
{
    if (has(headers, GALE__HTTP_TRANSFER_ENCODING))
        GALE_TRY(find_coding(out, request->minor, headers));
    else if (has(headers, GALE__HTTP_CONTENT_LENGTH))
        GALE_TRY(find_length(out, headers));
    if (has(headers, GALE__HTTP_EXPECT))
        GALE_TRY(find_expectation(out, request, headers));
    out->keep_alive = keeps_alive(out, request, headers);
    return 0;
}

int gale__http1_request_framing(gale__http1_body *out, const gale__http1_request *request,
                                const gale_http_headers *headers)
{
    const uint64_t rare = gale__http_header_bit(GALE__HTTP_CONTENT_LENGTH) |
                          gale__http_header_bit(GALE__HTTP_TRANSFER_ENCODING) |
                          gale__http_header_bit(GALE__HTTP_CONNECTION) |
                          gale__http_header_bit(GALE__HTTP_EXPECT);
    *out = (gale__http1_body){ .kind = GALE__HTTP1_BODY_NONE, .keep_alive = request->minor > 0 };
    GALE_TRY(find_host(out, request, headers));
    return GALE__LIKELY(!(headers->present & rare)) ? 0 : examine(out, request, headers);
}

/* A response to HEAD, or a 304, has the headers of another one that had a body. */
static int find_body(gale__http1_body *out, const gale__http1_response *response,
                     const gale_http_headers *headers, bool head)
{
    bool coded = has(headers, GALE__HTTP_TRANSFER_ENCODING);
    bool empty = response->code == 204 || response->code < 200;
    if (head || response->code == 304)
        return 0;
    if (coded)
        GALE_TRY(find_coding(out, response->minor, headers));
    else if (has(headers, GALE__HTTP_CONTENT_LENGTH))
        GALE_TRY(find_length(out, headers));
    else if (!empty)
        out->kind = GALE__HTTP1_BODY_UNTIL_CLOSE;
    if (empty && (coded || out->length > 0))
        return refuse(out, 0, "A response with this status has no body");
    return 0;
}

int gale__http1_response_framing(gale__http1_body *out, const gale__http1_response *response,
                                 const gale_http_headers *headers, bool head)
{
    *out = (gale__http1_body){ .kind = GALE__HTTP1_BODY_NONE, .keep_alive = response->minor > 0 };
    GALE_TRY(find_body(out, response, headers, head));
    if (has(headers, GALE__HTTP_CONNECTION))
        out->keep_alive = !connection_has(headers, GALE_STR("close")) &&
                          (out->keep_alive || connection_has(headers, GALE_STR("keep-alive")));
    if (out->kind == GALE__HTTP1_BODY_UNTIL_CLOSE)
        out->keep_alive = false;
    return 0;
}
